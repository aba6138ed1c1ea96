"""The truth is one: against closed forms, in the tails too."""

import math
import subprocess
import sys
from typing import Any

import mpmath
import pytest

import autograd as ag
from autograd import primitive
from autograd.testing import Expression, truth


@pytest.fixture(autouse=True)
def digits() -> object:
    """Hundreds of them, as the battery uses."""
    with mpmath.workdps(truth.DIGITS):
        yield


def near(found: object, right: object) -> bool:
    """To 40 digits of the number."""
    return bool(abs(found - right) <= abs(right) * mpmath.mpf(10) ** -40)  # type: ignore[operator]


@pytest.mark.parametrize("x", [0.3, -2.0, 1e-8, 30.0, 700.0, -700.0])
def test_derivatives_of_exp_are_exp(x: float) -> None:
    """By operand once, and several times over."""
    f = truth.function(ag.exp)
    right = mpmath.exp(mpmath.mpf(x))
    assert truth.value(f, [x]) == right
    assert near(truth.partial(f, [x], 0), right)
    assert near(truth.derivative(f, [x], [0]), right)
    assert near(truth.derivative(f, [x], [0, 0]), right)


def test_partials_and_mixed_derivatives() -> None:
    """Of x**y: each operand's, and by both."""
    f, x, y = truth.function(ag.pow), mpmath.mpf(2.5), mpmath.mpf(-1.25)
    assert near(truth.partial(f, [2.5, -1.25], 0), y * x ** (y - 1))
    assert near(truth.partial(f, [2.5, -1.25], 1), x**y * mpmath.log(x))
    assert near(truth.derivative(f, [2.5, -1.25], [0, 1]), x ** (y - 1) * (1 + y * mpmath.log(x)))


@pytest.mark.parametrize("x", [1.0, 1e-250, 1e60])
def test_slopes_far_smaller_than_the_function(x: float) -> None:
    """hypot(x, 1e-250)'s to the small operand; and of a constant, exactly 0."""
    f = truth.function(ag.hypot)
    small = mpmath.mpf(1e-250)
    assert near(truth.partial(f, [x, 1e-250], 1), small / mpmath.hypot(x, small))
    assert truth.partial(lambda x: mpmath.mpf(3), [x], 0) == 0
    assert truth.derivative(lambda x: mpmath.mpf(3) * x, [x], [0, 0]) == 0


def test_condition() -> None:
    """That of a power is its exponent, of a difference the size of its operands by the result, of 0 nothing."""
    assert truth.condition(lambda x: x**7, [3.0]) == pytest.approx(7.0)
    assert truth.condition(lambda x, y: x - y, [100.0, 99.0]) == pytest.approx(199.0)
    assert truth.condition(lambda x, y: x - y, [1.0, 1.0]) == 0.0
    assert float(truth.sensitivity(lambda x, y: x - y, [100.0, 100.0])) == pytest.approx(200.0)


@pytest.mark.parametrize(
    ("found", "right", "error"),
    [
        (1.0, mpmath.mpf(1), 0.0),
        (1.0 + 2.0**-52, mpmath.mpf(1), 1.0),
        (math.inf, mpmath.mpf("1e400"), 0.0),
        (-math.inf, mpmath.mpf("-1.79768e308"), 0.0),
        (math.inf, mpmath.mpf(1), math.inf),
        (math.nan, mpmath.mpf(1), math.inf),
        (math.nan, mpmath.nan, 0.0),
        (0.0, mpmath.mpf(5e-324), 1.0),
    ],
)
def test_errors_in_units_in_the_last_place(found: float, right: mpmath.mpf, error: float) -> None:
    """inf agrees with overflow, nan with nan; below the smallest number its size is the unit."""
    assert truth.error_in_ulps(found, right) == pytest.approx(error)


def test_expressions() -> None:
    """The same steps, with constants as exactly the floats that they are."""
    f = truth.of_expression(Expression(2, ((ag.mul, (0, 0.1)), (ag.sin, (2,)), (ag.truediv, (3, 1))), at=(0.5, 2.0)))
    assert near(truth.value(f, (0.5, 2.0)), mpmath.sin(mpmath.mpf(0.5) * mpmath.mpf(0.1)) / 2)


LEFT = ((ag.mul, (0, 3.0)), (ag.sub, (1, 0.30000000000000004)))  # at 0.1: 0.0, the truth is -3e-17
RIGHT = (*LEFT, (ag.add, (2, 1e-18)))  # 1e-18, the truth is -3e-17
CHOICES = {
    "maximum": ((*LEFT, (ag.maximum, (2, -1e-18))), 3.0),
    "minimum": ((*LEFT, (ag.minimum, (2, -1e-18))), 0.0),
    "relu": ((*RIGHT, (ag.relu, (3,))), 3.0),
    "abs": ((*RIGHT, (ag.abs, (3,))), 3.0),
    "a step": ((*RIGHT, (ag.heaviside, (3,)), (ag.mul, (4, 0))), 1.0),
    "floor": ((*RIGHT, (ag.floor, (3,)), (ag.add, (4, 1.0)), (ag.mul, (5, 0))), 1.0),
    "both": ((*RIGHT, (ag.heaviside, (3,)), (ag.where, (4, 0, 5.0))), 1.0),
}


@pytest.mark.parametrize(("steps", "slope"), CHOICES.values(), ids=CHOICES)
def test_a_choice_that_rounding_decides(steps: Any, slope: float) -> None:
    """The truth is that of the side that floats took, as are value and slope of the engine."""
    expression = Expression(1, steps, at=(0.1,))
    x = ag.Value(0.1)
    result = expression(x)
    result.backward()
    with mpmath.workdps(truth.DIGITS):
        f = truth.of_expression(expression)
        assert abs(truth.value(f, (0.1,)) - result.data) < 1e-15
        assert float(truth.derivative(f, (0.1,), (0,))) == x.grad == slope


def test_a_choice_that_is_clear() -> None:
    """It is that of the truth, to the last digit, though the operands are rounded."""
    f = truth.of_expression(Expression(1, ((ag.mul, (0, 3.0)), (ag.maximum, (1, 0.3))), at=(0.1,)))
    assert truth.value(f, (0.1,)) == mpmath.mpf(0.1) * 3


def test_a_choice_by_what_is_wrong() -> None:
    """An operand that is off by more than rounding and takes another side is named: the truth takes no side for it."""
    off = primitive("off_test", evaluate=lambda x: x * (1.0 + 1e-9), partials=(1.0,), reference=lambda mp, x: x)
    with pytest.raises(AssertionError, match=r"maximum chooses by 1\.000000001, not 1\.0"):
        truth.of_expression(Expression(1, ((off, (0,)), (ag.maximum, (1, 1.0 + 1e-10))), at=(1.0,)))


def test_references() -> None:
    """By mpmath's name or a function of mpmath; an unknown name is an error."""
    own = primitive("own_test", evaluate=lambda x: x * x, reference=lambda mp, x: mp.power(x, 2))
    assert truth.function(own)(mpmath.mpf(3)) == 9
    with pytest.raises(ValueError, match="the reference of 'unknown_test' is 'nope', but mpmath has no such function"):
        truth.function(primitive("unknown_test", evaluate=lambda x: x, reference="nope"))


def test_without_mpmath() -> None:
    """The import says what to install."""
    code = "import sys; sys.modules['mpmath'] = None\ntry: import autograd.testing.truth\nexcept ImportError as e: print(e)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "chainrule[testing]"' in done.stdout
