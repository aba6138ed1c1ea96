"""A sketch of a graph as text for graphviz: nodes in their clusters, edges, legend.

Ids are also the nodes' names, and the same for the same graph; n is a value's place in the topological order of the results.

| id | of |
|---|---|
| v{n}, o{n}, r{n} | a value, the operation that made it, the edge from that to the value |
| e{n}_{i} | the edge from operand i into that operation, or into the folded module around it |
| k{n}_{i} | operand i, if it is a constant |
| l{n}, g{n} | one box for the operands beyond MOST_ALIKE of a kind, and its edge |
| p{n}_{i}, q{n}_{i}, s{n}_{i}, t{n}_{i} | product i of an expanded `dot`: operation, value, edge to the value, edge from it |
| c{number} | a module: a cluster, or one node if it is folded |
| m{n}, mc{number} | "…" for the operands left out of an operation, or of a module |
| d{number}, h{number} | a point where an edge enters a frame, and the edge that leads to it; from there it has its own id |
| f{number} | nothing that is seen: it keeps frames in order |
"""

from collections.abc import Sequence
from typing import Any, Protocol

import graphviz

from autograd.bundles import Edge
from autograd.definition import Primitive
from autograd.pictures.columns import columns
from autograd.pictures.modules import Path, shapes
from autograd.pictures.options import Options
from autograd.pictures.picture import Picture
from autograd.pictures.sketch import Sketch, few_alike
from autograd.pictures.text import label_text, number, shortened
from autograd.pictures.theme import Scale, ink_on, table, theme_named
from autograd.primitives import mul, sum_
from autograd.real import number_of
from autograd.value import Value

FONT = {"fontname": "Helvetica", "fontsize": "11"}
SMALL = {"width": "0.5", "height": "0.35", "margin": "0.1,0.05"}
LONGEST_CALL = 6  # operands of an operation that is written out with its constants
LONGEST_LINE = 60  # characters of a line in a folded module
MOST_SWATCHES = 11  # columns of the legend: its title, nine numbers, nan


class Texts(Protocol):
    """What a drawing writes into the boxes of values and on the edges into operations."""

    def value(self, n: int, label: str) -> str:
        """The lines in the box of value n, as a dot label; `label` is the value's, without the names of its frames."""

    def edge(self, n: int, i: int) -> dict[str, str]:
        """The attributes of the edge from operand i into the operation of value n: its label, if it has one."""


class PlainTexts:
    """The texts of `draw`: a value's number and gradient, and on edges the local partials if the options say so."""

    def __init__(self, order: Sequence[Value], options: Options) -> None:
        self.order = order
        self.options = options

    def value(self, n: int, label: str) -> str:
        """Label, number and gradient."""
        data, grad = (number(x, self.options.precision) for x in (self.order[n].data, _gradient(self.order[n])))
        return r"\n".join([label_text(label)] * bool(label) + [f"data {data}", f"grad {grad}"])

    def edge(self, n: int, i: int) -> dict[str, str]:
        """The local partial."""
        node = self.order[n]
        shown = self.options.partials and node.primitive is not None and node.primitive.differentiable
        slope = node.local_partials[i] if shown else None
        return {} if slope is None or isinstance(slope, Edge) else {"label": number(slope, self.options.precision)}


class Drawing:
    """The picture of a sketch, collected node by node."""

    def __init__(self, sketch: Sketch, options: Options, texts: Texts | None = None) -> None:
        self.sketch = sketch
        self.options = options
        self.texts = texts or PlainTexts(sketch.order, options)
        self.theme = theme_named(options.theme)
        self.modules = sketch.modules()
        drawn = [_gradient(node) for i, node in enumerate(sketch.order) if sketch.places[i] == i]
        gradients = [gradient for gradient in drawn if gradient is not None]
        gradients += [gradient for inside in self.modules.values() if (gradient := _largest_gradient(inside)) is not None]
        self.scale = Scale(gradients, self.theme) if options.gradients else None
        self._nodes: dict[Path, list[tuple[str, dict[str, str]]]] = {}
        self._edges: list[tuple[str, str, dict[str, str]]] = []
        self._joined: set[tuple[str, str]] = set()  # edges of modules
        self._ellipses: set[str] = set()  # nodes that stand for operands left out
        self._clusters: dict[Path, str] = {}
        homes = [path for path, home in zip(sketch.paths, sketch.homes, strict=True) if home is not None]
        for path in [*homes, *self.modules]:
            for level in range(1, min(len(path), sketch.depth + 1) + 1):
                self._clusters.setdefault(path[:level], f"c{len(self._clusters)}")

    def picture(self) -> Picture:
        """Draw all of the sketch."""
        drawn: set[Path] = set()
        for i, node in enumerate(self.sketch.order):
            home, place = self.sketch.homes[i], self.sketch.places[i]
            if isinstance(home, tuple):
                if home not in drawn:
                    drawn.add(home)
                    self._draw_module(home, self.modules[home])
                self._draw_edges_into_module(i, self._clusters[home])
            elif home is not None and node.primitive is not None:
                self._draw_operation(i, node.primitive)
            if place == i:
                self._draw_value(i)
        return self._written()

    def members(self) -> dict[str, list[str]]:
        """The ids inside each cluster of the drawn picture, at any depth: of nodes, and of clusters."""
        inside: dict[str, dict[str, None]] = {}
        for path, nodes in self._nodes.items():
            names = [name for name, _ in nodes]
            for level in range(len(path), 0, -1):
                cluster = self._clusters[path[:level]]
                inside.setdefault(cluster, {}).update(dict.fromkeys(names))
                names.append(cluster)
        return {cluster: list(names) for cluster, names in inside.items()}

    def _number(self, x: float | None) -> str:
        return number(x, self.options.precision)

    def _add(self, path: Path, name: str, text: str, **attributes: str) -> str:
        self._nodes.setdefault(path, []).append((name, {"label": graphviz.nohtml(text), **attributes}))
        return name

    def _draw_value(self, i: int) -> None:
        node, home = self.sketch.order[i], self.sketch.homes[i]
        inside = isinstance(home, int)
        path = self.sketch.paths[i] if inside else ()
        self._add(
            path, f"v{i}", self.texts.value(i, self.sketch.label(i, path)), **self._filled(_gradient(node), self.theme.value)
        )
        if isinstance(home, tuple):
            self._edge_of_module(self._clusters[home], f"v{i}", f"r{i}")
        elif node.operands:
            self._edge(f"o{i}" if inside else self._left_out(f"m{i}", ()), f"v{i}", f"r{i}")

    def _filled(self, gradient: float | None, otherwise: str) -> dict[str, str]:
        """The colours of a node: by its gradient if the options say so, with a dashed line where no gradient has arrived."""
        if self.scale is None:
            return {"fillcolor": otherwise}
        if gradient is None:
            return {"fillcolor": self.theme.constant, "style": "rounded,filled,dashed"}
        fill = self.scale.colour(gradient)
        return {"fillcolor": fill, "fontcolor": ink_on(fill)}

    def _draw_module(self, path: Path, parameters: Sequence[Value]) -> None:
        names = [self.sketch.label(self.sketch.index[parameter], path) for parameter in parameters]
        described = [shape.removesuffix(" ()") for shape in shapes(names)]
        lines = [path[-1], f"{len(names)} parameter{'s' * (len(names) != 1)}", *described[:4], *["…"] * (len(described) > 4)]
        gradient = _largest_gradient(parameters)
        if gradient is not None:
            lines.append(f"largest grad {self._number(gradient)}")
        text = r"\n".join(label_text(shortened(line, LONGEST_LINE)) for line in lines)
        filled = self._filled(gradient, self.theme.module)
        self._add(path[:-1], self._clusters[path], text, peripheries="2", **{"style": "filled", **filled})

    def _draw_operation(self, i: int, primitive: Primitive) -> None:
        node = self.sketch.order[i]
        if self.sketch.expanded(i):
            self._draw_products(i)
            return
        name, path = f"o{i}", self.sketch.paths[i]
        symbol = self._symbol(primitive, node.operands)
        self._add(path, name, label_text(symbol), shape="ellipse", fillcolor=self.theme.operation)
        shown = few_alike(node.operands)
        for j in shown:
            self._draw_edge(i, j, name)
        boxes = len(node.operands) - len(shown)
        if not self.options.constants:
            boxes -= sum(type(operand) is float for operand in node.operands) - sum(
                type(node.operands[j]) is float for j in shown
            )
        if boxes:
            left = f"… {boxes:,} more"
            self._edge(self._add(path, f"l{i}", left, fillcolor=self.theme.constant, color=self.theme.faint), name, f"g{i}")

    def _draw_products(self, i: int) -> None:
        """Draw a `dot` as the products of its operands, and their sum."""
        node, path = self.sketch.order[i], self.sketch.paths[i]
        size = len(node.operands) // 2
        self._add(path, f"o{i}", sum_.symbol, shape="ellipse", fillcolor=self.theme.operation)
        for j in range(size):
            pair = (node.operands[j], node.operands[size + j])
            symbol = label_text(self._symbol(mul, pair))
            self._add(path, f"p{i}_{j}", symbol, shape="ellipse", fillcolor=self.theme.operation)
            for k in (j, size + j):
                self._draw_edge(i, k, f"p{i}_{j}")
            product = mul.evaluate(*(operand if type(operand) is float else operand.data for operand in pair))
            text = rf"data {self._number(product)}\ngrad {self._number(_gradient(node))}"
            filled = self._filled(_gradient(node), self.theme.value)
            self._edge(f"p{i}_{j}", self._add(path, f"q{i}_{j}", text, **filled), f"s{i}_{j}")
            self._edge(f"q{i}_{j}", f"o{i}", f"t{i}_{j}", **({"label": self._number(1.0)} if self.options.partials else {}))

    def _symbol(self, primitive: Primitive, operands: Sequence[float | Value]) -> str:
        """The text of an operation: its symbol, or the call with its constants where these have no boxes."""
        constants = sum(type(operand) is float for operand in operands)
        if self.options.constants or not constants:
            return primitive.symbol
        if len(operands) > LONGEST_CALL:
            return f"{primitive.symbol}, {constants} constants"
        return primitive.source([self._number(operand) if type(operand) is float else "·" for operand in operands])

    def _edge(self, source: str, target: str, name: str, **attributes: str) -> None:
        self._edges.append((source, target, {"id": name, **attributes}))

    def _edge_of_module(self, source: str, target: str, name: str) -> None:
        """An edge from or to a folded module: one for all edges between the same two nodes."""
        if (source, target) not in self._joined:
            self._joined.add((source, target))
            self._edge(source, target, name)

    def _draw_edge(self, i: int, j: int, target: str) -> None:
        """Draw the edge of operand j into the operation of value i."""
        operand, path = self.sketch.order[i].operands[j], self.sketch.paths[i]
        if type(operand) is float:
            if self.options.constants:
                colours = {"fillcolor": self.theme.constant, "color": self.theme.faint}
                source = self._add(path, f"k{i}_{j}", self._number(operand), **colours)
                self._edge(source, target, f"e{i}_{j}", **self.texts.edge(i, j))
            return
        place = self.sketch.places[self.sketch.index[operand]]
        if isinstance(place, int):
            self._edge(f"v{place}", target, f"e{i}_{j}", **self.texts.edge(i, j))
        else:
            source = self._left_out(f"m{i}", path) if place is None else self._clusters[place]
            self._edge_of_module(source, target, f"e{i}_{j}")

    def _draw_edges_into_module(self, i: int, target: str) -> None:
        """Draw the edges of value i's operands into the folded module around its operation."""
        for j, operand in enumerate(self.sketch.order[i].operands):
            if type(operand) is float:
                continue
            place = self.sketch.places[self.sketch.index[operand]]
            if isinstance(place, int):
                source = f"v{place}"
            else:
                source = self._left_out(f"m{target}", ()) if place is None else self._clusters[place]
            if source != target:
                self._edge_of_module(source, target, f"e{i}_{j}")

    def _left_out(self, name: str, path: Path) -> str:
        """The name of a node that stands for operands left out, added once."""
        if name not in self._ellipses:
            self._ellipses.add(name)
            self._add(path, name, "…", shape="plaintext", style="", fontcolor=self.theme.text)
        return name

    def _written(self) -> Picture:
        theme = self.theme
        picture = Picture(
            format="svg",
            graph_attr={"rankdir": self.options.rankdir, **self._order(), **self._caption()},
            node_attr={"shape": "box", "style": "rounded,filled", "color": theme.line, "fontcolor": theme.ink, **FONT, **SMALL},
            edge_attr={"color": theme.line, "fontcolor": theme.text, **FONT, "fontsize": "9"},
        )
        columns_of_it = self._placed_in_columns() if self._framed() else []
        inside: dict[Path, list[Path]] = {(): []}
        for path in self._clusters:
            if path not in self.modules:
                inside[path[:-1]].append(path)
                inside[path] = []
        stack: list[Any] = [()]
        while stack:
            path = stack.pop()
            if path is None:  # the cluster entered last is complete
                picture.body.append("\t}\n")
                continue
            if path:
                picture.body.append(f"\tsubgraph cluster_{self._clusters[path]} {{\n")
                attributes = {"color": theme.faint, "fontcolor": theme.text, "style": "rounded", **FONT}
                picture.attr(label=graphviz.nohtml(label_text(path[-1])), id=self._clusters[path], **attributes)
                stack.append(None)
            for name, attributes in self._nodes.get(path, []):
                picture.node(name, id=name, **attributes)
            stack += reversed(inside[path])
        for source, target, attributes in self._edges:
            picture.edge(source, target, **attributes)
        picture.body += columns_of_it
        return picture

    def _framed(self) -> bool:
        return len(self._clusters) > len(self.modules)

    def _order(self) -> dict[str, str]:
        """What makes operands stay in their order: without frames, Graphviz's own way; it does not look into frames."""
        return {"newrank": "true", "remincross": "false"} if self._framed() else {"ordering": "in"}

    def _placed_in_columns(self) -> list[str]:
        """Give edges lengths, and frames doors and marks, so that there are columns; return dot's lines for their order."""
        homes = {name: path for path, nodes in self._nodes.items() for name, _ in nodes}
        found, homes, marks, doors = columns(homes, [(source, target) for source, target, _ in self._edges])
        rank = {name: i for i, column in enumerate(found) for name in column}
        point = {"label": "", "shape": "point", "width": "0.01", "height": "0.01"}
        for mark, (_, last) in marks.items():
            self._nodes.setdefault(homes[mark], []).append((mark, {**point, "style": "invis"}))
            self._edges.append((last, mark, {"style": "invis"}))
        for i, door in doors.items():
            source, target, attributes = self._edges[i]
            self._nodes.setdefault(homes[door], []).append((door, point))
            self._edges[i] = (door, target, attributes)
            self._edges.append((source, door, {"arrowhead": "none", "id": f"h{door[1:]}"}))
        for source, target, attributes in self._edges:
            span = rank[target] - rank[source]
            if span != 1:
                attributes.update({"minlen": str(span)} if span > 0 else {"constraint": "false"})
        lines = []
        for column in found:
            alike: dict[Path, list[str]] = {}
            for name in column:
                alike.setdefault(homes[name], []).append(name)
            flipped = self.options.rankdir in ("LR", "RL")  # inside frames Graphviz then goes from the last to the first
            chains = [names[::-1] if path and flipped else names for path, names in alike.items()]
            ordered = "; ".join(f"{' -> '.join(names)}{' [style=invis]' * (len(names) > 1)}" for names in chains)
            lines.append(f"\t{{ rank=same {ordered} }}\n")
        return lines

    def _caption(self) -> dict[str, str]:
        """The attributes of the picture as a whole: the background, and the legend and the note below it."""
        rows = [self.scale.legend("gradient", 3)] if self.scale is not None else []
        if self.sketch.note:
            rows.append(f'<tr><td colspan="{MOST_SWATCHES}">{self.sketch.note}</td></tr>')
        shown = {"label": table(*rows), "fontcolor": self.theme.text, **FONT} if rows else {}
        return {"bgcolor": self.theme.background, **shown}


def _gradient(node: Value) -> float | None:
    """The number of its gradient; None before any. It may be a graph itself."""
    return number_of(node.grad) if node.has_grad else None


def _largest_gradient(parameters: Sequence[Value]) -> float | None:
    gradients = [_gradient(parameter) for parameter in parameters]
    return max([gradient for gradient in gradients if gradient is not None], key=abs, default=None)
