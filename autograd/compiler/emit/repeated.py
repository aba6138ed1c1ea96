"""Loops that differ only in where they lie and how many steps they have share a function, which is compiled once."""

from collections import defaultdict
from typing import Any

from autograd.compiler.emit.function import Function
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.loops import print_any_steps
from autograd.compiler.emit.places import pointer_to
from autograd.compiler.schedule.loops import Loop
from autograd.compiler.schedule.scheduling import Schedule

OFTEN = 4  # loops alike, from which they share a function


class Repeated:
    """The functions for the uniform loops of a schedule that come often."""

    def __init__(self, module: LLVMModule, schedule: Schedule) -> None:
        alike: dict[Any, list[Loop]] = defaultdict(list)
        for item in schedule.uniform:
            if isinstance(item, Loop) and item.runs == 1 and item.segments is None:
                alike[_likeness(schedule, item)].append(item)
        often = [loops for loops in alike.values() if len(loops) >= OFTEN]
        self._names = {id(loop): f"@repeated{n}" for n, loops in enumerate(often) for loop in loops}
        for n, (loop, *_) in enumerate(often):
            f = Function(module, 1)
            print_any_steps(f, schedule, loop)
            pointers = [f"ptr %stream{i}" for i, address in enumerate(loop.reads) if address is not None]
            module.define(f"internal void @repeated{n}({', '.join([*pointers, 'i64 %count'])})", f.lines)

    def __contains__(self, loop: Loop) -> bool:
        return id(loop) in self._names

    def print_call(self, f: Function, loop: Loop) -> None:
        """A call that computes a loop."""
        pointers = [f"ptr {pointer_to(f, address)[0]}" for address in loop.reads if address is not None]
        f.lines.append(f"  call void {self._names[id(loop)]}({', '.join([*pointers, f'i64 {loop.steps}'])})")


def _likeness(schedule: Schedule, loop: Loop) -> Any:
    """What loops have in common that one function can compute: all but where they lie, and how many steps they have."""
    root = loop.roots[0]
    strides = [None if x is None else stride for x, stride in zip(loop.reads, loop.step_strides, strict=True)]
    constants = [
        schedule.ssa.constants[x].hex()
        for x, address in zip(schedule.trees.reads(root), loop.reads[:-1], strict=True)
        if address is None
    ]
    return schedule.trees.form(root), *strides, *constants
