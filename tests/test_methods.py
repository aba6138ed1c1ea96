"""The methods of `Value`: for every primitive, the bits, history and partials of the general way, whatever the operands."""

import fractions
import math
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import AnomalyError, Value, detect_anomaly, grad, jit, no_grad, primitive
from autograd import pow as pow_
from autograd.arithmetic import Arithmetic, raised
from autograd.definition import Primitive
from autograd.recorded import NATIVE
from autograd.table import TABLE
from tests.compiler.comparison import bits, edges

PUBLIC = [known for known in TABLE.values() if known.arity is not None and not known.internal]
every_method = pytest.mark.parametrize("known", PUBLIC, ids=lambda known: known.name)
BINARY = [known for known in PUBLIC if known.arity == 2]
every_binary_method = pytest.mark.parametrize("known", BINARY, ids=lambda known: known.name)


def same_partial(found: Any, wanted: float, selective: bool) -> bool:
    """Whether a partial is that number; of a selective primitive 0 is None."""
    if found is None:
        return selective and wanted == 0.0
    return bits(found) == bits(wanted) and not (selective and wanted == 0.0)


@every_method
def test_values_give_the_bits_of_floats(known: Primitive) -> None:
    """The number is that of `evaluate`, the partials are those of the rules, and the history is the operands themselves."""
    for point in edges(known, 60):
        first, *others = map(Value, point)
        found = getattr(first, known.name)(*others)
        assert bits(found.data) == bits(known.evaluate(*point)), point
        assert found.primitive is known
        assert [*map(id, found.operands)] == [id(first), *map(id, others)]
        assert (found.label, found.has_grad) == ("", False)
        wanted = known.partials(known.evaluate(*point), *point)
        pairs = zip(found.local_partials, wanted, strict=True)
        assert all(same_partial(partial, slope, known.selective) for partial, slope in pairs), point


@every_method
def test_the_method_is_the_call(known: Primitive) -> None:
    """As a method, by a call, and by the general way that looks at every operand: the same node."""
    for point in edges(known, 15):
        ways: list[Callable[..., Any]] = [getattr(Value, known.name), known, known.apply, known.at]
        nodes = [way(*map(Value, point)) for way in ways]
        assert len({str(bits(node.data)) for node in nodes}) == 1
        assert len({str([None if p is None else bits(p) for p in node.local_partials]) for node in nodes}) == 1
        assert {node.primitive for node in nodes} == {known}


OTHERS: dict[str, Callable[[float], Any]] = {
    "float": float,
    "int": int,
    "float64": np.float64,
    "float32": np.float32,
    "int64": np.int64,
    "int8": np.int8,
    "bool": bool,
    "bool_": np.bool_,
    "Fraction": fractions.Fraction,
}


@every_binary_method
@pytest.mark.parametrize("kind", OTHERS.values(), ids=OTHERS)
def test_operands_of_other_types(known: Primitive, kind: Any) -> None:
    """They become floats, which are constants of the graph and get no partial; the bits are those of floats."""
    for x in (0.5, -2.0, 0.0, math.inf):
        for whole in (0.0, 1.0):
            found = getattr(Value(x), known.name)(kind(whole))
            assert bits(found.data) == bits(known.evaluate(x, whole))
            assert type(found.operands[1]) is float
            assert found.operands[1] == whole
            assert found.local_partials[1] is None
            (slope, _) = known.partials(known.evaluate(x, whole), x, whole)
            assert same_partial(found.local_partials[0], slope, known.selective)


@pytest.mark.parametrize("known", [known for known in BINARY if known.operator], ids=lambda known: known.name)
def test_operators_with_numbers_of_other_types(known: Primitive) -> None:
    """On either side."""
    for number in (3, True, np.int64(3), np.float32(0.5), np.float64(3.0), fractions.Fraction(1, 4)):
        v = Value(1.5)
        forward = getattr(v, f"__{known.operator}__")(number)
        reflected = getattr(v, f"__r{known.operator}__")(number)
        assert bits(forward.data) == bits(known.evaluate(1.5, float(number)))
        assert bits(reflected.data) == bits(known.evaluate(float(number), 1.5))
        assert reflected.operands == (float(number), v)
        assert reflected.local_partials[0] is None


OPERATORS = [known for known in PUBLIC if known.operator]


@pytest.mark.parametrize("known", OPERATORS, ids=lambda known: known.name)
def test_operators_give_the_bits_of_their_primitives(known: Primitive) -> None:
    """Of Values, of a Value and a constant, and of a constant and a Value: number, partials, operands."""
    name = known.operator
    for point in edges(known, 200):
        first, *others = map(Value, point)
        wanted = known.partials(known.evaluate(*point), *point)
        ways = [(getattr(first, f"__{name}__")(*others), (first, *others), wanted)]
        if others:
            ways.append((getattr(first, f"__{name}__")(point[1]), (first, point[1]), (wanted[0], None)))
            ways.append((getattr(others[0], f"__r{name}__")(point[0]), (point[0], others[0]), (None, wanted[1])))
        for node, operands, slopes in ways:
            assert bits(node.data) == bits(known.evaluate(*point)), point
            assert node.primitive is known
            assert all(x is y or bits(x) == bits(y) for x, y in zip(node.operands, operands, strict=True)), point
            for found, slope in zip(node.local_partials, slopes, strict=True):
                assert (found is None) == (slope is None), point
                assert found is None or same_partial(found, slope, known.selective), point


@pytest.mark.parametrize("exponent", [2, 2.0, 3, 0.5, -0.5, -1, 1.0, 0])
def test_powers_with_a_constant_exponent(exponent: float) -> None:
    """The number and slope of the primitive at any base: x**2 has the slope 2x, and not 2 (x**2 / x)."""
    rng = random.Random(0)
    for x in [*[rng.uniform(-3.0, 3.0) for _ in range(300)], 0.0, -0.0, 1e-200, 1e200]:
        result, y = pow_(x, float(exponent)), float(exponent)
        node = Value(x) ** exponent
        assert bits(node.data) == bits(result), x
        assert bits(node.local_partials[0]) == bits(pow_.partials(result, x, y)[0]), x


def test_the_short_ways_are_taken() -> None:
    """Operators are those that are written out; functions that raise in `math` are called without what catches it."""
    for name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__neg__"):
        assert name in vars(Arithmetic)
        assert name not in vars(Value)
    assert Value.__pow__ is raised
    assert NATIVE or math.exp in [cell.cell_contents for cell in Value.exp.__closure__]


def test_integers_too_large_for_a_double() -> None:
    """They are infinite, as IEEE prescribes."""
    assert (Value(1.0) * 10**400).data == math.inf
    assert (Value(1.0) - 10**400).data == -math.inf
    assert Value(1.0).maximum(10**400).operands[1] == math.inf


@every_method
def test_without_recording(known: Primitive) -> None:
    """Inside `no_grad()` the result is a leaf of the same bits."""
    for point in edges(known, 5):
        first, *others = map(Value, point)
        with no_grad():
            found = getattr(first, known.name)(*others)
        assert (found.operands, found.primitive) == ((), None)
        assert bits(found.data) == bits(known.evaluate(*point))


def test_under_detection_of_anomalies() -> None:
    """Methods of one operand and of two, with a Value, a float and an int, report what is not finite."""
    calls: list[Callable[[Value], Any]] = [
        lambda v: v.log(),
        lambda v: v / v,
        lambda v: v / 0.0,
        lambda v: v**-1,
    ]
    for call in calls:
        with detect_anomaly(), pytest.raises(AnomalyError, match=r"gave (nan|-?inf) from finite operands"):
            call(Value(0.0))


def test_in_a_trace() -> None:
    """A captured Value's methods record for the compiled function, and its derivative reaches the Value."""
    v = Value(0.5)
    result = jit(lambda x: v.tanh() * x + v**2 + v.maximum(x) + v * v)(2.0)
    assert result.data == math.tanh(0.5) * 2.0 + 0.25 + 2.0 + 0.25
    result.backward()
    assert v.grad == pytest.approx(2.0 * (1.0 - math.tanh(0.5) ** 2) + 2.0, rel=1e-15)


def test_with_a_subclass_of_value() -> None:
    """On either side; the results are Values."""

    class Parameter(Value):
        pass

    p, v = Parameter(3.0), Value(2.0)
    for result, wanted in (
        (p * v, 6.0),
        (v * p, 6.0),
        (p - 1, 2.0),
        (1 - p, -2.0),
        (p.maximum(v), 3.0),
        (p.exp(), math.exp(3.0)),
    ):
        assert type(result) is Value
        assert result.data == wanted
        assert any(operand is p for operand in result.operands)


def test_a_users_primitives_are_methods() -> None:
    """Of one operand and of two, checked as the function is: results of other types become floats."""
    primitive("halved_test", evaluate=lambda x: np.float32(x / 2.0), partials=(lambda r, x: np.float64(0.5),))
    primitive("leant_test", evaluate=lambda x, y: int(x) + y, partials=(1, lambda r, x, y: np.int64(2)))
    halved, leant = Value(3.0).halved_test(), Value(3.7).leant_test(Value(1.0))
    assert (type(halved.data), halved.data, type(halved.local_partials[0])) == (float, 1.5, float)
    assert (leant.data, leant.local_partials) == (4.0, (1.0, 2.0))
    assert [type(partial) for partial in leant.local_partials] == [float, float]
    with pytest.raises(TypeError, match="what halved_test evaluates to must be one real number"):
        primitive("halved_test", evaluate=lambda x: "half")(Value(1.0))


MISFITS: dict[str, tuple[Callable[..., Any], str]] = {
    "too many": (lambda method: method(*map(Value, range(9))), r"takes \d positional arguments? but 9 were given"),
    "none": (lambda method: method(), r"missing \d required positional arguments?: 'self'.*"),
    "unknown": (lambda method: method(Value(1.0), z=2.0), r"got an unexpected keyword argument 'z'"),
}


@every_method
@pytest.mark.parametrize(("call", "words"), MISFITS.values(), ids=MISFITS)
def test_operands_that_do_not_fit(known: Primitive, call: Callable[..., Any], words: str) -> None:
    """The method's name and Python's own words, in a native build too; or what the function says, by its own name."""
    with pytest.raises(TypeError) as failed:
        call(getattr(Value, known.name))
    assert re.fullmatch(rf"Value\.{known.name}\(\) {words}|{known.name}\(.*\): .*", str(failed.value))


def test_wrong_operands_of_methods() -> None:
    """Where one is missing, or no number, the error names it; and operators say what they are called in the class."""
    with pytest.raises(TypeError, match=r"Value\.hypot\(\) missing 1 required positional argument: 'other'"):
        Value(1.0).hypot()
    with pytest.raises(TypeError, match=r"operand 1 of hypot must be one real number.*the string '1'"):
        Value(1.0).hypot("1")
    with pytest.raises(TypeError, match=r"Value\.__rpow__\(\) takes 2 positional arguments but 3 were given"):
        Value(1.0).__rpow__(1.0, 2.0)
    assert Value(3.0).hypot(other=4.0) == 5.0


def test_derivatives_of_methods_have_derivatives() -> None:
    """A function written with methods differentiates as one written with functions, at every order."""

    def f(x: Any) -> Any:
        return (x.sin() * x).exp() / (x**2 + 1)

    def g(x: Any) -> Any:
        import autograd as ag

        return ag.exp(ag.sin(x) * x) / (x**2 + 1.0)

    for order in range(4):
        assert bits(f(Value(0.7)) if order == 0 else f_at(f, order)) == bits(g(Value(0.7)) if order == 0 else f_at(g, order))


def f_at(f: Any, order: int) -> float:
    """The derivative of an order at 0.7."""
    for _ in range(order):
        f = grad(f)
    return float(f(0.7))
