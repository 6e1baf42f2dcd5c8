"""What a table holds: kinds, tasks, leaks that were planted, copies, and what makes a target useless."""

import re

import numpy as np
import pandas as pd
import pytest

from zhixing import data
from zhixing.core import BadData, UnknownName
from zhixing.data.own import leaks
from zhixing.data.own.profile import class_names, profile

ROWS = 400


def table(seed=0, rows=ROWS, **columns):
    """A number, a category and a target of amounts that the number tells in part."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows)
    made = {"x": x, "c": draw.choice(["a", "b", "d"], rows), "y": x + draw.normal(size=rows)}
    return pd.DataFrame({**made, **{name: cells(draw, made) for name, cells in columns.items()}})


def said(found):
    for note in found.notes:
        assert re.search("[\u4e00-\u9fff]{2}", note.zh)
    return "\n".join(note.en for note in found.notes)


def words(draw, count):
    return [" ".join(draw.choice(["fine", "day", "rain", "sun", "wind", "cold", "hail"], 8)) for _ in range(count)]


KINDS = {
    "number": lambda draw: draw.normal(size=ROWS),
    "whole number": lambda draw: draw.integers(0, 50, ROWS),
    "years": lambda draw: np.arange(1000, 1000 + ROWS),
    "shop_id": lambda draw: draw.integers(1, 30, ROWS),
    "category": lambda draw: draw.choice(["a", "b", "c"], ROWS),
    "flag": lambda draw: draw.integers(0, 2, ROWS),
    "flag of words": lambda draw: draw.choice(["是", "否"], ROWS),
    "flag of gaps": lambda draw: np.where(draw.random(ROWS) < 0.5, "yes", None),
    "truth": lambda draw: draw.random(ROWS) < 0.5,
    "date": lambda draw: np.datetime64("2024-01-01", "us") + draw.permutation(ROWS).astype("timedelta64[D]"),
    "constant": lambda draw: np.ones(ROWS),
    "constant of nothing": lambda draw: np.full(ROWS, np.nan),
    "identifier": lambda draw: [f"row-{place}" for place in range(ROWS)],
    "identifier from 1": lambda draw: draw.permutation(ROWS) + 1,
    "identifier of rows some of which were left out": lambda draw: np.sort(draw.permutation(2 * ROWS - 2)[:ROWS]),
    "number without order": lambda draw: draw.permutation(2 * ROWS - 2)[:ROWS],
    "number that rises far": lambda draw: np.arange(ROWS) * 3,
    "identifier_id": lambda draw: np.arange(ROWS) * 7 + 100,
    "identifier 编号": lambda draw: np.arange(ROWS) * 7 + 100,
    "text": lambda draw: words(draw, ROWS),
    "text of 中文": lambda draw: [
        "今天的天气非常好" + "".join(draw.choice(list("春夏秋冬风雨"), 9)) for _ in range(ROWS)
    ],
}
EXPECTED = {"shop_id": "number", "whole number": "number", "years": "number", "truth": "flag"}


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_of_a_column(name):
    kind = EXPECTED.get(name, name.split()[0].split("_")[0])
    frame = table().assign(**{name: KINDS[name](np.random.default_rng(1))})
    found = profile(frame, "y")
    column = next(each for each in found.columns if each.name == name)
    assert column.kind == kind
    assert column.distinct == frame[name].nunique()
    assert column.missing == pytest.approx(frame[name].isna().mean())
    first = frame[name].dropna()
    assert column.example == (str(first.iloc[0])[:80] if len(first) else "")
    assert (name in found.left_out) == (kind in ("constant", "identifier"))
    assert (
        f"left out, since they {'never change' if kind == 'constant' else 'only name the row'}: {name!r}" in said(found)
    ) == (name in found.left_out)
    assert (name in found.features) != (name in found.left_out)


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (lambda draw: draw.normal(size=ROWS), "regression"),
        (lambda draw: draw.integers(0, 21, ROWS), "regression"),
        (lambda draw: draw.integers(0, 20, ROWS), "classes"),
        (lambda draw: draw.integers(0, 11, ROWS) / 2, "regression"),
        (lambda draw: draw.integers(0, 10, ROWS) / 2, "classes"),
        (lambda draw: draw.random(ROWS) < 0.5, "classes"),
        (lambda draw: draw.choice([f"c{place}" for place in range(30)], ROWS), "classes"),
    ],
)
def test_the_task_is_found(target, task):
    frame = table().assign(y=target(np.random.default_rng(0)))
    found = profile(frame, "y")
    assert found.task == task
    assert len(found.classes) == (frame["y"].nunique() if task == "classes" else 0)
    assert found.counts == tuple((class_names(frame["y"]) == name).sum() for name in found.classes)
    assert found.classes == tuple(sorted(found.classes))
    assert "'y'" in found.told.en
    assert "'y'" in found.told.zh


def test_the_task_can_be_forced():
    frame = table(rate=lambda draw, _: draw.integers(1, 6, ROWS), word=lambda draw, _: draw.choice(["a", "b"], ROWS))
    assert profile(frame, "rate").classes == ("1", "2", "3", "4", "5")
    assert profile(frame, "rate", task="regression").classes == ()
    with pytest.raises(BadData, match=r"'word' holds words as [ab]; regression needs numbers"):
        profile(frame, "word", task="regression")
    with pytest.raises(UnknownName, match="task 'regresion' is unknown; did you mean 'regression'"):
        profile(frame, "rate", task="regresion")


def test_whole_numbers_with_gaps_name_the_same_classes():
    frame = table(k=lambda draw, _: draw.integers(1, 4, ROWS).astype(float))
    frame.loc[:9, "k"] = np.nan
    found = profile(frame, "k")
    assert found.classes == ("1", "2", "3")
    assert (found.rows, found.unlabelled) == (ROWS - 10, 10)
    assert "10 rows (2.5 %) have no 'k' and are left out" in said(found)
    assert list(class_names(pd.Series([1.0, 2.5, 3.0]))) == ["1", "2.5", "3"]


def test_a_target_missing_in_most_rows_is_a_warning():
    frame = table()
    frame.loc[: ROWS * 0.6, "y"] = np.nan
    assert "that is more than half" in said(profile(frame, "y"))


HALF = ROWS // 2
LEAKS = {
    "a copy": lambda draw, made: made["y"],
    "another unit": lambda draw, made: 32 - 1.8 * made["y"],
    "bent": lambda draw, made: np.exp(made["y"]),
    "rounded": lambda draw, made: made["y"].round(1),
    "nearly": lambda draw, made: made["y"] + 0.05 * draw.normal(size=len(made["y"])),
    "gaps": lambda draw, made: np.where(np.arange(len(made["y"])) < 2, np.nan, made["y"]),
    "date": lambda draw, made: np.datetime64("2024-01-01", "us") + (made["y"] * 1e9).astype("timedelta64[us]"),
    "in pieces": lambda draw, made: np.abs(made["y"]) + 100 * (made["y"] > 0),
}
HONEST = {
    "strong": lambda draw, made: made["y"] + 0.25 * draw.normal(size=len(made["y"])),
    "noise": lambda draw, made: draw.normal(size=len(made["y"])),
    "sign": lambda draw, made: np.where(made["y"] > 0, "up", "down"),
    "words": lambda draw, made: draw.choice([f"w{place}" for place in range(len(made["y"]) // 2)], len(made["y"])),
}


@pytest.mark.parametrize("rows", [100, ROWS, 3000])
def test_leaks_are_found_and_honest_columns_are_not(rows):
    found = profile(table(rows=rows, **LEAKS, **HONEST), "y")
    assert {leak.name for leak in found.leaks} == set(LEAKS)
    assert all(leaks.LEAK < leak.gain <= 1 for leak in found.leaks)
    assert [leak.gain for leak in found.leaks] == sorted((leak.gain for leak in found.leaks), reverse=True)
    for name in LEAKS:
        assert f"{name!r} alone tells 'y' almost exactly" in said(found)


def test_a_steady_outlier_hides_no_leak():
    found = profile(table(z=lambda draw, made: np.exp(4 * made["y"])), "z")
    assert [leak.name for leak in found.leaks] == ["y"]


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_leaks_of_classes_are_found(share):
    def kind(made):
        return made["y"] > np.quantile(made["y"], 1 - share)

    frame = table(
        rows=2000,
        k=lambda draw, made: np.where(kind(made), "ill", "well"),
        code=lambda draw, made: np.where(kind(made), 7, 3),
        ward=lambda draw, made: np.where(kind(made), draw.choice(["A", "B"], 2000), draw.choice(["C", "D"], 2000)),
        gap=lambda draw, made: np.where(kind(made), 1.5, np.nan),
        dose=lambda draw, made: kind(made) * 100.0 + draw.normal(size=2000),
        good=lambda draw, made: np.where(draw.random(2000) < 0.05, "ward", np.where(kind(made), "A", "C")),
        near=lambda draw, made: kind(made) * 3 + draw.normal(size=2000),
        name=lambda draw, made: draw.choice([f"n{place}" for place in range(1900)], 2000),
    ).drop(columns="y")
    assert {leak.name for leak in profile(frame, "k").leaks} == {"code", "ward", "gap", "dose"}


def test_the_gain_is_that_of_brute_force():
    """Majority of a word on one half, judged on the other, both ways; a word that was not seen gets the commonest."""
    draw = np.random.default_rng(0)
    target = draw.integers(0, 3, 200)
    word = np.where(draw.random(200) < 0.7, target, draw.integers(3, 60, 200))
    half = draw.random(200) < 0.5
    right = 0
    for learnt in (half, ~half):
        usual = np.bincount(target[learnt]).argmax()
        for value, answer in zip(word[~learnt], target[~learnt], strict=True):
            seen = target[learnt][word[learnt] == value]
            right += answer == (np.bincount(seen).argmax() if len(seen) else usual)
    most = np.bincount(target).max()
    gain = leaks._gain(word.astype(float), target, half, 3, True)
    assert gain == pytest.approx((right - most) / (200 - most))


def test_leaks_are_looked_for_in_a_bounded_sample(monkeypatch, global_randomness_untouched):
    looked = []
    monkeypatch.setattr(leaks, "MOST_ROWS", 150)
    monkeypatch.setattr(leaks, "_in_numbers", lambda column: looked.append(list(column.index)) or column.to_numpy())
    for seed in (1, 1, 2):
        leaks.leaks(table()[["x"]], table()["y"].to_numpy(), classes=0, seed=seed)
    assert len(looked[0]) == len(set(looked[0])) == 150
    assert looked[0] == looked[1] != looked[2]


def test_copies_and_contradictions_are_counted():
    frame = table()
    copies = frame.iloc[:7]
    others = frame.iloc[20:23].assign(y=lambda rows: rows["y"] + 1)
    whole = pd.concat([frame, copies, copies, others], ignore_index=True)
    found = profile(whole, "y")
    assert (found.duplicates, found.contradictions) == (14, 6)
    assert "14 of 417 rows repeat an earlier row in every column" in said(found)
    assert "6 rows equal another row in every feature, but not in 'y'" in said(found)
    numbered = profile(whole.assign(id=np.arange(417)), "y")
    assert (numbered.duplicates, numbered.contradictions) == (0, 6)
    assert said(profile(frame, "y")) == ""


def test_gaps_and_rare_classes_are_said():
    frame = table(rows=1000, k=lambda draw, made: np.array(["a"] * 991 + ["b"] * 9))
    frame.loc[:249, "x"] = np.nan
    text = said(profile(frame, "k"))
    assert "cells are missing in 'x' (25 %)" in text
    assert "class 'b' is rare: 9 of 1,000 rows (0.9 %)" in text
    assert "rare" not in said(profile(frame.iloc[100:], "k"))


def few(frame, count):
    return frame.assign(y=[*range(count), *[np.nan] * (ROWS - count)])


REFUSED = {
    "another name": (lambda frame: frame, "Y1", "column 'Y1' is not in the table; (columns: 'x', 'c', 'y')"),
    "a near name": (
        lambda frame: frame.rename(columns={"y": "revenue"}),
        "revnue",
        "did you mean 'revenue'? (columns: 'x'",
    ),
    "one name twice": (lambda frame: frame.set_axis(["x", "x", "y"], axis=1), "y", "two columns have the same name"),
    "too few rows": (lambda frame: few(frame, 19), "y", "is there in 19 of 400 rows; at least 20 are needed"),
    "no target at all": (lambda frame: few(frame, 0), "y", "is there in 0 of 400 rows"),
    "a constant": (lambda frame: frame.assign(y=5), "y", "the target 'y' is 5 in every row"),
    "a constant with gaps": (lambda frame: frame.assign(y=["a"] * 300 + [None] * 100), "y", "is a in every row"),
    "a small class": (
        lambda frame: frame.assign(y=["a"] * 396 + ["b"] * 4),
        "y",
        "fewer than 5 rows: 'b' (4); merge each with another class",
    ),
    "names as classes": (lambda frame: frame.assign(y=frame.index.map("n{}".format)), "y", "and 395 more; merge each"),
    "nothing to learn from": (
        lambda frame: frame.assign(x=1, c=range(ROWS)),
        "y",
        "no column besides 'y' can be learnt from",
    ),
    "the target alone": (lambda frame: frame[["y"]], "y", "no column besides 'y' can be learnt from"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_cannot_be_learnt_from_is_refused(case):
    change, target, fragment = REFUSED[case]
    with pytest.raises(BadData, match=re.escape(fragment)) as caught:
        profile(change(table()), target)
    assert re.search("[\u4e00-\u9fff]{4}", caught.value.message.zh)
    assert "\n" not in str(caught.value)


def test_just_enough_rows_and_classes_are_accepted():
    frame = few(table(), 20)
    with pytest.raises(BadData, match="take its rows out, or name the task regression"):
        profile(frame, "y")
    assert profile(frame, "y", task="regression").rows == 20
    assert profile(table(rows=20, k=lambda draw, made: np.array(["a"] * 15 + ["b"] * 5)), "k").counts == (15, 5)


@pytest.mark.parametrize("name", [*data.TABLES, *data.REGRESSION_TABLES])
def test_no_table_of_ours_is_said_to_leak(name):
    own = data.table(name) if name in data.TABLES else data.regression_table(name)
    frame = pd.DataFrame(own.train.inputs, columns=list(own.columns))
    target = np.array(own.classes)[own.train.targets] if own.classes else own.train.targets
    found = profile(frame.assign(target=target), "target")
    assert found.leaks == ()
    assert found.task == ("classes" if own.classes else "regression")
    assert found.classes == tuple(sorted(own.classes))


def test_a_file_is_read_and_profiled(tmp_path):
    frame = table(k=lambda draw, made: np.where(made["y"] > 0, "是", "否"), id=lambda draw, made: np.arange(ROWS))
    frame.to_csv(tmp_path / "t.csv", index=False, encoding="gb18030")
    found = data.profile(data.read_table(tmp_path / "t.csv").frame, "k")
    assert found.classes == ("否", "是")
    assert found.left_out == ("id",)
    assert [leak.name for leak in found.leaks] == ["y"]
