"""Reverse mode through loops: the order of sums, and what arrives nowhere."""

import math
from typing import Any

import pytest

from autograd import (
    Value,
    exp,
    fori_loop,
    grad,
    jit,
    jvp,
    relu,
    scan,
    sin,
    sqrt,
    sum_,
    take,
    tanh,
    value_and_grad,
    vmap,
    where,
    while_loop,
)
from autograd.compiler.loops.pull import _Turn


def bits(numbers: Any) -> list[str]:
    """To the bit."""
    return [float(x).hex() for x in numbers]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("turns", [2, 3, 7, 8, 9, 100])
def test_order_of_sums(turns: int, reverse: bool) -> None:
    """What is carried, given as a y, shared, and read from a sequence, in one loop: the bits of Python's."""

    def f(w: Any, x: Any, xs: Any) -> Any:
        def step(c: Any, z: Any) -> Any:
            new = tanh(c * w + z) + z * c
            return new, new * c

        c, ys = scan(step, x * 0.5, xs, reverse=reverse)
        return c * x + sum(y * w for y in ys)

    xs = [math.sin(i) for i in range(turns)]
    value, (dw, dx, dxs) = value_and_grad(f, argnums=(0, 1, 2))(Value(0.9), Value(0.3), [Value(x) for x in xs])
    found, (fw, fx, fxs) = jit(value_and_grad(f, argnums=(0, 1, 2)))(0.9, 0.3, xs)
    assert bits([found, fw, fx, *fxs]) == bits([z.item() for z in (value, dw, dx, *dxs)])


def test_a_y_that_is_carried_on() -> None:
    """What arrives at it from outside comes first, as it does where Python's loop makes one Value for both."""

    def f(x: Any, xs: Any) -> Any:
        c, ys = scan(lambda c, z: (sin(c + z), sin(c + z) and c), x, xs)
        _, zs = scan(lambda c, z: (c * z, c * z), x, xs)
        return c * sum(y * 0.1 for y in ys) + sum(z * z * 0.3 for z in zs)

    def g(x: Any, xs: Any) -> Any:
        def step(c: Any, z: Any) -> Any:
            new = sin(c * z) + c
            return new, new

        c, ys = scan(step, x * 1.0, xs)
        return c * 0.7 + sum(y * y * 0.1 for y in ys)

    xs = [0.9, 1.1, 0.7, 1.3]
    value, (dx, dxs) = value_and_grad(g, argnums=(0, 1))(Value(0.4), [Value(x) for x in xs])
    found, (fx, fxs) = jit(value_and_grad(g, argnums=(0, 1)))(0.4, xs)
    assert bits([found, fx, *fxs]) == bits([z.item() for z in (value, dx, *dxs)])
    del f


@pytest.mark.parametrize("turns", [0.0, 1.0, 4.0])
def test_turns_that_the_run_counts(turns: float) -> None:
    """Newton's method to convergence, and no turn at all; the start counts beside the loop."""

    def root(a: Any) -> Any:
        return while_loop(lambda x: abs(x * x - a) > 1e-13, lambda x: 0.5 * (x + a / x), a * 1.0)

    assert jit(value_and_grad(root))(2.0) == value_and_grad(root)(2.0)
    assert jit(grad(root))(9.0) == pytest.approx(0.5 / math.sqrt(9.0))

    def f(x: Any, n: Any) -> Any:
        start = x * x
        i, c = while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1.0, exp(-c[1]) * x), (0.0, start))
        return c * start + i

    assert jit(grad(f))(0.7, turns) == grad(f)(0.7, turns)


def test_what_gets_nothing_gets_0() -> None:
    """Not what an infinite slope makes of 0."""

    def f(x: Any, y: Any) -> Any:
        a, b = fori_loop(0, 3, lambda _, c: (c[0] * x, sqrt(c[1]) * 0.0), (x, y))
        del b
        return a

    assert jit(grad(f, argnums=(0, 1)))(2.0, 0.0) == grad(f, argnums=(0, 1))(2.0, 0.0) == (32.0, 0.0)


def test_the_last_y_alone() -> None:
    """Of an array one element gets something: the others stay without."""

    def f(x: Any) -> Any:
        _, ys = scan(lambda c, _: (c * x, sqrt(c - 1.0)), x, length=4)
        return ys[-1]

    assert jit(grad(f))(1.5) == grad(f)(1.5)
    assert jit(grad(f))(1.0) == grad(f)(1.0) == math.inf


TRANSFORMS: dict[str, Any] = {
    "gradient": value_and_grad,
    "tangent": lambda f: lambda x: jvp(f, (x,), (1.0,)),
    "reverse over reverse": lambda f: grad(grad(f)),
    "forward over reverse": lambda f: lambda x: jvp(grad(f), (x,), (1.0,)),
    "reverse over forward": lambda f: grad(lambda x: jvp(f, (x,), (1.0,))[1]),
    "third": lambda f: grad(grad(grad(f))),
}


@pytest.mark.parametrize("backend", ["python", "llvm"])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_turns_of_an_inner_loop_that_only_the_run_counts(transform: str, backend: str) -> None:
    """Each turn of the outer loop has another number of them; a third loop lies in between."""

    def f(x: Any) -> Any:
        return fori_loop(0, 3, lambda _, c: while_loop(lambda d: d < 1.0, lambda d: d * d + 0.5, c * x), x)

    def g(x: Any) -> Any:
        def until_2(s: Any) -> Any:
            inner = while_loop(lambda r: r < 1.5, lambda r: r * 1.1 * exp(r * x * 0.1) + 0.2, s * 0.3 + 0.1)
            return inner * s * 0.9 + 0.3

        return scan(lambda c, z: (while_loop(lambda s: s < 2.0, until_2, sin(c) + z), c * x), 0.5 * x, [0.3, 1.2, -0.4])[0]

    derived = TRANSFORMS[transform]
    assert jit(derived(f), backend=backend)(0.6) == derived(f)(0.6)
    found, expected = jit(derived(g), backend=backend)(0.6), derived(g)(0.6)
    assert found == (expected if transform in ("gradient", "tangent") else pytest.approx(expected, rel=1e-14))


def test_an_element_that_goes_on_to_its_array() -> None:
    """Captured, carried and read by a loop that also reads the array: all of it arrives."""

    def f(w: Any, xs: Any, i: Any) -> Any:
        a = take(xs, i)
        c, ys = scan(lambda c, x: (c * a + sin(x * w) * a, c * a), a * w, xs)
        return c + a * sum(ys) + scan(lambda c, z: (c + z * w * z, None), 0.0, [a, w, a * a])[0]

    derived = grad(f, argnums=(0, 1))
    found, expected = jit(derived)(0.6, [0.3, 1.2, -0.7], 1.0), derived(0.6, [0.3, 1.2, -0.7], 1.0)
    assert (found[0], *found[1]) == pytest.approx((expected[0], *expected[1]), rel=1e-14)


INNER: dict[str, Any] = {
    "loop": lambda x, t: fori_loop(0, 2, lambda i, c: c * 1.5, x),
    "as many turns as it says": lambda x, t: fori_loop(0, where(x < 0.5, 0.0, 2.0), lambda i, c: c * 1.5, x),
    "until": lambda x, t: while_loop(lambda c: c < 5.0, lambda c: c * 1.5, x),
    "sequences": lambda x, t: scan(lambda c, a: (c * a, c * c), x, [1.5, 2.0])[1][1],
    "reversed": lambda x, t: scan(lambda c, a: (c * a, c), x, [1.5, 2.0], reverse=True)[1][0],
    "a pair": lambda x, t: sum_(*fori_loop(0, 2, lambda i, c: (c[0] * c[1], c[1] * 1.5), (x, x * 0.5))),
    "a loop in it": lambda x, t: vmap(lambda u: fori_loop(0, 2, lambda i, c: c * 1.5, x))([1.0, 2.0])[1],
    "what the turn says": lambda x, t: fori_loop(0, 2, lambda i, c: c * t, x),
}
OUTER: dict[str, Any] = {
    "map": lambda f, x: sum_(*vmap(lambda t: f(x, t))([1.0, 2.0, 3.0])),
    "carry": lambda f, x: scan(lambda c, t: (c + f(x, t), None), x, [1.0, 2.0])[0],
    "loop": lambda f, x: fori_loop(0, 3, lambda i, c: c + f(x, i + 1.0), 0.0),
    "as many turns as it says": lambda f, x: fori_loop(0, where(x < 0.5, 1.0, 2.0), lambda i, c: c * f(x, i), x),
    "where a row says": lambda f, x: sum_(*vmap(lambda t: where(t > 1.5, f(x, t), t))([1.0, 2.0, 3.0])),
    "one is used": lambda f, x: vmap(lambda t: f(x, t))([1.0, 2.0, 3.0])[1],
    "used before and after": lambda f, x: sum_(*vmap(lambda t: f(x, t) + x * t)([1.0, 2.0, 3.0])) * x,
    "map in map": lambda f, x: sum_(*vmap(lambda t: sum_(*vmap(lambda u: f(x, u) * t)([1.0, 2.0])))([1.0, 2.0])),
}


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
def test_a_loop_that_begins_with_what_turns_around_it_share(inner: str, outer: str) -> None:
    """Each turn of the outer loop brings what the inner one begins with a part of its gradient, and its second derivative."""

    def f(x: Any) -> Any:
        return OUTER[outer](INNER[inner], x)

    for x in (1.25, 0.25):
        for derived, backend in ((grad(f), "python"), (grad(f), "llvm"), (grad(grad(f)), "python")):
            assert jit(derived, backend=backend)(x) == pytest.approx(derived(x), rel=1e-13), (x, backend)


def turns_derived(f: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a turn of a sweep is recorded for the gradient of a function of a matrix of weights and a vector."""
    found: list[Any] = []
    original = _Turn.__init__

    def counting(self: Any, *args: Any) -> None:
        found.append(args)
        original(self, *args)

    rows = [[0.5, -1.0, 0.25]] * 3
    with monkeypatch.context() as context:
        context.setattr(_Turn, "__init__", counting)
        jit(grad(f))(rows, [1.0, 2.0, 0.5])
    assert bits(jit(grad(f))(rows, [1.0, 2.0, 0.5])[0]) == bits(grad(f)(rows, [1.0, 2.0, 0.5])[0])
    return len(found)


def test_a_turn_of_a_sweep_is_recorded_once_if_all_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not known of a sum yet is taken as what begins there: in nested loops each level would double the work."""

    def f(rows: Any, x: Any) -> Any:
        return sum_(vmap(lambda a: sum_(vmap(lambda row: sum_(vmap(lambda w, b: a * tanh(w * b))(row, x)))(rows)))(x))

    assert turns_derived(f, monkeypatch) == 3


def test_equal_loops_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep through the next is taken to bring what that through the first does: a layer more is a turn for each loop."""

    def layer(rows: Any, x: Any) -> Any:
        return vmap(lambda row: sum_(vmap(lambda w, b: relu(w * b))(row, x)))(rows)

    def deep(count: int) -> Any:
        def f(rows: Any, x: Any) -> Any:
            for _ in range(count):
                x = layer(rows, x)
            return sum_(x)

        return f

    four, five = (turns_derived(deep(count), monkeypatch) for count in (4, 5))
    assert five - four == 2
