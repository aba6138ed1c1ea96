"""`odeint`: the public function, which takes structures apart and chooses how to integrate."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import nan
from typing import Any

from autograd.applied import Arguments, in_loop, recomputed
from autograd.modes import current_mode
from autograd.naming import name_of
from autograd.odes.continuous import continuous
from autograd.odes.integration import Event, Options, by_rk4, detached, integrate
from autograd.odes.methods import METHODS
from autograd.primitives import where
from autograd.real import is_array_node, is_node, number_of
from autograd.structures import as_argument, flatten, unflatten
from autograd.turns import stacked

Function = Callable[..., Any]


def odeint(  # noqa: C901 - structures go in and out, by closures
    f: Function,
    y0: Any,
    ts: Any,
    *args: Any,
    rtol: float = 1.4e-8,
    atol: float = 1.4e-8,
    method: str = "dopri5",
    adjoint: str = "discrete",
    event: Function | None = None,
    max_steps: int = 100_000,
    h0: float | None = None,
    steps: int = 1,
) -> Any:
    """The solution of dy/dt = f(y, t, *args) with y(ts[0]) = y0, at all ts: a list of them, or an array. JAX's `odeint`.

    Steps are as long as the estimated error allows: its root mean square, compared with atol + rtol * |y|, is at most 1.
    Between two steps y is a polynomial. Derivatives to y0, ts, args and Values that f takes from outside are those of the
    accepted steps: the discrete adjoint, exact for the computed solution, of any order and in both modes. In `jit` the whole
    is one loop.

    Args:
        f: takes y, t and args; returns dy/dt in the structure of y.
        y0: a number, or numbers in any structure. Where it is a tuple or dict, so is the result, of lists or arrays.
        ts: at which t the solution is wanted, in rising or falling order; the first is where y is y0.
        args: further arguments of f, differentiable where they hold Values.
        rtol, atol: the error of a step compared with y, and absolutely.
        method: "dopri5", "tsit5" (order 5), "rosenbrock" (order 4, implicit, for stiff equations: RODAS), or "rk4": `steps`
            steps of equal length between two of ts, without a look at the error.
        adjoint: "continuous" solves the adjoint equation backwards instead, which needs no memory for steps, but whose
            derivatives are those of the exact solution, within tolerances; Values from outside get none.
        event: event(y, t, *args); the integration ends where it crosses 0. The result is then (ys, t, y): the solution, nan
            behind the event, and where the event is, nan without one; with derivatives.
        max_steps: how many steps are tried at most.
        h0: the length of the first step; chosen by default.

    Raises:
        SolveError: a step becomes too small, or there are too many. Compiled code gives nan instead.
        ValueError: ts are not in order, or an option has no such value.
        TypeError: f returns anything but numbers in the structure of y.

    >>> from autograd import grad
    >>> decay = lambda k: odeint(lambda y, t, k: -k * y, 1.0, [0.0, 1.0], k)[-1]
    >>> round(decay(2.0), 7), round(grad(decay)(2.0), 7)
    (0.1353353, -0.1353353)
    """
    who = f"odeint of {name_of(f)}"
    options = Options(float(rtol), float(atol), method, int(max_steps), h0)
    numbers, structure = flatten(y0, f"{who}: y0")
    times = _times(ts, who)
    _check(options, adjoint, steps, event, who)
    sign = _direction(times)
    rises = type(sign) is float and sign == 1.0

    def numbers_of(y: Any) -> list[Any]:
        found, of_found = flatten(y, f"{who}: what f returns")
        if of_found != structure and len(found) == len(numbers) and structure.children and of_found.keys:
            return flatten(y, f"{who}: what f returns", structure)[0]
        if len(found) != len(numbers):
            raise TypeError(f"{who}: f must return dy/dt in the structure of y, {structure}, but it returned {of_found}")
        return found

    arguments = Arguments(args, range(len(args)), who)
    if adjoint == "continuous" and any(map(is_array_node, arguments.inputs)):
        raise TypeError(
            f"{who}: the adjoint equation has a number for each of args, and only the run knows how many these are "
            '(dynamic_argnums): adjoint="discrete", or pass what f makes of them, such as sum_(xs)'
        )

    def field(y: Sequence[Any], s: Any, p: Sequence[Any] = arguments.inputs) -> list[Any]:
        t = s if rises else sign * s
        found = numbers_of(f(unflatten(structure, y, as_argument), t, *arguments.at(p)))
        return found if rises else [sign * x for x in found]

    def of_event(y: Sequence[Any], s: Any) -> Any:
        t = s if rises else sign * s
        return event(unflatten(structure, y, as_argument), t, *args)  # type: ignore[misc]

    def found_at(along: Sequence[Any]) -> tuple[list[list[Any]], list[Any] | None]:
        if len(times) == 1:
            return [numbers], None
        if method == "rk4":
            return by_rk4(field, numbers, along, steps), None
        if adjoint == "continuous":
            return continuous(field, numbers, along, arguments.inputs, options, who), None
        crosses = None if event is None else of_event
        if in_loop():
            return _again(field, numbers, along, arguments.inputs, crosses, options, who)
        return integrate(field, numbers, along, crosses, options, who)  # type: ignore[no-any-return]

    found, crossing = found_at(times if rises else [sign * t for t in times])
    ys = stacked([unflatten(structure, row, as_argument) for row in found], f"{who}: y")
    if event is None:
        return ys
    crossing = crossing or [nan] * (1 + len(numbers))
    return ys, crossing[0] if rises else sign * crossing[0], unflatten(structure, crossing[1:], as_argument)


def _again(
    field: Any, y0: Sequence[Any], ts: Sequence[Any], p: Sequence[Any], event: Event | None, options: Options, who: str
) -> tuple[list[list[Any]], list[Any] | None]:
    """The integration in the body of a traced loop: its steps, whose number only the run knows, are taken again, not kept."""
    n, m = len(y0), len(ts)

    def run(inputs: list[Any]) -> list[Any]:
        along = inputs[n : n + m]
        rows, crossing = integrate(lambda y, t: field(y, t, inputs[n + m :]), inputs[:n], along, event, options, who)
        return [*[x for row in rows for x in row], *(crossing or [])]

    flat = recomputed(run, [*y0, *ts, *p], who)
    rows = [flat[i : i + n] for i in range(0, n * m, n)]
    return rows, None if event is None else flat[n * m :]


def _times(ts: Any, who: str) -> list[Any]:
    times, structure = flatten(ts, f"{who}: ts")
    if structure.kind is None or not times:
        raise ValueError(f"{who}: ts must be a list or an array of times, [t0, t1], not {structure}")
    return times


def _direction(times: Sequence[Any]) -> Any:
    """1.0 where times rise, -1.0 where they fall."""
    if current_mode().tracer is not None and any(map(is_node, (times[0], times[-1]))):
        return where(detached(times[-1]) < detached(times[0]), -1.0, 1.0)
    plain = [number_of(t) if is_node(t) else t for t in times if current_mode().tracer is None or not is_node(t)]
    sign = -1.0 if plain[-1] < plain[0] else 1.0
    if any(sign * b < sign * a for a, b in pairwise(plain)):
        raise ValueError(f"odeint: ts must rise or fall throughout, not {plain}: sort them")
    return sign


def _check(options: Options, adjoint: str, steps: int, event: Any, who: str) -> None:
    if options.method not in (*METHODS, "rk4"):
        raise ValueError(f"{who}: method must be one of {', '.join(map(repr, (*METHODS, 'rk4')))}, not {options.method!r}")
    if adjoint not in ("discrete", "continuous"):
        raise ValueError(f"{who}: adjoint must be 'discrete' or 'continuous', not {adjoint!r}")
    if event is not None and (options.method == "rk4" or adjoint == "continuous"):
        raise ValueError(f"{who}: an event needs polynomials and the discrete adjoint: leave method and adjoint out")
    if not options.rtol >= 0.0 or not options.atol >= 0.0 or options.rtol + options.atol == 0.0:
        raise ValueError(f"{who}: rtol and atol must be 0 or more, not both 0, not {options.rtol} and {options.atol}")
    if steps < 1:
        raise ValueError(f"{who}: steps must be 1 or more, not {steps}")
