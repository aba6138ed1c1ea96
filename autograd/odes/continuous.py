"""The continuous adjoint: derivatives of a solution by another equation, solved backwards, without a memory of steps.

    da/dt = -a df/dy,    dp/dt = -a df/dp,    from the last t to the first; at each t that was asked for its cotangent joins a

The adjoint equation is solved by the same rule, so there are derivatives of any order.
"""

from collections.abc import Callable, Sequence
from typing import Any

from autograd.applied import Rule
from autograd.control import scan
from autograd.linear_algebra import sum_of
from autograd.linearization import Linearization
from autograd.odes.integration import Options, integrate
from autograd.real import is_node

Family = Callable[[Sequence[Any], Any, Sequence[Any]], list[Any]]
"""(numbers of y, t, numbers of args) -> numbers of dy/dt."""


def continuous(
    field: Family, y0: Sequence[Any], ts: Sequence[Any], p: Sequence[Any], options: Options, who: str
) -> list[list[Any]]:
    """y at all ts, with the derivatives of the continuous adjoint."""
    rule = ContinuousAdjoint(field, len(y0), len(ts), options, who)
    inputs = [*y0, *ts, *p]
    found = rule.at(inputs, rule.evaluate) if any(map(is_node, inputs)) else rule.evaluate(inputs)[0]
    n = len(y0)
    return [list(found[i : i + n]) for i in range(0, len(found), n)]


class ContinuousAdjoint(Rule):
    """Inputs: y0, ts, args; results: y at all ts, one after another."""

    reads_results = True

    def __init__(self, field: Family, n: int, times: int, options: Options, name: str) -> None:
        self.field, self.n, self.times, self.options, self.name = field, n, times, options, name
        self.count = n * times

    def _apart(self, inputs: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        n, m = self.n, self.times
        return list(inputs[:n]), list(inputs[n : n + m]), list(inputs[n + m :])

    def evaluate(self, inputs: Sequence[Any]) -> tuple[list[Any], None]:
        """The solution."""
        y0, ts, p = self._apart(inputs)
        found, _ = integrate(lambda y, t: self.field(y, t, p), y0, ts, None, self.options, self.name)
        return [x for row in found for x in row], None

    def pull(self, inputs: Any, results: Any, cotangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """Backwards from one of ts to the one before; what arrives there joins."""
        n, (_, ts, p) = self.n, self._apart(inputs)
        ys = [list(results[i : i + n]) for i in range(0, self.count, n)]
        arriving = [list(cotangents[i : i + n]) for i in range(0, self.count, n)]

        def backwards(state: Sequence[Any], s: Any, p: Sequence[Any]) -> list[Any]:
            y, a = state[:n], state[n : 2 * n]
            linear = Linearization(lambda at: (self.field(at[:n], -s, at[n:]), None), [*y, *p], self.name)
            return [*[-x for x in linear.outputs], *linear.pullback(a)]

        def interval(carry: Any, x: Any) -> tuple[Any, None]:
            a, b = carry
            y, end, begin, joins = x
            _, last = continuous(backwards, [*y, *a, *b], [-end, -begin], p, self.options, self.name)
            return ([c + d for c, d in zip(last[n : 2 * n], joins, strict=True)], last[2 * n :]), None

        xs = (ys[1:], ts[1:], ts[:-1], [[0.0] * n, *arriving[1:-1]])
        (a, b), _ = scan(interval, (arriving[-1], [0.0] * len(p)), xs, reverse=True)
        slopes = [self.field(y, t, p) for y, t in zip(ys, ts, strict=True)]
        at_times = [_dot(c, slope) for c, slope in zip(arriving[1:], slopes[1:], strict=True)]
        return [*[c + d for c, d in zip(a, arriving[0], strict=True)], -_dot(a, slopes[0]), *at_times, *b]

    def push(self, inputs: Any, results: Any, tangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """The sensitivity equation, beside the solution."""
        n, (y0, ts, p) = self.n, self._apart(inputs)
        start, of_ts, of_p = self._apart(tangents)

        def along(state: Sequence[Any], t: Any, every: Sequence[Any]) -> list[Any]:
            y, moving, p, of_p = state[:n], state[n:], every[: len(of_p_)], every[len(of_p_) :]
            linear = Linearization(lambda at: (self.field(at[:n], t, at[n:]), None), [*y, *p], self.name)
            return [*linear.outputs, *linear.pushforward([*moving, *of_p])]

        of_p_ = of_p
        begin = [d - of_ts[0] * slope for d, slope in zip(start, self.field(y0, ts[0], p), strict=True)]
        found = continuous(along, [*y0, *begin], ts, [*p, *of_p], self.options, self.name)
        moved = list(start)
        for row, t, dt in zip(found[1:], ts[1:], of_ts[1:], strict=True):
            moved += [x + dt * slope for x, slope in zip(row[n:], self.field(row[:n], t, p), strict=True)]
        return moved


def _dot(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    return sum_of([x * y for x, y in zip(xs, ys, strict=True)])
