"""The kernel as LLVM's language: its cases follow from the table, and it verifies."""

import llvmlite.binding as llvm
import pytest

from autograd.compiler.emit.kernel import FIRST_CASE, Case, case_of, cases_of, print_kernel
from autograd.compiler.run.machine import Host
from autograd.definition import Primitive
from autograd.native import CFunction, Comparison
from autograd.table import TABLE

NATIVE = [known for known in TABLE.values() if known.native is not None]
CASES = cases_of(TABLE.values())


@pytest.mark.parametrize("known", NATIVE, ids=lambda known: known.name)
def test_every_native_primitive_has_a_case(known: Primitive) -> None:
    """An instruction has one of its own; a function of the C library that of all with as many operands."""
    case = case_of(known)
    assert case in CASES
    called = isinstance(known.native, CFunction) and not known.native.intrinsic and known.native.mask is None
    assert case == Case(type(known.native), None if called else known.native, known.arity)
    assert case_of(CASES[case]) == case


def test_a_primitive_of_users_may_bring_a_case() -> None:
    """One whose native counterpart the table has brings none."""
    own = Primitive("own", evaluate=lambda x, y: float(x > y), native=Comparison("ogt"))
    root = Primitive("root", evaluate=lambda x: x, native="cbrt")
    assert len(cases_of([*TABLE.values(), root])) == len(CASES)
    assert set(cases_of([*TABLE.values(), own])) - set(CASES) == {case_of(own)}
    assert not cases_of([Primitive("formula", evaluate=lambda x: x)])


@pytest.mark.parametrize("features", ["", "+avx", "+avx,+avx512f"])
def test_it_verifies(features: str) -> None:
    """The text is a valid LLVM module on any processor, with a label for each case."""
    text = print_kernel(CASES, Host("", features))
    llvm.parse_assembly(text, llvm.create_context()).verify()
    assert all(f"\ncase{i}:" in text for i in range(FIRST_CASE + len(CASES)))
    assert f"\ncase{FIRST_CASE + len(CASES)}:" not in text
