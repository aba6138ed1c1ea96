"""Arrays that a loop carries as sums alone: the bits of the loops, and what turns keep for them."""

import math
from collections import Counter
from typing import Any

import pytest

from autograd import dot, sum_, tanh, value_and_grad, vmap
from autograd.compiler.emit.apart import with_sums_apart
from autograd.compiler.emit.carried_rows import MOST_KEPT
from autograd.compiler.lower import lower
from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.pipeline import executable_of
from autograd.compiler.simplify import SSA
from autograd.forms import Fill, Load, Loop, Pack, Result, Row
from autograd.primitives import add, logical_or, mul, not_equal
from autograd.program import Program
from tests.compiler.emit.test_apart import forms_of, graph_of, matrix
from tests.compiler.emit.test_bundles import bits


def row_sums(turns: int | None, *, truth: bool = False, used: bool = False, inner: int = 4, columns: int = 3) -> Program:
    """sums[i, j] += x[i] * y[j] for each turn's x and y; or sums[i] holds where any x[i] did. `used`: rows are given too.

    Inputs: the numbers of the sums, of all x's, of all y's; how many turns, if these are not known.
    """
    width = 1 if truth else columns
    row: Any
    if truth:
        row = Program(3, ((not_equal, (1, 0.0)), (not_equal, (2, 0.0)), (logical_or, (3, 4))), (5,))
    else:
        steps = [(mul, (1 + columns, 2 + columns + j)) for j in range(columns)]
        steps += [(add, (1 + j, 2 + 2 * columns + j)) for j in range(columns)]
        row = Program(2 + 2 * columns, tuple(steps), tuple(range(2 + 3 * columns, 2 + 4 * columns)))
    shared = () if truth else (0,) * columns
    each = Loop(row, (), (Row(width), Row(1)), (Row(width),), shared, turns=inner, reverse=True)
    x, y = 2, 2 + inner
    after = y + columns
    read = () if truth else range(y, after)
    body_steps = [(Pack(1), tuple(range(x, y))), (each, (1, after, *read)), (Result(0), (after + 1,))]
    outputs = [after + 2, *([after] if used else [])]
    body = Program(after, tuple(body_steps), tuple(outputs))
    ys = (Row(inner, 1),) if used else ()
    loop = Loop(body, (width,), (Row(inner), Row(columns)), ys, (), turns=turns, reverse=True)
    known = turns if turns is not None else 5
    sizes = [inner * width, known * inner, known * columns]
    inputs = sum(sizes) + (turns is None)
    places, arrays = 0, []
    for size, wide in zip(sizes, (width, inner, columns), strict=True):
        arrays.append((Pack(wide), tuple(range(places, places + size))))
        places += size
    counted = () if turns is not None else (inputs - 1,)
    top: list[Any] = [*arrays, (loop, (*counted, inputs, inputs + 1, inputs + 2)), (Result(0), (inputs + 3,))]
    results = sizes[0]
    if used:
        top.append((Result(1), (inputs + 3,)))
    first = inputs + len(top)
    top += [(Load(width, k % width), (inputs + 4, float(k // width))) for k in range(results)]
    if used:
        top += [(Load(inner, k % inner), (inputs + 5, float(k // inner))) for k in range(known * inner)]
    return Program(inputs, tuple(top), tuple(range(first, inputs + len(top))))


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("truth", [False, True])
@pytest.mark.parametrize("turns", [None, 2, 3, 8, 9])
@pytest.mark.parametrize(("inner", "columns"), [(4, 3), (9, 17), (1, 1), (8, 8)])
def test_arrays_that_are_carried(inner: int, columns: int, turns: int | None, truth: bool, used: bool) -> None:
    """By a loop and a loop inside that goes the other way, with and without results of each turn."""
    program = row_sums(turns, truth=truth, used=used, inner=inner, columns=columns)
    after = forms_of(with_sums_apart(lower(program), lanes=False))
    assert (after["sums"], after["carried"], after["loop"]) == (1, 0, int(used))
    for count in [turns] if turns is not None else [0, 1, 5]:
        numbers = [math.sin(i + 0.5) * (i % 3 > 0) for i in range(program.inputs)]
        if turns is None:
            numbers[-1] = float(count)
        found = list(executable_of(program, Options()).run(numbers, NO_ROWS))
        sums = len(found) - (used * inner * (turns or 5))
        assert bits(found[: sums + used * inner * count]) == bits(program(*numbers)[: sums + used * inner * count])


def test_sums_that_begin_alike_are_apart() -> None:
    """Two arrays of sums that begin as the same one: each is changed alone, and that one stays as it was."""
    step = Program(4, ((mul, (2, 3)), (add, (1, 4))), (5,))
    each = Loop(step, (), (Row(1), Row(1)), (Row(1),), (0,), turns=3)
    body = Program(
        7, ((Pack(1), (3, 4, 5)), (each, (1, 7, 6)), (Result(0), (8,)), (each, (2, 7, 3)), (Result(0), (10,))), (9, 11)
    )
    loop = Loop(body, (1, 1), (Row(3), Row(1)), (), (), turns=2)
    steps: list[Any] = [(Fill(1), (3.0, 0.25)), (Pack(3), tuple(range(6))), (Pack(1), (6, 7)), (loop, (8, 8, 9, 10))]
    steps += [(Result(0), (11,)), (Result(1), (11,))]
    steps += [(Load(1, 0), (array, float(k))) for array in (12, 13, 8) for k in range(3)]
    program = Program(8, tuple(steps), tuple(range(14, 23)))
    assert forms_of(with_sums_apart(lower(program), lanes=False)) == Counter(sums=2)
    numbers = [math.sin(i + 0.5) for i in range(8)]
    assert bits(list(executable_of(program, Options()).run(numbers, NO_ROWS))) == bits(program(*numbers))


def test_what_turns_keep_has_a_limit() -> None:
    """Arrays stay with their loops where the numbers that terms read are too many."""

    def f(weights: Any, xs: Any) -> Any:
        return sum_(vmap(lambda x: sum_([tanh(a) for a in vmap(lambda row: dot(row, x))(weights)]))(xs))

    few, many = 4, MOST_KEPT // 2
    assert forms_of(with_sums_apart(graph_of(value_and_grad(f), matrix(3, 2), matrix(few, 2)), lanes=False))["carried"] <= 1
    ssa = graph_of(value_and_grad(f), matrix(3, 2), matrix(few, 2))
    longer = SSA(ssa.inputs)
    longer.primitives, longer.operands, longer.constants = list(ssa.primitives), ssa.operands, ssa.constants
    longer.outputs = ssa.outputs
    for i, primitive in enumerate(longer.primitives):
        if isinstance(primitive, Loop) and any(primitive.carry):
            longer.primitives[i] = Loop(
                primitive.body, primitive.carry, primitive.xs, primitive.ys, primitive.shared, many, primitive.reverse
            )
    assert forms_of(with_sums_apart(longer, lanes=False))["carried"] >= 1
