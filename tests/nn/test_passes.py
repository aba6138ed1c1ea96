"""What a forward pass did: its calls, with what they took and gave; inputs that fit, found or given."""

import random
from typing import Any

import pytest

import autograd as ag
import nn
from autograd import Value
from nn.passes import forward_pass, nodes_in, units


class Block(nn.Module):
    """Two layers and a way past them."""

    def __init__(self) -> None:
        self.a = nn.Linear(2, 2, activation="relu", rng=0)
        self.b = nn.Linear(2, 2, rng=1)

    def forward(self, x: list[Any]) -> list[Any]:
        """x + b(a(x))."""
        return [u + v for u, v in zip(x, self.b(self.a(x)), strict=True)]


class Net(nn.Module):
    """Attributes in another order than that of the calls, one that is not called, one that is called twice."""

    def __init__(self) -> None:
        self.last = nn.Linear(2, 1, rng=2)
        self.idle = nn.Linear(7, 7, rng=3)
        self.blocks = nn.ModuleList([Block()])
        self.first = nn.Linear(3, 2, rng=4)
        self.s = Value(0.5)

    def forward(self, x: Any) -> Any:
        """last twice of the block of first."""
        h = self.blocks[0](self.first(x))
        return self.last([v * self.s for v in h])[0] + self.last(h)[0]


def test_calls_are_those_of_the_pass() -> None:
    """In their order, with the paths of the modules, as often as they were called; what is not called is not there."""
    model = Net()
    done = forward_pass(model, ([1.0, 2.0, 3.0],))
    assert [call.path for call in done.calls] == ["first", "blocks.0.a", "blocks.0.b", "last", "last"]
    assert all(call.module is dict(model.named_modules())[call.path] for call in done.calls)
    assert [x for x, _ in done.calls[0].inputs] == done.inputs
    assert [producer for _, producer in done.calls[1].inputs] == [(0, 0), (0, 1)]
    assert [node.data for node in done.results] == [model([1.0, 2.0, 3.0]).data]


@pytest.mark.parametrize(
    "model", [Net(), Block(), nn.Sequential(Block(), nn.Linear(2, 1, rng=0))], ids=lambda m: type(m).__name__
)
def test_inputs_are_found(model: nn.Module) -> None:
    """By the layers inside: the first that fits, though another comes first."""
    assert forward_pass(model, ()).calls


class Alone(nn.Module):
    """Numbers of its own alone."""

    def __init__(self, count: int) -> None:
        self.w = [Value(float(i)) for i in range(count)]

    def forward(self, x: Any) -> Any:
        """A product, or a sum of products."""
        return x * self.w[0] if len(self.w) == 1 else ag.dot(self.w, [*x])


@pytest.mark.parametrize("count", [1, 3])
def test_inputs_of_modules_without_layers(count: int) -> None:
    """One number, or as many as there are parameters in a list."""
    assert len(forward_pass(Alone(count), ()).inputs) == count


class Picky(nn.Module):
    """Takes what nothing inside tells."""

    def forward(self, x: Any) -> Any:
        """The fifth."""
        return x[4] * 2.0


class Two(nn.Module):
    """Takes two things."""

    def forward(self, x: Any, y: Any) -> Any:
        """Their product."""
        return x * y


@pytest.mark.parametrize("model", [Picky(), Two()], ids=["picky", "two"])
def test_inputs_that_cannot_be_known(model: nn.Module) -> None:
    """The error says what was tried and what to write; with a sample it works."""
    with pytest.raises(ValueError, match=r"does not tell what its forward takes.*give it one sample, as in model\.draw\(x\)"):
        forward_pass(model, ())
    given = ([0.0] * 5,) if isinstance(model, Picky) else (1.0, 2.0)
    assert len(forward_pass(model, given).results) == 1


class Noisy(nn.Module):
    """Counts its calls, and draws."""

    def __init__(self) -> None:
        self.layer = nn.Linear(2, 2, rng=0)
        self.dropout = nn.Dropout(0.5, rng=random.Random(0))
        self.seen = 0

    def forward(self, x: Any) -> Any:
        """Dropout of the layer."""
        self.seen += 1
        return self.dropout(self.layer(x))


def test_the_model_stays_as_it_is() -> None:
    """No draw, no counted call, no mode, no gradient."""
    model, other = Noisy(), Noisy()
    forward_pass(model, ())
    assert model.seen == 0
    assert model.training
    assert model.dropout.training
    assert [v.data for v in model([1.0, 2.0])] == [v.data for v in other([1.0, 2.0])]
    assert not any(p.has_grad for p in model.parameters())


def test_errors_of_forward_come_through() -> None:
    """If a sample is given, the user's own error is the message."""
    with pytest.raises(ValueError, match="takes 3 inputs, was given 2"):
        forward_pass(Net(), ([1.0, 2.0],))


def test_units_and_nodes() -> None:
    """Modules of the user's own are opened, layers of ours are not; Values in anything nested."""
    model = Net()
    assert list(units(model, deep=True)) == ["last", "idle", "blocks.0.a", "blocks.0.b", "first"]
    assert list(units(model, deep=False)) == ["last", "idle", "blocks.0", "first"]
    a, b = Value(1.0), Value(2.0)
    assert [x is y for x, y in zip(nodes_in({"x": [a, (b, 3.0)], "y": "text"}), [a, b], strict=True)] == [True, True]
