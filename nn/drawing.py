"""A model as a picture: layers as columns from left to right, neurons as their cells, weights as edges by colour and width."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import graphviz

from autograd import Value
from autograd.pictures.dot import FONT, SMALL
from autograd.pictures.modules import shapes
from autograd.pictures.options import check_precision
from autograd.pictures.picture import Picture
from autograd.pictures.text import label_text, shortened, visible
from autograd.pictures.theme import Scale, ink_on, table, theme_named
from nn.layers.activations import Activation
from nn.layers.dropout import Dropout
from nn.layers.linear import MLP, Layer, Neuron, Sequential
from nn.module import Module
from nn.summary import in_one_line

MOST_NEURONS = 64  # inputs or outputs of a layer whose neurons are drawn one by one
MOST_WEIGHTS = 1_024  # of such a layer
LONGEST_LINE = 60  # characters
MOST_SHAPES = 6  # lines that tell of a module's parameters

Ports = list[str]
"""The places in the picture that what comes next is joined to: one for each number, or one for all of them."""


def drawn(model: Module, *, theme: str, precision: int) -> Picture:
    """The picture that `Module.draw` describes."""
    check_precision(precision)
    architecture = Architecture(model, theme, precision)
    architecture.draw("", model, [])
    return architecture.with_legend()


class Architecture:
    """The picture of a model, added to part by part."""

    def __init__(self, model: Module, theme: str, precision: int) -> None:
        self.theme = theme_named(theme)
        self.precision = precision
        self.scale = Scale([parameter.data for parameter in model.parameters()], self.theme)
        self._count = 0
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

    def draw(self, name: str, part: Any, ports: Ports) -> Ports:
        """Draw a part that takes what `ports` give ([]: the model's input), and return the places of what it gives."""
        if isinstance(part, MLP | Sequential):
            for i, layer in enumerate(part.layers):
                ports = self.draw(f"{name}.layers.{i}".lstrip("."), layer, ports)
            return ports
        if isinstance(part, Layer | Neuron):
            neurons = part.neurons if isinstance(part, Layer) else [part]
            inputs = len(neurons[0].weights)
            if max(inputs, len(neurons)) <= MOST_NEURONS and inputs * len(neurons) <= MOST_WEIGHTS:
                return self._draw_neurons(_title(name, part), neurons, ports)
        if isinstance(part, Activation | Dropout) and len(ports) > 1:
            units = self._column(_title(name, part), [("", self.theme.operation)] * len(ports))
            for port, unit in zip(ports, units, strict=True):
                self._join(port, unit)
            return units
        return self._draw_block(name, part, ports)

    def with_legend(self) -> Picture:
        """The picture, columns the farther apart the longer they are, with what its colours mean below it if there are any."""
        self.picture.graph_attr["ranksep"] = f"{1.0 + 0.06 * self._longest:.2f}"
        if self._coloured:
            legend = self.scale.legend("weights; in cells biases", self.precision)
            self.picture.graph_attr["label"] = table(legend)
        return self.picture

    # --- layers -------------------------------------------------------------------------------------------------------

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
                number = _number(weight)
                width = f"{0.4 + 3.6 * abs(self.scale.strength(number)):.2f}"
                self._join(port, cell, color=self.scale.colour(number), penwidth=width, arrowhead="none")
        return cells

    def _cell(self, bias: Any) -> tuple[str, str]:
        """What a neuron's cell says, and its colour."""
        if bias is None:
            return "", self.theme.value
        return f"{_number(bias):.{self.precision}g}", self.scale.colour(_number(bias))

    def _column(self, title: list[str], cells: Sequence[tuple[str, str]]) -> Ports:
        """Cells below one another, text and colour each, under a title of some lines."""
        name = self._next()
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

    # --- anything else ------------------------------------------------------------------------------------------------

    def _draw_block(self, name: str, part: Any, ports: Ports) -> Ports:
        """A module as one node with its parameters; its modules, whose order only its `forward` knows, hang on it by dashes."""
        parts = part._found(enter=isinstance(part, Layer)) if isinstance(part, Module) else []
        own = [key for key, parameter in parts if isinstance(parameter, Value)]
        lines = _title(name, part)
        if own:
            lines.append(f"{len(own)} parameter{'s' * (len(own) > 1)}")
            lines += [shape.removesuffix(" ()") for shape in shapes(own)[:MOST_SHAPES]]
        text = r"\n".join(label_text(shortened(line, LONGEST_LINE)) for line in lines)
        block = self._next()
        self.picture.node(block, label=graphviz.nohtml(text), shape="box", peripheries="2", fillcolor=self.theme.module)
        for port in ports or self._column([], [("input", self.theme.constant)]):
            self._join(port, block)
        self._holders.add(block)
        for key, module in parts:
            if isinstance(module, Module) and not isinstance(part, Layer) and id(module) not in self._entered:
                self._entered.add(id(module))
                self.draw(f"{name}.{key}".lstrip("."), module, [block])
        self._holders.discard(block)
        return [block]

    def _join(self, source: str, target: str, **look: str) -> None:
        """An edge; dashed from a module to what is inside of it."""
        if source in self._holders:
            look |= {"style": "dashed", "arrowhead": "none"}
        self.picture.edge(f"{source}:e", f"{target}:w", **look)

    def _next(self) -> str:
        self._count += 1
        return f"u{self._count - 1}"


def _title(name: str, part: Callable[[Any], Any]) -> list[str]:
    """A part's name, and what it is."""
    described = in_one_line(part) if isinstance(part, Module) else getattr(part, "__name__", type(part).__name__)
    return [shortened(line, LONGEST_LINE) for line in (name, described) if line]


def _number(parameter: Any) -> float:
    return float(parameter.data if isinstance(parameter, Value) else parameter)
