"""The schedule of a graph: its items in the order of the work, and where every number lies."""

from dataclasses import dataclass

from autograd.compiler.options import Options
from autograd.compiler.schedule.folds import Trees
from autograd.compiler.schedule.loops import Finder, Item, roots_of
from autograd.compiler.schedule.memory import Memory, Part
from autograd.compiler.schedule.order import in_levels, in_order
from autograd.compiler.simplify import SSA


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is computed in which order, first the `uniform` items, then for each row those `by_row`; and what lies where."""

    ssa: SSA
    trees: Trees
    memory: Memory
    uniform: list[Item]
    by_row: list[Item]


def schedule(ssa: SSA, options: Options, part: Part | None = None) -> Schedule:
    """The schedule of a graph of native primitives, which may be part of a larger one."""
    trees = Trees(ssa, options.varying)
    memory = Memory(trees, mapped=options.mapped, summed=options.summed, part=part)
    uniform, by_row = (_items(trees, memory, by_row=by_row) for by_row in (False, True))
    return Schedule(ssa, trees, memory, uniform, by_row)


def _items(trees: Trees, memory: Memory, *, by_row: bool) -> list[Item]:
    roots = trees.roots(by_row=by_row)
    kinds = trees.kinds(roots, memory.address)
    levels = in_levels(trees, roots, kinds)
    memory.place_alike([i for level in levels for i in level], kinds, by_row=by_row)
    finder = Finder(trees, memory)
    items = [item for level in levels for item in finder.items(level, kinds)]
    return [items[n] for n in in_order([roots_of(item) for item in items], trees.reads)]
