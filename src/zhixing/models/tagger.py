"""Recurrent tagger of sentences.

Sources: Huang, Xu and Yu 2015, "Bidirectional LSTM-CRF models for sequence tagging", arXiv:1508.01991; Ma and Hovy 2016,
arXiv:1603.01354, Section 2.1, for the characters: a convolution of width 3, its largest values kept. Departs from them:
gated recurrent units (as in `GRU`) instead of LSTMs. Parity: torch's units one sentence at a time, without padding.
Axes: b batch | t tokens | f numbers of a token | l letters | d width | k tags
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from zhixing.models.crf import PlaceByPlace
from zhixing.nn import Dropout, glorot_uniform, gru, linear


class RecurrentTagger(nn.Module):
    """Reads the tokens forwards and backwards; a linear layer turns the two states at each into emissions.

    Tokens come as `TokenNumbers` makes them: (b, t, f), the number of the token first, then those of its letters, 0 for
    nothing and behind the end. `output` judges the emissions: `PlaceByPlace`, or a `LinearChainCRF` on top.
    """

    def __init__(
        self,
        *,
        tokens: int = 1000,
        letters: int = 0,
        width: int = 64,
        classes: int = 10,
        dropout: float = 0.0,
        output: Callable[..., nn.Module] = PlaceByPlace,
        generator: Generator | None = None,
    ):
        super().__init__()
        self.token = _embedding(tokens, width, generator)
        self.letter = _embedding(letters, width // 2, generator) if letters else None
        self.window = (
            linear(3 * (width // 2), width // 2, init=glorot_uniform, generator=generator) if letters else None
        )
        self.dropout = Dropout(dropout, generator=generator)
        self.gru = gru(width + (width // 2 if letters else 0), width, generator=generator)
        self.head = linear(2 * width, classes, init=glorot_uniform, generator=generator)
        self.output = output(classes, generator=generator)

    def forward(self, x: Int[Tensor, "b t f"]) -> Float[Tensor, "b t k"]:
        """The emissions; those behind the end of a sentence mean nothing."""
        entering = self.token(x[..., 0])
        if self.letter is not None:
            entering = torch.cat([entering, self.written(x[..., 1:])], dim=2)
        lengths = (x[..., 0] != 0).sum(1)
        packed = pack_padded_sequence(self.dropout(entering), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])
        emissions: Tensor = self.head(self.dropout(states))
        return emissions

    def written(self, letters: Int[Tensor, "b t l"]) -> Float[Tensor, "b t d"]:
        """What the letters of each token say: the largest value over all windows of three."""
        assert self.letter is not None
        assert self.window is not None
        around = pad(self.letter(letters), (0, 0, 1, 1))
        windows = torch.cat([around[:, :, :-2], around[:, :, 1:-1], around[:, :, 2:]], dim=3)
        largest: Tensor = self.window(windows).amax(2)
        return largest


def _embedding(numbers: int, width: int, generator: Generator | None) -> nn.Embedding:
    """A vector for each number below `numbers`, zero for 0, the others of mean square 1 / width."""
    layer = nn.Embedding(numbers, width, padding_idx=0, device="meta")
    layer.weight = nn.Parameter(nn.init.normal_(torch.empty(numbers, width), std=width**-0.5, generator=generator))
    with torch.no_grad():
        layer.weight[0] = 0
    return layer
