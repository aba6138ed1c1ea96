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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from copyreg import _slotnames  # type: ignore[attr-defined]  # the slots of a class, as pickle asks for them
from functools import partial
from itertools import chain
from numbers import Real
from pathlib import Path
from types import CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd.structures import is_array
from autograd.value import Value

MOST = 200_000  # things that a search looks into
LARGE = 1000  # things in one container

Reader = Callable[[Any], Iterable[Any]]
Way = Callable[[tuple[Any, ...]], Reader]

FEW = 64  # numbers in one container that are watched, for one day a Value may lie there
MANY = 256  # in all

_NUMBERS = (Real, type(None))
_SHADOWED = (*_NUMBERS, Value)  # attributes of a class that those of its instances may come to hide
_PLAIN = frozenset({float, int, bool, complex, str, bytes, type(None)})  # what leads to nothing
_CONTAINERS = (dict, MappingProxyType, list, tuple, deque, set, frozenset)
_FIXED = (tuple, frozenset, MethodType, partial, staticmethod, classmethod, property)
_HOLDERS = {
    "argparse",
    "collections",
    "functools",
    "types",
    "weakref",
}  # of the standard library, whose objects hold what users put there
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


def _called(_keys: tuple[Any, ...]) -> Reader:
    return lambda reference: (reference(),)


def _context(_keys: tuple[Any, ...]) -> Reader:
    return lambda variable: (variable.get(),)


_WHOLE = (_all, _elements)


class Place(NamedTuple):
    """Things in one container, with their keys there, and the container's size if that matters."""

    container: Any
    way: Way
    keys: tuple[Any, ...]
    things: tuple[Any, ...] = ()
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
        things = tuple(self.reader(container))[: len(self.keys)] if self.keys else ()
        return self._replace(container=container, things=things)

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


# --- the search -------------------------------------------------------------------------------------------------------


class Contents(NamedTuple):
    """What one container holds, by its keys: `owner` is what Python code reads it from, such as an instance for its dict."""

    owner: Any
    container: Any
    way: Way
    things: dict[Any, Any]
    sized: bool  # whether it matters how many there are


def places(values: Sequence[Value], roots: Sequence[Any]) -> tuple[list[Place], list[Place]]:
    """The places that lead from the roots to the Values, and those of numbers, where a Value may lie one day.

    Each comes after one that leads to its container. They do not keep the roots alive.
    """
    search = _Search(roots)
    found, leading = _leading(values, roots, search)
    named = search.named()
    rooted = set(map(id, roots))
    leads, plain, count = [], [], 0
    for owner, container, way, things, sized in found.values():
        if isinstance(container, _FIXED) and id(container) in rooted:
            continue
        stand_in = _weak(container) if id(container) in rooted else container
        kept = {key: thing for key, thing in things.items() if id(thing) in leading}
        if kept or (sized and id(owner) in leading):
            kept = things if way in _WHOLE else kept
            leads.append(_steady(Place(stand_in, way, tuple(kept), tuple(kept.values()), len(container) if sized else None)))
        numbers = [key for key, thing in things.items() if issubclass(type(thing), _NUMBERS)]
        if type(container) is not CellType and (owner is not container or way is _attributes):  # attributes, variables
            numbers = [name for name in numbers if name in named]
        if numbers and not isinstance(container, _FIXED) and len(numbers) <= FEW and count + len(numbers) <= MANY:
            count += len(numbers)
            reading = _got if isinstance(container, dict | MappingProxyType) else way  # for a missing item is no Value
            plain.append(Place(stand_in, reading, tuple(numbers)))
    return [place for place in leads if place is not None], plain


def _leading(values: Sequence[Value], roots: Sequence[Any], search: "_Search") -> tuple[dict[Any, Contents], set[int]]:
    """All contents to which the roots lead, and the ids of what leads on to the Values."""
    rooted = set(map(id, roots))
    found: dict[Any, Contents] = {}
    holders: dict[int, set[int]] = {}  # by the id of a thing: those of the things that hold it
    queue, later = deque(roots), deque[Any]()  # what lies in large containers is probably data, and can wait
    seen = {id(root): root for root in roots}
    for _ in range(MOST):
        if not (queue or later):
            break
        for contents in search.contents((queue or later).popleft()):
            found.setdefault((id(contents.container), contents.way), contents).things.update(contents.things)
            whose = id(contents.owner), id(contents.container)
            next_ones = later if len(contents.things) > LARGE else queue
            for thing in contents.things.values():
                if type(thing) not in _PLAIN and id(thing) not in rooted:
                    holders.setdefault(id(thing), set()).update(whose)
                    if id(thing) not in seen:
                        seen[id(thing)] = thing
                        if not issubclass(type(thing), Value):
                            next_ones.append(thing)
    leading = set(map(id, values))
    stack = list(leading)
    while stack:
        new = holders.get(stack.pop(), set()) - leading
        leading |= new
        stack += new
    return found, leading


def _weak(root: Any) -> Any:
    """What stands for a root, which its places must not keep alive: a weak proxy, where Python can."""
    try:
        return weakref.proxy(root)
    except TypeError:
        return root


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
        self._small = 0  # containers of a few numbers
        self._spaces: dict[type, MappingProxyType[str, Any]] = {}  # of classes, of which Python makes one each time

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
            if isinstance(thing, kind):
                yield Contents(thing, thing, way, dict(zip(names, way(names)(thing), strict=False)), sized=False)
        if isinstance(thing, type):
            yield from self._of_class(thing)
        elif not isinstance(thing, ModuleType):  # a function looks into modules by the names in its code
            yield from self._of_instance(thing)

    def _of_container(self, thing: Any) -> Iterator[Contents]:
        if isinstance(thing, dict | MappingProxyType):
            yield Contents(thing, thing, _got if hasattr(type(thing), "__missing__") else _items, dict(thing), sized=True)
        elif isinstance(thing, set | frozenset):
            yield Contents(thing, thing, _all, dict(enumerate(thing)), sized=True)
        elif is_array(thing):
            if thing.dtype.kind == "O":
                yield Contents(thing, thing, _elements, dict(enumerate(thing.ravel().tolist())), sized=False)
        elif not _is_data(thing) or (len(thing) <= FEW and self._small < MANY):
            self._small += len(thing) <= FEW
            yield Contents(thing, thing, _items, dict(enumerate(thing)), sized=True)

    def _of_class(self, thing: Any) -> Iterator[Contents]:
        if self._is_users(thing.__module__):
            for each in filter(lambda each: self._is_users(each.__module__), thing.__mro__):
                space = self._spaces.setdefault(each, vars(each))
                yield Contents(thing, space, _items, _without_special(space), sized=True)
            yield Contents(thing, (type(thing),), _items, {0: type(thing)}, sized=False)

    def _of_instance(self, thing: Any) -> Iterator[Contents]:
        """Its attributes, and its class."""
        kind = type(thing)
        ours, users = _is_in(kind.__module__, (_PACKAGE,)), self._is_users(kind.__module__)
        if isinstance(thing, threading.local):
            yield Contents(thing, thing, _attributes, dict(vars(thing)), sized=False)  # each thread has its own
        elif isinstance(attributes := getattr(thing, "__dict__", None), dict):
            if ours and kind is not FunctionType:  # a compiled function, a primitive
                wrapped = {name: inner for name, inner in attributes.items() if name == "__wrapped__"}
                yield Contents(thing, attributes, _items, wrapped, sized=False)
            elif attributes if kind is FunctionType else kind.__module__.partition(".")[0] not in _STANDARD:
                yield Contents(thing, thing, _attributes, {"__dict__": attributes}, sized=False)
                above = [_without_special(vars(each)) for each in kind.__mro__ if self._is_users(each.__module__)]
                hidden = {name: None for names in above for name, inner in names.items() if issubclass(type(inner), _SHADOWED)}
                yield Contents(thing, attributes, _items, hidden | attributes, sized=True)
        if users:
            yield Contents(thing, (kind,), _items, {0: kind}, sized=False)
            slots = {name: getattr(thing, name) for name in _slotnames(kind) if hasattr(thing, name)}
            yield Contents(thing, thing, _attributes, slots, sized=False)

    def _of_function(self, function: FunctionType) -> Iterator[Contents]:
        """What lies in its cells, and the global variables that its code names."""
        for cell in function.__closure__ or ():
            try:
                yield Contents(function, cell, _attributes, {"cell_contents": cell.cell_contents}, sized=False)
            except ValueError:
                continue  # an empty one
        defaults = {name: getattr(function, name) for name in ("__defaults__", "__kwdefaults__") if getattr(function, name)}
        yield Contents(function, function, _attributes, defaults, sized=False)
        space, names = function.__globals__, self._named(function.__code__)
        if not self._is_users(space.get("__name__", "")):
            return
        yield Contents(function, space, _items, {name: space[name] for name in names if name in space}, sized=False)
        named = [space.get(name, sys.modules.get(name)) for name in names]
        modules = {id(thing): thing for thing in named if isinstance(thing, ModuleType)}
        queue = list(modules.values())
        while queue:
            module = queue.pop()
            if self._is_users(module.__name__):
                variables = vars(module)
                inside = {name: variables[name] for name in names if name in variables}
                yield Contents(function, variables, _items, inside, sized=False)
                new = {
                    id(inner): inner for inner in inside.values() if isinstance(inner, ModuleType) and id(inner) not in modules
                }
                modules |= new
                queue += new.values()

    def named(self) -> set[str]:
        """All names in the code of the functions that were met."""
        return set[str]().union(*self._names.values())

    def _named(self, code: CodeType) -> set[str]:
        """The names in a function's code, as variables, attributes or text, and in the code of functions inside of it."""
        if code not in self._names:
            inner = [self._named(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
            text = [constant for constant in code.co_consts if isinstance(constant, str)]
            self._names[code] = {*code.co_names, *text}.union(*inner)
        return self._names[code]

    def _is_users(self, module: str) -> bool:
        """Whether a module is the user's own."""
        if module not in self._known:
            own = module.partition(".")[0] in self._packages
            self._known[module] = own or not _is_in(module, (_PACKAGE, *_INSTALLED))
        return self._known[module]


_PARTS: list[tuple[Any, Way, tuple[str, ...]]] = [
    (MethodType, _attributes, ("__self__", "__func__")),
    (partial, _attributes, ("func", "args", "keywords")),
    (property, _attributes, ("fget",)),
    ((staticmethod, classmethod), _attributes, ("__func__",)),
    (ContextVar, _context, ("",)),
    (weakref.ref, _called, ("",)),
]
"""What some of Python's own kinds hold, and how it is read."""


def _is_data(thing: Any) -> bool:
    """Whether it holds numbers alone, or rows of numbers: what is found without a look at each row."""
    kinds = set(map(type, thing))
    if kinds <= {list, tuple}:
        kinds = set(map(type, chain.from_iterable(thing)))
    return _PLAIN.issuperset(kinds)


def _without_special(names: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that Python uses: `__doc__` and others; but with the functions among them, such as `__call__`."""
    return {name: thing for name, thing in names.items() if isinstance(thing, FunctionType) or not name.startswith("__")}


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
