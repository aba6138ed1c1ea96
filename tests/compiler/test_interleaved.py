"""Arrays whose rows lie apart among inputs and outputs."""

from typing import Any

import numpy as np
import pytest

from autograd import grad, jit, sin, sum_, tanh, vmap
from autograd.compiler import pipeline
from autograd.compiler.interleaved import View, interleaved, view_of, with_results
from autograd.compiler.options import Options
from autograd.forms import Load, Loop, Pack, Result, Row
from autograd.primitives import add, identity, mul
from autograd.program import Program
from tests.compiler.comparison import bits

ROWS, COLUMNS = 4, 3
DOWN = COLUMNS + 1
INPUTS = 1 + ROWS * DOWN
WEIGHTS = tuple(1 + i * DOWN + j for i in range(ROWS) for j in range(COLUMNS))
BIASES = tuple(1 + i * DOWN + COLUMNS for i in range(ROWS))
# of each row of weights w and its bias b: w times the number that is shared, and b
LAYER = Loop(
    Program(6, tuple([(mul, (1 + j, 5)) for j in range(COLUMNS)]), (6, 7, 8, 4)),
    (),
    (Row(COLUMNS), Row(1)),
    (Row(COLUMNS), Row(1)),
    (0,),
    turns=ROWS,
)
OPTIONS = Options((0, *[None] * (INPUTS - 1)), "sum")


def layer(*more: Any, outputs: Any = None) -> Program:
    """A program of a number by row, and of rows of weights with a bias each: all times that number; and the biases."""
    steps: list[Any] = [(identity, (i,)) for i in range(INPUTS)]
    steps += [(Pack(COLUMNS), tuple([INPUTS + x for x in WEIGHTS])), (Pack(1), tuple([INPUTS + x for x in BIASES]))]
    at = 2 * INPUTS
    steps += [(LAYER, (at, at + 1, INPUTS)), (Result(0), (at + 2,)), (Result(1), (at + 2,)), *more]
    given = []
    for i in range(ROWS):
        given += [at + 5 + len(more) + i * DOWN + j for j in range(DOWN)]
        steps += [(Load(COLUMNS, j), (at + 3, float(i))) for j in range(COLUMNS)]
        steps.append((Load(1, 0), (at + 4, float(i))))
    return Program(INPUTS, tuple(steps), tuple(given if outputs is None else outputs(given)))


def test_rows_that_lie_evenly() -> None:
    """Neighbours in each, and as far apart as the first two."""
    assert view_of(WEIGHTS, COLUMNS) == View(1, ROWS, COLUMNS, DOWN)
    assert view_of(BIASES, 1) == View(1 + COLUMNS, ROWS, 1, DOWN)
    assert [*View(1, 2, 2, 5).places] == [1, 2, 6, 7]
    assert view_of([0, 1, 5, 6, 9, 10], 2) is None
    assert view_of([0, 1, 1, 2], 2) is None
    assert view_of([0, 1], 2) is None
    assert view_of([0, 1.0, 2, 3], 2) is None


def test_weights_and_biases_are_one_array() -> None:
    """The loop reads longer rows; nothing is packed, and no number is copied."""
    found, options = interleaved(layer(outputs=lambda given: given[:3]), OPTIONS)
    assert (options.arrays, options.rows, options.varying) == ((0, DOWN), (0, ROWS), (0, None))
    assert not any(isinstance(form, Pack) or form is identity for form, _ in found.steps)
    numbers = [0.5 + i for i in range(INPUTS)]
    assert found(numbers[0], numbers[1:]) == layer(outputs=lambda given: given[:3])(*numbers)


@pytest.mark.parametrize(
    "more",
    [
        [(add, (1, 0))],  # a weight read alone
        [(Load(COLUMNS, 0), (2 * INPUTS, 1.0))],  # a number of the pack
        [(Pack(1), (1, 2)), (Load(1, 0), (2 * INPUTS + 5, 0.0))],
    ],
)
def test_what_is_read_otherwise_too_stays(more: Any) -> None:
    """Then inputs are numbers."""
    last = 2 * INPUTS + 4 + len(more)
    program = layer(*more, outputs=lambda given: [*given[:3], last])
    found, options = interleaved(program, OPTIONS)
    assert options.arrays == ()
    numbers = [0.5 + i for i in range(INPUTS)]
    assert found(*numbers) == program(*numbers)


def test_inputs_by_row_stay() -> None:
    """Rows of data are no array that all of these share."""
    assert interleaved(layer(), Options((0, 0, *[None] * (INPUTS - 2)), "sum"))[1].arrays == ()


def test_outputs_are_arrays_where_their_rows_lie() -> None:
    """What the loop gives, and where it belongs; of few numbers no array is made."""
    wide = Loop(Program(17, (), tuple(range(1, 17))), (), (Row(16),), (Row(16),), (), turns=2)
    steps: list[Any] = [(Pack(16), tuple(range(32))), (wide, (32,)), (Result(0), (33,))]
    steps += [(Load(16, j), (34, float(i))) for i in range(2) for j in range(16)]
    rows = [*range(35, 51)], [*range(51, 67)]
    program = Program(32, tuple(steps), (3, *rows[0], 5, 1.0, *rows[1], 7))
    found, options = interleaved(program, Options())
    assert (options.results, options.result_rows) == ((0, 16, 0, 0, 0), (0, 2, 0, 0, 0))
    assert options.result_places == ((0, 0), (1, 18), (17, 0), (18, 0), (35, 0))
    assert not any(isinstance(form, Load) for form, _ in found.steps)
    numbers = [float(i) for i in range(32)]
    assert found(*numbers) == [3.0, numbers, 5.0, 1.0, 7.0]
    assert options.places_of(5) == len(program.outputs)
    for outputs in ((*rows[1], *rows[0]), (*rows[0], *rows[1][:-1]), (*rows[0], 0, *rows[1][:8], 1, *rows[1][8:])):
        assert interleaved(Program(32, tuple(steps), outputs), Options())[1] == Options()


def weighted(a: Any, b: Any, x: Any) -> Any:
    """Whose slopes by a and b are arrays."""
    return sum_(vmap(lambda a, b: sin(a * x) * tanh(b))(list(a), list(b)))


A, B, X = np.sin(np.arange(40.0)), np.cos(np.arange(40.0)), np.linspace(-1.0, 1.0, 21)
KINDS: dict[str, Any] = {
    "alone": ({}, 0.7),
    "summed": ({"in_axes": (None, None, 0), "reduce": "sum", "loops": True}, X),
    "the mean": ({"in_axes": (None, None, 0), "reduce": "mean", "loops": True}, X),
    "by row": ({"in_axes": (None, None, 0), "loops": True}, X),
    "in Python": ({"backend": "python"}, 0.7),
}


@pytest.mark.parametrize("name", KINDS)
def test_outputs_that_are_arrays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes take a step for each array, not for each number; the bits are those of numbers one by one."""
    options, x = KINDS[name]
    f = jit(grad(weighted, (0, 1)), **options)
    found, again = f(A, B, x), f(A, B, x)
    taken = []

    def as_numbers(program: Program, options: Options) -> Any:
        taken.append(with_results(program, options)[1])
        return program, options

    monkeypatch.setattr(pipeline, "with_results", as_numbers)
    wanted = jit(grad(weighted, (0, 1)), **options)(A, B, x)
    assert bits(found) == bits(again) == bits(wanted)
    assert [each.result_rows for each in taken] == [() if name == "by row" else (40, 40)]


def test_outputs_in_another_order_stay_numbers() -> None:
    """Nor are arrays made of some of an array's numbers, or where only a call knows how many there are."""
    wide = Loop(Program(17, (), tuple(range(1, 17))), (), (Row(16),), (Row(16),), (), turns=2)
    steps: list[Any] = [(Pack(16), tuple(range(32))), (wide, (32,)), (Result(0), (33,))]
    steps += [(Load(16, j), (34, float(i))) for i in range(2) for j in range(16)]
    for outputs in ([*range(66, 34, -1)], [*range(35, 66)], [*range(35, 51), 0, *range(51, 67)]):
        program = Program(32, tuple(steps), tuple(outputs))
        assert with_results(program, Options())[1] == Options()
    program = Program(32, tuple(steps), (*range(35, 67), 3))
    found, options = with_results(program, Options())
    assert (options.results, options.result_rows, options.result_places) == ((16, 0), (2, 0), ())
    numbers = [float(i) for i in range(32)]
    assert found(*numbers) == [numbers, 3.0]
    opened = Options(arrays=(0,) * 31 + (1,))
    assert with_results(program, opened) == (program, opened)
