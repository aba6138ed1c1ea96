# ruff: noqa: B008 - a row in a default belongs to its case, and is made when that runs
"""The checker is checked: wrong rules are caught, right ones never suspected, kinks named."""

import math
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, grad, primitive, stop_gradient, where
from autograd.primitives import sech2, unit
from autograd.table import TABLE
from autograd.testing import Expression, GradcheckError, expressions, gradcheck
from nn import MLP, binary_cross_entropy_with_logits, cross_entropy, mse_loss

WRONG: dict[str, tuple[Callable[..., float], Callable[..., Any], tuple[float, ...]]] = {
    "by a thousandth": (math.tanh, lambda r, x: 1.001 * sech2(x), (0.7,)),
    "by a millionth": (math.tanh, lambda r, x: 1.000001 * sech2(x), (0.7,)),
    "by a thousandth, far out": (math.tanh, lambda r, x: 1.001 * sech2(x), (9.0,)),
    "by a thousandth, where the slope is small": (lambda x: 5.0 + 1e-6 * x, lambda r, x: 1.001e-6, (0.7,)),
    "by a sign": (math.tanh, lambda r, x: -sech2(x), (0.7,)),
    "0 instead of a tiny slope": (lambda x: 1e-9 * x, lambda r, x: 0.0, (0.7,)),
    "a dropped operand": (lambda x, y: x * y, lambda r, x, y: (y, 0.0), (0.7, 1.2)),
    "swapped operands": (lambda x, y: x / y, lambda r, x, y: (-x / (y * y), 1.0 / y), (0.7, 1.2)),
    "a tie that nobody gets": (
        lambda x, y: y if y > x else x,
        lambda r, x, y: (where(x > y, 1.0, 0.0), where(y > x, 1.0, 0.0)),
        (0.7, 0.7),
    ),
    "a tie that both get": (
        lambda x, y: y if y > x else x,
        lambda r, x, y: (where(x >= y, 1.0, 0.0), where(y >= x, 1.0, 0.0)),
        (0.7, 0.7),
    ),
    "a kink's slope outside of both sides": (abs, lambda r, x: where(x > 0.0, 1.0, where(x < 0.0, -1.0, 2.0)), (0.0,)),
    "a missing second derivative": (math.tanh, lambda r, x: stop_gradient(sech2(x)), (0.7,)),
    "a wrong second derivative": (
        lambda x: x * x * x,
        lambda r, x: 3.0 * stop_gradient(x) ** 0.001 * x**1.999,
        (0.7,),
    ),
    "a missing mixed derivative": (lambda x, y: x * y, lambda r, x, y: (stop_gradient(y), stop_gradient(x)), (0.7, 1.2)),
    "nan": (math.tanh, lambda r, x: math.nan, (0.7,)),
    "right just here": (lambda x: x * x, lambda r, x: 3.0 * x, (0.0,)),
    "right just here too": (lambda x: x * x, lambda r, x: 2.0 * x + (x - 0.5), (0.5,)),
}


@pytest.mark.parametrize("by_kink", [False, True], ids=["", "kink stated"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_rules_are_caught(name: str, by_kink: bool) -> None:
    """Each item of the list, alone and inside of a function; the error names the row, the operands and their labels."""
    evaluate, partials, at = WRONG[name]
    tie = (lambda *xs: len(set(xs)) == 1) if by_kink and "tie" in name else None
    row = primitive("wrong_test", evaluate=evaluate, partials=partials, kink=tie)
    with pytest.raises(GradcheckError, match="wrong_test"):
        gradcheck(row, *at)

    def f(*xs: Any) -> Any:
        inner = [ag.identity(x) for x in xs]
        for i, x in enumerate(inner):
            if isinstance(x, Value):
                x.label = f"operand_{i}"
        return 2.0 * row(*inner) + 1.0

    with pytest.raises(GradcheckError, match=r"at fault: wrong_test\(operand_0 = ") as caught:
        gradcheck(f, *at)
    assert "gradcheck(f) at args = (" in str(caught.value)


@pytest.mark.parametrize(
    ("evaluate", "partials", "at"),
    [
        (math.tanh, lambda r, x: sech2(x), (9.0,)),
        (lambda x: 5.0 + 1e-6 * x, lambda r, x: 1e-6, (0.7,)),
        (lambda x: 1e-9 * x, lambda r, x: 1e-9, (0.7,)),
        (lambda x: x * x * x, lambda r, x: 3.0 * x * x, (0.0,)),
        (lambda x, y: x * y, lambda r, x, y: (y, x), (0.7, 1.2)),
        (lambda x, y: x / y, lambda r, x, y: (1.0 / y, -r / y), (0.7, 1.2)),
    ],
)
def test_right_rules_pass(evaluate: Callable[..., float], partials: Callable[..., Any], at: tuple[float, ...]) -> None:
    """The same functions, with the partials that they should have: every derivative is confirmed."""
    row = primitive("right_test", evaluate=evaluate, partials=partials)
    assert gradcheck(row, *at) == (len(at) + len(at) ** 2, (), ())


def test_the_message_says_which_where_what_and_by_how_much() -> None:
    """In full."""
    row = primitive("wrong_test", evaluate=lambda x: x * x, partials=lambda r, x: 2.002 * x)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda p: ag.exp(row(p["w"][1])), {"w": [1.0, 2.0]})
    assert str(caught.value) == (
        "gradcheck(<lambda>) at args = ({'w': [1.0, 2.0]},):\n"
        "  d f / d args[0]['w'][1] is wrong: found 218.6109927327095, expected 218.39260013257694, relative error 1.0e-03\n"
        "  at fault: wrong_test(operand 0 = 2.0), checked alone: "
        "d f / d operand 0 is wrong: found 4.004, expected 4.0, relative error 1.0e-03"
    )


@pytest.mark.parametrize("lose", [lambda x: math.sin(x.item()), lambda x: math.sin(x.data), lambda x: x.detach().sin()])
def test_a_gradient_lost_on_the_way_is_caught(lose: Callable[[Any], Any]) -> None:
    """Every row is right then, and the message says what to look for."""
    with pytest.raises(GradcheckError, match=r"part of the computation is not recorded: math.tanh\(x\) instead"):
        gradcheck(lambda x: x * lose(x if isinstance(x, Value) else Value(x)), 1.0)


def test_one_wrong_output_of_several_and_one_wrong_input_of_many() -> None:
    """Is named by its place; of many inputs, combinations are checked."""
    row = primitive("wrong_test", evaluate=lambda x: x * x, partials=lambda r, x: 2.002 * x)
    with pytest.raises(GradcheckError, match=r"d f\[2\] / d args\[0\]\[1\] is wrong"):
        gradcheck(lambda x: {"a": x[0], "b": [x[0] * x[1], row(x[1])]}, [1.0, 2.0])
    with pytest.raises(GradcheckError, match=r"d f / d args\[0\]\[17\] is wrong.*\n.*wrong_test\(operand 0 = 1.7"):
        gradcheck(lambda x: ag.sum_([row(v) if i == 17 else v * v for i, v in enumerate(x)]), [0.1 * i for i in range(30)])
    gradcheck(lambda x: np.sum(np.sin(x) * x[0]), np.linspace(0.0, 1.0, 30))


@pytest.mark.parametrize(
    ("f", "at", "kink"),
    [
        (ag.abs, (0.0,), r"abs\(operand 0 = 0.0\)"),
        (unit, (0.0, 0.0), "unit"),
        (ag.relu, (0.0,), r"relu\(operand 0 = 0.0\)"),
        (ag.maximum, (1.0, 1.0), r"maximum\(operand 0 = 1.0, operand 1 = 1.0\)"),
        (lambda x: ag.maximum(x, 2.0) * x, (2.0,), "maximum"),
        (lambda x: ag.relu(x) - ag.relu(-x), (0.0,), "relu"),  # smooth, but no rule of its parts can know
        (lambda x, y: ag.where(x > 0.0, y, -y), (0.0, 1.0), None),
        (lambda x: x if x > 1.0 else 2.0 * x - 1.0, (1.0,), "jumps"),  # a branch of Python's, of which nobody told
        (lambda x: x if x > 1.0 else 5.0 * x, (1.0,), "jumps"),
    ],
)
def test_kinks_are_named(f: Any, at: tuple[float, ...], kink: str | None) -> None:
    """Not failed, and not passed over in silence."""
    report = gradcheck(f, *at)
    if kink is not None:
        assert any(re.search(kink, text) for text in report.kinks), report


@pytest.mark.parametrize("distance", [10.0**-k for k in range(1, 17)])
@pytest.mark.parametrize("f", [ag.relu, ag.abs, lambda x: ag.maximum(x, 0.0) * ag.cos(x), lambda x: ag.clip(x, -1.0, 0.0) ** 2])
def test_near_kinks(f: Any, distance: float) -> None:
    """However near, around 0 and around 1: no false alarm."""
    for sign in (1.0, -1.0):
        gradcheck(f, sign * distance)
        gradcheck(lambda x: f(x - 1.0), 1.0 + sign * distance)


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
    """Random expressions of all rows. (Above 10,000 draws: HYPOTHESIS_PROFILE=thorough.)"""
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


SMOOTH = [row for row in TABLE.values() if row.differentiable and row is not stop_gradient]


def test_ten_thousand_draws_of_correct_functions_raise_no_alarm() -> None:
    """Every row and functions composed of them, each at its own random points; second derivatives at every tenth."""
    rng = random.Random(0)
    drawn: list[Any] = []
    for row in SMOOTH:
        ranges = [interval.transition for interval in (row.domain if row.arity else row.domain * 4)]
        drawn.append((row.at, ranges))
        drawn.append((lambda *xs, row=row: ag.tanh(row.at(*xs)) * xs[0] - xs[-1], ranges))
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
    row = primitive("wrong_test", evaluate=lambda x: float(np.sin(x)), partials=lambda r, x: 0.0)
    for i in range(20):
        report = gradcheck(lambda x: (1e-5 * row(x) + scale) - scale, 0.2 + 0.05 * i, order=1)
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
    """A condition that does not hold is 0, and that is no kink of what it chooses."""
    assert gradcheck(f, at) == (checked, (), ())


@pytest.mark.parametrize("f", [lambda x: x if x > 0.0 else -x, lambda x: 1.0 + x if x > 0.0 else x])
def test_a_branch_of_pythons_is_not_confirmed_at_its_border(f: Any) -> None:
    """A complex step sees but the branch that is taken, the two sides tell."""
    report = gradcheck(f, 0.0, order=1)
    assert report.checked == 0
    assert len(report.kinks) == 1


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
@settings(max_examples=100)
def test_any_point_of_a_function_with_kinks(x: float, y: float) -> None:
    """Ties and zeros included."""
    gradcheck(lambda x, y: ag.maximum(ag.abs(x), y) * ag.tanh(x - y), x, y)


def wrong(evaluate: Callable[..., float], partials: Callable[..., Any], **more: Any) -> Any:
    """A row that is."""
    return primitive("wrong_test", evaluate=evaluate, partials=partials, **more)


@pytest.mark.parametrize(
    ("make", "at"),
    [
        # a kink elsewhere
        (lambda: lambda x, y, w=wrong(math.sin, lambda r, x: 1.5 * ag.cos(x)): ag.relu(x) + w(y), (0.0, 1.0)),
        (lambda: lambda x, y: ag.relu(x) + y * math.sin(y.item()), (0.0, 1.0)),
        # beside something large, or far from 1
        (lambda: lambda x, w=wrong(math.sin, lambda r, x: 1.001 * ag.cos(x)): 1e6 + w(x), (0.7,)),
        (lambda: lambda x, w=wrong(math.sin, lambda r, x: 1.00001 * ag.cos(x)): 1e4 + w(x), (0.7,)),
        (lambda: lambda x, w=wrong(math.sin, lambda r, x: 1.001 * ag.cos(x), reference="sin"): 1e9 + w(x), (0.7,)),
        (lambda: lambda a, b, w=wrong(math.sin, lambda r, x: 1.5 * ag.cos(x), reference="sin"): a + w(b), (1e10, 2.0)),
        (lambda: wrong(lambda x: x * x * x, lambda r, x: -3.0 * x * x), (1e-8,)),
        (lambda: wrong(lambda x: x * x * x, lambda r, x: 3.003 * x * x), (1e-80,)),
        (lambda: lambda x, w=wrong(math.sin, lambda r, x: -ag.cos(x)): w(x * 1e10), (7e-11,)),
        # by little
        (lambda: wrong(math.sin, lambda r, x: (1.0 + 1e-6) * ag.cos(x)), (0.7,)),
        (lambda: wrong(math.sin, lambda r, x: (1.0 + 1e-8) * ag.cos(x)), (0.7,)),
        (lambda: wrong(math.sin, lambda r, x: (1.0 + 1e-10) * ag.cos(x), reference="sin"), (0.7,)),
        # in a ripple, that large steps do not see
        (lambda: lambda x, w=wrong(math.sin, lambda r, x: 1.001 * ag.cos(x)): x + 1e-8 * w(1e8 * x), (0.3,)),
        # of second order, where it is 0 just here
        (lambda: wrong(math.sin, lambda r, x: ag.cos(stop_gradient(x))), (0.0,)),
        # under a condition that does not hold
        (lambda: lambda x: ag.where(ag.less(x, 0.0), 1.0, x * x.item() if isinstance(x, Value) else x * x), (3.0,)),
        # near a kink, or where it only looks like one
        (lambda: lambda x, w=wrong(math.sin, lambda r, x: 1.001 * ag.cos(x)): w(x) + ag.relu(x - 1.0), (1.0001,)),
        (lambda: lambda x, w=wrong(ag.softplus.evaluate, lambda r, x: 0.9 * ag.sigmoid(x)): w(1e4 * x), (0.0,)),
        # where the complex step is misled
        (lambda: wrong(lambda x: x * float(np.exp(x)), lambda r, x: ag.exp(x)), (0.7,)),
        (lambda: wrong(lambda x: math.exp(x) + x, lambda r, x: ag.exp(x), reference="exp"), (0.7,)),
        # on Values alone
        (lambda: wrong(lambda x: x * x, lambda r, x: 2.0 * x if type(x) is float else 3.0 * x), (1.3,)),
    ],
)  # fmt: skip
def test_wrong_rules_that_hide(make: Callable[[], Any], at: tuple[float, ...]) -> None:
    """Behind a kink, a constant, a scale, a misled reference."""
    with pytest.raises(GradcheckError):
        gradcheck(make(), *at)


@pytest.mark.parametrize("x", [4.0, 5.0, 6.0, 7.0, 8.0])
def test_cancellation_in_one_mode_alone_is_no_alarm(x: float) -> None:
    """In forward mode the paths cancel to rounding here, in reverse mode to nothing."""

    def f(x: Any) -> Any:
        d = ag.erfc(x)
        return ag.logsumexp(-d, 3.0, d, 2.0)

    gradcheck(f, x)


def test_a_small_input_among_many() -> None:
    """Each of many inputs is checked at first order, however small beside the others."""
    point = [0.1 * i - 1.45 for i in range(30)]
    point[17] = 1e-10
    with pytest.raises(GradcheckError, match=r"args\[0\]\[17\]"):
        gradcheck(lambda v: ag.sum_([ag.tanh(x) for x in v[:17] + v[18:]]) - v[17] + 2.0 * v[17].item(), point)


def test_functions_that_change_from_call_to_call() -> None:
    """Are told so."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="fix its seed"):
        gradcheck(lambda x: x * rng.random(), 1.0)


def test_higher_orders_and_single_modes() -> None:
    """order=3 checks fourteen combinations of modes; modes= restricts them."""
    assert gradcheck(lambda x, y: ag.tanh(x * y), 0.5, 2.0, order=3).checked == 2 + 4 + 8
    assert gradcheck(ag.sin, 0.5, modes="fwd").checked == 2
    assert gradcheck(ag.sin, Value(0.5), order=1, modes=("rev",)).checked == 1


def test_modes_that_disagree_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when one of the sweeps is broken."""
    from autograd import linearization

    plain = linearization.forward_sweep

    def broken(*args: Any) -> Any:
        return {node: tangent and tangent * (1.0 + 1e-9) for node, tangent in plain(*args).items()}

    monkeypatch.setattr(linearization, "forward_sweep", broken)
    with pytest.raises(GradcheckError, match=r"the modes disagree: d f / d args\[0\] is .* by fwd and .* by rev"):
        gradcheck(ag.sin, 0.5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gradcheck(3.0, 1.0), TypeError, r"not 3.0: gradcheck\(f, x\), not gradcheck\(f\(x\)\)"),
        (lambda: gradcheck(ag.sin), ValueError, "no number among the arguments"),
        (lambda: gradcheck(ag.sin, "a"), TypeError, r"args\[0\] must be one real number, not the string 'a'"),
        (lambda: gradcheck(ag.sin, 0.5, order=0), ValueError, "order must be 1 or more, not 0"),
        (lambda: gradcheck(ag.sin, 0.5, modes=("up",)), ValueError, r"modes must be some of \('fwd', 'rev'\), not \('up',\)"),
        (lambda: gradcheck(ag.sin, 0.5, modes=()), ValueError, "modes must be some of"),
        (lambda: gradcheck(ag.sin, 0.5, rtol=-1.0), ValueError, "rtol must be above 0, not -1.0"),
        (lambda: gradcheck(lambda x: [], 0.5), ValueError, "returns no number at all"),
        (lambda: gradcheck(ag.log, -1.0), ValueError, "the function is nan at .*: choose a point inside its domain"),
        (lambda: gradcheck(ag.sin, math.inf), ValueError, "the function is nan"),
        (lambda: gradcheck(lambda x: None, 1.0), TypeError, "must be one real number, not None"),
    ],
)
def test_errors(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    """What is wrong with the call."""
    with pytest.raises(error, match=message):
        call()
