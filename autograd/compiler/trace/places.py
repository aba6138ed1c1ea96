"""Where a function finds what it takes from outside: the places of Values that it captured, and of all else that it names."""

import operator
import weakref
from collections import deque
from collections.abc import Sequence
from gc import get_referents as referents
from types import BuiltinFunctionType, CellType, FunctionType, MappingProxyType, ModuleType
from typing import Any, NamedTuple

from autograd.compiler.trace.contents import (
    FEW,
    FIXED,
    PLAIN,
    Contents,
    Reader,
    Search,
    Way,
    attributes_of,
    elements,
    everything,
    got,
    items,
)
from autograd.definition import Primitive
from autograd.structures import is_array
from autograd.value import Value

MOST = 200_000  # things that a search looks into
MANY = 10_000  # things that are watched beside Values
LARGE = 1000  # things in one container

_WHOLE = (everything, elements)


class Place(NamedTuple):
    """Things in one container, with their keys there, and the container's size if that matters."""

    container: Any
    way: Way
    keys: tuple[Any, ...]
    things: tuple[Any, ...] = ()
    size: int | None = None
    name: str = ""  # of a variable in a cell

    @property
    def changes(self) -> list[str]:
        """What the things are called that other ones have replaced."""
        try:
            read = tuple(self.reader(self.container))
            return [
                self.name or str(key) for key, was, now in zip(self.keys, self.things, read, strict=False) if was is not now
            ]
        except Exception:  # noqa: BLE001 - whatever reading it raises
            return [self.name or str(key) for key in self.keys]

    @property
    def fixed(self) -> bool:
        """Whether nothing else can ever lie there."""
        return isinstance(self.container, FIXED)

    @property
    def reader(self) -> Reader:
        """Reads the things from the container, as `twice` has them."""
        return self.way(self.keys)

    @property
    def twice(self) -> tuple[Any, ...]:
        """The things; a single one twice where its reader gives it so."""
        return self.things * 2 if len(self.keys) == 1 and self.way in (items, attributes_of) else self.things

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


class Before:
    """What lay in all places before the function was traced: what it changes itself, such as a count of calls, is no input."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self._things: dict[tuple[int, Any], Any] = {}
        self._sizes: dict[int, int | None] = {}
        self._kept = _Found((), _with_parts(roots)).contents  # so that no ids come again
        for contents in self._kept:
            place = _identity(contents.container)
            if contents.sized:
                self._sizes[place] = _size(contents.container)
            if len(contents.things) <= FEW or contents.owner is not contents.container:
                self._things.update({(place, key): thing for key, thing in contents.things.items()})

    def unchanged(self, container: Any, things: dict[Any, Any]) -> dict[Any, Any]:
        """Those of a container's things that lay there."""
        place = _identity(container)
        return {key: thing for key, thing in things.items() if self._things.get((place, key), _Found) is thing}

    def has_size_of(self, container: Any) -> bool:
        """Whether a container has as many things as it had."""
        size = self._sizes.get(_identity(container))
        return size is not None and size == _size(container)


def _size(container: Any) -> int | None:
    try:
        return len(container)
    except Exception:  # noqa: BLE001 - whatever the user's own code raises
        return None


def _identity(container: Any) -> int:
    """The id of a container; for that of a class, of which Python makes a proxy each time, of what is behind it."""
    return id(referents(container)[0] if type(container) is MappingProxyType else container)


def places(values: Sequence[Value], roots: Sequence[Any], before: Before | None = None) -> tuple[list[Place], list[Place]]:
    """The places that lead from the roots to the Values, and those of what else the function, the first root, may read.

    Each comes after one that leads to its container. They do not keep the roots alive.
    """
    roots = _with_parts(roots)
    found = _Found(values, roots)
    rooted = set(map(id, roots))
    leads: list[Place] = []
    others: list[Place] = []
    count = 0
    for i, contents in enumerate(found.contents):
        owner, container, way, things, sized, name = contents
        if issubclass(type(container), FIXED) and id(container) in rooted:
            continue
        stand_in = _weak(container) if id(container) in rooted else container
        sized = sized and (before is None or before.has_size_of(container))
        kept = {key: thing for key, thing in things.items() if id(thing) in found.leading}
        if kept or (sized and id(owner) in found.leading):
            leads += _steady(stand_in, way, things if way in _WHOLE else kept, name, sized=sized)
        watched = _watched(found, contents) if i < found.watched else {}
        if before is not None:
            watched = before.unchanged(container, watched)
        if watched and count + len(watched) <= MANY:
            count += len(watched)
            reading = got if issubclass(type(container), dict | MappingProxyType) else way  # what is missing is None
            others += _steady(stand_in, reading, watched, name, sized=sized and owner is container)
    return leads, others


def _watched(found: "_Found", contents: Contents) -> dict[Any, Any]:
    """Of one container's things those which lead to no Value, but decide what the function does."""
    owner, container, way, things, _, _ = contents
    if issubclass(type(container), FIXED) or way in _WHOLE or (owner is container and len(things) > FEW):
        return {}
    names = found.search.named
    if type(container) is not CellType and (owner is not container or way is attributes_of or not names.isdisjoint(things)):
        things = {name: thing for name, thing in things.items() if name in names}
    return {key: thing for key, thing in things.items() if id(thing) not in found.leading and _matters(thing, found.search)}


def _matters(thing: Any, search: Search) -> bool:
    """Whether a thing decides what a function does, and may be replaced: not modules, and what they offer; nor a Value."""
    if issubclass(type(thing), FunctionType | type):
        return search.is_users(thing.__module__)
    return not issubclass(type(thing), ModuleType | BuiltinFunctionType | Primitive | Value)


class _Found:
    """All that a search comes upon."""

    def __init__(self, values: Sequence[Value], roots: Sequence[Any]) -> None:
        self.search = Search(roots)
        self._found: dict[Any, Contents] = {}
        self._holders: dict[int, set[int]] = {}  # by the id of a thing: those of the things that hold it
        self._queue, self._later = deque(roots), deque[Any]()  # what lies in large containers is probably data, and can wait
        self._rooted = set(map(id, roots))
        self._seen = {id(root): root for root in roots}
        self._go_on()
        self.watched, self.search.named = len(self._found), set(self.search.names)  # so much the function may read
        for contents in self.search.rest():
            self._add(contents)
        self._go_on()
        self.contents = list(self._found.values())
        self.leading = _leading(values, self._holders)

    def _go_on(self) -> None:
        for _ in range(MOST):
            if not (self._queue or self._later):
                break
            for contents in self.search.contents((self._queue or self._later).popleft()) + self.search.released():
                self._add(contents)

    def _add(self, contents: Contents) -> None:
        self._found.setdefault((id(contents.container), contents.way), contents).things.update(contents.things)
        whose = id(contents.owner), id(contents.container)
        next_ones = self._later if len(contents.things) > LARGE else self._queue
        for thing in contents.things.values():
            if type(thing) not in PLAIN and id(thing) not in self._rooted:
                self._holders.setdefault(id(thing), set()).update(whose)
                if id(thing) not in self._seen:
                    self._seen[id(thing)] = thing
                    if not issubclass(type(thing), Value):
                        next_ones.append(thing)


def _leading(values: Sequence[Value], holders: dict[int, set[int]]) -> set[int]:
    """The ids of the Values, and of all that leads on to them."""
    leading = set(map(id, values))
    stack = list(leading)
    while stack:
        new = holders.get(stack.pop(), set()) - leading
        leading |= new
        stack += new
    return leading


def _with_parts(roots: Sequence[Any]) -> list[Any]:
    """The roots, and what their fixed parts are, such as the instance to which a method is bound: roots as well."""
    search, found = Search(roots), list(roots)
    for root in found:
        if issubclass(type(root), FIXED):
            found += [thing for contents in search.contents(root) for thing in contents.things.values()]
    return found


def _weak(root: Any) -> Any:
    """What stands for a root, which its places must not keep alive: a weak proxy, where Python can."""
    try:
        return weakref.proxy(root)
    except TypeError:
        return root


def _steady(container: Any, way: Way, things: dict[Any, Any], name: str, *, sized: bool) -> list[Place]:
    """The place in its quickest form; none if reading it again gives other things, as code of the user's own may."""
    try:
        place = Place(container, way, tuple(things), tuple(things.values()), len(container) if sized else None, name)
        if way is items and place.size == len(things) and isinstance(container, list | tuple | deque):
            place = place._replace(way=everything)
        again = place.moved_to(container)
        return [place] if again is not None and all(map(operator.is_, again.things, place.things)) else []
    except Exception:  # noqa: BLE001 - whatever the user's own code raises
        return []
