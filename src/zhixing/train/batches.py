"""Endless shuffled mini-batches that can be put down and taken up again."""

from typing import Any

import torch
from torch import Generator, Tensor

from zhixing.core import BadSetting, Text


class Batches:
    """Mini-batches of `size` examples, drawn from tensors of shape (n, ...) that belong together row by row.

    Every example is seen once before any is seen again; a batch may hold the end of one round and the beginning
    of the next, so that all batches are full. The order comes from `generator`, a CPU generator, and from nothing else.

    Raises BadSetting when there is nothing to draw from or the tensors differ in length.
    """

    def __init__(self, *tensors: Tensor, size: int, generator: Generator):
        lengths = [len(tensor) for tensor in tensors]
        if not lengths or min(lengths) != max(lengths) or lengths[0] == 0 or size < 1:
            raise BadSetting(
                Text(
                    en=f"batches of {size} from tensors of {lengths} rows: need tensors of one length above 0 and a "
                    "size of 1 or more",
                    zh=f"要从行数为 {lengths} 的张量中取每批 {size} 个：各张量行数须相同且大于 0，批大小至少为 1",
                )
            )
        self.tensors, self.size, self.generator = tensors, size, generator
        self._order = torch.empty(0, dtype=torch.int64)
        self._position = 0

    def __iter__(self) -> "Batches":
        return self

    def __next__(self) -> tuple[Tensor, ...]:
        while self._position + self.size > len(self._order):
            round_ = torch.randperm(len(self.tensors[0]), generator=self.generator)
            self._order = torch.cat([self._order[self._position :], round_])
            self._position = 0
        chosen = self._order[self._position : self._position + self.size].to(self.tensors[0].device)
        self._position += self.size
        return tuple(tensor.index_select(0, chosen) for tensor in self.tensors)

    def state_dict(self) -> dict[str, Any]:
        """The rows still to come in this round, and the generator of the next; the same batches follow."""
        return {"order": self._order[self._position :], "generator": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes up where `state_dict` was called."""
        self._order, self._position = state["order"], 0
        self.generator.set_state(state["generator"])
