"""sin and cos in every case of theirs, and their table, against mpmath: also where the C library takes other steps."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.elementary.lanes import Number, number_of
from autograd.compiler.elementary.trigonometric import OFF, cos, sin, table
from tests.compiler.elementary.test_lanes import ran

AROUND = [1e-300, 1e-9, 0.1, 0.125, 0.127, 0.5, 0.8554, 0.8555, 1.0, 1.5707, 1.5709, 2.4262, 2.4263, 3.0, 22.0, 710.5, 1e5, 9e7]
BOTH = [0.0, -0.0, *AROUND, *[-x for x in AROUND], *[k * math.pi / 2.0 for k in range(1, 9)]]


@pytest.mark.parametrize(("steps", "truth"), [(sin, mpmath.sin), (cos, mpmath.cos)])
def test_close(steps: Callable[[Number], Number], truth: Any) -> None:
    """Within little more than half of a unit in the last place; the sine of -0 is -0."""
    with mpmath.workprec(200):
        for x, found in zip(BOTH, ran(steps, 2, BOTH), strict=True):
            exact = truth(mpmath.mpf(x))
            assert abs(found - exact) <= 0.56 * math.ulp(float(exact)), x
            assert found or math.copysign(1.0, found) == math.copysign(1.0, x)


def test_table() -> None:
    """The sine and cosine of k / 128, to twice the digits, or almost."""
    with mpmath.workprec(300):
        exact = [f(mpmath.mpf(k) / 128) for k in range(110) for f in (mpmath.sin, mpmath.cos)]
        for i, (x, high, low) in enumerate(zip(exact, table()[::2], table()[1::2], strict=True)):
            assert number_of(high) == float(x)
            off = math.ulp(float(x - number_of(high))) * (abs(OFF.get(2 * i + 1, 0)) + 1)
            assert abs(number_of(low) - (x - number_of(high))) <= off
