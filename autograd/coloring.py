"""Colourings of sparse matrices: which of their columns can be found together, by one sweep.

A colouring of columns is right for a Jacobian if no two columns of one colour have an entry in the same row: then a sweep
along the sum of a colour's columns brings each entry by itself. It is a distance-2 colouring of the graph of rows and columns.
For a symmetric matrix a star colouring will do: neighbours differ, and a path of four vertices has three colours or more. All
are greedy: each vertex in turn gets the least colour that is free, by several orders; the fewest colours win.

Sources: Curtis, Powell and Reid, On the estimation of sparse Jacobian matrices, IMA J. Appl. Math. 13 (1974) 117-119; Coleman
and Moré, Estimation of sparse Jacobian matrices and graph coloring problems, SIAM J. Numer. Anal. 20 (1983) 187-209;
Gebremedhin, Manne and Pothen, What color is your Jacobian? SIAM Rev. 47 (2005) 629-705.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

Groups = Sequence[Sequence[int]]
"""For each row its columns."""

MOST_PAIRS = 20_000_000  # of columns that share a row, beyond which orders that look at all of them are left out


def transposed(groups: Groups, count: int) -> list[list[int]]:
    """For each of `count` columns its rows.

    >>> transposed([[0, 1], [1]], 2)
    [[0], [0, 1]]
    """
    found: list[list[int]] = [[] for _ in range(count)]
    for row, columns in enumerate(groups):
        for column in columns:
            found[column].append(row)
    return found


def column_colors(rows: Groups, count: int) -> list[int]:
    """A colour for each column, so that those of one colour share no row; -1 for a column without entries.

    >>> column_colors([[0, 1], [1, 2], [2, 3]], 4)
    [0, 1, 0, 1]
    """
    columns = transposed(rows, count)
    least = max(map(len, rows), default=0)

    def colors(order: Iterable[int]) -> list[int]:
        found = [-1] * count
        taken: list[set[int]] = [set() for _ in rows]
        for column in order:
            groups = columns[column]
            color = found[column] = _first_free([taken[row] for row in groups])
            for row in groups:
                taken[row].add(color)
        return found

    return _fewest(colors, _orders(columns, rows), least)


def star_colors(neighbours: Groups) -> list[int]:
    """A star colouring of a symmetric matrix, given by the neighbours of each vertex, which are the places beside the diagonal.

    >>> star_colors([[1], [0, 2], [1, 3], [2]])
    [0, 1, 0, 2]
    """
    count = len(neighbours)
    edges = [[i, j] for i, near in enumerate(neighbours) for j in near if i < j]
    longer = any(len(near) > 1 and any(len(neighbours[j]) > 1 for j in near) for near in neighbours)
    least = 3 if longer else 1 + any(neighbours)

    def colors(order: Iterable[int]) -> list[int]:
        found = [-1] * count
        around: list[Counter[int]] = [Counter() for _ in range(count)]  # of each vertex, the colours of its neighbours
        for v in order:
            taken: set[int] = set()
            for w in neighbours[v]:
                color = found[w]
                if color < 0:
                    taken.update(around[w])  # two neighbours of w, of one colour, would leave w nothing to tell them by
                    continue
                taken.add(color)
                taken.update([found[x] for x in neighbours[w] if found[x] >= 0 and around[x][color] > 1])
            color = found[v] = _first_free([taken])
            for w in neighbours[v]:
                around[w][color] += 1
        return found

    return [max(color, 0) for color in _fewest(colors, _orders(transposed(edges, count), edges), least)]


def _first_free(taken: Sequence[set[int]]) -> int:
    color = 0
    while any(color in colors for colors in taken):
        color += 1
    return color


def _fewest(colors: Callable[[Iterable[int]], list[int]], orders: Iterable[Iterable[int]], least: int) -> list[int]:
    """The first colouring with the fewest colours; with the least possible number, at once."""
    best: list[int] = []
    for order in orders:
        found = colors(order)
        if not best or max(found, default=-1) < max(best):
            best = found
        if max(best, default=-1) + 1 <= least:
            break
    return best


def _orders(columns: Groups, rows: Groups) -> Iterator[Iterable[int]]:
    """The columns that have entries as they come, largest first, smallest last, and by incidence."""
    present = [column for column, groups in enumerate(columns) if groups]
    yield present
    degree = [sum([len(rows[row]) - 1 for row in groups]) for groups in columns]
    yield sorted(present, key=lambda column: -degree[column])
    if sum(degree) <= MOST_PAIRS:
        yield reversed(_one_by_one(columns, rows, present, degree, step=-1))
        yield _one_by_one(columns, rows, present, [0] * len(columns), step=-1)


def _one_by_one(columns: Groups, rows: Groups, present: Sequence[int], keys: Sequence[int], step: int) -> list[int]:
    """The columns in the order in which they are least; each that is taken changes the key of those that share a row with it.

    With the degrees as keys that is the order of smallest last, backwards; from 0 on, that of incidence.
    """
    key = list(keys)
    heap = [(key[column], column) for column in present]
    heapq.heapify(heap)
    taken = bytearray(len(columns))
    order: list[int] = []
    while heap:
        known, column = heapq.heappop(heap)
        if taken[column] or known != key[column]:
            continue  # its key has changed since
        taken[column] = 1
        order.append(column)
        changed: Counter[int] = Counter()
        for row in columns[column]:
            changed.update(rows[row])
        for other, times in changed.items():
            if not taken[other]:
                key[other] += step * times
                heapq.heappush(heap, (key[other], other))
    return order
