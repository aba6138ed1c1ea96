"""Locks that a fork cannot leave taken: a child process finds them free, and what they guard whole.

A child has one thread, the one that forked, and a lock that another thread held at that moment would stay taken for ever. So
a fork first takes all of them, in an order in which no thread waits for another, and both processes give them back.
"""

import os
import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOCKS: weakref.WeakValueDictionary[int, "Lock"] = weakref.WeakValueDictionary()
_making = threading.RLock()
_taken = threading.local()  # by the thread that forks


class Lock(type(threading.RLock())):  # type: ignore[misc]  # its class has no public name
    """A re-entrant lock, as a context. Who holds one may take another of a higher rank, or the same again.

    >>> lock = Lock(rank=1)
    >>> with lock, lock:
    ...     pass
    """

    def __init__(self, rank: int) -> None:
        self.rank = rank
        with _making:
            _LOCKS[id(self)] = self

    def __new__(cls, rank: int) -> "Lock":  # noqa: ARG004, D102 - the rank is for `__init__`
        return super().__new__(cls)  # type: ignore[no-any-return]  # as above


@contextmanager
def undisturbed() -> Iterator[None]:
    """A context that Ctrl-C ends not before its end, for what must be done as a whole, and takes little time."""
    usual = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if not callable(usual):
        yield
        return
    come: list[Any] = []
    signal.signal(signal.SIGINT, lambda *which: come.append(which))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if come:
        usual(*come[0])


def _all() -> list[Lock]:
    return [lock for reference in _LOCKS.valuerefs() if (lock := reference()) is not None]


def _take() -> None:
    while True:
        _taken.locks = sorted(_all(), key=lambda lock: lock.rank)
        for lock in _taken.locks:
            lock.acquire()
        _making.acquire()
        for lock in {*_all()}.difference(_taken.locks):  # made by another thread meanwhile, which may hold it
            if not lock.acquire(blocking=False):
                break
            _taken.locks.append(lock)
        else:
            return
        _give_back()


def _give_back() -> None:
    _making.release()
    for lock in reversed(_taken.locks):
        lock.release()
    del _taken.locks


if hasattr(os, "register_at_fork"):  # where there is a fork
    os.register_at_fork(before=_take, after_in_parent=_give_back, after_in_child=_give_back)
