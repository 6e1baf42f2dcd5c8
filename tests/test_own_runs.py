"""A fitted run: kept without pickle, used on rows to come as on its own, judged with intervals, served to others."""

import csv
import dataclasses
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas
import pytest

from zhixing import comparison, data, train
from zhixing.comparison.contest import task_of
from zhixing.comparison.tables import for_amounts, for_classes
from zhixing.core import BadData, BadSetting, UnknownName, spec
from zhixing.core.spec import parsed
from zhixing.core.store import RunStore
from zhixing.train.keeping import TRUSTED, as_bytes, from_bytes
from zhixing.train.learner import Lesson


def written(place: Path, rows: int = 120, seed: int = 0) -> Path:
    """Houses: numbers with gaps, a word, a date, a flag, a remark; `kind` and `price` follow from them."""
    generator = np.random.default_rng(seed)
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["area", "rooms", "town", "sold", "garden", "remark", "kind", "price"])
        for row in range(rows):
            area, rooms = generator.uniform(30, 150), int(generator.integers(1, 6))
            town = ["Oslo", "北京", "Lima"][generator.integers(3)]
            garden = bool(generator.random() < 0.5)
            remark = " ".join(generator.choice(["quiet", "bright", "old", "new", "near", "park"], size=5)) + f" {row}"
            price = 3 * area + 20 * rooms + (40 if town == "Oslo" else 0) + generator.normal()
            cells = [f"{area:.2f}", "" if row % 7 == 0 else rooms, town, f"2024-{row % 12 + 1:02}-05", garden, remark]
            writer.writerow([*cells, "big" if price > 350 else "small", f"{price:.2f}"])
    return place


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("houses") / "houses.csv")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return RunStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def run(houses: Path, store: RunStore) -> comparison.Run:
    return comparison.learn("linear", houses, "kind", store=store, workers=0)


@pytest.fixture(scope="module")
def prices(houses: Path, store: RunStore) -> comparison.Run:
    return comparison.learn("tree", houses, "price", store=store, workers=0)


@pytest.mark.parametrize(("target", "families"), [("kind", for_classes), ("price", for_amounts)])
def test_every_family_is_kept_and_answers_the_same_when_it_is_back(houses, target, families):
    own = data.own_table(path=str(houses), target=target)
    for family in families():
        lesson = Lesson(family.preparation, own.take(np.arange(90)), own.targets[:90], own.classes)
        learner = lesson.learner(family.candidates()[0], np.random.default_rng(1))
        back = from_bytes(as_bytes(learner))
        asked = own.take(np.arange(90, 120))
        np.testing.assert_array_equal(back.answers(asked), learner.answers(asked), err_msg=family.name)
        assert back.classes == own.classes


def test_a_file_that_names_another_type_is_refused(run):
    content = (run.folder / "learner.skops").read_bytes()
    for other in ("os.system", "builtins.eval", "zhixing.core.store.RunStore"):
        with pytest.raises(BadData, match=r"which no model of ours holds|damaged"):
            from_bytes(_renamed(content, other))
    for broken in (b"", content[:-50], b"PK\x03\x04" + b"0" * 100):
        with pytest.raises(BadData, match="train it again"):
            from_bytes(broken)
    assert not any(name.startswith(("os", "builtins", "subprocess", "functools")) for name in TRUSTED)


def _renamed(content: bytes, other: str) -> bytes:
    """The kept file with our preparation's type replaced by another."""
    module, _, name = other.rpartition(".")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            if entry.filename == "schema.json":
                text = text.replace(b'"zhixing.models.preparation"', f'"{module}"'.encode())
                text = text.replace(b'"Preparation"', f'"{name}"'.encode())
            new.writestr(entry, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "printed", ["os.system('ls')", "zhixing.core.store.os.system('ls')", "__import__('os')", "1 + 1", ""]
)
def test_a_printed_call_names_nothing_but_our_own(printed):
    with pytest.raises(BadSetting, match="no call of this package"):
        parsed(printed)
    call = spec(train.Recipe, optimiser=spec(train.sgd, lr=0.05), steps=3, clip=None)
    assert parsed(repr(call)) == call


@pytest.mark.parametrize("which", ["run", "prices"])
def test_predictions_are_those_of_the_evaluation_to_the_last_bit(which, houses, request):
    import safetensors.numpy

    found = request.getfixturevalue(which)
    kept = safetensors.numpy.load_file(found.folder / "arrays.safetensors")
    answers = np.concatenate(list(found.answers(houses)))
    np.testing.assert_array_equal(answers[kept["judged"]], kept["answers"])
    own = data.own_data(houses, target="kind" if which == "run" else "price").build()
    for measure in task_of(own, houses).measures:
        again = measure(answers[kept["judged"]], own.targets[kept["judged"]])
        assert again == found.result.measures[measure.name]


def test_other_forms_of_the_same_rows_are_foretold_alike(run, houses, tmp_path):
    frame = pandas.read_csv(houses, dtype=str, keep_default_na=False)
    expected = np.concatenate(list(run.answers(houses)))
    mixed = frame[frame.columns[::-1]].assign(extra="=1+1")  # another order, a column more
    mixed.to_csv(tmp_path / "mixed.csv", index=False)
    mixed.to_csv(tmp_path / "wide.csv", index=False, encoding="utf-16", sep=";")
    mixed.to_csv(tmp_path / "packed.csv.gz", index=False)
    mixed.to_json(tmp_path / "lines.jsonl", orient="records", lines=True, force_ascii=False)
    typed = data.read_table(houses).frame
    typed.to_parquet(tmp_path / "typed.parquet")
    typed.to_excel(tmp_path / "typed.xlsx", index=False)
    for name in ("mixed.csv", "wide.csv", "packed.csv.gz", "lines.jsonl", "typed.parquet", "typed.xlsx"):
        np.testing.assert_array_equal(np.concatenate(list(run.answers(tmp_path / name))), expected, err_msg=name)


def test_a_block_is_read_as_the_whole_column_was(run, houses, monkeypatch, tmp_path):
    """A block of whole numbers, of blanks only or of words never seen changes nothing in other rows."""
    monkeypatch.setattr(sys.modules["zhixing.data.own.packed"], "_LINES", 3)
    frame = pandas.read_csv(houses, dtype=str, keep_default_na=False)
    frame.to_json(tmp_path / "lines.jsonl", orient="records", lines=True, force_ascii=False)
    blocks = list(run.answers(tmp_path / "lines.jsonl"))
    assert len(blocks) == 40
    np.testing.assert_array_equal(np.concatenate(blocks), np.concatenate(list(run.answers(houses))))
    odd = frame.assign(town="Nowhere", area="much", garden="", sold="soon")
    odd.to_csv(tmp_path / "odd.csv", index=False)
    assert np.isfinite(np.concatenate(list(run.answers(tmp_path / "odd.csv")))).all()


def test_bad_rows_to_come_are_one_clear_line(run, houses, tmp_path):
    frame = pandas.read_csv(houses)
    frame.rename(columns={"area": "Area_"}).to_csv(tmp_path / "renamed.csv", index=False)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "ragged.csv").write_text("area,rooms,town,sold,garden,remark,price\n1,2,a,2024-01-01,true,b,3\n1,2,3\n")
    (tmp_path / "header.csv").write_text("area,rooms,town,sold,garden,remark,price\n")
    (tmp_path / "binary.csv").write_bytes(b"area,\0\1\2")
    for name, message in {
        "renamed.csv": r"missing: 'area'.*did you mean 'Area_'",
        "empty.csv": "empty",
        "ragged.csv": "cells",
        "binary.csv": "zero bytes",
        "absent.csv": "is not there",
        "header.csv": "no row below the header",
    }.items():
        with pytest.raises(BadData, match=message) as error:
            list(run.answers(tmp_path / name))
        assert "\n" not in error.value.message.en


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_predictions_are_written_whole_or_not_at_all(run, houses, tmp_path, ending):
    out = tmp_path / f"out{ending}"
    assert comparison.write_predictions(run, houses, out) == 120
    read = {".csv": pandas.read_csv, ".parquet": pandas.read_parquet}.get(
        ending, lambda p: pandas.read_json(p, lines=True)
    )
    expected = np.concatenate(list(run.answers(houses)))
    found = read(out)
    np.testing.assert_array_equal(found["prediction"], np.array(run.classes)[expected.argmax(axis=1)])
    np.testing.assert_allclose(found["probability of big"], expected[:, 0], rtol=1e-12)
    with pytest.raises(BadSetting, match="is there already"):
        comparison.write_predictions(run, houses, out)
    (tmp_path / "bad.csv").write_text("area,rooms\n1,2\n")
    with pytest.raises(BadData, match="missing"):
        comparison.write_predictions(run, tmp_path / "bad.csv", tmp_path / f"other{ending}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", out.name]


def test_no_class_is_taken_for_a_formula(run, tmp_path):
    from zhixing.comparison.predictions import _csv

    table = pandas.DataFrame(
        {"prediction": ["=cmd()", "@x", "-3", "fine"], "probability of =cmd()": [0.1, 0.2, 0.3, 0.4]}
    )
    assert _csv(table, header=True).splitlines()[1:] == ["'=cmd(),0.1", "'@x,0.2", "-3,0.3", "fine,0.4"]


def test_an_evaluation_counts_by_hand(run, houses, tmp_path):
    frame = pandas.read_csv(houses)
    frame.loc[:3, "kind"] = ["huge", None, "big", "small"]  # one class that it never met, one gap
    frame.to_csv(tmp_path / "new.csv", index=False)
    judged = comparison.evaluate_run(run, tmp_path / "new.csv")
    answers = np.concatenate(list(run.answers(tmp_path / "new.csv")))[2:]
    taken = np.array(run.classes)[answers.argmax(axis=1)]
    assert (judged.rows, judged.left_out) == (118, 2)
    error = next(found for found in judged.found if found.measure.name == "error")
    assert error.value == pytest.approx(100 * np.mean(taken != frame["kind"][2:].to_numpy()))
    assert error.low <= error.value <= error.high
    assert sum(judged.confusion.values()) == 118
    frame.assign(kind="huge").to_csv(tmp_path / "none.csv", index=False)
    with pytest.raises(BadData, match="nothing can be judged"):
        comparison.evaluate_run(run, tmp_path / "none.csv")


def test_a_run_is_found_by_name_and_made_once(run, houses, store):
    assert comparison.find(run.name, store).folder == run.folder
    assert comparison.find(f"{run.result.study}/linear", store).folder == run.folder
    again = comparison.learn("linear", houses, "kind", store=store, workers=0)
    assert again.result.finished == run.result.finished
    other = comparison.learn("linear", houses, "kind", store=store, workers=0, seed=1)
    assert other.name != run.name
    assert comparison.find("houses/linear", store).result.arm == "linear"
    with pytest.raises(UnknownName, match="'boosting'"):
        comparison.learn("bosting", houses, "kind", store=store)
    with pytest.raises(BadSetting, match="stands for no run"):
        comparison.find("feedbeef", store)


def test_values_in_memory_are_foretold_as_those_of_a_file(run, houses):
    columns = data.read_table(houses).frame
    found = run.predict(columns)
    expected = np.concatenate(list(run.answers(houses)))
    np.testing.assert_array_equal(found["probability of big"], expected[:, 0])
    one = run.predict(
        {
            "area": [80],
            "rooms": [3],
            "town": ["Oslo"],
            "sold": ["2024-03-05"],
            "garden": [True],
            "remark": [None],
            "price": [300],
        }
    )
    assert list(one["prediction"]) in (["big"], ["small"])


@pytest.mark.parametrize("ask", ["time", "group"])
def test_rows_are_divided_by_time_or_group(ask, tmp_path):
    generator = np.random.default_rng(3)
    frame = pandas.DataFrame(
        {"x": generator.normal(size=200), "day": np.arange(200) // 2, "y": generator.normal(size=200)}
    )
    frame = frame.sample(frac=1, random_state=1)
    frame.to_csv(tmp_path / "t.csv", index=False)
    own = data.own_data(tmp_path / "t.csv", target="y", **{ask: "day"}).build()
    assert list(own.features) == ["x"]
    seen = set()
    for seed in range(8):
        first, second = own.split(np.arange(200), 0.25, np.random.default_rng(seed))
        days, judged = frame["day"].to_numpy()[first], frame["day"].to_numpy()[second]
        assert len(second)
        assert not set(days) & set(judged), "one day stands on both sides"
        if ask == "time":
            assert days.max() < judged.min(), "it learned from later rows"
        else:
            assert 35 <= len(second) <= 65
        seen.add(int(judged.min()))
    assert len(seen) > 3, "every division judges the same rows"


def test_a_column_that_cannot_divide_is_one_clear_line(houses):
    for options, message in {
        ("time", "town"): "holds words",
        ("time", "garden"): "has 2 values|holds words",
        ("group", "town"): "has 3 values",
        ("group", "twon"): "did you mean 'town'",
    }.items():
        with pytest.raises(BadData, match=message):
            data.own_data(houses, target="price", **{options[0]: options[1]}).build()
    with pytest.raises(BadSetting, match="not by both"):
        data.own_data(houses, target="price", time="sold", group="town").build()


def test_a_damaged_run_is_one_clear_line(run, tmp_path):
    other = comparison.Run(run.result, tmp_path)
    for part in ("card", "learner"):
        with pytest.raises(BadData, match="damaged"):
            getattr(other, part)
    (tmp_path / "card.json").write_text(json.dumps(run.card)[:-5])
    with pytest.raises(BadData, match="damaged"):
        _ = other.card


@pytest.mark.parametrize(("target", "families"), [("kind", for_classes), ("price", for_amounts)])
def test_a_graph_answers_as_the_run_does(houses, target, families, tmp_path, store, run):
    own = data.own_table(path=str(houses), target=target)
    for family in families():
        lesson = Lesson(family.preparation, own.take(np.arange(90)), own.targets[:90], own.classes)
        learner = lesson.learner(family.candidates()[0], np.random.default_rng(1))
        (tmp_path / "learner.skops").write_bytes(as_bytes(learner))
        (tmp_path / "card.json").write_text(json.dumps(own.card))
        call = repr(spec(train.kept, trial=spec(train.tuned, data=data.own_data(houses, target=target))))
        kept = comparison.Run(dataclasses.replace(run.result, arm=family.name, call=call), tmp_path)
        if family.name == "process":
            with pytest.raises(BadSetting, match="has no ONNX form"):
                comparison.export(kept, "onnx", tmp_path / "process.onnx")
            continue
        made = comparison.export(kept, "onnx", tmp_path / f"{family.name}.onnx")
        assert (made.rows, made.difference < 1e-5) == (120, True), family.name
    with pytest.raises(BadSetting, match="is there already"):
        comparison.export(kept, "onnx", tmp_path / "linear.onnx")
    weights = comparison.export(kept, "safetensors", tmp_path / "net.safetensors").path.read_bytes()
    assert b"zhixing.models." in weights[:500]
    with pytest.raises(BadSetting, match="weights of a network"):
        comparison.export(run, "safetensors", tmp_path / "linear.safetensors")
    with pytest.raises(UnknownName, match="onnx"):
        comparison.export(run, "onxx", tmp_path / "linear.onxx")


def test_an_unlike_graph_is_not_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["zhixing.comparison.exporting"], "CLOSE", 1e-12)
    with pytest.raises(BadSetting, match="differs from the run"):
        comparison.export(run, "onnx", tmp_path / "linear.onnx")
    assert not (tmp_path / "linear.onnx").exists()


def test_a_threshold_is_chosen_for_a_stated_cost(houses, store, tmp_path):
    """On rows that neither judged nor taught the model that was asked; brute force over every threshold agrees."""
    import safetensors.numpy

    found = comparison.learn("tree", houses, "garden", store=store, workers=0)
    kept = safetensors.numpy.load_file(found.folder / "arrays.safetensors")
    targets, answers = kept["validation_targets"], kept["validation_answers"]
    costs = comparison.Costs.of("fn=10, fp=1")
    decided = comparison.decision(found, costs)
    positive = int(np.bincount(targets).argmin())
    every = [dataclasses.replace(decided, threshold=t).per_hundred(answers, targets) for t in np.linspace(0, 1.01, 300)]
    assert decided.positive == positive
    assert decided.per_hundred(answers, targets) == pytest.approx(min(every))
    judged = comparison.evaluate_run(found, houses, costs=costs)
    missed = judged.confusion.get((found.classes[positive], found.classes[1 - positive]), 0)
    alarms = judged.confusion.get((found.classes[1 - positive], found.classes[positive]), 0)
    assert judged.cost == pytest.approx(100 * (10 * missed + alarms) / judged.rows)
    comparison.write_predictions(found, houses, tmp_path / "out.csv", costs=costs)
    assert (pandas.read_csv(tmp_path / "out.csv")["prediction"].astype(str) == found.classes[positive]).sum() == (
        sum(n for (_, taken), n in judged.confusion.items() if taken == found.classes[positive])
    )


@pytest.mark.parametrize("words", ["fn=10", "fn=10,fp=0", "fn=a,fp=1", "fn=1,fp=1,tp=1", "", "fn=nan,fp=1", "10,1"])
def test_costs_that_are_none_are_one_clear_line(words, prices):
    with pytest.raises(BadSetting, match="--cost takes positive costs"):
        comparison.Costs.of(words)
    with pytest.raises(BadSetting, match="another task"):
        comparison.decision(prices, comparison.Costs(1, 1))


def test_the_command_tells_what_costs_asked_for(houses, store):
    found = comparison.learn("tree", houses, "garden", store=store, workers=0)
    judged = comparison.evaluate_run(found, houses, costs=comparison.Costs(10, 1))
    words = ["evaluate", found.name, "--data", str(houses), "--cost", "fn=10,fp=1", "--json"]
    told = subprocess.run(
        [sys.executable, "-c", "from zhixing.cli import main; main()", *words],
        env={**os.environ, "ZHIXING_HOME": str(store.home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer = json.loads(told.stdout)
    assert (answer["threshold"], answer["cost"]) == (judged.decided.threshold, judged.cost)
