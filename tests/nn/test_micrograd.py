"""micrograd's names: its draws, its reprs, its results, and what our modules can do besides."""

import random

import pytest

from autograd import Value, values
from nn import SGD, Linear, fit, hinge_loss, mse_loss
from nn.micrograd import MLP, Layer, Neuron


def test_weights_come_from_the_global_generator_in_order() -> None:
    """Uniform in [-1, 1], neuron by neuron; biases are 0 and draw nothing."""
    random.seed(7)
    wanted = [random.uniform(-1, 1) for _ in range(2 * 3 + 3 * 1)]
    random.seed(7)
    model = MLP(2, [3, 1])
    found = [p.data for p in model.parameters()]
    assert [found[i] for i in (0, 1, 3, 4, 6, 7, 9, 10, 11)] == wanted
    assert [found[i] for i in (2, 5, 8, 12)] == [0.0] * 4


def test_neurons_by_hand() -> None:
    """relu(w . x + b), or the sum alone; a layer of one gives its number, others a list."""
    neuron = Neuron(2)
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 2.0, -3.0, 0.5
    assert neuron([1.0, Value(0.25)]).data == 1.75
    assert neuron([0.0, 1.0]).data == 0.0
    neuron.nonlin = False
    assert neuron([0.0, 1.0]).data == -2.5
    assert isinstance(Layer(2, 1)([1.0, 2.0]), Value)
    assert len(Layer(2, 3, nonlin=False)([1.0, 2.0])) == 3
    assert isinstance(MLP(3, [4, 4, 1])([2.0, 3.0, -1.0]), Value)
    assert len(MLP(1, [1, 1, 2])([2.0])) == 2


def test_what_is_printed() -> None:
    """As micrograd prints its models."""
    assert str(Neuron(3)) == "ReLUNeuron(3)"
    assert str(MLP(2, [2, 1])) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"


def test_they_are_modules() -> None:
    """`fit` trains them, and a state dict has the names of their attributes."""
    random.seed(0)
    model = MLP(2, [4, 1])
    data = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    history = fit(
        model,
        data,
        [-1, 1, 1, 1],
        loss=hinge_loss,
        optimizer=SGD(model.parameters(), lr=0.1),
        epochs=50,
        progress=False,
        seed=0,
    )
    assert history.loss[-1] < history.loss[0]
    assert "layers.0.neurons.3.w.1" in model.state_dict()
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 17


def test_wrong_inputs() -> None:
    """Too few inputs, which micrograd would leave out in silence, and a batch are told."""
    with pytest.raises(ValueError, match="Neuron takes 2 inputs, was given 1"):
        MLP(2, [1])([1.0])
    with pytest.raises(TypeError, match="inputs of one sample"):
        MLP(2, [1])([[1.0, 2.0], [3.0, 4.0]])


def test_the_same_numbers_as_a_linear_layer() -> None:
    """With equal weights, the values and slopes of `Linear`."""
    mine, other = Layer(3, 2, nonlin=False), Linear(3, 2)
    for neuron, theirs in zip(mine.neurons, other.neurons, strict=True):
        for p, q in zip(neuron.parameters(), theirs.parameters(), strict=True):
            q.data = p.data
    for layer in (mine, other):
        mse_loss(layer([1.0, -2.0, 0.5]), [0.0, 1.0]).backward()
    assert values(mine([1.0, -2.0, 0.5])) == values(other([1.0, -2.0, 0.5]))
    assert [p.grad for p in mine.parameters()] == [p.grad for p in other.parameters()]
