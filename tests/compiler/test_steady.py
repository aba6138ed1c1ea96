"""Numbers that turns leave as they are, and rows that are the same in every turn, are shared."""

import random
from typing import Any

import numpy as np
import pytest

from autograd import dot, grad, jit, length, scan, sin, sum_, value_and_grad, vmap
from autograd.compiler.emit.levels import MOST_IN_REGISTERS
from autograd.compiler.lower import lower
from autograd.compiler.merge import merged
from autograd.compiler.narrow import inlined
from autograd.compiler.pipeline import Source
from autograd.compiler.steady import steadied
from autograd.compiler.trace.tracer import trace
from autograd.forms import Call, Fill, Length, Load, Loop, Pack, Result, Row
from autograd.primitives import add, less, mul
from autograd.program import Program
from tests.compiler.comparison import bits
from tests.compiler.loops.programs import Draws

TURNS = 3


def loops_of(program: Program) -> list[Loop]:
    """The loops of a program, those in bodies too."""
    found = [form for form, _ in program.steps if isinstance(form, Loop)]
    return found + [inner for loop in found for inner in loops_of(loop.body)]


def whole(loop: Loop, operands: Any, before: Any = (), inputs: int = 3) -> Program:
    """A program of some numbers: a loop, its carried numbers, and each number of its arrays."""
    steps: list[Any] = [*before, (loop, operands)]
    group, outputs = inputs + len(before), []
    for k in range(len(loop.carry) + len(loop.ys)):
        steps.append((Result(k), (group,)))
        at = inputs + len(steps) - 1
        if k < len(loop.carry):
            outputs.append(at)
            continue
        width, columns = loop.ys[k - len(loop.carry)]
        wide = columns or width
        for row in range((loop.turns or 0) * width // wide):
            steps += [(Load(wide, column), (at, float(row))) for column in range(wide)]
            outputs += range(inputs + len(steps) - wide, inputs + len(steps))
    return Program(inputs, tuple(steps), tuple(outputs))


# a counter; a, b and c carried; a row of two; what is shared. b stays; the rows: b and b; a * b; the shared number; 2
STEP = Program(7, ((mul, (1, 2)), (add, (7, 4))), (8, 2, 3, 2, 2, 7, 6, 2.0))
MIXED = Loop(STEP, (0, 0, 0), (Row(2),), (Row(2), Row(1), Row(1), Row(1)), (0,), turns=TURNS)
PACK = (Pack(2), (0, 1, 1, 2, 2, 0))
FULL = (Fill(2), (float(TURNS), 1))


@pytest.mark.parametrize("array", [PACK, FULL])
@pytest.mark.parametrize("more", [{}, {"reverse": True}, {"turns": 1}, {"turns": 0}])
def test_what_stays_is_shared(array: Any, more: dict[str, Any]) -> None:
    """It is neither carried nor given; what is the same in each row is an array full of that number."""
    before = whole(Loop(**{**vars(MIXED), **more}), (0, 1, 2, 3, 0), [array])
    after = steadied(before)
    (loop,) = loops_of(after)
    assert (len(loop.carry), loop.ys) == (1, (Row(1),))
    assert loop.xs == ((Row(2),) if array is PACK else ())
    assert sum(isinstance(form, Fill) for form, _ in after.steps) == (3 if loop.turns else 0)  # else nothing reads them
    numbers = [0.5, -0.0, 3.0]
    assert bits(after(*numbers)) == bits(before(*numbers))


@pytest.mark.parametrize("last", [(1.0, 2.0), (2, 1.0), (2.0, 2), (-0.0, 0.0), (0.0, 0.0), (2, 2), (2.0, 2.0)])
def test_constants_are_no_places(last: Any) -> None:
    """Though they may be equal to one; nor is -0.0 0.0."""
    before = whole(Loop(Program(3, (), (last[0], 2, *last)), (0, 0), (), (Row(2),), (), turns=TURNS), (0, 1))
    after = steadied(before)
    assert bits(after(5.0, 7.0, 9.0)) == bits(before(5.0, 7.0, 9.0))
    assert len(loops_of(after)) == 1


def test_a_loop_of_which_nothing_is_left() -> None:
    """Its results are what went in, and arrays of it."""
    before = whole(Loop(Program(2, (), (1, 1)), (0,), (), (Row(1),), (), turns=TURNS), (2,))
    after = steadied(before)
    assert loops_of(after) == []
    assert after(1.0, 2.0, 3.0) == before(1.0, 2.0, 3.0) == [3.0] * (1 + TURNS)


def test_arrays_in_rows_and_arrays_that_are_carried_stay() -> None:
    """Even where each turn finds the same."""
    body = Program(5, ((Load(1, 0), (2, 0.0)), (mul, (5, 1))), (6, 2))
    loop = Loop(body, (0, 1), (Row(2, 1),), (), (0,), turns=TURNS)
    before = Program(
        1,
        (
            (Pack(1), (0, 0)),
            (Fill(1), (6.0, 0)),
            (loop, (0, 1, 2, 0)),
            (Result(0), (3,)),
            (Result(1), (3,)),
            (Load(1, 0), (5, 1.0)),
        ),
        (4, 6),
    )
    assert steadied(before) is before
    assert before(2.0) == [16.0, 2.0]


@pytest.mark.parametrize("count", [MOST_IN_REGISTERS, MOST_IN_REGISTERS + 1])
def test_of_many_numbers_all_are_carried(count: int) -> None:
    """They lie in memory in an order that the next turn reads."""
    outputs = (*range(2, 1 + count), count)  # each moves to the place before; the last one stays
    before = whole(Loop(Program(1 + count, (), outputs), (0,) * count, (), (), (), turns=2), tuple(range(count)), inputs=count)
    after = steadied(before)
    assert (after is before) == (count > MOST_IN_REGISTERS)
    numbers = [1.0 + i for i in range(count)]
    assert after(*numbers) == before(*numbers) == [*numbers[2:], numbers[-1], numbers[-1]]


def test_loops_in_loops() -> None:
    """A body is a program like another one."""
    inner = Loop(Program(2, (), (1, 1)), (0,), (), (Row(1),), (), turns=TURNS)
    body = Program(2, ((inner, (1,)), (Result(1), (2,)), (Load(1, 0), (3, 1.0)), (add, (4, 1))), (5,))
    before = whole(Loop(body, (0,), (), (), (), turns=TURNS), (0,))
    after = steadied(before)
    assert [len(loops_of(x)) for x in (before, after)] == [2, 1]
    assert after(1.0, 2.0, 3.0) == before(1.0, 2.0, 3.0) == [8.0]


def test_loops_in_called_functions_and_in_loops_with_a_test() -> None:
    """Their bodies are programs too; calls of one function stay so."""
    inner = Loop(Program(2, (), (1, 1)), (0,), (), (Row(1),), (), turns=TURNS)
    steps = ((inner, (1,)), (Result(1), (2,)), (Load(1, 0), (3, 1.0)), (add, (4, 1)))
    call = Call.of(Program(2, steps, (5,)), (), (Row(1),))
    outer = Loop(Program(2, ((call, (1,)), (Result(0), (2,)), (Load(1, 0), (3, 0.0))), (4,)), (0,), (), (), (), turns=2)
    calls = whole(call, (0,), [(outer, (1,)), (Result(0), (3,))])
    calls = Program(3, calls.steps, (*calls.outputs, 4))
    after = steadied(calls)
    assert loops_of(calls).count(inner) == 2
    assert inner not in loops_of(after)
    assert len({id(form) for form in loops_of(after) if isinstance(form, Call)}) == 1
    assert after(1.0, 2.0, 3.0) == calls(1.0, 2.0, 3.0) == [2.0, 8.0]
    tested = Loop(Program(2, steps, (5,)), (0,), (), (), (), test=Program(2, ((less, (1, 9.0)),), (2,)))
    before = whole(tested, (0,))
    assert loops_of(steadied(before))[1:] == []
    assert steadied(before)(1.0, 2.0, 3.0) == before(1.0, 2.0, 3.0) == [16.0]


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    """The same bits, of the function and its gradient."""
    f = Draws(seed, 2)
    draw = random.Random(seed)
    numbers = [draw.uniform(-1.0, 1.0) for _ in range(5)]

    def flat(nodes: Any) -> Any:
        value, slopes = value_and_grad(f, argnums=(0, 1, 2))(nodes[0], nodes[1], list(nodes[2:]))
        return [value, slopes[0], slopes[1], *slopes[2]], None

    lowered = lower(inlined(trace(flat, [""] * 5, loops=True)[0])).program()
    assert bits(steadied(lowered)(*numbers)) == bits(lowered(*numbers))


def mean_error(w: Any, data: Any) -> Any:
    """Whose sweep goes back through a sum."""
    xs, targets = data
    return sum_(vmap(lambda x, t: (w * x - t) ** 2.0)(xs, targets)) / length(xs)


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 1000])
def test_sweeps_through_sums(rows: int) -> None:
    """What arrives at a sum arrives at each of its numbers: no loop carries it, and the bits are those of Values."""
    x, t = np.sin(np.arange(1.0, rows + 1.0)), np.cos(np.arange(1.0, rows + 1.0))
    f = jit(value_and_grad(mean_error, argnums=(0, 1)), dynamic_argnums=1)
    found = f(0.3, (x, t))
    program, options = next(iter(f._calls.traces.values())).compiled.in_arrays  # type: ignore[attr-defined]
    native = Source(merged(inlined(program), options.arrays, options.results)).native
    loops = [form for form in native.primitives if isinstance(form, Loop)]
    assert loops
    assert not any(loop.reverse and not loop.xs for loop in loops)

    def plain(w: Any, data: Any) -> Any:
        return sum_([(w * x - t) ** 2.0 for x, t in zip(*data, strict=True)]) / len(data[0])

    value, (slope, slopes) = value_and_grad(plain, argnums=(0, 1))(0.3, (x.tolist(), t.tolist()))
    assert bits([found[0], found[1][0], *found[1][1][0], *found[1][1][1]]) == bits([value, slope, *slopes[0], *slopes[1]])
    energy = jit(grad(lambda xs: dot(xs, xs) + scan(lambda c, x: (c + sin(x), None), 0.0, xs)[0]), dynamic_argnums=0)
    wanted = grad(lambda xs: dot(xs, xs) + sum_([sin(x) for x in xs]))(x.tolist())
    assert bits(energy(x).tolist()) == bits(wanted)


def test_nothing_to_share() -> None:
    """The program stays the object that it was."""
    loop = Loop(Program(3, ((add, (1, 2)),), (3,)), (0,), (Row(1),), (), (), turns=TURNS)
    for before in (whole(loop, (0, 3), [(Pack(1), (0, 1, 2))]), Program(1, ((mul, (0, 0)),), (1,))):
        assert steadied(before) is before
    opened = Program(1, ((Length(1), (0,)),), (1,))
    assert steadied(opened) is opened
