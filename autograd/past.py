"""The numbers of then: a derivative is that of the computation that ran, at the numbers with which it ran.

A node's local partials are computed when it is recorded. What needs more, such as a second derivative, reads the operands
again when it sweeps: perhaps long after the function ran, when an optimizer has moved a leaf. So while a transform may still
read, the number that a Value had is kept when it is set. That is rare, and costs nothing where no transform waits.
"""

import math
import weakref
from collections.abc import Iterable
from typing import Any

from autograd.graph import tick


class Period:
    """The time during which a function runs under a transform, in the order of making; who holds it may ask for its numbers."""

    __slots__ = ("__weakref__", "begin", "end")

    def __init__(self) -> None:
        self.begin = tick()
        self.end: float = math.inf
        _PERIODS.add(weakref.ref(self, _forget))

    def close(self) -> None:
        """The function has returned: numbers that are set from now on are never asked for."""
        self.end = tick()


_PERIODS: set[weakref.ref[Period]] = set()
_PAST: weakref.WeakKeyDictionary[Any, list[tuple[int, float]]] = weakref.WeakKeyDictionary()  # (until when, the number)


def _forget(period: weakref.ref[Period]) -> None:
    _PERIODS.discard(period)
    if not _PERIODS:
        _PAST.clear()


def waiting() -> bool:
    """Whether a transform may still ask for numbers of now."""
    return bool(_PERIODS)


def remember(nodes: Iterable[Any]) -> None:
    """Keep the numbers of these nodes, which are about to be set, for the periods that may ask for them."""
    periods = [period for known in tuple(_PERIODS) if (period := known()) is not None]
    if periods:
        begin, end, now = min(x.begin for x in periods), max(x.end for x in periods), tick()
        for node in nodes:
            log = _PAST.get(node, [])
            if not log or log[-1][0] < end:  # else it has had this number only since the last of them ended
                _PAST[node] = [*[entry for entry in log if entry[0] > begin], (now, node._data)]


def changed() -> bool:
    """Whether any number is kept: if none, every node has the number that it had."""
    return bool(_PAST)


def number_at(node: Any, time: int) -> float | None:
    """The number that a node had at that time, if it has been set since."""
    for until, number in _PAST.get(node, ()):
        if until > time:
            return number
    return None
