"""Sequences whose length only the run knows."""

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    Value,
    cond,
    dot,
    elementwise_grad,
    fori_loop,
    grad,
    hessian,
    hvp,
    jacfwd,
    jit,
    jvp,
    length,
    less,
    logical_and,
    scan,
    sqrt,
    sum_,
    switch,
    take,
    tanh,
    value_and_grad,
    vjp,
    vmap,
    where,
    while_loop,
)
from autograd.testing import Expression, expressions
from tests.compiler.comparison import bits


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
        (lambda: jit(sum, dynamic_argnums=0)([1.0]), r"vmap goes through it, .* such as sum_"),
        (lambda: jit(list, dynamic_argnums=0)([1.0]), r"xs\[i\] or take\(xs, i\) an element"),
        (lambda: jit(len, dynamic_argnums=0)([1.0]), r"autograd.length\(xs\)"),
        (
            lambda: jit(lambda xs: scan(lambda c, x: (c, xs), 0, xs)[1], dynamic_argnums=0)([1.0]),
            "returns a sequence of sequences, and only the run knows how many and how long",
        ),
        (
            lambda: jit(lambda xs: scan(lambda c, x: (x, None), xs, xs), dynamic_argnums=0)([1.0]),
            r"from a sequence of length Symbol\(.*\), of one number to number: return the carry as it came in",
        ),
        (
            lambda: jit(lambda xs, ys: fori_loop(0, 2, lambda i, c: ys, xs), dynamic_argnums=(0, 1))([1.0], []),
            "the carry has sequences of two lengths that only the run knows, .* as long as each other",
        ),
        (
            lambda: jit(lambda xs: cond(take(xs, 0) < 0.0, lambda: xs, lambda: 0.0), dynamic_argnums=0)([1.0]),
            r"give a sequence of length Symbol\(.*\), of one number and number: return the same structure",
        ),
        (lambda: jit(hessian(lambda xs: take(xs, 0)), dynamic_argnums=0)([1.0]), "leave it out of dynamic_argnums"),
        (lambda: jit(jacfwd(vmap(lambda x: x)), dynamic_argnums=0)([1.0]), "by grad, vjp, jvp or hvp"),
        (
            lambda: jit(lambda xs, v: jvp(lambda x: take(x, 0), (xs,), (v,)), dynamic_argnums=(0, 1))([1.0], []),
            "must be a sequence of a length that only the run knows, of one number each, not .* as long as each other",
        ),
        (lambda: jit(vmap(lambda x, y: x), dynamic_argnums=(0, 1))([1.0], []), "as long as each other"),
        (lambda: jit(vmap(lambda x, y: x), dynamic_argnums=0)([1.0], [1.0]), "as long as each other"),
        (lambda: jit(lambda a: a, dynamic_argnums=0, in_axes=0), "choose one of them"),
        (lambda: jit(lambda a: a, dynamic_argnums=0, static_argnums=0), "choose one"),
        (lambda: jit(lambda a: a, dynamic_argnums="x"), "dynamic_argnums must be an integer"),
        (lambda: jit(lambda a: 1.0, dynamic_argnums=0)(["x"]), "array of real numbers"),
        (lambda: jit(lambda a: 1.0, dynamic_argnums=0)(([1.0], np.ones(2))), "rows"),
    ],
    ids=map(str, range(17)),
)
def test_errors(call: Any, words: str) -> None:
    """What is the matter, and what to write."""
    with pytest.raises((TypeError, ValueError, NotImplementedError), match=words):
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
    """All pairs, as of attention: derivatives of both modes, and of the second and third order in any of them."""

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
    for derived in (value_and_grad(f), grad(grad(f)), pushed, grad(second), grad(grad(grad(f)))):
        compiled = jit(derived, dynamic_argnums=1, backend=backend)
        for n in (3, 2):
            assert compiled(0.6, xs[:n]) == pytest.approx(derived(0.6, xs[:n]), rel=1e-13)


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


# --- sequences given back, and derivatives by sequences ---------------------------------------------------------------

LENGTHS = (1, 2, 7, 8, 9, 100)


def rows(n: int) -> list[float]:
    """So many numbers."""
    return [math.cos(3.0 * i) for i in range(n)]


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_sequences_given_back(backend: str) -> None:
    """What a scan and a map give, in structures, and an argument itself: arrays, and lists where elements are lists."""

    def f(w: Any, xs: Any) -> Any:
        last, ys = scan(lambda c, x: (tanh(c * w + x), c * x), w, xs)
        found = vmap(lambda y: {"sum": y * w, "pair": [y, w]})(ys)
        return {"last": last, "ys": ys, "mapped": found, "same": [xs, 3.0, ys]}

    compiled = jit(f, dynamic_argnums=1, backend=backend)
    for n in (0, *LENGTHS):
        xs = rows(n)
        found, expected = compiled(0.7, xs), f(0.7, xs)
        assert isinstance(found["ys"], np.ndarray)
        assert found["ys"].shape == (n,)
        assert bits(found["ys"]) == bits(expected["ys"])
        assert bits(found["last"]) == bits(expected["last"])
        assert bits(found["same"]) == bits(expected["same"])
        assert n == 0 or bits(found["mapped"]) == bits(expected["mapped"])
        assert found["mapped"]["pair"] == [[y, 0.7] for y in expected["ys"]]  # of no rows too
    assert len(compiled._calls.traces) == 1
    matrix = jit(vmap(lambda row: row * 2.0), dynamic_argnums=0, backend=backend)
    assert matrix(np.ones((3, 2))).tolist() == [[2.0, 2.0]] * 3
    assert matrix(np.empty((0, 2))).shape == (0, 2)


def both_ways(w: Any, xs: Any) -> Any:
    """A loop, another one over what it gives, elements, and the length."""
    c, ys = scan(lambda c, x: (tanh(c * w + x), c * x), w * 0.5, xs)
    total = scan(lambda c, y: (c + y * y, None), 0.0, ys, reverse=True)[0]
    return c * total + take(xs, -1) * take(xs, 0) * length(xs)


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_gradients_by_sequences(backend: str) -> None:
    """The bits of eager code, for all lengths, beside those by other arguments; 0 where nothing depends on it."""
    both = jit(value_and_grad(both_ways, argnums=(0, 1)), dynamic_argnums=1, backend=backend)
    unused = jit(grad(lambda w, xs: w * w, argnums=1), dynamic_argnums=1, backend=backend)
    element = jit(grad(lambda xs: take(xs, 0) ** 2.0), dynamic_argnums=0, backend=backend)
    for n in LENGTHS:
        found, expected = both(0.7, np.array(rows(n))), value_and_grad(both_ways, argnums=(0, 1))(0.7, rows(n))
        assert bits(found) == bits(expected)
        assert found[1][1].shape == (n,)
        assert unused(0.7, rows(n)).tolist() == [0.0] * n
        assert element(rows(n)).tolist() == [2.0, *[0.0] * (n - 1)]
    assert len(both._calls.traces) == 1


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_gradients_by_structures_of_sequences(backend: str) -> None:
    """They have the argument's structure, with arrays of its shapes."""

    def f(p: Any, data: Any) -> Any:
        errors = vmap(lambda x, t: (dot(x, p) - t) ** 2.0)(data["x"], data["t"])
        return scan(lambda c, e: (c + e, None), 0.0, errors)[0] / length(data["t"])

    compiled = jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=1, backend=backend)
    for n in LENGTHS:
        data = {"x": [[x, 0.5 * x] for x in rows(n)], "t": rows(n)}
        found = compiled([0.1, 0.2], {key: np.array(x) for key, x in data.items()})
        assert bits(found) == bits(value_and_grad(f, argnums=(0, 1))([0.1, 0.2], data))
        assert found[1][1]["x"].shape == (n, 2)


def gives(w: Any, xs: Any) -> Any:
    """A number and a sequence."""
    return scan(lambda c, x: (tanh(c * w + x), c * x), w, xs)


ORDERS: dict[str, Any] = {
    "tangent": lambda d: jvp(lambda xs: both_ways(0.7, xs), (d[0],), (d[1],)),
    "tangent of a sequence": lambda d: jvp(lambda xs: gives(0.7, xs), (d[0],), (d[1],)),
    "tangent by a number": lambda d: jvp(lambda w: gives(w, d[0]), (0.7,), (1.0,)),
    "pulled back": lambda d: vjp(lambda xs: gives(0.7, xs)[1], d[0])[1](d[1]),
    "product": lambda d: hvp(lambda xs: both_ways(0.7, xs), (d[0],), (d[1],)),
    "twice": lambda d: grad(lambda w: scan(lambda c, y: (c + y * y, None), 0.0, grad(both_ways, argnums=1)(w, d[0]))[0])(0.7),
    "element by element": lambda d: elementwise_grad(vmap(lambda x: x * x * tanh(x)))(d[0]),
    "beside": lambda d: grad(lambda xs: (take(xs, 0) ** 2.0, vmap(lambda x: x * 2.0)(xs)), has_aux=True)(d[0]),
}


@pytest.mark.parametrize("backend", ["python", "llvm"])
@pytest.mark.parametrize("name", ORDERS)
def test_transforms_by_sequences(name: str, backend: str) -> None:
    """In both modes and of higher orders."""
    compiled = jit(ORDERS[name], dynamic_argnums=0, backend=backend)
    for n in (1, 3, 9):
        xs, vs = rows(n), [0.1 * i - 0.2 for i in range(n)]
        assert bits(compiled((np.array(xs), np.array(vs)))) == bits(ORDERS[name]((xs, vs)))


def test_what_no_choice_let_through_gets_0() -> None:
    """Not what an infinite slope makes of 0: of the sequence too."""

    def f(xs: Any) -> Any:
        return scan(lambda c, x: (where(x > 0.0, c * sqrt(x), c), None), 1.0, xs)[0]

    xs = [0.3, 0.0, -1.0, 0.5]
    assert bits(jit(value_and_grad(f), dynamic_argnums=0)(xs)) == bits(value_and_grad(f)(xs))


def test_compiled_functions_of_sequences_travel(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pickled, found on disk, printed, in threads; what a call gave stays when others follow."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    made = [jit(value_and_grad(both_ways, argnums=(0, 1)), dynamic_argnums=1, backend="llvm") for _ in range(2)]
    found = [f(0.7, rows(5)) for f in made]
    assert [f.stats().from_disk for f in made] == [False, True]
    first = bits(found[0])
    assert bits(found[1]) == first
    made[0](0.7, rows(900))
    assert bits(found[0]) == first
    arrived = pickle.loads(pickle.dumps(made[0]))
    assert bits(arrived(0.7, rows(5))) == first
    assert "def " in made[0].source()
    with ThreadPoolExecutor(4) as pool:
        assert {tuple(bits(x)) for x in pool.map(lambda _: made[0](0.7, rows(5)), range(64))} == {tuple(first)}
    assert made[0](Value(0.7), rows(5))[0].item() == both_ways(0.7, rows(5))  # among Values uncompiled


def folded(w: Any, data: Any) -> Any:
    """Sums of sequences that a call gives, and of one made of them."""
    xs, ys = data
    products = vmap(lambda x, y: tanh(w * x) * y)(xs, ys)
    return dot(xs, ys) * sum_(products) + dot(xs, xs) + sum_(ys)


@pytest.mark.parametrize("backend", ["llvm", "python"])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 1000])
def test_sums_of_sequences(count: int, backend: str) -> None:
    """`sum_` and `dot` go through them from the first to the last, as through lists."""
    xs, ys = ([math.sin(a * i + 0.5) for i in range(count)] for a in (1.0, 2.0))
    data = tuple(map(np.array, (xs, ys)))
    assert bits(jit(folded, dynamic_argnums=1, backend=backend)(0.75, data)) == bits(folded(0.75, (xs, ys)))
    found = jit(grad(folded, argnums=(0, 1)), dynamic_argnums=1, backend=backend)(0.75, data)
    wanted = grad(folded, argnums=(0, 1))(0.75, (xs, ys))
    assert bits([found[0], *found[1][0], *found[1][1]]) == bits([wanted[0], *wanted[1][0], *wanted[1][1]])


def test_sums_of_what_is_no_sequence_of_numbers() -> None:
    """What cannot be added is named."""
    xs, rows = np.ones(3), np.ones((3, 2))
    with pytest.raises(TypeError, match=r"dot takes a sequence whose length only the run knows .* whose length is known"):
        jit(lambda xs: dot(xs, [1.0, 2.0, 3.0]), dynamic_argnums=0)(xs)
    with pytest.raises(TypeError, match=r"sum_ takes a sequence of numbers, not a sequence of .* array of shape"):
        jit(sum_, dynamic_argnums=0)(rows)
    with pytest.raises(ValueError, match="only the run knows how many turns"):
        jit(dot, dynamic_argnums=(0, 1))(xs, np.ones(2))


def test_lists_in_a_tuple_are_sequences() -> None:
    """As `scan` and `vmap` take them; of lists in a list, and tuples in a tuple, each is an element."""

    def products(data: Any) -> Any:
        return sum_(vmap(lambda x: x[0] * x[1])(data))

    for data in (([1.0, 2.0, 5.0], [3.0, 4.0, 6.0]), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], {0: [1.0, 2.0], 1: [3.0, 4.0]}):
        assert jit(products, dynamic_argnums=0)(data) == products(data)
    assert jit(products, dynamic_argnums=0)(((1.0, 2.0), (3.0, 4.0))) == 14.0
