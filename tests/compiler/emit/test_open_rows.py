"""Sequences that loops carry, whose length only the run knows: a turn's part of a tape is as long."""

import math
from typing import Any

import pytest

from autograd import (
    cond,
    dot,
    fori_loop,
    grad,
    hessian,
    jit,
    jvp,
    scan,
    sin,
    sqrt,
    sum_,
    switch,
    take,
    tanh,
    value_and_grad,
    vmap,
    while_loop,
)
from autograd.compiler.emit.entries import emit_nested
from autograd.compiler.lower import lower
from autograd.compiler.run.machine import this_host
from tests.compiler.comparison import bits
from tests.compiler.loops.programs import OpenDraws
from tests.compiler.loops.test_dynamic import rows


def warmed(xs: Any, turns: int = 3) -> Any:
    """A rod with its ends kept at 0: each point goes towards its neighbours, as quickly as `tanh` of their mean says."""

    def step(xs: Any, _: Any) -> Any:
        before = scan(lambda last, x: (x, last * 0.5), 0.0, xs)[1]
        after = scan(lambda last, x: (x, last * 0.5), 0.0, xs, reverse=True)[1]
        return vmap(lambda x, a, b: x + 0.5 * tanh(a - x + b))(xs, before, after), take(xs, 0)

    return scan(step, xs, length=turns)


def halved(w: Any, xs: Any) -> Any:
    """A loop as long as a sum is large, which carries a sequence, in a dict with a number."""
    start = {"xs": vmap(lambda x: x * x + 1.0)(xs), "n": 0.0}

    def body(c: Any) -> Any:
        return {"xs": vmap(lambda x: tanh(w * x))(c["xs"]), "n": c["n"] + w}

    last = while_loop(lambda c: sum_(c["xs"]) > 0.75, body, start)
    return sum_(last["xs"]) * last["n"]


CARRIED: dict[str, Any] = {
    "value": lambda xs: warmed(xs)[0],
    "gradient": value_and_grad(lambda xs: sum_(warmed(xs)[0]) * sum_(warmed(xs)[1])),
    "tangent": lambda xs: jvp(lambda xs: warmed(xs)[0], (xs,), (vmap(lambda x: x * 0.5)(xs),)),
    "twice": lambda xs: grad(lambda w: dot(xs, grad(lambda xs: sum_(warmed(vmap(lambda x: x * w)(xs))[0]))(xs)))(0.7),
    "segments": value_and_grad(lambda xs: sum_(scan(lambda c, _: (warmed(c, 2)[0], None), xs, length=5, checkpoint=2)[0])),
    "a test": value_and_grad(halved, argnums=(0, 1)),
    "swapped": value_and_grad(
        lambda w, xs: dot(
            *fori_loop(0, 5, lambda i, c: (c[1], vmap(lambda a, b: tanh(a * w) + b * i)(*c)), (xs, warmed(xs)[0]))
        )
    ),
    "exchanged": lambda xs: fori_loop(
        0, 3, lambda i, c: (vmap(lambda a, b: a * i + b)(*c[:2]), c[0], c[3], c[2]), (xs, xs, xs, warmed(xs)[0])
    ),
    "structures": lambda xs: fori_loop(
        1, 3.0, lambda i, c: vmap(lambda x: [x[0] * i, {"sum": x[0] + x[1]["sum"]}])(c), vmap(lambda x: [x, {"sum": x}])(xs)
    ),
}


@pytest.mark.parametrize("backend", ["python", "llvm"])
@pytest.mark.parametrize("name", CARRIED)
def test_sequences_are_carried(name: str, backend: str) -> None:
    """One program for all lengths, with the bits of eager code."""
    takes_number = name in ("a test", "swapped")
    compiled = jit(CARRIED[name], dynamic_argnums=1 if takes_number else 0, backend=backend)
    for n in (1, 2, 7, 8, 9, 100):
        arguments = (0.7, rows(n)) if takes_number else (rows(n),)
        for _ in range(2):
            assert bits(compiled(*arguments)) == bits(CARRIED[name](*arguments))
    assert len(compiled._calls.traces) == 1


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_carried_sequences_without_elements_and_without_turns(backend: str) -> None:
    """They stay as they are, and a gradient by them has no elements."""

    def f(w: Any, xs: Any) -> Any:
        found = scan(lambda c, x: (vmap(lambda y: y * x * w)(c), None), xs, xs)[0]
        return sum_(fori_loop(0, w, lambda _, c: vmap(lambda y: y * w)(c), found))

    compiled = jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=1, backend=backend)
    for n in (3, 0, 2):
        for w in (0.0, 2.0):
            assert bits(compiled(w, rows(n))) == bits(value_and_grad(f, argnums=(0, 1))(w, rows(n)))


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_one_of_several_sequences(backend: str) -> None:
    """By a condition, and by an index; what was not chosen gets nothing, where its slope is infinite too."""

    def f(w: Any, xs: Any) -> Any:
        roots = vmap(lambda x: sqrt(x * w))
        chosen = cond(w > 0.5, lambda xs: xs, roots, xs)
        return dot(chosen, switch(w, [roots, lambda xs: chosen, vmap(lambda x: x * x)], xs))

    compiled = jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=1, backend=backend)
    for w in (0.0, 1.0, 2.0, 7.0):
        for xs in ([0.5, 0.0, 2.0], [0.25]):
            assert bits(compiled(w, xs)) == bits(value_and_grad(f, argnums=(0, 1))(w, xs))


def pendulums(xs: Any, turns: int) -> Any:
    """Pendulums, step by step: their angles, the sum of these, and each angle with its velocity."""

    def step(state: Any, _: Any) -> Any:
        xs, vs = state
        vs = vmap(lambda x, v: v - 0.125 * sin(x))(xs, vs)
        xs = vmap(lambda x, v: x + 0.125 * v)(xs, vs)
        return (xs, vs), (xs, sum_(xs), vmap(lambda x, v: [x, v])(xs, vs))

    return scan(step, (xs, vmap(lambda x: x * 0.0)(xs)), length=turns)[1]


def in_segments(xs: Any) -> Any:
    """Of a scan in segments, the states of some steps: in the first segment, in the last, and after it."""
    found = scan(lambda c, _: (vmap(lambda x: tanh(x * 1.25))(c), c), xs, length=5, checkpoint=2)[1]
    return sum_(found[-1]) * sum_(found[1]) + sum_(take(found, 3))


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_turns_give_sequences(backend: str) -> None:
    """As many as the function says, which it returns as arrays, goes through, counts and takes from, as of lists."""

    def f(xs: Any, w: Any) -> Any:
        found, sums, pairs = pendulums(xs, 4)
        first, *rest = found
        total = sum_([sum_(row) * w for row in rest]) + dot(first, found[-2])
        last = scan(lambda c, row: (c * 0.5 + take(row, 0) * w, None), 0.0, found, reverse=True)[0]
        return total + last + sum_(sums) + take(take(pairs, 1), -1)[1] + len(found)

    given = jit(lambda xs: pendulums(xs, 3), dynamic_argnums=0, backend=backend)
    both = jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=0, backend=backend)
    twice = jit(grad(lambda w, xs: dot(xs, grad(f)(xs, w))), dynamic_argnums=1, backend=backend)
    for turns in (1, 2):
        found = jit(lambda xs, turns=turns: pendulums(xs, turns)[0], dynamic_argnums=0, backend=backend)(rows(5))
        assert found.shape == (turns, 5)
        assert bits(list(found.ravel())) == bits(pendulums(rows(5), turns)[0])
    segments = jit(value_and_grad(in_segments), dynamic_argnums=0, backend=backend)
    assert bits(segments(rows(5))) == bits(value_and_grad(in_segments)(rows(5)))
    beyond = jit(lambda xs: [take(pendulums(xs, 3)[0], i) for i in (3, -4, 2)], dynamic_argnums=0, backend=backend)(rows(2))
    assert [math.isnan(x) for row in beyond for x in row] == [True] * 4 + [False] * 2
    for n in (1, 2, 9, 30):
        xs, wanted = rows(n), pendulums(rows(n), 3)
        found = given(xs)
        assert found[0].shape == (3, n)
        assert bits([*found[0].ravel(), *found[1]]) == bits([wanted[0], wanted[1]])
        assert bits(found[2]) == bits(wanted[2])
        assert bits(both(xs, 0.7)) == bits(value_and_grad(f, argnums=(0, 1))(xs, 0.7))
        assert twice(0.7, xs) == pytest.approx(grad(lambda w, xs: dot(xs, grad(f)(xs, w)))(0.7, xs), rel=1e-13)


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_as_many_as_the_run_says_give_sequences(backend: str) -> None:
    """All pairs, which are mapped and taken from; beyond the ends is nan."""

    def f(w: Any, xs: Any) -> Any:
        ys = vmap(lambda x: x * 0.5)(xs)
        table = vmap(lambda x: vmap(lambda y: tanh(x * y * w))(ys))(xs)
        sums = vmap(lambda row: dot(row, row))(table)
        return sum_(sums) * take(take(table, -1), w - 0.7) + sum_(vmap(lambda row: take(row, -1))(table))

    compiled = jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=1, backend=backend)
    for n in (2, 1, 9):
        assert bits(compiled(0.7, rows(n))) == bits(value_and_grad(f, argnums=(0, 1))(0.7, rows(n)))
    beyond = jit(lambda xs, i: sum_(take(vmap(lambda x: xs)(xs), i)), dynamic_argnums=0, backend=backend)
    assert [beyond([1.0, 2.0], i) for i in (0.0, -1.0)] == [3.0, 3.0]
    assert all(math.isnan(beyond([1.0, 2.0], i)) for i in (2.0, -3.0))


def test_arrays_are_given_on_where_they_lie() -> None:
    """Without a copy, where a turn reads a number before it gives one to its place, and nothing else reads them."""

    def f(xs: Any) -> Any:
        return fori_loop(0, 3, lambda _, c: vmap(lambda x: sin(x) * 0.5)(c), xs)

    def other(xs: Any) -> Any:
        return fori_loop(0, 3, lambda _, c: vmap(lambda x: sin(x) * take(c, 0))(c), xs)

    def copies(f: Any) -> int:
        jitted = jit(f, dynamic_argnums=0)
        jitted([0.5, 0.25])
        compiled = jitted._calls.latest.compiled
        return str(emit_nested(lower(compiled.program), compiled.options, this_host()).code).count("@c.memmove(")

    assert copies(f) == copies(other) - 1
    for g in (f, other):
        assert bits(list(jit(g, dynamic_argnums=0)(rows(9)))) == bits(g(rows(9)))


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_as_many_turns_as_the_run_says_give_what_they_carry(backend: str) -> None:
    """None too: then nothing arrives that a turn gave."""

    def f(xs: Any, ts: Any) -> Any:
        def step(c: Any, t: Any) -> Any:
            found = vmap(lambda x: tanh(x * t))(c)
            return found, found

        last, each = scan(step, vmap(lambda x: x * 2.0)(xs), ts)
        return sum_(last) + scan(lambda total, row: (total * 0.5 + dot(row, row), None), 0.0, each)[0]

    compiled = jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=(0, 1), backend=backend)
    for n in (3, 1):
        for turns in (2, 0, 1, 7):
            found, wanted = compiled(rows(n), rows(turns)), value_and_grad(f, argnums=(0, 1))(rows(n), rows(turns))
            assert bits(found) == bits(wanted)


def test_arrays_are_found_once_for_a_loop() -> None:
    """Not for each number that is added in one of them."""

    def f(rows: Any) -> Any:
        return scan(lambda c, row: (c + dot(take(rows, row[0]), row), None), 0.0, rows)[0]

    def finds(columns: int) -> int:
        jitted = jit(grad(f), dynamic_argnums=0)
        jitted([[0.0] * columns] * 2)
        compiled = jitted._calls.latest.compiled
        return str(emit_nested(lower(compiled.program), compiled.options, this_host()).code).count("load ptr, ptr")

    assert finds(2) == finds(6)


OPEN: dict[str, Any] = {
    "value": lambda f: lambda w, x, d: f(w, x, d[0]),
    "gradient": lambda f: lambda w, x, d: value_and_grad(f, argnums=(0, 1, 2))(w, x, d[0]),
    "tangent": lambda f: lambda w, x, d: jvp(f, (w, x, d[0]), (0.5, -1.0, d[1])),
    "hessian": lambda f: lambda w, x, d: hessian(f, argnums=(0, 1))(w, x, d[0]),
}


@pytest.mark.parametrize("transform", OPEN)
@pytest.mark.parametrize("first", range(0, 40, 10))
def test_random_loops_that_carry_sequences(first: int, transform: str) -> None:
    """The bits of Python's loops; where one number comes in by two ways, the last ones may differ."""
    exact = total = 0
    for seed in range(first, first + 10):
        f = OPEN[transform](OpenDraws(seed, depth=2 if seed % 4 == 0 and transform != "hessian" else 1))
        compiled = jit(f, dynamic_argnums=2, backend="llvm" if seed % 3 else "python")
        for n in ([1, 3], [2, 9], [7, 1])[seed % 3]:
            data = [math.cos(3.0 * i + seed) for i in range(n)], [0.25] * n
            found, expected = bits(compiled(0.7, -0.3, data)), bits(f(0.7, -0.3, data))
            numbers = [[float(x.split()[-1]) for x in each] for each in (found, expected)]
            assert numbers[0] == pytest.approx(numbers[1], rel=1e-13, abs=1e-300, nan_ok=True), seed
            exact += sum(x == y for x, y in zip(found, expected, strict=True))
            total += len(expected)
    assert exact == total if transform in ("value", "tangent") else exact >= 0.95 * total


def test_tapes_of_a_loop_whose_turns_only_the_run_knows() -> None:
    """They grow, over many turns, and from call to call with the sequences."""

    def f(w: Any, xs: Any) -> Any:
        def body(c: Any) -> Any:
            return c[0] + 1.0, vmap(lambda x: sin(x * w))(c[1])

        return sum_(while_loop(lambda c: c[0] < 50.0, body, (0.0, xs))[1])

    compiled = jit(value_and_grad(f, argnums=(0, 1)), dynamic_argnums=1, backend="llvm")
    for n in (3, 1000, 1, 0, 2000):
        assert bits(compiled(1.1, rows(n))) == bits(value_and_grad(f, argnums=(0, 1))(1.1, rows(n)))


def test_a_turn_with_its_own_lengths() -> None:
    """What is as long as a turn says has no place on a tape, and is computed again."""

    def f(w: Any, xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            squares = scan(lambda d, _: (tanh(d * w + x), d * d), c, None, x * 2.0 + 3.0)[1]
            return sum_(squares) * 0.25, None

        return scan(step, w, xs)[0]

    compiled = jit(value_and_grad(f), dynamic_argnums=1, backend="llvm")
    xs = [0.0, 1.0, -1.0, 2.0]
    assert bits(compiled(0.7, xs)) == bits(jit(value_and_grad(f), dynamic_argnums=1, backend="python")(0.7, xs))
    assert compiled(0.7, xs)[1] == pytest.approx((f(0.7 + 1e-6, xs) - f(0.7 - 1e-6, xs)) / 2e-6, rel=1e-6)
