"""The command that looks inside a run or data."""

import webbrowser
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhixing.cli.comparing import Group, Item, Known, Rating, Target, TaskName, Time, User
from zhixing.cli.words import Json, Lang, console, finite, print_json, say
from zhixing.core import language

if TYPE_CHECKING:
    from zhixing.views import Looked


def look(
    subject: Annotated[
        str,
        typer.Argument(
            help=say(
                "A trained run, as `zhixing train` names it, or a file or folder, as for `zhixing compare`.",
                "训练好的运行（由 `zhixing train` 给出名字），或文件、文件夹（同 `zhixing compare`）。",
            ),
            metavar="RUN|FILE",
        ),
    ],
    view: Annotated[
        list[str] | None,
        typer.Option(
            "--view",
            help=say(
                "map, covariance, why, attention, units, mistakes, labels, layers or training; may be repeated. Left out: "
                "all that suit.",
                "map（地图）、covariance（协方差）、why（缘由）、attention（注意力）、units（单元）、mistakes（错误）、"
                "labels（可疑标签）、layers（各层）或 training（训练过程）；可重复。不写则显示所有合适的。",
            ),
            metavar="VIEW",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Rows on which a run is looked at; left out: those that it learned from and was judged by.",
                "查看运行时所用的行；不写则用它学习和评判时的行。",
            ),
            metavar="PATH",
        ),
    ] = None,
    target: Target = None,
    layer: Annotated[
        str | None,
        typer.Option(help=say("Of a network, one layer, larger.", "只看网络的某一层，放大显示。"), metavar="LAYER"),
    ] = None,
    onto: Annotated[
        str | None,
        typer.Option(
            "--map",
            help=say("A file on whose map the rows are placed.", "把各行放到这个文件的地图上。"),
            metavar="FILE",
        ),
    ] = None,
    task: TaskName = None,
    time: Time = None,
    group: Group = None,
    known: Known = None,
    user: User = None,
    item: Item = None,
    rating: Rating = None,
    out: Annotated[
        str | None,
        typer.Option(
            help=say("A folder that gets each picture as a file.", "把每幅图存成文件的文件夹。"), metavar="FOLDER"
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--as", help=say("png, svg or pdf, for --out.", "png、svg 或 pdf，与 --out 同用。"), metavar="KIND"
        ),
    ] = "png",
    seed: Annotated[int, typer.Option(help=say("Every chance in making the views.", "制作视图时的随机性。"))] = 0,
    to_open: Annotated[bool, typer.Option("--open", help=say("Open it in the browser.", "在浏览器中打开。"))] = False,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import views
    from zhixing.cli.progress import Progress

    read: dict[str, Any] = {
        "task": task,
        "time": time,
        "group": group,
        "known": known,
        "user": user,
        "item": item,
        "rating": rating,
    }
    with Progress(language()) as progress:
        looked = views.look(
            subject,
            views=view or (),
            data=data,
            target=target,
            layer=layer,
            onto=onto,
            seed=seed,
            listen=progress,
            **read,
        )
        page = looked.write()
        files = looked.pictures(out, kind) if out else []
    if as_json:
        print_json(
            finite(
                {
                    "name": looked.name,
                    "page": str(page),
                    "files": [str(file) for file in files],
                    "views": {
                        each.name: {
                            "summary": str(each.summary),
                            "warnings": [str(warning) for warning in each.warnings],
                            "numbers": each.numbers,
                        }
                        for each in looked.views
                    },
                    "cannot be shown": {name: str(why) for name, why in looked.refused.items()},
                }
            )
        )
    else:
        _print(looked)
        for file in files:
            console().print(str(file), soft_wrap=True, markup=False)
        if files and looked.words_of_pictures(kind) != language():
            console().print("本机没有中文字体，图片中的文字改用英文；可安装 Noto Sans CJK 等字体，或用 --as svg")
        console().print(say("page: ", "页面：") + str(page), soft_wrap=True, markup=False)
    if to_open:
        webbrowser.open(page.as_uri())


look.__doc__ = say(
    "Look inside: what a run learned and how its training went, and maps of any data, with how far to trust them.\n\n"
    "Examples:\n\n  zhixing look penguins.csv --target species\n\n  zhixing look digits/cnn --view layers\n\n"
    "  zhixing look digits/cnn --view why --data new/ --out pictures --as svg",
    "看看内部：一次运行学到了什么、训练是怎样进行的；为任意数据画地图，并说明地图可信到什么程度。\n\n"
    "示例：\n\n  zhixing look penguins.csv --target species\n\n  zhixing look digits/cnn --view layers\n\n"
    "  zhixing look digits/cnn --view why --data new/ --out pictures --as svg",
)


def _print(looked: "Looked") -> None:
    out, lang = console(), language()
    for view in looked.views:
        out.print(f"\n{view.title[lang]}", style="bold", markup=False)
        out.print(view.summary[lang], markup=False)
        for warning in view.warnings:
            out.print(f"· {warning[lang]}", markup=False)
    if looked.refused:
        out.print()
    for why in dict.fromkeys(looked.refused.values()):
        names = [name for name, reason in looked.refused.items() if reason == why]
        out.print(f"{', '.join(names)}: {why[lang]}", style="dim", markup=False)
