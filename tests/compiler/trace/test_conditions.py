"""Conditions: bools eagerly, numbers in a trace; they join, turn and count alike in both, to the bit, or are refused."""

import math
import operator
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import TraceError, Value, grad, jit, logical_and, logical_not, logical_or, primitive, where
from autograd.table import TABLE

AT = [-1.5, -0.0, 0.0, 2.0, math.inf, -math.inf, math.nan]
Function = Callable[..., Any]


def bits(number: Any) -> str:
    """All of a double; one nan is like another."""
    number = float(number)
    return "nan" if math.isnan(number) else struct.pack(">d", number).hex()


def eager(f: Function, *numbers: float) -> float:
    """The number that f has on Values."""
    result = f(*map(Value, numbers))
    return result.item() if isinstance(result, Value) else float(result)


def agree(f: Function, *numbers: float) -> None:
    """A function has the same bits on Values, compiled, and compiled as Python; and so has its derivative."""
    assert bits(jit(f)(*numbers)) == bits(eager(f, *numbers))
    assert bits(jit(f, backend="python")(*numbers)) == bits(eager(f, *numbers))
    assert bits(jit(grad(f))(*numbers)) == bits(grad(f)(*numbers))


COUNTED: dict[str, Function] = {
    "-(x > 0) * x": lambda x: -(x > 0.0) * x,
    "-(x > 0)": lambda x: -(x > 0.0),
    "(x > 0) * -1": lambda x: (x > 0.0) * -1,
    "-3 * (x > 0)": lambda x: -3 * (x > 0.0),
    "0 - (x > 0)": lambda x: 0 - (x > 0.0),
    "c - c": lambda x: (x > 0.0) - (x > 0.0),
    "c * -c": lambda x: (x > 0.0) * -(x < 1.0),
    "abs(-c)": lambda x: abs(-(x > 0.0)),
    "-abs(c)": lambda x: -abs(x > 0.0),
    "c ** 2 * -1": lambda x: (x > 0.0) ** 2 * -1,
    "2 ** c": lambda x: 2 ** (x > 0.0),
    "c / -2": lambda x: (x > 0.0) / -2,
    "-(c / 2)": lambda x: -((x > 0.0) / 2),
    "-(c * 1.0)": lambda x: -((x > 0.0) * 1.0),
    "-(c + 0.0)": lambda x: -((x > 0.0) + 0.0),
    "c * -1.5": lambda x: (x > 0.0) * -1.5,
    "-(-c)": lambda x: -(-(x > 0.0)),  # noqa: B002 - two negations
    "-True * c": lambda x: -True * (x > 0.0),
    "-sum(...)": lambda x: -sum([x > 0.0, x > 1.0, x != 3.0]),
    "-(a & b) * x": lambda x: -((x > 0.0) & (x < 1.0)) * x,
    "-(a | b)": lambda x: -((x > 0.0) | (x < -1.0)),
    "-(a & 1)": lambda x: -((x > 0.0) & 1),
    "-(a == b)": lambda x: -((x > 0.0) == (x < 1.0)),
    "-less(x, 0), a function": lambda x: -ag.less(x, 0.0),
    "-logical_and(a, b)": lambda x: -logical_and(x > 0.0, x < 1.0),
    "-logical_or(True, b)": lambda x: -logical_or(False, x < 1.0),
    "-logical_not(a)": lambda x: -logical_not(x <= 0.0) * x,
    "-logical_not(x), of a number": lambda x: -logical_not(x),
    "-logical_and(a, 1)": lambda x: -logical_and(x > 0.0, 1),
    "-logical_and(1, a)": lambda x: -logical_and(1, x > 0.0),
    "-logical_and(1.0, a)": lambda x: -logical_and(1.0, x > 0.0),
    "-logical_not(abs(-a))": lambda x: -logical_not(abs(-(x > 0.0))),
    "-logical_not(a + b)": lambda x: -logical_not((x > 0.0) + (x > 1.0)),
    "-logical_not(a * 1.0)": lambda x: -logical_not((x > 0.0) * 1.0),
    "-logical_or(a & 1, 0)": lambda x: -logical_or((x > 0.0) & 1, 0),
    "neg(a), a function": lambda x: ag.neg(x > 0.0),
    "mul(a, -1), a function": lambda x: ag.mul(x > 0.0, -1),
    "-where(a, 1, 0)": lambda x: -where(x > 0.0, 1, 0),
    "where(a, -b, x)": lambda x: where(x > -1.0, -(x > 0.0), x),
    "-sum_([a, b])": lambda x: -ag.sum_([x > 0.0, x > 1.0]),
    "np.int64": lambda x: np.int64(-2) * (x > 0.0),
    "x - a": lambda x: x - (x > 0.0),
}


@pytest.mark.parametrize("x", AT)
@pytest.mark.parametrize("f", COUNTED.values(), ids=COUNTED)
def test_conditions_count_as_pythons_integers(f: Function, x: float) -> None:
    """There is no -0: what eager code computes as integers is never -0.0 in a trace, and what it computes as floats may be."""
    agree(f, x)


COMPARED = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
JOINED = [operator.and_, operator.or_, logical_and, logical_or]


def conditions() -> st.SearchStrategy[Function]:
    """Comparisons of two numbers, joined and turned."""
    numbers = st.one_of(st.sampled_from([lambda x, y: x, lambda x, y: y]), st.sampled_from([0.0, 1.0]).map(constant))
    one = st.builds(lambda op, a, b: lambda x, y: op(a(x, y), b(x, y)), st.sampled_from(COMPARED), numbers, numbers)
    return st.recursive(
        one,
        lambda inner: st.one_of(
            st.builds(lambda op, a, b: lambda x, y: op(a(x, y), b(x, y)), st.sampled_from(JOINED), inner, inner),
            inner.map(lambda a: lambda x, y: logical_not(a(x, y))),
        ),
        max_leaves=4,
    )


def constant(number: Any) -> Function:
    """The function that is this number."""
    return lambda x, y: number


def counts() -> st.SearchStrategy[Function]:
    """Integer expressions of conditions."""
    binary = st.sampled_from([operator.add, operator.sub, operator.mul])
    return st.recursive(
        st.one_of(conditions(), st.integers(-3, 3).map(constant)),
        lambda inner: st.one_of(
            st.builds(lambda op, a, b: lambda x, y: op(a(x, y), b(x, y)), binary, inner, inner),
            st.builds(lambda op, a: lambda x, y: op(a(x, y)), st.sampled_from([operator.neg, abs, operator.pos]), inner),
            st.builds(lambda a, n: lambda x, y: a(x, y) ** n, inner, st.integers(0, 3)),
            st.builds(lambda op, a, b: lambda x, y: op(abs(a(x, y)), abs(b(x, y))), st.sampled_from(JOINED[2:]), inner, inner),
            inner.map(lambda a: lambda x, y: logical_not(abs(a(x, y)))),
            st.lists(inner, min_size=1, max_size=3).map(lambda terms: lambda x, y: sum(t(x, y) for t in terms)),
        ),
        max_leaves=6,
    )


MEETINGS: list[Function] = [
    lambda n, x, y: n * 1.0,
    lambda n, x, y: n * x,
    lambda n, x, y: -(n * x) - n,
    lambda n, x, y: x - n + y * n,
    lambda n, x, y: n / -2.0 * x,
    lambda n, x, y: where(x > y, n, -0.0) * y,
    lambda n, x, y: ag.maximum(n, x),
    lambda n, x, y: ag.truediv(1.0, n) * x,
]


@given(counts(), st.sampled_from(MEETINGS), st.sampled_from(AT), st.sampled_from(AT))
def test_any_integer_expression_of_conditions(n: Function, meets: Function, x: float, y: float) -> None:
    """Has the same bits compiled as on Values, where it meets floats."""

    def f(x: Any, y: Any) -> Any:
        return meets(n(x, y), x, y)

    assert bits(jit(f, backend="python")(x, y)) == bits(eager(f, x, y))
    assert bits(jit(grad(f), backend="python")(x, y)) == bits(grad(f)(x, y))


def test_integers_beyond_the_floats_are_refused() -> None:
    """Python keeps all digits of an integer, compiled code does not: rather no number than another one."""
    with pytest.raises(TraceError, match=r"computes with integers beyond 2\*\*53.*2\.0\*\*60"):
        jit(lambda x: (x > 0.0) * 2**53 + 1 - 2**53)(1.0)
    assert jit(lambda x: (x > 0.0) * 2.0**60)(1.0) == 2.0**60


def test_other_symbols_pay_nothing_for_that() -> None:
    """No addition of 0.0 where nothing can be -0.0: counts of conditions, and numbers."""
    f = jit(lambda x: ((x > 0.0) + (x > 1.0)) * (x > 2.0) * 3 - 1 + -x)
    f(1.0)
    assert "+ 0.0" not in f.source()


TURNED: dict[str, tuple[Function, Function]] = {
    "logical_not": (lambda x: where(logical_not(x > 0.0), 1.0, 2.0), lambda x: 2.0 if x > 0.0 else 1.0),
    "of a number": (lambda x: where(logical_not(x), 1.0, 2.0), lambda x: 1.0 if x == 0.0 else 2.0),
    "twice": (lambda x: where(logical_not(logical_not(x > 0.0)), 1.0, 2.0), lambda x: 1.0 if x > 0.0 else 2.0),
    "joined": (lambda x: where(logical_not(x > 0.0) & (x > -1.0), 1.0, 2.0), lambda x: 1.0 if -1.0 < x <= 0.0 else 2.0),
    "or": (lambda x: where((x > 1.0) | logical_not(x > 0.0), 1.0, 2.0), lambda x: 2.0 if 0.0 < x <= 1.0 else 1.0),
    "not equal": (lambda x: where((x > 1.0) != (x > 0.0), 1.0, 2.0), lambda x: 1.0 if 0.0 < x <= 1.0 else 2.0),
    "of functions": (lambda x: where(logical_not(ag.less(x, 0.5)), 1.0, 2.0), lambda x: 2.0 if x < 0.5 else 1.0),
    "method": (lambda x: where(x.logical_not(), 1.0, 2.0), lambda x: 1.0 if x == 0.0 else 2.0),
}


@pytest.mark.parametrize("x", [-1.5, -0.0, 0.25, 0.75, 1.0, 2.0])
@pytest.mark.parametrize(("f", "wanted"), TURNED.values(), ids=TURNED)
def test_one_spelling_turns_a_condition_everywhere(f: Function, wanted: Function, x: float) -> None:
    """logical_not, on Values and in jit, in functions and their derivatives; also where conditions are joined."""
    assert eager(f, x) == wanted(x)
    agree(f, x)
    agree(lambda x: f(x) * x, x)


@pytest.mark.parametrize("condition", [True, False])
@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda c: where(c, 1.0, 2.0), "where"),
        (lambda c: where(c, Value(1.0), 2.0), "where"),
        (lambda c: where(condition=c, x=1.0, y=2.0), "where"),
        (lambda c: where.at(c, 1.0, 2.0), "where"),
        (lambda c: logical_and(c, True), "logical_and"),
        (lambda c: logical_and(True, c), "logical_and"),
        (lambda c: logical_and(1.0, c), "logical_and"),
        (lambda c: logical_and(Value(1.0), c), "logical_and"),
        (lambda c: Value(1.0).logical_or(c), "logical_or"),
        (lambda c: logical_or(c, Value(1.0)), "logical_or"),
        (logical_not, "logical_not"),
        (lambda c: jit(lambda x: where(c, x, 2.0))(1.0), "where"),
        (lambda c: jit(lambda x: logical_or(x > 0.0, c))(1.0), "logical_or"),
        (lambda c: jit(lambda x: (x > 0.0).logical_and(c))(1.0), "logical_and"),
        (lambda c: jit(lambda x: where((x > 0.0) & c, 1.0, 2.0))(1.0), "logical_and"),
        (lambda c: where(np.int64(c), 1.0, 2.0), "where"),
    ],
)
def test_what_tilde_makes_of_a_bool_is_no_condition(use: Function, name: str, condition: bool) -> None:
    """~True is -2 and ~False is -1, both true: refused wherever a condition is meant, with what to write."""
    turned = -1 - condition
    with pytest.raises(
        TypeError, match=rf"condition of {name} is {turned}, which is what ~ makes of {condition}.*logical_not\("
    ):
        use(turned)


def test_the_other_numbers_are_conditions() -> None:
    """1, 0, 3, -3, -1.0 and Values among them: they hold where they are not 0."""
    for number in (1, 3, -3, -1.0, -2.0, Value(-1.0), np.bool_(True), np.float64(-2.0)):
        assert where(number, 1.0, 2.0) == 1.0
        assert logical_not(number) == 0.0
    for number in (0, 0.0, -0.0, Value(0.0), np.bool_(False)):
        assert where(number, 1.0, 2.0) == 2.0
        assert logical_not(number) == 1.0
    assert logical_not(math.nan) == 0.0


def test_bools_give_bools() -> None:
    """And integers do, to primitives of conditions alone, as & and | of bools do, so that they join; floats give floats."""
    for found in (logical_not(False), logical_and(True, True), logical_or(False, True), logical_and(3, True), logical_not(0)):
        assert found is True
    for found in (logical_not(0.0), logical_and(True, 1.0), logical_or(0.0, True)):
        assert type(found) is float
    assert (logical_not(Value(1.0) > 2.0) & True) is True


def test_users_primitives_may_take_conditions() -> None:
    """They are checked, and stay primitives that compile."""
    slopes = (0.0, lambda r, c, x: where(c, 1.0, 0.0))
    choose = primitive("choose", evaluate=lambda c, x: x if c else 0.0, partials=slopes, conditions=1)
    with pytest.raises(TypeError, match="condition of choose is -2"):
        choose(-2, 1.0)
    agree(lambda x: choose(x > 0.0, x * x), 3.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 1.0 if x > 0.0 else 2.0,
        lambda x: where(not x > 0.0, 1.0, 2.0),
        lambda x: where(x > 0.0 and x < 1.0, 1.0, 2.0),
        lambda x: where(x > 0.0 or x < 1.0, 1.0, 2.0),
        lambda x: where(0.0 < x < 1.0, 1.0, 2.0),
    ],
    ids=["if", "not", "and", "or", "chained"],
)
def test_pythons_own_words_are_refused_with_ours(f: Function) -> None:
    """`not`, `and`, `or`, `if` work eagerly; in a trace the message has what works in both."""
    with pytest.raises(TraceError, match=r"join conditions by & and \|, .*autograd\.logical_not\(condition\)"):
        jit(f)(0.5)
    with pytest.raises(TraceError, match=r"autograd\.logical_not\(condition\).*compare them by !="):
        jit(lambda x: where(~(x > 0.0), 1.0, 2.0))(0.5)


def test_arrays_of_numbers_are_compared_one_by_one() -> None:
    """NumPy makes bools of what it compares, so that a trace refuses it, with what to do."""
    with pytest.raises(TraceError, match="compare the numbers of an array one by one"):
        jit(lambda a: where((a > 1.0)[0], 1.0, 2.0))(np.ones(2))
    assert jit(lambda a: where(a[0] > 1.0, 1.0, 2.0))(np.ones(2)) == 2.0


def test_conditions_join_where_nothing_is_recorded() -> None:
    """Inside no_grad() too."""

    def f(x: Any) -> Any:
        with ag.no_grad():
            return where((x > 0.0) & (x < 1.0) & logical_not(x == 0.5), -((x > 0.0) & (x > 3.0)), 1.0)

    for x in AT:
        assert bits(jit(f)(x)) == bits(eager(f, x))


@pytest.mark.parametrize("conditions", [-1, 3, "1", 1.0, None])
def test_how_many_conditions(conditions: Any) -> None:
    """As many as there are operands at most; the table stays as it was."""
    with pytest.raises(ValueError, match=r"conditions of 'choose' must say how many.*0 to 2, not .*conditions=1"):
        primitive("choose", evaluate=lambda c, x: x if c else 0.0, conditions=conditions)
    with pytest.raises(ValueError, match="0 to 0"):
        primitive("choose", evaluate=lambda *xs: 0.0, conditions=1)
    assert "choose" not in TABLE
