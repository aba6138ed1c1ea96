"""Loops found again in a flat graph: numbers computed alike from numbers that lie alike.

A traced network's thousands of operations become loops again, which compile in no time and run through memory in order.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.schedule.folds import Trees
from autograd.compiler.schedule.memory import SPACE, Memory

SHORTEST_LOOP = 4  # times
MOST_SEGMENTS = 16  # of a sum that is to be one of a loop's


class Segment(NamedTuple):
    """Consecutive terms of a sum: how many, and the stride by which each operand advances; None for constants."""

    length: int
    strides: tuple[int | None, ...]
    negated: bool


class Loop(NamedTuple):
    """Numbers computed alike (`roots`, in order), `runs` runs of `steps` each; the first number stands for all."""

    roots: list[int]
    runs: int
    steps: int
    reads: list[int | None]  # the addresses that the first reads (`Trees.reads`), and writes; None for one constant throughout
    run_strides: list[int]  # by which they advance
    step_strides: list[int]
    segments: tuple[Segment, ...] | None  # of a sum; None for a tree


Item = Loop | int
"""A loop, or a single number, by its index."""


def roots_of(item: Item) -> list[int]:
    """The numbers of an item."""
    return item.roots if isinstance(item, Loop) else [item]


class Finder:
    """Finds the loops of one graph, whose numbers have their places."""

    def __init__(self, trees: Trees, memory: Memory) -> None:
        self.trees, self.memory = trees, memory
        self._known: dict[int, tuple[Segment, ...]] = {}  # by the sum

    def items(self, level: Sequence[int], kinds: dict[int, int]) -> list[Item]:
        """The numbers of a level as items: loops where they are alike and lie alike, else single numbers."""
        groups: dict[Any, list[int]] = defaultdict(list)
        for i in level:
            alone = len(level) < SHORTEST_LOOP
            groups[i if alone else self._sum_kind(i) if i in self.trees.folds else kinds[i]].append(i)
        singles: list[int] = []
        loops = [loop for group in groups.values() for loop in self._loops(group, singles)]
        return [*loops, *singles]

    def _sum_kind(self, i: int) -> tuple[Any, ...]:
        """What two sums have in common that can be computed by one loop."""
        fold = self.trees.folds[i]
        return fold.primitive, fold.start in self.trees.ssa.constants, self._segments(i)

    def _segments(self, i: int) -> tuple[Segment, ...]:
        """A sum's terms in as few segments as possible."""
        if i in self._known:
            return self._known[i]
        terms = self.trees.folds[i].terms
        addresses = [tuple(map(self.memory.address.get, term.reads)) for term in terms]
        following = list(map(_strides, addresses, addresses[1:]))
        segments: list[Segment] = []
        k = 0
        while k < len(terms):
            strides, count = following[k] if k + 1 < len(terms) else None, 1
            while strides is not None and k + count < len(terms) and terms[k + count].negated == terms[k].negated:
                if following[k + count - 1] != strides:
                    break
                count += 1
            alone = _strides(addresses[k], addresses[k]) or ()
            segments.append(Segment(count, strides if strides and count > 1 else alone, terms[k].negated))
            k += count
        self._known[i] = tuple(segments)
        return self._known[i]

    def _loops(self, alike: list[int], singles: list[int]) -> Iterator[Loop]:
        """Numbers computed alike as loops, as far as they lie alike; the others go to the single ones."""
        segments = self._segments(alike[0]) if alike[0] in self.trees.folds else None
        size = sum(segment.length for segment in segments or ())
        work = max(1, size // 2)
        if len(segments or ()) > max(MOST_SEGMENTS, size // 8) or len(alike) * work < SHORTEST_LOOP:
            singles += alike
            return
        columns = [self._column(at) for at in zip(*[self._first_reads(i, segments) for i in alike], strict=True)]
        columns.append([self.memory.address[i] for i in alike])
        addresses = np.array(columns, dtype=np.int64).T
        for start, runs, steps in affine_runs(addresses):
            roots = alike[start : start + runs * steps]
            if len(roots) * work < SHORTEST_LOOP:
                singles += roots
                continue
            base = addresses[start]
            by_step = addresses[start + 1] - base if steps > 1 else base * 0
            by_run = addresses[start + steps] - base if runs > 1 else base * 0
            reads = [None if x < 0 else int(x) for x in base]
            yield Loop(roots, runs, steps, reads, by_run.tolist(), by_step.tolist(), segments)

    def _column(self, reads: Sequence[Any]) -> list[int]:
        """The address of one read for each number of a loop (see `_first_reads`); -1 if it is one constant throughout."""
        if not isinstance(reads[0], list):
            return [self.memory.address[x] for x in reads]
        constants = self.trees.ssa.constants
        if all(x == reads[0][0] for numbers in reads for x in numbers):
            return [-1] * len(reads)
        return [self.memory.tabled([constants[x] for x in numbers]) for numbers in reads]

    def _first_reads(self, i: int, segments: tuple[Segment, ...] | None) -> Sequence[Any]:
        """What a number reads; for a sum its start, and the first term of each segment; of constants a list of all."""
        constants = self.trees.ssa.constants
        if segments is None:
            reads = self.trees.reads(i)
            return reads if constants.keys().isdisjoint(reads) else [[x] if x in constants else x for x in reads]
        fold = self.trees.folds[i]
        found, k = [[fold.start] if fold.start in constants else fold.start], 0
        for segment in segments:
            terms = [term.reads for term in fold.terms[k : k + segment.length]]
            found += [[t[j] for t in terms] if x in constants else x for j, x in enumerate(terms[0])]
            k += segment.length
        return found


def _strides(one: Sequence[int | None], other: Sequence[int | None]) -> tuple[int | None, ...] | None:
    """How the addresses of a term's operands advance to the next one's; None if these are of another kind."""
    if len(one) != len(other):
        return None
    strides: list[int | None] = []
    for a, b in zip(one, other, strict=True):
        if a is None or b is None:
            if a is not b:
                return None
            strides.append(None)
        elif a ^ b >= SPACE:
            return None
        else:
            strides.append(b - a)
    return tuple(strides)


def affine_runs(addresses: Any) -> Iterator[tuple[int, int, int]]:
    """Cut a table of addresses into runs that advance evenly, each in one kind of memory: (start, runs, steps of each)."""
    count = len(addresses)
    kinds = addresses // SPACE
    steps = addresses[1:] - addresses[:-1]
    apart = (kinds[1:] != kinds[:-1]).any(axis=1)  # no step leads from one kind to another
    breaks = np.flatnonzero((steps[1:] != steps[:-1]).any(axis=1) | apart[1:])
    start = 0
    while start < count:
        at = np.searchsorted(breaks, start)
        steps = int(breaks[at] + 2 - start if at < len(breaks) else count - start)
        if steps > 1 and apart[start]:
            steps = 1
        runs = 1
        first = addresses[start : start + steps]
        if start + 2 * steps <= count and (kinds[start + steps] == kinds[start]).all():
            down = addresses[start + steps] - addresses[start]
            while start + (runs + 1) * steps <= count:
                following = slice(start + runs * steps, start + (runs + 1) * steps)
                if not np.array_equal(addresses[following], first + runs * down) or (kinds[following] != kinds[start]).any():
                    break
                runs += 1
        yield start, runs, steps
        start += runs * steps
