"""Modules, layers, losses and SGD."""

import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, topological_order
from nn import (
    MLP,
    SGD,
    Layer,
    Module,
    Neuron,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    mse_loss,
)
from tests import reference

# --- modules ----------------------------------------------------------------------------------------------------------


def test_parameters_are_found_in_everything_a_module_holds() -> None:
    """In attributes, lists, dicts and submodules; once each; computed Values and other things are none."""

    class Net(Module):
        def __init__(self) -> None:
            self.scale = Value(1.0)
            self.parts = {"a": [Value(2.0), Layer(1, 1, rng=0)], "b": (Value(3.0),)}
            self.again = self.scale
            self.computed = self.scale * 2.0
            self.name, self.number, self.itself = "net", 3.0, self

    net = Net()
    assert [name for name, _ in net.named_parameters()] == [
        "scale", "parts.a.0", "parts.a.1.neurons.0.weights.0", "parts.a.1.neurons.0.bias", "parts.b.0",
    ]  # fmt: skip
    net.label_parameters()
    assert [p.label for p in net.parameters()] == [name for name, _ in net.named_parameters()]


def test_numbers_from_numpy_make_networks() -> None:
    """Sizes, seeds and arrays of Values."""

    class Net(Module):
        def __init__(self) -> None:
            self.weights = np.array([Value(1.0), Value(2.0)])

        def forward(self, x: float, *, scale: float = 1.0) -> Any:
            return self.weights[0] * x * scale

    assert len(Net().parameters()) == 2
    assert Net()(2.0, scale=3.0).data == 6.0
    model = MLP(np.int64(2), np.array([3, 1]), rng=np.int64(0))
    assert repr(model) == "MLP(2, [3, 1], activation='tanh')"
    assert [p.data for p in model.parameters()] == [p.data for p in MLP(2, [3, 1], rng=0).parameters()]


def test_zero_grad() -> None:
    """All gradients are forgotten."""
    model = MLP(2, [3, 1], rng=0)
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.has_grad for p in model.parameters())


def test_a_module_without_forward() -> None:
    """The message shows the definition that is missing."""
    with pytest.raises(NotImplementedError, match=r"Module has no forward: define `def forward"):
        Module()(1.0)


# --- layers -----------------------------------------------------------------------------------------------------------


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
        (lambda: MLP(2, [3, 1])([[1.0, 2.0], [3.0, 4.0]]), r"MLP takes the 2 inputs of one sample: \[model\(x\) for x in xs\]"),
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


# --- losses -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=5))
def test_mse_loss(pairs: list[tuple[float, float]]) -> None:
    """The mean of the squares, and the gradient 2 (p - t) / n."""
    predictions = [Value(p) for p, _ in pairs]
    loss = mse_loss(predictions, [t for _, t in pairs])
    assert math.isclose(loss.data, math.fsum((p - t) ** 2 for p, t in pairs) / len(pairs), rel_tol=1e-14, abs_tol=1e-300)
    loss.backward()
    for value, (p, t) in zip(predictions, pairs, strict=True):
        assert math.isclose(value.grad, 2 * (p - t) / len(pairs), rel_tol=1e-14, abs_tol=1e-300)


@pytest.mark.parametrize("z", [-800.0, -40.0, -1e-3, 0.0, 3.0, 40.0, 700.0])
@pytest.mark.parametrize("t", [0.0, 1.0, 0.3])
def test_binary_cross_entropy_with_logits_against_60_digits(z: float, t: float) -> None:
    """Value and slope sigmoid(z) - t, in both tails."""
    logit = Value(z)
    loss = binary_cross_entropy_with_logits(logit, t)
    loss.backward()
    with mpmath.workdps(reference.DIGITS):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        truth = -(mpmath.mpf(t) * mpmath.log(p) + (1 - mpmath.mpf(t)) * mpmath.log(1 - p))
        assert reference.error_in_ulps(loss.data, truth) <= 8.0
        assert abs(logit.grad - (p - mpmath.mpf(t))) <= 4e-16 * abs(p - mpmath.mpf(t)) + 1e-320


@pytest.mark.parametrize("p", [1e-300, 1e-9, 0.25, 0.5, 1.0 - 2.0**-53])
@pytest.mark.parametrize("t", [0, 1, 0.3])
def test_binary_cross_entropy_against_60_digits(p: float, t: float) -> None:
    """Value and slope (p - t) / (p (1 - p))."""
    probability = Value(p)
    loss = binary_cross_entropy(probability, t)
    loss.backward()
    with mpmath.workdps(reference.DIGITS):
        at, target = mpmath.mpf(p), mpmath.mpf(t)
        assert reference.error_in_ulps(loss.data, -(target * mpmath.log(at) + (1 - target) * mpmath.log(1 - at))) <= 8.0
        slope = (at - target) / (at * (1 - at))
        assert abs(probability.grad - slope) <= 1e-15 * abs(slope)


@pytest.mark.parametrize("logits", [[0.0, 0.0], [40.0, 0.0], [1000.0, -1000.0, 3.0], [1e308, 1e308], [0.1, 0.2, 0.3, -5.0]])
def test_cross_entropy_against_60_digits(logits: list[float]) -> None:
    """Value and slope softmax(z) - one, for every class, where it is sure of the right and of the wrong one."""
    for target in range(len(logits)):
        values = [Value(z) for z in logits]
        loss = cross_entropy(values, target)
        loss.backward()
        with mpmath.workdps(reference.DIGITS + 100):
            total = mpmath.fsum(mpmath.exp(mpmath.mpf(z) - mpmath.mpf(logits[target])) for z in logits)
            assert reference.error_in_ulps(loss.data, mpmath.log(total)) <= 8.0
            for j, z in enumerate(logits):
                share = mpmath.exp(mpmath.mpf(z) - mpmath.mpf(logits[target])) / total
                truth = share if j != target else -mpmath.fsum(
                    mpmath.exp(mpmath.mpf(y) - mpmath.mpf(logits[target])) / total for k, y in enumerate(logits) if k != target
                )  # fmt: skip
                assert abs(values[j].grad - truth) <= 1e-15 * abs(truth) + 1e-320


def test_cross_entropy_of_a_batch_is_the_mean() -> None:
    """Lists, arrays and single samples alike."""
    logits = [[0.1, 0.2, 0.3], [1.0, -1.0, 0.0]]
    single = [cross_entropy(z, t) for z, t in zip(logits, (2, 0), strict=True)]
    for batch in (logits, np.array(logits), [[Value(z) for z in row] for row in logits]):
        for targets in ([2, 0], np.array([2, 0])):
            loss = cross_entropy(batch, targets)
            assert math.isclose(loss.data if isinstance(loss, Value) else loss, sum(single) / 2)


def test_hinge_loss() -> None:
    """Inside the margin the slope is -t, beyond it and on its edge 0."""
    scores = [Value(0.5), Value(2.0), Value(-0.5), Value(1.0)]
    loss = hinge_loss(scores, [1, 1, 1, 1])
    loss.backward()
    assert loss.data == (0.5 + 0.0 + 1.5 + 0.0) / 4
    assert [s.grad for s in scores] == [-0.25, 0.0, -0.25, 0.0]


def test_losses_take_nested_predictions() -> None:
    """Nested alike; a single number as it is."""
    assert mse_loss([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 2.0]]) == 1.0
    assert mse_loss(np.ones((2, 2)), np.zeros((2, 2))) == 1.0
    assert mse_loss(Value(3.0), 1).data == 4.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mse_loss([1.0], [1.0, 2.0]), "mse_loss wants a target for every prediction, was given 1 and 2"),
        (lambda: mse_loss([], []), "mse_loss has no mean over no predictions"),
        (lambda: mse_loss([1.0], 1.0), "nest both alike"),
        (lambda: mse_loss([[1.0]], [1.0]), "nest both alike"),
        (lambda: binary_cross_entropy([0.5], [2]), r"every target in \[0, 1\]; target 0 is 2"),
        (
            lambda: binary_cross_entropy([Value(1.5)], [1]),
            r"every probability in \[0, 1\] \(apply sigmoid.*probability 0 is 1.5",
        ),
        (lambda: binary_cross_entropy_with_logits([0.5], [-1]), r"target 0 is -1"),
        (lambda: hinge_loss([0.5, 0.1], [1, 0]), r"every target -1 or 1 \(2 \* t - 1 .*target 1 is 0"),
        (lambda: cross_entropy([0.1, 0.2], 2), "cross_entropy has 2 classes, numbered from 0; target 0 is 2"),
        (lambda: cross_entropy([0.1, 0.2], -1), "target 0 is -1"),
        (lambda: cross_entropy([[0.1, 0.2]], [0.5]), r"target 0 is 0.5: use int"),
        (lambda: cross_entropy([0.1, 0.2], [0, 1]), "a list of logits, one for each class, for sample 0, not 0.1"),
        (lambda: cross_entropy([[0.1, 0.2]], 0), "several samples and one target"),
        (lambda: cross_entropy([], []), "no mean over no predictions"),
        (lambda: cross_entropy([[]], [0]), "a list of logits"),
    ],
)
def test_what_losses_refuse(call: Any, message: str) -> None:
    """What does not match, is empty, or is out of range, named before any work."""
    with pytest.raises(ValueError, match=message):
        call()


# --- SGD --------------------------------------------------------------------------------------------------------------


def test_sgd_steps_against_the_gradient() -> None:
    """p -= lr * grad; a parameter without gradient stays."""
    x, y = Value(1.0), Value(5.0)
    optimizer = SGD([x, y], lr=0.25)
    (x * x).backward()
    optimizer.step()
    assert (x.data, y.data) == (0.5, 5.0)
    optimizer.zero_grad()
    assert not x.has_grad
    optimizer.lr = 1.0
    (x * x).backward()
    optimizer.step()
    assert x.data == -0.5


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([], lr=0.1), ValueError, r"no parameters to optimize: pass model.parameters\(\)"),
        (lambda: SGD([Value(1.0)] * 2, lr=0.1), ValueError, "a parameter is there twice"),
        (lambda: SGD(MLP(2, [1]), lr=0.1), TypeError, r"not a MLP: model.parameters\(\)"),
        (lambda: SGD([1.0], lr=0.1), TypeError, "parameter 0 is 1.0, not a leaf Value"),
        (lambda: SGD([Value(1.0) * 2.0], lr=0.1), TypeError, "not a leaf Value"),
        (lambda: SGD([Value(1.0)], lr=-0.1), ValueError, "lr must be finite and not negative, not -0.1"),
        (lambda: SGD([Value(1.0)], lr=math.nan), ValueError, "lr must be finite"),
        (lambda: SGD([Value(1.0)], lr="0.1"), TypeError, "lr must be one real number, not the string"),
    ],
)
def test_what_sgd_refuses(make: Any, error: type[Exception], message: str) -> None:
    """Before the first step."""
    with pytest.raises(error, match=message):
        make()


def test_training_solves_moons_like_data() -> None:
    """The whole of it: 40 points of two classes, all of them right after 60 steps."""
    rng = random.Random(0)
    points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(40)]
    targets = [1 if x * x + y > 0.3 else -1 for x, y in points]
    model = MLP(2, [8, 1], activation="tanh", rng=1)
    optimizer = SGD(model.parameters(), lr=1.0)
    for _ in range(60):
        loss = hinge_loss([model(p) for p in points], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(model(p).data * t > 0 for p, t in zip(points, targets, strict=True))
