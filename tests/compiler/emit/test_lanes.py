"""Turns in the lanes of vectors: rows of any width, to and fro."""

import functools
import math
from typing import Any

import pytest

from autograd import exp, fori_loop, jit, less, maximum, scan, value_and_grad, vmap, where
from autograd.compiler.emit.levels import carried_by, ssa_of
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


HOST = this_host()
has_exp = pytest.mark.skipif("exp" not in HOST.elementary, reason="the C library has exp by other steps")


@has_exp
@pytest.mark.parametrize("turns", [2, 3, 5, 7, 14, 15, 17])
@pytest.mark.parametrize("reverse", [False, True])
def test_what_is_left_of_turns_with_vector_calls(turns: int, reverse: bool) -> None:
    """In shorter vectors, so that one turn is left at most: the bits of Python's loop, of a sum of one term each too."""
    xs = [math.sin(1.3 * k) for k in range(turns)]

    def f(x: Any, xs: Any) -> Any:
        total, rows = scan(lambda c, z: (c + exp(x * z), exp(z - x)), 0.5, xs, reverse=reverse)
        return total, rows, vmap(lambda z: exp(-z))(xs)

    assert bits(jit(f)(0.3, xs)) == bits(f(0.3, xs))
    both = value_and_grad(lambda x, xs: f(x, xs)[0], argnums=(0, 1))
    assert bits(jit(both)(0.3, xs)) == bits(both(0.3, xs))
    text = text_of(f, 0.3, xs)
    used = [lanes for lanes in (2, 4, 8) if lanes < HOST.lanes and turns % HOST.lanes & lanes]
    assert all(f"@e.exp.{lanes}(" in text for lanes in [*used, *[HOST.lanes] * (turns >= HOST.lanes)])
    assert text.count("@c.exp(") == (3 if turns % 2 else 0)
    assert f"@e.exp.{HOST.lanes // 2}(" not in text_of(f, 0.3, (xs * 64)[: 8 * HOST.lanes + HOST.lanes // 2])
    assert f"fmul <{HOST.lanes // 2} x double>" not in text_of(vmap(lambda z: z * z), [0.5] * (HOST.lanes // 2 * 3))


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


def test_sums_of_many_turns_go_in_vectors() -> None:
    """Of as many as the run says too, with a look now and then."""
    lanes = this_host().lanes

    def f(x: Any, count: Any) -> Any:
        return fori_loop(0, count, lambda i, c: c + where(i * x > 2.0, i * x * x, i - x) * x, x)

    for count, looks in ((100.0, False), (1e9, True)):
        text = text_of(lambda x, count=count: f(x, count), 0.5)
        assert f"fmul <{lanes} x double>" in text
        assert ("@look" in text) is looks
    text = text_of(f, 0.5, 100.0)
    assert f"fmul <{lanes} x double>" in text
    assert "@look" in text
    for count in (0.0, 1.0, 7.0, 8.0, 9.0, 100.0):
        assert bits(jit(f)(0.5, count)) == bits(f(0.5, count))


def test_chains() -> None:
    """The terms of each turn, in order; none where something else reads the sum."""

    def chains(f: Any) -> Any:
        jitted = jit(f)
        jitted([1.0, 2.0, 3.0])
        (loop,) = [p for p in lower(jitted._calls.latest.compiled.program).primitives if isinstance(p, Loop)]
        found = carried_by(ssa_of(loop.body), len(loop.carry))
        return found and ([len(chain.terms) for chain in found.chains.values()], found.delays)

    assert chains(lambda xs: scan(lambda c, z: (c + z + z * z + 2.0, None), 0.0, xs)[0]) == ([3], [])
    assert chains(lambda xs: scan(lambda c, z: (c + z + c, None), 0.0, xs)[0]) is None
    assert chains(lambda xs: scan(lambda c, z: (c + z, c), 0.0, xs)) is None
    assert chains(lambda xs: scan(lambda c, z: (z + z, c), 0.0, xs)) == ([], [0])
    assert (
        chains(lambda xs: scan(lambda c, z: ((c[1] * z, z + z, c[2] + c[0]), c), (0.0, 0.5, 1.0), xs)) is None
    )  # c[2] is given
    two = chains(lambda xs: scan(lambda c, z: ((c[1] * z, z + z, c[2] + c[0]), c[0]), (0.0, 0.5, 1.0), xs))
    assert two == ([1], [1, 0])  # each after what it depends on
    assert chains(lambda xs: scan(lambda c, z: ((c[1] * z, z + c[0]), c[0]), (0.0, 0.5), xs)) is None


def some_terms(x: Any, xs: Any, ys: Any, *, reverse: bool) -> Any:
    """Three sums, of which one has terms always, and two where a condition says so, one of them of two terms."""

    def step(carry: Any, row: Any) -> Any:
        (a, b, c), (z, y) = carry, row
        u, v = z * x - y * y, (z + y) * (x * y - z) + 0.25
        first, other = where(y > 0.5, u * v + z, -0.0), where(z > y, v * v - u, -0.0)
        return (a + first, b + other + where(y > 0.5, u, -0.0), c + u * v), u * v - z

    return scan(step, (x, -0.0, 0.5), (xs, ys), reverse=reverse)


@pytest.mark.parametrize("turns", [1, 2, 7, 8, 9, 16, 203])
@pytest.mark.parametrize("reverse", [False, True])
def test_sums_that_get_nothing_in_any_lane(turns: int, reverse: bool) -> None:
    """Groups of turns with all terms, some, the last or the first alone, or none; of infinities and nan; -0.0 stays -0.0."""
    f = functools.partial(some_terms, reverse=reverse)
    compiled = jit(f)
    zs = [math.sin(k * k + 1.0) for k in range(turns)]
    for ys in (
        [0.0] * turns,
        [1.0] * turns,
        [1.0 if k % 3 else 0.0 for k in range(turns)],
        [float(k // 11 % 2) for k in range(turns)],
        [float(k % 8 == 7) for k in range(turns)],
        [float(k % 8 == 0) for k in range(turns)],
    ):
        for given in (zs, [-2.0] * turns, [math.inf if k == 5 else z for k, z in enumerate(zs)]):
            for x in (0.7, math.inf, math.nan, -0.0):
                assert bits(compiled(x, given, ys)) == bits(f(x, given, ys))


def test_sums_that_get_nothing_are_not_gone_through() -> None:
    """A branch goes around them, one for all sums with the same conditions."""
    lanes = this_host().lanes

    def branches(f: Any) -> int:
        text = text_of(lambda x, xs, ys: f(x, xs, ys, reverse=False)[0], 0.5, [1.0] * 64, [1.0] * 64)
        return text.count(f"llvm.vector.reduce.or.v{lanes}i1(<{lanes}") - text.count("declare i1 @llvm.vector.reduce.or")

    def always(x: Any, xs: Any, ys: Any, *, reverse: bool) -> Any:
        def step(c: Any, row: Any) -> Any:
            z, y = row
            return c + where(y > 0.5, z * x * z - y * y, 0.0), None

        return scan(step, x, (xs, ys), reverse=reverse)

    assert branches(some_terms) == 2
    assert branches(always) == 0


def delayed(x: Any, xs: Any, *, reverse: bool) -> Any:
    """The element before, that before it, one that no input had, a condition of the turn before, its number, and a sum."""

    def step(carry: Any, z: Any) -> Any:
        (one, two, made, above), i, total = carry
        y = where(above, z * one, two - made * x)
        new = (z, one, z * z - two * x, less(x, z * z * 2.0))
        return (new, i + 1.0, total + y * z * x * (one - made)), [y, one, two + where(above, 1.0, 0.0)]

    return scan(step, ((0.75, -0.0, 0.25, less(x, 0.5)), 0.0, 0.5), xs, reverse=reverse)


@pytest.mark.parametrize("reverse", [False, True])
def test_what_is_delayed_moves_on_by_a_lane(reverse: bool) -> None:
    """The bits of Python's loop, what is carried in the end too; of any length, of special numbers, and derivatives."""

    def alone(x: Any, xs: Any) -> Any:
        (c, _, _), ys = delayed(x, xs, reverse=reverse)
        return c[:3], vmap(lambda row: row[0] - row[1] * row[2])(ys)

    def total(x: Any, xs: Any) -> Any:
        (c, i, total), _ = delayed(x, xs, reverse=reverse)
        return total * c[2] + i

    some, gradient = jit(alone, dynamic_argnums=1), jit(value_and_grad(total, argnums=(0, 1)), dynamic_argnums=1)
    for turns in (0, 1, 2, 7, 8, 9, 15, 16, 17, 100):
        xs = [math.sin(1.3 * k) for k in range(turns)]
        for special in (0.5, math.inf, -0.0):
            xs[turns // 2 : turns // 2 + 1] = [special] * bool(turns)
            for x in (0.3, math.nan):
                assert bits(some(x, xs)) == bits(alone(x, xs))
                assert bits(gradient(x, xs)) == bits(value_and_grad(total, argnums=(0, 1))(x, xs))
                fixed = jit(functools.partial(delayed, reverse=reverse))
                assert turns == 0 or bits(fixed(x, xs)) == bits(delayed(x, xs, reverse=reverse))


def test_what_is_delayed_goes_in_vectors() -> None:
    """Of any number of turns, with a look now and then at whether to stop where these are many."""
    vector = f"fmul <{this_host().lanes} x double>"

    def f(x: Any, count: Any) -> Any:
        return fori_loop(0, count, lambda i, c: (i * x, c[0] * c[0]), (x, x))

    assert vector in text_of(lambda xs: scan(lambda c, z: (z, c * z), 0.0, xs), [0.5] * 64)
    for count, looks in ((100.0, False), (1e9, True)):
        text = text_of(lambda x, count=count: f(x, count), 0.5)
        assert vector in text
        assert ("@look" in text) is looks
    assert jit(f)(0.5, 100.0) == f(0.5, 100)
