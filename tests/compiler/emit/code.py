"""What tests of the compiler's writers share: a function of machine code, written by a test and run on lists of numbers."""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from autograd.compiler.emit.function import SPACES, Function
from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.lower import lower
from autograd.compiler.options import Options
from autograd.compiler.run.machine import Code, Host, this_host
from autograd.compiler.schedule.memory import BY_ROW, SHARED, TABLE, UNIFORM
from autograd.compiler.schedule.scheduling import Schedule, schedule
from autograd.compiler.trace.tracer import trace
from autograd.structures import flatten


class Written:
    """A module in which a test writes functions, and runs the last of them."""

    def __init__(self, *, fast: bool = False, host: Host | None = None) -> None:
        self.module = LLVMModule(host or this_host(), fast=fast)

    def function(self, lanes: int = 1) -> Function:
        """A function to write."""
        return Function(self.module, lanes)

    def run(self, f: Function, memory: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
        """Call the function with a pointer `%name` to each of these lists; returns what is in them after the call."""
        self.module.define(f"void @written({', '.join(f'ptr %{name}' for name in memory)})", f.lines)
        text = self.module.text()
        llvm.parse_assembly(text, llvm.create_context()).verify()
        call = Code(text, self.module.host, 1).function("written", None, [ctypes.c_void_p] * len(memory))
        arrays = {name: np.array(numbers, dtype=float) for name, numbers in memory.items()}
        call(*[array.ctypes.data for array in arrays.values()])
        return {name: array.tolist() for name, array in arrays.items()}


def ran(
    write: Callable[[Function], Any], memory: Mapping[str, Sequence[float]], *, lanes: int = 1, fast: bool = False
) -> dict[str, list[float]]:
    """What a function leaves in memory, which `write` writes."""
    written = Written(fast=fast)
    f = written.function(lanes)
    write(f)
    return written.run(f, memory)


def planned(f: Callable[[list[Any]], Any], count: int, options: Options | None = None) -> Schedule:
    """A function of a list of `count` numbers, scheduled."""
    program, _, _ = trace(lambda xs: (flatten(f(xs), "a result")[0], None), [""] * count)
    return schedule(lower(program), options or Options())


def memory_of(
    plan: Schedule, shared: Sequence[float], rows: Sequence[Sequence[float]] = (), lanes: int = 1
) -> dict[str, list[float]]:
    """The memory of a call before it: the shared inputs, and for each input by row its numbers in the lanes; else nan."""
    by_row = [number for column in zip(*rows, strict=True) for number in column]
    nothing = float("nan")
    return {
        "shared": [*shared, nothing],
        "uniform": [nothing] * (plan.memory.places[UNIFORM] + 1),
        "rows": by_row + [nothing] * (lanes * plan.memory.places[BY_ROW] + 1 - len(by_row)),
    }


def put_table(module: LLVMModule, plan: Schedule) -> None:
    """The constants of a schedule's loops, as every module that computes it has them."""
    if plan.memory.table:
        module.constants("double", [*map(number_text, plan.memory.table)], SPACES[TABLE])


def found_at(plan: Schedule, memory: Mapping[str, Sequence[float]], address: int, lanes: int = 1) -> list[float]:
    """The numbers at an address of the schedule, after a call: one, or one for each lane."""
    from autograd.compiler.schedule.memory import SPACE

    space, place = divmod(address, SPACE)
    if space == BY_ROW:
        return list(memory["rows"][place * lanes : (place + 1) * lanes])
    return [memory[{SHARED: "shared", UNIFORM: "uniform"}[space]][place]]


def outputs_of(plan: Schedule, memory: Mapping[str, Sequence[float]], lanes: int = 1) -> list[list[float]]:
    """The outputs in their places: for each one number, or one for each lane."""
    return [found_at(plan, memory, plan.memory.out + i, lanes) for i in range(len(plan.ssa.outputs))]
