"""Bessel functions: values and derivatives against mpmath at 60 digits."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import autograd as ag
from autograd import derivative, grad, jit
from autograd.compiler.lower import NotCompilableError
from autograd.testing.battery import same_bits

CASES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "jn0": (lambda x: mpmath.besselj(0, x), [0.0, 0.3, 1.9, 2.1, 7.5, -12.0, 24.9, 25.1, 80.0]),
    "jn1": (lambda x: mpmath.besselj(1, x), [0.0, 0.3, 1.9, 2.1, 7.5, -12.0, 24.9, 25.1, 80.0]),
    "jn2": (lambda x: mpmath.besselj(2, x), [0.0, 0.3, 1.9, 2.1, 7.5, -12.0, 24.9, 25.1, 80.0]),
    "iv0": (lambda x: mpmath.besseli(0, x), [0.0, 0.3, 2.0, -7.5, 19.9, 20.1, 100.0]),
    "iv1": (lambda x: mpmath.besseli(1, x), [0.0, 0.3, 2.0, -7.5, 19.9, 20.1, 100.0]),
    "iv3": (lambda x: mpmath.besseli(3, x), [0.0, 0.3, 2.0, -7.5, 19.9, 20.1, 100.0]),
    "i0e": (lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)), [0.3, 2.0, -7.5, 19.9, 20.1, 1e3, 1e6]),
    "i1e": (lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)), [0.3, 2.0, -7.5, 19.9, 20.1, 1e3, 1e6]),
}
ROWS: dict[str, Callable[[Any], Any]] = {
    name: (lambda x, name=name: getattr(ag, name[:2])(float(name[2]), x)) if name[2].isdigit() else getattr(ag, name)
    for name in CASES
}


@pytest.mark.parametrize("name", CASES)
def test_bessel_functions_at_60_digits(name: str) -> None:
    """Value and three derivatives, within 1e-14 of the largest of the neighbouring ones; compiled to the same bits."""
    truth, points = CASES[name]
    compiled = [jit(derivative(ROWS[name], order=k)) for k in range(3)]
    for x in points:
        with mpmath.workdps(60):
            exact = [mpmath.diff(truth, mpmath.mpf(x), k) for k in range(4)]
        found = [derivative(ROWS[name], order=k)(x) for k in range(4)]
        for k, (ours, right) in enumerate(zip(found, exact, strict=True)):
            near = 0.0 if name.endswith("e") else max(abs(float(e)) for e in exact) * min(1.0, abs(x) + 0.1)
            assert abs(ours - right) <= 3e-14 * max(abs(right), near), (x, k, ours, right)
        for k, f in enumerate(compiled):
            assert same_bits(f(x), found[k])


def test_bessel_functions_have_their_own_rows() -> None:
    """j0, j1, i0 and i1 are jn and iv of orders 0 and 1, with the slopes of tables."""
    for x in (-30.0, -1.5, 0.0, 0.7, 11.0):
        assert (ag.j0(x), ag.j1(x), ag.i0(x), ag.i1(x)) == (ag.jn(0.0, x), ag.jn(1.0, x), ag.iv(0.0, x), ag.iv(1.0, x))
        assert grad(ag.j0)(x) == -ag.j1(x)
        assert grad(ag.i0)(x) == ag.i1(x)
    assert (grad(ag.i0e)(0.0), grad(ag.i1e)(0.0), ag.j0(math.inf), ag.i0e(math.inf)) == (0.0, 0.5, 0.0, 0.0)
    assert math.isnan(ag.jn(0.5, 1.0))
    assert math.isnan(ag.jn(-1.0, 1.0))


def test_orders_in_compiled_code() -> None:
    """Any whole number that a trace knows; one that comes as an argument goes by Python, or is refused."""
    for n in (0, 3, 4, 9, 20):
        for f in (lambda x, n=n: ag.jn(n, x), lambda x, n=n: ag.iv(n, x)):
            assert same_bits(jit(derivative(f, order=2))(1.5), derivative(f, order=2)(1.5))
            assert same_bits(jit(f, in_axes=0)(np.array([1.5]))[0], f(1.5))
    compiled = jit(ag.jn)
    assert compiled(9.0, 1.5) == ag.jn(9.0, 1.5) == jit(ag.jn, static_argnums=0)(9, 1.5)
    assert compiled.stats().backend == "python"
    with pytest.raises(NotCompilableError, match=r"the order must be known.*static_argnums"):
        jit(ag.iv, backend="llvm")(2.0, 1.5)
