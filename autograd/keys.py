"""Keys: what tells a thing from all others that may act differently, though they be equal: 1, 1.0 and True, or 0.0 and -0.0.

A number or text is told by its type and its bits; a thing with an equality of its own by its class and all that `pickle` would
write of it, part for part; any other thing by being itself. Keys hold what they stand for weakly, where Python can.
"""

import pickle
import weakref
from collections.abc import Callable, Iterable
from typing import Any

_PLAIN = frozenset({int, bool, str, bytes, type(None), type(...), type(NotImplemented)})

_BY_IDENTITY: tuple[Any, ...] = (None, object.__hash__)


class Same:
    """Stands for one object, in a key: equal to what stands for the same one, and to nothing once that is gone."""

    __slots__ = ("_hash", "thing")

    def __init__(self, thing: Any) -> None:
        self._hash = id(thing)
        self.thing: Callable[[], Any] = _reference(thing)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        thing = self.thing()
        return isinstance(other, Same) and thing is not None and thing is other.thing()

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        thing = self.thing()
        if thing is None:
            raise pickle.PicklingError("what a key stands for is gone: pickle it while it is there")
        return Same, (thing,)


def _reference(thing: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing


def key_of(thing: Any) -> Any:
    """A hashable key for a thing; what it holds may be without a hash. TypeError if the thing itself is without one.

    >>> key_of((1, 0.0)) == key_of((1, 0.0)), key_of((1, 0.0)) == key_of((True, 0.0)), key_of((1, 0.0)) == key_of((1, -0.0))
    (True, False, False)
    """
    hash(thing)
    return _key(thing, ())


def key_of_contents(things: Iterable[Any]) -> tuple[Any, ...]:
    """A key for the things in a container that has none itself; lists and dicts among them count by what they hold."""
    return _keys(things, ())


def _key(thing: Any, above: tuple[int, ...]) -> Any:
    kind = type(thing)
    if kind in _PLAIN:
        return kind.__name__, thing
    if kind is float:
        return kind.__name__, thing.hex()
    if id(thing) in above:
        return "again", above.index(id(thing))
    inside = (*above, id(thing))
    if kind in (tuple, list, set, dict):
        return kind.__name__, _keys(thing.items() if kind is dict else thing, inside)
    parts = _parts(thing) if kind.__hash__ not in _BY_IDENTITY else None
    if parts is None:
        return Same(thing)
    return "made", tuple([_keys(part, inside) if i in (3, 4) and part else _key(part, inside) for i, part in enumerate(parts)])


def _parts(thing: Any) -> tuple[Any, ...] | None:
    """What `pickle` would write of it; None if it goes by a name, or cannot be pickled."""
    try:
        parts = thing.__reduce_ex__(4)
    except Exception:  # noqa: BLE001 - whatever a class of the user's raises
        return None
    return parts if isinstance(parts, tuple) else None


def _keys(things: Iterable[Any], above: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple([_key(thing, above) for thing in things])


def references(key: Any) -> list[Any]:
    """The weak references in a key: it is of no use once one of them is dead."""
    found: list[Any] = []
    stack = [key]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            stack += part
        elif isinstance(part, Same) and isinstance(part.thing, weakref.ref):
            found.append(part.thing)
    return found


class Keys(tuple[Any, ...]):
    """A dict's keys, of which {1: x}, {1.0: x} and {True: x} have other ones."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and key_of(tuple(self)) == key_of(tuple(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(key_of(tuple(self)))
