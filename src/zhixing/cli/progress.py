"""Progress on standard error: live lines in a terminal, one line per finished trial in a pipe."""

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text as Line

from zhixing.cli.words import say
from zhixing.core import Language
from zhixing.draw.quantities import duration, size
from zhixing.study.answer import VERDICTS
from zhixing.study.events import Ended, Event, Looked, Moved, Priced, Stage, Warned

TRIAL_LINE_SECONDS = 2.0
"""In a pipe, at most one line in so many seconds."""


class Progress:
    """Listens to a study and shows it; a context manager, so that the terminal is left tidy."""

    def __init__(self, lang: Language):
        self._lang = lang
        self._console = Console(stderr=True, highlight=False)
        self._is_live = self._console.is_terminal
        self._stage = ""
        self._working: dict[tuple[str, int], Moved] = {}
        self._done = self._total = 0
        self._left = 0.0
        self._left_at = self._told_at = time.monotonic()
        self._live = Live(console=self._console, transient=True, refresh_per_second=8, get_renderable=self._picture)

    def __enter__(self) -> "Progress":
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_live:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Stage):
            self._stage = event.text[self._lang]
        elif isinstance(event, Warned):
            self._write(say("note: ", "注意：") + event.text[self._lang])
        elif isinstance(event, Priced):
            self._stage = say("running", "正在运行")
            self._done, self._total = event.cached, max(event.earliest, event.cached)
            self._set_left(event.price.predicted_seconds)
            self._write(_price_line(event))
        elif isinstance(event, Moved):
            self._working[event.arm, event.seed] = event
        elif isinstance(event, Ended):
            self._ended(event)
        elif isinstance(event, Looked):
            self._write(
                say("after {n} seeds: {verdict}", "{n} 个种子之后：{verdict}").format(
                    n=event.seeds, verdict=VERDICTS[event.verdict][self._lang]
                )
            )

    def _ended(self, event: Ended) -> None:
        self._working.pop((event.result.arm, event.result.seed), None)
        if self._total == 0:
            return  # a trial that was short enough to be priced by running it
        self._done += 1
        self._total = self._done + event.trials_left
        self._set_left(event.seconds_left)
        if not self._is_live and time.monotonic() - self._told_at > TRIAL_LINE_SECONDS:
            self._told_at = time.monotonic()
            left = say("{time} left", "还需 {time}").format(time=duration(event.seconds_left))
            self._write(f"{self._done}/{self._total}  {event.result.arm}  {_first_measure(event)}  {left}")

    def _set_left(self, seconds: float) -> None:
        self._left, self._left_at = seconds, time.monotonic()

    def _write(self, line: str) -> None:
        self._console.print(line, style="dim" if self._is_live else None, soft_wrap=True)

    def _picture(self) -> Group:
        left = max(0.0, self._left - (time.monotonic() - self._left_at))
        head = Line(f"{self._stage}  ", style="bold")
        if self._total:
            head.append(say("{done} of {total} trials, {left} left", "{done}/{total} 次试验，还需 {left}").format(
                done=self._done, total=self._total, left=duration(left)))  # fmt: skip
        lines = Table.grid(padding=(0, 1))
        for moved in list(self._working.values()):
            live = "  ".join(f"{name} {value:.3g}" for name, value in moved.row.items() if name in ("step", "loss"))
            lines.add_row(f"{moved.arm} · {moved.seed}", ProgressBar(moved.total, moved.done, width=16), live)
        return Group(head, lines)


def _price_line(event: Priced) -> str:
    price = event.price
    if price.limit_seconds > price.predicted_seconds + 1:
        time_ = say("{least} for a clear answer, {most} for a close one", "结论清楚需 {least}，接近时需 {most}").format(
            least=duration(price.predicted_seconds), most=duration(price.limit_seconds)
        )
    else:
        time_ = str(duration(price.predicted_seconds))
    return say("price: {time}, {memory} of memory", "代价：{time}，内存 {memory}").format(
        time=time_, memory=size(price.predicted_bytes)
    )


def _first_measure(event: Ended) -> str:
    if event.result.status == "failed":
        return say("failed", "失败")
    number = next(((n, v) for n, v in event.result.measures.items() if isinstance(v, float)), None)
    return f"{number[0]} {number[1]:.3g}" if number else ""
