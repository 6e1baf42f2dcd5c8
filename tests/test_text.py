"""Two languages: chosen in order, filled by halves, never one without the other."""

import ast
import re
from pathlib import Path

import pytest

import zhixing
from zhixing.core import Text, language

SOURCES = sorted(Path(zhixing.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize(
    ("environment", "choice", "expected"),
    [
        ({}, None, "en"),
        ({"LANG": "zh_CN.UTF-8"}, None, "zh"),
        ({"LANG": "de_DE.UTF-8"}, None, "en"),
        ({"LANG": "zh_CN", "LC_ALL": "C"}, None, "en"),
        ({"LANG": "en_US", "ZHIXING_LANG": "zh"}, None, "zh"),
        ({"ZHIXING_LANG": "zh"}, "en", "en"),
    ],
)
def test_language_is_chosen_in_order(
    environment: dict[str, str], choice: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ZHIXING_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language(choice) == expected


def test_format_fills_each_half_with_its_own() -> None:
    filled = Text("{n} {what}", "{n} 个{what}").format(n=3, what=Text("seeds", "种子"))
    assert filled == Text("3 seeds", "3 个种子")
    assert filled["zh"] == "3 个种子"


def _halves() -> list[tuple[str, str, str]]:
    """Every literal pair given to Text, say or their like in the package, with its place."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Text", "say")):
                continue
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            halves = [*node.args, *(given[half] for half in ("en", "zh") if half in given)]
            found.append((f"{path.name}:{node.lineno}", *(_literal(half) for half in (halves + [None, None])[:2])))
    return found


def _literal(node: ast.expr | None) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
    return str(node.value) if isinstance(node, ast.Constant) else "" if node is None else "\0"


def test_every_text_has_both_halves_and_the_second_is_chinese() -> None:
    halves = _halves()
    assert len(halves) > 60
    for place, english, chinese in halves:
        if "\0" in (english, chinese):
            continue  # computed, not literal
        assert bool(english) == bool(chinese), place
        words = re.sub(r"\{[^}]*\}", "", english)  # what is filled in has halves of its own
        if sum(c.isalpha() for c in words) > 6 and english != chinese:
            assert any("\u4e00" <= c <= "\u9fff" for c in chinese), f"{place}: {chinese!r}"
