"""Expressions: they run, drop what they do not need, and print as Python."""

import math
from typing import Any

import pytest
from hypothesis import given, settings

import autograd as ag
from autograd import Value, primitive
from autograd.program import Program
from autograd.testing import Expression, expressions
from autograd.testing.battery import same_bits


@given(expressions(max_ops=15, inputs=3))
@settings(max_examples=100)
def test_the_source_of_an_expression_is_the_expression(expression: Expression) -> None:
    """Run as Python, with Values, it gives the same bits and gradients; and the expression is one, of what it promises."""
    scope: dict[str, Any] = {}
    exec(str(expression), scope)
    ours, theirs = [[Value(x) for x in expression.at] for _ in range(2)]
    found, wanted = scope["f"](*ours), expression(*theirs)
    assert same_bits(found.data if isinstance(found, Value) else found, wanted.data)
    assert same_bits(expression(*expression.at), wanted.data)
    if isinstance(found, Value):
        found.backward()
        wanted.backward()
        assert [x.grad for x in ours] == [x.grad for x in theirs]
    assert math.isfinite(wanted.data)
    assert 1 <= len(expression.steps) <= 15
    assert repr(expression).strip() == str(expression)


def test_a_program_with_a_point() -> None:
    """The last step is the result; equal if their steps and points are."""
    steps = ((ag.mul, (0, 1)), (ag.tanh, (2,)))
    product = Expression(2, steps, at=(0.5, 2.0))
    assert product.program == Program(2, steps, (3,))
    assert product(*product.at) == math.tanh(1.0)
    assert product == Expression(2, steps, (0.5, 2.0)) != Expression(2, steps, (0.5, 3.0))
    assert product.__name__ == "expression"
    with pytest.raises(TypeError, match=r"this expression takes 2 numbers, not 1: call expression\(\*expression.at\)"):
        product(1.0)


def test_steps_that_the_result_does_not_need_are_dropped() -> None:
    """The places of the others move up; the point stays."""
    long = Expression(1, ((ag.sin, (0,)), (ag.exp, (0,)), (ag.cos, (1,)), (ag.mul, (2, 2.0))), at=(0.5,))
    assert long.pruned() == Expression(1, ((ag.exp, (0,)), (ag.mul, (1, 2.0))), at=(0.5,))
    assert long.pruned()(0.5) == long(0.5)


def test_its_text() -> None:
    """Imports, a line for each step, the call; names that are not public by `lookup`, inf by `math`."""
    own = primitive("own_test", evaluate=lambda x: x * x, partials=lambda r, x: 2.0 * x)
    steps = ((own, (0,)), (ag.table.lookup("sech2"), (1,)), (ag.truediv, (2, math.inf)), (ag.maximum, (3, 0)))
    expression = Expression(1, steps, at=(1.0,))
    assert str(expression) == (
        "from math import inf\n"
        "from autograd import maximum\n"
        "from autograd.table import lookup\n"
        "own_test = lookup('own_test')\n"
        "sech2 = lookup('sech2')\n"
        "\n"
        "def f(x0):\n"
        "    a = own_test(x0)\n"
        "    b = sech2(a)\n"
        "    c = b / inf\n"
        "    return maximum(c, x0)\n"
        "\n"
        "f(1.0)"
    )
    names: dict[str, Any] = {}
    exec(str(expression), names)
    assert names["f"](1.0) == expression(1.0)


def test_many_steps_have_names() -> None:
    """The letters, then numbered ones."""
    long = Expression(1, tuple((ag.add, (i, 1.0)) for i in range(30)), at=(0.0,))
    names: dict[str, Any] = {}
    exec(str(long), names)
    assert names["f"](0.0) == 30.0
    assert "    z = y + 1.0\n    v26 = z + 1.0\n" in str(long)
