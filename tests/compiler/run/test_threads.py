"""Rows shared out to threads: the same bits for any number of them, and nothing is left waiting."""

import ctypes
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import Value, jit, sin, value_and_grad
from autograd.compiler.node import Rows
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code
from autograd.compiler.run import threads
from autograd.compiler.run.frame import FIRST, LAST, OUT, STRIDE, Frames, Sizes
from autograd.compiler.run.python import PythonExecutable
from autograd.compiler.run.threads import POOL, Call, Machine, cores
from autograd.compiler.simplify import simplify
from autograd.compiler.trace import mapping
from autograd.compiler.trace.tracer import trace
from tests.compiler.comparison import ROOT, bits

PROGRAM = trace(
    lambda xs: ([xs[0] * xs[8], xs[1], sin(xs[8]), *[x * y for x in xs[:4] for y in xs[4:8]], xs[2] - xs[7]], None), [""] * 9
)[0]
VARYING = (*(0,) * 4, *(1,) * 4, None)
REDUCE = [None, "sum", "mean"]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little work a call is, threads share it, in as many pieces as there can be."""
    monkeypatch.setattr(threads, "ENOUGH", 1)


def executable(reduce: Any, count: int | None, *, fast: bool = False, parts: Any = None, gathered: bool = False) -> Any:
    """Machine code for at most so many threads, with short blocks."""
    options = Options(VARYING, reduce, fast, "llvm", gathered, count, 16, parts if reduce is None else None)
    return as_machine_code(PROGRAM, options)


def tables(count: int) -> tuple[Any, ...]:
    """Two arrays of rows whose sums depend on the order."""
    rng = random.Random(count)
    terms = [1.0, -1e16, 1e16, 0.1, -0.3, 3.7]
    return tuple([np.array([rng.choice(terms) for _ in range(4 * count)]).reshape(-1, 4) for _ in range(2)])


def numbers(found: Any) -> list[str]:
    """The bits of all outputs."""
    return [x for column in found for x in bits(np.ravel(column).tolist())]


# --- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("parts", [None, (1, 1, 1, 16, 1), (3, 17)], ids=str)
def test_the_same_bits(reduce: Any, fast: bool, parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """For 1 to 7 threads, and as many as there are cores, at counts around the edges of blocks and of their length."""
    if reduce is not None and parts is not None:
        return
    codes = [executable(reduce, n, fast=fast, parts=parts) for n in (None, *range(1, 8))]
    for count in (1, 15, 16, 17, 31, 33, 160, 161, 16 * 64 - 1, 16 * 64, 16 * 64 + 1, 3000):
        rows = Rows(count, tables(count))
        wanted = numbers(codes[0].run([0.5], rows))
        with monkeypatch.context() as patched:
            patched.setattr(threads, "ENOUGH", 1)
            for code in codes:
                assert numbers(code.run([0.5], rows)) == wanted
    if not fast:
        plain = PythonExecutable(simplify(PROGRAM), Options(VARYING, reduce, block=16)).run([0.5], rows)
        assert numbers(plain) == wanted


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.usefixtures("eager")
def test_gathered_rows(reduce: Any) -> None:
    """By their numbers."""
    arrays, index = tables(50), np.random.default_rng(0).integers(0, 50, 200)
    found = executable(reduce, 3, gathered=True).run([0.5], Rows(200, arrays, index))
    assert numbers(found) == numbers(executable(reduce, 1).run([0.5], Rows(200, tuple(x[index] for x in arrays))))


@pytest.mark.usefixtures("eager")
def test_no_rows() -> None:
    """Sums of nothing, and results without rows."""
    assert executable("sum", 4).run([0.5], Rows(0, tables(0))) == [0.0] * 20
    assert [len(x) for x in executable(None, 4, parts=(20,)).run([0.5], Rows(0, tables(0)))] == [0] * 20


@pytest.mark.usefixtures("eager")
def test_some_rows_and_blocks_apart() -> None:
    """As the slots of the frame say; and they still say it after the call."""
    code, arrays = executable("mean", 3), tables(200)
    frame = code.frames.take()
    frame.inputs[:] = [0.5]
    found = []
    for run in (code.machine.run, lambda frame: code.entry(frame.address)):
        frame.all_rows(200)
        for i, array in enumerate(arrays):
            frame.point(len(frame.slots) - 2 + i, array)
        out = np.zeros((9, 21))
        frame.point(OUT, out)
        frame.slots[FIRST], frame.slots[LAST], frame.slots[STRIDE] = 32, 165, 21
        before = list(frame.slots)
        run(frame)
        assert list(frame.slots) == before
        found.append(bits(out.ravel().tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.usefixtures("eager")
def test_of_functions(reduce: Any) -> None:
    """By every way of a call: the first, the short one, with Values; more rows than one thread would take."""

    def f(w: Any, x: Any, y: Any) -> Any:
        return sin(w * x[0]) * x[1] - y

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40_000, 2)), rng.normal(size=40_000)
    one, more = (jit(value_and_grad(f, argnums=(0, 2)), in_axes=(None, 0, 0), reduce=reduce, threads=n) for n in (1, 5))
    for _ in range(3):
        for a, b in zip(one(0.5, x, y), more(0.5, x, y), strict=True):
            assert np.array_equal(np.asarray(a), np.asarray(b))
    w = Value(0.5)
    assert numbers([jit(f, in_axes=(None, 0, 0), reduce="sum", threads=4)(w, x, y).data]) == numbers(
        [jit(f, in_axes=(None, 0, 0), reduce="sum", threads=1)(w, x, y).data]
    )


# --- arrays that are converted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.parametrize("backend", ["llvm", "python"])
@pytest.mark.parametrize("count", [1, 1023, 1024, 1025, 5000])
def test_arrays_that_are_converted(reduce: Any, backend: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other types, orders and axes, a few rows at a time: what a converted copy gives."""

    def f(w: Any, x: Any, y: Any) -> Any:
        return [w * x[0] * x[1], y - x[2]]

    rng = np.random.default_rng(count)
    x, y = rng.integers(-1000, 1000, (count, 3)), rng.normal(size=count)
    monkeypatch.setattr(threads, "AT_ONCE", 256)
    monkeypatch.setattr(threads, "ENOUGH", 10_000)
    monkeypatch.setattr(mapping, "LARGE", 0)
    kinds = {
        "integers": (x, y),
        "single precision": (x, y.astype(np.float32)),
        "Fortran's order": (np.asfortranarray(x * 0.1), y),
        "backwards": (x[::-1] * 0.1, y[::-1]),
        "another order of bytes": ((x * 0.3).astype(">f8"), y),
        "parts of rows": (np.repeat(x, 2, axis=1)[:, ::2] * 0.7, np.stack([y, y], axis=1)[:, 1]),
    }
    for n in (1, 3):
        g = jit(f, in_axes=(None, 0, 0), reduce=reduce, backend=backend, threads=n)
        for xs, ys in kinds.values():
            assert numbers(g(0.5, xs, ys)) == numbers(g(0.5, np.array(xs, float, order="C"), np.array(ys, float, order="C")))
        turned = jit(f, in_axes=(None, 1, 0), reduce=reduce, backend=backend, threads=n)
        assert numbers(turned(0.5, x.T, y)) == numbers(g(0.5, x.astype(float), y))


def test_a_file_is_converted_a_few_rows_at_a_time(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never all of it; where it holds doubles, it is read where it lies."""
    count = 100_000
    at_once: list[int] = []
    monkeypatch.setattr(mapping, "LARGE", 10_000)
    monkeypatch.setattr(threads, "AT_ONCE", 10_000)
    read = mapping.Source.rows
    monkeypatch.setattr(mapping.Source, "rows", lambda source, a, b: (at_once.append(b - a), read(source, a, b))[1])
    f = jit(lambda x: x[0] * x[1], in_axes=0, reduce="mean")
    numbers = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    for kind in (np.float32, float):
        at_once.clear()
        stored = np.memmap(tmp_path / f"{kind.__name__}.bin", kind, "w+", shape=numbers.shape)
        stored[:] = numbers
        assert f(stored) == f(numbers.astype(float))
        assert sum(at_once) == (count if kind is np.float32 else 0)
        assert all(rows <= 5000 for rows in at_once)
        del stored


# --- threads ----------------------------------------------------------------------------------------------------------


class Fake(Machine):
    """A machine whose entry is a function of Python, given the first row and the one after the last."""

    @classmethod
    def of(cls, do: Callable[[int, int], Any], count: int) -> Any:
        sizes = Sizes(inputs=1, outputs=1, uniform=1, rows=8, arrays=0, lanes=8, by_row=True, parts=(1,))

        def entry(address: int) -> None:
            do(*(ctypes.c_int64 * (LAST + 1)).from_address(address)[FIRST : LAST + 1])

        return Machine(entry, Frames(sizes), 1, count)

    @staticmethod
    def run_rows(machine: Machine, count: int) -> None:
        """A call with so many rows."""
        frame = machine.frames.take()
        frame.all_rows(count)
        machine.run(frame)


@pytest.mark.usefixtures("eager")
def test_each_row_is_given_once() -> None:
    """To one thread or another, in whole lanes; the caller is one of them."""
    given: list[tuple[int, int, str]] = []
    met = threading.Barrier(3, timeout=60)

    def do(first: int, last: int) -> None:
        given.append((first, last, threading.current_thread().name))
        if len(given) <= 3:
            met.wait()  # all three at once

    Fake.run_rows(Fake.of(do, 3), 1001)
    assert sorted(row for first, last, _ in given for row in range(first, last)) == [*range(1001)]
    assert all(first % 8 == 0 for first, _, _ in given)
    assert len({name for _, _, name in given}) >= 2


@pytest.mark.parametrize("wrong", [0, 500, 999])
@pytest.mark.usefixtures("eager")
def test_an_exception_comes_through(wrong: int) -> None:
    """Wherever it happens; other threads stop, and the next call is right."""
    done: list[int] = []
    fails = True

    def do(first: int, last: int) -> None:
        mine = done  # that of this call: other threads finish a piece when it has failed
        if fails and first <= wrong < last:
            raise ArithmeticError(f"row {wrong}")
        time.sleep(0.001)
        mine.extend(range(first, last))

    machine = Fake.of(do, 4)
    with pytest.raises(ArithmeticError, match=f"row {wrong}"):
        Fake.run_rows(machine, 1000)
    fails, done = False, []
    Fake.run_rows(machine, 1000)
    assert sorted(done) == [*range(1000)]


@pytest.mark.usefixtures("eager")
def test_an_interrupt_in_the_caller() -> None:
    """Others finish what they have, and begin nothing more."""
    begun: list[int] = []
    caller = threading.current_thread()

    def do(first: int, _last: int) -> None:
        begun.append(first)
        if threading.current_thread() is caller:
            raise KeyboardInterrupt
        time.sleep(0.05)

    with pytest.raises(KeyboardInterrupt):
        Fake.run_rows(Fake.of(do, 3), 1000)
    time.sleep(0.2)
    assert len(begun) <= 3


@pytest.mark.usefixtures("eager")
def test_calls_inside_calls_and_at_once() -> None:
    """More of them than there are threads; none waits for another."""
    done: list[tuple[int, int]] = []

    def outer(first: int, last: int) -> None:
        Fake.run_rows(Fake.of(lambda a, b: done.append((a, b)), 4), 64)
        assert first < last

    with ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(Fake.run_rows, Fake.of(outer, 4), 256) for _ in range(6)]:
            future.result(timeout=60)
    assert sum(b - a for a, b in done) % 64 == 0
    assert done


@pytest.mark.usefixtures("eager")
def test_two_threads_of_python_at_once() -> None:
    """Each has its own result."""
    code = executable("mean", 3)
    given = [Rows(count, tables(count)) for count in range(100, 140)]
    wanted = [numbers(code.run([0.5], rows)) for rows in given]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda rows: numbers(code.run([0.5], rows)), given)) == wanted


def test_little_work_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is that of a function without rows, nor one block's; much is, by as many threads as there are cores."""
    asked: list[int] = []
    monkeypatch.setattr(POOL, "ask", lambda _, count: asked.append(count))
    monkeypatch.setattr(threads, "cores", lambda: 3)
    Fake.run_rows(Fake.of(lambda *_: None, 4), threads.ENOUGH - 1)
    as_machine_code(PROGRAM, Options()).run([0.5] * 9, Rows(1, ()))
    monkeypatch.setattr(threads, "ENOUGH", 1)
    as_machine_code(PROGRAM, Options()).run([0.5] * 9, Rows(1, ()))
    executable("sum", None).run([0.5], Rows(16, tables(16)))
    Fake.run_rows(Fake.of(lambda *_: None, 1), 10_000)
    assert asked == []
    executable("sum", None).run([0.5], Rows(200, tables(200)))
    executable("sum", 2).run([0.5], Rows(200, tables(200)))
    assert asked == [2, 1]


def test_long_calls_are_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one thread too, so that an interrupt comes through."""
    monkeypatch.setattr(threads, "ENOUGH", 1)
    monkeypatch.setattr(threads, "LONG", 1000)
    pieces: list[int] = []
    Fake.run_rows(Fake.of(lambda a, b: pieces.append(b - a), 1), 10_000)
    assert len(pieces) >= 8
    code, rows = executable("sum", 1), Rows(200, tables(200))
    found = numbers(code.run([0.5], rows))
    monkeypatch.setattr(threads, "LONG", 1 << 60)
    assert found == numbers(code.run([0.5], rows))


@pytest.mark.usefixtures("eager")
def test_what_all_rows_share_is_computed_once_in_each_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each piece; and anew in the next call."""
    seen: list[int] = []
    enter = Call._enter

    def entering(call: Any, frame: Any, *rest: Any) -> None:
        seen.append(frame.slots[threads.KNOWN])
        enter(call, frame, *rest)

    monkeypatch.setattr(Call, "_enter", entering)
    code = executable("sum", 1)
    monkeypatch.setattr(threads, "LONG", 100)
    for a in (0.5, 0.25):
        seen.clear()
        found = code.run([a], Rows(200, tables(200)))
        assert seen[0] == 0
        assert all(seen[1:])
        assert len(seen) > 1
        assert found[2] == pytest.approx(200 * np.sin(a))


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that this process may use."""
    assert 1 <= cores() <= (os.cpu_count() or 1)
    monkeypatch.setattr(os, "process_cpu_count", lambda: 5, raising=False)
    assert cores() == 5


# --- processes --------------------------------------------------------------------------------------------------------

SHARED = """
import os, signal, sys, threading, time
import numpy as np
from autograd import jit, sin
from autograd.compiler.run import threads
f = jit(lambda x, k: sin(x) * k, in_axes=(0, None), reduce="sum", threads=3)
X = np.arange(300_000.0)
threads.ENOUGH = 1
def helpers():
    return sum(thread.name == "chainrule" for thread in threading.enumerate())
"""


def process(code: str) -> "subprocess.CompletedProcess[str]":
    """Run such a program."""
    command = [sys.executable, "-X", "faulthandler", "-W", "error", "-c", SHARED + code]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=300)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forks() -> None:
    """While other threads call too: parent and child both compute; no thread of the pool is there at the moment."""
    done = process("""
assert helpers() == 0
wanted = f(X, 2.0)
assert helpers() == 2
def calls():
    while True:
        assert f(X[:50_000], 2.0) == other
other = f(X[:50_000], 2.0)
threading.Thread(target=calls, daemon=True).start()
for _ in range(20):
    time.sleep(0.005)
    child = os.fork()
    if not child:
        os._exit(f(X, 2.0) != wanted or helpers() != 2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert f(X, 2.0) == wanted
os._exit(0)
""")
    assert done.returncode == 0, done.stderr


def test_exit() -> None:
    """Neither idle threads nor such as compute keep the process alive."""
    done = process("""
f(X, 2.0)
threading.Thread(target=lambda: [f(X, 2.0) for _ in range(10**9)], daemon=True).start()
time.sleep(0.1)
print("end", helpers())
""")
    assert (done.returncode, done.stdout.strip()) == (0, "end 2"), done.stderr


@pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="this system has no timers")
@pytest.mark.parametrize("count", [1, 3])
def test_interrupts(count: int) -> None:
    """Ctrl-C in the main thread ends a call of minutes; the next one is right."""
    done = process(f"""
g = jit(lambda x, k: sum(sin(x * (k + i)) for i in range(200)), in_axes=(0, None), reduce="sum", threads={count})
small = g(X, 2.0)
long = np.broadcast_to(X.reshape(-1, 1), (300_000, 1)).repeat(30, axis=1).ravel()
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.5)
try:
    for _ in range(1000):
        g(long, 2.0)
except KeyboardInterrupt:
    print("interrupted", g(X, 2.0) == small)
""")
    assert (done.returncode, done.stdout.strip()) == (0, "interrupted True"), done.stderr
