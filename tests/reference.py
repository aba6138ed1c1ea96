"""The truth, from mpmath: values and derivatives of rows at hundreds of digits, which hold in the tails too."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath

from autograd.table import TABLE, Primitive

DIGITS = 800  # a slope of hypot has 600 zeros, exp(-745) 324, and a difference quotient loses some 60 more
SMALLEST_NORMAL = 2.0**-1022

REFERENCED = [row for row in list(TABLE.values()) if row.reference is not None]


def function(row: Primitive) -> Callable[..., Any]:
    """The row's mpmath function of the operands alone."""
    if isinstance(row.reference, str):
        return getattr(mpmath.mp, row.reference)
    assert row.reference is not None
    return lambda *operands: row.reference(mpmath.mp, *operands)


def value(f: Callable[..., Any], operands: Sequence[float]) -> Any:
    """f at the operands, each taken as exactly the float it is."""
    return mpmath.mpf(1) * f(*[mpmath.mpf(x) for x in operands])


def partial(f: Callable[..., Any], operands: Sequence[Any], i: int, noise: int = 20) -> Any:
    """d f / d operand i, by a central difference, with a step so small that a smaller one changes nothing.

    The last `noise` digits of f are not to be trusted: a difference that lies in them is 0.
    """
    at = [mpmath.mpf(x) for x in operands]
    size = abs(at[i]) or min([abs(x) for x in at if x], default=mpmath.mpf(1))
    floor = abs(f(*at)) * mpmath.mpf(10) ** (noise - mpmath.mp.dps)

    def quotient(digits: int) -> Any:
        step = size * mpmath.mpf(10) ** -digits
        after, before = list(at), list(at)
        after[i] += step
        before[i] -= step
        difference = f(*after) - f(*before)
        return difference / (2 * step) if abs(difference) > floor else mpmath.mpf(0)

    for digits in (60, 370):
        slope = quotient(digits)
        if abs(slope - quotient(digits + 10)) <= abs(slope) * mpmath.mpf(10) ** -25:
            break
    return slope


def second(f: Callable[..., Any], operands: Sequence[Any], i: int, j: int) -> Any:
    """d2 f / d operand i d operand j, by nested central differences."""
    return partial(lambda *xs: partial(f, xs, i), operands, j, noise=150)


def condition(g: Callable[..., Any], operands: Sequence[float]) -> float:
    """How many times larger a relative error of the result is than one of the operands: the sum over operands, about."""
    at = [mpmath.mpf(x) for x in operands]
    here = g(*at)
    if here == 0:
        return 0.0
    total = mpmath.mpf(0)
    nudge = mpmath.mpf(10) ** -100
    for i, x in enumerate(at):
        moved = list(at)
        moved[i] = x * (1 + nudge)
        total += abs((g(*moved) - here) / here) / nudge
    return float(min(total, mpmath.mpf(10) ** 300))


def error_in_ulps(found: float, truth: Any) -> float:
    """The distance from the truth in units of the last place of the correctly rounded result; inf agrees with overflow."""
    rounded = float(truth)
    if found == rounded or (math.isnan(found) and math.isnan(rounded)):
        return 0.0
    if math.isinf(rounded):
        rounded = math.copysign(1.7976931348623157e308, rounded)
    if not math.isfinite(found):
        return 0.0 if abs(truth) > mpmath.mpf("1.797e308") else math.inf
    return float(abs(mpmath.mpf(found) - truth) / max(math.ulp(rounded), 5e-324))
