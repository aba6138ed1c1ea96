"""What things contain, as Python code can get at it: items, attributes, cells, the global variables that code names.

It is followed into classes and functions of the user's own, not into the standard library's and other packages' variables.
"""

import dis
import functools
import operator
import os
import re
import sys
import sysconfig
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from copyreg import _slotnames  # type: ignore[attr-defined]  # the slots of a class, as pickle asks for them
from functools import partial
from itertools import chain
from pathlib import Path
from types import CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd.structures import is_array
from autograd.value import Value

Reader = Callable[[Any], Iterable[Any]]
Way = Callable[[tuple[Any, ...]], Reader]

FEW = 64  # things in a small container
NUMBERS = 4096  # in a small array

PLAIN = frozenset({float, int, bool, complex, str, bytes, type(None)})  # what leads to nothing
_CONTAINERS = (dict, MappingProxyType, list, tuple, deque, set, frozenset)
FIXED = (tuple, frozenset, MethodType, partial, staticmethod, classmethod, property)
_HOLDERS = {
    "argparse",
    "collections",
    "functools",
    "types",
    "weakref",
}  # of the standard library, whose objects hold what users put there
_STANDARD = sys.stdlib_module_names - _HOLDERS
_READING = ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER", "IMPORT")  # instructions that take an attribute, by name
_NAMING = {
    opcode: dis.opname[opcode]
    for opcode in dis.hasname
    if opcode < 256 and dis.opname[opcode].startswith(("LOAD_GLOBAL", "LOAD_NAME", *_READING))
}
_NAMED = re.compile(b"[" + b"".join([re.escape(bytes([opcode])) for opcode in _NAMING]) + b"]")
_FLAGS = {"LOAD_GLOBAL": 1, "LOAD_ATTR": int(sys.version_info >= (3, 12)), "LOAD_SUPER_ATTR": 2}  # bits beside a name's index
SELDOM = {"__init__", "__new__", "__post_init__", "__repr__", "__str__", "__format__", "__del__", "__dir__", "__sizeof__"}
SELDOM |= {
    "__copy__",
    "__deepcopy__",
    "__getstate__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
}  # not called by themselves
_PACKAGE = str(Path(__file__).parents[2]) + os.sep
_NN = str(Path(__file__).parents[3] / "nn") + os.sep
_INSTALLED = tuple({path + os.sep for name, path in sysconfig.get_paths().items() if name in ("stdlib", "purelib", "platlib")})


# --- ways to read things from a container, in C where that matters ----------------------------------------------------


def items(keys: tuple[Any, ...]) -> Reader:
    """By index."""
    return operator.itemgetter(*(keys * 2 if len(keys) == 1 else keys))  # of one key it would not give a tuple


def variables(keys: tuple[Any, ...]) -> Reader:
    """By name, global variables."""
    return items(keys)


def got(keys: tuple[Any, ...]) -> Reader:
    """By `get`: None for what is missing."""
    return lambda container: map(container.get, keys)  # where a missing item would be made


def attributes_of(keys: tuple[Any, ...]) -> Reader:
    """By name."""
    return operator.attrgetter(*(keys * 2 if len(keys) == 1 else keys))


def everything(_keys: tuple[Any, ...]) -> Reader:
    """All that it holds, in order."""
    return iter


def elements(_keys: tuple[Any, ...]) -> Reader:
    """All elements of an array."""
    return operator.attrgetter("flat")


def raw(keys: tuple[Any, ...]) -> Reader:
    """Whether an array has the numbers of the key, its bytes."""
    return lambda array: (array.tobytes() == keys[0],)


def called(_keys: tuple[Any, ...]) -> Reader:
    """What a weak reference gives."""
    return lambda reference: (reference(),)


def context(_keys: tuple[Any, ...]) -> Reader:
    """What a context variable has."""
    return lambda variable: (variable.get(),)


# --- contents ---------------------------------------------------------------------------------------------------------


class Contents(NamedTuple):
    """What one container holds, by its keys: `owner` is what Python code reads it from, such as an instance for its dict."""

    owner: Any
    container: Any
    way: Way
    things: dict[Any, Any]
    sized: bool  # whether it matters how many there are
    name: str = ""  # of the variable that a cell has


class Rows(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """What many rows of data hold, each thing once: they are looked into row by row only where that leads to Values."""


class Names(NamedTuple):
    """Names in code: of global variables, and of attributes, modules and items of dicts."""

    variables: AbstractSet[str] = frozenset()
    attributes: AbstractSet[str] = frozenset()

    def __or__(self, other: "Names") -> "Names":
        return Names(self.variables | other.variables, self.attributes | other.attributes)


def names_of(function: Any) -> Names:
    """Those that a function reads, it and functions inside of it; `globals()` may have any text in it as a variable's name."""
    if type(function) is not FunctionType:
        return Names()
    names = _names_in(function.__code__)
    return names._replace(variables=names.variables | names.attributes) if "globals" in names.variables else names


@functools.lru_cache(maxsize=4096)
def _names_in(code: CodeType) -> Names:
    variable: set[str] = set()
    attribute = {text for text in code.co_consts if isinstance(text, str)}
    written = code.co_code
    opcodes = written[::2]
    for found in _NAMED.finditer(opcodes):  # `dis` takes 50 times as long
        at = found.start()
        kind, argument = _NAMING[opcodes[at]], written[2 * at + 1]
        higher = 0
        while at and opcodes[at - 1] == dis.EXTENDED_ARG:
            at, higher = at - 1, higher + 8
            argument |= written[2 * at + 1] << higher
        name = code.co_names[argument >> _FLAGS.get(kind, 0)]
        (attribute if kind.startswith(_READING) else variable).add(name)
    names = Names(frozenset(variable), frozenset(attribute))
    return functools.reduce(Names.__or__, [_names_in(inner) for inner in code.co_consts if isinstance(inner, CodeType)], names)


class Search:
    """What things contain, and the names in the code that was met; `by_row` of many rows of data each, not all together."""

    def __init__(self, roots: Sequence[Any], *, by_row: bool = False) -> None:
        self._by_row = by_row
        self._known: dict[str, bool] = {}  # by module, whether it is the user's own
        self._packages = {name.partition(".")[0] for root in roots[:1] if not _is_in(name := _home(root), (_PACKAGE,))}
        self._spaces: dict[type, MappingProxyType[str, Any]] = {}  # of classes, of which Python makes one each time
        self._above: dict[type, dict[str, None]] = {}

    def contents(self, thing: Any) -> list[Contents]:
        """All that is in a thing."""
        try:
            return [contents for contents in self._contents(thing) if contents.things or contents.sized]
        except Exception:  # noqa: BLE001 - whatever the user's own code raises
            return []

    def _contents(self, thing: Any) -> Iterator[Contents]:
        if isinstance(thing, _CONTAINERS) or is_array(thing):
            yield from self._of_container(thing)
            if type(thing) in _CONTAINERS:
                return
        if isinstance(thing, FunctionType):
            yield from self._of_function(thing)
        for kind, way, names in _PARTS:
            if issubclass(type(thing), kind):
                yield Contents(thing, thing, way, dict(zip(names, way(names)(thing), strict=False)), sized=False)
        if isinstance(thing, type):
            yield from self._of_class(thing)
        elif not isinstance(thing, ModuleType):  # a function looks into modules by the names in its code
            yield from self._of_instance(thing)

    def _of_container(self, thing: Any) -> Iterator[Contents]:
        if isinstance(thing, dict | MappingProxyType):
            yield Contents(thing, thing, got if hasattr(type(thing), "__missing__") else items, dict(thing), sized=True)
        elif isinstance(thing, set | frozenset):
            yield Contents(thing, thing, everything, dict(enumerate(thing)), sized=True)
        elif is_array(thing):
            if thing.dtype.kind == "O":
                yield Contents(thing, thing, elements, dict(enumerate(thing.ravel().tolist())), sized=False)
            elif thing.size <= NUMBERS:
                yield Contents(thing, thing, raw, {thing.tobytes(): True}, sized=False)
        elif len(thing) <= FEW:
            yield Contents(thing, thing, items, dict(enumerate(thing)), sized=True)
        else:
            rows = None if self._by_row else _in_rows(thing)
            if rows is not None:
                yield Contents(thing, rows, items, dict(enumerate(rows)), sized=False)
            elif not PLAIN.issuperset(map(type, thing)):
                yield Contents(thing, thing, items, dict(enumerate(thing)), sized=True)

    def _of_class(self, thing: Any) -> Iterator[Contents]:
        if self.is_users(thing.__module__):
            inherited: dict[str, None] = {}  # what a class may come to hide
            for each in filter(lambda each: self.is_users(each.__module__), reversed(thing.__mro__)):
                space = self._spaces.setdefault(each, vars(each))
                own = _without_special(space)
                yield Contents(thing, space, items, inherited | own, sized=True)
                inherited |= dict.fromkeys(own)
            yield Contents(thing, (type(thing),), items, {0: type(thing)}, sized=False)

    def _of_instance(self, thing: Any) -> Iterator[Contents]:
        """Its attributes, and its class."""
        kind = type(thing)
        ours, users = _is_in(kind.__module__, (_PACKAGE,)), self.is_users(kind.__module__)
        if isinstance(thing, threading.local):
            yield Contents(thing, thing, attributes_of, dict(vars(thing)), sized=False)  # each thread has its own
        elif isinstance(attributes := getattr(thing, "__dict__", None), dict):
            if ours and kind is not FunctionType:  # a compiled function, a primitive
                wrapped = {name: inner for name, inner in attributes.items() if name == "__wrapped__"}
                yield Contents(thing, attributes, items, wrapped, sized=False)
            elif attributes if kind is FunctionType else kind.__module__.partition(".")[0] not in _STANDARD:
                yield Contents(thing, thing, attributes_of, {"__dict__": attributes}, sized=False)
                yield Contents(thing, attributes, items, self._hidden_by(kind) | attributes, sized=True)
        if users:
            yield Contents(thing, (kind,), items, {0: kind}, sized=False)
            slots = {name: getattr(thing, name) for name in _slotnames(kind) if hasattr(thing, name)}
            yield Contents(thing, thing, attributes_of, slots, sized=False)

    def _hidden_by(self, kind: type) -> dict[str, None]:
        """The attributes of a user's class that one of an instance would hide: as if they were not there."""
        if kind not in self._above:
            above = [_without_special(vars(each)) for each in kind.__mro__ if self.is_users(each.__module__)]
            self._above[kind] = {
                name: None for names in above for name, inner in names.items() if not hasattr(type(inner), "__get__")
            }
        return self._above[kind]

    def _of_function(self, function: FunctionType) -> Iterator[Contents]:
        """What lies in its cells, and the global variables that its code names."""
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                yield Contents(function, cell, attributes_of, {"cell_contents": cell.cell_contents}, sized=False, name=name)
            except ValueError:
                continue  # an empty one
        space, names = function.__globals__, names_of(function)
        if not self.is_users(space.get("__name__", "")):
            return
        defaults = {name: getattr(function, name) for name in ("__defaults__", "__kwdefaults__") if getattr(function, name)}
        yield Contents(function, function, attributes_of, defaults, sized=False)
        yield Contents(
            function, space, variables, {name: space[name] for name in names.variables if name in space}, sized=False
        )
        named = [space.get(name, sys.modules.get(name)) for name in names.variables | names.attributes]
        modules = {id(thing): thing for thing in named if isinstance(thing, ModuleType)}
        queue = list(modules.values())
        while queue:
            module = queue.pop()
            if self.is_users(module.__name__):
                inside = {name: vars(module)[name] for name in names.attributes if name in vars(module)}
                yield Contents(function, vars(module), items, inside, sized=False)
                new = {
                    id(inner): inner for inner in inside.values() if isinstance(inner, ModuleType) and id(inner) not in modules
                }
                modules |= new
                queue += new.values()

    def is_users(self, module: str | None) -> bool:
        """Whether a module is the user's own, or one of `nn`, whose classes are as users' are; None where `exec` ran code."""
        if module is None:
            return True
        if module not in self._known:
            others = module in sys.builtin_module_names or _is_in(module, (_PACKAGE, *_INSTALLED))
            own = module == "__main__" or module.partition(".")[0] in self._packages or _is_in(module, (_NN,))
            self._known[module] = own or not others
        return self._known[module]


_PARTS: list[tuple[Any, Way, tuple[str, ...]]] = [
    (MethodType, attributes_of, ("__self__", "__func__")),
    (partial, attributes_of, ("func", "args", "keywords")),
    (property, attributes_of, ("fget",)),
    ((staticmethod, classmethod), attributes_of, ("__func__",)),
    (ContextVar, context, ("",)),
    (weakref.ref, called, ("",)),
]
"""What some of Python's own kinds hold, and how it is read."""


def _in_rows(thing: Any) -> Rows | None:
    """What the rows hold that it consists of, but for numbers and rows in rows; None if it has others, or some are Values."""
    if not _ROWS.issuperset(map(type, thing)):
        return None
    found: dict[int, Any] = {id(thing): thing}
    rows = thing
    while rows and not PLAIN.issuperset(kinds := set(map(type, chain.from_iterable(rows)))):
        if any(issubclass(kind, Value) for kind in kinds):
            return None
        inside = {id(x): x for x in chain.from_iterable(rows) if x.__class__ not in PLAIN}
        rows = [x for i, x in inside.items() if x.__class__ in _ROWS and i not in found]
        found |= inside
    return Rows([x for x in found.values() if x is not thing and x.__class__ not in _ROWS])


_ROWS = frozenset({list, tuple})


def _without_special(names: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that Python uses: `__doc__` and others; but with the functions among them, such as `__call__`."""
    return {name: thing for name, thing in names.items() if isinstance(thing, FunctionType) or not is_special(name)}


def is_special(name: str) -> bool:
    """Whether it is one of Python's own names."""
    return name.startswith("__") and name.endswith("__")


def _home(root: Any) -> str:
    """The module of a function, or of what wraps one."""
    for _ in range(100):
        if type(root) is MethodType:
            root = root.__func__
        elif isinstance(root, partial):
            root = root.func
        else:
            inner = getattr(type(root), "__dict__", {}).get("__dict__") and vars(root).get("__wrapped__")
            if inner is None:
                break
            root = inner
    return str((root if isinstance(root, FunctionType | type) else type(root)).__module__)


def _is_in(module: str, folders: tuple[str, ...]) -> bool:
    """Whether a module's file lies in one of these folders."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(file, str) and file.startswith(folders)
