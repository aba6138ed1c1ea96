"""Hypothesis strategies: Values, points of a primitive's domain, and whole random expressions.

Hypothesis is imported when the first strategy is made, not before.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autograd.definition import Interval, Primitive
from autograd.primitives import stop_gradient
from autograd.table import TABLE, lookup
from autograd.testing.builder import Builder
from autograd.testing.expression import Expression
from autograd.value import Value

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

N_ARY = 2  # operands drawn at most for each sequence that a primitive takes
NEAR = tuple([1.0 + sign * 10.0**-k for k in (15, 12, 8, 4) for sign in (1.0, -1.0)])  # what brings a tie near one


def _st() -> Any:
    try:
        from hypothesis import strategies
    except ImportError:
        raise ImportError('the strategies of autograd.testing need Hypothesis: pip install "chainrule[testing]"') from None
    return strategies


def values(
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    allow_nan: bool = False,
    allow_infinity: bool = False,
    label: str = "",
) -> "SearchStrategy[Value]":
    """Leaf Values: half of them of everyday size, the others of any. `from_type(Value)` draws these.

    (`floats()` alone draws numbers between 0.1 and 10 in one case of twenty.) Bounds may be given; nan and infinity are drawn
    if allowed and within the bounds; every Value gets the label. Raises ValueError if the bounds are in the wrong order, or
    leave no room for what is allowed.

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
    special = [x for x in (0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, -1e-300, 1e300, *beyond) if low <= x <= high]
    special += [math.nan] * allow_nan
    near = [st.floats(max(low, -10.0), min(high, 10.0))] if low <= 10.0 and high >= -10.0 else []
    drawn = st.one_of(*near, *([st.sampled_from(special)] if special else []), wide)
    leaves: SearchStrategy[Value] = drawn.map(lambda x: Value(x, label))
    return leaves


def _interval_points(interval: Interval, decades: int) -> Any:
    """Special points, the transition region, the bounds, and between them every magnitude from 10**-decades to 10**decades."""
    st = _st()
    low, high = interval.low, interval.high
    smallest, largest = 10.0**-decades, 10.0**decades
    if max(abs(low), abs(high)) < 10.0 * smallest or low > largest or high < -largest:
        smallest, largest = 0.0, math.inf  # the whole domain lies beyond

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
    return st.one_of(*drawn).filter(
        lambda x: (low < x < high or x in interval.special) and (x == 0.0 or smallest <= abs(x) <= largest)
    )


def points(primitive: Primitive | str, *, decades: int = 300, smooth: bool = True) -> "SearchStrategy[tuple[float, ...]]":
    """Points of a primitive's domain: the operands, as a tuple, for `primitive.at(*point)`.

    They include the domain's special points, its transition region, its bounds and ties between operands; with `smooth`, not
    the points where the primitive has a kink. A primitive of any number of operands gets up to four. Operands have every
    magnitude from 10**-decades to 10**decades; ValueError unless `decades` lies between 1 and 300. KeyError or TypeError if
    there is no such primitive.

    >>> from hypothesis import find
    >>> find(points("log"), lambda point: point[0] > 1.5)
    (2.0,)
    """
    st = _st()
    primitive = primitive_of(primitive, "points()")
    if not 1 <= decades <= 300:
        raise ValueError(f"points(): decades must lie between 1 and 300, not be {decades!r}")
    if primitive.arity is None:
        size = max(1, primitive.sequences())
        decades = min(decades, 100)  # the products of two operands, and their slopes, stay within the numbers
        counts = st.integers(len(primitive.domain), N_ARY if size > 1 else 2 * N_ARY).map(
            lambda count: primitive.domain_of(count * size)
        )
        drawn = counts.flatmap(lambda domain: st.tuples(*[_interval_points(interval, decades) for interval in domain]))
    else:
        drawn = st.tuples(*[_interval_points(interval, decades) for interval in primitive.domain])
        if primitive.arity > 1 and len(set(primitive.domain)) == 1:
            tie = _interval_points(primitive.domain[0], decades).map(lambda x: (x,) * primitive.arity)
            near = st.tuples(tie, st.sampled_from(NEAR)).map(lambda drawn: (drawn[0][0] * drawn[1], *drawn[0][1:]))
            drawn = st.one_of(
                drawn, drawn, drawn, tie, near.filter(lambda at: primitive.domain[0].low < at[0] < primitive.domain[0].high)
            )
    kink = primitive.kink
    found: SearchStrategy[tuple[float, ...]] = drawn.filter(lambda at: not kink(*at)) if smooth and kink is not None else drawn
    return found


def expressions(
    *, max_ops: int = 20, primitives: Iterable[Primitive | str] | None = None, inputs: int = 2, nests: int = 0
) -> "SearchStrategy[Expression]":
    """Random `Expression`s: whole graphs with sharing, with a point at which they are smooth.

    At the point all intermediate numbers and partials are below 1e6. Expressions print as Python source, and shrink to few
    operations, early primitives of the table and simple numbers.

    Args:
        max_ops: the most operations.
        primitives: those to choose from, or their names; by default all that have partials.
        inputs: the number of inputs.
        nests: how deep loops, maps and branches lie in one another (`scan`, `fori_loop`, `while_loop`, `vmap`, `cond`,
            `switch`, and elements by `take`); none by default.

    Raises ValueError if there is nothing to choose from, and KeyError or TypeError if there is no such primitive.

    >>> from hypothesis import find
    >>> found = find(expressions(primitives=["tanh", "mul"]), lambda expression: True)
    >>> len(found.at)
    2
    """
    if isinstance(primitives, str | Primitive):
        primitives = [primitives]
    all_smooth = (known for known in TABLE.values() if known.differentiable and known is not stop_gradient)
    pool = [primitive_of(given, "expressions()") for given in (all_smooth if primitives is None else primitives)]
    if not pool or max_ops < 1 or inputs < 1 or nests < 0:
        raise ValueError(
            f"expressions() needs a primitive, an operation and an input, not {len(pool)} primitives, "
            f"max_ops={max_ops} and inputs={inputs}; nests={nests} must be 0 or more"
        )
    st = _st()
    everyday = st.one_of(st.sampled_from([1.0, 0.5, 2.0, -1.0]), st.floats(-3.0, 3.0).filter(lambda x: abs(x) > 1e-6))
    number = everyday if primitives is None else st.one_of(everyday, st.floats(0.01, 0.99))  # inside every domain

    def drawn(draw: Any) -> Expression:
        at = tuple(draw(number) for _ in range(inputs))
        builder = Builder(draw, pool, at)
        builder.build(max_ops, nests)
        if nests:
            builder.gather()
        return Expression(inputs, tuple(builder.steps), at).pruned()

    found: SearchStrategy[Expression] = st.composite(drawn)()
    return found.filter(lambda expression: bool(expression.steps))


def primitive_of(given: Any, who: str) -> Primitive:
    """A primitive, given itself or by its name."""
    primitive = lookup(given) if isinstance(given, str) else given
    if not isinstance(primitive, Primitive):
        raise TypeError(f"{who} takes primitives or their names, not {given!r}")
    return primitive


def _register() -> None:
    """Let `from_type(Value)` draw `values()`: Hypothesis calls this when it is imported, through the entry point."""
    _st().register_type_strategy(Value, values())
