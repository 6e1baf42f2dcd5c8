"""`zhixing look` and `zx.look`: what is looked at, what is refused in one line, the page and the files."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zhixing as zx
from zhixing.core import BadSetting, Interrupted, UnknownName
from zhixing.core.store import RunStore
from zhixing.views import looking
from zhixing.views.scene import is_data


@pytest.fixture
def table(tmp_path) -> Path:
    """Three columns of numbers, the second the first and noise, with classes that the first decides."""
    rows = np.random.default_rng(0).normal(size=(80, 3)).round(3)
    rows[:, 1] += rows[:, 0]
    with (tmp_path / "t.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow(["one", "two", "three", "kind"])
        writer.writerows([*map(float, row), "high" if row[0] > 0 else "low"] for row in rows)
    return tmp_path / "t.csv"


def test_a_table_is_looked_at_and_its_page_stands_alone(table):
    looked = zx.look(table, views=["covariance"], target="kind")
    page = looked.write("zh").read_text("utf-8")
    assert [view.name for view in looked.views] == ["covariance"]
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search("https?:", body)
    for view in looked.views:
        assert view.title.en in body
        assert view.title.zh in body
    assert looked.home.is_relative_to(RunStore().home)


def test_pictures_are_files_that_replace_nothing(table, tmp_path):
    looked = zx.look(table, views=["covariance"], target="kind")
    files = looked.pictures(tmp_path / "out", "svg")
    assert files
    assert all(file.read_bytes().startswith(b"<?xml") for file in files)
    with pytest.raises(BadSetting, match="there already"):
        looked.pictures(tmp_path / "out", "svg")
    with pytest.raises(UnknownName, match="png"):
        looked.pictures(tmp_path / "out", "gif")


def test_what_cannot_be_looked_at_is_said_in_one_line(table):
    with pytest.raises(UnknownName, match="covariance"):
        zx.look(table, views=["covarianc"])
    with pytest.raises(BadSetting, match="data already"):
        zx.look(table, data=str(table))
    with pytest.raises(BadSetting, match="no such file, and of runs: 'nothing-such' stands for no run"):
        zx.look("nothing-such")


def test_ctrl_c_is_one_line(table, monkeypatch):
    def pressed(scene):
        raise KeyboardInterrupt

    monkeypatch.setitem(looking.VIEWS, "covariance", pressed)
    with pytest.raises(Interrupted, match="stopped"):
        zx.look(table, views=["covariance"])


def test_the_command_prints_json(table, tmp_path):
    words = [
        Path(sys.executable).with_name("zhixing"),
        "look",
        table,
        "--target",
        "kind",
        "--view",
        "covariance",
        "--json",
    ]
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert Path(told["page"]).exists()
    assert told["views"]["covariance"]["numbers"]["columns"] == ["one", "two", "three"]


def test_what_is_data_and_what_the_name_of_a_run(tmp_path):
    assert is_data(str(tmp_path))
    assert is_data("hub:owner/name")
    assert not is_data("penguins/linear")
