"""The numbers of the two sweeps: those of the engine, and in its order."""

import math
from typing import Any

from hypothesis import given

import autograd as ag
from autograd import Value, topological_order
from autograd.pictures.page.steps import passes
from autograd.testing import expressions


@given(expressions())
def test_the_numbers_are_those_of_backward(expression: Any) -> None:
    """Values and gradients of random graphs, bit for bit; what arrives at a node adds up to its adjoint."""
    result = expression(*map(Value, expression.at))
    order = topological_order(result)
    shown = passes(order)
    assert not any(node.has_grad for node in order)
    result.backward()
    assert list(map(repr, shown.data)) == [repr(node.data) for node in order]
    assert list(map(repr, shown.adjoints)) == [repr(node.grad if node.has_grad else None) for node in order]
    for node, adjoint in zip(order[:-1], shown.adjoints, strict=False):
        total = None
        for n in reversed(range(len(order))):
            for i, operand in enumerate(order[n].operands):
                if operand is node and (contribution := shown.contributions[n][i]) is not None:
                    assert repr(contribution) == repr(shown.adjoints[n] * shown.partials[n][i])  # type: ignore[operator]
                    total = contribution if total is None else total + contribution
                    assert repr(shown.totals[n][i]) == repr(total)
        assert repr(total) == repr(adjoint)


def test_an_operand_that_is_not_selected_gets_nothing() -> None:
    """No contribution to it, and no adjoint: that is not 0."""
    x, y = Value(1.0), Value(2.0)
    shown = passes(topological_order(ag.maximum(x, y) * 3.0))
    assert shown.contributions == [[], [], [None, 3.0], [1.0 * 3.0, None]]
    assert shown.adjoints == [None, 3.0, 3.0, 1.0]


def test_a_primitive_without_partials_has_no_way_back() -> None:
    """The engine's own refusal, and the values all the same."""
    primitive = ag.primitive("floor_of_steps", evaluate=lambda x: float(math.floor(x)), partials=None)
    shown = passes(topological_order(primitive(Value(2.5))))
    assert shown.data == [2.5, 2.0]
    assert "floor_of_steps" in shown.refusal
    assert shown.adjoints == [None, None]


def test_deep_graphs() -> None:
    """No recursion."""
    x = Value(1.0)
    for _ in range(50_000):
        x = x * 1.0
    assert passes(topological_order(x)).adjoints[0] == 1.0
