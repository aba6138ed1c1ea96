"""Where tests look: points of a row's domain, any floats at all, and random graphs."""

import math
from typing import Any

from hypothesis import strategies as st

from autograd.table import Interval, Primitive

ANY_FLOAT = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1.7e308, -1.7e308, 710.0]),
    st.floats(-50.0, 50.0),
)

N_ARY = 4  # operands drawn for a row that takes any number; even, because dot's are two halves


def points(interval: Interval, decades: int = 300) -> st.SearchStrategy[float]:
    """Special points, the transition region, and every magnitude from 10**-decades to 10**decades within the bounds."""

    def inside(x: float) -> bool:
        return interval.low < x < interval.high or x in interval.special

    magnitudes = st.builds(
        lambda sign, mantissa, exponent: sign * mantissa * 10.0**exponent,
        st.sampled_from([1.0, -1.0]),
        st.floats(1.0, 9.99),
        st.integers(-decades, decades - 1),
    )
    near = [st.floats(interval.low, interval.low + 1e-3)] if math.isfinite(interval.low) else []
    near += [st.floats(interval.high - 1e-3, interval.high)] if math.isfinite(interval.high) else []
    return st.one_of(
        st.sampled_from(interval.special), st.floats(*interval.transition), st.floats(*interval.transition), magnitudes, *near
    ).filter(lambda x: inside(x) and (x == 0.0 or abs(x) >= 10.0**-decades))


def operands(row: Primitive, **options: Any) -> st.SearchStrategy[tuple[float, ...]]:
    """A point of the row's domain at which it is smooth."""
    domain = row.domain if row.arity else row.domain * N_ARY
    if not row.arity:
        options.setdefault("decades", 100)  # products of two operands, beside others, are to stay within the reference's digits
    drawn = st.tuples(*[points(interval, **options) for interval in domain])
    return drawn.filter(lambda at: row.kink is None or not row.kink(*at))


def any_operands(row: Primitive) -> st.SearchStrategy[tuple[float, ...]]:
    """Any floats at all, as many as the row takes."""
    return st.tuples(*[ANY_FLOAT] * (row.arity or N_ARY))
