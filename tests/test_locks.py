"""Locks and forks: a child is never left waiting for a thread that it does not have."""

import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograd import locks
from autograd.locks import Lock, undisturbed

ROOT = Path(__file__).parents[1]

FORKS = """
    import faulthandler, os, random, threading, time
    from autograd import Value, jit, tanh

    def compiles():
        while True:
            k = random.random()
            jit(lambda x: x * k + tanh(x))(1.0)

    def goes_back():
        w = Value(1.0)
        while True:
            y = w
            for _ in range(200):
                y = y * w
            y.backward()

    for work in (compiles, goes_back):
        threading.Thread(target=work, daemon=True).start()
    end = time.monotonic() + 15.0
    for _ in range(40):
        if time.monotonic() > end:  # a fork waits for locks that the threads take again and again
            break
        time.sleep(random.random() * 0.02)
        child = os.fork()
        if not child:
            faulthandler.dump_traceback_later(60, exit=True)
            a = Value(2.0)
            (a * a).backward()
            os._exit(not (a.grad == 4.0 and jit(lambda x: x * 3.0)(2.0) == 6.0))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os._exit(0)
"""


def test_a_lock_that_is_made_while_a_fork_takes_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken too where it is free: who begins again for each new one may never come to an end."""
    old, new = Lock(rank=1), Lock(rank=1)
    seen = iter([[old], [old, new]])
    monkeypatch.setattr(locks, "_all", lambda: next(seen))
    locks._take()
    assert locks._taken.locks == [old, new]
    locks._give_back()


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system does not fork")
def test_a_child_of_a_program_with_threads_computes() -> None:
    """Other threads compile and go back at the moment of the fork; the child does both itself."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(FORKS)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system does not fork")
def test_a_fork_inside_of_a_trace() -> None:
    """Both processes finish the trace that forked, and compute what follows."""
    code = """
        import os
        from autograd import jit

        child = None

        def f(x):
            global child
            child = os.fork()
            return x * 3.0

        assert jit(f)(2.0) == 6.0
        assert jit(lambda x: x + 1.0)(2.0) == 3.0
        if child:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_undisturbed() -> None:
    """Ctrl-C waits until the end, once however often it came; the handler is then the one of before."""
    before, done = signal.getsignal(signal.SIGINT), []

    def interrupted() -> None:
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        done.append(1)

    with pytest.raises(KeyboardInterrupt), undisturbed():
        interrupted()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is before
    with undisturbed():
        done.append(2)
    with pytest.raises(ValueError, match="its own"), undisturbed():
        raise ValueError("its own")
    assert signal.getsignal(signal.SIGINT) is before
    with ThreadPoolExecutor(1) as pool:  # where no signal comes

        def work() -> int:
            with undisturbed():
                return 3

        assert pool.submit(work).result() == 3
