"""The numbers of the two sweeps: those of the engine, and in its order."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, topological_order
from autograd.pictures.page.steps import Part, passes
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
    assert all(node.has_grad for node in order)
    assert [repr(0.0 if adjoint is None else adjoint) for adjoint in shown.adjoints] == [repr(node.grad) for node in order]
    for node, adjoint in zip(order[:-1], shown.adjoints, strict=False):
        total = None
        for n in reversed(range(len(order))):
            for i, operand in enumerate(order[n].operands):
                if operand is node and (contribution := shown.contributions[n][i]) is not None:
                    assert repr(contribution) == repr(shown.adjoints[n] * shown.partials[n][i])  # type: ignore[operator]
                    total = contribution if total is None else total + contribution
                    assert repr(shown.totals[n][i]) == repr(total)
        assert repr(total) == repr(adjoint)


@given(expressions(), st.data())
def test_the_numbers_of_a_part_are_those_of_the_whole(expression: Any, data: Any) -> None:
    """Bit for bit, whatever the part; what comes from outside it is in the sums."""
    order = topological_order(expression(*map(Value, expression.at)))
    places = sorted({*data.draw(st.sets(st.integers(0, len(order) - 1))), len(order) - 1})
    whole, part = passes(order), passes(order, part=Part(order, places))
    assert repr(part.data) == repr([whole.data[place] for place in places])
    assert repr(part.adjoints) == repr([whole.adjoints[place] for place in places])
    for n, place in enumerate(places):
        assert part.part.operands[n] == list(range(len(order[place].operands)))
        assert repr(part.partials[n]) == repr(whole.partials[place])
        assert repr(part.contributions[n]) == repr(whole.contributions[place])
        for i, operand in enumerate(order[place].operands):
            if operand in part.part.index:
                assert repr((part.known[n][i], part.totals[n][i])) == repr((whole.known[place][i], whole.totals[place][i]))
            elif type(operand) is not float:
                assert repr(part.outside[part.part.outside[operand]]) == repr(operand.data)
        users = [m for m, node in enumerate(order) if any(operand is order[place] for operand in node.operands)]
        assert part.part.unseen[n] == len(set(users) - set(places))


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
