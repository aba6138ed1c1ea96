"""The plan of a picture, made and counted before anything is drawn: values drawn singly, modules folded, the rest left out."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, cast

from autograd.graph import topological_order
from autograd.pictures.modules import Path, module_paths
from autograd.pictures.options import Options
from autograd.pictures.places import places_of
from autograd.primitives import dot
from autograd.value import Value

MOST = 500  # values and folded modules that a picture shows by default: an eye can follow no more
REFUSED = 5_000  # values beyond this number, if no module gathers them, are drawn only on request
MOST_ALIKE = 100  # edges into one operation from the same value, and from its constants

Place = int | Path | None
"""Where a value is in a picture: its own index in the order, the path of the folded module it is in, or nowhere."""


class Sketch:
    """The plan of a picture of a graph.

    `order` are the graph's values in topological order, `index` their places in it, `named` the places in modules of those that
    have a name, `paths` the modules of all, () where nothing is grouped. `places` says where the values are in the picture,
    `homes` where the operations that made them are, and `note` what is left out or folded without being asked for. `singly` are
    the places of the values drawn as such, or None if the whole graph is within the limit. Of the `dot`s to expand, those in
    `unexpanded` would alone be beyond it.

    Without `max_nodes` a graph of up to `whole` values is drawn whole, a larger one down to MOST nodes; more than REFUSED, with
    every module folded, raise ValueError.

    >>> x = Value(1.0)
    >>> Sketch([x * 2.0 + x], Options(max_nodes=2)).note
    'the 2 of 3 nodes that are nearest to the result: max_nodes=3 draws all'
    """

    def __init__(self, results: Sequence[Value], options: Options, whole: int = MOST) -> None:
        depth, max_nodes = options.depth, options.max_nodes
        self.order = topological_order(*results)
        self.index = {node: i for i, node in enumerate(self.order)}
        self.results = [self.index[result] for result in results]
        self.expand = options.expand
        self.unexpanded: set[int] = set()
        self.note = ""
        total = self._weight(range(len(self.order)))
        most = max_nodes or (whole if total <= whole else MOST)
        grouped = options.group or depth is not None or total > most
        self.named = places_of(self.order, options.model)
        paths = {node: place.path for node, place in self.named.items()}
        self.paths: list[Path] = module_paths(self.order, paths) if grouped else [()] * len(self.order)
        levels = max(map(len, self.paths), default=0)
        for chosen in range(levels, -1, -1) if depth is None else [depth]:
            self._fold(chosen)
            count = self._count()
            if count <= most:
                break
        if count > most:
            if max_nodes is None and count > REFUSED:
                raise ValueError(_too_many(count, folded=any(self.paths)))
            self._leave_out_the_farthest(most)
            drawn = self._count()
            everything = total if depth is None else count
            self.note = f"the {drawn:,} of {count:,} nodes that are nearest to the result: max_nodes={everything} draws all"
        elif depth is None and self.depth < levels:
            self.note = f"{total:,} values, so each module below depth {self.depth} is one node: max_nodes={total} draws all"
        self.singly = None if total <= most else [i for i, place in enumerate(self.places) if place == i]

    def expanded(self, i: int) -> bool:
        """Whether value i is drawn as the products of a `dot`, and their sum."""
        return self.expand and i not in self.unexpanded and self.order[i].primitive is dot

    def modules(self) -> dict[Path, list[Value]]:
        """The parameters of the folded modules by the modules' paths, in the order of their first values."""
        found: dict[Path, list[Value]] = {}
        for home, node in zip(self.homes, self.order, strict=True):
            if isinstance(home, tuple):
                parameters = found.setdefault(home, [])
                if not node.operands and node in self.named:
                    parameters.append(node)
        return found

    def label(self, i: int, path: Path = ()) -> str:
        """What value i is called in the frames of that path, which its label need not say again."""
        place = self.named.get(self.order[i])
        if place is None:
            return ""
        return str(place._replace(path=place.path[len(path) :]) if place.path[: len(path)] == path else place)

    def _weight(self, places: Sequence[int]) -> int:
        """The number of boxes of these values: one each, and one for each product of an expanded `dot`."""
        if not self.expand:
            return len(places)
        return len(places) + sum(len(self.order[i].operands) // 2 for i in places if self.expanded(i))

    def _fold(self, depth: int) -> None:
        """Place every value, with each module below that depth as one node."""
        self.depth = depth
        self.homes: list[Place] = [path[: depth + 1] if len(path) > depth else i for i, path in enumerate(self.paths)]
        self.places = self.homes.copy()
        for i in self.results:
            self.places[i] = i  # a result is shown even where its module is folded

    def _count(self) -> int:
        singles = [i for i, place in enumerate(self.places) if place == i]
        return self._weight(singles) + len({place for place in self.places if isinstance(place, tuple)})

    def _leave_out_the_farthest(self, most: int) -> None:
        """Keep the `most` nodes nearest to the results, by the number of operations between."""
        inside: dict[Place, list[int]] = {}  # the values in each folded module
        for i, home in enumerate(self.homes):
            if isinstance(home, tuple):
                inside.setdefault(home, []).append(i)
        kept: set[Place] = set()
        queue: deque[Place] = deque(dict.fromkeys(self.places[i] for i in self.results))
        seen, room = set(queue), most
        while queue:
            place = queue.popleft()
            weight = self._weight([place]) if isinstance(place, int) else 1
            if weight > most:
                self.unexpanded.add(cast("int", place))
                weight = 1
            room -= weight
            if room < 0:
                break
            kept.add(place)
            home = self.homes[place] if isinstance(place, int) else place
            for further in [home] if home != place else self._below(inside.get(place, [place])):
                if further not in seen:
                    seen.add(further)
                    queue.append(further)
        self.places = [place if place in kept else None for place in self.places]
        self.homes = [home if home in kept else None for home in self.homes]

    def _below(self, values: Sequence[Any]) -> dict[Place, None]:
        """Where the operands of these values are."""
        return {self.places[self.index[o]]: None for i in values for o in self.order[i].operands if type(o) is not float}


def few_alike(operands: Sequence[Any]) -> list[int]:
    """The places of the operands to show: of each value, and of the constants together, the first MOST_ALIKE."""
    if len(operands) <= MOST_ALIKE:
        return list(range(len(operands)))
    uses: Counter[Any] = Counter()
    shown = []
    for i, operand in enumerate(operands):
        key = None if type(operand) is float else operand
        uses[key] += 1
        if uses[key] <= MOST_ALIKE:
            shown.append(i)
    return shown


def _too_many(count: int, *, folded: bool) -> str:
    what = f"{count:,} values" + (", with each of its modules counted as one" if folded else "")
    return (
        f"this graph has {what}, more than a picture can show. Draw the values nearest to the result, "
        f"draw(result, max_nodes={MOST}); or one node for each module, draw(result, depth=0), once the parameters have labels "
        "(model.label_parameters()); or a part of the graph; or print(tree(result))"
    )
