"""Every primitive by the same tests: value and partials against mpmath, second derivatives, the IEEE contract."""

import math
import random
import re
from functools import reduce
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd import Value, arctan2, detect_anomaly, grad, hypot, jacrev, jit, primitives, special
from autograd.compiler.lower import lower
from autograd.compiler.trace.tracer import with_partials
from autograd.definition import Primitive
from autograd.primitives import inversion
from autograd.program import Program
from autograd.structures import flatten
from autograd.table import TABLE, primitive
from autograd.testing import battery, primitive_tests, truth
from autograd.testing.battery import same_bits
from tests.special import INTEGRALS

PRIMITIVES = list(TABLE.values())
every_primitive = pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda known: known.name)
every_referenced_primitive = pytest.mark.parametrize(
    "primitive", [known for known in PRIMITIVES if known.reference], ids=lambda known: known.name
)

EXAMPLES = max(20, settings.default.max_examples // 4)
SPECIAL = [known for known in PRIMITIVES if vars(special).get(known.name) is known]  # whose references take hundreds of digits
COMMON = [known for known in PRIMITIVES if known not in SPECIAL]
test_primitive = primitive_tests(*COMMON, order=3, max_examples=EXAMPLES)  # the whole battery, third derivatives included
SELDOM = max(4, settings.default.max_examples // 25)
test_special_primitive = primitive_tests(*[p for p in SPECIAL if p.name not in INTEGRALS], order=3, max_examples=SELDOM)
INTEGRAL = [known for known in SPECIAL if known.name in INTEGRALS]
test_integral = primitive_tests(*[p for p in INTEGRAL if not p.internal], order=1, max_examples=SELDOM)


def test_zeros_of_sinc_that_floats_do_not_hit() -> None:
    """At whole numbers it is as far from 0 as rounding pi takes it, which its conditioning there allows; no farther."""
    for x in (1.0, -2.0, 7.0):
        battery.check_at(special.sinc, (x,))
    off = primitive(
        "sinc_test",
        evaluate=lambda x: special.sinc(x) + 1e-14,
        partials=special.sinc.rules.each,
        reference=special.sinc.reference,
    )
    with pytest.raises(AssertionError, match=r"sinc_test\(1.0,\) is 1.0\d*e-14, not \d\S*e-80\d"):
        battery.check_at(off, (1.0,))


UNARY = [known for known in SPECIAL if known.arity == 1 and known.reference and known.differentiable]


@pytest.mark.parametrize("primitive", UNARY, ids=lambda known: known.name)
def test_references_of_special_primitives_have_digits_enough(primitive: Primitive) -> None:
    """For slopes at the smallest numbers, which a number beside them hides; and to see how third derivatives move."""
    (interval,) = primitive.domain
    for x in (1e-100, 3e-256, 1e-300):
        if interval.low < x < interval.high:
            battery.check_at(primitive, (x,))
    if interval.low < 0.7 < interval.high:
        f = truth.function(primitive)
        with mpmath.workdps(truth.DIGITS):
            assert truth.condition(lambda x: truth.derivative(f, (x,), (0, 0, 0)), (0.7,)) < 1e4


@pytest.mark.parametrize("primitive", [p for p in INTEGRAL if p.internal], ids=lambda known: known.name)
def test_derivatives_of_integrals(primitive: Primitive) -> None:
    """All checks but those with references, which take seconds a point: tests/special compares their numbers."""
    for check in battery.checks(primitive):
        if check not in (battery.check_value_and_partials, battery.check_special_points, battery.check_higher_derivatives):
            check(primitive, battery.Options(order=1, ulps=4.0, decades=300, max_examples=SELDOM))


@pytest.mark.parametrize("primitive", [known for known in PRIMITIVES if known.rules.each], ids=lambda known: known.name)
def test_an_operand_that_needs_no_gradient_has_none_computed(primitive: Primitive) -> None:
    """A primitive with a rule per operand runs only the rules of the Values among its operands."""
    assert primitive.rules.each is not None
    asked: list[int] = []

    def spy(i: int, partial: Any) -> Any:
        return lambda *args: (asked.append(i), partial(*args) if callable(partial) else partial)[1]

    spied = Primitive(
        primitive.name,
        evaluate=primitive.evaluate,
        partials=[spy(i, p) for i, p in enumerate(primitive.rules.each)],
        domain=primitive.domain,
        selective=primitive.selective,
    )
    at = [interval.special[-1] for interval in primitive.domain]
    for i in range(len(at)):
        asked.clear()
        spied.apply(*[Value(x) if j == i else x for j, x in enumerate(at)])
        assert asked == [i]


def test_squares_are_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """x**2 and its derivatives call no function of the C library, eager or compiled, and round once."""
    square = Program(1, ((TABLE["pow"], (0, 2.0)),), (1,))
    for program in (square, with_partials(square, [True])[0]):
        assert {known.name for known in lower(program).primitives if known is not None} <= {"mul", "add"}
    monkeypatch.setattr(math, "pow", None)
    for number in (0.1, -3.1, 1e-200, 1e200, -0.0):
        x = Value(number)
        (x**2).backward()
        assert same_bits((x**2).data, number * number)
        assert same_bits(x.grad, 2.0 * number + 0.0)
        assert grad(grad(lambda x: x**2))(number) == 2.0


def test_square_never_asks_for_the_logarithm() -> None:
    """x**2 at 0 has slope 0; the partial to the exponent, nan from log 0, is not computed."""
    x = Value(0.0)
    with detect_anomaly():
        (x**2).backward()
    assert x.grad == 0.0


@pytest.mark.parametrize("scale", [1e-150, 1e-90, 1e-30, 1.0, 1e30, 1e90, 1e150])
@pytest.mark.parametrize("primitive", [hypot, inversion, arctan2], ids=lambda known: known.name)
def test_third_derivatives_near_axes_and_diagonals(primitive: Primitive, scale: float) -> None:
    """To 1e-12, however near, in every order of the operands; 0 or inf where they leave the numbers."""
    for x, y in ((1.0, 1e-20), (3.0, -1e-9), (1.0, 1.0), (1.0, 1.0 + 1e-15), (2.0, -2.0 - 1e-8), (-1.0, 1e-150), (0.5, 0.3)):
        for at in ((scale * x, scale * y), (scale * y, scale * x)):
            for order in (2, 3):
                battery.check_derivatives(primitive, at, order)


OUTSIDE = [
    (known, at)
    for known in PRIMITIVES
    for i, interval in enumerate(known.domain)
    for beyond in (interval.low - 1e-9, interval.low - 0.5, interval.low - 3.25, interval.high + 1e-9, interval.high + 3.25)
    for at in [tuple(beyond if j == i else 0.5 for j in range(known.arity or len(known.domain)))]
    if math.isfinite(beyond) and known.differentiable and math.isnan(known.at(*at))
]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(("primitive", "at"), OUTSIDE, ids=lambda x: getattr(x, "name", None) or ",".join(map(repr, x)))
def test_outside_its_domain_a_primitive_has_no_derivative(primitive: Primitive, at: tuple[float, ...], order: int) -> None:
    """Of any order, eager and compiled: nan, as its value; a number there would be wrong."""
    free = [i for i, interval in enumerate(primitive.domain_of(len(at))) if interval.low < interval.high]

    def f(xs: list[Any]) -> Any:
        moving = iter(xs)
        return primitive.at(*[next(moving) if i in free else x for i, x in enumerate(at)])

    derivatives = reduce(lambda g, _: jacrev(g), range(order), f)
    numbers = [at[i] for i in free]
    for found in (derivatives(numbers), jit(derivatives)(numbers)):
        assert all(map(math.isnan, flatten(found, "derivatives")[0])), found


def test_there_are_primitives_with_bounded_domains() -> None:
    """And their outsides were found above."""
    assert {"log", "log1p", "sqrt", "arcsin", "arccos", "pow"} <= {known.name for known, _ in OUTSIDE}


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("y", [0.0, 1e-9, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, -0.5, -1.0, -2.0])
def test_derivatives_of_powers_at_0(y: float, order: int) -> None:
    """The limits from above, in every order of the operands; but to the exponent alone 0 for y >= 0, where 0**y is constant."""
    derivatives = reduce(lambda g, _: jacrev(g), range(order), lambda at: at[0] ** at[1])
    for found in (derivatives([0.0, y]), jit(derivatives)([0.0, y])):
        for places, number in zip(product((0, 1), repeat=order), flatten(found, "derivatives")[0], strict=True):
            wanted = 0.0 if sum(places) == order and y >= 0.0 else limit_of_power(y, order - sum(places), sum(places))
            assert number == wanted, f"{places}: {number}, not {wanted}"


def limit_of_power(y: float, i: int, j: int) -> float:
    """Of the derivative of x**y, i times to x and j times to y, as x falls to 0."""
    with mpmath.workdps(60):

        def at(digits: int) -> Any:
            x, exponent = mpmath.mpf(10) ** -digits, mpmath.mpf(y)
            return (
                mpmath.diff(lambda t: mpmath.ff(t, i) * x ** (t - i), exponent, j)
                if j
                else mpmath.ff(exponent, i) * x ** (y - i)
            )

        near, nearer = at(10**11), at(10**12)
    if abs(nearer) < 1e-300:
        return 0.0
    return float(nearer) if abs(nearer - near) < 1e-9 * abs(near) else math.copysign(math.inf, float(mpmath.sign(nearer)))


@pytest.mark.parametrize("y", [-3.0, -1.0, 0.0, 1.0, 2.0, 3.0])
def test_derivatives_of_powers_of_negative_numbers(y: float) -> None:
    """Those to the base alone are right; whatever goes to the exponent is nan, since no other exponent near has a power."""
    for order in (1, 2, 3):
        derivatives = reduce(lambda g, _: jacrev(g), range(order), lambda at: at[0] ** at[1])
        for found in (derivatives([-2.0, y]), jit(derivatives)([-2.0, y])):
            numbers = flatten(found, "derivatives")[0]
            assert numbers[0] == math.prod(y - n for n in range(order)) * (-2.0) ** (y - order)
            assert all(map(math.isnan, numbers[1:]))


@every_referenced_primitive
def test_a_rule_wrong_by_a_thousandth_turns_the_tests_red(primitive: Primitive) -> None:
    """The test of the tests: each partial of each primitive, made wrong by 0.1 %, fails the battery."""
    count = primitive.arity or 4
    rng = random.Random(primitive.name)
    for wrong, interval in enumerate(primitive.domain_of(count)):
        if interval.low == interval.high:
            continue  # an order, which has no slope

        def partials(result: Any, *operands: Any, wrong: int = wrong) -> list[Any]:
            return [p * 1.001 if i == wrong else p for i, p in enumerate(primitive.partials(result, *operands))]

        spoiled = Primitive(
            primitive.name, evaluate=primitive.evaluate, partials=partials, domain=primitive.domain, kink=primitive.kink,
            selective=primitive.selective, arguments=primitive._arguments, reference=primitive.reference,
        )  # fmt: skip
        caught, flat_everywhere = False, True
        for _ in range(40):
            at = tuple(
                rng.choice([rng.uniform(*interval.transition), *interval.special]) for interval in primitive.domain_of(count)
            )
            if primitive.kink is not None and primitive.kink(*at):
                continue
            flat_everywhere &= primitive.partials(primitive.at(*at), *at)[wrong] == 0.0
            try:
                battery.check_at(spoiled, at)
            except AssertionError:
                caught = True
                break
        assert caught or flat_everywhere, f"partial {wrong} of {primitive.name}"


@every_primitive
def test_every_primitive_is_documented(primitive: Primitive) -> None:
    """A docstring with a doctest, a symbol, a domain for each operand, and (but for stop_gradient) a reference."""
    assert primitive.__doc__
    assert re.search(rf">>> .*\b{primitive.name}\(", primitive.__doc__)
    assert primitive.symbol
    assert primitive.arity is None or len(primitive.domain) == primitive.arity
    assert primitive.reference is not None or primitive.name == "stop_gradient"
    assert getattr(primitives, primitive.name, None) is primitive or getattr(special, primitive.name) is primitive


def test_a_domain_given_by_its_bounds() -> None:
    """Bounds (low, high) are as good as an Interval."""
    bounded = primitive("bounded_test", evaluate=lambda x, y: x * y, partials=lambda r, x, y: (y, x), domain=(0, 5.0))
    assert [(interval.low, interval.high) for interval in bounded.domain] == [(0.0, 5.0)] * 2


def test_a_users_primitive_is_one_like_any_other() -> None:
    """It is a function and a method, differentiable twice, and drawn."""
    cube = primitive("cube_test", symbol="x³", evaluate=lambda x: x**3, partials=lambda r, x: 3 * x * x)
    x = Value(2.0)
    y = x.cube_test()
    y.backward()
    assert (cube(2), y.data, x.grad) == (8.0, 8.0, 12.0)
    assert grad(grad(cube))(2.0) == 12.0
    assert "x³" in y.draw().source


def test_a_users_primitive_from_numbers_of_other_types() -> None:
    """If its evaluate returns an int, the result is a float all the same."""
    primitive("count_test", evaluate=lambda x: 3, partials=lambda r, x: 0.0)
    assert type(TABLE["count_test"](1.0)) is float
    assert type(TABLE["count_test"](Value(1.0)).data) is float


def test_a_primitive_without_partials_says_so_only_when_differentiated() -> None:
    """It evaluates and records; backward() names the primitive and the fix."""
    opaque = primitive("opaque_test", evaluate=lambda x: x + 1.0)
    result = opaque(Value(1.0)) * 2.0
    assert result.data == 4.0
    with pytest.raises(NotImplementedError, match=r"cannot differentiate 'opaque_test'.*partials=lambda result"):
        result.backward()
    assert "opaque_test" in result.draw(partials=True).source


def test_a_primitive_with_too_few_partials() -> None:
    """The message has the number of partials given and wanted, and the form they should have."""
    short = primitive("short_test", evaluate=lambda x, y: x + y, partials=lambda r, x, y: (1.0,))
    with pytest.raises(ValueError, match=r"'short_test' returned 1 for 2 operands.*d_first"):
        short(Value(1.0), Value(2.0))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "tanh"}, ValueError, "built in"),
        ({"name": "softmax"}, ValueError, "built in"),
        ({"name": "no name"}, ValueError, "not a Python identifier"),
        ({"name": "class"}, ValueError, "not a Python identifier"),
        ({"name": 3}, ValueError, "not a Python identifier"),
        ({"name": "backward"}, ValueError, r"Value.backward exists"),
        ({"operator": "sub"}, ValueError, "cannot take over the operator 'sub'"),
        ({"symbol": 5}, TypeError, "symbol of 'bad_test' must be a string, not 5"),
        ({"domain": (1, 0)}, TypeError, r"domain of 'bad_test' must be bounds \(low, high\), an Interval"),
        ({"domain": 3.0}, TypeError, "must be bounds"),
        ({"partials": 3.0}, TypeError, "must be a function, or a tuple of functions and numbers, not 3.0"),
        ({"partials": (1.0, 1.0)}, ValueError, "'bad_test' takes 1 operands, but has 2 partials: give one for each"),
        ({"partials": ()}, ValueError, "takes 1 operands, but has 0 partials"),
        ({"evaluate": lambda x, *, a=2.0: a * x}, TypeError, "keyword-only operands: make them positional"),
        ({"evaluate": lambda x, **a: x}, TypeError, "keyword-only operands: make them positional"),
        ({"evaluate": 3}, TypeError, r"evaluate=lambda x: f\(x\)"),
    ],
)
def test_wrong_definitions(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    """The error comes before the table has changed."""
    before = dict(TABLE)
    with pytest.raises(error, match=message):
        primitive(**{"name": "bad_test", "evaluate": lambda x: x, **arguments})
    assert before == TABLE


@pytest.mark.parametrize("given", [None, "1", [1.0, 2.0]])
def test_partials_that_are_not_numbers(given: Any) -> None:
    """After a forgotten return, for example, the message names the primitive and the partial, in both forms of partials."""
    for partials in (lambda r, x: given if given is None else [given], (lambda r, x: given,)):
        forgetful = primitive("forgetful_test", evaluate=lambda x: x, partials=partials)
        with pytest.raises(TypeError, match="partial 0 of forgetful_test must be one real number"):
            forgetful(Value(1.0))


def test_partials_of_other_number_types_become_floats() -> None:
    """An int or a NumPy scalar does not leak into gradients."""
    for partials in (lambda r, x: np.float64(2.0), (lambda r, x: 2,), (2,)):
        x = Value(1.0)
        primitive("numpy_test", evaluate=lambda x: 2 * x, partials=partials)(x).backward()
        assert type(x.grad) is float


def test_methods_take_defaults_and_names() -> None:
    """Methods take them as the functions do, a user's primitive too."""
    assert Value(-2.0).leaky_relu().data == -0.02
    assert Value(-2.0).leaky_relu(negative_slope=0.5).data == -1.0
    assert Value(-1.0).elu(alpha=2.0).data == 2.0 * math.expm1(-1.0)
    primitive("scaled_test", evaluate=lambda x, a=3.0: a * x, partials=(lambda r, x, a: a, lambda r, x, a: x))
    assert Value(2.0).scaled_test().data == 6.0
    assert Value(2.0).scaled_test(a=1.0).data == 2.0
    with pytest.raises(TypeError, match=r"(Value.tanh|method)\(\) takes (exactly )?1 positional"):
        Value(1.0).tanh(2.0)


def test_users_may_define_their_primitive_again() -> None:
    """It happens whenever a notebook's cell runs again."""
    primitive("anew_test", evaluate=lambda x: x)
    primitive("anew_test", evaluate=lambda x: 2.0 * x, partials=(2.0,))
    x = Value(1.0)
    x.anew_test().backward()
    assert x.grad == 2.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: primitives.tanh("1"), "operand 0 of tanh .*the string '1': convert it with float"),
        (lambda: primitives.tanh(1j), "complex"),
        (lambda: primitives.tanh(None), "None"),
        (lambda: primitives.tanh([1.0]), "a list: pass its elements one by one"),
        (lambda: primitives.add(Value(1.0), "1"), "operand 1 of add"),
        (lambda: primitives.add(1.0), r"add\(.*missing a required argument"),
        (primitives.tanh, r"tanh\(.*missing a required argument"),
        (lambda: primitives.tanh(1.0, 2.0), r"tanh\(.*too many positional"),
        (lambda: primitives.leaky_relu(1.0, slope=2.0), "unexpected keyword argument 'slope'"),
        (lambda: Value(1.0) + "1", "unsupported operand"),
        (lambda: None - Value(1.0), "unsupported operand"),
    ],
)
def test_bad_operands_are_named(call: Any, message: str) -> None:
    """An operand that is not a number raises a TypeError that says which one, and what to do."""
    with pytest.raises(TypeError, match=message):
        call()


def test_dot_of_unequal_lengths() -> None:
    """The message tells both lengths and the fix."""
    with pytest.raises(ValueError, match=r"equal length, not 2 and 1 numbers: dot\(xs\[:n\], ys\[:n\]\)"):
        primitives.dot([1.0, 2.0], [1.0])


@example([0.1] * 10)
@given(st.lists(st.floats(-1e300, 1e300), max_size=20))
def test_sum_and_dot_add_left_to_right(xs: list[float]) -> None:
    """Plain double arithmetic in order, on every Python version: never the compensated built-in sum."""
    total = 0.0
    for x in xs:
        total += x
    products = 0.0
    for x in xs:
        products += x * 3.0
    assert same_bits(primitives.sum_(xs), total)
    assert same_bits(primitives.sum_(*xs) if len(xs) != 1 else primitives.sum_(xs[0]), total)
    assert same_bits(primitives.dot(xs, [3.0] * len(xs)), products)
    assert same_bits(primitives.dot([Value(x) for x in xs], [3.0] * len(xs)).data if xs else 0.0, products)


def test_defaults_and_names_of_operands() -> None:
    """leaky_relu, elu and clip have operands with defaults, by position or name, and they may be Values."""
    assert primitives.leaky_relu(-2.0) == -0.02
    assert primitives.leaky_relu(Value(-2.0), negative_slope=0.5).data == -1.0
    assert primitives.clip(Value(5.0), hi=1.0).data == 1.0
    slope = Value(0.5)
    primitives.leaky_relu(-2.0, slope).backward()
    assert slope.grad == -2.0


def test_slopes_of_powers_where_the_logarithm_is_0() -> None:
    """At 1 a factor beyond 1e308 is multiplied by log 1: what is left is right."""
    slope = TABLE["pow_slope"]
    assert slope.at(1.0, 1e155, 2.0, 1.0) == 2e155
    x = Value(1.0)
    slope.at(x, 1e155, 1.0, 1.0).backward()
    assert x.grad == 2e155
