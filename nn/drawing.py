"""A model as a picture: layers as columns from left to right, neurons as their cells, weights as edges by colour and width."""

from collections.abc import Callable, Sequence
from html import escape
from itertools import count
from typing import TYPE_CHECKING, Any

from autograd import Value, topological_order
from autograd.pictures.modules import shapes
from autograd.pictures.notebook import svg_of
from autograd.pictures.options import check_precision
from autograd.pictures.text import label_text, shortened, visible
from autograd.pictures.theme import Scale, ink_on, table, theme_named
from autograd.structures import values
from nn.layers.activations import Activation
from nn.layers.dropout import Dropout
from nn.layers.linear import MLP, Layer, Neuron, Sequential
from nn.module import Module, in_one_line
from nn.nesting import Call, unrolled, walk
from nn.passes import Pass, Producer, forward_pass, is_users, units

if TYPE_CHECKING:
    from autograd.pictures.picture import Picture

MOST_NEURONS = 64  # inputs or outputs of a layer whose neurons are drawn one by one
MOST_WEIGHTS = 1_024  # of such a layer
MOST_IN_A_NOTEBOOK = 2_000  # parameters of a model that shows itself
MOST_CELLS = 16  # numbers between layers that are drawn one by one
LONGEST_LINE = 60  # characters
MOST_SHAPES = 6  # lines that list a module's parameters

Ports = list[str]
"""The places in the picture from which the next layer's edges start: one for each number, or one for all of them."""


def draw(model: Module, *inputs: Any, theme: str = "light", precision: int = 3) -> "Picture":
    """The model as a picture: layers from left to right, neurons as cells, weights as edges by colour and width.

    Blue is negative, orange positive; the larger a weight, the stronger and wider its edge. The cells bear the biases. A layer
    of more than 64 neurons or inputs, and any other layer, is a box with the shapes of its parameters. Of a module with a
    `forward` of its own the picture shows what that does with one sample: the modules that it calls, in their order, the
    operations between them, and parameters that it uses itself. It runs as in `eval()`, and the model stays as it is.

    Args:
        inputs: one sample, as `forward` takes it; if none is given, it is guessed from the layers inside.
        theme: "light", "dark" or "auto", as in `autograd.draw`.
        precision: the number of significant digits.

    Raises ValueError for a wrong option, and where the shape of the input cannot be known.

    >>> from nn import MLP
    >>> MLP(2, [16, 1], rng=0).draw().source.count("penwidth")
    48
    """
    check_precision(precision)
    architecture = Architecture(model, theme, precision)
    if _runs_by_itself(model):
        PassDrawing(architecture, model, forward_pass(model, inputs)).draw()
    else:
        unrolled(architecture.draw("", model, []))
    return architecture.with_legend()


def _runs_by_itself(model: Module) -> bool:
    """Whether only its forward pass tells what is inside, and how it is joined."""
    if type(model).forward is Module.forward:
        return False
    return is_users(model) or (bool(units(model, deep=False)) and not isinstance(model, MLP | Sequential | Layer))


class Architecture:
    """The picture of a model, drawn layer by layer."""

    def __init__(self, model: Module, theme: str, precision: int) -> None:
        from autograd.pictures.dot import FONT, SMALL  # only now: both modules need graphviz when imported
        from autograd.pictures.picture import Picture

        self.theme = theme_named(theme)
        self.precision = precision
        self.scale = Scale([parameter.data for parameter in model.parameters()], self.theme)
        self.names = map("u{}".format, count())
        self._longest = 1
        self.coloured = False
        self._entered = {id(model)}
        self._holders: set[str] = set()  # nodes of the modules whose insides are being drawn
        line, text = self.theme.line, self.theme.text
        spaces = {"splines": "line", "nodesep": "0.3"}
        self.picture = Picture(
            format="svg",
            graph_attr={"rankdir": "LR", "bgcolor": self.theme.background, "fontcolor": text, **spaces, **FONT},
            node_attr={"style": "filled", "color": line, "fontcolor": self.theme.ink, **FONT, **SMALL},
            edge_attr={"color": line, "arrowsize": "0.6"},
        )

    def draw(self, name: str, layer: Any, ports: Ports) -> Call:
        """Draw a module or function that takes what `ports` give ([]: the model's input); return the places of its outputs."""
        if isinstance(layer, MLP | Sequential):
            for i, inner in enumerate(layer.layers):
                ports = yield self.draw(f"{name}.layers.{i}".lstrip("."), inner, ports)
            return ports
        if isinstance(layer, Layer | Neuron):
            neurons = layer.neurons if isinstance(layer, Layer) else [layer]
            inputs = len(neurons[0].weights)
            if max(inputs, len(neurons)) <= MOST_NEURONS and inputs * len(neurons) <= MOST_WEIGHTS:
                return self._draw_neurons(_title(name, layer), neurons, ports)
        if isinstance(layer, Activation | Dropout) and len(ports) > 1:
            cells = self.column(_title(name, layer), [("", self.theme.operation)] * len(ports))
            for port, cell in zip(ports, cells, strict=True):
                self.join(port, cell)
            return cells
        return (yield self._draw_box(name, layer, ports))

    def with_legend(self) -> "Picture":
        """The picture, its columns farther apart the longer they are, and below it the meaning of its colours, if any."""
        self.picture.graph_attr["ranksep"] = f"{1.0 + 0.06 * self._longest:.2f}"
        if self.coloured:
            self.picture.graph_attr["label"] = table(self.scale.legend("weights; in cells biases", self.precision))
        return self.picture

    def _draw_neurons(self, title: list[str], neurons: Sequence[Neuron], ports: Ports) -> Ports:
        """A column of neurons, and every weight as an edge from its input."""
        self.coloured = True
        size = len(neurons[0].weights)
        if not ports:
            ports = self.column(["inputs"], [(f"x{i}", self.theme.constant) for i in range(size)])
        elif len(ports) != size:
            inputs = self.column([], [("", self.theme.constant)] * size)
            for i, place in enumerate(inputs):
                self.join(ports[i * len(ports) // size], place)
            ports = inputs
        cells = self.column(title, [self.cell(neuron.bias) for neuron in neurons])
        for cell, neuron in zip(cells, neurons, strict=True):
            for port, weight in zip(ports, neuron.weights, strict=True):
                number = values(weight)
                width = f"{0.4 + 3.6 * abs(self.scale.strength(number)):.2f}"
                self.join(port, cell, color=self.scale.colour(number), penwidth=width, arrowhead="none")
        return cells

    def cell(self, bias: Any) -> tuple[str, str]:
        """The text and colour of a neuron's cell."""
        if bias is None:
            return "", self.theme.value
        return f"{values(bias):.{self.precision}g}", self.scale.colour(values(bias))

    def column(self, title: list[str], cells: Sequence[tuple[str, str]]) -> Ports:
        """Cells below one another, text and colour each, under a title of some lines."""
        name = next(self.names)
        self._longest = max(self._longest, len(cells))
        heading = "<br/>".join(escape(visible(line)) for line in title)
        rows = [f'<tr><td border="0">{heading}</td></tr>'] if heading else []
        for i, (text, fill) in enumerate(cells):
            shown = f'<font color="{ink_on(fill)}">{escape(text)}</font>' if text else ""
            rows.append(f'<tr><td port="p{i}" width="40" height="22" bgcolor="{fill}">{shown}</td></tr>')
        look = f'border="0" cellborder="1" cellspacing="4" cellpadding="2" color="{self.theme.line}"'
        label = f"<<table {look}>{''.join(rows)}</table>>"
        self.picture.node(name, label=label, shape="plain", style="", fontcolor=self.theme.text)
        return [f"{name}:p{i}" for i in range(len(cells))]

    def _draw_box(self, name: str, layer: Any, ports: Ports) -> Call:
        """A module as one box with its parameters; dashes lead to the modules of one that has no `forward`."""
        import graphviz

        inside = walk(layer, enter=isinstance(layer, Layer)) if isinstance(layer, Module) else ()
        found = [(holder.name(key), inner) for holder, key, inner in inside]
        own = [key for key, parameter in found if isinstance(parameter, Value)]
        lines = _title(name, layer)
        if own:
            lines.append(f"{len(own)} parameter{'s' * (len(own) > 1)}")
            lines += [shape.removesuffix(" ()") for shape in shapes(own)[:MOST_SHAPES]]
        text = r"\n".join(label_text(shortened(line, LONGEST_LINE)) for line in lines)
        box = next(self.names)
        self.picture.node(box, label=graphviz.nohtml(text), shape="box", peripheries="2", fillcolor=self.theme.module)
        for port in dict.fromkeys(ports or self.column([], [("input", self.theme.constant)])):
            self.join(port, box)
        self._holders.add(box)
        for key, module in found:
            joined = isinstance(module, Module) and type(layer).forward is Module.forward
            if joined and id(module) not in self._entered:
                self._entered.add(id(module))
                yield self.draw(f"{name}.{key}".lstrip("."), module, [box])
        self._holders.discard(box)
        return [box]

    def join(self, source: str, target: str, **look: str) -> None:
        """An edge, dashed if it leads from a module to one inside it."""
        if source in self._holders:
            look |= {"style": "dashed", "arrowhead": "none"}
        self.picture.edge(f"{source}:e", f"{target}:w", **look)


class PassDrawing:
    """What a forward pass did, drawn call by call: the graph between calls as columns of cells, one for each kind and level."""

    def __init__(self, architecture: Architecture, model: Module, done: Pass) -> None:
        self.architecture = architecture
        self.done = done
        self.names = {parameter: name for name, parameter in model.named_parameters()}
        self.outputs: list[Ports] = []
        self.ports: dict[Value, str] = {}

    def draw(self) -> None:
        """All of it."""
        self.architecture.picture.graph_attr["splines"] = "spline"  # past what an edge skips
        if self.done.inputs:
            self._draw_cells(["inputs"], self.done.inputs, [f"x{i}" for i in range(len(self.done.inputs))])
        for i, call in enumerate(self.done.calls):
            again = any(other.module is call.module for other in self.done.calls[:i])
            ports = self._ports(call.inputs)
            ports = list(dict.fromkeys(ports)) if len(set(ports)) == 1 else ports
            self.outputs.append(unrolled(self.architecture.draw(f"{call.path}{' again' * again}", call.module, ports)))
        self._ports([(node, self.done.producers.get(node)) for node in self.done.results])

    def _ports(self, numbers: Sequence[tuple[Any, Producer | None]]) -> Ports:
        """The places of nodes and constants, drawn now if they are not yet."""
        loose = [x for x, producer in numbers if isinstance(x, Value) and producer is None]
        self._draw_between(loose)
        constants = [x for x, _ in numbers if not isinstance(x, Value)]
        column = iter(self._box_or_column(["constants"], [(self._number(x), None) for x in constants]) if constants else [])
        return [self._port(x, producer) if isinstance(x, Value) else next(column) for x, producer in numbers]

    def _port(self, node: Value, producer: Producer | None) -> str:
        if producer is None:
            return self.ports[node]
        ports = self.outputs[producer[0]]
        return ports[producer[1]] if len(ports) > producer[1] and len(ports) > 1 else ports[0]

    def _draw_between(self, wanted: Sequence[Value]) -> None:
        """The graph below some nodes, down to what calls gave and what is drawn already."""
        drawn = len(self.outputs)

        def known(node: Value) -> bool:
            return node in self.ports or (node in self.done.producers and self.done.producers[node][0] < drawn)

        levels: dict[Value, int] = {}
        columns: dict[tuple[Any, ...], list[Value]] = {}
        above = {node for node in [*self.ports, *self.done.producers] if known(node)}
        for node in topological_order(*wanted, above=above):
            operands = [o for o in node.operands if isinstance(o, Value)]
            levels[node] = 1 + max((levels[o] for o in operands if o in levels), default=0) if operands else 0
            columns.setdefault((levels[node], *self._kind(node)), []).append(node)
        for (level, *_), nodes in sorted(columns.items(), key=lambda column: column[0][0]):
            if level:
                self._draw_operations(nodes)
            else:
                self._draw_leaves(nodes)

    def _kind(self, node: Value) -> tuple[Any, ...]:
        """What nodes of one column have in common: the title above them."""
        if node.primitive is None:
            name = self.names.get(node, str(node.label or "constants"))
            return (name.rstrip(".0123456789") or name,)
        if all(isinstance(operand, Value) for operand in node.operands) or len(node.operands) > 3:
            return (node.primitive.symbol,)
        shown = ["\N{MIDDLE DOT}" if isinstance(operand, Value) else self._number(operand) for operand in node.operands]
        return (node.primitive.source(shown),)

    def _draw_leaves(self, nodes: list[Value]) -> None:
        self.architecture.coloured = True
        self._draw_cells([*self._kind(nodes[0])], nodes, [None] * len(nodes))

    def _draw_operations(self, nodes: list[Value]) -> None:
        """A column of one operation, and an edge from each operand."""
        self._draw_cells([*self._kind(nodes[0])], nodes, [""] * len(nodes))
        joined: dict[tuple[str, str], None] = {}
        for node in nodes:
            for operand in node.operands:
                if isinstance(operand, Value):
                    producer = None if operand in self.ports else self.done.producers.get(operand)
                    joined[self._port(operand, producer), self.ports[node]] = None
        for source, target in joined:
            self.architecture.join(source, target)

    def _draw_cells(self, title: list[str], nodes: Sequence[Value], texts: Sequence[str | None]) -> None:
        """A cell for each node; None as its text: its number, in the colour of weights."""
        cells = [(text, None if text is not None else node) for text, node in zip(texts, nodes, strict=True)]
        ports = self._box_or_column(title, cells)
        self.ports.update(zip(nodes, ports, strict=True))

    def _box_or_column(self, title: list[str], cells: Sequence[tuple[str | None, Value | None]]) -> Ports:
        """The places of the cells; of very many, that of one cell which says how many they are."""
        drawn = self.architecture
        if len(cells) > MOST_CELLS:
            return drawn.column(title, [(f"{len(cells):,}", drawn.theme.constant)]) * len(cells)
        plain = drawn.theme.operation if any(text == "" for text, _ in cells) else drawn.theme.constant
        return drawn.column(title, [(text or "", plain) if node is None else drawn.cell(node) for text, node in cells])

    def _number(self, x: float) -> str:
        return f"{x:.{self.architecture.precision}g}"


def _title(name: str, layer: Callable[[Any], Any]) -> list[str]:
    """The path of a module or function, and its repr or name."""
    described = in_one_line(layer) if isinstance(layer, Module) else getattr(layer, "__name__", type(layer).__name__)
    return [shortened(line, LONGEST_LINE) for line in (name, described) if line]


def _shown(model: Module) -> str | None:
    """A small model's picture for a notebook, if its input can be known; else the notebook shows its repr."""
    return svg_of(lambda: draw(model, theme="auto")) if len(model.parameters()) <= MOST_IN_A_NOTEBOOK else None


Module.draw = draw
setattr(Module, "_repr_svg_", _shown)  # noqa: B010 - as `draw` is put there
