"""Loops in loops differentiated, in every transform, against the same function on Values, where they are Python's own loops."""

import math
from typing import Any

import pytest

from autograd import Value, grad, hessian, jit, jvp, value_and_grad
from autograd.real import number_of
from autograd.structures import flatten
from tests.compiler.loops.programs import Draws

TRANSFORMS = {
    "value": lambda f: f,
    "gradient": lambda f: value_and_grad(f, argnums=(0, 1, 2)),
    "tangent": lambda f: lambda w, x0, xs: jvp(f, (w, x0, xs), (0.5, -1.0, [0.25] * len(xs))),
    "hessian": lambda f: hessian(f, argnums=(0, 1)),
}
SEEDS = 150


def numbers(thing: Any) -> list[float]:
    """All numbers of a result."""
    return [number_of(x) for x in flatten(thing, "")[0]]


def same(x: float, y: float) -> bool:
    """The same number to the bit, or nan."""
    return x.hex() == y.hex() or (math.isnan(x) and math.isnan(y))


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_random_loops(first: int, transform: str) -> None:
    """The bits of Python's loops; where one number comes in by two ways, the last ones may differ."""
    exact = total = 0
    for seed in range(first, first + 10):
        f = TRANSFORMS[transform](Draws(seed, depth=2))
        xs = [math.cos(3.0 * i + seed) for i in range([0, 1, 2, 3, 7, 9][seed % 6])]
        expected = numbers(f(Value(0.7), Value(-0.3), [Value(x) for x in xs]))
        found = numbers(jit(f, backend="llvm" if seed % 3 else "python")(0.7, -0.3, xs))
        assert found == pytest.approx(expected, rel=1e-14, abs=1e-300, nan_ok=True), seed
        exact += sum(map(same, found, expected))
        total += len(expected)
    assert exact == total if transform == "value" else exact >= 0.95 * total


@pytest.mark.parametrize("seed", range(20))
def test_derivatives_of_compiled_loops(seed: int) -> None:
    """A compiled function is one node among Values, with the partials of its loops."""
    f = Draws(seed, depth=1)
    xs = [math.cos(3.0 * i + seed) for i in range(4)]
    expected = numbers(value_and_grad(f, argnums=(0, 1, 2))(Value(0.7), Value(-0.3), [Value(x) for x in xs]))
    found = numbers(value_and_grad(jit(f), argnums=(0, 1, 2))(0.7, -0.3, xs))
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-300, nan_ok=True)


def test_third_derivatives() -> None:
    """To every order."""

    def f(x: Any) -> Any:
        from autograd import fori_loop, sin

        return fori_loop(0, 4, lambda i, c: sin(c * x) + 0.5 * i, x)

    third = grad(grad(grad(f)))
    assert jit(third)(0.7) == third(0.7)
