"""Commands that guide: the path with what was answered, the next question, guesses, exercises."""

import sys
from typing import Annotated, Any

import typer

from zhixing.cli.answering import STYLES, Slug, print_answer, print_question
from zhixing.cli.words import Json, Lang, console, print_json, say
from zhixing.core import BadSetting, Text, language


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
        rows = [row for row in listed if row["chapter"] == chapter]
        answered = sum(row["verdict"] is not None for row in rows)
        out.print(f"\n[bold]{title[lang_]}[/]  {answered}/{len(rows)}")
        _print(rows)
    guessed = [row for row in listed if row["guess"] and row["verdict"]]
    if guessed:
        right = sum(row["guess"] == row["verdict"] for row in guessed)
        line = say("guesses: {right} of {all} right; the others are where there was something to learn",
                   "猜测：{all} 次中对了 {right} 次；没猜中的，正是学到东西的地方")  # fmt: skip
        out.print("\n" + line.format(right=right, all=len(guessed)))
    out.print(
        "\n"
        + say(
            "The next question: zhixing next    ask one: zhixing ask SLUG    all commands: zhixing --help",
            "下一个问题：zhixing next    提问：zhixing ask 名字    全部命令：zhixing --help",
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


def next_(lang: Lang = None, as_json: Json = False) -> None:
    from zhixing import studies

    row = next((row for row in _listed() if row["status"] != "answered"), None)
    if as_json:
        print_json(row)
    elif row is None:
        sys.stdout.write(say("every question is answered\n", "所有问题都有答案了\n"))
    else:
        print_question(studies.find(row["slug"]))
        out = console()
        if row["guess"] is None:
            out.print(say("First guess: ", "先猜：") + f"zhixing guess {row['slug']} supported|refuted|undecided")
        out.print(say("Then ask:    ", "再问：") + f"zhixing ask {row['slug']}")


next_.__doc__ = say(
    "Open the next question of the path that has no answer yet.\n\nExample:\n\n  zhixing next",
    "打开学习路径上下一个还没有答案的问题。\n\n示例：\n\n  zhixing next",
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


def exercise(
    slug: Slug,
    number: Annotated[int, typer.Argument(help=say("Which exercise, from 1.", "第几道练习，从 1 数起。"))],
    chosen: Annotated[
        list[str] | None, typer.Argument(help=say("Your choice, as name=value.", "你的选择，写成 名字=值。"))
    ] = None,
    solution: Annotated[bool, typer.Option("--solution", help=say("Show one that works.", "显示一个可行的。"))] = False,
    scale: Annotated[str, typer.Option(help=say("smoke, quick or full.", "smoke、quick 或 full。"))] = "quick",
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import studies
    from zhixing.cli.progress import Progress
    from zhixing.study.exercise import allowed, example, exercise_of
    from zhixing.study.study import checked_scale

    stated = exercise_of(studies.find(slug), number)
    if chosen:
        with Progress(language()) as progress:
            answer = studies.exercise(
                slug, number, _pairs(chosen), scale=checked_scale(scale), lang=language(), listen=progress
            )
        print_answer(answer, as_json)
        if not as_json:
            console().print(_HOLDS[answer.verdict][language()], style=STYLES[answer.verdict])
        return
    shown = dict(stated.solution) if solution else None
    among = {name: str(allowed(values)) for name, values in stated.among.items()}
    if as_json:
        print_json({"study": slug, "exercise": number, "task": str(stated.task), "among": among, "solution": shown})
        return
    out = console()
    out.print(str(stated.task), markup=False)
    for name, values in among.items():
        out.print(say(f"  {name}: {values}", f"  {name}：{values}"), markup=False)
    words = " ".join(f"{name}={value}" for name, value in stated.solution.items()) if solution else example(stated)
    heading = say("One that works: ", "一个可行的答案：") if solution else say("Answer like this: ", "这样作答：")
    out.print(f"{heading}zhixing exercise {slug} {number} {words}", soft_wrap=True, markup=False)


exercise.__doc__ = say(
    "Do an exercise: without a choice it states the task, with one it runs your answer and says whether it holds.\n\n"
    "Examples:\n\n  zhixing exercise shortcut-depth 1\n\n  zhixing exercise shortcut-depth 1 depth=14",
    "做练习：不给选择时说明任务；给出选择时运行你的答案，并说它是否成立。\n\n"
    "示例：\n\n  zhixing exercise shortcut-depth 1\n\n  zhixing exercise shortcut-depth 1 depth=14",
)

_HOLDS = {
    "supported": Text("Your answer holds.", "你的答案成立。"),
    "refuted": Text("Your answer does not hold; try another.", "你的答案不成立；再试一个。"),
    "undecided": Text("These seeds cannot tell whether your answer holds.", "这些种子还不能判断你的答案是否成立。"),
}


def _pairs(words: list[str]) -> dict[str, str]:
    """Name and value of each `name=value`; raises BadSetting for a word of another form."""
    if wrong := [word for word in words if "=" not in word]:
        raise BadSetting(Text(f"write name=value; got {wrong[0]!r}", f"请写成 名字=值；得到 {wrong[0]!r}"))
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _listed() -> list[dict[str, Any]]:
    """Every study in the order of the path, with what the user has guessed, been answered and solved."""
    from zhixing import studies
    from zhixing.core.store import RunStore
    from zhixing.study.answer import last
    from zhixing.study.band import minutes
    from zhixing.study.exercise import solved
    from zhixing.study.guesses import guesses

    store = RunStore()
    guessed = guesses(store)
    rows = []
    for study in studies.path():
        answer, needed = last(store, study.slug), minutes(study)
        rows.append(
            {
                "slug": study.slug,
                "chapter": study.chapter,
                "question": str(study.question),
                "after": list(study.after),
                "minutes": None if needed is None else round(needed, 1),
                "status": "answered" if answer else "guessed" if study.slug in guessed else "new",
                "verdict": answer.verdict if answer else None,
                "scale": answer.scale if answer else None,
                "guess": guessed.get(study.slug),
                "exercises": len(study.exercises),
                "solved": solved(store, study),
            }
        )
    return rows


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from zhixing.study.answer import VERDICTS

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for name, justify in (("slug", "left"), ("question", "left"), ("minutes", "right"), ("solved", "right")):
        table.add_column(name, justify=justify, no_wrap=name != "question")  # type: ignore[arg-type]
    for row in rows:
        verdict, needed = row["verdict"], row["minutes"]
        shown = f"[{STYLES[verdict]}]{VERDICTS[verdict][language()]}[/]" if verdict else "·"
        if verdict and row["guess"]:
            shown += " ✓" if row["guess"] == verdict else " ✕"
        time = say("{n:.0f} min", "{n:.0f} 分钟").format(n=max(1.0, needed)) if needed is not None else ""
        done = f"{len(row['solved'])}/{row['exercises']}" if row["exercises"] else ""
        table.add_row(row["slug"], row["question"], time, done, shown)
    console().print(table)
