"""The Greeks of a call by the formula of Black and Scholes, beside their closed forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import erfc, exp, grad, hessian, jit, log, sqrt

mpmath = pytest.importorskip("mpmath")


def call(spot: object, rate: object, volatility: object, time: object, strike: float = 100.0) -> object:
    """The price of a European call."""
    spread = volatility * sqrt(time)
    d = (log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread
    return spot * normal(d) - strike * exp(-rate * time) * normal(d - spread)


def normal(x: object) -> object:
    """The cumulative normal distribution."""
    return 0.5 * erfc(-x / 2.0**0.5)


def closed_forms(spot: float, rate: float, volatility: float, time: float, strike: float = 100.0) -> dict[str, float]:
    """Price and Greeks at 40 digits (J. Hull, Options, Futures, and Other Derivatives)."""
    with mpmath.workdps(40):
        s, r, v, t, k = map(mpmath.mpf, (spot, rate, volatility, time, strike))
        spread = v * mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + (r + v * v / 2) * t) / spread
        d2 = d1 - spread
        density, discount = mpmath.npdf(d1), mpmath.exp(-r * t)
        found = {
            "price": s * mpmath.ncdf(d1) - k * discount * mpmath.ncdf(d2),
            "delta": mpmath.ncdf(d1),
            "rho": k * t * discount * mpmath.ncdf(d2),
            "vega": s * density * mpmath.sqrt(t),
            "theta": s * density * v / (2 * mpmath.sqrt(t)) + r * k * discount * mpmath.ncdf(d2),  # by the time left
            "gamma": density / (s * spread),
            "vanna": -density * d2 / v,
            "volga": s * density * mpmath.sqrt(t) * d1 * d2 / v,
        }
        return {name: float(number) for name, number in found.items()}


SLOPES = jit(grad(call, argnums=(0, 1, 2, 3)))
SECOND = jit(hessian(lambda point: call(*point)))
NUMBERS = st.tuples(st.floats(80.0, 125.0), st.floats(0.0, 0.08), st.floats(0.1, 0.6), st.floats(0.2, 3.0))


@given(NUMBERS)
def test_greeks(point: tuple[float, float, float, float]) -> None:
    """Price, all first derivatives and three second ones, at any point."""
    wanted = closed_forms(*point)
    delta, rho, vega, theta = SLOPES(*point)
    second = SECOND(list(point))
    found = {"price": call(*point), "delta": delta, "rho": rho, "vega": vega, "theta": theta,
             "gamma": second[0][0], "vanna": second[0][2], "volga": second[2][2]}  # fmt: skip
    for name, number in found.items():
        assert number == pytest.approx(wanted[name], rel=1e-8, abs=1e-8), name


def test_a_published_example() -> None:
    """Hull's: spot 42, strike 40, rate 10 %, volatility 20 %, six months: 4.76."""
    assert f"{call(42.0, 0.1, 0.2, 0.5, strike=40.0):.2f}" == "4.76"
