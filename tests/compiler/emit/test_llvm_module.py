"""The text of LLVM modules: every double to the last bit, declarations once, constants and functions that LLVM reads."""

import ctypes
import struct

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import llvmlite.binding as llvm
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.run.machine import Code, this_host
from tests.compiler.comparison import EDGES, bits
from tests.compiler.emit.code import Written


@given(st.floats())
def test_numbers_as_text(x: float) -> None:
    """Hexadecimal digits of the bits, the sign's first: of nan, infinities and -0.0 too."""
    text = number_text(x)
    assert text.startswith("0x")
    assert struct.pack(">Q", int(text, 16)) == struct.pack(">d", x)
    assert len(text) == 18


def test_llvm_reads_the_same_numbers() -> None:
    """Constants in the code, and in an array of constants."""
    written = Written()
    name = written.module.constants("double", [*map(number_text, EDGES)])
    f = written.function()
    for i, x in enumerate(EDGES):
        f.store((f.constant(x), False), f.offset("%direct", i))
        f.store((f.load(f.offset(name, i)), False), f.offset("%listed", i))
    found = written.run(f, {"direct": [0.0] * len(EDGES), "listed": [0.0] * len(EDGES)})
    assert bits(found["direct"]) == bits(found["listed"]) == bits(list(EDGES))


@settings(max_examples=20)
@given(st.lists(st.floats(), min_size=1, max_size=4))
def test_functions_with_results(numbers: list[float]) -> None:
    """Each is there under its name, with the result that it was given."""
    module = LLVMModule(this_host(), fast=False)
    for i, x in enumerate(numbers):
        module.define(f"double @number{i}()", [], f"double {number_text(x)}", attributes=i % 2)
    code = Code(module.text(), this_host(), 1)
    found = [code.function(f"number{i}", ctypes.c_double, [])() for i in range(len(numbers))]
    assert bits(found) == bits(numbers)


def test_declarations_come_once() -> None:
    """However often they are needed, and before what uses them."""
    module = LLVMModule(this_host(), fast=False)
    for _ in range(3):
        module.declare("declare double @llvm.fabs.f64(double)")
    module.define("double @f(double %x)", ["  %y = call double @llvm.fabs.f64(double %x)"], "double %y")
    text = module.text()
    assert text.count("declare ") == 1
    assert text.index("declare") < text.index("define")
    assert Code(text, this_host(), 1).function("f", ctypes.c_double, [ctypes.c_double])(-2.5) == 2.5


def test_constants_have_names_of_their_own() -> None:
    """Unless one is given; integers too."""
    module = LLVMModule(this_host(), fast=False)
    names = [module.constants("i32", ["1", "2"]), module.constants("i32", ["3"]), module.constants("double", [], "@table")]
    assert len({*names}) == 3
    assert names[2] == "@table"
    parsed = llvm.parse_assembly(module.text(), llvm.create_context())
    assert {f"@{each.name}" for each in parsed.global_variables} == {*names}


def test_attributes() -> None:
    """Functions that LLVM is not to optimise say so; both kinds use the host's whole vectors."""
    module = LLVMModule(this_host(), fast=False)
    module.define("void @quick()", [])
    module.define("void @slow()", [], attributes=1)
    module.add("define void @given() {\n  ret void\n}")
    functions = {f.name: [" ".join(map(bytes.decode, f.attributes))] for f in llvm.parse_assembly(module.text()).functions}
    assert {*functions} == {"quick", "slow", "given"}
    assert "optnone" in functions["slow"][0]
    assert "noinline" in functions["slow"][0]
    assert "optnone" not in functions["quick"][0]
    assert all('"prefer-vector-width"="512"' in functions[name][0] for name in ("quick", "slow"))
