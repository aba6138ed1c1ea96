"""The verdict, from estimates made by hand."""

import math

import pytest

from autograd.testing.stencil import Estimate
from autograd.testing.verdict import Evidence


@pytest.mark.parametrize(("noise", "kind"), [(0.0, "kink"), (1e-12, "unresolved")])
def test_sides_that_differ_by_less_than_the_noise_are_no_kink(noise: float, kind: str) -> None:
    """Slopes of 0 and 1e-6, the same in two steps: a kink, unless rounding on the way may have done it."""
    evidence = Evidence(found=5e-7, slack=1e-300, exact=None, blur=lambda: 0.0, rtol=1e-9)
    for step in (1e-4, 1e-5):
        estimate = Estimate(5e-7, 1e-6, 0.0, 1e-6, step, jump=1e-6 * step, height=1e-9, noise=noise, length=1.0)
        evidence.estimates.append(estimate)
    assert evidence.final().kind == kind


@pytest.mark.parametrize(("found", "kind"), [(2.0, "right"), (3.0, "unresolved"), (math.nan, "unresolved")])
def test_a_complex_step_alone_may_confirm_but_not_accuse(found: float, kind: str) -> None:
    """Where no difference can be taken, as of x**y to y below 0."""
    assert Evidence(found, slack=1e-15, exact=2.0, blur=lambda: 0.0, rtol=1e-9).final().kind == kind
