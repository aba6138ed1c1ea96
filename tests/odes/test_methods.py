"""Methods: the order of each, of its polynomial and of its estimate, measured by halving steps."""

import math

import pytest

import autograd as ag
from autograd.odes.methods import METHODS, rk4


def field(y: list, t: float) -> list:
    """Linear, not autonomous: y = sin t solves it, as does z = cos t."""
    return [y[1] + 0.5 * (y[0] - ag.sin(t)), -y[0] - 0.3 * (y[1] - ag.cos(t)) * y[1]]


def errors(name: str, steps: int) -> tuple[float, float, float]:
    """Of the end, of the polynomial in the middle of the last step, and the estimate there."""
    h, t, y = 1.0 / steps, 0.0, [0.0, 1.0]
    slope = field(y, t)
    for _ in range(steps):
        step = METHODS[name].step(field, t, y, slope, h)
        middle = [a + sum(d[k] * 0.4 ** (j + 1) for j, d in enumerate(step.D)) for k, a in enumerate(y)]
        between = max(abs(middle[0] - math.sin(t + 0.4 * h)), abs(middle[1] - math.cos(t + 0.4 * h)))
        y, slope, t = step.y, step.slope, t + h
    return max(abs(y[0] - math.sin(1.0)), abs(y[1] - math.cos(1.0))), between, max(map(abs, step.error))


@pytest.mark.parametrize(("name", "order"), [("dopri5", 5), ("tsit5", 5), ("rosenbrock", 4)])
def test_orders(name: str, order: int) -> None:
    """Halving the step divides the error by 2**order, that of the polynomial and the estimate by at least 2**(order - 1)."""
    coarse, fine = errors(name, 8), errors(name, 16)
    assert math.log2(coarse[0] / fine[0]) > order - 0.4
    assert math.log2(coarse[1] / fine[1]) > order - 1.4
    assert math.log2(coarse[2] / fine[2]) > order - 1.4


@pytest.mark.parametrize("name", METHODS)
def test_the_polynomial_joins_both_ends(name: str) -> None:
    """At theta 1 it is the next y; its slope there is that of the field, for methods whose polynomial is smooth."""
    y = [0.3, 0.8]
    step = METHODS[name].step(field, 0.2, y, field(y, 0.2), 0.1)
    end = [a + sum(d[k] for d in step.D) for k, a in enumerate(y)]
    assert end == pytest.approx(step.y, rel=1e-13)
    slope = [sum((j + 1) * d[k] for j, d in enumerate(step.D)) / 0.1 for k in range(2)]
    assert slope == pytest.approx(step.slope, rel=1e-3)


def test_rk4_is_of_order_4() -> None:
    """The classical method."""

    def error(steps: int) -> float:
        y, h = [0.0, 1.0], 1.0 / steps
        for i in range(steps):
            y = rk4(field, i * h, y, h)
        return abs(y[0] - math.sin(1.0))

    assert math.log2(error(10) / error(20)) == pytest.approx(4.0, abs=0.3)
