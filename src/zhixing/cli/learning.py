"""Commands that guide: the path with what was answered, the list of questions, guesses."""

import sys
from typing import Annotated, Any

import typer

from zhixing.cli.answering import STYLES, Slug
from zhixing.cli.words import Json, Lang, console, print_json, say
from zhixing.core import language


def path(context: typer.Context, lang: Lang = None, as_json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    from zhixing import studies

    listed, lang_ = _listed(), language()
    if as_json:
        print_json(listed)
        return
    out = console()
    out.print(say("[bold]Zhixing[/]: know by doing", "[bold]知行[/]：知之而后行，行之而后知"))
    for chapter, title in studies.CHAPTERS.items():
        out.print(f"\n[bold]{title[lang_]}[/]")
        _print([row for row in listed if row["chapter"] == chapter])
    guessed = [row for row in listed if row["guess"] and row["verdict"]]
    if guessed:
        right = sum(row["guess"] == row["verdict"] for row in guessed)
        line = say("guesses: {right} of {all} right; the others are where there was something to learn",
                   "猜测：{all} 次中对了 {right} 次；没猜中的，正是学到东西的地方")  # fmt: skip
        out.print("\n" + line.format(right=right, all=len(guessed)))
    out.print(
        "\n"
        + say(
            "Ask one: zhixing ask SLUG    all commands: zhixing --help",
            "提问：zhixing ask 名字    全部命令：zhixing --help",
        )
    )


def list_(lang: Lang = None, as_json: Json = False) -> None:
    listed = _listed()
    if as_json:
        print_json(listed)
    else:
        _print(listed)


list_.__doc__ = say(
    "List every question, with the verdict that you have got.\n\nExample:\n\n  zhixing list --json",
    "列出所有问题，以及你得到过的结论。\n\n示例：\n\n  zhixing list --json",
)


def guess(
    slug: Slug,
    verdict: Annotated[
        str,
        typer.Argument(
            help=say(
                "supported, refuted or undecided.", "supported（成立）、refuted（不成立）或 undecided（尚不能判断）。"
            )
        ),
    ],
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import studies
    from zhixing.core.store import RunStore
    from zhixing.study.guesses import keep_guess

    study = studies.find(slug)
    kept = keep_guess(RunStore(), study.slug, verdict)
    if as_json:
        print_json({"study": study.slug, "guess": kept})
    else:
        sys.stdout.write(say(f"kept. Now look: zhixing ask {slug}\n", f"记下了。现在看结果：zhixing ask {slug}\n"))


guess.__doc__ = say(
    "Commit a guess before you look; the path keeps the score.\n\nExample:\n\n  zhixing guess shortcut-depth supported",
    "看结果之前先记下你的猜测；学习路径会计分。\n\n示例：\n\n  zhixing guess shortcut-depth supported",
)


def _listed() -> list[dict[str, Any]]:
    """Every study in the order of the path, with what the user has guessed and been answered."""
    from zhixing import studies
    from zhixing.core.store import RunStore
    from zhixing.study.answer import last
    from zhixing.study.guesses import guesses

    store = RunStore()
    guessed = guesses(store)
    rows = []
    for study in studies.path():
        answer = last(store, study.slug)
        rows.append(
            {
                "slug": study.slug,
                "chapter": study.chapter,
                "question": str(study.question),
                "status": "answered" if answer else "guessed" if study.slug in guessed else "new",
                "verdict": answer.verdict if answer else None,
                "scale": answer.scale if answer else None,
                "guess": guessed.get(study.slug),
            }
        )
    return rows


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from zhixing.study.answer import VERDICTS

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for row in rows:
        verdict = row["verdict"]
        shown = f"[{STYLES[verdict]}]{VERDICTS[verdict][language()]}[/]" if verdict else "·"
        table.add_row(row["slug"], row["question"], shown)
    console().print(table)
