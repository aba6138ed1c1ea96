"""A whole program with loops: its inputs and outputs; for one call, or for as many rows as there are lanes."""

from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import Any

from autograd.compiler.call.signature import WORDS
from autograd.compiler.emit.apart import with_sums_apart
from autograd.compiler.emit.arrays import Array, Room, copy_numbers, copy_rows
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.nested import Level
from autograd.compiler.emit.turns import print_loop
from autograd.compiler.emit.varying import RowsApartError, varying
from autograd.compiler.options import Options, size_of
from autograd.compiler.schedule.memory import BY_ROW, SHARED, SPACE, UNIFORM
from autograd.compiler.simplify import SSA
from autograd.forms import Result

MOST_NUMBERS = 1 << 18  # of rows side by side: 2 MiB, from which on they come from far away, and rows alone are as quick


def print_program(module: LLVMModule, options: Options, ssa: SSA) -> tuple[Function, Room]:
    """The function that computes a program with loops: its inputs are at `%shared`, its outputs the first of `%uniform`.

    With rows it computes as many as there are lanes: what they do not share is at `%rows`, inputs and then the outputs.
    """
    ssa = with_sums_apart(ssa, lanes=options.mapped)
    lanes = module.host.lanes if options.mapped else 1
    shared = [array is None for array in options.varying or [None] * ssa.inputs]
    by_row = ssa.inputs - sum(shared)
    taken = places_of(options.arrays or (0,) * ssa.inputs, options.rows)
    results = options.results or (0,) * len(ssa.outputs)
    given = places_of(results, options.result_rows)
    if options.mapped:
        _check(2 * sum(given) * lanes)  # soon
    room = Room(0, lanes, by_row + sum(given)) if options.mapped else Room(sum(given), module.host.lanes)
    level = Level(module, options, room, ssa, print_loop)
    level.varies = varying(ssa, [not x for x in shared]) if options.mapped else ()
    place_inputs(level, options, taken, shared)
    f = Function(module, lanes)
    first = BY_ROW * SPACE + by_row if options.mapped else UNIFORM * SPACE
    homes = list(accumulate(given, initial=first))
    numbers = [(home, x) for home, x, width in zip(homes, ssa.outputs, results, strict=False) if not width]
    level.homes = {x: home for home, x in reversed(numbers)}
    if options.result_rows and not options.mapped:
        level.ends = _ends(ssa, homes)
    level.print_staged(f)
    sources = [(home, ssa.constants[x] if x in ssa.constants else level.address[x]) for home, x in numbers]
    for _, group in groupby(enumerate(sources), lambda pair: (pair[1][0] - pair[0], pair[1][0] == pair[1][1])):
        copied = [pair for _, pair in group]
        if copied[0][0] != copied[0][1]:
            copy_numbers(f, f.pointer_to(copied[0][0])[0], [source for _, source in copied])
    for home, x, width in zip(homes, ssa.outputs, results, strict=False):
        if width and options.result_rows:
            _copy_array(f, level.arrays[x], home)
        elif width:
            _give_array(f, level.arrays[x], home % SPACE)
    if options.mapped:
        _check(room.by_row * lanes)
    run = Function(module, 1)
    run.names = f.names
    room.begin(run)
    run.lines += f.lines
    return run, room


def _ends(ssa: SSA, homes: Sequence[int]) -> dict[tuple[int, int], Array]:
    """Where loops put the arrays that are outputs."""
    found: dict[tuple[int, int], Array] = {}
    for home, x in zip(homes, ssa.outputs, strict=False):
        result = ssa.primitives[x]
        if isinstance(result, Result):
            (group,) = ssa.operands[x]
            loop: Any = ssa.primitives[group]
            k = result.place - loop.first_array
            if k >= 0 and loop.turns is not None:
                found.setdefault((group, k), Array(loop.ys[k].width, loop.turns, at=home, owned=False))
    return found


def place_inputs(level: Level, options: Options, sizes: Sequence[int], shared: Sequence[bool]) -> None:
    """Tell a level where its inputs are, each of that size."""
    places = [0, 0]  # among those that rows share, and those of a row
    for i, size in enumerate(sizes):
        address = (SHARED * SPACE if shared[i] else BY_ROW * SPACE) + places[not shared[i]]
        width = options.arrays[i] if options.arrays else 0
        if not width:
            level.address[i] = address
        elif options.rows:
            level.arrays[i] = Array(width, options.rows[i], at=address, owned=False)
        else:
            level.arrays[i] = Array(width, None, cell=places[0], owned=False, base="%shared")
        places[not shared[i]] += size


def places_of(columns: Sequence[int], rows: Sequence[int]) -> list[int]:
    """How many places each input or output takes: an array as many as it has numbers, or two where a call has its length."""
    if not rows:
        return [WORDS if width else 1 for width in columns]
    return list(map(size_of, columns, rows))


def _copy_array(f: Function, array: Array, home: int) -> None:
    """An array to the place of an output, unless it lies there."""
    if array.at != home:
        copy_rows(f, f.pointer_to(home)[0], f.lanes, array, array.numbers(f))


def _give_array(f: Function, array: Array, home: int) -> None:
    """Tell the caller where an array is, for it to copy: a pointer, and how many rows there are."""
    for k, word in enumerate((f"ptr {array.pointer(f)}", f"i64 {array.count(f)}")):
        f.lines.append(f"  store {word}, ptr {f.offset('%uniform', home + k)}, align 8")


def _check(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise RowsApartError
