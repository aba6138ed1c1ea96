"""What holds for every module: compiled and eager agree bit for bit; copies, pickles and functional_call work."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value, jit
from nn import Module, functional_call


class SelfAttention(Module):
    """Attention of a sequence to itself, and its weights."""

    def __init__(self) -> None:
        self.attention = nn.MultiheadAttention(4, 2, rng=0)
        self.label_parameters()

    def forward(self, x: Any) -> Any:
        """Both."""
        return self.attention(x, x, x, is_causal=True)


class Decoder(Module):
    """A decoder block on a sequence and the same turned round; modules in a list and a dict."""

    def __init__(self) -> None:
        self.blocks = nn.ModuleList([nn.TransformerDecoderLayer(4, 2, 6, 0.0, rng=0)])
        self.parts = nn.ModuleDict({"gate": nn.SwiGLU()})
        self.label_parameters()

    def forward(self, x: Any) -> Any:
        """The gated numbers of each place."""
        return self.parts["gate"](self.blocks[0](x, x[::-1], tgt_is_causal=True))


SEQUENCE = np.random.default_rng(1).normal(size=(3, 4))
TOKENS = np.array([1, 4, 1])
VECTOR, IMAGE = np.linspace(-1.5, 2.0, 4), np.random.default_rng(0).normal(size=(2, 4, 4))
MODELS: dict[str, tuple[Any, Any]] = {  # how it is made, and what it takes
    "Neuron": (lambda: nn.Neuron(4, activation="tanh", rng=0), VECTOR),
    "Layer": (lambda: nn.Layer(4, 5, activation="relu", rng=0), VECTOR),
    "Layer without bias": (lambda: nn.Layer(4, 5, bias=False, init="xavier_normal", rng=0), VECTOR),
    "MLP": (lambda: nn.MLP(4, [6, 5, 2], bias=False, activation="gelu", init="kaiming_normal", rng=0), VECTOR),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3, rng=0), nn.Tanh(), nn.Linear(3, 3, rng=1), nn.LogSoftmax()), VECTOR),
    "Conv2d": (lambda: nn.Conv2d(2, 2, (2, 3), stride=(1, 2), padding=1, rng=0), IMAGE),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGE),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, stride=1), IMAGE),
    "Flatten": (nn.Flatten, IMAGE),
    "Dropout": (lambda: nn.Dropout(0.5, rng=0).eval(), VECTOR),
    "Softmax": (nn.Softmax, VECTOR),
    "LogSoftmax": (nn.LogSoftmax, VECTOR),
    **{kind.__name__: (kind, VECTOR) for kind in nn.layers.activations.Activation.__subclasses__()},
    "GLU": (nn.GLU, VECTOR),
    "Embedding": (lambda: nn.Embedding(5, 3, rng=0), TOKENS),
    "PositionalEncoding": (lambda: nn.PositionalEncoding(4, dropout=0.0), SEQUENCE),
    "LayerNorm": (lambda: nn.LayerNorm(4), SEQUENCE),
    "RMSNorm": (lambda: nn.RMSNorm(4), SEQUENCE),
    "RNNCell": (lambda: nn.RNNCell(4, 3, rng=0), VECTOR),
    "LSTMCell": (lambda: nn.LSTMCell(4, 3, rng=0), VECTOR),
    "GRUCell": (lambda: nn.GRUCell(4, 3, rng=0), VECTOR),
    "RNN": (lambda: nn.RNN(4, 3, num_layers=2, rng=0), SEQUENCE),
    "LSTM": (lambda: nn.LSTM(4, 3, bidirectional=True, rng=0), SEQUENCE),
    "GRU": (lambda: nn.GRU(4, 3, bias=False, rng=0), SEQUENCE),
    "attention": (SelfAttention, SEQUENCE),
    "decoder": (Decoder, SEQUENCE),
    "encoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, 0.0, norm_first=True, rng=0), 2, nn.LayerNorm(4)),
        SEQUENCE,
    ),
    "a small network": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1, rng=0),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(rng=1),
            nn.Linear(12, 3, rng=2),
            nn.Softmax(),
        ).eval(),
        IMAGE,
    ),
}


def flat(out: Any) -> list[float]:
    """The numbers of nested results."""
    return [x.data if isinstance(x, Value) else float(x) for x in nn.Flatten()(out)]


def total(out: Any) -> Any:
    """One number made of all, which depends on each differently."""
    return ag.sum_([x * (0.5 + 0.1 * i) for i, x in enumerate(nn.Flatten()(out))])


def exported() -> set[type]:
    """Every module that nn offers, but losses and the base."""
    kinds = {thing for thing in vars(nn).values() if isinstance(thing, type) and issubclass(thing, Module)}
    return {kind for kind in kinds if kind is not Module and kind.__module__ not in ("nn.losses", "nn.loss_modules")}


def test_every_module_is_here() -> None:
    """None is left out below."""
    assert exported() <= {type(module) for make, _ in MODELS.values() for module in make().modules()}


@pytest.mark.parametrize("name", MODELS)
def test_compiled_and_eager(name: str, backend: str) -> None:
    """The same bits, in the outputs and in the gradients of parameters, read at each call."""
    make, x = MODELS[name]
    model = make()
    compiled, loss = jit(model, backend=backend), jit(lambda x: total(model(x)), backend=backend)
    for shift in (0.0, 0.25):
        for parameter in model.parameters():
            parameter.data += shift
        assert flat(compiled(x)) == flat(model(x))
        assert flat(compiled(x.tolist())) == flat(model(x))
        gradients = []
        for result in (total(model(x)), loss(x)):
            model.zero_grad()
            if model.parameters():
                result.backward()
            gradients.append([p.grad for p in model.parameters()])
        assert gradients[0] == gradients[1]
        assert not model.parameters() or any(gradients[0])


@pytest.mark.parametrize("name", MODELS)
def test_gradients_to_inputs_and_parameters(name: str) -> None:
    """grad() of functional_call is what backward() leaves; with the model's own numbers it is the call itself."""
    make, x = MODELS[name]
    model = make()
    own = [p.data for p in model.parameters()]
    assert flat(functional_call(model, own, x)) == flat(model(x))
    assert flat(functional_call(model, model.state_dict(), x)) == flat(model(x))
    inputs = np.vectorize(Value, otypes=[object])(x)
    total(model(inputs)).backward()
    by_parameters, by_inputs = ag.grad(lambda ps, x: total(functional_call(model, ps, x)), argnums=(0, 1))(own, x)
    assert by_parameters == pytest.approx([p.grad for p in model.parameters()], rel=1e-13)
    assert by_inputs == pytest.approx(np.vectorize(lambda v: v.grad, otypes=[float])(inputs), rel=1e-13)
    assert not model.parameters() or any(by_parameters)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("name", MODELS)
def test_copies(name: str, how: Any) -> None:
    """Give the same, keep mode and labels, and are apart."""
    make, x = MODELS[name]
    model = make()
    twin = how(model)
    assert flat(twin(x)) == flat(model(x))
    assert repr(twin) == repr(model)
    assert [p.label for p in twin.parameters()] == [p.label for p in model.parameters()]
    assert [m.training for m in twin.modules()] == [m.training for m in model.modules()]
    before = model.state_dict()
    for parameter in twin.parameters():
        parameter.data += 1.0
    assert model.state_dict() == before


@pytest.mark.parametrize("name", MODELS)
def test_modules_are_saved(name: str, tmp_path: Any) -> None:
    """And loaded, also those without parameters; labels are the names that are saved."""
    make, x = MODELS[name]
    model, other = make(), make()
    for parameter in other.parameters():
        parameter.data += 1.0
    model.save(tmp_path / "model.json")
    other.load(tmp_path / "model.json")
    assert flat(other(x)) == flat(model(x))
    assert [p.label for p in model.parameters()] == list(model.state_dict())
    assert f"{len(model.parameters())}" in model.summary().splitlines()[-1]
