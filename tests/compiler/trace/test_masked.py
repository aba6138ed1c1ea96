"""Masked: sums and products of what arrives only where a mask lets it, the same as of what eager code adds."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

from autograd import (
    cos,
    derivative,
    exp,
    grad,
    hessian,
    jit,
    jvp,
    logical_not,
    maximum,
    minimum,
    primitive,
    relu,
    sin,
    vjp,
    where,
)
from autograd.compiler.loops.arriving import arriving_mask
from autograd.compiler.trace.masked import Masked
from autograd.compiler.trace.tracer import trace, with_partials
from autograd.primitives import not_equal
from tests.compiler.comparison import bits

NUMBERS = (2.0, -3.0, 0.0, -0.0, math.inf, math.nan)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("raw", NUMBERS)
def test_a_number_behind_a_mask(raw: float, there: bool) -> None:
    """Where nothing arrives, it is -0.0, which changes no sum; settled, it is 0."""
    masked = Masked(raw, there)
    assert bits(masked.number) == bits(raw if there else -0.0)
    assert bits(masked.settled()) == bits(raw if there else 0.0)
    for x in NUMBERS:
        assert bits(x + masked.number) == bits(x + raw if there else x)


@pytest.mark.parametrize("there", [True, False])
def test_products_with_numbers(there: bool) -> None:
    """On either side: the mask stays, and what does not arrive does not become nan."""
    for x in NUMBERS:
        for product in (Masked(2.0, there) * x, x * Masked(2.0, there)):
            assert isinstance(product, Masked)
            assert product.mask is there
            assert bits(product.settled()) == bits(2.0 * x if there else 0.0)


@pytest.mark.parametrize(("a", "b"), [*itertools.product([True, False], repeat=2)])
def test_of_two(a: bool, b: bool) -> None:
    """A product arrives where both do; a sum where one does, and it is then the sum of those that do."""
    for x, y in itertools.product(NUMBERS, repeat=2):
        product, total = Masked(x, a) * Masked(y, b), Masked(x, a) + Masked(y, b)
        assert bits(product.settled()) == bits(x * y if a and b else 0.0)
        arriving = [number for number, there in ((x, a), (y, b)) if there]
        assert bits(total.settled()) == bits(sum(arriving[1:], arriving[0]) if arriving else 0.0)


@pytest.mark.parametrize("there", [True, False])
def test_sums_with_numbers(there: bool) -> None:
    """A number always arrives, so the sum is one: on either side, of the same bits."""
    for x, raw in itertools.product(NUMBERS, repeat=2):
        wanted = x + raw if there else x
        assert bits(Masked(raw, there) + x) == bits(x + Masked(raw, there)) == bits(wanted)


def test_the_number_is_made_once() -> None:
    """However often it is used: the trace has one choice."""

    def f(xs: list[Any]) -> tuple[list[Any], None]:
        masked = Masked(xs[0], xs[1] > 0.0)
        return [masked.number + xs[0], masked.number * xs[1]], None

    program, _, _ = trace(f, ["x", "y"])
    assert sum(primitive is where for primitive, _ in program.steps) == 1
    assert program(3.0, 1.0) == [6.0, 3.0]
    assert program(3.0, -1.0) == [3.0, 0.0]


CHOICES: dict[str, Callable[[Any, Any], Any]] = {
    "one that is selected": lambda x, y: maximum(x, y) * 3.0,
    "a sum of two": lambda x, y: maximum(x, 0.0) + minimum(x, y),
    "a choice of choices": lambda x, y: maximum(maximum(x, y) * x, minimum(x, y)),
    "what is infinite elsewhere": lambda x, y: where(x > 0.0, x, 0.0) / x,
}


@pytest.mark.parametrize("f", CHOICES.values(), ids=CHOICES)
def test_derivatives_through_choices(f: Callable[[Any, Any], Any], backend: str) -> None:
    """Compiled, at points on either side of every choice and at its ties: the bits of eager code, at two orders."""
    first, second = grad(f, argnums=(0, 1)), grad(grad(f))
    compiled, compiled_second = jit(first, backend=backend), jit(second, backend=backend)
    for x, y in itertools.product((2.0, -1.0, 0.5, -0.0, 0.0), repeat=2):
        assert bits(compiled(x, y)) == bits(first(x, y))
        assert bits(compiled_second(x, y)) == bits(second(x, y))


def test_a_primitive_of_the_users_that_selects() -> None:
    """Its partials choose between numbers that have derivatives: at three orders, compiled code has the bits of eager code."""
    gated = primitive(
        "gated",
        evaluate=lambda a, b: a * b if a > 0.0 else 0.0,
        partials=(lambda r, a, b: where(a > 0.0, b, 0.0), lambda r, a, b: where(a > 0.0, a, 0.0)),
        selective=True,
    )

    def f(x: Any) -> Any:
        return gated(x, x) / x + gated(sin(x), x * x) * x

    for transform in (grad, hessian, lambda f: derivative(f, order=3), lambda f: hessian(lambda y: vjp(f, y)[1](1.5)[0])):
        eager, compiled = transform(f), jit(transform(f))
        for i in range(-50, 50):
            assert bits(compiled(i / 17.0)) == bits(eager(i / 17.0))


def test_one_number_for_an_output_that_is_returned_twice() -> None:
    """Whichever of the two is used, the uses are added in one order: the bits of eager code."""

    def twice(x: Any) -> list[Any]:
        result = relu(x * exp(x))
        return [result, result]

    def f(x: Any) -> Any:
        one, other = jvp(twice, (x,), (1.0,))[1]
        return one * sin(x) + other * cos(x) + one * exp(x)

    for transform in (grad, hessian):
        eager, compiled = transform(f), jit(transform(f))
        for i in range(1, 100):
            assert bits(compiled(i / 37.0)) == bits(eager(i / 37.0))


@pytest.mark.parametrize("f", [maximum, minimum, lambda x, y: where(x < y, x * y, y)])
def test_a_mask_is_the_condition_of_the_choice(f: Any) -> None:
    """What is chosen between constants is not compared with 0, which every pass would have to look through."""
    program, _ = with_partials(trace(lambda xs: ([f(*xs)], None), ["x", "y"])[0], [True, True])
    assert not_equal not in program.forms


@pytest.mark.parametrize(
    ("choice", "truth"),
    [
        (lambda c: where(c, 1.0, 0.0), lambda c: c),
        (lambda c: where(c, 0.0, 2.0), logical_not),
        (lambda c: where(c, 0.0, where(c, 0.5, math.nan)), logical_not),
        (lambda c: where(c, -0.0, 0.0), lambda _: 0.0),
        (lambda c: where(c, math.nan, 3.0), lambda _: 1.0),
        (lambda c: where(c, 1.0, where(c, 0.0, 1.0)), lambda _: 1.0),
    ],
)
@pytest.mark.parametrize("x", [-1.0, 1.0])
def test_whether_a_choice_between_constants_is_0(choice: Any, truth: Any, x: float) -> None:
    """It is told by the condition, where it depends on that."""
    program = trace(lambda xs: ([arriving_mask(choice(xs[0] < 0.0)._unless_zero())], None), ["x"])[0]
    assert [bool(found) for found in program(x)] == [bool(truth(x < 0.0))]
