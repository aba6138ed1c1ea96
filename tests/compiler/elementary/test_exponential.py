"""exp and log, and their tables, against mpmath: also where the C library takes other steps."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.elementary.exponential import LOG_START, exp, exp_table, log, log_table
from autograd.compiler.elementary.lanes import Number, number_of
from tests.compiler.elementary.test_lanes import ran


def test_table_of_exp() -> None:
    """2**(k/128) to twice the digits."""
    with mpmath.workprec(200):
        for k, (tail, power) in enumerate(zip(exp_table()[::2], exp_table()[1::2], strict=True)):
            exact, near = mpmath.mpf(2) ** (mpmath.mpf(k) / 128), number_of(power + (k << 45))
            assert near == float(exact)
            assert number_of(tail) == pytest.approx(float(exact / near - 1), rel=1e-15, abs=0.0)


def test_table_of_log() -> None:
    """Each c lies in the middle of its part, and its logarithm is almost what the table has."""
    with mpmath.workprec(200):
        for i, (inverse, log_c) in enumerate(zip(log_table()[::2], log_table()[1::2], strict=True)):
            middle = number_of(LOG_START + (2 * i + 1 << 44))
            assert number_of(inverse) == pytest.approx(1.0 / middle, rel=1e-6, abs=0.0)
            exact = -mpmath.log(mpmath.mpf(number_of(inverse)))
            assert number_of(log_c) == float(mpmath.nint(exact * 2**43) / 2**43)


@pytest.mark.parametrize(
    ("steps", "truth", "points"),
    [
        (exp, mpmath.exp, [-500.0, -1.0, -1e-9, -0.0, 1e-300, 0.003, 0.7, 20.3, 510.0]),
        (log, mpmath.log, [1e-300, 0.01, 0.9374, 0.9376, 0.9999999, 1.0, 1.0000001, 1.06, 1.065, 2.0, 1e300]),
    ],
)
def test_close(steps: Callable[[Number], Number], truth: Any, points: list[float]) -> None:
    """Within little more than half of a unit in the last place."""
    with mpmath.workprec(200):
        for x, found in zip(points, ran(steps, 4, points), strict=True):
            exact = truth(mpmath.mpf(x))
            assert abs(found - exact) <= 0.52 * math.ulp(float(exact)), x
