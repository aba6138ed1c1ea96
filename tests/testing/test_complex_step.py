"""The complex step against partials and published numbers; and points where it has nothing to say."""

import math
import random
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, primitive
from autograd.definition import Primitive
from autograd.table import TABLE
from autograd.testing.complex_step import complex_step
from tests.special import INTEGRALS


@pytest.mark.parametrize(
    "primitive", [primitive for primitive in TABLE.values() if primitive.reference], ids=lambda primitive: primitive.name
)
def test_every_primitive_has_a_complex_step(primitive: Primitive) -> None:
    """Which is its partial to 1e-12, in its transition region: two statements of one function, and one derivative."""
    rng = random.Random(primitive.name)
    for _ in range(4 if primitive.name in INTEGRALS else 20):
        at = [rng.uniform(*interval.transition) for interval in primitive.domain_of(primitive.arity or 4)]
        if primitive.kink is not None and primitive.kink(*at):
            continue
        partials = primitive.partials(primitive.at(*at), *at)
        for i in range(len(at)):
            found = complex_step(lambda xs: [primitive.at(*xs)], at, [float(j == i) for j in range(len(at))])
            assert found is not None
            assert abs(found[0] - (partials[i] or 0.0)) <= 1e-12 * abs(partials[i] or 0.0) + 1e-15


def test_a_published_example() -> None:
    """Squire and Trapp's x**(9/2) at 1.5: 18.6008... to all digits."""
    assert complex_step(lambda xs: [xs[0] ** 4.5], [1.5], [1.0]) == [pytest.approx(4.5 * 1.5**3.5, rel=1e-15)]


def _real(x: Any) -> Any:
    return primitive("real_test", evaluate=lambda x: 1.0 * math.exp(x))(x)


def _dropping(x: Any) -> Any:
    return primitive("dropping_test", evaluate=lambda x: 1.0 * float(np.exp(x)))(x)


@pytest.mark.parametrize(
    "f",
    [
        math.sin,
        lambda x: x.data,
        lambda x: x.item(),
        float,
        lambda x: ag.log(x - 2.0),
        _real,
        _dropping,
    ],
)
def test_where_it_has_nothing_to_say(f: Any) -> None:
    """None, and no exception: numbers alone, functions that are not analytic, or that drop imaginary parts."""
    assert complex_step(lambda xs: [f(xs[0])], [1.0], [1.0]) is None


@pytest.mark.parametrize("name", ["expm1", "log1p"])
def test_the_digits_of_small_numbers(name: str) -> None:
    """Inside of a reference the real part is not a difference from 1, nor the logarithm of a sum with it."""
    small = -1.027539405511905e-06
    made = primitive(
        "scaled_test",
        evaluate=lambda x, a: a * getattr(math, name)(x),
        reference=lambda mp, x, a: a * getattr(mp, name)(x),
    )
    slope = complex_step(lambda xs: [made(*xs)], [small, 0.0108], [0.0, 1.0])
    assert slope == [pytest.approx(getattr(math, name)(small), rel=1e-15, abs=0.0)]


@pytest.mark.parametrize("x", [-620.0, -650.0, -724.8, -744.0])
def test_underflow_inside_of_a_reference_is_not_a_derivative(x: float) -> None:
    """exp(x) leaves the range there, and the logarithm of its sum would not show that; a zero that is one stays."""
    assert complex_step(lambda xs: [ag.logsumexp(xs[0], xs[0] + 1.0)], [x], [1.0]) is None
    assert complex_step(lambda xs: [ag.hypot(xs[0], xs[0])], [10.0 ** (x / 3.0)], [1.0]) is None
    assert complex_step(lambda xs: [0.0 * xs[0], ag.cos(0.0 * xs[0])], [x], [1.0]) == [0.0, 0.0]


def test_branches_comparisons_and_captured_values() -> None:
    """Go by the real part; a Value from outside is a constant."""
    w = Value(3.0)

    def f(x: Any) -> Any:
        return w * x if x > 0.0 and x >= 0.5 and not x < 0.0 and x != 2.0 and x == 1.0 and x <= 1.0 and bool(x) else 0.0

    assert complex_step(lambda xs: [f(xs[0]), 5.0], [1.0], [1.0]) == [3.0, 0.0]
    assert complex_step(lambda xs: [xs[0] ** 1.5], [0.0], [1.0]) is None
    assert complex_step(lambda xs: [xs[0] * xs[0]], [0.0], [1.0]) == [0.0]
