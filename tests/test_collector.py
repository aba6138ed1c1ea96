"""The collector at rest: off inside of every rest, in all threads, and as it was before in the end, whatever interrupts."""

import gc
import random
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from autograd.collector import collector_at_rest
from tests.compiler.comparison import in_another_process


@pytest.fixture(params=[True, False], ids=["on before", "off before"])
def before(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the collector is on before the test; afterwards it is on again."""
    (gc.enable if request.param else gc.disable)()
    yield request.param
    gc.enable()


def test_it_rests_and_goes_on(before: bool) -> None:
    """One rest after another."""
    for _ in range(3):
        with collector_at_rest():
            assert not gc.isenabled()
        assert gc.isenabled() is before


def test_nested(before: bool) -> None:
    """The end of an inner rest is not that of the outer one."""
    with collector_at_rest():
        for _ in range(2):
            with collector_at_rest(), collector_at_rest():
                assert not gc.isenabled()
            assert not gc.isenabled()
    assert gc.isenabled() is before


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit, StopIteration])
def test_an_error_inside(before: bool, error: type[BaseException]) -> None:
    """It passes, and the collector is as it was."""
    with pytest.raises(error), collector_at_rest(), collector_at_rest():
        raise error
    assert gc.isenabled() is before


@pytest.mark.parametrize("first_to_leave", [0, 1])
def test_two_threads(before: bool, first_to_leave: int) -> None:
    """Whichever leaves first, the collector rests until the other has left too."""
    leave = threading.Event(), threading.Event()
    entered = threading.Semaphore(0)

    def rest(k: int) -> None:
        with collector_at_rest():
            entered.release()
            leave[k].wait(20)

    threads = [threading.Thread(target=rest, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
        assert entered.acquire(timeout=20)
    order = [first_to_leave, 1 - first_to_leave]
    for k, rests in zip(order, (True, False), strict=True):
        leave[k].set()
        threads[k].join(20)
        assert gc.isenabled() is (before and not rests)


def test_many_threads_at_random_moments() -> None:
    """In none of them is the collector ever on inside of a rest; in the end it is."""
    found: list[bool] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(100):
            with collector_at_rest():
                found.append(gc.isenabled())
                time.sleep(rng.random() * 1e-5)
                with collector_at_rest():
                    found.append(gc.isenabled())
                found.append(gc.isenabled())

    try:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(found) == 1800
    assert not any(found)
    assert gc.isenabled()


# --- at each line of entering -----------------------------------------------------------------------------------------

AT_EACH_LINE = """
import faulthandler, gc, signal, sys
from autograd.collector import collector_at_rest

faulthandler.dump_traceback_later(30, exit=True)  # a deadlock is a failure

def enter():
    with collector_at_rest():
        sys.settrace(None)
        return not gc.isenabled()

def at_line(n, happens):
    lines = iter(range(n))
    def trace(frame, event, _):
        if event == "line" and next(lines, None) is None:
            sys.settrace(None)
            happens()
        return trace
    sys.settrace(trace)
    try:
        return enter()
    finally:
        sys.settrace(None)

def interrupt():
    raise KeyboardInterrupt

def handler(*_):
    with collector_at_rest():
        seen.append(gc.isenabled())

LINES = 60  # more than entering takes
for on in (True, False):
    (gc.enable if on else gc.disable)()
"""


def test_an_interrupt_at_each_line_of_entering() -> None:
    """The collector is as it was, and later rests are complete."""
    # in a process of its own: a tracer, unlike a signal, can raise between a lock's block and its release
    code = (
        AT_EACH_LINE
        + """
    interrupted = 0
    for n in range(LINES):
        try:
            at_line(n, interrupt)
        except KeyboardInterrupt:
            interrupted += 1
        assert gc.isenabled() is on, f"after an interrupt at line {n}"
        assert enter() and gc.isenabled() is on, f"the rest after an interrupt at line {n}"
    assert 5 < interrupted < LINES, interrupted
print("as it was")
"""
    )
    assert in_another_process(code) == "as it was"


@pytest.mark.skipif(sys.platform == "win32", reason="has no signal for it")
def test_a_signal_handler_that_enters_it_at_each_line_of_entering() -> None:
    """It waits for nothing, finds the collector at rest, and in the end it is as it was."""
    code = (
        AT_EACH_LINE
        + """
    signal.signal(signal.SIGUSR1, handler)
    seen = []
    for n in range(LINES):
        assert at_line(n, lambda: signal.raise_signal(signal.SIGUSR1)), f"at line {n}"
        assert gc.isenabled() is on, f"after line {n}"
    assert 5 < len(seen) < LINES and not any(seen)
print("no deadlock")
"""
    )
    assert in_another_process(code) == "no deadlock"
