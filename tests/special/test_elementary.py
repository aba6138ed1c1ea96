"""Whole parts and remainders by Python's and NumPy's rules, methods and operators; sinc near 0."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, derivative, grad, jit
from autograd.testing.battery import same_bits

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(FLOATS)
@example(0.5)
@example(-2.5)
@example(-0.0)
@example(2.0**52 + 1.0)
def test_whole_numbers_as_numpy_has_them(x: float) -> None:
    """To the sign of zero."""
    for ours, numpy in ((ag.floor, np.floor), (ag.ceil, np.ceil), (ag.trunc, np.trunc), (ag.round, np.rint)):
        assert same_bits(ours(x), float(numpy(x))), ours.name


@given(FLOATS, FLOATS.filter(bool))
@example(-7.0, 3.0)
@example(7.0, -3.0)
@example(-1e-300, 3.0)
@example(6.0, -3.0)
@example(0.3, 0.1)
def test_remainders_as_python_has_them(x: float, y: float) -> None:
    """`%`, `//`, `divmod` and `math.fmod`, to the sign of zero, with floats on either side."""
    assert same_bits((Value(x) % y).data, x % y)
    assert same_bits((x % Value(y)).data, x % y)
    assert same_bits((Value(x) // Value(y)).data, x // y)
    assert same_bits((x // Value(y)).data, x // y)
    assert same_bits(ag.fmod(x, y), math.fmod(x, y))
    for quotient, rest in (divmod(Value(x), y), divmod(x, Value(y))):
        assert (same_bits(quotient.data, x // y), same_bits(rest.data, x % y)) == (True, True)


def test_remainders_at_the_edges() -> None:
    """Never an exception: as NumPy, a remainder by 0 is nan, a quotient inf or nan."""
    with np.errstate(all="ignore"):
        for x in (1.0, -1.0, 0.0, math.inf, math.nan):
            for y in (0.0, -0.0, math.inf, -math.inf):
                assert same_bits(ag.mod(x, y), float(np.mod(x, y)))
                assert same_bits(ag.fmod(x, y), float(np.fmod(x, y)))
                assert same_bits(ag.floor_divide(x, y), float(np.floor_divide(x, y)))


def test_slopes_of_remainders() -> None:
    """1 and minus the whole quotient: PyTorch's of `remainder` and `fmod`."""
    assert grad(lambda x, y: x % y, argnums=(0, 1))(-7.5, 2.0) == (1.0, 4.0)
    assert grad(ag.fmod, argnums=(0, 1))(-7.5, 2.0) == (1.0, 3.0)
    assert grad(lambda x, y: x // y, argnums=(0, 1))(-7.5, 2.0) == (0.0, 0.0)


def test_pythons_functions_of_values_and_symbols() -> None:
    """`round`, `math.floor` and their like give Values with slope 0, and compile."""

    def f(x: Any) -> Any:
        whole = round(x) + 10.0 * math.floor(x) + 100.0 * math.ceil(x) + 1000.0 * math.trunc(x)
        return whole + round(x, 1) + round(x, -1) + x % 0.75 + 5.5 % x + x // 0.3 + sum(divmod(x, 0.7)) + sum(divmod(9.0, x))

    for x in (2.25, -2.25, 17.5):
        value, slope = ag.value_and_grad(f)(x)
        assert jit(ag.value_and_grad(f))(x) == (value, slope)
        assert value == pytest.approx(f(x), rel=1e-15)
        assert slope == pytest.approx(1.0 - (5.5 // x) + 1.0 - (9.0 // x), rel=1e-15)
    floor = math.floor(Value(2.5) * 1.0)
    assert type(floor) is Value
    assert int(floor) == 2  # without a warning: no gradient is lost
    assert jit(lambda x: ((x > 0.0) + (x > 1.0) + (x > 2.0)) % 2)(1.5) == 0.0


@pytest.mark.parametrize("order", range(5))
def test_sinc_near_0(order: int) -> None:
    """Derivatives do not cancel."""
    for x in (0.0, 1e-9, 1e-3, 0.3, 0.64, 0.9, 3.5):
        with mpmath.workdps(60):
            right = mpmath.diff(mpmath.sincpi, mpmath.mpf(x), order)
        assert derivative(ag.sinc, order=order)(x) == pytest.approx(float(right), rel=1e-11, abs=1e-13 * math.pi**order)


def test_other_names() -> None:
    """NumPy's and SciPy's names are the same primitives, and methods."""
    x = Value(0.75)
    assert (ag.rint, ag.remainder, ag.radians, ag.degrees, ag.gammaln) == (ag.round, ag.mod, ag.deg2rad, ag.rad2deg, ag.lgamma)
    assert (x.rint(), x.radians(), x.degrees()) == (ag.round(x), ag.deg2rad(x), ag.rad2deg(x))
