"""How large a learning rate can be, found by trying."""

import math
from collections.abc import Callable

from zhixing.core import BadSetting, Text


def largest_rate(works: Callable[[float], bool], *, low: float, high: float, within: float = 1.02) -> float:
    """The rate up to which `works` holds, between `low` and `high`, by halving their ratio until it is below `within`.

    Close to `low` where nothing between works, close to `high` where everything does.
    Raises BadSetting where the rates do not rise from above 0, or `within` is not above 1.
    """
    if not (0 < low < high and within > 1):
        raise BadSetting(
            Text(
                en=f"rates from {low:g} to {high:g}, to within a factor of {within:g}: they rise from above 0, and the "
                "factor is above 1",
                zh=f"学习率从 {low:g} 到 {high:g}，精确到 {within:g} 倍：两者须大于 0 且递增，倍数须大于 1",
            )
        )
    while high / low > within:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if works(middle) else (low, middle)
    return math.sqrt(low * high)
