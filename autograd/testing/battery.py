"""The battery of checks that every primitive of the table must pass, and users' own too."""

import math
import struct
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import product
from typing import Any, NamedTuple

from autograd.compiler.jit import jit
from autograd.definition import Primitive
from autograd.extras import needed
from autograd.graph import recorded_partials, reverse_sweep, topological_order
from autograd.linearization import differentiable_partials
from autograd.modes import Mode, in_mode
from autograd.primitives import stop_gradient
from autograd.table import TABLE
from autograd.testing.derivatives import check_order, gradcheck
from autograd.testing.strategies import points, primitive_of
from autograd.transforms import value_and_grad
from autograd.value import Value


class Options(NamedTuple):
    """How hard to check, as `check_primitive` explains."""

    order: int
    ulps: float
    decades: int
    max_examples: int


Check = Callable[[Primitive, Options], None]


def check_primitive(
    primitive: Primitive | str, *, order: int = 2, ulps: float = 4.0, decades: int = 300, max_examples: int = 25
) -> None:
    """Run the whole battery on one primitive, at points that Hypothesis draws and shrinks (`points(primitive)`).

    - Value and partials agree with the primitive's `reference`, an mpmath function, if it has one; and so do the higher
      derivatives, to 1e-12 of their largest term.
    - `gradcheck` passes in both modes, at both orders, kinks and ties included.
    - IEEE's contract: any floats give a float and never an exception, and derivatives never raise either.
    - Methods, operators, calls on Values and compiled code give the same bits, for value and gradient.

    Args:
        primitive: a primitive of the table, or its name.
        order: the highest order of derivatives to compare with the reference.
        ulps: units in the last place by which value and partials may be off, beside what the operands' conditioning allows.
        decades: the operands reach from 10**-decades to 10**decades within the domain.
        max_examples: how many points each check draws.

    Raises:
        AssertionError: the primitive is wrong; the message names the first such point.
        ValueError, TypeError, KeyError: an option is out of its range, or there is no such primitive.
        ImportError: Hypothesis or mpmath is not installed, which the extra `testing` brings.

    >>> from autograd import primitive
    >>> cube = primitive("cube", evaluate=lambda x: x * x * x, partials=lambda r, x: 3.0 * x * x, domain=(-1e3, 1e3))
    >>> check_primitive(cube)
    """
    needed("hypothesis", "check_primitive", '"chainrule[testing]"')
    needed("mpmath", "check_primitive", '"chainrule[testing]"')
    primitive = primitive_of(primitive, "check_primitive()")
    check_order(order, "check_primitive()")
    for check in checks(primitive):
        check(primitive, Options(order, ulps, decades, max_examples))


def primitive_tests(
    *primitives: Primitive | str, order: int = 2, ulps: float = 4.0, decades: int = 300, max_examples: int = 25
) -> Any:
    """The battery as a pytest function, one test for each primitive and check; options are those of `check_primitive`.

    One line in a test file does it: `test_my_primitives = primitive_tests(cube, "square")`.

    >>> test_mine = primitive_tests("tanh", "exp")
    >>> [mark.name for mark in test_mine.pytestmark]
    ['parametrize']
    """
    import pytest

    check_order(order, "primitive_tests()")
    cases = [
        pytest.param(primitive, check, id=f"{primitive.name}-{check.__name__.removeprefix('check_')}")
        for primitive in [primitive_of(given, "primitive_tests()") for given in primitives]
        for check in checks(primitive)
    ]

    @pytest.mark.parametrize(("primitive", "check"), cases)
    def test_primitive(primitive: Primitive, check: Check) -> None:
        """One check of the battery on one primitive."""
        check(primitive, Options(order, ulps, decades, max_examples))

    return test_primitive


def checks(primitive: Primitive) -> list[Check]:
    """The checks that apply to a primitive."""
    found: list[Check] = [check_ieee_contract]
    if primitive.reference is not None:
        found += [check_value_and_partials, check_special_points, *[check_higher_derivatives] * primitive.differentiable]
    if primitive.differentiable and primitive is not stop_gradient:  # whose slope is not its value's, on purpose
        found.append(check_gradcheck)
    found.append(check_compiled)
    return [*found, check_shortcuts] if TABLE.get(primitive.name) is primitive else found


def _everywhere(points: Any, max_examples: int, check: Callable[[tuple[float, ...]], None]) -> None:
    """Check points that Hypothesis draws, with the settings of the profile in force but for the number of examples."""
    from hypothesis import HealthCheck, given, settings

    @settings(max_examples=max_examples, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
    @given(points)
    def run(at: tuple[float, ...]) -> None:
        check(at)

    run()


# --- against the reference --------------------------------------------------------------------------------------------


def check_value_and_partials(primitive: Primitive, options: Options) -> None:
    """Value and first derivatives are right over the whole domain, tails and special points included."""
    drawn = points(primitive, decades=options.decades)
    _everywhere(drawn, options.max_examples, lambda at: check_at(primitive, at, options.ulps))


def check_special_points(primitive: Primitive, options: Options) -> None:
    """Every special point of a domain is tried, not left to chance."""
    domain = primitive.domain_of(primitive.arity or 4)
    for x in {x for interval in domain for x in interval.special}:
        at = tuple(x if x in interval.special else interval.special[0] for interval in domain if interval.special)
        if len(at) == len(domain) and not (primitive.kink and primitive.kink(*at)):
            check_at(primitive, at, options.ulps)


def check_higher_derivatives(primitive: Primitive, options: Options) -> None:
    """The same sweep over Values gives higher derivatives, in every order of the operands, right to 1e-12."""
    for k in range(2, options.order + 1):
        count = max(1, options.max_examples // 2 ** (k - 1))
        _everywhere(points(primitive, decades=min(options.decades, 20)), count, partial(check_derivatives, primitive, order=k))


def gradients(primitive: Primitive, at: Sequence[float]) -> tuple[float, list[float]]:
    """The value of a primitive and its gradient by the engine, from Values."""
    leaves = [Value(x) for x in at]
    result = primitive.at(*leaves)
    if not primitive.differentiable:
        return result.data, []
    result.backward()
    return result.data, [leaf.grad for leaf in leaves]


def check_at(primitive: Primitive, at: Sequence[float], ulps: float = 4.0) -> None:
    """Compare value and partials at a point with the reference: within `ulps` plus what the operands' conditioning allows."""
    import mpmath

    from autograd.testing import truth

    f = truth.function(primitive)
    found = gradients(primitive, at)
    with mpmath.workdps(truth.DIGITS):
        try:
            exact = [truth.value(f, at), *[truth.partial(f, at, i) for i in range(len(at))]]
            slopes = [lambda *xs, i=i: truth.partial(f, xs, i) for i in range(len(at))]
            conditions = [truth.condition(g, at) for g in (f, *slopes)]
        except OverflowError:  # mpmath's erfc has its limits
            return
        for i, (number, right) in enumerate(zip([found[0], *found[1]], exact, strict=False)):
            what = f"{primitive.name}{tuple(at)}" if i == 0 else f"partial {i - 1} of {primitive.name}{tuple(at)}"
            error, limit = truth.error_in_ulps(number, right), ulps + 2.0 * conditions[i]
            assert error <= limit, f"{what} is {number!r}, not {mpmath.nstr(right, 20)}: {error:.3g} ulp, {limit:.3g} allowed"


def check_derivatives(primitive: Primitive, at: Sequence[float], order: int) -> None:
    """Compare every derivative of that order with nested differences at hundreds of digits: to 1e-12, beside conditioning.

    Where 0 is a point like any other for all operands, sums on the way have a size of their own: there 1e-15 of the largest
    term is allowed too.
    """
    import mpmath

    from autograd.testing import truth

    f = truth.function(primitive)
    leaves = [Value(x) for x in at]
    domain = primitive.domain_of(len(at))
    free = [i for i, interval in enumerate(domain) if interval.low < interval.high]
    additive = all(0.0 in domain[i].special for i in free)
    known: dict[tuple[int, ...], tuple[Any, Any]] = {}
    for places in product(free, repeat=order):
        slope: Any = primitive.at(*leaves)
        for i in places[:-1]:
            slope = _adjoints(slope, differentiable_partials).get(leaves[i])
        size = abs(slope.item()) if isinstance(slope, Value) else 0.0
        if size == 0.0 or 1e-290 < size < 1e290:  # else the slope itself has left the numbers
            last = leaves[places[-1]]
            found = _adjoints(slope, recorded_partials).get(last) or 0.0
            terms = _adjoints(slope, lambda node: [p and abs(p) for p in node.local_partials]).get(last) or 0.0
            with mpmath.workdps(truth.DIGITS):
                key = tuple(sorted(places))
                if key not in known:
                    moves = truth.sensitivity(lambda *xs, places=key: truth.derivative(f, xs, places), at)
                    known[key] = truth.derivative(f, at, key), moves
                right, moves = known[key]
                size = max(abs(right), 1e-3 * terms * additive)
                allowed = 1e-12 * size + 8e-16 * moves + 1e-300
                what = f"the derivative of {primitive.name}{tuple(at)} by operands {places}"
                assert found == float(right) or abs(found - right) <= allowed, (
                    f"{what} is {found!r}, not {mpmath.nstr(right, 20)}"
                )


def _adjoints(result: Any, partials: Callable[[Any], Any]) -> dict[Any, Any]:
    return reverse_sweep(topological_order(result), {result: 1.0}, partials) if isinstance(result, Value) else {}


# --- against itself ---------------------------------------------------------------------------------------------------


def check_gradcheck(primitive: Primitive, options: Options) -> None:
    """Both modes, at both orders, agree with references that know no derivatives; at kinks and ties, with the slopes around."""

    def function(*operands: Any) -> Any:
        return primitive.at(*operands)

    function.__name__ = primitive.name

    def check(at: tuple[float, ...]) -> None:
        value = primitive.at(*at)
        if math.isfinite(value) and not any(p is not None and math.isinf(p) for p in primitive.partials(value, *at)):
            gradcheck(function, *at)

    _everywhere(points(primitive, decades=3, smooth=False), options.max_examples, check)


def _any_floats(primitive: Primitive) -> Any:
    from hypothesis import strategies as st

    special = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1.7e308, -1.7e308, 710.0]
    anything = st.one_of(st.floats(), st.sampled_from(special), st.floats(-50.0, 50.0))
    domain = primitive.domain_of(primitive.arity or 4)
    return st.tuples(*[anything if interval.low < interval.high else st.sampled_from(interval.special) for interval in domain])


def check_ieee_contract(primitive: Primitive, options: Options) -> None:
    """For any floats: a float, never an exception, the same bits by Values, and derivatives never raise after it."""

    def check(at: tuple[float, ...]) -> None:
        what = f"{primitive.name}{at}"
        try:
            plain = primitive.at(*at)
            leaves = [Value(x) for x in at]
            what = f"the partials of {primitive.name}{at}"
            result = primitive.at(*leaves)
            what = f"backward() from {primitive.name}{at}"
            slopes = []
            if primitive.differentiable:
                result.backward()
                slopes = list(_adjoints(primitive.at(*leaves), differentiable_partials).values())
            for slope in slopes:
                if isinstance(slope, Value):
                    slope.backward()
        except Exception as error:
            fix = "return IEEE's inf or nan instead, and divide by truediv(x, y) where y may be 0"
            raise AssertionError(f"{what} raised {error!r}: {fix}") from error
        assert type(plain) is float
        assert same_bits(result.data, plain), f"{primitive.name}{at} is {plain!r} on floats and {result.data!r} on Values"
        assert all(type(leaf.grad) is float for leaf in leaves)

    _everywhere(_any_floats(primitive), options.max_examples, check)


def check_compiled(primitive: Primitive, options: Options) -> None:
    """Compiled by each backend there is, value and gradient have the same bits as by Values."""
    available = all(find_spec(name) is not None for name in ("llvmlite", "numpy"))

    def both(*xs: Any) -> Any:
        if not primitive.differentiable:
            return primitive.at(*xs), []
        return value_and_grad(primitive.at, argnums=tuple(range(len(xs))))(*xs)

    compiled = [jit(both, backend=name) for name in ["python", *["auto"] * available]]

    def check(at: tuple[float, ...]) -> None:
        value, slopes = gradients(primitive, at)
        for function in compiled:
            found, gradient = function(*at)
            what = f"{primitive.name}{at}, compiled by {function!r},"
            assert same_bits(found, value), f"{what} is {found!r}, and {value!r} by Values"
            for i, (ours, theirs) in enumerate(zip(gradient, slopes, strict=True)):
                assert same_bits(ours, theirs), f"{what} has the partial {ours!r} to operand {i}, and {theirs!r} by Values"

    _everywhere(_any_floats(primitive), options.max_examples, check)


def check_shortcuts(primitive: Primitive, options: Options) -> None:
    """Methods, operators and calls on Values record what the primitive itself says, bit for bit, with and without constants."""
    _everywhere(_any_floats(primitive), options.max_examples, lambda at: _same_by_every_way(primitive, at))


def _same_by_every_way(primitive: Primitive, at: Sequence[float]) -> None:
    value = primitive.at(*at)
    expected = [value, *[p or 0.0 for p in primitive.partials(value, *at)]] if primitive.differentiable else [value]
    leaves = [Value(x) for x in at]
    calls = [primitive.at(*leaves)]
    with in_mode(Mode()):  # a mode in force, though it changes nothing, sends operations the long way
        calls.append(primitive.at(*leaves))
    if primitive.arity:
        calls.append(primitive(*leaves))
        calls += [] if primitive.internal else [getattr(leaves[0], primitive.name)(*leaves[1:])]
    if primitive.operator and primitive.arity == 2:
        for x, y in (leaves, at):
            calls.append(getattr(leaves[0], f"__{primitive.operator}__")(y))
            calls.append(getattr(leaves[1], f"__r{primitive.operator}__")(x))
    for call in calls:
        assert call.primitive is primitive
        assert same_bits(call.data, expected[0])
        slopes = zip(call.operands, call.local_partials, expected[1:], strict=True) if primitive.differentiable else []
        for operand, slope, number in slopes:
            assert slope is None if type(operand) is float else same_bits(slope or 0.0, number)


def same_bits(x: float, y: float) -> bool:
    """Equal to the bit, nan equal to nan, 0 and -0 alike where a partial was masked."""
    return struct.pack("d", x) == struct.pack("d", y) or (math.isnan(x) and math.isnan(y)) or x == y == 0.0
