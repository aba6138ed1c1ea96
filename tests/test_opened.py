"""Sequences whose length only the run knows, used as lists are: the bits of eager code, in every transform."""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import (
    TraceError,
    amax,
    argmax,
    argmin,
    argsort,
    cos,
    cumsum,
    custom_jvp,
    custom_vjp,
    dot,
    fixed_point,
    grad,
    hvp,
    jit,
    jvp,
    length,
    log_softmax,
    logsumexp,
    maximum,
    minimize,
    primitive,
    root,
    scan,
    sin,
    softmax,
    sort,
    sum_,
    take,
    tree_map,
    value_and_grad,
    vjp,
    vmap,
    where,
)
from autograd.table import TABLE
from tests.compiler.comparison import bits

inf, nan = math.inf, math.nan
POINTS = (
    [0.3, -1.2, 2.5, 0.7, 2.5],
    [1.0],
    [0.5, 0.5],
    [3.0, nan, 1.0],
    [-inf, -inf],
    [inf, 1.0, -0.0],
    [0.0, -0.0, 5e-324],
    [1e308, -1e308, 710.0, 700.0],
    [math.sin(3.0 * i) for i in range(23)],
)
WHOLE = [primitive for primitive in TABLE.values() if primitive.sequence is not None]


def weighed(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A sequence that a function gives as one number, to which each of its own brings something else."""
    return lambda xs: dot(f(xs), vmap(lambda x: sin(2.0 * x) + 0.5)(xs))


ALIKE: dict[str, Callable[[Any], Any]] = {
    **{primitive.name: primitive for primitive in WHOLE if primitive.name != "dot"},
    "dot": lambda xs: dot(xs, xs),
    "log_softmax": weighed(log_softmax),
    "cumsum": weighed(cumsum),
    "argmax": lambda xs: take(xs, argmax(xs)) * argmax(xs),
    "argmin": lambda xs: xs[argmin(xs)] * xs[0],
    "first and last": lambda xs: xs[0] * xs[-1],
    "backwards": lambda xs: dot(xs[::-1], xs),
    "chosen": lambda xs: where(xs[0] > 0.4, logsumexp(xs), amax(xs)),
    "overflowing": lambda xs: amax(xs) * inf + sum_(xs),  # what is not the largest gets nothing, not 0 * inf
    "gated": lambda xs: maximum(amax(xs), xs[0] * 2.0),
}
NEAR: dict[str, Callable[[Any], Any]] = {  # what goes in by two ways is added up at the end: other last bits
    "softmax": weighed(softmax),
    "differences": lambda xs: sum_(vmap(lambda a, b: (a - b) * a)(xs[1:], xs[:-1])),
    "twice": lambda xs: logsumexp(softmax(xs)) * amax(cumsum(xs)),
    "in turns": lambda xs: scan(lambda c, x: (c * 0.5 + x * logsumexp(xs), None), 0.0, xs)[0],
    "of each": lambda xs: sum_(vmap(lambda a: amax(vmap(lambda b: sin(a * b))(xs)))(xs)),
    "attention": lambda xs: sum_(vmap(lambda q: dot(softmax(vmap(lambda k: q * k)(xs)), xs))(xs)),
}
TRANSFORMS: dict[str, Callable[[Any], Callable[..., Any]]] = {
    "value": lambda f: lambda xs, ts: f(xs),
    "gradient": lambda f: lambda xs, ts: value_and_grad(f)(xs),
    "tangent": lambda f: lambda xs, ts: jvp(f, (xs,), (ts,)),
    "second": lambda f: lambda xs, ts: hvp(f, (xs,), (ts,)),
    "gradient of a gradient": lambda f: lambda xs, ts: grad(lambda xs: dot(grad(f)(xs), ts))(xs),
}


def tangents(xs: list[float]) -> list[float]:
    """A direction for each."""
    return [0.5 * (-1.0) ** i + 0.25 * i for i in range(len(xs))]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", ALIKE)
def test_bits_of_lists(name: str, transform: str) -> None:
    """At edges too: where numbers are equal, infinite, nan, or one."""
    f = TRANSFORMS[transform](ALIKE[name])
    compiled = jit(f, dynamic_argnums=(0, 1))
    for xs in POINTS:
        ts = tangents(xs)
        assert bits(compiled(np.array(xs), np.array(ts))) == bits(f(xs, ts)), xs
    assert len(compiled._calls.traces) == 1


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", NEAR)
def test_numbers_of_lists(name: str, transform: str) -> None:
    """Where sequences are read in several ways, the value has the bits of eager code, a derivative all digits but the last."""
    f = TRANSFORMS[transform](NEAR[name])
    compiled = jit(f, dynamic_argnums=(0, 1))
    for xs in POINTS[:3] + POINTS[-1:]:
        ts = tangents(xs)
        found, expected = compiled(np.array(xs), np.array(ts)), f(xs, ts)
        if transform == "value":
            assert bits(found) == bits(expected)
        else:
            flat = [
                np.concatenate([np.ravel(x) for x in (each if isinstance(each, tuple) else [each])])
                for each in (found, expected)
            ]
            np.testing.assert_allclose(*flat, rtol=1e-12, atol=1e-13, err_msg=str(xs))


def test_signs_of_zeros() -> None:
    """A first term is not added to 0; of no terms the tangent is 0."""
    assert bits(jit(cumsum, dynamic_argnums=0)([-0.0, -0.0, 1.0])) == bits([-0.0, -0.0, 1.0])
    for f, xs, ts in ((logsumexp, [1.0], [-0.0]), (amax, [2.0, 1.0], [-0.0, 3.0]), (amax, [1.0, 2.0], [3.0, -0.0])):
        pushed = jit(lambda xs, ts, f=f: jvp(f, (xs,), (ts,)), dynamic_argnums=(0, 1))
        assert bits(pushed(xs, ts)) == bits(jvp(f, (xs,), (ts,)))
        assert bits(pushed(xs, ts)[1]) == bits(-0.0)
    none: list[float] = []
    pushed = jit(lambda xs, ts: jvp(lambda xs: dot(xs, xs) + 0.0, (xs,), (ts,)), dynamic_argnums=(0, 1))
    assert bits(pushed(none, none)) == bits([0.0, 0.0])


@pytest.mark.parametrize("backend", ["llvm", "python"])
def test_backends(backend: str) -> None:
    """Parts, rules and edges by both."""
    f = value_and_grad(lambda xs: logsumexp(xs[1:]) * amax(xs) + dot(softmax(xs), cumsum(xs[::-1])))
    compiled = jit(f, dynamic_argnums=0, backend=backend)
    for n in (2, 9):
        xs = [math.cos(3.0 * i) for i in range(n)]
        found, expected = compiled(xs), f(xs)
        assert found[0] == expected[0]
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-14)


# --- elements and parts -----------------------------------------------------------------------------------------------

ENDS = st.none() | st.integers(-6, 6)


@given(start=ENDS, stop=ENDS, step=st.none() | st.integers(-4, 4).filter(bool))
def test_slices(start: int | None, stop: int | None, step: int | None) -> None:
    """Those of a list, in value and gradient, however long it is."""
    chosen = slice(start, stop, step)
    part = jit(lambda xs: (xs[chosen], length(xs[chosen])), dynamic_argnums=0)
    slopes = jit(grad(lambda xs, ws: dot(xs[chosen], ws[chosen])), dynamic_argnums=(0, 1))
    for n in range(1, 8):
        xs, ws = [float(i) for i in range(n)], [float(i + 1) for i in range(n)]
        found, count = part(xs)
        assert found.tolist() == xs[chosen]
        assert count == len(xs[chosen])
        assert slopes(xs, ws).tolist() == [w if w - 1.0 in xs[chosen] else 0.0 for w in ws]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (slice(1, None), slice(None, -1)),
        (slice(2, None), slice(1, -1)),
        (slice(None, 3), slice(-3, None)),
        (slice(1, 3), slice(-3, -1)),
        (slice(None, None, -1), slice(None)),
        (slice(None, None, 2), slice(None, None, -2)),
        (slice(1, None, 2), slice(None, 0, -2)),
    ],
)
def test_slices_that_belong_together(one: slice, other: slice) -> None:
    """They are always as long, so that they can be mapped together: in turns too, and parts of several arguments."""

    def f(xs: Any, ys: Any) -> Any:
        return sum_(vmap(lambda a, b: a * b)(xs[one], ys[other]))

    def in_turns(xs: Any, ys: Any) -> Any:
        return sum_(vmap(lambda x: x * f(xs, ys))(xs))

    def in_turns_first(xs: Any, ys: Any) -> Any:
        return in_turns(xs, ys) + f(xs, ys)

    for function in (f, in_turns, in_turns_first):
        compiled = jit(value_and_grad(function, argnums=(0, 1)), dynamic_argnums=(0, 1))
        for n in (1, 2, 5, 9):
            xs, ys = [math.cos(i) for i in range(n)], [math.sin(i) for i in range(n)]
            value, slopes = compiled(xs, ys)
            expected = value_and_grad(function, argnums=(0, 1))(xs, ys)
            assert value == expected[0]
            np.testing.assert_allclose(slopes, expected[1], rtol=1e-13)
    with pytest.raises(ValueError, match="slices of those"):
        jit(lambda xs: sum_(vmap(lambda a, b: a * b)(xs[1:], xs[2:])), dynamic_argnums=0)([1.0, 2.0, 3.0])


def test_rows_and_their_parts() -> None:
    """Of a matrix: a row, an element, some rows, a column; of structures; of sequences of sequences."""
    rows = np.arange(12.0).reshape(4, 3) / 7.0

    def f(m: Any) -> Any:
        return m[1][2] * m[-1][0] + sum_(vmap(lambda row: row[0] * row[1])(m[1:])) + sum_(vmap(lambda row: row[2])(m[::2]))

    assert bits(jit(value_and_grad(f), dynamic_argnums=0)(rows)) == bits(value_and_grad(f)(rows.tolist()))

    def table(xs: Any) -> Any:
        products = vmap(lambda a: vmap(lambda b: a * b)(xs[1:]))(xs)
        return sum_(vmap(lambda row: amax(row) * row[0])(products[:2])) + sum_(products[-1][::-1])

    xs = [0.5, -1.0, 2.0]
    assert jit(table, dynamic_argnums=0)(xs) == table(xs)
    np.testing.assert_allclose(jit(grad(table), dynamic_argnums=0)(xs), grad(table)(xs), rtol=1e-14)
    pairs = jit(lambda data: data["x"][1:], dynamic_argnums=0)
    assert pairs({"x": [1.0, 2.0, 3.0]}).tolist() == [2.0, 3.0]


def test_beyond_the_ends() -> None:
    """An index beyond the ends gives nan, where a list raises IndexError. A known number of sequences is used as a list."""
    ends = jit(lambda xs: [xs[5], xs[-5], xs[1]], dynamic_argnums=0)
    assert bits(ends([1.0, 2.0])) == bits([nan, nan, 2.0])
    known = jit(lambda xs: scan(lambda c, _: (c, c), xs, None, 3)[1][1:], dynamic_argnums=0)
    assert np.array(known([1.0, 2.0])).tolist() == [[1.0, 2.0]] * 2
    with pytest.raises(IndexError, match="element 3 of 3"):
        jit(lambda xs: scan(lambda c, _: (c, c), xs, None, 3)[1][3], dynamic_argnums=0)([1.0, 2.0])
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        jit(lambda xs: xs[::0], dynamic_argnums=0)([1.0])
    with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
        jit(lambda xs: xs[0.5], dynamic_argnums=0)([1.0])


def test_what_needs_the_length() -> None:
    """TypeError, which says what goes."""
    for f in (max, list, len, lambda xs: [*xs, 1.0], lambda xs: 1.0 in xs, np.sum):
        with pytest.raises(TypeError, match=r"xs\[a:b\] a part; vmap goes through it"):
            jit(f, dynamic_argnums=0)([1.0, 2.0])
    for f in (sort, argsort):
        with pytest.raises(TypeError, match="compares along a network that a trace must know"):
            jit(f, dynamic_argnums=0)([1.0, 2.0])
    for f in (amax, argmax, cumsum, sum_):
        with pytest.raises(TypeError, match=rf"{f.__name__} takes a sequence of numbers, .*: vmap\({f.__name__}\)\(xs\)"):
            jit(f, dynamic_argnums=0)([[1.0, 2.0]])
    with pytest.raises(TypeError, match="whose length is known"):
        jit(lambda xs: dot(xs, [1.0]), dynamic_argnums=0)([1.0])


# --- arguments that are as long as each other -------------------------------------------------------------------------


def test_arguments_of_one_length() -> None:
    """Two sequences that are as long belong together; at a call where they are not, that is an error, as for lists."""
    f = jit(value_and_grad(dot, argnums=(0, 1)), dynamic_argnums=(0, 1))
    for n in (1, 4, 4, 9, 1, 2):  # by every way of a call
        xs, ys = np.arange(n) + 0.5, np.arange(n) - 0.25
        value, slopes = f(xs, ys)
        assert value == dot(xs.tolist(), ys.tolist())
        assert np.array(slopes).tolist() == [ys.tolist(), xs.tolist()]
        for one, other in ((xs, np.arange(n + 1.0)), (np.arange(n + 1.0), xs)):
            with pytest.raises(
                ValueError, match=r"how many turns dot\[0\] and dot\[1\] have, and they may differ: give sequences"
            ):
                f(one, other)
    assert len(f._calls.traces) == 1


@pytest.mark.parametrize("form", [list, np.array, lambda xs: {"a": np.array(xs)}, lambda xs: (np.array(xs), np.array(xs))])
def test_arguments_of_any_lengths(form: Any) -> None:
    """What does not put them together takes any, in any order of calls."""

    def added(xs: Any) -> Any:
        return sum_(xs["a"] if isinstance(xs, dict) else xs[0] if isinstance(xs, tuple) else xs)

    f = jit(lambda xs, w, ys: added(xs) * w + added(ys), dynamic_argnums=(0, 2))
    for n, m in itertools.chain([(2, 2), (3, 3), (3, 3)], itertools.product((1, 2, 5), repeat=2), [(4, 5), (4, 4), (5, 4)]):
        assert f(form([1.0] * n), 10.0, form([1.0] * m)) == 10.0 * n + m
    assert len(f._calls.traces) == 2


# --- primitives and rules of one's own --------------------------------------------------------------------------------


def test_a_primitive_of_ones_own() -> None:
    """Its value and its partials take lists and sequences of any length alike."""

    def value(xs: Any) -> Any:
        return scan(lambda total, x: (total + x * x, None), 0.0, xs)[0]

    def slopes(_: Any, xs: Any) -> Any:
        return vmap(lambda x: 3.0 * x)(xs)  # not those of the value, so that it shows

    squared = primitive(
        "squared_of_any",
        arguments=lambda xs: xs,
        evaluate=lambda *xs: sum(x * x for x in xs),
        partials=lambda r, *xs: [3.0 * x for x in xs],
        sequence=(value, slopes),
    )
    both = value_and_grad(lambda xs: squared(xs) * xs[0])
    compiled = jit(both, dynamic_argnums=0)
    for xs in ([0.5, -1.0, 2.0], [1.5]):
        assert bits(compiled(xs)) == bits(both(xs))
    wrong: tuple[Any, ...] = value, (value,), (1, None), (value, 2)
    for sequence in wrong:
        with pytest.raises(TypeError, match="sequence of 'squared_of_any' must be a pair of functions"):
            primitive("squared_of_any", arguments=lambda xs: xs, evaluate=lambda *xs: 0.0, sequence=sequence)
    with pytest.raises(TypeError, match="'of_numbers' takes numbers, and sequence= is for what takes sequences"):
        primitive("of_numbers", evaluate=lambda x: x, sequence=(value, None))


@custom_vjp
def total(xs: Any) -> Any:
    """A sum whose derivative is another one."""
    return sum_(xs)


total.defvjp(lambda xs: (sum_(xs), xs), lambda xs, g: (vmap(lambda x: 100.0 * x * g)(xs),))


@custom_vjp
def clipped(xs: Any, bound: Any) -> Any:
    """The same sequence, whose gradient is bounded."""
    return xs


clipped.defvjp(lambda xs, bound: (xs, bound), lambda bound, g: (vmap(lambda x: -maximum(-x, -bound))(g), None))


@custom_jvp
def squares(xs: Any, scale: Any) -> Any:
    """A sequence of a sequence and a number."""
    return vmap(lambda x: x * x * scale)(xs)


@squares.defjvp
def _rule(primals: Any, tangents: Any) -> Any:
    (xs, scale), (ts, t) = primals, tangents
    return squares(xs, scale), vmap(lambda x, u: 3.0 * x * u * scale + t)(xs, ts)


@custom_jvp
def scaled(xs: Any, scale: Any) -> Any:
    """Its rule is one for each argument."""
    return vmap(lambda x: x * scale)(xs)


scaled.defjvps(
    lambda t, result, xs, scale: vmap(lambda u: u * scale)(t), lambda t, result, xs, scale: vmap(lambda x: 2.0 * x * t)(xs)
)
RULES: dict[str, Callable[[Any], Any]] = {
    "total": lambda xs: total(xs) * xs[0],
    "clipped": lambda xs: sum_(vmap(lambda x: x * x)(clipped(xs, 1.0))),
    "squares": lambda xs: sum_(squares(squares(xs, xs[0]), 2.0)),
    "scaled": lambda xs: sum_(scaled(xs, sum_(xs))),
    "in turns": lambda xs: scan(lambda c, x: (c * 0.5 + x * total(xs), None), 0.0, xs)[0],
    "mapped": lambda xs: sum_(vmap(lambda x: x * sum_(squares(xs, x)))(xs)),
    "chosen": lambda xs: where(xs[0] > 0.0, total(xs), sum_(squares(xs, 1.0))),
    "not chosen": lambda xs: where(xs[0] > 0.0, sum_(clipped(squares(xs, 0.0), 1.0)), total(xs)),
    "of a part": lambda xs: total(xs[1:]) + sum_(squares(xs[:-1], 0.5)),
    "beside what is not mapped": lambda xs: sum_(vmap(lambda x: maximum(x, 0.5))(squares(xs, 1.0))),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", RULES)
def test_rules_of_ones_own(name: str, transform: str) -> None:
    """They hold for sequences of any length too: taken and given, in loops, at every order."""
    f = TRANSFORMS[transform](RULES[name])
    compiled = jit(f, dynamic_argnums=(0, 1))
    for xs in ([0.3, -1.2, 2.5, 0.7], [-0.5, 1.5], [2.0]):
        ts = tangents(xs)
        found, expected = compiled(np.array(xs), np.array(ts)), f(xs, ts)
        flat = [
            np.concatenate([np.ravel(x) for x in (each if isinstance(each, tuple) else [each])]) for each in (found, expected)
        ]
        np.testing.assert_allclose(*flat, rtol=1e-12, atol=1e-12, err_msg=str(xs))


def test_rules_that_give_another_structure() -> None:
    """TypeError, as for lists."""

    @custom_vjp
    def f(xs: Any, ys: Any) -> Any:
        return sum_(xs) + sum_(ys)

    f.defvjp(lambda xs, ys: (f(xs, ys), (xs, ys)), lambda rest, g: (rest[0][1:], rest[1]))
    with pytest.raises(TypeError, match="bwd's cotangent of argument 0 must be a sequence"):
        jit(grad(f), dynamic_argnums=(0, 1))([1.0, 2.0], [3.0])


SOLVED: dict[str, Callable[[Any], Any]] = {
    "root": lambda xs: root(lambda y, v: y * y * y + y - sum_(v), 0.5, xs),
    "root of what it captures": lambda xs: root(lambda y: y * y * y + y * amax(xs) - sum_(xs[1:]), 0.5),
    "system": lambda xs: sum_(root(lambda y, v: [y[0] * y[0] - dot(v, v), y[1] * y[0] - v[0]], [1.0, 1.0], xs)),
    "fixed point": lambda xs: fixed_point(lambda y, v: cos(y) * 0.5 + 0.1 * sum_(v), 0.5, xs),
    "numbers beside them": lambda xs: root(lambda y, a, v, b: y * y * y + a * a * y - dot(v, v) * b, 0.5, xs[0], xs, xs[-1]),
    "least squares": lambda xs: minimize(lambda y, v: sum_(vmap(lambda x: (x - y) ** 2)(v)), 0.1, xs),
}


@pytest.mark.parametrize("name", SOLVED)
def test_solutions(name: str) -> None:
    """Of equations with such sequences in them: value, gradient, tangent."""
    f = SOLVED[name]
    both, pushed = jit(value_and_grad(f), dynamic_argnums=0), jit(lambda xs, ts: jvp(f, (xs,), (ts,)), dynamic_argnums=(0, 1))
    for xs in ([0.3, -1.2, 2.5, 0.7], [0.5, 1.5]):
        found, expected = both(np.array(xs)), value_and_grad(f)(xs)
        assert found[0] == expected[0]
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-13, atol=1e-16)
        ts = tangents(xs)
        np.testing.assert_allclose(pushed(np.array(xs), np.array(ts)), jvp(f, (xs,), (ts,)), rtol=1e-13)


def test_compiled_functions_inside() -> None:
    """What `jit` returned takes sequences of the trace in which it is called."""
    scaled_total = jit(lambda w, s: sum_(vmap(lambda x: x * x * s)(w)))
    of_any = jit(lambda w: dot(w, w), dynamic_argnums=0)
    runs: list[Any] = []

    @jit
    def long(w: Any, s: Any) -> Any:
        runs.append(w)
        return functools.reduce(lambda x, _: sin(x * s + w[0]), range(150), sum_(w))

    in_a_dict = jit(lambda d: amax(d["x"]) * d["s"])

    def f(xs: Any) -> Any:
        first = scaled_total(xs, 2.0) + scaled_total(xs[1:], xs[0]) * of_any(xs)
        first = first + long(xs, 0.5) * long(xs, 0.25) + long(xs[1:], 0.125)
        return first + in_a_dict({"x": xs, "s": xs[0]}) + sum_(vmap(lambda x: scaled_total(xs, x))(xs))

    xs = [0.3, -1.2, 2.5]
    value, slopes = jit(value_and_grad(f), dynamic_argnums=0)(xs)
    assert len(runs) == 3  # each is traced where it is, and nowhere else
    assert value == f(xs)
    np.testing.assert_allclose(slopes, grad(f)(xs), rtol=1e-14)
    with pytest.raises(TypeError, match=r"argument 'w' must be one real number, .* Leave an argument"):
        jit(lambda xs: of_any(xs) + scaled_total("a", 1.0), dynamic_argnums=0)(xs)


def test_trees() -> None:
    """`tree_map` goes on to the elements."""
    step = jit(lambda p, g: tree_map(lambda a, b: a - 0.5 * b, p, g), dynamic_argnums=(0, 1))
    assert step([1.0, 2.0], [2.0, 4.0]).tolist() == [0.0, 0.0]
    found = step({"w": [[1.0, 2.0]], "b": [1.0]}, {"w": [[2.0, 2.0]], "b": [4.0]})
    assert (found["w"].tolist(), found["b"].tolist()) == ([[0.0, 1.0]], [-1.0])


def test_traces_keep_what_is_theirs() -> None:
    """A sequence that was kept after its trace is refused."""
    kept: list[Any] = []

    def f(xs: Any) -> Any:
        kept.append(xs)
        return sum_(xs)

    jit(f, dynamic_argnums=0)([1.0])
    with pytest.raises(TraceError):
        jit(lambda xs: sum_(kept[0]), dynamic_argnums=0)([1.0])
    pulled = jit(lambda xs: vjp(vmap(sin), xs)[1](xs)[0], dynamic_argnums=0)([0.5, 1.0])
    np.testing.assert_allclose(pulled, np.cos([0.5, 1.0]) * [0.5, 1.0])
