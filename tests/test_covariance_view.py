"""The view of covariance: figures worked by hand, parity with NumPy, scikit-learn and pandas, and axes in words."""

import re
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from zhixing.views.covariance import covariance, in_words
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow


def scene(features):
    return Scene("rows", features, None, (), None)


def seen(**columns):
    return covariance(scene(pandas.DataFrame(columns)))


def test_two_columns_worked_by_hand():
    """x = -1, 0, 1 and y = -1, 1, 0: both of variance (1 + 0 + 1) / 2 = 1, covariance (1 + 0 + 0) / 2."""
    view = seen(x=[-1.0, 0.0, 1.0], y=[-1.0, 1.0, 0.0])
    np.testing.assert_allclose(view.numbers["covariance"], [[1, 0.5], [0.5, 1]])
    np.testing.assert_allclose(view.numbers["correlation"], [[1, 0.5], [0.5, 1]])
    # (1, 1) / root 2 is stretched by 1 + 0.5, (1, -1) / root 2 by 1 - 0.5; of 2 in all
    np.testing.assert_allclose(view.numbers["eigenvalues"], [1.5, 0.5])
    np.testing.assert_allclose(view.numbers["explained variance"], [0.75, 0.25])
    np.testing.assert_allclose(view.numbers["axes"], np.array([[1, 1], [1, -1]]) / np.sqrt(2), atol=1e-12)
    rows = [[cell.en for cell in row] for row in view.tables[0].rows]
    assert rows == [
        ["axis 1", "1.5", "75.0 %", "75.0 %", "x (0.71), y (0.71) together"],
        ["axis 2", "0.5", "25.0 %", "100.0 %", "x (0.71) against y (−0.71)"],
    ]


def test_units_stretch_the_covariance_and_not_the_correlation():
    """y is 2 x: variance 5/3 of 1, 2, 3, 4, covariance twice and variance of y four times that; one axis holds all."""
    view = seen(x=[1.0, 2, 3, 4], y=[2.0, 4, 6, 8])
    np.testing.assert_allclose(view.numbers["covariance"], np.array([[5, 10], [10, 20]]) / 3)
    np.testing.assert_allclose(view.numbers["correlation"], np.ones((2, 2)))
    np.testing.assert_allclose(view.numbers["eigenvalues"], [2, 0], atol=1e-12)
    assert "x and y go together most (correlation 1.00). 1 of 2 axes hold 90 %" in view.summary.en


@given(seed=st.integers(0, 10**6), columns=st.integers(2, 6))
@settings(max_examples=20, deadline=None)
def test_any_table_as_pandas_and_scikit_learn_have_it(seed, columns):
    g = np.random.default_rng(seed)
    frame = pandas.DataFrame(g.standard_normal((25, columns)) @ g.standard_normal((columns, columns)) + 7)
    frame.columns = [f"c{number}" for number in range(columns)]
    numbers = covariance(scene(frame)).numbers
    np.testing.assert_allclose(numbers["covariance"], frame.cov(), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(numbers["correlation"], frame.corr(), rtol=1e-8, atol=1e-10)
    # scikit-learn's scaler divides by n, ours by n - 1: the shares are the same
    theirs = PCA(svd_solver="full").fit(StandardScaler().fit_transform(frame))
    np.testing.assert_allclose(numbers["explained variance"], theirs.explained_variance_ratio_, atol=1e-6)
    np.testing.assert_allclose(np.sum(numbers["eigenvalues"]), columns)
    correlation, axes = np.array(numbers["correlation"]), np.array(numbers["axes"])
    np.testing.assert_allclose(correlation @ axes.T, axes.T * numbers["eigenvalues"], atol=1e-8)


def test_gaps_words_and_constant_columns_are_left_out_and_gaps_are_said():
    view = seen(x=[1.0, 2, 3, 9, None], y=[2.0, 1, 3, 4, 5], same=[1.0] * 5, word=list("abcde"))
    assert view.numbers["columns"] == ["x", "y"]
    assert view.numbers["rows"] == 4
    assert [warning.en for warning in view.warnings] == ["1 rows with gaps are left out."]


def test_axes_that_could_be_turned_into_each_other_are_said():
    square = seen(x=[1.0, -1, 1, -1], y=[1.0, 1, -1, -1])
    assert [warning.en.split(":")[0] for warning in square.warnings] == ["Axes 1/2 have nearly the same variance"]
    assert seen(x=[1.0, 2, 3, 5], y=[1.0, 2, 3, 4]).warnings == ()


@pytest.mark.parametrize(
    ("loadings", "said"),
    [
        ([0.9, -0.1, 0.2], "a (0.90) alone"),
        ([0.1, -0.9, 0.2], "b (−0.90) alone"),
        ([-0.6, 0.1, -0.5], "a (−0.60), c (−0.50) together"),
        ([0.5, -0.6, 0.29], "a (0.50) against b (−0.60)"),
    ],
)
def test_an_axis_is_told_by_its_large_loadings(loadings, said):
    told = in_words(("a", "b", "c"), np.array(loadings))
    assert told.en == said
    assert re.search("[一-鿿]", told.zh)


@pytest.mark.parametrize(
    ("features", "why"),
    [
        (np.zeros((9, 1, 8, 8)), "pictures, sounds and sentences have none"),
        (pandas.DataFrame({"x": [1.0, 2, 3], "y": [4.0, 4, 4]}), "two columns of numbers that vary"),
        (pandas.DataFrame({"x": [1.0, 2], "y": [4.0, 5]}), "three rows without gaps"),
    ],
)
def test_what_has_no_covariance_is_said_in_one_line(features, why):
    with pytest.raises(CannotShow, match=why):
        covariance(scene(features))


def test_numbers_of_users_and_items_have_no_covariance():
    ratings = SimpleNamespace(card={"kind": "ratings"})
    rows = pandas.DataFrame({"user": [1, 2, 3], "item": [3, 1, 2]})
    with pytest.raises(CannotShow, match="ratings only names"):
        covariance(Scene("rows", rows, None, (), ratings))


def test_every_picture_is_drawn_in_both_languages_and_many_columns_are_thinned():
    g = np.random.default_rng(0)
    view = covariance(scene(pandas.DataFrame(g.standard_normal((60, 45))).rename(columns=str)))
    assert [picture.drawing.id for picture in view.pictures] == ["correlation", "covariance", "eigenvalues", "biplot"]
    for picture in view.pictures:
        for language in ("en", "zh"):
            assert picture.drawing.draw(language).data
    assert len(view.pictures[0].drawing.draw("en").data[0].z) == 40
    assert "The 5 columns that go least" in view.pictures[0].caption.en
