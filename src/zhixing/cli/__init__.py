"""The command line: a thin front end over the public functions. `main` is the entry point."""

import gc
import sys

import typer

from zhixing.cli import answering, comparing, keeping, learning, looking, using
from zhixing.cli.words import say
from zhixing.core import Interrupted, ZhixingError, language

app = typer.Typer(
    help=say(
        "Know by doing: ask a question about deep learning, run the controlled experiment, get a verdict.",
        "知行合一：提出一个关于深度学习的问题，做对照实验，得到结论。",
    ),
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: the other kind loads 0.1 s of markdown
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback(invoke_without_command=True)(learning.path)
COMMANDS = (
    *(learning.list_, learning.next_, learning.guess, answering.ask, learning.exercise),
    *(answering.show, answering.report, answering.band, comparing.compare),
    *(using.train, using.evaluate, using.predict, using.export, using.serve, looking.look, keeping.doctor),
)
RARELY = 50_000
"""New objects after which Python looks for garbage: at its usual 700, that takes a sixth of the time to load torch."""
for command in COMMANDS:
    app.command(command.__name__.rstrip("_"))(command)
app.add_typer(keeping.runs, name="runs")


def main() -> None:
    """Runs one command. Exit 0 for any verdict, 2 for the user's mistake, 130 after Ctrl-C, 1 for a bug."""
    gc.set_threshold(RARELY)
    try:
        sys.exit(app(standalone_mode=False))
    except Interrupted as stopped:
        _tell(stopped.message[language()])
        sys.exit(130)
    except ZhixingError as error:
        _tell(error.message[language()])
        sys.exit(2)
    except typer.Abort:
        _tell(say("nothing was done", "什么都没做"))
        sys.exit(130)
    except typer.TyperException as error:
        _tell(error.format_message())
        sys.exit(2)
    except KeyboardInterrupt:
        _tell(say("stopped", "已停止"))
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has enough of it
        sys.exit(0)
    finally:
        gc.freeze()  # else Python looks through all that torch made once more before it ends: 0.8 s


def _tell(line: str) -> None:
    print(f"zhixing: {' '.join(line.split())}", file=sys.stderr)  # noqa: T201 - the one line that an error gets
