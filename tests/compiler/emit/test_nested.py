"""Levels: long bodies in pieces, short ones in one; programs with loops among much else."""

import math
from typing import Any

import pytest

from autograd import Value, jit, scan, sin, sum_, value_and_grad
from autograd.compiler.emit.levels import LONGEST_BODY
from autograd.real import number_of
from autograd.structures import flatten


def body(width: int) -> Any:
    """A step of so many numbers, with a loop in the middle."""

    def step(c: Any, x: Any) -> Any:
        before = [sin(c * (k + 1.0)) * x for k in range(width)]
        middle = scan(lambda d, z: (d * 0.5 + z * x, d), c, before)
        after = [y * b + k for k, (y, b) in enumerate(zip(middle[1], before, strict=True))]
        return sum_(after) / width, [after[0], middle[0]]

    return step


@pytest.mark.parametrize("width", [4, LONGEST_BODY])
@pytest.mark.parametrize("turns", [2, 9])
def test_long_and_short_bodies(width: int, turns: int) -> None:
    """The same bits, with derivatives."""

    def f(x: Any, xs: Any) -> Any:
        c, ys = scan(body(width), x, xs)
        return c + sum_([y for row in ys for y in row])

    xs = [math.cos(k) for k in range(turns)]
    expected = value_and_grad(f, argnums=(0, 1))(Value(0.3), [Value(x) for x in xs])
    found = jit(value_and_grad(f, argnums=(0, 1)))(0.3, xs)
    assert [number_of(x).hex() for x in flatten(found, "")[0]] == [number_of(x).hex() for x in flatten(expected, "")[0]]
