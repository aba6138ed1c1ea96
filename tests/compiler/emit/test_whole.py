"""Whole programs with loops: for one call, and for rows side by side."""

import ctypes
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import fori_loop, jit, scan, sin, take, where
from autograd.compiler.emit.entries import emit_nested
from autograd.compiler.emit.varying import RowsApartError
from autograd.compiler.lower import lower
from autograd.compiler.options import Options
from autograd.compiler.run.frame import Frame
from autograd.compiler.run.machine import Code, this_host
from autograd.forms import Loop, Pack, Result, Row
from autograd.primitives import add
from autograd.program import Program


def text_of(f: Any, *args: Any, rows: bool) -> str:
    """The text of a function's LLVM module: of w, which rows share, and a row of numbers."""
    jitted = jit(f)
    jitted(*args)
    ssa = lower(jitted._calls.latest.compiled.program)
    varying = (None, *[0] * (ssa.inputs - 1)) if rows else None
    code = emit_nested(ssa, Options(varying=varying), this_host()).code
    assert isinstance(code, str)
    return code


def through(w: Any, xs: Any) -> Any:
    """A recurrence through a row."""
    return scan(lambda c, x: (c * w + x * x, c), 0.5, xs)[0]


def test_a_vector_has_a_number_of_each_row() -> None:
    """In the turns of a loop; what rows share is read as one number, and one row alone takes no vectors."""
    kind = f"<{this_host().lanes} x double>"
    text = text_of(through, 0.5, [1.0, 2.0, 3.0], rows=True)
    assert f"phi {kind}" in text
    assert f"fmul {kind}" in text
    assert "shufflevector" in text
    assert "phi double" in text  # the number of the turn
    assert f"phi {kind}" not in text_of(through, 0.5, [1.0, 2.0, 3.0], rows=False)


def test_indices() -> None:
    """By row they gather; those of all rows, and of turns, move a pointer."""

    def chosen(w: Any, row: Any) -> Any:
        xs = [w, 2.0 * w, sin(w)]
        return fori_loop(0, 5, lambda _, c: c * 0.5 + take(xs, where(row[0] < c, 0.0, 2.0)), row[0])

    def counted(w: Any, row: Any) -> Any:
        return fori_loop(0, 3, lambda i, c: c * w + take(row, i), w)

    assert "llvm.masked.gather" in text_of(chosen, 0.5, [1.0], rows=True)
    assert "llvm.masked.gather" not in text_of(counted, 0.5, [1.0, 2.0, 3.0], rows=True)


@pytest.mark.parametrize("rows", [False, True])
def test_outputs_are_computed_where_they_go(rows: bool) -> None:
    """Not copied there; what is an output twice is, an input, or out of a loop."""

    def many(w: Any, row: Any) -> Any:
        c = through(w, row)
        return [x * c for x in row]

    row = [0.5 * k for k in range(100)]
    assert "memmove" not in text_of(many, 0.5, row, rows=rows)

    def mixed(w: Any, row: Any) -> Any:
        found = many(w, row)
        return [found[3], 2.0, row[1], through(w, row), *found, *found[:9]]

    assert jit(mixed)(0.5, row) == mixed(0.5, row)


def test_rows_with_turns_of_their_own_stay_apart() -> None:
    """Rows whose turns differ go alone, and so do rows that would not fit into the cache together."""

    def own(_: Any, row: Any) -> Any:
        return fori_loop(0, where(row[0] < 1.0, 2.0, 3.0), lambda _, c: c * row[0], 1.0)

    with pytest.raises(RowsApartError):
        text_of(own, 0.5, [1.0], rows=True)
    many = np.ones(1 << 17).tolist()
    with pytest.raises(RowsApartError):
        text_of(lambda w, row: [through(w, row), *row], 0.5, many, rows=True)


def test_arrays_that_are_outputs_lie_where_they_are_given() -> None:
    """A loop writes its array there, and nothing is copied; one that is two outputs is, and both are right."""
    double = Loop(Program(2, ((add, (1, 1)),), (2,)), (), (Row(1),), (Row(1),), (), 64)
    steps = ((Pack(1), tuple(range(64))), (double, (64,)), (Result(0), (65,)))
    for outputs, copies in (((66,), 0), ((66, 66), 1)):
        options = Options(results=(1,) * len(outputs), result_rows=(64,) * len(outputs))
        emitted = emit_nested(lower(Program(64, steps, outputs)), options, this_host())
        assert isinstance(emitted.code, str)
        assert emitted.code.count("call ptr @c.memmove") == copies
        frame = Frame(emitted.sizes)
        frame.inputs[:] = [0.5 * k for k in range(64)]
        Code(emitted.code, this_host(), 1).function("run", None, [ctypes.c_void_p])(frame.address)
        assert list(frame.out) == [1.0 * k for k in range(64)] * len(outputs)
