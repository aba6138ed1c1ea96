"""Functions that a program calls several times, in machine code: printed once, with a place in memory for what they take.

A call puts the numbers that it takes there, and pointers to the rows that it takes and gives.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd.compiler.emit.arrays import Array, copy_numbers
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.nested import POINTERS, Level
from autograd.compiler.simplify import SSA
from autograd.forms import Call

PrintLoop = Callable[..., list[Any]]


@dataclass
class Called:
    """A function in the code: its name, and where it finds what it takes and gives."""

    name: str
    numbers: dict[int, int]  # the address of each of its operands that is a number
    cells: dict[int, int]  # where the pointer is to each that is a row
    targets: list[int]  # and to each row that it gives


def print_call(level: Level, f: Function, i: int, print_loop: PrintLoop) -> list[Any]:
    """A call; returns the rows that it gives."""
    call: Any = level.ssa.primitives[i]
    operands = level.ssa.operands[i]
    laned = tuple([level.is_laned(f, x) for x in operands])
    key = call, f.lanes, laned
    functions = level.room.functions
    if key not in functions:
        functions[key] = _printed(level, f, call, laned, print_loop)
    called = functions[key]
    for lanes in dict.fromkeys([1, f.lanes]):
        view = f.view(lanes)
        numbers = [(j, x) for j, x in enumerate(operands) if j in called.numbers and laned[j] == (lanes > 1)]
        if numbers:
            put(level, view, [called.numbers[j] for j, _ in numbers], [x for _, x in numbers])
    for j, cell in called.cells.items():
        f.lines.append(f"  store ptr {level.arrays[operands[j]].pointer(f)}, ptr {f.offset('%uniform', cell)}, align 8")
    found: list[Any] = []
    for k, (row, cell) in enumerate(zip(call.ys, called.targets, strict=True)):
        array = level.targets.get((i, k)) or level.room.array(f, 1, row.width, f.lanes)
        f.lines.append(f"  store ptr {array.pointer(f)}, ptr {f.offset('%uniform', cell)}, align 8")
        found.append(array)
    f.lines.append(f"  call void {called.name}({POINTERS})")
    return found


def put(level: Level, f: Function, addresses: list[int], numbers: list[int]) -> None:
    """Put numbers where a function takes them: side by side."""
    target = f.pointer_to(addresses[0])[0]
    if not level.in_one_piece:
        copy_numbers(f, target, [level.source(f, x) for x in numbers])
        return
    for k, x in enumerate(numbers):
        known = (level.alone(f, x), False) if f.lanes == 1 else level.value(f, x)
        f.store(known, f.offset(target, k * f.lanes))


def _printed(level: Level, f: Function, call: Call, laned: tuple[bool, ...], print_loop: PrintLoop) -> Called:
    """The function printed, for operands in which rows differ where they are `laned`."""
    room = level.room
    count = len(laned)
    ssa = SSA(count)
    ssa.primitives.append(call)
    ssa.operands.append(tuple(range(count)))
    inner = Level(level.module, level.options, room, ssa, print_loop)
    inner.functions.add(count)
    if f.lanes > 1:
        inner.varies = [*laned, []]
    g = Function(level.module, f.lanes)
    arrays = len(call.xs)
    called = Called(level.module.unique("@function"), {}, {}, [])
    for lanes in dict.fromkeys([1, f.lanes]):
        places = [j for j in range(arrays, count) if laned[j] == (lanes > 1)]
        first = room.address(len(places), lanes) if places else 0
        called.numbers |= {j: first + k for k, j in enumerate(places)}
    inner.address |= called.numbers
    for j, row in enumerate(call.xs):
        cell = called.cells[j] = room.take(1)
        inner.arrays[j] = Array(row.width, 1, cell=cell, owned=False, lanes=f.lanes if laned[j] else 1)
    for k, row in enumerate(call.ys):
        called.targets.append(room.take(1))
        inner.targets[count, k] = Array(row.width, 1, cell=called.targets[k], lanes=f.lanes)
    inner.form(g, count, staged=True)
    level.module.define(f"internal void {called.name}({POINTERS})", g.lines, attributes=1)
    return called
