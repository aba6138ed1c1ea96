"""Loops, branches and elements against the plain Python that they stand for, bit for bit, in every transform and in `jit`."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import (
    Value,
    cond,
    detect_anomaly,
    fori_loop,
    grad,
    hessian,
    jit,
    jvp,
    scan,
    switch,
    take,
    topological_order,
    value_and_grad,
    vmap,
    while_loop,
)
from autograd.real import number_of
from autograd.structures import flatten

TURNS = [0, 1, 2, 7, 8, 9, 100]


def plain_scan(f: Callable[..., Any], init: Any, xs: Any, *, reverse: bool = False) -> Any:
    """What `scan` stands for."""
    carry, ys = init, []
    for x in reversed(xs) if reverse else xs:
        carry, y = f(carry, x)
        ys.append(y)
    return carry, ys[::-1] if reverse else ys


def decayed(w: Any) -> Callable[..., Any]:
    """A step whose y is the carry that goes on, which passes another one along, and which captures w."""

    def step(carry: Any, x: Any) -> Any:
        a, b = carry
        new = ag.tanh(a * w + x) * b + ag.maximum(x, a)
        return (new, a * 0.5 + b), new

    return step


def by_scan(w: Any, x0: Any, xs: Any) -> Any:
    """A loss over carry and ys."""
    (a, b), ys = scan(decayed(w), (x0, 0.25), xs)
    return a * b + sum(y * y for y in ys)


def by_plain_loop(w: Any, x0: Any, xs: Any) -> Any:
    """The same as Python writes it."""
    (a, b), ys = plain_scan(decayed(w), (x0, 0.25), xs)
    return a * b + sum(y * y for y in ys)


def doubled(w: Any, x0: Any, xs: Any) -> Any:
    """A loop in a loop, with the counter."""
    return fori_loop(0, len(xs), lambda i, c: fori_loop(0, 3, lambda j, d: ag.sin(d * w) + j, c) + i * x0, x0)


def plain_doubled(w: Any, x0: Any, xs: Any) -> Any:
    """The same as Python writes it."""
    c = x0
    for i in range(len(xs)):
        d = c
        for j in range(3):
            d = ag.sin(d * w) + j
        c = d + i * x0
    return c


def mapped(w: Any, x0: Any, xs: Any) -> Any:
    """A map over two sequences, and one over none of them."""
    found = vmap(lambda x, c: (x * w + c, [x, ag.exp(x)]), in_axes=(0, None))(xs, x0)
    if not xs:
        return x0
    return sum(a * b[1] for a, b in zip(*found, strict=True))


def plain_mapped(w: Any, x0: Any, xs: Any) -> Any:
    """The same as Python writes it."""
    if not xs:
        return x0
    found = [(x * w + x0, [x, ag.exp(x)]) for x in xs]
    return sum(a * b[1] for a, b in found)


PAIRS = [(by_scan, by_plain_loop), (doubled, plain_doubled), (mapped, plain_mapped)]
TRANSFORMS = {
    "value": lambda f: f,
    "gradient": lambda f: value_and_grad(f, argnums=(0, 1, 2)),
    "tangent": lambda f: lambda w, x0, xs: jvp(f, (w, x0, xs), (0.5, -1.0, [0.25] * len(xs))),
    "hessian": lambda f: hessian(f, argnums=(0, 1)),
    "compiled": jit,
    "compiled gradient": lambda f: jit(value_and_grad(f, argnums=(0, 1, 2))),
    "compiled hessian": lambda f: jit(hessian(f, argnums=(0, 1))),
    "gradient of compiled": lambda f: value_and_grad(jit(f), argnums=(0, 1, 2)),
}


def bits(thing: Any) -> Any:
    """All numbers, to the bit."""
    return [number_of(x).hex() for x in flatten(thing, "")[0]]


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("pair", PAIRS, ids=["scan", "fori_loop", "vmap"])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_against_the_plain_loop(transform: str, pair: Any, turns: int) -> None:
    """In every transform the bits of the loop as Python writes it, on Values."""
    if turns > 10 and "hessian" in transform:
        turns = 20
    xs = [math.cos(i) for i in range(turns)]
    ours, plain = pair
    compiled = "compiled" in transform
    reference = (
        TRANSFORMS[transform.removeprefix("compiled ").removesuffix(" of compiled")] if transform != "compiled" else None
    )
    expected = (reference or (lambda f: f))(plain)(Value(0.7), Value(-0.3), [Value(x) for x in xs])
    found = TRANSFORMS[transform](ours)(*((0.7, -0.3, xs) if compiled else (Value(0.7), Value(-0.3), [Value(x) for x in xs])))
    assert bits(found) == bits(expected)


def test_what_is_recorded_is_what_the_loop_records() -> None:
    """So pictures, anomalies and sweeps know nothing new."""

    def primitives(f: Any) -> list[Any]:
        w, x0, xs = Value(0.5), Value(0.25), [Value(1.0), Value(-2.0)]
        return [node.primitive for node in topological_order(f(w, x0, xs))]

    for ours, plain in PAIRS:
        assert primitives(ours) == primitives(plain)
    with detect_anomaly(), pytest.raises(ag.AnomalyError, match="log gave -inf"):
        scan(lambda c, x: (c + ag.log(x), None), Value(0.0), [Value(1.0), Value(0.0)])


def test_scan_in_reverse() -> None:
    """The ys lie as the xs do."""
    xs = [1.0, 2.0, 4.0]
    assert scan(lambda c, x: (c + x, c), 0.0, xs, reverse=True) == plain_scan(lambda c, x: (c + x, c), 0.0, xs, reverse=True)


def test_scan_structures() -> None:
    """Carry, xs and ys of any kind."""
    carry, ys = scan(
        lambda c, x: ({"n": c["n"] + 1.0, "v": [v * x["a"] for v in c["v"]]}, (c["n"], [x["b"][0]])),
        {"n": 0.0, "v": [1.0, 2.0]},
        {"a": [2.0, 3.0], "b": (np.array([5.0, 6.0]),)},
    )
    assert carry == {"n": 2.0, "v": [6.0, 12.0]}
    assert ys == ([0.0, 1.0], [[5.0], [6.0]])
    assert scan(lambda c, x: (c * 2.0, x), 1.0, length=3) == (8.0, None)
    assert scan(lambda c, _: (c, c), np.ones(2), length=2)[1].shape == (2, 2)
    assert scan(lambda c, x: (c, x), None, [1.0, 2.0]) == (None, [1.0, 2.0])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: scan(lambda c, x: ((c, c), x), 1.0, [1.0]), TypeError, r"number to \(number, number\)"),
        (lambda: scan(lambda c, _: c, 1.0, [1.0]), TypeError, r"a pair \(carry, y\), not number"),
        (lambda: scan(lambda c, x: (c, x), 1.0, (1.0, 2.0)), TypeError, r"xs\[0\] is 1.0"),
        (lambda: scan(lambda c, x: (c, x), 1.0), ValueError, "pass length="),
        (lambda: scan(lambda c, x: (c, x), 1.0, [1.0], length=2), ValueError, "length is 2, but xs has 1"),
        (lambda: scan(lambda c, x: (c, x), 1.0, length=-1), ValueError, "0 or more, not -1"),
        (lambda: scan(3, 1.0, [1.0]), TypeError, "3 is not a function"),
        (lambda: fori_loop(0, 2.5, lambda _, c: c, 0.0), ValueError, "upper must be a whole number, not 2.5"),
        (lambda: fori_loop("a", 2, lambda _, c: c, 0.0), TypeError, "lower must be one real number, not the string"),
        (lambda: fori_loop(0, 2, lambda _, c: [c], 0.0), TypeError, r"from number to \[number\]"),
        (lambda: fori_loop(0, 2, lambda _, c: c and None, 1.0), TypeError, "from number to None"),
        (lambda: while_loop(lambda _: True, lambda _: [1.0], 1.0), TypeError, r"from number to \[number\]"),
        (lambda: switch(0, []), ValueError, "no branches"),
        (lambda: cond(True, 1.0, 2.0), TypeError, "1.0 is not a function"),
        (lambda: vmap(lambda x: x, in_axes=None)(1.0), ValueError, "no argument is mapped"),
        (lambda: vmap(lambda x: x, in_axes=(0, 0))([1.0]), ValueError, "2 entries for 1 arguments"),
        (lambda: vmap(lambda x, y: x + y)([1.0], [1.0, 2.0]), ValueError, "1 turns"),
        (lambda: vmap(lambda x: x, out_axes=1)([1.0]), ValueError, "no axis 1"),
        (lambda: take([1.0], 0.5), ValueError, "whole number"),
        (lambda: take(1.0, 0), TypeError, "each turn needs an element"),
    ],
    ids=map(str, range(20)),
)
def test_errors(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    """What failed, why, and what to write."""
    with pytest.raises(error, match=words):
        call()


def test_bounds_of_any_type() -> None:
    """Whole numbers, whatever holds them; a range that is empty or runs backwards has no turns."""
    for zero, three in [(0, 3), (0.0, 3.0), (np.int64(0), np.float64(3.0)), (Value(0.0), Value(3.0))]:
        assert fori_loop(zero, three, lambda i, c: c + i, 0.0) == 3.0
    assert fori_loop(3, 0, lambda i, c: c + i, 5.0) == 5.0


def test_while_loop() -> None:
    """Newton's method, differentiated through its steps."""

    def root(a: Any) -> Any:
        return while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: 0.5 * (x + a / x), a)

    def plain(a: Any) -> Any:
        x = a
        while abs(x * x - a) > 1e-12:
            x = 0.5 * (x + a / x)
        return x

    assert bits(value_and_grad(root)(2.0)) == bits(value_and_grad(plain)(2.0))
    assert grad(root)(2.0) == pytest.approx(0.5 / math.sqrt(2.0))
    assert while_loop(lambda c: c < 0.0, lambda _: 1.0 / 0.0, 1.0) == 1.0


@pytest.mark.parametrize("x", [2.0, -2.0, 0.0, math.nan])
def test_cond(x: float) -> None:
    """The branch that is chosen alone gets a gradient, traced or not."""

    def f(x: Any) -> Any:
        return cond(x > 0.0, lambda x: ag.log(x) * x, lambda x: [x * 3.0][0], x)

    for g in (value_and_grad(f), jit(value_and_grad(f)), value_and_grad(jit(f))):
        expected = (math.log(x) * x, math.log(x) + 1.0) if x > 0.0 else (x * 3.0, 3.0)
        assert bits(g(x)) == bits(expected)


@pytest.mark.parametrize("index", [-5.0, 0.0, 1.0, 2.0, 9.0])
def test_switch(index: float) -> None:
    """Beyond the ends the first or last branch, as in JAX."""
    branches = [lambda x: x, lambda x: x * x, ag.exp]

    def f(i: Any, x: Any) -> Any:
        return switch(i, branches, x)

    expected = branches[min(max(int(index), 0), 2)](1.5)
    assert f(index, 1.5) == jit(f)(index, 1.5) == expected
    assert grad(f, argnums=1)(index, 1.5) == jit(grad(f, argnums=1))(index, 1.5)


@pytest.mark.parametrize("index", [0.0, 2.0, -1.0, -3.0])
def test_take(index: float) -> None:
    """The gradient goes to the element."""
    xs, table = [1.0, 2.0, 3.0], {"a": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "b": np.array([7.0, 8.0, 9.0])}
    i = int(index)
    assert take(xs, index) == jit(take)(xs, index) == xs[i]
    assert take(table, index) == jit(take)(table, index) == {"a": table["a"][i], "b": table["b"][i]}
    expected = [float(k == i % 3) for k in range(3)]
    assert grad(take)(xs, index) == jit(grad(take))(xs, index) == expected
    assert math.isnan(take(xs, 3))
    assert math.isnan(take([], 0.0))
    assert bits(take([(1.0, [2.0])], 1)) == bits((math.nan, [math.nan]))
    assert math.isnan(jit(take)(xs, 3.0))
    assert math.isnan(jit(take)(xs, -4.0))


def test_vmap_axes() -> None:
    """Axes in and out, of parts too."""
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert vmap(sum, in_axes=1)(rows) == [9.0, 12.0]
    assert vmap(lambda row: [x * 2.0 for x in row], out_axes=1)(rows) == [[2.0, 6.0, 10.0], [4.0, 8.0, 12.0]]
    f = vmap(lambda p, x: (p["w"] * x, [p["b"], x]), in_axes=({"w": 0, "b": None}, 0), out_axes=(0, 1))
    assert f({"w": [1.0, 2.0], "b": 5.0}, [3.0, 4.0]) == ([3.0, 8.0], [[5.0, 5.0], [3.0, 4.0]])
    assert vmap(lambda x: x * 2.0)(np.ones(3)) == [2.0, 2.0, 2.0]
    nested = vmap(vmap(lambda x, y: x * y, in_axes=(None, 0)), in_axes=(0, None))
    assert nested([1.0, 2.0], [3.0, 4.0]) == [[3.0, 4.0], [6.0, 8.0]]


def test_vmap_of_derivatives() -> None:
    """Transforms inside and outside."""
    assert vmap(grad(lambda x: x**3.0))([1.0, 2.0]) == [3.0, 12.0]
    assert grad(lambda xs: sum(vmap(lambda x: x * x)(xs)))([1.0, 2.0]) == [2.0, 4.0]
    assert jit(vmap(grad(lambda x: x**3.0)))([1.0, 2.0]) == [3.0, 12.0]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("checkpoint", [1, 2, 3, 8, 100])
@pytest.mark.parametrize("turns", [0, 1, 2, 5, 9, 24])
def test_checkpoints_change_no_bit(turns: int, checkpoint: int, reverse: bool) -> None:
    """Of value, gradient and Hessian: they are computed again from what was carried."""

    def f(w: Any, x: Any, xs: Any, segment: Any) -> Any:
        def step(c: Any, z: Any) -> Any:
            return (ag.tanh(c[0] * w + z), c[1] * 0.5 + c[0]), (c[0] * z, c[1])

        c, ys = scan(step, (x * 1.0, x * 2.0), xs, reverse=reverse, checkpoint=segment)
        return c[0] + c[1] * 0.1 + (sum(y * y for y in ys[0]) + sum(ys[1]) if turns else 0.0)

    xs = [math.sin(i) for i in range(turns)]
    for transform in (lambda g: g, lambda g: value_and_grad(g, argnums=(0, 1, 2)), lambda g: hessian(g, argnums=(0, 1))):
        with_segments = jit(transform(lambda *args: f(*args, checkpoint)))
        assert bits(with_segments(0.7, 0.3, xs)) == bits(transform(lambda *args: f(*args, None))(0.7, 0.3, xs))


def test_checkpoints_keep_less() -> None:
    """What was carried every so many turns, and one segment."""

    def kept(checkpoint: Any) -> int:
        f = jit(grad(lambda x: scan(lambda c, _: (ag.sin(c) * x + ag.cos(c), None), x, length=900, checkpoint=checkpoint)[0]))
        f(0.5)
        return int(f._calls.latest.compiled.executable.sizes.uniform)

    assert kept(30) < kept(None) / 8


@pytest.mark.parametrize(("checkpoint", "words"), [(0, "1 or more turns"), (1.5, "whole number")])
def test_checkpoints_that_are_none(checkpoint: Any, words: str) -> None:
    """They are refused."""
    with pytest.raises(ValueError, match=words):
        jit(lambda x: scan(lambda c, _: (c * x, None), x, length=4, checkpoint=checkpoint)[0])(1.0)
