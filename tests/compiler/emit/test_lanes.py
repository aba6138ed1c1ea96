"""Turns in the lanes of vectors: rows of any width, to and fro."""

import functools
import math
from typing import Any

import pytest

from autograd import jit, maximum, scan, value_and_grad, vmap, where
from autograd.compiler.emit.lanes import chains_of
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.lower import lower
from autograd.compiler.run.machine import this_host
from autograd.forms import Loop
from tests.compiler.emit.test_bundles import bits
from tests.compiler.emit.test_turns import text_of


@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 16, 17])
@pytest.mark.parametrize("turns", [8, 13])
def test_rows_of_any_width(width: int, turns: int) -> None:
    """Squares of neighbours, and what is left of them: all columns, few of them, in another order."""

    def f(rows: Any) -> Any:
        return vmap(lambda row: [where(row[0] < x, x * row[-1], 0.5) for x in reversed(row)])(rows)

    def few(rows: Any) -> Any:
        return vmap(lambda row: row[0] - row[-1])(rows)

    rows = [[math.sin(k * j + 0.5 * k) for j in range(width)] for k in range(turns)]
    assert jit(f)(rows) == f(rows)
    assert jit(few)(rows) == few(rows)


def test_only_enough_turns_go_side_by_side() -> None:
    """As many as a vector has lanes."""
    lanes = this_host().lanes
    vector = f"fmul <{lanes} x double>"
    assert vector in text_of(vmap(lambda x: x * x), [1.0] * lanes)
    assert vector not in text_of(vmap(lambda x: x * x), [1.0] * (lanes - 1))


def sums(x: Any, xs: Any, *, reverse: bool) -> Any:
    """Two sums, one of two terms a turn, with terms that take more than they add; a row for each turn."""

    def step(carry: Any, z: Any) -> Any:
        a, b = carry
        y = maximum(z * x - 0.25, x * x * z)
        return (a + y * z, b + where(y > 0.1, y, z * 0.5) + y * y), y - z

    (a, b), ys = scan(step, (1.0, 0.0), xs, reverse=reverse)
    return a * b + sum(ys)


@pytest.mark.parametrize("turns", [7, 8, 9, 16, 29])
@pytest.mark.parametrize("reverse", [False, True])
def test_sums_go_through_the_lanes_in_order(turns: int, reverse: bool) -> None:
    """In both directions, and what is left over: the bits of Python's loop, gradients and special numbers too."""
    f = functools.partial(sums, reverse=reverse)
    both = value_and_grad(f, argnums=(0, 1))
    for special in (0.5, 0.0, math.inf, math.nan):
        xs = [math.sin(1.3 * k) for k in range(turns)]
        xs[turns // 2] = special
        assert bits(jit(f)(0.3, xs)) == bits(f(0.3, xs))
        assert bits(jit(both)(0.3, xs)) == bits(both(0.3, xs))


def test_terms_of_sums_are_computed_in_vectors() -> None:
    """Not where little is computed for each, where the sum is read meanwhile, or where it is no sum."""
    lanes = this_host().lanes
    xs = [0.5] * 4 * lanes
    vector = f"fmul <{lanes} x double>"
    assert vector in text_of(lambda x, xs: sums(x, xs, reverse=False), 0.5, xs)
    assert vector not in text_of(lambda xs: scan(lambda c, z: (c + z * z, None), 0.0, xs)[0], xs)
    assert vector not in text_of(lambda xs: scan(lambda c, z: (c + maximum(z * z, z * c) * z, None), 0.0, xs)[0], xs)
    assert vector not in text_of(lambda xs: scan(lambda c, z: (c * maximum(z * z, z * 0.5) * z, None), 1.0, xs)[0], xs)


def test_chains() -> None:
    """The terms of each turn, in order; none where something else reads the sum."""

    def chains(f: Any) -> Any:
        jitted = jit(f)
        jitted([1.0, 2.0, 3.0])
        (loop,) = [p for p in lower(jitted._calls.latest.compiled.program).primitives if isinstance(p, Loop)]
        found = chains_of(ssa_of(loop.body), 1)
        return found and [len(chain.terms) for chain in found]

    assert chains(lambda xs: scan(lambda c, z: (c + z + z * z + 2.0, None), 0.0, xs)[0]) == [3]
    assert chains(lambda xs: scan(lambda c, z: (c + z + c, None), 0.0, xs)[0]) is None
    assert chains(lambda xs: scan(lambda c, z: (c + z, c), 0.0, xs)) is None
    assert chains(lambda xs: scan(lambda c, z: (z + z, None), 0.0, xs)[0]) is None
