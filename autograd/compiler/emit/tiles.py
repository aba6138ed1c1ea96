"""Arrays of sums in tiles: some rows and columns of them in registers, from the first term to the last.

Each sum gets its terms one after another. What a term reads goes by the turn, and by the row or the column of the sum: so what
is loaded for a tile counts for several sums.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd.compiler.emit.accumulations import Accumulation
from autograd.compiler.emit.arrays import Array
from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.natives import apply
from autograd.compiler.simplify import SSA
from autograd.forms import Fill
from autograd.program import Program

SUMS = {8: 16}  # vectors of sums in a tile, by how many numbers are in one: half of the registers
FEWER_SUMS = 8
ROWS = 4  # of a tile at least, where there are as many
AT_ONCE = 128  # turns that go through all tiles, so that what they read stays near the processor

Term = Callable[[Function, Known, Sequence[Known]], Known]
"""A sum with one term more: in which function to write it, the sum, and what the term reads."""


class Read(NamedTuple):
    """What terms read: how far it lies apart from turn to turn, row to row, column to column; whether all lanes share it.

    Or from turn to turn `inside` of a group of as many as a vector has lanes: then `by_turn` is that of groups, by turn.
    """

    by_turn: int
    by_row: int
    by_column: int
    single: bool = True
    inside: int | None = None


def pieces(count: int, lanes: int) -> Iterator[tuple[int, int]]:
    """`count` numbers as vectors: where each begins, and of how many lanes, fewer and fewer."""
    start, width = 0, lanes
    while start < count:
        while width > count - start:
            width //= 2
        yield start, width
        start += width


class Tiles(NamedTuple):
    """An array of sums: its rows, its columns, how far rows lie apart; what terms read, the term, and where all sums start.

    None: where they lie.
    """

    rows: int
    columns: int
    down: int
    reads: Sequence[Read]
    term: Term
    start: float | None = None


def print_tiles(f: Function, tiles: Tiles, count: str, sums: str, reads: Sequence[str]) -> None:
    """All sums with the terms of `count` turns more; pointers to the sums and to what the first turn reads.

    Where rows of data are in the lanes, each sum is a vector; else neighbouring columns are one. Sums that start from a number
    have few turns, and are not read.
    """
    if tiles.start is not None:
        _print_columns(f, tiles, count, [sums, *reads])
        return
    some = f.new(f"add i64 {count}, {AT_ONCE - 1}")
    times = f.new(f"udiv i64 {some}, {AT_ONCE}")

    def turns(names: list[str]) -> list[str]:
        left, *pointers = names
        few = f.new(f"icmp slt i64 {left}, {AT_ONCE}")
        now = f.new(f"select i1 {few}, i64 {left}, i64 {AT_ONCE}")
        _print_columns(f, tiles, now, [sums, *pointers])
        moved = [f.offset(p, AT_ONCE * read.by_turn) for p, read in zip(pointers, tiles.reads, strict=True)]
        return [f.new(f"sub i64 {left}, {AT_ONCE}"), *moved]

    f.loop_while(times, [("i64", count), *[("ptr", p) for p in reads]], turns)


def _moved(f: Function, tiles: Tiles, pointers: Sequence[str], rows: int, columns: int) -> list[str]:
    """Move the pointers to the sums and to what their terms read on by rows and columns."""
    steps = [rows * tiles.down + columns * f.lanes, *[rows * read.by_row + columns * read.by_column for read in tiles.reads]]
    return [f.offset(p, step) for p, step in zip(pointers, steps, strict=True)]


def _tile_of(f: Function, tiles: Tiles) -> tuple[int, int, int]:
    """How many rows, and vectors in each, go into a tile; and how many columns are in a vector."""
    lanes = f.module.host.lanes if f.lanes == 1 else 1
    most = SUMS.get(f.module.host.lanes, FEWER_SUMS)
    in_all = -(-tiles.columns // lanes)
    rows = min(tiles.rows, max(ROWS, most // in_all))
    return rows, max(1, min(in_all, most // rows)), lanes


def _print_columns(f: Function, tiles: Tiles, count: str, pointers: Sequence[str]) -> None:
    _, vectors, lanes = _tile_of(f, tiles)
    groups = tiles.columns // (vectors * lanes)

    def some(names: list[str]) -> list[str]:
        _print_rows(f, tiles, count, names, [(v * lanes, lanes) for v in range(vectors)])
        return _moved(f, tiles, names, 0, vectors * lanes)

    if groups:
        pointers = f.loop(groups, [("ptr", p) for p in pointers], some)
    left = list(pieces(tiles.columns - groups * vectors * lanes, lanes))
    if left:
        _print_rows(f, tiles, count, pointers, left)


def _print_rows(f: Function, tiles: Tiles, count: str, pointers: Sequence[str], vectors: list[tuple[int, int]]) -> None:
    at_once, _, _ = _tile_of(f, tiles)
    whole, rest = divmod(tiles.rows, at_once)

    def some(names: list[str]) -> list[str]:
        _print_tile(f, tiles, count, names, at_once, vectors)
        return _moved(f, tiles, names, at_once, 0)

    if whole:
        pointers = f.loop(whole, [("ptr", p) for p in pointers], some)
    if rest:
        _print_tile(f, tiles, count, pointers, rest, vectors)


def _print_tile(
    f: Function, tiles: Tiles, count: str, pointers: Sequence[str], rows: int, vectors: list[tuple[int, int]]
) -> None:
    """Print a tile: `rows` times `vectors`, each a first column and a width, whose sums stay in registers for all turns."""
    sums, *starts = pointers
    views = [f.view(width) if f.lanes == 1 else f for _, width in vectors]
    places = [
        (view, f.offset(sums, i * tiles.down + column * f.lanes))
        for i in range(rows)
        for view, (column, _) in zip(views, vectors, strict=True)
    ]
    start = tiles.start
    totals = [(view.kind, view.load(place) if start is None else view.constant(start)) for view, place in places]

    def turn(names: list[str]) -> list[str]:
        at, totals = names[: len(starts)], iter(names[len(starts) :])
        known: dict[Any, Known] = {}

        def number(n: int, i: int, v: int) -> Known:
            read, (column, _), view = tiles.reads[n], vectors[v], views[v]
            step = i * read.by_row + column * read.by_column
            key = n, step, view.kind
            if key not in known:
                single = read.single and (f.lanes > 1 or not read.by_column)
                known[key] = view.load(f.offset(at[n], step), single=single), False
            return known[key]

        found = []
        for i in range(rows):
            for v, view in enumerate(views):
                numbers = [number(n, i, v) for n in range(len(at))]
                found.append(view.as_number(tiles.term(view, (next(totals), False), numbers)))
        steps = [read.by_turn if read.inside is None else read.inside for read in tiles.reads]
        return [*[f.offset(p, step) for p, step in zip(at, steps, strict=True)], *found]

    def group(names: list[str]) -> list[str]:
        found = f.loop(lanes, list(zip([kind for kind, _ in carried], names, strict=True)), turn)
        back = [0 if read.inside is None else lanes * (read.by_turn - read.inside) for read in tiles.reads]
        return [*[f.offset(p, step) for p, step in zip(found, back, strict=False)], *found[len(starts) :]]

    carried = [*[("ptr", p) for p in starts], *totals]
    if any(read.inside is not None for read in tiles.reads):
        lanes = f.module.host.lanes
        last = f.loop_while(f.new(f"udiv i64 {count}, {lanes}"), carried, group)[len(starts) :]
    else:
        last = f.loop_while(count, carried, turn)[len(starts) :]
    for (view, place), total in zip(places, last, strict=True):
        view.store((total, False), place)


def applied(term: Program, f: Function, total: Known, numbers: Sequence[Known]) -> Known:
    """What a program of primitives makes of a sum and of what a term reads."""
    known = [total, *numbers]
    for primitive, places in term.steps:
        known.append(apply(f, primitive, [known[x] if type(x) is int else (f.constant(x), False) for x in places]))
    (last,) = term.outputs
    return known[last] if type(last) is int else (f.constant(last), False)


def begun_sums(ssa: SSA, uses: Sequence[int]) -> dict[int, float]:
    """The arrays of one number, by it, that nothing reads but sums which start there, in few turns: they need not be there."""
    found: dict[int, float] = {}
    for form, operands in zip(ssa.primitives, ssa.operands, strict=True):
        if isinstance(form, Accumulation) and form.turns and form.turns <= AT_ONCE:
            _, sums, _ = form.parts(operands)
            if isinstance(ssa.primitives[sums], Fill) and uses[sums] == 1:
                length, number = (ssa.constants.get(x) for x in ssa.operands[sums])
                if length is not None and number is not None:
                    found[sums] = number
    return found


def print_accumulation(
    f: Function,
    form: Accumulation,
    functions: dict[Any, Any],
    count: str,
    sums: str,
    arrays: Sequence[Array],
    start: float | None = None,
) -> None:
    """The sums at a pointer after `count` turns, by what these arrays have. `functions` has those there are, for all alike.

    They start from a number, if it is given, else from what is there.
    """
    flat = form.as_one_row()
    reads, pointers = [], []
    for leaf in flat.leaves:
        array = arrays[leaf.array]
        lanes, group = array.lanes, f.module.host.lanes if array.grouped else 1
        by_turn, by_row, by_column = leaf.by_turn * lanes, leaf.by_row * lanes * group, leaf.by_column * lanes
        pointer = f.offset(array.pointer(f), leaf.first * lanes * group)
        back = -1 if form.reverse else 1
        if form.reverse:
            last = f.new(f"mul i64 {f.new(f'sub i64 {count}, {group}')}, {by_turn}")
            pointer = f.offset(f.new(f"getelementptr double, ptr {pointer}, i64 {last}"), group - 1)
        inside = back if array.grouped else None
        reads.append(Read(back * by_turn, by_row, by_column, single=lanes == 1, inside=inside))
        pointers.append(pointer)
    key = f.lanes, flat.rows, flat.width, tuple(reads), flat.term, None if start is None else start.hex()
    if key not in functions:
        functions[key] = f.module.unique("@accumulated")
        g = Function(f.module, f.lanes)
        names = [f"%read{n}" for n in range(len(reads))]
        tiles = Tiles(flat.rows, flat.width, flat.width * f.lanes, reads, partial(applied, flat.term), start)
        print_tiles(g, tiles, "%count", "%sums", names)
        listed = ", ".join(["ptr %sums", "i64 %count", *[f"ptr {name}" for name in names]])
        f.module.define(f"internal void {functions[key]}({listed})", g.lines)
    listed = ", ".join([f"ptr {sums}", f"i64 {count}", *[f"ptr {p}" for p in pointers]])
    f.lines.append(f"  call void {functions[key]}({listed})")
