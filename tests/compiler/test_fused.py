"""Loops that go through what another loop gives become part of it."""

from dataclasses import replace
from typing import Any

import pytest

from autograd import jit, scan, sum_, value_and_grad, vmap
from autograd.compiler import pipeline
from autograd.compiler.fused import are_maps, carries_nothing, fused
from autograd.forms import Form, Length, Load, Loop, Pack, Result, Row
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
        after = fused(before, carries_nothing)
        assert [len(loops_of(x)) for x in (before, after)] == [2, 1]
        assert after(*NUMBERS) == before(*NUMBERS)


def test_what_turns_share_goes_along() -> None:
    """It comes after what those of the first loop share."""
    before = program(through(0), operands=(9, 6, 5))
    after = fused(before, carries_nothing)
    (loop,) = loops_of(after)
    assert loop.shared == (0,)
    assert after(*NUMBERS) == before(*NUMBERS)


def test_three_are_one() -> None:
    """One that goes through what the second gives joins both."""
    last = Loop(Program(2, ((neg, (1,)),), (2,)), (), (Row(1),), (Row(1),), (), turns=TURNS)
    steps = [*program(through()).steps[:6], (last, (11,)), (Result(0), (12,)), (Load(1, 0), (13, 2.0))]
    before = Program(6, tuple(steps), (14, 8))
    assert [len(loops_of(x)) for x in (before, fused(before, carries_nothing))] == [3, 1]
    assert fused(before, carries_nothing)(*NUMBERS) == before(*NUMBERS)


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
    assert fused(other, carries_nothing).steps == other.steps


# --- maps -------------------------------------------------------------------------------------------------------------

ONE = Row(1)
# of each x the product with the one before, and that plus what the turn has as its number
DELAYED = Loop(Program(3, ((mul, (1, 2)), (add, (3, 0))), (2, 3, 4)), (0,), (ONE,), (ONE, ONE), ())
# likewise of two sequences, and what is shared: the last but one x, and the sum
TWICE = Loop(Program(6, ((add, (3, 1)), (mul, (6, 5)), (add, (7, 4))), (3, 1, 8, 2)), (0, 0), (ONE, ONE), (ONE, ONE), (0,))


def maps(first: Loop, second: Loop, xs: Any, *, more: Any = ()) -> Program:
    """Of an array, input 0, through two loops in as many turns as it has rows: what both carry and give, number by number."""
    steps: list[Any] = [(Length(1), (0,)), (first, (2, *[0.5] * len(first.carry), 0))]
    steps += [(Result(i), (3,)) for i in range(len(first.carry) + len(first.ys))]
    at = 2 + len(steps)
    places = [4 + len(first.carry) + x if x >= 0 else 0 for x in xs]
    steps += more
    steps += [(second, (2, *[0.25] * len(second.carry), *places, *[1] * len(second.shared)))]
    group = 2 + len(steps) - 1
    steps += [(Result(i), (group,)) for i in range(len(second.carry) + len(second.ys))]
    return Program(2, tuple(steps), tuple(range(4, at)) + tuple(range(group + 1, 2 + len(steps))))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("xs", [(0, 1), (1, -1), (0, 0), (-1, 1)])
def test_maps_are_one_map(xs: Any, reverse: bool) -> None:
    """What they carry is delayed at most; results keep their order; what both read is read once."""
    before = maps(replace(DELAYED, reverse=reverse), replace(TWICE, reverse=reverse), xs)
    after = fused(before, are_maps)
    (loop,) = loops_of(after)
    assert (len(loop.carry), len(loop.xs), len(loop.ys)) == (3, 1, 4)
    for count in (0, 1, 4):
        array = [1.5 + i for i in range(count)]
        assert after(array, 3.0) == before(array, 3.0)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_direction_of_what_carries_something(reverse: bool) -> None:
    """Is that of both."""
    squares = Loop(Program(2, ((mul, (1, 1)),), (2,)), (), (ONE,), (ONE,), ())
    carrying = replace(DELAYED, reverse=reverse)
    for first, second in ((squares, carrying), (carrying, replace(squares, reverse=True))):
        before = maps(first, second, (0,))
        after = fused(before, are_maps)
        assert [loop.reverse for loop in loops_of(after)] == [reverse]
        assert after([1.5, 2.5, 3.5], 0.0) == before([1.5, 2.5, 3.5], 0.0)


SUM = Loop(Program(3, ((add, (1, 2)),), (3,)), (0,), (ONE,), (), ())
SUMS = Loop(Program(3, ((add, (1, 2)), (mul, (2, 2))), (3, 4, 2)), (0,), (ONE,), (ONE, ONE), ())


def test_a_sum_of_a_map_is_one_loop() -> None:
    """Where only the run knows how many turns there are; of as many as are known it may be one of other sums."""
    open_turns = maps(DELAYED, SUM, (0,))
    (loop,) = loops_of(fused(open_turns, are_maps))
    assert (len(loop.carry), len(loop.ys)) == (2, 2)
    assert fused(open_turns, are_maps)([1.5, 2.5, 3.5], 0.0) == open_turns([1.5, 2.5, 3.5], 0.0)
    known = Program(
        1,
        (
            (replace(DELAYED, turns=3), (0.5, 0)),
            *[(Result(i), (1,)) for i in range(3)],
            (replace(SUM, turns=3), (0.5, 3)),
            (Result(0), (5,)),
        ),
        (2, 3, 4, 6),
    )
    assert fused(known, are_maps) is known


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (DELAYED, replace(DELAYED, reverse=True)),
        (DELAYED, replace(SUM, body=Program(3, ((mul, (1, 2)),), (3,)))),
        (SUMS, DELAYED),
        (DELAYED, replace(DELAYED, turns=3)),
        (DELAYED, replace(DELAYED, turns=2)),
        (
            DELAYED,
            replace(
                DELAYED, body=Program(3, ((mul, (1, 2)), *[(neg, (3 + i,)) for i in range(99)], (add, (3, 0))), (2, 3, 103))
            ),
        ),
        (DELAYED, Loop(Program(3, ((Load(1, 0), (2, 0.0)),), (3,)), (), (ONE,), (ONE,), (1,))),
    ],
    ids=["another direction", "a product", "after a sum", "other turns", "turns as the place of a number", "long", "an array"],
)
def test_maps_that_stay_apart(first: Loop, second: Loop) -> None:
    """As one loop they could not go side by side, or at all."""
    steps: list[Any] = [(Length(1), (0,)), (first, (2, 0.5, 0)), *[(Result(i), (3,)) for i in range(3)]]
    _, carry, _, shared = second.parts([None] * 9)
    count = () if second.turns is not None else (2,)
    steps += [(second, (*count, *[0.5] * len(carry), 5, *[0] * len(shared))), (Result(0), (7,))]
    before = Program(2, tuple(steps), (4, 5, 6, 8))
    assert fused(before, are_maps) is before


def test_maps_in_turns_of_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bodies too, in derivatives, to the bits; this is what becomes machine code."""
    sources, made = list[Any](), pipeline._executable

    def noted(source: Any, *arguments: Any, **options: Any) -> Any:
        sources.append(source)
        return made(source, *arguments, **options)

    monkeypatch.setattr(pipeline, "_executable", noted)

    def f(xs: Any) -> Any:
        def step(ys: Any, _: Any) -> Any:
            _, differences = scan(lambda before, y: (y, y * 0.5 - before), 0.25, ys)
            squares = vmap(lambda y, d: y + d * d * 0.125)(ys, differences)
            return vmap(lambda y, d: y * d)(squares, differences), None

        return sum_(scan(step, xs, length=3)[0])

    compiled = jit(value_and_grad(f), dynamic_argnums=0, backend="llvm")
    for count in (1, 7, 8, 9, 100):
        xs = [0.5 + 0.01 * i for i in range(count)]
        expected = value_and_grad(f)(xs)
        assert (compiled(xs)[0], [*compiled(xs)[1]]) == (expected[0], expected[1])
    inner = [form.body for form in sources[-1].program.forms if isinstance(form, Loop) and form.turns == 3]
    assert [len([x for x in body.forms if isinstance(x, Loop)]) for body in inner] == [1, 1]
    assert any(len([x for x in body.forms if isinstance(x, Form)]) > 1 for body in inner)
