"""odeint: closed forms and SciPy, structures, derivatives in both modes and to second order, compiled bit for bit, events."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import odeint as scipys_odeint

import autograd as ag
from autograd import (
    Value,
    derivative,
    dot,
    grad,
    gradients,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    odeint,
    scan,
    value_and_grad,
)

from .test_integration import TS, P, lotka_volterra

METHODS = ["dopri5", "tsit5", "rosenbrock", "rk4"]


def loss(p: Any, method: str = "dopri5", **options: Any) -> Any:
    """The sum of squares of a solution at all ts."""
    ys = odeint(lotka_volterra, [1.0, p[3]], TS, p, method=method, steps=40, **options)
    return ag.sum_([x * x for y in ys for x in y])


@pytest.mark.parametrize("method", METHODS)
def test_compiled_as_eager_bit_for_bit(method: str) -> None:
    """Solution and gradient; SciPy has the same solution."""
    f = lambda p: odeint(lotka_volterra, [1.0, 1.0], TS, p, method=method, steps=40)  # noqa: E731
    assert jit(f)(P) == f(P)
    assert np.allclose(f(P), scipys_odeint(lotka_volterra, [1.0, 1.0], TS, (P,), rtol=1e-11, atol=1e-11), atol=1e-5)
    gradient = grad(lambda p: loss(p, method))
    if method in ("dopri5", "tsit5"):
        assert jit(gradient)(P) == gradient(P)
    elif method == "rk4":  # loops in a loop: sums in another order
        assert jit(gradient)(P) == pytest.approx(gradient(P), rel=1e-14)
    else:  # eagerly, half a minute
        assert jit(gradient)(P) == pytest.approx(grad(loss)(P), rel=1e-5)


@pytest.mark.parametrize("method", ["dopri5", "tsit5", "rk4"])
def test_the_discrete_adjoint_is_exact(method: str) -> None:
    """At coarse tolerances it is the derivative of what was computed: both modes agree to all digits."""
    f = jit(lambda p: loss(p, method, rtol=1e-3, atol=1e-3))
    backward = jit(grad(lambda p: loss(p, method, rtol=1e-3, atol=1e-3)))(P)
    forward = jit(jacfwd(lambda p: loss(p, method, rtol=1e-3, atol=1e-3)))(P)
    assert backward == pytest.approx(forward, rel=1e-11)
    assert grad(f)(P) == pytest.approx(backward, rel=1e-12)


def test_derivatives_of_decay_in_all_arguments() -> None:
    """y = y0 exp(-k (t1 - t0)): d/dk, d/dy0, d/dt0, d/dt1, and second derivatives."""
    field = lambda y, t, k: -k * y  # noqa: E731
    for adjoint in ("discrete", "continuous"):
        f = lambda k, y0, t0, t1, how=adjoint: odeint(field, y0, [t0, 0.7, t1], k, adjoint=how)[-1]  # noqa: E731
        k, y0, t0, t1 = at = (2.0, 3.0, 0.5, 1.2)
        y = y0 * math.exp(-k * (t1 - t0))
        expected = [-(t1 - t0) * y, y / y0, k * y, -k * y]
        places = (0, 1, 2, 3)
        for way in (jacrev, jacfwd, lambda f, argnums: jit(jacrev(f, argnums)), lambda f, argnums: jit(jacfwd(f, argnums))):
            assert way(f, places)(*at) == pytest.approx(expected, rel=1e-6)
        second = hessian(f, (0, 1))(*at)
        assert np.allclose(second, [[(t1 - t0) ** 2 * y, -(t1 - t0) * y / y0], [-(t1 - t0) * y / y0, 0.0]], atol=1e-6)
        assert jit(derivative(f, 2))(*at) == pytest.approx(derivative(f, 2)(*at), rel=1e-9)


def test_the_continuous_adjoint_agrees() -> None:
    """Within tolerances, eager and compiled, forward too."""
    f = lambda p: loss(p, adjoint="continuous")  # noqa: E731
    expected = jit(grad(loss))(P)
    assert jit(grad(f))(P) == pytest.approx(expected, rel=1e-5)
    assert grad(f)(P) == pytest.approx(expected, rel=1e-5)
    assert jvp(f, (P,), (P,))[1] == pytest.approx(np.dot(expected, P), rel=1e-5)


def test_structures() -> None:
    """A dict of numbers and lists in, a dict of lists and lists out; arrays give arrays."""
    f = lambda y, t, p: {"b": [y["a"] * p["k"]], "a": -y["a"] * t}  # noqa: E731
    found = odeint(f, {"a": 1.0, "b": [0.0]}, [0.0, 1.0], {"k": 2.0})
    assert found["a"] == pytest.approx([1.0, math.exp(-0.5)])
    assert found["b"][1][0] == pytest.approx(2.0 * 0.8556243918921488, rel=1e-7)
    arrays = odeint(lambda y, t: -y, np.array([1.0, 2.0]), np.linspace(0.0, 1.0, 3))
    assert arrays.shape == (3, 2)
    assert np.allclose(arrays, np.exp(-np.linspace(0.0, 1.0, 3))[:, None] * [1.0, 2.0], rtol=1e-7)
    assert odeint(lambda y, t: -y, 2.0, [1.0]) == [2.0]
    assert jit(lambda y: odeint(lambda y, t: -y, y, [1.0]))(2.0) == [2.0]


def test_backwards_in_time() -> None:
    """Falling ts, eager, compiled with times as constants and as arguments."""
    f = lambda ts: odeint(lambda y, t: -y * t, 1.0, ts)  # noqa: E731
    expected = [1.0, math.exp(0.375), math.exp(0.5)]
    for found in (
        f([1.0, 0.5, 0.0]),
        jit(f)([1.0, 0.5, 0.0]),
        jit(lambda y: odeint(lambda y, t: -y * t, y, [1.0, 0.5, 0.0]))(1.0),
    ):
        assert found == pytest.approx(expected, rel=1e-7)
    assert jit(f)([0.0, 0.5, 1.0]) == f([0.0, 0.5, 1.0])


def test_values_from_outside_count() -> None:
    """What f takes from a closure has derivatives, eager and compiled."""
    w = Value(2.0)
    f = lambda: odeint(lambda y, t: -w * y, 1.0, [0.0, 1.0])[-1]  # noqa: E731
    assert gradients(f(), w) == pytest.approx(-math.exp(-2.0), rel=1e-6)
    assert gradients(jit(f)(), w) == gradients(f(), w)
    first = gradients(f(), w, create_graph=True)
    assert gradients(first, w) == pytest.approx(math.exp(-2.0), rel=1e-6)


def test_an_event_and_its_derivatives() -> None:
    """A ball falls for sqrt(2 h / g): the time, the place, and derivatives to second order; the solution is nan behind it."""
    ball = lambda y, t, g: [y[1], -g]  # noqa: E731
    f = lambda g: odeint(ball, [10.0, 0.0], [0.0, 1.0, 5.0], g, event=lambda y, t, g: y[0])  # noqa: E731
    ys, t, y = f(9.81)
    assert t == pytest.approx(math.sqrt(20.0 / 9.81), rel=1e-12)
    assert y == pytest.approx([0.0, -math.sqrt(20.0 * 9.81)], abs=1e-12)
    assert ys[1] == pytest.approx([10.0 - 9.81 / 2.0, -9.81])
    assert all(map(math.isnan, ys[2]))
    time = lambda g: f(g)[1]  # noqa: E731
    assert grad(time)(9.81) == pytest.approx(-0.5 * t / 9.81, rel=1e-10)
    assert derivative(time, 2)(9.81) == pytest.approx(0.75 * t / 9.81**2, rel=1e-10)
    assert jit(time)(9.81) == t
    assert jit(grad(time))(9.81) == grad(time)(9.81)
    _, t, y = odeint(ball, [10.0, 0.0], [0.0, 1.0], 9.81, event=lambda y, t, g: y[0])
    assert math.isnan(t)
    assert all(map(math.isnan, y))
    compiled = jit(lambda g: odeint(ball, [10.0, 0.0], [0.0, 1.0], g, event=lambda y, t, g: y[0]))(9.81)
    assert math.isnan(compiled[1])
    assert compiled[0] == odeint(ball, [10.0, 0.0], [0.0, 1.0], 9.81)


def test_a_map_over_rows() -> None:
    """Each row takes as many steps as it needs."""
    f = lambda k: odeint(lambda y, t, k: -k * y, 1.0, [0.0, 1.0], k)[-1]  # noqa: E731
    rows = np.array([0.1, 1.0, 30.0])
    assert jit(f, in_axes=0)(rows).tolist() == [f(k) for k in rows.tolist()]
    assert jit(grad(f), in_axes=0)(rows).tolist() == [grad(f)(k) for k in rows.tolist()]


def test_inside_of_another_loop() -> None:
    """Of a trace: the derivative takes the steps again, and gives the bits of eager code; events too."""
    decay = lambda y, t, c: -c * y  # noqa: E731
    nested = lambda x: ag.fori_loop(0, 3, lambda i, c: odeint(decay, 1.0, [0.0, 1.0], c)[-1], x)  # noqa: E731
    mapped = lambda ks: ag.sum_(ag.vmap(lambda k: odeint(decay, 1.0, [0.0, 1.0], k)[-1])(ks))  # noqa: E731
    again = lambda x: ag.fori_loop(0, 3, lambda i, c: odeint(decay, 1.0, [0.0, 1.0], c, adjoint="continuous")[-1], x)  # noqa: E731
    assert jit(grad(nested))(0.5) == grad(nested)(0.5)
    assert jit(nested)(0.5) == nested(0.5)
    assert jit(grad(mapped))([0.5, 1.0, 2.0]) == grad(mapped)([0.5, 1.0, 2.0])
    assert jit(grad(again))(0.5) == pytest.approx(grad(nested)(0.5), rel=1e-6)
    ball = lambda y, t, g: [y[1], -g]  # noqa: E731
    time = lambda g: odeint(ball, [10.0, 0.0], [0.0, 5.0], g, event=lambda y, t, g: y[0])[1]  # noqa: E731
    bounces = lambda g: ag.fori_loop(0, 3, lambda i, c: c + time(g + 0.1 * c), 0.0)  # noqa: E731
    assert jit(grad(bounces))(9.81) == pytest.approx(grad(bounces)(9.81), rel=1e-12)


def test_errors() -> None:
    """Times out of order, options, what f returns."""
    f = lambda y, t: -y  # noqa: E731
    with pytest.raises(ValueError, match="ts must rise or fall throughout"):
        odeint(f, 1.0, [0.0, 1.0, 0.5])
    with pytest.raises(ValueError, match="ts must be a list or an array of times"):
        odeint(f, 1.0, 1.0)
    with pytest.raises(ValueError, match="method must be one of 'dopri5', 'tsit5', 'rosenbrock', 'rk4', not 'euler'"):
        odeint(f, 1.0, [0.0, 1.0], method="euler")
    with pytest.raises(ValueError, match="adjoint must be"):
        odeint(f, 1.0, [0.0, 1.0], adjoint="none")
    with pytest.raises(ValueError, match="rtol and atol must be 0 or more"):
        odeint(f, 1.0, [0.0, 1.0], rtol=-1.0)
    with pytest.raises(ValueError, match="an event needs"):
        odeint(f, 1.0, [0.0, 1.0], method="rk4", event=lambda y, t: y)
    with pytest.raises(ValueError, match="steps must be 1 or more"):
        odeint(f, 1.0, [0.0, 1.0], method="rk4", steps=0)
    with pytest.raises(TypeError, match="must return dy/dt in the structure of y, one number, but it returned a list of 2"):
        odeint(lambda y, t: [y, y], 1.0, [0.0, 1.0])
    assert jacobian(lambda y: odeint(f, y, [0.0, 1.0]))(1.0)[0] == 1.0


def test_arguments_of_any_length() -> None:
    """By the discrete adjoint, in a loop too; the continuous one would need an equation for each, and says so."""

    def end(xs: Any) -> Any:
        return odeint(lambda y, t, v: -y * dot(v, v), 1.0, [0.0, 1.0], xs)[-1]

    def several(xs: Any) -> Any:
        return scan(lambda c, x: (c + end(xs) * x, None), 0.0, xs)[0]

    xs = [0.3, -0.5, 0.25]
    for f in (end, several):
        value, slopes = jit(value_and_grad(f), dynamic_argnums=0)(xs)
        expected = value_and_grad(f)(xs)
        assert value == pytest.approx(expected[0], rel=1e-14)
        assert slopes == pytest.approx(expected[1], rel=1e-12)
    continuous = jit(
        lambda xs: odeint(lambda y, t, v: -y * v[0], 1.0, [0.0, 1.0], xs, adjoint="continuous")[-1], dynamic_argnums=0
    )
    with pytest.raises(TypeError, match=r'only the run knows how many these are .*adjoint="discrete"'):
        continuous(xs)
