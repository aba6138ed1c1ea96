"""Sums apart from their loops: found where terms are alike, the bits of Python's loops, and nothing else moved."""

import math
from collections import Counter
from typing import Any

import pytest

from autograd import dot, exp, jit, relu, scan, sum_, tanh, value_and_grad, vmap, where
from autograd.compiler.emit import abreast
from autograd.compiler.emit.accumulations import Accumulation
from autograd.compiler.emit.apart import with_sums_apart
from autograd.compiler.emit.levels import MOST_IN_REGISTERS, ssa_of
from autograd.compiler.lower import lower
from autograd.compiler.run.machine import this_host
from autograd.compiler.simplify import SSA
from autograd.forms import Loop
from autograd.structures import flatten
from tests.compiler.emit.test_bundles import bits

LANES = this_host().lanes
MANY = MOST_IN_REGISTERS + 1
TURNS = [1, 2, 7, 8, 9, 17]


def matrix(rows: int, columns: int, seed: float = 0.0) -> list[list[float]]:
    """Numbers of either sign."""
    return [[math.sin(1.0 + seed + 1.7 * i + 0.3 * j * (i + 1)) for j in range(columns)] for i in range(rows)]


def forms_of(ssa: SSA) -> Counter[str]:
    """How many loops and accumulations there are, at all levels, and how much the loops carry."""
    found: Counter[str] = Counter()
    for primitive in ssa.primitives:
        if isinstance(primitive, Loop):
            found += Counter({"loop": 1, "carried": len(primitive.carry)}) + forms_of(ssa_of(primitive.body))
        elif isinstance(primitive, Accumulation):
            found["sums"] += 1
    return found


def graph_of(f: Any, *args: Any) -> SSA:
    """What a call becomes before machine code."""
    jitted = jit(f)
    jitted(*args)
    return lower(jitted._calls.latest.compiled.program)


def compiled(f: Any, *args: Any, **options: Any) -> Any:
    """What machine code gives: a first call is computed without."""
    g = jit(f, **options)
    g(*args)
    return g(*args)


def network(first: Any, second: Any, xs: Any) -> Any:
    """Two layers of each vector, as a network has them."""

    def at(x: Any) -> Any:
        hidden = [relu(a) for a in vmap(lambda row: dot(row, x))(first)]
        return sum_([tanh(a) for a in vmap(lambda row: dot(row, hidden))(second)])

    return sum_(vmap(at)(xs))


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("width", [3, 8, 17, 33])
def test_gradients_of_a_network(width: int, turns: int) -> None:
    """Weights get their terms vector after vector: the bits of Values."""
    args = matrix(width + 2, width), matrix(3, width + 2, 0.3), matrix(turns, width, 0.5)
    both = value_and_grad(network, argnums=(0, 1, 2))
    assert bits(compiled(both, *args)) == bits(both(*args))


@pytest.mark.parametrize("special", [math.inf, math.nan, -0.0])
def test_special_numbers(special: float) -> None:
    """Beyond choices, nothing arrives: nan and infinity leave no trace, and zeros have their sign."""
    args = matrix(11, 9), matrix(3, 11, 0.3), matrix(9, 9, 0.5)
    args[0][2][3] = args[1][1][4] = args[2][5][6] = special
    both = value_and_grad(network, argnums=(0, 1, 2))
    assert bits(compiled(both, *args)) == bits(both(*args))


def test_a_network_has_no_sums_in_its_loops() -> None:
    """Its weights are apart from the turns; in lanes, the sums of each row too."""
    args = matrix(20, 18), matrix(3, 20, 0.3), matrix(9, 18, 0.5)
    ssa = graph_of(value_and_grad(network, argnums=(0, 1)), *args)
    before, after, in_lanes = forms_of(ssa), *(forms_of(with_sums_apart(ssa, lanes=lanes)) for lanes in (False, True))
    assert before["carried"] > 20
    assert after["carried"] <= 2  # whether anything arrived
    assert after["sums"] >= 2
    assert in_lanes["sums"] > after["sums"]


def carried(start: Any, xs: Any) -> Any:
    """Numbers that each get a term; one that is computed otherwise; a row on the side."""

    def turn(c: Any, x: Any) -> Any:
        many, one = c
        return ([a + b * x[0] for a, b in zip(many, x, strict=True)], exp(-one * x[1])), [x[1] * 2.0, one]

    return scan(turn, (start, 0.5), xs)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("width", [MANY, MANY + 7, 70])
def test_many_numbers_that_are_carried(width: int, turns: int, reverse: bool) -> None:
    """Each gets its terms in the order of the turns."""

    def f(start: Any, xs: Any) -> Any:
        def turn(c: Any, x: Any) -> Any:
            return [where(x[0] > 0.0, a * 0.5 + b, a) for a, b in zip(c, x, strict=True)], x[1] * 2.0

        return scan(turn, start, xs, reverse=reverse)

    args = matrix(1, width)[0], matrix(turns, width, 0.3)
    for function in (carried, f):
        assert bits(compiled(function, *args)) == bits(function(*args))


def test_which_numbers_stay() -> None:
    """Few, those that others read, and what is computed otherwise."""
    xs = matrix(5, MANY)

    def counts(f: Any, start: Any) -> Counter[str]:
        return forms_of(with_sums_apart(graph_of(lambda c: scan(f, c, xs)[0], start), lanes=False))

    def alike(c: Any, x: Any) -> Any:
        return [a + b for a, b in zip(c, x, strict=False)], None

    def crossed(c: Any, x: Any) -> Any:
        return [a + b for a, b in zip(c[1:] + c[:1], x, strict=True)], None

    def large(c: Any, x: Any) -> Any:
        return [a + exp(exp(exp(exp(exp(exp(exp(exp(b)))))))) for a, b in zip(c, x, strict=True)], None

    def without_rows(c: Any, _: Any) -> Any:
        return [a * 1.5 + 1.0 for a in c], None

    assert counts(alike, xs[0]) == Counter(sums=1)
    assert counts(alike, xs[0][:-1])["sums"] == 0
    for f in (crossed, large, without_rows):
        assert counts(f, xs[0]) == Counter(loop=1, carried=MANY)


@pytest.mark.parametrize("turns", [LANES, 2 * LANES + 3])
@pytest.mark.parametrize("width", [8, 9, 21])
def test_rows_summed_in_lanes(width: int, turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A matrix times several vectors, beyond functions of each sum: the bits of Values."""
    monkeypatch.setattr(abreast, "_pays", lambda *_: True)

    def f(weights: Any, xs: Any) -> Any:
        return vmap(lambda x: vmap(lambda row: tanh(dot(row, x)) * row[0] + row[1])(weights))(xs)

    args = matrix(5, width), matrix(turns, width, 0.5)
    assert bits(compiled(f, *args)) == bits(f(*args))
    assert forms_of(with_sums_apart(graph_of(f, *args), lanes=True))["sums"] == 1
    assert forms_of(with_sums_apart(graph_of(f, *args), lanes=False))["sums"] == 0


@pytest.mark.parametrize("count", [1, 7, 8, 9])
def test_rows_of_data(count: int) -> None:
    """Programs with loops, as many rows side by side as there are lanes."""
    options: dict[str, Any] = {"in_axes": (None, None, 0), "reduce": "sum"}
    args = matrix(19, 18), matrix(3, 19, 0.3), [matrix(2, 18, 0.5 + k) for k in range(count)]
    both = value_and_grad(network, argnums=(0, 1))
    assert bits(compiled(both, *args, **options)) == bits(compiled(both, *args, backend="python", **options))


def test_numbers_of_results() -> None:
    """All results of a loop are there, in their order, also those of one that only gives rows."""
    start, xs = matrix(1, MANY)[0], matrix(3, MANY, 0.3)
    assert len(flatten(compiled(carried, start, xs), "")[0]) == MANY + 1 + 6
