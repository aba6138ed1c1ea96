"""The tables of exp and log, against mpmath."""

import mpmath
import pytest

from autograd.compiler.elementary.exponential import LOG_START, exp_table, log_table
from autograd.compiler.elementary.lanes import number_of


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
