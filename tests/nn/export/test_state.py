"""State dicts go out and come in as PyTorch has them; what does not fit is told whole, and changes nothing."""

from typing import Any

import numpy as np
import pytest

import nn
from nn import Module
from nn.export import load_torch_state_dict, torch_state_dict
from tests.nn.export.comparing import by_us
from tests.nn.export.models import CASES, THREE, Residual, Tied, values


def lists(model: Module, like: Any = None) -> dict[str, Any]:
    """A state dict of nested lists."""
    return torch_state_dict(model, like=like, tensor=lambda numbers: numbers)


@pytest.mark.parametrize(
    "make", [lambda numbers: numbers, np.array, lambda x: np.array(x, dtype="float32")], ids=["lists", "float64", "float32"]
)
@pytest.mark.parametrize("name", CASES)
def test_out_and_in_again(name: str, make: Any) -> None:
    """Another model with the same state gives the same, to the last bit of the state."""
    build, examples = CASES[name]
    model, other = build(), build()
    if make is not np.array:
        for parameter in model.parameters():
            parameter.data = float(np.float32(parameter.data))
    state = torch_state_dict(model, tensor=make)
    for parameter in other.parameters():
        parameter.data += 1.0
    load_torch_state_dict(other, state)
    assert other.state_dict() == model.state_dict()
    for ours, theirs in zip(by_us(model, examples), by_us(other, examples), strict=True):
        assert np.array_equal(ours, theirs, equal_nan=True)


def test_names_and_shapes() -> None:
    """They are PyTorch's."""
    assert {name: np.shape(x) for name, x in lists(nn.MLP(3, [4, 2], bias=False)).items()} == {
        "layers.0.weight": (4, 3),
        "layers.1.weight": (2, 4),
    }
    assert {name: np.shape(x) for name, x in lists(nn.Sequential(nn.Conv2d(2, 3, (1, 2)), nn.Neuron(4))).items()} == {
        "layers.0.weight": (3, 2, 1, 2),
        "layers.0.bias": (3,),
        "layers.1.weight": (1, 4),
        "layers.1.bias": (1,),
    }
    assert np.shape(lists(Residual())["scale"]) == (4,)
    assert lists(Residual())["gain"] == 1.5


@pytest.mark.parametrize("numbers", [(0, 2, 4), (1, 5, 10)])
@pytest.mark.parametrize("prefix", ["", "layers."])
def test_an_mlp_takes_the_names_of_a_sequential_with_activations(prefix: str, numbers: tuple[int, ...]) -> None:
    """The numbers are in order, those of ten and more too."""
    model = nn.MLP(3, [4, 5, 2], rng=0)
    renamed = {
        f"{prefix}{number}.{word}": lists(model)[f"layers.{i}.{word}"]
        for i, number in enumerate(numbers)
        for word in ("weight", "bias")
    }
    other = nn.MLP(3, [4, 5, 2], rng=1)
    load_torch_state_dict(other, renamed)
    assert other.state_dict() == model.state_dict()
    assert lists(model, like=renamed) == renamed


def test_a_sequential_takes_names_without_the_word_layers() -> None:
    """Also inside other modules, and in each other."""

    class Net(Module):
        def __init__(self) -> None:
            self.body = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Sequential(nn.ReLU(), nn.Linear(3, 1, rng=1)))

    net = Net()
    state = {name.replace("layers.", ""): x for name, x in lists(net).items()}
    assert list(state) == ["body.0.weight", "body.0.bias", "body.2.1.weight", "body.2.1.bias"]
    other = Net()
    for parameter in other.parameters():
        parameter.data = 0.0
    load_torch_state_dict(other, state)
    assert other.state_dict() == net.state_dict()


def test_all_differences_are_told() -> None:
    """Missing and unexpected names, and shapes, in one error; nothing changed."""
    model = nn.MLP(3, [4, 2], rng=0)
    before = model.state_dict()
    state = lists(model)
    del state["layers.0.bias"]
    state["layers.0.weight"] = [[1.0, 2.0]]
    state["fc.weight"] = [[1.0]]
    with pytest.raises(
        ValueError,
        match=r"the state does not fit MLP\(3, \[4, 2\].*: missing 'layers.0.bias' and unexpected 'fc.weight'; "
        r"'layers.0.weight' has the shape \(1, 2\), not \(4, 3\)\. Make the model as the other was made, or rename",
    ):
        load_torch_state_dict(model, state)
    with pytest.raises(ValueError, match="like does not fit"):
        torch_state_dict(model, like=state, tensor=list)
    assert model.state_dict() == before


@pytest.mark.parametrize(
    ("state", "kind", "message"),
    [
        ([1.0], TypeError, "the state must be a dict from names to arrays, not .*: torch_model.state_dict"),
        ({"weight": [[1.0, 2.0]], "bias": ["1"]}, TypeError, "a number of 'bias' must be one real number"),
        ({"weight": [[1.0], [2.0, 3.0]], "bias": [1.0]}, ValueError, "'weight' is ragged"),
        ({"weight": [[1.0, 2.0]], "bias": 1.0}, ValueError, r"'bias' has the shape \(\), not \(1,\)"),
    ],
)
def test_what_is_no_state(state: Any, kind: type[Exception], message: str) -> None:
    """Each is refused in words, and nothing changed."""
    model = nn.Linear(2, 1, rng=0)
    before = model.state_dict()
    with pytest.raises(kind, match=message):
        load_torch_state_dict(model, state)
    assert model.state_dict() == before


def test_shared_parameters() -> None:
    """A layer held twice is one; Values in two layers must get the same number."""
    assert list(lists(Tied())) == ["layer.weight", "layer.bias"]
    model = nn.Sequential(nn.Linear(2, 2, bias=False, rng=0), nn.Linear(2, 2, bias=False, rng=1))
    model.layers[1].neurons[0].weights = model.layers[0].neurons[0].weights
    state = lists(model)
    assert state["layers.0.weight"][0] == state["layers.1.weight"][0]
    load_torch_state_dict(model, state)
    state["layers.1.weight"] = [[7.0, 8.0], [9.0, 10.0]]
    with pytest.raises(ValueError, match=r"in 'layers.1.weight' for a parameter of Sequential that is shared"):
        load_torch_state_dict(model, state)
    state["layers.0.weight"] = [[float("nan")] * 2] * 2
    state["layers.1.weight"] = [[float("nan")] * 2] * 2
    load_torch_state_dict(model, state)


def test_with_pytorch_itself() -> None:
    """Its models take our states, and ours take theirs; both then give the same."""
    torch: Any = pytest.importorskip("torch", reason="needs PyTorch")
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)).double()
    model = nn.MLP(3, [5, 2], rng=0)
    x = torch.tensor([THREE], dtype=torch.float64)
    theirs.load_state_dict(torch_state_dict(model, like=theirs.state_dict()))
    assert theirs(x).detach().numpy() == pytest.approx(by_us(model, (THREE,))[0][:1], abs=1e-12)
    theirs[0].reset_parameters()
    load_torch_state_dict(model, theirs.state_dict())
    assert theirs(x).detach().numpy() == pytest.approx(by_us(model, (THREE,))[0][:1], abs=1e-12)
    convolution = torch.nn.Conv2d(2, 3, (2, 1), bias=False).to(torch.bfloat16)
    ours = nn.Conv2d(2, 3, (2, 1), bias=False)
    load_torch_state_dict(ours, convolution.state_dict())
    assert (torch_state_dict(ours)["weight"] == convolution.weight).all()


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to do."""
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs torch: pip install torch, or give tensor=numpy.array"):
        torch_state_dict(nn.Linear(2, 2))
    assert set(torch_state_dict(nn.Linear(2, 2), tensor=np.array)) == {"weight", "bias"}


def test_parameters_of_ones_own() -> None:
    """Nested lists of Values are one array, in their order."""

    class Own(Module):
        def __init__(self) -> None:
            self.table = values(2, 12)

    model = Own()
    state = lists(model)
    assert state["table"] == [[value.data for value in row] for row in model.table]
    load_torch_state_dict(model, {"table": np.arange(24.0).reshape(2, 12)})
    assert model.table[1][10].data == 22.0
