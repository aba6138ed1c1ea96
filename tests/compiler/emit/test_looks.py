"""Loops that a signal ends, and that let other threads run."""

import os
import signal
import threading
import time

import pytest

from autograd import fori_loop, jit, sin, where, while_loop

LONG = {
    "while_loop": lambda x: while_loop(lambda c: c[0] > 0.0, lambda c: (c[0] + 1.0, sin(c[1])), (x, x))[1],
    "fori_loop": lambda x: fori_loop(0, 10**10, lambda _, c: sin(c) + x, x),
    "sum": lambda x: fori_loop(0, 10**10, lambda i, c: c + where(i * x > 0.5, i * x, i - x) * x, x),
    "delayed": lambda x: fori_loop(0, x * 1e10, lambda i, c: (i * x, c[0] * c[0] * x), (x, x))[1],
    "inside": lambda x: fori_loop(0, 10**6, lambda _, c: fori_loop(0, 10**4, lambda _, d: sin(d) + x, c), x),
}


class TooLongError(Exception):
    """What the handler of a signal raises."""


@pytest.mark.parametrize("name", LONG)
def test_a_signal_ends_a_loop(name: str) -> None:
    """With the exception that its handler raises; the function works on."""
    f = jit(LONG[name])

    def raised(*_: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, raised)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(TooLongError):
            f(1.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert f is not None


def test_ctrl_c() -> None:
    """KeyboardInterrupt comes through."""
    f = jit(LONG["while_loop"])
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            f(1.0)
    finally:
        timer.cancel()


def test_loops_in_threads() -> None:
    """At once, while the main thread looks on: the calls hold no lock."""
    f, found = jit(lambda x: fori_loop(0, 3_000_000, lambda _, c: c * 0.5 + x, x)), []
    f(1.0)
    threads = [threading.Thread(target=lambda x=x: found.append(f(x))) for x in (1.0, 2.0, 3.0)]
    for thread in threads:
        thread.start()
    counted = 0
    while any(thread.is_alive() for thread in threads):
        counted += 1
        time.sleep(0.0005)
    assert sorted(found) == [2.0, 4.0, 6.0]
    assert counted > 2
