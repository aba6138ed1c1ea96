"""ModuleList and ModuleDict."""

import copy
import pickle

import pytest

from autograd import Value
from nn import Linear, Module, ModuleDict, ModuleList, ReLU


class Net(Module):
    """Both, in one model."""

    def __init__(self) -> None:
        self.steps = ModuleList([Linear(2, 2, rng=0), ReLU()])
        self.parts = ModuleDict({"out": Linear(2, 1, rng=1)})

    def forward(self, xs: list[float]) -> Value:
        """One after another."""
        for step in self.steps:
            xs = step(xs)
        return self.parts["out"](xs)[0]


def test_names_are_pytorchs() -> None:
    """Without the name of a list or dict in between."""
    net = Net()
    assert [name for name, _ in net.named_children()] == ["steps", "parts"]
    assert "steps.0.neurons.1.bias" in dict(net.named_parameters())
    assert "parts.out.neurons.0.bias" in dict(net.named_parameters())
    for again in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert again([1.0, -1.0]).item() == net([1.0, -1.0]).item()


def test_a_list() -> None:
    """It is a sequence."""
    first, second, third = (Linear(1, 1, rng=i) for i in range(3))
    layers = ModuleList([first])
    layers.append(third)
    layers.insert(1, second)
    assert [*layers] == [first, second, third]
    assert layers[-1] is third
    assert [*layers[1:]] == [second, third]
    layers[0] = third
    del layers[2]
    assert [*layers] == [third, second]
    assert layers.pop() is second
    assert len(layers.extend([first, second])) == 3
    assert list(dict(ModuleList([first, second]).named_parameters())) == [
        "0.neurons.0.weights.0", "0.neurons.0.bias", "1.neurons.0.weights.0", "1.neurons.0.bias",
    ]  # fmt: skip


def test_a_dict() -> None:
    """It is a mapping, in the order of its names."""
    first, second = Linear(1, 1, rng=0), ReLU()
    parts = ModuleDict([("a", first)])
    parts["b"] = second
    assert list(parts) == list(parts.keys()) == ["a", "b"]
    assert list(parts.values()) == [first, second]
    assert dict(parts.items()) == {"a": first, "b": second}
    assert "a" in parts
    assert "training" not in parts
    assert parts.pop("a") is first
    parts.update({"c": first})
    del parts["b"]
    assert list(parts) == ["c"]
    parts.clear()
    assert len(parts) == 0
    with pytest.raises(KeyError):
        parts["a"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ModuleList([max]), TypeError, "module 0 of a ModuleList must be a module, not <built-in function max>"),
        (lambda: ModuleDict({"a": 1}), TypeError, "the module 'a' must be a module, not 1"),
        (lambda: ModuleDict({"keys": ReLU()}), ValueError, "'keys' is an attribute of a ModuleDict"),
        (lambda: ModuleDict({1: ReLU()}), TypeError, "a module's name must be text, not 1"),
        (lambda: ModuleList([])(1.0), NotImplementedError, "ModuleList has no forward"),
    ],
)
def test_bad_modules(make: object, error: type[Exception], message: str) -> None:
    """What failed, and the fix."""
    with pytest.raises(error, match=message):
        make()  # type: ignore[operator]
