"""Right functions are never suspected, at difficult points and random ones; what cannot be compared is not confirmed."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import grad, primitive, stop_gradient
from autograd.primitives import unit
from autograd.table import TABLE
from autograd.testing import Expression, GradcheckError, expressions, gradcheck
from autograd.testing.comparison import Comparison, Wrong, estimates_along, ties
from nn import MLP, binary_cross_entropy_with_logits, cross_entropy, mse_loss
from tests.special import INTEGRALS


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: ag.sin(1e4 * x), (1.0,)),
        (lambda x: ag.exp(500.0 * x), (1.0,)),
        (lambda x: ag.tanh(1e5 * x), (1e-6,)),
        (ag.sin, (1e10,)),
        (lambda x: x * x + 1e12, (1.0,)),
        (lambda x: (x + 1e8) - 1e8, (1.0,)),
        (lambda x: ag.log(1.0 + ag.exp(x)), (-40.0,)),
        (lambda x: (1.0 - ag.cos(x)) / (x * x), (1e-5,)),
        (ag.log, (1e-200,)),
        (lambda x: x**0.5, (1e200,)),
        (lambda x, y: x * y, (1e-200, 1e200)),
        (lambda x: 1.0 / x, (1e-100,)),
        (lambda x: ag.exp(-1.0 / (x * x)), (0.03,)),
        (ag.cos, (0.0,)),
        (lambda x: 0.0 * x, (1.0,)),
        (lambda x, y: y, (1.0, 2.0)),
        (lambda x: 3, (1.0,)),
        (lambda x: [ag.sin(x), [ag.erfc(x)], {"k": x}], (3.0,)),
        (lambda x: ag.arctan2(x, -1.0), (1e-9,)),
        (lambda *x: ag.softmax(x), (1.0, 20.0, -300.0)),
        (lambda *x: ag.log_softmax(x), (1.0, 20.0, -300.0)),
        (lambda x: binary_cross_entropy_with_logits(x, 1), (40.0,)),
        (lambda *x: cross_entropy([list(x)], [1]), (1.0, 2.0, 3.0)),
        (lambda x: grad(lambda y: ag.sin(y) * x)(x), (0.5,)),
        (lambda p: mse_loss([MLP(2, [3, 1], rng=0)(p)], [1.0]), ([0.5, -0.5],)),
        (lambda x: ag.xlogy(x, x), (2,)),
        (lambda x: x**1.5, (0.0,)),
        (lambda x: unit(8.0 * ag.log(ag.sin(x)) ** -1.0, 0.3), (1.5,)),
        (lambda x, y: x**y, (0.0, 2.5)),
        (lambda x: 1e200 * ag.sin(x / 1e200), (7e199,)),
        (lambda x: 1e-200 * ag.sin(x / 1e-200), (7e-201,)),
        (lambda x: 2.0 * ag.hypot(x, x) / x, (-2.202296059888231,)),
        (ag.elu, (-1.027539405511905e-06, 0.0108)),
        (lambda x: ag.where(ag.equal(x, 0.0), 1.0, ag.sin(x) / x), (0.0,)),  # 0 / 0 where it is not chosen
        (lambda a, b: a**b, (-2.0, 2.0)),  # nan, as the derivative to an exponent of a negative base is
        (lambda x: ag.sinh(x) * x, (703.6881788510045,)),
        (lambda x: ag.logsumexp([x, x + 1.0]) - x, (-724.7759482763129,)),
        (lambda x: ag.logsumexp([x, x + 1.0]) - x, (-620.0,)),  # some of the digits underflow inside
        (lambda x: ag.logsumexp([x, x + 1.0]) - x, (-744.0,)),
        (lambda x: x + 1e-8 * ag.sin(1e8 * x), (0.3,)),  # as flat as a line in all steps but small ones
        (lambda x: x + 1e-4 * ag.sin(1e4 * x), (0.3,)),
    ],
)
def test_correct_functions_at_difficult_points(f: Any, at: tuple[Any, ...]) -> None:
    """High frequencies, steepness, plateaus, cancellation, extreme numbers, structures: no false alarm."""
    gradcheck(f, *at)


@given(expressions(max_ops=12))
@example(Expression(2, ((ag.leaky_relu, (1, 0.5)), (ag.mul, (2, 2.0)), (ag.expm1, (3,)), (ag.cos, (4,))), at=(1.0, -1.06e-241)))
@settings(max_examples=6 * settings.default.max_examples)
def test_correct_functions_raise_no_alarm(expression: Expression) -> None:
    """Random expressions of all primitives. (Above 10,000 draws: HYPOTHESIS_PROFILE=thorough.)"""
    gradcheck(expression, *expression.at)


def softmax_by_hand(v: Any) -> Any:
    """Its sum is 1 whatever happens: derivatives that are 0 but for rounding."""
    exponentials = [ag.exp(x) for x in v]
    total = ag.sum_(exponentials)
    shares = [x / total for x in exponentials]
    return [ag.sum_(shares), shares[0]]


def log_shares(v: Any) -> Any:
    """The same by logarithms."""
    total = ag.logsumexp(v)
    return [ag.sum_([ag.exp(x - total) for x in v]), ag.exp(v[0] - total)]


def cosine(v: Any) -> Any:
    """The similarity of a vector to its turned self; and to itself, 1 whatever happens."""
    turned = [*v[1:], v[0]]
    norm = ag.sqrt(ag.dot(v, v))
    return [ag.dot(v, turned) / (norm * ag.sqrt(ag.dot(turned, turned))), ag.dot(v, v) / (norm * norm)]


def standardised(v: Any) -> Any:
    """Mean 0 and variance 1, whatever happens."""
    mean = ag.sum_(v) / len(v)
    away = [x - mean for x in v]
    scores = [x / ag.sqrt(ag.dot(away, away) / len(v)) for x in away]
    return [ag.sum_(scores), ag.dot(scores, scores), scores[0]]


COMPOSED: list[Callable[[Any], Any]] = [
    softmax_by_hand,
    standardised,
    log_shares,
    cosine,
    lambda v: ag.sqrt(ag.dot(v, v)),
    lambda v: [ag.sigmoid(x) + ag.sigmoid(-x) for x in v],
    lambda v: ag.sin(v[0]) ** 2 + ag.cos(v[0]) ** 2,
]


@given(st.sampled_from(COMPOSED), st.lists(st.integers(-5000, 5000), min_size=3, max_size=3, unique=True))
@settings(max_examples=2 * settings.default.max_examples)
def test_functions_that_cancel_are_smooth(f: Any, at: list[int]) -> None:
    """No false alarm, and no kink invented, where a derivative is next to nothing by cancellation."""
    report = gradcheck(f, [0.001 * x for x in at])
    assert not report.kinks


SMOOTH = [p for p in TABLE.values() if p.differentiable and p is not stop_gradient and p.name not in INTEGRALS]


def test_ten_thousand_draws_of_correct_functions_raise_no_alarm() -> None:
    """Every primitive and functions composed of them, each at its own random points; second derivatives at every tenth."""
    rng = random.Random(0)
    drawn: list[Any] = []
    for known in SMOOTH:
        ranges = [interval.transition for interval in known.domain_of(known.arity or 4)]
        drawn.append((known.at, ranges))
        drawn.append((lambda *xs, known=known: ag.tanh(known.at(*xs)) * xs[0] - xs[-1], ranges))
    drawn += [(lambda *xs, f=f: f(list(xs)), [(-5.0, 5.0)] * 3) for f in COMPOSED]
    count = kinks = 0
    while count < 10_000:
        f, ranges = drawn[count % len(drawn)]
        at = [rng.uniform(low, high) for low, high in ranges]
        kinks += bool(gradcheck(f, *at, order=2 if count % 10 == 0 else 1).kinks)
        count += 1
    assert kinks < 0.01 * count, "random points hardly ever hit one"


@pytest.mark.parametrize("f", COMPOSED)
def test_derivatives_that_cancel_are_confirmed(f: Any) -> None:
    """As 0 is, of an output that an input does not change: whatever rounding does, it is known to some 1e-11 of the terms."""
    assert gradcheck(f, [4.825836265504634, -2.044501399510822, 0.9657064318844135]).unresolved == ()


@pytest.mark.parametrize("scale", [1e8, 1e10, 1e12])
def test_what_rounding_drowns_is_not_confirmed(scale: float) -> None:
    """A slope of 1e-5 is lost beside a number that cancels: nobody can tell it from the 0 that a wrong rule says."""
    made = primitive("wrong_test", evaluate=lambda x: float(np.sin(x)), partials=lambda r, x: 0.0)
    for i in range(20):
        report = gradcheck(lambda x: (1e-5 * made(x) + scale) - scale, 0.2 + 0.05 * i, order=1)
        assert report == (0, (), ("d f / d args[0]",))


@pytest.mark.parametrize(
    ("f", "at", "checked"),
    [
        (lambda x: ag.where(ag.equal(x, 0.0), 1.0, ag.sin(x) / x), 1.0, 2),
        (lambda x: ag.where(ag.less(x, 0.0), 1.0, x * x), 3.0, 2),
        (lambda x: ag.where(ag.logical_or(x > 5.0, x < -5.0), 1.0, ag.exp(x)), 0.5, 2),
    ],
)
def test_a_choice_far_from_its_border_is_smooth(f: Any, at: float, checked: int) -> None:
    """A condition that does not hold is 0; that makes no kink of the choice."""
    assert gradcheck(f, at) == (checked, (), ())


@pytest.mark.parametrize("f", [lambda x: x if x > 0.0 else -x, lambda x: 1.0 + x if x > 0.0 else x])
def test_a_branch_of_pythons_is_not_confirmed_at_its_border(f: Any) -> None:
    """A complex step sees but the branch that is taken, the two sides tell."""
    report = gradcheck(f, 0.0, order=1)
    assert report.checked == 0
    assert len(report.kinks) == 1


@pytest.mark.parametrize("x", [4.0, 5.0, 6.0, 7.0, 8.0])
def test_cancellation_in_one_mode_alone_is_no_alarm(x: float) -> None:
    """In forward mode the paths cancel to rounding here, in reverse mode to nothing."""

    def f(x: Any) -> Any:
        d = ag.erfc(x)
        return ag.logsumexp(-d, 3.0, d, 2.0)

    gradcheck(f, x)


def test_modes_that_disagree_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when one of the sweeps is broken."""
    from autograd import linearization

    plain = linearization.forward_sweep

    def broken(*args: Any) -> Any:
        return {node: tangent and tangent * (1.0 + 1e-9) for node, tangent in plain(*args).items()}

    monkeypatch.setattr(linearization, "forward_sweep", broken)
    with pytest.raises(GradcheckError, match=r"the modes disagree: d f / d args\[0\] is .* by fwd and .* by rev"):
        gradcheck(ag.sin, 0.5)


def test_one_order_after_the_other() -> None:
    """Each is compared with the one below, by all combinations of modes, and counted."""
    comparison = Comparison(lambda xs: [xs[0] * xs[1], ag.sin(xs[1])], [0.5, 2.0], ["x", "y"], ("fwd", "rev"), 1e-9)
    for k, checked in ((1, 4), (2, 12)):
        comparison.go_to(k)
        comparison.check_order(k)
        assert comparison.checked == checked
    assert not comparison.kinks
    assert not comparison.unresolved


def test_a_wrong_derivative_is_named_with_its_order_and_error() -> None:
    """By the output, and the inputs in the order of differentiation."""
    made = primitive(
        "wrong_test", evaluate=lambda x, y: x * y * y, partials=lambda r, x, y: (y * y, 2.0 * ag.stop_gradient(x) * y)
    )
    comparison = Comparison(lambda xs: [xs[0], made(*xs)], [3.0, 0.5], ["a", "b"], ("rev",), 1e-9)
    comparison.go_to(1)
    comparison.check_order(1)
    comparison.go_to(2)
    with pytest.raises(
        Wrong, match=r"d2 f\[1\] / d b d a is wrong: found 0.0, expected (1.0|0.9999).*, relative error 1.0e\+00"
    ) as caught:
        comparison.check_order(2)
    assert caught.value.order == 2


def test_derivatives_that_differ_on_values_are_wrong() -> None:
    """Those one order below are computed on Values again when the next is compared with them."""
    made = primitive("wrong_test", evaluate=lambda x: x * x, partials=lambda r, x: 2.0 * x if type(x) is float else 3.0 * x)
    comparison = Comparison(lambda xs: [made(xs[0])], [1.0], ["x"], ("rev",), 1e-9)
    comparison.go_to(1)
    comparison.check_order(1)
    with pytest.raises(Wrong, match=r"the modes disagree: d f / d x is 2.0 on floats and 3.0 on Values"):
        comparison.go_to(2)


def test_ties() -> None:
    """The places of equal numbers that can move, group by group."""
    assert ties([1.0, 2.0, 1.0, 2.0, 1.0, 3.0]) == [[0, 2, 4], [1, 3]]
    assert ties([1.0, 2.0, 1.0, 2.0, 1.0], [True, True, False, False, True]) == [[0, 4]]


def test_estimates_along_a_direction() -> None:
    """For each output; None where the function raises."""
    steps = list(estimates_along(lambda xs: [xs[0] * xs[1], xs[0] + xs[1]], [2.0, 3.0], [1.0, -1.0], [0.0, 0.0], float))
    assert all(step[0] is not None and step[0].slope == pytest.approx(1.0, abs=1e-4) for step in steps)
    assert all(step[1] is not None and step[1].slope == pytest.approx(0.0, abs=1e-3) for step in steps)
    assert all(step == [None] for step in estimates_along(lambda xs: [1 / 0], [1.0], [1.0], [0.0]))
