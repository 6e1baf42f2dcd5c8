"""Pieces of texts, what they mean by their neighbours, and the network that reads them."""

import re
from collections import Counter
from importlib import import_module
from itertools import pairwise

import numpy as np
import pandas
import pytest
import torch
from torch.nn.functional import logsigmoid

from zhixing import models, train
from zhixing.core import spec
from zhixing.models.pieces import OFTEN, PLACES

word_vectors = import_module("zhixing.train.word_vectors")  # the module; its function has the same name
FRAME = pandas.DataFrame({"text": ["很好看，喜欢", "不好看 Good", "很好看！good book", "好看 很好 a goods", None] * 3})


def _with_pair(parts, pair):
    found = []
    for part in parts:
        if found and (found[-1], part) == pair:
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


def test_the_pair_that_is_met_most_often_becomes_one_piece():
    pieces = models.Pieces(columns=("text",)).learn(FRAME)
    words = Counter(re.findall(r"\w+|[，！]", " ".join(FRAME["text"].dropna()).lower()))
    parts = {word: tuple(word) for word in words}
    joins = [tuple(line.split(" ")) for line in pieces.joins.split("\n")]
    for join in joins:
        met = Counter()
        for word, count in words.items():
            for pair in pairwise(parts[word]):
                met[pair] += count
        assert met[join] == max(met.values()) >= OFTEN
        parts = {word: _with_pair(found, join) for word, found in parts.items()}
    assert max((sum(words[word] for word, found in parts.items() if pair in pairwise(found)) for pair in
                {pair for found in parts.values() for pair in pairwise(found)}), default=0) < OFTEN  # fmt: skip
    known = pieces.known.split("\n")
    row = pieces.numbered(FRAME)[2]
    cut = [part for word in ("很好看", "！", "good", "book") for part in parts[word]]
    assert [known[number] for number in row[row > 0]] == cut


def test_what_was_never_met_is_0_and_so_is_what_lies_behind_the_end():
    pieces = models.Pieces(columns=("text",)).learn(FRAME)
    rows = pieces.numbered(pandas.DataFrame({"text": ["ζ 好看", None, "好看 " * 200]}))
    assert rows.shape == (3, PLACES)
    assert [bool(number) for number in rows[0, :3]] == [False, True, False]
    assert not rows[1].any()
    assert (rows[2] == rows[0, 1]).all()
    assert not models.Pieces(columns=("text",)).learn(FRAME[4:5]).numbered(FRAME).any()


def test_logits_of_pairs_are_those_of_a_loop():
    generator = torch.Generator().manual_seed(0)
    model = models.SkipGram(count=9, width=4, generator=generator).double()
    torch.nn.init.normal_(model.contexts.weight, generator=generator)
    centres, contexts, others = torch.tensor([1, 2, 2]), torch.tensor([3, 8, 4]), torch.tensor([5, 5, 1, 7])
    there, absent = model(centres, contexts, others)
    at, around = model.centres.weight, model.contexts.weight
    for row, (centre, context) in enumerate(zip(centres, contexts, strict=True)):
        torch.testing.assert_close(there[row], sum(at[centre] * around[context]))
        for place, other in enumerate(others):
            torch.testing.assert_close(absent[row, place], sum(at[centre] * around[other]))
    (logsigmoid(there).sum() + logsigmoid(-absent).sum()).backward()
    expected = torch.sigmoid(-there[0]) * around[3] - torch.sigmoid(absent[0]) @ around[others]
    torch.testing.assert_close(model.centres.weight.grad[1], expected.detach())


def test_words_that_stand_among_the_same_others_have_like_vectors(monkeypatch):
    monkeypatch.setattr(word_vectors, "BATCH", 256)  # as many steps as many texts would give
    generator = np.random.default_rng(0)
    texts = np.zeros((4000, 8), dtype=np.int64)
    for row in texts:  # 1 and 2 stand among 10 to 19, 3 and 4 among 20 to 29
        first = generator.integers(1, 5)
        row[:6] = generator.integers(10, 20, 6) + 10 * (first > 2)
        row[3] = first
    vectors = train.word_vectors(texts, 30, 12, generator=generator)
    assert vectors.shape == (30, 12)
    assert not vectors[0].any()
    torch.testing.assert_close(vectors.square().mean().sqrt(), torch.tensor(0.3))
    directions = torch.nn.functional.normalize(vectors, dim=1)
    likeness = directions @ directions.T
    assert min(likeness[1, 2], likeness[3, 4]) > max(likeness[1, 3], likeness[2, 4]) + 0.3


def test_texts_of_nothing_give_vectors_of_chance():
    vectors = train.word_vectors(np.zeros((3, 5), dtype=np.int64), 4, 6, generator=np.random.default_rng(0))
    assert torch.isfinite(vectors).all()
    assert not vectors[0].any()
    assert not train.word_vectors(np.zeros((3, 5), dtype=np.int64), 1, 6, generator=np.random.default_rng(0)).any()


def test_a_reader_sees_what_a_loop_over_the_places_sees():
    network = models.PieceReader(pieces=20, width=6, classes=3, generator=torch.Generator().manual_seed(0))
    network = network.double().eval()
    x = torch.zeros(20, PLACES, dtype=torch.float64)  # more than are read together
    x[0, :5], x[1] = torch.tensor([3.0, 0.0, 7.0, 3.0, 19.0]), torch.arange(PLACES) % 20
    for row in range(3, 20):
        x[row, : 2 * row] = row
    for row in range(20):
        there = [place for place in range(PLACES) if x[row, place]]
        vectors = network.table.weight[x[row].long()] * (x[row] > 0)[:, None]
        vectors = vectors[: max(there, default=-1) + 1]
        found = []
        for states in (_states(network.onwards, vectors), _states(network.backwards, vectors.flip(0)).flip(0)):
            seen = states[there]
            found += [seen.sum(dim=0) / max(len(there), 1), seen.amax(dim=0) if there else -torch.ones(6).double()]
        torch.testing.assert_close(network(x)[row], network.head(torch.cat(found)))


def test_a_piece_that_no_training_row_shows_is_read_as_unknown():
    texts = pandas.DataFrame({"text": ["好看 " * PLACES + "不好看"] * 8 + ["差"] * 8})
    pieces = models.Pieces(columns=("text",)).learn(texts)
    rows = pieces.numbered(texts).astype(np.float64)
    recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), steps=2, batch=4)
    reader = spec(train.piece_reader, model=spec(models.PieceReader, width=4), recipe=recipe)
    fitted = reader.build(generator=np.random.default_rng(0)).fit(rows, np.arange(16) // 8)
    assert fitted.network.table.num_embeddings == rows.max() + 1 <= len(pieces.known.split("\n"))
    known = fitted.network.table.num_embeddings
    strange = np.zeros((2, PLACES))
    strange[1, 0] = known + 3
    found = fitted.predict_proba(strange)
    np.testing.assert_array_equal(found[0], found[1])


def _states(units, vectors):
    """Gers, Schmidhuber and Cummins 2000, place by place."""
    state, memory, found = torch.zeros(6, dtype=torch.float64), 0, []
    for vector in vectors:
        drive = units.weight_ih_l0 @ vector + units.bias_ih_l0 + units.weight_hh_l0 @ state + units.bias_hh_l0
        taken, kept, new, shown = drive.chunk(4)
        memory = torch.sigmoid(kept) * memory + torch.sigmoid(taken) * torch.tanh(new)
        state = torch.sigmoid(shown) * torch.tanh(memory)
        found.append(state)
    return torch.stack(found) if found else torch.zeros(0, 6, dtype=torch.float64)


@pytest.mark.usefixtures("global_randomness_untouched")
def test_a_reader_begins_with_what_the_texts_taught_and_learns_the_order_of_words():
    generator = np.random.default_rng(0)
    rows = generator.integers(3, 9, (300, PLACES)).astype(np.float64)
    rows[:, 8:] = 0
    at, praised = generator.integers(0, 7, 300), generator.integers(0, 2, 300)
    rows[np.arange(300), at], rows[np.arange(300), at + 1] = 1 + praised, 2 - praised  # the same words, in either order
    recipe = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01), steps=80, batch=32, clip=1.0)
    reader = spec(train.piece_reader, model=spec(models.PieceReader, pieces=9, width=16, lost=0.0), recipe=recipe)
    first, again = (reader.build(generator=np.random.default_rng(0)).fit(rows[:200], praised[:200]) for _ in range(2))
    right = (first.predict_proba(rows[200:]).argmax(axis=1) == praised[200:]).mean()
    assert right > 0.9
    np.testing.assert_array_equal(first.predict_proba(rows), again.predict_proba(rows))


def test_a_reader_takes_adversarial_steps(monkeypatch):
    rows = np.random.default_rng(0).integers(0, 9, (40, PLACES)).astype(np.float64)
    recipe = spec(train.Recipe, optimiser=spec(train.sgd, lr=0.1), steps=3, batch=8)
    reader = spec(train.piece_reader, model=spec(models.PieceReader, pieces=9, width=4), recipe=recipe)

    def answers():
        return reader.build(generator=np.random.default_rng(0)).fit(rows, np.arange(40) // 20).predict_proba(rows)

    far = answers()
    monkeypatch.setattr(import_module("zhixing.train.adversarial"), "REACH", 0.0)
    assert np.abs(answers() - far).max() > 1e-6
