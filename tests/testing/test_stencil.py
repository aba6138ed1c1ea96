"""The stencil's estimates: as exact as they say, and silent where a function is not finite."""

import math
from collections.abc import Callable

import pytest

from autograd.testing.stencil import estimates


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (math.sin, 1.0),
        (math.exp, 1.0),
        (lambda t: math.tanh(50.0 * t), 50.0),
        (lambda t: math.sin(1e4 * (1.0 + t)), 1e4 * math.cos(1e4)),
        (lambda t: (1.0 + t) ** 3 + 1e6, 3.0),
        (math.cos, 0.0),
        (lambda t: 7.0, 0.0),
    ],
)
def test_the_error_is_at_most_what_the_estimate_says(f: Callable[[float], float], slope: float) -> None:
    """At every step small beside the bends; and the best is good."""
    found = [step[0] for step in estimates(lambda t: [f(t)], [1.0], [0.0], smallest=1e-15)]
    assert all(e is not None and (abs(e.slope - slope) <= 2.0 * e.error or e.step > 1e-4) for e in found)
    assert min(e.error for e in found if e and e.step <= 1e-4) <= 1e-5 * max(1.0, abs(slope))


def test_one_sided_slopes() -> None:
    """Of a kink, 0 and 1; no estimate is sure of the middle."""
    for step in estimates(lambda t: [max(t, 0.0)], [1.0], [0.0], smallest=1e-15):
        assert step[0] is not None
        assert (step[0].left, step[0].right) == (0.0, pytest.approx(1.0))
        assert step[0].error > 0.1


def test_no_estimate_where_the_function_is_not_finite() -> None:
    """nan on one side is nan for all."""
    found = list(estimates(lambda t: [math.sqrt(t) if t >= 0.0 else math.nan, t], [1.0], [0.0, 0.0], smallest=1e-15))
    assert all(step[0] is None and step[1] is not None for step in found)
