"""Copies and pickles of graphs: everything is kept, what was shared stays shared, at any depth."""

import copy
import gc
import io
import itertools
import math
import operator
import pickle
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, pickling, topological_order
from autograd.table import TABLE
from autograd.testing import Expression, expressions
from tests.compiler.comparison import in_another_process


def small_graph() -> tuple[Value, Value, Value]:
    """Two leaves, a shared inner node, constants, an unselected operand, and a gradient."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    shared = a * b
    shared.label = "shared"
    result = ag.maximum(shared * 2.0, shared) + ag.dot([a, 1.0], [shared, b]) + ag.where(True, a, b)
    result.backward()
    return a, shared, result


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_keeps_everything(protocol: int) -> None:
    """Numbers, gradients, labels and history; a leaf that is pickled together with it stays its leaf."""
    a, _, result = small_graph()
    again_result, again_a = pickle.loads(pickle.dumps((result, a), protocol))
    assert repr(again_result) == repr(result)
    before, after = topological_order(result), topological_order(again_result)
    assert [repr(v) for v in after] == [repr(v) for v in before]
    assert [v.primitive for v in after] == [v.primitive for v in before]
    assert [v.has_grad for v in after] == [v.has_grad for v in before]
    assert any(v is again_a for v in after)
    again_result.backward()
    assert again_a.grad == 2.0 * a.grad


def test_deepcopy_keeps_everything_and_shares_nothing() -> None:
    """Inside containers too."""
    a, shared, result = small_graph()
    again = copy.deepcopy({"result": result, "leaves": [a], "shared": shared})
    after = topological_order(again["result"])
    assert [repr(v) for v in after] == [repr(v) for v in topological_order(result)]
    assert any(v is again["leaves"][0] for v in after)
    assert any(v is again["shared"] for v in after)
    assert not set(map(id, after)) & set(map(id, topological_order(result)))
    again["result"].backward()
    assert again["leaves"][0].grad == 2.0 * a.grad


def test_shallow_copy_shares_the_operands() -> None:
    """copy.copy makes another node with the same operands."""
    a, _, result = small_graph()
    again = copy.copy(result)
    assert again is not result
    assert all(map(operator.is_, again.operands, result.operands))
    again.backward()
    assert a.has_grad


def test_pickle_by_the_python_pickler_is_linear() -> None:
    """It makes the same bytes as the C pickler; twice the graph makes twice the bytes."""
    sizes = []
    for length in (400, 800):
        y = Value(1.0)
        for _ in range(length):
            y = y * 0.5
        sizes.append(len(pickle._dumps(y)))  # type: ignore[attr-defined]
        assert repr(pickle.loads(pickle._dumps(y))) == repr(y)  # type: ignore[attr-defined]
    assert sizes[1] < 2.2 * sizes[0]


def test_unknown_primitive_at_unpickling() -> None:
    """The message names the primitive to define first."""
    forgotten = ag.primitive("forgotten_test", evaluate=lambda x: x)
    text = pickle.dumps(forgotten(Value(1.0)))
    del TABLE["forgotten_test"]
    with pytest.raises(KeyError, match="define it first, with primitive\\('forgotten_test'"):
        pickle.loads(text)


def test_subclasses_stay_what_they_are() -> None:
    """A user's leaf class survives copy, deepcopy and pickle, wherever in a graph it stands."""
    for again in (copy.copy(Leaf(3.0)), copy.deepcopy(Leaf(3.0)), pickle.loads(pickle.dumps(Leaf(3.0) * 2.0)).operands[0]):
        assert type(again) is Leaf
        assert again.data == 3.0
    product = Leaf(3.0) * Value(2.0)
    for copied in (copy.deepcopy(product), pickle.loads(pickle.dumps(product))):
        assert [type(operand) for operand in copied.operands] == [Leaf, Value]


class Leaf(Value):
    """A user's subclass."""


# --- sharing ----------------------------------------------------------------------------------------------------------


def test_graphs_in_one_pickle_share_their_leaves() -> None:
    """A step on a leaf is seen from both results, as it was before."""
    a, b = Value(2.0), Value(5.0)
    first, second, leaf = pickle.loads(pickle.dumps((a * b, a + 1.0, a)))
    (first + second).backward()
    assert leaf.grad == 6.0
    assert first.operands[0] is second.operands[0] is leaf


def test_a_leaf_used_twice_is_one_leaf() -> None:
    """And an inner node used twice is one node."""
    x = Value(3.0)
    square = x * x
    total = square + square
    for again in (pickle.loads(pickle.dumps(total)), copy.deepcopy(total)):
        assert again.operands[0] is again.operands[1]
        assert again.operands[0].operands[0] is again.operands[0].operands[1]
        again.backward()
        assert again.operands[0].operands[0].grad == 12.0
    assert not x.has_grad


def test_a_copy_made_already_is_used() -> None:
    """`copy.deepcopy` of a list of a graph's nodes copies each once, in whatever order they stand."""
    x = Value(0.5)
    nodes = [x]
    for _ in range(5):
        nodes.append(nodes[-1] * nodes[-1] + x)
    for order in (nodes, nodes[::-1]):
        copies = copy.deepcopy(order)
        assert not {*map(id, copies)} & {*map(id, order)}
        assert [node.data for node in copies] == [node.data for node in order]
        assert {node for each in copies for node in topological_order(each) if not node.operands} <= {*copies}


@pytest.mark.parametrize("number", [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1 / 3], ids=repr)
def test_every_bit_of_a_number_is_kept(number: float) -> None:
    """Of the data, of a constant operand, and of the gradient."""
    x = Value(number)
    x.grad = 1.0  # without one, 0.0 would be none
    x.grad = number
    y = x + number
    for again in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y), copy.copy(y)):
        leaf, constant = again.operands
        assert len({struct.pack("<d", z) for z in (number, leaf.data, constant, leaf.grad)}) == 1
        assert struct.pack("<d", again.data) == struct.pack("<d", y.data)


# --- depth and travel -------------------------------------------------------------------------------------------------


def test_deep_graph_pickles_and_copies() -> None:
    """200,000 nodes are pickled and deep-copied without recursion."""
    x = Value(1.0)
    y = x
    for _ in range(100_000):
        y = y * 0.999999 + 1e-6
    for again in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        order = topological_order(again)
        assert len(order) == 200_001
        again.backward()
        leaf = next(node for node in order if not node.operands)
        assert math.isclose(leaf.grad, 0.999999**100_000, rel_tol=1e-9)
    assert not x.has_grad


def test_a_graph_travels_to_another_process() -> None:
    """There it is differentiated as here."""
    a, b = Value(0.25, label="a"), Value(-3.0, label="b")
    result = ag.tanh(a * b) / (a + 2.0)
    code = (
        "import pickle, sys\n"
        "result, leaves = pickle.load(sys.stdin.buffer)\n"
        "result.backward()\n"
        "print(result.data.hex(), *[f'{leaf.label}={leaf.grad.hex()}' for leaf in leaves])"
    )
    there = in_another_process(code, given=pickle.dumps((result, [a, b])))
    result.backward()
    assert there == f"{result.data.hex()} a={a.grad.hex()} b={b.grad.hex()}"


def chain(length: int) -> list[Value]:
    """Values, each computed from the one before."""
    found = [Value(1.0)]
    for _ in range(length):
        found.append(found[-1] * 0.5)
    return found


@pytest.mark.parametrize("step", [1, -1], ids=["first to last", "last to first"])
@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
def test_nodes_pickled_together_stay_one_graph(step: int, protocol: int) -> None:
    """In whatever order they come: each was made from the one before, and a gradient reaches the first."""
    again = pickle.loads(pickle.dumps(chain(50)[::step], protocol))[::step]
    assert all(after.operands[0] is before for before, after in itertools.pairwise(again))
    again[-1].backward()
    assert again[0].grad == 0.5**50


@pytest.mark.parametrize("step", [1, -1], ids=["first to last", "last to first"])
def test_many_nodes_together_take_linear_room(step: int) -> None:
    """Twice as many nodes of one chain take twice the bytes, and as many objects in a copy as there are nodes."""
    short, long = (len(pickle.dumps(chain(length)[::step])) for length in (1_000, 2_000))
    assert long < 2.1 * short
    again = copy.deepcopy(chain(2_000)[::step])
    assert len(set(map(id, topological_order(*again)))) == 2_001
    assert all(after.operands[0] is before for before, after in itertools.pairwise(again[::step]))


def test_graphs_that_meet_in_one_pickle() -> None:
    """A diamond, whose sides and top are named one by one, beside a graph that has nothing to do with it."""
    x = Value(2.0)
    left, right, other = x * 3.0, x + 1.0, Value(5.0) * 2.0
    top = left * right
    again = pickle.loads(pickle.dumps({"left": left, "top": top, "right": right, "x": x, "other": other}))
    assert again["top"].operands == (again["left"], again["right"])
    assert again["top"].operands[0] is again["left"]
    assert again["top"].operands[1] is again["right"]
    assert again["left"].operands[0] is again["right"].operands[0] is again["x"]
    assert repr(again["other"]) == repr(other)


def test_a_pickle_has_the_numbers_of_its_own_time() -> None:
    """Also while another pickler, which has the same nodes, is at work; and a pickle that fails leaves nothing behind."""
    x = Value(2.0)
    y = x * 3.0
    file = io.BytesIO()
    working = pickle.Pickler(file)
    working.dump(y)
    y.label, x.data = "later", 7.0
    later = pickle.loads(pickle.dumps(y))
    assert (later.label, later.operands[0].data) == ("later", 7.0)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps([y, lambda: None])
    del working
    gc.collect()
    assert not pickling._TRAVELLING


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
@given(data=st.data(), expression=expressions(max_ops=12))
def test_the_order_of_making_is_kept(copied: Callable[[Any], Any], data: st.DataObject, expression: Expression) -> None:
    """Of nodes that travel together, in any order: gradients have the same bits, and new nodes come after the copies."""
    leaves = [Value(x) for x in expression.at]
    loss = expression(*leaves)
    order = topological_order(loss)
    some = data.draw(st.lists(st.sampled_from(order), max_size=4))
    loss.backward()
    *_, other_loss, others = copied([*some, loss, leaves])
    found = topological_order(other_loss)
    assert [node.primitive for node in found if node.operands] == [node.primitive for node in order if node.operands]
    for leaf in others:
        leaf.grad = None
    (other_loss * 1.0).backward()
    assert [struct.pack("<d", leaf.grad) for leaf in others] == [struct.pack("<d", leaf.grad) for leaf in leaves]
