"""JAX's quickstart and its Autodiff cookbook."""

import pytest

from autograd import dot, exp, grad, hessian, hvp, jacfwd, jit, log, tanh, vjp
from tests.ports import RECORDS
from tests.ports.test_hips import INPUTS, TARGETS

RECORD = RECORDS["jax_cookbook"]
W, B, V = [0.3, -0.7, 0.2], 0.4, [1.0, -2.0, 0.5]


def predict(w: list, b: float) -> list:
    """The probability of each input."""
    return [0.5 * (tanh((dot(x, w) + b) / 2) + 1) for x in INPUTS]


def loss(w: list, b: float) -> object:
    """Minus the logarithm of the likelihood."""
    total = 0.0
    for p, target in zip(predict(w, b), TARGETS, strict=True):
        total = total - log(p * target + (1 - p) * (1 - target))
    return total


@pytest.mark.parametrize("wrap", [lambda f: f, jit], ids=["eager", "compiled"])
def test_quickstart(wrap: object) -> None:
    """grad(sum_logistic) of 0, 1, 2: 0.25, 0.19661194, 0.10499357."""

    def sum_logistic(xs: list) -> object:
        total = 0.0
        for x in xs:
            total = total + 1.0 / (1.0 + exp(-x))
        return total

    found = wrap(grad(sum_logistic))([0.0, 1.0, 2.0])
    assert [f"{x:.6f}" for x in found] == ["0.250000", "0.196612", "0.104994"]
    assert found == pytest.approx(RECORD["sum_logistic"], rel=1e-14)


@pytest.mark.parametrize("wrap", [lambda f: f, jit], ids=["eager", "compiled"])
def test_cookbook(wrap: object) -> None:
    """Gradients by two arguments, a Jacobian, a Hessian, and products with both."""
    slope, offset = wrap(grad(loss, argnums=(0, 1)))(W, B)
    assert slope == pytest.approx(RECORD["gradients"][0], rel=1e-12)
    assert offset == pytest.approx(RECORD["gradients"][1], rel=1e-12)
    for row, wanted in zip(wrap(jacfwd(lambda w: predict(w, B)))(W), RECORD["jacobian"], strict=True):
        assert list(row) == pytest.approx(wanted, rel=1e-12)
    for row, wanted in zip(wrap(hessian(lambda w: loss(w, B)))(W), RECORD["hessian"], strict=True):
        assert list(row) == pytest.approx(wanted, rel=1e-12)
    assert wrap(lambda w, v: hvp(lambda w: loss(w, B), (w,), (v,)))(W, V) == pytest.approx(RECORD["hvp"], rel=1e-12)
    _, pull = vjp(lambda w: predict(w, B), W)
    assert pull([0.0, 1.0, 2.0, 3.0])[0] == pytest.approx(RECORD["vjp"], rel=1e-12)
