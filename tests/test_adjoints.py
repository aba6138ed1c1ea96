"""Adjoints: derivatives of a recorded graph, and `backward(create_graph=True)`."""

import gc
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import AnomalyError, Value, detect_anomaly, draw, grad, gradients, jacrev, jit, no_grad, scan

NUMBERS = st.floats(-3.0, 3.0)


def test_no_leaf_is_touched_and_unused_inputs_get_0() -> None:
    """Floats in the structure of xs; `.grad` and `has_grad` stay as they are."""
    x, y, unused = Value(3.0), Value(4.0), Value(5.0)
    z = x * x * y
    assert gradients(z, {"x": x, "rest": [y, unused]}) == {"x": 24.0, "rest": [9.0, 0.0]}
    assert not any(v.has_grad for v in (x, y, z))
    found = gradients(z, np.array([x, y]))
    assert found.dtype == float
    assert found.tolist() == [24.0, 9.0]


def test_inner_nodes_and_the_result_itself() -> None:
    """xs may be computed, and one may lie below another."""
    x = Value(2.0)
    y = x * x
    z = y * y
    assert gradients(z, [z, y, x]) == [1.0, 8.0, 32.0]
    assert gradients(2.0 * x, y) == 0.0
    assert gradients(3.0, x) == 0.0
    once = gradients(z, [z, y, x], create_graph=True)
    assert [g.data for g in once] == [1.0, 8.0, 32.0]
    assert gradients(once[1], y) == 2.0


def test_several_results_with_weights() -> None:
    """The sum of the weighted results, as torch.autograd.grad(outputs, inputs, grad_outputs) has it."""
    x, w = Value(2.0), Value(10.0)
    ys = [x * x, ag.sin(x)]
    assert gradients(ys, x) == pytest.approx(4.0 + math.cos(2.0))
    assert gradients(ys, x, grad_outputs=[3.0, 0.0]) == 12.0
    weighted = gradients({"a": x * x, "b": x * x}, x, True, grad_outputs={"b": w, "a": 1.0})
    assert weighted.data == 44.0
    assert gradients(weighted, w) == 4.0
    same = x * 3.0
    assert gradients([same, same], x) == 6.0


@given(x=NUMBERS, y=NUMBERS)
def test_all_second_derivatives_are_closed_forms(x: float, y: float) -> None:
    """Graph of graph against closed forms: f = x**3 y + sin(x y)."""
    a, b = Value(x), Value(y)
    f = a * a * a * b + ag.sin(a * b)
    fx, fy = gradients(f, [a, b], create_graph=True)
    mixed = math.cos(x * y) - x * y * math.sin(x * y)
    expected = [6.0 * x * y - y * y * math.sin(x * y), 3.0 * x * x + mixed]
    assert gradients(fx, [a, b]) == pytest.approx(expected, abs=1e-12)
    assert gradients(fy, [a, b]) == pytest.approx([expected[1], -x * x * math.sin(x * y)], abs=1e-12)


def test_it_is_the_same_as_grad_bit_for_bit() -> None:
    """The sweeps are those of the transforms."""

    def f(v: Any) -> Any:
        return ag.tanh(ag.dot(v, v)) * ag.exp(v[0]) / v[1] + ag.maximum(v[0], v[1])

    at = [0.3, -0.7, 1.1]
    xs = [Value(x) for x in at]
    first = gradients(f(xs), xs, create_graph=True)
    assert [g.data for g in first] == gradients(f(xs), xs) == grad(f)(at)
    assert [gradients(g, xs) for g in first] == jacrev(grad(f))(at)


def test_a_gradient_penalty_by_backward() -> None:
    """backward(create_graph=True): .grad is a Value, whose own backward adds to .grad."""
    x = Value(2.0)
    (x * x * x).backward(create_graph=True)
    first: Any = x.grad
    assert isinstance(first, Value)
    assert first.data == 12.0
    assert repr(x) == "Value(data=2.0, grad=12.0)"
    x.grad = None  # type: ignore[assignment]
    (first * first).backward()  # d (3 x**2)**2 = 36 x**3
    assert x.grad == 288.0
    x.grad = None  # type: ignore[assignment]
    for _ in range(2):
        (x * x).backward(create_graph=True)
    assert x.grad.data == 8.0  # type: ignore[attr-defined]


def test_gradients_leave_no_circle() -> None:
    """Without the garbage collector nothing stays."""
    gc.collect()
    gc.disable()
    try:
        x = Value(2.0)
        first = gradients(x * x * x, x, create_graph=True)
        gradients(first, x)
        del first, x
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_was_set_since_is_refused_by_name() -> None:
    """A second derivative would read numbers of now; the first one does not."""
    x = Value(3.0, label="x")
    y = x * x
    x.data = 5.0
    assert gradients(y, x) == 6.0
    with pytest.raises(RuntimeError, match=r"derivative of mul is 5\.0 now, and was 3\.0 .* operands, x, was set since"):
        gradients(y, x, create_graph=True)
    with pytest.raises(RuntimeError, match="was set since"):
        y.backward(create_graph=True)
    assert not x.has_grad


def test_in_a_traced_function() -> None:
    """Among Symbols it is part of the program, to any order; loops too; bit for bit what eager code gives."""

    def f(x: Any, w: Any) -> Any:
        y = ag.exp(x * w) * x
        first = gradients(y, [x, w], create_graph=True)
        return [*first, gradients(first[0], w, create_graph=True)]

    values = f(Value(0.7), Value(-1.3))
    assert jit(f)(0.7, -1.3) == [v.data for v in values]

    def looped(x: Any) -> Any:
        total, _ = scan(lambda c, z: (ag.sin(c * z) + c, c), x, [0.1, 0.2, 0.3, 0.4])
        return gradients(total, x, create_graph=True)

    assert jit(looped)(0.9) == looped(Value(0.9)).data
    outside = Value(2.0)
    assert jit(lambda x: gradients(x * outside, outside))(3.0) == 3.0


def test_modes() -> None:
    """no_grad does not hinder create_graph; detect_anomaly names the product."""
    x = Value(2.0)
    y = x * x
    with no_grad():
        first = gradients(y, x, create_graph=True)
    assert gradients(first, x) == 2.0
    zero = Value(0.0)
    root = ag.sqrt(zero)
    for create_graph in (False, True):
        with detect_anomaly(), pytest.raises(AnomalyError, match="derivative of sqrt"):
            gradients(root, zero, create_graph=create_graph)


def test_a_gradient_can_be_drawn() -> None:
    """It is a graph like any other."""
    x = Value(2.0, label="x")
    assert "mul" in draw(gradients(x * x, x, create_graph=True)).source or "*" in draw(x * x).source


def test_a_long_chain() -> None:
    """No recursion."""
    x = Value(1.0)
    y = x
    for _ in range(20_000):
        y = y * 1.0001
    first = gradients(y, x, create_graph=True)
    assert first.data == pytest.approx(1.0001**20_000, rel=1e-9)


def test_errors() -> None:
    """What is no Value, and structures that differ."""
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"xs must hold Values, not the number 1\.0: compute y from x = Value\(1\.0\)"):
        gradients(x * x, [1.0])
    with pytest.raises(TypeError, match="gradients: grad_outputs must be"):
        gradients([x * x], x, grad_outputs=1.0)
    floor = ag.primitive("step_without_slope", evaluate=lambda v: float(v > 0.0))
    with pytest.raises(NotImplementedError, match="step_without_slope"):
        gradients(floor(x), x)
    assert gradients(floor(x) + x * x, floor(x)) == 0.0
