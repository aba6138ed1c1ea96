"""Inputs that a program packs into arrays, as arrays."""

import random
from typing import Any

import numpy as np
import pytest

from autograd import Value, dot, exp, grad, jit, scan, tanh, vmap, where
from autograd.compiler.node import NO_ROWS, Compiled
from autograd.compiler.options import Options
from autograd.compiler.packed import FEWEST, in_arrays
from autograd.compiler.pipeline import executable_of
from autograd.forms import Load, Loop, Pack, Result, Row
from autograd.primitives import add, mul
from autograd.program import Program
from tests.compiler.comparison import bits

SIZE = FEWEST
SQUARES = Loop(Program(3, ((mul, (1, 2)),), (3,)), (), (Row(2),), (Row(1),), (), turns=SIZE // 2)


def squares(*more: Any, first: int = 1, width: int = 2) -> Program:
    """A program of SIZE + 2 numbers that packs those from the first on, and goes through them."""
    inputs = SIZE + 2
    steps: list[Any] = [
        (Pack(width), tuple(range(first, first + SIZE))),
        (SQUARES, (inputs,)),
        (Result(0), (inputs + 1,)),
        (Load(1, 0), (inputs + 2, 1.0)),
        *more,
    ]
    return Program(inputs, tuple(steps), (inputs + len(steps) - 1,))


def test_inputs_become_an_array() -> None:
    """Others stay numbers, with the places that they have then."""
    program = squares((add, (SIZE + 5, SIZE + 1)))
    found, options = in_arrays(program, Options())
    assert (options.arrays, options.rows) == ((0, 2, 0), (0, SIZE // 2, 0))
    assert found.inputs == 3
    assert not any(isinstance(form, Pack) for form, _ in found.steps)
    assert found.steps[-1][1] == (5, 2)
    numbers = [0.5 + i for i in range(SIZE + 2)]
    assert found(0.5, numbers[1:-1], numbers[-1]) == program(*numbers)


@pytest.mark.parametrize(
    "more",
    [
        [(add, (SIZE + 5, 1))],  # read alone
        [(Pack(1), tuple(range(1, 1 + SIZE))), (Load(1, 0), (SIZE + 6, 0.0))],  # in other columns
        [(Pack(2), tuple(range(2, 2 + SIZE))), (Load(2, 0), (SIZE + 6, 0.0))],  # another array has some of them
        [(Pack(2), tuple(reversed(range(1, 1 + SIZE)))), (Load(2, 0), (SIZE + 6, 0.0))],
    ],
)
def test_what_is_read_otherwise_too_stays_numbers(more: Any) -> None:
    """One by one, or in another array."""
    program = squares(*more)
    assert in_arrays(program, Options()) == (program, Options())


def test_an_output_stays_a_number() -> None:
    """Which is an input as it is."""
    program = squares()
    assert in_arrays(Program(program.inputs, program.steps, (*program.outputs, 3)), Options())[1].arrays == ()


def test_rows_of_data_stay_numbers() -> None:
    """What all rows share becomes an array."""
    varying: Any = (*[None] * (SIZE + 1), 0)
    program = squares((add, (SIZE + 5, SIZE + 1)))
    found = in_arrays(program, Options(varying, "sum"))[1]
    assert (found.arrays, found.varying) == ((0, 2, 0), (None, None, 0))
    assert found.by_place == Options(varying, "sum")
    varying = (None, 0, *[None] * SIZE)
    assert in_arrays(program, Options(varying, "sum"))[1].arrays == ()


def test_few_stay_numbers() -> None:
    """They are as quick."""
    body = Loop(Program(2, ((mul, (1, 1)),), (2,)), (), (Row(1),), (Row(1),), (), turns=3)
    program = Program(3, ((Pack(1), (0, 1, 2)), (body, (3,)), (Result(0), (4,)), (Load(1, 0), (5, 1.0))), (6,))
    assert in_arrays(program, Options()) == (program, Options())


def layers(w: Any, v: Any, b: Any, x: Any) -> Any:
    """Two layers, with a choice, and a number that is carried."""
    hidden = vmap(lambda row, c: tanh(dot(row, x) + c))(w, b)
    hidden = vmap(lambda h: where(h > 0.0, h, 0.25 * h))(hidden)
    out = vmap(lambda row: exp(0.125 * dot(row, hidden)))(v)
    return scan(lambda c, y: (0.5 * c + y * y, None), 0.0, out)[0]


def numbers(seed: int) -> list[Any]:
    """Weights, biases and an input."""
    rng = random.Random(seed)

    def rows(count: int, width: int) -> list[list[float]]:
        return [[rng.gauss(0, 1) for _ in range(width)] for _ in range(count)]

    return [rows(9, 5), rows(7, 9), rows(1, 9)[0], rows(1, 5)[0]]


def values(thing: Any) -> Any:
    """The same in Values."""
    return [values(x) for x in thing] if isinstance(thing, list) else Value(thing)


def flat(thing: Any) -> list[Any]:
    """All numbers or Values of it."""
    return [x for part in thing for x in flat(part)] if isinstance(thing, list) else [thing]


@pytest.mark.parametrize("backend", ["llvm", "python"])
def test_gradients_are_those_of_eager_values(backend: str) -> None:
    """To each number of each array, first and second."""
    at = numbers(1)
    eager, compiled = values(at), values(at)
    wanted, found = layers(*eager), jit(layers, backend=backend)(*compiled)
    wanted.backward()
    found.backward()
    assert bits([found.data, *[x.grad for x in flat(compiled)]]) == bits([wanted.data, *[x.grad for x in flat(eager)]])
    f = jit(layers, backend=backend)
    assert f(*at) == wanted.data
    assert f._calls.latest.compiled.in_arrays[1].arrays.count(0) < sum(map(len, (at[2], at[3]))) + 5
    second = grad(lambda x: f(at[0], at[1], at[2], [x, *at[3][1:]]) * x)
    eagerly = grad(lambda x: layers(at[0], at[1], at[2], [x, *at[3][1:]]) * x)
    assert grad(second)(0.75) == pytest.approx(grad(eagerly)(0.75), rel=1e-13)  # x is shared by the turns of a loop


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_over_rows(reduce: Any, loops: bool) -> None:
    """Arrays that rows share, and rows of data, in lanes too."""
    w, v, b, _ = numbers(2)
    weights = values([w, v, b])
    xs = np.array([numbers(i)[3] for i in range(11)])

    def f(x: Any) -> Any:
        return layers(*weights, x)

    results = [f(list(map(float, x))) for x in xs]
    wanted = results if reduce is None else [sum(results[1:], results[0]) / (11.0 if reduce == "mean" else 1.0)]
    found = jit(f, in_axes=0, reduce=reduce, loops=loops)(xs)
    found = list(found) if reduce is None else [found]
    assert [x.data for x in found] == pytest.approx([x.data for x in wanted], rel=1e-13)
    grads = []
    for outcome in (wanted, found):
        for x in flat(weights):
            x.grad = None
        sum(outcome[1:], outcome[0]).backward()
        grads.append([x.grad for x in flat(weights)])
    assert grads[0] == pytest.approx(grads[1], rel=1e-11, abs=1e-13)


def test_the_derived_program_of_numbers_is_made_when_asked_for() -> None:
    """It gives what the arrays give, in the same order."""
    compiled = Compiled(squares((add, (SIZE + 5, SIZE + 1))), Options(), "squares")
    derived = compiled.derived
    assert derived.in_arrays[1].results == (0, 0, 2, 0)
    assert derived.in_arrays[1].result_rows == (0, 0, SIZE // 2, 0)
    at = [0.5 + i for i in range(SIZE + 2)]
    found = derived.executable.run(at, NO_ROWS)
    assert bits(found) == bits(derived.program(*at))
    assert bits(found) == bits(executable_of(derived.program, Options(backend="python")).run(at, NO_ROWS))
    assert compiled.derived.idle == {0: [0]}
    assert compiled.derived.derived.program.inputs == SIZE + 2


def test_numbers_that_nothing_depends_on_are_idle() -> None:
    """Those of a whole array, by their places among the numbers."""
    inputs = SIZE + 1
    steps = ((Pack(2), tuple(range(SIZE))), (SQUARES, (inputs,)), (Result(0), (inputs + 1,)), (Load(1, 0), (inputs + 2, 0.0)))
    program = Program(inputs, (*steps, (mul, (inputs + 3, 0.0)), (mul, (SIZE, SIZE))), (inputs + 4, inputs + 5))
    assert Compiled(program, Options(), "f").derived.idle == {0: [SIZE], 1: list(range(SIZE))}
