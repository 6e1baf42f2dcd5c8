"""A network of layers that look through small windows and halve the map, with shared weights or without.

Source: Greydanus and Kobak 2020, arXiv:2011.14439, Appendix (the CNN of MNIST-1D; greydanus/mnist1d, notebooks/models.py);
LeCun 1989, "Generalization and network design strategies", for the same network without sharing.
Departs from it: He et al.'s first weights; also for pictures. Parity: torch.nn.functional.conv1d on the same weights.
Axes: b batch | c channels in | h w pixels | k classes
"""

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Generator, Tensor, nn

from zhixing.nn import glorot_uniform, linear, shared, windows


class StridedCNN(nn.Module):
    """Windowed layers of stride 2 and ReLU, one for each of `kernels`, then a linear layer on the flattened map.

    `shape` is channels, rows and columns of the input; one row makes a signal. `layer` is `nn.shared` or
    `nn.LocallyConnected`.
    """

    def __init__(
        self,
        *,
        shape: Sequence[int] = (1, 28, 28),
        channels: int = 25,
        kernels: Sequence[int] = (5, 3, 3),
        layer: Callable[..., nn.Module] = shared,
        classes: int = 10,
        generator: Generator | None = None,
    ):
        super().__init__()
        wide, *rest = shape
        size = (rest[0], rest[1])
        self.layers = nn.Sequential()
        for kernel in kernels:
            # Across the one row of a signal there is nothing to look at and nothing to halve.
            along = [(kernel, 2, 1) if length > 1 else (1, 1, 0) for length in size]
            window, stride, padding = zip(*along, strict=True)
            self.layers.append(
                layer(wide, channels, size=size, kernel=window, stride=stride, padding=padding, generator=generator)
            )
            self.layers.append(nn.ReLU())
            size, wide = windows(size, window, stride, padding), channels
        self.head = linear(wide * size[0] * size[1], classes, init=glorot_uniform, generator=generator)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        logits: Tensor = self.head(self.layers(x).flatten(1))
        return logits
