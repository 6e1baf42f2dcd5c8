"""Frozen calls: rejected when written, equal by value, the same digest everywhere."""

import copy
import pickle
import subprocess
import sys
from math import hypot

import pytest

from zhixing.core import BadSetting, Seeds, Spec, Text, UnknownName, spec


def make(width: int, *, depth: int = 2, inner: Spec | None = None, names: tuple[str, ...] = ()) -> tuple[int, int]:
    return width, depth


def open_ended(**anything: int) -> dict[str, int]:
    return anything


def test_unknown_setting_is_rejected_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match=r"make: setting 'dept' is unknown; did you mean 'depth'\? \(known: depth, "):
        spec(make, dept=3)


def test_unknown_setting_without_a_near_name_lists_what_is_known() -> None:
    with pytest.raises(UnknownName, match=r"setting 'zzz' is unknown \(known: depth, inner, names, width\)"):
        spec(make, zzz=3)


@pytest.mark.parametrize("function", [lambda: 1, (lambda: make)])
def test_function_without_a_name_is_rejected(function: object) -> None:
    with pytest.raises(BadSetting, match="cannot be found again by name"):
        spec(function)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [object(), {1: 2}, {1, 2}, b"bytes"])
def test_value_that_cannot_be_frozen_is_rejected(value: object) -> None:
    with pytest.raises(BadSetting, match=r"make\(depth=...\): a \w+ cannot be frozen"):
        spec(make, depth=value)


def test_prints_as_the_call_with_sorted_settings() -> None:
    call = spec(make, width=3, inner=spec(Seeds, seed=1), names=["a"])
    assert repr(call) == f"{__name__}.make(inner=zhixing.core.seeds.Seeds(seed=1), names=('a',), width=3)"


def test_functions_print_by_address() -> None:
    assert repr(spec(make, inner=make)) == f"{__name__}.make(inner={__name__}.make)"


def test_equal_by_value_whatever_the_order() -> None:
    first, second = spec(make, width=1, depth=2), spec(make, depth=2, width=1)
    assert first == second
    assert hash(first) == hash(second)
    assert first.digest == second.digest
    assert first != spec(make, width=1, depth=3)
    assert first != spec(make, width=1.0, depth=2)
    assert first != spec(make, width=True, depth=2)


def test_settings_given_as_lists_cannot_be_changed_afterwards() -> None:
    names = ["a"]
    call = spec(make, names=names)
    names.append("b")
    assert call.settings["names"] == ("a",)
    with pytest.raises(TypeError):
        call.settings["names"] = ()  # type: ignore[index]


def test_build_calls_with_what_the_builder_adds() -> None:
    assert spec(make, depth=5).build(3) == (3, 5)
    assert spec(make, depth=5).build(width=4, depth=6) == (4, 6)
    assert spec(open_ended, anything=1).build() == {"anything": 1}


def test_with_settings_is_checked_like_a_new_one() -> None:
    assert spec(make, width=1).with_settings(depth=9) == spec(make, width=1, depth=9)
    with pytest.raises(UnknownName):
        spec(make, width=1).with_settings(heigth=9)


def test_children_are_found_at_any_depth() -> None:
    inner = spec(Seeds, seed=1)
    outer = spec(open_ended, a=(inner, {"b": spec(make, inner=inner)}))
    assert [child.name for child in outer.children()] == ["open_ended", "Seeds", "make", "Seeds"]


def test_pickles_and_copies() -> None:
    call = spec(make, width=1, inner=spec(Seeds, seed=1))
    assert pickle.loads(pickle.dumps(call)) == call  # noqa: S301 - our own bytes
    assert copy.deepcopy(call) == call


def test_digest_is_the_same_in_another_process() -> None:
    line = "from math import hypot; from zhixing.core import spec, Seeds; "
    line += "print(spec(Seeds, seed={'b': 1, 'a': (0.1, None, hypot)}).digest, end='')"
    here = spec(Seeds, seed={"a": (0.1, None, hypot), "b": 1}).digest
    for hash_seed in ("0", "1"):
        ran = subprocess.run(
            [sys.executable, "-c", line], env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
        )
        assert ran.stdout == here


def test_digest_is_pinned() -> None:
    """A change of the printed form would silently orphan every stored trial."""
    assert spec(Seeds, seed=3).digest.startswith("2ce7e0f755c8117e")


def test_error_messages_exist_in_both_languages() -> None:
    with pytest.raises(UnknownName) as caught:
        spec(make, dept=3)
    assert caught.value.message == Text(str(caught.value), caught.value.message.zh)
    assert "是否想写 'depth'" in caught.value.message.zh
