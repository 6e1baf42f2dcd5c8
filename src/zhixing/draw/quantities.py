"""Numbers as a reader wants them: three significant digits, and ends that are not numbers said in words."""

import math

from zhixing.core import Text

Number = int | float
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: Number) -> Text:
    """Three significant digits: 0.0123, 12.3, 60,000, 1.2×10⁻⁷; infinity is "unbounded", NaN "no value"."""
    if math.isnan(value):
        return Text("no value", "无数值")
    if math.isinf(value):
        return Text("unbounded", "不设界")
    digits = _digits(value).replace("-", "−")
    return Text(digits, digits)


def interval(low: Number, high: Number) -> Text:
    """Two ends, each of which may be infinite: "1.2 to 5.6", "1.2 or more, unbounded"."""
    if math.isnan(low) or math.isnan(high):
        return Text("no value", "无数值")
    if math.isinf(low) and math.isinf(high):
        return Text("unbounded on both sides", "两端均不设界")
    ends = {"low": number(low), "high": number(high)}
    if math.isinf(high):
        return Text("{low} or more, unbounded", "不小于 {low}，不设界").format(**ends)
    if math.isinf(low):
        return Text("{high} or less, unbounded", "不大于 {high}，不设界").format(**ends)
    return Text("{low} to {high}", "{low} 至 {high}").format(**ends)


def duration(seconds: Number) -> Text:
    """Wall clock: "320 ms", "12.3 s", "1 min 12 s", "2 h 5 min", "3 d 4 h"."""
    if not math.isfinite(seconds):
        return number(seconds)
    if 0 < seconds < 0.9995:
        return Text("{n} ms", "{n} 毫秒").format(n=number(seconds * 1e3))
    if seconds < 59.95:
        return Text("{n} s", "{n} 秒").format(n=number(seconds))
    steps = (
        (60, 1, Text("{big} min {small} s", "{big} 分 {small} 秒"), Text("{big} min", "{big} 分钟")),
        (3600, 60, Text("{big} h {small} min", "{big} 小时 {small} 分"), Text("{big} h", "{big} 小时")),
        (86400, 3600, Text("{big} d {small} h", "{big} 天 {small} 小时"), Text("{big} d", "{big} 天")),
    )
    big, small, both, whole = next(step for step in reversed(steps) if round(seconds / step[1]) * step[1] >= step[0])
    count, rest = divmod(round(seconds / small), big // small)
    return (both if rest else whole).format(big=count, small=rest)


def size(count: int) -> Text:
    """Bytes in powers of a thousand: "412 MB"."""
    units = ("B", "kB", "MB", "GB", "TB")
    power = next((p for p in range(len(units)) if abs(count) < 999.5 * 1000**p), len(units) - 1)
    return Text("{n} {unit}", "{n} {unit}").format(n=number(count / 1000**power), unit=units[power])


def failures(count: int) -> Text:
    """How many seeds failed."""
    return Text("{n} failed", "{n} 次失败").format(n=count)


def _digits(value: Number) -> str:
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.2e}".split("e")
        short = mantissa.rstrip("0").rstrip(".")
        power = f"10{str(int(exponent)).translate(_SUPERSCRIPT)}"
        return {"1": power, "-1": f"-{power}"}.get(short, f"{short}×{power}")
    if abs(value) >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"
