"""Levels before any code: how much work they are, what may lie in one place."""

import math
from typing import Any

from autograd import Value, dot, fori_loop, grad, jit, sin, sum_, vmap
from autograd.compiler.emit import levels
from autograd.compiler.emit.levels import in_place, operations_of, ssa_of, work_of
from autograd.compiler.lower import lower
from autograd.forms import Call, Loop, Result, Row
from autograd.primitives import add, mul
from autograd.program import Program
from autograd.real import number_of
from autograd.structures import flatten


def test_work() -> None:
    """All turns count; a call of the C library for several; where only the run knows, it is much."""

    def operations(f: Any, *args: Any) -> Any:
        jitted = jit(f)
        jitted(*args)
        return lower(jitted._calls.latest.compiled.program)

    few = operations(lambda x: fori_loop(0, 100, lambda _, c: c * x + 1.0, x), 1.0)
    assert operations_of(few) == 2
    assert work_of(few) == 200
    assert work_of(operations(lambda x: fori_loop(0, 100, lambda _, c: sin(c), x), 1.0)) == 800
    assert work_of(operations(lambda x: vmap(lambda y: vmap(lambda z: z + x)([y, y]))([x, x, x]), 1.0)) == 6
    assert ssa_of(few.program()).program() == few.program()


def test_what_is_carried_is_changed_where_it_lies() -> None:
    """An array that a loop reads row by row, to give its next rows: the sums of a layer's gradients. Not if more reads it."""

    def found(f: Any) -> int:
        jitted = jit(f)
        jitted(w, xs)
        expected = f([[Value(x) for x in row] for row in w], [[Value(x) for x in row] for row in xs])
        assert [number_of(x) for x in flatten(jitted(w, xs), "")[0]] == [number_of(x) for x in flatten(expected, "")[0]]
        whole = lower(jitted._calls.latest.compiled.program)
        return sum(len(in_place(ssa_of(p.body), p)) for p in whole.primitives if isinstance(p, Loop) and any(p.carry))

    w = [[math.sin(i + k) for k in range(8)] for i in range(16)]
    xs = [[math.cos(i * k) for k in range(8)] for i in range(5)]

    def times(x: Any, w: Any) -> Any:
        return sum_(vmap(lambda row: dot(x, row))(w))

    assert found(grad(lambda w, xs: sum_(vmap(lambda x: times(x, w))(xs)))) == 1
    assert found(grad(lambda w, xs: sum_(vmap(lambda x: times(x, w) * times(x, w))(xs)))) == 0


def test_operations_of_functions() -> None:
    """They are code once for all calls, and work in each."""
    call = Call.of(Program(3, ((mul, (1, 2)), (mul, (3, 1))), (4,)), [], [Row(1)])
    steps: Any = ((call, (0, 1)), (Result(0), (2,)), (call, (1, 0)), (Result(0), (4,)), (mul, (0, 1)))
    ssa = ssa_of(Program(2, steps, (3, 5, 6)))
    assert operations_of(ssa) == 3
    assert work_of(ssa) == 5


def test_a_body_is_read_once() -> None:
    """All passes look into it; each has a copy of its own, to which it may add."""
    program = Program(1, ((add, (0, 1.5)), (mul, (1, 0))), (2,))
    before = levels._read.cache_info()
    found, other = ssa_of(program), ssa_of(Program(1, program.steps, program.outputs))
    assert levels._read.cache_info().misses == before.misses + 1
    assert found.constant(1.5) == 1
    found.constant(2.5)
    found.primitives.append(add)
    assert other.program() == ssa_of(program).program() == program
