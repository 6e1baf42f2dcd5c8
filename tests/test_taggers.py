"""Taggers: the chain against enumeration, features against strings, networks against torch without padding."""

from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import conv1d, cross_entropy, pad
from torch.testing import assert_close

from zhixing import models, train
from zhixing.core import spec
from zhixing.models.crf import PADDING
from zhixing.models.padding import of_like_length, padded
from zhixing.models.tag_features import OF_CHARACTERS, OF_WORDS, shape
from zhixing.train.keeping import as_bytes, from_bytes
from zhixing.train.learner import Learner, Lesson

TAGS, LENGTHS = 3, (4, 1, 3)
DOG = [("The", "dog", "barks", "."), ("A", "cat", "sees", "the", "dog"), ("Dogs", "bark"), ("It", "is", "4.5", "!")]
MARKS = [(0, 1, 2, 3), (0, 1, 2, 0, 1), (1, 2), (0, 2, 1, 3)]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def chain_and_sentences(seed=3):
    """A chain of random scores, emissions with nonsense behind each end, tags and where they are there."""
    draw, chain = generator(seed), models.LinearChainCRF(TAGS).double()
    for parameter in chain.parameters():
        nn.init.normal_(parameter, generator=draw)
    emissions = torch.randn(len(LENGTHS), max(LENGTHS), TAGS, generator=draw, dtype=torch.float64)
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    tags = torch.randint(TAGS, mask.shape, generator=draw).masked_fill(~mask, PADDING)
    return chain, emissions, tags, mask


def score(chain, emissions, tags):
    """The score of one sequence of tags, place by place."""
    total = chain.first[tags[0]] + chain.last[tags[-1]] + sum(emissions[t, tag] for t, tag in enumerate(tags))
    return total + sum(chain.follow[a, b] for a, b in pairwise(tags))


def enumerated(chain, emissions, length):
    """Every sequence of tags of this length with its score."""
    every = list(product(range(TAGS), repeat=length))
    return every, torch.stack([score(chain, emissions, tags) for tags in every])


@pytest.mark.parametrize("seed", range(5))
def test_the_chain_is_what_enumeration_says(seed):
    chain, emissions, tags, mask = chain_and_sentences(seed)
    losses, best, chances = chain(emissions, tags), chain.decode(emissions, mask), chain.marginals(emissions, mask)
    partition = chain.log_partition(emissions, mask)
    for row, length in enumerate(LENGTHS):
        every, scores = enumerated(chain, emissions[row], length)
        assert_close(partition[row], scores.logsumexp(0))
        assert_close(losses[row], scores.logsumexp(0) - scores[every.index(tuple(tags[row, :length].tolist()))])
        assert tuple(best[row, :length].tolist()) == every[int(scores.argmax())]
        assert best[row, length:].eq(PADDING).all()
        weights = scores.softmax(0)
        for place, tag in product(range(length), range(TAGS)):
            share = sum(weight for weight, each in zip(weights, every, strict=True) if each[place] == tag)
            assert_close(chances[row, place, tag], share)
        assert chances[row, length:].eq(0).all()


def test_the_slopes_of_the_chain_are_those_of_enumeration():
    chain, emissions, tags, _ = chain_and_sentences()
    given = [emissions.requires_grad_(), *chain.parameters()]
    slopes = torch.autograd.grad(chain(emissions, tags).sum(), given)
    slow = 0
    for row, length in enumerate(LENGTHS):
        every, scores = enumerated(chain, emissions[row], length)
        slow = slow + scores.logsumexp(0) - scores[every.index(tuple(tags[row, :length].tolist()))]
    for one, other in zip(slopes, torch.autograd.grad(slow, given), strict=True):
        assert_close(one, other)
    assert torch.autograd.gradcheck(lambda e, *_: chain(e, tags), given)


def test_place_by_place_is_a_chain_without_scores_of_its_own():
    _, emissions, tags, mask = chain_and_sentences()
    chain, alone = models.LinearChainCRF(TAGS).double(), models.PlaceByPlace(TAGS)
    assert_close(alone(emissions, tags), chain(emissions, tags))
    assert torch.equal(alone.decode(emissions, mask), chain.decode(emissions, mask))
    assert_close(alone(emissions, tags)[1], cross_entropy(emissions[1, :1], tags[1, :1]))


@pytest.mark.parametrize("of_letters", [True, False])
def test_the_recurrent_tagger_reads_each_sentence_as_torch_does_without_padding(of_letters):
    width, letters, lengths = 6, 5 if of_letters else 0, (5, 2, 3)
    network = models.RecurrentTagger(tokens=9, letters=letters, width=width, classes=4, generator=generator()).double()
    draw = generator(1)
    rows = [torch.randint(1, 9, (n, 1), generator=draw) for n in lengths]
    if of_letters:
        rows = [torch.cat([row, torch.randint(letters, (len(row), 4), generator=draw)], dim=1) for row in rows]
    emissions = network(padded([row.numpy() for row in rows], 0))
    reference = nn.GRU(width + (3 if of_letters else 0), width, batch_first=True, bidirectional=True).double()
    reference.load_state_dict(network.gru.state_dict())
    slow = []
    for row in rows:
        entering = network.token.weight[row[:, 0]]
        if of_letters:
            kernel = network.window.weight.view(3, 3, 3).transpose(1, 2)
            spelled = pad(network.letter.weight[row[:, 1:]].transpose(1, 2), (1, 1))
            entering = torch.cat([entering, conv1d(spelled, kernel, network.window.bias).amax(2)], dim=1)
        slow.append(network.head(reference(entering[None])[0][0]))
    slopes = torch.autograd.grad(sum(each.square().sum() for each in slow), network.token.weight)
    fast = [emission[:n] for emission, n in zip(emissions, lengths, strict=True)]
    for one, other in zip(fast, slow, strict=True):
        assert_close(one, other)
    assert_close(torch.autograd.grad(sum(each.square().sum() for each in fast), network.token.weight), slopes)


@pytest.mark.usefixtures("global_randomness_untouched")
@pytest.mark.parametrize("output", [models.PlaceByPlace, models.LinearChainCRF])
def test_the_generator_decides_the_tagger_and_every_weight_gets_a_slope(output):
    settings = {"tokens": 9, "letters": 5, "width": 6, "classes": 3, "dropout": 0.2, "output": output}
    one, same, other = (models.RecurrentTagger(**settings, generator=generator(seed)) for seed in (1, 1, 2))
    x = padded([np.array([[1, 2], [3, 4]]), np.array([[5, 1]]), np.array([[2, 3], [4, 1], [7, 2]])], 0)
    tags = padded([np.array([0, 1]), np.array([2]), np.array([1, 1, 0])], PADDING)
    assert torch.equal(one(x), same(x))
    assert not torch.equal(one(x), other(x))
    one.output(one(x), tags).sum().backward()
    for name, parameter in one.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert torch.count_nonzero(parameter.grad), name


def test_batches_hold_every_row_once_and_rows_of_like_length():
    lengths = np.random.default_rng(0).integers(1, 60, size=1000)
    batches = list(of_like_length(lengths, 16, np.random.default_rng(1)))
    assert sorted(np.concatenate(batches).tolist()) == list(range(1000))
    assert np.mean([np.ptp(lengths[batch]) for batch in batches]) < 5
    again = list(of_like_length(lengths, 16, np.random.default_rng(1)))
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))
    assert not np.array_equal(batches[0], next(of_like_length(lengths, 16, np.random.default_rng(2))))


@pytest.mark.parametrize(
    ("templates", "text"), [(OF_WORDS, DOG), (OF_CHARACTERS, ["我们１９９８年来。", "来了ABC我", "年年"])]
)
def test_features_are_equal_where_the_strings_that_they_stand_for_are(templates, text):
    sentences = [tuple(sentence) for sentence in text]
    found = np.concatenate(models.TagFeatures(least=1).fit(sentences).transform(sentences))
    affixes = [lambda w, n=n, end=end: w[-n:] if end else w[:n] for n in (1, 2, 3) for end in (False, True)]
    attributes = [lambda w: w, str.lower, shape, *affixes]
    strings = []
    for sentence in sentences:
        around = ["", "", *sentence, "", ""]
        for place in range(2, len(around) - 2):
            strings.append([tuple(attributes[a](around[place + o]) for a, o in template) for template in templates])
    assert found.shape == (len(strings), 1 + len(templates))
    assert (found[:, 0] == 1).all()
    everything = Counter()
    for column in range(len(templates)):
        pairs = {(row[column], number) for row, number in zip(strings, found[:, column + 1].tolist(), strict=True)}
        assert len(pairs) == len({s for s, _ in pairs}) == len({n for _, n in pairs})
        everything.update({n for _, n in pairs})
    assert max(everything.values()) == 1, "two templates share a number"


def test_features_of_a_sentence_are_its_own_and_rare_or_new_ones_are_none():
    features = models.TagFeatures().fit([*DOG, *DOG[:1]])
    together, alone = features.transform(DOG), [features.transform([each])[0] for each in DOG]
    assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))
    assert (together[0] > 0).all(), "everything in the first sentence occurs twice"
    assert (together[3][2] == 0).any()
    assert features.transform([("ÿÿÿ",)])[0][0, 0] == 1
    assert max(each.max() for each in together) < features.size


def test_tokens_and_letters_have_numbers_and_the_unknown_has_1():
    numbers = models.TokenNumbers().fit([*DOG, ("the", "extraordinarily")])
    (found,) = numbers.transform([("dog", "the", "cat", "ÿ", "extraordinarily")])
    assert found.shape == (5, 13)
    assert sorted(found[:2, 0]) == [2, 3]
    assert found[2:, 0].tolist() == [1, 1, 1], "what occurs once is as good as unknown"
    assert found[3, 1:].tolist() == [1] + 11 * [0]
    assert found[0, 4:].tolist() == 9 * [0]
    assert (found[4, 1:] > 1).all(), "a long word is its first six and last six letters"
    assert models.TokenNumbers().fit([tuple("我们来了")]).transform([tuple("来")])[0].shape == (1, 1)


def test_shapes_are_runs_of_kinds():
    assert [shape(each) for each in ("Wang-5", "１９９８年", "三月", "USA", "...", "ß")] == [
        "Xx-9",
        "9c",
        "9c",
        "X",
        ".",
        "x",
    ]


def test_the_most_frequent_tag_is_a_count():
    draw = np.random.default_rng(0)
    inputs, targets = sentences_of(draw.integers(1, 6, 300)[:, None]), sentences_of(draw.integers(0, 4, 300))
    counts = Counter(
        zip(np.concatenate(list(inputs))[:, 0].tolist(), np.concatenate(list(targets)).tolist(), strict=True)
    )
    tagger = models.FrequentTag().fit(inputs, targets)
    for word, tag in enumerate(tagger.predict(sentences_of(np.arange(1, 6)[:, None], 5))[0], start=1):
        assert counts[word, tag] == max(counts[word, each] for each in range(4))
    heavy = models.FrequentTag(prior=1e9).fit(inputs, targets).predict(inputs)
    assert len({tag for each in heavy for tag in each.tolist()}) == 1


def sentences_of(rows, size=10):
    found = np.empty(len(rows) // size, dtype=object)
    for place in range(len(found)):
        found[place] = rows[place * size : (place + 1) * size]
    return found


def test_the_first_step_of_the_field_goes_down_the_slope_that_enumeration_gives():
    draw = np.random.default_rng(1)
    inputs, targets = sentences_of(draw.integers(0, 7, (12, 3)), 4), sentences_of(draw.integers(0, TAGS, 12), 4)
    tagger = models.FieldTagger(rate=0.5, rounds=1, batch=3, generator=draw).fit(inputs, targets)
    weights = torch.zeros(7, TAGS, requires_grad=True)
    chain, loss = models.LinearChainCRF(TAGS), 0
    for places, tags in zip(inputs, targets, strict=True):
        emissions = torch.stack([sum((weights[f] for f in place if f), torch.zeros(TAGS)) for place in places.tolist()])
        every, scores = enumerated(chain, emissions, len(tags))
        loss = loss + scores.logsumexp(0) - scores[every.index(tuple(tags.tolist()))]
    slopes = torch.autograd.grad(loss, [weights, chain.first, chain.follow, chain.last])
    kept = [tagger.weights, tagger.first, tagger.follow, tagger.last]
    for slope, array in zip(slopes, kept, strict=True):  # a slope is at first divided by its own size
        assert_close(torch.from_numpy(array), -0.5 * slope / (slope.abs() + 1e-3), atol=2e-4, rtol=0)


TAGGERS = {
    "frequent": (spec(models.TokenNumbers, least=1), spec(models.FrequentTag)),
    "field": (spec(models.TagFeatures, least=1), spec(models.FieldTagger, rate=0.3, rounds=20)),
    **{
        name: (
            spec(models.TokenNumbers, least=1),
            spec(
                train.network_tagger,
                model=spec(models.RecurrentTagger, width=16, dropout=0.1, output=output),
                recipe=spec(train.Recipe, optimiser=spec(train.adamw, lr=0.02), steps=60, batch=4),
            ),
        )
        for name, output in (("recurrent", models.PlaceByPlace), ("recurrent-field", models.LinearChainCRF))
    },
}


@pytest.mark.usefixtures("global_randomness_untouched")
@pytest.mark.parametrize(("preparation", "candidate"), TAGGERS.values(), ids=TAGGERS.keys())
def test_a_tagger_learns_sentences_by_its_seed_and_comes_back_from_a_file(preparation, candidate):
    targets = np.empty(len(DOG), dtype=object)
    for row, marks in enumerate(MARKS):
        targets[row] = np.asarray(marks)
    lesson = Lesson(preparation, DOG, targets, ("D", "N", "V", "."))
    learner = lesson.learner(candidate, np.random.default_rng(0))
    answers = learner.answers(DOG)
    wrong = sum(int((a != b).sum()) for a, b in zip(answers, targets, strict=True))
    assert wrong == 0 or isinstance(learner.estimator, models.FrequentTag), "four sentences are learned by heart"
    new = [("A", "dog", "sees", "ÿ"), ("barks",)]
    again = lesson.learner(candidate, np.random.default_rng(0))
    back: Learner = from_bytes(as_bytes(learner))
    for one, other, third in zip(*(each.answers(new) for each in (learner, again, back)), strict=True):
        assert np.array_equal(one, other)
        assert np.array_equal(one, third)
        assert one.dtype == np.int64
