"""Layers as columns, operands in their order: as the renderers place the nodes, read from what they write as plain text."""

import re
import shlex
import shutil
import subprocess
from typing import Any

import pytest

import autograd as ag
import nn
from autograd import Value, draw, topological_order
from autograd.pictures.columns import columns
from tests.pictures.renderers import BESIDE, RENDERERS

renderers = pytest.mark.parametrize("renderer", RENDERERS)
DIRECTIONS = {"LR": (1, -1), "RL": (-1, -1), "TB": (-1, 1), "BT": (1, 1)}
"""Which way columns follow one another, and nodes in a column: signs of the axes along and across."""


def placed(source: str, renderer: str, rankdir: str = "LR") -> dict[str, tuple[float, float]]:
    """Each node's place: along the direction of the picture, and in its column from first to last."""
    executable = shutil.which(renderer) or shutil.which(renderer, path=BESIDE)
    done = subprocess.run([str(executable), "-Tplain"], input=source.encode(), capture_output=True, check=True)
    along, across = DIRECTIONS[rankdir]
    found = {}
    for line in done.stdout.decode().replace("\\\n", "").splitlines():
        if line.startswith("node "):
            _, name, x, y, *_ = shlex.split(line)
            here = (float(x), float(y)) if rankdir in ("LR", "RL") else (float(y), float(x))
            found[name] = (along * here[0], across * here[1])
    return found


def in_one_column(places: dict[str, tuple[float, float]], names: list[str]) -> bool:
    """Whether these nodes are in one column, in that order."""
    found = [places[name] for name in names]
    return max(x for x, _ in found) - min(x for x, _ in found) < 0.02 and found == sorted(found, key=lambda place: place[1])


def model_of(kind: str) -> Any:
    """A model and its result."""
    if kind == "neuron":
        model: Any = nn.Neuron(3, activation="tanh", rng=0)
        return model, model([1.0, 2.0, 3.0])
    model = nn.MLP(2, [3, 4, 1], rng=0)
    return model, model([Value(1.0, label="x0"), Value(2.0, label="x1")])


@renderers
@pytest.mark.parametrize("rankdir", DIRECTIONS)
@pytest.mark.parametrize("group", [False, True])
def test_operands_and_neurons_are_in_their_order(renderer: str, rankdir: str, group: bool) -> None:
    """weights.0 is above weights.1, neurons.0 above neurons.1, in one column; a layer's columns are behind those before it."""
    model, y = model_of("mlp")
    order = topological_order(y)
    place = {node: f"v{i}" for i, node in enumerate(order)}
    places = placed(draw(y, group=group, rankdir=rankdir).source, renderer, rankdir)
    for layer in model.layers:
        weights = [place[w] for neuron in layer.neurons for w in neuron.weights]
        assert in_one_column(places, weights)
        assert in_one_column(places, [place[neuron.bias] for neuron in layer.neurons])
    behind = [max(places[place[p]][0] for p in layer.parameters()) for layer in model.layers]
    before = [min(places[place[p]][0] for p in layer.parameters()) for layer in model.layers]
    assert all(last < first for last, first in zip(behind, before[1:], strict=False))


@renderers
@pytest.mark.parametrize("depth", [0, 1])
def test_folded_modules_are_columns(renderer: str, depth: int) -> None:
    """Layers follow one another; a layer's neurons, folded, are a column from 0 on, each layer in its own."""
    model, y = model_of("mlp")
    picture = draw((y - 1.0) ** 2, depth=depth)
    places = placed(picture.source, renderer)
    names = re.findall(r'\t(c\d+) \[label="(layers|neurons)\.(\d+)', picture.source)
    if depth == 0:
        found = [places[name] for name, _, _ in names]
        assert [number for _, _, number in names] == ["0", "1", "2"]
        assert [x for x, _ in found] == sorted({x for x, _ in found})
        return
    at = 0
    for layer in model.layers:
        column = names[at : at + len(layer.neurons)]
        at += len(column)
        assert [number for _, _, number in column] == [str(i) for i in range(len(layer.neurons))]
        assert in_one_column(places, [name for name, _, _ in column])
    assert at == len(names)


class Encoder(nn.Module):
    """Two layers and a number, one behind the other."""

    def __init__(self) -> None:
        self.encoder = nn.Linear(2, 3, activation="tanh", rng=0)
        self.decoder = nn.Linear(3, 2, rng=1)
        self.s = Value(0.5)

    def forward(self, x: Any) -> Any:
        """The sum of the decoder's outputs times s."""
        return ag.sum_([out * self.s for out in self.decoder(self.encoder(x))])


@renderers
def test_frames_are_side_by_side(renderer: str) -> None:
    """The decoder's frame begins behind the encoder's, and overlaps it in height: never diagonally below or above."""
    model = Encoder()
    y = model([Value(1.0, label="x0"), Value(-1.0, label="x1")])
    order = topological_order(y)
    places = placed(draw(y, group=True).source, renderer)

    def box(layer: Any) -> tuple[float, float, float, float]:
        inside = [places[f"v{i}"] for i, node in enumerate(order) if node in set(layer.parameters())]
        return min(x for x, _ in inside), max(x for x, _ in inside), min(y for _, y in inside), max(y for _, y in inside)

    (_, end, top, bottom), (begin, _, above, below) = box(model.encoder), box(model.decoder)
    assert end < begin
    overlap = min(bottom, below) - max(top, above)
    assert overlap > 0.6 * min(bottom - top, below - above)
    inputs = [places[f"v{i}"] for i, node in enumerate(order) if node.label in ("x0", "x1")]
    assert all(x < box(model.encoder)[0] and top < y < bottom for x, y in inputs)


class Cell(nn.Module):
    """A layer whose own outputs come back to it by way of what is outside."""

    def __init__(self) -> None:
        self.inner = nn.Linear(1, 1, rng=0)
        self.outer = nn.Linear(1, 1, rng=1)

    def forward(self, x: float) -> Any:
        """Three rounds."""
        h: Any = [x]
        for _ in range(3):
            h = [ag.tanh(self.outer(self.inner(h))[0]) ** 2.0]
        return h[0]


@renderers
@pytest.mark.parametrize("options", [{"group": True}, {"depth": 0}, {"depth": 1}, {"group": True, "max_nodes": 9}], ids=str)
def test_what_comes_back_into_a_frame_is_drawn_too(renderer: str, options: dict[str, Any]) -> None:
    """Circles among frames end no layout; every node is there, and results are behind what they are computed from."""
    y = Cell()(0.5)
    picture = draw(y, **options)
    places = placed(picture.source, renderer)
    drawn = re.findall(r"\t([a-z]+\d+(?:_\d+)?) \[label", picture.source)
    assert drawn
    assert set(drawn) <= set(places)
    if options == {"group": True}:
        computed = [i for i, node in enumerate(topological_order(y)) if node.operands]
        assert all(places[f"o{i}"][0] < places[f"v{i}"][0] for i in computed)


def test_columns_by_hand() -> None:
    """Frames end where others begin; a leaf is right before its first use; operands in order, frames by where they lead."""
    homes = dict.fromkeys("xyz", ()) | {"w": ("a",), "o": ("a",), "v": ("b",), "p": ("b",)}
    found = columns(homes, [("w", "o"), ("x", "o"), ("o", "p"), ("v", "p"), ("p", "y"), ("z", "y")])
    shown = [[name for name in column if name in homes] for column in found.found]
    assert shown == [["x"], ["w"], ["o"], ["v"], ["p", "z"], ["y"]]
    assert [found.homes[door] for door in found.doors.values()] == [("a",), ("b",)]
    assert columns({}, []).found == []
    assert columns({"a": ()}, []).found == [["a"]]
    circle = columns({"a": (), "b": (), "c": ()}, [("a", "b"), ("b", "a"), ("b", "c")]).found
    assert sorted(name for column in circle for name in column) == ["a", "b", "c"]
