"""The text of programs: what is in it that pays, and is not where it does not."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, tanh, value_and_grad
from autograd.compiler.emit.entries import Emitted, emit
from autograd.compiler.lower import lower
from autograd.compiler.options import Options
from autograd.compiler.run.machine import Host
from autograd.compiler.schedule.scheduling import schedule
from autograd.compiler.trace.tracer import trace
from autograd.structures import flatten

AVX = Host("haswell", "+avx,+avx2,+fma,+bmi2")


def emitted(f: Any, count: int, options: Options | None = None) -> Emitted:
    """A function of a list of `count` numbers, emitted for a processor with four lanes."""
    options = options or Options()
    program, _, _ = trace(lambda xs: (flatten(f(xs), "a result")[0], None), [""] * count)
    return emit(schedule(lower(program), options), options, AVX)


def test_sizes() -> None:
    """What a frame must hold, and how many floats the entry of floats takes."""
    found = emitted(lambda xs: xs[0] * xs[1] + 1.0, 2)
    assert found.scalar == 2
    assert (found.sizes.inputs, found.sizes.outputs, found.sizes.lanes, found.sizes.arrays) == (2, 1, 1, 0)
    step = value_and_grad(lambda xs: tanh(dot(xs[:2], xs[2:])))
    found = emitted(step, 4, Options((None, None, 0, 0), "sum"))
    assert found.scalar is None
    assert (found.sizes.inputs, found.sizes.outputs, found.sizes.lanes, found.sizes.arrays) == (2, 5, 4, 1)
    assert found.sizes.rows % 4 == 0
    assert np.isfinite(found.operations)


def test_a_column_of_numbers_is_a_vector_already() -> None:
    """As many rows as there are lanes are read at once; number by number where rows are gathered, or few are left."""

    def of(options: Options) -> str:
        code = emitted(lambda xs: xs[0] * xs[1], 2, options).code
        assert isinstance(code, str)
        return code

    near = of(Options((0, 1))).partition("side_by_side:")[2].partition("one_by_one:")[0]
    assert near.count("load <4 x double>") == 2
    assert "insertelement" not in near
    assert "side_by_side" not in of(Options((0, 1), gathered=True))
    assert "side_by_side" not in of(Options((0, 0)))
