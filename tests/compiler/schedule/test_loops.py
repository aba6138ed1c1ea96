"""Loops found in flat graphs: networks, sums and grids of any size, and what is nearly regular."""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import dot, grad, jit, maximum, relu, sum_, tanh, value_and_grad, where
from autograd.compiler.schedule.loops import affine_runs
from tests.compiler.comparison import bits, outcome

pytestmark = [pytest.mark.filterwarnings("error")]
ACTIVATIONS = [relu, tanh, lambda z: maximum(z, 0.1 * z), lambda z: where(z > 0.0, z, -0.0), lambda z: z]


@st.composite
def networks(draw: st.DrawFn) -> tuple[int, int, Callable[[Any, Any], Any]]:
    """Layers of any widths: how many parameters and inputs, and the function of both."""
    widths = draw(st.lists(st.integers(1, 11), min_size=2, max_size=4))
    activation = draw(st.sampled_from(ACTIVATIONS))
    bias_first, by_dot = draw(st.booleans()), draw(st.booleans())
    count = sum((a + 1) * b for a, b in pairwise(widths))

    def network(parameters: Any, inputs: Any) -> Any:
        rest, xs = iter(parameters), list(inputs)
        for a, b in pairwise(widths):
            layer = []
            for _ in range(b):
                weights, bias = [next(rest) for _ in range(a)], next(rest)
                if by_dot:
                    z = dot(weights, xs) + bias
                else:
                    z = bias if bias_first else 0.0
                    for w, x in zip(weights, xs, strict=True):
                        z = z + w * x
                    z = z if bias_first else z + bias
                layer.append(activation(z))
            xs = layer
        return ag.logsumexp(xs) if len(xs) > 1 else xs[0]

    return count, widths[0], network


def numbers(count: int, seed: int) -> list[float]:
    """Some, with a few zeros and ties among them."""
    rng = random.Random(seed)
    return [rng.choice([0.0, -0.0, 1.0, rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)]) for _ in range(count)]


@given(drawn=networks(), rows=st.integers(1, 18), seed=st.integers(0, 9))
@settings(max_examples=25)
def test_networks(backend: str, drawn: Any, rows: int, seed: int) -> None:
    """Value and gradient to parameters and inputs: without rows, by row, and summed over rows; the same bits."""
    count, width, network = drawn
    parameters, table = numbers(count, seed), np.array(numbers(rows * width, seed + 10)).reshape(rows, width)
    both = value_and_grad(network, argnums=(0, 1))
    assert outcome(jit(both, backend=backend), parameters, table[0].tolist()) == outcome(both, parameters, table[0].tolist())
    by_row = [both(parameters, row) for row in table]
    found = jit(both, in_axes=(None, 0), backend=backend)(parameters, table)
    for i, wanted in enumerate(by_row):
        assert bits([found[0][i], *[p[i] for p in found[1][0]], found[1][1][i]]) == bits(wanted)
    value, (slopes, _) = jit(both, in_axes=(None, 0), reduce="sum", backend=backend)(parameters, table)
    assert bits(value) == bits(sum_([wanted[0] for wanted in by_row]))
    assert bits(slopes) == bits([sum_(column) for column in zip(*[wanted[1][0] for wanted in by_row], strict=True)])


@given(drawn=networks())
@settings(max_examples=8)
def test_second_derivatives_of_networks(drawn: Any) -> None:
    """Hessian-vector products, whose graphs are less regular."""
    count, width, network = drawn
    parameters, x, v = (numbers(n, i) for i, n in enumerate((count, width, count)))

    def product(p: Any, v: Any) -> Any:
        return ag.hvp(lambda p: network(p, x), (p,), (v,))

    assert outcome(jit(product), parameters, v) == outcome(product, parameters, v)


SUMS: dict[str, Callable[[list[Any]], Any]] = {
    "a sum": sum_,
    "a sum from the end": lambda xs: sum_(xs[::-1]),
    "every other term": lambda xs: sum_(xs[::2]),
    "a term twice": lambda xs: sum_([*xs, xs[0], xs[0]]),
    "products with neighbours": lambda xs: dot(xs[:-1], xs[1:]),
    "products with the reverse": lambda xs: dot(xs, xs[::-1]),
    "squares": lambda xs: dot(xs, xs),
    "products with constants": lambda xs: dot(xs, [float(i) for i in range(len(xs))]),
    "products with one constant": lambda xs: dot(xs, [3.0] * len(xs)),
    "terms out of order": lambda xs: sum_([xs[i * 7 % len(xs)] for i in range(len(xs))]),
    "guarded terms": lambda xs: sum_([where(x > 0.0, x * y, -0.0) for x, y in pairwise(xs)]),
    "guarded otherwise": lambda xs: sum_([where(x > 0.0, -0.0, x * y) for x, y in pairwise(xs)]),
    "sums of sums": lambda xs: sum_([sum_(xs[i:]) for i in range(len(xs))]),
    "running sums": lambda xs: dot(xs, [sum_(xs[: i + 1]) for i in range(len(xs))]),
    "a polynomial": lambda xs: ag.tanh(sum_([x * 0.1 for x in xs])) * xs[-1] + xs[0],
    "a grid of differences": lambda xs: sum_([(a - b) * (a - b) for a in xs for b in xs]),
    "a filter": lambda xs: sum_([tanh(0.25 * a + 0.5 * b + 0.25 * c) for a, b, c in zip(xs, xs[1:], xs[2:], strict=False)]),
    "a matrix product": lambda xs: sum_(
        [tanh(dot(xs[4 * i : 4 * i + 4], xs[j : j + 13 : 4])) for i in range(4) for j in range(4)] if len(xs) >= 16 else xs
    ),
    "a binomial tree": lambda xs: tree(xs),  # noqa: PLW0108 - stated below
}


def tree(xs: list[Any]) -> Any:
    """Backwards through a lattice, a maximum at each node."""
    while len(xs) > 1:
        xs = [maximum(0.6 * a + 0.4 * b, 0.1 * a) for a, b in pairwise(xs)]
    return xs[0]


@pytest.mark.parametrize("f", SUMS.values(), ids=SUMS)
def test_sums_of_every_kind(f: Any, backend: str) -> None:
    """At sizes around those at which loops begin and end: value and gradient, alone and over rows."""
    for size in (3, 4, 5, 8, 16, 17, 37):
        xs = numbers(size, size)
        both = value_and_grad(f)
        wanted = outcome(both, xs)
        assert outcome(jit(both, backend=backend), xs) == wanted, f"{size} numbers"
        if size in (5, 17):
            found = jit(both, in_axes=0, backend=backend)(np.array([numbers(size, 50), xs, xs]))
            assert bits([found[0][1], found[1][1]]) == bits([found[0][2], found[1][2]]) == wanted[0]


def test_long_disjunctions(backend: str) -> None:
    """Thousands of truth values joined by "or": their order makes no difference, and one that holds is found anywhere."""

    def f(xs: Any) -> Any:
        conditions = [x > 1.0 for x in xs]
        counted = sum_([where(condition, 1.0, 0.0) for condition in conditions])  # so they lie in this order, not in the other
        found = conditions[0]
        for i in order:
            found = found | conditions[i]
        return [counted, where(found, dot(xs, xs), 0.0)]

    order = random.Random(2).sample(range(3000), 2900)
    compiled = jit(f, backend=backend)
    for place in (None, 0, order[-1], *range(5, 3000, 131), *range(2985, 3000)):
        xs = [0.5] * 3000
        if place is not None:
            xs[place] = 2.0
        counted, chosen = compiled(xs)
        assert counted == (place is not None)
        assert (chosen != 0.0) is (place in {0, *order})


def test_long_sums(backend: str) -> None:
    """Of thousands of terms that lie in order, and of terms that lie anywhere."""
    xs = numbers(3000, 1)
    order = random.Random(2).sample(range(3000), 3000)
    for f in (sum_, lambda xs: sum_([xs[i] for i in order]), lambda xs: dot(xs, [xs[i] for i in order])):
        assert bits(jit(f, backend=backend)(xs)) == bits(f(xs))


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(-3, 3), st.integers(-9, 9), st.integers(1, 4), st.integers(1, 5)), max_size=6
    )
)
def test_affine_runs(parts: list[tuple[int, int, int, int, int]]) -> None:
    """The runs cover all rows of addresses in order, and each advances evenly by run and by step."""
    addresses = np.array(
        [
            (start + i * across + j * down, start - i + 2 * j)
            for start, across, down, runs, steps in parts
            for j in range(runs)
            for i in range(steps)
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    at = 0
    for start, runs, steps in affine_runs(addresses):
        assert start == at
        assert runs >= 1
        assert steps >= 1
        table = addresses[start : start + runs * steps].reshape(runs, steps, 2)
        assert (np.diff(table, n=2, axis=1) == 0).all()
        assert (np.diff(table, n=2, axis=0) == 0).all()
        at += runs * steps
    assert at == len(addresses)


def test_a_network_is_loops() -> None:
    """Its code does not grow with its layers' widths as its operations do."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")

    def code(width: int) -> Any:
        weights = [[0.1 * (i + j) for j in range(width)] for i in range(width)]

        def f(xs: Any) -> Any:
            return sum_([tanh(dot(row, xs)) for row in weights])

        return jit(grad(f), backend="llvm").stats([0.5] * width)

    small, large = code(16), code(64)
    assert large.operations > 12 * small.operations
    assert large.code_size < 8 * small.code_size


MIXED: dict[str, Callable[[Any, Any], list[Any]]] = {
    "rows, then parameters": lambda p, x: [x[0] * x[0], x[1] * x[0], p[0] * x[0], p[1] * x[0]],
    "in turn": lambda p, x: [x[0] * x[0], p[0] * x[0], x[1] * x[0], p[1] * x[0]],
    "one of each": lambda p, x: [a * x[0] for a in (x[0], p[0], x[1], p[1], p[2], x[0], x[1], p[3])],
    "computed and given": lambda p, x: [a * p[0] for a in (p[0], p[1], tanh(p[0]), tanh(p[1]), p[2], p[3])],
    "constants between": lambda p, x: [a * x[0] for a in (p[0], p[1], 2.0, 3.0, x[0], x[1], 5.0)],
    "choices": lambda p, x: [where(x[0] > 0.0, a, 0.0) for a in (x[0], x[1], p[0], p[1])],
    "sums": lambda p, x: [
        dot([a, b, a, b], [x[0], x[1], p[0], p[1]]) for a, b in ((x[0], x[1]), (p[0], p[1]), (p[2], p[3])) * 2
    ],
}


@pytest.mark.parametrize("f", MIXED.values(), ids=MIXED)
def test_numbers_from_different_memory(f: Any, backend: str) -> None:
    """What is computed alike from inputs of rows, shared ones, constants and computed ones advances evenly in none of them."""
    p, rows = numbers(4, 5), np.array(numbers(18, 6)).reshape(9, 2)
    wanted = [f(p, row.tolist()) for row in rows]
    found = jit(f, in_axes=(None, 0), backend=backend)(p, rows)
    assert bits([[float(column[i]) for column in found] for i in range(9)]) == bits(wanted)
    assert bits(jit(f, backend=backend)(p, rows[3].tolist())) == bits(wanted[3])
    flipped = jit(lambda x, p: f(p, x), in_axes=(None, 0), backend=backend)(rows[3].tolist(), np.array([p] * 9))
    assert bits([float(column[8]) for column in flipped]) == bits(wanted[3])
