"""`root`, `fixed_point` and `minimize`: Newton's method and its kin on scalars, eager and compiled, with implicit derivatives.

Each is one `while_loop` over flat lists of numbers. On floats that is a plain loop; in a trace it is one step of the program.
"""

from collections.abc import Callable, Sequence
from math import inf, isfinite, nan
from typing import Any

from autograd.adjoints import rows_of
from autograd.control import while_loop
from autograd.equations import Flat, solution
from autograd.linear_algebra import SolveError, solution_or_nan
from autograd.modes import changed_mode, current_mode
from autograd.naming import name_of
from autograd.primitives import abs as abs_
from autograd.primitives import identity, maximum, where
from autograd.real import number_of
from autograd.structures import SINGLE, as_argument, flatten, unflatten
from autograd.transforms import grad
from autograd.value import Value

Function = Callable[..., Any]
SCALE = 1e-6  # a number smaller than this is as good as 0 to the test of convergence
SHORTEST = 2.0**-40  # the smallest part of a step that is tried before the search gives up


def root(f: Function, x0: Any, *args: Any, method: str = "newton", tol: float = 1e-10, max_steps: int = 100) -> Any:
    """The x near x0 with f(x, *args) = 0, by Newton's method; its derivatives to args are those of the implicit function.

        d x = -(d f / d x)^-1 (d f / d args) d args

    They cost one linear solve each, of any order and in both modes, and reach Values that f takes from outside too; x0 has
    none. A step that does not lessen the largest residual is halved. Eager code and `jit` give the same bits.

    Args:
        f: takes x and args; returns as many numbers as x has.
        x0: where to start: a number, or numbers in any structure, which is that of the solution.
        args: further arguments of f, differentiable where they hold Values.
        method: "newton".
        tol: ends when a step is that small compared with x: as convergence is quadratic, the error is then tol**2.
        max_steps: how many evaluations of f and its Jacobian at most.

    Raises:
        SolveError: no convergence, with the residual; where the Jacobian is singular, on the way or at the solution. Compiled
            code gives nan instead.
        TypeError: f does not return as many real numbers as x has.

    SciPy's `root`, JAXopt's and optimistix' `root_find`.

    >>> from autograd import grad
    >>> round(root(lambda x, a: x * x - a, 1.0, 2.0), 12)
    1.414213562373
    >>> round(grad(lambda a: root(lambda x, a: x * x - a, 1.0, a))(4.0), 12)
    0.25
    """
    if method != "newton":
        raise ValueError(f"root: method must be 'newton', not {method!r}; for another solver: @implicit(f)")
    who = f"root of {name_of(f)}"

    def solve(start: Any, _: Sequence[Any], flat: Flat) -> Any:
        numbers, structure = flatten(start, f"{who}: x0")
        return unflatten(structure, newton(flat, numbers, tol, max_steps), as_argument)

    return solution(f, solve, x0, args, who)


def fixed_point(f: Function, x0: Any, *args: Any, tol: float = 1e-12, max_steps: int = 10_000) -> Any:
    """The x with x = f(x, *args), by x0, f(x0), f(f(x0)) and so on; derivatives to args as for `root`.

    Args:
        f: takes x and args; returns what x is, in the same structure.
        x0: where to start.
        args: further arguments of f, differentiable where they hold Values.
        tol: ends when x changes by no more than tol compared with x.
        max_steps: how many evaluations of f at most.

    Raises SolveError where it does not converge, with the latest change; compiled code gives nan.

    >>> from autograd import cos, grad
    >>> round(fixed_point(lambda x, a: cos(a * x), 1.0, 1.0), 10)
    0.7390851332
    """
    who = f"fixed_point of {name_of(f)}"

    def g(x: Any, *args: Any) -> Any:
        numbers, structure = flatten(x, f"{who}: x")
        after, _ = flatten(f(x, *args), f"{who}: what the function returns", structure)
        return [b - a for a, b in zip(numbers, after, strict=True)]

    def solve(start: Any, _: Sequence[Any], flat: Flat) -> Any:
        numbers, structure = flatten(start, f"{who}: x0")
        return unflatten(structure, _iterated(flat, numbers, tol, max_steps), as_argument)

    return solution(g, solve, x0, args, who)


def minimize(f: Function, x0: Any, *args: Any, tol: float = 1e-10, max_steps: int = 500) -> Any:
    """The x near x0 at which f(x, *args), one number, is least; derivatives to args as for `root` of its gradient.

    Newton's method with Levenberg's damping: (H + damping I) step = -gradient; a step that does not lessen f is taken again
    with more damping. Needs second derivatives of f; for many unknowns use SciPy with `objective`, and `implicit`.

    Args:
        f: takes x and args; returns one number.
        x0: where to start.
        args: further arguments of f, differentiable where they hold Values.
        tol: ends when a step is that small compared with x.
        max_steps: how many evaluations of f, gradient and Hessian at most.

    Raises SolveError where it does not converge, with the largest part of the gradient; compiled code gives nan.

    >>> rosenbrock = lambda x, b: (1.0 - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2
    >>> [round(x, 9) for x in minimize(rosenbrock, [-1.2, 1.0], 100.0)]
    [1.0, 1.0]
    """
    who = f"minimize of {name_of(f)}"

    def solve(start: Any, args: Sequence[Any], flat: Flat) -> Any:
        numbers, structure = flatten(start, f"{who}: x0")

        def value(x: Sequence[Any]) -> Any:
            found, of_result = flatten(f(unflatten(structure, x, as_argument), *args), f"{who}: what the function returns")
            if of_result not in SINGLE:
                raise TypeError(f"{who}: the function must return one number, but it returned {of_result}: return their sum")
            return found[0]

        return unflatten(structure, _descended(value, flat, numbers, tol, max_steps), as_argument)

    return solution(grad(f), solve, x0, args, who)


# --- the loops, on flat lists of numbers ------------------------------------------------------------------------------


def newton(flat: Flat, x: list[Any], tol: float, max_steps: int) -> list[Any]:
    """Newton's method; a step is halved until the largest residual becomes smaller."""
    n = len(x)

    def turn(state: Any) -> Any:
        x, step, norm, part, count, _ = state
        candidate = [a + part * s for a, s in zip(x, step, strict=True)]
        found, rows = linearized(flat.residual, candidate)
        size = largest(found)
        arrived = (part == 1.0) & (count > 0.0) & _is_small(step, x, tol)
        better = arrived | (size < norm)
        following = solution_or_nan(rows, [-r for r in found], n)
        done = better & (arrived | (size == 0.0))
        chosen = [_chosen(better, candidate, x), _chosen(better, following, step)]
        return [*chosen, where(better, size, norm), where(better, 1.0, 0.5 * part), count + 1.0, where(done, 1.0, 0.0)]

    def goes_on(state: Any) -> Any:
        *_, part, count, done = state
        return (done == 0.0) & (count < float(max_steps)) & (part >= SHORTEST)

    start = [x, [0.0] * n, inf, 1.0, 0.0, _zero()]
    x, step, norm, _, count, done = while_loop(goes_on, turn, start)
    converged = (done == 1.0) | ((count < float(max_steps)) & (norm < inf) & _is_small(step, x, tol**0.5))
    if type(converged) is bool and not converged:
        if not all(map(isfinite, step)) and isfinite(norm):
            raise SolveError(
                f"{flat.who}: the Jacobian is singular at {_shown(x)}, where the largest residual is {norm}: is there no real "
                f"root, or are there fewer independent equations than unknowns? Start elsewhere"
            )
        raise SolveError(
            f"{flat.who} did not converge: after {count:.0f} evaluations the largest residual is {norm} at {_shown(x)}. "
            f"Is there a real root near x0? Start elsewhere, or raise max_steps"
        )
    return [where(converged, a, nan) for a in x]


def _iterated(flat: Flat, x: list[Any], tol: float, max_steps: int) -> list[Any]:
    """x + (f(x) - x), as long as x changes."""

    def turn(state: Any) -> Any:
        x, _, count = state
        change = _evaluated(flat.residual, x)
        return [[a + c for a, c in zip(x, change, strict=True)], change, count + 1.0]

    def goes_on(state: Any) -> Any:
        x, change, count = state
        return (largest(change) > tol * (largest(x) + SCALE)) & (count < float(max_steps))  # false for nan and inf

    x, change, count = while_loop(goes_on, turn, [x, [inf] * len(x), _zero()])
    converged = _is_small(change, x, tol)
    if type(converged) is bool and not converged:
        raise SolveError(
            f"{flat.who} did not converge: after {count:.0f} evaluations x changes by {largest(change)} at {_shown(x)}. It "
            f"converges where f's slope is below 1: try root(lambda x, *args: f(x, *args) - x, ...), or raise max_steps"
        )
    return [where(converged, a, nan) for a in x]


def _descended(value: Function, flat: Flat, x: list[Any], tol: float, max_steps: int) -> list[Any]:
    """Levenberg's method."""
    n = len(x)

    def all_at(x: list[Any]) -> list[Any]:
        gradient, hessian = linearized(flat.residual, x)
        return [_evaluated(lambda x: [value(x)], x)[0], gradient, hessian]

    def turn(state: Any) -> Any:
        x, at, damping, count, _ = state
        fx, gradient, hessian = at
        diagonal = damping * maximum(largest([hessian[i * n + i] for i in range(n)]), SCALE)
        damped = [h + diagonal if i % (n + 1) == 0 else h for i, h in enumerate(hessian)]
        step = solution_or_nan(damped, [-g for g in gradient], n)
        candidate = [a + s for a, s in zip(x, step, strict=True)]
        there = all_at(candidate)
        better = there[0] <= fx + ROUNDING * abs_(fx)
        done = better & _is_small(step, x, tol) & (damping <= FREE)
        chosen = [where(better, there[0], fx), _chosen(better, there[1], gradient), _chosen(better, there[2], hessian)]
        less, more = where(damping < FREE * FREE, 0.0, 0.1 * damping), maximum(10.0 * damping, FREE)
        return [_chosen(better, candidate, x), chosen, where(better, less, more), count + 1.0, where(done, 1.0, 0.0)]

    def goes_on(state: Any) -> Any:
        *_, damping, count, done = state
        return (done == 0.0) & (count < float(max_steps)) & (damping <= 1.0 / SHORTEST)

    start = [x, all_at(x), FREE, 0.0, _zero()]
    x, (fx, gradient, hessian), _, count, done = while_loop(goes_on, turn, start)
    left = solution_or_nan(hessian, gradient, n)
    converged = (done == 1.0) | ((count < float(max_steps)) & _is_small(left, x, tol**0.5))
    if type(converged) is bool and not converged:
        raise SolveError(
            f"{flat.who} did not converge: after {count:.0f} evaluations f is {fx} at {_shown(x)}, and the largest part of its "
            f"gradient {largest(gradient)}. Has f a minimum, and a Hessian that is not singular there? Start elsewhere, or "
            f"raise max_steps"
        )
    return [where(converged, a, nan) for a in x]


FREE = 1e-3  # damping, relative to the Hessian's diagonal, with which steps are as good as Newton's
ROUNDING = 4e-16  # by which f may seem to grow


def linearized(residual: Callable[[Sequence[Any]], list[Any]], x: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The residuals at x and their Jacobian, row after row; floats, or Symbols in a trace."""
    tracer = current_mode().tracer
    with changed_mode(recording=True):
        own = [Value(a) if tracer is None else tracer.record(identity, (a,)) for a in x]  # nodes, also where x is known
        found = residual(own)
        rows = rows_of(found, own, create_graph=False)
    jacobian = [0.0 if slope is None else slope for row in rows for slope in row]
    return found if tracer is not None else list(map(number_of, found)), jacobian


def _evaluated(f: Callable[[Sequence[Any]], list[Any]], x: Sequence[Any]) -> list[Any]:
    if current_mode().tracer is not None:
        return f(x)
    with changed_mode(recording=False):
        return list(map(number_of, f(list(map(Value, x)))))


def largest(numbers: Sequence[Any]) -> Any:
    """The largest absolute value; nan if one is nan."""
    found = abs_(numbers[0])
    for x in numbers[1:]:
        found = maximum(found, abs_(x))
    return found


def _is_small(step: Sequence[Any], x: Sequence[Any], tol: float) -> Any:
    size = largest(x)
    return (largest(step) <= tol * (size + SCALE)) & (size < inf)


def _zero() -> Any:
    """0.0; in a trace a node, so that a loop's condition is not known before the loop."""
    tracer = current_mode().tracer
    return 0.0 if tracer is None else tracer.record(identity, (0.0,))


def _chosen(condition: Any, xs: Sequence[Any], ys: Sequence[Any]) -> list[Any]:
    return [where(condition, x, y) for x, y in zip(xs, ys, strict=True)]


def _shown(x: Sequence[float]) -> str:
    return f"x = {x[0]}" if len(x) == 1 else f"x = {list(x)}"
