"""Answers from fits that have not seen the row, and what each word of a text adds."""

from types import SimpleNamespace

import numpy as np
import pandas
import pytest

from zhixing import data, evaluate, models, train
from zhixing.core import Seeds, spec
from zhixing.data.own.divide import by_group


class Recalling:
    """Answers with the class of a row that it has seen, and with a half where it has not."""

    def __init__(self, generator=None):
        pass

    def fit(self, inputs, targets):
        self.seen = {float(row[0]): int(target) for row, target in zip(inputs, targets, strict=True)}
        self.rows = len(inputs)
        return self

    def predict_proba(self, inputs):
        found = [self.seen.get(float(row[0])) for row in inputs]
        return np.array([[0.5, 0.5] if kind is None else [1 - kind, kind] for kind in found])


class AsTheyAre:
    def fit(self, features):
        return self

    def transform(self, features):
        return features.to_numpy()


def own(rows=40, groups=None, times=None):
    targets = np.arange(rows) % 2

    def split(some, share, generator):
        if groups is not None:
            return by_group(some, share, generator, groups)
        return data.at_random(some, share, generator, targets)

    frame = pandas.DataFrame({"x": np.arange(rows, dtype=float)})
    found = SimpleNamespace(targets=targets, classes=("a", "b"), times=times, split=split)
    found.take = lambda rows: frame.iloc[rows]

    class Sized(SimpleNamespace):
        def __len__(self):
            return rows

    return Sized(**vars(found))


def test_no_fit_has_seen_the_row_that_it_answers_for():
    answers = train.answers_left_out(own(), preparation=spec(AsTheyAre), candidate=spec(Recalling), seeds=Seeds(0))
    np.testing.assert_array_equal(answers, np.full((40, 2), 0.5))


@pytest.mark.parametrize("times", [None, np.arange(40)])
def test_folds_hold_every_row_once_and_the_classes_alike(times):
    parts = train.folds(own(times=times), 5, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))
    assert [len(part) for part in parts] == [8] * 5
    assert all((part % 2).sum() == 4 for part in parts)


def test_rows_of_a_group_are_left_out_together():
    groups = np.arange(40) // 4
    parts = train.folds(own(groups=groups), 5, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))
    for part in parts:
        assert all((groups == group).sum() == (groups[part] == group).sum() for group in groups[part])


def test_at_most_so_many_rows_teach_and_the_seed_decides():
    told = [
        train.answers_left_out(
            own(200), preparation=spec(AsTheyAre), candidate=spec(models.nearest_neighbours, neighbours=3),
            seeds=Seeds(seed), most=most,
        )
        for seed, most in ((0, None), (0, None), (0, 20), (1, None))
    ]  # fmt: skip
    np.testing.assert_array_equal(told[0], told[1])
    assert (told[0] != told[2]).any()
    assert (told[0] != told[3]).any()


def test_a_word_is_what_the_answer_falls_by_without_it():
    def answers(texts):
        return np.array([text.split().count("good") - 0.5 * len(text.split()) for text in texts])

    found = evaluate.omissions(answers, "good, very good 好书 it's")
    assert [each.word for each in found] == ["good", "very", "good", "好", "书", "it", "s"]
    assert [each.start for each in found] == [0, 6, 11, 16, 17, 19, 22]
    by_hand = []
    text = "good, very good 好书 it's"
    for each in found:
        without = text[: each.start] + text[each.start + len(each.word) :]
        by_hand.append(answers([text])[0] - answers([without])[0])
    np.testing.assert_allclose([each.fall for each in found], by_hand)
    assert found[2].fall == pytest.approx(0.5)


def test_no_words_no_question():
    def answers(texts):
        raise AssertionError("nothing was to be asked")

    assert evaluate.omissions(answers, " ...! ") == ()
    assert len(evaluate.omissions(lambda texts: np.zeros((len(texts), 2)), "a b c d", most=2)) == 2
