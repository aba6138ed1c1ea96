"""Which way turns go, and arrays that stay in the lanes between loops that go abreast."""

import random
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import Value, dot, jit, tanh, vmap, where
from autograd.compiler.emit import ways
from autograd.compiler.emit.arrays import Room
from autograd.compiler.lower import lower
from autograd.compiler.run.machine import this_host
from autograd.forms import Loop
from tests.compiler.emit.test_bundles import bits
from tests.compiler.emit.test_turns import text_of

LANES = this_host().lanes
WIDE = 2 * LANES


def matrix(rows: int, columns: int, seed: int) -> list[list[float]]:
    """Numbers of either sign."""
    rng = random.Random(seed)
    return [[rng.gauss(0.0, 0.5) for _ in range(columns)] for _ in range(rows)]


def network(w: Any, v: Any, xs: Any) -> Any:
    """Two layers by a loop each, for all of some vectors, with choices between them."""
    hidden = vmap(lambda x: vmap(lambda row: tanh(dot(row, x)))(w))(xs)
    kept = vmap(lambda h: [where(a > h[0], a, 0.5 * a) for a in h])(hidden)
    return sum(vmap(lambda h: dot(r, r) if (r := vmap(lambda row: dot(row, h))(v)) else 0.0)(kept))


def gradients(w: Any, v: Any, xs: Any) -> list[Any]:
    """Those of all numbers, and the value."""
    values = [[[Value(x) for x in row] for row in m] for m in (w, v, xs)]
    result = network(*values)
    result.backward()
    return [result.data, [x.grad for m in values for row in m for x in row]]


def compiled(w: Any, v: Any, xs: Any) -> list[Any]:
    """The same by compiled code."""
    values = [[[Value(x) for x in row] for row in m] for m in (w, v, xs)]
    result = jit(network, backend="llvm")(*values)
    result.backward()
    return [result.data, [x.grad for m in values for row in m for x in row]]


@pytest.mark.parametrize("count", [1, LANES - 1, LANES, LANES + 1, 2 * LANES, 3 * LANES])
def test_the_bits_are_those_of_eager_values(count: int) -> None:
    """Whether vectors fill the lanes or not."""
    args = matrix(WIDE, WIDE, 1), matrix(LANES + 3, WIDE, 2), matrix(count, WIDE, 3)
    assert bits(compiled(*args)) == bits(gradients(*args))


@pytest.mark.skipif(LANES == 1, reason="a processor without vectors")
def test_what_loops_abreast_give_each_other_stays_in_the_lanes(monkeypatch: Any) -> None:
    """It is copied, and not put into columns and rows again: but an output is, and what fills no lanes."""
    found: list[list[bool]] = []
    grouped = ways.grouped_of

    def noted(*args: Any) -> list[bool]:
        found.append(grouped(*args))
        return found[-1]

    def chained(w: Any, xs: Any) -> Any:
        def through(xs: Any) -> Any:
            return vmap(lambda x: vmap(lambda row: tanh(dot(row, x)))(w))(xs)

        return through(through(xs))

    monkeypatch.setattr("autograd.compiler.emit.turns.grouped_of", noted)
    monkeypatch.setattr("autograd.compiler.emit.repeated.grouped_of", noted)
    for count in (2 * LANES, 2 * LANES + 1):
        found.clear()
        args = matrix(WIDE, WIDE, 1), matrix(count, WIDE, 2)
        text_of(chained, *args)
        assert any(map(any, found)) == (count % LANES == 0)
        assert bits(jit(chained, backend="llvm")(*args)) == bits(chained(*args))


def test_a_way_is_found_once() -> None:
    """For all places that have the same loop."""
    jitted = jit(lambda xs: sum(vmap(lambda x: dot(x, x))(xs)))
    jitted(matrix(8, 8, 0))
    program = lower(jitted._calls.latest.compiled.program)
    loop = next(p for p in program.primitives if isinstance(p, Loop))
    room = Room(0)
    assert ways.way_of(room, loop, this_host()) is ways.way_of(room, loop, this_host())
