"""Functions that several places call, in machine code."""

from typing import Any

import numpy as np
import pytest

import autograd.compiler.inner as inner_module
import autograd.compiler.narrow as narrow_module
from autograd import exp, grad, jit, scan, sin, tanh, value_and_grad
from autograd.compiler.emit.entries import emit_nested
from autograd.compiler.lower import lower
from autograd.compiler.merge import merged
from autograd.compiler.narrow import inlined
from autograd.compiler.run.machine import this_host
from tests.compiler.comparison import bits


@pytest.fixture(autouse=True)
def _always_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small a function is, it is called from its second call on; and compiled here, not read from a disk."""
    monkeypatch.setattr(inner_module, "FEWEST", 0)
    monkeypatch.setattr(inner_module, "EACH", 0)
    monkeypatch.setattr(narrow_module, "WORTH", 0)
    monkeypatch.setenv("CHAINRULE_CACHE", "off")


def text_of(f: Any) -> str:
    """What is handed to LLVM for the latest call."""
    compiled = f._calls.latest.compiled
    return str(emit_nested(lower(merged(inlined(compiled.program))), compiled.options, this_host()).code)


def short(x: Any, w: Any) -> Any:
    """A body that is one piece of code."""
    return tanh(x * w) + sin(x)


def long(x: Any, w: Any) -> Any:
    """A body of several functions, which read and write memory."""
    for _ in range(150):
        x = 0.5 * x + exp(-w * x)
    return x


@pytest.mark.parametrize("f", [short, long])
def test_one_function_for_all_calls(f: Any) -> None:
    """Its code is there once."""

    def chain(f: Any) -> Any:
        def outer(w: Any) -> Any:
            x = w * 0.5
            for i in range(12):
                x = f(x, w + 0.1 * i)
            return x

        return outer

    compiled = jit(chain(jit(f)), backend="llvm")
    assert bits(compiled(0.3)) == bits(chain(f)(0.3))
    assert text_of(compiled).count("call void @function") == 11
    assert text_of(compiled).count("define internal void @function") == 1
    slope = jit(grad(chain(jit(f))), backend="llvm")
    assert bits(slope(0.3)) == bits(grad(chain(f))(0.3))
    assert text_of(slope).count("define internal void @function") <= 6


@pytest.mark.parametrize("f", [short, long])
@pytest.mark.parametrize("reduce", [None, "mean"])
def test_rows_side_by_side(f: Any, reduce: Any) -> None:
    """Some operands are those of all rows, others differ: a function for each kind of call."""

    def outer(f: Any) -> Any:
        return lambda w, x: f(w, x) * f(x, w) + f(w * 0.1, w) * f(w, w * 0.5) + f(0.3, x) + f(x * 0.2, x)

    xs = np.linspace(-1.0, 1.0, 37)
    called, once = (jit(value_and_grad(outer(each)), in_axes=(None, 0), reduce=reduce, loops=True) for each in (jit(f), f))
    assert bits(called(0.4, xs)) == bits(once(0.4, xs))


def test_in_a_turn() -> None:
    """A loop calls it, and the function has a loop."""

    def f(x: Any, xs: Any) -> Any:
        return scan(lambda c, z: (tanh(c * z) + c, None), x, xs)[0]

    def outer(f: Any) -> Any:
        def g(x: Any, xs: Any) -> Any:
            return scan(lambda c, z: (f(c * 0.1, xs) + f(z, xs) * f(z * 0.5, xs), None), x, xs)[0] + f(x, xs)

        return g

    compiled = jit(value_and_grad(outer(jit(f))), backend="llvm")
    xs = [0.1 * i - 0.5 for i in range(9)]
    assert compiled(0.4, xs) == pytest.approx(value_and_grad(outer(f))(0.4, xs), rel=1e-14)
    assert bits(compiled(0.4, xs)) == bits(jit(value_and_grad(outer(jit(f))), backend="python")(0.4, xs))
    assert "call void @function" in text_of(compiled)
