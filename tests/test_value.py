"""Value: the number, comparisons, conversions and backward(); graphs of any size; NumPy."""

import contextlib
import contextvars
import copy
import decimal
import fractions
import gc
import math
import pickle
import sys
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import GradientLostWarning, Value, no_grad, topological_order
from autograd.recorded import NATIVE
from autograd.table import TABLE
from autograd.value import assign, setting_grads

DEEP = 1_000_000


# --- the number -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (3, 3.0),
        (True, 1.0),
        (fractions.Fraction(1, 4), 0.25),
        (decimal.Decimal("0.5"), 0.5),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.int64(7), 7.0),
        (np.bool_(True), 1.0),
        (10**400, math.inf),
        (-(10**400), -math.inf),
    ],
)
def test_real_numbers_of_any_type(number: Any, data: float) -> None:
    """They become Python floats: as leaves, as constants, and by assignment."""
    v = Value(number)
    assert type(v.data) is float
    assert v.data == data
    constant = (Value(1.0) * number).operands[1]
    assert type(constant) is float
    assert constant == data
    v.data = number
    assert type(v.data) is float


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("1.0", r"the string '1.0': convert it with float"),
        (1j, r"complex number 1j: pass its .real"),
        (np.complex128(1j), "complex"),
        (None, "None: pass a number"),
        (np.zeros(3), "ndarray: pass its elements"),
        (np.zeros(()), "ndarray"),
        ([1.0], "list: pass its elements"),
        (Value(1.0), r"Value: use it as it is, or pass its number, v.item\(\)"),
        (object(), "object: pass a float"),
    ],
)
def test_what_is_not_a_number(thing: Any, message: str) -> None:
    """Constructing or assigning it raises a TypeError that says what to do instead; the Value stays as it was."""
    with pytest.raises(TypeError, match="data must be one real number.*" + message):
        Value(thing)
    v = Value(2.0)
    with pytest.raises(TypeError, match=message):
        v.data = thing
    assert v.data == 2.0


def test_label_must_be_a_string() -> None:
    """The message shows the fix."""
    with pytest.raises(TypeError, match=r"label='3'"):
        Value(1.0, label=3)  # type: ignore[arg-type]


def test_repr_and_format() -> None:
    """repr shows data, grad and label; a format specification applies to the number."""
    v = Value(24.7041, label="g")
    assert repr(v) == "Value(data=24.7041, grad=0.0, label='g')"
    assert str(Value(2.0)) == "Value(data=2.0, grad=0.0)"
    assert f"{v:.3f} {v:>8.1f}" == "24.704     24.7"
    assert f"{v}" == str(v)


def test_comparison_by_number_and_hash_by_identity() -> None:
    """As PyTorch's tensors do: Values of equal numbers are equal, but distinct keys of a dict."""
    a, b = Value(2.0), Value(2.0)
    assert a == b
    assert a == 2
    assert a != 3.0
    assert a < 3
    assert 1 < a <= fractions.Fraction(2)
    assert a >= np.float64(2.0)
    assert len({a, b}) == 2
    assert (a == "2") is False
    assert (Value(math.nan) == Value(math.nan)) is False
    with pytest.raises(TypeError, match="not supported"):
        a < "2"  # noqa: B015 - it is the raising that counts


def test_truth_is_that_of_the_number() -> None:
    """bool(v) is v.data != 0."""
    assert Value(0.5)
    assert not Value(0.0)
    assert not Value(-0.0)


def test_float_of_a_value_warns() -> None:
    """math.tanh(v) would drop the gradient silently, of a leaf too; item() and data do not warn."""
    v = Value(0.5)
    with pytest.warns(GradientLostWarning, match=r"a leaf drops its gradient.*autograd.tanh instead of math.tanh"):
        assert math.tanh(v) == math.tanh(0.5)
    x = Value(2.0, label="x")
    with pytest.warns(GradientLostWarning, match="the leaf 'x' drops its gradient"):
        y = math.sin(x) + 2 * x
    y.backward()
    assert x.grad == 2.0
    computed = v * 2.0
    with pytest.warns(GradientLostWarning, match=r"computed by mul drops its gradient.*autograd.tanh instead of math.tanh"):
        assert math.tanh(computed) == math.tanh(1.0)
    with pytest.warns(GradientLostWarning):
        assert int(computed) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert computed.item() == computed.data == 1.0
        f"{computed:.2f}"
        repr(computed)
        for leaf in (v, x):
            assert (leaf.item(), bool(leaf), leaf == 3.0) == (leaf.data, True, False)
            assert f"{leaf:.3f} {leaf}" == f"{leaf.data:.3f} {leaf!r}"
            assert (int(leaf), round(leaf), round(leaf, 1), math.floor(leaf)) == (
                int(leaf.data),
                *[round(leaf.data, i) for i in (None, 1)],
                leaf.data // 1,
            )
            assert max([leaf, x]) is x
            assert min([x, v]) is v
            leaf.data = leaf.data * 1.0
        assert float(computed.detach()) == 1.0
        with no_grad():
            ungraded = v * 2.0
        assert float(ungraded) == 1.0
        with no_grad():
            assert math.tanh(v) == float(v) / float(v) * math.tanh(0.5)
            assert float(computed) == float(v * 2.0) == 1.0


def test_detach() -> None:
    """A new leaf with the same number and label."""
    x = Value(3.0, label="x")
    y = (x * 2.0).detach() * x
    y.backward()
    assert x.grad == 6.0
    assert x.detach().label == "x"


def test_grad_is_a_float_and_tells_whether_a_pass_arrived() -> None:
    """It is 0.0 before any pass; has_grad distinguishes that from a gradient of 0.0; grad can be assigned."""
    x = Value(1.0)
    assert x.grad == 0.0
    assert not x.has_grad
    (x * 0.0).backward()
    assert x.grad == 0.0
    assert x.has_grad
    x.grad = None  # type: ignore[assignment]  # PyTorch's way to forget
    assert not x.has_grad
    x.grad = 3
    assert type(x.grad) is float
    x.grad += 0.5
    assert x.grad == 3.5
    with pytest.raises(TypeError, match="grad must be one real number"):
        x.grad = "3"  # type: ignore[assignment]


@pytest.mark.parametrize("change", [lambda g: g * 0.5, lambda g: -g, lambda g: g / 3, lambda g: min(g, 1.0), lambda g: g + 0.0])
def test_scaling_no_gradient_makes_none(change: Any) -> None:
    """Scaled or clipped in place it is still missing; a gradient of 0.0 stays one; any other number makes one."""
    x, y = Value(1.0), Value(2.0)
    (x * 0.0).backward()
    for v, there in ((x, True), (y, False)):
        v.grad = change(v.grad)
        assert (v.grad, v.has_grad) == (0.0, there)
        v.grad = 0.0
        assert v.has_grad is there
        v.grad += 2.0
        assert (v.grad, v.has_grad) == (2.0, True)
        v.grad = math.nan
        assert v.has_grad


# --- arithmetic -------------------------------------------------------------------------------------------------------


def test_operators_with_floats_on_either_side() -> None:
    """They work, and constants stay plain floats among the operands: no Value is made for them."""
    x = Value(4.0)
    for result, number in [
        (x + 1, 5.0), (1 + x, 5.0), (x - 1, 3.0), (1 - x, -3.0), (x * 2, 8.0), (2 * x, 8.0), (x / 2, 2.0), (2 / x, 0.5),
        (x**2, 16.0), (2**x, 16.0), (-x, -4.0), (abs(-x), 4.0), (+x, 4.0),
    ]:  # fmt: skip
        assert result.data == number
        assert all(type(operand) is float for operand in result.operands if not isinstance(operand, Value))
        assert {node.data for node in topological_order(result) if not node.operands} == {4.0}


def test_reflected_operators_differentiate() -> None:
    """A Value gets the partial of the side on which it stands."""
    for f, slope in [(lambda x: 3.0 - x, -1.0), (lambda x: 8.0 / x, -2.0), (lambda x: 2.0**x, 4.0 * math.log(2.0))]:
        x = Value(2.0)
        f(x).backward()
        assert x.grad == slope


def test_micrograds_sanity_check() -> None:
    """The first published example, whose gradients were checked with PyTorch: 46 and 62."""
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert y.data == -20.0
    assert x.grad == 46.0


def test_micrograds_readme() -> None:
    """The README's expression: g 24.7041, dg/da 138.8338, dg/db 645.5773."""
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert f"{g:.4f} {a.grad:.4f} {b.grad:.4f}" == "24.7041 138.8338 645.5773"


def test_the_lectures_neuron() -> None:
    """The neuron of the micrograd lecture: o = 0.7071, gradients -1.5, 1.0, 0.5, 0.0."""
    x1, x2, w1, w2 = Value(2.0), Value(0.0), Value(-3.0), Value(1.0)
    o = (x1 * w1 + x2 * w2 + 6.8813735870195432).tanh()
    o.backward()
    assert round(o.data, 4) == 0.7071
    assert [round(v.grad, 4) for v in (x1, w1, x2, w2)] == [-1.5, 1.0, 0.5, 0.0]


# --- backward ---------------------------------------------------------------------------------------------------------


def test_shared_use_adds() -> None:
    """b = a + a; c = b + b: four paths."""
    a = Value(1.0)
    b = a + a
    (b + b).backward()
    assert a.grad == 4.0


def test_backward_twice_adds_exactly_twice_to_leaves_alone() -> None:
    """Inner nodes hold the gradient of the latest pass alone, so that nothing is counted twice."""
    a, b = Value(0.1), Value(0.7)
    inner = a * b
    result = ag.tanh(inner * a + b / a)
    result.backward()
    first = a.grad, b.grad, inner.grad
    result.backward()
    assert (a.grad, b.grad, inner.grad) == (2.0 * first[0], 2.0 * first[1], first[2])
    assert result.grad == 1.0


def test_inner_gradients_are_the_latest_passes() -> None:
    """Also if the latest pass started from another result; 0 in a node of its graph to which a choice let nothing through."""
    x = Value(2.0)
    shared = x * 3.0
    (shared * 5.0).backward()
    (shared * 7.0).backward()
    assert shared.grad == 7.0
    assert x.grad == 36.0
    (ag.where(True, x, shared)).backward()
    assert shared.grad == 0.0
    assert shared.has_grad


@pytest.mark.parametrize(
    "let_nothing_through",
    [ag.relu, ag.sign, lambda x: ag.maximum(x, 0.0), lambda x: ag.where(x > 0.0, x, 1.0), lambda x: x * 0.0],
    ids=["relu", "sign", "maximum", "where", "times 0"],
)
def test_a_pass_that_brings_nothing_leaves_zero(let_nothing_through: Callable[[Value], Value]) -> None:
    """As PyTorch's: a leaf in the graph has the gradient 0, one outside it none; what was there before stays."""
    x, outside = Value(-1.0), Value(-1.0)
    hidden = x * 3.0
    result = let_nothing_through(hidden) * 2.0
    assert not x.has_grad
    result.backward()
    assert all(node.has_grad and node.grad == 0.0 for node in (x, hidden))
    assert not outside.has_grad
    (x * 5.0).backward()
    let_nothing_through(x).backward()
    assert x.grad == 5.0


def test_backward_of_a_leaf() -> None:
    """Its derivative to itself is 1."""
    x = Value(2.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_setting_data_later_does_not_change_what_was_recorded() -> None:
    """After an optimizer's step between forward and backward, the gradient is at the numbers of the forward pass."""
    w, x = Value(3.0), Value(2.0)
    loss = w * x
    w.data = 100.0
    loss.backward()
    assert x.grad == 3.0


def test_an_interrupt_comes_before_or_after_all_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at any line of backward() leaves every leaf with whole passes only."""
    # a tracer, unlike a signal, can raise between a lock's block and its release: this test is not to keep the lock
    monkeypatch.setattr("autograd.recorded._LEAVES", contextlib.nullcontext())
    leaves = [Value(1.0) for _ in range(3)]
    total = ag.sum_(leaves)
    for line in range(1, 1_000):
        lines = iter(range(line))

        def trace(frame: Any, event: str, _: Any, lines: Any = lines) -> Any:
            if event == "line" and next(lines, None) is None:
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace

        outer = sys.gettrace()
        sys.settrace(trace)
        try:
            total.backward()
            break
        except KeyboardInterrupt:
            assert len({leaf.grad for leaf in leaves}) == 1
        finally:
            sys.settrace(outer)
    assert line > (5 if NATIVE else 10)  # what is compiled has no lines to stop at


def test_a_failing_backward_changes_no_gradient() -> None:
    """It does all or nothing."""
    opaque = ag.primitive("opaque_value_test", evaluate=lambda x: x)
    x = Value(1.0)
    result = x * 2.0 + opaque(x)
    with pytest.raises(NotImplementedError):
        result.backward()
    assert not x.has_grad
    assert not result.has_grad


# --- size -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deep() -> tuple[Value, Value]:
    """A leaf, and a chain of a million operations on it."""
    x = Value(1.0)
    y = x
    for _ in range(DEEP // 2):
        y = y * 0.999999 + 1e-6
    return x, y


def test_deep_graph(deep: tuple[Value, Value]) -> None:
    """A million nodes: ordered, differentiated, shown as text, without recursion."""
    x, y = deep
    assert len(topological_order(y)) == DEEP + 1
    y.backward()
    assert math.isclose(x.grad, 0.999999 ** (DEEP // 2), rel_tol=1e-9)
    assert repr(y)


def test_wide_graph() -> None:
    """One node of 200,000 operands, and a leaf used 200,000 times."""
    x = Value(2.0)
    leaves = [Value(1.0) for _ in range(200_000)]
    ag.dot(leaves, [x] * len(leaves)).backward()
    assert x.grad == 200_000.0
    assert leaves[-1].grad == 2.0


def test_heavily_shared_graph() -> None:
    """50 doublings have 2**50 paths, but each node is visited once."""
    x = Value(1.0)
    y = x
    for _ in range(50):
        y = y + y
    y.backward()
    assert x.grad == 2.0**50
    assert len(topological_order(y)) == 51


def test_freed_at_once_without_the_garbage_collector() -> None:
    """No reference cycles: dropping the result frees the graph, before and after backward, copy and draw."""
    gc.collect()
    gc.disable()
    try:
        x = Value(0.5)
        y = x
        watched = []
        for primitive in TABLE.values():
            if primitive.takes(1):
                y = primitive(y) + 1e-3 * x
                watched.append(weakref.ref(y))
        y = ag.dot([y, x], [x, 1.0]) + ag.logsumexp([y, x]) + ag.maximum(x, y)
        y.backward()
        copy.deepcopy(y)
        pickle.dumps(y)
        y.draw()
        watched.append(weakref.ref(y))
        assert all(ref() is not None for ref in watched)
        del y
        assert all(ref() is None for ref in watched)
    finally:
        gc.enable()


def test_dropping_a_deep_graph_frees_its_memory() -> None:
    """All of it at once, without recursion."""
    gc.disable()
    tracemalloc.start()
    try:
        y = Value(1.0)
        for _ in range(300_000):
            y = y * 1.0
        built, _ = tracemalloc.get_traced_memory()
        del y
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert left < built / 100


# --- threads ----------------------------------------------------------------------------------------------------------


def test_threads_build_and_differentiate_their_own_graphs() -> None:
    """Eight threads at once share leaves, whose gradients add up exactly."""
    x = Value(1.0)
    failures = []

    def work(k: int) -> None:
        try:
            for _ in range(50):
                mine = Value(float(k))
                y = mine
                for _ in range(30):
                    y = y + x
                y.backward()
                assert mine.grad == 1.0
        except BaseException as error:  # noqa: BLE001 - reported below
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads do meet in the middle of a pass
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures
    assert x.grad == 8 * 50 * 30


# --- NumPy ------------------------------------------------------------------------------------------------------------


def test_object_arrays_work_by_name() -> None:
    """NumPy's functions find the methods; arithmetic, sums and products work too."""
    leaves = [Value(x) for x in (0.1, 0.2, 0.3)]
    a = np.array(leaves)
    assert a.dtype == object
    for f, plain in [
        (np.tanh, math.tanh),
        (np.exp, math.exp),
        (np.arctan, math.atan),
        (np.sqrt, math.sqrt),
        (np.log1p, math.log1p),
    ]:
        result = f(a)
        assert [v.data for v in result] == [plain(x.data) for x in leaves]
    assert np.hypot(a, a)[0].data == math.hypot(0.1, 0.1)
    assert np.arctan2(a, 2.0 * a)[0].data == math.atan2(0.1, 0.2)
    total = np.sum(np.tanh(a) * np.array([1.0, 2.0, 3.0])) + (a @ a) + np.abs(a).sum() + (a**2).mean()
    total.backward()
    assert all(leaf.has_grad for leaf in leaves)


def test_arrays_take_over_binary_operators() -> None:
    """A Value with an array on either side gives an array; with a NumPy scalar, a Value."""
    v = Value(2.0)
    for result in (v * np.array([1.0, 2.0]), np.array([1.0, 2.0]) * v, v - np.ones(2), np.ones(2) / v, v ** np.ones(2)):
        assert isinstance(result, np.ndarray)
        assert all(isinstance(item, Value) for item in result)
    for result in (v * np.float64(3.0), np.float64(3.0) * v, np.float32(3.0) + v, np.int64(3) - v):
        assert isinstance(result, Value)
    assert not hasattr(Value, "__array_ufunc__")


# --- no_grad within ---------------------------------------------------------------------------------------------------


def test_no_grad_records_nothing_even_in_a_copied_context() -> None:
    """Inside, results are leaves with the right numbers."""
    x = Value(2.0)
    with no_grad():
        inside = contextvars.copy_context()
        y = ag.dot([x, 1.0], [x, x]) * 2.0
    assert y.data == 12.0
    assert y.operands == ()
    assert inside.run(lambda: (x * x).operands) == ()
    assert (x * x).operands == (x, x)


def test_subclasses_are_values() -> None:
    """A user's subclass records like any Value."""

    class Parameter(Value):
        pass

    p = Parameter(3.0, label="p")
    (p * p + ag.tanh(p) + 2 * p + ag.dot([p], [p])).backward()
    assert math.isclose(p.grad, 4.0 * 3.0 + 2.0 + 1.0 / math.cosh(3.0) ** 2)


def test_gradients_set_with_numbers() -> None:
    """In the same move: numbers, gradients and what else is told; nothing happens before it."""
    leaves, noted = [Value(1.0), Value(2.0)], {}
    steps = setting_grads(leaves, [0.5, -0.5])
    assert not any(leaf.has_grad for leaf in leaves)
    assign(leaves, [3.0, 4.0], also=chain(steps, map(noted.__setitem__, "ab", (1, 2))))
    assert [(leaf.data, leaf.grad) for leaf in leaves] == [(3.0, 0.5), (4.0, -0.5)]
    assert noted == {"a": 1, "b": 2}
