"""The numbers of then: a derivative is that of the computation that ran, at the numbers with which it ran.

A node's local partials are computed when it is recorded. What needs more, such as a second derivative, reads the operands
again when it sweeps: perhaps long after the function ran, when an optimizer has moved a leaf. So while a transform may still
read, the number that a Value had is kept when it is set. That is rare, and costs nothing where no transform waits.
"""

import math
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any

from autograd.graph import tick

FEW = 16  # numbers of one Value, below which none is looked for that may go


class Period:
    """The time during which a function runs under a transform, in the order of making; who holds it may ask for its numbers."""

    __slots__ = ("__weakref__", "_reference", "begin", "end")

    def __init__(self) -> None:
        self.begin = tick()
        self.end: float = math.inf
        self._reference = weakref.ref(self, _forget)
        WAITING.add(self._reference)
        _RUNNING.add(self._reference)

    def close(self) -> None:
        """The function has returned: numbers that are set from now on are never asked for."""
        self.end = tick()
        _RUNNING.discard(self._reference)
        _LATEST[0] = self.end


class _Log:
    """The numbers that a Value had, each until when."""

    def __init__(self, node: Any) -> None:
        key = id(node)
        self.node = weakref.ref(node, lambda _: _PAST.pop(key, None))  # by identity: Values compare by number
        self.untils: list[int] = []
        self.numbers: list[float] = []

    def thin_out(self) -> None:
        """Keep those numbers that were there during a period that may still ask."""
        kept: set[int] = set()
        for reference in tuple(WAITING):
            period = reference()
            if period is not None:
                kept.update(range(bisect_right(self.untils, period.begin), bisect_left(self.untils, period.end) + 1))
        places = [i for i in range(len(self.untils)) if i in kept]
        self.untils, self.numbers = [self.untils[i] for i in places], [self.numbers[i] for i in places]


class Still:
    """Tells whether a number of any Value was set since it was made: who keeps copies of numbers asks."""

    __slots__ = ("__weakref__", "moved")

    def __init__(self) -> None:
        self.moved = False
        WAITING.add(weakref.ref(self, _forget))


WAITING: set[weakref.ref[Any]] = set()
"""The periods of transforms that may still ask for numbers of now, and who has copies of these; empty, most often."""
_RUNNING: set[weakref.ref[Period]] = set()  # those that have not ended
_LATEST: list[float] = [0.0]  # when the latest of the others ended
_PAST: dict[int, _Log] = {}  # by the Value's id


def _forget(period: weakref.ref[Any]) -> None:
    WAITING.discard(period)
    _RUNNING.discard(period)
    if not WAITING:
        _PAST.clear()


def remember(nodes: Iterable[Any]) -> None:
    """Keep the numbers of these nodes, which are about to be set, for the periods that may ask for them."""
    for reference in tuple(WAITING):
        still = reference()
        if type(still) is Still:
            still.moved = True
            _forget(reference)
    if not WAITING:
        return
    now, running, latest = tick(), bool(_RUNNING), _LATEST[0]
    for node in nodes:
        log = _PAST.get(id(node))
        if log is None:
            log = _PAST[id(node)] = _Log(node)
        elif not running and log.untils and log.untils[-1] >= latest:
            continue  # it has had this number only since the last of them ended
        log.untils.append(now)
        log.numbers.append(node._data)
        count = len(log.untils)
        if count >= FEW and not count & (count - 1):
            log.thin_out()


def changed() -> bool:
    """Whether any number is kept: if none, every node has the number that it had."""
    return bool(_PAST)


def number_at(node: Any, time: float) -> float | None:
    """The number that a node had at that time, if it has been set since."""
    log = _PAST.get(id(node))
    i = 0 if log is None else bisect_right(log.untils, time)
    return None if log is None or i == len(log.untils) else log.numbers[i]
