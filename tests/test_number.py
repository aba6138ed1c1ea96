"""A node's number and gradient, and what a node does not have room for until it is needed."""

import copy
import math
import pickle

import pytest

from autograd import Value, dot
from autograd.graph import MANY


def test_operands_and_partials_lie_in_the_node() -> None:
    """No tuple is made for one or two operands, which is most of what recording costs; more are in one."""
    a, b = Value(2.0), Value(3.0)
    for node, first, second in ((a * b, a, b), (a + 1.0, a, 1.0), (1.0 - a, 1.0, a), (a.exp(), a, None), (a**3, a, 3.0)):
        assert node._first is first or node._first == first
        assert node._second is second or node._second == second
    total = Value._apply_primitive((a * b).primitive, (a, b))
    assert (total._second, total.operands, total.local_partials) == (b, (a, b), (3.0, 2.0))


def test_many_operands() -> None:
    """Their tuple is the node's, and so is that of their partials."""
    xs, ys = [Value(1.0), Value(2.0)], [3.0, Value(4.0)]
    node = dot(xs, ys)
    assert node._second is MANY
    assert node.operands is node.operands
    assert node.operands == (*xs, *ys)
    assert node.local_partials == (3.0, 4.0, None, 2.0)


def test_what_operations_leave_unset() -> None:
    """A computed node has no label and no gradient until it gets one, and reads as if it had empty ones."""
    node = Value(2.0) * 3.0
    assert getattr(node, "_grad", None) is None  # unset where a slot can be
    assert not getattr(node, "_label", None)
    assert (node.grad, node.has_grad, node.label, repr(node)) == (0.0, False, "", "Value(data=6.0, grad=0.0)")
    again = pickle.loads(pickle.dumps(copy.deepcopy(node)))
    assert (again.grad, again.has_grad, again.label) == (0.0, False, "")
    node.grad, node.label = 2.0, "n"
    assert repr(node) == "Value(data=6.0, grad=2.0, label='n')"
    node.grad = None
    assert not node.has_grad


@pytest.mark.parametrize("number", [0.0, -0.0])
def test_a_gradient_of_zero_makes_none(number: float) -> None:
    """Setting 0.0 where no gradient is leaves none, so that halving gradients is safe."""
    node = Value(1.0) * 2.0
    node.grad = number
    assert not node.has_grad
    node.grad = math.pi
    node.grad = 0.0
    assert node.has_grad
