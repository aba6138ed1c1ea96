# ruff: noqa: B008 - a primitive in a default belongs to its case, and is made when that runs
"""Wrong rules are caught wherever they hide, with the operation at fault; kinks are named."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, grad, jvp, primitive, stop_gradient, where
from autograd.primitives import sech2, unit
from autograd.real import number_of
from autograd.testing import GradcheckError, gradcheck
from autograd.testing.comparison import Comparison, Wrong
from autograd.testing.faults import at_fault, check
from autograd.testing.flat import alone

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
    "a kink's slope outside both sides": (abs, lambda r, x: where(x > 0.0, 1.0, where(x < 0.0, -1.0, 2.0)), (0.0,)),
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
    """Each item of the list, alone and inside a function; the error names the primitive, the operands and their labels."""
    evaluate, partials, at = WRONG[name]
    tie = (lambda *xs: len(set(xs)) == 1) if by_kink and "tie" in name else None
    made = primitive("wrong_test", evaluate=evaluate, partials=partials, kink=tie)
    with pytest.raises(GradcheckError, match="wrong_test"):
        gradcheck(made, *at)

    def f(*xs: Any) -> Any:
        inner = [ag.identity(x) for x in xs]
        for i, x in enumerate(inner):
            if isinstance(x, Value):
                x.label = f"operand_{i}"
        return 2.0 * made(*inner) + 1.0

    with pytest.raises(GradcheckError, match=r"at fault: wrong_test\(operand_0 = ") as caught:
        gradcheck(f, *at)
    assert "gradcheck(f) at args = (" in str(caught.value)


@pytest.mark.parametrize("lose", [lambda x: math.sin(x.item()), lambda x: math.sin(x.data), lambda x: x.detach().sin()])
def test_a_gradient_lost_on_the_way_is_caught(lose: Callable[[Any], Any]) -> None:
    """Every primitive is right then, and the message says what to look for."""
    with pytest.raises(GradcheckError, match=r"part of the computation is not recorded: math.tanh\(x\) instead"):
        gradcheck(lambda x: x * lose(x if isinstance(x, Value) else Value(x)), 1.0)


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


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
@settings(max_examples=100)
def test_any_point_of_a_function_with_kinks(x: float, y: float) -> None:
    """Ties and zeros included."""
    gradcheck(lambda x, y: ag.maximum(ag.abs(x), y) * ag.tanh(x - y), x, y)


def wrong(evaluate: Callable[..., float], partials: Callable[..., Any], **more: Any) -> Any:
    """A primitive with wrong partials."""
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


@pytest.mark.parametrize(
    ("slope", "text"), [(3.0, None), (2.5, r"at fault: wrong_test\(operand 0 = 0.5\), checked alone: d f / d")]
)
def test_the_operation_at_fault(slope: float, text: str | None) -> None:
    """Is found among the others by checking each alone, up to the order in question."""
    made = wrong(lambda x: x * x * x, lambda r, x: slope * x * x)
    comparison = Comparison(lambda xs: [ag.exp(made(ag.sin(xs[0]) * 0.0 + 0.5 * xs[0]))], [1.0], ["x"], ("rev",), 1e-9)
    found = at_fault(comparison, 1)
    assert found is None if text is None else re.match(text, found or "")


def spoiled() -> Any:
    """sin, with a slope wrong by a hundredth and a reference that runs on complex numbers."""
    return wrong(math.sin, lambda r, x: 1.01 * ag.cos(x), reference="sin")


SURROUNDINGS: dict[str, Callable[[Any], tuple[Callable[..., Any], Any]]] = {
    "a captured leaf": lambda g: (lambda x, w=Value(2.0): g(w * x), 0.7),
    "a captured node with history": lambda g: (lambda x, w=ag.tanh(Value(2.0)) * 3.0: g(w * x), 0.7),
    "a Value as argument": lambda g: (lambda x: g(2.0 * x), Value(0.7)),
    "a node as argument, and a captured leaf": lambda g: (lambda x, w=Value(2.0): g(w * x), Value(0.1) * 7.0),
    "constants": lambda g: (lambda x: g(x) * Value(2.0) + Value(1.0) - 3.0, 0.7),
    "several outputs, some constant": lambda g: (lambda x, w=Value(2.0): [ag.sin(w * x), w, 3.0, w * w, g(x + w)], 0.7),
    "several inputs": lambda g: (lambda xs, w=Value(2.0): [xs["a"] * w, g(w - xs["b"][0])], {"a": 0.3, "b": [0.7]}),
    "an array of Values": lambda g: (lambda xs, w=Value(2.0): g(xs[0] * xs[1] * w), np.array([Value(0.3), Value(0.7)])),
    "a compiled function": lambda g: (ag.jit(lambda x: 1.0 + g(2.0 * x)), 0.7),
    "a compiled function that captures": lambda g: (ag.jit(lambda x, w=Value(2.0): g(w * x)), 0.7),
    "a compiled function within": lambda g: (lambda x, w=Value(2.0), f=ag.jit(g): ag.exp(f(w * x)), 0.7),
    "rows": lambda g: (
        lambda x, f=ag.jit(lambda a, b, w=Value(2.0): g(w * a * b), in_axes=(None, 0)): f(x, np.array([0.5, 0.7, 0.9])),
        0.7,
    ),
    "their mean": lambda g: (
        lambda x, f=ag.jit(lambda a, b: g(a) * b, in_axes=(None, 0), reduce="mean"): f(x, np.array([0.5, 0.7, 0.9])),
        0.7,
    ),
    "an inner gradient": lambda g: (grad(lambda x, w=Value(2.0): g(w * x) * x), 0.7),
    "an inner gradient to what is captured": lambda g: (lambda x: grad(lambda y: g(y * x))(0.7) + g(x), 0.7),
    "an inner forward sweep": lambda g: (lambda x, w=Value(2.0): jvp(lambda y: g(y * w) * y, (x,), (w,))[1], 0.7),
    "a kink beside": lambda g: (lambda x, y, w=Value(2.0): ag.relu(x * w) + g(w * y), (0.0, 0.7)),
    "an unused operand": lambda g: (lambda x, w=Value(2.0): [g(w), g(w * x)][1], 0.7),
}


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_the_operation_at_fault_among_all_kinds_of_nodes(surroundings: str) -> None:
    """Is found by its name; and where its rule is right, nothing is."""
    for g, is_wrong in ((ag.sin, False), (spoiled(), True)):
        f, at = SURROUNDINGS[surroundings](g)
        args = at if type(at) is tuple else (at,)
        if is_wrong:
            with pytest.raises(GradcheckError, match=r"at fault: wrong_test\(operand 0 = "):
                gradcheck(f, *args)
        else:
            assert gradcheck(f, *args).checked + len(gradcheck(f, *args).kinks) > 0


@pytest.mark.parametrize("w", [0.3, 0.9, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("f", [ag.erf, ag.erfc, ag.tanh, ag.gelu, ag.softplus], ids=lambda f: f.name)
def test_right_functions_of_what_is_captured(f: Any, w: float) -> None:
    """Also in their tails, where rounding has to be known."""
    captured = Value(w)
    for x in (-5.0, 0.3, 5.0):
        gradcheck(lambda x: f(captured * x), x)
        gradcheck(lambda x: f(x * captured) * captured - captured, x)


def test_what_does_not_depend_on_the_inputs_is_not_at_fault() -> None:
    """A wrong rule, or a kink, in the history of a captured Value changes no derivative here."""
    captured = spoiled()(Value(2.0)) * ag.relu(Value(0.0) * 2.0)
    assert gradcheck(lambda x: x * captured + ag.abs(Value(0.0)), 0.7).kinks == ()
    with pytest.raises(GradcheckError, match="part of the computation is not recorded"):
        gradcheck(lambda x: x * captured + x * math.sin(number_of(x)), 0.7)


def test_kinks_inside_compiled_functions_are_named() -> None:
    """By the operation, as outside of them."""
    for f in (ag.jit(lambda x: ag.abs(x) * 2.0), lambda x: ag.jit(ag.abs)(x * 2.0)):
        assert gradcheck(f, 0.0).kinks == ("abs(operand 0 = 0.0)",)


def test_a_point_near_by_is_checked_before_the_second_order() -> None:
    """3x for x**2 is right at 0, and its slope is what the second order is compared with."""
    made = wrong(lambda x: x * x, lambda r, x: 3.0 * x)
    check(Comparison(alone(made), [0.0], ["x"], ("fwd", "rev"), 1e-9), [1])
    with pytest.raises(Wrong, match=r"near by, at \[0.0078125\], d f / d x is wrong") as caught:
        check(Comparison(alone(made), [0.0], ["x"], ("fwd", "rev"), 1e-9), [1, 2])
    assert caught.value.order == 2
    check(Comparison(alone(made), [0.0], ["x"], ("fwd", "rev"), 1e-9), [1, 2], nearby=True)  # 3 is the slope of 3x


def test_inputs_that_lead_to_a_kink_are_left_out() -> None:
    """And the others are compared."""
    comparison = Comparison(lambda xs: [ag.abs(xs[0]) + xs[1] * xs[1]], [0.0, 1.0], ["x", "y"], ("rev",), 1e-9)
    check(comparison, [1])
    assert (comparison.bent, comparison.checked, list(comparison.kinks)) == ({0}, 1, ["abs(operand 0 = 0.0)"])
