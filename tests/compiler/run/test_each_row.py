"""Rows in machine code, alone or side by side: the bits are those of rows traced turn by turn, and of Values."""

from typing import Any

import numpy as np
import pytest

from autograd import (
    Value,
    cond,
    dot,
    fori_loop,
    grad,
    hessian,
    jit,
    scan,
    sin,
    sum_,
    take,
    tanh,
    value_and_grad,
    vmap,
    where,
    while_loop,
)
from autograd.compiler.blocks import in_blocks
from autograd.compiler.run.python import PythonExecutable

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.run.each_row import EachRow
from autograd.compiler.run.machine import this_host
from autograd.real import number_of
from autograd.structures import flatten
from tests.compiler.comparison import bits
from tests.compiler.loops.programs import Draws

WEIGHTS = [Value(x) for x in (0.5, -0.25, 1.5, 0.75)]


def error(xs: Any, target: Any, scale: Any) -> Any:
    """A recurrence through a row."""

    def step(h: Any, x: Any) -> Any:
        a, b = tanh(WEIGHTS[0] * h[0] + WEIGHTS[1] * x * scale), tanh(WEIGHTS[2] * h[1] - WEIGHTS[3] * x)
        return (a, b), None

    (a, b), _ = scan(step, (0.0, 0.0), xs)
    return (a + b - target) ** 2.0


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("count", [1, 3, 64, 1500, 2100])
def test_sums_have_the_bits_of_rows_side_by_side(reduce: str, count: int) -> None:
    """Of values and gradients to captured and shared numbers, for few rows, and for several blocks."""
    rng = np.random.default_rng(0)
    xs, targets = rng.normal(size=(count, 4)), rng.normal(size=count)
    found = []
    for loops in (True, False):
        f = jit(error, in_axes=(0, 0, None), reduce=reduce, loops=loops)
        for weight in WEIGHTS:
            weight.grad = None
        result = f(xs, targets, 0.5)
        result.backward()
        slope = jit(value_and_grad(error, argnums=2), in_axes=(0, 0, None), reduce=reduce, loops=loops)(xs, targets, 0.5)
        found.append([result.data, *[weight.grad for weight in WEIGHTS], *[x.data for x in slope]])
        assert isinstance(f._calls.latest.compiled.executable, EachRow) == loops
    assert found[0] == found[1]


def test_code_does_not_grow_with_turns() -> None:
    """Which is what loops are for; by row, and on Values, it works too."""
    short, long = (jit(error, in_axes=(0, 0, None), reduce="mean", loops=True) for _ in range(2))
    short(np.ones((2, 4)), np.ones(2), 1.0)
    long(np.ones((2, 400)), np.ones(2), 1.0)
    assert long.stats().operations_traced < short.stats().operations_traced + 100
    xs, targets = np.random.default_rng(0).normal(size=(3, 4)), np.zeros(3)
    by_row = [jit(error, in_axes=(0, 0, None), loops=loops)(xs, targets, 0.5) for loops in (True, False)]
    assert [x.data for x in by_row[0]] == [x.data for x in by_row[1]]
    assert jit(error, in_axes=(0, 0, None), reduce="sum", backend="python", loops=True)(xs, targets, 0.5).data == pytest.approx(
        jit(error, in_axes=(0, 0, None), reduce="sum", loops=True)(xs, targets, 0.5).data, rel=1e-15
    )
    assert PythonExecutable is not EachRow


def test_weights() -> None:
    """A mean by weights: the sum of what the function gives over the sum of weights."""
    f = jit(lambda x, w: x * x * w, in_axes=(0, 0), reduce="mean", loops=True)
    f._calls.options = f._calls.options._replace(weighted=True)
    xs, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 3.0])
    assert f(xs, weights) == (1.0 + 27.0) / 4.0
    assert f(xs, np.zeros(3)) != f(xs, np.zeros(3))  # nan: nothing counts


def test_rows_shared_by_threads_of_the_caller() -> None:
    """Each call has a frame of its own."""
    from concurrent.futures import ThreadPoolExecutor

    f = jit(error, in_axes=(0, 0, None), reduce="mean", loops=True)
    xs, targets = np.random.default_rng(0).normal(size=(50, 4)), np.zeros(50)
    wanted = f(xs, targets, 0.5).data
    with ThreadPoolExecutor(4) as pool:
        assert {r.data for r in pool.map(lambda _: f(xs, targets, 0.5), range(40))} == {wanted}


def _layers(w: Any, xs: Any) -> Any:
    """Loops in loops: two layers, whose weights rows share."""
    hidden = vmap(lambda row: tanh(dot(row, xs)))(w)
    return sum_(vmap(lambda row: sin(dot(row, hidden[: len(row)])))(w))


def _recurrent(w: Any, xs: Any) -> Any:
    """A layer in the turns of a loop."""

    def step(h: Any, x: Any) -> Any:
        h = vmap(lambda row: tanh(dot(row, h) + x))(w)
        return h, sum_(h)

    h, ys = scan(step, [0.1] * len(w), xs, reverse=True)
    return dot(h, h) + sum_(ys)


def _taken(w: Any, xs: Any) -> Any:
    """Elements by an index of the row's, and beyond the ends; whose gradients go there."""

    def step(c: Any, x: Any) -> Any:
        index = where(x < 0.0, 0.0, where(x < 0.5, 2.0, 1.0))
        chosen = take(w, index)
        return c * 0.5 + dot(chosen, chosen) * x + where(x < 0.7, take(xs, index), 0.0), None

    return scan(step, 0.5, xs)[0]


def _branch(w: Any, xs: Any) -> Any:
    """One of two, by the row."""

    def step(c: Any, x: Any) -> Any:
        return cond(x < c, lambda a: sin(a) * w[0][0], lambda a: a * w[1][1] - 0.5, c + x), c

    c, ys = scan(step, xs[0], xs)
    return c * sum_(ys)


def _counted(w: Any, xs: Any) -> Any:
    """Turns of all rows, by number and by test."""
    c = fori_loop(0, len(w), lambda i, c: c * 0.5 + take(w, i)[0] * i * xs[0], xs[-1])
    return while_loop(lambda c: c[0] < 3.0, lambda c: (c[0] + 1.0, c[1] * w[0][1] + xs[0]), (0.0, c))[1]


def _wide(w: Any, xs: Any) -> Any:
    """A body in pieces: more numbers than one piece of code has, and more carried than registers hold."""

    def step(cs: Any, x: Any) -> Any:
        numbers = [c * w[0][0] + x * k for k, c in enumerate(cs)]
        for _ in range(6):
            numbers = [sin(a) * 0.5 + b for a, b in zip(numbers, [*numbers[1:], numbers[0]], strict=True)]
        return numbers, [sum_(vmap(lambda a: a * x)(numbers)), numbers[0]]

    cs, ys = scan(step, [0.1 * k for k in range(40)], xs)
    return dot(cs, cs) + sum_([y for row in ys for y in row])


PROGRAMS = {f.__name__.strip("_"): f for f in (_layers, _recurrent, _taken, _branch, _counted, _wide)}
SHARED = [[0.3, -0.2, 0.7], [0.1, 0.9, -0.5], [-0.4, 0.2, 0.6]]


def by_values(f: Any, shared: Any, rows: Any) -> list[str]:
    """What a function of shared numbers and a row gives on Values, row by row, summed as blocks are."""
    found = []
    for row in rows:
        result = f([[Value(x) for x in each] for each in shared], [Value(x) for x in row])
        found.append([number_of(x) for x in flatten(result, "a result")[0]])
    return summed([in_blocks(lambda terms: sum_.evaluate(*terms), list(column)) for column in zip(*found, strict=True)])


def summed(thing: Any) -> list[str]:
    """The bits of sums; of one that is 0 not its sign."""
    return bits([number_of(x) + 0.0 for x in flatten(thing, "a result")[0]])


def in_lanes(f: Any) -> Any:
    """The machine code for rows side by side of a function's latest call, if it was needed, and there can be any."""
    executable = f._calls.latest.compiled.executable
    assert isinstance(executable, EachRow)
    return executable._made.get(True)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 19])
@pytest.mark.parametrize("name", PROGRAMS)
def test_rows_side_by_side_have_the_bits_of_values(name: str, count: int) -> None:
    """With gradients to what rows share and to what is their own; rows that fill the lanes, and that do not."""
    f = value_and_grad(PROGRAMS[name], argnums=(0, 1))
    rows = np.random.default_rng(count).normal(size=(count, 3))
    jitted = jit(f, in_axes=(None, 0), reduce="sum", loops=True)
    assert summed(jitted(SHARED, rows)) == by_values(f, SHARED, rows)
    assert (in_lanes(jitted) is not None) == (count >= max(2, this_host().lanes // 2))


@pytest.mark.parametrize("turns", [0, 1, 2, 7, 8, 9])
def test_turns(turns: int) -> None:
    """Of any number; a block ends within the lanes."""
    f = value_and_grad(lambda w, xs: scan(lambda c, x: (sin(c * w[0][0]) + x, None), 0.5, xs)[0] * w[0][1])
    rows = np.random.default_rng(0).normal(size=(21, turns))
    jitted = jit(f, in_axes=(None, 0), reduce="sum", loops=True)
    assert summed(jitted(SHARED, rows)) == by_values(f, SHARED, rows)


@pytest.mark.parametrize("derivative", [hessian, lambda f: grad(lambda w, xs: sum_(grad(f)(w, xs)[0]))])
def test_second_derivatives(derivative: Any) -> None:
    """Of a loop in a loop."""

    def f(w: Any, xs: Any) -> Any:
        return scan(lambda c, x: (sin(sum_(vmap(lambda a: a * c)(w[0]))) + x, None), 0.5, xs)[0]

    rows = np.random.default_rng(1).normal(size=(11, 3))
    jitted = jit(derivative(f), in_axes=(None, 0), reduce="sum", loops=True)
    assert summed(jitted(SHARED, rows)) == by_values(derivative(f), SHARED, rows)
    assert in_lanes(jitted) is not None


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    """Loops in loops, branches, elements, with gradients; those whose turns are a row's own go alone."""
    draws = Draws(seed, 1 + seed % 2)
    f = value_and_grad(lambda w, xs: draws(w[0][0], xs[0], list(xs[1:])), argnums=(0, 1))
    rows = np.random.default_rng(seed).normal(size=(9, 2 + seed % 3))
    jitted = jit(f, in_axes=(None, 0), reduce="sum", loops=True)
    assert summed(jitted(SHARED, rows)) == by_values(f, SHARED, rows)


def test_each_row_its_turns() -> None:
    """Rows whose turns are their own are computed alone."""

    def f(w: Any, xs: Any) -> Any:
        return fori_loop(0, where(xs[0] < 0.0, 2.0, 5.0), lambda _, c: c * w[0][0] + xs[1], 1.0)

    rows = np.random.default_rng(2).normal(size=(9, 2))
    jitted = jit(f, in_axes=(None, 0), reduce="sum", loops=True)
    expected = [f(SHARED, row.tolist()) for row in rows]
    assert bits([jitted(SHARED, rows)]) == bits([sum_.evaluate(*expected)])
    assert in_lanes(jitted) is None


def test_machine_code_is_made_when_it_is_needed() -> None:
    """For one row none in lanes, and for many none for one; `stats` counts what there is."""
    jitted = jit(_layers, in_axes=(None, 0), reduce="sum", loops=True)
    executables = []
    for count, ways in ((1, {False}), (32, {False, True})):
        jitted(SHARED, np.ones((count, 3)))
        executables.append(jitted._calls.latest.compiled.executable)
        assert executables[-1]._made.keys() == ways
    assert executables[0] is executables[1]
    assert jitted.stats().code_size > executables[0].made(in_lanes=False).code_size
    assert jitted.stats().seconds > executables[0].seconds > 0.0
    many = jit(_layers, in_axes=(None, 0), reduce="sum", loops=True)
    many(SHARED, np.ones((32, 3)))
    assert many._calls.latest.compiled.executable._made.keys() == {True}


def test_calls_take_the_short_way() -> None:
    """From the second on arrays are read where they lie, for any number of rows; others take the long way."""
    f = value_and_grad(_layers)
    jitted = jit(f, in_axes=(None, 0), reduce="sum", loops=True)
    shared, rows = np.array(SHARED), np.random.default_rng(3).normal(size=(19, 3))
    for count in (19, 19, 2, 9, 19):
        assert summed(jitted(shared, rows[:count])) == by_values(f, SHARED, rows[:count])
    assert jitted._calls.short_way is not None
    assert summed(jitted._calls.short_way[0]((shared, rows))) == by_values(f, SHARED, rows)
    assert summed(jitted(SHARED, rows)) == by_values(f, SHARED, rows)


def test_code_for_a_usual_batch_computes_a_smaller_one() -> None:
    """In lanes with rows that are there twice, until a smaller one is usual: so a training makes one program."""
    jitted = jit(_layers, in_axes=(None, 0), reduce="sum", loops=True)
    jitted(SHARED, np.ones((32, 3)))
    executable, least = jitted._calls.latest.compiled.executable, max(2, this_host().lanes // 2)
    call = executable.new_frame()
    executable.prepare(call, 32, 32)
    assert (call.kept["record"][0], executable._made.keys()) == (0, {True})
    executable.prepare(call, 1, 32)
    assert (call.kept["record"][0], executable._made.keys()) == (least, {False, True})
