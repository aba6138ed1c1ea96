"""Constrained problems with known solutions, `python -m demos.hock_schittkowski`: the first thirty of Hock and Schittkowski.

Each is stated as its formulas are printed, and solved by SciPy's SLSQP, trust-constr or least_squares. `objective`,
`constraint` and `residuals` give these methods exact gradients, Jacobians and Hessians; nobody writes a derivative. From the
published start of three problems the way leads to another, local minimum: these have two starts, and the better result counts.

Source: W. Hock and K. Schittkowski, Test Examples for Nonlinear Programming Codes, Lecture Notes in Economics and Mathematical
Systems 187, Springer 1981.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import constraint, cos, exp, log, objective, residuals, sin, sum_
from demos._common import need, parser

inf = math.inf
Function = Callable[[Any], Any]
Bounds = Sequence[tuple[float, float]]


class Problem(NamedTuple):
    """Minimize f(x) from `start`, where all `at_least` are >= 0, all `equal` are 0, and x lies within `bounds`."""

    f: Function
    start: list[float]
    optimum: float
    bounds: Bounds | None = None
    at_least: Function | None = None
    equal: Function | None = None
    method: str = "SLSQP"
    terms: Function | None = None  # f is the sum of their squares
    second_start: list[float] | None = None
    tolerance: float = 1e-6  # of f, relative where it is more than 1


def valley(x: Any) -> Any:
    """Rosenbrock's function, of which a dozen of the problems are made."""
    return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def _terms_25(x: Any) -> list[Any]:
    steps = [25.0 + (-50.0 * math.log(0.01 * i)) ** (2.0 / 3.0) for i in range(1, 100)]
    return [-0.01 * (i + 1) + exp(-((u - x[1]) ** x[2]) / x[0]) for i, u in enumerate(steps)]


ROOT_3 = math.sqrt(3.0)

PROBLEMS: dict[int, Problem] = {
    1: Problem(valley, [-2.0, 1.0], 0.0, [(-inf, inf), (-1.5, inf)]),
    2: Problem(valley, [-2.0, 1.0], 0.0504261879, [(-inf, inf), (1.5, inf)], second_start=[2.0, 1.0]),
    3: Problem(lambda x: x[1] + 1e-5 * (x[1] - x[0]) ** 2, [10.0, 1.0], 0.0, [(-inf, inf), (0.0, inf)]),
    4: Problem(lambda x: (x[0] + 1.0) ** 3 / 3.0 + x[1], [1.125, 0.125], 8.0 / 3.0, [(1.0, inf), (0.0, inf)]),
    5: Problem(
        lambda x: sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1.0,
        [0.0, 0.0],
        -0.5 * ROOT_3 - math.pi / 3.0,
        [(-1.5, 4.0), (-3.0, 3.0)],
    ),
    6: Problem(lambda x: (1.0 - x[0]) ** 2, [-1.2, 1.0], 0.0, equal=lambda x: 10.0 * (x[1] - x[0] ** 2)),
    7: Problem(
        lambda x: log(1.0 + x[0] ** 2) - x[1],
        [2.0, 2.0],
        -ROOT_3,
        equal=lambda x: (1.0 + x[0] ** 2) ** 2 + x[1] ** 2 - 4.0,
        method="trust-constr",
    ),
    8: Problem(
        lambda x: -1.0 + 0.0 * x[0],
        [2.0, 1.0],
        -1.0,
        equal=lambda x: [x[0] ** 2 + x[1] ** 2 - 25.0, x[0] * x[1] - 9.0],
    ),
    9: Problem(
        lambda x: sin(math.pi * x[0] / 12.0) * cos(math.pi * x[1] / 16.0),
        [0.0, 0.0],
        -0.5,
        equal=lambda x: 4.0 * x[0] - 3.0 * x[1],
    ),
    10: Problem(
        lambda x: x[0] - x[1],
        [-10.0, 10.0],
        -1.0,
        at_least=lambda x: -3.0 * x[0] ** 2 + 2.0 * x[0] * x[1] - x[1] ** 2 + 1.0,
    ),
    11: Problem(
        lambda x: (x[0] - 5.0) ** 2 + x[1] ** 2 - 25.0,
        [4.9, 0.1],
        -8.498464223,
        at_least=lambda x: -(x[0] ** 2) + x[1],
    ),
    12: Problem(
        lambda x: 0.5 * x[0] ** 2 + x[1] ** 2 - x[0] * x[1] - 7.0 * x[0] - 7.0 * x[1],
        [0.0, 0.0],
        -30.0,
        at_least=lambda x: 25.0 - 4.0 * x[0] ** 2 - x[1] ** 2,
    ),
    13: Problem(
        lambda x: (x[0] - 2.0) ** 2 + x[1] ** 2,
        [-2.0, -2.0],
        1.0,
        [(0.0, inf)] * 2,
        at_least=lambda x: (1.0 - x[0]) ** 3 - x[1],
        tolerance=1e-4,  # at the solution the constraints' gradients are parallel: there methods converge slowly
    ),
    14: Problem(
        lambda x: (x[0] - 2.0) ** 2 + (x[1] - 1.0) ** 2,
        [2.0, 2.0],
        9.0 - 2.875 * math.sqrt(7.0),
        at_least=lambda x: -0.25 * x[0] ** 2 - x[1] ** 2 + 1.0,
        equal=lambda x: x[0] - 2.0 * x[1] + 1.0,
    ),
    15: Problem(
        valley,
        [-2.0, 1.0],
        306.5,
        [(-inf, 0.5), (-inf, inf)],
        at_least=lambda x: [x[0] * x[1] - 1.0, x[0] + x[1] ** 2],
    ),
    16: Problem(
        valley,
        [-2.0, 1.0],
        0.25,
        [(-0.5, 0.5), (-inf, 1.0)],
        at_least=lambda x: [x[0] + x[1] ** 2, x[0] ** 2 + x[1]],
        second_start=[0.5, 1.0],
    ),
    17: Problem(
        valley,
        [-2.0, 1.0],
        1.0,
        [(-0.5, 0.5), (-inf, 1.0)],
        at_least=lambda x: [x[1] ** 2 - x[0], x[0] ** 2 - x[1]],
    ),
    18: Problem(
        lambda x: 0.01 * x[0] ** 2 + x[1] ** 2,
        [2.0, 2.0],
        5.0,
        [(2.0, 50.0), (0.0, 50.0)],
        at_least=lambda x: [x[0] * x[1] - 25.0, x[0] ** 2 + x[1] ** 2 - 25.0],
    ),
    19: Problem(
        lambda x: (x[0] - 10.0) ** 3 + (x[1] - 20.0) ** 3,
        [20.1, 5.84],
        -6961.81381,
        [(13.0, 100.0), (0.0, 100.0)],
        at_least=lambda x: [
            (x[0] - 5.0) ** 2 + (x[1] - 5.0) ** 2 - 100.0,
            -((x[1] - 5.0) ** 2) - (x[0] - 6.0) ** 2 + 82.81,
        ],
    ),
    20: Problem(
        valley,
        [-2.0, 1.0],
        81.5 - 25.0 * ROOT_3,
        [(-0.5, 0.5), (-inf, inf)],
        at_least=lambda x: [x[0] + x[1] ** 2, x[0] ** 2 + x[1], x[0] ** 2 + x[1] ** 2 - 1.0],
        second_start=[0.5, 1.0],
    ),
    21: Problem(
        lambda x: 0.01 * x[0] ** 2 + x[1] ** 2 - 100.0,
        [-1.0, -1.0],
        -99.96,
        [(2.0, 50.0), (-50.0, 50.0)],
        at_least=lambda x: 10.0 * x[0] - x[1] - 10.0,
    ),
    22: Problem(
        lambda x: (x[0] - 2.0) ** 2 + (x[1] - 1.0) ** 2,
        [2.0, 2.0],
        1.0,
        at_least=lambda x: [-x[0] - x[1] + 2.0, -(x[0] ** 2) + x[1]],
    ),
    23: Problem(
        lambda x: x[0] ** 2 + x[1] ** 2,
        [3.0, 1.0],
        2.0,
        [(-50.0, 50.0)] * 2,
        at_least=lambda x: [
            x[0] + x[1] - 1.0,
            x[0] ** 2 + x[1] ** 2 - 1.0,
            9.0 * x[0] ** 2 + x[1] ** 2 - 9.0,
            x[0] ** 2 - x[1],
            x[1] ** 2 - x[0],
        ],
    ),
    24: Problem(
        lambda x: ((x[0] - 3.0) ** 2 - 9.0) * x[1] ** 3 / (27.0 * ROOT_3),
        [1.0, 0.5],
        -1.0,
        [(0.0, inf)] * 2,
        at_least=lambda x: [x[0] / ROOT_3 - x[1], x[0] + ROOT_3 * x[1], 6.0 - x[0] - ROOT_3 * x[1]],
    ),
    25: Problem(
        lambda x: sum_([term * term for term in _terms_25(x)]),
        [100.0, 12.5, 3.0],
        0.0,
        [(0.1, 100.0), (0.0, 25.6), (0.0, 5.0)],
        method="least_squares",
        terms=_terms_25,
    ),
    26: Problem(
        lambda x: (x[0] - x[1]) ** 2 + (x[1] - x[2]) ** 4,
        [-2.6, 2.0, 2.0],
        0.0,
        equal=lambda x: (1.0 + x[1] ** 2) * x[0] + x[2] ** 4 - 3.0,
    ),
    27: Problem(
        lambda x: 0.01 * (x[0] - 1.0) ** 2 + (x[1] - x[0] ** 2) ** 2,
        [2.0, 2.0, 2.0],
        0.04,
        equal=lambda x: x[0] + x[2] ** 2 + 1.0,
    ),
    28: Problem(
        lambda x: (x[0] + x[1]) ** 2 + (x[1] + x[2]) ** 2,
        [-4.0, 1.0, 1.0],
        0.0,
        equal=lambda x: x[0] + 2.0 * x[1] + 3.0 * x[2] - 1.0,
    ),
    29: Problem(
        lambda x: -x[0] * x[1] * x[2],
        [1.0, 1.0, 1.0],
        -16.0 * math.sqrt(2.0),
        at_least=lambda x: 48.0 - x[0] ** 2 - 2.0 * x[1] ** 2 - 4.0 * x[2] ** 2,
    ),
    30: Problem(
        lambda x: x[0] ** 2 + x[1] ** 2 + x[2] ** 2,
        [1.0, 1.0, 1.0],
        1.0,
        [(1.0, 10.0), (-10.0, 10.0), (-10.0, 10.0)],
        at_least=lambda x: x[0] ** 2 + x[1] ** 2 - 1.0,
    ),
}


def solve(problem: Problem) -> Any:
    """SciPy's result: `x`, `fun` and the rest; of two starts the better one."""
    starts = [problem.start] if problem.second_start is None else [problem.start, problem.second_start]
    return min([_from(start, problem) for start in starts], key=lambda found: float(found.fun))


def _from(start: list[float], problem: Problem) -> Any:
    from scipy import optimize

    if problem.terms is not None:
        terms = residuals(problem.terms)
        found = optimize.least_squares(terms, start, jac=terms.jac, bounds=tuple(zip(*problem.bounds or [], strict=True)))
        found.fun = 2.0 * found.cost
        return found
    fun = objective(problem.f)
    by_hessian = problem.method == "trust-constr"
    limits = [(problem.at_least, inf), (problem.equal, 0.0)]
    return optimize.minimize(
        fun,
        start,
        jac=True,
        hess=fun.hess if by_hessian else None,
        bounds=problem.bounds,
        constraints=[constraint(f, 0.0, upper, hess=by_hessian) for f, upper in limits if f is not None],
        method=problem.method,
        options={"maxiter": 1000, **({"gtol": 1e-9, "xtol": 1e-12} if by_hessian else {"ftol": 1e-12})},
    )


def violation(problem: Problem, x: Sequence[float]) -> float:
    """How far x is from satisfying the constraints."""
    found = [0.0]
    if problem.at_least is not None:
        found += (-residuals(problem.at_least)(x)).tolist()
    if problem.equal is not None:
        found += abs(residuals(problem.equal)(x)).tolist()
    for number, (low, high) in zip(x, problem.bounds or [], strict=False):
        found += [low - number, number - high]
    return max(found)


def main(arguments: list[str] | None = None) -> None:
    """Solve all, and print them beside what is published."""
    parser(__doc__).parse_args(arguments)
    need("scipy")
    print(f"{'problem':>7} {'method':>14} {'f':>14} {'published':>14} {'error':>8} {'violation':>9}  x")
    for number, problem in PROBLEMS.items():
        found = solve(problem)
        error, outside = abs(float(found.fun) - problem.optimum), violation(problem, found.x)
        where = ", ".join(f"{x:.6g}" for x in found.x)
        print(f"{number:7} {problem.method:>14} {found.fun:14.8f} {problem.optimum:14.8f} {error:8.1e} {outside:9.1e}  {where}")
        assert error <= problem.tolerance * max(1.0, abs(problem.optimum)), number
        assert outside <= 1e-6, number


if __name__ == "__main__":
    main()
