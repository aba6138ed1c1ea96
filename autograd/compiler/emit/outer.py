"""Outer products summed over rows, as a network's weights get them: sums[i, j] += x[i] * y[j], row after row, in registers.

By row, each product would go to memory, to be transposed so that its lanes can be added in order. Instead the y's are
transposed, once: then the lanes of vectors hold neighbouring sums, and every sum still gets its terms one after another.
"""

from collections.abc import Iterator
from typing import NamedTuple

from autograd.compiler.emit.function import Function
from autograd.compiler.emit.natives import add_term
from autograd.compiler.schedule.loops import Item, Loop
from autograd.compiler.schedule.memory import BY_ROW, SPACE
from autograd.compiler.schedule.scheduling import Schedule

ROWS, VECTORS = 4, 2  # sums[i, j] in registers at once: that many i's, that many vectors of j's


class Outer(NamedTuple):
    """sums[i, j] += x[i] * y[j], where guard[i] is not 0 if there is one (or is, if `negated`)."""

    loop: Loop  # i goes by its runs, j by its steps
    x: int  # a position among what the loop reads, as y and guard
    y: int
    guard: int | None
    negated: bool

    @property
    def ys(self) -> tuple[int, int]:
        """Where the y's lie, and how many they are."""
        return self.loop.reads[self.y] or 0, self.loop.steps


class Outers:
    """The outer products of a schedule, if `wanted`, and where their y's are transposed to: after all other numbers by row."""

    def __init__(self, schedule: Schedule, lanes: int, *, wanted: bool = True) -> None:
        found = [_outer(schedule, item, lanes) for item in schedule.by_row if wanted and isinstance(item, Loop)]
        self.found = [outer for outer in found if outer is not None]
        self.schedule = schedule
        self.roots = [root for outer in self.found for root in outer.loop.roots]  # the products
        self.reads = {x for root in self.roots for x in schedule.trees.reads(root)}  # from memory
        self.places: dict[tuple[int, int], int] = {}
        self.end = schedule.memory.places[BY_ROW]
        for ys in dict.fromkeys(outer.ys for outer in self.found):
            self.places[ys] = self.end
            self.end += ys[1]

    def other_outputs(self) -> list[int]:
        """The outputs that no outer product sums."""
        memory = self.schedule.memory
        taken = {memory.address[root] - memory.out for root in self.roots}
        return [i for i in range(len(self.schedule.ssa.outputs)) if i not in taken]

    def other_items(self) -> list[Item]:
        """The items by row that are not outer products."""
        taken = {id(outer.loop) for outer in self.found}
        return [item for item in self.schedule.by_row if id(item) not in taken]


def _outer(schedule: Schedule, loop: Loop, lanes: int) -> Outer | None:
    """A loop as an outer product of numbers by row, wanted for nothing but their sums; None if it is something else."""
    trees, memory, root = schedule.trees, schedule.memory, loop.roots[0]
    at = loop.reads[-1]
    if at is None or not memory.is_output(at) or any(trees.uses[i] != 1 for i in loop.roots):
        return None
    term = trees.term(root)
    guard = None if term.guard is None else 0
    x = 0 if guard is None else 2 if term.negated else 1  # after the guard, and perhaps the 0 before the product
    factors = {x, x + 1}
    by_row = [i for i, address in enumerate(loop.reads[:-1]) if address is not None and address // SPACE == BY_ROW]
    ys = [i for i in by_row if (loop.run_strides[i], loop.step_strides[i]) == (0, 1)]
    xs = [i for i in by_row if loop.step_strides[i] == 0]
    holds = (
        len(term.factors) == 2
        and trees.size(root) == (1 if guard is None else 2)  # what it reads has been computed
        and loop.runs >= ROWS
        and loop.steps >= lanes
        and loop.step_strides[-1] == 1
        and {*xs, *ys} == factors | ({0} if guard is not None else set())
        and len(ys) == 1  # the other factor goes by i, and so does the guard
    )
    if not holds:
        return None
    (x,), (y,) = factors & {*xs}, factors & {*ys}
    return Outer(loop, x, y, guard, term.negated)


def print_outers(f: Function, outers: Outers, sums: str) -> None:
    """Outer products added to their sums, each by a function."""
    for (address, count), place in outers.places.items():
        _print_transposed(f, address % SPACE, place, count)
    rows = f.new(f"select i1 %whole, i64 {f.lanes}, i64 %left") if outers.found else ""
    for n, outer in enumerate(outers.found):
        function = Function(f.module, f.lanes)
        _print_outer(function, outer, outers.places[outer.ys], outers.schedule.memory.out)
        f.module.define(f"internal void @outer{n}(ptr %rows, ptr %out, i64 %count)", function.lines)
        f.lines.append(f"  call void @outer{n}(ptr %rows, ptr {sums}, i64 {rows})")


def _print_transposed(f: Function, place: int, to: int, count: int) -> None:
    """Numbers by row, transposed: a row of data after the other, the numbers of one side by side."""
    source, target = f.offset("%rows", place * f.lanes), f.offset("%rows", to * f.lanes)
    for width, squares in ((f.lanes, count // f.lanes), (1, count % f.lanes)):
        if squares:
            given = f"ptr {source}, ptr {target}, i64 {count}, i64 {squares}"
            f.lines.append(f"  call void {_transposing(f, width)}({given})")
        source, target = f.offset(source, squares * width * f.lanes), f.offset(target, squares * width)


def _transposing(f: Function, width: int) -> str:
    """A function that transposes `squares` squares of that width; all outer products share it."""
    name = f"@transposed{f.lanes}.{width}"
    each = Function(f.module, f.lanes)
    piece = each.view(width)
    down = [each.new(f"mul i64 %count, {lane}") for lane in range(f.lanes)]

    def square(names: list[str]) -> list[str]:
        source, target = names
        for first in range(0, f.lanes, width):
            pointers = [each.offset(source, i * f.lanes + first) for i in range(width)]
            rows = piece.transposed(pointers) if width > 1 else [piece.load(pointers[0])]
            for lane, row in enumerate(rows, first):
                piece.store((row, False), each.new(f"getelementptr double, ptr {target}, i64 {down[lane]}"))
        return [each.offset(source, width * f.lanes), each.offset(target, width)]

    each.loop_while("%squares", [("ptr", "%source"), ("ptr", "%target")], square)
    head = f"internal void {name}(ptr %source, ptr %target, i64 %count, i64 %squares)"
    f.module.define_once(name, head, each.lines)
    return name


def _pieces(count: int, lanes: int) -> Iterator[tuple[int, int]]:
    """`count` numbers as vectors: where each begins, and of how many lanes, fewer and fewer."""
    start, width = 0, lanes
    while start < count:
        while width > count - start:
            width //= 2
        yield start, width
        start += width


def _print_outer(f: Function, outer: Outer, place: int, outputs: int) -> None:
    """The body of a function that adds the products of the first `%count` lanes to `%out`."""
    loop, lanes = outer.loop, f.lanes
    transposed = f.offset("%rows", place * lanes)
    positions = [outer.x] if outer.guard is None else [outer.x, outer.guard]
    lefts = [f.offset("%rows", (loop.reads[i] or 0) % SPACE * lanes) for i in positions]
    strides = [loop.run_strides[i] * lanes for i in positions]
    out, down = f.offset("%out", (loop.reads[-1] or 0) - outputs), loop.run_strides[-1]
    for start, count in ((0, loop.runs // ROWS), (loop.runs // ROWS * ROWS, loop.runs % ROWS)):
        at_once, times = (ROWS, count) if not start else (count, 1)
        if not count:
            continue

        def some(names: list[str], at_once: int = at_once) -> list[str]:
            *lefts, out = names
            members = [[f.offset(left, i * by) for i in range(at_once)] for left, by in zip(lefts, strides, strict=True)]
            outs = [f.offset(out, i * down) for i in range(at_once)]
            groups = loop.steps // (VECTORS * lanes)

            def tile(names: list[str]) -> list[str]:
                _print_tile(f, outer, names, members, [(i * lanes, lanes) for i in range(VECTORS)])
                return [f.offset(pointer, VECTORS * lanes) for pointer in names]

            if groups:
                f.loop(groups, [("ptr", pointer) for pointer in (transposed, *outs)], tile)
            done = groups * VECTORS * lanes
            for begin, width in _pieces(loop.steps - done, lanes):
                _print_tile(f, outer, [f.offset(p, done + begin) for p in (transposed, *outs)], members, [(0, width)])
            following = [f.offset(left, at_once * by) for left, by in zip(lefts, strides, strict=True)]
            return [*following, f.offset(out, at_once * down)]

        begin = [f.offset(left, start * by) for left, by in zip(lefts, strides, strict=True)]
        f.loop(times, [("ptr", pointer) for pointer in (*begin, f.offset(out, start * down))], some)


def _print_tile(f: Function, outer: Outer, pointers: list[str], lefts: list[list[str]], vectors: list[tuple[int, int]]) -> None:
    """Some sums, in registers from the first row to the last; the pointers are to the transposed y's and the sums."""
    transposed, *outs = pointers
    views = [f.view(width) for _, width in vectors]
    places = [(view, f.offset(out, start)) for out in outs for view, (start, _) in zip(views, vectors, strict=True)]
    totals = [(view.kind, view.load(place)) for view, place in places]

    def step(names: list[str]) -> list[str]:
        row, at, *sums = names
        ys = [view.load(f.offset(at, start)) for view, (start, _) in zip(views, vectors, strict=True)]
        following = iter(sums)
        found = []
        for i in range(len(outs)):
            places = [f.new(f"getelementptr double, ptr {member[i]}, i64 {row}") for member in lefts]
            numbers = [f.new(f"load double, ptr {place}, align 8") for place in places]
            for view, y in zip(views, ys, strict=True):
                x, *guard = [(view.splat(number), False) for number in numbers]
                found.append(add_term(view, next(following), [x, (y, False)], *guard, negated=outer.negated, nothing=0.0))
        return [f.new(f"add i64 {row}, 1"), f.offset(at, outer.loop.steps), *found]

    found = f.loop_while("%count", [("i64", "0"), ("ptr", transposed), *totals], step)[-len(totals) :]
    for (view, place), total in zip(places, found, strict=True):
        view.store((total, False), place)
