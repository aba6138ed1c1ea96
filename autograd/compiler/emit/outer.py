"""Outer products summed over rows, as a network's weights get them: sums[i, j] += x[i] * y[j], row after row, in registers.

By row, each product would go to memory, to be transposed so that its lanes can be added in order. Instead the x's and y's are
transposed, and kept for some rows: then the lanes of vectors hold neighbouring sums, and every sum still gets its terms one
after another, those of all these rows in a register.
"""

from collections.abc import Sequence
from typing import NamedTuple

from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.natives import add_term
from autograd.compiler.emit.tiles import Read, Tiles, print_tiles
from autograd.compiler.schedule.loops import Item, Loop
from autograd.compiler.schedule.memory import BY_ROW, SPACE
from autograd.compiler.schedule.scheduling import Schedule

FEWEST = 4  # i's
MOST_ROWS = 128  # of data that are kept at once
LINE = 8  # numbers in a line of the cache
MOST_KEPT = 1 << 16  # numbers of them: half a megabyte, which is near the processor


class Numbers(NamedTuple):
    """Numbers by row in memory: where the first one lies, how many they are, and how far apart."""

    place: int
    many: int
    stride: int

    @property
    def apart(self) -> int:
        """How far the numbers of two rows lie apart where they are kept: an odd number of lines, which differ in the cache."""
        return (-(-self.many // LINE) | 1) * LINE


class Outer(NamedTuple):
    """sums[i, j] += x[i] * y[j], where guard[i] is not 0 if there is one (or is, if `negated`).

    The sums are outputs: the first one's place, how many rows and columns they are, and how far apart rows lie.
    """

    first: int
    rows: int
    columns: int
    down: int
    x: Numbers
    y: Numbers
    guard: Numbers | None
    negated: bool

    @property
    def reads(self) -> list[tuple[Numbers, int]]:
        """The x's, y's and guards, each with 1 if they go by i, 0 if they go by j."""
        return [(self.x, 1), (self.y, 0), *([] if self.guard is None else [(self.guard, 1)])]


class Outers:
    """Outer products, and where what they read is kept: from the place `end` on, after all other numbers by row."""

    def __init__(self, found: Sequence[Outer], end: int, lanes: int) -> None:
        self.found, self.end = found, end
        self.places: dict[Numbers, int] = {}
        read = dict.fromkeys(numbers for outer in found for numbers, _ in outer.reads)
        each = sum(numbers.apart for numbers in read)
        self.kept = lanes  # rows
        while 2 * self.kept <= MOST_ROWS and 2 * self.kept * each <= MOST_KEPT:
            self.kept *= 2
        for numbers in read:
            self.places[numbers] = self.end
            self.end += numbers.apart * (self.kept // lanes)


class Scheduled:
    """The outer products of a schedule, if `wanted`, and what is left of it."""

    def __init__(self, schedule: Schedule, lanes: int, *, wanted: bool = True) -> None:
        found = [(item, _outer(schedule, item, lanes)) for item in schedule.by_row if wanted and isinstance(item, Loop)]
        self.schedule = schedule
        self.loops = [loop for loop, outer in found if outer is not None]
        self.outers = Outers([outer for _, outer in found if outer is not None], schedule.memory.places[BY_ROW], lanes)
        self.roots = [root for loop in self.loops for root in loop.roots]  # the products
        self.reads = {x for root in self.roots for x in schedule.trees.reads(root)}  # from memory

    def other_outputs(self) -> list[int]:
        """The outputs that no outer product sums."""
        memory = self.schedule.memory
        taken = {memory.address[root] - memory.out for root in self.roots}
        return [i for i in range(len(self.schedule.ssa.outputs)) if i not in taken]

    def other_items(self) -> list[Item]:
        """The items by row that are not outer products."""
        taken = {id(loop) for loop in self.loops}
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
        and loop.runs >= FEWEST
        and loop.steps >= lanes
        and loop.step_strides[-1] == 1
        and {*xs, *ys} == factors | ({0} if guard is not None else set())
        and len(ys) == 1  # the other factor goes by i, and so does the guard
    )
    if not holds:
        return None
    (x,), (y,) = factors & {*xs}, factors & {*ys}

    def numbers(position: int, many: int, strides: Sequence[int]) -> Numbers:
        return Numbers((loop.reads[position] or 0) % SPACE, many, strides[position])

    guards = None if guard is None else numbers(guard, loop.runs, loop.run_strides)
    xs_of, ys_of = numbers(x, loop.runs, loop.run_strides), numbers(y, loop.steps, loop.step_strides)
    return Outer(at - memory.out, loop.runs, loop.steps, loop.run_strides[-1], xs_of, ys_of, guards, term.negated)


def print_outers(f: Function, outers: Outers, sums: str, begin: str, last: str) -> None:
    """What outer products read is kept, of the rows at hand; and after as many rows as there is room for, or the `last`, added.

    `begin` is the first row that the sums are of.
    """
    if not outers.found:
        return
    since = f.new(f"sub i64 %row, {begin}")
    at = f.new(f"urem i64 {since}, {outers.kept}")
    for read, place in outers.places.items():
        target = f.offset("%rows", place * f.lanes)
        target = f.new(f"getelementptr double, ptr {target}, i64 {f.new(f'mul i64 {at}, {read.apart}')}")
        _print_transposed(f, read, target)
    rows = f.new(f"select i1 %whole, i64 {f.lanes}, i64 %left")
    count, next_at = f.new(f"add i64 {at}, {rows}"), f.new(f"add i64 {at}, {f.lanes}")
    full = f.new(f"icmp eq i64 {next_at}, {outers.kept}")
    now = f.new(f"or i1 {full}, {f.new(f'icmp sge i64 %next, {last}')}")
    f.lines += [f"  br i1 {now}, label %add_outers, label %kept_outers", "add_outers:"]
    for n, outer in enumerate(outers.found):
        function = Function(f.module, f.lanes)
        _print_outer(function, outers, outer)
        f.module.define(f"internal void @outer{n}(ptr %rows, ptr %out, i64 %count)", function.lines)
        f.lines.append(f"  call void @outer{n}(ptr %rows, ptr {sums}, i64 {count})")
    f.lines += ["  br label %kept_outers", "kept_outers:"]


def _print_transposed(f: Function, read: Numbers, target: str) -> None:
    """Numbers by row, transposed: a row of data after the other, the numbers of one side by side."""
    source = f.offset("%rows", read.place * f.lanes)
    for width, squares in ((f.lanes, read.many // f.lanes), (1, read.many % f.lanes)):
        if squares:
            given = f"ptr {source}, ptr {target}, i64 {read.apart}, i64 {squares}"
            f.lines.append(f"  call void {_transposing(f, width, read.stride)}({given})")
        source, target = f.offset(source, squares * width * f.lanes * read.stride), f.offset(target, squares * width)


def _transposing(f: Function, width: int, stride: int) -> str:
    """A function that transposes `squares` squares of that width, of numbers so far apart; all outer products share it."""
    name = f"@transposed{f.lanes}.{width}.{stride}"
    each = Function(f.module, f.lanes)
    piece = each.view(width)
    down = [each.new(f"mul i64 %apart, {lane}") for lane in range(f.lanes)]

    def square(names: list[str]) -> list[str]:
        source, target = names
        for first in range(0, f.lanes, width):
            pointers = [each.offset(source, i * f.lanes * stride + first) for i in range(width)]
            rows = piece.transposed(pointers) if width > 1 else [piece.load(pointers[0])]
            for lane, row in enumerate(rows, first):
                piece.store((row, False), each.new(f"getelementptr double, ptr {target}, i64 {down[lane]}"))
        return [each.offset(source, width * f.lanes * stride), each.offset(target, width)]

    each.loop_while("%squares", [("ptr", "%source"), ("ptr", "%target")], square)
    head = f"internal void {name}(ptr %source, ptr %target, i64 %apart, i64 %squares)"
    f.module.define_once(name, head, each.lines)
    return name


def _print_outer(f: Function, outers: Outers, outer: Outer) -> None:
    """The body of a function that adds the products of `%count` rows to `%out`."""
    one = f.view(1)
    reads = [Read(read.apart, by_row=by_row, by_column=1 - by_row) for read, by_row in outer.reads]
    pointers = [one.offset("%rows", outers.places[read] * f.lanes) for read, _ in outer.reads]

    def term(view: Function, total: Known, numbers: Sequence[Known]) -> Known:
        before = view.as_number(total)
        following = add_term(view, before, numbers[:2])
        if len(numbers) > 2:  # a sum is never -0.0: to leave it as it is, is to add 0.0
            guard = view.as_number(numbers[2])
            there = view.new(f"fcmp {'oeq' if outer.negated else 'une'} {view.kind} {guard}, {view.zero}")
            following = view.new(f"select {view.truth} {there}, {view.kind} {following}, {view.kind} {before}")
        return following, False

    tiles = Tiles(outer.rows, outer.columns, outer.down, reads, term)
    print_tiles(one, tiles, "%count", one.offset("%out", outer.first), pointers)
