"""nn.init: PyTorch's names."""

import math
import re
import statistics
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import Conv2d, Linear, init
from tests.nn.layers.comparing import flat


@pytest.mark.parametrize(
    ("fill", "variance", "bound"),
    [
        (lambda w: init.uniform_(w, -2.0, 1.0, generator=0), 0.75, 2.0),
        (lambda w: init.normal_(w, 0.0, 3.0, generator=0), 9.0, 20.0),
        (lambda w: init.xavier_uniform_(w, gain=2.0, generator=0), 4.0 * 2.0 / 150.0, 2.0 * math.sqrt(6.0 / 150.0)),
        (lambda w: init.xavier_normal_(w, generator=0), 2.0 / 150.0, 1.0),
        (lambda w: init.kaiming_uniform_(w, nonlinearity="relu", generator=0), 2.0 / 100.0, math.sqrt(6.0 / 100.0)),
        (lambda w: init.kaiming_uniform_(w, a=math.sqrt(5.0), generator=0), 1.0 / 300.0, 0.1),
        (lambda w: init.kaiming_normal_(w, mode="fan_out", generator=0), 2.0 / 50.0, 1.5),
        (lambda w: init.trunc_normal_(w, 0.0, 10.0, -1.0, 1.0, generator=0), 1.0 / 3.0, 1.0),
        (lambda w: init.kaiming_normal_(w, generator=np.random.default_rng(0)), 2.0 / 100.0, 1.0),
    ],
)  # fmt: skip
def test_variances(fill: Any, variance: float, bound: float) -> None:
    """Of a matrix of 50 x 100, as the formula says, and within bounds; the same again from the same seed."""
    layer = Linear(100, 50)
    assert fill(layer.weight)[0] is layer.neurons[0].weights
    numbers = [x.data for x in flat(layer.weight)]
    assert statistics.pvariance(numbers) == pytest.approx(variance, rel=0.1)
    assert max(map(abs, numbers)) <= bound


def test_plain_numbers() -> None:
    """zeros_, ones_, constant_, eye_."""
    layer = Linear(3, 2)
    assert flat(init.zeros_(layer.weight)) == [0.0] * 6
    assert flat(init.ones_(layer.bias)) == [1.0] * 2
    assert [x.data for x in flat(init.eye_(layer.weight))] == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert init.constant_(Value(1.0), 0.25).data == 0.25


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4)])
def test_orthogonal(shape: tuple[int, int]) -> None:
    """W W^T, or W^T W, is gain**2 times the identity."""
    layer = Linear(shape[1], shape[0])
    init.orthogonal_(layer.weight, gain=2.0, generator=0)
    w = np.array([[x.data for x in row] for row in layer.weight])
    product = w @ w.T if shape[0] <= shape[1] else w.T @ w
    assert product == pytest.approx(4.0 * np.eye(min(shape)), abs=1e-12)


def test_fans_of_convolutions() -> None:
    """Channels times the window."""
    conv = Conv2d(3, 8, (2, 5))
    init.xavier_uniform_(conv.weights, generator=0)
    assert 0.9 < max(abs(x.data) for x in flat(conv.weights)) / math.sqrt(6.0 / (30 + 80)) <= 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: init.xavier_uniform_([Value(1.0)]), ValueError, "xavier_uniform_ takes a tensor of at least two dimensions"),
        (lambda: init.zeros_([1.0]), TypeError, "nn.init sets leaf Values in nested lists, such as layer.weight, not 1.0"),
        (lambda: init.zeros_(Value(1.0) * 2.0), TypeError, "leaf Values"),
        (lambda: init.kaiming_normal_([[Value(1.0)]], mode="fan"), ValueError, "mode must be"),
        (lambda: init.calculate_gain("gelu"), ValueError, "no gain is known for 'gelu'"),
        (lambda: init.eye_([Value(1.0)]), ValueError, "eye_ takes a tensor of two dimensions"),
        (lambda: init.trunc_normal_(Value(0.0), 0.0, 1.0, 50.0, 51.0), ValueError, "hardly ever"),
    ],
)  # fmt: skip
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    """What failed, and the fix."""
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_gains() -> None:
    """PyTorch's numbers."""
    assert init.calculate_gain("tanh") == 5.0 / 3.0
    assert init.calculate_gain("relu") == math.sqrt(2.0)
    assert init.calculate_gain("leaky_relu", 0.2) == math.sqrt(2.0 / 1.04)
    assert init.calculate_gain("linear") == init.calculate_gain("sigmoid") == 1.0
