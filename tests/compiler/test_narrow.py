"""Loops with what is read of them alone."""

from typing import Any

from autograd import add, mul, neg, sin
from autograd.compiler.merge import merged
from autograd.compiler.narrow import WORTH, inlined, narrowed
from autograd.forms import Call, Load, Loop, Pack, Result, Row
from autograd.primitives import less
from autograd.program import Program

# of a counter, a, b, c, two rows, two shared: a grows by the first row, b by a, c by what is shared
BODY = Program(8, ((add, (1, 4)), (add, (2, 1)), (mul, (3, 6)), (sin, (5,)), (neg, (7,))), (8, 9, 10, 11, 12))


def program(*outputs: int, shared: Any = (4, 5)) -> Program:
    """A loop of which these results are read: 0 to 2 carried, 3 and 4 arrays."""
    loop = Loop(BODY, (0, 0, 0), (Row(1), Row(1)), (Row(1), Row(1)), (0, 0), turns=2)
    steps: list[Any] = [(Pack(1), (0, 1)), (Pack(1), (2, 3)), (loop, (4, 5, 0.5, 6, 7, *shared))]
    steps += [(Result(place), (8,)) for place in outputs]
    return Program(6, tuple(steps), tuple(range(9, 9 + len(outputs))))


def loop_of(narrow: Program) -> Loop:
    """Its only loop."""
    (loop,) = [primitive for primitive, _ in narrow.steps if isinstance(primitive, Loop)]
    return loop


def test_what_is_not_read_goes() -> None:
    """Carried numbers, rows, arrays and what is shared; what others need stays."""
    numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    for outputs in [(0,), (1,), (2,), (3,), (4,), (0, 3), (1, 2, 4)]:
        narrow = narrowed(program(*outputs))
        assert narrow(*numbers) == program(*outputs)(*numbers), outputs
    loop = loop_of(narrowed(program(1)))
    assert (len(loop.carry), len(loop.xs), len(loop.ys), len(loop.shared)) == (2, 1, 0, 0)
    assert len(loop.body.steps) == 2
    loop = loop_of(narrowed(program(2)))
    assert (len(loop.carry), len(loop.xs), len(loop.ys), len(loop.shared)) == (1, 0, 0, 1)


def test_constants_are_read_where_they_are_used() -> None:
    """Not shared."""
    narrow = narrowed(program(2, shared=(0.25, 5)))
    assert not loop_of(narrow).shared
    assert narrow(1.0, 2.0, 3.0, 4.0, 5.0, 6.0) == program(2, shared=(0.25, 5))(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


def test_a_test_keeps_what_it_reads() -> None:
    """And the number of turns keeps its place among the results."""
    body = Program(4, ((add, (1, 1)), (add, (2, 3))), (4, 5))  # of a counter, a, b, what is shared
    test = Program(4, ((less, (1, 3)),), (4,))
    loop: Any = Loop(body, (0, 0), (), (), (0,), test=test)
    whole = Program(2, ((loop, (0, 0.0, 1)), (Result(1), (2,)), (Result(2), (2,))), (3, 4))
    turns = Program(2, ((loop, (0, 0.0, 1)), (Result(2), (2,))), (3,))
    assert whole(1.0, 9.0) == narrowed(whole)(1.0, 9.0) == [36.0, 4.0]
    assert narrowed(turns)(1.0, 9.0) == [4.0]
    assert len(loop_of(narrowed(turns)).carry) == 1


def test_no_result_of_what_is_gone() -> None:
    """A loop of which nothing is read any more leaves no step behind, nor do its results: inside of another loop too."""
    inner = Loop(Program(3, ((add, (1, 2)),), (3, 1)), (0,), (), (Row(1),), (0,), turns=2)
    steps: Any = ((inner, (1, 2)), (Result(1), (3,)), (Result(0), (3,)))
    outer = Loop(Program(3, steps, (5, 4)), (0,), (), (Row(2, 1),), (0,), turns=2)
    loop = loop_of(narrowed(Program(2, ((outer, (0, 1)), (Result(0), (2,))), (3,))))
    (step, *results) = loop.body.steps
    assert isinstance(step[0], Loop)
    assert len(step[0].ys) == 0
    assert results == [(Result(0), (3,))]


def called(times: int, long: int) -> Program:
    """Calls of one function with that many operations, which takes a row and a number, and gives two rows."""
    steps: Any = [(mul, (1, 3)), *[(sin, (4 + i,)) for i in range(long - 1)]]
    call = Call.of(Program(4, tuple(steps), (3 + long, 2, 4)), [Row(2)], [Row(1), Row(2)])
    first = 3  # after the inputs and the row
    every: list[Any] = [(Pack(2), (0, 1))]
    outputs: list[int] = []
    for _ in range(times):
        every += [(call, (2, 0)), (Result(1), (first,)), (Load(2, 1), (first + 1, 0.0))]
        outputs.append(first + 2)
        first += 3
    return Program(2, tuple(every), tuple(outputs))


def test_functions_called_seldom_are_taken_over() -> None:
    """They are where calls save little, and give the same numbers."""
    for times, long in ((1, 10), (1, 5000), (2, 500), (3, 500), (5, WORTH // 4), (6, WORTH // 4)):
        program = called(times, long)
        found = inlined(program)
        assert found(0.5, 2.0) == program(0.5, 2.0) == [0.25] * times
        saves = (times - 1) * long >= WORTH
        assert any(isinstance(form, Call) for form in found.forms) is saves
        if not saves:
            assert sum(form is sin for form, _ in found.steps) == times * (long - 1)


def test_calls_of_which_the_same_is_read_stay_one_function() -> None:
    """A function that gives what is read alone, and takes what that needs."""
    program = called(8, 10)
    found = narrowed(program)
    (call,) = {form for form, _ in found.steps if isinstance(form, Call)}
    assert found(0.5, 2.0) == program(0.5, 2.0)
    assert [len(call.body.steps), call.xs, call.ys, call.shared] == [1, (Row(2),), (Row(2),), (0,)]
    (again,) = {form for form, _ in narrowed(program).steps if isinstance(form, Call)}
    assert again is call
    assert {form for form, _ in narrowed(found).steps if isinstance(form, Call)} == {call}


def test_a_program_without_loops_is_looked_through_once() -> None:
    """Of millions of steps, each look takes a tenth of a second: all passes read the same list of forms."""

    class Steps(tuple[Any, ...]):  # noqa: SLOT001 - it counts
        looks = 0

        def __iter__(self) -> Any:
            Steps.looks += 1
            return super().__iter__()

    program = Program(2, Steps([(add, (0, 1)), (mul, (2, 2))]), (3,))
    for rewritten in (inlined, merged, narrowed):
        assert rewritten(program) is program
    assert Steps.looks == 1
    assert program.forms == {add: None, mul: None}
