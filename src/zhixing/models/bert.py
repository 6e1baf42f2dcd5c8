"""The BERT encoder: from tokens to one vector for each, and from those to one for the sentence.

Source: Devlin et al. 2019, arXiv:1810.04805, on the encoder of Vaswani et al. 2017, arXiv:1706.03762, Section 3.1 (layer
normalisation after each sum); mean pooling: Reimers and Gurevych 2019, arXiv:1908.10084, Section 3.
Departs from them: no dropout, no head for pretraining; queries, keys and values are one projection.
Parity: `transformers.BertModel` with the same weights, with and without padding.
Axes: b batch | t tokens | d width | h heads | n features of a head
"""

from collections.abc import Mapping
from typing import cast

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn
from torch.nn.functional import gelu, normalize, scaled_dot_product_attention

from zhixing.nn import linear, narrow_normal, table

EPSILON = 1e-12
"""What Devlin et al. add to a variance before the root."""


class BERT(nn.Module):
    """Token, place and segment each have a vector; their sum passes through `depth` layers."""

    def __init__(
        self,
        *,
        tokens: int,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        hidden: int = 3072,
        places: int = 512,
        segments: int = 2,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.token, self.place, self.segment = (
            table(count, width, init=narrow_normal, generator=generator) for count in (tokens, places, segments)
        )
        self.normalisation = nn.LayerNorm(width, eps=EPSILON)
        self.layers = nn.ModuleList(BERTLayer(width, heads, hidden, generator=generator) for _ in range(depth))

    def forward(
        self,
        tokens: Int[Tensor, "b t"],
        there: Bool[Tensor, "b t"] | None = None,
        segments: Int[Tensor, "b t"] | None = None,
    ) -> Float[Tensor, "b t d"]:
        """`there` is false for padding, which nobody attends to; None where there is none. Left out, all is segment 0."""
        return self.encode(self.token(tokens), there, segments)

    def encode(
        self,
        vectors: Float[Tensor, "b t d"],
        there: Bool[Tensor, "b t"] | None = None,
        segments: Int[Tensor, "b t"] | None = None,
    ) -> Float[Tensor, "b t d"]:
        """As `forward`, from the vectors of the tokens."""
        x = self._placed(vectors, segments)
        for layer in self.layers:
            x = layer(x, there)
        return x

    def attention(
        self,
        tokens: Int[Tensor, "b t"],
        there: Bool[Tensor, "b t"] | None = None,
        segments: Int[Tensor, "b t"] | None = None,
    ) -> Float[Tensor, "l b h t s"]:
        """How much each token t attends to each token s, in every layer l and head; over s the weights sum to 1."""
        x, found = self._placed(self.token(tokens), segments), []
        for layer in self.layers:
            found.append(cast(BERTLayer, layer).attention(x, there))
            x = layer(x, there)
        return torch.stack(found)

    def _placed(self, vectors: Float[Tensor, "b t d"], segments: Int[Tensor, "b t"] | None) -> Float[Tensor, "b t d"]:
        segment = self.segment.weight[0] if segments is None else self.segment(segments)
        x: Tensor = self.normalisation(vectors + self.place.weight[: vectors.shape[1]] + segment)
        return x


class BERTLayer(nn.Module):
    """Every token asks all others, then thinks for itself; after each the layer is normalised."""

    def __init__(self, width: int, heads: int, hidden: int, *, generator: Generator | None = None):
        super().__init__()
        self.heads = heads
        self.projection = linear(width, 3 * width, init=narrow_normal, generator=generator)
        self.mixing = linear(width, width, init=narrow_normal, generator=generator)
        self.attention_normalisation = nn.LayerNorm(width, eps=EPSILON)
        self.widening = linear(width, hidden, init=narrow_normal, generator=generator)
        self.narrowing = linear(hidden, width, init=narrow_normal, generator=generator)
        self.normalisation = nn.LayerNorm(width, eps=EPSILON)

    def forward(self, x: Float[Tensor, "b t d"], there: Bool[Tensor, "b t"] | None) -> Float[Tensor, "b t d"]:
        query, key, value = self._projected(x)
        mask = None if there is None else there[:, None, None, :]
        attended = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = self.attention_normalisation(x + self.mixing(rearrange(attended, "b h t n -> b t (h n)")))
        y: Tensor = self.normalisation(x + self.narrowing(gelu(self.widening(x))))
        return y

    def attention(self, x: Float[Tensor, "b t d"], there: Bool[Tensor, "b t"] | None) -> Float[Tensor, "b h t s"]:
        """The weights by which `forward` mixes the values of the tokens s for each token t."""
        query, key, _ = self._projected(x)
        products = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        if there is not None:
            products = products.masked_fill(~there[:, None, None, :], -torch.inf)
        weights: Tensor = products.softmax(dim=3)
        return weights

    def _projected(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "three b h t n"]:
        parts: Tensor = rearrange(self.projection(x), "b t (three h n) -> three b h t n", three=3, h=self.heads)
        return parts


def mean_of_tokens(states: Float[Tensor, "b t d"], there: Bool[Tensor, "b t"] | None = None) -> Float[Tensor, "b d"]:
    """One vector of length 1 for each sentence: the mean of its tokens, padding left out, divided by its length."""
    if there is None:
        return normalize(states.mean(dim=1), dim=1)
    counted = there[:, :, None].to(states.dtype)
    return normalize((states * counted).sum(dim=1) / counted.sum(dim=1), dim=1)


OF_EMBEDDINGS = {
    "token": "word_embeddings",
    "place": "position_embeddings",
    "segment": "token_type_embeddings",
    "normalisation": "LayerNorm",
}
OF_LAYERS = {
    "projection": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "mixing": ("attention.output.dense",),
    "attention_normalisation": ("attention.output.LayerNorm",),
    "widening": ("intermediate.dense",),
    "narrowing": ("output.dense",),
    "normalisation": ("output.LayerNorm",),
}
"""Our names, and those of the checkpoints that BERT was published with; ours of three are theirs one below the other."""


def from_checkpoint(weights: Mapping[str, Tensor], *, depth: int) -> dict[str, Tensor]:
    """The state of a `BERT` of this depth from a published checkpoint; its pooler is not used."""
    kinds = ("weight", "bias")
    found = {
        f"{ours}.{kind}": weights[f"embeddings.{theirs}.{kind}"]
        for ours, theirs in OF_EMBEDDINGS.items()
        for kind in (kinds if ours == "normalisation" else kinds[:1])
    }
    for layer in range(depth):
        for ours, theirs in OF_LAYERS.items():
            for kind in kinds:
                parts = [weights[f"encoder.layer.{layer}.{name}.{kind}"] for name in theirs]
                found[f"layers.{layer}.{ours}.{kind}"] = torch.cat(parts)
    return found
