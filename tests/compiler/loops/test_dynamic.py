"""Sequences whose length only the run knows."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    Value,
    dot,
    fori_loop,
    grad,
    jit,
    jvp,
    length,
    less,
    logical_and,
    scan,
    switch,
    take,
    tanh,
    value_and_grad,
    vmap,
    where,
    while_loop,
)
from autograd.testing import Expression, expressions


def recurrent(w: Any, xs: Any) -> Any:
    """A loop over the sequence, another one over what that gives, an element, and the length."""
    c, ys = scan(lambda c, x: (tanh(c * w + x), c * x), 0.5, xs)
    z = scan(lambda c, y: (c + y * y, None), 0.0, ys, reverse=True)[0]
    return c * z + take(xs, -1) * length(xs)


@pytest.mark.parametrize("backend", ["llvm", "python"])
def test_one_program_for_all_lengths(backend: str) -> None:
    """The bits of eager code, value and gradient."""
    value = jit(recurrent, dynamic_argnums=1, backend=backend)
    both = jit(value_and_grad(recurrent), dynamic_argnums=1, backend=backend)
    for n in (1, 2, 7, 8, 9, 1000, 3):
        xs = [math.cos(i) for i in range(n)]
        assert value(0.7, xs) == recurrent(0.7, xs)
        assert both(0.7, np.array(xs)) == value_and_grad(recurrent)(0.7, xs)
    assert len(both._calls.traces) == 1


def test_structures() -> None:
    """Arrays with rows, in a dict; ys in structures, which are gone through again; elements by row."""

    def f(p: Any, data: Any) -> Any:
        found = vmap(lambda x, t: {"error": dot(x, p) - t, "pair": [x[0], t]})(data["x"], data["t"])
        total = scan(lambda c, one: (c + one["error"] ** 2.0 * one["pair"][0], None), 0.0, found)[0]
        return total + take(found["pair"], 0.0)[1] + take(data["x"], 1)[2]

    step = jit(value_and_grad(f), dynamic_argnums=(1,))
    draw = np.random.default_rng(0)
    for n in (2, 5, 9):
        x, t = draw.normal(size=(n, 3)), draw.normal(size=n)
        expected = value_and_grad(f)([0.1, 0.2, 0.3], {"x": [list(row) for row in x], "t": list(t)})
        assert step([0.1, 0.2, 0.3], {"x": x, "t": t}) == expected


@pytest.mark.parametrize("turns", [0.0, 1.0, 5.0])
def test_bounds_that_only_the_run_knows(turns: float) -> None:
    """Numbers of `fori_loop`, without a sequence."""

    def f(x: Any, n: Any) -> Any:
        return fori_loop(1, n + 1.0, lambda i, c: c * x + i, x)

    assert jit(f)(1.5, turns) == f(1.5, turns)
    assert jit(grad(f))(1.5, turns) == grad(f)(1.5, turns)
    pushed = jit(lambda x, n: jvp(lambda x: f(x, n), (x,), (1.0,)))
    assert pushed(1.5, turns) == jvp(lambda x: f(x, turns), (1.5,), (1.0,))


def test_no_turns() -> None:
    """What is carried stays; nothing is read."""
    f = jit(value_and_grad(lambda w, xs: scan(lambda c, x: (c * x * w, None), w, xs)[0]), dynamic_argnums=1)
    assert f(0.5, np.empty(0)) == (0.5, 1.0)
    assert f(0.5, np.array([2.0])) == (0.5, 2.0)


def test_second_derivatives() -> None:
    """Through the same loops."""
    f = grad(grad(lambda w, xs: scan(lambda c, x: (tanh(c * w + x), None), w * 1.0, xs)[0]))
    xs = [0.1, 0.5, -0.3]
    assert jit(f, dynamic_argnums=1)(0.7, xs) == f(0.7, xs)


def test_among_values_it_runs_uncompiled() -> None:
    """Captured ones too."""
    w = Value(0.7)
    jit(recurrent, dynamic_argnums=1)(w, [0.5, 1.0]).backward()
    assert w.grad == grad(recurrent)(0.7, [0.5, 1.0])
    captured = jit(lambda xs: recurrent(w, xs), dynamic_argnums=0)
    assert captured([0.5, 1.0]).item() == recurrent(0.7, [0.5, 1.0])


def test_branches_in_loops() -> None:
    """By what is read."""

    def f(w: Any, xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            return where(x > 0.0, c * w, switch(x + 2.0, [lambda c: c, lambda c: c + w], c)), None

        return scan(step, 1.0, xs)[0]

    xs = [1.0, -1.0, -2.0, 1.0]
    assert jit(value_and_grad(f), dynamic_argnums=1)(2.0, xs) == value_and_grad(f)(2.0, xs)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: jit(sum, dynamic_argnums=0)([1.0]), "scan, vmap and fori_loop go through it"),
        (lambda: jit(lambda xs: xs[0], dynamic_argnums=0)([1.0]), r"take\(xs, i\) an element"),
        (lambda: jit(len, dynamic_argnums=0)([1.0]), r"autograd.length\(xs\)"),
        (lambda: jit(vmap(lambda x: x), dynamic_argnums=0)([1.0]), "only the run knows its length"),
        (lambda: jit(grad(lambda xs: take(xs, 0)), dynamic_argnums=0)([1.0]), "leave it out of dynamic_argnums"),
        (lambda: jit(vmap(lambda x, y: x), dynamic_argnums=(0, 1))([1.0], [1.0]), "as one argument"),
        (lambda: jit(vmap(lambda x, y: x), dynamic_argnums=0)([1.0], [1.0]), "as one argument"),
        (lambda: jit(lambda a: a, dynamic_argnums=0, in_axes=0), "choose one of them"),
        (lambda: jit(lambda a: a, dynamic_argnums=0, static_argnums=0), "choose one"),
        (lambda: jit(lambda a: a, dynamic_argnums="x"), "dynamic_argnums must be an integer"),
        (lambda: jit(lambda a: 1.0, dynamic_argnums=0)(["x"]), "array of real numbers"),
        (lambda: jit(lambda a: 1.0, dynamic_argnums=0)(([1.0], np.ones(2))), "rows"),
    ],
    ids=map(str, range(12)),
)
def test_errors(call: Any, words: str) -> None:
    """What is the matter, and what to write."""
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_one_sequence_by_several_ways() -> None:
    """What arrives there adds up: twice in one loop, in two loops, and an element of it."""

    def f(w: Any, xs: Any) -> Any:
        ys = vmap(lambda x: tanh(w * x))(xs)
        total = scan(lambda c, p: (c + p[0] * p[1], None), 0.0, (ys, ys))[0]
        again = scan(lambda c, y: (c * 0.5 + y + take(ys, 0), None), 0.0, ys)[0]
        return total * again + take(ys, -1) * take(ys, 1)

    xs = [0.3, -0.2, 0.8]
    for transform in (value_and_grad, lambda g: grad(grad(g)), lambda g: lambda w, xs: jvp(lambda w: g(w, xs), (w,), (1.0,))):
        found, expected = jit(transform(f), dynamic_argnums=1)(0.7, xs), transform(f)(0.7, xs)
        assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_loops_over_it_in_loops(backend: str) -> None:
    """All pairs, as of attention: derivatives of both modes and of the second order; of the third in forward mode inside."""

    def f(w: Any, xs: Any) -> Any:
        ys = vmap(lambda x: x * w)(xs)

        def of_one(c: Any, y: Any) -> Any:
            found = scan(lambda d, z: (tanh(d * z + y), d * y), c, ys)
            return found[0] + take(found[1], 0) * take(ys, -1), None

        return scan(of_one, w, xs)[0]

    def second(w: Any, xs: Any) -> Any:
        return jvp(lambda w: jvp(lambda w: f(w, xs), (w,), (1.0,))[1], (w,), (1.0,))[1]

    def pushed(w: Any, xs: Any) -> Any:
        return jvp(lambda w: grad(f)(w, xs), (w,), (1.0,))

    xs = [0.3, 0.8, -0.4]
    for derived in (value_and_grad(f), grad(grad(f)), pushed, grad(second)):
        compiled = jit(derived, dynamic_argnums=1, backend=backend)
        for n in (3, 2):
            assert compiled(0.6, xs[:n]) == pytest.approx(derived(0.6, xs[:n]), rel=1e-13)
    with pytest.raises(NotImplementedError, match="take the inner derivatives by jvp"):
        jit(grad(grad(grad(f))), dynamic_argnums=1, backend=backend)(0.6, xs)


LOOPS: list[Any] = [
    lambda q, w, xs, ys: scan(lambda c, p: (q(c * 0.5, p[0]) + p[1], None), w * 0.75, (xs, ys))[0],
    lambda q, w, xs, _: sum_of(vmap(lambda x: scan(lambda c, y: (q(c, y * x), None), x * w, xs)[0])(xs)),
    lambda q, w, _, ys: scan(lambda c, y: (scan(lambda d, z: (q(d, z) + y, None), c * 0.5, ys)[0], None), w * 0.3, ys)[0],
    lambda q, w, xs, ys: scan(lambda c, y: (until(q, y, c), None), w * 0.3, xs)[0] * take(ys, -1),
]


def sum_of(xs: Any) -> Any:
    """By a loop."""
    return scan(lambda c, x: (c + x, None), 0.0, xs)[0]


def until(q: Any, y: Any, c: Any) -> Any:
    """A loop with as many turns as a number says."""
    goes_on = lambda s: logical_and(less(s[0], y * 3.0 + 2.0), less(s[0], 4.0))  # noqa: E731
    return while_loop(goes_on, lambda s: (s[0] + 1.0, q(s[1], y)), (0.0, c))[1]


@pytest.mark.parametrize(
    "derived",
    [
        value_and_grad,
        lambda f: lambda w, xs: jvp(lambda w: f(w, xs), (w,), (1.0,)),
        lambda f: grad(grad(f)),
        lambda f: lambda w, xs: jvp(lambda w: grad(f)(w, xs), (w,), (1.0,)),
    ],
    ids=["gradient", "tangent", "reverse over reverse", "forward over reverse"],
)
@settings(max_examples=15)
@given(
    expressions(max_ops=4, nests=1, primitives=["mul", "add", "sin", "maximum", "where"]), st.integers(0, 3), st.integers(1, 4)
)
def test_random_bodies(derived: Any, expression: Expression, which: int, turns: int) -> None:
    """Loops, maps and branches in loops over the sequence."""

    def f(w: Any, xs: Any) -> Any:
        def q(a: Any, b: Any) -> Any:
            return tanh(expression(tanh(a), tanh(b)))

        return LOOPS[which](q, w, xs, vmap(lambda x: q(w, x))(xs))

    xs = [math.cos(3.0 * i + 1.0) for i in range(turns)]
    found, expected = jit(derived(f), dynamic_argnums=1, backend="python")(0.7, xs), derived(f)(0.7, xs)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-8, nan_ok=True)
