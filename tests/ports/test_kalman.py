"""The likelihood of a Kalman filter and its slopes, beside the density of all observations at once."""

import numpy as np
import pytest

from autograd import grad, jit, log, scan

RNG = np.random.default_rng(0)
OBSERVED = (np.cumsum(RNG.normal(size=30)) + 0.7 * RNG.normal(size=30)).tolist()


def log_likelihood(parameters: list, observed: list = OBSERVED) -> object:
    """Of a random walk with variance q a step, seen with variance r, from a first state of variance 1."""
    q, r = parameters

    def turn(state: tuple, y: object) -> tuple:
        mean, variance, total = state
        variance = variance + q
        seen, error = variance + r, y - mean
        gain = variance / seen
        total = total - 0.5 * (log(2.0 * np.pi * seen) + error * error / seen)
        return (mean + gain * error, (1.0 - gain) * variance, total), None

    return scan(turn, (0.0, 1.0, 0.0), observed)[0][2]


def dense(q: float, r: float) -> tuple[float, list[float]]:
    """The same from the covariance of all observations, and its slopes: (y' S^-1 dS S^-1 y - tr(S^-1 dS)) / 2."""
    n, y = len(OBSERVED), np.array(OBSERVED)
    walk = np.minimum.outer(np.arange(1, n + 1), np.arange(1, n + 1)).astype(float)
    covariance = 1.0 + q * walk + r * np.eye(n)
    weighted = np.linalg.solve(covariance, y)
    value = -0.5 * (y @ weighted + np.linalg.slogdet(covariance)[1] + n * np.log(2.0 * np.pi))
    parts = [0.5 * (weighted @ d @ weighted - np.trace(np.linalg.solve(covariance, d))) for d in (walk, np.eye(n))]
    return float(value), [float(part) for part in parts]


@pytest.mark.parametrize("wrap", [lambda f: f, jit], ids=["eager", "compiled"])
@pytest.mark.parametrize("parameters", [(1.0, 0.5), (0.1, 2.0), (3.0, 0.01)])
def test_likelihood(parameters: tuple[float, float], wrap: object) -> None:
    """Value and slopes, step by step and at once."""
    value, slopes = dense(*parameters)
    assert wrap(log_likelihood)(list(parameters)) == pytest.approx(value, rel=1e-11)
    assert wrap(grad(log_likelihood))(list(parameters)) == pytest.approx(slopes, rel=1e-9)
