"""Rows one after another: programs with loops whose turns only the run counts, under a map."""

from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, fori_loop, grad, jit, sin, while_loop


def root(a: Any, b: Any) -> Any:
    """The square root by Newton's method, and more."""
    x = while_loop(lambda x: abs(x * x - a) > 1e-13, lambda x: 0.5 * (x + a / x), a * 1.0)
    return x * b + fori_loop(0, 3, lambda i, c: sin(c) + i, x)


@pytest.mark.parametrize("backend", ["llvm", "python"])
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_each_row_has_its_own_turns(reduce: Any, backend: str) -> None:
    """The bits of eager code, reduced in the same blocks."""
    rows = np.linspace(0.5, 100.0, 23)
    options = {"in_axes": (0, None), "reduce": reduce, "backend": backend}
    found = jit(root, **options)(rows, 2.0)
    expected = jit(root, **options)([Value(x) for x in rows], 2.0)
    assert np.ravel(found).tolist() == [x.item() for x in np.ravel(expected)]
    slopes = np.array([grad(root)(x, 2.0) for x in rows])
    total = {None: slopes, "sum": slopes.sum(), "mean": slopes.mean()}[reduce]
    assert jit(grad(root), **options)(rows, 2.0) == pytest.approx(total, rel=1e-12)


class Rooted(nn.Module):
    """A model with a loop whose turns only the run counts."""

    def __init__(self) -> None:
        super().__init__()
        self.neuron = nn.Neuron(1, activation=None, rng=0)

    def forward(self, x: Any) -> Any:
        """A root of a neuron's square."""
        a = self.neuron(x) ** 2.0 + 1.0
        return while_loop(lambda y: abs(y * y - a) > 1e-12, lambda y: 0.5 * (y + a / y), a * 1.0)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_training_with_such_a_loop() -> None:
    """It goes on Values, since machine code over rows has no such loops."""
    model = Rooted()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    history = nn.fit(model, [[1.0], [4.0]], [2.0, 4.0], loss=nn.mse_loss, optimizer=optimizer, epochs=3, progress=False)
    losses = history.losses if hasattr(history, "losses") else [float(x) for x in history["loss"]]
    assert losses[-1] < losses[0]
