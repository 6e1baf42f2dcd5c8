"""Commands that keep house: runs, runs rm, doctor."""

import dataclasses
import sys
from collections import defaultdict
from typing import Annotated, Any

import typer

from zhixing.cli.words import Json, Lang, Yes, console, finite, print_json, say
from zhixing.core import BadSetting, Text, language

runs = typer.Typer(
    help=say("List what was measured, or free its space.", "列出测得的结果，或清理空间。"),
    invoke_without_command=True,
    no_args_is_help=False,
)


@runs.callback(invoke_without_command=True)
def _list(
    context: typer.Context,
    study: Annotated[
        str | None,
        typer.Option(help=say("Every run of one study, with its digest.", "列出某个研究的每次运行及其摘要。")),
    ] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    trials = [trial for trial in _trials() if study in (None, trial["study"])]
    if as_json:
        print_json(trials)
    elif not trials:
        sys.stdout.write(say("nothing was measured yet\n", "还没有测过任何东西\n"))
    elif study:
        _print_each(trials)
    else:
        _print_groups(trials)


def _print_each(trials: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from zhixing.draw.quantities import duration

    table = Table(box=None, padding=(0, 2, 0, 0))
    for en, zh in (
        ("run", "运行"),
        ("scale", "规模"),
        ("arm", "组"),
        ("seed", "种子"),
        ("status", "状态"),
        ("time", "耗时"),
    ):
        table.add_column(say(en, zh), no_wrap=True)
    for trial in trials:
        seconds = duration(trial["seconds"])[language()]
        table.add_row(trial["digest"][:10], trial["scale"], trial["arm"], str(trial["seed"]), trial["status"], seconds)
    console().print(table)


def _print_groups(trials: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from zhixing.draw.quantities import duration, size

    groups = defaultdict(list)
    for trial in trials:
        groups[trial["study"], trial["scale"], trial["arm"]].append(trial)
    table = Table(box=None, padding=(0, 2, 0, 0))
    words = (
        ("study", "研究"),
        ("scale", "规模"),
        ("arm", "组"),
        ("trials", "试验"),
        ("failed", "失败"),
        ("time", "耗时"),
        ("space", "空间"),
        ("last", "最近"),
    )
    for heading in words:
        table.add_column(say(*heading))
    for key, group in groups.items():
        seconds = duration(sum(trial["seconds"] for trial in group))[language()]
        failed = sum(trial["status"] == "failed" for trial in group)
        space = size(sum(trial["bytes"] for trial in group))[language()]
        table.add_row(*key, str(len(group)), str(failed or ""), seconds, space, group[0]["finished"][:16])
    console().print(table)


@runs.command(
    name="compare",
    help=say(
        "Compare two runs: what differs in their settings, and in their results.\n\n"
        "A run is named by the beginning of its digest, as STUDY/ARM/SEED, or as STUDY/ARM for all seeds.\n\n"
        "Examples:\n\n  zhixing runs compare 3fa9c1 77b02e\n\n"
        "  zhixing runs compare shortcut-depth/plain-32 shortcut-depth/residual-32",
        "比较两次运行：设置有何不同，结果有何不同。\n\n运行可用摘要的开头、研究/组/种子，或 研究/组（全部种子）来指明。\n\n"
        "示例：\n\n  zhixing runs compare 3fa9c1 77b02e\n\n"
        "  zhixing runs compare shortcut-depth/plain-32 shortcut-depth/residual-32",
    ),
)
def compare_(
    a: Annotated[str, typer.Argument(help=say("The first run.", "第一次运行。"))],
    b: Annotated[str, typer.Argument(help=say("The second run.", "第二次运行。"))],
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from rich.table import Table

    from zhixing.core.store import RunStore
    from zhixing.draw.quantities import number
    from zhixing.study.compare import compare

    found = compare(RunStore(), a, b)
    if as_json:
        print_json(finite(dataclasses.asdict(found)))
        return
    out, lang_ = console(), language()
    out.print(f"A  {found.a}\nB  {found.b}\n", markup=False, soft_wrap=True)
    settings = Table("", "A", "B", title=say("settings that differ", "不同的设置"), box=None, title_justify="left")
    for difference in found.differences:
        settings.add_row(difference.name, difference.a or "–", difference.b or "–")
    out.print(settings if found.differences else say("the settings are the same", "设置相同"))
    results = Table("", "A", "B", "B - A", "n", title=say("results", "结果"), box=None, title_justify="left")
    for outcome in found.outcomes:
        numbers = [number(value)[lang_] for value in (outcome.a, outcome.b, outcome.difference)]
        results.add_row(outcome.name, *numbers, str(outcome.seeds))
    out.print(results)


@runs.command(
    help=say(
        "Delete trials, after asking: all of a study, or those whose digest begins with what you give.\n\n"
        "Examples:\n\n  zhixing runs rm shortcut-depth\n\n  zhixing runs rm 3fa9c1 --yes",
        "删除试验（会先询问）：某个研究的全部，或摘要以所给字符开头的那些。\n\n"
        "示例：\n\n  zhixing runs rm shortcut-depth\n\n  zhixing runs rm 3fa9c1 --yes",
    )
)
def rm(
    which: Annotated[
        str, typer.Argument(help=say("A study, or the beginning of a digest.", "研究的名字，或摘要的开头。"))
    ],
    yes: Yes = False,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing.core.store import RunStore
    from zhixing.draw.quantities import size

    found = [
        trial
        for trial in _trials()
        if trial["study"] == which or (len(which) >= 4 and trial["digest"].startswith(which))
    ]
    if not found:
        raise BadSetting(
            Text(
                f"no trial of {which!r} is in the run store; `zhixing runs` lists them",
                f"运行库中没有 {which!r} 的试验；`zhixing runs` 会列出",
            )
        )
    space = size(sum(trial["bytes"] for trial in found))[language()]
    question = say(f"delete {len(found)} trials ({space})?", f"删除 {len(found)} 次试验（{space}）？")
    if not yes:
        if not sys.stdin.isatty():
            raise BadSetting(Text("nobody is there to be asked; add --yes to delete", "无人可问；加 --yes 即可删除"))
        typer.confirm(question, abort=True, err=True)
    store = RunStore()
    freed = sum(store.remove(trial["digest"]) for trial in found)
    if as_json:
        print_json({"removed": len(found), "bytes": freed})
    else:
        sys.stdout.write(say(f"deleted {len(found)} trials\n", f"已删除 {len(found)} 次试验\n"))


def _trials() -> list[dict[str, Any]]:
    from zhixing.core.store import RunStore

    store = RunStore()
    store.refresh()
    return store.listed()


def doctor(lang: Lang = None, as_json: Json = False) -> None:
    from rich.table import Table

    from zhixing.cli.examination import examine

    findings = examine()
    if as_json:
        print_json(
            {finding.name: {"value": finding.value, "ok": finding.ok, "cure": finding.cure} for finding in findings}
        )
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for finding in findings:
        mark = "[green]✓[/]" if finding.ok else "[yellow]–[/]"
        table.add_row(mark, finding.name, finding.value, finding.cure or "")
    console().print(table)


doctor.__doc__ = say(
    "Examine this machine: what is installed, what is missing and the line that installs it, cores, precision, disk.\n\n"
    "Example:\n\n  zhixing doctor",
    "检查本机：装了什么，缺什么、怎么装，核数、精度、磁盘。\n\n示例：\n\n  zhixing doctor",
)
