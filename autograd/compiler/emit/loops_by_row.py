"""Rows of data through a program with loops, in lanes, where the sums over them are outer products for the most part.

A loop that gives an array of products gives what these are made of instead, and the products of many rows are added at once, by
`outer`. So nothing in memory is as large as that array for each row.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, NamedTuple

from autograd.compiler.emit.accumulations import added
from autograd.compiler.emit.apart import with_sums_apart
from autograd.compiler.emit.arrays import Room, copy_numbers, copy_rows, pointer_to
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.levels import uses_of
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.loop_parts import LoopParts, left_of, with_outputs
from autograd.compiler.emit.nested import POINTERS, Level
from autograd.compiler.emit.outer import FEWEST, Numbers, Outer, Outers
from autograd.compiler.emit.sums import Run
from autograd.compiler.emit.turns import print_loop
from autograd.compiler.emit.varying import RowsApartError, varying
from autograd.compiler.emit.whole import MOST_NUMBERS, place_inputs, places_of
from autograd.compiler.options import Options, size_of
from autograd.compiler.schedule.folds import term_of
from autograd.compiler.schedule.memory import BY_ROW, SPACE
from autograd.compiler.simplify import SSA
from autograd.forms import Call, Loop, Pack, Result, Row

MOST_RUNS = 64  # outputs that lie evenly, beside outer products


class Given(NamedTuple):
    """An output: where its first number belongs, its rows and columns, how far apart rows are. A number has no columns."""

    first: int
    rows: int
    columns: int
    down: int


class Factors(NamedTuple):
    """What an output's outer products are made of: arrays of numbers by row."""

    given: Given
    x: int
    y: int
    guard: int | None
    negated: bool


class RowsPrinted(NamedTuple):
    """The function that computes as many rows as there are lanes, and where the outputs are then."""

    name: str
    runs: list[Run]
    outers: Outers
    room: Room


def print_loops_by_row(module: LLVMModule, ssa: SSA, options: Options) -> RowsPrinted:
    """Print such a program. Raises RowsApartError for another one, and where rows cannot go side by side."""
    lanes = module.host.lanes
    ssa, outputs, products = with_factors(ssa, given_by(options, len(ssa.outputs)), lanes)
    if lanes == 1:
        raise RowsApartError
    ssa = with_sums_apart(ssa, lanes=True)
    shared = [array is None for array in options.varying or ()]
    room = Room(0, lanes, ssa.inputs - sum(shared))
    level = Level(module, replace(options, reduce=None, parts=None), room, ssa, print_loop)
    level.varies = varying(ssa, [not x for x in shared])
    place_inputs(level, options, places_of(options.arrays or (0,) * ssa.inputs, options.rows), shared)
    found = room.address(sum([given.rows * given.columns or 1 for given in outputs]), lanes)
    runs = _runs(outputs, found % SPACE)
    f = Function(module, lanes)
    level.print_staged(f)
    at = found
    for given, x in zip(outputs, ssa.outputs, strict=False):
        if given.columns:
            array = level.arrays[x]
            copy_rows(f, pointer_to(f, at, lanes), lanes, array, array.numbers(f))
        else:
            copy_numbers(f, pointer_to(f, at, lanes), [level.source(f, x)])
        at += given.rows * given.columns or 1
    places = iter(ssa.outputs[len(outputs) :])
    made = [_outer(f, level, product, [next(places) for _ in range(3 - (product.guard is None))]) for product in products]
    if room.by_row * lanes > MOST_NUMBERS or room.cells or room.stopped is not None or len(runs) > MOST_RUNS:
        raise RowsApartError
    name = module.unique("@loops")
    module.define(f"internal void {name}({POINTERS})", f.lines)
    return RowsPrinted(name, runs, Outers(made, room.by_row, lanes), room)


def given_by(options: Options, outputs: int) -> list[Given]:
    """Where each output belongs."""
    columns, rows = options.results or (0,) * outputs, options.result_rows or (0,) * outputs
    firsts = accumulate(map(size_of, columns, rows), initial=0)
    places = options.result_places or list(zip(firsts, columns, strict=False))
    return [
        Given(*given) for given in zip([first for first, _ in places], rows, columns, [down for _, down in places], strict=True)
    ]


def _runs(outputs: Sequence[Given], at: int) -> list[Run]:
    """The outputs as runs, whose lanes lie one after another from a place on."""
    runs: list[Run] = []
    for given in outputs:
        if not given.columns:
            last = runs[-1] if runs else None
            if last is not None and last.stride == 1 and last.first + last.length == given.first:
                runs[-1] = last._replace(length=last.length + 1)
            else:
                runs.append(Run(given.first, 1, 1, at))
            at += 1
            continue
        flat = given.down == given.columns
        pieces = [(given.rows * given.columns, 1)] if flat else [(given.rows, given.down)] if given.columns == 1 else []
        pieces = pieces or [(given.columns, 1)] * given.rows
        for i, (length, stride) in enumerate(pieces):
            runs.append(Run(given.first + i * given.down, length, stride, at))
            at += length
    return runs


def _outer(f: Function, level: Level, product: Factors, arrays: Sequence[int]) -> Outer:
    """The outer products, with what they read in its places by row."""
    read = []
    for x in arrays:
        array = level.arrays[x]
        many = (array.length or 0) * array.width
        at = array.at
        if at is None or at // SPACE != BY_ROW or array.stride is not None:
            at = level.room.address(many, f.lanes)
            copy_rows(f, pointer_to(f, at, f.lanes), f.lanes, array, array.numbers(f))
        read.append(Numbers(at % SPACE, many, 1))
    return Outer(*product.given, read[0], read[1], read[2] if len(read) > 2 else None, product.negated)


# --- what products are made of


def with_factors(ssa: SSA, outputs: Sequence[Given], lanes: int) -> tuple[SSA, list[Given], list[Factors]]:
    """The program with factors, after all other outputs, in the place of outputs that are outer products."""
    uses = uses_of(ssa)
    loops: dict[int, LoopParts] = {}
    taken: dict[int, dict[int, tuple[int, Given, Any]]] = defaultdict(dict)  # by loop and rows: the output, and its products
    for k, (x, given) in enumerate(zip(ssa.outputs, outputs, strict=True)):
        group, place = _rows_of(ssa, x)
        if place < 0 or given.rows < FEWEST or given.columns < lanes or uses[x] != 1:
            continue
        if group not in loops:
            loops[group] = LoopParts(ssa.primitives[group], ssa.operands[group])
        terms = _terms(loops[group], place)
        if terms is not None:
            taken[group][place] = k, given, terms
    new = SSA(ssa.inputs)
    known = list(range(ssa.inputs))
    moved: dict[int, dict[int, int]] = {}  # results of loops of which rows were taken
    factors: list[tuple[int, Factors]] = []
    for i in range(ssa.inputs, len(ssa.primitives)):
        form, operands = ssa.primitives[i], ssa.operands[i]
        if form is None:
            known.append(new.constant(ssa.constants[i]))
        elif isinstance(form, Result) and operands[0] in moved:
            at = moved[operands[0]].get(form.place)
            known.append(-1 if at is None else added(new, Result(at), [known[operands[0]]]))
        elif i in taken:
            parts = LoopParts(form, [known[x] for x in operands])
            known.append(_without(new, parts, taken[i], moved.setdefault(i, {}), factors))
        else:
            known.append(added(new, form, [known[x] for x in operands]))
    gone = {k for k, _ in factors}
    kept = [k for k in range(len(outputs)) if k not in gone]
    new.outputs = [known[ssa.outputs[k]] for k in kept]
    for _, product in factors:
        new.outputs += [x for x in (product.x, product.y, product.guard) if x is not None]
    return new.pruned(), [outputs[k] for k in kept], [product for _, product in factors]


def _rows_of(ssa: SSA, x: int) -> tuple[int, int]:
    """The loop that makes an array, and the array's place among its rows; a place of -1 if no loop makes it."""
    form: Any = ssa.primitives[x]
    if not isinstance(form, Result):
        return 0, -1
    (group,) = ssa.operands[x]
    loop: Any = ssa.primitives[group]
    return group, form.place - loop.first_array if isinstance(loop, Loop) and not isinstance(loop, Call) else -1


def _terms(parts: LoopParts, place: int) -> tuple[int, list[int], int | None, bool] | None:
    """Of a row of products the factor that all have, the other ones outside of the loop, and the guard; None for others."""
    body = parts.body
    terms = [term_of(body, body.outputs[at], lambda _: True, from_zero=True) for at in parts.given(place)]
    first = terms[0]
    if any(len(t.factors) != 2 or (t.guard, t.negated) != (first.guard, first.negated) for t in terms):
        return None
    common = set(first.factors).intersection(*[t.factors for t in terms])
    if len(common) != 1:
        return None
    (x,) = common
    others = [t.factors[t.factors[0] == x] for t in terms]
    if any(y < parts.first_shared or y >= body.inputs or parts.loop.shared[y - parts.first_shared] for y in others):
        return None
    if x in body.constants or first.guard in body.constants:
        return None
    return x, [parts.shared[y - parts.first_shared] for y in others], first.guard, first.negated


def _without(
    ssa: SSA,
    parts: LoopParts,
    taken: dict[int, tuple[int, Given, Any]],
    moved: dict[int, int],
    factors: list[tuple[int, Factors]],
) -> int:
    """A loop that gives factors, after all else, in the place of some rows; notes where its results are now."""
    loop, body = parts.loop, parts.body
    many = len(loop.carry)
    stays = [k for k in range(len(loop.ys)) if k not in taken]
    outputs = [*body.outputs[:many], *[body.outputs[at] for k in stays for at in parts.given(k)]]
    for _, _, (x, _, guard, _) in taken.values():
        outputs += [x] if guard is None else [x, guard]
    left, operands = left_of(parts, with_outputs(body, outputs), range(many))
    rows = tuple([loop.ys[k] for k in stays])
    left = replace(left, ys=(*rows, *[Row(1)] * (len(outputs) - many - sum([r.places for r in rows]))))
    group = added(ssa, left, operands)
    moved |= {j: j for j in range(many)} | {many + k: many + n for n, k in enumerate(stays)}
    place = many + len(stays)
    for k, given, (_, others, guard, negated) in taken.values():
        x = added(ssa, Result(place), [group])
        place += 1
        there = None
        if guard is not None:
            there = added(ssa, Result(place), [group])
            place += 1
        factors.append((k, Factors(given, x, added(ssa, Pack(1), others), there, negated)))
    return group
