"""What every module has: modes, names, state, repr and summary."""

import pickle
import sys
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, jit, sum_, value_and_grad
from autograd.structures import values
from autograd.value import assign
from nn import MLP, Dropout, Layer, Linear, Module, Neuron, ReLU, Sequential, functional_call
from tests.nn.interrupt import Interrupt
from tests.nn.layers.comparing import flat


class Net(Module):
    """Modules as attributes, in a list and in a dict, one of them twice; its own parameter; itself."""

    def __init__(self) -> None:
        self.scale = Value(2.0)
        self.first = Layer(2, 3, rng=0)
        self.rest = [Sequential(Dropout(), Layer(3, 1, rng=1)), {"again": self.first, "last": ReLU()}]
        self.itself = self


def test_names_of_modules() -> None:
    """Found as parameters are, wherever they are kept: each once, the module itself first."""
    net = Net()
    assert [(name, type(module).__name__) for name, module in net.named_modules()] == [
        ("", "Net"),
        ("first", "Layer"),
        ("first.neurons.0", "Neuron"),
        ("first.neurons.1", "Neuron"),
        ("first.neurons.2", "Neuron"),
        ("rest.0", "Sequential"),
        ("rest.0.layers.0", "Dropout"),
        ("rest.0.layers.1", "Layer"),
        ("rest.0.layers.1.neurons.0", "Neuron"),
        ("rest.1.last", "ReLU"),
    ]
    assert net.modules() == [module for _, module in net.named_modules()]


def test_modes_reach_every_module() -> None:
    """eval() and train() return the module, and also a module that never called Module.__init__ begins in training."""
    net = Net()
    assert all(module.training for module in net.modules())
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert net.train() is net
    assert all(module.training for module in net.modules())
    net.train(False)
    assert not net.rest[0][0].training
    assert Net().training
    assert Module.training
    assert [name for name, _ in net.named_parameters()] == [name for name, _ in Net().named_parameters()]
    with pytest.raises(TypeError, match=r"mode must be True or False, not 'eval': model.train\(\), or model.eval\(\)"):
        net.train("eval")  # type: ignore[arg-type]
    assert not net.training


def test_parameters_are_found_in_everything_a_module_holds() -> None:
    """In attributes, lists, dicts and submodules; once each; computed Values and other things do not count."""

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


# --- state ------------------------------------------------------------------------------------------------------------


def test_state_is_a_copy_in_the_order_of_the_parameters() -> None:
    """Floats by name, which move with the model no more."""
    model = MLP(2, [2, 1], rng=0)
    state = model.state_dict()
    assert list(state) == [name for name, _ in model.named_parameters()]
    assert all(type(number) is float for number in state.values())
    before = dict(state)
    for parameter in model.parameters():
        parameter.data += 1.0
    assert state == before
    model.load_state_dict(state)
    assert model.state_dict() == before


def test_a_loaded_state_is_the_other_models() -> None:
    """Whatever the order and the kind of its numbers; gradients stay."""
    model, other = MLP(2, [3, 1], rng=0), MLP(2, [3, 1], rng=1)
    model([1.0, 2.0]).backward()
    gradients = [p.grad for p in model.parameters()]
    found = model.load_state_dict({name: np.float64(x) for name, x in reversed(other.state_dict().items())})
    assert found == ([], [])
    assert model([1.0, 2.0]).data == other([1.0, 2.0]).data
    assert all(type(p.data) is float for p in model.parameters())
    assert [p.grad for p in model.parameters()] == gradients


def test_a_state_that_fits_in_part() -> None:
    """Without `strict` the names that both have are set, and the others told."""
    model = Neuron(2, rng=0)
    kept = model.weights[1].data
    found = model.load_state_dict({"weights.0": 5.0, "bias": 6.0, "slope": 7.0}, strict=False)
    assert found.missing_keys == ["weights.1"]
    assert found.unexpected_keys == ["slope"]
    assert [p.data for p in model.parameters()] == [5.0, kept, 6.0]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"weights.0": 1.0, "weights.1": "2", "bias": 0.0}, TypeError, "the number of weights.1 must be .* the string '2'"),
        ({"weights.0": 1.0, "weights.1": 2.0, "bias": Value(0.0)}, TypeError, r"the number of bias .* v.item\(\)"),
        ([1.0, 2.0, 3.0], TypeError, r"takes a dict from names to numbers, not \[1.0, 2.0, 3.0\]: model.state_dict\(\)"),
    ],
)
def test_a_state_that_is_not_one(state: Any, error: type[Exception], message: str, strict: bool) -> None:
    """It is rejected, and the model stays as it was."""
    model = Neuron(2, rng=0)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        model.load_state_dict(state, strict=strict)
    assert model.state_dict() == before


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"weights.0": 1.0, "bias": 0.0},
            r"^missing 'weights.1' in the state for Neuron\(2, .*make the model as the saved one was made",
        ),
        ({"weights.0": 1.0, "weights.1": 1.0, "bias": 0.0, "b": 1.0}, "^unexpected 'b' in the state"),
        ({"weights.0": 1.0, "weights.1": 1.0, "b": 1.0, 3: 0.0}, "^missing 'bias' and unexpected 'b', '3' in the state"),
        ({}, "^missing 'weights.0', 'weights.1', 'bias' in"),
    ],
)
def test_names_that_differ(state: Any, message: str) -> None:
    """Missing and unexpected ones are named, and the model stays as it was."""
    model = Neuron(2, rng=0)
    before = model.state_dict()
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(state)
    assert model.state_dict() == before


def test_a_large_model_is_named_by_its_type() -> None:
    """Errors of one line do not quote its repr of many lines."""
    model = Sequential(Linear(1, 1, rng=0), ReLU())
    for call in (lambda: model.load_state_dict({}), lambda: functional_call(model, {}, [1.0])):
        with pytest.raises(ValueError, match=r"missing .* for Sequential\b") as caught:
            call()
        assert "\n" not in str(caught.value)


def test_an_interrupt_while_a_state_is_loaded() -> None:
    """Ctrl-C at any instruction finds all parameters set, or none."""
    states = [MLP(1, [2, 1], rng=seed).state_dict() for seed in (0, 1)]
    found = []
    for at in count(1):
        model = MLP(1, [2, 1], rng=0)
        traced, interrupt = sys.gettrace(), Interrupt(at, nn.module, assign)
        sys.settrace(interrupt)
        try:
            model.load_state_dict(states[1])
        except KeyboardInterrupt:
            found.append(states.index(model.state_dict()))
        finally:
            sys.settrace(traced)
        if interrupt.left > 0:
            break
    assert found == sorted(found)
    assert set(found) == {0, 1}


def test_two_parameters_of_one_name(tmp_path: Path) -> None:
    """Neither is lost in silence."""

    class Twins(Module):
        def __init__(self) -> None:
            self.parts = {1: Value(1.0), "1": Value(2.0)}

    for call in (Twins().state_dict, lambda: Twins().load_state_dict({}), lambda: Twins().save(tmp_path / "model.json")):
        with pytest.raises(ValueError, match=r"two parameters are named 'parts\.1': give one of them another"):
            call()


# --- to read ----------------------------------------------------------------------------------------------------------


def test_repr_of_a_module_of_modules() -> None:
    """As PyTorch's: a line for each module directly inside, indented, by its path."""
    assert repr(Net()).splitlines() == [
        "Net(",
        "  (first): Layer(2, 3, activation=None)",
        "  (rest.0): Sequential(",
        "    (layers.0): Dropout(p=0.5)",
        "    (layers.1): Layer(3, 1, activation=None)",
        "  )",
        "  (rest.1.last): ReLU()",
        ")",
    ]


def test_repr_of_modules_that_hold_each_other() -> None:
    """It ends."""

    class Link(Module):
        other: Module

    a, b = Link(), Link()
    a.other, b.other = b, a
    assert repr(a) == "Link(\n  (other): Link(\n    (other): ...\n  )\n)"
    assert [name for name, _ in a.named_modules()] == ["", "other"]


class Tied(Module):
    """Tokens in, and scores of tokens out, by the same vectors."""

    def __init__(self) -> None:
        self.tokens, self.head = nn.Embedding(5, 4, rng=0), nn.Linear(4, 5, rng=1)
        self.head.weight = self.tokens.weight
        self.label_parameters()

    def forward(self, x: Any) -> Any:
        """The scores of each place."""
        return self.head.batch(self.tokens(x))


def test_tied_weights(tmp_path: Path) -> None:
    """Shared parameters count once, are saved once, and get the sum of their gradients; copies share them too."""
    model, tokens = Tied(), [1, 4, 1]
    assert len(model.parameters()) == 25
    assert list(model.state_dict()) == [p.label for p in model.parameters()]
    assert model.summary().splitlines()[-1].split()[-1] == "25"
    apart = Tied()
    apart.head.weight = [[Value(w.data) for w in row] for row in model.tokens.weight]
    for one in (model, apart):
        sum_([x * (0.5 + 0.1 * i) for i, row in enumerate(one(tokens)) for x in row]).backward()
    for i in range(5):
        for j in range(4):
            both = apart.tokens.weight[i][j].grad + apart.head.weight[i][j].grad
            assert model.tokens.weight[i][j].grad == pytest.approx(both, rel=1e-13)
    model.save(tmp_path / "tied.json")
    other = Tied()
    for p in other.parameters():
        p.data = 0.0
    other.load(tmp_path / "tied.json")
    for twin in (other, deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert all(a is b for a, b in zip(flat(twin.tokens.weight), flat(twin.head.weight), strict=True))
        assert values(twin(tokens)) == values(model(tokens))
    state = nn.export.torch_state_dict(model, tensor=list)
    assert state["head.weight"] == state["tokens.weight"]
    nn.export.load_torch_state_dict(other, state)
    numbers = [p.data for p in model.parameters()]
    loss = value_and_grad(lambda ps: sum_([x * x for row in functional_call(model, ps, tokens) for x in row]))
    assert jit(loss)(numbers)[1] == pytest.approx(loss(numbers)[1], rel=1e-13)
    with pytest.raises(ValueError, match=r"weights of shape \(5, 4\), not of shape \(4, 5\)"):
        model.head.weight = [list(column) for column in zip(*model.tokens.weight, strict=True)]


def test_training_tied_weights() -> None:
    """`fit` moves them by the whole gradient, with either engine to the same numbers."""
    xs, ys = [[0, 1], [2, 3], [4, 0]], [[1, 2], [3, 4], [0, 1]]
    trained = []
    for engine in ("eager", "compiled"):
        model = Tied()
        adam = nn.Adam(model.parameters(), lr=0.05)
        loss = nn.CrossEntropyLoss()
        first = loss([model(x) for x in xs], ys).item()
        nn.fit(model, xs, ys, loss=loss, optimizer=adam, epochs=100, batch_size=1, seed=0, engine=engine, progress=False)
        trained.append([p.data for p in model.parameters()])
        assert loss([model(x) for x in xs], ys).item() < 0.5 * first
    assert trained[0] == pytest.approx(trained[1], rel=1e-9)


def test_names_of_children_and_apply() -> None:
    """Those directly inside; a function of each, innermost first."""
    net = Net()
    assert [name for name, _ in net.named_children()] == ["first", "rest.0", "rest.1.last"]
    assert net.children() == [net.first, net.rest[0], net.rest[1]["last"]]
    seen: list[Module] = []
    assert net.apply(seen.append) is net
    assert sorted(map(id, seen)) == sorted(map(id, net.modules()))
    assert seen[-1] is net
    assert seen.index(net.first) > seen.index(net.first.neurons[2])
    assert MLP(2, [3]).apply(lambda m: nn.init.zeros_(m.weight) if isinstance(m, Layer) else None)([1.0, 2.0])[0].data == 0.0


def test_pytorchs_spellings() -> None:
    """Sizes by PyTorch's names; each size once."""
    layer = Linear(in_features=2, out_features=3, bias=False, rng=0)
    assert repr(layer) == repr(Linear(2, 3, False))
    assert (layer.in_features, layer.out_features, layer.bias) == (2, 3, None)
    assert [len(row) for row in layer.weight] == [2, 2, 2]
    assert len(Linear(2, out_features=3).bias or ()) == 3
    with pytest.raises(TypeError, match="nout, which PyTorch calls out_features, is missing: pass nout or out_features"):
        Linear(2)
    with pytest.raises(TypeError, match="nin, which PyTorch calls in_features, was given twice"):
        Linear(2, 3, in_features=2)
    layer.bias = [Value(1.0)] * 3
    assert layer([0.0, 0.0])[2].data == 1.0
    layer.bias = None
    assert layer([0.0, 0.0])[2].data == 0.0
    with pytest.raises(ValueError, match="has 3 biases, not 1"):
        layer.bias = [Value(1.0)]
