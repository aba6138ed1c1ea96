"""What code calls outside has names in it, not addresses, which another process has elsewhere."""

import ctypes
import math
import re
from typing import Any

import pytest

from autograd.compiler.emit.entries import emit
from autograd.compiler.lower import lower
from autograd.compiler.options import Options
from autograd.compiler.run.machine import address_of, this_host, vector_symbol
from autograd.compiler.run.symbols import symbols_in, with_symbols
from autograd.compiler.schedule.scheduling import schedule
from autograd.program import Program
from autograd.table import TABLE
from tests.compiler.comparison import edges


def test_symbols_in_a_text() -> None:
    """Each symbol is found once, other names are not, and every symbol is declared."""
    text = "call double @c.sin(double %x) call ptr @p.PyFloat_FromDouble(double %y) @c.sin @e.exp.8( @each8.1 @constants0 %c.x"
    assert symbols_in(text + " @llvm.v.f") == ["c.sin", "e.exp.8", "p.PyFloat_FromDouble"]
    assert with_symbols(text).splitlines()[1:] == [
        "@c.sin = external global i8",
        "@e.exp.8 = external global i8",
        "@p.PyFloat_FromDouble = external global i8",
    ]


def test_where_they_lie() -> None:
    """Where this process has the C library, and Python."""
    assert ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(address_of("c.sin"))(0.5) == math.sin(0.5)
    assert address_of("p.PyFloat_Type") == id(float)
    function = ctypes.cast(ctypes.pythonapi.PyFloat_FromDouble, ctypes.c_void_p).value
    assert address_of("p.PyFloat_FromDouble") == function
    symbol = vector_symbol("exp", 1, 4)
    assert symbol is None or address_of(symbol)
    for missing in ("c.no_such_function", "p.no_such_function", "v.no_such_function"):
        with pytest.raises((AttributeError, ValueError)):
            address_of(missing)


@pytest.mark.parametrize("options", [Options(), Options(fast=True), Options((0, 0, 0, 0), "sum"), Options((0,) * 4, fast=True)])
@pytest.mark.parametrize("known", TABLE.values(), ids=lambda known: known.name)
def test_no_address_is_in_a_program(known: Any, options: Options) -> None:
    """Of any primitive."""
    operands = [i % 4 if order is None else order for i, order in enumerate(known.orders(edges(known, 1)[0]))]
    program = Program(4, ((known, tuple(operands)),), (4,))
    text = emit(schedule(lower(program), options), options, this_host()).code
    assert isinstance(text, str)
    assert "inttoptr" not in text
    addresses = {id(float), id(None), *map(address_of, symbols_in(text))}
    assert addresses.isdisjoint(map(int, re.findall(r"\b\d+\b", text)))
