"""Commands that keep house: runs, runs rm, doctor."""

import sys
from collections import defaultdict
from typing import Annotated, Any

import typer

from zhixing.cli.words import Json, Lang, Yes, console, print_json, say
from zhixing.core import BadSetting, Text, language

runs = typer.Typer(
    help=say("List what was measured, or free its space.", "列出测得的结果，或清理空间。"),
    invoke_without_command=True,
    no_args_is_help=False,
)


@runs.callback(invoke_without_command=True)
def _list(context: typer.Context, lang: Lang = None, as_json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    from rich.table import Table

    from zhixing.look.quantities import duration, size

    trials = _trials()
    if as_json:
        print_json(trials)
        return
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
    if trials:
        console().print(table)
    else:
        sys.stdout.write(say("nothing was measured yet\n", "还没有测过任何东西\n"))


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
    from zhixing.look.quantities import size

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
