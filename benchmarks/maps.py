"""How good are the maps, how well are new rows placed on them, and do 70,000 points stay usable?

    python benchmarks/maps.py [PART ...]

PART is kept, placed or large; each writes its section of benchmarks/tables/maps.md. The large part needs chromium and
playwright.

How new rows are placed was chosen on the digits of 8 by 8 pixels. Five old rows were chosen first; those of 28 by 28 showed that
as too few, so that a second choice on 8 by 8 made it six. The cells chose nothing.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from plotly.offline import get_plotlyjs
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from zhixing import data, evaluate, models
from zhixing.models.maps import fitted_axes

TABLE = Path(__file__).parent / "tables" / "maps.md"
NEIGHBOURS = (5, 10, 30)
LARGE, COLUMNS = 70_000, 50
ZOOMS = 20
HEAD = """# Maps

Written by `python benchmarks/maps.py`, one thread. *Kept at k*: of a row's k nearest rows the share that is among its k nearest
on the map, over all rows.
"""


def main(chosen: list[str]) -> None:
    parts = {"kept": kept, "placed": placed, "large": large}
    for name in chosen or parts:
        lines = []
        for line in parts[name]():
            print(line, flush=True)
            lines.append(line)
        write_section("\n".join(lines) + "\n")


def write_section(section: str) -> None:
    """Puts a section in the place of the one with its heading, or at the end of the table."""
    known = TABLE.read_text(encoding="utf-8").split("\n## ")[1:] if TABLE.exists() else []
    sections = {text.partition("\n")[0]: text for text in [*known, section.removeprefix("\n## ")]}
    TABLE.write_text("\n## ".join([HEAD, *(text.strip() + "\n" for text in sections.values())]), encoding="utf-8")


def kept() -> Iterator[str]:
    """Neighbours kept on the digits, held against openTSNE as it comes."""
    import openTSNE

    yield "\n## Neighbours kept on 5,000 digits of 28 by 28 pixels\n"
    yield "| map | kept at 5 | at 10 | at 30 | trustworthiness at 10 | continuity at 10 | 10 nearest tell the digit | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    rows, digits = digits28()
    makers = {
        "PCA": lambda seed: models.pca_map(rows).places,
        "t-SNE, here": lambda seed: models.tsne_map(rows, generator=np.random.default_rng(seed)).places,
        "t-SNE, here, begun at random": lambda seed: (
            models.tsne_map(rows, start="random", generator=np.random.default_rng(seed)).places
        ),
        "openTSNE as it comes, 784 columns": lambda seed: np.array(openTSNE.TSNE(random_state=seed).fit(rows)),
        "openTSNE as it comes, 50 principal axes": lambda seed: np.array(
            openTSNE.TSNE(random_state=seed).fit(fitted_axes(rows, 50).codes(rows))
        ),
    }
    for name, make in makers.items():
        began = time.perf_counter()
        places = make(1)
        seconds = time.perf_counter() - began
        shares = [100 * evaluate.neighbours_shown(rows, places, count).mean() for count in NEIGHBOURS]
        told = [evaluate.trustworthiness(rows, places, 10), evaluate.continuity(rows, places, 10)]
        right = 100 * evaluate.nearest_class_right(places, digits)
        cells = [*(f"{share:.1f} %" for share in shares), *(f"{value:.4f}" for value in told), f"{right:.1f} %"]
        yield f"| {name} | {' | '.join(cells)} | {seconds:.0f} |"


def placed() -> Iterator[str]:
    """What rows that come later keep, as a share of what a map of all rows together keeps."""
    yield "\n## New rows on an old map\n"
    yield "A fifth of the rows comes later. *Kept*: of a new row's k nearest old rows, the share among its k nearest old points;"
    yield "*of joint*: divided by what a map of old and new rows together keeps. *Same points*: share of a new row's k nearest"
    yield "old points that are so in the joint map, too: the literal reading of the promise.\n"
    yield "| rows | way | seed | kept at 5 | 10 | 30 | of joint at 5 | 10 | 30 | same points at 5 | 10 | 30 | ms a row |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    tables = {
        "1,797 digits of 8 by 8": load_digits().data,
        "5,000 digits of 28 by 28": digits28()[0],
        "2,019 cells": StandardScaler().fit_transform(data.table("cells").train.inputs),
    }
    for name, rows in tables.items():
        for seed in (1, 2):
            yield from _placed_of(name, rows, seed)


def _placed_of(name: str, rows: np.ndarray, seed: int) -> Iterator[str]:
    import openTSNE

    order = np.random.default_rng(seed).permutation(len(rows))
    old, new = order[: len(rows) * 4 // 5], order[len(rows) * 4 // 5 :]
    joint, other = (models.tsne_map(rows, generator=np.random.default_rng((seed, n))).places for n in (0, 1))
    near = [models.nearest_rows(rows[new], rows[old], count)[0] for count in NEIGHBOURS]
    in_joint = [models.nearest_rows(joint[new], joint[old], count)[0] for count in NEIGHBOURS]
    of_joint = [evaluate.shared(one, two).mean() for one, two in zip(near, in_joint, strict=True)]

    def line(way: str, places: np.ndarray, old_places: np.ndarray, seconds: float | None) -> str:
        seen = [models.nearest_rows(places, old_places, count)[0] for count in NEIGHBOURS]
        kept = [evaluate.shared(one, two).mean() for one, two in zip(near, seen, strict=True)]
        same = [evaluate.shared(one, two).mean() for one, two in zip(in_joint, seen, strict=True)]
        relative = [one / two for one, two in zip(kept, of_joint, strict=True)]
        cells = [f"{100 * value:.1f} %" for value in (*kept, *relative, *same)]
        spent = "" if seconds is None else f"{1000 * seconds / len(new):.1f}"
        return f"| {name} | {way} | {seed} | {' | '.join(cells)} | {spent} |"

    yield line("joint map", joint[new], joint[old], None)
    yield line("joint map, another seed", other[new], other[old], None)
    made = models.tsne_map(rows[old], generator=np.random.default_rng((seed, 2)))
    began = time.perf_counter()
    places = made.place(rows[new])
    yield line("placed, here", places, made.places, time.perf_counter() - began)
    axes = fitted_axes(rows[old], 50)
    embedding = openTSNE.TSNE(random_state=seed).fit(axes.codes(rows[old]))
    began = time.perf_counter()
    partial = np.array(embedding.transform(axes.codes(rows[new])))
    yield line("placed by openTSNE's transform", partial, np.array(embedding), time.perf_counter() - began)


def large() -> Iterator[str]:
    """70,000 rows of 50 columns: the digits' principal axes, fourteen times with noise."""
    yield f"\n## {LARGE:,} rows of {COLUMNS} columns\n"
    yield "The 50 principal axes of the 5,000 digits, fourteen times with noise half as long as it is far to the next row."
    yield "A step of zoom: milliseconds until the picture is drawn anew, in headless chromium without a graphics card.\n"
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        rows, digits = digits28()
        codes = fitted_axes(rows, COLUMNS).codes(rows)
        codes /= codes.std(axis=0)
        near = models.nearest_rows(codes, codes, 2)[1][:, 1]
        generator = np.random.default_rng(0)
        many = np.tile(codes, (LARGE // len(codes), 1))
        reach = np.tile(near, LARGE // len(near))[:, None] / 2
        many += reach * generator.standard_normal(many.shape) / np.sqrt(COLUMNS)
        names = [f"axis {number}" for number in range(1, COLUMNS + 1)]
        import pandas

        frame = pandas.DataFrame(many.round(4), columns=names)
        frame["digit"] = [f"digit {digit}" for digit in np.tile(digits, LARGE // len(digits))]
        frame.to_csv(where / "large.csv", index=False)
        yield "| what | figure |\n|---|---|"
        yield from _whole_command(where)


def _whole_command(where: Path) -> Iterator[str]:
    """The command twice: the second time it takes the t-SNE that the first one kept."""
    command = [str(Path(sys.executable).with_name("zhixing")), "look", str(where / "large.csv"), "--target", "digit"]
    spent = []
    for _ in range(2):
        began = time.perf_counter()
        done = subprocess.run(
            [*command, "--view", "map", "--json"], capture_output=True, text=True, check=True,
            env={**os.environ, "ZHIXING_HOME": str(where / "home"), "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        spent.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    told = json.loads(done.stdout)
    script = len(get_plotlyjs().encode()) / 1e6
    numbers, page = told["views"]["map"]["numbers"], Path(told["page"])
    yield f"| `zhixing look large.csv --target digit --view map` | {spent[0]:.0f} s |"
    yield f"| again, with the t-SNE that was kept | {spent[1]:.0f} s |"
    yield f"| so that t-SNE took | {spent[0] - spent[1]:.0f} s |"
    yield f"| memory at the peak | {peak:.2f} GB |"
    yield f"| neighbours kept at 10, of {numbers['looked at']:,} rows | {100 * numbers['tsne']['neighbours shown']:.1f} % |"
    yield f"| trustworthiness at 10 of these | {numbers['tsne']['trustworthiness']:.4f} |"
    yield f"| the page | {page.stat().st_size / 1e6:.1f} MB, of which {script:.1f} MB are the script of the figures |"
    yield from _in_browser(page)


def _in_browser(page: Path) -> Iterator[str]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )
        sheet = browser.new_page(viewport={"width": 1100, "height": 900})
        sheet.set_default_timeout(300_000)
        began = time.perf_counter()
        sheet.goto(page.as_uri())
        sheet.wait_for_function(
            "document.querySelectorAll('.plot .gl-canvas').length > 0 && !document.querySelector('nav').hidden"
        )
        sheet.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        yield f"| until it is drawn | {time.perf_counter() - began:.1f} s |"
        frames = sheet.evaluate(_ZOOM, ZOOMS)
        low, middle, high = np.quantile(frames, [0.1, 0.5, 0.9])
        yield f"| a step of zoom, median of {ZOOMS} (a tenth faster, a tenth slower) | {middle:.0f} ms ({low:.0f}, {high:.0f}) |"
        browser.close()


_ZOOM = """async (steps) => {
  const plot = document.getElementById("map"), times = [];
  for (let step = 0; step < steps; step++) {
    const [low, high] = plot.layout.xaxis.range ?? plot._fullLayout.xaxis.range, middle = (low + high) / 2;
    const reach = (high - low) / 2 * (step % 2 ? 1.25 : 0.8);
    const began = performance.now();
    await Plotly.relayout(plot, { "xaxis.range": [middle - reach, middle + reach] });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push(performance.now() - began);
  }
  return times;
}"""


def digits28() -> tuple[np.ndarray, np.ndarray]:
    """All 5,000 digits, (5000, 784) at variance 1 over all pixels, and which they are."""
    parts = data.digits28()
    rows = np.concatenate([part.inputs for part in (parts.train, parts.test)])
    return rows.reshape(len(rows), -1).astype(np.float64), np.concatenate([parts.train.targets, parts.test.targets])


if __name__ == "__main__":
    main(sys.argv[1:])
