"""Outer products summed over rows, as a network's weights get them: sums[i, j] += x[i] * y[j], row after row, in registers.

By row, each product would go to memory, to be turned so that its lanes can be added in their order. Turned once instead are the
y's: then the lanes of vectors hold neighbouring sums, and every sum still gets its terms one after another.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autograd.compiler.emit.function import Function
from autograd.compiler.schedule.plan import BY_ROW, SPACE, Block, Plan, Unit
from autograd.primitives import mul, where

ROWS, VECTORS = 4, 2  # sums[i, j] in registers at once: so many i's, so many vectors of j's


class Outer(NamedTuple):
    """sums[i, j] += x[i] * y[j], where guard[i] is not 0 if there is one (or is, if `negated`); by their block's addresses."""

    block: Block
    x: int
    y: int
    guard: int | None
    negated: bool


def find_outers(plan: Plan, lanes: int) -> list[Outer]:
    """The blocks by row that are outer products of numbers by row, wanted for nothing but their sums."""
    found = []
    for unit in plan.by_row:
        outer = _outer(plan, unit) if isinstance(unit, Block) and unit.columns >= lanes else None
        if outer is not None:
            found.append(outer)
    return found


def _outer(plan: Plan, block: Block) -> Outer | None:
    ssa, root = plan.ssa, block.roots[0]
    at, operands = block.leaves[-1] or 0, ssa.operands[root]
    product, guard, negated = root, None, False
    if ssa.rows[root] is where:
        guard, negated = 0, ssa.is_constant(operands[1], 0.0)
        product = operands[2 if negated else 1]
    first = 0 if guard is None else 2 if negated else 1  # after the guard, and perhaps the 0 before the product
    by_row = [i for i, x in enumerate(block.leaves[:-1]) if x is not None and x // SPACE == BY_ROW]
    ys = [i for i in by_row if (block.row_strides[i], block.column_strides[i]) == (0, 1)]
    xs = [i for i in by_row if block.column_strides[i] == 0]
    factors = {first, first + 1}
    holds = (
        ssa.rows[product] is mul
        and plan.tree(root) == ([root] if guard is None else [product, root])
        and (guard is None or ssa.is_constant(operands[1 if negated else 2], 0.0))
        and plan.out <= at < plan.out + len(ssa.outputs)
        and block.column_strides[-1] == 1
        and block.rows >= ROWS
        and all(plan.uses(i) == 1 for i in block.roots)
        and {*xs, *ys} == factors | ({0} if guard is not None else set())
        and len(ys) == 1  # the other factor goes by i, and so does the guard
    )
    if not holds:
        return None
    (x,), (y,) = factors & {*xs}, factors & {*ys}
    return Outer(block, x, y, guard, negated)


def others(outers: Sequence[Outer], plan: Plan) -> Iterator[tuple[int, int, int]]:
    """The outputs that no outer product sums: runs of them, as first, count and stride."""
    taken = {(plan.address[root] or 0) - plan.out for outer in outers for root in outer.block.roots}
    left = [i for i in range(len(plan.ssa.outputs)) if i not in taken]
    start = 0
    while start < len(left):
        stride = left[start + 1] - left[start] if start + 1 < len(left) else 1
        end = start + 1
        while end < len(left) and left[end] - left[end - 1] == stride:
            end += 1
        yield left[start], end - start, stride
        start = end


class Turned:
    """Where the turned y's of outer products lie: a row of the call after the other, the numbers of one side by side."""

    def __init__(self, outers: Sequence[Outer], plan: Plan) -> None:
        self.places: dict[tuple[int, int], int] = {}  # by the first address and how many
        for outer in outers:
            key = _ys(outer)
            if key not in self.places:
                self.places[key] = plan.places[BY_ROW]
                plan.places[BY_ROW] += key[1]

    def place(self, outer: Outer) -> int:
        """Where those of one begin, among the numbers by row."""
        return self.places[_ys(outer)]


def _ys(outer: Outer) -> tuple[int, int]:
    return outer.block.leaves[outer.y] or 0, outer.block.columns


def print_turning(f: Function, turned: Turned) -> None:
    """The y's of the rows in the lanes, turned."""
    for (address, count), place in turned.places.items():
        source = f.offset("%rows", address % SPACE * f.lanes)
        target = f.offset("%rows", place * f.lanes)
        for start, width in _pieces(count, f.lanes):
            piece = f.view(width)
            for first in range(0, f.lanes, width):
                pointers = [f.offset(source, (start + i) * f.lanes + first) for i in range(width)]
                columns = turn(piece, pointers) if width > 1 else [piece.load(pointers[0], single=True)]
                for lane, column in enumerate(columns, first):
                    piece.store((column, False), f.offset(target, lane * count + start))


def _pieces(count: int, lanes: int) -> Iterator[tuple[int, int]]:
    """So many columns as vectors: where each begins, and of how many lanes, fewer and fewer."""
    start, width = 0, lanes
    while start < count:
        while width > count - start:
            width //= 2
        yield start, width
        start += width


def print_outer(f: Function, outer: Outer, place: int, rows: str) -> None:
    """The body of a function that adds the products of the first `rows` lanes to `%out`."""
    block, lanes = outer.block, f.lanes
    columns = block.columns
    turned = f.offset("%rows", place * lanes)
    places = [outer.x] if outer.guard is None else [outer.x, outer.guard]
    lefts = [f.offset("%rows", (block.leaves[i] or 0) % SPACE * lanes) for i in places]
    steps = [block.row_strides[i] * lanes for i in places]
    first = (block.leaves[-1] or 0) % SPACE - f.printer.plan.out % SPACE
    out, down = f.offset("%out", first), block.row_strides[-1]
    for start, count in ((0, block.rows // ROWS), (block.rows // ROWS * ROWS, block.rows % ROWS)):
        at_once, times = (ROWS, count) if not start else (count, 1)
        if not count:
            continue

        def some(names: list[str], at_once: int = at_once) -> list[str]:
            *lefts, out = names
            members = [[f.offset(left, i * step) for i in range(at_once)] for left, step in zip(lefts, steps, strict=True)]
            outs = [f.offset(out, i * down) for i in range(at_once)]
            groups = columns // (VECTORS * lanes)
            if groups:
                f.loop(
                    groups,
                    [("ptr", pointer) for pointer in (turned, *outs)],
                    lambda names: [
                        f.offset(pointer, VECTORS * lanes)
                        for pointer in _tile(f, outer, names, members, [(i * lanes, lanes) for i in range(VECTORS)], rows)
                    ],
                )
            done = groups * VECTORS * lanes
            for begin, width in _pieces(columns - done, lanes):
                _tile(f, outer, [f.offset(p, done + begin) for p in (turned, *outs)], members, [(0, width)], rows)
            return [
                *[f.offset(left, at_once * step) for left, step in zip(lefts, steps, strict=True)],
                f.offset(out, at_once * down),
            ]

        begin = [f.offset(left, start * step) for left, step in zip(lefts, steps, strict=True)]
        f.loop(times, [("ptr", pointer) for pointer in (*begin, f.offset(out, start * down))], some)


def _tile(
    f: Function, outer: Outer, pointers: list[str], lefts: list[list[str]], vectors: list[tuple[int, int]], rows: str
) -> list[str]:
    """Some sums, in registers from the first row to the last; returns the pointers to the turned y's and the sums."""
    turned, *outs = pointers
    views = [f.view(width) for _, width in vectors]
    places = [[f.offset(out, start) for start, _ in vectors] for out in outs]
    totals = [
        (view.kind, view.load(place, single=view.lanes == 1)) for row in places for view, place in zip(views, row, strict=True)
    ]
    columns = outer.block.columns

    def step(names: list[str]) -> list[str]:
        turned, *rest = names
        flat, sums = rest[: len(lefts) * len(outs)], iter(rest[len(lefts) * len(outs) :])
        members = [flat[i * len(outs) : (i + 1) * len(outs)] for i in range(len(lefts))]
        ys = [
            view.load(f.offset(turned, start), single=view.lanes == 1) for view, (start, _) in zip(views, vectors, strict=True)
        ]
        found = []
        for i in range(len(outs)):
            x, *guard = [f.new(f"load double, ptr {member[i]}, align 8") for member in members]
            for view, y in zip(views, ys, strict=True):
                found.append(_added(view, next(sums), x, y, guard, negated=outer.negated))
        return [f.offset(turned, columns), *[f.offset(pointer, 1) for pointer in flat], *found]

    carried = [("ptr", turned), *[("ptr", pointer) for member in lefts for pointer in member], *totals]
    found = f.loop_while(rows, carried, step)[-len(totals) :]
    for (view, place), total in zip(
        [(view, place) for row in places for view, place in zip(views, row, strict=True)], found, strict=True
    ):
        view.store((total, False), place)
    return pointers


def _added(f: Function, total: str, x: str, y: str, guard: list[str], *, negated: bool) -> str:
    """A sum with one product more; where the guard says so."""
    x = x if f.lanes == 1 else f.splat(x)
    if f.printer.fast:
        term, other = f.fused(x, y, total), total
    else:
        term, other = f.new(f"fmul {f.kind} {x}, {y}"), f.zero
    if guard:
        there = f.new(f"fcmp une {f.kind} {guard[0] if f.lanes == 1 else f.splat(guard[0])}, {f.zero}")
        choices = [f"{f.kind} {term}", f"{f.kind} {other}"]
        term = f.new(f"select {f.truth} {there}, {', '.join(choices[:: -1 if negated else 1])}")
    return term if f.printer.fast else f.new(f"fadd {f.kind} {total}, {term}")


def turn(f: Function, pointers: list[str]) -> list[str]:
    """A square of numbers, a vector at each pointer for a column, turned into a vector for each row."""
    width = len(pointers)
    half = width // 2
    columns = [""] * width
    part = f.view(half)
    for i in range(half):  # the first step, by what is loaded: halves of two columns
        for j, first in ((i, 0), (i + half, half)):
            halves = [part.load(part.offset(pointers[k], first), single=False) for k in (i, i + half)]
            columns[j] = f.joined(halves, half) if half > 1 else _pair(f, halves)
    distance = half // 2
    while distance:
        for i in range(width):
            if not i & distance:
                a, b = columns[i], columns[i + distance]
                upper = [lane if not lane & distance else width + lane - distance for lane in range(width)]
                lower = [lane + distance if not lane & distance else width + lane for lane in range(width)]
                columns[i], columns[i + distance] = (
                    f.new(
                        f"shufflevector {f.kind} {a}, {f.kind} {b}, <{width} x i32> <{', '.join(f'i32 {x}' for x in chosen)}>"
                    )
                    for chosen in (upper, lower)
                )
        distance //= 2
    return columns


def _pair(f: Function, numbers: list[str]) -> str:
    first = f.new(f"insertelement {f.kind} poison, double {numbers[0]}, i64 0")
    return f.new(f"insertelement {f.kind} {first}, double {numbers[1]}, i64 1")


def read_by(outers: Sequence[Outer], plan: Plan) -> set[int]:
    """The numbers that outer products read from memory."""
    return {leaf for outer in outers for root in outer.block.roots for leaf in plan.leaves(root)}


def without(units: Sequence[Unit], outers: Sequence[Outer]) -> list[Unit]:
    """The units that are no outer products."""
    taken = {id(outer.block) for outer in outers}
    return [unit for unit in units if id(unit) not in taken]
