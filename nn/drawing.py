"""A model as a picture: layers as columns from left to right, neurons as their cells, weights as edges by colour and width."""

from collections.abc import Callable, Sequence
from html import escape
from itertools import count
from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.pictures.modules import shapes
from autograd.pictures.options import check_precision
from autograd.pictures.text import label_text, shortened, visible
from autograd.pictures.theme import Scale, ink_on, table, theme_named
from autograd.structures import values
from nn.layers.activations import Activation
from nn.layers.dropout import Dropout
from nn.layers.linear import MLP, Layer, Neuron, Sequential
from nn.module import Module, in_one_line
from nn.nesting import Call, unrolled, walk

if TYPE_CHECKING:
    from autograd.pictures.picture import Picture

MOST_NEURONS = 64  # inputs or outputs of a layer whose neurons are drawn one by one
MOST_WEIGHTS = 1_024  # of such a layer
LONGEST_LINE = 60  # characters
MOST_SHAPES = 6  # lines that list a module's parameters

Ports = list[str]
"""The places in the picture from which the next layer's edges start: one for each number, or one for all of them."""


def draw(model: Module, *, theme: str = "light", precision: int = 3) -> "Picture":
    """The model as a picture: layers from left to right, neurons as cells, weights as edges by colour and width.

    Blue is negative, orange positive; the larger a weight, the stronger and wider its edge. The cells bear the biases. A layer
    of more than 64 neurons or inputs, and any other module, is a box with the shapes of its parameters; dashed lines join a
    module with its own `forward` to the modules inside. `theme` is "light", "dark" or "auto", as in `autograd.draw`, and
    `precision` the number of significant digits.

    >>> from nn import MLP
    >>> MLP(2, [16, 1], rng=0).draw().source.count("penwidth")
    48
    """
    check_precision(precision)
    architecture = Architecture(model, theme, precision)
    unrolled(architecture.draw("", model, []))
    return architecture.with_legend()


class Architecture:
    """The picture of a model, drawn layer by layer."""

    def __init__(self, model: Module, theme: str, precision: int) -> None:
        from autograd.pictures.dot import FONT, SMALL  # only now: both modules need graphviz when imported
        from autograd.pictures.picture import Picture

        self.theme = theme_named(theme)
        self.precision = precision
        self.scale = Scale([parameter.data for parameter in model.parameters()], self.theme)
        self._names = map("u{}".format, count())
        self._longest = 1
        self._coloured = False
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
            cells = self._column(_title(name, layer), [("", self.theme.operation)] * len(ports))
            for port, cell in zip(ports, cells, strict=True):
                self._join(port, cell)
            return cells
        return (yield self._draw_box(name, layer, ports))

    def with_legend(self) -> "Picture":
        """The picture, its columns farther apart the longer they are, and below it the meaning of its colours, if any."""
        self.picture.graph_attr["ranksep"] = f"{1.0 + 0.06 * self._longest:.2f}"
        if self._coloured:
            self.picture.graph_attr["label"] = table(self.scale.legend("weights; in cells biases", self.precision))
        return self.picture

    def _draw_neurons(self, title: list[str], neurons: Sequence[Neuron], ports: Ports) -> Ports:
        """A column of neurons, and every weight as an edge from its input."""
        self._coloured = True
        size = len(neurons[0].weights)
        if not ports:
            ports = self._column(["inputs"], [(f"x{i}", self.theme.constant) for i in range(size)])
        elif len(ports) != size:
            inputs = self._column([], [("", self.theme.constant)] * size)
            for i, place in enumerate(inputs):
                self._join(ports[i * len(ports) // size], place)
            ports = inputs
        cells = self._column(title, [self._cell(neuron.bias) for neuron in neurons])
        for cell, neuron in zip(cells, neurons, strict=True):
            for port, weight in zip(ports, neuron.weights, strict=True):
                number = values(weight)
                width = f"{0.4 + 3.6 * abs(self.scale.strength(number)):.2f}"
                self._join(port, cell, color=self.scale.colour(number), penwidth=width, arrowhead="none")
        return cells

    def _cell(self, bias: Any) -> tuple[str, str]:
        """The text and colour of a neuron's cell."""
        if bias is None:
            return "", self.theme.value
        return f"{values(bias):.{self.precision}g}", self.scale.colour(values(bias))

    def _column(self, title: list[str], cells: Sequence[tuple[str, str]]) -> Ports:
        """Cells below one another, text and colour each, under a title of some lines."""
        name = next(self._names)
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
        """A module as one box with its parameters; dashes lead to its modules, whose order only its `forward` knows."""
        import graphviz

        inside = walk(layer, enter=isinstance(layer, Layer)) if isinstance(layer, Module) else ()
        found = [(holder.name(key), inner) for holder, key, inner in inside]
        own = [key for key, parameter in found if isinstance(parameter, Value)]
        lines = _title(name, layer)
        if own:
            lines.append(f"{len(own)} parameter{'s' * (len(own) > 1)}")
            lines += [shape.removesuffix(" ()") for shape in shapes(own)[:MOST_SHAPES]]
        text = r"\n".join(label_text(shortened(line, LONGEST_LINE)) for line in lines)
        box = next(self._names)
        self.picture.node(box, label=graphviz.nohtml(text), shape="box", peripheries="2", fillcolor=self.theme.module)
        for port in ports or self._column([], [("input", self.theme.constant)]):
            self._join(port, box)
        self._holders.add(box)
        for key, module in found:
            if isinstance(module, Module) and not isinstance(layer, Layer) and id(module) not in self._entered:
                self._entered.add(id(module))
                yield self.draw(f"{name}.{key}".lstrip("."), module, [box])
        self._holders.discard(box)
        return [box]

    def _join(self, source: str, target: str, **look: str) -> None:
        """An edge, dashed if it leads from a module to one inside it."""
        if source in self._holders:
            look |= {"style": "dashed", "arrowhead": "none"}
        self.picture.edge(f"{source}:e", f"{target}:w", **look)


def _title(name: str, layer: Callable[[Any], Any]) -> list[str]:
    """The path of a module or function, and its repr or name."""
    described = in_one_line(layer) if isinstance(layer, Module) else getattr(layer, "__name__", type(layer).__name__)
    return [shortened(line, LONGEST_LINE) for line in (name, described) if line]


Module.draw = draw
