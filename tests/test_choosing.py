"""The choice among settings: all on the first validation part, the better half on the others."""

import math

import numpy as np
import pytest

from zhixing.train.choosing import ENOUGH, ENOUGH_OF_AMOUNTS, PARTS, chosen, tries, validation_parts


class Rows:
    """As much of a data set as is divided."""

    def __init__(self, classes: str) -> None:
        self.classes = tuple(classes)

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        mixed = generator.permutation(rows)
        second = round(len(rows) * share)
        return mixed[second:], mixed[:second]


def pick(errors: np.ndarray, *, amounts: bool = False, measured: list[float] | None = None) -> tuple[int, float]:
    parts, candidates = errors.shape
    known = [] if measured is None else measured
    return chosen(
        lambda part, place: float(errors[part, place]),
        candidates,
        parts,
        amounts=amounts,
        measured=known,
        after_each=lambda: None,
    )


@pytest.mark.parametrize("amounts", [False, True])
def test_the_choice_is_the_best_average_of_the_better_half(amounts: bool) -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        parts, candidates = int(generator.integers(1, 5)), int(generator.integers(1, 6))
        errors = generator.uniform(0.5, 3.0, (parts, candidates))
        half = sorted(range(candidates), key=lambda place: errors[0, place])[: math.ceil(candidates / 2)]
        averages = {
            place: math.prod(errors[:, place]) ** (1 / parts) if amounts else sum(errors[:, place]) / parts
            for place in half
        }
        best, error = pick(errors, amounts=amounts)
        assert best == min(averages, key=lambda place: averages[place])
        assert error == pytest.approx(averages[best])


def test_one_far_row_does_not_choose_among_amounts() -> None:
    errors = np.array([[1.0, 1.2, 9.0, 9.0], [1.0, 1.2, 9.0, 9.0], [1.0, 1.2, 9.0, 9.0], [60.0, 40.0, 90.0, 90.0]])
    assert pick(errors, amounts=True)[0] == 0
    assert pick(errors)[0] == 1


def test_no_number_and_no_error_at_all_are_taken_as_they_are() -> None:
    assert pick(np.array([[np.nan, 5.0, np.inf, 7.0], [0.0, 9.0, 0.0, 1.0]])) == (3, 4.0)
    best, error = pick(np.array([[0.0, 2.0]]), amounts=True)
    assert best == 0
    assert error == pytest.approx(0.0, abs=1e-300)


def test_a_stopped_choice_goes_on_where_it_was() -> None:
    errors = np.random.default_rng(1).uniform(1, 2, (3, 4))
    whole: list[float] = []
    wanted = pick(errors, measured=whole)
    assert len(whole) == tries(4, 3) == 8
    for done in range(len(whole)):
        asked: list[tuple[int, int]] = []

        def error(part: int, place: int, asked: list[tuple[int, int]] = asked) -> float:
            asked.append((part, place))
            return float(errors[part, place])

        known = whole[:done]
        assert chosen(error, 4, 3, amounts=False, measured=known, after_each=lambda: None) == wanted
        assert known == whole
        assert len(asked) == len(whole) - done


@pytest.mark.parametrize(
    ("rows", "parts", "classes"),
    [
        *((100, PARTS, "ab"), (900, 4, "ab"), (1_000, 3, "ab"), (2_000, 2, "ab"), (4 * ENOUGH, 1, "ab")),
        *((1_000, 4, ""), (2_000, 3, ""), (4 * ENOUGH, 3, ""), (4 * ENOUGH_OF_AMOUNTS, 1, "")),
    ],
)
def test_few_rows_choose_in_several_parts(rows: int, parts: int, classes: str) -> None:
    found = validation_parts(Rows(classes), np.arange(rows), 0.25, np.random.default_rng(0))  # type: ignore[arg-type]
    assert len(found) == parts
    for learned, checked in found:
        assert sorted([*learned, *checked]) == list(range(rows))
    assert len({tuple(sorted(checked)) for _, checked in found}) == parts
