"""Linear-chain conditional random field: the tags of a sequence weighed together, not one by one.

Source: Lafferty, McCallum and Pereira 2001, "Conditional random fields", ICML; the recursions: Rabiner 1989, Proceedings
of the IEEE 77(2), Eq. 19 to 20 (forward) and 32 to 35 (Viterbi), in logarithms. Departs from them:
first and last tags have scores of their own instead of states before and after. Parity: enumeration of every sequence of tags.
Axes: b batch | t places | k, j tags
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn

PADDING = -1
"""The target of a place behind the end of its sequence; sequences begin at place 0 and have one place or more."""


class LinearChainCRF(nn.Module):
    """score(y | e) = first[y_1] + sum of e[t, y_t] + sum of follow[y_t-1, y_t] + last[y_T]; p(y | e) = exp(score) / Z.

    The emissions e (b, t, k) come from any model; all scores of the chain begin at zero, so `generator` draws nothing.
    """

    def __init__(self, classes: int, *, generator: Generator | None = None):
        super().__init__()
        self.first = nn.Parameter(torch.zeros(classes))
        self.follow = nn.Parameter(torch.zeros(classes, classes))
        self.last = nn.Parameter(torch.zeros(classes))

    def forward(self, emissions: Float[Tensor, "b t k"], tags: Int[Tensor, "b t"]) -> Float[Tensor, " b"]:
        """-log p of the tags of each sequence, in nats."""
        return self.log_partition(emissions, tags != PADDING) - self.score(emissions, tags)

    def score(self, emissions: Float[Tensor, "b t k"], tags: Int[Tensor, "b t"]) -> Float[Tensor, " b"]:
        """The score of the tags of each sequence."""
        mask, tags = tags != PADDING, tags.clamp(min=0)
        steps = emissions.gather(2, tags[..., None])[..., 0].masked_fill(~mask, 0).sum(1)
        passed = self.follow[tags[:, :-1], tags[:, 1:]].masked_fill(~mask[:, 1:], 0).sum(1)
        ends = tags.gather(1, mask.sum(1, keepdim=True) - 1)[:, 0]
        score: Tensor = steps + passed + self.first[tags[:, 0]] + self.last[ends]
        return score

    def log_partition(self, emissions: Float[Tensor, "b t k"], mask: Bool[Tensor, "b t"]) -> Float[Tensor, " b"]:
        """log Z, the sum over all sequences of tags, in t steps of work k squared."""
        reached = self.first + emissions[:, 0]
        for emission, there in zip(emissions.unbind(1)[1:], mask.unbind(1)[1:], strict=True):
            onward = (reached[:, :, None] + self.follow).logsumexp(1) + emission
            reached = onward.where(there[:, None], reached)
        total: Tensor = (reached + self.last).logsumexp(1)
        return total

    def marginals(self, emissions: Float[Tensor, "b t k"], mask: Bool[Tensor, "b t"]) -> Float[Tensor, "b t k"]:
        """The probability of each tag at each place, zero behind the end: the gradient of log Z by the emissions."""
        with torch.enable_grad():
            given = emissions.detach().requires_grad_()
            (probabilities,) = torch.autograd.grad(self.log_partition(given, mask).sum(), given)
        return probabilities

    @torch.no_grad()
    def decode(self, emissions: Float[Tensor, "b t k"], mask: Bool[Tensor, "b t"]) -> Int[Tensor, "b t"]:
        """The most probable sequence of tags, PADDING behind its end."""
        reached, stay = self.first + emissions[:, 0], torch.arange(emissions.shape[2])
        came_from = []
        for emission, there in zip(emissions.unbind(1)[1:], mask.unbind(1)[1:], strict=True):
            onward, origin = (reached[:, :, None] + self.follow).max(1)
            reached = (onward + emission).where(there[:, None], reached)
            came_from.append(origin.where(there[:, None], stay))  # behind the end the tag is handed back unchanged
        tags = [(reached + self.last).argmax(1)]
        for origin in reversed(came_from):
            tags.append(origin.gather(1, tags[-1][:, None])[:, 0])
        return torch.stack(tags[::-1], dim=1).masked_fill(~mask, PADDING)


class PlaceByPlace(nn.Module):
    """The tags of a sequence taken one by one, p(y | e) = product of softmax(e[t])[y_t]: what a chain is held against."""

    def __init__(self, classes: int, *, generator: Generator | None = None):
        super().__init__()

    def forward(self, emissions: Float[Tensor, "b t k"], tags: Int[Tensor, "b t"]) -> Float[Tensor, " b"]:
        """-log p of the tags of each sequence, in nats."""
        losses = nn.functional.cross_entropy(
            emissions.flatten(0, 1), tags.flatten(), ignore_index=PADDING, reduction="none"
        )
        return losses.view(tags.shape).sum(1)

    @torch.no_grad()
    def decode(self, emissions: Float[Tensor, "b t k"], mask: Bool[Tensor, "b t"]) -> Int[Tensor, "b t"]:
        """The most probable tag of each place, PADDING behind the end."""
        return emissions.argmax(2).masked_fill(~mask, PADDING)
