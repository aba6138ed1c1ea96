"""The passes in order: what is emitted for whom, which backend runs it."""

import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler import pipeline
from autograd.compiler.lower import NotCompilableError, lower
from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code, as_plan, as_python, executable_of
from autograd.compiler.run.llvm import LLVMExecutable
from autograd.compiler.run.plan import PlanExecutable
from autograd.compiler.run.python import PythonExecutable
from autograd.definition import Primitive
from autograd.primitives import add, mul
from autograd.program import Program

LARGE = 2_000  # here, so that nothing takes long
SQUARES = Program(2, ((mul, (0, 0)), (mul, (1, 1)), (add, (2, 3))), (4,))


def test_backends() -> None:
    """The one asked for; by "auto" machine code."""
    kinds = {"auto": LLVMExecutable, "llvm": LLVMExecutable, "plan": PlanExecutable, "python": PythonExecutable}
    for backend, kind in kinds.items():
        found = executable_of(SQUARES, Options(backend=backend))
        assert isinstance(found, kind)
        assert found.run([3.0, 4.0], NO_ROWS) == [25.0]


def irregular(operations: int, latest: int = 500) -> Program:
    """Each operation takes any two of the `latest` numbers."""
    rng = random.Random(0)
    steps = [(rng.choice((add, mul)), tuple(rng.sample(range(max(0, i - latest), i), 2))) for i in range(2, 2 + operations)]
    return Program(2, tuple(steps), tuple(range(operations - 28, operations + 2)))


def regular(operations: int) -> Program:
    """Each operation takes two inputs, which advance."""
    return Program(
        operations + 1, tuple((mul, (i, i + 1)) for i in range(operations)), tuple(range(operations + 1, 2 * operations + 1))
    )


@pytest.mark.parametrize(
    ("program", "options", "kind"),
    [
        (irregular(2 * LARGE), Options(), PlanExecutable),
        (irregular(LARGE // 2), Options(), LLVMExecutable),
        (irregular(2 * LARGE), Options((0, None)), LLVMExecutable),
        (regular(2 * LARGE), Options(), LLVMExecutable),
        (irregular(2 * LARGE, latest=3), Options(), LLVMExecutable),
    ],
    ids=["irregular", "small", "over rows", "regular", "narrow"],
)
def test_a_plan_where_it_pays(
    program: Program, options: Options, kind: type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By "auto", for what is large, irregular and without rows; and never again for what was made machine code."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    monkeypatch.setattr(pipeline, "LARGE", LARGE)
    assert isinstance(executable_of(program, options), kind)


def test_machine_code_on_disk_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is there, and quicker."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    monkeypatch.setattr(pipeline, "LARGE", LARGE)
    program = irregular(2 * LARGE)
    assert isinstance(executable_of(program, Options()), PlanExecutable)
    assert not executable_of(program, Options(backend="llvm")).from_disk
    found = executable_of(program, Options())
    assert isinstance(found, LLVMExecutable)
    assert found.from_disk


def test_what_cannot_be_planned() -> None:
    """By "plan" an error, for a primitive that no trace tells, or without llvmlite; by "auto" Python."""
    own = Primitive("own_of_bits", evaluate=lambda x: float(x.hex() > ""))
    program = Program(1, ((own, (0,)),), (1,))
    with pytest.raises(NotCompilableError, match="primitive 'own_of_bits' cannot be compiled"):
        executable_of(program, Options(backend="plan"))
    assert isinstance(executable_of(program, Options()), PythonExecutable)


def test_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By "llvm" and "plan" the error names the extra."""

    def missing(*_: Any) -> Any:
        raise ModuleNotFoundError(name="llvmlite")

    monkeypatch.setattr(pipeline, "as_plan", missing)
    with pytest.raises(ModuleNotFoundError, match=r'backend="plan" needs llvmlite: pip install "chainrule\[jit\]"'):
        executable_of(SQUARES, Options(backend="plan"))


def test_both_ways_alone() -> None:
    """Each may be called for itself."""
    for way in (as_machine_code, as_python):
        assert way(SQUARES, Options()).run([3.0, 4.0], NO_ROWS) == [25.0]
    assert as_plan(lower(SQUARES)).run([3.0, 4.0], NO_ROWS) == [25.0]
