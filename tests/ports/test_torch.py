"""PyTorch's tutorial "Learning PyTorch with examples": sin by a polynomial of third order."""

import math

import numpy as np
import pytest

from autograd import jit, value_and_grad, vmap
from tests.ports import RECORDS


def test_polynomial() -> None:
    """The losses of 2000 steps and the four coefficients, by a compiled gradient over rows."""
    x = np.linspace(-math.pi, math.pi, 2000)

    def squared(coefficients: list, x: object, y: object) -> object:
        a, b, c, d = coefficients
        return (a + b * x + c * x**2 + d * x**3 - y) ** 2

    both = jit(value_and_grad(squared), in_axes=(None, 0, 0), reduce="sum")
    numbers, losses, y = [0.3, -0.2, 0.1, 0.05], [], np.sin(x)
    for _ in range(2000):
        loss, slope = both(numbers, x, y)
        losses.append(float(loss))
        numbers = [float(number - 1e-6 * s) for number, s in zip(numbers, slope, strict=True)]
    record = RECORDS["torch_polynomial"]
    assert losses[::100] == pytest.approx(record["losses"], rel=1e-11)
    assert numbers == pytest.approx(record["numbers"], rel=1e-10)
    few = sum(vmap(squared, in_axes=(None, 0, 0))(numbers, x[:5].tolist(), y[:5].tolist()))  # the same without arrays
    assert few == pytest.approx(float(np.sum([squared(numbers, *pair) for pair in zip(x[:5], y[:5], strict=True)])), rel=1e-13)
