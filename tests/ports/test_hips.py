"""HIPS autograd's tutorial and its example of derivatives of tanh."""

import numpy as np
import pytest

from autograd import derivative, dot, exp, grad, jit, log, tanh
from tests.ports import RECORDS

INPUTS = [[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]]
TARGETS = [True, True, False, True]


def training_loss(weights: list) -> object:
    """The tutorial's: -log of the likelihood of a logistic model."""
    total = 0.0
    for x, target in zip(INPUTS, TARGETS, strict=True):
        p = 0.5 * (tanh(dot(x, weights) / 2.0) + 1.0)
        total = total - log(p if target else 1 - p)
    return total


@pytest.mark.parametrize("compiled", [False, True])
def test_logistic_regression(compiled: bool) -> None:
    """The losses before and after 100 steps, and the weights."""
    record, slope = RECORDS["hips_logistic"], grad(training_loss)
    slope = jit(slope) if compiled else slope
    weights = [0.0, 0.0, 0.0]
    assert training_loss(weights) == pytest.approx(record["first"], rel=1e-14)
    for _ in range(100):
        weights = [w - 0.01 * g for w, g in zip(weights, slope(weights), strict=True)]
    assert weights == pytest.approx(record["weights"], rel=1e-12)
    assert training_loss(weights) == pytest.approx(record["last"], rel=1e-12)


def test_derivatives_of_tanh() -> None:
    """The example's function, and its first six derivatives at 15 points."""
    f = lambda x: (1.0 - exp(-x)) / (1.0 + exp(-x))  # noqa: E731 - the example's
    for wanted in RECORDS["hips_tanh"]:
        found = [f(x) for x in np.linspace(-7.0, 7.0, 15).tolist()]
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-9)  # sums of large terms cancel, there and here
        f = derivative(f)
