"""Parameters become PyTorch's arrays by name, each number once and in its place."""

from typing import Any

import pytest

import nn
from autograd import Value
from nn import Module
from nn.export.parameters import arrays_by_name, known_layers
from nn.export.tensors import ExportError
from tests.nn.export.models import CASES, values


class Holding(Module):
    """It holds what it is given."""

    def __init__(self, **members: Any) -> None:
        vars(self).update(members)


def shapes(model: Module) -> dict[str, tuple[int, ...]]:
    """The shapes by name."""
    return {name: array.shape for name, array in arrays_by_name(model).items()}


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_is_in_one_array(name: str) -> None:
    """And no other number."""
    model = CASES[name][0]()
    found = [value for array in arrays_by_name(model).values() for value in array.values]
    assert len(found) == len(set(found))
    assert set(found) == set(model.parameters())


def test_lists_of_ones_own() -> None:
    """Full grids are arrays; others are numbers, by their whole names."""
    assert shapes(Holding(a=Value(1.0), b=values(3), c=values(2, 1, 12))) == {"a": (), "b": (3,), "c": (2, 1, 12)}
    assert shapes(Holding(a=[Value(1.0), 2.0, Value(3.0)])) == {"a.0": (), "a.2": ()}
    assert shapes(Holding(a=[*values(2), values(2)])) == {"a.0": (), "a.1": (), "a.2.0": (), "a.2.1": ()}
    assert shapes(Holding(a={"w": values(2), 0: Value(1.0)})) == {"a.w": (2,), "a.0": ()}
    assert shapes(Holding(a=[Value(1.0), nn.Linear(2, 1)])) == {"a.0": (), "a.1.weight": (1, 2), "a.1.bias": (1,)}


def test_order_in_an_array() -> None:
    """That of the indices, ten after nine."""
    table = values(2, 12)
    (array,) = arrays_by_name(Holding(table=table)).values()
    assert array.values == [*table[0], *table[1]]
    pair = values(2)
    assert arrays_by_name(Holding(a={1: pair[1], 0: pair[0]}))["a"].values == pair
    array = arrays_by_name(nn.Conv2d(2, 3, (1, 2), rng=0))["weight"]
    assert [value.label for value in array.values[:5]] == [
        f"weights.{at}" for at in ("0.0.0.0", "0.0.0.1", "0.1.0.0", "0.1.0.1", "1.0.0.0")
    ]


def test_known_layers_are_the_outermost() -> None:
    """Neurons are told by their layer, unless that is none of PyTorch's."""
    assert list(known_layers(nn.MLP(2, [3, 1]))) == ["layers.0", "layers.1"]
    assert list(known_layers(nn.Linear(2, 3))) == [""]
    layer = nn.Linear(2, 2)
    layer.neurons[0].bias = None
    assert list(known_layers(layer)) == ["neurons.0", "neurons.1"]
    assert shapes(layer) == {"neurons.0.weight": (1, 2), "neurons.1.weight": (1, 2), "neurons.1.bias": (1,)}


def test_two_arrays_of_one_name() -> None:
    """Are refused, rather than one of them lost."""
    layer = nn.Neuron(2)
    layer.weight = Value(1.0)
    with pytest.raises(ExportError, match="two arrays of parameters are named 'weight': give one of them another attribute"):
        arrays_by_name(layer)
