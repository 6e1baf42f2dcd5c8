"""How the recipe of shortcut-depth was chosen: on validation data, by the shallow networks alone, test data unseen.

python benchmarks/recipe.py    prints the validation error of each recipe, both kinds of 8-layer network, three seeds
"""

from itertools import product

import numpy as np
import torch

from zhixing import data, studies, train
from zhixing.core import Seeds, spec

SEEDS = range(100, 103)


class Unwatched:
    """A watch that keeps nothing."""

    def resume(self) -> None: ...

    def step(self, *_: object) -> None: ...

    def row(self, **_: float) -> None: ...

    def weights(self, _: object) -> None: ...


def main() -> None:
    torch.set_num_threads(1)
    calls = studies.find("shortcut-depth").plan("quick").calls
    schedules = {"constant": spec(train.constant), "cosine": spec(train.cosine, warm_up=0.1)}
    for rate, (name, schedule) in product((0.02, 0.05, 0.1, 0.2), schedules.items()):
        errors = []
        for arm in ("plain-8", "residual-8"):
            recipe = (
                calls[arm]
                .settings["recipe"]
                .with_settings(optimiser=spec(train.sgd, lr=rate, momentum=0.9), schedule=schedule)
            )
            call = calls[arm].with_settings(
                data=spec(data.digits28, train=3500, validation=500), held_out="validation", recipe=recipe
            )
            errors += [call.build(Seeds(seed), Unwatched())["test_error"] for seed in SEEDS]
        shown = " ".join(f"{error:5.1f}" for error in errors)
        print(f"lr {rate:<5} {name:9} validation error % {shown}   mean {np.mean(errors):.1f}", flush=True)


if __name__ == "__main__":
    main()
