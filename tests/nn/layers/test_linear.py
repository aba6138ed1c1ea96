"""Layers without bias, Linear and Sequential; `tests/test_nn.py` has the rest."""

from typing import Any

import pytest

import autograd as ag
from autograd import Value, topological_order
from nn import MLP, Flatten, Layer, Linear, Neuron, ReLU, Sequential, Softmax, Tanh


def test_linear_is_pytorchs_name() -> None:
    """For Layer: w x + b by default."""
    assert Linear is Layer
    layer = Linear(2, 2, rng=0)
    layer.load_state_dict(dict(zip(layer.state_dict(), [1.0, 2.0, 10.0, 3.0, 4.0, 20.0], strict=True)))
    assert [out.data for out in layer([5.0, 6.0])] == [1.0 * 5.0 + 2.0 * 6.0 + 10.0, 3.0 * 5.0 + 4.0 * 6.0 + 20.0]


def test_without_bias() -> None:
    """There is no such parameter, and nothing is added: a linear neuron is one dot."""
    neuron = Neuron(2, bias=False, rng=0)
    assert neuron.bias is None
    assert [name for name, _ in neuron.named_parameters()] == ["weights.0", "weights.1"]
    assert [node.primitive and node.primitive.name for node in topological_order(neuron([1.0, 2.0])) if node.operands] == [
        "dot"
    ]
    assert repr(neuron) == "Neuron(2, bias=False, activation=None)"
    assert repr(Layer(2, 3, bias=False, activation="tanh")) == "Layer(2, 3, bias=False, activation='tanh')"
    assert repr(MLP(2, [3, 1], bias=False)) == "MLP(2, [3, 1], bias=False, activation='tanh')"
    assert len(Layer(2, 3, bias=False).parameters()) == 6
    assert len(MLP(2, [16, 16, 1], bias=False).parameters()) == 2 * 16 + 16 * 16 + 16
    assert MLP(2, [3, 1], bias=False, rng=0)([0.0, 0.0]).data == 0.0


def test_the_same_weights_with_and_without_bias() -> None:
    """A bias takes nothing from the generator; an MLP's layers share one."""
    with_bias, without = MLP(2, [3, 1], rng=0).state_dict(), MLP(2, [3, 1], bias=False, rng=0).state_dict()
    assert without == {name: number for name, number in with_bias.items() if "bias" not in name}


def test_a_module_as_activation() -> None:
    """As good as its name."""
    x = [0.5, -1.5]
    assert MLP(2, [3, 1], activation=Tanh(), rng=0)(x).data == MLP(2, [3, 1], activation="tanh", rng=0)(x).data
    with pytest.raises(TypeError, match=r"activation must be a function, not the class Tanh: Tanh\(\), say"):
        Neuron(2, activation=Tanh)


def test_sequential_is_one_after_another() -> None:
    """The MLP of the same layers, bit for bit, in value and gradients; functions may stand among the modules."""
    mlp = MLP(2, [4, 3], activation="tanh", rng=0)
    chain = Sequential(Layer(2, 4), Tanh(), list, Linear(4, 3))
    chain.load_state_dict({name.replace("layers.1", "layers.3"): number for name, number in mlp.state_dict().items()})
    outs = mlp([0.5, -1.5]), chain([0.5, -1.5])
    assert [out.data for out in outs[0]] == [out.data for out in outs[1]]
    for out in outs:
        ag.sum_(out).backward()
    assert [p.grad for p in mlp.parameters()] == [p.grad for p in chain.parameters()]


def test_sequential_is_a_sequence() -> None:
    """Length, items, slices, iteration; labels are paths."""
    model = Sequential(Linear(2, 3, rng=0), ReLU(), Softmax())
    assert len(model) == 3
    assert list(model) == [model[0], model[1], model[-1]]
    assert isinstance(model[:2], Sequential)
    assert list(model[:2]) == list(model)[:2]
    with pytest.raises(IndexError):
        model[3]
    assert [p.label for p in model.parameters()] == [name for name, _ in model.named_parameters()]
    assert "layers.0.neurons.2.weights.1" in [p.label for p in model.parameters()]
    assert "layers.0.neurons.2.weights.1" in ag.sum_(model([1.0, 2.0])).draw().source
    assert Sequential()([1.0]) == [1.0]
    assert Sequential(Flatten(), model).parameters()[0].label == "layers.1.layers.0.neurons.0.weights.0"


def test_a_slice_leaves_the_model_as_it_is() -> None:
    """Its layers are the same ones, and their labels still the paths in the model."""
    model = Sequential(ReLU(), Linear(2, 3, rng=0), Linear(3, 1, rng=1))
    labels = [p.label for p in model.parameters()]
    assert model[1:].parameters() == model.parameters()
    assert [p.label for p in model.parameters()] == labels == list(model.state_dict())


def test_repr_tells_of_functions_too() -> None:
    """By their names, and of a layer that is there twice, twice."""
    shared = ReLU()
    assert repr(Sequential(shared, ag.tanh, sum, shared)).splitlines() == [
        "Sequential(",
        "  (layers.0): ReLU()",
        "  (layers.1): tanh",
        "  (layers.2): sum",
        "  (layers.3): ReLU()",
        ")",
    ]
    assert repr(Sequential()) == "Sequential()"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sequential([Linear(1, 1), ReLU()]), r"takes layers one by one, not a list: Sequential\(\*layers\)"),
        (lambda: Sequential(Linear(1, 1), ReLU), r"layer 1 is the class ReLU, not a module: ReLU\(...\)"),
        (lambda: Sequential("relu"), r"layer 0 is 'relu', neither a module nor a function: nn.Tanh\(\) or autograd.tanh"),
        (lambda: Sequential(Linear(1, 1), Value(1.0)), "layer 1 is Value.*, neither a module nor a function"),
    ],
)
def test_what_is_no_layer(make: Any, message: str) -> None:
    """Refused with its place, before any call."""
    with pytest.raises(TypeError, match=message):
        make()
