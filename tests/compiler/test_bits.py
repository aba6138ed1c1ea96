"""Exact mode: compiled code gives the same bits as Values, for every primitive, convention, expression and transform."""

import math
import struct
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import (
    Value,
    derivative,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    sum_,
    truediv,
    value_and_grad,
    vjp,
)
from autograd.table import TABLE
from autograd.testing import Expression, expressions, points
from autograd.testing.flat import flat_jacobian, rounding
from tests.compiler.comparison import EDGES, bits, columns, free, near, outcome
from tests.test_conventions import CASES, test_second_derivative

PRIMITIVES = list(TABLE.values())
DIFFERENTIABLE = [primitive for primitive in PRIMITIVES if primitive.differentiable]
SECOND = test_second_derivative.pytestmark[0].args[1]  # the conventions on second derivatives, stated there
inf, nan = math.inf, math.nan


def gradients(f: Callable[..., Any], at: Sequence[float]) -> list[float]:
    """By backward(), from Values."""
    leaves = [Value(x) for x in at]
    f(*leaves).backward()
    return [leaf.grad for leaf in leaves]


# --- primitives -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda primitive: primitive.name)
def test_primitives_over_arrays(primitive: Any, backend: str) -> None:
    """Value and partials of every primitive, at edges and far outside its domain, where the rows of arrays lie in lanes."""
    f, at = free(primitive, 400)
    argnums = tuple(range(len(at[0])))
    both = value_and_grad(f, argnums=argnums) if primitive.differentiable else lambda *operands: (f(*operands), ())
    values = jit(f, in_axes=0, backend=backend)(*columns(at))
    again, partials = jit(both, in_axes=0, backend=backend)(*columns(at))
    for i, point in enumerate(at):
        value, partial = both(*point)
        assert bits(values[i]) == bits(again[i]) == bits(value), f"value at {point}"
        assert bits([x[i] for x in partials]) == bits(partial), f"partials at {point}"


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda primitive: primitive.name)
def test_primitives_on_floats(primitive: Any, backend: str) -> None:
    """The same, called with floats; the gradient also of Values that go through compiled code."""
    f, at = free(primitive, 60)
    compiled = jit(f, backend=backend)
    for point in at:
        assert bits(compiled(*point)) == bits(f(*point)), f"at {point}"
        assert type(compiled(*point)) is float
        if primitive.differentiable:
            assert bits(gradients(compiled, point)) == bits(gradients(f, point)), f"at {point}"


@pytest.mark.parametrize("primitive", DIFFERENTIABLE, ids=lambda primitive: primitive.name)
@settings(max_examples=5)
@given(data=st.data())
def test_primitives_in_their_domain(primitive: Any, data: st.DataObject) -> None:
    """Value, gradient and second derivatives at drawn points, by the backend at hand."""
    at = data.draw(points(primitive, smooth=False))

    def f(*operands: Any) -> Any:
        return primitive.at(*operands)

    argnums = tuple(range(len(at)))
    assert outcome(jit(value_and_grad(f, argnums)), *at) == outcome(value_and_grad(f, argnums), *at)
    assert outcome(jit(hessian(f, argnums)), *at) == outcome(hessian(f, argnums), *at)


# --- conventions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("f", "at", "value", "slopes"), CASES)
def test_conventions(f: Callable[..., Any], at: list[float], value: float, slopes: Any, backend: str) -> None:
    """Every case: value, gradient and second derivative, on floats, on Values, and in all lanes."""

    def g(*operands: Any) -> Any:
        return f(*operands)

    compiled = jit(g, backend=backend)
    eager = g(*map(Value, at))
    assert bits(compiled(*at)) == bits(eager)
    assert bits(compiled(*map(Value, at))) == bits(eager)
    assert bits(gradients(compiled, at)) == bits(gradients(g, at))
    both = value_and_grad(g, argnums=tuple(range(len(at))))
    wanted = outcome(both, *at)
    assert outcome(jit(both, backend=backend), *at) == wanted
    found = jit(both, in_axes=0, backend=backend)(*[np.full(3, x) for x in at])
    for row in range(3):
        assert bits([found[0][row], *[x[row] for x in found[1]]]) == wanted[0]
    second = hessian(g, argnums=tuple(range(len(at))))
    assert outcome(jit(second, backend=backend), *at) == outcome(second, *at)


@pytest.mark.parametrize(("f", "at", "wanted"), SECOND)
def test_conventions_of_second_derivatives(f: Callable[[Any], Any], at: float, wanted: float, backend: str) -> None:
    """Where the big frameworks have had their bugs."""
    second = derivative(f, order=2)
    assert bits(jit(second, backend=backend)(at)) == bits(second(at))


# --- expressions ------------------------------------------------------------------------------------------------------


@given(expression=expressions(max_ops=30, inputs=3))
@settings(max_examples=25)
def test_random_expressions(backend: str, expression: Expression) -> None:
    """Value and gradient at the point, around it, and where everything overflows; on floats and on Values."""
    both = value_and_grad(expression, argnums=(0, 1, 2))
    f, g = jit(expression, backend=backend), jit(both, backend=backend)
    for point in [*near(expression.at, 4), (0.0, -0.0, 1e200), (inf, -1.0, 5e-324), (nan, 2.0, -1e308)]:
        value, gradient = both(*point)
        assert bits(f(*point)) == bits(value)
        assert outcome(g, *point) == outcome(both, *point)
        assert bits(gradients(f, point)) == bits(gradients(expression, point))
        assert bits(f(*map(Value, point))) == bits(value)
        assert bits(grad(f, argnums=(0, 1, 2))(*point)) == bits(gradient)


@given(expression=expressions(max_ops=15), data=st.data())
@settings(max_examples=20)
def test_constants(backend: str, expression: Expression, data: st.DataObject) -> None:
    """Huge, subnormal, infinite, nan and signed zero among the constants: what is computed before is what would be."""
    extreme = st.sampled_from(EDGES)
    steps = tuple(
        (
            primitive,
            tuple(data.draw(extreme) if type(place) is float and data.draw(st.booleans()) else place for place in places),
        )
        for primitive, places in expression.steps
    )
    f = Expression(2, steps)
    fixed = data.draw(extreme)
    for point in [expression.at, (data.draw(extreme), data.draw(extreme))]:
        both = value_and_grad(f, argnums=(0, 1))
        assert outcome(jit(both, backend=backend), *point) == outcome(both, *point)
        partly = value_and_grad(lambda x: f(x, fixed))
        assert outcome(jit(partly, backend=backend), point[0]) == outcome(partly, point[0])


# --- transforms -------------------------------------------------------------------------------------------------------

W, V = [0.75, -1.25, 0.5], [0.3, 1.0, -2.0]
REVERSE: dict[str, Callable[[Any], Any]] = {
    "grad": grad,
    "value_and_grad": value_and_grad,
    "jacobian": jacobian,
    "jacrev": jacrev,
    "derivative": lambda f: lambda xs: derivative(lambda x: f([x, *xs[1:]]))(xs[0]),
}
"""In these the partials of f themselves are what is asked for."""
OTHERS: dict[str, Callable[[Any], Any]] = {
    "jacfwd": jacfwd,
    "jvp": lambda f: lambda xs: jvp(f, (xs,), (V,)),
    "vjp": lambda f: lambda xs: vjp(f, xs)[1](1.5),
    "vector jacobian": lambda f: jacobian(lambda xs: [f(xs), xs[0] * f([*xs[1:], xs[0]])]),
    "vector vjp": lambda f: lambda xs: vjp(lambda xs: {"a": f(xs), "b": (xs[1],)}, xs)[1]({"a": 2.0, "b": (3.0,)}),
    "hessian": hessian,
    "hvp": lambda f: lambda xs: hvp(f, (xs,), (V,)),
    "derivative 2": lambda f: lambda xs: derivative(lambda x: f([x, *xs[1:]]), order=2)(xs[0]),
    "derivative 3": lambda f: lambda xs: derivative(lambda x: f([*xs[:2], x]), order=3)(xs[2]),
    "reverse over reverse": lambda f: jacrev(grad(f)),
    "reverse over forward": lambda f: jacrev(jacfwd(f)),
    "forward over forward": lambda f: jacfwd(jacfwd(f)),
    "grad of a sum of squared slopes": lambda f: grad(lambda xs: sum_([g * g for g in grad(f)(xs)])),
    "jvp of grad": lambda f: lambda xs: jvp(grad(f), (xs,), (W,)),
    "vjp of grad": lambda f: lambda xs: vjp(grad(f), xs)[1](W),
}


@pytest.mark.parametrize("transform", [*REVERSE.values(), *OTHERS.values()], ids=[*REVERSE, *OTHERS])
@given(expression=expressions(max_ops=8, inputs=3))
@settings(max_examples=8)
def test_jit_of_a_transform(transform: Callable[[Any], Any], expression: Expression) -> None:
    """jit(transform(f)) is transform(f), bit for bit."""
    eager = transform(lambda xs: expression(*xs))
    compiled = jit(eager)
    for point in [*near(expression.at, 3), (0.0, 1.0, -1.0)]:
        assert outcome(compiled, list(point)) == outcome(eager, list(point))


@pytest.mark.parametrize("transform", REVERSE.values(), ids=REVERSE)
@given(expression=expressions(max_ops=8, inputs=3))
@settings(max_examples=8)
def test_gradients_of_jit(transform: Callable[[Any], Any], expression: Expression) -> None:
    """transform(jit(f)) is transform(f), bit for bit."""
    eager, compiled = (transform(f) for f in (lambda xs: expression(*xs), jit(lambda xs: expression(*xs))))
    for point in [*near(expression.at, 2), (0.0, 1.0, -1.0)]:
        assert outcome(compiled, list(point)) == outcome(eager, list(point))


@pytest.mark.parametrize("transform", OTHERS.values(), ids=OTHERS)
@given(
    expression=expressions(
        max_ops=8, inputs=3, primitives=[primitive for primitive in DIFFERENTIABLE if primitive.kink is None]
    )
)
@settings(max_examples=8)
def test_other_derivatives_of_jit(transform: Callable[[Any], Any], expression: Expression) -> None:
    """transform(jit(f)) is transform(f) to 1e-12 of the largest term, and what rounding allows the parts it is summed from."""
    at = list(expression.at)
    found = transform(jit(lambda xs: expression(*xs)))(at)
    wanted = transform(lambda xs: expression(*xs))(at)
    assert str(type(found)) == str(type(wanted))
    found, wanted = (flat_numbers(x) for x in (found, wanted))
    second = flat_jacobian(flat_jacobian(lambda xs: [expression(*xs)], "rev"), "rev")
    slack = max(x for x in rounding(flat_jacobian(second, "fwd"), at).outputs if math.isfinite(x))
    largest = max([abs(x) for x in wanted if math.isfinite(x)], default=0.0)
    for x, y in zip(found, wanted, strict=True):
        assert x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= 1e-12 * largest + 64.0 * slack * (1.0 + largest)


def flat_numbers(thing: Any) -> list[float]:
    """The numbers of a result."""
    return [nan if x == "nan" else struct.unpack(">d", bytes.fromhex(x.partition(" ")[0]))[0] for x in bits(thing)]


@pytest.mark.parametrize(
    "primitive", [primitive for primitive in DIFFERENTIABLE if primitive.arity], ids=lambda primitive: primitive.name
)
def test_higher_derivatives_of_a_compiled_primitive(primitive: Any) -> None:
    """hessian(jit(primitive)) is hessian(primitive), to rounding, at a point of the domain."""
    at = [interval.special[-1] if interval.special else sum(interval.transition) / 2.0 for interval in primitive.domain]
    at = [x * 0.99 if i.low != i.high else x for x, i in zip(at, primitive.domain, strict=True)]
    argnums = tuple(range(len(at)))
    found = flat_numbers(hessian(jit(lambda *xs: primitive.at(*xs)), argnums)(*at))  # noqa: PLW0108 - plainly
    wanted = flat_numbers(hessian(lambda *xs: primitive.at(*xs), argnums)(*at))  # noqa: PLW0108 - plainly
    largest = max(map(abs, wanted))
    assert all(abs(x - y) <= 1e-12 * largest for x, y in zip(found, wanted, strict=True)), f"{found} not {wanted}"


def test_jit_between_transforms() -> None:
    """A transform of a jitted transform of a jitted function."""
    f = jit(lambda x, y: ag.exp(x * y) / (1.0 + y * y))
    plain = grad(grad(f.__wrapped__), argnums=1)
    mixed = grad(jit(grad(f)), argnums=1)
    assert mixed(0.5, 0.25) == pytest.approx(plain(0.5, 0.25), rel=1e-14)
    assert bits(jit(mixed)(0.5, 0.25)) == bits(plain(0.5, 0.25))
    assert bits(jit(jit(jit(f)))(0.5, 0.25)) == bits(f(0.5, 0.25))


# --- rows of arrays ---------------------------------------------------------------------------------------------------


def rows_of(count: int, seed: int, *, special: bool) -> Any:
    """Rows of three numbers."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(count, 3)) * 10.0 ** rng.integers(-3, 3, size=(count, 3))
    if special and count > 6:
        found.flat[:: max(5, count // 20)] = np.resize(np.array(EDGES), found.flat[:: max(5, count // 20)].shape)
    return found


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000])
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_counts_of_rows(count: int, reduce: Any, backend: str) -> None:
    """By row, summed from first to last, and divided by their number: value and gradient, with a parameter that all share."""

    def f(p: Any, x: Any, y: Any) -> Any:
        z = p[0] * x[0] + p[1] * ag.tanh(x[1] * y)
        return ag.relu(z) + ag.logsumexp(x[0], p[1]) * ag.gelu(y)

    table, p = rows_of(count, count, special=reduce is None), [0.3, -1.7]
    for g in (f, value_and_grad(f)):
        compiled = jit(g, in_axes=(None, 0, 0), reduce=reduce, backend=backend)
        by_row = [flat_numbers(g(p, row[:2].tolist(), float(row[2]))) for row in table]
        found = compiled(p, table[:, :2], table[:, 2])
        if reduce is None:
            wanted = [list(column) for column in zip(*by_row, strict=True)]
        else:
            sums = [sum_(column) for column in zip(*by_row, strict=True)]
            wanted = [truediv(x, float(count)) if reduce == "mean" else x for x in sums]
        assert bits(found) == bits(wanted)


@given(expression=expressions(max_ops=20, inputs=3), count=st.integers(1, 20), shared=st.booleans(), data=st.data())
@settings(max_examples=15)
def test_random_expressions_over_rows(
    backend: str, expression: Expression, count: int, shared: bool, data: st.DataObject
) -> None:
    """Any expression, any number of rows, one of its inputs shared or not, reduced or not: value and gradient."""
    reduce = data.draw(st.sampled_from([None, "sum", "mean"]))
    at = near(expression.at, count)
    if shared:
        at = [(at[0][0], *point[1:]) for point in at]
    both = value_and_grad(expression, argnums=(0, 1, 2))
    compiled = jit(both, in_axes=(None if shared else 0, 0, 0), reduce=reduce, backend=backend)
    first, *rest = columns(at)
    by_row = [flat_numbers(both(*point)) for point in at]
    transposed = [list(column) for column in zip(*by_row, strict=True)]
    sums = [sum_(column) for column in transposed]
    wanted = transposed if reduce is None else sums if reduce == "sum" else [truediv(x, float(count)) for x in sums]
    assert bits(compiled(at[0][0] if shared else first, *rest)) == bits(wanted)


@given(expression=expressions(max_ops=25, inputs=3), count=st.integers(1, 17))
@settings(max_examples=20)
def test_backends_agree(expression: Expression, count: int) -> None:
    """Python and machine code, wherever the numbers lie: bit for bit."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    table = rows_of(count, 1, special=True)
    both = value_and_grad(lambda x: expression(*x))
    assert outcome(jit(both, in_axes=0, backend="llvm"), table) == outcome(jit(both, in_axes=0, backend="python"), table)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_slopes_of_powers_at_the_edges(order: int, backend: str) -> None:
    """All mixed derivatives of x**y to third order: at 0, outside the domain, at inf and nan, and where x**y overflows."""
    f = reduce(lambda g, _: jacrev(g), range(order), lambda at: at[0] ** at[1])
    compiled = jit(f, backend=backend)
    for x in (0.0, -0.0, 2.0, -3.0, 1e-300, 1e300, inf, -inf, nan):
        for y in (0.0, 0.5, 1.0, 2.0, 3.0, -1.0, 1e-20, 300.0, inf, nan):
            assert bits(compiled([x, y])) == bits(f([x, y])), f"at {x}, {y}"
