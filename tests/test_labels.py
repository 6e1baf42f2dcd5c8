"""Many labels at once: found in a file, measured by brute force, learned by every family, kept and read again."""

from pathlib import Path

import numpy as np
import pandas
import pytest
from sklearn import metrics

from zhixing import comparison, data, evaluate, models
from zhixing.comparison.families import CHOICES
from zhixing.comparison.labels import for_labels
from zhixing.core import BadData, BadSetting, spec
from zhixing.core.store import RunStore
from zhixing.data.own.labels import separator_of


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three labels: two that two columns decide, one that is the two together, in one cell."""
    generator = np.random.default_rng(0)
    long, loud = generator.normal(size=(2, 240))
    sets = [
        [("epic", one > 0), ("noisy", two > 0), ("both", one > 0 and two > 0)]
        for one, two in zip(long, loud, strict=True)
    ]
    cells = ["|".join(name for name, there in row if there) or "none" for row in sets]
    place = tmp_path_factory.mktemp("own") / "films.csv"
    pandas.DataFrame({"long": long, "loud": loud, "hue": generator.choice(["r", "g"], 240), "kinds": cells}).to_csv(
        place, index=False
    )
    return place


@pytest.mark.parametrize("seed", range(3))
def test_measures_of_labels_are_those_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    probabilities, targets = generator.random((30, 4)), generator.integers(2, size=(30, 4))
    said = (probabilities >= 0.5).astype(int)
    by_hand = np.mean([said[row, label] != targets[row, label] for row in range(30) for label in range(4)])
    assert evaluate.hamming_loss(probabilities, targets) == pytest.approx(100 * by_hand)
    exact = metrics.accuracy_score(targets, said)
    assert evaluate.not_exact(probabilities, targets) == pytest.approx(100 * (1 - exact))
    assert evaluate.label_macro_f1(probabilities, targets) == pytest.approx(
        metrics.f1_score(targets, said, average="macro")
    )
    assert evaluate.label_micro_f1(probabilities, targets) == pytest.approx(
        metrics.f1_score(targets, said, average="micro")
    )
    each = evaluate.f1_by_label(probabilities, targets)
    np.testing.assert_allclose(each.values, metrics.f1_score(targets, said, average=None))
    losses = [metrics.log_loss(targets[:, label], probabilities[:, label]) for label in range(4)]
    assert evaluate.label_log_loss(probabilities, targets) == pytest.approx(np.mean(losses))


def test_a_column_of_lists_is_found_by_itself(films):
    own = data.own_data(films, target="kinds").build()
    assert own.classes == ("both", "epic", "noisy", "none")
    frame = pandas.read_csv(films)
    for place, name in enumerate(own.classes):
        expected = [name in cell.split("|") for cell in frame["kinds"]]
        assert own.targets[:, place].tolist() == expected
    assert list(own.features) == ["long", "loud", "hue"]
    assert "4 labels" in own.told.en


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["a|b", "b|c", "a", "c|a"] * 5, "|"),
        (["red; blue", "blue", "red", "blue; green", "green; red"] * 5, ";"),
        (["恐怖、喜剧", "喜剧", "喜剧、爱情", "爱情、恐怖"] * 5, "、"),
        (["a", "b", "c"] * 5, None),
        ([f"{row} Long Street, Town {row}" for row in range(30)], None),
        (["Oslo, Norway", "Rome, Italy", "Bonn, Germany", "Lima, Peru"] * 5, None),
    ],
)
def test_lists_are_told_from_words(cells, found):
    assert separator_of(pandas.Series(cells)) == found


def test_amounts_with_decimal_commas_are_no_lists(tmp_path):
    place = tmp_path / "a.csv"
    place.write_text("x;y\n" + "\n".join(f"{row % 9},5;{row % 7},{row % 3}" for row in range(60)))
    assert type(data.own_data(place, target="y").build()).__name__ == "OwnTable"


def test_several_columns_are_labels(tmp_path):
    generator = np.random.default_rng(0)
    frame = pandas.DataFrame({"x": generator.normal(size=60), "fast": generator.integers(2, size=60)})
    frame["paid"] = generator.choice(["no", "yes"], 60)
    frame.loc[3, "paid"] = None
    frame.to_csv(tmp_path / "a.csv", index=False)
    own = data.own_data(tmp_path / "a.csv", target="fast, paid").build()
    assert own.classes == ("fast", "paid: yes")
    assert len(own) == 59
    assert own.targets[:, 1].tolist() == (frame["paid"].dropna() == "yes").tolist()
    later = np.concatenate(list(data.later_answers(own.card, str(tmp_path / "a.csv"))))
    assert later[3].tolist() == [-1, -1]
    assert np.array_equal(np.delete(later, 3, axis=0), own.targets)


def test_sets_of_labels_are_divided_alike(films):
    own = data.own_data(films, target="kinds").build()
    first, second = own.split(np.arange(len(own)), 0.25, np.random.default_rng(0))
    assert sorted([*first, *second]) == list(range(len(own)))
    for label in range(len(own.classes)):
        assert abs(own.targets[second, label].mean() - own.targets[:, label].mean()) < 0.03


@pytest.mark.parametrize("family", for_labels(), ids=lambda family: family.name)
def test_every_family_learns_labels_and_their_company(family):
    assert len({repr(each) for each in family.candidates()}) == CHOICES
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(300, 3))
    targets = np.stack([inputs[:, 0] > 0, inputs[:, 1] > 0, inputs[:, 1] <= 0, np.zeros(300)], axis=1).astype(np.int64)
    estimator = family.candidates()[2].build(generator=np.random.default_rng(1)).fit(inputs[:200], targets[:200])
    found = estimator.predict_proba(inputs[200:])
    assert found.shape == (100, 4)
    assert ((found >= 0) & (found <= 1)).all()
    assert evaluate.hamming_loss(found, targets[200:]) < 12
    assert found[:, 3].max() < 0.5


def test_a_chain_is_told_the_labels_before():
    """The second label of the chain equals the first and has nothing to do with the row: only the chain can tell it."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(200, 1))
    first = generator.integers(2, size=200)
    chain = models.label_chain(model=spec(models.tree), generator=np.random.default_rng(3))
    chain.fit(inputs, np.stack([first, first], axis=1))
    last, width = chain.estimators[1], 2
    told = last.predict_proba(np.column_stack([generator.permutation(inputs), first]))  # rows say nothing
    assert told.shape == (200, width)
    assert np.array_equal(told.argmax(axis=1), first)


def test_labels_from_file_to_prediction(films, tmp_path):
    store = RunStore(tmp_path / "store")
    run = comparison.learn("linear", films, "kinds", store=store)
    told = run.predict({"long": [2.0, -2.0], "loud": [-2.0, -2.0], "hue": ["r", "g"]})
    assert told["prediction"].tolist() == ["epic", "none"]
    assert told.shape == (2, 5)
    found = comparison.evaluate_run(run, films)
    assert {each.measure.name for each in found.found} >= {
        "hamming_loss",
        "not_exact",
        "label_macro_f1",
        "label_micro_f1",
    }
    assert found.confusion == {}


def written(tmp_path: Path, **columns: list) -> Path:
    place = tmp_path / "t.csv"
    pandas.DataFrame(columns).to_csv(place, index=False)
    return place


ROWS = list(range(40))


@pytest.mark.parametrize(
    ("columns", "target", "task", "message"),
    [
        ({"x": ROWS, "y": ["a", "b"] * 20}, "y", "labels", "'y' holds no lists of labels (the first is 'a')"),
        (
            {"x": ROWS, "y": [0, 1] * 20, "z": [0, 1, 2, 3] * 10},
            "y,z",
            None,
            "'z' has 4 values; each of several target",
        ),
        ({"x": ROWS, "y": [0, 1] * 20}, "y,w", None, "column 'w' is not in the table"),
        (
            {"x": ROWS, "y": [0, 1] * 20, "z": [1] + [0] * 39},
            "y,z",
            None,
            "1 labels have 10 rows with and without them",
        ),
        ({"y": [0, 1] * 20, "z": [0, 0, 1, 1] * 10}, "y,z", None, "no column besides the labels can be learnt from"),
        (
            {"x": ROWS, "y": [None] * 30 + [0, 1] * 5, "z": [0, 1] * 20},
            "y,z",
            None,
            "labels are there in 10 of 40 rows",
        ),
    ],
)
def test_what_cannot_be_labels_is_said_in_one_line(tmp_path, columns, target, task, message):
    with pytest.raises(BadData) as error:
        data.own_data(written(tmp_path, **columns), target=target, task=task).build()
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.message.zh


def test_labels_are_not_divided_by_time(tmp_path):
    place = written(tmp_path, x=ROWS, y=[0, 1] * 20, z=[0, 0, 1, 1] * 10)
    with pytest.raises(BadSetting, match="--time: rows of several labels"):
        data.own_data(place, target="y,z", time="x")
