"""Small studies without a network, to test the engine with: seconds long, exact, and able to misbehave on demand."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from zhixing.core import Measures, Seeds, Series, Text, Watch, spec
from zhixing.evaluate.measure import measure
from zhixing.study import All, Arm, Better, Design, Explanation, Scale, Study


@measure(label=Text("error", "误差"), unit=Text("%", "%"), better="lower", low=0.0, high=100.0)
def error(_: Any) -> float:
    """Stands for a test error."""
    return 0.0


@measure(label=Text("norm", "范数"), unit=Text("", ""), axis=Text("layer", "层"), log=True)
def norm(_: Any) -> float:
    """Stands for a mechanism."""
    return 0.0


class Data:
    """A data set, as far as the engine looks at one; TOY_DATA stands for what is in its file."""

    def __init__(self, version: int):
        self.fingerprint = f"toy data {version} {os.environ.get('TOY_DATA', '')}"


def walk(
    seeds: Seeds,
    watch: Watch,
    *,
    drift: float,
    steps: int = 20,
    pause: float = 0.0,
    trouble: str = "",
    data: Any = None,
) -> Measures:
    """A random walk whose end is the error; resumable, and troublesome in the way that `trouble` names."""
    generator = seeds.numpy(f"walk {drift}")
    position, start = 50.0, 0
    if (state := watch.resume()) is not None:
        position, start = state["position"], state["step"]
        generator.bit_generator.state = state["generator"]
    mark = Path(os.environ.get("TOY_MARKS", "/nonexistent")) / f"{drift}-{seeds.seed}"
    if mark.parent.exists():
        with mark.open("a") as file:
            file.write(f"{start}\n")
    for step in range(start, steps):
        if trouble:
            _misbehave(trouble, seeds.seed, step, mark)
        position += drift + float(generator.standard_normal())
        time.sleep(pause)

        def now(position: float = position, step: int = step) -> dict[str, Any]:
            return {"position": position, "step": step + 1, "generator": generator.bit_generator.state}

        watch.row(step=step + 1, loss=position)
        watch.step(step + 1, steps, now)
    watch.array("path", np.array([position]))
    return {"error": min(max(position, 0.0), 100.0), "norm": Series("layer", (1.0, 2.0), (position, 1.0))}


def _misbehave(trouble: str, seed: int, step: int, mark: Path) -> None:
    kind, _, whose = trouble.partition(" ")
    if (whose and int(whose) != seed) or step != 10:
        return
    if kind == "raise":
        raise ValueError("the loss is a banana")
    if kind == "die":
        os._exit(9)
    if kind == "die-once" and not mark.with_name(f"{mark.name}.died").exists():
        mark.with_name(f"{mark.name}.died").write_text("")
        os._exit(9)
    if kind == "hang":
        time.sleep(3600)
    if kind == "toil":
        until = time.process_time() + 4
        while time.process_time() < until:
            pass


def toy(
    *,
    gap: float = 1.0,
    steps: int = 20,
    pause: float = 0.0,
    trouble: str = "",
    seeds: int = 8,
    two_claims: bool = False,
    version: int = 1,
    alone: bool = False,
) -> Study:
    """Two arms whose walks differ by `gap` a step."""

    def design(scale: Scale) -> Design:
        length = steps if scale == "quick" else {"smoke": 3, "full": 10 * steps}[scale]
        better = Better("down", than="up", on=error, by=5.0)
        return Design(
            trial=spec(walk, steps=length, pause=pause, data=spec(Data, version=version)),
            arms=[Arm("up", drift=gap / 2), Arm("down", drift=-gap / 2, trouble=trouble)],
            seeds=seeds if scale == "quick" else 2,
            measures=[error],
            mechanism=[norm],
            verdict=All(better, Better("down", than="up", on=error, by=-90.0)) if two_claims else better,
        )

    return Study(
        slug="toy",
        chapter="depth",
        question=Text("Does down end lower?", "向下会更低吗？"),
        claim=Text("Down ends lower.", "向下会更低。"),
        source="none",
        explanation=Explanation(*[Text("A walk.", "一次游走。")] * 4),
        design=design,
        alone=alone,
    )
