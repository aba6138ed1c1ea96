"""Loops that mostly leave what they carry as it is, in vectors until something changes."""

import math
from typing import Any

import pytest

from autograd import amax, exp, jit, less, maximum, minimum, scan, sum_, take, value_and_grad, vmap, where
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.emit.staying import may_stay
from autograd.compiler.lower import lower
from autograd.compiler.run.machine import this_host
from autograd.forms import Loop
from tests.compiler.comparison import bits
from tests.compiler.emit.test_turns import text_of


def largest(x: Any, xs: Any) -> Any:
    """The maximum, as far as each element, and the sum of exponentials less it."""
    found, each = scan(lambda a, b: (maximum(a, b * x), a + b), -math.inf, xs)
    return found + sum_(vmap(lambda a, b: exp(minimum(b, 1.0) - found) * minimum(a, 2.0))(each, xs))


def records(x: Any, xs: Any) -> Any:
    """The two smallest, from the end, and how many elements lie above both."""

    def step(carry: Any, b: Any) -> Any:
        least, second = carry
        first = less(b, least)
        second = where(first, least, where(less(b, second), b, second))
        return (where(first, b, least), second), [where(less(second, b), x, 0.0), b]

    (least, second), each = scan(step, (math.inf, math.inf), xs, reverse=True)
    return minimum(least, 9.0) * minimum(second, 9.0) + sum_(vmap(lambda row: row[0] * row[1])(each))


def sequences(n: int) -> list[list[float]]:
    """So many numbers: rising, falling, in no order, equal ones, and with infinities, nan and zeros among them."""
    plain = [math.sin(k * k + 1.0) for k in range(n)]
    some = [0.0 if k % 5 == 1 else -0.0 if k % 5 == 3 else -abs(x) for k, x in enumerate(plain)]
    special = [math.nan if k == n - 2 else math.inf if k == n // 2 else x for k, x in enumerate(plain)]
    return [sorted(plain), sorted(plain, reverse=True), plain, [0.5] * n, some, special, [math.nan] * n]


@pytest.mark.parametrize("f", [largest, records])
def test_the_bits_of_one_turn_after_another(f: Any) -> None:
    """Values and gradients, of any length and order."""
    value, both = jit(f, dynamic_argnums=1), jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=1)
    for n in (1, 2, 7, 8, 9, 16, 17, 60):
        for xs in sequences(n):
            assert bits(value(0.75, xs)) == bits(f(0.75, xs))
            assert bits(both(0.75, xs)) == bits(value_and_grad(f, argnums=(0, 1))(0.75, xs))


def test_of_known_length() -> None:
    """Likewise, where what is left of the turns is known."""
    for n in (8, 15, 33):
        for xs in sequences(n):
            assert bits(jit(records)(0.75, xs)) == bits(records(0.75, xs))


def loop_of(f: Any, *arguments: Any) -> Loop:
    """The only loop of a function."""
    jitted = jit(f)
    jitted(*arguments)
    (loop,) = [p for p in lower(jitted._calls.latest.compiled.program).primitives if isinstance(p, Loop)]
    return loop


def test_which_loops() -> None:
    """Those that compare with what they carry; not sums, products, or what a condition of the turn alone decides."""

    def stays(step: Any, start: Any = 0.5) -> bool:
        loop = loop_of(lambda xs: scan(step, start, xs)[0], [1.0, 2.0, 3.0])
        return may_stay(ssa_of(loop.body), len(loop.carry))

    assert stays(lambda a, b: (maximum(a, b), None))
    assert stays(lambda a, b: ((minimum(a[0], b), where(less(b, a[0]), b * b, a[1])), None), (0.5, 0.25))
    assert not stays(lambda a, b: (a + b, None))
    assert not stays(lambda a, b: (a * b, None))
    assert not stays(lambda a, b: (where(less(b, 0.5), a, b), None))
    assert not stays(lambda a, b: ((maximum(a[0], b), a[1] + 1.0), None), (0.5, 0.25))


def test_they_go_in_vectors() -> None:
    """With one look at all lanes for each."""
    lanes = this_host().lanes
    text = text_of(lambda xs: scan(lambda a, b: (maximum(a, b), None), 0.5, xs)[0], [1.0] * 64)
    assert f"call i1 @llvm.vector.reduce.and.v{lanes}i1" in text
    assert bits(jit(lambda xs: take([amax(xs)], 0))([1.0, 3.0] * 9)) == bits(3.0)
