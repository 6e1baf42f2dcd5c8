"""The common trial over several data sets: the same experiment on each, then one measure over all of them."""

from typing import Any, Protocol

from zhixing.core import Seeds, Series, Spec, Watch

Found = dict[str, Any]
"""What an experiment found on one data set: numbers and lists of numbers by name."""


class OfAll(Protocol):
    """A measure of what was found on every data set, in their order."""

    @property
    def name(self) -> str: ...

    def __call__(self, found: list[Found], /) -> float | Series: ...


def across(
    seeds: Seeds, watch: Watch, *, each: Spec, data: tuple[Spec, ...], measures: tuple[OfAll, ...]
) -> dict[str, float | Series]:
    """Calls `each` with the seeds and `data=` one data set after the other, and measures what it returned for all.

    A trial that was stopped goes on with the data set that it had not finished.
    """
    state = watch.resume() or {"found": []}
    found: list[Found] = list(state["found"])
    for source in data[len(found) :]:
        found.append(each.build(seeds, data=source))
        watch.step(len(found), len(data), lambda: {"found": found})
    return {measure.name: measure(found) for measure in measures}
