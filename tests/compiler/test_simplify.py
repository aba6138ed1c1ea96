"""Simplification: fewer operations, and not a bit changed."""

import math
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import abs as abs_
from autograd import (
    add,
    exp,
    less,
    logical_and,
    logical_or,
    mul,
    neg,
    not_equal,
    sub,
    truediv,
    where,
)
from autograd.compiler.simplify import _RULES, _RULES_WITHOUT_CONSTANTS, SSA, simplify
from autograd.compiler.trace.tracer import trace, with_partials
from autograd.forms import AddAt, Load, Pack
from autograd.primitives import identity, stop_gradient
from autograd.program import Program
from autograd.table import TABLE
from autograd.testing import Expression, expressions
from tests.compiler.comparison import EDGES, bits

inf, nan = math.inf, math.nan


def run(ssa: SSA, *numbers: float) -> list[float]:
    """What a flat graph computes."""
    found = list(numbers)
    for i in range(ssa.inputs, len(ssa.primitives)):
        row = ssa.primitives[i]
        found.append(ssa.constants[i] if row is None else row.evaluate(*[found[operand] for operand in ssa.operands[i]]))
    return [found[output] for output in ssa.outputs]


@given(expression=expressions(max_ops=30), data=st.data())
def test_the_same_bits(expression: Expression, data: st.DataObject) -> None:
    """Of a program and of its partials, at the point and at the edges of the numbers."""
    for program in (expression.program, with_partials(expression.program, [True, True])[0]):
        ssa = simplify(program)
        edge = st.sampled_from(EDGES)
        for point in [expression.at, *data.draw(st.lists(st.tuples(edge, edge), min_size=5, max_size=5))]:
            assert bits(run(ssa, *point)) == bits(program(*point)), f"at {point}"
        assert ssa.operations <= len(program.steps)


LOGIC = [add, mul, sub, neg, abs_, less, not_equal, logical_and, logical_or, where, where, truediv]


@st.composite
def logical_programs(draw: st.DrawFn) -> Program:
    """Programs of comparisons and choices, which have most of the rules, with the constants that they look for."""
    steps: list[Any] = []
    constant = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, inf, nan])
    for i in range(draw(st.integers(1, 12))):
        row = draw(st.sampled_from(LOGIC))
        operand = st.one_of(st.integers(max(0, i - 4), 2 + i), st.integers(0, 2 + i), constant)
        steps.append((row, tuple(draw(operand) for _ in range(row.arity or 2))))
    last = 2 + len(steps)
    return Program(3, tuple(steps), tuple(draw(st.lists(st.integers(max(0, last - 3), last), min_size=1, max_size=3))))


@given(program=logical_programs(), data=st.data())
@settings(max_examples=200)
def test_choices_and_conditions(program: Program, data: st.DataObject) -> None:
    """Nested choices by the same condition, negations, joined conditions: the same bits everywhere."""
    ssa = simplify(program)
    edge = st.sampled_from([0.0, -0.0, 1.0, -1.0, 3.0, inf, -inf, nan, 5e-324])
    for point in data.draw(st.lists(st.tuples(edge, edge, edge), min_size=12, max_size=12)):
        assert bits(run(ssa, *point)) == bits(program(*point)), f"at {point}"


def simplified(f: Any) -> SSA:
    """A function of two numbers."""
    return simplify(trace(lambda xs: ([f(*xs)], None), ["x", "y"])[0])


EXACT = {
    "x * 1": (lambda x, y: x * 1.0, 0),
    "1 * x": (lambda x, y: 1.0 * x, 0),
    "x * -1": (lambda x, y: x * -1.0, 1),
    "x + -0": (lambda x, y: x + -0.0, 0),
    "x - 0": (lambda x, y: x - 0.0, 0),
    "-(-x)": (lambda x, y: neg(neg(x)), 0),
    "abs(-x)": (lambda x, y: abs(-x), 1),
    "abs(abs(x))": (lambda x, y: abs(abs(x)), 1),
    "x / 4 is x * 0.25": (lambda x, y: x / 4.0 + x * 0.25, 2),
    "identity": (lambda x, y: stop_gradient(identity(x)), 0),
    "the same twice": (lambda x, y: exp(x) * exp(x), 2),
    "x + y and y + x": (lambda x, y: (x + y) * (y + x), 2),
    "constants": (lambda x, y: x * exp(add(1.0, 2.0)), 1),
    "where of one thing": (lambda x, y: where(x > y, y, y), 0),
    "where by a constant": (lambda x, y: where(1.0, x, y), 0),
    "where(c, where(c, x, y), y)": (lambda x, y: where(x > y, where(x > y, x, 5.0), y), 2),
    "dead code": (lambda x, y: (exp(y), x)[1], 0),
}
INEXACT = {
    "x * 0, nan for inf": (lambda x, y: x * 0.0, 1),
    "x + 0, 0 for -0": (lambda x, y: x + 0.0, 1),
    "x - x, nan for inf": (lambda x, y: x - x, 1),
    "x / x": (lambda x, y: truediv(x, x), 1),
    "x - (-0), 0 for -0": (lambda x, y: x - (-0.0), 1),
    "0 - x, 0 for 0": (lambda x, y: 0.0 - x, 1),
    "x / 3": (lambda x, y: x / 3.0, 1),
    "(x + y) - y": (lambda x, y: (x + y) - y, 2),
    "x * 2 / 2": (lambda x, y: x * 2.0 / 2.0, 2),
}


@pytest.mark.parametrize(("f", "operations"), [*EXACT.values(), *INEXACT.values()], ids=[*EXACT, *INEXACT])
def test_what_is_left_out_and_what_stays(f: Any, operations: int) -> None:
    """What changes no bit is left out; what looks as if it could be, and may not, stays."""
    ssa = simplified(f)
    assert ssa.operations == operations
    for x, y in product(EDGES, repeat=2):
        assert bits(run(ssa, x, y)) == bits(f(x, y))


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_constants_are_computed_by_the_row_itself(row: Any) -> None:
    """Every row at constants is a constant: what its `evaluate` gives."""
    operands = [i.special[0] if i.special else sum(i.transition) / 2.0 for i in row.domain_of(row.arity or 4)]
    ssa = simplify(Program(0, ((row, tuple(operands)),), (0,)))
    assert ssa.operations == 0
    assert bits(list(ssa.constants.values())) == bits([row.evaluate(*operands)])


def test_constants_differ_by_sign() -> None:
    """0 and -0 are two, nan and nan one."""
    ssa = SSA(0)
    assert ssa.constant(0.0) != ssa.constant(-0.0)
    assert ssa.constant(nan) == ssa.constant(-nan) == ssa.constant(inf - inf)
    assert ssa.is_constant(ssa.constant(-0.0), -0.0)
    assert not ssa.is_constant(ssa.constant(-0.0), 0.0)


def test_pruning_keeps_the_inputs() -> None:
    """Also those that nothing needs."""
    ssa = simplified(lambda x, y: y * 2.0)
    assert ssa.inputs == 2
    assert run(ssa, 1.0, 3.0) == [6.0]


@pytest.mark.parametrize("primitive", [add, mul, truediv, sub, not_equal], ids=lambda primitive: primitive.name)
@pytest.mark.parametrize("operands", [(0, 1), (1, 0), (0, 0), (2, 3), (3, 0), (4, 2)])
def test_rules_that_are_not_asked(primitive: Any, operands: tuple[int, int]) -> None:
    """Of numbers that are not constants these rules know nothing: they are left out there."""
    ssa = SSA(2)
    ssa.apply(neg, (0,))
    ssa.apply(less, (0, 1))
    ssa.apply(where, (3, 0, 1))
    assert _RULES[primitive](ssa, operands) is None
    assert primitive not in _RULES_WITHOUT_CONSTANTS
    assert {*_RULES} - {*_RULES_WITHOUT_CONSTANTS} == {add, mul, truediv, sub, not_equal}


def test_nothing_added_beyond_the_ends() -> None:
    """The array is the one that was there."""
    steps: Any = ((Pack(1), (0, 1)), (AddAt(1, 0), (2, -1.0, 5.0)), (AddAt(1, 0), (3, 1.0, 5.0)), (Load(1, 0), (4, 1.0)))
    ssa = simplify(Program(2, steps, (5,)))
    assert [form.name for form in ssa.primitives if form is not None] == ["pack", "add_at", "load"]
    assert ssa.program()(1.0, 2.0) == [7.0]
