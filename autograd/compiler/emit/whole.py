"""A whole program with loops: its inputs and outputs; for one call, or for as many rows as there are lanes."""

from collections.abc import Sequence
from itertools import accumulate, groupby

from autograd.compiler.call.signature import WORDS
from autograd.compiler.emit.apart import with_sums_apart
from autograd.compiler.emit.arrays import CELL, Array, Room, copy_numbers, copy_rows
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.nested import Level
from autograd.compiler.emit.turns import print_loop
from autograd.compiler.emit.varying import RowsApartError, varying
from autograd.compiler.options import Options
from autograd.compiler.schedule.memory import BY_ROW, SHARED, SPACE, UNIFORM
from autograd.compiler.simplify import SSA

MOST_NUMBERS = 1 << 18  # of rows side by side: 2 MiB, from which on they come from far away, and rows alone are as quick


def print_program(module: LLVMModule, options: Options, ssa: SSA) -> tuple[Function, Room]:
    """The function that computes a program with loops: its inputs are at `%shared`, its outputs the first of `%uniform`.

    With rows it computes as many as there are lanes: what they do not share is at `%rows`, inputs and then the outputs.
    """
    ssa = with_sums_apart(ssa, lanes=options.mapped)
    lanes = module.host.lanes if options.mapped else 1
    shared = [array is None for array in options.varying or [None] * ssa.inputs]
    by_row = ssa.inputs - sum(shared)
    if options.mapped:
        _check(2 * len(ssa.outputs) * lanes)  # soon
    results = options.results or (0,) * len(ssa.outputs)
    room = Room(0, lanes, by_row + len(ssa.outputs)) if options.mapped else Room(words_of(results), module.host.lanes)
    level = Level(module, options, room, ssa, print_loop)
    level.varies = varying(ssa, [not x for x in shared]) if options.mapped else ()
    places = [0, 0]
    for i, width in enumerate(options.arrays or (0,) * ssa.inputs):
        if width:
            level.arrays[i] = Array(width, None, cell=places[SHARED], owned=False, base="%shared")
        else:
            level.address[i] = SHARED * SPACE + places[SHARED] if shared[i] else BY_ROW * SPACE + places[1]
        places[0 if shared[i] else 1] += WORDS if width else 1
    f = Function(module, lanes)
    first = BY_ROW * SPACE + by_row if options.mapped else UNIFORM * SPACE
    homes = list(accumulate([WORDS if width else 1 for width in results], initial=first))
    numbers = [(home, x) for home, x, width in zip(homes, ssa.outputs, results, strict=False) if not width]
    level.homes = {x: home for home, x in reversed(numbers)}
    level.print_staged(f)
    sources = [(home, ssa.constants[x] if x in ssa.constants else level.address[x]) for home, x in numbers]
    for _, group in groupby(enumerate(sources), lambda pair: (pair[1][0] - pair[0], pair[1][0] == pair[1][1])):
        copied = [pair for _, pair in group]
        if copied[0][0] != copied[0][1]:
            copy_numbers(f, f.pointer_to(copied[0][0])[0], [source for _, source in copied])
    for home, x, width in zip(homes, ssa.outputs, results, strict=False):
        if width:
            _give_array(f, room, level.arrays[x], home % SPACE)
    if options.mapped:
        _check(room.by_row * lanes)
    run = Function(module, 1)
    run.names = f.names
    room.begin(run)
    run.lines += f.lines
    room.end(run)
    return run, room


def words_of(widths: Sequence[int]) -> int:
    """How many places inputs or outputs take: for an array two."""
    return sum(WORDS if width else 1 for width in widths)


def _give_array(f: Function, room: Room, array: Array, home: int) -> None:
    """An array in memory of its own, that the caller frees: its pointer, and how many rows it has."""
    place = room.take(CELL)
    given, cell = Array(array.width, None, cell=place), f.offset("%uniform", place)
    f.lines += [f"  store i64 0, ptr {f.offset(cell, i)}, align 8" for i in range(CELL)]
    count = array.count(f)
    numbers = f.new(f"mul i64 {count}, {array.width}")
    room.make_room(f, given, numbers)
    pointer = given.pointer(f)
    copy_rows(f, pointer, 1, array, numbers)
    for k, word in enumerate((f"ptr {pointer}", f"i64 {count}")):
        f.lines.append(f"  store {word}, ptr {f.offset('%uniform', home + k)}, align 8")


def _check(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise RowsApartError
