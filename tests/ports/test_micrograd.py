"""micrograd's README example and its notebook, with two imports changed."""

import random

import numpy as np
import pytest

from autograd import Value
from nn.micrograd import MLP
from tests.ports import RECORDS


def test_readme() -> None:
    """The expression of micrograd's README: 24.7041, and slopes 138.8338 and 645.5773."""
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert (f"{a.grad:.4f}", f"{b.grad:.4f}") == ("138.8338", "645.5773")
    assert [g.data, a.grad, b.grad] == pytest.approx(RECORDS["micrograd_readme"], rel=1e-14)


def test_notebook() -> None:
    """The notebook's two moons: every loss to 1e-12, the accuracies, and the parameters in the end."""
    pytest.importorskip("sklearn")
    from sklearn.datasets import make_moons

    record = RECORDS["micrograd_moons"]
    np.random.seed(1337)
    random.seed(1337)
    X, y = make_moons(n_samples=100, noise=0.1)  # noqa: N806 - the notebook's
    y = y * 2 - 1
    model = MLP(2, [16, 16, 1])
    assert str(model) == record["repr"]

    def loss() -> tuple[Value, float]:
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        return data_loss + reg_loss, sum(accuracy) / len(accuracy)

    losses, accuracies = [], []
    for k in range(100):
        total, accuracy = loss()
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        losses.append(total.data)
        accuracies.append(accuracy)
    assert losses == pytest.approx(record["losses"], rel=1e-12)
    assert accuracies == record["accuracies"]
    assert [p.data for p in model.parameters()] == pytest.approx(record["parameters"], rel=1e-10, abs=1e-12)
