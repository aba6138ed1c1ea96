"""The plan of a picture, made and counted before anything is drawn: values drawn singly, modules folded, the rest left out."""

from collections import deque
from collections.abc import Sequence

from autograd.graph import topological_order
from autograd.pictures.modules import Path, module_path, module_paths
from autograd.pictures.options import Options
from autograd.primitives import dot
from autograd.value import Value

MOST = 500  # values and folded modules that a picture shows by default: an eye can follow no more
REFUSED = 5_000  # values beyond this number, if no module gathers them, are drawn only on request

Place = int | Path | None
"""Where a value is in a picture: its own index in the order, the path of the folded module it is in, or nowhere."""


class Sketch:
    """The plan of a picture of a graph.

    `order` are the graph's values in topological order, `index` their places in it, `paths` their modules, all () where nothing
    is grouped. `places` says where the values are in the picture, `homes` where the operations that made them are, and `note`
    what is left out or folded without being asked for.

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
        self.note = ""
        total = self._weight(range(len(self.order)))
        most = max_nodes or (whole if total <= whole else MOST)
        grouped = options.group or depth is not None or total > most
        self.paths: list[Path] = module_paths(self.order) if grouped else [()] * len(self.order)
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

    def modules(self) -> dict[Path, list[Value]]:
        """The parameters of the folded modules by the modules' paths, in the order of their first values."""
        found: dict[Path, list[Value]] = {}
        for home, node in zip(self.homes, self.order, strict=True):
            if isinstance(home, tuple):
                parameters = found.setdefault(home, [])
                if not node.operands and module_path(str(node.label or "")):
                    parameters.append(node)
        return found

    def _weight(self, places: Sequence[int]) -> int:
        """The number of boxes of these values: one each, and one for each product of an expanded `dot`."""
        if not self.expand:
            return len(places)
        nodes = [self.order[i] for i in places]
        return len(nodes) + sum(len(node.operands) // 2 for node in nodes if node.primitive is dot)

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
        below: dict[Place, dict[Place, None]] = {}
        for i, node in enumerate(self.order):
            known = below.setdefault(self.homes[i], {})
            known.update(dict.fromkeys(self.places[self.index[o]] for o in node.operands if type(o) is not float))
        kept: set[Place] = set()
        queue: deque[Place] = deque(dict.fromkeys(self.places[i] for i in self.results))
        seen, room = set(queue), most
        while queue:
            place = queue.popleft()
            room -= self._weight([place]) if isinstance(place, int) else 1
            if room < 0 and kept:
                break
            kept.add(place)
            home = self.homes[place] if isinstance(place, int) else place
            for further in [home] if home != place else below[place]:
                if further not in seen:
                    seen.add(further)
                    queue.append(further)
        self.places = [place if place in kept else None for place in self.places]
        self.homes = [home if home in kept else None for home in self.homes]


def _too_many(count: int, *, folded: bool) -> str:
    what = f"{count:,} values" + (", with each of its modules counted as one" if folded else "")
    return (
        f"this graph has {what}, more than a picture can show. Draw the values nearest to the result, "
        f"draw(result, max_nodes={MOST}); or one node for each module, draw(result, depth=0), once the parameters have labels "
        "(model.label_parameters()); or a part of the graph; or print(tree(result))"
    )
