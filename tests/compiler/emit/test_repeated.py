"""Loops that a program has several times, in machine code."""

import random
from typing import Any

import numpy as np
import pytest

from autograd import Value, dot, exp, fori_loop, grad, jit, scan, tanh, vmap
from tests.compiler.comparison import bits
from tests.compiler.emit.test_turns import text_of


def layer(w: Any, xs: Any) -> Any:
    """A matrix times each of some vectors."""
    return vmap(lambda x: vmap(lambda row: tanh(dot(row, x)))(w))(xs)


def network(weights: Any, xs: Any) -> Any:
    """Layers alike, each with its own matrix."""
    for w in weights:
        xs = layer(w, xs)
    return sum(vmap(lambda x: dot(x, x))(xs))


def matrices(count: int, width: int, seed: int = 0) -> list[Any]:
    """Square matrices."""
    rng = random.Random(seed)
    return [[[rng.gauss(0, 0.5) for _ in range(width)] for _ in range(width)] for _ in range(count)]


def values(thing: Any) -> Any:
    """The same in Values."""
    return [values(x) for x in thing] if isinstance(thing, list) else Value(thing)


def test_code_does_not_grow_with_layers() -> None:
    """Functions are those of one layer, called for each, but for what differs: the first layer, and the last one."""
    counts = []
    for count in (4, 8):
        text = text_of(network, matrices(count, 6), matrices(1, 6, 1)[0])
        counts.append(text.count("define internal void @loop"))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("width", [2, 3, 7, 8, 9, 17])
def test_gradients_are_those_of_eager_values(width: int) -> None:
    """Each call has its own arrays, read and written."""
    weights, xs = matrices(4, width), matrices(1, width, 1)[0]
    eager, compiled = values([*weights, xs]), values([*weights, xs])
    wanted = network(eager[:-1], eager[-1])
    found = jit(network, backend="llvm")(compiled[:-1], compiled[-1])
    wanted.backward()
    found.backward()

    def of(thing: Any) -> list[float]:
        return [x.grad for matrix in thing for row in matrix for x in row]

    assert bits([found.data, *of(compiled)]) == bits([wanted.data, *of(eager)])


def recurrence(x: Any, start: Any) -> tuple[Any, Any]:
    """A loop that carries numbers, and gives rows."""
    return scan(lambda c, a: ((0.5 * c[0] + a * c[1], c[1] * 0.9), c[0] * a), (start, 1.0), x)


def carried(xs: Any) -> Any:
    """The same loop from several starts, each of which reads what those before gave, and gives what is read at the end."""
    (a, b), first = recurrence(xs, 0.25)
    (c, d), second = recurrence(first, a)
    (e, f), third = recurrence(second, c * b)
    return a * e + 2.0 * b * f + c * e + d * f + sum(first) + 2.0 * sum(second) + 3.0 * sum(third)


def long(xs: Any) -> Any:
    """A body that is in pieces, with an array that all turns share, and that is carried in the derivative."""

    def turns(xs: Any, start: Any) -> Any:
        def body(i: Any, c: Any) -> Any:
            for _ in range(80):
                c = 0.5 * c + exp(-c * 0.5) + scan(lambda total, x: (total + x * 0.01, None), 0.0, xs)[0] * i * 0.001
            return c

        return fori_loop(0, 3, body, start)

    first = turns(xs, 0.25)
    return turns(xs, first) + first


def neighbours(xs: Any) -> Any:
    """Long turns that carry a list, which the same loop changes twice: it may write where it reads."""

    def turn(c: Any, _: Any) -> Any:
        for _ in range(2):
            c = [*vmap(lambda a, b: 0.5 * a + exp(-b * b))(c[:-1], c[1:]), c[-1]]
        for _ in range(60):
            c[-1] = 0.5 * c[-1] + exp(-c[-1] * c[-2])
        return c, c[:-1]

    last, rows = scan(turn, [x * i for i in range(5) for x in xs], length=4)
    return dot(last, last) + sum(dot(row, row) for row in rows)


def test_what_may_be_written_where_it_is_read() -> None:
    """The code is that of Python's lists; eager Values add what arrives through several slices in another order."""
    xs = [0.5, -0.25, 1.5, 0.75, 2.0]
    assert jit(neighbours, backend="llvm")(xs) == neighbours(xs)
    slopes, plain = (jit(grad(neighbours), backend=backend)(xs) for backend in ("llvm", "python"))
    assert bits(slopes) == bits(plain)
    assert slopes == pytest.approx(grad(neighbours)(xs), rel=1e-13)


@pytest.mark.parametrize("f", [carried, long])
def test_what_a_call_gives_stays_when_the_next_one_comes(f: Any) -> None:
    """Numbers, and arrays."""
    xs = [0.5, -0.25, 1.5, 0.75, 2.0]
    eager, compiled = values(xs), values(xs)
    wanted, found = f(eager), jit(f, backend="llvm")(compiled)
    wanted.backward()
    found.backward()
    assert bits([found.data, *[x.grad for x in compiled]]) == bits([wanted.data, *[x.grad for x in eager]])


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 33])
def test_in_lanes(rows: int) -> None:
    """Rows side by side."""
    weights = values(matrices(3, 5))
    data = np.array([matrices(1, 5, i + 1)[0] for i in range(rows)])
    found = jit(lambda x: network(weights, x), in_axes=0, reduce="sum", loops=True)(data)
    found.backward()
    grads = [x.grad for matrix in weights for row in matrix for x in row]
    for matrix in weights:
        for row in matrix:
            for x in row:
                x.grad = None
    results = [network(weights, x.tolist()) for x in data]
    wanted = sum(results[1:], results[0])
    wanted.backward()
    assert found.data == pytest.approx(wanted.data, rel=1e-13)
    assert grads == pytest.approx([x.grad for matrix in weights for row in matrix for x in row], rel=1e-11, abs=1e-13)
