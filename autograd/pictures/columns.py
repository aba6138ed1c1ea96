"""Frames side by side: the column of every node of a framed picture, and the order of the nodes in a column.

Graphviz alone lays modules out diagonally, because a frame whose first column is another's last one cannot stand beside it, and
it forgets the order of operands inside frames. So these are given: a frame begins after all that enters it and ends before all
that leaves it (longest paths, as in the first step of Sugiyama's scheme); a column is sorted by where its nodes lead to, from
the results back (its second step, by barycentres), and among equals by the order of operands. Frames stay whole in each column.
"""

from collections.abc import Iterable, Mapping, Sequence
from os.path import commonprefix
from typing import Any, NamedTuple

from autograd.pictures.modules import Path

Edge = tuple[str, str]


class _Border(NamedTuple):
    """Where a frame begins, or ends."""

    path: Path
    end: bool


Arcs = dict[tuple[Any, Any], int]
"""How many columns from one to the other at least."""
Marks = dict[str, tuple[Path, str]]


class Columns(NamedTuple):
    """The nodes of each column from the first to the last, from top to bottom; two kinds of them have no picture.

    `marks` stand behind frames that end alike, each with a node of its frame: by an edge to such a one, and only so, Graphviz
    is told which frame is above which. `doors` are in the first column of a frame, by the places of the edges that go on to
    another column there: without a door Graphviz leads such an edge around the frame.
    """

    found: list[list[str]]
    homes: dict[str, Path]
    marks: Marks
    doors: dict[int, str]


def columns(homes: Mapping[str, Path], edges: Sequence[Edge]) -> Columns:
    """The columns of a picture, given the frames around each node.

    >>> columns({"w": ("a",), "x": (), "o": ("a",), "y": ()}, [("w", "o"), ("x", "o"), ("o", "y")]).found
    [['x'], ['w', 'd1'], ['o'], ['y']]
    """
    homes, edges = dict(homes), list(edges)
    ranks = _ranks(homes, edges, {})
    marks = _marks(homes, ranks)
    doors = _doors(homes, edges, ranks)
    for i, door in doors.items():
        source, target = edges[i]
        homes[door] = homes[target]
        edges[i] = (door, target)
        edges.append((source, door))
    if marks or doors:
        ranks = _ranks(homes, edges, marks)
    found: list[list[str]] = [[] for _ in range(1 + max(ranks.values(), default=-1))]
    for name in [*homes, *marks]:
        found[ranks[name]].append(name)
    ordered = _ordered([column for column in found if column], homes, edges, marks)
    return Columns(ordered, homes | {mark: path[:-2] for mark, (path, _) in marks.items()}, marks, doors)


def _doors(homes: Mapping[str, Path], edges: Sequence[Edge], ranks: Mapping[Any, int]) -> dict[int, str]:
    """A door for each edge that enters a frame and goes on behind its first column."""
    begin: dict[Path, int] = {}
    for name, path in homes.items():
        begin[path] = min(begin.get(path, ranks[name]), ranks[name])
    found: dict[int, str] = {}
    for i, (source, target) in enumerate(edges):
        path = homes[target]
        if homes[source][: len(path)] != path and ranks[source] < begin[path] < ranks[target]:
            found[i] = f"d{i}"
    return found


def _marks(homes: Mapping[str, Path], ranks: Mapping[Any, int]) -> Marks:
    """A mark for each frame beside which others end in the same column, inside the same frame."""
    last: dict[Path, str] = {}
    for name, path in homes.items():
        for around in _around(path, 0):
            if around not in last or ranks[last[around]] <= ranks[name]:
                last[around] = name
    alike: dict[tuple[Path, int], list[Path]] = {}
    for path, name in last.items():
        alike.setdefault((path[:-1], ranks[name]), []).append(path)
    several = [path for paths in alike.values() if len(paths) > 1 for path in paths]
    return {f"f{i}": (path, last[path]) for i, path in enumerate(several)}


def _ranks(homes: Mapping[str, Path], edges: Sequence[Edge], marks: Marks) -> dict[Any, int]:
    """The column of each node."""
    after = {path: mark for mark, (path, _) in marks.items()}
    arcs: Arcs = {(_Border(path, end=True), mark): 1 for path, mark in after.items()}
    for path, mark in after.items():
        arcs |= {(mark, _Border(around, end=True)): 0 for around in _around(path[:-2], 0)}
        arcs |= {(_Border(path[:-1], end=True), mark): 1} if path[:-1] else {}
    for source, target in edges:
        common = len(commonprefix([homes[source], homes[target]]))  # noqa: RUF071 - of tuples: level by level
        left = _around(homes[source], common)
        ends = [source, *[_Border(path, end=True) for path in left], *[after[path] for path in left if path in after]]
        begins = [target, *[_Border(path, end=False) for path in _around(homes[target], common)]]
        arcs |= {(end, begin): 1 for end in ends for begin in begins}
    for name, path in homes.items():
        for around in _around(path, 0):
            arcs[_Border(around, end=False), name] = arcs[name, _Border(around, end=True)] = 0
    names = [*homes, *marks]
    ranks, stuck = _longest(names, arcs)
    while stuck:  # what leaves a frame comes back into it: such a frame is given up, at last an edge
        frames: set[Any] = {thing for thing in stuck if isinstance(thing, _Border)}
        given_up = frames or {next(name for name in homes if name in stuck)}
        arcs = {(a, b): length for (a, b), length in arcs.items() if b not in given_up and (a not in given_up or a in homes)}
        ranks, stuck = _longest(names, arcs)
    entered = {target for _, target in edges}
    latest: dict[Any, int] = {}
    for (a, b), length in arcs.items():
        if a in homes and a not in entered and not (isinstance(b, _Border) and b.end):
            latest[a] = min(latest.get(a, ranks[b] - length), ranks[b] - length)
    return ranks | latest


def _around(path: Path, common: int) -> list[Path]:
    """The frames of that path that are not among the outermost `common` ones."""
    return [path[:level] for level in range(common + 1, len(path) + 1)]


def _longest(names: Iterable[str], arcs: Arcs) -> tuple[dict[Any, int], set[Any]]:
    """The length of the longest path to each thing, and the things in circles or behind them."""
    following: dict[Any, list[tuple[Any, int]]] = {name: [] for name in names}
    waiting: dict[Any, int] = {}
    for (a, b), length in arcs.items():
        following.setdefault(a, []).append((b, length))
        following.setdefault(b, [])
        waiting[b] = waiting.get(b, 0) + 1
    ranks = dict.fromkeys(following, 0)
    ready = [thing for thing in following if thing not in waiting]
    for thing in ready:  # which grows meanwhile
        for b, length in following[thing]:
            ranks[b] = max(ranks[b], ranks[thing] + length)
            waiting[b] -= 1
            if not waiting[b]:
                ready.append(b)
    return ranks, following.keys() - set(ready)


def _ordered(found: list[list[str]], homes: Mapping[str, Path], edges: Sequence[Edge], marks: Marks) -> list[list[str]]:
    """The columns, each sorted."""
    first = _first_met(homes, edges)
    consumers: dict[str, list[str]] = {name: [] for name in homes}
    for source, target in edges:
        consumers[source].append(target)
    height: dict[str, float] = {}
    for whole in reversed(found):
        column = [name for name in whole if name in homes]
        means = {name: _mean([height[each] for each in consumers[name] if each in height]) for name in column}
        for i, name in enumerate(sorted(column, key=lambda name: (means[name], first[name]))):
            height[name] = i - (len(column) - 1) / 2.0
    inside: dict[Path, list[str]] = {}
    for name, path in homes.items():
        for around in _around(path, 0):
            inside.setdefault(around, []).append(name)
    frames = {
        path: (_mean([height[name] for name in names]), min(map(first.__getitem__, names))) for path, names in inside.items()
    }

    def place(name: str) -> list[tuple[float, int]]:
        if name in marks:
            path = marks[name][0]
            return [*[frames[around] for around in _around(path[:-2], 0)], frames[path]]
        return [*[frames[path] for path in _around(homes[name], 0)], (height[name], first[name])]

    return [sorted(column, key=place) for column in found]


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _first_met(homes: Mapping[str, Path], edges: Sequence[Edge]) -> dict[str, int]:
    """When each node is met first on the way back from the results, depth first, in the order of operands."""
    operands: dict[str, list[str]] = {name: [] for name in homes}
    for source, target in edges:
        operands[target].append(source)
    used = {source for source, _ in edges}
    met: dict[str, int] = {}
    stack = [name for name in homes if name in used] + [name for name in reversed(list(homes)) if name not in used]
    while stack:
        name = stack.pop()
        if name not in met:
            met[name] = len(met)
            stack += reversed(operands[name])
    return met
