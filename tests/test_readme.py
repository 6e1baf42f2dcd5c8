"""The README keeps its word: its commands run, its Python runs, its map of rooms is the one that is enforced."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from zhixing import studies
from zhixing.core.store import RunStore
from zhixing.study.ask import ask

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL, OWN, *_ = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def test_every_command_runs(home: Path) -> None:
    """One after the other: some take up what another left."""
    for line in SHELL.splitlines():
        command, *words = shlex.split(line, comments=True)
        assert command == ".venv/bin/zhixing"
        if words[:1] == ["ask"] and "smoke" not in words:
            words += ["--scale", "smoke"]  # the very options, at the scale that takes seconds
        ran = subprocess.run(
            [sys.executable, "-c", "from zhixing.cli import main; main()", *words],
            env={**os.environ, "ZHIXING_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{line}: {ran.stderr}"
        assert ran.stdout.strip(), line


def test_the_commands_on_data_of_ones_own_run_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "zhixing").write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from zhixing.cli import main; main()' \"$@\"\n"
    )
    (tmp_path / "zhixing").chmod(0o755)
    script = OWN.replace(".venv/bin/python", sys.executable).replace(".venv/bin/zhixing", "./zhixing")
    environment = {**os.environ, "ZHIXING_HOME": str(tmp_path / "home")}
    ran = subprocess.run(
        ["sh", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "predictions.csv").read_text().count("\n") == 345
    assert (tmp_path / "penguins.onnx").stat().st_size > 100


def test_the_python_of_use_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIXING_HOME", str(home))
    names: dict[str, object] = {}
    exec(compile(PYTHON[0], "README.md", "exec"), names)
    answer = names["answer"]
    assert answer.verdict == "undecided"  # type: ignore[attr-defined]
    assert len(answer.table) == 8  # type: ignore[attr-defined]
    assert "plotly" in answer._repr_html_()  # type: ignore[attr-defined]


def test_the_study_of_the_readme_is_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "why_this.py").write_text(PYTHON[1], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import why_this  # type: ignore[import-not-found]

    answer = ask(why_this.study, scale="smoke", seeds=1, workers=0, store=RunStore(tmp_path / "home"))
    assert {trial.status for trial in answer.trials} == {"done"}


def test_the_map_of_rooms_is_the_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    layers = [[room.strip().removeprefix("zhixing.") for room in layer.split("|")] for layer in contract["layers"]]
    section = README.partition("## The rooms")[2]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
    assert [re.findall(r"`(\w+)`", row) for row in rows] == layers


def test_the_contract_fails_on_a_planted_violation(tmp_path: Path) -> None:
    """Run on a copy in which a low room imports a high one."""
    import shutil

    shutil.copytree(ROOT / "src" / "zhixing", tmp_path / "zhixing", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    lint = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ]
    environment = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    clean = subprocess.run(lint, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert clean.returncode == 0, clean.stdout
    with (tmp_path / "zhixing" / "core" / "text.py").open("a") as file:
        file.write("\nfrom zhixing.study import answer\n")
    broken = subprocess.run(lint, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert broken.returncode == 1
    assert "zhixing.core is not allowed to import zhixing.study" in broken.stdout


def test_every_study_file_is_named_as_its_slug() -> None:
    for slug in studies.slugs():
        study = studies.find(slug)
        assert study.slug == slug
        assert study.chapter in studies.CHAPTERS
