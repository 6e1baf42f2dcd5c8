"""Bands: a result is placed among equally many seeds; outside, likely causes are named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toy import toy
from zhixing import studies
from zhixing.core.store import RunStore
from zhixing.study import Answer, Study, band
from zhixing.study.ask import ask


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Study, RunStore, Path]:
    """A toy study with a band of 24 seeds."""
    path = tmp_path / "bands" / "toy.json"
    monkeypatch.setattr(band, "band_file", lambda study: path)
    store, study = RunStore(tmp_path / "home"), toy()
    assert band.write_band(study, ask(study, store=store, workers=0, seeds=24, stop_early=False)) == path
    return study, store, path


def inside(study: Study, store: RunStore, **options: Any) -> Answer:
    return ask(study, store=store, workers=0, **options)


def test_fresh_seeds_fall_inside_at_the_stated_rate(measured: tuple[Study, RunStore, Path]) -> None:
    study, store, _ = measured
    answers = [inside(study, store, first_seed=1000 + 10 * k) for k in range(40)]
    share = np.mean([answer.band is not None and answer.band.inside for answer in answers])
    assert share >= 0.8  # 0.95 less the luck of a band of 24 seeds


def test_a_changed_study_falls_outside_and_the_cause_is_named(measured: tuple[Study, RunStore, Path]) -> None:
    _, store, _ = measured
    answer = inside(toy(gap=3.0), store)
    assert answer.band is not None
    assert not answer.band.inside
    assert answer.band.causes[0].en == "the settings of up, down are not those that the band was measured with"
    assert {place.arm for place in answer.band.places if not place.inside} == {"up", "down"}


def test_other_versions_are_named(measured: tuple[Study, RunStore, Path]) -> None:
    _, store, path = measured
    record = json.loads(path.read_text())
    record["machine"]["torch"] = "1.0"
    for arm in record["arms"].values():
        arm["measures"]["error"] = [99.0] * 24
    path.write_text(json.dumps(record))
    answer = inside(toy(), store, first_seed=50)
    assert answer.band is not None
    assert any("torch is 2." in cause.en and "1.0 in the band" in cause.en for cause in answer.band.causes)


def test_another_scale_has_no_band(measured: tuple[Study, RunStore, Path]) -> None:
    study, store, _ = measured
    assert inside(study, store, scale="smoke").band is None


@pytest.mark.parametrize("slug", studies.slugs())
def test_every_study_ships_a_band_of_twenty_seeds_or_more(slug: str) -> None:
    study = studies.find(slug)
    record = json.loads(band.band_file(study).read_text())
    assert len(record["seeds"]) >= 20
    assert record["machine"]["torch"]
    assert record["machine"]["processor"]
    for arm, call in study.plan("quick").stated.items():
        assert record["arms"][arm]["call"] == repr(call), "the band was measured with other settings: run `make bands`"
        assert all(len(values) == len(record["seeds"]) for values in record["arms"][arm]["measures"].values())
