"""Vectors of neighbours in one turn: the bits of Python's loops, and that there are any."""

import math
from typing import Any

import pytest

from autograd import dot, exp, jit, relu, scan, tanh, value_and_grad, vmap, where
from autograd.compiler.emit.bundles import SMALLEST, Bundles, bundles_of, truths_of
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.lower import lower
from autograd.compiler.run.machine import this_host
from autograd.compiler.simplify import SSA, simplify
from autograd.forms import Loop, Row
from autograd.primitives import mul
from autograd.program import Program, with_bodies
from autograd.structures import flatten
from autograd.value import Value
from tests.compiler.emit.test_turns import text_of

FEWEST = min(SMALLEST, this_host().lanes)  # numbers in a vector
WIDTHS = [3, 4, 7, 8, 9, 12, 16, 27]


def bits(thing: Any) -> list[str]:
    """All numbers, to the bit."""
    return [float(x.data if isinstance(x, Value) else x).hex() for x in flatten(thing, "")[0]]


def row(width: int, seed: float) -> list[float]:
    """Numbers of either sign."""
    return [math.sin(seed + 1.7 * k) for k in range(width)]


def recurrent(w: Any, h: Any, xs: Any) -> Any:
    """A list carried, read from rows and given as rows; a second one computed alike; a number on the side."""

    def step(carry: Any, x: Any) -> Any:
        h, g, total = carry
        h = [tanh(a * b + c) for a, b, c in zip(h, w, x, strict=True)]
        g = [where(a > b, a * 0.5, b) for a, b in zip(g, h, strict=True)]
        return (h, g, total + h[0] * g[-1]), [relu(a - 0.25 * b) for a, b in zip(h, g, strict=True)]

    (h, g, total), ys = scan(step, (h, h, 0.5), xs)
    return total + sum(h) * sum(g) + sum(y[-1] for y in ys)


def layer(w: Any, h: Any, xs: Any) -> Any:
    """Products with rows, beyond choices."""
    rows = [w, h, [a * b for a, b in zip(w, h, strict=True)]]
    found = vmap(lambda x: sum(relu(a) for a in vmap(lambda row: dot(x, row))(rows)))(xs)
    return dot(found, found)


@pytest.mark.parametrize("f", [recurrent, layer])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_bits_of_python(width: int, f: Any) -> None:
    """Values and gradients, for lists that fill vectors and such that do not."""
    args = row(width, 0.3), row(width, 1.1), [row(width, 2.0 + i) for i in range(5)]
    both = value_and_grad(f, argnums=(0, 1, 2))
    assert bits(jit(both)(*args)) == bits(both(*args))


@pytest.mark.parametrize("special", [math.inf, math.nan, -0.0])
def test_special_numbers(special: float) -> None:
    """Beyond choices, nothing arrives: nan and infinity leave no trace."""
    w, xs = row(8, 0.3), [row(8, 2.0 + i) for i in range(3)]
    w[2] = xs[1][5] = special
    both = value_and_grad(layer, argnums=(0, 1, 2))
    assert bits(jit(both)(w, w, xs)) == bits(both(w, w, xs))


def test_what_is_carried_is_a_vector() -> None:
    """A list that each turn changes alike; not numbers that each turn changes otherwise."""

    def alike(xs: Any) -> Any:
        return scan(lambda c, z: ([a * z for a in c], None), xs, [1.0, 2.0])[0]

    def apart(xs: Any) -> Any:
        return scan(lambda c, z: ([c[0] * z, c[1] + z, z - c[2], exp(c[3])], None), xs, [1.0, 2.0])[0]

    assert f"phi <{FEWEST} x double>" in text_of(alike, [1.0] * 4)
    assert "phi <" not in text_of(apart, [1.0] * 4)


def loops_of(f: Any, *args: Any) -> list[tuple[SSA, Loop]]:
    """The loops of a compiled call, with their bodies."""
    jitted = jit(f)
    jitted(*args)
    whole = lower(jitted._calls.latest.compiled.program).program()
    steps = [primitive for program in with_bodies([whole]) for primitive, _ in program.steps]
    return [(simplify(primitive.body), primitive) for primitive in steps if isinstance(primitive, Loop)]


def test_sums_of_adjoints_are_vectors() -> None:
    """Those of a layer's products, and whether anything arrives there, in one turn for each of its rows."""
    args = row(16, 0.3), row(16, 1.1), [row(16, 2.0 + i) for i in range(5)]
    found = [bundles_of(body, loop, 8) for body, loop in loops_of(value_and_grad(layer, argnums=(0, 1, 2)), *args)]
    assert max(len(bundles.carried) for bundles in found if isinstance(bundles, Bundles)) == 4  # sums and masks of 16


def test_masks_are_truth_values() -> None:
    """What is carried on the side of a sum, whether anything has arrived."""
    args = row(4, 0.3), row(4, 1.1), [row(4, 2.0 + i) for i in range(5)]
    found = [truths_of(body, loop) for body, loop in loops_of(value_and_grad(layer, argnums=(0, 1, 2)), *args)]
    assert max(map(len, found)) == 4
    assert f"phi <{FEWEST} x i1>" in text_of(value_and_grad(layer, argnums=(0, 1, 2)), *args)


def test_numbers_that_only_look_like_truth_values() -> None:
    """What is carried through unchanged, or used as a number, stays one."""

    def f(x: Any, xs: Any) -> Any:
        def step(carry: Any, z: Any) -> Any:
            a, b, c = carry
            return (a, b > z, where(c, z, b)), where(a, b, 0.5)

        return scan(step, (x, x, x), xs)

    args = 0.7, [0.1, 0.9, -0.3]
    assert bits(jit(f)(*args)) == bits(f(*args))


def test_no_vectors_where_rows_are_arrays() -> None:
    """An array in each row is one input of the body, however wide the row is."""
    body = Program(5, ((mul, (3, 4)), (mul, (4, 3))), (1, 5, 6))  # of a counter, an array, a number, two that are shared
    loop = Loop(body, (), (Row(9, 3), Row(1)), (Row(9, 3), Row(2)), (0, 0), turns=2)
    assert bundles_of(ssa_of(body), loop, 4) is None


def test_rows_that_are_vectors_are_not_put_into_lanes() -> None:
    """Turns that carry nothing go side by side only where that is less work: not for rows computed number by number alike."""
    wide = 8 * this_host().lanes

    def masked(rows: Any, c: Any) -> Any:
        return vmap(lambda row: [where(row[-1] > c, x, 0.0) for x in row])(rows)

    def norms(rows: Any) -> Any:
        return vmap(lambda row: dot(row, row))(rows)

    rows = [row(wide, 0.1 * i) for i in range(this_host().lanes)]
    assert text_of(masked, rows, 0.25).count("shufflevector") < wide // this_host().lanes
    assert bits(jit(masked)(rows, 0.25)) == bits(masked(rows, 0.25))
    assert f"fadd <{this_host().lanes} x double>" in text_of(norms, rows)  # sums of all turns side by side
    assert bits(jit(norms)(rows)) == bits(norms(rows))


@pytest.mark.parametrize("taken", [slice(4), slice(4, 8), slice(2), slice(2, 6), slice(0, 8, 2)])
@pytest.mark.parametrize("width", [8, 16, 12])
def test_parts_of_longer_vectors(width: int, taken: slice) -> None:
    """What is computed from some of a vector's numbers, and from another vector, is one only where all have as many."""

    def f(w: Any, c: Any, xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            products = [w * a for a in x]
            return [a * 0.5 + b for a, b in zip(c, products[taken], strict=True)], products

        c, ys = scan(step, c, xs)
        return dot(c, c) + sum(y[0] * y[-1] for y in ys)

    args = 1.5, row(len(range(width)[taken]), 0.3), [row(width, 2.0 + i) for i in range(3)]
    both = value_and_grad(f, argnums=(0, 1, 2))
    assert bits(jit(both, backend="llvm")(*args)) == bits(both(*args))
