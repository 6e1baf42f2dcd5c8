"""The code digest: changes with the code that a call can reach, and with nothing else."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zhixing.core import Seeds, code, spec
from zhixing.core.code import code_digest, code_parts, package_digest

SOURCE = '''
import functools, math
from dataclasses import dataclass
from zhixing.core import spec

FACTOR = 2
TABLE = {"a": (1, 2)}

def helper(x):
    """Doc."""
    return x * FACTOR

def unrelated(x):
    return x - 1

class Base:
    def shared(self): return 1

class Model(Base):
    width = 3
    def __init__(self, n): self.n = n
    def forward(self, x): return helper(x) + self.width
    @property
    def size(self): return self.n
    @staticmethod
    def still(x): return x

@dataclass(frozen=True)
class Point:
    x: int = 0

@dataclass
class Segment:
    """Its generated methods have the names of Point's."""
    start: int = 0
    end: int = 1

ORIGIN = Point(4)

@functools.lru_cache
def cached(x): return helper(x)

def root(x):
    """Doc of root."""
    def inner(y): return y + 1
    return Model(inner(x)).forward(x) + math.sqrt(x) + TABLE["a"][0] + ORIGIN.x + cached(x) + Segment().end

def through_import(x):
    from zhixing.core import Seeds
    return Seeds(x)
'''


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Loads source as the module `sample`, as a fresh process would."""

    def load(source: str) -> Any:
        (tmp_path / "sample.py").write_text(source)
        found = importlib.util.spec_from_file_location("sample", tmp_path / "sample.py")
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        monkeypatch.setitem(sys.modules, "sample", module)
        exec(compile(source, str(tmp_path / "sample.py"), "exec"), module.__dict__)
        return module

    return load


def digest(module: Any, name: str = "root") -> str:
    return code_digest(spec(getattr(module, name)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x * FACTOR", "return x / FACTOR"),
        ("FACTOR = 2", "FACTOR = 3"),
        ('{"a": (1, 2)}', '{"a": (9, 2)}'),
        ("def shared(self): return 1", "def shared(self): return 2"),
        ("width = 3", "width = 4"),
        ("return helper(x) + self.width", "return helper(x) - self.width"),
        ("def size(self): return self.n", "def size(self): return -self.n"),
        ("def still(x): return x", "def still(x): return -x"),
        ("def inner(y): return y + 1", "def inner(y): return y + 2"),
        ("Point(4)", "Point(5)"),
        ("def cached(x): return helper(x)", "def cached(x): return helper(-x)"),
        ("math.sqrt(x)", "math.exp(x)"),
    ],
)
def test_a_change_that_the_call_can_reach_changes_the_digest(load: Callable[[str], Any], old: str, new: str) -> None:
    assert old in SOURCE
    assert digest(load(SOURCE)) != digest(load(SOURCE.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x - 1", "return x - 2"),
        ('"""Doc."""', '"""Another."""'),
        ('"""Doc of root."""', ""),
        ("FACTOR = 2", "# why two\nFACTOR   =   2"),
    ],
)
def test_a_change_that_decides_nothing_keeps_the_digest(load: Callable[[str], Any], old: str, new: str) -> None:
    if new == "":
        new = "'''Nothing.'''"
    assert digest(load(SOURCE)) == digest(load(SOURCE.replace(old, new)))


def test_names_imported_inside_a_function_are_reached(load: Callable[[str], Any]) -> None:
    assert "zhixing.core.seeds.Seeds.numpy" in code_parts([load(SOURCE).through_import])


@pytest.mark.parametrize(
    "wrap",
    [lambda f: (f,), lambda f: {"a": f}, lambda f: spec(f), lambda f: ({"a": (spec(f),)},)],
    ids=["in a tuple", "in a mapping", "as a spec", "deep inside"],
)
def test_functions_and_specs_among_the_settings_are_reached(
    load: Callable[[str], Any], wrap: Callable[[Any], Any]
) -> None:
    def digests(source: str) -> tuple[str, str]:
        module = load(source)
        return code_digest(spec(Seeds, seed=wrap(module.helper))), code_digest(spec(Seeds, seed=wrap(module.unrelated)))

    before, after = digests(SOURCE), digests(SOURCE.replace("return x * FACTOR", "return x / FACTOR"))
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_libraries_count_by_version(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy

    assert code_parts([Seeds])["numpy"] == numpy.__version__
    monkeypatch.setattr(code, "_version", lambda module: f"another {module}")
    assert code_parts([Seeds])["numpy"] == "another numpy"


def test_what_else_is_loaded_does_not_matter() -> None:
    """Names of attributes must not be taken for modules that happen to be loaded."""
    line = "{first}import zhixing.core.code as c; from zhixing.core import Seeds; "
    line += "from zhixing.core.files import write_state; print(sorted(c.code_parts([Seeds, write_state]).items()))"
    shown = {
        subprocess.run(
            [sys.executable, "-c", line.format(first=first)], capture_output=True, text=True, check=True
        ).stdout
        for first in (
            "",
            "import array, random; ",
            "import torch, pickle, zhixing.core.store, zhixing.core as z; pickle.dumps(z.Seeds(1)); ",
        )
    }
    assert len(shown) == 1


@pytest.mark.parametrize(
    ("body", "is_reached"),
    [
        ("return train.divided(x).fit(x)", False),
        ("return train.fit(x)", True),
        ("t = train; return t.fit(x)", True),
        ("return train.divided(getattr(train, 'x')).fit(x)", True),
        ("return [train.fit(y) for y in x]", True),
        ("return [y.fit(train.divided) for y in x]", False),
        ("return train.loop.fit(x)", True),
    ],
)
def test_an_attribute_counts_only_of_the_module_that_it_is_read_from(
    load: Callable[[str], Any], body: str, is_reached: bool
) -> None:
    """Of a module that is used in any other way, every name that the code mentions counts."""
    parts = code_parts([load(f"from zhixing import train\n\ndef root(x):\n    {body}\n").root])
    assert ("zhixing.train.loop.fit" in parts) == is_reached


def test_an_array_may_stand_beside_a_module(load: Callable[[str], Any]) -> None:
    source = "import numpy as np\nfrom zhixing import train\nGRID = np.arange(3)\n\ndef root():\n    return train.fit(GRID)\n"
    assert "zhixing.train.loop.fit" in code_parts([load(source).root])


def test_digest_is_the_same_in_every_process() -> None:
    line = "from zhixing.core import spec, Seeds, Series, Spec; from zhixing.core.code import code_digest; "
    line += "from zhixing.core.store import Result; from zhixing.core.text import Text; "
    line += "print(code_digest(spec(Seeds, seed=(spec, Series, Result, Text, Spec))), end='')"
    digests = {
        subprocess.run(
            [sys.executable, "-c", line], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in "0123456"
    }
    assert len(digests) == 1
    assert digests != {""}


def test_package_digest_changes_with_the_file_of_the_function(load: Callable[[str], Any]) -> None:
    before = package_digest(load(SOURCE).root)
    assert package_digest(load(SOURCE).root) == before
    assert package_digest(load(SOURCE + "# more\n").root) != before
