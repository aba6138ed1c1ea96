"""What differs from row to row in a program with loops."""

from typing import Any

import pytest

from autograd import add, mul
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.emit.varying import RowsApartError, in_turns, varying
from autograd.forms import Loop, Pack, Result, Row
from autograd.primitives import less
from autograd.program import Program

# of a counter, a, b, a row, what is shared: a grows by b, b by what is shared; the row is given again, a beside it
BODY = Program(5, ((add, (1, 2)), (mul, (2, 4))), (5, 6, 3, 5))
LOOP = Loop(BODY, (0, 0), (Row(1),), (Row(1), Row(1)), (0,), turns=3)


def found(**rows: bool) -> list[Any]:
    """For each result of the loop whether rows differ in it, if they do in these operands."""
    names = ("a", "b", "xs", "shared")
    steps: list[Any] = [(Pack(1), (2, 2, 2)), (LOOP, (0, 1, 4, 3)), *[(Result(place), (5,)) for place in range(4)]]
    program = Program(4, tuple(steps), (6, 7, 8, 9))
    order = ("a", "b", "xs", "shared")
    return varying(ssa_of(program), [rows.get(name, False) for name in order])[6:] if names else []


def test_what_is_carried_takes_it_over() -> None:
    """In as many turns as it takes; from arrays to rows, and to arrays that are given."""
    assert found() == [False] * 4
    assert found(shared=True) == [True, True, False, True]
    assert found(a=True) == [True, False, False, True]
    assert found(xs=True) == [False, False, True, False]
    assert in_turns(LOOP, [False, False, False, True]) == [False, True, True, False, True]


def test_turns_are_those_of_all_rows() -> None:
    """A number of turns, or a test, in which rows differ is refused."""
    body = Program(3, ((add, (1, 2)),), (3,))
    counted = Loop(body, (0,), (), (), (0,))
    assert in_turns(counted, [False, False, True]) == [False, True, True]
    with pytest.raises(RowsApartError):
        in_turns(counted, [True, False, False])
    tested = Loop(body, (0,), (), (), (0,), test=Program(3, ((less, (1, 2)),), (3,)))
    assert in_turns(tested, [False, False]) == [False, False, False]
    with pytest.raises(RowsApartError):
        in_turns(tested, [False, True])
