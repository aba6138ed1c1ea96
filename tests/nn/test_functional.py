"""functional_call: the model's own numbers and others, by list and by name, in gradients, threads and compiled code."""

import math
import random
from collections import OrderedDict, defaultdict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value
from autograd.compiler.jit import jit
from autograd.compiler.trace.arguments import STAND_INS
from nn import MLP, Layer, Module, Neuron, cross_entropy, functional_call
from nn.functional import replaced_in


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


class Compiled(Module):
    """Compiled by itself, with another compiled module in it."""

    def __init__(self) -> None:
        self.scale, self.neuron = Value(2.0), Neuron(2, rng=0)
        self.outside = Value(1.0)
        self.outside = self.outside * 1.0  # no parameter

    @jit(static_argnums=0)
    def forward(self, x: Any) -> Any:
        TRACED[0] += 1
        return self.scale * self.inner(x) + self.outside

    @jit(static_argnums=0)
    def inner(self, x: Any) -> Any:
        return self.neuron(x)


TRACED = [0]


def test_compiled_methods_are_traced_once_for_all_numbers() -> None:
    """Floats, Values, gradients: one trace, whose inputs the numbers are; the model's own numbers have another."""
    TRACED[0] = 0
    model, x = Compiled(), [0.5, -1.0]

    def plain(p: Any) -> Any:
        return p[0] * ag.tanh(0.5 * p[1] - 1.0 * p[2] + p[3]) + 1.0

    model.neuron.activation = ag.tanh
    for i in range(50):
        numbers = [float(i), 0.25 * i, 0.5, -0.25]
        result = functional_call(model, numbers, x)
        assert result.data == pytest.approx(plain(numbers), abs=1e-14)
        gradient = ag.grad(lambda p: functional_call(model, p, x))(numbers)
        assert [g.data for g in gradient] == pytest.approx(ag.grad(plain)(numbers), abs=1e-14)
    assert TRACED[0] == 1
    own = [parameter.data for parameter in model.parameters()]
    assert model(x).data == pytest.approx(plain(own), abs=1e-14)
    assert TRACED[0] == 2
    assert jit(lambda p: functional_call(model, p, x))(own).data == pytest.approx(plain(own), abs=1e-14)


def test_compiled_parts_inside_of_models() -> None:
    """Each module's stand-in is known for itself, also where one functional_call is inside another; without it, none is."""

    class Outer(Module):
        def __init__(self) -> None:
            self.parts = [Compiled(), Compiled()]

        def forward(self, x: Any) -> Any:
            other = functional_call(OTHER, [3.0, 1.0, 1.0, 0.0], x)
            return self.parts[0](x) + self.parts[1](x) * other

    other_traces = len(Compiled.__dict__["forward"]._calls.traces)
    model, x = Outer(), [0.5, -1.0]
    for scale in (1.0, 2.0, 3.0):
        numbers = [scale * p.data for p in model.parameters()]
        expected = Outer()
        for p, number in zip(expected.parameters(), numbers, strict=True):
            p.data = number
        assert functional_call(model, numbers, x).data == expected(x).data
        del expected
    assert len(Compiled.__dict__["forward"]._calls.traces) == other_traces + 3
    del model
    assert len(Compiled.__dict__["forward"]._calls.traces) == other_traces + 1
    with pytest.raises(RuntimeError, match="on the way"):
        functional_call(Failing(), [1.0], x)
    assert STAND_INS.get()(OTHER) is None


OTHER = Compiled()


class Failing(Module):
    """Raises."""

    def __init__(self) -> None:
        self.w = Value(1.0)

    def forward(self, x: Any) -> Any:
        raise RuntimeError("on the way")


def test_modules_replaced() -> None:
    """In a copy that shares all else, in every place where the model has them; the model stays as it was."""
    model = Everything()
    twin = Layer(2, 2, rng=1)
    copied = replaced_in(model, {id(model.layer): twin})
    assert copied.layer is copied.parts["layer"] is twin
    assert copied.itself is copied
    assert copied.scale is model.scale
    assert copied.counts is model.counts
    assert model.layer is model.parts["layer"] is not twin
    assert replaced_in(model.layer, {id(model.layer): twin}) is twin
    assert replaced_in(model.layer, {}) is model.layer
