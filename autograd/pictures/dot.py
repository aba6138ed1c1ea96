"""A sketch of a graph as text for graphviz: nodes in their clusters, edges, legend.

Every id is also the node's name, and the same for the same graph; n is a value's place in the topological order of the results.

| id | of |
|---|---|
| v{n}, o{n}, r{n} | a value, the operation that made it, the edge from that to the value |
| e{n}_{i} | the edge from operand i into that operation, or into the module drawn in its stead |
| k{n}_{i} | operand i where it is a constant |
| l{n}, g{n} | constants beyond so many, as one, and the edge from there |
| p{n}_{i}, q{n}_{i}, s{n}_{i}, t{n}_{i} | of product i of a `dot` that is expanded: operation, value, edge to it, and on |
| c{number} | a module: a cluster, or one node |
| m{n}, mc{number} | operands that are left out, of an operation or a module |
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import graphviz

from autograd.definition import Primitive
from autograd.pictures.modules import Path, shapes
from autograd.pictures.renderer import Picture
from autograd.pictures.sketch import Module, Sketch
from autograd.pictures.text import label_text, number, shortened
from autograd.pictures.theme import Scale, Theme, ink_on, table
from autograd.primitives import dot, mul, sum_
from autograd.value import Value

FONT = {"fontname": "Helvetica", "fontsize": "11"}
SMALL = {"width": "0.5", "height": "0.35", "margin": "0.1,0.05"}
LONGEST_FOLDED = 6  # operands of an operation that is written out with its constants
MOST_CONSTANTS = 100  # among the operands of one operation
LONGEST_LINE = 60  # characters of what is told of a module
MOST_SWATCHES = 11  # columns of the legend: its title, nine numbers, nan


class Style(NamedTuple):
    """How it is drawn: the options of `draw` that do not say what."""

    rankdir: str
    partials: bool
    gradients: bool
    constants: bool
    theme: Theme
    precision: int


class Drawing:
    """The picture of a sketch, collected node by node."""

    def __init__(self, sketch: Sketch, style: Style) -> None:
        self.sketch = sketch
        self.style = style
        self.theme = style.theme
        self.modules = sketch.modules()
        gradients = [node.grad for i, node in enumerate(sketch.order) if sketch.places[i] == i and node.has_grad]
        gradients += [gradient for module in self.modules.values() if (gradient := module.largest_gradient()) is not None]
        self.scale = Scale(gradients, self.theme) if style.gradients else None
        self._nodes: dict[Path, list[tuple[str, dict[str, str]]]] = {}
        self._edges: list[tuple[str, str, dict[str, str]]] = []
        self._joined: set[tuple[str, str]] = set()  # edges of modules
        self._dots: set[str] = set()  # nodes that stand for what is left out
        self._clusters: dict[Path, str] = {}
        for path in [*sketch.paths, *self.modules]:
            for level in range(1, min(len(path), sketch.depth + 1) + 1):
                self._clusters.setdefault(path[:level], f"c{len(self._clusters)}")

    def picture(self) -> Picture:
        """Draw all of it."""
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

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _number(self, x: float | None) -> str:
        return number(x, self.style.precision)

    def _add(self, path: Path, name: str, text: str, **attributes: str) -> str:
        self._nodes.setdefault(path, []).append((name, {"label": graphviz.nohtml(text), **attributes}))
        return name

    def _draw_value(self, i: int) -> None:
        node, home = self.sketch.order[i], self.sketch.homes[i]
        inside = isinstance(home, int)
        path = self.sketch.paths[i] if inside else ()
        label = _inside(node.label, path)
        lines = [label_text(label)] if label else []
        gradient = node.grad if node.has_grad else None
        lines += [f"data {self._number(node.data)}", f"grad {self._number(gradient)}"]
        self._add(path, f"v{i}", r"\n".join(lines), **self._filled(gradient, self.theme.value))
        if isinstance(home, tuple):
            self._edge_of_module(self._clusters[home], f"v{i}", f"r{i}")
        elif node.operands:
            self._edge(f"o{i}" if inside else self._left_out(f"m{i}", ()), f"v{i}", f"r{i}")

    def _filled(self, gradient: float | None, otherwise: str) -> dict[str, str]:
        """The colours of a node: that of its gradient if these are coloured; a dashed line where none has arrived."""
        if self.scale is None:
            return {"fillcolor": otherwise}
        if gradient is None:
            return {"fillcolor": self.theme.constant, "style": "rounded,filled,dashed"}
        fill = self.scale.colour(gradient)
        return {"fillcolor": fill, "fontcolor": ink_on(fill)}

    def _draw_module(self, path: Path, module: Module) -> None:
        names = [_inside(parameter.label, path) for parameter in module.parameters]
        described = [shape.removesuffix(" ()") for shape in shapes(names)]
        lines = [
            path[-1],
            f"{len(names)} parameter{'s' * (len(names) != 1)}",
            *described[:4],
            *(["…"] if len(described) > 4 else []),
        ]
        gradient = module.largest_gradient()
        if gradient is not None:
            lines.append(f"largest grad {self._number(gradient)}")
        text = r"\n".join(label_text(shortened(line, LONGEST_LINE)) for line in lines)
        filled = self._filled(gradient, self.theme.module)
        self._add(path[:-1], self._clusters[path], text, peripheries="2", **{"style": "filled", **filled})

    def _draw_operation(self, i: int, row: Primitive) -> None:
        node = self.sketch.order[i]
        if row is dot and self.sketch.expand:
            self._draw_products(i)
            return
        name, path = f"o{i}", self.sketch.paths[i]
        symbol = self._symbol(row, node.operands)
        self._add(path, name, label_text(symbol), shape="ellipse", fillcolor=self.theme.operation)
        constants = 0
        for j, slope in enumerate(self._slopes(node)):
            constants += type(node.operands[j]) is float
            if type(node.operands[j]) is not float or constants <= MOST_CONSTANTS or not self.style.constants:
                self._draw_edge(i, j, name, slope)
        if constants > MOST_CONSTANTS and self.style.constants:
            left = f"… {constants - MOST_CONSTANTS:,} more"
            self._edge(self._add(path, f"l{i}", left, fillcolor=self.theme.constant, color=self.theme.faint), name, f"g{i}")

    def _draw_products(self, i: int) -> None:
        """A dot as what it is: the products of its operands, and their sum."""
        node, path = self.sketch.order[i], self.sketch.paths[i]
        slopes = self._slopes(node)
        size = len(slopes) // 2
        self._add(path, f"o{i}", sum_.symbol, shape="ellipse", fillcolor=self.theme.operation)
        for j in range(size):
            pair = (node.operands[j], node.operands[size + j])
            symbol = label_text(self._symbol(mul, pair))
            self._add(path, f"p{i}_{j}", symbol, shape="ellipse", fillcolor=self.theme.operation)
            for k in (j, size + j):
                self._draw_edge(i, k, f"p{i}_{j}", slopes[k])
            product = mul.evaluate(*(operand if type(operand) is float else operand.data for operand in pair))
            gradient = node.grad if node.has_grad else None
            text = rf"data {self._number(product)}\ngrad {self._number(gradient)}"
            filled = self._filled(gradient, self.theme.value)
            self._edge(f"p{i}_{j}", self._add(path, f"q{i}_{j}", text, **filled), f"s{i}_{j}")
            self._edge(f"q{i}_{j}", f"o{i}", f"t{i}_{j}", self._number(1.0) if self.style.partials else "")

    def _symbol(self, row: Primitive, operands: Sequence[float | Value]) -> str:
        """What an operation is called: its symbol, or the call with the constants in it where these are folded."""
        constants = sum(type(operand) is float for operand in operands)
        if self.style.constants or not constants:
            return row.symbol
        if len(operands) > LONGEST_FOLDED:
            return f"{row.symbol}, {constants} constants"
        return row.source([self._number(operand) if type(operand) is float else "·" for operand in operands])

    def _slopes(self, node: Value) -> Sequence[float | None]:
        shown = self.style.partials and node.primitive is not None and node.primitive.differentiable
        return node.local_partials if shown else [None] * len(node.operands)

    # --- edges --------------------------------------------------------------------------------------------------------

    def _edge(self, source: str, target: str, name: str, text: str = "") -> None:
        self._edges.append((source, target, {"id": name, **({"label": text} if text else {})}))

    def _edge_of_module(self, source: str, target: str, name: str) -> None:
        """An edge from or to a module: all those between the same two nodes are one."""
        if (source, target) not in self._joined:
            self._joined.add((source, target))
            self._edge(source, target, name)

    def _draw_edge(self, i: int, j: int, target: str, slope: float | None) -> None:
        """The edge of operand j into the operation of value i."""
        operand, path = self.sketch.order[i].operands[j], self.sketch.paths[i]
        text = "" if slope is None else self._number(slope)
        if type(operand) is float:
            if self.style.constants:
                attributes = {"fillcolor": self.theme.constant, "color": self.theme.faint}
                self._edge(self._add(path, f"k{i}_{j}", self._number(operand), **attributes), target, f"e{i}_{j}", text)
            return
        place = self.sketch.places[self.sketch.index[operand]]
        if isinstance(place, int):
            self._edge(f"v{place}", target, f"e{i}_{j}", text)
        else:
            source = self._left_out(f"m{i}", path) if place is None else self._clusters[place]
            self._edge_of_module(source, target, f"e{i}_{j}")

    def _draw_edges_into_module(self, i: int, target: str) -> None:
        """The edges of value i's operands into the module that is drawn instead of its operation."""
        for j, operand in enumerate(self.sketch.order[i].operands):
            if type(operand) is float:
                continue
            place = self.sketch.places[self.sketch.index[operand]]
            source = f"v{place}" if isinstance(place, int) else f"m{target}" if place is None else self._clusters[place]
            if source == target:
                continue
            if place is None:
                self._left_out(source, ())
            self._edge_of_module(source, target, f"e{i}_{j}")

    def _left_out(self, name: str, path: Path) -> str:
        """A node that stands for operands which are not drawn."""
        if name not in self._dots:
            self._dots.add(name)
            self._add(path, name, "…", shape="plaintext", style="", fontcolor=self.theme.text)
        return name

    # --- the text -----------------------------------------------------------------------------------------------------

    def _written(self) -> Picture:
        theme = self.theme
        picture = Picture(
            format="svg",
            graph_attr={"rankdir": self.style.rankdir, **self._caption()},
            node_attr={"shape": "box", "style": "rounded,filled", "color": theme.line, "fontcolor": theme.ink, **FONT, **SMALL},
            edge_attr={"color": theme.line, "fontcolor": theme.text, **FONT, "fontsize": "9"},
        )
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
        return picture

    def _caption(self) -> dict[str, str]:
        """The graph's own attributes: background, and below the picture the legend and the note."""
        rows = [self.scale.legend("gradient", 3)] if self.scale is not None else []
        if self.sketch.note:
            rows.append(f'<tr><td colspan="{MOST_SWATCHES}">{self.sketch.note}</td></tr>')
        attributes = {"bgcolor": self.theme.background}
        if rows:
            attributes |= {"label": table(*rows), "fontcolor": self.theme.text, **FONT}
        return attributes


def _inside(label: Any, path: Path) -> str:
    """A label without the path of the module whose frame it is in, which says the rest."""
    return str(label or "").removeprefix("".join(f"{level}." for level in path))
