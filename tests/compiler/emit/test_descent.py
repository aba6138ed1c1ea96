"""The loop over batches as LLVM's language: what its record is, that it verifies, and that it is made once."""

import llvmlite.binding as llvm
import pytest

from autograd.compiler.emit.descent import GRADIENT, SHUFFLE, STEP, Work, _define_descend, descend
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.run.machine import Host


def test_the_record() -> None:
    """Its places follow one another from 0, and the two doings are bits of their own."""
    assert [work.value for work in Work] == list(range(len(Work)))
    assert GRADIENT & STEP == 0
    assert GRADIENT | STEP == 3


@pytest.mark.parametrize("features", ["", "+avx", "+avx,+avx512f"])
def test_it_verifies_for_any_width(features: str) -> None:
    """The text is a valid LLVM module on processors with two, four and eight lanes."""
    module = LLVMModule(Host("", features), fast=False)
    _define_descend(module)
    module.add(SHUFFLE)
    llvm.parse_assembly(module.text(), llvm.create_context()).verify()


def test_it_is_made_once() -> None:
    """The same code for every training."""
    assert descend() is descend()
