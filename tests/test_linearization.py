"""Linearizations: outputs, and the linear map to and from them, against matrices of derivatives known in closed form."""

import math
from contextlib import nullcontext
from typing import Any

import pytest

from autograd import (
    AnomalyError,
    Value,
    cos,
    detect_anomaly,
    exp,
    grad,
    hessian,
    jit,
    maximum,
    no_grad,
    primitive,
    sin,
    stop_gradient,
    value_and_grad,
    where,
)
from autograd.linearization import Linearization, differentiable_partials, own_input
from autograd.primitives import mul, relu
from autograd.primitives import pow as power
from autograd.real import is_node
from tests.compiler.comparison import bits

AT = (0.3, -1.25)


def f(xs: list[Any]) -> tuple[Any, Any]:
    """Three numbers of two, in a structure."""
    x, y = xs
    return {"product": x * y, "more": [sin(x), exp(y) * x]}, None


def matrix(x: float, y: float) -> list[list[float]]:
    """Its derivatives: a row for each output."""
    return [[y, x], [math.cos(x), 0.0], [math.exp(y), math.exp(y) * x]]


def test_outputs() -> None:
    """Plain floats in the order of the structure, which it has."""
    linear = Linearization(f, AT, "what f returns")
    x, y = AT
    assert linear.outputs == [x * y, math.sin(x), math.exp(y) * x]
    assert not linear.open
    assert linear.structure.size == 3


@pytest.mark.parametrize("cotangents", [(1.0, 0.0, 0.0), (0.5, -2.0, 3.0), (None, 1.0, None), (None, None, None)])
def test_pullback_is_the_transposed_matrix(cotangents: tuple[float | None, ...]) -> None:
    """Floats; None leaves an output out. The sweep may be asked for again."""
    linear = Linearization(f, AT, "what f returns")
    wanted = [sum((c or 0.0) * row[i] for c, row in zip(cotangents, matrix(*AT), strict=True)) for i in range(2)]
    for _ in range(2):
        found = linear.pullback(cotangents)
        assert {*map(type, found)} == {float}
        assert found == pytest.approx(wanted, rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("tangents", [(1.0, 0.0), (0.5, -2.0), (None, 1.0), (None, None)])
def test_pushforward_is_the_matrix(tangents: tuple[float | None, ...]) -> None:
    """Floats; None leaves an input as it is."""
    linear = Linearization(f, AT, "what f returns")
    found = linear.pushforward(tangents)
    assert {*map(type, found)} == {float}
    wanted = [sum((t or 0.0) * slope for t, slope in zip(tangents, row, strict=True)) for row in matrix(*AT)]
    assert found == pytest.approx(wanted, rel=1e-15, abs=1e-300)


def test_what_does_not_arrive() -> None:
    """`adjoints` tells None from 0: of an unused input, and of one that lost in a choice."""
    linear = Linearization(lambda xs: (maximum(xs[0], xs[1]) * 0.0, None), [3.0, 2.0, 1.0], "it")
    assert linear.adjoints([1.0]) == [0.0, None, None]
    assert linear.pullback([1.0]) == [0.0, 0.0, 0.0]
    assert Linearization(lambda xs: (5.0, None), [1.0], "it").adjoints([1.0]) == [None]
    assert Linearization(lambda xs: (5.0, None), [1.0], "it").pushforward([1.0]) == [0.0]


def test_an_output_twice() -> None:
    """Cotangents of the same node add up; an input may be an output."""
    linear = Linearization(lambda xs: ([xs[0], xs[0], xs[0] * 2.0], None), [3.0], "it")
    assert linear.outputs == [3.0, 3.0, 6.0]
    assert linear.pullback([1.0, 10.0, 100.0]) == [211.0]
    assert linear.pushforward([1.0]) == [1.0, 1.0, 2.0]


# --- open linearizations ----------------------------------------------------------------------------------------------


def test_a_value_among_the_operands_makes_it_open() -> None:
    """Outputs and derivatives are Values whose history reaches that Value."""
    v = Value(0.7)
    linear = Linearization(lambda xs: (sin(xs[0]) * xs[1], None), [v, 2.0], "it")
    assert linear.open
    (output,) = linear.outputs
    slope, other = linear.pullback([1.0])
    (change,) = linear.pushforward([1.0, None])
    assert (output.data, other.data) == (math.sin(0.7) * 2.0, math.sin(0.7))
    assert slope.data == change.data == math.cos(0.7) * 2.0
    slope.backward()
    assert v.grad == -math.sin(0.7) * 2.0


def test_a_captured_value_makes_it_open() -> None:
    """It is a constant of the map, and derivatives have derivatives to it."""
    w = Value(3.0)
    linear = Linearization(lambda xs: (w * xs[0] * xs[0], None), [5.0], "it")
    assert linear.open
    (slope,) = linear.pullback([1.0])
    assert slope.data == 30.0
    slope.backward()
    assert w.grad == 10.0


def test_inside_no_grad_nothing_is_tied_to_the_outside() -> None:
    """The derivative is right, but a leaf."""
    v = Value(0.7)
    with no_grad():
        linear = Linearization(lambda xs: (sin(xs[0]), None), [v], "it")
        (slope,) = linear.pullback([1.0])
        (output,) = linear.outputs
    assert slope.data == math.cos(0.7)
    assert slope.operands == output.operands == ()


def test_nested_calls_are_not_confused() -> None:
    """d/dx (x d/dy (x + y)) = 1, not 2."""

    def outer(xs: list[Any]) -> tuple[Any, Any]:
        inner = Linearization(lambda ys: (xs[0] + ys[0], None), [1.0], "inner")
        return xs[0] * inner.pullback([1.0])[0], None

    assert Linearization(outer, [1.0], "outer").pullback([1.0]) == [1.0]


def test_what_is_beside_the_result() -> None:
    """Its nodes become numbers, unless they lead to an outer graph; a structure that contains itself is refused."""
    linear = Linearization(lambda xs: (xs[0] * 2.0, {"x": xs[0], "s": [sin(xs[0]), "text"]}), [0.5], "it")
    assert linear.beside() == {"x": 0.5, "s": [math.sin(0.5), "text"]}
    assert type(linear.beside()["x"]) is float
    v = Value(0.5)
    beside = Linearization(lambda xs: (xs[0], xs[0] * xs[0]), [v], "it").beside()
    beside.backward()
    assert v.grad == 1.0

    def endless(xs: list[Any]) -> tuple[Any, Any]:
        ring: list[Any] = []
        ring.append(ring)
        return xs[0], ring

    with pytest.raises(ValueError, match="nested too deeply, or contains itself"):
        Linearization(endless, [1.0], "it").beside()


def test_an_error_in_the_function_passes() -> None:
    """And what it left behind are constants: later results do not reach the inputs."""
    kept: list[Any] = []

    def fails(xs: list[Any]) -> tuple[Any, Any]:
        kept.append(xs[0] * 2.0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Linearization(fails, [3.0], "it")
    (constant,) = kept[0].operands[0].operands
    assert type(constant) is float
    assert constant == 3.0
    with pytest.raises(TypeError, match="what f returns must be one real number, not the string"):
        Linearization(lambda xs: ("text", None), [1.0], "what f returns")


def test_anomalies_in_the_sweeps_name_the_operation() -> None:
    """Backward and forward."""
    linear = Linearization(lambda xs: (power(xs[0], 0.5), None), [0.0], "it")
    with detect_anomaly():
        with pytest.raises(AnomalyError, match=r"pow.*adjoint"):
            linear.pullback([1.0])
        with pytest.raises(AnomalyError, match=r"pow.*tangent"):
            linear.pushforward([1.0])


# --- pieces -----------------------------------------------------------------------------------------------------------


def test_partials_that_can_be_differentiated() -> None:
    """Those to Values, as Values; None for constants and for what was not selected."""
    x, y = Value(3.0), Value(4.0)
    first, second = differentiable_partials(mul(x, y))
    assert (first, second) == (y, x)
    slope, none = differentiable_partials(x * 4.0)
    assert (slope, none) == (4.0, None)
    assert differentiable_partials(relu(Value(-1.0))) == (None,)
    assert differentiable_partials(x) == ()
    assert differentiable_partials(x * y, [False, True]) == (None, x)
    cosine = differentiable_partials(sin(x))[0]
    cosine.backward()
    assert bits(x.grad) == bits(-math.sin(3.0))


def test_inputs_of_their_own() -> None:
    """Each call makes another node of the same number; that of a Value leads to it, that of a float to a leaf."""
    v = Value(2.0)
    for x in (v, 2.0):
        one, other = own_input(x), own_input(x)
        assert one is not other
        assert one.data == other.data == 2.0
        assert len(one.operands) == 1
    assert own_input(v).operands == (v,)
    assert [own_input(x).local_partials for x in (v, 2.0)] == [(1.0,), (None,)]
    assert own_input(2.0).operands[0].operands == ()
    assert cos(own_input(0.0)).data == 1.0


@pytest.mark.parametrize("x", [2.0, Value(2.0)], ids=["a number", "a Value"])
def test_inputs_are_marked_when_their_call_has_ended(x: Any) -> None:
    """Also where it raised."""
    kept: list[Any] = []

    def f(nodes: list[Any]) -> Any:
        kept.extend(nodes)
        assert not nodes[0].local_partials.ended
        return 1.0 / 0.0 if fails else nodes[0] * 2.0, None

    for fails in (False, True):
        with pytest.raises(ZeroDivisionError) if fails else nullcontext():
            Linearization(f, [x], "f")
        assert kept.pop().local_partials.ended


# --- where nothing arrives --------------------------------------------------------------------------------------------


def test_nothing_is_computed_where_nothing_arrives() -> None:
    """A branch that is not chosen needs no partials that can be differentiated, and costs none."""
    cosine = primitive("float_cosine", evaluate=math.sin, partials=lambda r, x: (math.cos(x.data if is_node(x) else x),))
    calls: list[Any] = []

    def partials(r: Any, x: Any) -> tuple[Any]:
        calls.append(x)
        return (2.0 * x,)

    square = primitive("counted_square", evaluate=lambda x: x * x, partials=partials)
    w = Value(3.0)
    for idle in (cosine, square):
        assert hessian(lambda x, idle=idle: where(x > 0.0, x * x, idle(x)))(2.0) == 2.0
        assert hessian(lambda x, idle=idle: stop_gradient(idle(x)) * x * x)(2.0) == 2.0 * idle(2.0)
        assert hessian(lambda x, idle=idle: maximum(x * x * x, idle(x)))(2.0) == 12.0
        assert grad(lambda x, idle=idle: where(x > 0.0, w * x, idle(x)))(2.0).data == 3.0
    assert not any(is_node(x) for x in calls)
    assert hessian(square)(2.0) == 2.0


def test_a_transform_without_a_record_in_a_trace() -> None:
    """`no_grad` inside a compiled function is what it is outside: the derivative is a constant."""

    def f(a: Any) -> Any:
        with no_grad():
            slope = grad(lambda z: z * z * 2.0)(a)
        return slope * a

    assert jit(f)(1.5) == f(1.5) == 9.0
    assert jit(grad(f))(1.5) == grad(f)(1.5) == 6.0
    both = no_grad()(value_and_grad(lambda z: z * z))
    assert jit(both)(1.5) == both(1.5) == (2.25, 3.0)


def test_a_calls_own_nodes_are_given_as_they_are() -> None:
    """Nodes that no other call shares need none between."""
    met: list[Any] = []
    nodes = [Value(2.0), Value(3.0)]
    linear = Linearization(lambda xs: (met.extend(xs) or xs[0] * xs[1], None), nodes, "a product", own=True)
    assert all(x is node for x, node in zip(met, nodes, strict=True))
    assert [x.item() for x in linear.pullback([1.0])] == [3.0, 2.0]
