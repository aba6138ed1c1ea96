"""Loops in which numbers that are always the same are one."""

import random
from typing import Any

import pytest

from autograd import add, dot, grad, jit, mul, sin, sum_, value_and_grad, vmap, where
from autograd.compiler import merge
from autograd.compiler.merge import merged
from autograd.compiler.narrow import inlined
from autograd.forms import AddAt, Call, Fill, Length, Load, Loop, Pack, Result, Row
from autograd.primitives import less
from autograd.program import Program
from tests.compiler.comparison import bits
from tests.compiler.loops.programs import Draws


def loops_of(program: Program) -> list[Loop]:
    """Its loops."""
    return [form for form, _ in program.steps if isinstance(form, Loop)]


def whole(loop: Loop, operands: Any, results: int, inputs: int, *before: Any) -> Program:
    """A program of these steps, a loop, and its results, of which arrays are read at 0 in each column."""
    steps: list[Any] = [*before, (loop, operands)]
    group, outputs = inputs + len(before), []
    for place in range(results):
        steps.append((Result(place), (group,)))
        at = inputs + len(steps) - 1
        width = loop.carry[place] if place < len(loop.carry) else loop.ys[place - len(loop.carry)].width
        steps += [(Load(width, column), (at, 0.0)) for column in range(width)]
        outputs += range(at + 1, at + 1 + width) if width else [at]
    return Program(inputs, tuple(steps), tuple(outputs))


# of a counter, a, b, c, a row of two, what is shared: each is what it was and the shared number times it, but the last
STEP = Program(7, ((mul, (1, 6)), (mul, (2, 6)), (add, (3, 4)), (add, (3, 5))), (7, 8, 9, 9, 10, 7))
SAME = Loop(STEP, (0, 0, 0), (Row(2),), (Row(2), Row(1)), (0,), turns=2)


@pytest.mark.parametrize(("start", "carried"), [((0, 0, 0), 2), ((0, 1, 0), 3), ((0.0, -0.0, 0), 3), ((0.5, 0.5, 1), 2)])
def test_what_begins_the_same_and_goes_on_so_is_carried_once(start: Any, carried: int) -> None:
    """And -0.0 is another number than 0.0."""
    program = whole(SAME, (*start, 4, 3), 5, 4, (Pack(2), (2, 2, 3, 3)))
    found = merged(program)
    (loop,) = loops_of(found)
    assert len(loop.carry) == carried
    assert loop.xs == (Row(1),)  # both columns have the same number in each row
    assert loop.ys == (Row(1), Row(1))
    numbers = [0.1, 0.2, 0.3, 0.4]
    assert bits(found(*numbers)) == bits(program(*numbers))


def test_columns_apart_in_one_row_are_apart() -> None:
    """So are those that a turn tells apart."""
    program = whole(SAME, (0, 0, 0, 4, 3), 5, 4, (Pack(2), (2, 2, 3, 1)))
    (loop,) = loops_of(merged(program))
    assert (len(loop.carry), loop.xs, loop.ys) == (2, (Row(2),), (Row(2), Row(1)))
    crossed = Loop(Program(4, ((add, (1, 3)), (add, (2, 1))), (4, 5)), (0, 0), (), (), (0,), turns=3)
    program = whole(crossed, (0, 0, 1), 2, 2)
    assert len(loops_of(merged(program))[0].carry) == 2
    assert merged(program)(0.5, 0.25) == program(0.5, 0.25)


def test_an_array_has_the_same_columns_wherever_it_comes_from() -> None:
    """One that is carried begins with as many as its turns need: where a number is added to one, to all of them."""
    body = Program(3, ((AddAt(2, 0), (1, 0, 2)),), (3,))
    loop = Loop(body, (2,), (), (), (0,), turns=2)
    program = whole(loop, (1, 0), 1, 1, (Fill(2), (2.0, 0)))
    assert str(merged(program)) == str(program)
    kept = Program(3, ((Load(2, 1), (1, 0)), (add, (3, 2))), (1, 4))
    loop = Loop(kept, (2,), (), (Row(1),), (0,), turns=2)
    program = whole(loop, (1, 0), 2, 1, (Fill(2), (2.0, 0)))
    found = merged(program)
    assert loops_of(found)[0].carry == (1,)
    assert found.steps[0][0] == Fill(1)
    assert found(3.0) == program(3.0)
    lengths = Program(1, ((Fill(2), (2.0, 0)), (Length(2), (1,))), (2,))
    assert merged(lengths)(3.0) == [2.0]


def test_arrays_in_rows() -> None:
    """A row that is an array loses the columns that are the same in all rows of all of these."""
    inner = Program(2, ((Load(2, 0), (1, 0.0)), (Load(2, 1), (1, 0.0)), (add, (2, 3))), (1, 4))
    loop = Loop(inner, (), (Row(4, 2),), (Row(4, 2), Row(1)), (), turns=2)
    for operands, columns in (((0, 0, 1, 1, 1, 1, 0, 0), 1), ((0, 0, 0, 0, 0, 0, 0, 1), 2)):
        program = whole(loop, (2,), 2, 2, (Pack(4), operands))
        found = merged(program)
        assert loops_of(found)[0].xs == (Row(2 * columns, columns),)
        assert found(0.5, 0.25) == program(0.5, 0.25)


def test_arrays_with_the_same_rows_are_one() -> None:
    """What reads either reads the first; one that is as wide but has other numbers, or another order, stays."""
    step = Program(4, ((mul, (1, 3)), (mul, (1, 3)), (add, (1, 2))), (6, 4, 6, 5, 6, 6, 4))
    loop = Loop(step, (0,), (Row(1),), (Row(2), Row(2), Row(2)), (0,), turns=3)
    program = whole(loop, (0, 3, 1), 4, 3, (Pack(1), (2, 1, 2)))
    found = merged(program)
    results = [form.place for form, _ in found.steps if isinstance(form, Result)]
    assert results == [0, 1, 3]
    numbers = [0.1, 0.2, 0.3]
    assert bits(found(*numbers)) == bits(program(*numbers))


def test_a_loop_with_a_test_is_left_alone() -> None:
    """With what it carries."""
    body = Program(4, ((add, (1, 3)), (add, (2, 3))), (4, 5))
    loop: Any = Loop(body, (0, 0), (), (), (0,), test=Program(4, ((less, (1, 9.0)),), (4,)))
    program = Program(2, ((loop, (0, 0, 1)), (Result(0), (2,)), (Result(1), (2,)), (Result(2), (2,))), (3, 4, 5))
    assert str(merged(program)) == str(program)


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_give_the_same(seed: int) -> None:
    """Bit for bit, with their derivatives."""
    draw = random.Random(seed)
    f, count = Draws(seed, 1 + seed % 2), draw.choice([1, 2, 3])
    jitted = jit(value_and_grad(f, argnums=(0, 1, 2)), backend="python")
    numbers = [draw.uniform(-1.0, 1.0) for _ in range(2 + count)]
    jitted(*numbers[:2], numbers[2:])
    program = inlined(jitted._calls.latest.compiled.program)
    assert bits(merged(program)(*numbers)) == bits(program(*numbers))


def test_whether_adjoints_arrive_is_asked_once_for_all_of_a_neuron() -> None:
    """All do, or none: a loop over neurons gives one number for it, not one for each weight."""

    def loss(w: Any, xs: Any) -> Any:
        return where(xs[0] < 0.5, sum_(vmap(lambda row: sin(dot(row, xs)))(w)), 1.0)

    jitted = jit(grad(loss))
    w, xs = [[0.1 * i - 0.2 * k for k in range(8)] for i in range(4)], [0.1 * k for k in range(8)]
    jitted(w, xs)
    program = inlined(jitted._calls.latest.compiled.program)
    widths = [[row.width for row in loop.ys] for each in (program, merged(program)) for loop in loops_of(each)[-1:]]
    assert widths == [[8, 8], [8, 1]]
    numbers = [x for row in w for x in row] + xs
    assert bits(merged(program)(*numbers)) == bits(program(*numbers))


def test_a_call_is_merged_once() -> None:
    """A function in which numbers are the same is another one, for all its calls; rows that it takes and gives stay."""
    turn = Program(4, ((add, (1, 3)), (add, (2, 3))), (4, 5))
    loop = Loop(turn, (0, 0), (), (), (0,), turns=3)
    steps: Any = ((loop, (0.0, 0.0, 3)), (Result(0), (4,)), (Result(1), (4,)))
    call = Call.of(Program(4, steps, (5, 6)), [Row(2)], [Row(2)])
    every: Any = [(Pack(2), (0, 0)), (call, (1, 0)), (Result(0), (2,)), (Load(2, 0), (3, 0.0)), (Load(2, 1), (3, 0.0))]
    every += [(call, (3, 5)), (Result(0), (6,)), (Load(2, 1), (7, 0.0))]
    program = Program(1, tuple(every), (4, 5, 8))
    found = merged(program)
    calls = [form for form, _ in found.steps if isinstance(form, Call)]
    assert found(1.5) == program(1.5) == [4.5, 4.5, 13.5]
    assert len(calls) == 2
    assert calls[0] is calls[1] is not call
    (inner,) = loops_of(calls[0].body)
    assert len(inner.carry) == 1
    assert (calls[0].xs, calls[0].ys) == ((Row(2),), (Row(2),))
    assert [form for form, _ in merged(program).steps if isinstance(form, Call)] == calls


def test_layers_alike_are_studied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    counts = []
    for layers in (3, 6):

        def f(ws: Any, x: Any) -> Any:
            for w in ws:
                x = vmap(lambda row, x=x: sin(dot(row, x)))(w)
            return sum_(x)

        rng = random.Random(0)
        ws = [[[rng.gauss(0, 1) for _ in range(4)] for _ in range(4)] for _ in range(layers)]
        jitted = jit(f)
        jitted(ws, [0.5] * 4)
        program = jitted._calls.latest.compiled.program
        passes: list[Any] = []
        run = merge._Pass.run
        monkeypatch.setattr(merge._Pass, "run", lambda self: (passes.append(self), run(self))[1])  # noqa: B023 - called here
        merged(inlined(program))
        monkeypatch.undo()
        counts.append(len(passes))
    assert counts[0] == counts[1]


def test_a_wide_array_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each number that is read from it: the time would grow with the square of its width."""
    asked = []
    kept = merge._kept
    monkeypatch.setattr(merge, "_kept", lambda partition: asked.append(1) or kept(partition))
    width = 500
    steps: list[Any] = [(Pack(width), tuple(range(width))), *[(Load(width, k), (width, 0.0)) for k in range(width)]]
    square = Loop(Program(2, ((mul, (1, 1)),), (2,)), (0,), (), (), (), turns=1)
    first = width + 1
    steps += [(square, (first,)), (Result(0), (first + width,))]
    program = Program(width, tuple(steps), (first + width + 1, *range(first, first + width)))
    numbers = [1.0 + k for k in range(width)]
    assert merged(program)(*numbers) == program(*numbers) == [1.0, *numbers]
    assert len(asked) < 50
