"""custom_jvp and custom_vjp: JAX's protocol, at every order, in every transform, compiled and in loops."""

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import (
    Value,
    cond,
    custom_jvp,
    custom_vjp,
    derivative,
    fori_loop,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    no_grad,
    scan,
    value_and_grad,
    vjp,
    where,
    while_loop,
)


@custom_jvp
def log1pexp(x: Any) -> Any:
    """The example of JAX's manual: log(1 + exp(x)), whose slope in plain AD is nan at 1000."""
    return ag.log(1.0 + ag.exp(x))


@log1pexp.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return log1pexp(x), ag.sigmoid(x) * t


@custom_vjp
def cubed(x: Any, y: Any) -> Any:
    """A pair of results."""
    return {"a": x**3.0 * y, "b": [x + y]}


def _cubed_fwd(x: Any, y: Any) -> Any:
    return cubed(x, y), (x, y)


def _cubed_bwd(residuals: Any, g: Any) -> Any:
    x, y = residuals
    return 3.0 * x * x * y * g["a"] + g["b"][0], x**3.0 * g["a"] + g["b"][0]


cubed.defvjp(_cubed_fwd, _cubed_bwd)


def smooth(v: Any) -> Any:
    """A function through both."""
    c = cubed(v[0], v[1])
    return log1pexp(c["a"] * 0.1) * c["b"][0] + ag.sin(v[0])


def plain(v: Any) -> Any:
    """The same without rules."""
    return ag.softplus(v[0] ** 3.0 * v[1] * 0.1) * (v[0] + v[1]) + ag.sin(v[0])


def test_the_rule_is_what_counts() -> None:
    """Not the function's own operations."""
    assert grad(log1pexp)(1000.0) == 1.0
    x = Value(1000.0)
    log1pexp(x).backward()
    assert x.grad == 1.0
    assert value_and_grad(log1pexp)(0.0) == (math.log(2.0), 0.5)
    assert log1pexp(0.0) == math.log(2.0)


@given(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_all_transforms_against_plain_code(x: float, y: float) -> None:
    """Both modes, twice, in any nesting."""
    at, close = [x, y], {"rel": 1e-9, "abs": 1e-9}
    assert grad(smooth)(at) == pytest.approx(grad(plain)(at), **close)
    assert jvp(smooth, (at,), ([1.0, 2.0],)) == pytest.approx(jvp(plain, (at,), ([1.0, 2.0],)), **close)
    assert vjp(smooth, at)[1](2.0)[0] == pytest.approx(vjp(plain, at)[1](2.0)[0], **close)
    expected = np.array(hessian(plain)(at))
    for way in (hessian, lambda f: jacrev(grad(f)), lambda f: jacfwd(jacfwd(f)), lambda f: jacrev(jacfwd(f))):
        assert np.allclose(np.array(way(smooth)(at)), expected, rtol=1e-9, atol=1e-9)


def test_compiled_as_eager_bit_for_bit() -> None:
    """Transforms inside jit, outside of it, and backward through compiled functions."""
    at = [0.7, -1.2]
    for way in (lambda f: f, grad, hessian, lambda f: jacrev(grad(f))):
        assert jit(way(smooth))(at) == way(smooth)(at)
        assert jit(way(smooth), backend="python")(at) == way(smooth)(at)
    assert grad(jit(smooth))(at) == grad(smooth)(at)
    assert grad(jit(log1pexp))(1000.0) == 1.0
    assert jacrev(grad(jit(smooth)))(at) == pytest.approx(np.array(jacrev(grad(smooth))(at)), rel=1e-13)
    values = [Value(x) for x in at]
    jit(smooth)(values).backward()
    assert [v.grad for v in values] == grad(smooth)(at)
    rows = [[0.7, -1.2], [0.1, 0.2], [3.0, 1.0]]
    found = jit(grad(smooth), in_axes=0)(np.array(rows))
    assert np.array_equal(found, [grad(smooth)(row) for row in rows])


LOOPS: dict[str, Any] = {
    "fori_loop": lambda x: fori_loop(0, 4, lambda i, c: log1pexp(c) * cubed(c, 1.1)["b"][0], x),
    "while_loop": lambda x: while_loop(lambda c: c < 30.0, lambda c: log1pexp(c) + cubed(c, 0.1)["b"][0], x),
    "scan": lambda x: ag.sum_(scan(lambda c, z: (log1pexp(c * z), cubed(c, z)["a"]), x, [0.1, 0.5, 0.9])[1]),
    "cond": lambda x: cond(x > 0.0, lambda v: log1pexp(v) * v, lambda v: cubed(v, v)["a"], x),
    "where": lambda x: where(x > 0.0, log1pexp(ag.sqrt(x)), 1.0),
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_in_loops_and_branches(name: str, order: int) -> None:
    """As one step of a trace, and turn by turn: the same bits."""
    f = derivative(LOOPS[name], order)
    assert jit(f)(0.4) == f(0.4)
    if order == 1:
        forward = lambda x: jvp(LOOPS[name], (x,), (1.0,))[1]  # noqa: E731
        assert jit(forward)(0.4) == pytest.approx(f(0.4), rel=1e-13)
        assert forward(0.4) == pytest.approx(f(0.4), rel=1e-13)


def test_what_a_choice_left_out_gets_nothing() -> None:
    """The rule behind a branch that was not taken brings no nan."""
    f = LOOPS["where"]
    assert grad(f)(-1.0) == jit(grad(f))(-1.0) == 0.0


def test_rules_that_are_no_derivatives() -> None:
    """Clipped, reversed and straight-through gradients: bwd is called once with the whole cotangent."""

    @custom_vjp
    def clipped(v: Any) -> Any:
        return v

    def bwd(_: Any, g: Any) -> Any:
        norm = ag.sqrt(ag.dot(g, g))
        return ([x / ag.maximum(norm, 1.0) for x in g],)

    clipped.defvjp(lambda v: (v, None), bwd)
    f = lambda v: ag.dot(clipped(v), [3.0, 4.0])  # noqa: E731
    assert grad(f)([1.0, 1.0]) == [0.6, 0.8]
    assert jit(grad(f))([1.0, 1.0]) == [0.6, 0.8]
    straight = custom_jvp(lambda x: float(round(float(x))))
    straight.defjvp(lambda primals, tangents: (straight(*primals), tangents[0]))
    assert value_and_grad(straight)(2.7) == (3.0, 1.0)


def test_nondiff_argnums() -> None:
    """Functions and strings go first to the rule; ints stay ints."""

    @custom_jvp
    def applied(f: Any, x: Any, n: int) -> Any:
        return f(x) * float(len(range(n)))

    applied = custom_jvp(applied.fun, nondiff_argnums=(0, 2))
    applied.defjvp(lambda f, n, primals, tangents: (applied(f, *primals, n), 100.0 * n * tangents[0]))
    assert grad(applied, argnums=1)(ag.sin, 0.5, 3) == 300.0
    assert jit(lambda x: grad(applied, argnums=1)(ag.sin, x, 3))(0.5) == 300.0

    scaled = custom_vjp(lambda mode, x: x * 2.0, nondiff_argnums=(0,))
    scaled.defvjp(lambda mode, x: (x * 2.0, None), lambda mode, res, g: (g * {"a": 7.0}[mode],))
    assert grad(scaled, argnums=1)("a", 1.0) == 7.0


def test_defjvps() -> None:
    """A rule for each argument; None is 0."""
    f = custom_jvp(lambda x, y, z: [x * y, z])
    f.defjvps(lambda t, out, x, y, z: [t * y, 0.0], None, lambda t, out, x, y, z: [0.0, 10.0 * t])
    assert jacobian(f, argnums=(0, 1, 2))(2.0, 3.0, 4.0) == [(3.0, 0.0, 0.0), (0.0, 0.0, 10.0)]
    with pytest.raises(TypeError, match="defjvps is for functions without nondiff_argnums"):
        custom_jvp(lambda x: x, nondiff_argnums=(0,)).defjvps(None)


def test_structures_arrays_and_names() -> None:
    """Arguments in any structure, by name too."""

    @custom_vjp
    def f(p: Any, scale: Any = 2.0) -> Any:
        return np.array([x * scale for x in p["w"]])

    f.defvjp(lambda p, scale: (f(p, scale), (p, scale)), lambda r, g: ({"w": g * r[1] * 10.0}, sum(g * r[0]["w"])))
    out, pull = vjp(lambda p, s: f(p, scale=s), {"w": np.array([1.0, 2.0])}, 3.0)
    assert out.tolist() == [3.0, 6.0]
    gradient = pull(np.array([1.0, 0.5]))
    assert (gradient[0]["w"].tolist(), gradient[1]) == ([30.0, 15.0], 2.0)


def test_no_grad_and_plain_numbers_run_the_function() -> None:
    """No rule is needed where nothing is recorded."""
    f = custom_vjp(lambda x: x + 1.0)
    assert f(1.0) == 2.0
    with no_grad():
        assert f(Value(1.0)).data == 2.0


def test_a_method_and_a_pickle() -> None:
    """It binds like a function, and what it records pickles if its functions do."""

    class Model:
        @custom_jvp
        def f(self, x: Any) -> Any:
            return x

    Model.f.nondiff_argnums = (0,)
    Model.f.defjvp(lambda self, primals, tangents: (primals[0], 5.0 * tangents[0]))
    assert grad(Model().f)(1.0) == 5.0
    z = pickle.loads(pickle.dumps(log1pexp(Value(0.0))))
    z.backward()
    assert z.operands[0].operands[0].grad == 0.5


def test_errors() -> None:
    """What is missing, and what a rule returns."""
    for kind, way in ((custom_jvp, "defjvp"), (custom_vjp, "defvjp")):
        f = kind(smooth)
        with pytest.raises(AttributeError, match=f"no rule for its derivative yet: smooth.{way}"):
            f([Value(1.0), 1.0])
        with pytest.raises(TypeError, match="takes a function"):
            kind(3)  # type: ignore[arg-type]
    g = custom_jvp(lambda x: x)
    g.defjvp(lambda primals, tangents: tangents[0])
    with pytest.raises(TypeError, match=r"must return \(result, tangent\)"):
        grad(g)(1.0)
    g.defjvp(lambda primals, tangents: (primals[0], [tangents[0]]))
    with pytest.raises(TypeError, match="the rule's tangent must be one number"):
        grad(g)(1.0)
    h = custom_vjp(lambda x, y: x * y)
    h.defvjp(lambda x, y: (x * y, None), lambda r, g: (g,))
    with pytest.raises(TypeError, match="a cotangent for each of 2 arguments"):
        grad(h)(1.0, 2.0)
    h.defvjp(lambda x, y: x * y, lambda r, g: (g, g))
    with pytest.raises(TypeError, match=r"fwd of <lambda> must return \(result, residuals\)"):
        grad(h)(1.0, 2.0)
    with pytest.raises(TypeError, match=r"argument 0\[1\] must be one real number"):
        custom_jvp(lambda x: x)([Value(1.0), "no number"])
