"""Rows side by side through a program whose layers are loops: the bits of programs without loops, and a code of their size."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, hvp, value_and_grad
from autograd.compiler.emit.loops_by_row import Given, given_by, with_factors
from autograd.compiler.fused import carries_nothing, fused
from autograd.compiler.interleaved import interleaved
from autograd.compiler.jit import jit
from autograd.compiler.lower import lower
from autograd.compiler.merge import merged
from autograd.compiler.node import Compiled
from autograd.compiler.run.each_row import EachRow
from autograd.forms import Loop
from tests.compiler.comparison import bits

SIZES = [[20, 32, 16, 10], [9, 31, 40], [17, 40, 30, 25, 8]]


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls a function mapped over rows both ways: without loops, and with a loop for each layer."""

    def both(function: Any, arguments: Any, **options: Any) -> tuple[Any, Any, Compiled]:
        options = {"in_axes": (None, 0, 0), "reduce": "mean"} | options
        found: list[Any] = []
        for many in (1 << 40, 1):
            monkeypatch.setattr("autograd.compiler.trace.arguments.MANY", many)
            f = jit(function, **options)
            found.append(f(*arguments))
        return *found, f._calls.latest.compiled

    return both


def network(sizes: list[int], activation: str = "relu", rows: int = 40, *, bias: bool = True) -> tuple[Any, Any]:
    """A loss of a network's parameters on one row; parameters, rows and classes."""
    model = nn.MLP(sizes[0], sizes[1:], activation=activation, bias=bias, rng=0)
    rng = np.random.default_rng(rows)
    numbers = rng.normal(size=(rows, sizes[0])), rng.integers(0, sizes[-1], rows).astype(float)
    parameters = np.array([p.item() for p in model.parameters()])
    return lambda p, x, t: nn.cross_entropy(nn.functional_call(model, p, x), t), (parameters, *numbers)


@pytest.mark.parametrize(("sizes", "activation"), [(SIZES[0], "relu"), (SIZES[1], "tanh"), (SIZES[2], "gelu")], ids=str)
def test_the_bits_of_values_and_gradients(ways: Any, sizes: list[int], activation: str) -> None:
    """For rows that do and do not fill the lanes, and several blocks of them."""
    for rows in (1, 13, 2_500):
        loss, arguments = network(sizes, activation, rows)
        flat, rolled, compiled = ways(value_and_grad(loss), arguments, reduce="mean" if rows % 2 else "sum")
        assert bits(flat) == bits(rolled)
        assert compiled.options.rolled
        assert not isinstance(compiled.executable, EachRow)


@pytest.mark.parametrize("special", [np.inf, np.nan, -0.0])
def test_special_numbers(ways: Any, special: float) -> None:
    """Where nothing arrives, a gradient is 0 whatever else is there."""
    loss, (parameters, inputs, targets) = network(SIZES[0])
    inputs[20, 3] = special
    flat, rolled, _ = ways(value_and_grad(loss), (parameters, inputs, targets))
    assert bits(flat) == bits(rolled)
    flat, rolled, _ = ways(value_and_grad(loss), (-parameters, np.full(inputs.shape, -0.0), targets))
    assert bits(flat) == bits(rolled)


def test_other_functions(ways: Any) -> None:
    """A loss without its gradient, a gradient by the rows too, and a product with the Hessian."""
    loss, arguments = network(SIZES[0])
    direction = np.linspace(-1.0, 1.0, len(arguments[0]))
    for f in (loss, value_and_grad(loss, argnums=(0, 1)), lambda p, x, t: hvp(lambda q: loss(q, x, t), [p], [direction])):
        flat, rolled, _ = ways(f, arguments)
        assert bits(flat) == bits(rolled)


@pytest.mark.parametrize("bias", [True, False])
def test_parameters_that_are_values(ways: Any, bias: bool) -> None:
    """The partials of the loss, of which one pass gives all; weights without biases between them are arrays already."""
    loss, (parameters, *rows) = network(SIZES[0], bias=bias)
    leaves = [Value(x) for x in parameters]
    flat, rolled, compiled = ways(loss, (leaves, *rows))
    gradients = []
    for result in (flat, rolled):
        result.backward()
        gradients.append([leaf.grad for leaf in leaves])
        for leaf in leaves:
            leaf.grad = 0.0
    assert bits(gradients[0]) == bits(gradients[1])
    assert not isinstance(compiled.derived.executable, EachRow)


def test_a_layer_that_is_called_often_has_no_products_left(ways: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rows would take too much memory, the program is traced without loops."""
    monkeypatch.setattr("autograd.compiler.emit.loops_by_row.MOST_NUMBERS", 1 << 12)

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Layer(30, 30, rng=0)

        def forward(self, x: Any) -> Any:
            return self.layer(self.layer(x))

    model = Recurrent()
    parameters = np.array([p.item() for p in model.parameters()])
    loss = value_and_grad(lambda p, x, t: nn.mse_loss(nn.functional_call(model, p, x), [t] * 30))
    rng = np.random.default_rng(0)
    flat, rolled, compiled = ways(loss, (parameters, rng.normal(size=(3, 30)), rng.normal(size=3)))
    assert bits(flat) == bits(rolled)
    assert not compiled.options.rolled


def test_factors_are_given_in_the_place_of_products(ways: Any) -> None:
    """Of each layer's weights a number for each neuron and input, and what ReLU let through; the code has no long rows."""
    loss, arguments = network(SIZES[0])
    compiled = ways(value_and_grad(loss), arguments)[-1]
    assert sum(isinstance(form, Loop) for form, _ in compiled.program.steps) > 3
    program, options = interleaved(*compiled.in_arrays)
    ssa = lower(fused(merged(program, options.arrays, options.results), carries_nothing))
    given = given_by(options, len(ssa.outputs))
    found, others, products = with_factors(ssa, given, lanes=8)
    assert [(p.given.rows, p.given.columns, p.given.down) for p in products] == [(16, 32, 33), (32, 20, 21)]
    assert all(p.guard is not None for p in products)
    assert sum(x.rows * x.columns or 1 for x in others) == 1 + 10 * (16 + 1) + 16 + 32  # the last layer is too small for a loop
    assert max(row.width for form in found.primitives if isinstance(form, Loop) for row in form.ys) == 1


def test_where_outputs_belong() -> None:
    """One after another, if nothing says otherwise."""
    compiled = jit(lambda x: (x, x), in_axes=0, reduce="sum")
    compiled(np.ones(3))
    options = compiled._calls.latest.compiled.options
    assert given_by(options, 2) == [Given(0, 0, 0, 0), Given(1, 0, 0, 0)]
    options = replace(options, results=(0, 3, 0), result_rows=(0, 2, 0))
    assert given_by(options, 3) == [Given(0, 0, 0, 0), Given(1, 2, 3, 3), Given(7, 0, 0, 0)]
