"""The truth, from mpmath: values and derivatives of primitives at hundreds of digits, which hold in the tails too.

This module imports mpmath, and is itself imported only when a primitive is compared with its reference.
"""

import functools
import math
import operator
import sys
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from autograd.definition import Primitive
from autograd.program import Program
from autograd.testing.expression import Expression
from autograd.testing.flat import rounding

try:
    import mpmath
except ImportError:
    raise ImportError('a reference is an mpmath function: pip install "chainrule[testing]" to test against it') from None

DIGITS = 800  # a slope of hypot has 600 zeros, exp(-745) 324, and a difference quotient loses some 60 more


def function(primitive: Primitive) -> Callable[..., Any]:
    """The primitive's mpmath function of the operands alone."""
    reference = primitive.reference
    if callable(reference):
        return functools.partial(reference, mpmath.mp)
    exact: Callable[..., Any] | None = getattr(mpmath.mp, str(reference), None)
    if exact is None:
        raise ValueError(f"the reference of {primitive.name!r} is {reference!r}, but mpmath has no such function")
    return exact


def of_expression(expression: Expression) -> Callable[..., Any]:
    """The same expression of the primitives' mpmath functions, around its point.

    Rounding may decide on which side of a kink a number lies: 3.0 * 0.1 is above 0.30000000000000003, the truth below. Where
    both sides differ, the operands are shifted by their rounding, to what they are on floats, and all around moves along.
    Raises AssertionError for operands that choose another side, and are off by more than rounding.
    """
    shifts = _shifts(expression)

    def run(*numbers: Any) -> Any:
        following = iter(shifts)

        def apply(primitive: Primitive, *operands: Any) -> Any:
            return function(primitive)(*map(operator.add, operands, next(following)))

        return expression.program.run(numbers, apply, mpmath.mpf)[0]

    return run


def _shifts(expression: Expression) -> list[list[Any]]:
    """What is added to the operands of each step."""
    at, steps, first = expression.at, expression.steps, expression.inputs
    numbers = Program(first, steps, tuple(range(first + len(steps))))
    floats, noise = numbers(*at), rounding(lambda xs: list(numbers(*xs)), at).outputs
    shifts: list[list[Any]] = []
    with mpmath.workdps(DIGITS):
        exact = list(map(mpmath.mpf, at))
        for primitive, places in steps:
            f = function(primitive)
            operands = [exact[place] if type(place) is int else mpmath.mpf(place) for place in places]
            rounded = [mpmath.mpf(floats[place] if type(place) is int else place) for place in places]
            shifted = primitive.kink is not None and _has_sides(f, operands, rounded)
            for place, right in zip(places, operands, strict=True):
                if shifted and type(place) is int:
                    what = f"{primitive.name} chooses by {floats[place]!r}, not {mpmath.nstr(right, 20)}"
                    assert abs(floats[place] - right) <= 8.0 * noise[place] + 1e-300, what
            shifts.append([y - x if shifted else mpmath.mpf(0) for x, y in zip(operands, rounded, strict=True)])
            exact.append(f(*(rounded if shifted else operands)))
    return shifts


def _has_sides(f: Callable[..., Any], here: Sequence[Any], there: Sequence[Any]) -> bool:
    """Whether f has other slopes at a place near by, or jumps between."""
    slopes = [[partial(f, at, i) for i in range(len(at))] for at in (here, there)]
    sizes = [max(abs(x), abs(y)) for x, y in zip(*slopes, strict=True)]
    moves = sum(size * abs(x - y) for size, x, y in zip(sizes, here, there, strict=True))
    turns = any(abs(x - y) > 1e-6 * size for x, y, size in zip(*slopes, sizes, strict=True))
    return turns or bool(abs(f(*here) - f(*there)) > 2 * moves)


def value(f: Callable[..., Any], operands: Sequence[float]) -> Any:
    """f at the operands, each taken as exactly the float it is."""
    return mpmath.mpf(1) * f(*[mpmath.mpf(x) for x in operands])


def partial(f: Callable[..., Any], operands: Sequence[Any], i: int) -> Any:
    """d f / d operand i, by a central difference, with a step so small that a smaller one changes nothing.

    The last 20 digits of f are not trusted: a difference within them counts as 0.
    """
    at = [mpmath.mpf(x) for x in operands]
    size = abs(at[i]) or min([abs(x) for x in at if x], default=mpmath.mpf(1))
    floor = abs(f(*at)) * mpmath.mpf(10) ** (20 - mpmath.mp.dps)

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


def derivative(f: Callable[..., Any], operands: Sequence[Any], places: Sequence[int]) -> Any:
    """The derivative of f by the operands at `places`, one after the other: a central difference in each."""
    at = [mpmath.mpf(x) for x in operands]
    least = min([abs(x) for x in at if x], default=mpmath.mpf(1))
    steps = [(abs(at[i]) or least) * mpmath.mpf(10) ** -60 for i in places]
    total = largest = mpmath.mpf(0)
    for signs in product((1, -1), repeat=len(places)):
        moved = list(at)
        for i, sign, step in zip(places, signs, steps, strict=True):
            moved[i] += sign * step
        term = f(*moved)
        total += math.prod(signs) * term
        largest = max(largest, abs(term))
    if abs(total) <= largest * mpmath.mpf(10) ** (20 - mpmath.mp.dps):
        return mpmath.mpf(0)
    return total / math.prod(2 * step for step in steps)


def condition(g: Callable[..., Any], operands: Sequence[float]) -> float:
    """By what factor a relative error of the operands grows in the result: about the sum over the operands.

    Relative to a result as small as numbers with all digits are, where it is smaller: sin(pi) is 0 to the last such place.
    """
    here = abs(g(*map(mpmath.mpf, operands)))
    size = max(here, mpmath.mpf(sys.float_info.min))
    return 0.0 if here == 0 else float(min(sensitivity(g, operands) / size, mpmath.mpf(10) ** 308))


def sensitivity(g: Callable[..., Any], operands: Sequence[float]) -> Any:
    """How far the result moves for a relative change of the operands, over that change: about the sum over the operands."""
    at = [mpmath.mpf(x) for x in operands]
    here = g(*at)
    total = mpmath.mpf(0)
    nudge = mpmath.mpf(10) ** -100
    for i, x in enumerate(at):
        moved = list(at)
        moved[i] = x * (1 + nudge)
        total += abs(g(*moved) - here) / nudge
    return total


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
