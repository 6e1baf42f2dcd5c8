"""A frozen call: what to call and with which settings, before anything is called.

It rejects unknown names when it is written, prints as the call that it stands for, compares by value, and
its digest is the same in every process and on every machine.
"""

import ast
import hashlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from zhixing.core.errors import BadSetting, UnknownName
from zhixing.core.text import Text


@dataclass(frozen=True, eq=False, repr=False)
class Spec:
    """Built by `spec`; `build()` performs the call. Equal when target and settings are."""

    module: str
    name: str
    settings: Mapping[str, Any]

    def build(self, *arguments: Any, **more: Any) -> Any:
        """Performs the call; positional `arguments` and `more` come from whoever builds."""
        return self.function(*arguments, **{**self.settings, **more})

    @property
    def function(self) -> Callable[..., Any]:
        """What will be called, imported now."""
        found: Callable[..., Any] = pkgutil.resolve_name(f"{self.module}:{self.name}")
        return found

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits, a function of the printed form alone."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def with_settings(self, **changes: Any) -> "Spec":
        """The same call with some settings changed or added, checked like a new one."""
        return spec(self.function, **{**self.settings, **changes})

    def children(self) -> "Iterator[Spec]":
        """Every spec among the settings, at any depth, this one first."""
        yield self
        for value in self.settings.values():
            yield from _specs_in(value)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={_printed(value)}" for name, value in sorted(self.settings.items()))
        return f"{self.module}.{self.name}({inside})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __getstate__(self) -> dict[str, Any]:
        return {"module": self.module, "name": self.name, "settings": dict(self.settings)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, settings=MappingProxyType(state["settings"]))


def spec(function: Callable[..., Any], /, **settings: Any) -> Spec:
    """The call `function(**settings)`, frozen.

    Settings may be numbers, strings, booleans, None, tuples, lists, mappings of these, other specs, and
    functions or classes that can be imported. Parameters that are left out may be given to `build`.

    Raises UnknownName for a name that the function does not take, BadSetting for a value of another kind
    or a function that cannot be found again by its name.
    """
    module, name = _address(function)
    parameters = inspect.signature(function).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    known = [n for n, p in parameters.items() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for given in settings:
        if given not in known and not open_ended:
            raise UnknownName(Text(en=f"{name}: setting", zh=f"{name} 的设置"), given, known)
    frozen = {given: _frozen(f"{name}({given}=...)", value) for given, value in settings.items()}
    return Spec(module, name, MappingProxyType(frozen))


def parsed(printed: str) -> Spec:
    """The spec that prints so; nothing is evaluated, and only functions and classes of this package are named.

    Raises BadSetting for anything else.
    """
    try:
        found = _value(ast.parse(printed, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, ImportError, AttributeError):
        found = None
    if not isinstance(found, Spec):
        raise BadSetting(Text(f"{printed[:80]!r} is no call of this package", f"{printed[:80]!r} 不是本程序包中的调用"))
    return found


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and not node.args:
        return spec(_own(node.func), **{str(word.arg): _value(word.value) for word in node.keywords})
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return {ast.literal_eval(key): _value(item) for key, item in zip(node.keys, node.values, strict=True) if key}
    if isinstance(node, ast.Attribute):
        return _own(node)
    if isinstance(node, ast.Name) and node.id in ("inf", "nan"):
        return float(node.id)
    return ast.literal_eval(node)


def _own(node: ast.expr) -> Callable[..., Any]:
    """What a printed address names; raises ValueError for what is not this package's own."""
    address = ast.unparse(node)
    if not address.startswith("zhixing."):
        raise ValueError(address)
    found: Callable[..., Any] = pkgutil.resolve_name(address)
    if not callable(found) or ".".join(_address(found)) != address:
        raise ValueError(address)
    return found


def _address(function: Callable[..., Any]) -> tuple[str, str]:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not module or not name or "<" in name:
        raise BadSetting(
            Text(
                en=f"{function!r} cannot be found again by name; define it at the top level of a module",
                zh=f"无法按名字再次找到 {function!r}；请把它定义在模块的最外层",
            )
        )
    return module, name


def _frozen(where: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str | Spec):
        return value
    if isinstance(value, list | tuple):
        return tuple(_frozen(where, item) for item in value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _frozen(where, item) for key, item in value.items()}
    if callable(value) and hasattr(value, "__qualname__"):
        _address(value)
        return value
    raise BadSetting(
        Text(
            en=f"{where}: a {type(value).__name__} cannot be frozen; give a number, a string, a tuple, "
            "a mapping, a spec or a function of a module",
            zh=f"{where}：{type(value).__name__} 类型的值无法固定；请给数字、字符串、元组、映射、spec 或模块中的函数",
        )
    )


def _printed(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + "".join(f"{_printed(item)}, " for item in value).rstrip(" ") + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_printed(item)}" for key, item in sorted(value.items())) + "}"
    if callable(value) and not isinstance(value, Spec):
        return ".".join(_address(value))
    return repr(value)


def _specs_in(value: Any) -> Iterator[Spec]:
    if isinstance(value, Spec):
        yield from value.children()
    elif isinstance(value, tuple):
        for item in value:
            yield from _specs_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _specs_in(item)
