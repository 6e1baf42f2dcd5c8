"""Commands that answer: ask, show, report."""

import re
import sys
import webbrowser
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhixing.cli.words import Json, Lang, console, print_json, say
from zhixing.core import BadSetting, Language, Text, language

if TYPE_CHECKING:
    from rich.table import Table

    from zhixing.study.answer import Answer
    from zhixing.study.study import Study

STYLES = {"supported": "bold green", "refuted": "bold red", "undecided": "bold yellow"}
PAGE = (
    Text("The idea", "想法"),
    Text("The formula", "公式"),
    Text("The experiment", "实验"),
    Text("What the result means", "结果说明什么"),
)
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def _slugs(incomplete: str) -> list[str]:
    from zhixing import studies

    return [slug for slug in studies.slugs() if slug.startswith(incomplete)]


Slug = Annotated[str, typer.Argument(help=say("The study, as `zhixing list` names it.", "研究的名字，见 `zhixing list`。"),
                                     autocompletion=_slugs, show_default=False)]  # fmt: skip


Budget = Annotated[
    str | None,
    typer.Option(help=say("Time it may take, such as 90s, 5m or 1h.", "可用的时间，如 90s、5m、1h。"), metavar="TIME"),
]


def ask(
    slug: Slug,
    scale: Annotated[
        str,
        typer.Option(
            help=say(
                "smoke (seconds), quick (minutes) or full (as published).",
                "smoke（数秒）、quick（数分钟）或 full（如论文）。",
            )
        ),
    ] = "quick",
    seeds: Annotated[int | None, typer.Option(help=say("The most seeds it may take.", "最多用多少个种子。"))] = None,
    from_seed: Annotated[
        int,
        typer.Option(
            help=say(
                "Count seeds from here; another start repeats independently.", "种子从此数起；换一个起点就是独立重复。"
            )
        ),
    ] = 0,
    budget: Budget = None,
    device: Annotated[str, typer.Option(help=say("cpu, cuda or cuda:1.", "cpu、cuda 或 cuda:1。"))] = "cpu",
    workers: Annotated[
        int | None,
        typer.Option(
            help=say(
                "Processes, one thread each; 0 runs in this one. Default: one a core.",
                "进程数，每个一线程；0 表示在本进程内运行。默认每核一个。",
            )
        ),
    ] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Answers a question by experiment: price first, then live rows, a verdict and a report."""
    from zhixing import studies
    from zhixing.cli.progress import Progress
    from zhixing.study.ask import ask as answer_study
    from zhixing.study.study import checked_scale

    study = studies.find(slug)
    with Progress(language()) as progress:
        answer = answer_study(
            study, scale=checked_scale(scale), seeds=seeds, first_seed=from_seed, budget=budget_seconds(budget), device=device,
            workers=workers, lang=language(), listen=progress,
        )  # fmt: skip
    print_answer(answer, as_json)


ask.__doc__ = say(
    "Answer a question by experiment: the price first, then live rows, a verdict and a report.\n\n"
    "Examples:\n\n  zhixing ask shortcut-depth\n\n  zhixing ask shortcut-depth --budget 5m\n\n"
    "  zhixing ask shortcut-depth --seeds 20 --json > answer.json",
    "用实验回答一个问题：先报代价，再实时显示进展，最后给出结论和报告。\n\n"
    "示例：\n\n  zhixing ask shortcut-depth\n\n  zhixing ask shortcut-depth --budget 5m\n\n"
    "  zhixing ask shortcut-depth --seeds 20 --json > answer.json",
)


def band(
    slugs: Annotated[
        list[str] | None,
        typer.Argument(
            help=say("The studies; all of them when left out.", "研究的名字；不写就是全部。"), autocompletion=_slugs
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help=say("How many seeds.", "种子的数目。"))] = 24,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import studies
    from zhixing.cli.progress import Progress
    from zhixing.study.answer import VERDICTS
    from zhixing.study.ask import ask as answer_study
    from zhixing.study.band import write_band

    measured = []
    for study in [studies.find(slug) for slug in slugs or studies.slugs()]:
        with Progress(language()) as progress:
            answer = answer_study(study, seeds=seeds, stop_early=False, lang=language(), listen=progress)
        path = write_band(study, answer)
        measured.append({"study": study.slug, "band": str(path), "seeds": seeds, "verdict": answer.verdict})
        if not as_json:
            sys.stdout.write(f"{path}  {VERDICTS[answer.verdict][language()]}  {answer.price.actual_seconds:.0f} s\n")
            sys.stdout.flush()
    if as_json:
        print_json(measured)


band.__doc__ = say(
    "Measure the reference results of questions on this machine, beside the files that state them.\n\n"
    "Examples:\n\n  zhixing band shortcut-depth --seeds 24\n\n  zhixing band",
    "在本机测量若干问题的参考结果，写在陈述它们的文件旁边。\n\n"
    "示例：\n\n  zhixing band shortcut-depth --seeds 24\n\n  zhixing band",
)


def show(slug: Slug, lang: Lang = None, as_json: Json = False) -> None:
    from zhixing import studies

    study, answer = studies.find(slug), _last(slug)
    if as_json:
        stated: dict[str, Any] = {name: str(getattr(study, name)) for name in ("slug", "chapter", "question", "claim")}
        stated |= {"source": study.source, "after": list(study.after)}
        stated |= {"explanation": {part: str(text) for part, text in vars(study.explanation).items()}}
        stated |= {"exercises": [str(exercise.task) for exercise in study.exercises]}
        print_json({**stated, "answer": answer.to_json() if answer else None})
        return
    print_question(study)
    out = console()
    if answer:
        print_answer(answer, as_json=False)
    else:
        out.print(say("Not asked yet: ", "还没有问过：") + f"zhixing ask {slug}")


show.__doc__ = say(
    "Show a question, what it claims and why, and your last answer.\n\nExample:\n\n  zhixing show shortcut-depth",
    "显示一个问题、它的论断和缘由，以及你上一次得到的答案。\n\n示例：\n\n  zhixing show shortcut-depth",
)


def report(
    slug: Slug,
    to_open: Annotated[bool, typer.Option("--open", help=say("Open it in the browser.", "在浏览器中打开。"))] = False,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    answer = _last(slug)
    if answer is None:
        raise BadSetting(
            Text(f"{slug} was not asked yet: zhixing ask {slug}", f"{slug} 还没有问过：zhixing ask {slug}")
        )
    if as_json:
        print_json({"study": slug, "report": str(answer.report)})
    else:
        sys.stdout.write(f"{answer.report}\n")
    if to_open:
        webbrowser.open(answer.report.as_uri())


report.__doc__ = say(
    "Say where the last report of a question is.\n\nExample:\n\n  zhixing report shortcut-depth --open",
    "给出某个问题最近一份报告的位置。\n\n示例：\n\n  zhixing report shortcut-depth --open",
)


def _last(slug: str) -> "Answer | None":
    """The answer given last to a study, at whatever scale."""
    from zhixing import studies
    from zhixing.core.store import RunStore
    from zhixing.study.answer import last

    return last(RunStore(), studies.find(slug).slug)


def budget_seconds(budget: str | None) -> float | None:
    """Seconds of a time such as 90s, 5m or 1h; raises BadSetting for anything else."""
    if budget is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", budget.strip())
    if not match:
        raise BadSetting(
            Text(
                f"--budget takes a time such as 90s, 5m or 1h; got {budget!r}",
                f"--budget 形如 90s、5m、1h；得到 {budget!r}",
            )
        )
    return float(match[1]) * UNITS[match[2]]


def print_question(study: "Study") -> None:
    """The page of a question on standard output: idea, formula, experiment, meaning, claim, exercises."""
    out = console()
    out.print(f"[bold]{study.question}[/]\n")
    for heading, text in zip(PAGE, vars(study.explanation).values(), strict=True):
        out.print(f"[bold]{heading}[/]")
        out.print(f"{text}\n", markup=False)
    if study.after:
        out.print(say("Better asked first: ", "最好先问：") + ", ".join(study.after) + "\n", markup=False)
    out.print(f"[bold]{say('The claim', '论断')}[/]")
    out.print(f"{study.claim}\n{study.source}\n", markup=False)
    for number, exercise in enumerate(study.exercises, start=1):
        out.print(say(f"[bold]Exercise {number}[/]", f"[bold]练习 {number}[/]"))
        out.print(f"{exercise.task}\nzhixing exercise {study.slug} {number}\n", markup=False)


def print_answer(answer: "Answer", as_json: bool) -> None:
    """The answer on standard output: verdict, claims, arms, notes, price, and where the report is."""
    if as_json:
        print_json(answer.to_json(language()))
        return
    from zhixing.draw.quantities import duration, size

    lang, out = language(), console()
    out.print(f"\n[bold]{answer.question[lang]}[/]")
    out.print(answer.sentence[lang], style=STYLES[answer.verdict], markup=False)
    out.print(_claims(answer, lang), _arms(answer, lang))
    for note in answer.notes[1:]:
        out.print(f"· {note[lang]}", markup=False)
    if answer.band:
        inside = (
            say("inside the band of {n} reference seeds", "在 {n} 个参考种子的带内")
            if answer.band.inside
            else say("outside the band of {n} reference seeds", "在 {n} 个参考种子的带外")
        )
        out.print(inside.format(n=answer.band.seeds))
        for cause in answer.band.causes:
            out.print(f"· {cause[lang]}", markup=False)
    price = answer.price
    paid = say("paid {paid} and {memory}; predicted {time}", "实付 {paid} 和 {memory} 内存；预计 {time}")
    out.print(
        paid.format(
            paid=duration(price.actual_seconds), memory=size(price.peak_bytes), time=duration(price.predicted_seconds)
        )
    )
    out.print(say("report: ", "报告：") + str(answer.report), soft_wrap=True, markup=False)


def _claims(answer: "Answer", lang: Language) -> "Table":
    from rich.table import Table

    from zhixing.draw.quantities import interval, number
    from zhixing.study.answer import VERDICTS

    table = Table(box=None, padding=(0, 1), title_justify="left")
    for heading in (
        say("claim", "论断"),
        say("verdict", "判断"),
        say("median", "中位数"),
        say("interval", "区间"),
        "n",
    ):
        table.add_column(heading)
    for claim in answer.claims:
        ends = interval(claim.low, claim.high)[lang]
        verdict = f"[{STYLES[claim.verdict]}]{VERDICTS[claim.verdict][lang]}[/]"
        middle = f"{number(claim.estimate)[lang]} {claim.unit[lang]}"
        table.add_row(claim.text[lang], verdict, middle, ends, str(claim.n))
    return table


def _arms(answer: "Answer", lang: Language) -> "Table":
    import numpy as np
    from rich.table import Table

    measure = answer.measures[0]
    table = Table(box=None, padding=(0, 1))
    for heading in (say("arm", "组"), measure.label[lang], say("each seed", "各种子"), say("failed", "失败")):
        table.add_column(heading)
    for arm in answer.arms:
        values = np.array(answer.values(arm.name, measure.name))
        finite = values[np.isfinite(values)]
        middle = f"{np.median(finite):.3g}" if len(finite) else "—"
        failed = sum(trial.arm == arm.name and trial.status == "failed" for trial in answer.trials)
        table.add_row(arm.label[lang], middle, " ".join(f"{v:.3g}" for v in finite), str(failed or ""))
    return table
