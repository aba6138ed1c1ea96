"""Gradient clipping: PyTorch's numbers, norms that do not overflow, and what it refuses."""

import math
from typing import Any

import pytest

from autograd import Value, jit
from nn import clip_grad_norm_, clip_grad_value_
from nn.optim.clipping import clip_scale, clipped, joined, larger, norm_of, share
from tests.nn import make_references as references


def reached(*gradients: float | None) -> list[Value]:
    """Parameters with these gradients."""
    parameters = [Value(1.0) for _ in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    return parameters


@pytest.mark.parametrize(("norm_type", "max_norm"), references.NORMS)
def test_clipping_by_norm_is_pytorchs(norm_type: float, max_norm: float) -> None:
    """The norm before, and the gradients after, whether they were above the bound or not."""
    norm, gradients = references.recorded()["norms"][f"{norm_type}, {max_norm}"]
    parameters = reached(*references.CLIPPED)
    assert clip_grad_norm_(parameters, max_norm, norm_type=norm_type) == pytest.approx(norm, rel=1e-12)
    assert [p.grad for p in parameters] == pytest.approx(gradients, rel=1e-12)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("size", [1e-200, 1e200, 3e307])
def test_norms_of_very_large_and_small_gradients(size: float, norm_type: float) -> None:
    """Neither overflow nor vanish on the way: two equal ones have 2**(1/p) times their size."""
    norm = clip_grad_norm_(reached(size, -size), math.inf, norm_type=norm_type)
    assert norm == pytest.approx(size * 2.0 ** (1.0 / norm_type), rel=1e-15)


def test_what_has_no_gradient_is_left_alone() -> None:
    """Nothing to clip has norm 0; a single parameter and a generator will do."""
    parameters = reached(None, 8.0, None)
    assert clip_grad_norm_((p for p in parameters), 4.0) == 8.0
    assert not parameters[0].has_grad
    assert parameters[1].grad == pytest.approx(4.0, rel=1e-6)
    clip_grad_value_(parameters, 2.0)
    assert not parameters[0].has_grad
    assert clip_grad_norm_(Value(1.0), 1.0) == 0.0
    zeros = reached(1.0, 1.0)
    for parameter in zeros:
        parameter.grad = 0.0
    for norm_type in (1.0, 2.0, 3.5, math.inf):
        assert clip_grad_norm_(zeros, 1.0, norm_type) == 0.0
        assert [(p.has_grad, p.grad) for p in zeros] == [(True, 0.0)] * 2


def test_gradients_within_the_bound_keep_their_bits() -> None:
    """They are not scaled by a number near 1."""
    parameters = reached(0.1, 0.2, 0.3)
    clip_grad_norm_(parameters, 1.0)
    assert [p.grad for p in parameters] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("norm_type", [2.0, 3.0, math.inf])
def test_gradients_that_are_not_finite(norm_type: float) -> None:
    """nan makes the norm and every gradient nan; inf leaves 0 of the finite ones, as in PyTorch."""
    parameters = reached(math.nan, 1.0, -math.inf)
    assert math.isnan(clip_grad_norm_(parameters, 1.0, norm_type=norm_type))
    assert all(math.isnan(p.grad) for p in parameters)
    parameters = reached(-math.inf, 1.0)
    assert clip_grad_norm_(parameters, 1.0, norm_type=norm_type) == math.inf
    assert math.isnan(parameters[0].grad)
    assert parameters[1].grad == 0.0


GRADIENTS = [
    [],
    [0.0, -0.0],
    [3.0, -4.0, 0.5],
    [0.1] * 7,
    [5e-324, -5e-324],
    [1e308, 1e308, -1e-308],
    [math.inf, 1.0],
    [math.nan, 1.0],
    [1.0, math.nan, -math.inf],
]


@pytest.mark.parametrize("order", [2.0, 1.0, 3.5, math.inf])
@pytest.mark.parametrize("gradients", GRADIENTS, ids=str)
def test_the_rules_compile(gradients: list[float], order: float, backend: str) -> None:
    """Norm, factor and bound are one piece of code: on Symbols they give the bits that they give on floats."""

    def both(gradients: list[Any]) -> Any:
        norm = norm_of(gradients, order)
        return norm, clip_scale(norm, 1.5), [clipped(gradient, 0.75) for gradient in gradients]

    found, wanted = jit(both, backend=backend)(gradients), both(gradients)
    assert [repr(float(x)) for x in found[:2]] == [repr(x) for x in wanted[:2]]
    assert [repr(float(x)) for x in found[2]] == [repr(x) for x in wanted[2]]


@pytest.mark.parametrize("order", [2.0, 3.0])
def test_the_norm_is_two_sums_from_left_to_right(order: float) -> None:
    """Whoever maps the pieces over gradients, block by block, gets the same bits."""
    gradients = [0.1 * i - 3.0 for i in range(100)]
    largest = total = 0.0
    for gradient in gradients:
        largest = larger(largest, gradient)
    for gradient in gradients:
        total += share(gradient, largest, order)
    assert largest == 6.9
    assert clip_grad_norm_(reached(*gradients), math.inf, order) == joined(largest, total, order) == norm_of(gradients, order)
    assert norm_of(gradients) == pytest.approx(math.hypot(*gradients), rel=1e-14)


def test_clipping_by_value() -> None:
    """Each by itself, on both sides; nan stays."""
    parameters = reached(3.0, -3.0, 0.5, -1.0, math.inf, math.nan)
    clip_grad_value_(parameters, 1)
    assert [p.grad for p in parameters[:-1]] == [1.0, -1.0, 0.5, -1.0, 1.0]
    assert math.isnan(parameters[-1].grad)
    single = reached(5.0)[0]
    clip_grad_value_(single, 0.25)
    assert single.grad == 0.25


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: clip_grad_norm_(reached(1.0), -1.0),
            ValueError,
            "max_norm must be not negative, not -1.0: max_norm=1.0, for example",
        ),
        (lambda: clip_grad_norm_(reached(1.0), math.nan), ValueError, "max_norm must be not negative, not nan"),
        (
            lambda: clip_grad_norm_(reached(1.0), 1.0, norm_type=0),
            ValueError,
            "norm_type must be positive, not 0: norm_type=2.0, for",
        ),
        (lambda: clip_grad_norm_(reached(1.0), "1"), TypeError, "max_norm must be one real number"),
        (lambda: clip_grad_norm_([1.0], 1.0), TypeError, r"parameter 0 is 1.0, not a Value: pass model.parameters\(\)"),
        (lambda: clip_grad_norm_(1.0, 1.0), TypeError, "parameters must be a list of Values, not a float"),
        (lambda: clip_grad_value_(reached(1.0), -0.5), ValueError, "clip_value must be not negative, not -0.5"),
    ],
)
def test_what_clipping_refuses(call: Any, error: type[Exception], message: str) -> None:
    """Before any gradient is touched."""
    with pytest.raises(error, match=message):
        call()
