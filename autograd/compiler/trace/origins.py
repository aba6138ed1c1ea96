"""Where a function finds what it takes from outside: the origins of Values that it captured, and of all else that it names."""

import operator
import weakref
from collections import deque
from collections.abc import Iterable, Sequence
from gc import get_referents as referents
from types import CellType, FunctionType, MappingProxyType, ModuleType
from typing import Any, NamedTuple

from autograd.collector import collector_at_rest
from autograd.compiler.trace.contents import (
    FEW,
    FIXED,
    PLAIN,
    SELDOM,
    Contents,
    Names,
    Reader,
    Rows,
    Search,
    Way,
    attributes_of,
    elements,
    everything,
    got,
    is_special,
    items,
    names_of,
    variables,
)
from autograd.structures import is_array
from autograd.value import Value

MOST = 50_000  # things that a search looks into
MANY = 10_000  # things that are watched beside Values
LARGE = 1000  # things in one container

_WHOLE = (everything, elements)
_THREADS = {"get_ident", "get_native_id", "current_thread", "current_task"}  # where an origin depends on the caller's thread
_STEADY = {"__dict__", "__wrapped__"}  # what is not replaced: the first leads to Values where it matters


class Origin(NamedTuple):
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
        return self.things * 2 if len(self.keys) == 1 and self.way in (items, variables, attributes_of) else self.things

    def moved_to(self, container: Any) -> "Origin | None":
        """The same origin in this container, with the things that lie there now; None if the container differs otherwise."""
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
    """What lay in all origins before the function was traced: what it changes itself, such as a count of calls, is no input."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self._things: dict[tuple[int, Any], Any] = {}
        self._sizes: dict[int, int | None] = {}
        with collector_at_rest():
            self._kept = _Found(_with_parts(roots)).contents  # so that no ids come again
        for contents in self._kept:
            origin = _identity(contents.container)
            if contents.sized:
                self._sizes[origin] = _size(contents.container)
            few = len(contents.things) <= FEW or contents.owner is not contents.container
            if few and not all(issubclass(kind, Value) for kind in _kinds(contents.things)):  # these are not watched
                self._things.update({(origin, key): thing for key, thing in contents.things.items()})

    def unchanged(self, container: Any, things: dict[Any, Any]) -> dict[Any, Any]:
        """Those of a container's things that lay there."""
        origin = _identity(container)
        return {key: thing for key, thing in things.items() if self._things.get((origin, key), _Found) is thing}

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


class Origins(NamedTuple):
    """The origins that lead to Values, and those of what else a function may read; whether it asks in which thread it runs."""

    leading: Sequence[Origin] = ()
    others: Sequence[Origin] = ()
    by_thread: bool = False


@collector_at_rest()
def origins(values: Sequence[Value], roots: Sequence[Any], before: Before | None = None) -> Origins:
    """The origins that lead from the roots to the Values, and those of what else the function, the first root, may read.

    Each comes after one that leads to its container. They do not keep the other roots alive.
    """
    kept_anyway = set(map(id, _with_parts(roots[:1])))
    roots = _with_parts(roots)
    found = _Found(roots)
    found.read(values)
    if any(type(contents.container) is Rows and id(contents.container) in found.leading for contents in found.contents):
        found = _Found(roots, by_row=True)
        found.read(values)
    rooted = set(map(id, roots))
    static = rooted - kept_anyway
    leads: list[Origin] = []
    others: list[Origin] = []
    count = 0
    for i, contents in enumerate(found.contents):
        owner, container, way, things, sized, name = contents
        if issubclass(type(container), FIXED) and id(container) in rooted:
            continue
        stand_in = _weak(container) if id(container) in static else container
        sized = sized and (before is None or before.has_size_of(container))
        kept = found.leading_in(i)
        if kept or (sized and found.is_owned_by_leading(i)):
            leads += _steady(stand_in, way, things if way in _WHOLE else kept, name, sized=sized)
        watched = {key: thing for key, thing in found.watched_in(i).items() if key not in kept}
        if before is not None:
            watched = before.unchanged(container, watched)
        sized = sized and owner is container and found.is_near(i) and not issubclass(type(container), FIXED)
        if (watched or (sized and not kept)) and count + len(watched) <= MANY:
            count += len(watched)
            reading = got if issubclass(type(container), dict | MappingProxyType) else way  # what is missing is None
            others += _steady(stand_in, reading, watched, name, sized=sized)
    return Origins(leads, others, not _THREADS.isdisjoint(found.names.attributes | found.names.variables))


class _Found:
    """All that a search comes upon; what of it the function can read, as far as names tell; and what leads to Values."""

    def __init__(self, roots: Sequence[Any], *, by_row: bool = False) -> None:
        self.search = Search(roots, by_row=by_row)
        self._found: dict[Any, Contents] = {}
        self._owners: dict[Any, set[int]] = {}
        self._queue, self._later = deque(roots), deque[Any]()  # what lies in large containers is probably data, and can wait
        self._rooted = set(map(id, roots))
        self._seen = {id(root): root for root in roots}
        for _ in range(MOST):
            if not (self._queue or self._later):
                break
            for contents in self.search.contents((self._queue or self._later).popleft()):
                self._add(contents)
        self.contents, self._owners_of = list(self._found.values()), list(self._owners.values())

    def _add(self, contents: Contents) -> None:
        key = id(contents.container), contents.way
        if key in self._found:
            self._found[key].things.update(contents.things)
        else:
            self._found[key] = contents
        self._owners.setdefault(key, set()).add(id(contents.owner))
        if _ends(contents.things):
            return
        next_ones = self._later if len(contents.things) > LARGE else self._queue
        for thing in contents.things.values():
            if type(thing) not in PLAIN and id(thing) not in self._seen and not issubclass(type(thing), Value):
                self._seen[id(thing)] = thing
                next_ones.append(thing)

    def read(self, values: Sequence[Value]) -> None:
        """Find what the function can read, and what leads to these Values."""
        self._readable: set[int] = set()
        self._near: set[int] = set()  # of these, what is not in large containers
        self.names = self._follow()
        self._named = [
            {} if owners.isdisjoint(self._readable) else _named(contents, self.names)
            for contents, owners in zip(self.contents, self._owners_of, strict=True)
        ]
        ids = set(map(id, values))
        self._by_names = _leading(ids & self._readable, zip(self.contents, self._named, strict=True))
        self._by_all = _leading(ids - self._readable, ((c, c.things) for c in self.contents))
        self.leading = self._by_names | self._by_all
        self._by_names -= self._rooted
        self._by_all -= self._rooted

    def _follow(self) -> Names:
        """From the roots to all that the function can read, as more and more names are met; returns these."""
        variables, attributes = set[str](), set[str]()
        names = Names(variables, attributes)
        by_owner: dict[int, list[int]] = {}
        for i, owners in enumerate(self._owners_of):
            for owner in owners:
                by_owner.setdefault(owner, []).append(i)
        stack, pending = [(root, True) for root in self._rooted], list[tuple[int, bool]]()
        while stack:
            while stack:
                thing, near = stack.pop()
                if thing not in (self._near if near else self._readable):
                    self._readable.add(thing)
                    if near:
                        self._near.add(thing)
                    function = self._seen.get(thing)
                    if type(function) is FunctionType:
                        found = names_of(function)
                        variables |= found.variables
                        attributes |= found.attributes
                    if thing in by_owner:  # most are Values
                        pending += [(i, near and not self._is_large(i)) for i in by_owner[thing]]
            stack = [step for i, near in pending for step in self._steps_into(i, names, near=near)]
            pending = [(i, near) for i, near in pending if _by_name(self.contents[i])]  # other names may be met yet
        return names

    def _steps_into(self, i: int, names: Names, *, near: bool) -> list[tuple[int, bool]]:
        """Where to go on from contents: what these names reach there and is not known yet."""
        things = _named(self.contents[i], names)
        ids = {*map(id, things.values())} - (self._near if near else self._readable)
        if not _ends(things):
            return [(thing, near) for thing in ids]
        self._readable |= ids  # there is nothing further to find, however many there are
        return []

    def _is_large(self, i: int) -> bool:
        """Whether contents are many items, which are data: they are not watched, nor what is in them."""
        owner, container, _, things, *_ = self.contents[i]
        return (owner is container and len(things) > FEW) or type(container) is Rows

    def leading_in(self, i: int) -> dict[Any, Any]:
        """The things in contents that lead to Values: by names that the code has, and without such names by any way."""
        kept = {key: thing for key, thing in self._named[i].items() if id(thing) in self._by_names}
        if self._by_all:
            kept |= {key: thing for key, thing in self.contents[i].things.items() if id(thing) in self._by_all}
        return kept

    def is_owned_by_leading(self, i: int) -> bool:
        """Whether contents are attributes of what leads to Values."""
        return not self._owners_of[i].isdisjoint(self.leading)

    def is_near(self, i: int) -> bool:
        """Whether contents are few, and the function can read them, not through data."""
        return not self._is_large(i) and not self._owners_of[i].isdisjoint(self._near)

    def watched_in(self, i: int) -> dict[Any, Any]:
        """The other things that decide what the function does."""
        (owner, container, way, *_), named = self.contents[i], self._named[i]
        if issubclass(type(container), FIXED) or not self.is_near(i):
            return {}
        if way in _WHOLE and not self.leading.isdisjoint(map(id, named.values())):
            return {}  # it is read as a whole: for the Values in it
        importing = type(owner) is FunctionType and isinstance(container, dict)
        return {key: thing for key, thing in named.items() if key not in _STEADY and self._matters(key, thing, importing)}

    def _matters(self, key: Any, thing: Any, importing: bool) -> bool:  # noqa: FBT001 - where modules are imported
        """Whether a thing may be replaced, and changes what the function does: not modules, imported things, other Values."""
        if id(thing) in self._rooted or issubclass(type(thing), ModuleType | Value):
            return False
        imported = importing and getattr(thing, "__name__", None) == key
        return not imported or (issubclass(type(thing), FunctionType | type) and self.search.is_users(thing.__module__))


def _by_name(contents: Contents) -> bool:
    """Whether names decide which of the things are read: attributes, variables, items of a dict."""
    owner, container, way, *_ = contents
    attributes = owner is not container and not issubclass(type(container), FIXED)
    return type(container) is not CellType and (attributes or way is attributes_of or isinstance(container, dict))


def _named(contents: Contents, found: Names) -> dict[Any, Any]:
    """The things that code can read in which these names were found; all items of a dict of which it names none."""
    things, names = contents.things, found.variables if contents.way is variables else found.attributes
    if not _by_name(contents) or (contents.owner is contents.container and names.isdisjoint(things)):
        return things
    return {key: thing for key, thing in things.items() if key in names or (is_special(str(key)) and key not in SELDOM)}


def _leading(values: set[int], contents: Iterable[tuple[Contents, dict[Any, Any]]]) -> set[int]:
    """The ids of these Values, and of all that leads on to them by these things in contents."""
    if not values:
        return set()
    holders: dict[int, set[int]] = {}  # by the id of a thing that holds others: those of the things that hold it
    leading = set(values)
    for each, things in contents:
        whose = id(each.owner), id(each.container)
        if not values.isdisjoint(map(id, things.values())):
            leading.update(whose)
        if not _ends(things):
            for thing in things.values():
                if type(thing) not in PLAIN:
                    holders.setdefault(id(thing), set()).update(whose)
    stack = [*(leading - values)]
    while stack:
        new = holders.get(stack.pop(), set()) - leading
        leading |= new
        stack += new
    return leading


def _ends(things: dict[Any, Any]) -> bool:
    """Whether none of these things leads any further, as those of a list of parameters."""
    return all(kind in PLAIN or issubclass(kind, Value) for kind in _kinds(things))


def _kinds(things: dict[Any, Any]) -> set[type]:
    return {*map(type, things.values())}


def _with_parts(roots: Sequence[Any]) -> list[Any]:
    """The roots, and what their fixed parts are, such as the instance to which a method is bound: roots as well."""
    search, found = Search(roots), list(roots)
    for root in found:
        if issubclass(type(root), FIXED):
            found += [thing for contents in search.contents(root) for thing in contents.things.values()]
    return found


def _weak(root: Any) -> Any:
    """What stands for a static argument, which its origins must not keep alive: a weak proxy, where Python can."""
    try:
        return weakref.proxy(root)
    except TypeError:
        return root


def _steady(container: Any, way: Way, things: dict[Any, Any], name: str, *, sized: bool) -> list[Origin]:
    """The origin in its quickest form; none if reading it again gives other things, as code of the user's own may."""
    try:
        origin = Origin(container, way, tuple(things), tuple(things.values()), len(container) if sized else None, name)
        if way is items and origin.size == len(things) and isinstance(container, list | tuple | deque):
            origin = origin._replace(way=everything)
        again = origin.moved_to(container)
        return [origin] if again is not None and all(map(operator.is_, again.things, origin.things)) else []
    except Exception:  # noqa: BLE001 - whatever the user's own code raises
        return []
