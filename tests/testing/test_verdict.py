"""The verdict, from estimates made by hand."""

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
