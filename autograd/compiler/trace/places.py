"""Where a function finds Values: the places that lead to them from its variables, defaults, attributes and static arguments.

The search goes from thing to thing as Python code can: into cells, global variables that the code names, attributes, items,
classes and functions of the user's own. It stays out of the standard library and of other packages' variables.
"""

import operator
import os
import sys
import sysconfig
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from copyreg import _slotnames  # type: ignore[attr-defined]  # the slots of a class, as pickle asks for them
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd.structures import is_array
from autograd.value import Value

MOST = 1_000_000  # things that a search looks into

Reader = Callable[[Any], Iterable[Any]]
Way = Callable[[tuple[Any, ...]], Reader]

_NUMBERS = frozenset({float, int, bool, complex, str, bytes, type(None)})
_FIXED = (tuple, frozenset, MethodType, partial, staticmethod, classmethod, property)
_HOLDERS = {"argparse", "collections", "functools", "types"}  # of the standard library, whose objects hold what users put there
_STANDARD = sys.stdlib_module_names - _HOLDERS
_PACKAGE = str(Path(__file__).parents[2]) + os.sep
_INSTALLED = tuple({path + os.sep for name, path in sysconfig.get_paths().items() if name in ("stdlib", "purelib", "platlib")})


# --- ways to read things from a container, in C where that matters ----------------------------------------------------


def _items(keys: tuple[Any, ...]) -> Reader:
    return operator.itemgetter(*(keys * 2 if len(keys) == 1 else keys))  # of one key it would not give a tuple


def _got(keys: tuple[Any, ...]) -> Reader:
    return lambda container: map(container.get, keys)  # where a missing item would be made


def _attributes(keys: tuple[Any, ...]) -> Reader:
    return operator.attrgetter(*(keys * 2 if len(keys) == 1 else keys))


def _all(_keys: tuple[Any, ...]) -> Reader:
    return iter


def _elements(_keys: tuple[Any, ...]) -> Reader:
    return operator.attrgetter("flat")


def _context(_keys: tuple[Any, ...]) -> Reader:
    return lambda variable: (variable.get(None),)


_WHOLE = (_all, _elements)


class Place(NamedTuple):
    """Things in one container, with their keys there, and the container's size if that matters."""

    container: Any
    way: Way
    keys: tuple[Any, ...]
    things: tuple[Any, ...]
    size: int | None = None

    @property
    def fixed(self) -> bool:
        """Whether nothing else can ever lie there."""
        return isinstance(self.container, _FIXED)

    @property
    def reader(self) -> Reader:
        """Reads the things from the container; a single one twice."""
        return self.way(self.keys)

    def moved_to(self, container: Any) -> "Place | None":
        """The same place in this container, with the things that lie there now; None if the container differs otherwise."""
        if self.size is not None and len(container) != self.size:
            return None
        if container is not self.container and not self._fits(container):
            return None
        return self._replace(container=container, things=tuple(self.reader(container))[: len(self.keys)])

    def _fits(self, container: Any) -> bool:
        """Whether another container has nothing but Values beside these things, so that it leads to the same program."""
        if is_array(container):
            return bool(container.shape == self.container.shape)
        others = dict(container) if isinstance(container, dict) else dict(enumerate(container))
        for key in self.keys:
            others.pop(key, None)
        return all(isinstance(thing, Value) for thing in others.values())


def alike(old: Any, new: Any) -> bool:
    """Whether a thing may lie in the place of another: a Value in that of a Value, a list, tuple, dict or array likewise."""
    if new is old:
        return True
    if isinstance(old, Value):
        return isinstance(new, Value)
    return type(new) is type(old) and (type(old) in (list, tuple, dict) or hasattr(old, "_fields") or is_array(old))


Content = tuple[Any, Way, list[tuple[Any, Any]], bool]


# --- the search -------------------------------------------------------------------------------------------------------


def places(values: Sequence[Value], roots: Sequence[Any]) -> list[Place]:
    """The places that lead from the roots to the Values, each after one that leads to its container. Roots are not kept alive."""
    rooted = set(map(id, roots))
    found: dict[tuple[int, Way], tuple[Any, bool, dict[Any, Any]]] = {}  # container, whether its size matters, what it holds
    holders: dict[int, set[int]] = {}  # by the id of a thing: those of the things that hold it
    queue, seen = deque(roots), {id(root): root for root in roots}
    search = _Search(roots)
    while queue and len(seen) < MOST:
        owner = queue.popleft()
        for container, way, pairs, sized in search.contents(owner):
            inside = {key: thing for key, thing in pairs if type(thing) not in _NUMBERS and id(thing) not in rooted}
            if not inside:
                continue
            found.setdefault((id(container), way), (container, sized, {}))[2].update(pairs if way in _WHOLE else inside)
            for thing in inside.values():
                holders.setdefault(id(thing), set()).add(id(owner))
                if id(thing) not in seen:
                    seen[id(thing)] = thing
                    if not isinstance(thing, Value):
                        queue.append(thing)
    leading = set(map(id, values))
    stack = list(leading)
    while stack:
        new = holders.get(stack.pop(), set()) - leading
        leading |= new
        stack += new
    made = []
    for (_, way), (container, sized, inside) in found.items():
        leads = {key: thing for key, thing in inside.items() if id(thing) in leading}
        if leads and not (id(container) in rooted and isinstance(container, _FIXED)):
            kept = inside if way in _WHOLE else leads
            size = len(container) if sized else None
            made.append(_steady(Place(_weak(container, rooted), way, tuple(kept), tuple(kept.values()), size)))
    return [place for place in made if place is not None]


def _weak(container: Any, rooted: set[int]) -> Any:
    """What stands for a container: a weak proxy for a root, which the place must not keep alive."""
    if id(container) not in rooted or isinstance(container, dict | list):
        return container
    try:
        return weakref.proxy(container)
    except TypeError:
        return container


def _steady(place: Place) -> Place | None:
    """The place in the quickest form; None if reading it again gives other things, as code of the user's own may."""
    if place.way is _items and place.size == len(place.keys) and isinstance(place.container, list | tuple | deque):
        place = place._replace(way=_all)
    try:
        again = place.moved_to(place.container)
    except Exception:  # noqa: BLE001 - whatever the user's own code raises
        return None
    return place if again is not None and all(map(operator.is_, again.things, place.things)) else None


class _Search:
    """What things contain."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self._known: dict[str, bool] = {}  # by module, whether it is the user's own
        self._packages = {name.partition(".")[0] for root in roots[:1] if not _is_in(name := _home(root), (_PACKAGE,))}
        self._names: dict[CodeType, set[str]] = {}

    def contents(self, thing: Any) -> list[Content]:
        """Containers, each with the way to read it, its things by their keys, and whether its size matters."""
        try:
            return list(self._contents(thing))
        except Exception:  # noqa: BLE001 - whatever the user's own code raises
            return []

    def _contents(self, thing: Any) -> Iterator[Content]:
        if isinstance(thing, dict | MappingProxyType):
            yield thing, _got if hasattr(type(thing), "__missing__") else _items, list(thing.items()), True
        elif isinstance(thing, list | tuple | deque):
            if not _NUMBERS.issuperset(map(type, thing)):
                yield thing, _items, list(enumerate(thing)), True
        elif isinstance(thing, set | frozenset):
            yield thing, _all, list(enumerate(thing)), True
        elif is_array(thing):
            if thing.dtype.kind == "O":
                yield thing, _elements, list(enumerate(thing.ravel().tolist())), False
        elif isinstance(thing, type):
            if self._is_users(thing.__module__):
                yield from ((vars(kind), _items, list(vars(kind).items()), True) for kind in thing.__mro__)
        elif isinstance(thing, FunctionType):
            yield from self._of_function(thing)
        elif isinstance(thing, ContextVar):
            yield thing, _context, [(0, thing.get(None))], False
        for kind, names in _PARTS:
            if isinstance(thing, kind):
                yield thing, _attributes, [(name, getattr(thing, name)) for name in names], False
        if not isinstance(thing, type | ModuleType):  # a function looks into modules by the names in its code
            yield from self._of_instance(thing)

    def _of_instance(self, thing: Any) -> Iterator[Content]:
        kind = type(thing)
        attributes = getattr(thing, "__dict__", None)
        if isinstance(thing, threading.local):
            yield thing, _attributes, list(vars(thing).items()), False  # each thread has its own
        elif isinstance(attributes, dict):
            if _is_in(kind.__module__, (_PACKAGE,)):  # a compiled function, a primitive
                yield attributes, _items, [pair for pair in attributes.items() if pair[0] == "__wrapped__"], False
            elif kind is FunctionType or kind.__module__.partition(".")[0] not in _STANDARD:
                yield attributes, _items, list(attributes.items()), True
        if self._is_users(kind.__module__):
            yield (kind,), _items, [(0, kind)], False
            slots = [name for name in _slotnames(kind) if hasattr(thing, name)]
            yield thing, _attributes, [(name, getattr(thing, name)) for name in slots], False

    def _of_function(self, function: FunctionType) -> Iterator[Content]:
        """What lies in its cells, its defaults, and the global variables that its code names."""
        for cell in function.__closure__ or ():
            try:
                yield cell, _attributes, [("cell_contents", cell.cell_contents)], False
            except ValueError:
                continue  # an empty one
        space, names = function.__globals__, self._named(function.__code__)
        if not self._is_users(space.get("__name__", "")):
            return
        yield space, _items, [(name, space[name]) for name in names if name in space], False
        modules = {
            id(module): module for name in names if isinstance(module := space.get(name, sys.modules.get(name)), ModuleType)
        }
        queue = list(modules.values())
        while queue:
            module = queue.pop()
            if self._is_users(module.__name__):
                pairs = [(name, vars(module)[name]) for name in names if name in vars(module)]
                yield vars(module), _items, pairs, False
                new = {id(inner): inner for _, inner in pairs if isinstance(inner, ModuleType) and id(inner) not in modules}
                modules |= new
                queue += new.values()

    def _named(self, code: CodeType) -> set[str]:
        """The names in a function's code, and in the code of functions inside of it."""
        if code not in self._names:
            inner = [self._named(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
            self._names[code] = {*code.co_names}.union(*inner)
        return self._names[code]

    def _is_users(self, module: str) -> bool:
        """Whether a module is the user's own."""
        if module not in self._known:
            own = module.partition(".")[0] in self._packages
            self._known[module] = own or not _is_in(module, (_PACKAGE, *_INSTALLED))
        return self._known[module]


_PARTS: list[tuple[Any, tuple[str, ...]]] = [
    (FunctionType, ("__defaults__", "__kwdefaults__")),
    (MethodType, ("__self__", "__func__")),
    (partial, ("func", "args", "keywords")),
    (property, ("fget",)),
    ((staticmethod, classmethod), ("__func__",)),
]
"""What some of Python's own kinds hold, and under which attributes."""


def _home(root: Any) -> str:
    """The module of a function, or of what wraps one."""
    while not isinstance(root, FunctionType | type):
        inner = [getattr(root, name, None) for name in ("__wrapped__", "__func__", "func")]
        root = next((thing for thing in inner if callable(thing)), type(root))
    return str(root.__module__)


def _is_in(module: str, folders: tuple[str, ...]) -> bool:
    """Whether a module lies in one of these folders, or in Python itself."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return file.startswith(folders) if isinstance(file, str) else module in sys.builtin_module_names
