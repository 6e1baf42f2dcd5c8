"""The command that compares families of models on the user's own table."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhixing.cli.answering import STYLES, Budget, budget_seconds
from zhixing.cli.words import Json, Lang, console, finite, print_json, say
from zhixing.core import Text, language

if TYPE_CHECKING:
    from zhixing.comparison import Ranking, Suspicious
    from zhixing.data import Own


Target = Annotated[str | None, typer.Option(help=say("The column to foretell.", "要预测的列。"))]
TaskName = Annotated[
    str | None,
    typer.Option(
        help=say(
            "classes or regression, found by itself; without a target clusters, density, anomalies or reduction.",
            "classes（分类）或 regression（回归），默认自动判断；没有目标列时为 clusters（聚类）、density（密度）、anomalies"
            "（异常）或 reduction（降维）。",
        )
    ),
]
Time = Annotated[
    str | None,
    typer.Option(
        help=say(
            "Learn from earlier rows, be judged by later ones: a column of dates or numbers.",
            "用较早的行学习，用较晚的行评判：一列日期或数字。",
        ),
        metavar="COLUMN",
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        help=say(
            "Rows of one value stay together, as those of one patient: a column.",
            "同一取值的行（如同一病人）不分开：一列。",
        ),
        metavar="COLUMN",
    ),
]

Known = Annotated[
    str | None,
    typer.Option(
        help=say(
            "Without a target: a column of known groups, which only judges.",
            "没有目标列时：一列已知分组，只用来评判。",
        ),
        metavar="COLUMN",
    ),
]
User = Annotated[
    str | None, typer.Option(help=say("Of ratings: the column of users.", "评分数据：用户所在的列。"), metavar="COLUMN")
]
Item = Annotated[
    str | None, typer.Option(help=say("Of ratings: the column of items.", "评分数据：物品所在的列。"), metavar="COLUMN")
]
Rating = Annotated[
    str | None, typer.Option(help=say("Of ratings: the column of them.", "评分数据：评分所在的列。"), metavar="COLUMN")
]


def compare(
    table: Annotated[
        str,
        typer.Argument(
            help=say(
                "A CSV, TSV, Parquet, Excel or JSON-lines file, or a folder of class folders of pictures, WAV or text files, "
                "or hub:OWNER/NAME, a table of the Hugging Face hub.",
                "CSV、TSV、Parquet、Excel 或 JSON-lines 文件，或按类别分文件夹存放图片、WAV 或文本的文件夹，"
                "或 hub:OWNER/NAME，即 Hugging Face hub 上的表格。",
            ),
            metavar="FILE",
        ),
    ],
    target: Target = None,
    task: TaskName = None,
    time: Time = None,
    group: Group = None,
    known: Known = None,
    user: User = None,
    item: Item = None,
    rating: Rating = None,
    scale: Annotated[
        str,
        typer.Option(
            help=say(
                "smoke (2 divisions), quick (9) or full (30).", "smoke（2 次划分）、quick（9 次）或 full（30 次）。"
            )
        ),
    ] = "quick",
    seeds: Annotated[
        int | None, typer.Option(help=say("The most divisions it may take.", "最多用多少次划分。"))
    ] = None,
    budget: Budget = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help=say("Processes, one thread each. Default: one a core.", "进程数，每个一线程。默认每核一个。")
        ),
    ] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import comparison, data
    from zhixing.cli.progress import Progress
    from zhixing.study.study import checked_scale

    seconds = budget_seconds(budget)
    chosen = checked_scale(scale)
    read = {"task": task, "time": time, "group": group, "known": known, "user": user, "item": item, "rating": rating}
    own: data.Own = data.own_data(table, target=target, **read).build()
    if not as_json:
        print_found(table, own)
    with Progress(language()) as progress:
        ranking = comparison.compare(
            table, target, **read, scale=chosen, seeds=seeds, budget=seconds, workers=workers, lang=language(),
            listen=progress,
        )  # fmt: skip
    odd = _odd(own, ranking)
    if as_json:
        print_json(
            finite(
                {
                    "verdict": str(ranking.answer.sentence),
                    "winner": ranking.winner.family if ranking.winner else None,
                    "tie": [place.family for place in ranking.tie],
                    "recommended": ranking.recommended.family,
                    "ranking": [{**dataclasses.asdict(place), "label": str(place.label)} for place in ranking.places],
                    "notes": [str(note) for note in own.notes],
                    **({"suspicious": [dataclasses.asdict(row) for row in odd]} if odd else {}),
                    "answer": ranking.answer.to_json(language()),
                }
            )
        )
    else:
        _print_ranking(ranking)
        _print_odd(odd)
        if not isinstance(own, data.OwnUnlabelled):
            words = comparison.command(
                "zhixing", "train", ranking.recommended.family, data=table, target=target, **read
            )
            console().print(say("to keep it: ", "保存它：") + words, markup=False, soft_wrap=True)


compare.__doc__ = say(
    "Say which family of models is best on your data, by how much, and whether the difference is real.\n\n"
    "Examples:\n\n  zhixing compare sales.csv --target revenue\n\n  zhixing compare patients.xlsx --target outcome --json\n\n"
    "  zhixing compare visits.csv --task anomalies",
    "说明在你的数据上哪一类模型最好、好多少、差别是否真实。\n\n"
    "示例：\n\n  zhixing compare sales.csv --target revenue\n\n  zhixing compare patients.xlsx --target outcome --json\n\n"
    "  zhixing compare visits.csv --task anomalies",
)


def _odd(own: "Own", ranking: "Ranking") -> "tuple[Suspicious, ...]":
    """The oddest rows by the recommended family, where the contest was about odd rows."""
    from zhixing import comparison, data

    if not isinstance(own, data.OwnUnlabelled) or own.task != "anomalies":
        return ()
    families = {family.name: family for family in comparison.detectors()}
    return comparison.suspicious(own, families[ranking.recommended.family])


def _print_odd(odd: "tuple[Suspicious, ...]") -> None:
    if odd:
        console().print(say("the oddest rows of the table:", "表中最反常的行："), markup=False)
    for each in odd:
        cells = ", ".join(f"{name}={cell}" for name, cell in list(each.cells.items())[:8])
        console().print(f"  {each.row:,}: {cells}", markup=False)


def print_found(place: str, own: "Own") -> None:
    """What was found in data of one's own, and what was decided in reading it."""
    out = console()
    out.print(f"{Path(place).name}{say(': ', '：')}{own.told}", markup=False)
    for note in own.notes:
        out.print(f"· {note}", markup=False)


def _print_ranking(ranking: "Ranking") -> None:
    from rich.table import Table

    from zhixing.draw.quantities import duration, interval, number, size

    out, lang, answer = console(), language(), ranking.answer
    out.print(f"\n{answer.question[lang]}", style="bold", markup=False)
    out.print(answer.sentence[lang], style=STYLES["supported" if ranking.winner else "undecided"], markup=False)
    table = Table(box=None, padding=(0, 1))
    headings = (
        Text("family", "模型"),
        Text("{label} {unit}", "{label} {unit}").format(label=answer.measures[0].label, unit=answer.measures[0].unit),
        Text("interval", "区间"),
        Text("time to fit", "拟合时间"),
        Text("a row", "每行"),
        Text("size", "大小"),
        Text("", ""),
    )
    for heading in headings:
        table.add_column(heading[lang])
    for place in ranking.places:
        table.add_row(
            place.label[lang],
            number(place.error)[lang],
            interval(place.low, place.high)[lang],
            duration(place.seconds)[lang],
            duration(place.microseconds / 1e6)[lang],
            size(int(place.bytes))[lang],
            say("tie", "并列") if place.tied and not ranking.winner else "",
        )
    out.print(table)
    if not ranking.winner:
        line = Text(
            "Of those that tie and err within one standard error of the leader, the cheapest to fit is {label}.",
            "并列且误差与领先者相差不到一个标准误的各类中，拟合最省的是{label}。",
        )
        out.print(line.format(label=ranking.recommended.label)[lang], markup=False)
    for note in answer.notes[1:]:
        out.print(f"· {note[lang]}", markup=False)
    out.print(say("report: ", "报告：") + str(answer.report), soft_wrap=True, markup=False)
