"""Loops that go through what another loop gives become part of it."""

from typing import Any

import pytest

from autograd.compiler.fused import fused
from autograd.forms import Load, Loop, Pack, Result, Row
from autograd.primitives import add, mul, neg
from autograd.program import Program

TURNS = 3
NUMBERS = [1.0 + i for i in range(2 * TURNS)]
# of each row x, y: the row x * x, x * y, after the sum of all x before
SQUARES = Loop(
    Program(4, ((add, (1, 2)), (mul, (2, 2)), (mul, (2, 3))), (4, 5, 6)), (0,), (Row(2),), (Row(2),), (), turns=TURNS
)


def program(second: Loop, more: Any = (), operands: Any = (9, 6)) -> Program:
    """A program of six numbers: the loop above, then one through its rows, and through those of the inputs."""
    steps: list[Any] = [(Pack(2), tuple(range(6))), (SQUARES, (0.0, 6)), (Result(0), (7,)), (Result(1), (7,)), *more]
    at = 6 + len(steps)
    steps += [(second, operands), (Result(0), (at,))]
    steps += [(Load(1, 0), (at + 1, float(i))) for i in range(TURNS)]
    return Program(6, tuple(steps), (8, *range(at + 2, at + 2 + TURNS)))


def loops_of(program: Program) -> list[Loop]:
    """The loops of a program."""
    return [form for form, _ in program.steps if isinstance(form, Loop)]


def through(*shared: int, **more: Any) -> Loop:
    """A loop that gives a number for each row of the squares and of the inputs."""
    body = Program(
        5 + len(shared), ((add, (1, 4)), (mul, (5 + len(shared), 2)), (add, (6 + len(shared), 0))), (7 + len(shared),)
    )
    return Loop(body, (), (Row(2), Row(2)), (Row(1),), shared, **{"turns": TURNS} | more)


def test_they_are_one_loop() -> None:
    """With the same results, in the order of the first, whatever the order of the second."""
    for second in (through(), through(reverse=True)):
        before = program(second)
        after = fused(before)
        assert [len(loops_of(x)) for x in (before, after)] == [2, 1]
        assert after(*NUMBERS) == before(*NUMBERS)


def test_what_turns_share_goes_along() -> None:
    """It comes after what those of the first loop share."""
    before = program(through(0), operands=(9, 6, 5))
    after = fused(before)
    (loop,) = loops_of(after)
    assert loop.shared == (0,)
    assert after(*NUMBERS) == before(*NUMBERS)


def test_three_are_one() -> None:
    """One that goes through what the second gives joins both."""
    last = Loop(Program(2, ((neg, (1,)),), (2,)), (), (Row(1),), (Row(1),), (), turns=TURNS)
    steps = [*program(through()).steps[:6], (last, (11,)), (Result(0), (12,)), (Load(1, 0), (13, 2.0))]
    before = Program(6, tuple(steps), (14, 8))
    assert [len(loops_of(x)) for x in (before, fused(before))] == [3, 1]
    assert fused(before)(*NUMBERS) == before(*NUMBERS)


@pytest.mark.parametrize(
    "other",
    [
        program(through(turns=2)),  # fewer turns
        program(through(0), [(neg, (8,))], (9, 6, 10)),  # it reads what comes after the first
        program(through(), [(Pack(2), (8, *range(5)))], (9, 10)),
        program(
            Loop(Program(4, ((add, (1, 2)),), (4,)), (0,), (Row(2),), (), (), turns=TURNS), operands=(0.0, 9)
        ),  # it carries
    ],
)
def test_others_stay(other: Program) -> None:
    """Loops that could not run together."""
    assert fused(other).steps == other.steps
