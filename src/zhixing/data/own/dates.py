"""Columns of dates: 2024-02-01, 2024/2/1, 2024年2月1日 and 1/2/2024, with or without a time of day."""

from typing import Any

import numpy as np

_TIME = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.]\d+)?)?"
    r" ?(?:Z|(?P<sign>[+-])(?P<off_hour>\d{2}):?(?P<off_minute>\d{2}))?)?$"
)
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.年](?P<a>\d{1,2})[-/.月](?P<b>\d{1,2})日?" + _TIME
_YEAR_LAST = r"^(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})[-/.](?P<year>\d{4})" + _TIME


def dates(cells: Any) -> tuple[np.ndarray | None, str]:
    """Arrow strings as datetime64[us], and the order in which they stand: "", "day first", "month first", "unsure".

    None in place of the dates when a cell is no date, or when the order is unsure: no number above 12 and no point
    between the numbers (1.2.2024 has the day first everywhere). A cell with an offset is turned into UTC.
    """
    present = _there(cells)
    for pattern in (_YEAR_FIRST, _YEAR_LAST):
        parts = _parts(cells, pattern)
        if parts is None:
            continue
        order = _order(parts, present)
        if order == "unsure":
            return None, order
        moments = _moments(parts, order)
        return (None if np.isnat(moments[present]).any() else moments), order
    return None, ""


def dates_as(cells: Any, order: str) -> np.ndarray:
    """Arrow strings as datetime64[us] in an order that is known, as `dates` gives it; what is no such date is NaT.

    Dates that begin with the year are read in any case.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = np.full(len(cells), np.datetime64("NaT", "us"))
    for pattern, known in ((_YEAR_FIRST, ""), (_YEAR_LAST, order)):
        fitting = pc.if_else(pc.match_substring_regex(cells, pattern), cells, pa.scalar(None, pa.string()))
        parts = _parts(fitting, pattern)
        if parts is not None and (known or pattern == _YEAR_FIRST):
            found = np.where(_there(fitting), _moments(parts, known), found)
    return found


def _order(parts: dict[str, np.ndarray], present: np.ndarray) -> str:
    if "mark" not in parts:
        return ""
    first, second = _integers(parts["a"]), _integers(parts["b"])
    if first.max() > 12 or set(parts["mark"][present]) == {"."}:
        return "day first"
    return "month first" if second.max() > 12 else "unsure"


def _there(cells: Any) -> np.ndarray:
    return np.asarray(cells.is_valid().to_numpy()).astype(bool)


def _parts(cells: Any, pattern: str) -> dict[str, np.ndarray] | None:
    """The named parts of every cell as strings, empty where a part or the cell is missing; None if a cell differs."""
    import pyarrow.compute as pc

    found = pc.extract_regex(cells, pattern=pattern)
    if found.null_count != cells.null_count:
        return None
    names = [field.name for field in found.type]
    return {name: pc.fill_null(pc.struct_field(found, name), "").to_numpy() for name in names}


def _integers(digits: np.ndarray) -> np.ndarray:
    return np.where(digits == "", "0", digits).astype(np.int64)


def _moments(parts: dict[str, np.ndarray], order: str) -> np.ndarray:
    """NaT where a cell is missing or no moment that there was, as the 30th of February."""
    month, day = (_integers(parts[name]) for name in (("b", "a") if order == "day first" else ("a", "b")))
    hour, minute, second = (_integers(parts[name]) for name in ("hour", "minute", "second"))
    months = (_integers(parts["year"]) - 1970).astype("datetime64[Y]").astype("datetime64[M]") + np.maximum(
        month - 1, 0
    )
    moments = months.astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (moments.astype("datetime64[M]") == months)
    real &= (hour < 24) & (minute < 60) & (second < 60)
    fraction = np.where(parts["fraction"] == "", "0", parts["fraction"]).astype(np.float64)
    shift = _integers(parts["off_hour"]) * 60 + _integers(parts["off_minute"])
    minutes = hour * 60 + minute - np.where(parts["sign"] == "-", -shift, shift)
    seconds = (minutes * 60 + second) * 1_000_000 + np.round(fraction * 1e6).astype(np.int64)
    whole = moments.astype("datetime64[us]") + seconds.astype("timedelta64[us]")
    return np.where(real, whole, np.datetime64("NaT", "us"))
