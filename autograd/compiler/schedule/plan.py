"""Loops found again in a flat graph: sums as chains of additions, and numbers computed alike from numbers that lie alike.

A network, traced, is thousands of single operations. Here they become loops again, which compile in no time and run through
memory in order; what is irregular stays straight-line code. Nothing is reordered within a sum.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.simplify import SSA
from autograd.definition import Primitive
from autograd.primitives import add, logical_or, mul, where

SHORTEST_SUM = 4  # terms; shorter ones stay single additions
LARGEST_TREE = 24  # operations computed in one go, without a place in memory for those between
SHORTEST_LOOP = 4  # times
MOST_SEGMENTS = 16  # of a sum that is to be one of a loop's

SPACE = 1 << 40  # addresses in different kinds of memory are that far apart
SHARED, UNIFORM, BY_ROW, TABLE = range(4)
"""Kinds of memory: shared inputs, numbers that are the same for all rows, numbers by row, and constants of a loop."""


class Fold(NamedTuple):
    """start + term + term + ..., from left to right; or by `row` start | term | term | ...

    A term is one number, a product of two, or (m, x, y): the product x * y where m is not 0, and nothing elsewhere; for the
    terms in `negated`, where m is 0.
    """

    start: int
    terms: list[tuple[int, ...]]
    negated: frozenset[int]
    row: Primitive


class Segment(NamedTuple):
    """Consecutive terms of a sum: how many, and for each operand the stride by which it advances; None for constants."""

    length: int
    strides: tuple[int | None, ...]
    negated: bool


class Block(NamedTuple):
    """Numbers computed alike, `rows` times `columns` of them in order (`roots`); the first stands for all.

    `leaves` are the addresses that the first reads (see `Plan.leaves`), and last the one it writes; by row and by column they
    advance by the strides. A leaf that is one constant throughout has no address, None.
    """

    roots: list[int]
    rows: int
    columns: int
    leaves: list[int | None]
    row_strides: list[int]
    column_strides: list[int]
    segments: tuple[Segment, ...] | None  # of a sum; None for a tree


Unit = Block | int
"""A block, or a single number, by its index."""


class Plan:
    """A flat graph laid out: what is computed in which order (`uniform`, then `by_row`), and what lies where."""

    def __init__(self, ssa: SSA, varying: Sequence[int | None] | None, *, summed: bool = False) -> None:
        """Outputs `summed` over the rows lane by lane are never read where they lie."""
        self.ssa = ssa
        nothing = ssa.constant(-0.0)  # what a sum of products starts from
        self.folds: dict[int, Fold] = {}
        self.inside: set[int] = set()  # computed as part of another number, and kept nowhere
        self.table: list[float] = []
        self._leaves: dict[int, list[int]] = {}  # known already
        self.address: list[int | None] = [None] * len(ssa.rows)
        self._varies = [block is not None for block in varying or [None] * ssa.inputs]
        for operands in ssa.operands[ssa.inputs :]:
            self._varies.append(any(self._varies[operand] for operand in operands))
        self._uses = [0] * len(ssa.rows)
        for operand in [operand for operands in ssa.operands for operand in operands] + ssa.outputs:
            self._uses[operand] += 1
        self._find_folds(nothing)
        self._find_trees()
        self._place_inputs()
        mapped = varying is not None
        self.out = (BY_ROW if mapped else UNIFORM) * SPACE
        self.places = {UNIFORM: 0, BY_ROW: sum(self._varies[: ssa.inputs])}
        self.out += self.places[self.out // SPACE]
        self.places[self.out // SPACE] += len(ssa.outputs)
        self._place_outputs(mapped, summed)
        self.summed = summed
        self.set_aside = self.places[BY_ROW]  # room for sums while the last rows are added
        self.places[BY_ROW] += len(ssa.outputs) * summed
        self.uniform = self._units(UNIFORM)
        self.by_row = self._units(BY_ROW)

    # --- sums and trees -----------------------------------------------------------------------------------------------

    def _find_folds(self, nothing: int) -> None:
        """Chains of additions, each of the last sum and a term."""
        ssa, uses, varies = self.ssa, self._uses, self._varies
        chains: dict[int, tuple[int, list[int], list[int]]] = {}  # start, right operands, additions; by the last addition
        for i in range(ssa.inputs, len(ssa.rows)):
            row = ssa.rows[i]
            if row in (add, logical_or):
                x, y = ssa.operands[i]
                if uses[x] == 1 and x in chains and varies[x] == varies[i] and ssa.rows[x] is row:
                    chains[i] = chains.pop(x)
                    chains[i][1].append(y)
                    chains[i][2].append(i)
                elif row is add and len(self._term(x, i)) > 1:
                    chains[i] = nothing, [x, y], [i]
                else:
                    chains[i] = x, [y], [i]
        for i, (start, ys, additions) in chains.items():
            if len(ys) >= SHORTEST_SUM:
                negated = [
                    k for k, y in enumerate(ys) if len(self._term(y, i)) == 3 and ssa.is_constant(ssa.operands[y][1], -0.0)
                ]
                self.folds[i] = Fold(start, [self._term(y, i) for y in ys], frozenset(negated), ssa.rows[i] or add)
                self.inside.update(additions[:-1])
                for y, term in zip(ys, self.folds[i].terms, strict=True):
                    if len(term) > 1:
                        self.inside.add(y)
                    if len(term) == 3:
                        self.inside.update(x for x in ssa.operands[y][1:] if ssa.rows[x] is mul)

    def _term(self, y: int, i: int) -> tuple[int, ...]:
        """The number y as a term of the sum i."""
        row, operands = self.ssa.rows[y], self.ssa.operands[y]
        if self.ssa.rows[i] is add and self._uses[y] == 1 and self._varies[y] == self._varies[i]:
            if row is mul:
                return operands
            if row is where:
                for product, nothing in (operands[1:], operands[:0:-1]):
                    alone = self._uses[product] == 1 and self._varies[product] == self._varies[i]
                    if alone and self.ssa.rows[product] is mul and self.ssa.is_constant(nothing, -0.0):
                        return (operands[0], *self.ssa.operands[product])
        return (y,)

    def _find_trees(self) -> None:
        """Numbers used once are computed where they are used."""
        ssa = self.ssa
        size = [1] * len(ssa.rows)
        for i in range(ssa.inputs, len(ssa.rows)):
            if i not in self.inside and i not in self.folds:
                for operand in ssa.operands[i]:
                    together = size[i] + size[operand]
                    if together <= LARGEST_TREE and self._may_be_inside(operand) and self._varies[operand] == self._varies[i]:
                        size[i] = together
                        self.inside.add(operand)

    def _may_be_inside(self, i: int) -> bool:
        return self._uses[i] == 1 and self.ssa.rows[i] is not None and i not in self.folds and i not in self.inside

    def uses(self, i: int) -> int:
        """How often a number is read, as an output too."""
        return self._uses[i]

    def leaves(self, root: int) -> list[int]:
        """What a number is computed from, as often as it is used, in the order of use."""
        known = self._leaves.get(root)
        if known is not None:
            return known
        fold = self.folds.get(root)
        found: list[int] = []
        self._leaves[root] = found
        if fold is not None:
            found += [fold.start, *[operand for term in fold.terms for operand in term]]
            return found
        stack = [*reversed(self.ssa.operands[root])]
        while stack:
            i = stack.pop()
            if i in self.inside:
                stack += reversed(self.ssa.operands[i])
            else:
                found.append(i)
        return found

    def tree(self, root: int) -> list[int]:
        """The numbers computed for a root, in order, the root last."""
        found = [root]
        for i in found:
            found += [operand for operand in self.ssa.operands[i] if operand in self.inside]
        return sorted(found)

    def _kinds(self, roots: Sequence[int]) -> dict[int, int]:
        """A number for each root that tells what it has in common with others: its rows, and those of what it reads."""
        known: dict[Any, int] = {}
        rows = {i: known.setdefault(self.kind(i), len(known)) for i in roots}
        kinds = {}
        for i in roots:
            read = self.leaves(i) if i not in self.folds else self.folds[i].terms[0]
            placed = self.address[i] is not None  # as an output
            kinds[i] = known.setdefault((rows[i], placed, *[rows.get(leaf, -1) for leaf in read]), len(known))
        return kinds

    def kind(self, root: int) -> tuple[Any, ...]:
        """What two numbers have in common that can be computed by one loop: rows, and which operands are constants."""
        if root in self.folds:
            return (self.folds[root].row, self.folds[root].negated, *[len(term) for term in self.folds[root].terms])
        kind: list[Any] = []
        stack = [root]
        while stack:
            i = stack.pop()
            if i == root or i in self.inside:
                kind.append(self.ssa.rows[i])
                stack += reversed(self.ssa.operands[i])
            else:
                kind.append(i in self.ssa.constants)
        return tuple(kind)

    # --- places in memory ---------------------------------------------------------------------------------------------

    def _place_inputs(self) -> None:
        places = {SHARED: 0, BY_ROW: 0}
        for i in range(self.ssa.inputs):
            kind = BY_ROW if self._varies[i] else SHARED
            self.address[i] = kind * SPACE + places[kind]
            places[kind] += 1

    def _place_outputs(self, mapped: bool, summed: bool) -> None:  # noqa: FBT001 - flags of the plan
        """Each output's place; what is not computed there must be copied: an input, a constant, one that is there twice."""
        self.copies: list[tuple[int, int]] = []
        for position, output in enumerate(self.ssa.outputs):
            there = self.address[output] is None and output not in self.ssa.constants and self._varies[output] == mapped
            if there and not (summed and self._uses[output] > 1):
                self.address[output] = self.out + position
            else:
                self.copies.append((output, self.out + position))

    def _place(self, kind: int) -> int:
        self.places[kind] += 1
        return kind * SPACE + self.places[kind] - 1

    # --- order, and loops ---------------------------------------------------------------------------------------------

    def _units(self, kind: int) -> list[Unit]:
        """The numbers of one kind: loops where they are alike and lie alike, single ones else, in an order to compute them."""
        roots = [
            i
            for i in range(self.ssa.inputs, len(self.ssa.rows))
            if self.ssa.rows[i] is not None and i not in self.inside and self._varies[i] == (kind == BY_ROW)
        ]
        kinds = self._kinds(roots)
        levels = self._levels(roots, kinds)
        alike: dict[Any, list[int]] = defaultdict(list)
        for level in levels:
            for i in level:
                alike[kinds[i]].append(i)
        for group in alike.values():  # what is alike lies together, whenever it is computed
            for i in group:
                if self.address[i] is None:
                    self.address[i] = self._place(kind)
        units: list[Unit] = []
        for level in levels:
            singles: list[int] = []
            for group in self._alike(level, kinds):
                units += self._blocks(group, singles)
            units += singles
        return self._ordered(units)

    def _levels(self, roots: Sequence[int], kinds: dict[int, int]) -> list[list[int]]:  # noqa: C901 - three ways, one choice
        """The numbers in levels, none of which has one that depends on another of it; so that those alike share levels.

        A number may be computed as soon as what it needs is there, or as late as what needs it allows. What is alike keeps
        step in some programs by the first, in others by the second; and where a value is computed with its derivatives, by
        the second on the way to the value, by the first on the way back. The best of the three is taken.
        """
        leaves = {i: self.leaves(i) for i in roots}

        def soonest(level: list[int], fixed: bytearray) -> list[int]:
            for i in roots:
                if not fixed[i]:
                    level[i] = 1 + max([level[leaf] for leaf in leaves[i]], default=0)
            return level

        def latest(among: bytearray) -> list[int]:
            after = [0] * len(self.ssa.rows)
            for i in reversed(roots):
                if among[i]:
                    for leaf in leaves[i]:
                        after[leaf] = max(after[leaf], after[i] + 1)
            first = max(after) + 1
            return [first - x for x in after]

        everything = bytearray([1]) * len(self.ssa.rows)
        candidates = [soonest([0] * len(self.ssa.rows), bytearray(len(self.ssa.rows))), latest(everything)]
        if len(self.ssa.outputs) > 1:
            forward = bytearray(len(self.ssa.rows))
            forward[self.ssa.outputs[0]] = 1
            for i in reversed(roots):
                if forward[i]:
                    for leaf in leaves[i]:
                        forward[leaf] = 1
            candidates.append(soonest([x if there else 0 for x, there in zip(latest(forward), forward, strict=True)], forward))
        best = min(candidates, key=lambda level: len({(level[i], kinds[i]) for i in roots}))
        found: dict[int, list[int]] = defaultdict(list)
        for i in roots:
            found[best[i]].append(i)
        return [level for _, level in sorted(found.items())]

    def _ordered(self, units: list[Unit]) -> list[Unit]:
        """The units so that each follows what it needs, and else in the order of the trace, which has used things at hand."""
        if not any(isinstance(unit, Block) for unit in units):
            return sorted(units)  # all are numbers
        roots = [unit.roots if isinstance(unit, Block) else [unit] for unit in units]
        unit_of = {root: n for n, some in enumerate(roots) for root in some}
        needs = [{unit_of[leaf] for root in some for leaf in self.leaves(root) if leaf in unit_of} for some in roots]
        needed_by: list[list[int]] = [[] for _ in units]
        for n, some in enumerate(needs):
            for m in some:
                needed_by[m].append(n)
        waiting = [len(some) for some in needs]
        ready = [(max(roots[n]), n) for n, count in enumerate(waiting) if not count]
        heapq.heapify(ready)
        order: list[Unit] = []
        while ready:
            _, n = heapq.heappop(ready)
            order.append(units[n])
            for m in needed_by[n]:
                waiting[m] -= 1
                if not waiting[m]:
                    heapq.heappush(ready, (max(roots[m]), m))
        return order

    def _alike(self, roots: Sequence[int], kinds: dict[int, int]) -> list[list[int]]:
        groups: dict[Any, list[int]] = defaultdict(list)
        if len(roots) >= SHORTEST_LOOP:
            for i in roots:
                groups[self._sum_kind(i) if i in self.folds else kinds[i]].append(i)
            return list(groups.values())
        return [[i] for i in roots]

    def _sum_kind(self, i: int) -> tuple[Any, ...]:
        """What two sums have in common that can be computed by one loop."""
        return self.folds[i].row, self.folds[i].start in self.ssa.constants, self._segments(i)

    def _segments(self, i: int) -> tuple[Segment, ...]:
        """A sum's terms as segments, as few as there may be."""
        terms = [[None if x in self.ssa.constants else self.address[x] for x in term] for term in self.folds[i].terms]
        negated = [k in self.folds[i].negated for k in range(len(terms))]
        segments: list[Segment] = []
        k = 0
        while k < len(terms):
            strides, count = _strides(terms[k], terms[k + 1]) if k + 1 < len(terms) else None, 1
            while strides is not None and k + count < len(terms) and negated[k + count] == negated[k]:
                if _strides(terms[k + count - 1], terms[k + count]) != strides:
                    break
                count += 1
            segments.append(
                Segment(count, strides if strides and count > 1 else _strides(terms[k], terms[k]) or (), negated[k])
            )
            k += count
        return tuple(segments)

    def _blocks(self, alike: list[int], singles: list[int]) -> Iterator[Block]:
        """Numbers computed alike, as far as they lie alike, as loops; the others go to the single ones."""
        segments = self._segments(alike[0]) if alike[0] in self.folds else None
        size = sum(segment.length for segment in segments or ())
        if len(segments or ()) > max(MOST_SEGMENTS, size // 8) or len(alike) * max(1, size // 2) < SHORTEST_LOOP:
            singles += alike
            return
        columns = [self._column(list(at)) for at in zip(*[self._first_leaves(i, segments) for i in alike], strict=True)]
        columns.append([self.address[i] or 0 for i in alike])
        addresses = np.array(columns, dtype=np.int64).T
        for start, rows, count in affine_blocks(addresses):
            if rows * count * max(1, size // 2) < SHORTEST_LOOP:
                singles += alike[start : start + rows * count]
                continue
            base = addresses[start]
            across = addresses[start + 1] - base if count > 1 else base * 0
            down = addresses[start + count] - base if rows > 1 else base * 0
            leaves = [None if x < 0 else int(x) for x in base]
            yield Block(alike[start : start + rows * count], rows, count, leaves, down.tolist(), across.tolist(), segments)

    def _column(self, leaves: list[list[int]]) -> list[int]:
        """The address of a leaf for each number of a loop; -1 if it is one constant throughout.

        A leaf is given as the first of a segment of a sum, and for constants all that follow in it.
        """
        constants = self.ssa.constants
        if leaves[0][0] not in constants:
            return [self.address[leaf[0]] or 0 for leaf in leaves]
        if all(x == leaves[0][0] for leaf in leaves for x in leaf):
            return [-1] * len(leaves)
        first = [TABLE * SPACE + len(self.table) + i * len(leaves[0]) for i in range(len(leaves))]
        self.table += [constants[x] for leaf in leaves for x in leaf]
        return first

    def _first_leaves(self, i: int, segments: tuple[Segment, ...] | None) -> list[list[int]]:
        """A number's leaves; of a sum its start, and those of the first term of each segment; of constants all of it."""
        if segments is None:
            return [[leaf] for leaf in self.leaves(i)]
        start, terms, *_ = self.folds[i]
        found, k = [[start]], 0
        for segment in segments:
            for j, leaf in enumerate(terms[k]):
                found.append([t[j] for t in terms[k : k + segment.length]] if leaf in self.ssa.constants else [leaf])
            k += segment.length
        return found


def _strides(one: Sequence[int | None], other: Sequence[int | None]) -> tuple[int | None, ...] | None:
    """How the addresses of a term's operands advance to the next one's; None if these are of another kind."""
    if len(one) != len(other):
        return None
    for a, b in zip(one, other, strict=True):
        if (None if a is None else a // SPACE) != (None if b is None else b // SPACE):
            return None
    return tuple([None if a is None or b is None else b - a for a, b in zip(one, other, strict=True)])


def affine_blocks(addresses: Any) -> Iterator[tuple[int, int, int]]:
    """Cut rows of addresses into runs that advance evenly, and runs of such runs: (start, runs, length of each).

    What advances stays in one kind of memory.
    """
    count = len(addresses)
    kinds = addresses // SPACE
    steps = addresses[1:] - addresses[:-1]
    apart = (kinds[1:] != kinds[:-1]).any(axis=1)  # no step leads from one kind to another
    breaks = np.flatnonzero((steps[1:] != steps[:-1]).any(axis=1) | apart[1:])
    start = 0
    while start < count:
        at = np.searchsorted(breaks, start)
        length = int(breaks[at] + 2 - start if at < len(breaks) else count - start)
        if length > 1 and apart[start]:
            length = 1
        runs = 1
        first = addresses[start : start + length]
        if start + 2 * length <= count and (kinds[start + length] == kinds[start]).all():
            down = addresses[start + length] - addresses[start]
            while start + (runs + 1) * length <= count:
                following = slice(start + runs * length, start + (runs + 1) * length)
                if not np.array_equal(addresses[following], first + runs * down) or (kinds[following] != kinds[start]).any():
                    break
                runs += 1
        yield start, runs, length
        start += runs * length
