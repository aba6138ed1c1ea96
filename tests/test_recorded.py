"""What an operation records: the sweep of `backward` in one pass, gradients set at once, and nodes that the collector finds."""

import copy
import ctypes
import gc
import math
import pickle
import random
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value
from autograd.arithmetic import Arithmetic
from autograd.graph import making, reached, recorded_partials, reverse_sweep
from autograd.recorded import NATIVE, add_to_grads, maker, swept
from tests.compiler.comparison import bits

native = pytest.mark.skipif(not NATIVE, reason="a native build's")


def random_graph(rng: random.Random, size: int, far: int = 0) -> Any:
    """A result below which are shared nodes, constants, choices, sums of many, and numbers of making that lie `far` apart."""
    nodes: list[Any] = [Value(rng.uniform(-2.0, 2.0)) for _ in range(4)]
    for _ in range(size):
        for _ in range(rng.randrange(far + 1)):
            Value(0.0)
        x, y, z = (rng.choice(nodes[-30:]) for _ in range(3))
        made = rng.choice(
            [
                lambda x=x, y=y: x * y,
                lambda x=x, y=y: x - y,
                lambda x=x: x + 0.5,
                lambda x=x: 0.5 - x,
                lambda x=x: x.tanh(),
                lambda x=x: x.relu(),
                lambda x=x, y=y: x.maximum(y),
                lambda x=x, y=y, z=z: ag.where(x > y, y, z),
                lambda x=x, y=y, z=z: ag.sum_([x, 2.0, y, z, x]),
                lambda x=x, y=y, z=z: ag.dot([x, y, z], [z, 3.0, x]),
                lambda x=x, y=y: x.stop_gradient() * y,
            ]
        )()
        nodes.append(made.tanh() if abs(made.data) > 10.0 else made)
    return ag.sum_(nodes[-5:])


def swept_at_length(result: Any) -> dict[Any, Any]:
    """What two sweeps find, one after the other."""
    order, _, adjoints = reached(result)
    order.sort(key=making)
    adjoints[result] = 1.0
    return reverse_sweep(order, {}, recorded_partials, adjoints=adjoints)


def assert_same(result: Any) -> None:
    """One pass finds the same nodes, and for each the same bits, or that nothing arrives."""
    found = swept(result)
    assert found is not None
    nodes, adjoints, leaves = found
    known = swept_at_length(result)
    one = {**leaves, **dict(zip(nodes, adjoints, strict=True))}
    assert len(one) == len(leaves) + len(nodes)
    assert one.keys() == known.keys()
    for node, adjoint in known.items():
        assert (adjoint is None) == (one[node] is None)
        assert adjoint is None or bits(adjoint) == bits(one[node])
    assert nodes == sorted(nodes, key=making, reverse=True)


@given(st.integers(0, 10**6), st.integers(1, 400), st.sampled_from([0, 0, 3, 50]))
def test_one_pass_finds_what_two_sweeps_find(seed: int, size: int, far: int) -> None:
    """Of any graph: adjoints to the bit, in the order of sums that is that of making."""
    assert_same(random_graph(random.Random(seed), size, far))


def test_a_leaf_is_its_own_result() -> None:
    """d x / d x is 1."""
    x = Value(3.0)
    assert swept(x) == ([], [], {x: 1.0})


def test_long_and_wide() -> None:
    """Neither depth nor width needs recursion; a leaf that is used everywhere gets its sum."""
    x = y = Value(1.0)
    for _ in range(100_000):
        y = y * 1.0 + x
    assert_same(y)
    assert_same(ag.sum_([x * float(i) for i in range(50_000)]))


def test_copies_share_their_number() -> None:
    """There the table is no help: the sweep says so, and `backward` goes the general way."""
    x = Value(3.0)
    y = x * x
    assert swept(copy.copy(y) * y) is None
    twins = copy.copy(y) * y
    twins.backward()
    assert x.grad == 2 * (9.0 * 6.0)


def test_little_that_is_kept_of_much() -> None:
    """Numbers of making that lie far apart need no more pages than nodes."""
    x, total = Value(3.0), Value(0.0) * 1.0
    for _ in range(200):
        total = total + x * 1.0
        for _ in range(2_000):
            Value(0.0)
    assert_same(total)
    total.backward()
    assert x.grad == 200.0


def test_graphs_from_a_pickle() -> None:
    """They were made long ago, in their own order."""
    x = Value(3.0)
    again = pickle.loads(pickle.dumps(x * x.tanh() + x))
    assert_same(again)
    mixed = again * Value(2.0).exp()
    mixed.backward()
    assert mixed.operands[0].grad == math.exp(2.0)


def test_gradients_are_set_and_added() -> None:
    """Those of leaves add up, those between are the latest; where nothing arrived, 0."""
    x, y = Value(3.0), Value(4.0)
    z, unused = x * y, x * 2.0
    for _ in range(2):
        add_to_grads([z, unused], [5.0, None], {x: 2.0, y: None})
    assert (x.grad, z.grad, unused.grad, unused.has_grad, y.grad, y.has_grad) == (4.0, 5.0, 0.0, True, 0.0, True)


def test_a_derivative_that_is_missing_leaves_all_as_it_was() -> None:
    """The error comes before any gradient is set."""
    missing = ag.primitive("missing_of_a_test", evaluate=lambda x: x)
    x = Value(2.0)
    with pytest.raises(NotImplementedError, match="missing_of_a_test"):
        (missing(x * 3.0) + x).backward()
    assert not x.has_grad


def test_made_without_init() -> None:
    """`maker` makes what the class is, and nothing in it."""

    class Own(Value):
        __slots__ = ()

    assert type(maker(Own)()) is Own
    assert getattr(maker(Value)(), "_data", None) is None


def circle() -> list[weakref.ref[Any]]:
    """A circle through a hook, and one through a gradient that is a graph; both through nodes."""
    x = Value(1.0)
    y = x * x
    for _ in range(20):
        y = y * 1.5 + x
    x.register_hook(lambda gradient: gradient * y.data)
    a = Value(2.0)
    b = a * a * a
    b.backward(create_graph=True)
    return [*map(weakref.ref, (x, y, a, b))]


def test_circles_are_collected() -> None:
    """In a native build too, where nodes are tracked only when a full collection comes."""
    found = [ref for _ in range(50) for ref in circle()]
    gc.collect()
    assert [ref for ref in found if ref() is not None] == []


@native
def test_nodes_wait_for_a_full_collection() -> None:
    """Young collections look at none; a full one, at all."""
    x = Value(1.0)
    y = x * x
    assert not gc.is_tracked(y)
    gc.collect(1)
    assert not gc.is_tracked(y)
    gc.collect()
    assert gc.is_tracked(y)


@native
def test_finalizers_that_collect() -> None:
    """A collection in the middle of a graph that goes: with attributes, weak references and long chains."""

    class Collecting(Value):
        __slots__ = ("__dict__",)

        def __del__(self) -> None:
            gc.collect()

    for _ in range(20):
        p = Collecting(1.0)
        p.circle = [p, p * 2.0]
        y = p * 1.0
        for i in range(3_000):
            y = y * 1.0
            if i % 1_000 == 0:
                weakref.finalize(y, gc.collect)
        del p, y
    gc.collect()


@native
def test_more_nodes_than_wait() -> None:
    """A quarter of a million wait at most; then all are tracked, and they go in any order."""
    x = Value(1.0)
    many = [x * x for _ in range(300_000)]
    assert gc.is_tracked(many[0])
    assert not gc.is_tracked(many[-1])
    random.Random(0).shuffle(many)
    del many
    assert (x * x).data == 1.0


@native
def test_backward_goes_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks for nothing first."""
    monkeypatch.setattr("autograd.value.reached", None)
    x = Value(3.0)
    (x * x).backward()
    assert x.grad == 6.0


@native
def test_operators_lie_in_the_slots_of_the_class() -> None:
    """Python finds the C functions there, without looking for methods: those of the class that is compiled."""
    pointer = ctypes.sizeof(ctypes.c_void_p)

    def operators(kind: type) -> list[int | None]:
        numbers = ctypes.c_void_p.from_address(id(kind) + 12 * pointer).value or 0  # tp_as_number
        return [ctypes.c_void_p.from_address(numbers + i * pointer).value for i in range(3)]  # nb_add, nb_subtract, nb_multiply

    assert operators(Value) == operators(Arithmetic)
