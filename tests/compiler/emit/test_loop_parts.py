"""A loop taken to parts, and what is left of it."""

import math
from typing import Any

from autograd.compiler.emit.accumulations import Leaf
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.emit.loop_parts import LoopParts, Taking, left_of, with_outputs
from autograd.compiler.simplify import SSA
from autograd.definition import Primitive
from autograd.forms import Loop, Row
from autograd.primitives import add, mul
from autograd.program import Program

BODY = Program(8, ((add, (1, 4)), (mul, (2, 6)), (mul, (3, 5))), (8, 9, 10))
LOOP = Loop(BODY, (0, 0), (Row(1), Row(2)), (Row(1),), (0, 0), turns=3)
"""Carries 1 and 2, takes the rows (3) and (4, 5), shares 6 and 7."""


def parts() -> LoopParts:
    """It, with operands from 10 on."""
    return LoopParts(LOOP, range(10, 16))


def test_where_everything_is() -> None:
    """Operands by what they are, rows by where they begin."""
    found = parts()
    assert (found.count, found.carry, found.xs, found.shared) == (3, [10, 11], [12, 13], [14, 15])
    assert (found.starts, found.first_shared, found.given(0)) == ([3, 4], 6, range(2, 3))


def test_columns_of_a_row() -> None:
    """The same one, or neighbours in order; nothing else."""
    found = parts()
    assert found.columns([4, 5]) == (1, 0, 1)
    assert found.columns([5, 5, 5]) == (1, 1, 0)
    for others in ([5, 4], [3, 4], [4, 5, 6], [1, 2], [6, 7]):
        assert found.columns(others) is None


def test_leaves() -> None:
    """Of columns, and of what is shared, which becomes an array; not of what is carried."""
    ssa, found = SSA(16), parts()
    assert found.leaf(ssa, [4, 5], across=True) == (13, Leaf(0, 0, by_turn=2, by_column=1))
    assert found.leaf(ssa, [4, 5], across=False) == (13, Leaf(0, 0, by_turn=1, by_row=2))
    assert found.leaf(ssa, [6, 7], across=True) == (16, Leaf(0, 0, by_column=1))
    assert ssa.operands[16] == (14, 15)
    assert found.leaf(ssa, [7, 7], across=False) == (17, Leaf(0, 0))
    assert ssa.operands[17] == (15,)
    assert found.leaf(ssa, [1, 2], across=True) is None
    assert found.leaf(ssa, [5, 6], across=True) is None


def test_what_is_left_computes_the_same() -> None:
    """Without one that is carried, and without a row and a number that only that one read; and with a row more."""
    found = parts()
    rest = with_outputs(found.body, [found.body.outputs[0], found.body.outputs[2]])
    left, operands = left_of(found, rest, [0])
    assert (left.carry, left.xs, left.ys, left.shared) == ((0,), (Row(1), Row(2)), (Row(1),), ())
    assert operands == [10, 12, 13]
    xs, ys = [math.sin(k) for k in range(3)], [math.cos(k) for k in range(6)]
    whole = LOOP.run([0.5, 2.0, xs, ys, 1.5, 9.0], Primitive.at)
    assert left.run([0.5, xs, ys], Primitive.at) == [whole[0], whole[2]]
    more = SSA(9)
    more.primitives += [mul]
    more.operands += [(1, 8)]
    more.outputs = [9, 9]
    left, operands = left_of(found, more, [0], [(Row(1), 99)])
    assert operands == [10, 99]
    assert left.run([0.5, [2.0, 3.0, 4.0]], Primitive.at)[0] == 12.0


def test_results_of_the_whole() -> None:
    """Some are found, others are those of the rest."""
    assert Taking(LOOP, [], [7, -1, 8, -2]).results([20, 30]) == [7, 20, 8, 30]


def test_bodies_share_nothing_that_changes() -> None:
    """A body that gives less leaves the whole as it was."""
    body = ssa_of(BODY)
    before: Any = [*body.primitives], [*body.operands], [*body.outputs]
    with_outputs(body, body.outputs[:1])
    assert before == (body.primitives, body.operands, body.outputs)
