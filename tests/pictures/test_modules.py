"""Modules as the labels of parameters tell of them."""

import pytest

import autograd as ag
from autograd import Value
from autograd.pictures.modules import Path, label_place, module_paths, shapes
from autograd.pictures.places import places_of


@pytest.mark.parametrize(
    ("label", "path"),
    [
        ("layers.0.neurons.3.weights.1", ("layers.0", "neurons.3")),
        ("layers.0.neurons.3.bias", ("layers.0", "neurons.3")),
        ("encoder.layers.10.weights.0.1.2", ("encoder", "layers.10")),
        ("0.weights.1", ("0",)),
        ("weights.0", ()),
        ("w", ()),
        ("", ()),
        ("3.5", ()),
        ("e.g. this", ()),
        (".", ()),
        ("a..b", ()),
        ("a.", ()),
        ("a." * 100 + "b", ()),
        ("heads.<b>.bias", ("heads", "<b>")),
    ],
)
def test_paths(label: str, path: tuple[str, ...]) -> None:
    """A word and its numbers are a level, the last one the parameter; any other label has no path."""
    place, name = label_place(label)
    assert place == path
    assert ".".join([*place, name]) == label


def paths_of(order: list[Value]) -> list[Path]:
    """The modules of the values by their labels."""
    return module_paths(order, {node: place.path for node, place in places_of(order).items()})


def test_operations_are_where_their_parameters_are() -> None:
    """A neuron's dot, sum and activation; what takes parameters of two modules is in what holds both; a loss in none."""
    w, b, v = (Value(1.0, label=f"model.layers.{name}") for name in ("0.w", "0.b", "1.w"))
    x = Value(1.0, label="x")
    product = w * x
    activated = ag.tanh(product + b)
    order = [w, x, product, b, product + b, v]
    assert paths_of(order) == [("model", "layers.0"), (), *[("model", "layers.0")] * 3, ("model", "layers.1")]
    paths = dict(zip(ag.topological_order(activated), paths_of(ag.topological_order(activated)), strict=True))
    assert paths[activated] == ("model", "layers.0")
    both, loss, labelled = w * v, (activated - 1.0) ** 2, activated * 2.0
    labelled.label = "head.out"
    for result, path in ((both, ("model",)), (loss, ()), (labelled, ("head",)), (activated + x, ())):
        assert paths_of(ag.topological_order(result))[-1] == path


def test_shapes() -> None:
    """How far the numbers between words count; how many there are where these do not tell."""
    assert shapes(["weights.0.0", "weights.0.1", "weights.1.0", "weights.1.1", "bias"]) == ["weights (2, 2)", "bias ()"]
    assert shapes(["w.0", "w.0.1"]) == ["w 2 numbers"]
    assert shapes(["w.0", "w.2"]) == ["w 2 numbers"]
    assert shapes([]) == []
