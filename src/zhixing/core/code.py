"""The source that a call runs, as a digest: change one line of it and the digest changes; add a comment and it stays.

From the functions that a spec names, the walk follows every name that their compiled code mentions, through
functions, classes, constants and the objects that hold them. Our own code, and the user's, counts by its
bytecode without line numbers and docstrings; everything installed counts by its version.
"""

import dis
import hashlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import pairwise
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from zhixing.core.spec import Spec
from zhixing.core.text import Text

_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_SCALAR = (bool, int, float, complex, str, bytes, type(None))
_PROSE = (Text,)


def code_digest(call: Spec) -> str:
    """64 hexadecimal digits over all code that the call, and every spec or function in its settings, can reach."""
    parts = code_parts([call])
    return hashlib.sha256("\n".join(f"{name} {parts[name]}" for name in sorted(parts)).encode()).hexdigest()


def code_parts(roots: Iterable[Any]) -> dict[str, str]:
    """Digest of each function, class and constant reached, and version of each library, by name.

    Names need not be unique (functions made inside functions, as dataclasses do), so that a name may have several.
    """
    parts: dict[str, set[str]] = defaultdict(set, python={".".join(map(str, sys.version_info[:2]))})
    waiting, seen = list(roots), dict[int, Any]()  # seen keeps each object alive, so that no id returns
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, _SCALAR + _PROSE):
            continue
        seen[id(found)] = found
        found = inspect.unwrap(found) if callable(found) else found
        name = f"{_module_name(found)}.{getattr(found, '__qualname__', '')}"
        if (inside := _contents(found)) is not None:
            parts["values"].add(_scalars(inside))
        elif isinstance(found, ModuleType | _Library) or not _is_ours(found):
            library = found.name if isinstance(found, _Library) else _module_name(found).partition(".")[0]
            parts[library].add(_version(library))
            inside = []
        elif inspect.isfunction(found):
            inside = _mentioned(found)
            parts[name].add(_sha(_code_text(found.__code__) + _scalars(inside)))
        elif isinstance(found, type):
            members = {key: _function_in(value) for key, value in vars(found).items()}
            members = {key: value for key, value in members.items() if inspect.isfunction(value) or not _is_dunder(key)}
            inside = [*found.__bases__, *members.values()]
            parts[name].add(_scalars((key, value) for key, value in members.items() if isinstance(value, _SCALAR)))
        else:
            cached = {name for name, value in vars(type(found)).items() if isinstance(value, cached_property)}
            own = {name: value for name, value in getattr(found, "__dict__", {}).items() if name not in cached}
            inside = [type(found), *own.values()]
            parts[name].add(_scalars(own.items()))
        waiting += inside
    return {name: " ".join(sorted(digests)) for name, digests in parts.items()}


def _contents(found: Any) -> list[Any] | None:
    """What a container holds, a mapping's keys included; None for anything else."""
    if isinstance(found, Spec):
        return [found.function, *found.settings.items()]
    if isinstance(found, partial):
        return [found.func, *found.args, *found.keywords.items()]
    if isinstance(found, Mapping):
        return list(found.items())
    return list(found) if isinstance(found, list | tuple | set | frozenset) else None


def _scalars(values: Iterable[Any]) -> str:
    """Digest of the plain values among these, and in the pairs of mappings among them, in no order."""

    def is_plain(value: Any) -> bool:
        return isinstance(value, _SCALAR) or (isinstance(value, tuple) and all(isinstance(v, _SCALAR) for v in value))

    return _sha(repr(sorted(repr(value) for value in values if is_plain(value))))


def _mentioned(function: Any) -> list[Any]:
    """The values of every global, import, closure cell, default and module attribute that the function's code names."""
    code, known = function.__code__, function.__globals__
    names, read = _names(code), _attributes(code)
    plain = [*_imported(code), *_defaults(function)]
    plain += [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    waiting: list[tuple[Any, Iterable[str]]] = [(value, names) for value in plain]
    waiting += [(known[name], read.get(name) or names) for name in names & known.keys()]
    values, seen = [], set[int]()
    while waiting:
        value, wanted = waiting.pop()
        if not (isinstance(value, ModuleType) and _is_ours(value)):
            values.append(value)
        elif id(value) not in seen or wanted is not names:
            seen.add(id(value))
            waiting += [(getattr(value, name), names) for name in wanted if hasattr(value, name)]
    return values


@cache
def _attributes(code: CodeType) -> dict[str, set[str]]:
    """For each global that is used for nothing but its attributes, their names."""
    found: dict[str, set[str]] = {}
    others: set[str] = set()
    for step, after in pairwise(dis.get_instructions(code)):
        if step.opname == "LOAD_GLOBAL":
            if after.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                found.setdefault(step.argval, set()).add(after.argval)
            else:
                others.add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            for name, read in _attributes(constant).items():
                found.setdefault(name, set()).update(read)
            others |= set(constant.co_names) - _attributes(constant).keys()
    return {name: read for name, read in found.items() if name not in others}


@cache
def _imported(code: CodeType) -> tuple[Any, ...]:
    """What the import statements inside a function bind; of libraries, their name alone."""
    found: list[Any] = []
    module = ""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            module = step.argval
            if module.partition(".")[0] == "zhixing":
                found.append(importlib.import_module(module))
            else:
                found.append(_Library(module.partition(".")[0]))
        elif step.opname == "IMPORT_FROM" and module.partition(".")[0] == "zhixing":
            found.append(pkgutil.resolve_name(f"{module}.{step.argval}"))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found += _imported(constant)
    return tuple(found)


@dataclass(frozen=True)
class _Library:
    """An installed package that a function imports, which may not be loaded yet."""

    name: str


def _defaults(function: Any) -> list[Any]:
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]


def _is_dunder(name: str) -> bool:
    """What the interpreter, copyreg and abc keep in a class besides its code."""
    return name.startswith("__") or name == "_abc_impl"


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading an empty cell is what raises
    except ValueError:
        return False
    return True


@cache
def _names(code: CodeType) -> frozenset[str]:
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset(code.co_names).union(*inner)


@cache
def _code_text(code: CodeType) -> str:
    """Bytecode, names and constants; the first constant of a named function is its docstring, which decides nothing."""
    is_named = not code.co_name.startswith("<")
    constants = [c for i, c in enumerate(code.co_consts) if not (i == 0 and is_named and isinstance(c, str))]
    shown = [_code_text(c) if isinstance(c, CodeType) else _constant_text(c) for c in constants]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars} {shown}"


def _constant_text(constant: Any) -> str:
    return repr(sorted(map(repr, constant))) if isinstance(constant, frozenset) else repr(constant)


def _function_in(member: Any) -> Any:
    """The function inside a static method, class method, property or cached property; else the member itself."""
    for attribute in ("__func__", "fget", "func"):
        if inspect.isfunction(inner := getattr(member, attribute, None)):
            return inner
    return member


def _is_ours(found: Any) -> bool:
    name = _module_name(found)
    if name.partition(".")[0] == "zhixing":
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and not file.startswith(_INSTALLED)


def _module_name(found: Any) -> str:
    if isinstance(found, ModuleType):
        return found.__name__
    own = getattr(found, "__module__", None)
    return own if isinstance(own, str) else type(found).__module__


@cache
def _version(module: str) -> str:
    """The version of the distribution that carries a top-level module; empty for the standard library."""
    if module in sys.stdlib_module_names:
        return ""
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(module)
    if importlib.util.find_spec(module) is None:
        return ""  # a name that the standard library makes up, as namedtuple does
    names = importlib.metadata.packages_distributions().get(module, ())
    return ",".join(importlib.metadata.version(name) for name in names)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def package_digest(function: Callable[..., Any]) -> str:
    """Digest of every file of this package and of the function's own, and of the main libraries' versions.

    Coarser than `code_digest` and free of imports: the same digest means the same answer, a different one means
    that the trials' own digests must be asked.
    """
    whole = hashlib.sha256(sys.version.encode())
    for library in ("torch", "numpy"):
        whole.update(importlib.metadata.version(library).encode())
    package = Path(__file__).parent.parent
    files = {path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    for path in sorted(files | {Path(inspect.getfile(function)).resolve()}):
        whole.update(str(path.name).encode() + path.read_bytes())
    return whole.hexdigest()
