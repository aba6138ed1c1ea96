"""Loops that a program has several times, as its layers have: printed once, as a function of pointers to arrays.

A call puts the numbers that it takes into the function's place for them, and takes the numbers that it gives from there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from autograd.compiler.emit.arrays import Array, copy_numbers
from autograd.compiler.emit.calls import put
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.nested import POINTERS, Level
from autograd.compiler.emit.ways import grouped_of
from autograd.compiler.schedule.memory import BY_ROW, SPACE
from autograd.compiler.simplify import SSA
from autograd.forms import Loop

PrintFunction = Callable[[Level, Function, int, str], tuple[str, list[Any]]]
"""Prints a loop as a function with these parameters: its name, and the loop's results."""


@dataclass
class Repeated:
    """A loop in the code: its name, where it finds numbers, and pointers to arrays that it carries, and its results there."""

    name: str
    numbers: dict[int, int]
    cells: dict[int, int]
    results: list[Any]


def is_repeated(level: Level, i: int) -> bool:
    """Whether a level has the same loop several times, and all its arrays have lengths that are known.

    What it gives must lie in new memory, apart from all that it reads.
    """
    loop: Any = level.ssa.primitives[i]
    if loop.turns is None or i in level.functions or level.counts[loop] < 2:
        return False
    arrays = [level.arrays[x] for x in level.ssa.operands[i] if x in level.arrays]
    apart = not any((i, k) in level.targets for k in range(len(loop.ys)))
    return apart and all(array.length is not None for array in arrays)


def print_repeated(level: Level, f: Function, i: int, print_function: PrintFunction) -> list[Any]:
    """Such a loop; returns its results."""
    loop: Any = level.ssa.primitives[i]
    operands, constants = level.ssa.operands[i], level.ssa.constants
    arrays = {j: level.arrays[x] for j, x in enumerate(operands) if x in level.arrays}
    buffers = {j: level.owned(f, operands[j]) for j, width in enumerate(loop.carry) if width}
    arrays |= buffers
    grouped = tuple(grouped_of(level, f, i))
    given = [
        level.ends.get((i, k)) or replace(level.room.array(f, loop.turns, row.width, f.lanes), grouped=grouped[k])
        for k, row in enumerate(loop.ys)
    ]
    laned = tuple([level.is_laned(f, x) if j not in buffers else f.lanes > 1 for j, x in enumerate(operands)])
    fixed = tuple([constants[x].hex() if x in constants else None for x in operands])
    kinds = tuple([(j, array.width, array.length, array.stride, array.grouped) for j, array in arrays.items()])
    key = loop, f.lanes, laned, fixed, kinds, grouped
    functions = level.room.functions
    if key not in functions:
        functions[key] = _printed(level, f, loop, arrays, laned, fixed, grouped, print_function)
    called = functions[key]
    for lanes in dict.fromkeys([1, f.lanes]):
        numbers = [(j, x) for j, x in enumerate(operands) if j in called.numbers and laned[j] == (lanes > 1)]
        if numbers:
            put(level, f.view(lanes), [called.numbers[j] for j, _ in numbers], [x for _, x in numbers])
    for j, cell in called.cells.items():
        f.lines.append(f"  store ptr {buffers[j].pointer(f)}, ptr {f.offset('%uniform', cell)}, align 8")
    read = [array for j, array in arrays.items() if j not in buffers]
    pointers = [f"ptr {array.pointer(f)}" for array in (*read, *given)]
    f.lines.append(f"  call void {called.name}({', '.join([POINTERS, *pointers])})")
    found = [buffers[j] if j in buffers else _taken(level, f, x) for j, x in enumerate(called.results[: len(loop.carry)])]
    return [*found, *given]


def _taken(level: Level, f: Function, address: int) -> int:
    """The address of a number that a function gives, where the next call leaves it alone."""
    view = f if address // SPACE == BY_ROW else f.view(1)
    found = level.room.address(1, view.lanes)
    copy_numbers(view, view.pointer_to(found)[0], [address])
    return found


def _printed(
    level: Level,
    f: Function,
    loop: Loop,
    arrays: dict[int, Array],
    laned: tuple[bool, ...],
    fixed: tuple[str | None, ...],
    grouped: tuple[bool, ...],
    print_function: PrintFunction,
) -> Repeated:
    """The function printed, for operands of these kinds."""
    ssa = SSA(len(laned))
    places = [j if x is None else ssa.constant(float.fromhex(x)) for j, x in enumerate(fixed)]
    at = len(ssa.primitives)
    ssa.primitives.append(loop)
    ssa.operands.append(tuple(places))
    inner = Level(level.module, level.options, level.room, ssa, level.print_loop)
    inner.functions.add(at)
    if f.lanes > 1:
        inner.varies = [*laned, *[False] * (at - len(laned)), []]
    called = Repeated("", {}, {}, [])
    for lanes in dict.fromkeys([1, f.lanes]):
        numbers = [j for j, x in enumerate(fixed) if x is None and j not in arrays and laned[j] == (lanes > 1)]
        first = level.room.address(len(numbers), lanes) if numbers else 0
        called.numbers |= {j: first + k for k, j in enumerate(numbers)}
    inner.address |= called.numbers
    names = []
    for j, array in arrays.items():
        if j < len(loop.carry):
            called.cells[j] = level.room.take(1)
            inner.arrays[j] = replace(array, at=None, name=None, cell=called.cells[j], owned=True)
        else:
            names.append(f"%x{j}")
            inner.arrays[j] = replace(array, at=None, cell=None, name=names[-1], owned=False)
    for k, row in enumerate(loop.ys):
        inner.targets[at, k] = Array(row.width, loop.turns, name=f"%y{k}", lanes=f.lanes, grouped=grouped[k])
    names += [f"%y{k}" for k in range(len(loop.ys))]
    called.name, called.results = print_function(inner, f, at, ", ".join([f"ptr noalias {name}" for name in names]))
    return called
