"""Numbers of one turn side by side: those computed alike from neighbours become one vector.

Neighbours are the columns of a row, numbers that are carried or shared one after another. What is computed from each of a
vector's numbers by the same primitive, with the same others, is a vector again. Only what reaches a row or what is carried as a
whole vector becomes one: to take a vector apart costs as much as to compute its numbers one by one.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.levels import LONGEST_BODY, operations_of
from autograd.compiler.emit.natives import apply
from autograd.compiler.emit.nested import Level
from autograd.compiler.simplify import SSA
from autograd.compiler.trace.symbol import gives_truth
from autograd.forms import Form, Loop, Row
from autograd.native import Logical
from autograd.primitives import not_equal, where

Chunk = tuple[int, ...]
SMALLEST = 4  # numbers in a vector
INTO_LANES = 3  # operations that it takes to put the numbers of a column, one of each turn, into the lanes of a vector
MOST_USERS = 32  # of a number that may be in one


class Neighbours:
    """Which numbers of a body are computed, or used, as the ones before them are, from the next inputs."""

    def __init__(self, ssa: SSA) -> None:
        self.ssa = ssa
        self.users: list[list[tuple[int, int]]] = [[] for _ in ssa.primitives]
        for i, operands in enumerate(ssa.operands):
            for position, x in enumerate(operands):
                self.users[x].append((i, position))

    def alike(self, x: int, y: int, depth: int = 4) -> bool:
        """Whether y is computed from the next inputs as x is, so far down."""
        ssa = self.ssa
        if x == y or y < ssa.inputs:
            return x == y or y == x + 1
        operands = [*zip(ssa.operands[x], ssa.operands[y], strict=False)]
        same = ssa.primitives[x] is ssa.primitives[y] is not None
        return same and (not depth or all(self.alike(a, b, depth - 1) for a, b in operands))

    def used_alike(self, x: int, y: int) -> bool:
        """Whether the input y is used as x is."""
        one, other = self.users[x], self.users[y]
        if not one or len(one) != len(other) or len(one) > MOST_USERS:
            return False
        return all(p == q and self._beside(i, k, p) for (i, p), (k, q) in zip(one, other, strict=True) if i != k)

    def _beside(self, i: int, k: int, position: int) -> bool:
        ssa = self.ssa
        others = [n for n in range(len(ssa.operands[i])) if n != position]
        return ssa.primitives[i] is ssa.primitives[k] and all(
            self.alike(ssa.operands[i][n], ssa.operands[k][n], 2) for n in others
        )

    def chunks(self, places: Sequence[int], lanes: int, alike: Callable[[int, int], bool]) -> list[Chunk]:
        """Which of these follow one another alike, by where they stand, as many as a vector holds, or half of that."""
        found: list[Chunk] = []
        run: list[int] = []
        for at in range(len(places) + 1):
            if run and at < len(places) and alike(places[at - 1], places[at]):
                run.append(at)
                continue
            size = lanes
            while size >= min(SMALLEST, lanes):
                found += [tuple(run[k : k + size]) for k in range(0, len(run) - size + 1, size)]
                run = run[len(run) // size * size :]
                size //= 2
            run = [at]
        return found


def bundles_of(ssa: SSA, loop: Loop, lanes: int) -> "Bundles | None":
    """The vectors of a loop's body. None if it has none, or if it is so long that it is scheduled instead."""
    if any(isinstance(primitive, Form) for primitive in ssa.primitives) or any(row.columns for row in (*loop.xs, *loop.ys)):
        return None
    near = Neighbours(ssa)
    outputs, carried = ssa.outputs, []
    slots = [j for j, width in enumerate(loop.carry) if not width]
    for chunk in near.chunks([outputs[j] for j in slots], lanes, near.alike):
        mine = [slots[at] for at in chunk]
        if mine[-1] - mine[0] == len(mine) - 1:
            carried.append((tuple([1 + j for j in mine]), tuple([outputs[j] for j in mine])))
    given, place = [], 1 + len(loop.carry)
    for row in [*loop.xs, Row(sum(not width for width in loop.shared))]:
        columns = range(place, place + row.width)
        given += [tuple([columns[at] for at in chunk]) for chunk in near.chunks(columns, lanes, near.used_alike)]
        place += row.width
    found = Bundles(ssa, given, carried, near, lanes)
    place = len(loop.carry)
    wanted = []
    for row in loop.ys:
        numbers = outputs[place : place + row.width]
        wanted += [tuple([numbers[at] for at in chunk]) for chunk in found.rows_of(numbers)]
        place += row.width
    found.keep(wanted)
    return found if found.needed and found.units <= LONGEST_BODY else None


class Bundles:
    """Which numbers of a body are vectors: from inputs that lie side by side, and from `carried`, with what goes on to them."""

    def __init__(self, ssa: SSA, given: list[Chunk], carried: list[tuple[Chunk, Chunk]], near: Neighbours, lanes: int) -> None:
        self.ssa, self.near, self.lanes = ssa, near, lanes
        self.depth = _depths(ssa)
        while True:
            self._find([*given, *[chunk for chunk, _ in carried]], self.depth)
            kept = [(chunk, following) for chunk, following in carried if self.whole(following) is not None]
            if len(kept) == len(carried):
                break
            carried = kept
        self.carried = carried

    def rows_of(self, row: Sequence[int]) -> list[Chunk]:
        """Which columns of a row that is given may be vectors."""
        return self.near.chunks(row, self.lanes, self.near.alike)

    @property
    def inputs(self) -> list[Chunk]:
        """The vectors of inputs that are not carried."""
        mine = {chunk for chunk, _ in self.carried}
        return [self.members[n] for n in self.needed if not self.operands[n] and self.members[n] not in mine]

    def pays(self, loop: Loop) -> bool:
        """Whether vectors are better than turns side by side: carried on, or less work than rows into lanes and back."""
        if loop.carry:
            return bool(self.carried)
        columns = sum(row.width for row in (*loop.xs, *loop.ys) if row.width >= self.lanes)
        return self.lanes * self.units < operations_of(self.ssa) + INTO_LANES * columns

    def _find(self, chunks: Sequence[Chunk], depth: list[int]) -> None:
        """Vectors from these on: `members` of each, by its number, and `at`, for each number its vector and the place there."""
        ssa = self.ssa
        self.members: list[Chunk] = list(chunks)
        self.at = {x: (n, lane) for n, chunk in enumerate(chunks) for lane, x in enumerate(chunk)}
        self.operands: list[tuple[tuple[bool, int], ...]] = [()] * len(chunks)  # of each: whether it is a vector, its number
        levels: dict[int, list[int]] = {}
        for i in range(ssa.inputs, len(ssa.primitives)):
            if ssa.primitives[i] is not None:
                levels.setdefault(depth[i], []).append(i)
        for _, level in sorted(levels.items()):
            alike: dict[Any, dict[int, int]] = {}
            for i in level:
                lanes = {self.at[x][1] for x in ssa.operands[i] if x in self.at}
                if len(lanes) != 1:
                    continue
                operands = tuple([(True, self.at[x][0]) if x in self.at else (False, x) for x in ssa.operands[i]])
                alike.setdefault((ssa.primitives[i], operands), {})[lanes.pop()] = i
            for (_, operands), found in alike.items():
                size = len(found)
                if {len(self.members[x]) for is_vector, x in operands if is_vector} == {size}:  # not half of a longer one
                    members = tuple([found[lane] for lane in range(size)])
                    self.at |= {x: (len(self.members), lane) for lane, x in enumerate(members)}
                    self.members.append(members)
                    self.operands.append(operands)

    def whole(self, chunk: Chunk) -> tuple[bool, int] | None:
        """Numbers as a vector's, (True, its number), or as one number throughout, (False, that); None if they are neither."""
        if len(set(chunk)) == 1:
            return False, chunk[0]
        found = self.at.get(chunk[0])
        return (True, found[0]) if found is not None and self.members[found[0]] == chunk else None

    def keep(self, wanted: Iterable[Chunk]) -> None:
        """Keep those vectors alone that reach what is wanted or carried, and put all in order."""
        needed = set()
        reached = map(self.whole, [*[following for _, following in self.carried], *wanted])
        stack = [found[1] for found in reached if found is not None and found[0]]
        stack += [self.at[chunk[0]][0] for chunk, _ in self.carried]
        while stack:
            n = stack.pop()
            if n not in needed:
                needed.add(n)
                stack += [x for is_vector, x in self.operands[n] if is_vector]
        self.at = {x: (n, lane) for x, (n, lane) in self.at.items() if n in needed}
        self.needed = needed
        self.order = self._in_order(self.depth)

    def _in_order(self, depth: list[int]) -> list[tuple[bool, int]]:
        """Vectors, (True, number), and numbers, (False, index), each after what it is computed from, else as recorded."""
        ssa = self.ssa
        numbers = [i for i in range(ssa.inputs, len(ssa.primitives)) if ssa.primitives[i] is not None and i not in self.at]
        vectors = [n for n in self.needed if self.operands[n]]
        units = [*[(depth[i], False, i) for i in numbers], *[(depth[self.members[n][0]], True, n) for n in vectors]]
        when: dict[tuple[bool, int], int] = {}
        order = []
        for level, is_vector, n in sorted(units):
            members = self.members[n] if is_vector else (n,)
            reads = {(True, self.at[x][0]) if x in self.at else (False, x) for i in members for x in ssa.operands[i]}
            when[is_vector, n] = max([*members, *[when.get(unit, 0) for unit in reads]])
            order.append((when[is_vector, n], level, is_vector, n))
        return [(is_vector, n) for _, _, is_vector, n in sorted(order)]

    @property
    def units(self) -> int:
        """How many vectors and numbers are computed."""
        return len(self.order)


def _depths(ssa: SSA) -> list[int]:
    depth = [0] * len(ssa.primitives)
    for i in range(ssa.inputs, len(ssa.primitives)):
        depth[i] = 1 + max([depth[x] for x in ssa.operands[i]], default=-1)
    return depth


class BundledLevel(Level):
    """A short level whose numbers are vectors where `bundles` says so."""

    bundles: Bundles

    def start(self, f: Function, bundles: Bundles, starts: dict[Chunk, Known]) -> None:
        """Begin a turn, with the vectors of what is carried and shared."""
        self.bundles, self.starts = bundles, starts
        self.views = {lanes: f.view(lanes) for lanes in {len(chunk) for chunk in bundles.members}}
        self.vectors: dict[int, Known] = {}
        self.spread: dict[tuple[int, int], Known] = {}  # numbers in every lane

    def value(self, f: Function, i: int) -> Known:
        """A number in the code, maybe out of a vector; one of a row is read alone."""
        found = self.bundles.at.get(i)
        if found is None or i in self.known or i in self.lazy:
            return super().value(f, i)
        name, truth = self.vector(found[0])
        view = self._view(found[0])
        kind = view.truth if truth else view.kind
        self.known[i] = view.new(f"extractelement {kind} {name}, i64 {found[1]}"), truth
        return self.known[i]

    def _view(self, n: int) -> Function:
        return self.views[len(self.bundles.members[n])]

    def vector(self, n: int) -> Known:
        """A vector in the code: one that was computed, or of an input."""
        if n not in self.vectors:
            chunk = self.bundles.members[n]
            if chunk in self.starts:
                self.vectors[n] = self.starts[chunk]
            else:
                pointer, column, _ = self.lazy[chunk[0]]
                view = self._view(n)
                self.vectors[n] = view.load(view.offset(pointer, column)), False
        return self.vectors[n]

    def throughout(self, f: Function, i: int, lanes: int) -> Known:
        """One number in every lane."""
        view = self.views.setdefault(lanes, f.view(lanes))
        if i in self.ssa.constants:
            return view.constant(self.ssa.constants[i]), False
        if (i, lanes) not in self.spread:
            name, truth = self.value(f, i)
            self.spread[i, lanes] = (view.splat_truth(name) if truth else view.splat(name)), truth
        return self.spread[i, lanes]

    def chunk(self, f: Function, chunk: Chunk) -> Known | None:
        """Numbers that lie side by side as a vector, if they are one."""
        found = self.bundles.whole(chunk)
        if found is None or (found[0] and found[1] not in self.bundles.needed):
            return None
        return self.vector(found[1]) if found[0] else self.throughout(f, found[1], len(chunk))

    def print(self, f: Function) -> None:
        """See `Level.print`."""
        if not self.bundles.needed:
            super().print(f)
            return
        self.in_one_piece = True
        ssa = self.ssa
        for is_vector, n in self.bundles.order:
            if not is_vector:
                self.known[n] = apply(f, ssa.primitives[n], [self.value(f, x) for x in ssa.operands[n]])
                continue
            members = self.bundles.members[n]
            view, operands = self._view(n), self.bundles.operands[n]
            known = [self.vector(x) if v else self.throughout(f, x, len(members)) for v, x in operands]
            self.vectors[n] = apply(view, ssa.primitives[members[0]], known)


def truths_of(ssa: SSA, loop: Loop) -> set[int]:
    """Which of the numbers that a loop carries are truth values in every turn, and used as such alone."""
    if not loop.turns:
        return set()
    zero = [i for i, x in ssa.constants.items() if x == 0.0]
    plain: set[int] = {x for x in ssa.outputs[len(loop.carry) :] if x < ssa.inputs}  # inputs that are used as numbers
    for primitive, operands in zip(ssa.primitives, ssa.operands, strict=True):
        if primitive is None or (not isinstance(primitive, Form) and isinstance(primitive.native, Logical)):
            continue
        as_truth = operands[:1] if primitive is where or (primitive is not_equal and operands[1] in zero) else ()
        plain.update([x for x in operands if x not in as_truth and x < ssa.inputs])
    found = {j for j, width in enumerate(loop.carry) if not width and 1 + j not in plain and _is_truth(ssa, ssa.outputs[j])}
    passed = {ssa.outputs[j] for j in range(len(loop.carry)) if j not in found}  # inputs that are carried on as numbers
    return {j for j in found if 1 + j not in passed}


def _is_truth(ssa: SSA, x: int) -> bool:
    primitive = ssa.primitives[x]
    if primitive is None:
        return ssa.constants.get(x) in (0.0, 1.0)
    return not isinstance(primitive, Form) and gives_truth(primitive)
