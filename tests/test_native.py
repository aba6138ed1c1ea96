"""Counterparts of primitives in compiled code: their text, and what they say of themselves."""

import struct

import pytest

from autograd.definition import Primitive
from autograd.native import CFunction, Comparison, Instruction, Logical, Select
from autograd.table import TABLE
from tests.compiler.comparison import bits, edges


def test_counterparts_in_compiled_code() -> None:
    """Their text is what `native=` takes; a string is a function of the C library."""
    natives = Instruction("fadd"), Comparison("olt"), Logical("and"), Select(), CFunction("tanh")
    assert [*map(str, natives)] == ["fadd", "fcmp olt", "and", "select", "tanh"]
    assert Primitive("own", evaluate=lambda x: x, native="cbrt").native == CFunction("cbrt")
    assert Primitive("own", evaluate=lambda x: x).native is None


@pytest.mark.parametrize("known", TABLE.values(), ids=lambda known: known.name)
def test_commutative_natives_are_commutative(known: Primitive) -> None:
    """Those that say so give the same bits for operands exchanged, nan apart."""
    if known.native is not None and known.native.commutative:
        for x, y in edges(known, 200):
            assert bits(known.evaluate(x, y)) == bits(known.evaluate(y, x))


def test_masked_functions_of_the_c_library() -> None:
    """One that only clears bits of a number says which it keeps, and does so."""
    masked = [known for known in TABLE.values() if isinstance(known.native, CFunction) and known.native.mask is not None]
    assert masked
    for known in masked:
        assert isinstance(known.native, CFunction)
        for (x,) in edges(known, 40):
            (number,) = struct.unpack("<q", struct.pack("<d", x))
            assert bits(known.evaluate(x)) == bits(struct.unpack("<d", struct.pack("<q", number & (known.native.mask or 0)))[0])
