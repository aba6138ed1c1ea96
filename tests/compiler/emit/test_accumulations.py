"""Sums as one step: terms told apart from what they read, and the same numbers as loops."""

import math
from typing import Any

from autograd.compiler.emit import accumulations
from autograd.compiler.emit.accumulations import Accumulation, Leaf, Shape, term_of
from autograd.compiler.emit.levels import uses_of
from autograd.compiler.simplify import SSA
from autograd.definition import Primitive
from autograd.primitives import add, exp, mul, not_equal, where
from autograd.program import Program

PRODUCT = Program(3, ((mul, (1, 2)), (add, (0, 3))), (4,))


def graph(inputs: int, *steps: tuple[Any, tuple[Any, ...]]) -> SSA:
    """A graph of these steps; floats are constants."""
    ssa = SSA(inputs)
    known = list(range(inputs))
    for primitive, operands in steps:
        places = tuple([known[x] if type(x) is int else ssa.constant(x) for x in operands])
        known.append(len(ssa.primitives))
        ssa.primitives.append(primitive)
        ssa.operands.append(places)
    ssa.outputs = [known[-1]]
    return ssa


def shape_of(ssa: SSA, out: int, before: int) -> tuple[Shape, list[int]] | None:
    """The shape of a number of a graph."""
    return accumulations.shape_of(ssa, uses_of(ssa), out, before)


def test_terms_alike_have_the_same_shape() -> None:
    """Whatever inputs they read; others have not."""
    ssa = graph(6, (mul, (0, 1)), (add, (2, 6)), (mul, (0, 3)), (add, (4, 8)), (add, (5, 0)))
    first, second, third = shape_of(ssa, 7, 2), shape_of(ssa, 9, 4), shape_of(ssa, 10, 5)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first[0] == second[0] != third[0]
    assert (first[1], second[1]) == ([0, 1], [0, 3])
    assert term_of(first[0])(1.0, 2.0, 3.0) == [7.0]


def test_what_is_no_term() -> None:
    """A sum that is not there once, or a large term."""
    assert shape_of(graph(2, (mul, (0, 1))), 2, 5) is None
    assert shape_of(graph(2, (add, (0, 0))), 2, 0) is None
    again = [(mul, (2, 1)), (add, (1, 2))]  # what is made of the sum decides elsewhere too
    for steps, is_term in ((again[1:], True), (again, False)):
        read = graph(2, (not_equal, (0, 0.0)), *steps[:-1], (add, (1, 2)))
        assert (shape_of(read, read.outputs[0], 0) is not None) is is_term
    exps: list[Any] = [(exp, (1 + i,)) for i in range(9)]
    assert shape_of(graph(2, *exps, (add, (0, 10))), 11, 0) is None


def test_constants_are_told_apart_by_their_bits() -> None:
    """0.0 and -0.0 are not alike."""
    ssa = graph(2, (add, (0, 0.0)), (add, (1, -0.0)))
    one, other = shape_of(ssa, 3, 0), shape_of(ssa, 5, 1)
    assert one is not None
    assert other is not None
    assert one[0] != other[0]


def test_a_choice_beside_nothing_is_a_choice_of_sums() -> None:
    """Which a processor adds under a mask; the same bits, zeros of either sign included."""
    ssa = graph(4, (not_equal, (1, 0.0)), (mul, (2, 3)), (where, (4, 5, -0.0)), (add, (0, 6)))
    (out,) = ssa.outputs
    found = shape_of(ssa, out, 0)
    assert found is not None
    term = term_of(found[0])
    assert term.steps[-1][0] is where
    for total in (-0.0, 0.0, 1.5, math.inf, math.nan):
        for guard_now in (0.0, 1.0, math.nan):
            for x in (-0.0, 2.0, math.inf):
                leaves = {1: guard_now, 2: x, 3: -1.0}
                (found_now,) = term(total, *[leaves[n] for n in found[1]])
                expected = total + (x * -1.0 if guard_now != 0.0 else -0.0)
                assert found_now.hex() == expected.hex()


def test_as_one_row_is_the_same() -> None:
    """Rows of one sum each as the columns of one row."""
    leaves = (Leaf(0, 1, by_turn=4, by_row=1), Leaf(1, 0, by_turn=1))
    form = Accumulation(3, 1, 2, reverse=False, leaves=leaves, term=PRODUCT)
    flat = form.as_one_row()
    assert (flat.rows, flat.width) == (1, 3)
    operands = [[1.0, 2.0, 3.0], [float(x) for x in range(8)], [0.5, 0.25]]
    assert flat.run(operands, Primitive.at) == form.run(operands, Primitive.at) == [2.75, 4.5, 6.25 - 0.0]


def test_turns_backwards_and_counted() -> None:
    """In the order of the loop that they are of."""
    halved = Program(2, ((mul, (0, 0.5)), (add, (2, 1))), (3,))
    form = Accumulation(1, 1, None, reverse=True, leaves=(Leaf(0, 0, by_turn=1),), term=halved)
    assert form.run([2.0, [8.0], [1.0, 16.0, 99.0]], Primitive.at) == [(8.0 * 0.5 + 16.0) * 0.5 + 1.0]
    assert form.run([-1.0, [8.0], []], Primitive.at) == [8.0]
