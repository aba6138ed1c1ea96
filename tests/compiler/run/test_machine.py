"""The machine at hand, and code in its memory: given back, and not while it may still run."""

import ctypes
import gc
import sys
import threading
import weakref
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import Value, jit, tanh
from autograd.compiler.run.machine import Code, Host, this_host
from tests.compiler.comparison import in_another_process

CODE = "define double @twice(double %x) {\n  %y = fadd double %x, %x\n  ret double %y\n}"
XS = np.array([1.0, 2.0])


def test_lanes() -> None:
    """As many as a register of the host holds."""
    hosts = Host("x86-64", ""), Host("x86-64", "+avx"), Host("haswell", "+avx,+avx2,+fma,+bmi2")
    assert [host.lanes for host in hosts] == [2, 4, 4]
    assert Host("", "+avx512f,+avx").lanes == 8
    assert Host().lanes == 2
    assert this_host().cpu


def test_a_function_keeps_its_code() -> None:
    """The code goes when the last function does, without the garbage collector."""
    code = Code(CODE, this_host(), 1)
    twice = code.function("twice", ctypes.c_double, [ctypes.c_double])
    end = weakref.ref(code._end)
    del code
    gc.collect()
    assert twice(2.5) == 5.0
    gc.disable()
    try:
        del twice
        assert end() is None
    finally:
        gc.enable()


def test_collected_in_a_cycle() -> None:
    """A compiled function that the garbage collector finds in a cycle takes the process nowhere."""
    code = (
        "import gc\nfrom autograd import jit, grad\n"
        "for i in range(30):\n"
        "    f = jit(grad(lambda x: x * 2.0 + float(i)))\n    f(1.0)\n"
        "    ring = [f]\n    ring.append(ring)\n    del f, ring\n    gc.collect()\n"
        "print('alive')"
    )
    assert in_another_process(code) == "alive"


LEAKS = """
import gc, resource, sys, tracemalloc
from autograd import jit, Value

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

for i in range(1001):
    f = jit(lambda x, y: x * y + float(i))
    f(1.0, 2.0)
    if i % 10 == 0:
        g = jit(lambda x: x * w, in_axes=0, reduce="sum")
        w = Value(1.0)
        g([1.0, 2.0]).backward()
        del g
    del f
    if i in (300, 800, 900, 1000):
        gc.collect()
        if i == 300:
            before = resident()
        if i == 800:
            tracemalloc.start()
        if i == 900:
            traced = tracemalloc.get_traced_memory()[0]
        if i == 1000:
            print(tracemalloc.get_traced_memory()[0] - traced, resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's figures of a process")
def test_compiling_and_dropping_1000_functions_leaks_nothing() -> None:
    """Neither Python's memory nor the process's grows."""
    traced, resident = map(int, in_another_process(LEAKS).split())
    assert traced < 50_000
    assert resident < 12_000_000


def test_code_lives_as_long_as_what_it_computed() -> None:
    """The function dropped, its results' gradients can still be asked for."""
    w = Value(3.0)
    results = [jit(lambda x: [w * x, w * w * x])(2.0) for _ in range(3)]
    gc.collect()
    for _, result in results:
        result.backward()
    assert w.grad == 3 * 12.0


def test_code_outlives_what_is_called_as_it_is_collected() -> None:
    """A `__del__` may call the function that the garbage collector found with it, whatever way the call takes."""
    found: list[Any] = []

    class Model:
        def __init__(self, **options: Any) -> None:
            self.step = jit(lambda x: x * 3.0, **options)
            self.step.model = self

        def __del__(self) -> None:
            found.append(np.sum(self.step.call(XS)))

    for k in range(3):
        model = Model(in_axes=0, reduce="sum")
        for _ in range(k + 1):
            model.step(XS)
        by_row = Model(in_axes=0)
        by_row.step(XS)
        del model, by_row
        gc.collect()
    assert found == [3.0 * XS.sum()] * 6


def test_code_outlives_calls_in_other_threads() -> None:
    """The function dropped and collected while it runs."""
    started, results = threading.Event(), []
    xs = np.linspace(0.0, 1.0, 300_000)

    def work() -> None:
        f = jit(lambda x: tanh(tanh(x)) * tanh(x), in_axes=0, reduce="sum")
        f.me = f
        f(xs[:10])
        call = f.call
        started.set()
        results.append(call(xs))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    started.wait()
    while any(thread.is_alive() for thread in threads):
        gc.collect()
    assert len(set(results)) == 1


def test_ctrl_c_waits_until_code_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """What LLVM has half made cannot be freed: the interrupt comes when the code is there, and the handler is the usual one."""
    import os
    import signal

    from autograd.compiler.run import machine

    made, original, usual = [], machine.llvm.create_mcjit_compiler, signal.getsignal(signal.SIGINT)

    def interrupted(*arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        made.append(original(*arguments))
        return made[-1]

    monkeypatch.setattr(machine.llvm, "create_mcjit_compiler", interrupted)
    with pytest.raises(KeyboardInterrupt):
        machine.Code("define double @one() {\n  ret double 1.0\n}\n", machine.this_host(), 1)
    assert len(made) == 1
    assert signal.getsignal(signal.SIGINT) is usual
