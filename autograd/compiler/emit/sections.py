"""The items of a schedule as functions of bounded size: what one computes, and another reads, goes through memory."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.compiler.emit.function import Function
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.loops import print_any_steps, print_loop
from autograd.compiler.emit.numbers import LONG_SUM, Numbers
from autograd.compiler.schedule.loops import Item, Loop, roots_of
from autograd.compiler.schedule.memory import SPACE
from autograd.compiler.schedule.scheduling import Schedule

LARGEST_FUNCTION = 256  # operations: code for one function takes more than linear time to make
QUICKLY_COMPILED = 20_000  # operations, up to which straight-line code is worth the best code that LLVM makes
OFTEN = 4  # loops alike, from which they share a function
OF_A_LOOP, OF_A_CALL = 24, 4  # about how many operations they are to LLVM


def _repeated(module: LLVMModule, schedule: Schedule) -> dict[int, str]:
    """Functions for loops that come often, alike but for their places and number of steps; their names by the loops' ids."""
    alike: dict[Any, list[Loop]] = defaultdict(list)
    for item in schedule.uniform:
        if isinstance(item, Loop) and item.runs == 1 and item.segments is None:
            alike[_likeness(schedule, item)].append(item)
    often = [loops for loops in alike.values() if len(loops) >= OFTEN]
    names = [module.unique("@repeated") for _ in often]
    for name, (loop, *_) in zip(names, often, strict=True):
        f = Function(module, 1)
        print_any_steps(f, schedule, loop)
        pointers = [f"ptr %stream{i}" for i, address in enumerate(loop.reads) if address is not None]
        module.define(f"internal void {name}({', '.join([*pointers, 'i64 %count'])})", f.lines)
    return {id(loop): name for name, loops in zip(names, often, strict=True) for loop in loops}


def _likeness(schedule: Schedule, loop: Loop) -> Any:
    """What loops have in common that one function can compute: all but where they lie, and how many steps they have."""
    trees, root = schedule.trees, loop.roots[0]
    strides = [None if x is None else stride for x, stride in zip(loop.reads, loop.step_strides, strict=True)]
    fixed = [x for x, address in zip(trees.reads(root), loop.reads[:-1], strict=True) if address is None]
    return trees.form(root), *strides, *[schedule.ssa.constants[x].hex() for x in fixed]


def _shared(module: LLVMModule, schedule: Schedule, items: Sequence[Item], lanes: int) -> dict[int, str]:
    """Functions for loops by row that come often, alike but for their places; their names by the loops' ids."""
    alike: dict[Any, list[Loop]] = defaultdict(list)
    for item in items:
        if isinstance(item, Loop):
            alike[_sameness(schedule, item)].append(item)
    often = [loops for loops in alike.values() if len(loops) >= OFTEN]
    names = [module.unique("@shared") for _ in often]
    for name, (loop, *_) in zip(names, often, strict=True):
        f = Function(module, lanes)
        pointers = [f"%stream{i}" for i in range(len(loop.reads))]
        print_loop(f, schedule, loop, pointers)
        module.define(f"internal void {name}({_streams(loop, pointers)})", f.lines)
    return {id(loop): name for name, loops in zip(names, often, strict=True) for loop in loops}


def _sameness(schedule: Schedule, loop: Loop) -> Any:
    """What loops have in common that one function can compute: all but where in each kind of memory they lie."""
    trees, root, memory = schedule.trees, loop.roots[0], schedule.memory
    first = trees.reads(root)
    if loop.segments is not None:
        starts = itertools.accumulate([segment.length for segment in loop.segments[:-1]], initial=0)
        fold = trees.folds[root]
        first = [fold.start, *[x for k in starts for x in fold.terms[k].reads]]
    fixed = [schedule.ssa.constants[x].hex() for x, at in zip(first, loop.reads[:-1], strict=True) if at is None]
    spaces = [None if at is None else at // SPACE for at in loop.reads]
    strides = tuple(loop.run_strides if loop.runs > 1 else ()), tuple(loop.step_strides if loop.steps > 1 else ())
    summed = memory.is_summed(memory.address[root])
    return trees.form(root), loop.segments, loop.runs, loop.steps, strides, tuple(spaces), tuple(fixed), summed


def _streams(loop: Loop, pointers: Sequence[str]) -> str:
    """The pointers to what a loop reads and writes, as arguments; constants have none."""
    return ", ".join([f"ptr {pointer}" for pointer, at in zip(pointers, loop.reads, strict=True) if at is not None])


class Sections:
    """Prints the items of a schedule."""

    def __init__(self, module: LLVMModule, schedule: Schedule) -> None:
        self.module, self.schedule = module, schedule
        self.repeated = _repeated(module, schedule)
        self.shared: dict[int, str] = {}

    def of_items(self, items: Sequence[Item], lanes: int, name: str, read: Iterable[int] = ()) -> list[str]:
        """Functions that compute these items; returns their names. What else is `read` is kept in memory too."""
        if lanes > 1:
            self.shared |= _shared(self.module, self.schedule, items, lanes)
        groups: list[list[Item]] = []
        cost = LARGEST_FUNCTION
        for item in items:
            size = self._size(item)
            if cost + size > LARGEST_FUNCTION:
                groups.append([])
                cost = 0
            groups[-1].append(item)
            cost += size
        owner = {item: n for n, group in enumerate(groups) for item in group if not isinstance(item, Loop)}
        kept = {*self.schedule.ssa.outputs, *read}  # also in memory
        for n, group in enumerate(groups):
            for item in group:
                kept.update(x for x in self._reads(item) if owner.get(x, n) != n or self.has_loop(item))
        if lanes == 1:
            kept.update(x for item in self.schedule.by_row for x in self._reads(item))
            kept.update(number for number, _ in self.schedule.memory.copies)
        names: list[str] = []
        for group in groups:
            f = Function(self.module, lanes)
            numbers = Numbers(f, self.schedule)
            for item in group:
                if isinstance(item, Loop):
                    self.print_loop(f, item)
                else:
                    numbers.compute(item, kept=item in kept)
            self._define(name, names, f)
        return names

    def print_loop(self, f: Function, loop: Loop) -> None:
        """A loop, or a call of the function that it shares with others."""
        if id(loop) in self.shared:
            pointers = ["" if address is None else f.pointer_to(address)[0] for address in loop.reads]
            f.lines.append(f"  call void {self.shared[id(loop)]}({_streams(loop, pointers)})")
        elif id(loop) not in self.repeated:
            print_loop(f, self.schedule, loop)
        else:
            pointers = [f"ptr {f.pointer_to(address)[0]}" for address in loop.reads if address is not None]
            f.lines.append(f"  call void {self.repeated[id(loop)]}({', '.join([*pointers, f'i64 {loop.steps}'])})")

    def of_copies(self, lanes: int) -> list[str]:
        """Functions that put outputs in their places that are not computed there."""
        names: list[str] = []
        copies = self.schedule.memory.copies
        for start in range(0, len(copies), LARGEST_FUNCTION):
            f = Function(self.module, lanes)
            numbers = Numbers(f, self.schedule)
            for number, address in copies[start : start + LARGEST_FUNCTION]:
                numbers.keep(number, address)
            self._define("copies", names, f)
        return names

    def has_loop(self, item: Item) -> bool:
        """Whether its code is a loop, which reads memory: a loop, or a sum of many terms."""
        if isinstance(item, Loop):
            return True
        fold = self.schedule.trees.folds.get(item)
        return fold is not None and len(fold.terms) >= LONG_SUM

    def _size(self, item: Item) -> int:
        """About how many operations an item is to LLVM."""
        if id(item) in self.repeated or id(item) in self.shared:
            return OF_A_CALL
        return OF_A_LOOP if isinstance(item, Loop) or self.has_loop(item) else self.schedule.trees.size(item)

    def _reads(self, item: Item) -> list[int]:
        return [x for root in roots_of(item) for x in self.schedule.trees.reads(root)]

    def _define(self, name: str, names: list[str], f: Function) -> None:
        names.append(f"@{name}{len(names)}")
        optimised = f.loops or f.lanes > 1 or len(self.schedule.ssa.primitives) < QUICKLY_COMPILED
        head = f"internal void {names[-1]}(ptr %shared, ptr %uniform, ptr %rows)"
        self.module.define(head, f.lines, attributes=0 if optimised else 1)
