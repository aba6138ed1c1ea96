"""Many truth values joined by "or": their order makes no difference, so those side by side in memory are joined in vectors."""

import itertools
from collections.abc import Sequence

from autograd.compiler.emit.function import Function
from autograd.compiler.emit.places import pointer_to
from autograd.compiler.schedule.folds import Term
from autograd.compiler.schedule.loops import SHORTEST_LOOP
from autograd.compiler.schedule.memory import Memory


def join_side_by_side(f: Function, memory: Memory, total: str, terms: Sequence[Term]) -> tuple[str, list[Term]]:
    """A disjunction with those terms joined that lie side by side, and the terms that are left."""
    there = {memory.address[term.factors[0]]: term for term in terms if term.factors[0] in memory.address}
    left = [term for term in terms if term.factors[0] not in memory.address]  # constants
    wide = f.view(f.module.host.lanes)
    for _, consecutive in itertools.groupby(enumerate(sorted(there)), lambda pair: pair[1] - pair[0]):
        run = [address for _, address in consecutive]
        count = len(run) // wide.lanes
        joined = count * wide.lanes if count >= SHORTEST_LOOP else 0
        if joined:
            total = f.new(f"or i1 {total}, {_joined(f, wide, run[0], count)}")
        left += [there[address] for address in run[joined:]]
    return total, left


def _joined(f: Function, wide: Function, address: int, count: int) -> str:
    """Whether any of `count` vectors from an address on has a number that is not 0."""

    def step(names: list[str]) -> list[str]:
        pointer, total = names
        there = wide.as_truth((wide.load(pointer), False))
        return [wide.offset(pointer, wide.lanes), wide.new(f"or {wide.truth} {total}, {there}")]

    found = f.loop(count, [("ptr", pointer_to(f, address)[0]), (wide.truth, "zeroinitializer")], step)[1]
    name = f"@llvm.vector.reduce.or.v{wide.lanes}i1"
    f.module.declare(f"declare i1 {name}({wide.truth})")
    return f.new(f"call i1 {name}({wide.truth} {found})")
