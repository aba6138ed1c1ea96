"""More primitives: values and derivatives against mpmath at 60 digits, Python's and NumPy's rules, methods and operators."""

import math
from collections.abc import Callable
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


CASES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "jn0": (lambda x: mpmath.besselj(0, x), [0.0, 0.3, 1.9, 2.1, 7.5, -12.0, 24.9, 25.1, 80.0]),
    "jn1": (lambda x: mpmath.besselj(1, x), [0.0, 0.3, 1.9, 2.1, 7.5, -12.0, 24.9, 25.1, 80.0]),
    "jn2": (lambda x: mpmath.besselj(2, x), [0.0, 0.3, 1.9, 2.1, 7.5, -12.0, 24.9, 25.1, 80.0]),
    "iv0": (lambda x: mpmath.besseli(0, x), [0.0, 0.3, 2.0, -7.5, 19.9, 20.1, 100.0]),
    "iv1": (lambda x: mpmath.besseli(1, x), [0.0, 0.3, 2.0, -7.5, 19.9, 20.1, 100.0]),
    "iv3": (lambda x: mpmath.besseli(3, x), [0.0, 0.3, 2.0, -7.5, 19.9, 20.1, 100.0]),
    "i0e": (lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)), [0.3, 2.0, -7.5, 19.9, 20.1, 1e3, 1e6]),
    "i1e": (lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)), [0.3, 2.0, -7.5, 19.9, 20.1, 1e3, 1e6]),
}
ROWS: dict[str, Callable[[Any], Any]] = {
    name: (lambda x, name=name: getattr(ag, name[:2])(float(name[2]), x)) if name[2].isdigit() else getattr(ag, name)
    for name in CASES
}


@pytest.mark.parametrize("name", CASES)
def test_bessel_functions_at_60_digits(name: str) -> None:
    """Value and three derivatives, within 1e-14 of the largest of the neighbouring ones; compiled to the same bits."""
    truth, points = CASES[name]
    compiled = [jit(derivative(ROWS[name], order=k)) for k in range(3)]
    for x in points:
        with mpmath.workdps(60):
            exact = [mpmath.diff(truth, mpmath.mpf(x), k) for k in range(4)]
        found = [derivative(ROWS[name], order=k)(x) for k in range(4)]
        for k, (ours, right) in enumerate(zip(found, exact, strict=True)):
            near = 0.0 if name.endswith("e") else max(abs(float(e)) for e in exact) * min(1.0, abs(x) + 0.1)
            assert abs(ours - right) <= 3e-14 * max(abs(right), near), (x, k, ours, right)
        for k, f in enumerate(compiled):
            assert same_bits(f(x), found[k])


def test_bessel_functions_have_their_own_rows() -> None:
    """j0, j1, i0 and i1 are jn and iv of orders 0 and 1, with the slopes of tables."""
    for x in (-30.0, -1.5, 0.0, 0.7, 11.0):
        assert (ag.j0(x), ag.j1(x), ag.i0(x), ag.i1(x)) == (ag.jn(0.0, x), ag.jn(1.0, x), ag.iv(0.0, x), ag.iv(1.0, x))
        assert grad(ag.j0)(x) == -ag.j1(x)
        assert grad(ag.i0)(x) == ag.i1(x)
    assert (grad(ag.i0e)(0.0), grad(ag.i1e)(0.0), ag.j0(math.inf), ag.i0e(math.inf)) == (0.0, 0.5, 0.0, 0.0)
    assert math.isnan(ag.jn(0.5, 1.0))
    assert math.isnan(ag.jn(-1.0, 1.0))


@pytest.mark.parametrize("n", [0.0, 1.0, 2.0, 5.0, 12.0, 30.0])
def test_polygamma_of_every_order(n: float) -> None:
    """To 1e-14; the slope is that of the next order."""
    for x in (1e-3, 0.4, 1.0, 2.5, 9.9, 40.0, 1e6):
        with mpmath.workdps(60):
            right = mpmath.psi(int(n), mpmath.mpf(x))
        assert ag.polygamma(n, x) == pytest.approx(float(right), rel=1e-14)
        assert grad(ag.polygamma, argnums=1)(n, x) == ag.polygamma(n + 1.0, x) or n == 30.0
    compiled = jit(lambda x: ag.polygamma(n, x))
    assert same_bits(compiled(2.5), ag.polygamma(n, 2.5))


def test_gamma_functions_of_negative_numbers() -> None:
    """By reflection; poles have inf and nan, as SciPy has them."""
    for x in (-0.5, -1.25, -7.7, -20.1):
        with mpmath.workdps(60):
            value, slope = mpmath.log(abs(mpmath.gamma(mpmath.mpf(x)))), mpmath.psi(0, mpmath.mpf(x))
        assert ag.lgamma(x) == pytest.approx(float(value), rel=1e-13, abs=1e-14)
        assert grad(ag.lgamma)(x) == pytest.approx(float(slope), rel=1e-12)
    assert [ag.lgamma(x) for x in (0.0, -1.0, -math.inf, math.inf)] == [math.inf] * 4
    assert ag.digamma(0.0) == -math.inf
    assert math.isnan(ag.digamma(-2.0))


def test_inverse_of_the_error_function_in_the_tails() -> None:
    """Where 1 - x has few digits the result has all."""
    for x in (1e-300, 1e-9, 0.5, 0.9, 1.0 - 1e-9, 1.0 - 2.0**-53, -(1.0 - 2.0**-53)):
        with mpmath.workdps(60):
            right = mpmath.erfinv(mpmath.mpf(x))
        assert ag.erfinv(x) == pytest.approx(float(right), rel=1e-15)
        assert ag.erf(ag.erfinv(x)) == pytest.approx(x, rel=1e-15)
    assert (ag.erfinv(1.0), ag.erfinv(-1.0), grad(ag.erfinv)(1.0)) == (math.inf, -math.inf, math.inf)
    assert math.isnan(grad(ag.erfinv)(1.5))


@pytest.mark.parametrize("order", range(5))
def test_log_ndtr_in_the_tails(order: int) -> None:
    """All derivatives keep their digits, where Phi underflows and where 1 - Phi does."""
    for x in (-1e6, -1e3, -40.0, -5.0, -2.01, -1.99, 0.0, 1.0, 6.0):
        with mpmath.workdps(80):
            truth = lambda t: mpmath.log(mpmath.erfc(-t / mpmath.sqrt(2)) / 2)  # noqa: E731 - one line
            if abs(x) > 100.0:  # Laplace's asymptotic series, for mpmath's erfc has its limits

                def series(t: Any) -> Any:
                    terms = [(-1) ** k * mpmath.fac2(2 * k - 1) / t ** (2 * k) for k in range(9)]
                    return -t * t / 2 - mpmath.log(-t) - mpmath.log(2 * mpmath.pi) / 2 + mpmath.log(mpmath.fsum(terms))

                right = mpmath.diff(series, mpmath.mpf(x), order)
            else:
                right = mpmath.diff(truth, mpmath.mpf(x), order)
        assert derivative(ag.log_ndtr, order=order)(x) == pytest.approx(float(right), rel=1e-11), x


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
