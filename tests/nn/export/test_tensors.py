"""The arrays of an exported model know their shapes, and do nothing twice."""

import pytest

from autograd.primitives import add, less
from nn.export.tensors import Tensor, apply, broadcast, concatenated, constant, expand, in_order, reshape, take

X = Tensor("input", shape=(3, 2))
W = Tensor("parameter", shape=(2,), batched=False)


def test_broadcasting() -> None:
    """From the last dimension on, as NumPy's."""
    np = pytest.importorskip("numpy")
    for shapes in ([(3, 1), (4,)], [(), (2, 1), (1, 5)], [], [(1,), ()]):
        assert broadcast(shapes) == np.broadcast_shapes(*shapes)


def test_operands_are_aligned() -> None:
    """What has a dimension of samples gets ones behind it; what is computed from comparisons is a truth value."""
    one = Tensor("input")
    total = apply(add, one, X)
    assert (total.shape, total.batched, total.truth) == ((3, 2), True, False)
    assert [operand.shape for operand in total.operands] == [(1, 1), (3, 2)]
    assert apply(add, X, W).operands == (X, W)
    assert apply(add, X, Tensor("input", shape=(2,))).operands[1].shape == (1, 2)
    assert apply(less, W, W).truth
    assert not apply(less, W, W).batched


def test_nothing_is_done_in_vain() -> None:
    """The same shape, all places in order, an expansion of an expansion."""
    assert reshape(X, (3, 2)) is X
    assert reshape(reshape(X, (6,)), (3, 2)) is X
    assert take(X, range(6), (3, 2)) is X
    assert take(X, range(6), (2, 3)).operation == "reshape"
    assert expand(W, (2,)) is W
    assert expand(expand(W, (3, 2)), (5, 3, 2), batched=True).operands[0].operands == ()
    assert constant([2.0, 2.0], (2,)).shape == ()
    assert constant([0.0, -0.0], (2,)).shape == (2,)


def test_parts_are_for_every_sample_if_one_is() -> None:
    """Those that are not are repeated."""
    whole = concatenated([reshape(X, (6,)), W])
    assert (whole.shape, whole.batched) == ((8,), True)
    assert whole.operands[1].operation == "expand"
    assert not concatenated([W, W]).batched


def test_order() -> None:
    """Each once, after its operands, at any depth."""
    total = X
    for _ in range(5000):
        total = apply(add, total, total)
    order = in_order([total, X])
    assert len(order) == 5001
    assert order[0] is X
    assert all(order.index(operand) < i for i, tensor in enumerate(order[:50]) for operand in tensor.operands)
