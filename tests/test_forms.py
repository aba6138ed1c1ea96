"""The steps of a program that are no primitives, as an interpreter runs them, and as they print."""

import copy
import math
import pickle
from typing import Any

import pytest

from autograd import Value, add, mul
from autograd.forms import AddAt, Call, Fill, Form, Length, Load, Loop, Pack, Result, Row, Transpose, operations_in, run_loop
from autograd.program import Program, imports_source

BODY = Program(4, ((mul, (1, 3)), (add, (4, 2))), (5, 4))  # of a counter, what is carried, a row, what is shared


def looped(*, reverse: bool = False) -> Program:
    """c = c * s + x through an array of three, with c * s for the rows of another."""
    loop = Loop(BODY, (0,), (Row(1),), (Row(1),), (0,), turns=3, reverse=reverse)
    steps: Any = ((Pack(1), (0, 1, 2)), (loop, (3, 5, 4)), (Result(0), (6,)), (Result(1), (6,)), (Load(1, 0), (8, 1.0)))
    return Program(5, steps, (7, 9))


@pytest.mark.parametrize("reverse", [False, True])
def test_a_loop(reverse: bool) -> None:
    """On floats and on Values, and as Python source."""
    program = looped(reverse=reverse)
    xs, c, ys = [1.0, 2.0, 4.0], 0.5, []
    for x in reversed(xs) if reverse else xs:
        ys.append(c * 3.0)
        c = c * 3.0 + x
    assert program(*xs, 0.5, 3.0) == [c, ys[1]]
    values = [Value(x) for x in (*xs, 0.5, 3.0)]
    assert [x.item() for x in program(*values)] == [c, ys[1]]
    namespace: dict[str, Any] = {}
    source = imports_source([program]) + program.source("f", list("abcde"), lambda outputs: f"[{', '.join(outputs)}]")
    exec(source, namespace)
    assert namespace["f"](*xs, 0.5, 3.0) == [c, ys[1]]


def test_a_test() -> None:
    """The number of turns is a result, and rows grow."""
    found = run_loop(lambda i, c: [c * 2.0, i], None, [1.0], [], [(1, 0)], [], test=lambda _, c: [float(c < 10.0)])
    assert found == [16.0, 4.0, [0.0, 1.0, 2.0, 3.0]]
    assert run_loop(lambda i, c: [c, i], 0.0, [1.0], [], [(1, 0)], []) == [1.0, []]


@pytest.mark.parametrize(
    ("form", "operands", "expected"),
    [
        (Load(2, 1), ([1.0, 2.0, 3.0, 4.0], 1.0), 4.0),
        (Load(2, 1), ([1.0, 2.0, 3.0, 4.0], 2.0), math.nan),
        (Load(2, 1), ([1.0, 2.0, 3.0, 4.0], -1.0), math.nan),
        (Load(1, 0), ([1.0], math.nan), math.nan),
        (AddAt(2, 0), ([1.0, 2.0, 3.0, 4.0], 1.0, 0.5), [1.0, 2.0, 3.5, 4.0]),
        (AddAt(2, 0), ([1.0, 2.0], 7.0, 0.5), [1.0, 2.0]),
        (Fill(2), (2.0, 0.5), [0.5] * 4),
        (Length(2), ([1.0] * 6,), 3.0),
        (Transpose(2, 3), ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0],), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]),
    ],
    ids=str,
)
def test_arrays(form: Form, operands: Any, expected: Any) -> None:
    """Beyond the ends there is nan, and nothing is added."""
    names = list("abc")[: len(operands)]
    namespace: dict[str, Any] = dict(zip(names, operands, strict=True))
    exec("from autograd.forms import add_at, load", namespace)
    for found in (form.run(operands, lambda primitive, *xs: primitive(*xs)), eval(form.source(names), namespace)):
        assert found == pytest.approx(expected, nan_ok=True)


def test_what_is_the_same_is_one_object() -> None:
    """A compiler finds it by identity; copies and pickles too."""
    assert Load(2, 1) is Load(2, 1)
    assert Load(2, 1) is not Load(1, 1)
    assert copy.deepcopy(Load(2, 1)) is pickle.loads(pickle.dumps(Load(2, 1))) is Load(2, 1)


def test_a_call() -> None:
    """One turn of a loop that carries nothing; its operations count in each call."""
    inner = Call.of(Program(3, ((mul, (1, 2)), (add, (3, 1))), (4,)), [], [Row(1)])
    steps: Any = ((inner, (1, 2)), (Result(0), (3,)), (Load(1, 0), (4, 0.0)), (mul, (5, 5)))
    outer = Call.of(Program(3, steps, (6, 1)), [], [Row(2)])
    every: Any = (
        (outer, (0, 1)),
        (Result(0), (2,)),
        (Load(2, 0), (3, 0.0)),
        (outer, (4, 4)),
        (Result(0), (5,)),
        (Load(2, 1), (6, 0.0)),
    )
    program = Program(2, every, (4, 7))
    assert program(2.0, 3.0) == [64.0, 64.0]
    assert operations_in(program, {}) == 6 + 2 * (4 + 2)
    assert [x.data for x in program(Value(2.0), 3.0)] == [64.0, 64.0]
    source = imports_source([program]) + program.source("f", ["x", "y"], lambda outputs: f"[{', '.join(outputs)}]")
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    assert namespace["f"](2.0, 3.0) == [64.0, 64.0]
    assert source.count("def ") == 3  # a function once for all its calls


def test_equal_loops() -> None:
    """Loops whose bodies do the same are equal, at any depth: a program that was traced twice is compiled once."""
    program, again = looped(), looped()
    assert program == again
    assert hash(program) == hash(again)
    assert program != looped(reverse=True)
    zero, minus = (
        Program(1, ((Loop(Program(2, ((add, (1, x)),), (2,)), (0,), (), (), (), turns=3), (0,)),), ()) for x in (0.0, -0.0)
    )
    assert zero != minus
    assert pickle.loads(pickle.dumps(program.steps[1][0])) == program.steps[1][0]
    assert "_hash" not in program.steps[1][0].__getstate__()  # another process has other hashes
