"""A writer of functions of vectors: every operator, against Python's."""

import ctypes
import math
from collections.abc import Callable, Sequence

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd.compiler.elementary.lanes import WIDE, Lanes, Number, exact, number_of, word_of
from autograd.compiler.run.machine import Code, this_host
from tests.compiler.comparison import bits

XS = [1.5, -2.25, 0.0, -0.0, 7.0, -0.75, 1e300, 3.0]


def ran(make: Callable[[Number], Number], lanes: int, numbers: Sequence[float] = XS) -> list[float]:
    """What a function of vectors gives at these numbers."""
    f = Lanes(lanes)
    result = make(Number(f, "%x"))
    load, store = f"%x = load {f.kind}, ptr %p, align 8", f"store {f.kind} {result.name}, ptr %p, align 8"
    text = "\n".join([*f.outside, f"define void @run(ptr %p) {WIDE} {{", "entry:", load, *f.lines, store, "ret void", "}"])
    run = Code(text, this_host(), 1).function("run", None, [ctypes.c_void_p])
    xs = np.resize(numbers, len(numbers) + -len(numbers) % lanes)
    for i in range(0, len(xs), lanes):
        run(xs[i:].ctypes.data)
    return [float(x) for x in xs[: len(numbers)]]


CASES: list[tuple[Callable[[Number], Number], Callable[[float], float]]] = [
    (lambda x: 1.0 + x * 3.0 - 0.5, lambda x: 1.0 + x * 3.0 - 0.5),
    (lambda x: -(2.0 - 3.0 * x) + x, lambda x: -(2.0 - 3.0 * x) + x),
    (lambda x: x / 3.0 - 1.0 / (x * x + 1.0), lambda x: x / 3.0 - 1.0 / (x * x + 1.0)),
    (lambda x: x.times(2.0, -1.0), lambda x: x * 2.0 - 1.0),
    (lambda x: abs(x).sign_of(-x), lambda x: math.copysign(abs(x), -x)),
    (lambda x: x.truncated(), lambda x: float(math.trunc(x)) if x not in (-0.0, -0.75) else math.copysign(0.0, x)),
    (lambda x: ((x >= 0.0) & (x < 2.0)).choose(x, -1.0), lambda x: x if 0.0 <= x < 2.0 else -1.0),
    (lambda x: x.f.where(x <= -1.0, lambda: x * 2.0, x), lambda x: x * 2.0 if x <= -1.0 else x),
    (lambda x: x.f.where(x <= -3.0, lambda: x * 2.0, x), lambda x: x),
    (lambda x: (x.word & ~(1 << 63)).number, abs),
    (lambda x: (x.word | 1 << 63).number, lambda x: -abs(x)),
    (lambda x: (x.word - (1 << 52) + (x.word - x.word)).number, lambda x: number_of((word_of(x) - (1 << 52)) % 2**64)),
    (lambda x: (x.word << 1).exponent(), lambda x: float(((word_of(x) << 1) % 2**64 >> 52) - (4096 if abs(x) >= 2.0 else 0))),
    (lambda x: (x.word < 1 << 63).choose(1.0, 0.0), lambda x: float(math.copysign(1.0, x) > 0.0)),
    (lambda x: (x.word ^ 1 << 63).number, lambda x: -x),
    (lambda x: x.upper_below(0x3FF80000).choose(1.0, 0.0), lambda x: float(abs(x) < 1.5)),
    (lambda x: ((x < 0.0) | (x >= 3.0)).choose(1.0, 0.0), lambda x: float(x < 0.0 or x >= 3.0)),
    (lambda x: (x.word >> 63 << 52).number, lambda x: number_of((word_of(x) >> 63) << 52)),
]


@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_operators(case: int, lanes: int) -> None:
    """Each lane has the result that Python computes."""
    ours, wanted = CASES[case]
    assert bits(ran(ours, lanes)) == bits([wanted(x) for x in XS])


@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_pairs(lanes: int) -> None:
    """Both words, by the place in each lane."""
    table = [word_of(float(i)) for i in range(16)]

    def sum_of(x: Number) -> Number:
        first, second = x.f.pairs(table, x.word >> 52 & 7)
        return first.number * 100.0 + second.number

    places = [word_of(x) >> 52 & 7 for x in XS]
    assert ran(sum_of, lanes) == [200.0 * place + 2.0 * place + 1.0 for place in places]


def test_bits_of_numbers() -> None:
    """To and fro, and as written."""
    assert word_of(1.0) == 0x3FF << 52
    assert [number_of(word_of(x)) for x in XS] == XS
    assert exact("0x1.8p1 -0x1p-1") == (3.0, -0.5)
