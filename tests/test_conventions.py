"""The numerical conventions, each case by name: at kinks, ties and poles and in the tails, on floats and on Values."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import autograd as ag
from autograd import Value, derivative
from nn import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy

inf, nan = math.inf, math.nan


def case(name: str, f: Callable[..., Any], at: Sequence[float], value: float | None, slopes: Sequence[float] | None) -> Any:
    """One case of the list: a function, a point, the value there and the partials."""
    return pytest.param(f, at, value, slopes, id=name)


def right_class(target: int) -> Callable[..., Any]:
    """The cross-entropy of logits, as a function of each, with this class as target."""
    return lambda *logits: cross_entropy(list(logits), target)


FAR_BELOW = [0.33181222783183389, -1.0, 0.66818777216816611]
CASES = [
    case("relu at 0", ag.relu, [0.0], 0.0, [0.0]),
    case("relu at -0", ag.relu, [-0.0], 0.0, [0.0]),
    case("relu(nan)", ag.relu, [nan], nan, None),
    case("relu(-inf)", ag.relu, [-inf], 0.0, [0.0]),
    case("abs at 0", ag.abs, [0.0], 0.0, [0.0]),
    case("abs at -0", abs, [-0.0], 0.0, [0.0]),
    case("maximum at a tie", ag.maximum, [2.0, 2.0], 2.0, [0.5, 0.5]),
    case("minimum at a tie", ag.minimum, [2.0, 2.0], 2.0, [0.5, 0.5]),
    case("maximum(x, x)", lambda x: ag.maximum(x, x), [3.0], 3.0, [1.0]),
    case("minimum(x, x)", lambda x: ag.minimum(x, x), [3.0], 3.0, [1.0]),
    case("maximum(x, 0) at 0, unlike relu", lambda x: ag.maximum(x, 0.0), [0.0], 0.0, [0.5]),
    case("maximum(0, x) at 0", lambda x: ag.maximum(0.0, x), [0.0], 0.0, [0.5]),
    case("maximum(nan, 1)", ag.maximum, [nan, 1.0], nan, None),
    case("maximum(1, nan)", ag.maximum, [1.0, nan], nan, None),
    case("minimum(nan, 1)", ag.minimum, [nan, 1.0], nan, None),
    case("minimum(1, nan)", ag.minimum, [1.0, nan], nan, None),
    case("maximum(sqrt(x), 1) at 0", lambda x: ag.maximum(ag.sqrt(x), 1.0), [0.0], 1.0, [0.0]),
    case("where(x > 0, sqrt(x), 0) at 0", lambda x: ag.where(x > 0.0, ag.sqrt(x), 0.0), [0.0], 0.0, [0.0]),
    case("x**0 at 0", lambda x: x**0, [0.0], 1.0, [0.0]),
    case("nan**0", lambda x: ag.pow(x, 0.0), [nan], 1.0, [0.0]),
    case("inf**0", lambda x: ag.pow(x, 0.0), [inf], 1.0, [0.0]),
    case("x**1 at 0", lambda x: ag.pow(x, 1.0), [0.0], 0.0, [1.0]),
    case("x**2 at 0", lambda x: ag.pow(x, 2.0), [0.0], 0.0, [0.0]),
    case("x**3 at 0", lambda x: ag.pow(x, 3.0), [0.0], 0.0, [0.0]),
    case("x**0.5 at 0", lambda x: ag.pow(x, 0.5), [0.0], 0.0, [inf]),
    case("x**1.5 at 0", lambda x: ag.pow(x, 1.5), [0.0], 0.0, [0.0]),
    case("x**-1 at 0", lambda x: ag.pow(x, -1.0), [0.0], inf, [-inf]),
    case("x**-1 at -0", lambda x: ag.pow(x, -1.0), [-0.0], -inf, [-inf]),
    case("negative ** non-integer", lambda x: ag.pow(x, 1 / 3), [-8.0], nan, [nan]),
    case("negative ** integer", lambda x: ag.pow(x, 3.0), [-2.0], -8.0, [12.0]),
    case("pow(0, 0)", ag.pow, [0.0, 0.0], 1.0, [0.0, 0.0]),
    case("pow(0, 1)", ag.pow, [0.0, 1.0], 0.0, [1.0, 0.0]),
    case("pow(0, 2)", ag.pow, [0.0, 2.0], 0.0, [0.0, 0.0]),
    case("pow(0, -1)", ag.pow, [0.0, -1.0], inf, [-inf, -inf]),
    case("pow(-2, 2)", ag.pow, [-2.0, 2.0], 4.0, [-4.0, nan]),
    case("pow overflows", lambda x: ag.pow(x, 3.0), [-1e200], -inf, None),
    case("sqrt at 0", ag.sqrt, [0.0], 0.0, [inf]),
    case("sqrt(-1)", ag.sqrt, [-1.0], nan, [nan]),
    case("log(0)", ag.log, [0.0], -inf, [inf]),
    case("log(-1)", ag.log, [-1.0], nan, [nan]),
    case("log1p(-1)", ag.log1p, [-1.0], -inf, [inf]),
    case("log1p(-2)", ag.log1p, [-2.0], nan, [nan]),
    case("1/0", ag.truediv, [1.0, 0.0], inf, [inf, -inf]),
    case("0/0", ag.truediv, [0.0, 0.0], nan, [inf, nan]),
    case("x/x at 0", lambda x: ag.truediv(x, x), [0.0], nan, [nan]),
    case("1/-0", ag.truediv, [1.0, -0.0], -inf, [-inf, -inf]),
    case("a/b at 1e200", ag.truediv, [1.0, 1e200], 1e-200, [1e-200, -0.0]),
    case("a/b with b**2 beyond the numbers", ag.truediv, [1e160, 1e155], 1e5, [1e-155, -1e-150]),
    case("exp(710)", ag.exp, [710.0], inf, [inf]),
    case("exp(-1000)", ag.exp, [-1000.0], 0.0, [0.0]),
    case("sin(inf)", ag.sin, [inf], nan, [nan]),
    case("cos(-inf)", ag.cos, [-inf], nan, [nan]),
    case("tan(inf)", ag.tan, [inf], nan, [nan]),
    case("tanh(1e3)", ag.tanh, [1e3], 1.0, [0.0]),
    case("tanh(-1e3)", ag.tanh, [-1e3], -1.0, [0.0]),
    case("sigmoid(1e3)", ag.sigmoid, [1e3], 1.0, [0.0]),
    case("sigmoid(-1e3)", ag.sigmoid, [-1e3], 0.0, [0.0]),
    case("softplus at 0", ag.softplus, [0.0], math.log(2.0), [0.5]),
    case("softplus(1e3)", ag.softplus, [1e3], 1e3, [1.0]),
    case("softplus(21), where others cut over", ag.softplus, [21.0], 21.00000000075826, [0.9999999992417439]),
    case("log_sigmoid at 0", ag.log_sigmoid, [0.0], -math.log(2.0), [0.5]),
    case("gelu(inf)", ag.gelu, [inf], inf, [1.0]),
    case("gelu(-inf)", ag.gelu, [-inf], 0.0, [0.0]),
    case("gelu_tanh(inf)", ag.gelu_tanh, [inf], inf, [1.0]),
    case("gelu_tanh(-inf)", ag.gelu_tanh, [-inf], 0.0, [0.0]),
    case("silu(inf)", ag.silu, [inf], inf, [1.0]),
    case("silu(-inf)", ag.silu, [-inf], 0.0, [0.0]),
    case("nan * 0", ag.mul, [nan, 0.0], nan, [0.0, nan]),
    case("inf - inf", ag.sub, [inf, inf], nan, [1.0, -1.0]),
    case("0 * sqrt(x) at 0 is a loud nan", lambda x: 0.0 * ag.sqrt(x), [0.0], 0.0, [nan]),
    case("clip below", lambda x: ag.clip(x, -1.0, 1.0), [-2.0], -1.0, [0.0]),
    case("clip at the lower bound", lambda x: ag.clip(x, -1.0, 1.0), [-1.0], -1.0, [1.0]),
    case("clip at the upper bound", lambda x: ag.clip(x, -1.0, 1.0), [1.0], 1.0, [1.0]),
    case("clip above", lambda x: ag.clip(x, -1.0, 1.0), [2.0], 1.0, [0.0]),
    case("clip(nan)", lambda x: ag.clip(x, -1.0, 1.0), [nan], nan, None),
    case("elu at 0", ag.elu, [0.0], 0.0, [1.0]),
    case("elu at 0, alpha below 1", lambda x: ag.elu(x, 0.5), [0.0], 0.0, [0.5]),
    case("elu at 0, alpha above 1", lambda x: ag.elu(x, 2.0), [0.0], 0.0, [1.0]),
    case("leaky_relu at 0", ag.leaky_relu, [0.0], 0.0, [0.01]),
    case("elu at 0", ag.elu, [0.0], 0.0, [1.0]),
    case("logsumexp(1e308, 1e308)", ag.logsumexp, [1e308, 1e308], 1e308, [0.5, 0.5]),
    case("logsumexp(-inf, -inf)", ag.logsumexp, [-inf, -inf], -inf, None),
    case("logsumexp(-inf, 0)", ag.logsumexp, [-inf, 0.0], 0.0, [0.0, 1.0]),
    case("logsumexp(inf, 0)", ag.logsumexp, [inf, 0.0], inf, [nan, 0.0]),
    case("logsumexp(0, inf)", ag.logsumexp, [0.0, inf], inf, [0.0, nan]),
    case("logsumexp(inf, inf)", ag.logsumexp, [inf, inf], inf, [nan, nan]),
    case("logsumexp(inf, -inf, 1e308)", ag.logsumexp, [inf, -inf, 1e308], inf, [nan, 0.0, 0.0]),
    case("logsumexp(nan, 0)", ag.logsumexp, [nan, 0.0], nan, [nan, nan]),
    case("logsumexp(nan, inf)", ag.logsumexp, [nan, inf], nan, [nan, nan]),
    case("logaddexp(0, inf)", ag.logaddexp, [0.0, inf], inf, [0.0, nan]),
    case("softmax(inf, 0), of inf", lambda *x: ag.softmax(x)[0], [inf, 0.0], nan, None),
    case("softmax(inf, 0), of 0", lambda *x: ag.softmax(x)[1], [inf, 0.0], 0.0, None),
    case("softmax(-inf, 0), of -inf", lambda *x: ag.softmax(x)[0], [-inf, 0.0], 0.0, [0.0, 0.0]),
    case("softmax(-inf, -inf)", lambda *x: ag.softmax(x)[0], [-inf, -inf], nan, None),
    case("log_softmax(inf, 0), of inf", lambda *x: ag.log_softmax(x)[0], [inf, 0.0], nan, None),
    case("log_softmax(inf, 0), of 0", lambda *x: ag.log_softmax(x)[1], [inf, 0.0], -inf, [nan, 1.0]),
    case("log_softmax(-inf, 0), of -inf", lambda *x: ag.log_softmax(x)[0], [-inf, 0.0], -inf, [1.0, -1.0]),
    case("cross-entropy, the right class far below", right_class(1), [0.0, -1e12, 0.7], 1000000000001.1032, FAR_BELOW),
    case("cross-entropy, the right class out of sight", right_class(1), [0.0, -1e17, 0.7], 1e17, FAR_BELOW),
    case("cross-entropy, the right class impossible", right_class(1), [0.0, -inf, 0.7], inf, FAR_BELOW),
    case("cross-entropy beyond the numbers", right_class(1), [1e308, -1e308, 0.0], inf, [1.0, -1.0, 0.0]),
    case("cross-entropy, another class certain", right_class(1), [inf, 0.0], inf, [nan, -1.0]),
    case("cross-entropy, another class impossible", right_class(1), [-inf, 0.0], 0.0, [0.0, 0.0]),
    case("cross-entropy of inf", right_class(0), [inf, 0.0], nan, None),
    case("cross-entropy of one class", right_class(0), [5.0], 0.0, [0.0]),
    case("cross-entropy at a tie", right_class(1), [-1e300, -1e300], math.log(2.0), [0.5, -0.5]),
    case("hypot(0, 0)", ag.hypot, [0.0, 0.0], 0.0, [0.0, 0.0]),
    case("arctan2(0, 0)", ag.arctan2, [0.0, 0.0], 0.0, [nan, nan]),
    case("arcsin(1)", ag.arcsin, [1.0], math.pi / 2, [inf]),
    case("arcsin(2)", ag.arcsin, [2.0], nan, [nan]),
    case("xlogy(0, 0)", ag.xlogy, [0.0, 0.0], 0.0, [0.0, 0.0]),
    case("BCE at p = 0, y = 0", lambda p: binary_cross_entropy(p, 0), [0.0], 0.0, [1.0]),
    case("BCE at p = 1, y = 1", lambda p: binary_cross_entropy(p, 1), [1.0], 0.0, [-1.0]),
    case("BCE wrong and certain", lambda p: binary_cross_entropy(p, 1), [0.0], inf, [-inf]),
    case("BCE wrong and certain, the other way", lambda p: binary_cross_entropy(p, 0), [1.0], inf, [inf]),
    case("BCE from logits at 0", lambda z: binary_cross_entropy_with_logits(z, 0), [0.0], math.log(2.0), [0.5]),
    case("BCE from logits at 1e3", lambda z: binary_cross_entropy_with_logits(z, 1), [1e3], 0.0, [0.0]),
    case("BCE from logits at -1e3", lambda z: binary_cross_entropy_with_logits(z, 1), [-1e3], 1e3, [-1.0]),
    case("subnormal numbers are kept", lambda x: x * 0.5, [1e-320], 5e-321, [0.5]),
    case("exp into the subnormal numbers", ag.exp, [-740.0], math.exp(-740.0), [math.exp(-740.0)]),
    case("sigmoid where s(1 - s) has no digits", ag.sigmoid, [40.0], 1.0, [4.248354255291589e-18]),
    case("tanh where 1 - t*t has no digits", ag.tanh, [20.0], 1.0, [1.6993417021166355e-17]),
]


def agrees(found: float, wanted: float) -> bool:
    """Equal up to two roundings; nan equals nan."""
    return found == wanted or (math.isnan(found) and math.isnan(wanted)) or math.isclose(found, wanted, rel_tol=5e-16)


@pytest.mark.parametrize(("f", "at", "value", "slopes"), CASES)
def test_convention(f: Callable[..., Any], at: list[float], value: float, slopes: list[float] | None) -> None:
    """Value on floats and on Values, and gradient; with no warning and no exception."""
    if f is not abs:
        plain = f(*at) if not isinstance(f(*at), complex) else nan
        assert agrees(plain, value)
    leaves = [Value(x) for x in at]
    result = f(*leaves)
    assert agrees(result.data, value)
    result.backward()
    if slopes is not None:
        found = [leaf.grad for leaf in leaves]
        assert all(map(agrees, found, slopes)), f"found {found}, wanted {slopes}"


@pytest.mark.parametrize(
    ("f", "at", "wanted"),
    [
        pytest.param(lambda x: x**2, 0.0, 2.0, id="x**2 at 0"),
        pytest.param(lambda x: x**1, 0.0, 0.0, id="x**1 at 0"),
        pytest.param(lambda x: x**0, 0.0, 0.0, id="x**0 at 0"),
        pytest.param(lambda x: x**3, 0.0, 0.0, id="x**3 at 0"),
        pytest.param(lambda x: x**2, -3.0, 2.0, id="x**2 at -3"),
        pytest.param(ag.tanh, 0.0, 0.0, id="tanh at 0"),
        pytest.param(ag.tanh, 1e-10, -2e-10, id="tanh near 0"),
        pytest.param(ag.tanh, 1e3, 0.0, id="tanh at 1e3"),
        pytest.param(ag.sigmoid, 0.0, 0.0, id="sigmoid at 0"),
        pytest.param(ag.softplus, 0.0, 0.25, id="softplus at 0"),
        pytest.param(ag.log_sigmoid, 0.0, -0.25, id="log_sigmoid at 0"),
        pytest.param(lambda z: binary_cross_entropy_with_logits(z, 1), 0.0, 0.25, id="BCE from logits at 0"),
        pytest.param(lambda z: binary_cross_entropy_with_logits(z, 0), 0.0, 0.25, id="BCE from logits at 0, the other class"),
        pytest.param(lambda z: binary_cross_entropy_with_logits(z, 1), 40.0, 4.248354255291589e-18, id="BCE from logits at 40"),
        pytest.param(ag.gelu, 0.0, 2.0 / math.sqrt(2.0 * math.pi), id="gelu at 0"),
        pytest.param(ag.gelu, inf, 0.0, id="gelu at inf"),
        pytest.param(ag.silu, -inf, 0.0, id="silu at -inf"),
        pytest.param(ag.arcsin, 1e-10, 1e-10, id="arcsin near 0"),
    ],
)
def test_second_derivative(f: Callable[[Any], Any], at: float, wanted: float) -> None:
    """Second derivatives, where the big frameworks have had their bugs."""
    assert math.isclose(derivative(f, order=2)(at), wanted, rel_tol=1e-14, abs_tol=1e-300)


def test_a_leaf_the_result_does_not_depend_on() -> None:
    """Its gradient is 0.0, never None."""
    x, y = Value(1.0), Value(2.0)
    (x * 2.0).backward()
    assert y.grad == 0.0
    assert type(y.grad) is float


def test_backward_after_a_clean_forward_never_raises() -> None:
    """If the slope is inf or nan, so is the gradient."""
    x = Value(0.0)
    (ag.sqrt(x) + ag.log(x) + 1.0 / x + ag.exp(1e3 + x)).backward()
    assert not math.isfinite(x.grad)


@pytest.mark.parametrize(
    ("function", "at"),
    [
        (ag.log, -1.0),
        (ag.log1p, -2.0),
        (lambda x: ag.xlogy(2.0, x), -1.0),
        (ag.sqrt, -1.0),
        (ag.arcsin, 2.0),
        (ag.arccos, -2.0),
    ],
    ids=["log", "log1p", "xlogy", "sqrt", "arcsin", "arccos"],
)
def test_outside_the_domain_every_order_is_nan(function: Any, at: float) -> None:
    """As value and slope are: a second derivative of 0 there would be a wrong number."""
    for order in range(5):
        assert math.isnan(ag.derivative(function, order=order)(at)), order
        assert math.isnan(ag.jit(ag.derivative(function, order=order))(at)), order
