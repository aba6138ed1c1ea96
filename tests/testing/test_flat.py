"""Functions of lists, their Jacobians, and the bound on their rounding."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value
from autograd.definition import Primitive
from autograd.real import number_of
from autograd.testing.flat import absolute_partials, alone, flat_jacobian, is_linear, recorded, rounding


def f(xs: list[Any]) -> list[Any]:
    """Two outputs of three inputs, the third unused."""
    return [xs[0] * xs[1], ag.sin(xs[1])]


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_jacobians_are_flat(mode: str) -> None:
    """Row after row; and a Jacobian is such a function again."""
    assert flat_jacobian(f, mode)([2.0, 3.0, 4.0]) == [3.0, 2.0, 0.0, 0.0, math.cos(3.0), 0.0]
    second = flat_jacobian(flat_jacobian(f, mode), "rev")([2.0, 3.0, 4.0])
    assert second == [0.0, 1.0, 0.0, 1.0, *[0.0] * 9, -math.sin(3.0), *[0.0] * 4]


def test_numbers_and_primitives() -> None:
    """Of floats and nodes; a primitive takes its operands in a list, also where its call takes sequences."""
    assert number_of(2.5) == number_of(Value(2.5)) == 2.5
    assert alone(ag.dot)([1.0, 2.0, 3.0, 4.0]) == [11.0]
    assert is_linear(ag.sub)
    assert not is_linear(ag.mul)
    assert not is_linear(ag.sum_)


def test_what_is_recorded() -> None:
    """Operations on the inputs alone, after their operands, with labels; what does not depend on these is a float."""
    outside = Value(5.0) * 2.0

    def call(xs: list[Any]) -> list[Any]:
        product = xs[0] * outside
        product.label = "product"
        return [ag.exp(product), outside, 3.0]

    inputs, nodes, outputs = recorded(call, [1.0])
    assert [(node.primitive, node.label) for node in nodes] == [(ag.mul, "product"), (ag.exp, "")]
    assert nodes[0].operands == (inputs[0], 10.0)
    assert outputs[0] is nodes[-1]
    assert outputs[1:] == [10.0, 3.0]
    assert number_of(inputs[0]) == 1.0


def test_compiled_functions_are_recorded_as_their_operations() -> None:
    """Those of a compiled gradient, of rows and of their mean too, at the same numbers."""
    f = ag.jit(lambda x: ag.sin(x * 2.0))
    _, nodes, _ = recorded(lambda xs: [f(xs[0]) + 1.0], [0.5])
    assert [node.primitive for node in nodes] == [ag.mul, ag.sin, ag.add]
    for reduce in (None, "sum", "mean"):
        g = ag.jit(lambda a, b: ag.sin(a * b), in_axes=(None, 0), reduce=reduce)
        plain = g(0.3, [1.0, 2.0, 3.0])
        _, nodes, outputs = recorded(
            lambda xs, g=g: [*ag.grad(f)(xs[0] * 1.0).operands, *np.ravel(g(xs[0], [1.0, 2.0, 3.0]))], [0.3]
        )
        assert list(map(number_of, outputs[-np.size(plain) :])) == np.ravel(plain).tolist()
        assert {node.primitive for node in nodes} >= {ag.mul, ag.sin}
        assert all(type(node.primitive) is Primitive for node in nodes)


def test_partials_that_are_unknown_count_for_nothing() -> None:
    """Sizes of the others."""
    assert absolute_partials(Value(2.0) * Value(-3.0)) == [3.0, 2.0]
    assert absolute_partials(Value(-1.0) ** Value(2.0))[1] is None  # nan, for a negative base
    assert absolute_partials(Value(2.0) * -3.0) == [3.0, None]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6))
@settings(max_examples=60)
def test_the_noise_bounds_the_error(at: list[float]) -> None:
    """Of sums and products, which fractions know exactly."""

    def g(xs: list[Any]) -> list[Any]:
        total = xs[0]
        for x in xs[1:]:
            total = (total + x) * (x - 1.5)
        return [total]

    exact = g([Fraction(x) for x in at])[0] if len(at) > 1 else Fraction(at[0])
    found = rounding(g, at)
    assert abs(Fraction(found.values[0]) - exact) <= Fraction(found.outputs[0]) + Fraction(1, 10**300)


def test_noise_moves_with_its_inputs() -> None:
    """That of a number which does not depend on an input stands still when this moves."""
    found = rounding(lambda xs: [(xs[0] + 1e8) - 1e8 + xs[1]], [1.0, 2.0])
    (moving,) = found.moving
    assert moving[0] > 1e-9
    assert 0.0 < moving[1] < 1e-14
    assert found.outputs[0] >= max(moving)
    assert rounding(lambda xs: [xs[0] * 2.0, xs[1] * 2.0], [1.0, 2.0]).moving[0][1] == 0.0
    assert len(found.derivatives) == 2


@pytest.mark.parametrize(
    ("g", "out"), [(lambda x: x * 1e-200 * 1e-200, True), (lambda x: x * 1e200 * 1e200, True), (lambda x: x * 0.0, False)]
)
def test_out_of_range(g: Any, out: bool) -> None:
    """Over- and underflow on the way; a product with 0 is neither."""
    assert rounding(lambda xs: [g(xs[0])], [1.0]).out_of_range is out
