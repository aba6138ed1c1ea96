"""Pointers to the addresses of a schedule: each kind of memory has its own, and only numbers by row fill the lanes."""

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.emit.llvm_module import number_text
from autograd.compiler.emit.places import SPACES, pointer_to
from autograd.compiler.schedule.memory import BY_ROW, SHARED, SPACE, TABLE, UNIFORM
from tests.compiler.emit.code import Written


@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_what_lies_at_an_address(lanes: int) -> None:
    """A number of shared or uniform memory or of the table is the same in all lanes; one by row has its lanes side by side."""
    written = Written()
    f = written.function(lanes)
    written.module.constants("double", [*map(number_text, (31.0, 32.0, 33.0))], SPACES[TABLE])
    wanted: list[float] = []
    for space, first in ((SHARED, 1.0), (UNIFORM, 11.0), (TABLE, 31.0)):
        for place in (0, 2):
            pointer, single = pointer_to(f, space * SPACE + place)
            assert single
            f.store((f.load(pointer, single=single), False), f.offset("%out", len(wanted)))
            wanted += [first + place] * lanes
    for place in (0, 2):
        pointer, single = pointer_to(f, BY_ROW * SPACE + place)
        assert not single
        f.store((f.load(pointer, single=single), False), f.offset("%out", len(wanted)))
        wanted += [100.0 + place * lanes + lane for lane in range(lanes)]
    rows = [100.0 + i for i in range(3 * lanes)]
    memory = {"shared": [1.0, 2.0, 3.0], "uniform": [11.0, 12.0, 13.0], "rows": rows, "out": [0.0] * len(wanted)}
    assert written.run(f, memory)["out"] == wanted


def test_the_first_place_takes_no_line() -> None:
    """Its pointer is that of the memory."""
    f = Written().function(4)
    assert [pointer_to(f, space * SPACE)[0] for space in (SHARED, UNIFORM, BY_ROW, TABLE)] == [*SPACES]
    assert f.lines == []
