"""Rows one after another in machine code: the bits are those of rows traced turn by turn."""

from typing import Any

import numpy as np
import pytest

from autograd import Value, jit, scan, tanh, value_and_grad
from autograd.compiler.run.python import PythonExecutable

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.run import each_row
from autograd.compiler.run.each_row import EachRow
from autograd.compiler.run.machine import this_host

WEIGHTS = [Value(x) for x in (0.5, -0.25, 1.5, 0.75)]


def error(xs: Any, target: Any, scale: Any) -> Any:
    """A recurrence through a row."""

    def step(h: Any, x: Any) -> Any:
        a, b = tanh(WEIGHTS[0] * h[0] + WEIGHTS[1] * x * scale), tanh(WEIGHTS[2] * h[1] - WEIGHTS[3] * x)
        return (a, b), None

    (a, b), _ = scan(step, (0.0, 0.0), xs)
    return (a + b - target) ** 2.0


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("count", [1, 3, 64, 1500, 2100])
def test_sums_have_the_bits_of_rows_side_by_side(reduce: str, count: int) -> None:
    """Of values and gradients to captured and shared numbers, for few rows, and for several blocks."""
    rng = np.random.default_rng(0)
    xs, targets = rng.normal(size=(count, 4)), rng.normal(size=count)
    found = []
    for loops in (True, False):
        f = jit(error, in_axes=(0, 0, None), reduce=reduce, loops=loops)
        for weight in WEIGHTS:
            weight.grad = None
        result = f(xs, targets, 0.5)
        result.backward()
        slope = jit(value_and_grad(error, argnums=2), in_axes=(0, 0, None), reduce=reduce, loops=loops)(xs, targets, 0.5)
        found.append([result.data, *[weight.grad for weight in WEIGHTS], *[x.data for x in slope]])
        assert isinstance(f._calls.latest.compiled.executable, EachRow) == loops
    assert found[0] == found[1]


def test_code_does_not_grow_with_turns() -> None:
    """Which is what loops are for; by row, and on Values, it works too."""
    short, long = (jit(error, in_axes=(0, 0, None), reduce="mean", loops=True) for _ in range(2))
    short(np.ones((2, 4)), np.ones(2), 1.0)
    long(np.ones((2, 400)), np.ones(2), 1.0)
    assert long.stats().operations_traced < short.stats().operations_traced + 100
    xs, targets = np.random.default_rng(0).normal(size=(3, 4)), np.zeros(3)
    by_row = [jit(error, in_axes=(0, 0, None), loops=loops)(xs, targets, 0.5) for loops in (True, False)]
    assert [x.data for x in by_row[0]] == [x.data for x in by_row[1]]
    assert jit(error, in_axes=(0, 0, None), reduce="sum", backend="python", loops=True)(xs, targets, 0.5).data == pytest.approx(
        jit(error, in_axes=(0, 0, None), reduce="sum", loops=True)(xs, targets, 0.5).data, rel=1e-15
    )
    assert PythonExecutable is not EachRow


def test_weights() -> None:
    """A mean by weights: the sum of what the function gives over the sum of weights."""
    f = jit(lambda x, w: x * x * w, in_axes=(0, 0), reduce="mean", loops=True)
    f._calls.options = f._calls.options._replace(weighted=True)
    xs, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 3.0])
    assert f(xs, weights) == (1.0 + 27.0) / 4.0
    assert f(xs, np.zeros(3)) != f(xs, np.zeros(3))  # nan: nothing counts


def test_rows_shared_by_threads_of_the_caller() -> None:
    """Each call has a frame of its own."""
    from concurrent.futures import ThreadPoolExecutor

    f = jit(error, in_axes=(0, 0, None), reduce="mean", loops=True)
    xs, targets = np.random.default_rng(0).normal(size=(50, 4)), np.zeros(50)
    wanted = f(xs, targets, 0.5).data
    with ThreadPoolExecutor(4) as pool:
        assert {r.data for r in pool.map(lambda _: f(xs, targets, 0.5), range(40))} == {wanted}


@pytest.mark.parametrize("name", each_row.WORKS)
def test_numbers_are_moved_in_vectors(name: str) -> None:
    """As many at once as a register holds, then what is left."""
    text = each_row.loop_text(name)
    assert f"<{this_host().lanes} x double>" in text
    assert "<" not in text.partition("last:")[2]


def test_a_mean_over_one_row_divides_nothing() -> None:
    """x / 1 is x: a batch of one sample costs no division for each parameter."""
    assert "%matters = fcmp une double %weight_sum, 1.0" in each_row.TEXT
