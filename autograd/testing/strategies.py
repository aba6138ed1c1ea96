"""Hypothesis strategies: Values, points of a row's domain, and whole random expressions.

Hypothesis is imported when the first of them is made, and not before.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from autograd.definition import Interval, Primitive
from autograd.primitives import stop_gradient
from autograd.table import TABLE, lookup
from autograd.testing.expression import Expression
from autograd.value import Value

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

N_ARY = 2  # operands drawn at most for each sequence that a row takes
LARGEST = 1e6  # of the numbers and partials inside of an expression


def _st() -> Any:
    try:
        from hypothesis import strategies
    except ImportError:
        raise ImportError('the strategies of autograd.testing need Hypothesis: python -m pip install "hypothesis"') from None
    return strategies


def values(
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    allow_nan: bool = False,
    allow_infinity: bool = False,
    label: str = "",
) -> "SearchStrategy[Value]":
    """Leaf Values within bounds, finite unless told otherwise: half of them of everyday size, the others of any.

    What `from_type(Value)` draws. `floats()` alone draws numbers between 0.1 and 10 in one case of twenty.

    >>> from hypothesis import find
    >>> find(values(2.0, 3.0), lambda value: True)
    Value(data=2.0, grad=0.0)
    """
    st = _st()
    low = -math.inf if min_value is None else float(min_value)
    high = math.inf if max_value is None else float(max_value)
    if not low <= high:
        raise ValueError(f"values(): min_value {min_value} is not below max_value {max_value}")
    if allow_nan and not (min_value is None and max_value is None):
        raise ValueError(f"values(): nan lies within no bounds, such as {min_value} and {max_value}: leave one of both out")
    if allow_infinity and math.isfinite(low) and math.isfinite(high):
        raise ValueError(f"values(): no infinity lies between {min_value} and {max_value}: leave a bound or allow_infinity out")
    wide = st.floats(min_value, max_value, allow_nan=allow_nan, allow_infinity=allow_infinity)
    beyond = [math.inf, -math.inf] * allow_infinity
    special = [x for x in (0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, -1e-300, 1e300, *beyond) if low <= x <= high] + [
        math.nan
    ] * allow_nan
    near = [st.floats(max(low, -10.0), min(high, 10.0))] if low <= 10.0 and high >= -10.0 else []
    drawn = st.one_of(*near, *([st.sampled_from(special)] if special else []), wide)
    leaves: SearchStrategy[Value] = drawn.map(lambda x: Value(x, label))
    return leaves


def _interval_points(interval: Interval, decades: int) -> Any:
    """Special points, the transition region, the bounds, and every magnitude from 10**-decades to 10**decades between them."""
    st = _st()
    low, high = interval.low, interval.high
    smallest, largest = 10.0**-decades, 10.0**decades
    if max(abs(low), abs(high)) < 10.0 * smallest or low > largest or high < -largest:
        smallest, largest = 0.0, math.inf  # the whole domain lies beyond

    def inside(x: float) -> bool:
        return (low < x < high or x in interval.special) and (x == 0.0 or smallest <= abs(x) <= largest)

    parts = st.tuples(st.sampled_from([1.0, -1.0]), st.floats(1.0, 9.99), st.integers(-decades, decades - 1))
    magnitudes = parts.map(lambda part: part[0] * part[1] * 10.0 ** part[2])
    drawn = [st.sampled_from(interval.special)] if interval.special else []
    if interval.transition[0] <= interval.transition[1]:
        drawn += [st.floats(*interval.transition)] * 2
    if math.isfinite(low) and math.isfinite(high):
        edge = (high - low) / 100.0
        drawn += [st.floats(low, high), st.floats(low, high), st.floats(low, low + edge), st.floats(high - edge, high)]
    else:
        drawn += [magnitudes]
        drawn += [st.floats(low, low + max(1e-3, abs(low) / 100.0))] if math.isfinite(low) else []
        drawn += [st.floats(high - max(1e-3, abs(high) / 100.0), high)] if math.isfinite(high) else []
    return st.one_of(*drawn).filter(inside)


def points(primitive: Primitive | str, *, decades: int = 300, smooth: bool = True) -> "SearchStrategy[tuple[float, ...]]":
    """Points of a row's domain: the operands, as a tuple, for `row.at(*point)`.

    Drawn are the domain's special points, its transition region, its bounds, ties between operands, and every magnitude from
    10**-decades to 10**decades; not the points where the row has a kink, unless `smooth` is False. A row of any number of
    operands gets up to four.
    """
    st = _st()
    row = row_of(primitive, "points()")
    if not 1 <= decades <= 300:
        raise ValueError(f"points(): decades must lie between 1 and 300, not be {decades!r}")
    if row.arity is None:
        size = max(1, row.sequences())
        decades = min(decades, 100)  # the products of two operands, and their slopes, stay within the numbers
        counts = st.integers(1, N_ARY if size > 1 else 2 * N_ARY).map(lambda count: count * size)
        drawn = counts.flatmap(lambda count: st.tuples(*[_interval_points(row.domain[0], decades)] * count))
    else:
        drawn = st.tuples(*[_interval_points(interval, decades) for interval in row.domain])
        if row.arity > 1 and len(set(row.domain)) == 1:
            tie = _interval_points(row.domain[0], decades).map(lambda x: (x,) * row.arity)
            drawn = st.one_of(drawn, drawn, drawn, tie)
    found: SearchStrategy[tuple[float, ...]] = drawn
    kink = row.kink
    return found.filter(lambda at: not kink(*at)) if smooth and kink is not None else found


def expressions(
    *,
    max_ops: int = 20,
    primitives: Iterable[Primitive | str] | None = None,
    inputs: int = 2,
) -> "SearchStrategy[Expression]":
    """Random `Expression`s: whole graphs with sharing, of up to `max_ops` rows, with a point at which they are smooth.

    `primitives` are the rows to choose from, all that have partials unless told; `inputs` is the number of inputs. Everything
    on the way, partials included, is below 1e6 at the point. They shrink to few operations, early rows of the table and simple
    numbers, and print as Python source.
    """
    if isinstance(primitives, str | Primitive):
        primitives = [primitives]
    chosen = (
        [row for row in TABLE.values() if row.differentiable and row is not stop_gradient] if primitives is None else primitives
    )
    rows = [row_of(row, "expressions()") for row in chosen]
    if not rows or max_ops < 1 or inputs < 1:
        raise ValueError(
            f"expressions() needs a primitive, an operation and an input, not {len(rows)} primitives, "
            f"max_ops={max_ops} and inputs={inputs}"
        )
    st = _st()
    everyday = st.one_of(st.sampled_from([1.0, 0.5, 2.0, -1.0]), st.floats(-3.0, 3.0).filter(lambda x: abs(x) > 1e-6))
    number = everyday if primitives is None else st.one_of(everyday, st.floats(0.01, 0.99))  # inside of every domain
    constant = st.sampled_from([2.0, 0.5, 3.0, -1.0, 1.0])

    def drawn(draw: Any) -> Expression:
        at = tuple(draw(number) for _ in range(inputs))
        numbers = list(at)
        steps: list[tuple[Primitive, tuple[int | float, ...]]] = []
        for _ in range(draw(st.integers(1, max_ops))):
            last = len(numbers) - 1
            first = min(draw(st.integers(0, 4 * last)), last)  # most steps are built upon; smaller is simpler
            operand = st.one_of(st.integers(0, last), st.integers(0, last), constant)
            places = [first, draw(operand), draw(operand), draw(operand)]
            chosen = draw(st.integers(0, len(rows) - 1))
            for row in [*rows[chosen:], *rows[:chosen]]:  # the row chosen, or the next one that can be taken
                operands = tuple(places[: row.arity or len(places)])
                if _smooth(row, operands, numbers):
                    steps.append((row, operands))
                    numbers.append(row.at(*_looked_up(operands, numbers)))
                    break
        return Expression(inputs, tuple(steps), at).pruned()

    found: SearchStrategy[Expression] = st.composite(drawn)()
    return found.filter(lambda expression: bool(expression.steps))


def row_of(given: Any, who: str) -> Primitive:
    """A row or the row of a name."""
    row = lookup(given) if isinstance(given, str) else given
    if not isinstance(row, Primitive):
        raise TypeError(f"{who} takes rows of the table or their names, not {given!r}")
    return row


def _looked_up(places: Sequence[int | float], numbers: Sequence[float]) -> list[float]:
    return [numbers[place] if type(place) is int else place for place in places]


def _smooth(row: Primitive, places: Sequence[int | float], numbers: Sequence[float]) -> bool:
    """Whether a step may be taken: of something, inside the domain, without a kink, and nothing beyond bounds."""
    if len(places) != (row.arity or len(places)) or not any(type(place) is int for place in places):
        return False
    at = _looked_up(places, numbers)
    domain = row.domain * len(at) if row.arity is None else row.domain
    for place, x, interval in zip(places, at, domain, strict=False):
        fixed = interval.low == interval.high == x and type(place) is float  # a constant of the row
        if not (interval.low < x < interval.high or fixed):
            return False
    if row.kink is not None and row.kink(*at):
        return False
    result = row.at(*at)
    return all(math.isfinite(x) and abs(x) <= LARGEST for x in (result, *[p or 0.0 for p in row.partials(result, *at)]))


def _register() -> None:
    """What Hypothesis calls when it is imported, by the entry point: `from_type(Value)` draws `values()`."""
    _st().register_type_strategy(Value, values())
