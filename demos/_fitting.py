"""What the demos of ODEs share: least squares by the method of Levenberg and Marquardt, with a compiled Jacobian."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import dot, jacfwd, jit, linear_solve

STEPS = 100
SMALL = 1e-10  # a step that small, compared with the parameters, is the last one


class Fit(NamedTuple):
    """Parameters with the least sum of squares, their standard errors, that sum, and how many steps were tried."""

    parameters: list[float]
    errors: list[float]
    squares: float
    tried: int


def least_squares(residuals: Callable[[Any], list[Any]], start: Sequence[float]) -> Fit:
    """Fit by (J'J + damping diag(J'J)) step = -J'r: J, the Jacobian of the residuals r, goes through the ODE's solution."""
    both = jit(lambda p: (residuals(p), jacfwd(residuals)(p)))
    at = list(start)
    r, jacobian = both(at)
    squares, damping, tried = dot(r, r), 1e-3, 0
    while tried < STEPS:
        tried += 1
        normal, downhill = _normal(jacobian, r)
        damped = [[x * (1.0 + damping * (i == j)) for j, x in enumerate(row)] for i, row in enumerate(normal)]
        step = linear_solve(damped, downhill)
        there = [a + s for a, s in zip(at, step, strict=True)]
        new_r, new_jacobian = both(there)
        new_squares = dot(new_r, new_r)
        if new_squares <= squares:  # never so where the solution is nan
            at, r, jacobian, squares, damping = there, new_r, new_jacobian, new_squares, 0.1 * damping
        else:
            damping = 10.0 * max(damping, 1e-6)
        if math.hypot(*step) <= SMALL * math.hypot(*at):
            break
    count = len(at)
    unit = [[float(i == j) for j in range(count)] for i in range(count)]
    inverse = linear_solve(_normal(jacobian, r)[0], unit)
    variance = squares / (len(r) - count)
    return Fit(at, [math.sqrt(variance * inverse[i][i]) for i in range(count)], squares, tried)


def _normal(jacobian: Sequence[Sequence[float]], r: Sequence[float]) -> tuple[list[list[float]], list[float]]:
    """J'J and -J'r."""
    columns = [list(column) for column in zip(*jacobian, strict=True)]
    return [[dot(x, y) for y in columns] for x in columns], [-dot(column, r) for column in columns]
