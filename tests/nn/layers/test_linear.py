"""Neuron, Layer, MLP and Sequential: what they compute, their weights, labels and reprs, and what they refuse."""

import math
import random
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, topological_order
from nn import MLP, Flatten, Layer, Linear, Neuron, ReLU, Sequential, Softmax, Tanh


def test_neuron_computes_and_differentiates() -> None:
    """activation(w . x + b), and its gradients, by hand."""
    neuron = Neuron(2, activation="tanh", rng=0)
    for weight, number in zip(neuron.weights, (-3.0, 1.0), strict=True):
        weight.data = number
    neuron.bias.data = 6.8813735870195432
    x = [Value(2.0), Value(0.0)]
    out = neuron(x)
    out.backward()
    assert round(out.data, 4) == 0.7071
    assert [round(v.grad, 4) for v in (*x, *neuron.weights, neuron.bias)] == [-1.5, 0.5, 1.0, 0.0, 0.5]


def test_a_neuron_is_one_dot_and_a_bias() -> None:
    """So that its graph is small: dot, add, activation."""
    inner = [node for node in topological_order(Neuron(5, activation="relu", rng=0)([1.0] * 5)) if node.operands]
    assert [node.primitive and node.primitive.name for node in inner] == ["dot", "add", "relu"]


def test_layer_always_returns_a_list_and_mlp_one_value() -> None:
    """Also for one neuron; an MLP with several outputs returns a list."""
    assert isinstance(Layer(2, 1, rng=0)([1.0, 2.0]), list)
    assert isinstance(MLP(2, [1], rng=0)([1.0, 2.0]), Value)
    assert len(MLP(2, [3], rng=0)([1.0, 2.0])) == 3


def test_activations_of_hidden_and_last_layer() -> None:
    """Hidden ones have `activation`, the last is linear unless `output_activation` says otherwise."""
    model = MLP(2, [3, 3, 2], activation="relu", rng=0)
    assert [layer.neurons[0].activation for layer in model.layers] == [ag.relu, ag.relu, None]
    model = MLP(2, [3, 2], activation=ag.gelu, output_activation="sigmoid", rng=0)
    assert [layer.neurons[0].activation for layer in model.layers] == [ag.gelu, ag.sigmoid]
    assert repr(model) == "MLP(2, [3, 2], activation='gelu', output_activation='sigmoid')"
    assert [layer.neurons[0].activation for layer in MLP(2, [3, 1], activation=None, rng=0).layers] == [None, None]
    leaky = MLP(1, [2, 1], activation=lambda x: ag.leaky_relu(x, 0.2), rng=0)
    assert isinstance(leaky([1.0]), Value)


def test_parameters_are_labelled_and_counted() -> None:
    """As pictures show them; 2-16-16-1 has 337, like micrograd's."""
    model = MLP(2, [16, 16, 1], rng=0)
    assert len(model.parameters()) == 337
    labels = [p.label for p in model.parameters()]
    assert "layers.0.neurons.3.weights.1" in labels
    assert labels[-1] == "layers.2.neurons.0.bias"
    assert "layers.0.neurons.3.weights.1" in model([1.0, 2.0]).draw().source


def test_initial_weights() -> None:
    """Uniform with variance 1 / nin, biases 0; the same seed gives the same, and an rng is used up."""
    layer = Layer(100, 100, rng=0)
    weights = [w.data for neuron in layer.neurons for w in neuron.weights]
    assert max(map(abs, weights)) <= math.sqrt(3.0 / 100)
    assert math.isclose(sum(w * w for w in weights) / len(weights), 1.0 / 100, rel_tol=0.05)
    assert all(neuron.bias.data == 0.0 for neuron in layer.neurons)

    def numbers(rng: Any) -> list[float]:
        return [p.data for p in MLP(2, [3, 1], rng=rng).parameters()]

    assert numbers(7) == numbers(7) == numbers(random.Random(7)) != numbers(8)
    rng = random.Random(7)
    assert numbers(rng) != numbers(rng)
    assert numbers(None) != numbers(None)
    assert numbers(np.random.default_rng(7)) == numbers(np.random.default_rng(7))
    state = random.getstate()
    numbers(None)
    assert random.getstate() == state


def test_a_seed_gives_micrograds_weights() -> None:
    """What `random.seed(1337)` gives there, `rng=1337` gives here; `random.seed` alone does nothing."""
    rng, wanted = random.Random(1337), []
    for nin, nout in ((2, 16), (16, 16), (16, 1)):
        for _ in range(nout):
            wanted += [rng.uniform(-1, 1) for _ in range(nin)] + [0.0]
    assert [p.data for p in MLP(2, [16, 16, 1], activation="relu", init="uniform", rng=1337).parameters()] == wanted
    state = random.getstate()
    found = []
    for _ in range(2):
        random.seed(1337)
        found.append([p.data for p in MLP(2, [3]).parameters()])
    random.setstate(state)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(3)([1.0, 2.0]), "Neuron takes 3 inputs, was given 2"),
        (lambda: Layer(2, 3)([1.0]), "Layer takes 2 inputs, was given 1"),
        (lambda: MLP(2, [3, 1])([1.0, 2.0, 3.0]), "MLP takes 2 inputs, was given 3"),
        (lambda: Neuron(0), "nin must be a whole number of at least 1, not 0"),
        (lambda: Layer(2, 0), "nout must be"),
        (lambda: Layer(2, 1.5), "nout must be a whole number of at least 1, not 1.5"),
        (lambda: MLP(2, []), r"nouts must list the size of every layer"),
        (lambda: MLP(2, 3), r"nouts must list .*not 3"),
        (lambda: MLP(2, [3, -1]), "nout must be"),
        (lambda: Neuron(2, activation="tanhh"), r"no activation is named 'tanhh': .*'tanh'"),
        (lambda: Neuron(2, activation="add"), "no activation is named 'add'"),
    ],
)
def test_wrong_numbers_are_value_errors(make: Any, message: str) -> None:
    """How many were wanted and given, before any work."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(2, [3, 1])([[1.0, 2.0], [3.0, 4.0]]), r"MLP takes the 2 inputs of one sample, and was given a batch"),
        (lambda: Neuron(2)({1.0, 2.0}), "takes a sequence of 2 inputs"),
        (lambda: Neuron(2)(3.0), r"Neuron takes a sequence of 2 inputs, not 3.0: put it in a list"),
        (lambda: Neuron(2, rng="0"), r"rng must be a random.Random, a NumPy Generator or a seed, not '0'"),
        (lambda: Neuron(1)(["1"]), "operand 1 of dot must be one real number, not the string '1'"),
    ],
)
def test_wrong_things_are_type_errors(make: Any, message: str) -> None:
    """What was given, and the fix."""
    with pytest.raises(TypeError, match=message):
        make()


def test_inputs_may_be_arrays_tuples_and_generators() -> None:
    """All the same numbers."""
    model = MLP(3, [2, 1], rng=0)
    wanted = model([1.0, 2.0, 3.0]).data
    for inputs in ((1, 2, 3), np.array([1.0, 2.0, 3.0]), np.array([1, 2, 3], dtype=np.float32), (x for x in (1.0, 2.0, 3.0))):
        assert model(inputs).data == wanted
    assert model(np.array([Value(1.0), Value(2.0), Value(3.0)])).data == wanted


def test_linear_is_pytorchs_name() -> None:
    """For Layer: w x + b by default."""
    assert Linear is Layer
    layer = Linear(2, 2, rng=0)
    layer.load_state_dict(dict(zip(layer.state_dict(), [1.0, 2.0, 10.0, 3.0, 4.0, 20.0], strict=True)))
    assert [out.data for out in layer([5.0, 6.0])] == [1.0 * 5.0 + 2.0 * 6.0 + 10.0, 3.0 * 5.0 + 4.0 * 6.0 + 20.0]


def test_without_bias() -> None:
    """It has no such parameter and adds nothing: a linear neuron is one dot."""
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
    with pytest.raises(TypeError, match=r"activation must be a function, not the class Tanh: Tanh\(\), for example"):
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
        (
            lambda: Sequential("relu"),
            r"layer 0 is 'relu', neither a module nor a function such as nn.Tanh\(\) or autograd.tanh",
        ),
        (lambda: Sequential(Linear(1, 1), Value(1.0)), "layer 1 is Value.*, neither a module nor a function"),
    ],
)
def test_what_is_no_layer(make: Any, message: str) -> None:
    """Refused with its place, before any call."""
    with pytest.raises(TypeError, match=message):
        make()
