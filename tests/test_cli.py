"""The command line as a user meets it: words, JSON, exit codes, one clear line for every mistake."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zhixing.core.store import RunStore

ZHIXING = [sys.executable, "-c", "from zhixing.cli import main; main()"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the flagship was asked once at smoke scale."""
    folder = tmp_path_factory.mktemp("home")
    ran = run("ask", "shortcut-depth", "--scale", "smoke", "--json", home=folder)
    assert ran.returncode == 0, ran.stderr
    return folder


def run(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "ZHIXING_HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "", "COLUMNS": "80"}
    return subprocess.run(
        [*ZHIXING, *words], env={**variables, **environment}, capture_output=True, text=True, timeout=240, check=False
    )


def test_list_names_every_question(home: Path) -> None:
    listed = json.loads(run("list", "--json", home=home).stdout)
    (found,) = [row for row in listed if row["slug"] == "shortcut-depth"]
    assert found["chapter"] == "depth"
    assert found["question"] == "Does a shortcut rescue a deep network?"
    assert found["status"] == "answered"


def test_ask_answers_in_the_promised_shape(home: Path) -> None:
    ran = run("ask", "shortcut-depth", "--scale", "smoke", "--json", home=home)
    answer = json.loads(ran.stdout)
    wanted = {"study", "digest", "question", "scale", "verdict", "claims", "trials", "band", "price", "report"}
    assert wanted <= answer.keys()
    assert answer["verdict"] in ("supported", "refuted", "undecided")
    claim = {"id", "text", "verdict", "estimate", "low", "high", "level", "unit", "n", "more_seeds"}
    assert all(claim <= found.keys() for found in answer["claims"])
    assert all({"arm", "seed", "status", "seconds", "measures"} <= trial.keys() for trial in answer["trials"])
    assert {trial["status"] for trial in answer["trials"]} == {"cached"}
    assert {"predicted_seconds", "actual_seconds", "predicted_bytes", "peak_bytes"} <= answer["price"].keys()
    assert Path(answer["report"]).exists()


def test_ask_speaks_chinese(home: Path) -> None:
    answer = json.loads(run("ask", "shortcut-depth", "--scale", "smoke", "--json", "--lang", "zh", home=home).stdout)
    assert answer["question"] == "捷径连接能救回深层网络吗？"
    shown = run("ask", "shortcut-depth", "--scale", "smoke", "--lang", "zh", home=home).stdout
    assert "尚不能判断" in shown
    assert "报告：" in shown


def test_output_in_a_pipe_has_no_colours_and_fits(home: Path) -> None:
    for words in (["list"], [], ["runs"], ["show", "shortcut-depth"], ["ask", "shortcut-depth", "--scale", "smoke"]):
        shown = run(*words, home=home, COLUMNS="40").stdout
        assert "\x1b[" not in shown
        assert shown.strip()


def test_help_has_examples_in_both_languages(home: Path) -> None:
    assert "zhixing ask shortcut-depth --budget 5m" in run("ask", "--help", home=home).stdout
    assert "示例" in run("ask", "--lang", "zh", "--help", home=home).stdout
    for command in ("list", "guess", "show", "report", "runs", "doctor"):
        assert run(command, "--help", home=home).returncode == 0


def test_help_loads_neither_torch_nor_numpy(home: Path) -> None:
    line = "import sys; sys.argv = ['zhixing', '--help']; from zhixing.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    line += "print([m for m in ('torch', 'numpy', 'plotly', 'scipy', 'pandas') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_import_loads_no_torch() -> None:
    line = "import sys, zhixing as zx; zx.Study; zx.Better; zx.ask; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout == "False\n"


def test_guess_is_kept_and_scored(home: Path) -> None:
    assert json.loads(run("guess", "shortcut-depth", "cannot tell", "--json", home=home).stdout)["guess"] == "undecided"
    listed = json.loads(run("list", "--json", home=home).stdout)
    assert [row["guess"] for row in listed if row["slug"] == "shortcut-depth"] == ["undecided"]
    assert "guesses: 1 of 1 right" in run(home=home).stdout


def test_doctor_says_what_is_there(home: Path) -> None:
    found = json.loads(run("doctor", "--json", home=home).stdout)
    assert found["torch"]["ok"]
    assert found["cores"]["value"] == str(len(os.sched_getaffinity(0)))
    assert {"devices", "threads", "float32", "bfloat16", "disk free", "run store"} <= found.keys()


def test_show_and_report(home: Path) -> None:
    assert json.loads(run("show", "shortcut-depth", "--json", home=home).stdout)["answer"]["scale"] == "smoke"
    assert Path(run("report", "shortcut-depth", home=home).stdout.strip()).exists()


def test_runs_are_listed_and_removed_after_asking(tmp_path: Path) -> None:
    run("ask", "shortcut-depth", "--scale", "smoke", "--seeds", "1", home=tmp_path)
    listed = json.loads(run("runs", "--json", home=tmp_path).stdout)
    assert {row["study"] for row in listed} == {"shortcut-depth"}
    assert len(listed) == 4
    refused = run("runs", "rm", "shortcut-depth", home=tmp_path)
    assert refused.returncode == 2
    assert "add --yes to delete" in refused.stderr
    digest = listed[0]["digest"][:8]
    assert json.loads(run("runs", "rm", digest, "--yes", "--json", home=tmp_path).stdout)["removed"] == 1
    assert json.loads(run("runs", "rm", "shortcut-depth", "--yes", "--json", home=tmp_path).stdout)["removed"] == 3
    assert list((tmp_path / "trials").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ask", "shortcut-dept"], "study 'shortcut-dept' is unknown; did you mean 'shortcut-depth'?"),
        (["ask", "../../etc/passwd"], "study '../../etc/passwd' is unknown"),
        (["ask", "shortcut-depth", "--seeds", "0"], "at least one seed"),
        (["ask", "shortcut-depth", "--seeds", "-1"], "at least one seed"),
        (["ask", "shortcut-depth", "--seeds", "many"], "Invalid value for '--seeds'"),
        (["ask", "shortcut-depth", "--scale", "quik"], "scale 'quik' is unknown; did you mean 'quick'?"),
        (["ask", "shortcut-depth", "--budget", "soon"], "--budget takes a time such as 90s, 5m or 1h; got 'soon'"),
        (["ask", "shortcut-depth", "--device", "cuda:9"], "device 'cuda:9' cannot be used on this machine"),
        (["ask", "shortcut-depth", "--workers", "-2"], "--workers takes 0 or more"),
        (["ask", "shortcut-depth", "--lang", "fr"], "language 'fr' is unknown"),
        (["ask", "shortcut-depth", "--colour"], "No such option: --colour"),
        (["ask"], "Missing argument"),
        (["aks"], "No such command 'aks'"),
        (["guess", "shortcut-depth", "maybe"], "verdict 'maybe' is unknown"),
        (["report", "nothing"], "study 'nothing' is unknown"),
        (["runs", "rm", "nothing"], "no trial of 'nothing' is in the run store"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_gets_one_clear_line(words: list[str], message: str, tmp_path: Path) -> None:
    ran = run(*words, home=tmp_path)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1
    assert ran.stdout == ""


def test_a_store_that_cannot_be_used_gets_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for words in (["ask", "shortcut-depth"], ["list"], ["runs"], ["doctor"], ["guess", "shortcut-depth", "refuted"]):
        ran = run(*words, home=tmp_path / "file")
        assert ran.returncode == 2
        assert "a file stands where a folder is needed" in ran.stderr
        assert len(ran.stderr.strip().splitlines()) == 1


def test_a_broken_index_is_mended_without_a_word_lost(home: Path) -> None:
    for file in home.glob("index*"):
        file.write_bytes(b"junk" * 2000)
    listed = json.loads(run("runs", "--json", home=home).stdout)
    assert len(listed) == 8


def test_ctrl_c_says_how_to_go_on_and_the_next_asking_does(tmp_path: Path) -> None:
    words = ["ask", "shortcut-depth", "--seeds", "2"]
    environment = {**os.environ, "ZHIXING_HOME": str(tmp_path), "LANG": "C.UTF-8"}
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite started in the background ignores it
    asking = subprocess.Popen(
        [*ZHIXING, *words], env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    signal.signal(signal.SIGINT, heard)
    store = RunStore(tmp_path)
    patience = time.monotonic() + 120
    while not any((tmp_path / "desks").iterdir()) and time.monotonic() < patience:
        time.sleep(0.2)
    os.killpg(asking.pid, signal.SIGINT)
    _, told = asking.communicate(timeout=60)
    assert asking.returncode == 130
    assert "To go on: zhixing ask shortcut-depth --scale quick --seeds 2" in told.splitlines()[-1]
    assert "Traceback" not in told
    kept = [path for path in (tmp_path / "desks").iterdir() if (path / "checkpoint.safetensors").exists()]
    assert kept or list((tmp_path / "trials").iterdir())
    assert store.listed() is not None


def test_next_opens_the_first_question_without_an_answer(home: Path) -> None:
    row = json.loads(run("next", "--json", home=home).stdout)
    assert row["status"] != "answered"
    listed = json.loads(run("list", "--json", home=home).stdout)
    assert row["slug"] == next(other["slug"] for other in listed if other["status"] != "answered")
    shown = run("next", home=home).stdout
    assert f"zhixing ask {row['slug']}" in shown
    assert f"zhixing guess {row['slug']}" in shown
    assert "The idea" in shown


def test_the_path_goes_by_chapter_with_minutes_and_exercises(home: Path) -> None:
    listed = json.loads(run("--json", home=home).stdout)
    chapters = [row["chapter"] for row in listed]
    assert sorted(set(chapters), key=chapters.index) == [
        "descent",
        "depth",
        "seeing",
        "measuring",
        "families",
        "inside",
        "own",
    ]
    assert all(row["minutes"] > 0 and row["exercises"] >= 2 for row in listed)
    shown = run(home=home, COLUMNS="100").stdout
    assert "Descent  0/" in shown
    assert "Depth  1/" in shown
    assert "0/2" in shown
    assert "min" in shown
    assert "分钟" in run("--lang", "zh", home=home).stdout


def test_an_exercise_states_its_task_and_what_may_be_chosen(home: Path) -> None:
    shown = run("exercise", "shortcut-depth", "2", home=home).stdout
    assert "depth: a whole number from 32 to 40" in shown
    assert "normalisation: one of none, batch" in shown
    assert "zhixing exercise shortcut-depth 2 depth=40 normalisation=none" in shown
    stated = json.loads(run("exercise", "shortcut-depth", "2", "--json", home=home).stdout)
    assert stated["solution"] is None
    solved = json.loads(run("exercise", "shortcut-depth", "2", "--solution", "--json", home=home).stdout)
    assert solved["solution"] == {"depth": 32, "normalisation": "batch"}


def test_an_answer_to_an_exercise_is_run_and_judged(home: Path) -> None:
    words = ("exercise", "shortcut-depth", "1", "depth=4", "--scale", "smoke")
    assert "cannot tell whether your answer holds" in run(*words, home=home).stdout
    answer = json.loads(run(*words, "--json", home=home).stdout)
    assert answer["study"] == "shortcut-depth.1.depth=4"
    assert answer["verdict"] == "undecided"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("exercise", "shortcut-depth", "9"), "has 2 exercises, counted from 1; got 9"),
        (("exercise", "shortcut-depth", "1", "depth"), "write name=value; got 'depth'"),
        (("exercise", "shortcut-depth", "1", "depth=many"), "a whole number from 4 to 40; got 'many'"),
        (("exercise", "shortcut-depth", "1", "width=4"), "setting 'width' is unknown"),
        (("exercise", "shortcut-depth", "1", "depth=4", "--scale", "huge"), "scale 'huge' is unknown"),
        (("runs", "compare", "nothing", "nothing"), "'nothing' stands for no run"),
    ],
)
def test_mistakes_with_exercises_and_runs_get_one_line(words: tuple[str, ...], says: str, home: Path) -> None:
    ran = run(*words, home=home)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_two_runs_are_compared_in_words_and_in_json(home: Path) -> None:
    names = ("shortcut-depth/plain-32", "shortcut-depth/residual-32")
    shown = run("runs", "compare", *names, home=home).stdout
    assert "model.shortcut" in shown
    assert "test_error" in shown
    found = json.loads(run("runs", "compare", *names, "--json", home=home).stdout)
    assert [difference["name"] for difference in found["differences"]] == ["model.shortcut"]
    each = run("runs", "--study", "shortcut-depth", home=home).stdout
    assert "plain-32" in each
    one = json.loads(run("runs", "--json", home=home).stdout)[0]["digest"]
    assert json.loads(run("runs", "compare", one[:8], one, "--json", home=home).stdout)["differences"] == []
