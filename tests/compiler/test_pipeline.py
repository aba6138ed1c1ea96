"""The passes in order: what is emitted for whom, which backend runs it."""

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code, as_python, executable_of
from autograd.compiler.run.llvm import LLVMExecutable
from autograd.compiler.run.python import PythonExecutable
from autograd.primitives import add, mul
from autograd.program import Program

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
