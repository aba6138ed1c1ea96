"""The passes in order: what is emitted for whom, which backend runs it."""

import math
import re
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, jit, primitive, sin
from autograd.compiler.lower import NotCompilableError
from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code, as_python, executable_of
from autograd.compiler.run.llvm import LLVMExecutable
from autograd.compiler.run.python import PythonExecutable
from autograd.primitives import add, mul
from autograd.program import Program
from tests.compiler.comparison import EDGES, bits

SQUARES = Program(2, ((mul, (0, 0)), (mul, (1, 1)), (add, (2, 3))), (4,))


def test_backends() -> None:
    """The one asked for; by "auto" machine code."""
    for backend, kind in (("auto", LLVMExecutable), ("llvm", LLVMExecutable), ("python", PythonExecutable)):
        found = executable_of(SQUARES, Options(backend=backend))
        assert isinstance(found, kind)
        assert found.run([3.0, 4.0], NO_ROWS) == [25.0]


def test_both_ways_alone() -> None:
    """Each may be called for itself."""
    for way in (as_machine_code, as_python):
        assert way(SQUARES, Options()).run([3.0, 4.0], NO_ROWS) == [25.0]


def test_options_tell() -> None:
    """What follows from them."""
    mapped = Options((None, 0, 0, 1))
    assert (mapped.mapped, mapped.by_row, mapped.summed, mapped.widths) == (True, True, False, [2, 1])
    assert Options((0,), "sum", fast=True).summed
    assert not Options((0,), "sum").summed
    assert (Options().mapped, Options().by_row, Options().widths) == (False, False, [])


def whole(x: float, how: Any) -> float:
    """A function that gives whole numbers, in C's way: also of what is no whole number, and of -0.3."""
    return math.copysign(float(how(x)), x) if math.isfinite(x) else x


def half_away(x: float) -> int:
    """C's `round`: halves away from 0."""
    low = math.floor(abs(x))
    return low + (abs(x) - low >= 0.5)


NATIVES: dict[str, Any] = {
    "floor": lambda x: whole(x, math.floor),
    "ceil": lambda x: whole(x, math.ceil),
    "trunc": lambda x: whole(x, math.trunc),
    "rint": lambda x: whole(x, round),
    "round": lambda x: whole(x, half_away),
    "cbrt": math.cbrt,
    "fabs": math.fabs,
    "sqrt": lambda x: math.sqrt(x) if x >= 0.0 else math.nan,
    "asinh": math.asinh,
}


@pytest.mark.parametrize("name", NATIVES)
def test_functions_of_the_c_library(name: str) -> None:
    """A user's primitive by a function of C's: the same bits in one lane and in vectors, loops and rows."""
    own = primitive("own_" + name, evaluate=NATIVES[name], partials=(0.0,), native=name)
    points = [*EDGES, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 1e17]
    wanted = bits([own(x) for x in points])
    assert bits([jit(own, backend="llvm")(x) for x in points]) == wanted
    assert bits(jit(lambda xs: [own(x) for x in xs], backend="llvm")(points)) == wanted
    assert bits(jit(own, in_axes=0, backend="llvm")(np.array(points)).tolist()) == wanted
    fast = jit(own, in_axes=0, fast=True, backend="llvm")(np.array(points))
    np.testing.assert_allclose(fast, [own(x) for x in points], rtol=4 * 2.0**-52)


def fmod(x: float, y: float) -> float:
    """C's remainder, nan where Python's raises."""
    return math.nan if math.isinf(x) or y == 0.0 else math.fmod(x, y)


def test_functions_of_two_numbers() -> None:
    """`fmod`, which LLVM took for an instruction."""
    own = primitive("own_fmod", evaluate=fmod, partials=(1.0, 0.0), native="fmod")
    points = [(x, y) for x in EDGES for y in EDGES]
    xs, ys = map(np.array, zip(*points, strict=True))
    wanted = bits([own(x, y) for x, y in points])
    assert bits([jit(own, backend="llvm")(x, y) for x, y in points[:20]]) == wanted[:20]
    assert bits(jit(own, in_axes=(0, 0), backend="llvm")(xs, ys).tolist()) == wanted


@pytest.mark.parametrize("name", ["no_such_function", "fadd nnan", "fcmp", ""])
def test_names_that_the_c_library_lacks(name: str) -> None:
    """By "llvm" an error that tells the name; by "auto" the function itself."""
    own = primitive("own_nothing", evaluate=lambda x: x + 1.0, partials=(1.0,), native=name)
    with pytest.raises(NotCompilableError, match=rf"C library has no function '{re.escape(name)}'"):
        jit(own, backend="llvm")(1.0)
    assert jit(own)(1.0) == 2.0


def test_refusals_do_not_depend_on_lanes() -> None:
    """Also over rows, where such a name is met inside of another function."""
    own = primitive("own_nothing", evaluate=lambda x: x + 1.0, partials=(1.0,), native="no_such_function")
    with pytest.raises(NotCompilableError, match="no_such_function"):
        jit(lambda x: own(sin(x)), in_axes=0, backend="llvm")(np.ones(3))
    assert jit(lambda x: dot([own(x)] * 2, [1.0, 1.0]), in_axes=0)(np.ones(3)).tolist() == [4.0] * 3
