"""The battery: what every row of the table must pass, a user's own too."""

import math
import struct
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import combinations_with_replacement
from typing import Any

from autograd.compiler.jit import jit
from autograd.definition import Primitive
from autograd.graph import reverse_sweep, topological_order
from autograd.linearization import differentiable_partials
from autograd.modes import Mode, in_mode
from autograd.primitives import stop_gradient
from autograd.table import TABLE
from autograd.testing.derivatives import gradcheck
from autograd.testing.strategies import points, row_of
from autograd.transforms import value_and_grad
from autograd.value import Value

Check = Callable[..., None]


def check_primitive(
    primitive: Primitive | str, *, order: int = 2, ulps: float = 4.0, decades: int = 300, max_examples: int = 25
) -> None:
    """Run the whole battery on one row: raises AssertionError at the first point where it is wrong.

    - Value and partials against the row's `reference`, an mpmath function, if it has one: within `ulps` units in the last place
      plus what the conditioning of the operands allows, from 10**-decades to 10**decades in its domain; and the higher
      derivatives up to `order`, to 1e-12 of their largest term.
    - `gradcheck` in both modes, at both orders, kinks and ties included.
    - IEEE's contract: for any floats a float and never an exception, and derivatives that never raise either.
    - Methods, operators and calls on Values give the bits of the row, and so does compiled code, for value and gradient.

    Draws `max_examples` points for each (`points(primitive)`), shrinks the one that fails, and needs Hypothesis.

    >>> from autograd import primitive
    >>> cube = primitive("cube", evaluate=lambda x: x * x * x, partials=lambda r, x: 3.0 * x * x, domain=(-1e3, 1e3))
    >>> check_primitive(cube)
    """
    row = row_of(primitive, "check_primitive()")
    _check_order(order, "check_primitive()")
    for check in checks(row):
        check(row, order=order, ulps=ulps, decades=decades, max_examples=max_examples)


def primitive_tests(
    *primitives: Primitive | str, order: int = 2, ulps: float = 4.0, decades: int = 300, max_examples: int = 25
) -> Any:
    """The battery as a pytest function, one test for each row and check: one line in a test file of yours.

    `test_my_rows = primitive_tests(cube, "square")`. Options are those of `check_primitive`.
    """
    import pytest

    rows = [row_of(row, "primitive_tests()") for row in primitives]
    _check_order(order, "primitive_tests()")
    cases = [
        pytest.param(row, check, id=f"{row.name}-{check.__name__.removeprefix('check_')}")
        for row in rows
        for check in checks(row)
    ]

    @pytest.mark.parametrize(("row", "check"), cases)
    def test_primitive(row: Primitive, check: Check) -> None:
        """One check of the battery on one row."""
        check(row, order=order, ulps=ulps, decades=decades, max_examples=max_examples)

    return test_primitive


def _check_order(order: Any, who: str) -> None:
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"{who}: order must be 1 or more, not {order!r}")


def checks(row: Primitive) -> list[Check]:
    """The checks that apply to a row."""
    found: list[Check] = [check_ieee_contract]
    if row.reference is not None:
        found += [check_value_and_partials, check_special_points]
        found += [check_higher_derivatives] if row.differentiable else []
    if row.differentiable and row is not stop_gradient:  # whose slope is not its value's: that is what it is for
        found.append(check_gradcheck)
    found.append(check_compiled)
    if TABLE.get(row.name) is row:
        found.append(check_shortcuts)
    return found


def _everywhere(points: Any, max_examples: int, check: Callable[[tuple[float, ...]], None]) -> None:
    """Hypothesis draws the points, with the settings of the profile in force but for the number of examples."""
    from hypothesis import HealthCheck, given, settings

    @settings(max_examples=max_examples, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
    @given(points)
    def run(at: tuple[float, ...]) -> None:
        check(at)

    run()


# --- against the reference --------------------------------------------------------------------------------------------


def check_value_and_partials(
    row: Primitive, *, ulps: float = 4.0, decades: int = 300, max_examples: int = 25, **_: Any
) -> None:
    """Value and first derivatives are right over the whole domain, tails and special points included."""
    _everywhere(points(row, decades=decades), max_examples, lambda at: check_at(row, at, ulps))


def check_special_points(row: Primitive, *, ulps: float = 4.0, **_: Any) -> None:
    """The points that a row's domain names are each tried, not left to chance."""
    for x in {x for interval in row.domain for x in interval.special}:
        at = tuple(x if x in interval.special else interval.special[0] for interval in row.domain if interval.special)
        at *= 1 if row.arity else 4
        if len(at) == (row.arity or 4) and not (row.kink and row.kink(*at)):
            check_at(row, at, ulps)


def check_higher_derivatives(row: Primitive, *, order: int = 2, decades: int = 300, max_examples: int = 25, **_: Any) -> None:
    """The same sweep over Values gives higher derivatives, right to 1e-12 of their largest term."""
    for k in range(2, order + 1):
        reach = min(decades, 20 if k == 2 else 3)
        count = max(1, max_examples // 2 ** (k - 1))
        _everywhere(points(row, decades=reach), count, partial(_higher_order, row, order=k))


def gradients(row: Primitive, at: Sequence[float]) -> tuple[float, list[float]]:
    """The value of a row and the gradients that the engine finds, from leaves to leaves."""
    leaves = [Value(x) for x in at]
    result = row.at(*leaves)
    if not row.differentiable:
        return result.data, []
    result.backward()
    return result.data, [leaf.grad for leaf in leaves]


def check_at(row: Primitive, at: Sequence[float], ulps: float = 4.0) -> None:
    """Value and partials at a point, against the reference, within units in the last place plus the operands' conditioning."""
    import mpmath

    from autograd.testing import truth

    f = truth.function(row)
    found = gradients(row, at)
    with mpmath.workdps(truth.DIGITS):
        try:
            exact = [truth.value(f, at), *[truth.partial(f, at, i) for i in range(len(at))]]
            conditions = [
                truth.condition(f, at),
                *[truth.condition(lambda *xs, i=i: truth.partial(f, xs, i), at) for i in range(len(at))],
            ]
        except OverflowError:  # mpmath's erfc has its limits
            return
        for i, (number, right) in enumerate(zip([found[0], *found[1]], exact, strict=False)):
            what = f"{row.name}{tuple(at)}" if i == 0 else f"partial {i - 1} of {row.name}{tuple(at)}"
            error = truth.error_in_ulps(number, right)
            allowed = ulps + 2.0 * conditions[i]
            assert error <= allowed, (
                f"{what} is {number!r}, not {mpmath.nstr(right, 20)}: {error:.3g} ulp, {allowed:.3g} allowed"
            )


def _higher_order(row: Primitive, at: Sequence[float], order: int) -> None:
    """Every derivative of that order, against nested differences at hundreds of digits."""
    import mpmath

    from autograd.testing import truth

    f = truth.function(row)
    leaves = [Value(x) for x in at]
    for places in combinations_with_replacement(range(len(at)), order):
        slope: Any = row.at(*leaves)
        for i in places[:-1]:
            slope = _adjoints(slope, differentiable_partials).get(leaves[i]) if isinstance(slope, Value) else 0.0
        size = abs(slope.item()) if isinstance(slope, Value) else 0.0
        if size == 0.0 or 1e-290 < size < 1e290:  # else the slope itself has left the numbers
            last = leaves[places[-1]]
            found = terms = 0.0
            if isinstance(slope, Value):
                found = _adjoints(slope, lambda node: node.local_partials).get(last) or 0.0
                terms = _adjoints(slope, lambda node: [p and abs(p) for p in node.local_partials]).get(last) or 0.0
            with mpmath.workdps(truth.DIGITS):
                right = truth.derivative(f, at, places)
                condition = truth.condition(lambda *xs, places=places: truth.derivative(f, xs, places), at)
                size = max(float(abs(right)), 1e-3 * terms)  # of the largest term, without cancellation
                allowed = 1e-12 * size + 2e-16 * condition * float(abs(right)) + 1e-300
                assert abs(found - right) <= allowed, (
                    f"the derivative of {row.name}{tuple(at)} by operands {places} is {found!r}, not {mpmath.nstr(right, 20)}"
                )


def _adjoints(result: Any, partials: Callable[[Any], Any]) -> dict[Any, Any]:
    return reverse_sweep(topological_order(result), {result: 1.0}, partials)


# --- against itself ---------------------------------------------------------------------------------------------------


def check_gradcheck(row: Primitive, *, max_examples: int = 25, **_: Any) -> None:
    """Both modes, at both orders, agree with references that know no derivatives; at kinks and ties, with the slopes around."""

    def function(*operands: Any) -> Any:
        return row.at(*operands)

    function.__name__ = row.name

    def check(at: tuple[float, ...]) -> None:
        value = row.at(*at)
        if math.isfinite(value) and not any(p is not None and math.isinf(p) for p in row.partials(value, *at)):
            gradcheck(function, *at)

    _everywhere(points(row, decades=3, smooth=False), max_examples, check)


def _any_floats(row: Primitive) -> Any:
    from hypothesis import strategies as st

    special = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1.7e308, -1.7e308, 710.0]
    return st.tuples(*[st.one_of(st.floats(), st.sampled_from(special), st.floats(-50.0, 50.0))] * (row.arity or 4))


def check_ieee_contract(row: Primitive, *, max_examples: int = 50, **_: Any) -> None:
    """For any floats: a float, never an exception, the same bits by Values, and derivatives never raise after it."""

    def check(at: tuple[float, ...]) -> None:
        what = f"{row.name}{at}"
        try:
            plain = row.at(*at)
            leaves = [Value(x) for x in at]
            what = f"the partials of {row.name}{at}"
            result = row.at(*leaves)
            what = f"backward() from {row.name}{at}"
            slopes = []
            if row.differentiable:
                result.backward()
                slopes = list(_adjoints(row.at(*leaves), differentiable_partials).values())
            for slope in slopes:
                if isinstance(slope, Value):
                    slope.backward()
        except Exception as error:
            fix = "return IEEE's inf or nan instead, and divide by truediv(x, y) where y may be 0"
            raise AssertionError(f"{what} raised {error!r}: {fix}") from error
        assert type(plain) is float
        assert same_bits(result.data, plain), f"{row.name}{at} is {plain!r} on floats and {result.data!r} on Values"
        assert all(type(leaf.grad) is float for leaf in leaves)

    _everywhere(_any_floats(row), max_examples, check)


def check_compiled(row: Primitive, *, max_examples: int = 50, **_: Any) -> None:
    """Compiled by each backend there is, value and gradient have the same bits as by Values."""
    available = all(find_spec(name) is not None for name in ("llvmlite", "numpy"))

    def call(*xs: Any) -> Any:
        return row.at(*xs)

    def both(*xs: Any) -> Any:
        return value_and_grad(call, argnums=tuple(range(len(xs))))(*xs)

    compiled = [
        jit(both if row.differentiable else call, backend=name) for name in ["python", *(["auto"] if available else [])]
    ]

    def check(at: tuple[float, ...]) -> None:
        value, slopes = gradients(row, at)
        for function in compiled:
            found, gradient = function(*at) if row.differentiable else (function(*at), [])
            what = f"{row.name}{at}, compiled by {function!r},"
            assert same_bits(found, value), f"{what} is {found!r}, and {value!r} by Values"
            for i, (ours, theirs) in enumerate(zip(gradient, slopes, strict=True)):
                assert same_bits(ours, theirs), f"{what} has the partial {ours!r} to operand {i}, and {theirs!r} by Values"

    _everywhere(_any_floats(row), max_examples, check)


def check_shortcuts(row: Primitive, *, max_examples: int = 50, **_: Any) -> None:
    """Methods, operators and calls on Values record what the row itself says, bit for bit, with and without constants."""
    _everywhere(_any_floats(row), max_examples, lambda at: _same_by_every_way(row, at))


def _same_by_every_way(row: Primitive, at: Sequence[float]) -> None:
    value = row.at(*at)
    expected = [value, *[p or 0.0 for p in row.partials(value, *at)]] if row.differentiable else [value]
    leaves = [Value(x) for x in at]
    calls = [row.at(*leaves)]
    with in_mode(Mode()):  # a mode in force, though it changes nothing, sends operations the long way
        calls.append(row.at(*leaves))
    if row.arity:
        calls.append(row(*leaves))
    if row.arity and not row.internal:
        calls.append(getattr(leaves[0], row.name)(*leaves[1:]))
    if row.operator and row.arity == 2:
        calls.append(getattr(leaves[0], f"__{row.operator}__")(leaves[1]))
        calls.append(getattr(leaves[1], f"__r{row.operator}__")(leaves[0]))
        calls.append(getattr(leaves[0], f"__{row.operator}__")(at[1]))
        calls.append(getattr(leaves[1], f"__r{row.operator}__")(at[0]))
    for call in calls:
        assert call.primitive is row
        assert same_bits(call.data, expected[0])
        if not row.differentiable:
            continue
        for operand, slope, number in zip(call.operands, call.local_partials, expected[1:], strict=True):
            if type(operand) is float:
                assert slope is None
            else:
                assert same_bits(slope or 0.0, number)


def same_bits(x: float, y: float) -> bool:
    """Equal to the bit, nan equal to nan, 0 and -0 alike where a partial was masked."""
    return struct.pack("d", x) == struct.pack("d", y) or (math.isnan(x) and math.isnan(y)) or x == y == 0.0
