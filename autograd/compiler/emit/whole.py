"""A whole program with loops: its inputs and outputs; for one call, or for as many rows as there are lanes."""

from itertools import groupby

from autograd.compiler.emit.arrays import Array, Room, copy_numbers
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.nested import Level
from autograd.compiler.emit.turns import print_loop
from autograd.compiler.emit.varying import RowsApartError, varying
from autograd.compiler.options import Options
from autograd.compiler.schedule.memory import BY_ROW, SHARED, SPACE, UNIFORM
from autograd.compiler.simplify import SSA

MOST_NUMBERS = 1 << 18  # of rows side by side: 2 MiB, from which on they come from far away, and rows alone are as quick
WORDS = 2  # of an array among the inputs: its pointer, and how many rows it has


def print_program(module: LLVMModule, options: Options, ssa: SSA) -> tuple[Function, Room]:
    """The function that computes a program with loops: its inputs are at `%shared`, its outputs the first of `%uniform`.

    With rows it computes as many as there are lanes: what they do not share is at `%rows`, inputs and then the outputs.
    """
    lanes = module.host.lanes if options.mapped else 1
    shared = [array is None for array in options.varying or [None] * ssa.inputs]
    by_row = ssa.inputs - sum(shared)
    if options.mapped:
        _check(2 * len(ssa.outputs) * lanes)  # soon
    room = Room(0, lanes, by_row + len(ssa.outputs)) if options.mapped else Room(len(ssa.outputs))
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
    level.homes = {x: first + k for k, x in reversed([*enumerate(ssa.outputs)])}
    level.print_staged(f)
    sources = [ssa.constants[x] if x in ssa.constants else level.address[x] for x in ssa.outputs]
    for there, group in groupby(enumerate(sources, first), lambda pair: pair[0] == pair[1]):
        if not there:
            copied = list(group)
            copy_numbers(f, f.pointer_to(copied[0][0])[0], [source for _, source in copied])
    if options.mapped:
        _check(room.by_row * lanes)
    run = Function(module, 1)
    run.names = f.names
    room.begin(run)
    run.lines += f.lines
    room.end(run)
    return run, room


def _check(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise RowsApartError
