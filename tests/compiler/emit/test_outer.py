"""Outer products summed over rows: found in networks, the same bits as row by row, on every processor."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import nn
from autograd import dot, relu, sum_, tanh, value_and_grad, where
from autograd.compiler.emit.entries import emit
from autograd.compiler.emit.outer import Scheduled
from autograd.compiler.jit import jit
from autograd.compiler.lower import lower
from autograd.compiler.node import Rows
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code, as_python
from autograd.compiler.schedule.scheduling import Schedule, schedule
from autograd.program import Program
from tests.compiler.comparison import bits
from tests.compiler.run.test_llvm import HOSTS, X86, this_host


def network(sizes: list[int], activation: Any = "relu") -> tuple[Any, int]:
    """The value and gradient of a network's loss on one row, and how many parameters it has."""
    model = nn.MLP(sizes[0], sizes[1:], activation=activation, rng=0)
    step = value_and_grad(lambda p, x, t: nn.mse_loss(nn.functional_call(model, p, x), t))
    return step, len(model.parameters())


def program_of(sizes: list[int], activation: Any = "relu") -> tuple[Program, Options]:
    """Such a network as a program over rows."""
    step, count = network(sizes, activation)
    compiled = jit(step, in_axes=(None, 0, 0), reduce="sum", backend="python")
    outputs = np.zeros((2, sizes[-1])) if sizes[-1] > 1 else np.zeros(2)
    compiled(np.zeros(count), np.zeros((2, sizes[0])), outputs)
    found = compiled._calls.latest.compiled
    return found.program, found.options


def planned(program: Program, options: Options) -> Schedule:
    """What it becomes before it is emitted."""
    return schedule(lower(program), options)


SIZES = [[2, 16, 16, 1], [9, 8, 5, 3], [3, 17, 11, 9, 2], [20, 4, 10]]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_they_are_found(sizes: list[int], activation: str) -> None:
    """The weights between all layers wide enough, guarded by what ReLU let through or not; all other outputs stay."""
    plan = planned(*program_of(sizes, activation))
    wide = [(nout, nin) for nin, nout in pairwise(sizes) if nin >= 4 and nout >= 4]
    scheduled = Scheduled(plan, 4)
    found = scheduled.outers.found
    assert sorted((o.rows, o.columns) for o in found) == sorted(wide)
    if activation == "relu":
        assert any(o.guard is not None for o in found)
    taken = [plan.memory.address[root] - plan.memory.out for root in scheduled.roots]
    assert sorted(scheduled.other_outputs() + taken) == list(range(len(plan.ssa.outputs)))


def test_they_are_emitted() -> None:
    """Where rows are reduced, each is a function of the machine code; where rows are kept, the code has no such function."""
    program, options = program_of([9, 16, 16, 3])
    for reduce, outers, transposed in (("mean", 2, 3), (None, 0, 0)):
        now = replace(options, reduce=reduce)
        text = emit(planned(program, now), now, HOSTS["this"]).code
        assert text.count("define internal void @outer") == outers
        # squares, the 9th number, and squares that lie backwards: both share these
        assert text.count("define internal void @transposed") == transposed


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("count", [1, 7, 8, 9, 100, 129])
def test_the_same_bits_as_row_by_row(host: Any, sizes: list[int], count: int) -> None:
    """Sums and gradients, for rows that do and do not fill the lanes; also where numbers are infinite or nan."""
    if host is not HOSTS["this"] and (
        not X86 or not set(host.features.split(",")) - {""} <= set(this_host().features.split(","))
    ):
        pytest.skip("another processor")
    program, options = program_of(sizes)
    rng = np.random.default_rng(count)
    inputs, outputs = rng.normal(size=(count, sizes[0])), rng.normal(size=(count, sizes[-1]))
    shared = rng.normal(size=sum(1 for array in options.varying or () if array is None)).tolist()
    for special in (None, np.inf, np.nan, -0.0):
        if special is not None:
            inputs[count // 2, 0] = special
        rows = Rows(count, (inputs, outputs))
        for reduce in ("sum", "mean"):
            now = replace(options, reduce=reduce)
            wanted = as_python(program, now).run(shared, rows)
            found = as_machine_code(program, now, host).run(shared, rows)
            assert bits(list(map(float, found))) == bits(list(map(float, wanted)))


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("count", [1, 7, 8, 9, 100])
def test_fast_mode_is_near(sizes: list[int], count: int) -> None:
    """To the rounding of sums in another order."""
    step, parameters = network(sizes)
    rng = np.random.default_rng(0)
    shape = (count, sizes[-1]) if sizes[-1] > 1 else (count,)
    arguments = rng.normal(size=parameters), rng.normal(size=(count, sizes[0])), rng.normal(size=shape)
    for reduce in ("sum", "mean"):
        options: dict[str, Any] = {"in_axes": (None, 0, 0), "reduce": reduce}
        value, gradient = jit(step, fast=True, **options)(*arguments)
        exact, its_gradient = jit(step, **options)(*arguments)
        assert value == pytest.approx(exact, rel=1e-12)
        np.testing.assert_allclose(gradient, its_gradient, rtol=1e-10, atol=1e-12 * np.abs(its_gradient).max())


def test_what_is_read_elsewhere_is_no_sum_alone() -> None:
    """Products that are used by something else too are computed by row."""

    def f(p: Any, x: Any) -> Any:
        products = [relu(a) * b for a in x[:4] for b in x[4:]]
        return products, sum(q * p for q in products)

    compiled = jit(f, in_axes=(None, 0), reduce="sum")
    x = np.random.default_rng(0).normal(size=(9, 12))
    found = compiled(2.0, x)
    wanted = jit(f, in_axes=(None, 0), reduce="sum", backend="python")(2.0, x)
    assert bits(found) == bits(wanted)


@pytest.mark.parametrize("count", [1, 8, 20])
@pytest.mark.parametrize("outer", [True, False], ids=["by neuron", "by input"])
def test_weights_in_either_order(outer: bool, count: int) -> None:
    """A neuron's weights side by side, or an input's: what ReLU lets through goes by runs of the loop, or by its steps."""
    nin, nout = 6, 9

    def loss(p: Any, x: Any, t: Any) -> Any:
        def weight(i: int, j: int) -> Any:
            return p[i * nin + j] if outer else p[j * nout + i]

        inputs = [tanh(number) for number in x]
        hidden = [relu(sum_([weight(i, j) * inputs[j] for j in range(nin)])) for i in range(nout)]
        return (dot(hidden, p[nin * nout :]) - t) ** 2

    rng = np.random.default_rng(0)
    arguments = rng.normal(size=nin * nout + nout), rng.normal(size=(count, nin)), rng.normal(size=count)
    options: dict[str, Any] = {"in_axes": (None, 0, 0), "reduce": "mean"}
    found = jit(value_and_grad(loss), **options)(*arguments)
    wanted = jit(value_and_grad(loss), backend="python", **options)(*arguments)
    assert bits([found[0], found[1].tolist()]) == bits([wanted[0], wanted[1].tolist()])
    fast = jit(value_and_grad(loss), fast=True, **options)(*arguments)
    np.testing.assert_allclose(fast[1], wanted[1], rtol=1e-10, atol=1e-12 * np.abs(wanted[1]).max())


@pytest.mark.parametrize(
    "term",
    [
        lambda xs, ys, zs, i, j: where(ys[j] > 0.0, xs[i] * zs[i], 0.0),
        lambda xs, ys, zs, i, j: where(xs[i] > 0.0, ys[j] * ys[j], 0.0),
        lambda xs, ys, zs, i, j: where(xs[i] > 0.0, xs[i] * ys[j], 1.0),
        lambda xs, ys, zs, i, j: where(ys[j] > 0.0, xs[i] * ys[j], 0.0),
        lambda xs, ys, zs, i, j: where(xs[i] > 0.0, 0.0, zs[i] * ys[j]),
        lambda xs, ys, zs, i, j: where(xs[i], ys[j] * xs[i], 0.0),
    ],
)
@pytest.mark.parametrize("count", [7, 16])
def test_what_looks_like_an_outer_product(term: Any, count: int) -> None:
    """Guards and factors that go by run or by step of the loop, in all ways: the same bits as by row."""

    def products(xs: Any, ys: Any, zs: Any) -> Any:
        return [term(xs, ys, zs, i, j) for i in range(5) for j in range(9)]

    rng = np.random.default_rng(1)
    rows = [rng.normal(size=(count, size)) for size in (5, 9, 5)]
    options: dict[str, Any] = {"in_axes": 0, "reduce": "sum"}
    assert bits(jit(products, **options)(*rows)) == bits(jit(products, backend="python", **options)(*rows))
