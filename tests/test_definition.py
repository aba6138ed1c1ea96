"""What a primitive is: its calls, operands, partials, source and domain, and what is wrong with a definition."""

import copy
import inspect
import math
from typing import Any

import numpy as np
import pytest

from autograd import Value
from autograd.definition import KINDS, REALS, Interval, Primitive
from autograd.program import imports_source
from autograd.table import TABLE
from tests.compiler.comparison import bits, edges

every_primitive = pytest.mark.parametrize("known", TABLE.values(), ids=lambda known: known.name)
SCALED = Primitive(
    "scaled", evaluate=lambda x, factor=2.0, /, shift=0.0: x * factor + shift,
    partials=(lambda r, x, factor, shift: factor, lambda r, x, factor, shift: x, 1),
)  # fmt: skip
FLAT = Primitive(
    "flat", evaluate=lambda *xs: math.fsum(xs), arguments=lambda xs, ys: (*xs, *ys), partials=lambda r, *xs: [1.0] * len(xs)
)


# --- calls ------------------------------------------------------------------------------------------------------------


def test_a_call_on_numbers() -> None:
    """By position, by name, with defaults; numbers of any type reach `evaluate` as floats."""
    assert SCALED(3.0) == 6.0
    assert SCALED(3.0, 4.0, 1.0) == SCALED(3, np.float32(4.0), shift=True) == 13.0
    seen: list[Any] = []
    Primitive("seen", evaluate=lambda *xs: seen.extend(xs) or 0.0)(1, np.int64(2), True, 0.5)
    assert seen == [1.0, 2.0, 1.0, 0.5]
    assert {*map(type, seen)} == {float}


@every_primitive
def test_every_way_to_call_it_gives_the_same_bits(known: Primitive) -> None:
    """On floats: called, in general, at flat operands, by its formula for floats alone."""
    groups = known.sequences()
    for point in edges(known, 12):
        wanted = bits(known.evaluate(*point))
        assert bits(known.at(*point)) == wanted
        size = len(point) // (groups or 1)
        arguments: Any = [list(point[i * size : (i + 1) * size]) for i in range(groups)] or point
        assert bits(known(*arguments)) == bits(known.apply(*arguments)) == bits(known.on_floats()(*arguments)) == wanted


def test_calls_that_spread_their_arguments() -> None:
    """`arguments` makes flat operands of them, for calls and for `on_floats`; `at` takes these as they are."""
    assert FLAT([1.0, 2.0], [3.0]) == FLAT.on_floats()([1.0, 2.0], [3.0]) == FLAT.at(1.0, 2.0, 3.0) == 6.0
    assert FLAT.arity is None
    assert FLAT.sequences() == 2
    assert SCALED.sequences() == 0
    assert not FLAT.takes(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (SCALED, r"scaled\(x, factor=2.0, /, shift=0.0\): missing a required argument: 'x'"),
        (lambda: SCALED(1.0, 2.0, 3.0, 4.0), r"scaled\(.*too many positional arguments"),
        (lambda: SCALED(1.0, factor=2.0), r"scaled\(.*'factor' parameter is positional only"),
        (lambda: SCALED(1.0, scale=2.0), r"scaled\(.*'scale'"),
        (lambda: SCALED(1.0, "2"), "operand 1 of scaled must be one real number, not the string '2'"),
        (lambda: SCALED.at(1.0, None), "operand 1 of scaled must be one real number, not None"),
        (lambda: FLAT([1.0]), r"flat\(xs, ys\):.*'ys'"),
        (lambda: FLAT.at(1.0, 1j), "operand 1 of flat must be one real number, not the complex"),
    ],
)
def test_wrong_calls(call: Any, message: str) -> None:
    """The message has the signature, or the operand by its number."""
    with pytest.raises(TypeError, match=message):
        call()


def test_how_many_numbers_a_call_takes() -> None:
    """Those without a default at least, all at most."""
    assert [SCALED.takes(count) for count in range(5)] == [False, True, True, True, False]
    assert SCALED.arity == 3


class Recorder:
    """An operand whose class records, or leaves it to another one."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @staticmethod
    def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        (first, *_) = [operand for operand in operands if type(operand) is Recorder]
        return first.answer


class Other(Recorder):
    """Another class of operands."""

    @staticmethod
    def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        return "other"


def test_the_class_of_an_operand_records() -> None:
    """The first that has a way to; NotImplemented leaves it to the next."""
    product = Primitive("product", evaluate=lambda x, y: x * y)
    assert product(Recorder("one"), Other("")) == "one"
    assert product(Recorder(NotImplemented), Other("")) == product(2.0, Other("")) == product(Other(""), 2) == "other"
    with pytest.raises(TypeError, match="operand 0 of product"):
        product(Recorder(NotImplemented), 2.0)


def test_a_call_for_one_type_alone() -> None:
    """`specialise` replaces it for the first operand's exact type, where no operand is named or left out."""
    product = Primitive("product", evaluate=lambda x, y=2.0: x * y)
    product.specialise(Other, lambda x, y: "specialised")
    assert product(Other(""), 1.0) == "specialised"
    assert product(Other("")) == product(Other(""), y=1.0) == product(1.0, Other("")) == "other"
    assert product(3.0, 4.0) == 12.0


# --- partials ---------------------------------------------------------------------------------------------------------


def test_partials_in_every_form() -> None:
    """A function or a number for each operand, or one function for all, which may return one number for one operand."""
    assert SCALED.partials(7.0, 3.0, 2.0, 1.0) == (2.0, 3.0, 1.0)
    assert FLAT.partials(0.0, 5.0, 6.0) == (1.0, 1.0)
    alone = Primitive("alone", evaluate=lambda x: x * x, partials=lambda r, x: 2.0 * x)
    assert alone.partials(9.0, 3.0) == (6.0,)
    assert type(Primitive("one", evaluate=lambda x: x, partials=(1,)).partials(0.0, 0.0)[0]) is float


def test_only_the_wanted_partials_are_computed() -> None:
    """The others are None, and a rule for one operand alone is not asked."""
    asked: list[int] = []
    rules = [lambda r, x, y, i=i: (asked.append(i), 1.0 + i)[1] for i in range(2)]
    spied = Primitive("spied", evaluate=lambda x, y: 0.0, partials=rules)
    for wanted, found in (([True, False], (1.0, None)), ([False, True], (None, 2.0)), ([False, False], (None, None))):
        asked.clear()
        assert spied.wanted_partials(spied.rules, 0.0, (0.0, 0.0), wanted) == found
        assert asked == [i for i in range(2) if wanted[i]]
    assert FLAT.wanted_partials(FLAT.rules, 0.0, (0.0, 0.0), [False, True]) == (None, 1.0)


@every_primitive
def test_partials_on_floats_are_those_of_the_rules(known: Primitive) -> None:
    """What spares them the dispatch changes no bit."""
    if known.differentiable:
        for point in edges(known, 12):
            result = known.evaluate(*point)
            fast = known.wanted_partials(known.rules_on_floats, result, point, None)
            assert bits(list(fast)) == bits(list(known.partials(result, *point)))


def test_without_partials() -> None:
    """The error comes when a derivative is asked for, with the way to define them."""
    opaque = Primitive("opaque", evaluate=lambda x: x)
    assert not opaque.differentiable
    with pytest.raises(
        NotImplementedError, match=r"cannot differentiate 'opaque'.*primitive\('opaque', evaluate=..., partials="
    ):
        opaque.partials(1.0, 1.0)


def test_too_few_partials() -> None:
    """The message counts them."""
    short = Primitive("short", evaluate=lambda x, y: x, partials=lambda r, x, y: (1.0,))
    with pytest.raises(ValueError, match=r"partials of 'short' returned 1 for 2 operands.*\(d_first, d_second, ...\)"):
        short.partials(1.0, 1.0, 1.0)


def test_results_of_users_functions_are_checked() -> None:
    """From then on: a NumPy scalar becomes a float, anything else is refused by the primitive's name."""
    given: list[Any] = [np.float32(0.5), np.int64(3)]
    own = Primitive("own", evaluate=lambda x: given[0], partials=(lambda r, x: given[1],))
    joint = Primitive("own", evaluate=lambda x: given[0], partials=lambda r, x: given[1])
    assert type(own(1.0)) is np.float32
    own.check_results()
    joint.check_results()
    for checked in (own, joint):
        assert (checked(1.0), type(checked(1.0)), checked(1)) == (0.5, float, 0.5)
        (slope,) = checked.wanted_partials(checked.rules_on_floats, 0.5, (1.0,), None)
        assert (slope, type(slope)) == (3.0, float)
    given[:] = None, "3"
    for checked in (own, joint):
        with pytest.raises(TypeError, match="what own evaluates to must be one real number, not None"):
            checked(1.0)
        with pytest.raises(TypeError, match="partial 0 of own must be one real number, not the string '3'"):
            checked.wanted_partials(checked.rules_on_floats, 0.5, (1.0,), None)


# --- source -----------------------------------------------------------------------------------------------------------


@every_primitive
@pytest.mark.parametrize("on_floats", [True, False])
def test_the_source_of_a_call_computes_it(known: Primitive, on_floats: bool) -> None:
    """Run as Python on names and on negative constants, with what `imports_source` imports; on Values without `on_floats`."""
    from autograd.program import Program

    count = known.arity or 4
    program = Program(count, ((known, tuple(range(count))),), (count,))
    namespace: dict[str, Any] = {}
    exec(imports_source([program], on_floats=on_floats), namespace)
    names = [f"x{i}" for i in range(count)]
    for point in edges(known, 12):
        numbers: Any = point if on_floats else [*map(Value, point)]
        found = eval(known.source(names, on_floats=on_floats), namespace | dict(zip(names, numbers, strict=True)))
        assert bits(found) == bits(known.evaluate(*point))
        if on_floats and all(map(math.isfinite, point)):
            assert bits(eval(known.source([*map(repr, point)], on_floats=True), namespace)) == bits(known.evaluate(*point))


def test_operators_in_the_source() -> None:
    """Where Python has one; with parentheses where a sign would bind otherwise; not where it may raise."""
    power, negative = TABLE["pow"], TABLE["neg"]
    assert power.source(["-2.0", "y"]) == "(-2.0) ** y"
    assert power.source(["x", "y"], on_floats=True) == "pow(x, y)"
    assert (negative.source(["x"]), negative.source(["-1.0"])) == ("-x", "-(-1.0)")
    assert SCALED.source(["a", "b", "c"]) == "scaled(a, b, c)"
    assert FLAT.source(["a", "b", "c", "d"]) == "flat([a, b], [c, d])"


# --- the definition ---------------------------------------------------------------------------------------------------


def test_the_domain_in_every_form() -> None:
    """One for all operands, or one for each; bounds make an Interval whose transition stays inside."""

    def domain_of(domain: Any) -> Any:
        return Primitive("two", evaluate=lambda x, y: x, domain=domain).domain

    unit = Interval(0.0, 1.0)
    assert domain_of(unit) == (unit, unit)
    assert domain_of([unit, REALS]) == (unit, REALS)
    (low, high) = domain_of((0, 100))
    assert low == high == Interval(0.0, 100.0, special=(), transition=(0.0, 10.0))
    assert domain_of((-5.0, math.inf))[0].transition == (-5.0, 10.0)
    assert (REALS.low, REALS.high) == (-math.inf, math.inf)


def test_the_domain_of_so_many_operands() -> None:
    """Where their number is open, the last interval is that of all further ones."""
    unit = Interval(0.0, 1.0)
    made = Primitive("several", evaluate=lambda *xs: xs[0], domain=(unit, REALS))
    assert made.domain_of(2) == (unit, REALS)
    assert made.domain_of(4) == (unit, REALS, REALS, REALS)
    assert Primitive("several", evaluate=lambda *xs: xs[0], domain=unit).domain_of(3) == (unit, unit, unit)
    assert Primitive("two", evaluate=lambda x, y: x, domain=unit).domain_of(2) == (unit, unit)


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"name": "no name"}, ValueError, "'no name' is not a Python identifier: choose one such as 'my_primitive'"),
        ({"name": "lambda"}, ValueError, "not a Python identifier"),
        ({"name": None}, ValueError, "not a Python identifier"),
        ({"symbol": 5}, TypeError, "symbol of 'bad' must be a string, not 5"),
        ({"latex": "x"}, TypeError, r"latex of 'bad' must be a formula and its kind, not 'x'.*kinds are sum, negation"),
        ({"latex": ("x", "factor")}, TypeError, "latex of 'bad' must be a formula and its kind"),
        ({"domain": (1, 0)}, TypeError, r"domain of 'bad' must be bounds \(low, high\), an Interval.*not \(1, 0\)"),
        ({"domain": 3.0}, TypeError, "domain of 'bad' must be bounds"),
        ({"partials": 3.0}, TypeError, "partials of 'bad' must be a function, or a tuple of functions and numbers, not 3.0"),
        ({"partials": ("x",)}, TypeError, "partials of 'bad' must be a function"),
        ({"partials": (1.0, 1.0)}, ValueError, "'bad' takes 1 operands, but has 2 partials: give one for each"),
        (
            {"evaluate": lambda *xs: 0.0, "partials": (1.0,)},
            ValueError,
            "'bad' takes any number of operands, but has 1 partials",
        ),
        ({"evaluate": lambda x, *, a=2.0: x}, TypeError, "evaluate of 'bad' has keyword-only operands: make them positional"),
        ({"evaluate": lambda x, **a: x}, TypeError, "keyword-only"),
        ({"evaluate": 3}, TypeError, r"evaluate of 'bad' must be a function whose signature lists its operands, not 3"),
    ],
)
def test_wrong_fields(fields: dict[str, Any], error: type[Exception], message: str) -> None:
    """The message names the primitive, the field and what it may be."""
    with pytest.raises(error, match=message):
        Primitive(**{"name": "bad", "evaluate": lambda x: x, **fields})


def test_what_it_looks_like() -> None:
    """Like a function of that name: signature without annotations, docstring, repr."""

    def f(x: float, y: float = 1.0) -> float:
        """The first."""
        return x

    known = Primitive("first", evaluate=f)
    assert (known.__name__, known.__qualname__, known.__doc__, known.symbol) == ("first", "first", "The first.", "first")
    assert str(inspect.signature(known)) == "(x, y=1.0)"
    assert repr(known) == "<primitive first(x, y=1.0)>"
    assert Primitive("first", evaluate=f, doc="Another.", symbol="1st").__doc__ == "Another."


def test_copies_are_itself() -> None:
    """So that a copied graph has the same primitives."""
    assert copy.copy(SCALED) is SCALED
    assert copy.deepcopy([SCALED]) == [SCALED]


def test_formulas_are_of_known_kinds() -> None:
    """So that each gets the parentheses it needs."""
    assert {known.latex[1] for known in TABLE.values() if known.latex} <= {*KINDS}
