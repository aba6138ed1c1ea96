"""The order of the work: numbers in levels, so that those alike can be computed together, and items one after another."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence

from autograd.compiler.schedule.folds import Trees


def in_levels(trees: Trees, roots: Sequence[int], kinds: dict[int, int]) -> list[list[int]]:  # noqa: C901 - three ways, one choice
    """The roots in levels such that no root depends on another of its level, and that roots alike share levels.

    A number may be computed as soon as what it reads is there, or as late as what reads it allows; or, where a value comes with
    its derivatives, late on the way to the value and soon on the way back. The best of the three is taken.
    """
    count = len(trees.ssa.primitives)
    reads = {i: trees.reads(i) for i in roots}

    def soonest(level: list[int], among: Sequence[int]) -> list[int]:
        for i in among:
            level[i] = 1 + max(map(level.__getitem__, reads[i]), default=0)
        return level

    def latest(among: Sequence[int]) -> list[int]:
        after = [0] * count
        for i in reversed(among):
            following = after[i] + 1
            for x in reads[i]:
                if after[x] < following:  # noqa: PLR1730 - a call of max takes as long as all else here
                    after[x] = following
        first = max(after) + 1
        return [first - x for x in after]

    candidates = [soonest([0] * count, roots), latest(roots)]
    if len(trees.ssa.outputs) > 1:
        forward = bytearray(count)
        forward[trees.ssa.outputs[0]] = 1
        for i in reversed(roots):
            if forward[i]:
                for x in reads[i]:
                    forward[x] = 1
        value = [level if there else 0 for level, there in zip(latest([i for i in roots if forward[i]]), forward, strict=True)]
        candidates.append(soonest(value, [i for i in roots if not forward[i]]))
    best = min(candidates, key=lambda level: len({(level[i], kinds[i]) for i in roots}))
    found: dict[int, list[int]] = defaultdict(list)
    for i in roots:
        found[best[i]].append(i)
    return [level for _, level in sorted(found.items())]


def in_order(groups: Sequence[Sequence[int]], reads: Callable[[int], Sequence[int]]) -> list[int]:
    """The groups of numbers, by their indices: each after those it reads, and else as traced, which uses things at hand."""
    if all(len(group) == 1 for group in groups):
        return sorted(range(len(groups)), key=lambda n: groups[n][0])
    group_of = {number: n for n, group in enumerate(groups) for number in group}
    needed_by: list[list[int]] = [[] for _ in groups]
    waiting = []
    for n, group in enumerate(groups):
        needs = {group_of[x] for number in group for x in reads(number) if x in group_of}
        waiting.append(len(needs))
        for m in needs:
            needed_by[m].append(n)
    ready = [(max(groups[n]), n) for n, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    order = []
    while ready:
        _, n = heapq.heappop(ready)
        order.append(n)
        for m in needed_by[n]:
            waiting[m] -= 1
            if not waiting[m]:
                heapq.heappush(ready, (max(groups[m]), m))
    return order
