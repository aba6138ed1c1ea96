"""Places: each number has one of its own, outputs theirs, and what is alike lies together."""

from itertools import pairwise

import pytest

pytest.importorskip("numpy", reason="needs the jit extra")

from autograd import sin, tanh
from autograd.compiler.schedule.memory import BY_ROW, SHARED, SPACE, UNIFORM
from tests.compiler.schedule.test_scheduling import PROGRAMS, scheduled


@pytest.mark.parametrize(("f", "count"), PROGRAMS.values(), ids=PROGRAMS)
def test_no_two_numbers_share_a_place(f: object, count: int) -> None:
    """Nor does any lie beyond the places counted."""
    memory = scheduled(f, count).memory  # type: ignore[arg-type]
    assert len(set(memory.address.values())) == len(memory.address)
    assert all(a % SPACE < memory.places[UNIFORM] for a in memory.address.values() if a // SPACE == UNIFORM)


def test_kinds_of_memory() -> None:
    """Shared inputs, what varies by row, and what does not."""
    plan = scheduled(lambda xs: [tanh(xs[0]) * xs[1], xs[0]], 2, (None, 0))
    memory = plan.memory
    assert [memory.address[i] // SPACE for i in (0, 1)] == [SHARED, BY_ROW]
    assert memory.out // SPACE == BY_ROW
    assert memory.is_output(memory.address[plan.ssa.outputs[0]])
    assert memory.copies == [(0, memory.out + 1)]  # an input


def test_what_is_there_twice_is_copied() -> None:
    """One output in two places, and a constant."""
    plan = scheduled(lambda xs: [sin(xs[0]), sin(xs[0]), 3.0], 1)
    assert [address - plan.memory.out for _, address in plan.memory.copies] == [1, 2]


def test_what_is_alike_lies_together() -> None:
    """Also where it is computed in turn with something else."""
    plan = scheduled(lambda xs: [y * y for x in xs for y in (sin(x), tanh(x) + 1.0)] * 2, 8)
    for name in ("sin", "add"):
        places = [plan.memory.address[i] for i, p in enumerate(plan.ssa.primitives) if p is not None and p.name == name]
        assert all(b - a == 1 for a, b in pairwise(places))
