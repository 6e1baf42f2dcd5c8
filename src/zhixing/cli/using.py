"""Commands about one fitted run: train, evaluate, predict."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhixing.cli.comparing import Group, Item, Rating, Target, TaskName, Time, User, print_found
from zhixing.cli.words import Json, Lang, console, finite, print_json, say
from zhixing.core import BadSetting, Text, language

if TYPE_CHECKING:
    from zhixing.comparison import Evaluation, Run

RunName = Annotated[
    str,
    typer.Argument(
        help=say("A trained run, as `zhixing train` names it.", "训练好的运行，由 `zhixing train` 给出名字。"),
        metavar="RUN",
    ),
]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        help=say("A file or folder, as for `zhixing compare`.", "文件或文件夹，同 `zhixing compare`。"),
        metavar="PATH",
    ),
]


Cost = Annotated[
    str | None,
    typer.Option(
        help=say(
            "Of two classes, what a miss of the rarer and a false alarm cost, such as fn=10,fp=1.",
            "两类之间：漏掉较少的一类和误报各自的代价，如 fn=10,fp=1。",
        ),
        metavar="COSTS",
    ),
]


def train(
    model: Annotated[
        str,
        typer.Argument(
            help=say("A family, such as boosting, linear or network.", "模型类别，如 boosting、linear、network。"),
            metavar="MODEL",
        ),
    ],
    path: Data,
    target: Target = None,
    task: TaskName = None,
    time: Time = None,
    group: Group = None,
    user: User = None,
    item: Item = None,
    rating: Rating = None,
    seed: Annotated[
        int, typer.Option(help=say("Which rows judge, and every other chance.", "决定由哪些行评判，以及其余的随机性。"))
    ] = 0,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import comparison, data
    from zhixing.cli.progress import Progress

    read: dict[str, Any] = {"task": task, "time": time, "group": group, "user": user, "item": item, "rating": rating}
    if not as_json:
        own: data.Own = data.own_data(path, target=target, **read).build()
        print_found(path, own)
    with Progress(language()) as progress:
        run = comparison.learn(model, path, target, **read, seed=seed, listen=progress)
    if as_json:
        print_json(finite({"run": run.name, "folder": str(run.folder), "measures": _numbers(run)}))
        return
    _print_run(run)
    console().print(
        say("next: ", "接下来：") + f"zhixing predict {run.name} --data FILE --out predictions.csv",
        markup=False, soft_wrap=True,
    )  # fmt: skip


train.__doc__ = say(
    "Fit one family to your data and keep it: settings chosen on validation rows, judged on rows that chose nothing.\n\n"
    "Examples:\n\n  zhixing train boosting --data sales.csv --target revenue\n\n"
    "  zhixing train linear --data visits.csv --target returns --time date",
    "用一类模型拟合你的数据并保存：在验证行上选设置，在没有参与选择的行上评判。\n\n"
    "示例：\n\n  zhixing train boosting --data sales.csv --target revenue\n\n"
    "  zhixing train linear --data visits.csv --target returns --time date",
)


def evaluate(
    run: RunName,
    path: Annotated[
        str | None,
        typer.Option(
            "--data",
            help=say(
                "Data with known targets; left out: the rows that judged it.",
                "目标已知的数据；不写则用训练时留出的行。",
            ),
            metavar="PATH",
        ),
    ] = None,
    cost: Cost = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import comparison

    costs = comparison.Costs.of(cost) if cost else None
    found = comparison.find(run)
    if path is None:
        if as_json:
            print_json(finite({"run": found.name, "measures": _numbers(found)}))
        else:
            _print_run(found)
        return
    judged = comparison.evaluate_run(found, path, costs=costs)
    if as_json:
        measures = {
            each.measure.name: {"value": each.value, "low": each.low, "high": each.high, "before": each.before}
            for each in judged.found
        }
        confusion = [{"true": a, "taken for": b, "rows": count} for (a, b), count in judged.confusion.items()]
        told: dict[str, Any] = {"run": found.name, "rows": judged.rows, "left out": judged.left_out}
        if judged.decided:
            told |= {"threshold": judged.decided.threshold, "cost": judged.cost, "cost at half": judged.cost_at_half}
        print_json(finite({**told, "measures": measures, "confusion": confusion}))
    else:
        _print_evaluation(found, judged)


evaluate.__doc__ = say(
    "Judge a trained run on data with known targets: every measure with its interval, and what is taken for what.\n\n"
    "Example:\n\n  zhixing evaluate 3fa9c1 --data december.csv",
    "在目标已知的数据上评判一次训练好的运行：每个度量及其区间，以及哪一类被错认成哪一类。\n\n"
    "示例：\n\n  zhixing evaluate 3fa9c1 --data december.csv",
)


def predict(
    run: RunName,
    path: Data,
    out: Annotated[
        str | None,
        typer.Option(
            help=say(
                "A new .csv, .jsonl or .parquet file; left out: CSV on standard output.",
                "新的 .csv、.jsonl 或 .parquet 文件；不写则以 CSV 输出到标准输出。",
            ),
            metavar="FILE",
        ),
    ] = None,
    cost: Cost = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import comparison

    if as_json and out is None:
        raise BadSetting(
            Text("--json says what was written: name a file with --out", "--json 说明写了什么：请用 --out 指定文件")
        )
    costs = comparison.Costs.of(cost) if cost else None
    rows = comparison.write_predictions(comparison.find(run), path, out or sys.stdout.buffer, costs=costs)
    if as_json:
        print_json({"rows": rows, "out": out})
    elif out:
        console().print(say(f"{rows:,} rows in {out}", f"{rows:,} 行已写入 {out}"), markup=False, soft_wrap=True)


predict.__doc__ = say(
    "Say what a trained run foretells for every row of a file, in the rows' order; the file may be larger than the memory.\n\n"
    "Examples:\n\n  zhixing predict 3fa9c1 --data new.csv --out predictions.csv\n\n"
    "  zhixing predict 3fa9c1 --data new.parquet | head",
    "给出训练好的运行对文件每一行的预测，次序与原文件相同；文件可以比内存大。\n\n"
    "示例：\n\n  zhixing predict 3fa9c1 --data new.csv --out predictions.csv\n\n"
    "  zhixing predict 3fa9c1 --data new.parquet | head",
)


def export(
    run: RunName,
    to: Annotated[
        str, typer.Option(help=say("onnx, or safetensors for networks.", "onnx；神经网络也可用 safetensors。"))
    ],
    out: Annotated[
        str | None, typer.Option(help=say("A new file; named after the run if left out.", "新文件；不写则以运行命名。"))
    ] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import comparison

    found = comparison.find(run)
    made = comparison.export(found, to, out or f"{found.name}.{to}")
    if as_json:
        print_json({"file": str(made.path), "difference": made.difference, "rows": made.rows})
        return
    line = Text(
        "{file}; it differs from the run by {far:.2g} at most, on {rows:,} rows",
        "{file}；与运行相差至多 {far:.2g}（{rows:,} 行）",
    )
    console().print(
        line.format(file=made.path, far=made.difference, rows=made.rows)[language()] if made.rows else str(made.path),
        markup=False, soft_wrap=True,
    )  # fmt: skip


export.__doc__ = say(
    "Take a trained run elsewhere: as an ONNX graph over the prepared numbers, or as the weights of a network.\n\n"
    "Examples:\n\n  zhixing export 3fa9c1 --to onnx\n\n  zhixing export 3fa9c1 --to safetensors --out net.safetensors",
    "把训练好的运行带到别处：ONNX 计算图（输入为准备好的数字），或神经网络的权重。\n\n"
    "示例：\n\n  zhixing export 3fa9c1 --to onnx\n\n  zhixing export 3fa9c1 --to safetensors --out net.safetensors",
)


def serve(
    run: RunName,
    host: Annotated[
        str,
        typer.Option(
            help=say("Where to listen; beyond loopback a token is asked for.", "监听地址；非本机地址需要令牌。")
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help=say("0 takes any that is free.", "0 表示任选空闲端口。"))] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="ZHIXING_TOKEN", help=say("What requests must carry.", "请求必须携带的令牌。"), show_envvar=False
        ),
    ] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    from zhixing import comparison, web

    def ready(address: str, asked: str | None) -> None:
        if as_json:
            print_json({"address": address, "token": asked})
            return
        out = console()
        out.print(
            say(f"answering at {address} (Ctrl-C ends it)", f"已在 {address} 提供服务（Ctrl-C 结束）"), markup=False
        )
        if asked and asked != token:
            out.print(f"Authorization: Bearer {asked}", markup=False, soft_wrap=True)

    web.serve(comparison.find(run), host=host, port=port, token=token, ready=ready)


serve.__doc__ = say(
    "Serve a trained run over HTTP: rows in as JSON, predictions out; the page at / says how.\n\n"
    "Examples:\n\n  zhixing serve 3fa9c1\n\n  zhixing serve 3fa9c1 --host 0.0.0.0 --port 8080",
    "以 HTTP 提供训练好的运行：送入 JSON 格式的行，得到预测；用法见 / 页面。\n\n"
    "示例：\n\n  zhixing serve 3fa9c1\n\n  zhixing serve 3fa9c1 --host 0.0.0.0 --port 8080",
)


def _numbers(run: "Run") -> dict[str, float]:
    return {name: value for name, value in run.result.measures.items() if isinstance(value, int | float)}


def _print_run(run: "Run") -> None:
    from rich.table import Table

    from zhixing.draw.quantities import number

    lang = language()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    numbers = _numbers(run)
    for measure in (*run.trial.settings["measures"], *run.trial.settings["efforts"]):
        if (value := numbers.get(measure.name)) is not None:
            table.add_row(measure.label[lang], f"{number(value)[lang]} {measure.unit[lang]}")
    out = console()
    out.print(say(f"run {run.name}, on the rows that judged it:", f"运行 {run.name}，在留出评判的行上："), markup=False)
    out.print(table)


def _print_evaluation(run: "Run", judged: "Evaluation") -> None:
    from rich.table import Table

    from zhixing.draw.quantities import interval, number

    out, lang = console(), language()
    line = Text(
        "{rows:,} rows; {left:,} left out, whose target is missing or unknown",
        "{rows:,} 行；另有 {left:,} 行目标缺失或未知",
    )
    out.print(line.format(rows=judged.rows, left=judged.left_out)[lang], markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in (Text("", ""), Text("here", "此处"), Text("interval", "区间"), Text("when trained", "训练时")):
        table.add_column(heading[lang])
    for found in judged.found:
        label = f"{found.measure.label[lang]} {found.measure.unit[lang]}".strip()
        table.add_row(
            label, number(found.value)[lang], interval(found.low, found.high)[lang], number(found.before)[lang]
        )
    out.print(table)
    if judged.decided:
        line = Text(
            "mistakes cost {cost} for each hundred rows when {name!r} is answered from probability {threshold:.3g} on; "
            "{half} from 0.5 on",
            "概率达到 {threshold:.3g} 就答 {name!r} 时，每一百行的错误代价为 {cost}；以 0.5 为界则为 {half}",
        )
        name, threshold = run.classes[judged.decided.positive], judged.decided.threshold
        told = {"cost": number(judged.cost), "half": number(judged.cost_at_half), "name": name, "threshold": threshold}
        out.print(line.format(**told)[lang], markup=False)
    wrong = sorted(((n, a, b) for (a, b), n in judged.confusion.items() if a != b), reverse=True)[:5]
    for count, true, taken in wrong:
        out.print(
            say(f"· {count:,} times {true} is taken for {taken}", f"· {true} 被当作 {taken}：{count:,} 次"),
            markup=False,
        )
