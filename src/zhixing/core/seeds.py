"""One seed opens into independent streams of randomness; the global generators stay untouched.

Source of the construction: NumPy's SeedSequence (O'Neill 2015), whose spawn keys keep streams apart.
"""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch


class Seeds:
    """The streams of one trial, by name: `seeds.torch("initialisation")`, `seeds.numpy("split")`.

    Asking twice for a name gives two generators in the same state; different names are independent.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def __repr__(self) -> str:
        return f"Seeds({self.seed})"

    def _sequence(self, stream: str) -> "np.random.SeedSequence":
        import numpy as np

        key = tuple(hashlib.sha256(stream.encode()).digest()[:8])
        return np.random.SeedSequence(self.seed, spawn_key=key)

    def numpy(self, stream: str) -> "np.random.Generator":
        """A NumPy generator for this stream."""
        import numpy as np

        return np.random.default_rng(self._sequence(stream))

    def torch(self, stream: str, device: str = "cpu") -> "torch.Generator":
        """A torch generator for this stream, living on `device`."""
        import torch

        number = int(self._sequence(stream).generate_state(1, "uint64")[0])
        return torch.Generator(device).manual_seed(number)
