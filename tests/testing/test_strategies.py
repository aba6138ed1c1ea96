"""The strategies draw what they promise, shrink to what is simple, and print what runs."""

import math
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, primitive
from autograd.definition import Primitive
from autograd.primitives import pow_slope
from autograd.table import TABLE
from autograd.testing import Expression, expressions, points, values

QUICK = settings(max_examples=500, database=None, suppress_health_check=list(HealthCheck), deadline=None)


@given(values(), values(-1.0, 2.0), values(allow_nan=True, allow_infinity=True, label="x"))
def test_values_are_leaves_within_their_bounds(x: Value, bounded: Value, any_: Value) -> None:
    """Finite unless told otherwise."""
    assert math.isfinite(x.data)
    assert -1.0 <= bounded.data <= 2.0
    assert any_.label == "x"
    assert x.operands == ()


def test_values_reach_what_matters() -> None:
    """Everyday numbers in many of the draws; nan and inf where they are asked for."""
    drawn: list[float] = []

    @settings(max_examples=300, database=None)
    @given(values())
    def draw(x: Value) -> None:
        drawn.append(abs(x.data))

    draw()
    assert sum(0.1 <= x <= 10.0 for x in drawn) > 60
    assert math.isnan(find(values(allow_nan=True), lambda v: math.isnan(v.data), settings=QUICK).data)
    assert find(values(allow_infinity=True), lambda v: v.data == math.inf, settings=QUICK).data == math.inf
    with pytest.raises(ValueError, match=r"nan lies within no bounds"):
        values(0.0, 1.0, allow_nan=True)
    with pytest.raises(ValueError, match=r"nan lies within no bounds"):
        values(-math.inf, allow_nan=True)
    with pytest.raises(ValueError, match=r"no infinity lies between 0.0 and 1.0"):
        values(0.0, 1.0, allow_infinity=True)
    assert find(values(0.0, allow_infinity=True), lambda v: v.data == math.inf, settings=QUICK).data == math.inf
    with pytest.raises(ValueError, match=r"decades must lie between 1 and 300, not be 0"):
        points("exp", decades=0)
    with pytest.raises(ValueError, match=r"min_value 2.0 is not below max_value 1.0"):
        values(2.0, 1.0)


@given(st.from_type(Value), st.lists(st.from_type(Value)))
def test_hypothesis_knows_values_by_their_type(x: Value, xs: list[Value]) -> None:
    """By the entry point, without an import of ours."""
    assert isinstance(x, Value)
    assert all(isinstance(v, Value) for v in xs)


def test_hypothesis_is_imported_when_a_strategy_is_made_and_not_before() -> None:
    """Nor are pytest and mpmath."""
    code = (
        "import sys; from autograd.testing import gradcheck, expressions, check_primitive; import autograd as ag\n"
        "gradcheck(ag.tanh, 0.5)\n"
        "assert not {'hypothesis', 'pytest', 'mpmath'} & set(sys.modules)\n"
        "sys.modules['hypothesis'] = None\n"
        "try: expressions()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'need Hypothesis: pip install "chainrule[testing]"' in done.stdout


@pytest.mark.parametrize("primitive", list(TABLE.values()), ids=lambda primitive: primitive.name)
def test_points_lie_in_the_domain_and_reach_its_parts(primitive: Primitive) -> None:
    """No kinks, nothing outside, and special points, the transition region and far magnitudes are all drawn."""
    drawn: list[tuple[float, ...]] = []

    @settings(max_examples=200, database=None, suppress_health_check=list(HealthCheck))
    @given(points(primitive))
    def draw(at: tuple[float, ...]) -> None:
        drawn.append(at)

    draw()
    place, first = next((i, interval) for i, interval in enumerate(primitive.domain) if interval.low < interval.high)
    for at in drawn:
        domain = primitive.domain_of(len(at))
        assert all(i.low <= x <= i.high for x, i in zip(at, domain, strict=False))
        assert primitive.kink is None or not primitive.kink(*at)
        assert type(primitive.at(*at)) is float
    xs = [at[place] for at in drawn]
    assert any(x in first.special for x in xs) or (
        primitive.kink is not None and primitive.kink(*[first.special[0]] * (primitive.arity or 1))
    )
    assert any(first.transition[0] < x < first.transition[1] for x in xs)
    if first.high == math.inf:
        assert any(abs(x) > 1e10 for x in xs)


def test_points_of_names_and_of_a_users_primitives() -> None:
    """With kinks where they are wanted; anything else is an error."""
    own = primitive("own_test", evaluate=lambda x, y: x * y, partials=lambda r, x, y: (y, x), domain=(2.0, 3.0))
    assert all(2.0 <= x <= 3.0 for x in find(points(own), lambda at: True, settings=QUICK))
    assert find(points("abs", smooth=False), lambda at: at == (0.0,), settings=QUICK) == (0.0,)
    assert len(find(points(ag.dot), lambda at: len(at) > 2, settings=QUICK)) == 4
    with pytest.raises(KeyError, match="no primitive is named 'nope'"):
        points("nope")
    with pytest.raises(TypeError, match="takes primitives or their names, not 3"):
        points(3)  # type: ignore[arg-type]


def holds_for_all(strategy: st.SearchStrategy[Expression], holds: Callable[[Expression], bool]) -> bool:
    """Whether a property holds for some draws."""

    @settings(max_examples=30, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def check(expression: Expression) -> None:
        assert holds(expression)

    check()
    return True


def uses(expression: Expression, place: int) -> int:
    """How often an earlier result is an operand."""
    return sum(places.count(place) for _, places in expression.steps)


def test_expressions_shrink_to_small_ones() -> None:
    """One operation for one condition."""
    smallest = find(expressions(), lambda e: any(primitive is ag.tanh for primitive, _ in e.steps), settings=QUICK)
    assert len(smallest.steps) <= 4
    large = find(expressions(), lambda e: e(*e.at) > 5.0, settings=QUICK)
    assert len(large.steps) <= 5
    shared = find(expressions(), lambda e: any(uses(e, e.inputs + i) > 1 for i in range(len(e.steps))), settings=QUICK)
    assert len(shared.steps) <= 4


def test_expressions_of_chosen_primitives_inputs_and_sizes() -> None:
    """Primitives by name or themselves, a user's own, one that takes sequences; one input, one operation."""
    own = primitive("own_test", evaluate=lambda x: x * x, partials=lambda r, x: 2.0 * x)
    assert "own_test = lookup('own_test')" in str(Expression(1, ((own, (0,)),), at=(1.0,)))
    for pool in (["log"], [ag.dot], ["sum_", own], [ag.where, "add"], "arcsin", pow_slope, ["maximum"]):
        names = {getattr(primitive, "name", primitive) for primitive in (pool if isinstance(pool, list) else [pool])}

        drawn = expressions(primitives=pool, inputs=1, max_ops=3)
        assert holds_for_all(
            drawn, lambda e, names=names: {primitive.name for primitive, _ in e.steps} <= names and len(e.at) == e.inputs == 1
        )
    with pytest.raises(ValueError, match="needs a primitive, an operation and an input"):
        expressions(primitives=[])
    with pytest.raises(ValueError, match="needs a primitive, an operation and an input"):
        expressions(max_ops=0)
    with pytest.raises(ValueError, match="nests=-1 must be 0 or more"):
        expressions(nests=-1)
    with pytest.raises(TypeError, match="this expression takes 2 numbers, not 1"):
        Expression(2, ((ag.add, (0, 1)),))(1.0)


def test_large_expressions_are_drawn() -> None:
    """With sharing, and not only a few operations of those allowed."""
    sizes: list[int] = []

    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(expressions(max_ops=40))
    def draw(expression: Expression) -> None:
        sizes.append(len(expression.steps))

    draw()
    assert max(sizes) > 10
    assert sum(sizes) > 120
