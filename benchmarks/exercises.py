"""Does every exercise have a solution, and does the first thing that comes to mind fail? Measured at scale quick.

    python benchmarks/exercises.py [SLUG ...]

Runs the recorded solution of every exercise, and the choice farthest from it, which is what the help shows as an
example. Writes benchmarks/tables/exercises.md, where the rows of studies that are not named stay.
"""

import sys
import tempfile
from pathlib import Path

from renewed import renewed
from zhixing import studies
from zhixing.core.store import RunStore
from zhixing.study.answer import VERDICTS, Answer
from zhixing.study.ask import ask
from zhixing.study.exercise import attempt, far_choice

TABLE = Path(__file__).parent / "tables" / "exercises.md"


def main(slugs: list[str]) -> None:
    head = [
        "# Exercises",
        "",
        "Made by `python benchmarks/exercises.py`. Seconds are those of the solution, on two cores.",
        "",
        "| exercise | solution | it is | seconds | example of the help | it is |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as home:
        store = RunStore(Path(home))
        for slug in slugs or studies.slugs():
            study = studies.find(slug)
            for number, exercise in enumerate(study.exercises, start=1):
                solution = ask(attempt(study, number, exercise.solution), store=store)
                example = ask(attempt(study, number, far_choice(exercise)), store=store)
                seconds = f"{solution.price.actual_seconds:.0f}"
                row = f"| {slug} {number} | {_told(solution)} | {seconds} | {_told(example)} |"
                print(row, flush=True)
                TABLE.write_text("\n".join([*head, *renewed(TABLE, row)]) + "\n", encoding="utf-8")


def _told(answer: Answer) -> str:
    words = " ".join(word for word in answer.command.split() if "=" in word)
    return f"{words} | {VERDICTS[answer.verdict].en}"


if __name__ == "__main__":
    main(sys.argv[1:])
