"""The transforms: against the truth, against each other in every composition, and nested in each other."""

import cmath
import functools
import inspect
import math
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import (
    AnomalyError,
    GradientLostWarning,
    Value,
    derivative,
    detect_anomaly,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    no_grad,
    topological_order,
    value_and_grad,
    vjp,
)
from autograd import graph as graph_module
from autograd import linearization as linearization_module
from autograd.modes import MODE
from autograd.table import TABLE
from autograd.testing import Expression, expressions, truth
from autograd.testing.flat import flat_jacobian, rounding
from nn import MLP, mse_loss

SMOOTH = [known for known in TABLE.values() if known.kink is None and known.differentiable and known.reference]


class Point(NamedTuple):
    """A named tuple among the arguments."""

    x: Any
    y: Any


# --- against the truth ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("primitive", [known for known in SMOOTH if known.takes(1)], ids=lambda known: known.name)
def test_third_derivatives_of_primitives_against_60_digits(primitive: Any) -> None:
    """By `derivative`, over the transition region and special points; the battery covers all operands and orders."""
    low, high = primitive.domain[0].transition
    for x in [*primitive.domain[0].special, *[low + (high - low) * k / 7.3 for k in range(8)]]:
        if not primitive.domain[0].low < x < primitive.domain[0].high:
            continue
        with mpmath.workdps(truth.DIGITS):
            exact = truth.derivative(truth.function(primitive), [x], [0, 0, 0])
        noise = rounding(
            flat_jacobian(flat_jacobian(flat_jacobian(lambda xs: [primitive(*xs)], "fwd"), "fwd"), "fwd"), [x]
        ).outputs[0]
        assert abs(derivative(primitive, order=3)(x) - exact) <= 1e-13 * abs(exact) + 4.0 * noise + 1e-300


@given(expressions(max_ops=40, inputs=3))
@settings(max_examples=100)
def test_hessian_of_random_expressions_against_60_digits(expression: Expression) -> None:
    """With up to 40 operations: within 1e-10, plus what the conditioning of the intermediate numbers allows."""
    at = expression.at
    found = hessian(lambda xs: expression(*xs))(list(at))
    second = flat_jacobian(flat_jacobian(lambda xs: [expression(*xs)], "rev"), "fwd")
    noise = rounding(second, at).outputs
    with mpmath.workdps(truth.DIGITS):
        exact = truth.of_expression(expression)
        for i, j in product(range(3), repeat=2):
            right = truth.derivative(exact, at, [i, j])
            assert abs(found[i][j] - right) <= 1e-10 * abs(right) + 8.0 * noise[3 * i + j] + 1e-300


@pytest.mark.parametrize("seed", range(40))
def test_hessian_of_well_conditioned_expressions_within_1e_10(seed: int) -> None:
    """With primitives whose numbers stay moderate: within 1e-10 of the largest entry, without any allowance."""
    import random

    rng = random.Random(seed)
    calm = [ag.add, ag.mul, ag.sub, ag.tanh, ag.sigmoid, ag.sin, ag.cos, ag.softplus, ag.arctan, ag.gelu, ag.hypot, ag.silu]

    def program(of: Callable[[Any], Any], *inputs: Any) -> Any:
        """The same 40 operations, of primitives or of their stand-ins."""
        draw = random.Random(seed)
        nodes = list(inputs)
        for _ in range(40):
            primitive = draw.choice(calm)
            a, b = draw.choice(nodes[-6:]), draw.choice(nodes)
            nodes.append(of(ag.tanh)(of(primitive)(a, b)) if primitive.arity == 2 else of(primitive)(a))
        return nodes[-1] * nodes[-2] + nodes[-3]

    exact = functools.partial(program, truth.function)
    at = [rng.uniform(-1.0, 1.0) for _ in range(3)]
    found = hessian(lambda xs: program(lambda primitive: primitive, *xs))(at)
    with mpmath.workdps(200):
        right = [[truth.derivative(exact, at, [i, j]) for j in range(3)] for i in range(3)]
    largest = max(abs(x) for row in right for x in row)
    for i, j in product(range(3), repeat=2):
        assert abs(found[i][j] - right[i][j]) <= 1e-10 * largest


@given(expressions(max_ops=12, inputs=2, primitives=SMOOTH))
@settings(max_examples=40)
def test_all_compositions_of_modes_agree(expression: Expression) -> None:
    """The four compositions of two modes and the eight of three give the same, up to rounding."""

    def flat(xs: list[Any]) -> list[Any]:
        return [expression(*xs)]

    for order in (2, 3):
        found = {}
        lower = flat_jacobian(flat, "rev")
        for modes in product(("fwd", "rev"), repeat=order):
            composed = flat
            for mode in modes:
                composed = flat_jacobian(composed, mode)
            found[modes] = composed(list(expression.at))
        for _ in range(order - 2):
            lower = flat_jacobian(lower, "rev")
        slack = rounding(lower, expression.at).derivatives
        assume(all(map(math.isfinite, slack)))
        reference = found["rev", "rev", "rev"][:] if order == 3 else found["rev", "rev"]
        for modes, derivatives in found.items():
            for x, y, allowed in zip(derivatives, reference, slack, strict=True):
                assert x == y or abs(x - y) <= allowed, f"{modes}: {derivatives} not {reference}"


@given(expressions(max_ops=15, inputs=3))
@settings(max_examples=40)
def test_products_with_vectors_are_those_of_the_matrices(expression: Expression) -> None:
    """jvp is J @ v, vjp is w @ J, hvp is H @ v, up to the rounding of the sums."""

    def f(xs: Any) -> Any:
        return expression(*xs)

    x, v = list(expression.at), [0.5, -1.0, 2.0]
    gradient, matrix = grad(f)(x), hessian(f)(x)
    sums = [sum(abs(h * t) for h, t in zip(line, v, strict=True)) for line in matrix]
    slack = rounding(flat_jacobian(lambda xs: [f(xs)], "rev"), x).derivatives
    assume(all(map(math.isfinite, [*slack, *sums])))
    value, tangent = jvp(f, (x,), (v,))
    assert value == f(x)
    assert math.isclose(
        tangent,
        sum(g * t for g, t in zip(gradient, v, strict=True)),
        rel_tol=1e-9,
        abs_tol=1e-9 * max(map(abs, gradient)) + 1e-300,
    )
    out, pull = vjp(f, x)
    assert out == value
    assert pull(2.0)[0] == pytest.approx([2.0 * g for g in gradient], rel=1e-9, abs=1e-9 * max(map(abs, gradient)) + 1e-300)
    for i, product_ in enumerate(hvp(f, (x,), (v,))):
        exact = math.fsum(h * t for h, t in zip(matrix[i], v, strict=True))
        assert abs(product_ - exact) <= 1e-12 * sums[i] + 3.0 * sum(slack[3 * i : 3 * i + 3]) + 1e-300


# --- calls inside calls -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("derived", "at", "wanted"),
    [
        (lambda: grad(lambda x: x * grad(lambda y: x + y)(1.0)), 2.0, 1.0),
        (lambda: grad(lambda x: grad(lambda y: x * y)(x)), 2.0, 1.0),
        (lambda: grad(lambda x: grad(lambda y: x * y)(1.0)), 2.0, 1.0),
        (lambda: grad(lambda x: x * grad(lambda y: x * y * y)(2.0)), 3.0, 24.0),
        (lambda: grad(lambda x: x * jvp(lambda y: x * y, (3.0,), (1.0,))[1]), 2.0, 4.0),
        (lambda: grad(lambda x: jvp(lambda y: x * y * y, (x,), (x,))[1]), 2.0, 24.0),  # 2 x**3
        (lambda: derivative(lambda x: x * derivative(lambda y: x * y)(x), order=2), 3.0, 2.0),
        (lambda: grad(lambda x: grad(lambda y: grad(lambda z: x * y * z * z)(y))(x)), 2.0, 16.0),  # of 4 x**2
        (lambda: grad(lambda t: jvp(ag.sin, (0.5,), (t,))[1]), 3.0, math.cos(0.5)),
        (lambda: grad(lambda c: vjp(ag.sin, 0.5)[1](c)[0]), 3.0, math.cos(0.5)),
        (lambda: grad(lambda t: hvp(ag.sin, (0.5,), (t,))), 3.0, -math.sin(0.5)),
        (lambda: jacobian(lambda x: grad(lambda y: x * ag.sin(y))(0.0)), 2.0, 1.0),
        (lambda: grad(lambda x: hessian(lambda y: x * y[0] * y[1])([x, x])[0][1]), 2.0, 1.0),
    ],
)
def test_perturbations_are_not_confused(derived: Callable[[], Any], at: float, wanted: float) -> None:
    """A derivative inside another is to its own argument alone; the outer derivative goes through all of it."""
    assert math.isclose(derived()(at), wanted, rel_tol=1e-14)


def test_mixed_partials_by_different_arguments() -> None:
    """grad by one argument inside jacobian by another."""
    assert jacobian(grad(lambda x, y: x * x * y, 0), 1)(3.0, 2.0) == 6.0
    assert grad(grad(lambda x, y: x * x * y, 1), 0)(3.0, 2.0) == 6.0


@pytest.mark.parametrize("transform", [grad, jacfwd, jacrev, jacobian])
def test_values_captured_from_outside(transform: Any) -> None:
    """The derivative is a Value, and its backward() reaches the captured ones."""
    w = Value(3.0)
    slope = transform(lambda x: w * x * x)(2.0)
    assert slope == 12.0
    slope.backward()
    assert w.grad == 4.0


def test_captured_values_at_second_order() -> None:
    """backward() of a hessian, hvp and jvp reaches the captured Value."""
    w = Value(3.0)
    for found in (
        hessian(lambda x: w * w * x * x)(2.0),
        hvp(lambda x: w * w * x * x, (2.0,), (1.0,)),
        jvp(grad(lambda x: w * w * x * x), (2.0,), (1.0,))[1],
    ):
        assert found == 18.0
        w.grad = None
        found.backward()
        assert w.grad == 12.0


def test_a_value_among_the_arguments_gives_values() -> None:
    """The derivative is a Value even if it is constant, so that backward() can always be called."""
    x = Value(2.0)
    for f, wanted in ((lambda x: x * x * x, 12.0), (lambda x: 3.0 * x, 0.0), (lambda x: 5.0, 0.0)):
        slope = grad(f)(x)
        assert isinstance(slope, Value)
        x.grad = None
        slope.backward()
        assert x.grad == wanted
    assert [type(y) for y in grad(lambda x: x[0] * 2.0)([x, 1.0])] == [Value, Value]


def test_gradient_penalty_of_a_model() -> None:
    """The norm of d model / d x is a loss like any other: its gradients reach the parameters, as differences confirm."""
    model = MLP(2, [3, 1], rng=0)

    def penalty() -> Any:
        gradient = grad(model)([0.5, -1.0])
        return ag.dot(gradient, gradient)

    loss = penalty()
    loss.backward()
    for parameter in model.parameters()[:9]:
        found, h, at = parameter.grad, 2.0**-17, parameter.data
        parameter.data = at + h
        after = penalty().item()
        parameter.data = at - h
        before = penalty().item()
        parameter.data = at
        assert found == pytest.approx((after - before) / (2.0 * h), rel=1e-7, abs=1e-10)


def test_cotangents_and_tangents_may_be_values() -> None:
    """Then the products are differentiable by them."""
    t = Value(3.0)
    jvp(ag.sin, (0.5,), (t,))[1].backward()
    vjp(ag.sin, 0.5)[1](t)[0].backward()
    assert t.grad == 2.0 * math.cos(0.5)


def test_a_captured_transform_variable_that_outlives_its_call() -> None:
    """An argument that leaks out of its call is a constant for later calls."""
    leaked = []
    grad(lambda x: leaked.append(x) or x * x)(2.0)
    assert grad(lambda y: y * leaked[0])(1.0) == 2.0
    assert type(grad(lambda y: y * leaked[0])(1.0)) is float


# --- structures -------------------------------------------------------------------------------------------------------


def test_gradients_have_the_structure_of_their_arguments() -> None:
    """Of lists, tuples, named tuples and dicts in any nesting."""
    argument = {"w": [1.0, (2.0, 3)], "p": Point(4.0, [5.0]), "o": OrderedDict(b=6.0)}

    def f(a: Any) -> Any:
        return a["w"][0] * a["w"][1][0] * a["w"][1][1] + a["p"].x * a["p"].y[0] + a["o"]["b"] ** 2

    found = grad(f)(argument)
    assert found == {"w": [6.0, (3.0, 2.0)], "p": Point(5.0, [4.0]), "o": OrderedDict(b=12.0)}
    assert type(found["p"]) is Point
    assert type(found["o"]) is OrderedDict


def test_jacobian_of_structures() -> None:
    """The result's structure, with the argument's in the place of each number."""
    found = jacobian(lambda a: {"s": a[0] + a[1], "t": (a[0] * a[1],)})([2.0, 3.0])
    assert found == {"s": [1.0, 1.0], "t": ([3.0, 2.0],)}
    assert hessian(lambda a: a["x"] * a["x"] * a["y"])({"x": 2.0, "y": 3.0}) == {
        "x": {"x": 6.0, "y": 4.0},
        "y": {"x": 4.0, "y": 0.0},
    }


def test_arrays_come_back_as_arrays_of_their_shape() -> None:
    """They are float64 whatever real numbers came in; a jacobian's shape is the result's, then the argument's."""
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = grad(lambda x: np.sum(x * x))(x)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, 2.0 * x)
    matrix = jacobian(lambda x: np.sum(x * x, axis=0))(x)
    assert matrix.shape == (3, 2, 3)
    np.testing.assert_array_equal(matrix, 2.0 * np.eye(3)[:, None, :] * x)
    assert hessian(lambda x: np.sum(np.sin(x)))(x).shape == (2, 3, 2, 3)
    assert grad(lambda x: 1.0)(np.ones((0, 2))).shape == (0, 2)
    assert grad(lambda x: x * x)(np.array(3.0)).shape == ()
    np.testing.assert_array_equal(jvp(np.sin, (x,), (np.ones((2, 3)),))[1], np.cos(x.astype(float)))
    assert isinstance(grad(lambda x: np.sum(x * x))(np.array([Value(1.0), 2.0], dtype=object))[0], Value)


@pytest.mark.parametrize("number", [2, True, np.float64(2.0), np.int32(2), Fraction(1, 2), Decimal("0.5"), math.inf, math.nan])
def test_numbers_of_any_real_type(number: Any) -> None:
    """Numbers of any real type are arguments; the gradient is a float."""
    found = grad(lambda x: 3.0 * x)(number)
    assert type(found) is float
    assert found == 3.0


def test_arguments_by_number_and_name() -> None:
    """`argnums` picks arguments, negative ones from the end; all others are passed on unchanged."""

    def f(x: Any, how: str, y: Any, *, scale: float = 1.0) -> Any:
        assert how == "mul"
        return scale * x * y

    assert grad(f)(2.0, "mul", 3.0) == 3.0
    assert grad(f, argnums=-1)(2.0, "mul", 3.0, scale=10.0) == 20.0
    assert grad(f, argnums=(2, 0))(2.0, "mul", 3.0) == (2.0, 3.0)
    assert grad(f, argnums=[0])(2.0, "mul", 3.0) == (3.0,)
    assert grad(f, np.int64(0))(2.0, "mul", 3.0) == 3.0


def test_what_is_beside_the_value() -> None:
    """`has_aux` passes it through, with numbers for Values and everything else unchanged."""
    (value, aux), gradient = value_and_grad(lambda x: (x * x, {"twice": [x * 2.0], "note": "n", 3: None}), has_aux=True)(3.0)
    assert (value, aux, gradient) == (9.0, {"twice": [6.0], "note": "n", 3: None}, 6.0)
    assert type(aux["twice"][0]) is float
    assert grad(lambda x: (x * x, x), 0, True)(3.0) == (6.0, 3.0)
    assert jacobian(lambda x: ([x, x * x], "note"), has_aux=True)(3.0) == ([1.0, 6.0], "note")
    assert hessian(lambda x: (x * x, "note"), has_aux=True)(3.0) == (2.0, "note")
    assert jvp(lambda x: (x * x, "note"), (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, "note")
    out, pull, aux = vjp(lambda x: (x * x, "note"), 3.0, has_aux=True)
    assert (out, pull(1.0), aux) == (9.0, (6.0,), "note")
    w = Value(2.0)
    assert grad(lambda x: (x, w * 3.0), has_aux=True)(1.0)[1].operands  # what is tied to a captured Value stays so
    assert grad(lambda x: grad(lambda y: (y * y, x * x), has_aux=True)(1.0)[1])(3.0) == 6.0


# --- what does not depend, and what cannot be -------------------------------------------------------------------------


def test_what_does_not_depend_has_derivative_zero() -> None:
    """It is 0.0, never None: for an unused argument, a constant result, an independent one, an integer."""
    for f in (lambda x, y: y, lambda x, y: 5.0, lambda x, y: 5, lambda x, y: ag.stop_gradient(x)):
        for found in (grad(f)(1.0, 2.0), jacfwd(f)(1.0, 2.0), jacrev(f)(1.0, 2.0), hessian(f)(1.0, 2.0)):
            assert found == 0.0
            assert type(found) is float
    assert grad(lambda p: p[0])([1.0, 2.0]) == [1.0, 0.0]
    assert jvp(lambda x: [x, 5.0], (1.0,), (1.0,)) == ([1.0, 5.0], [1.0, 0.0])
    assert grad(lambda x: x)(1.0) == 1.0
    assert jacobian(lambda x: [x, x])(1.0) == [1.0, 1.0]
    assert vjp(lambda x: [x, x], 1.0)[1]([1.0, 2.0]) == (3.0,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grad(3.0), TypeError, r"grad takes a function, not 3.0: pass f itself, not f\(x\)"),
        (lambda: grad(lambda x: [x, x])(1.0), TypeError, r"return one number, but it returned a list of 2: .*jacobian\(f\)"),
        (lambda: grad(lambda x: np.array([x]))(1.0), TypeError, r"it returned an array of shape \(1,\)"),
        (lambda: hessian(lambda x: {"a": x})(1.0), TypeError, r"hessian\(<lambda>\): .*a dict with the keys \['a'\]"),
        (lambda: grad(lambda x: None)(1.0), TypeError, "returned None: does it lack a return"),
        (lambda: grad(lambda x: "a")(1.0), TypeError, "what the function returns must be one real number, not the string 'a'"),
        (lambda: grad(ag.tanh)("1"), TypeError, r"grad\(tanh\): argument 0 must be one real number, not the string '1'"),
        (lambda: grad(ag.tanh)(1j), TypeError, "complex number 1j: pass its .real or .imag"),
        (lambda: grad(ag.tanh)(None), TypeError, "argument 0 must be one real number, not None"),
        (lambda: grad(len)({"a": [1.0, "b"]}), TypeError, r"argument 0\['a'\]\[1\] must be one real number, not the string"),
        (lambda: grad(len)(np.array(["a"])), TypeError, r"not of dtype <U1: convert it, x.astype\(float\)"),
        (lambda: grad(len)(np.array([1.0, None])), TypeError, "argument 0, element 1, must be one real number, not None"),
        (lambda: grad(len)(np.ma.array([1.0, 2.0])), TypeError, "masked"),
        (lambda: grad(len)(np.timedelta64(3, "D")), TypeError, "must be one real number, not a timedelta64"),
        (grad(ag.tanh), TypeError, "no argument 0 among the 0 given by position: pass it by position"),
        (lambda: grad(ag.mul, argnums=2)(1.0, 2.0), TypeError, "no argument 2 among the 2"),
        (lambda: grad(ag.mul, argnums=(0, -2))(1.0, 2.0), ValueError, "names an argument twice"),
        (lambda: grad(ag.mul, argnums="x"), TypeError, "argnums must be an integer or a tuple of integers, not 'x'"),
        (lambda: grad(ag.mul, argnums=1.0), TypeError, "argnums must be an integer"),
        (lambda: value_and_grad(ag.exp, has_aux=True)(1.0), TypeError, r"must return \(value, aux\), not Value"),
        (lambda: jvp(ag.tanh, 1.0, 1.0), TypeError, r"primals must be a tuple, .* not 1.0: write \(x,\)"),
        (lambda: jvp(ag.tanh, (1.0,), (1.0, 2.0)), TypeError, "tangents must be a tuple of 1, not a tuple of 2"),
        (lambda: jvp(sum, ([1.0],), ([1.0, 2.0],)), TypeError, r"tangents\[0\] must be a list of 1, not a list of 2"),
        (lambda: hvp(ag.tanh, 1.0, 1.0), TypeError, r"primals must be a tuple, .* not 1.0: write \(x,\)"),
        (lambda: hvp(sum, ([1.0],), (1.0,)), TypeError, r"tangents\[0\] must be a list of 1, not one number"),
        (lambda: vjp(lambda x: [x, x], 1.0)[1](1.0), TypeError, "the cotangent must be a list of 2, not one number"),
        (lambda: vjp(lambda x: {"a": x}, 1.0)[1]({"b": 1.0}), TypeError, r"a dict with the keys \['a'\], not a dict with"),
        (lambda: derivative(ag.tanh)([1.0]), TypeError, r"must be one number, not a list of 1: \[d\(x\) for x in xs\]"),
        (lambda: derivative(ag.tanh, order=-1), ValueError, "order must be a whole number, 0 or more, not -1"),
        (lambda: derivative(ag.tanh, order=1.5), ValueError, "order must be a whole number, 0 or more, not 1.5"),
    ],
)  # fmt: skip
def test_errors_say_what_where_and_how(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    """Each message says what failed, where in the argument, and what to do."""
    with pytest.raises(error, match=message):
        call()


def test_structures_that_contain_themselves() -> None:
    """They raise an error of one line, not a RecursionError."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        grad(len)(loop)


def test_a_gradient_lost_in_the_function_is_loud() -> None:
    """math.tanh of an argument warns, as it does for any computed Value."""
    with pytest.warns(GradientLostWarning):
        assert grad(lambda x: 2.0 * math.tanh(x))(1.0) == 0.0


def test_tangents_of_dicts_may_come_in_any_order() -> None:
    """Dicts are matched by key; and a number may stand for an array without dimensions."""
    f = lambda p: p["a"] * p["a"] * p["b"]  # noqa: E731
    assert jvp(f, ({"a": 2.0, "b": 3.0},), ({"b": 0.0, "a": 1.0},))[1] == 12.0
    assert jvp(ag.sin, (0.0,), (np.array(1.0),))[1] == 1.0
    assert derivative(ag.sin)(np.array(0.0)) == 1.0


# --- modes, threads, leftovers ----------------------------------------------------------------------------------------


def test_no_grad_around_and_inside() -> None:
    """Around a transform, derivatives come without a history; inside the function, what is computed there is constant."""
    w = Value(3.0)
    with no_grad():
        for found, wanted in ((grad(lambda x: x * x)(2.0), 4.0), (grad(grad(lambda x: x * x * x))(2.0), 12.0)):
            assert (type(found), found) == (float, wanted)
        slope = grad(lambda x: w * x * x)(2.0)
        assert (slope.data, slope.operands) == (12.0, ())
        assert hessian(lambda x: w * x * x)(2.0) == 6.0
        assert grad(lambda x: (x * w, x * w), has_aux=True)(2.0)[1].operands == ()

    def inside(x: Any) -> Any:
        with no_grad():
            y = x * x
        return y * x

    assert grad(inside)(2.0) == 4.0
    assert type(grad(lambda x: ag.stop_gradient(x * x) * x)(2.0)) is float  # where detach() and no_grad() make a leaf


def test_a_pullback_is_the_same_wherever_it_is_called() -> None:
    """Inside no_grad() first, then outside."""
    w = Value(3.0)
    _, pull = vjp(lambda x: ag.sin(x * w), 2.0)
    with no_grad():
        assert pull(1.0)[0].operands == ()
    pull(1.0)[0].backward()
    assert w.grad == pytest.approx(math.cos(6.0) - 6.0 * math.sin(6.0))


def test_detect_anomaly_names_the_operation() -> None:
    """In both modes and orders; operands not selected, and operations inside a primitive's partials, raise nothing."""
    with detect_anomaly():
        for call in (
            lambda: grad(ag.sqrt)(0.0),
            lambda: jvp(ag.sqrt, (0.0,), (1.0,)),
            lambda: hessian(ag.sqrt)(0.0),
            lambda: grad(ag.sqrt)(Value(0.0)),
        ):
            with pytest.raises(AnomalyError, match=r"derivative of sqrt .* is inf, times (adjoint|tangent) 1.0 is inf"):
                call()
        assert hessian(lambda v: v[0] ** v[1])([0.0, 2.0]) == [[2.0, 0.0], [0.0, 0.0]]
        assert jvp(lambda x: ag.where(x > 0.0, ag.sqrt(x), 0.0), (0.0,), (1.0,)) == (0.0, 0.0)
        assert derivative(ag.erf, order=2)(1e200) == 0.0
        assert jvp(ag.sin, (1.0,), (Value(1.0) * 2.0,))[1] == 2.0 * math.cos(1.0)


@pytest.mark.parametrize("transform", [grad, jacfwd, jacrev, hessian, derivative, lambda f: lambda x: jvp(f, (x,), (1.0,))])
def test_an_error_in_the_function_leaves_nothing_behind(transform: Any) -> None:
    """Neither a changed mode nor a graph."""

    def f(x: Any) -> Any:
        raise KeyError("mine")

    for mode in (no_grad, detect_anomaly):
        with mode():
            before = MODE.get()
            with pytest.raises(KeyError, match="mine"):
                transform(f)(1.0)
            assert MODE.get() is before
    assert MODE.get() is None


@pytest.mark.parametrize("transform", [value_and_grad, grad, jacfwd, jacrev, jacobian, hessian, derivative])
def test_the_function_is_called_once(transform: Any) -> None:
    """Whatever the size of the matrix."""
    calls = []
    transform(lambda x: calls.append(x) or x * x)(2.0)
    assert len(calls) == 1


UNCOLLECTED = """
import gc, weakref
import autograd as ag
alive = []
def f(x):
    y = ag.sin(x) * x
    alive.append(weakref.ref(y))
    return y
def g(x):
    return ag.sin(x) * x
gc.disable()
for transform in (ag.grad, ag.jacfwd, ag.jacrev, ag.hessian):
    transform(f)(1.0)
assert all(ref() is None for ref in alive)
for turn in range(2):  # what Python itself leaves of a first call is not counted
    for transform in (ag.grad, ag.jacfwd, ag.jacrev, ag.hessian, ag.derivative):
        transform(g)(1.0)
    left = gc.collect()
assert left == 0, left
"""


def test_no_node_survives_a_call() -> None:
    """Nodes are freed without the garbage collector: there are no reference cycles. A process of its own has no others."""
    subprocess.run([sys.executable, "-c", UNCOLLECTED], check=True)


def test_threads_differentiate_at_once() -> None:
    """Each thread its own graph, by one function that captures one Value."""
    w = Value(2.0)
    found: list[float] = []

    def work(x: float) -> None:
        found.extend(hessian(lambda x: w * ag.sin(x) * x)(x).item() for _ in range(50))

    threads = [threading.Thread(target=work, args=(0.5,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 200


def test_derived_functions_are_named_and_documented() -> None:
    """They are named after the function, and keep its signature."""

    def loss(x: float, y: float = 2.0) -> float:
        """The loss."""
        return x * y

    assert grad(loss).__name__ == "grad_loss"
    assert "The loss." in str(hessian(loss).__doc__)
    assert list(inspect.signature(grad(loss)).parameters) == ["x", "y"]


# --- the cost ---------------------------------------------------------------------------------------------------------


def operations(*results: Any) -> int:
    """How many operations made the results: a sum of n numbers counts n - 1, an argument 0."""
    nodes = topological_order(*[result for result in results if isinstance(result, Value)])
    return sum(max(1, len(node.operands) - 1) for node in nodes if node.operands and node.primitive is not ag.identity)


OF_CMATH = [known for known in SMOOTH if known.arity == 1 and known.name in vars(cmath)]
ELEMENTARY = [*OF_CMATH, ag.add, ag.sub, ag.mul, ag.neg, ag.tanh]


@given(expressions(max_ops=40, inputs=3, primitives=ELEMENTARY))
@settings(max_examples=60)
def test_reverse_mode_costs_at_most_five_times_the_function(expression: Expression) -> None:
    """For value and whole gradient, counted in operations, of elementary functions and arithmetic."""
    value, gradient = value_and_grad(lambda xs: expression(*xs))([Value(x) for x in expression.at])
    assert operations(value, *gradient) <= 5 * operations(value)


@pytest.mark.parametrize(
    "f",
    [
        math.prod,
        lambda xs: ag.tanh(ag.dot(xs, xs)) + ag.exp(xs[0] - xs[1]),
        lambda xs: ag.sum_([x**3 for x in xs]),
        lambda xs: mse_loss([MLP(4, [4, 1], rng=0)(xs[:4])], [1.0]),
        lambda xs: ag.log(ag.sum_([x * x / (1.0 + x) for x in xs])),
    ],
)
def test_reverse_mode_costs_at_most_five_times_these_functions(f: Any) -> None:
    """The same for products, powers, a network and quotients."""
    value, gradient = value_and_grad(f)([Value(1.0 + 0.1 * i) for i in range(8)])
    assert operations(value, *gradient) <= 5 * operations(value)


@pytest.mark.parametrize(
    ("f", "factor"),
    [(lambda x, y: x / y, 7), (ag.arctan2, 7), (ag.hypot, 6), (lambda x, y: x**y, 21)],
    ids=["division", "arctan2", "hypot", "pow"],
)
def test_what_primitives_of_two_operands_cost(f: Any, factor: int) -> None:
    """A chain of 100 calls of one primitive, by both operands: the factors that the docstring of `grad` promises."""

    def chain(x: Any, y: Any) -> Any:
        for _ in range(100):
            x = f(x, y)
        return x

    value, gradient = value_and_grad(chain, argnums=(0, 1))(Value(1.1), Value(1.01))
    assert operations(value, *gradient) <= factor * operations(value)


@pytest.mark.parametrize("order", [0, 1])
def test_derivative_of_what_returns_no_number(order: int) -> None:
    """It is an error at every order, even at 0."""
    with pytest.raises(TypeError, match="must return one number"):
        derivative(lambda x: [x], order=order)(3.0)


def test_a_hessian_takes_one_reverse_sweep_and_a_forward_sweep_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """n + 1 sweeps for n inputs, of one recorded call."""
    sweeps = []
    for name in ("reverse_sweep", "forward_sweep"):
        plain = getattr(linearization_module, name)
        monkeypatch.setattr(
            linearization_module, name, lambda *args, name=name, plain=plain: (sweeps.append(name), plain(*args))[1]
        )
    hessian(lambda x: ag.dot(x, x) * x[0])([1.0, 2.0, 3.0, 4.0])
    assert sorted(sweeps) == ["forward_sweep"] * 4 + ["reverse_sweep"]
    sweeps.clear()
    jacobian(lambda x: x[0] * x[1])([1.0, 2.0])
    assert sweeps == ["reverse_sweep"]
    sweeps.clear()
    jacobian(lambda x: [x, x * x])(1.0)
    assert sweeps == ["forward_sweep"]


@pytest.mark.parametrize("n", [4, 8, 16])
def test_a_hessian_costs_at_most_five_times_the_function_for_each_input(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in products of the sweeps, for a function that couples all inputs."""

    def f(x: Any) -> Any:
        return ag.sum_([ag.sin(a * b) for a, b in pairwise(x)]) * ag.tanh(ag.dot(x, x))

    products = []
    for name in ("reverse_sweep", "forward_sweep"):
        plain = getattr(graph_module, name)

        def counted(order: Any, seeds: Any, partials: Any, times: Any, plain: Any = plain) -> Any:
            return plain(order, seeds, partials, lambda x, y: products.append(1) or times(x, y))

        monkeypatch.setattr(linearization_module, name, counted)
    hessian(f)([0.1 * i for i in range(n)])
    assert len(products) <= 5 * (n + 1) * operations(f([Value(0.1 * i) for i in range(n)]))


def test_the_cost_is_linear_in_the_graph() -> None:
    """Twice the operations double the cost of the gradient, also of a loop that takes gradients."""

    def chain(x: Any, n: int) -> Any:
        for _ in range(n):
            x = ag.sin(x) * 1.1
        return x

    def descent(x: Any, n: int) -> Any:
        for _ in range(n):
            x = x - 0.1 * grad(lambda y: ag.sin(y) * y)(x)
        return x

    for f in (chain, descent):
        counts = []
        for n in (20, 40, 80):
            value, slope = value_and_grad(lambda x, f=f, n=n: f(x, n))(Value(0.5))
            counts.append(operations(value, slope))
        assert counts[2] - counts[1] == 2 * (counts[1] - counts[0])


def test_an_inner_call_does_not_walk_through_what_made_its_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a loop of derivatives inside another derivative is linear."""
    plain, sizes = linearization_module.topological_order, []

    def measured(*results: Any, **options: Any) -> Any:
        order = plain(*results, **options)
        sizes.append(len(order))
        return order

    monkeypatch.setattr(linearization_module, "topological_order", measured)

    def descent(x: Any) -> Any:
        for _ in range(50):
            x = x - 0.1 * grad(lambda y: ag.sin(y) * y)(x)
        return x

    grad(descent)(0.5)
    *inner, outermost = sizes
    assert len(inner) == 50
    assert max(inner) <= 3 < outermost


@pytest.mark.parametrize("transform", [grad, jacfwd, jacrev, hessian])
def test_deep_graphs(transform: Any) -> None:
    """A chain of 50,000 operations: no recursion anywhere."""

    def f(x: Any) -> Any:
        for _ in range(50_000):
            x = x * 1.0000001
        return x * x

    assert math.isfinite(transform(f)(1.0))


def test_derivatives_of_high_order() -> None:
    """Of exp, sin and a polynomial, whose derivatives are known."""
    assert derivative(ag.exp, order=8)(0.5) == pytest.approx(math.exp(0.5), rel=1e-14)
    assert derivative(ag.sin, order=9)(0.5) == pytest.approx(math.cos(0.5), rel=1e-14)
    assert [derivative(lambda x: x**4, order=n)(2.0) for n in range(6)] == [16.0, 32.0, 48.0, 48.0, 24.0, 0.0]


@given(st.floats(-5.0, 5.0), st.integers(1, 6))
@settings(max_examples=30)
def test_derivatives_of_tanh_by_their_recursion(x: float, order: int) -> None:
    """Published: the n-th derivative of tanh is a polynomial in tanh, P' (1 - t**2)."""
    with mpmath.workdps(60):
        t = mpmath.tanh(x)
        polynomial = [mpmath.mpf(0), mpmath.mpf(1)]
        for _ in range(order):
            slope = [i * c for i, c in enumerate(polynomial)][1:] or [mpmath.mpf(0)]
            polynomial = [mpmath.mpf(0)] * (len(slope) + 2)
            for i, c in enumerate(slope):
                polynomial[i] += c
                polynomial[i + 2] -= c
        exact = mpmath.fsum(c * t**i for i, c in enumerate(polynomial))
        size = mpmath.fsum(abs(c) for c in polynomial)
    assert abs(derivative(ag.tanh, order=order)(x) - exact) <= 1e-14 * size


def test_elementwise_gradients() -> None:
    """The slopes of a function that works element by element; in general the sum of the Jacobian's rows; they nest."""
    xs = np.linspace(-2.0, 2.0, 7)
    np.testing.assert_allclose(elementwise_grad(np.tanh)(xs), 1.0 / np.cosh(xs) ** 2, rtol=1e-14)
    np.testing.assert_allclose(
        elementwise_grad(elementwise_grad(np.tanh))(xs), -2.0 * np.tanh(xs) / np.cosh(xs) ** 2, rtol=1e-14, atol=1e-16
    )
    assert jit(elementwise_grad(lambda xs: [x * x for x in xs]))([1.0, 2.0]) == [2.0, 4.0]
    assert elementwise_grad(lambda x, y: [x * y, x], argnums=(0, 1))(2.0, 3.0) == (4.0, 2.0)
    assert elementwise_grad(lambda x: ([x * x], "aux"), has_aux=True)(3.0) == (6.0, "aux")
