"""Models as pictures: layers as columns, weights as edges, everything else as boxes; in both renderers."""

import re
from typing import Any

import pytest

import autograd as ag
import nn
from autograd import Value, save
from autograd.pictures.picture import Picture
from autograd.pictures.theme import THEMES
from tests.pictures.renderers import RENDERERS, SVG, svg_of, texts_of


def texts(picture: Picture) -> list[str]:
    """What the picture says, alike in every renderer."""
    found = [sorted(texts_of(picture.source, renderer)) for renderer in RENDERERS]
    assert all(other == found[0] for other in found)
    return found[0] if found else []


def weights_in(picture: Picture) -> list[tuple[str, float]]:
    """The weights' colours and widths, in order."""
    return [(colour, float(width)) for colour, width in re.findall(r'color="(#\w+)" penwidth=([\d.]+)', picture.source)]


def test_every_weight_is_an_edge_by_colour_and_width() -> None:
    """From its input to its neuron; biases in the cells; a legend."""
    layer = nn.Linear(2, 2, rng=0)
    for parameter, number in zip(layer.parameters(), [4.0, -4.0, 0.5, 1.0, 0.0, -0.25], strict=True):
        parameter.data = number
    picture = layer.draw()
    scale = THEMES["light"].scale
    assert [width for _, width in weights_in(picture)] == [4.0, 4.0, 2.2, 0.4]
    colours = [colour for colour, _ in weights_in(picture)]
    assert (colours[0], colours[1], colours[2], colours[3]) == (scale[-1], scale[0], scale[3], scale[2])
    assert re.findall(r"(\w+:p\d):e -> (\w+:p\d):w", picture.source) == [
        ("u0:p0", "u1:p0"), ("u0:p1", "u1:p0"), ("u0:p0", "u1:p1"), ("u0:p1", "u1:p1"),
    ]  # fmt: skip
    for text in ("inputs", "x0", "x1", "Layer(2, 2, activation=None)", "0.5", "-0.25", "weights; in cells biases", "-4"):
        assert not RENDERERS or text in texts(picture)


def test_an_mlp() -> None:
    """A column a layer, each weight once; the same text every time."""
    model = nn.MLP(2, [4, 3, 1], rng=0)
    picture = model.draw()
    assert len(weights_in(picture)) == 2 * 4 + 4 * 3 + 3
    assert picture.source == nn.MLP(2, [4, 3, 1], rng=0).draw().source
    assert {"layers.1", "Layer(4, 3, activation='tanh')"} <= set(texts(picture)) or not RENDERERS
    for renderer in RENDERERS:
        widths = [path.get("stroke-width") for path in svg_of(picture.source, renderer).iter(f"{SVG}path")]
        assert len(widths) >= 23
    assert len(weights_in(nn.MLP(2, [4, 3, 1], bias=False, rng=0).draw())) == 23


def test_a_sequence_of_anything() -> None:
    """An activation is a cell for each number, a function of them all a box; a layer behind a box has its own inputs."""
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU(), nn.Dropout(0.5), ag.softmax, nn.Linear(3, 2, rng=1))
    source = model.draw().source
    assert len(weights_in(model.draw())) == 12
    assert len(re.findall(r"u1:p\d:e -> u2:p\d:w", source)) == len(re.findall(r"u2:p\d:e -> u3:p\d:w", source)) == 3
    assert len(re.findall(r"u3:p\d:e -> u4:w", source)) == len(re.findall(r"u4:e -> u5:p\d:w", source)) == 3
    assert r"layers.3\nsoftmax" in source


def test_large_layers_and_images_are_boxes() -> None:
    """With the shapes of their parameters; nothing coloured, no legend."""
    model = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.Flatten(), nn.Linear(100, 10, rng=1))
    source = model.draw().source
    assert r"layers.0\nConv2d(1, 4, (3, 3))\n40 parameters\nweights (4, 1, 3, 3)\nbias (4,)" in source
    assert r"layers.2\nLayer(100, 10, activation=None)\n1010 parameters\nweights (10, 100)\nbias (10,)" in source
    assert source.count(" -> ") == 3
    assert "weights; in cells biases" not in source
    assert not weights_in(nn.Linear(33, 32, rng=0).draw())
    assert len(weights_in(nn.Linear(32, 32, rng=0).draw())) == 1024


class Custom(nn.Module):
    """A module whose forward nobody knows, with names that mean something elsewhere, and one module twice."""

    def __init__(self) -> None:
        self.encoder = nn.Linear(2, 2, rng=0)
        self.scale = Value(2.0)
        self.heads = {"<b>&amp;\n": nn.MLP(2, [1], rng=1), "again": self.encoder}
        self.whole = self

    def __repr__(self) -> str:
        return 'Custom("</svg>")'


def test_modules_with_a_forward_of_their_own() -> None:
    """A box with its own parameters; dashes lead to each module inside, once; names are text."""
    picture = Custom().draw()
    assert r'label="Custom(\"</svg>\")\n1 parameter\nscale"' in picture.source
    assert picture.source.count("dashed") == 4
    assert len(weights_in(picture)) == 6
    if RENDERERS:
        assert {'Custom("</svg>")', "heads.<b>&amp;␊.layers.0", "encoder"} <= set(texts(picture))


def test_options_and_files(tmp_path: Any) -> None:
    """Themes and digits; errors as those of draw; save takes the picture."""
    model = nn.MLP(2, [2, 1], rng=0)
    assert "bgcolor=transparent" in model.draw(theme="auto").source
    with pytest.raises(ValueError, match="theme must be 'light', 'dark' or 'auto', not 'x'"):
        model.draw(theme="x")
    with pytest.raises(ValueError, match="precision must be a whole number"):
        model.draw(precision=0)
    if RENDERERS:
        assert b"<svg" in save(model.draw(), tmp_path / "model.svg").read_bytes()


def test_weights_that_are_nan() -> None:
    """A colour of their own, and no failure; a model without parameters is drawn too."""
    layer = nn.Linear(1, 1, rng=0)
    layer.parameters()[0].data = float("nan")
    assert weights_in(layer.draw()) == [("#c51b7d", 0.4)]
    assert "Tanh()" in nn.Tanh().draw().source


class Autoencoder(nn.Module):
    """Layers that were made in another order than they are called in, a loose number, and a way past the decoder."""

    def __init__(self) -> None:
        self.decoder = nn.Linear(2, 2, rng=1)
        self.encoder = nn.Linear(2, 2, activation="tanh", rng=0)
        self.s = Value(0.5)

    def forward(self, x: Any) -> list[Any]:
        """encoder(x) + s * decoder(encoder(x))."""
        h = self.encoder(x)
        return [u + self.s * v for u, v in zip(h, self.decoder(h), strict=True)]


def edges_of(picture: Picture) -> list[tuple[str, str]]:
    """Which cell or box leads to which."""
    return re.findall(r"(\w+(?::p\d+)?):e -> (\w+(?::p\d+)?):w", picture.source)


def test_a_module_of_ones_own_is_drawn_as_it_runs() -> None:
    """Its layers one behind the other in the order of the calls, operations between them, its own number by its name."""
    model = Autoencoder()
    picture = model.draw()
    titled = re.findall(r'\t(u\d+) \[label=<<table.*?border="0">(.*?)</td>', picture.source)
    titles = {title.split("<br/>")[0]: name for name, title in titled}
    assert list(titles) == ["inputs", "encoder", "decoder", "s", "*", "+"]
    edges = edges_of(picture)
    for source, target in (("inputs", "encoder"), ("encoder", "decoder")):
        assert sum(a.startswith(titles[source]) and b.startswith(titles[target]) for a, b in edges) == 4
    cells = [(f"{titles['s']}:p0", f"{titles['*']}:p{i}") for i in range(2)]
    cells += [(f"{titles[source]}:p{i}", f"{titles['+']}:p{i}") for source in ("encoder", "*") for i in range(2)]
    assert set(cells) <= set(edges)
    assert len(weights_in(picture)) == 8
    assert picture.source == Autoencoder().draw().source
    assert model.draw([3.0, 4.0]).source == picture.source


class Image(nn.Module):
    """A small convolutional network."""

    def __init__(self) -> None:
        self.conv = nn.Conv2d(1, 2, 3, rng=0)
        self.fc = nn.Linear(8, 2, rng=1)

    def forward(self, x: Any) -> Any:
        """Of one image."""
        return self.fc(nn.Flatten()(nn.MaxPool2d(2)(self.conv(x))))


def test_a_sample_may_be_needed() -> None:
    """Where the size of an image is not known, the error says so; with one it is drawn, many numbers as one."""
    with pytest.raises(ValueError, match=r"Image\(.*give it one sample, as in model\.draw\(x\)|Image does not tell"):
        Image().draw()
    picture = Image().draw([[[0.5] * 6] * 6])
    assert ">36</" in picture.source
    assert r"conv\nConv2d(1, 2, (3, 3))\n20 parameters" in picture.source
    assert len(weights_in(picture)) == 16
    for renderer in RENDERERS:
        svg_of(picture.source, renderer)


class Shared(nn.Module):
    """One layer, twice."""

    def __init__(self) -> None:
        self.layer = nn.Linear(2, 2, rng=0)

    def forward(self, x: Any) -> Any:
        """The layer of the layer."""
        return self.layer(self.layer(x))


def test_a_layer_that_is_called_twice_is_there_twice() -> None:
    """By its name, the second time with a word."""
    source = Shared().draw().source
    assert source.count(">layer<br/>") == source.count(">layer again<br/>") == 1
