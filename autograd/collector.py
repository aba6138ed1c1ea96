"""The cyclic garbage collector at rest while a graph grows: it would look through it again and again, in vain."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from autograd.locks import Lock

_RESTS = Lock(rank=4)
_resting: dict[object, bool] = {}  # for each rest that lasts, in any thread: whether the collector was on before the first


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Without the collector for a while, in all threads; after the last rest it is as it was before the first."""
    this = object()
    try:  # around everything: an interrupt that comes before the collector rests must not leave it off
        with _RESTS:
            _resting[this] = next(iter(_resting.values()), gc.isenabled())
            gc.disable()
        yield
    finally:
        with _RESTS:
            if _resting.pop(this, False) and not _resting:
                gc.enable()
