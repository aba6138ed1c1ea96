"""Long turns, and turns with loops in them, side by side: the bits of Python's loops, whatever is left over."""

import math
from typing import Any

import pytest

from autograd import (
    add,
    dot,
    exp,
    fori_loop,
    jit,
    length,
    maximum,
    minimum,
    mul,
    scan,
    sin,
    sum_,
    take,
    tanh,
    value_and_grad,
    vmap,
    where,
)
from autograd.compiler.emit import abreast
from autograd.compiler.emit.abreast import MOST_NUMBERS, goes_abreast
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.lower import lower
from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.pipeline import executable_of
from autograd.compiler.run.machine import this_host
from autograd.forms import Load, Loop, Pack, Result, Row
from autograd.program import Program
from autograd.structures import flatten
from tests.compiler.emit.test_bundles import bits
from tests.compiler.emit.test_turns import text_of

LANES = this_host().lanes
needs_lanes = pytest.mark.skipif(LANES == 1, reason="a processor without vectors")


def matrix(rows: int, columns: int, seed: float = 0.0) -> list[list[float]]:
    """Numbers of either sign."""
    return [[math.sin(1.0 + seed + 1.7 * i + 0.3 * j * (i + 1)) for j in range(columns)] for i in range(rows)]


@pytest.fixture(autouse=True)
def always(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they can, turns go abreast here, whether it pays or not."""
    if "when" not in request.node.name:
        monkeypatch.setattr(abreast, "_pays", lambda *_: True)


def compiled(f: Any, *args: Any, **options: Any) -> Any:
    """What machine code gives: a first call is computed without."""
    g = jit(f, **options)
    g(*args)
    return g(*args)


def products(weights: Any, xs: Any) -> Any:
    """A matrix times each vector, loop in loop."""
    return vmap(lambda x: vmap(lambda row: tanh(dot(row, x)))(weights))(xs)


def long(weights: Any, x: Any) -> Any:
    """A long sum in each turn."""
    return vmap(lambda row: dot(row, x) + row[0] * row[-1])(weights)


def of_rows(weights: Any, xs: Any) -> Any:
    """Each turn gives a row that a loop in it made, one in which turns do not differ, and numbers."""

    def turn(x: Any) -> Any:
        scaled = vmap(lambda y: y * weights[1][0] - weights[2][1])(list(x))
        same = vmap(lambda row: row[0] + row[1])(weights)
        return scaled, same, [tanh(x[0]), 2.0, sum_(scaled), weights[0][0]]

    return vmap(turn)(xs)


def recurrent(weights: Any, xs: Any) -> Any:
    """A recurrence in each turn, with a choice, and a function of the C library."""

    def turn(x: Any) -> Any:
        def step(h: Any, y: Any) -> Any:
            h = where(h > y, h * y, exp(sin(h) - y))
            return h, maximum(h, weights[0][0])

        h, ys = scan(step, x[0], list(x))
        return h, sum_(ys)

    return vmap(turn)(xs)


def looked_up(weights: Any, xs: Any) -> Any:
    """A place in an array that differs from turn to turn, in a loop."""

    def turn(x: Any) -> Any:
        place = where(x[0] > 0.0, 1.0, 0.0)
        return fori_loop(0, 3, lambda i, total: total + dot(take(weights, place), x) * i, 0.0)

    return vmap(turn)(xs)


FUNCTIONS = {f.__name__: f for f in (products, of_rows, recurrent, looked_up)}


@pytest.mark.parametrize("turns", [LANES, LANES + 1, 3 * LANES - 1])
@pytest.mark.parametrize("width", [2, LANES - 1, LANES, 2 * LANES + 3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loops_in_turns(name: str, width: int, turns: int) -> None:
    """Rows of any width, into lanes and back, and turns that are left over; values, and gradients by value_and_grad."""
    f, (weights, xs) = FUNCTIONS[name], (matrix(3, max(2, width)), matrix(turns, max(2, width), 0.5))
    assert bits(compiled(f, weights, xs)) == bits(f(weights, xs))

    def total(weights: Any, xs: Any) -> Any:
        found = f(weights, xs)
        parts = found if isinstance(found, tuple) else (found,)
        rows = [row for part in parts for row in part]
        return sum_([sum_(row) if isinstance(row, list) else row for row in rows])

    both = value_and_grad(total, argnums=(0, 1))
    found = compiled(both, weights, xs)
    assert bits(found) == bits(compiled(both, weights, xs, backend="python"))
    # to the last bits alone: a number that a turn reads by itself, and a loop in it by its row, gets its terms in another order
    assert flatten(found, "")[0] == pytest.approx(flatten(both(weights, xs), "")[0], rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("turns", [LANES, 2 * LANES + 1])
@pytest.mark.parametrize("width", [151, 320])
def test_long_turns(width: int, turns: int) -> None:
    """Longer than what is one piece of code: in pieces, in lanes."""
    weights, (x,) = matrix(turns, width), matrix(1, width, 0.25)
    x[3], weights[1][2], weights[2][5] = -0.0, math.inf, math.nan
    assert bits(compiled(long, weights, x)) == bits(long(weights, x))


def test_each_turn_has_its_number() -> None:
    """In every lane, and in the turns that are left over."""
    turns = 2 * LANES + 3
    inner = Loop(Program(3, ((mul, (1, 2)), (add, (3, 0))), (4,)), (0,), (), (), (0,), turns=2)  # c -> c * i + j
    body = Program(2, ((inner, (1, 0)), (Result(0), (2,))), (3,))
    outer = Loop(body, (), (Row(1),), (Row(1),), (), turns=turns)
    steps: Any = [(Pack(1), tuple(range(turns))), (outer, (turns,)), (Result(0), (turns + 1,))]
    steps += [(Load(1, 0), (turns + 2, float(i))) for i in range(turns)]
    program = Program(turns, tuple(steps), tuple(range(turns + 3, 2 * turns + 3)))
    xs = [math.sin(i + 0.5) for i in range(turns)]
    found = list(executable_of(program, Options()).run(xs, NO_ROWS))
    assert bits(found) == bits([(x * i + 0.0) * i + 1.0 for i, x in enumerate(xs)])


@pytest.mark.parametrize("turns", [1, LANES - 1, LANES, 3 * LANES + 2])
def test_turns_that_only_the_run_counts(turns: int) -> None:
    """Too few of them for a vector too."""

    def f(weights: Any, xs: Any) -> Any:
        ys = vmap(lambda x: sum_(vmap(lambda row: dot(row, x))(weights)))(xs)
        return fori_loop(0, length(xs), lambda i, total: total * 0.5 + take(ys, i), 0.0)

    g, weights = jit(f, dynamic_argnums=1), matrix(3, 4)
    for count in (2, turns):
        xs = matrix(count, 4, 0.5)
        expected = 0.0
        for x in xs:
            expected = expected * 0.5 + sum_([dot(row, x) for row in weights])
        g(weights, xs)
        assert bits(g(weights, xs)) == bits(expected)


@needs_lanes
def test_when_they_go_in_vectors() -> None:
    """Where vectors inside of a turn would take rows apart again and again, and where the terms of long sums wait."""
    vector, wide = f"fmul <{LANES} x double>", matrix(1, 301)[0]
    assert vector in text_of(long, matrix(LANES, 301), wide)
    assert vector not in text_of(long, matrix(LANES - 1, 301), wide)

    def goes(f: Any, *args: Any, **options: Any) -> bool:
        ((body, loop),) = loops_of(f, *args, **options)
        return goes_abreast(body, loop, LANES)

    assert goes(distances, matrix(LANES, 16), matrix(1, 16), dynamic_argnums=(0, 1))
    assert goes(products, matrix(64, 20), matrix(LANES, 20))
    assert not goes(products, matrix(3, 20), matrix(LANES, 20))
    assert goes(long, matrix(LANES, 301), wide)
    assert not goes(long, matrix(LANES, 20), wide[:20])
    assert not goes(vmap(lambda row: [x * x - row[0] for x in row]), matrix(LANES, 301))


def distances(points: Any, centres: Any) -> Any:
    """How far each point is from the nearest centre."""

    def squared(a: Any, b: Any) -> Any:
        return sum_([(x - y) * (x - y) for x, y in zip(a, b, strict=True)])

    def nearest(point: Any) -> Any:
        return scan(lambda least, centre: (minimum(least, squared(point, centre)), None), math.inf, centres)[0]

    return vmap(nearest)(points)


def tables(points: Any, centres: Any) -> Any:
    """A number for each centre, kept by each point."""
    return vmap(lambda point: take(vmap(lambda centre: point[0] * centre[1])(centres), -1))(points)


def squares(points: Any, centres: Any) -> Any:
    """Of sequences that turns take, the sums of their elements' squares."""
    each = vmap(lambda point: vmap(lambda centre: point[0] * centre[1])(centres))(points)
    return vmap(lambda row: dot(row, row))(each)


@needs_lanes
def test_turns_whose_loops_only_the_run_counts() -> None:
    """They go abreast, if they keep no more than is known for each."""
    points, compiled_for_all = matrix(2 * LANES + 3, 16), jit(distances, dynamic_argnums=(0, 1))
    for count in (1, 7, 40):
        centres = matrix(count, 16, 0.25)
        assert bits(list(compiled_for_all(points, centres))) == bits(distances(points, centres))

    def goes(f: Any) -> bool:
        found = loops_of(f, points, matrix(3, 16), dynamic_argnums=(0, 1))
        return any(goes_abreast(body, loop, LANES) for body, loop in found)

    assert goes(distances)
    assert not goes(tables)
    assert not goes(squares)
    rows = [[math.sin(i * j) for j in range(3)] for i in range(2 * LANES)]
    assert bits(list(jit(squares, dynamic_argnums=(0, 1))(rows, rows[:5]))) == bits(squares(rows, rows[:5]))


def loops_of(f: Any, *args: Any, **options: Any) -> list[tuple[Any, Any]]:
    """The outermost loops of a call, with their bodies."""
    jitted = jit(f, **options)
    jitted(*args)
    ssa = lower(jitted._calls.latest.compiled.program)
    return [(ssa_of(p.body), p) for p in ssa.primitives if isinstance(p, Loop)]


@needs_lanes
def test_which_loops_can_go_abreast() -> None:
    """Not those that carry, or go different ways, or whose numbers are many, or turns too few."""
    xs = matrix(LANES, 4)

    def goes(f: Any, *args: Any) -> bool:
        ((body, loop),) = loops_of(f, *args)
        return goes_abreast(body, loop, LANES)

    def of_turns(xs: Any) -> Any:
        return vmap(lambda x: fori_loop(0, where(x[0] > 0.0, 2.0, 3.0), lambda i, y: y * x[1] + i, 1.0))(xs)

    def carrying(xs: Any) -> Any:
        return scan(lambda c, x: (c + sum_(vmap(lambda y: c * y)(list(x))), None), 0.0, xs)[0]

    def large(xs: Any) -> Any:
        return vmap(lambda x: sum_(vmap(lambda i: i * x[0])([float(i) for i in range(many)])))(xs)

    assert goes(products, xs[:3], xs)
    assert not goes(products, xs[:3], xs[:-1])
    assert not goes(carrying, xs)
    assert not goes(of_turns, xs)
    many = 40
    assert goes(large, xs)
    many = MOST_NUMBERS // LANES // 2
    assert not goes(large, xs)
