"""Integration: steps as long as the error allows, one loop over all of them, and a polynomial between two for what is asked.

Derivatives are those of the accepted steps, whose sizes are taken as given: the discrete adjoint, exact for what was computed.
"""

from collections.abc import Callable, Sequence
from math import inf, nan
from typing import Any, NamedTuple

from autograd.control import fori_loop, scan
from autograd.equations import solution
from autograd.linear_algebra import SolveError, sum_of
from autograd.modes import current_mode
from autograd.odes.methods import DEGREE, METHODS, Field, Method, rk4
from autograd.primitives import abs as abs_
from autograd.primitives import identity, maximum, minimum, sqrt, stop_gradient, truediv, where
from autograd.primitives import pow as pow_
from autograd.real import is_node, number_of

Function = Callable[..., Any]
SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0  # of a step's size, from one to the next
LEAST = 1e-15  # of a step, compared with t


class Options(NamedTuple):
    """How steps are chosen."""

    rtol: float
    atol: float
    method: str
    max_steps: int
    h0: float | None


class Dense(NamedTuple):
    """A step: where it begins, how long it is, y there, and the polynomial's coefficients."""

    t: Any
    h: Any
    y: list[Any]
    D: list[list[Any]]

    def at(self, t: Any) -> list[Any]:
        """y at t, within the step."""
        theta = where(self.h > 0.0, truediv(t - self.t, self.h), 0.0)
        found = [0.0] * len(self.y)
        for each in reversed(self.D):
            found = [(a + d) * theta for a, d in zip(found, each, strict=True)]
        return [a + b for a, b in zip(self.y, found, strict=True)]

    def row(self) -> list[Any]:
        """Its numbers."""
        return [self.t, self.h, *self.y, *[x for each in self.D for x in each]]

    @classmethod
    def of(cls, row: Sequence[Any], n: int) -> "Dense":
        """The inverse of `row`."""
        return cls(row[0], row[1], list(row[2 : 2 + n]), [list(row[2 + n * j : 2 + n * (j + 1)]) for j in range(1, DEGREE + 1)])


class State(NamedTuple):
    """What a step leaves to the next one."""

    t: Any
    h: Any
    y: list[Any]
    slope: list[Any]
    count: Any
    over: Any  # 1 when an event has been


def detached(x: Any) -> Any:
    """The number, through which no gradient flows."""
    return stop_gradient(x) if current_mode().tracer is not None else number_of(x)


def _chosen(condition: Any, xs: Sequence[Any], ys: Sequence[Any]) -> list[Any]:
    if type(condition) is bool:
        return list(xs if condition else ys)
    return [where(condition, x, y) for x, y in zip(xs, ys, strict=True)]


def _size(numbers: Sequence[Any], scale: Sequence[Any]) -> Any:
    """The root of the mean square, each compared with its scale; no gradient flows through it."""
    terms = [truediv(detached(x), s) for x, s in zip(numbers, scale, strict=True)]
    return sqrt(sum_of([x * x for x in terms]) * (1.0 / len(terms)))


def first_step(field: Field, t: Any, y: Sequence[Any], slope: Sequence[Any], order: int, options: Options) -> Any:
    """Hairer, Norsett and Wanner's choice (I, section II.4)."""
    y, slope = list(map(detached, y)), list(map(detached, slope))
    scale = [options.atol + options.rtol * abs_(a) for a in y]
    one, two = _size(y, scale), _size(slope, scale)
    h = where((one < 1e-5) | (two < 1e-5), 1e-6, 0.01 * truediv(one, two))
    after = list(map(detached, field([a + h * k for a, k in zip(y, slope, strict=True)], detached(t) + h)))
    three = truediv(_size([b - a for a, b in zip(slope, after, strict=True)], scale), h)
    steepest = maximum(two, three)
    other = where(steepest <= 1e-15, maximum(1e-6, h * 1e-3), pow_(truediv(0.01, steepest), 1.0 / order))
    return minimum(100.0 * h, other)


def advance(field: Field, method: Method, state: State, end: Any, options: Options) -> tuple[State, Dense, Any]:
    """A step tried: the next state, the step, and whether it was accepted."""
    left = detached(end - state.t)
    is_last = state.h >= left
    h = where(is_last, left, state.h)
    step = method.step(field, state.t, state.y, state.slope, h)
    largest = [maximum(abs_(detached(a)), abs_(detached(b))) for a, b in zip(state.y, step.y, strict=True)]
    error = _size(step.error, [options.atol + options.rtol * x for x in largest])
    accepted = error <= 1.0
    factor = where(error < inf, minimum(maximum(SAFETY * pow_(error, -1.0 / method.order), SHRINK), GROW), SHRINK)
    following = where(is_last, end, state.t + h) if is_node(is_last) else end if is_last else state.t + h
    (t,) = _chosen(accepted, [following], [state.t])
    y, slope = _chosen(accepted, step.y, state.y), _chosen(accepted, step.slope, state.slope)
    dense = Dense(state.t, h, list(state.y), step.D)
    length = h * where(accepted, factor, minimum(factor, 1.0))
    return State(t, length, y, slope, state.count + 1.0, 0.0), dense, accepted


def goes_on(state: State, end: Any, options: Options) -> Any:
    """Whether another step is to be tried."""
    t = detached(state.t)
    more = (t < detached(end)) | (state.count == 0.0)
    return more & (state.over == 0.0) & (state.count < float(options.max_steps)) & (state.h > LEAST * abs_(t))


Event = Callable[[Sequence[Any], Any], Any]


def _crossed(event: Event, state: State, following: State, accepted: Any) -> Any:
    """Whether the event's function changes its sign in a step."""
    before, after = (detached(event(s.y, s.t)) for s in (state, following))
    return accepted & (before * after <= 0.0) & (before != 0.0)


class Path(NamedTuple):
    """The steps of an integration: the step that has t number k, and the last state."""

    at: list[Dense]
    last: State
    event: Dense | None


def among_values(field: Field, method: Method, start: State, ts: Sequence[Any], event: Event | None, options: Options) -> Path:
    """Step after step."""
    state, at, crossing, end = start, list[Dense](), None, ts[-1]
    while goes_on(state, end, options):
        following, dense, accepted = advance(field, method, state, end, options)
        if event is not None and _crossed(event, state, following, accepted):
            following, crossing = following._replace(over=1.0), dense
        if accepted:
            reached = number_of(following.t)
            while len(at) < len(ts) and number_of(ts[len(at)]) <= reached:
                at.append(dense)
        state = following
    return Path(at, state, crossing)


def in_trace(field: Field, method: Method, start: State, ts: Sequence[Any], event: Event | None, options: Options) -> Any:
    """One step of the program: y at all ts, the last state, and the event's step."""
    tracer: Any = current_mode().tracer
    n, m, end = len(start.y), len(ts), ts[-1]

    def packed(state: State) -> list[Any]:
        return [state.t, state.h, *state.y, *state.slope, state.count, state.over]

    def unpacked(x: Sequence[Any]) -> State:
        return State(x[0], x[1], list(x[2 : 2 + n]), list(x[2 + n : 2 + 2 * n]), x[2 + 2 * n], x[3 + 2 * n])

    def turn(carry: list[Any]) -> tuple[list[Any], list[Any]]:
        state, places = unpacked(carry), carry[4 + 2 * n :]
        following, dense, accepted = advance(field, method, state, end, options)
        if event is not None:
            over = where(_crossed(event, state, following, accepted), 1.0, 0.0)
            following = following._replace(over=over)
        reached = detached(following.t)
        places = [place + where(reached < detached(t), 1.0, 0.0) for place, t in zip(places, ts, strict=True)]
        return [*packed(following), *places], dense.row()

    def test(carry: list[Any]) -> Any:
        return goes_on(unpacked(carry), end, options)

    zero = tracer.record(identity, (0.0,))
    last, array, count = tracer.while_rows(test, turn, [*packed(start._replace(count=zero)), *[0.0] * m])
    width = 2 + n * (1 + DEGREE)

    def at(_: None, x: tuple[Any, Any]) -> tuple[None, list[Any]]:
        t, place = x
        return None, Dense.of(tracer.load(array, width, detached(place)), n).at(t)

    _, found = scan(at, None, (list(ts), last[4 + 2 * n :]))
    crossing = Dense.of(tracer.load(array, width, detached(count) - 1.0), n)
    return [list(row) for row in found], unpacked(last), crossing


def integrate(field: Field, y0: Sequence[Any], ts: Sequence[Any], event: Event | None, options: Options, who: str) -> Any:
    """y at all ts as lists of numbers, and (t, numbers of y) at the event, None without one; ts rise."""
    method = METHODS[options.method]
    slope = field(y0, ts[0])
    h = options.h0
    if h is None:
        h = first_step(field, ts[0], y0, slope, method.order, options)
    start = State(ts[0], h, list(y0), slope, 0.0, 0.0)
    n, crossing = len(y0), None
    if current_mode().tracer is not None:
        found, last, step = in_trace(field, method, start, ts, event, options)
        done = detached(last.t) >= detached(ts[-1])
        if event is not None:
            over = last.over == 1.0
            crossing = [where(over, x, nan) for x in _located(event, step, n, who)]
            beyond = crossing[0]
            found = [[where((t > beyond) & over, nan, x) for x in row] for row, t in zip(found, ts, strict=True)]
            done = done | over
        return [[where(done, x, nan) for x in row] for row in found], crossing
    path = among_values(field, method, start, ts, event, options)
    if path.event is not None and event is not None:
        crossing = _located(event, path.event, n, who)
    elif event is not None:
        crossing = [nan] * (1 + n)
    elif number_of(path.last.t) < number_of(ts[-1]):
        _refuse(path.last, options, who)
    last_of_all = inf if path.event is None or crossing is None else number_of(crossing[0])
    reached = [(t, step) for t, step in zip(ts, path.at, strict=False) if number_of(t) <= last_of_all]
    found = [step.at(t) for t, step in reached]
    return [*found, *[[nan] * n for _ in ts[len(found) :]]], crossing


def _located(event: Event, step: Dense, n: int, who: str) -> list[Any]:
    """t and y where the event's function is 0 within a step, by bisection; derivatives are those of the implicit function."""

    def g(theta: Any, row: Sequence[Any]) -> Any:
        dense = Dense.of(row, n)
        t = dense.t + theta * dense.h
        return event(dense.at(t), t)

    def bisected(_: Any, args: Sequence[Any], _flat: Any) -> Any:
        (row,) = args
        before = g(0.0, row)

        def halved(_: Any, ends: tuple[Any, Any]) -> tuple[Any, Any]:
            low, high = ends
            middle = 0.5 * (low + high)
            same = before * g(middle, row) > 0.0
            return where(same, middle, low), where(same, high, middle)

        low, high = fori_loop(0, 60, halved, (0.0, 1.0))
        return 0.5 * (low + high)

    row = step.row()
    theta = solution(g, bisected, 0.5, (row,), f"{who}: the event")
    t = step.t + theta * step.h
    return [t, *step.at(t)]


def _refuse(last: State, options: Options, who: str) -> None:
    at = f"t = {number_of(last.t)}, y = {list(map(number_of, last.y))}"
    if last.count >= options.max_steps:
        raise SolveError(
            f"{who}: after max_steps={options.max_steps} steps the end is not reached: {at}, step {number_of(last.h)}. Is the "
            f"equation stiff? Then method='rosenbrock'; else raise max_steps, rtol or atol"
        )
    raise SolveError(
        f"{who}: the step became too small, {number_of(last.h)}, at {at}: has the solution a pole there, or is f nan?"
    )


def by_rk4(field: Field, y0: Sequence[Any], ts: Sequence[Any], steps: int) -> list[list[Any]]:
    """y at all ts, with this number of steps between two of them."""

    def interval(y: list[Any], ends: tuple[Any, Any]) -> tuple[list[Any], list[Any]]:
        t, end = ends
        h = (end - t) / float(steps)
        after = fori_loop(0, steps, lambda i, y: rk4(field, t + h * float_of(i), y, h), y)
        return after, after

    _, found = scan(interval, list(y0), (list(ts[:-1]), list(ts[1:])))
    return [list(y0), *[list(y) for y in found]]


def float_of(i: Any) -> Any:
    """A counter as a number."""
    return float(i) if type(i) is int else i
