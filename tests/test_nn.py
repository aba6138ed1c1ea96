"""Modules, layers, losses and SGD."""

import math
import random
from collections import OrderedDict, defaultdict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, topological_order
from autograd.compiler.jit import jit
from autograd.testing import truth
from nn import (
    MLP,
    SGD,
    Layer,
    Module,
    Neuron,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    functional_call,
    hinge_loss,
    mse_loss,
)

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


def test_parameters_in_arrays_of_any_shape() -> None:
    """Each is found, also in the third of three matrices, whose rows have no identity of their own."""

    class Net(Module):
        def __init__(self) -> None:
            self.a, self.b, self.c = (np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]) for _ in range(3))
            self.point = np.array(Value(5.0))

    names = [name for name, _ in Net().named_parameters()]
    assert names == [*(f"{array}.{i}.{j}" for array in "abc" for i in range(2) for j in range(2)), "point"]


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


# --- functional_call --------------------------------------------------------------------------------------------------


class Everything(Module):
    """Parameters in attributes, containers and a submodule, some of them twice, and itself; and things that hold none."""

    def __init__(self) -> None:
        self.scale = Value(0.5)
        self.layer = Layer(2, 2, activation="tanh", rng=0)
        self.parts = {"again": self.scale, "list": [Value(2.0), (Value(3.0), "a word")], "layer": self.layer}
        self.matrix = np.array([[Value(1.0), Value(-1.0)], [self.scale, 4.0]])
        self.pair = namedtuple("Pair", "left right")(Value(6.0), [])  # noqa: PYI024 - the plain kind
        self.counts: defaultdict[str, list[Any]] = defaultdict(list, weight=[Value(7.0)])
        self.ordered = OrderedDict(b=Value(8.0), a=Value(9.0))
        self.itself, self.circle = self, (self, [])
        self.circle[1].append(self.circle)
        self.computed = self.scale * 2.0
        self.data, self.fixed, self.table, self.name = [1.0, 2.0], (1.0, [2.0]), np.eye(2), "net"
        self.seen: list[Any] = []

    def forward(self, x: Any, *, power: float = 1.0) -> Any:
        self.seen.append(self)
        h = self.parts["layer"](x)
        total = h[0] * self.parts["again"] + h[1] * self.parts["list"][0] * self.parts["list"][1][0]
        total = total + self.matrix[0, 0] * self.matrix[0, 1] * self.matrix[1, 0] * self.matrix[1, 1]
        total = total + self.pair.left * self.counts["weight"][0] + self.ordered["b"] / self.ordered["a"]
        return (total + self.circle[0].itself.scale * self.data[1]) ** power


CALLS = [
    (lambda: MLP(2, [4, 3, 1], activation="tanh", rng=0), ([0.5, -1.5],), {}),
    (lambda: MLP(2, [3, 2], activation="gelu", rng=1), ([0.5, -1.5],), {}),
    (lambda: Neuron(3, activation=lambda x: ag.leaky_relu(x, 0.2), rng=2), (np.array([0.5, -1.5, 2.0]),), {}),
    (Everything, ([0.5, -1.5],), {"power": 2.0}),
]
NAMES = ["one output", "two outputs", "neuron", "everything"]


def _data(result: Any) -> Any:
    return [x.item() if isinstance(x, Value) else x for x in (result if isinstance(result, list) else [result])]


@pytest.mark.parametrize(("make", "inputs", "options"), CALLS, ids=NAMES)
def test_functional_call_with_the_models_own_numbers(make: Any, inputs: Any, options: Any) -> None:
    """Is the call itself, bit for bit, in every form that the numbers may have; of floats it is a float."""
    model = make()
    wanted = _data(model(*inputs, **options))
    own = [p.data for p in model.parameters()]
    by_name = {name: p.data for name, p in model.named_parameters()}
    backwards = dict(reversed(by_name.items()))
    for parameters in (own, tuple(own), np.array(own), by_name, backwards, model.parameters(), np.array(model.parameters())):
        assert _data(functional_call(model, parameters, *inputs, **options)) == wanted
    out = functional_call(model, own, *inputs, **options)
    assert all(type(x) is float for x in (out if isinstance(out, list) else [out]))


@pytest.mark.parametrize(("make", "inputs", "options"), CALLS, ids=NAMES)
def test_gradients_through_functional_call(make: Any, inputs: Any, options: Any) -> None:
    """Are those that the model's own backward() leaves, at other numbers too; the model gets none and keeps its own."""
    model = make()

    def loss(out: Any) -> Any:
        return ag.sum_(*(x * x for x in out)) if isinstance(out, list) else out * out

    parameters = model.parameters()
    numbers = [p.data + 0.25 * (i % 3) for i, p in enumerate(parameters)]
    before = {id(p): p.data for p in parameters}
    gradient = ag.grad(lambda ps: loss(functional_call(model, ps, *inputs, **options)))(numbers)
    assert {id(p): p.data for p in model.parameters()} == before
    assert not any(p.has_grad for p in parameters)
    for parameter, number in zip(parameters, numbers, strict=True):
        parameter.data = number
    loss(model(*inputs, **options)).backward()
    assert gradient == pytest.approx([p.grad for p in parameters], rel=1e-14)


def test_what_functional_call_copies_and_shares() -> None:
    """The forward runs on a copy: what was shared is, containers keep their kinds, and what holds nothing is the same."""
    model = Everything()
    attributes = dict(vars(model))
    numbers = [float(i) for i in range(len(model.parameters()))]
    functional_call(model, numbers, [0.5, -1.5])
    (found,) = model.seen
    assert vars(model) == attributes
    assert found is not model
    assert type(found) is Everything
    assert found.scale == found.parts["again"] == found.matrix[1, 0] == 0.0
    assert found.layer is found.parts["layer"] is not model.layer
    assert found.itself is found is found.circle[0]
    assert found.circle[1][0] is found.circle
    assert [name for name, _ in model.named_parameters()][1:3] == ["layer.neurons.0.weights.0", "layer.neurons.0.weights.1"]
    assert found.layer.neurons[0].weights == [1.0, 2.0]
    assert type(found.pair) is type(model.pair)
    assert type(found.counts) is defaultdict
    assert found.counts["new"] == []
    assert "new" not in model.counts
    assert list(found.ordered) == ["b", "a"]
    assert type(found.ordered) is OrderedDict
    assert found.matrix.shape == (2, 2)
    for name in ("data", "fixed", "table", "name", "computed", "seen"):
        assert getattr(found, name) is getattr(model, name)
    assert found.pair.right is model.pair.right
    assert not found.parameters()


def test_a_shared_parameter_is_one() -> None:
    """It takes one number, and its gradient is the sum over its places."""
    shared = Value(3.0)

    class Twice(Module):
        def __init__(self) -> None:
            self.a, self.b = shared, [shared]

        def forward(self, x: float) -> Any:
            return self.a * self.b[0] * x

    assert functional_call(Twice(), [5.0], 2.0) == 50.0
    assert ag.grad(lambda p: functional_call(Twice(), p, 2.0))([5.0]) == [20.0]
    assert ag.grad(lambda p: functional_call(Twice(), p, 2.0))({"a": 5.0}) == {"a": 20.0}


def test_functional_call_of_a_model_without_parameters() -> None:
    """Is the call."""

    class Double(Module):
        def forward(self, x: float) -> float:
            return 2.0 * x

    assert functional_call(Double(), [], 3.0) == functional_call(Double(), {}, 3.0) == 6.0


def test_functional_call_in_threads() -> None:
    """Each thread's forward finds its own numbers, and the model its own, all in the middle of each other's calls."""
    meeting = Barrier(3, timeout=30.0)

    class Line(Module):
        def __init__(self) -> None:
            self.slope, self.rest = Value(2.0), [Value(1.0)]

        def forward(self, x: float) -> Any:
            first = self.slope * x
            meeting.wait()
            return first + self.slope * x + self.rest[0]

    line = Line()
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(functional_call, line, [slope, 0.0], 1.0) for slope in (10.0, 20.0)]
        assert line(1.0).item() == 5.0
        assert [call.result() for call in calls] == [20.0, 40.0]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ([1.0, 2.0], ValueError, r"given 2 numbers for the 3 parameters of Neuron\(2, .*one for each of model.parameters\(\)"),
        (np.zeros(4), ValueError, "given 4 numbers for the 3 parameters"),
        (np.zeros((1, 3)), ValueError, r"an array of shape \(3,\), not \(1, 3\): parameters.ravel\(\)"),
        ({"weights.0": 1.0, "bias": 0.0}, ValueError, r"model.named_parameters\(\); missing 'weights.1' in the dict of 2"),
        ({"weights.0": 1.0, "b": 0.0, "bias": 0.0}, ValueError, "missing 'weights.1' and unexpected 'b' in the dict of 3"),
        ({"weights.0": 1.0, "weights.1": 1.0, "bias": 0.0, 3: 0.0}, ValueError, "unexpected '3' in"),
        ({f"{i}": 0.0 for i in range(9)}, ValueError, "unexpected '0', '1', '2', '3', '4' and 4 more"),
        ([1.0, "2", 3.0], TypeError, r"the number of weights.1 must be one real number, not the string '2'"),
        ([1.0, [2.0], 3.0], TypeError, r"the number of weights.1 must be one real number, not a list"),
        ({"weights.0": 1.0, "weights.1": None, "bias": 0.0}, TypeError, "the number of weights.1 .* not None"),
        (3.0, TypeError, "a list, tuple, array or dict of numbers, not 3.0"),
        (iter([1.0]), TypeError, "a list, tuple, array or dict"),
    ],
)
def test_what_functional_call_refuses(parameters: Any, error: type[Exception], message: str) -> None:
    """With counts, names and the fix, before the forward."""
    with pytest.raises(error, match=message):
        functional_call(Neuron(2), parameters, "no inputs")


def test_functional_call_wants_a_module() -> None:
    """Not its parameters, and not a class."""
    for model in ([Value(1.0)], MLP, None):
        with pytest.raises(TypeError, match="functional_call takes a Module, not"):
            functional_call(model, [1.0], 2.0)  # type: ignore[arg-type]


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
    with mpmath.workdps(truth.DIGITS):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        exact = -(mpmath.mpf(t) * mpmath.log(p) + (1 - mpmath.mpf(t)) * mpmath.log(1 - p))
        assert truth.error_in_ulps(loss.data, exact) <= 8.0
        assert abs(logit.grad - (p - mpmath.mpf(t))) <= 4e-16 * abs(p - mpmath.mpf(t)) + 1e-320


@pytest.mark.parametrize("p", [1e-300, 1e-9, 0.25, 0.5, 1.0 - 2.0**-53])
@pytest.mark.parametrize("t", [0, 1, 0.3])
def test_binary_cross_entropy_against_60_digits(p: float, t: float) -> None:
    """Value and slope (p - t) / (p (1 - p))."""
    probability = Value(p)
    loss = binary_cross_entropy(probability, t)
    loss.backward()
    with mpmath.workdps(truth.DIGITS):
        at, target = mpmath.mpf(p), mpmath.mpf(t)
        assert truth.error_in_ulps(loss.data, -(target * mpmath.log(at) + (1 - target) * mpmath.log(1 - at))) <= 8.0
        slope = (at - target) / (at * (1 - at))
        assert abs(probability.grad - slope) <= 1e-15 * abs(slope)


@pytest.mark.parametrize("p", [0.0, 1e-300, 1e-20, 0.3, 1.0 - 2.0**-53, 1.0])
@pytest.mark.parametrize("t", [0.0, 1.0])
def test_binary_cross_entropy_of_a_target_that_is_a_value(p: float, t: float) -> None:
    """Keeps the digits that it has with the number, in value and slope; the slope to the target is log1p(-p) - log(p)."""
    target, probability, again = Value(t), Value(p), Value(p)
    loss = binary_cross_entropy(probability, target)
    wanted = binary_cross_entropy(again, t)
    loss.backward()
    wanted.backward()
    assert loss.data == wanted.data
    assert probability.grad == again.grad
    if 0.0 < p < 1.0:
        assert math.isclose(target.grad, math.log1p(-p) - math.log(p), rel_tol=1e-15)


@pytest.mark.parametrize("logits", [[0.0, 0.0], [40.0, 0.0], [1000.0, -1000.0, 3.0], [1e308, 1e308], [0.1, 0.2, 0.3, -5.0]])
def test_cross_entropy_against_60_digits(logits: list[float]) -> None:
    """Value and slope softmax(z) - one, for every class, where it is sure of the right and of the wrong one."""
    for target in range(len(logits)):
        values = [Value(z) for z in logits]
        loss = cross_entropy(values, target)
        loss.backward()
        with mpmath.workdps(truth.DIGITS + 100):
            total = mpmath.fsum(mpmath.exp(mpmath.mpf(z) - mpmath.mpf(logits[target])) for z in logits)
            assert truth.error_in_ulps(loss.data, mpmath.log(total)) <= 8.0
            for j, z in enumerate(logits):
                share = mpmath.exp(mpmath.mpf(z) - mpmath.mpf(logits[target])) / total
                exact = share if j != target else -mpmath.fsum(
                    mpmath.exp(mpmath.mpf(y) - mpmath.mpf(logits[target])) / total for k, y in enumerate(logits) if k != target
                )  # fmt: skip
                assert abs(values[j].grad - exact) <= 1e-15 * abs(exact) + 1e-320


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


# --- compiled ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["python", "llvm"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of them that is here."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite", reason="needs the jit extra")
    return str(request.param)


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_cross_entropy_of_a_traced_target(classes: int, backend: str) -> None:
    """The class is chosen when the compiled function runs: value and gradient are those of its number, bit for bit."""
    rng = random.Random(classes)
    logits = [[rng.gauss(0.0, 20.0) for _ in range(classes)] for _ in range(20)]
    targets = [rng.randrange(classes) for _ in logits]
    compiled, gradient = (jit(f, backend=backend) for f in (cross_entropy, ag.grad(cross_entropy)))
    for z, target in zip(logits, targets, strict=True):
        assert compiled(z, target) == compiled(np.array(z), float(target)) == cross_entropy(z, target)
        assert gradient(z, target) == ag.grad(cross_entropy)(z, target)
    assert compiled(logits, targets) == cross_entropy(logits, targets)
    mean = jit(cross_entropy, in_axes=(0, 0), reduce="mean", backend=backend)
    assert math.isclose(mean(np.array(logits), np.array(targets)), cross_entropy(logits, targets), rel_tol=1e-14)


def test_a_traced_target_that_is_no_class(backend: str) -> None:
    """Gives nan: it cannot be refused."""
    compiled = jit(cross_entropy, backend=backend)
    for target in (-1, 3, 0.5, math.nan, math.inf):
        assert math.isnan(compiled([1.0, 2.0, 3.0], target))
        assert math.isnan(compiled([1.0], target))


@pytest.mark.parametrize(
    ("loss", "predictions", "targets"),
    [
        (mse_loss, [-1.5, 0.0, 2.0], [1.0, 0.5, 2.0]),
        (hinge_loss, [-1.5, 0.0, 1.0, 2.0], [-1.0, 1.0]),
        (binary_cross_entropy, [0.0, 1e-300, 1e-20, 0.3, 1.0 - 2.0**-53, 1.0], [0.0, 1.0, 0.3]),
        (binary_cross_entropy_with_logits, [-800.0, -40.0, 0.0, 3.0, 700.0], [0.0, 1.0, 0.3]),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_losses_compiled(loss: Any, predictions: list[float], targets: list[float], backend: str) -> None:
    """Value and gradient of traced predictions and targets are those of the numbers, bit for bit."""
    compiled, gradient = (jit(f, backend=backend) for f in (loss, ag.grad(loss)))
    for p in predictions:
        for t in targets:
            assert compiled(p, t) == loss(p, t)
            assert gradient(p, t) == ag.grad(loss)(p, t)
    pairs = [[p for p in predictions for _ in targets], [t for _ in predictions for t in targets]]
    assert compiled(*pairs) == loss(*pairs)
    assert compiled(*map(np.array, pairs)) == loss(*pairs)


def test_a_model_compiled_by_functional_call(backend: str) -> None:
    """Loss and gradient over rows are those of the model's own backward()."""
    model = MLP(2, [4, 3], rng=0)
    rng = random.Random(0)
    inputs = np.array([[rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)] for _ in range(10)])
    targets = np.array([rng.randrange(3) for _ in inputs])

    def loss(parameters: Any, x: Any, target: Any) -> Any:
        return cross_entropy(functional_call(model, parameters, x), target)

    compiled = jit(ag.value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean", backend=backend)
    value, gradient = compiled(np.array([p.data for p in model.parameters()]), inputs, targets)
    wanted = cross_entropy([model(x) for x in inputs], targets)
    wanted.backward()
    assert math.isclose(value, wanted.data, rel_tol=1e-14)
    assert gradient == pytest.approx([p.grad for p in model.parameters()], rel=1e-12)


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
