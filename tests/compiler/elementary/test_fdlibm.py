"""tanh, expm1 and log1p in every case of theirs, against mpmath: also where the C library takes other steps."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.elementary import fdlibm
from autograd.compiler.elementary.lanes import Number
from tests.compiler.elementary.test_lanes import ran

AROUND = [1e-300, 1e-20, 1e-9, 0.1, 0.292, 0.293, 0.3465, 0.3466, 0.4142, 0.4143, 0.999999, 1.0, 1.0397, 1.0398, 1.7, 3.0, 7.0]
LARGE = [13.8, 14.0, 22.0, 38.8, 39.2, 45.0, 600.0]
BOTH = [*AROUND, *[-x for x in AROUND], *LARGE, *[-x for x in LARGE]]


@pytest.mark.parametrize(
    ("steps", "truth", "points"),
    [
        (fdlibm.tanh, mpmath.tanh, BOTH),
        (fdlibm.expm1, mpmath.expm1, BOTH),
        (fdlibm.log1p, mpmath.log1p, [x for x in BOTH if x > -1.0]),
    ],
)
def test_close(steps: Callable[[Number], Number], truth: Any, points: list[float]) -> None:
    """Within a unit in the last place and a half, and of the right sign at 0."""
    points = [*points, *[math.nextafter(x, 0.0) for x in points], 0.0, -0.0]
    with mpmath.workprec(200):
        for x, found in zip(points, ran(steps, 2, points), strict=True):
            exact = truth(mpmath.mpf(x))
            assert abs(found - exact) <= 1.5 * math.ulp(float(exact)), x
            assert math.copysign(1.0, found) == math.copysign(1.0, x)
