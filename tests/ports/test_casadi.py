"""CasADi's example of optimal control: a van der Pol oscillator, by single shooting through Runge-Kutta steps."""

import numpy as np
import pytest

from autograd import fori_loop, jacobian, jit, scan, value_and_grad
from tests.ports import RECORDS

T, N, M = 10.0, 20, 4  # the time, the controls, the steps of each
H = T / N / M


def field(x: tuple, u: object) -> tuple:
    """The slopes of the two states and of the cost."""
    a, b, _ = x
    return (1.0 - b * b) * a - b + u, a, a * a + b * b + u * u


def step(x: tuple, u: object) -> tuple:
    """A step of the classical Runge-Kutta method."""

    def ahead(slope: tuple, by: float) -> tuple:
        return tuple(number + by * s for number, s in zip(x, slope, strict=True))

    k1 = field(x, u)
    k2 = field(ahead(k1, H / 2.0), u)
    k3 = field(ahead(k2, H / 2.0), u)
    k4 = field(ahead(k3, H), u)
    return tuple(n + H / 6.0 * (a + 2.0 * b + 2.0 * c + d) for n, a, b, c, d in zip(x, k1, k2, k3, k4, strict=True))


def interval(x: tuple, u: object) -> tuple:
    """The state after one control, carried on and noted."""
    x = fori_loop(0, M, lambda _, x: step(x, u), x)
    return x, x[0]


def cost(controls: list) -> object:
    """The integral of the squares of both states and the control."""
    return scan(interval, (0.0, 1.0, 0.0), controls)[0][2]


def path(controls: list) -> list:
    """The first state after each control, which is to stay above -0.25."""
    return scan(interval, (0.0, 1.0, 0.0), controls)[1]


def test_the_best_control() -> None:
    """SciPy's SLSQP with compiled derivatives finds IPOPT's cost and controls; not from zeros, in some versions."""
    optimize = pytest.importorskip("scipy.optimize")
    record = RECORDS["casadi_van_der_pol"]
    both, bound, slopes = jit(value_and_grad(cost)), jit(path), jit(jacobian(path))

    def objective(u: np.ndarray) -> tuple[float, list[float]]:
        value, slope = both(u.tolist())
        return value, slope

    constraint = {
        "type": "ineq",
        "fun": lambda u: np.array(bound(u.tolist())) + 0.25,
        "jac": lambda u: np.array(slopes(u.tolist())),
    }
    found = optimize.minimize(
        objective, np.full(N, 0.5), jac=True, method="SLSQP", bounds=[(-1.0, 1.0)] * N, constraints=[constraint],
        options={"maxiter": 200, "ftol": 1e-13},
    )  # fmt: skip
    assert found.success
    assert found.fun == pytest.approx(record["cost"], rel=1e-7)
    assert found.x.tolist() == pytest.approx(record["controls"], abs=1e-4)
    assert cost(record["controls"]) == pytest.approx(record["cost"], rel=1e-12)
