"""Locks that a fork cannot leave taken: a child process finds them free, and what they guard whole.

A child has one thread, the one that forked, and a lock that another thread held at that moment would stay taken for ever. So
a fork first takes all of them, in an order in which nobody waits for another, and both processes give them back.
"""

import os
import threading
import weakref

_LOCKS: weakref.WeakValueDictionary[int, "Lock"] = weakref.WeakValueDictionary()
_taken = threading.local()  # by the thread that forks, which is the child's one


class Lock(type(threading.RLock())):  # type: ignore[misc]  # its class has no public name
    """A re-entrant lock, as a context. Who holds one may take another of a higher rank, or the same again.

    >>> lock = Lock(rank=1)
    >>> with lock, lock:
    ...     pass
    """

    def __init__(self, rank: int) -> None:
        self.rank = rank
        _LOCKS[id(self)] = self

    def __new__(cls, rank: int) -> "Lock":  # noqa: ARG004, D102 - the rank is for `__init__`
        return super().__new__(cls)  # type: ignore[no-any-return]  # as above


def _take_all() -> None:
    _taken.locks = []
    found = [lock for reference in _LOCKS.valuerefs() if (lock := reference()) is not None]
    for lock in sorted(found, key=lambda lock: lock.rank):
        lock.acquire()
        _taken.locks.append(lock)


def _give_back() -> None:
    while _taken.locks:
        _taken.locks.pop().release()


if hasattr(os, "register_at_fork"):  # where there is a fork
    os.register_at_fork(before=_take_all, after_in_parent=_give_back, after_in_child=_give_back)
