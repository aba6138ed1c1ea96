"""Models of every kind that is exported, with examples of their inputs: all layers, and modules with a forward of their own."""

import math
from collections.abc import Callable
from functools import reduce
from random import Random
from typing import Any

import numpy as np

import autograd as ag
import nn
from autograd import Value
from nn import Module
from tests.nn.test_all_modules import MODELS

NUMBER_BY_NUMBER = {
    *[nn.PositionalEncoding, nn.SwiGLU, nn.RNNCell, nn.LSTMCell, nn.GRUCell, nn.RNN, nn.LSTM, nn.GRU, nn.MultiheadAttention],
    *[nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.TransformerEncoder, nn.ModuleList, nn.ModuleDict],
}
"""Layers without a rule: what they compute is exported, and their parameters have PyTorch's names."""

THREE, FOUR = [0.5, -1.25, 2.0], [0.5, -1.25, 2.0, 0.1]
IMAGE = (np.arange(32.0).reshape(2, 4, 4) % 7.0 - 3.0).tolist()


def values(*shape: int, seed: int = 0) -> Any:
    """Parameters in nested lists."""
    rng = Random(seed)

    def made(shape: tuple[int, ...]) -> Any:
        return [made(shape[1:]) for _ in range(shape[0])] if shape else Value(rng.uniform(-1.0, 1.0))

    return made(shape)


class Residual(Module):
    """Layers, and around them what is the same for each number."""

    def __init__(self) -> None:
        self.first, self.second = nn.Linear(4, 4, activation="tanh", rng=0), nn.Linear(4, 4, rng=1)
        self.scale, self.gain = values(4), Value(1.5)

    def forward(self, x: Any) -> Any:
        h = self.second(self.first(x))
        return [ag.relu(a * s + b) * self.gain for a, b, s in zip(h, x, self.scale, strict=True)]


class ByHand(Module):
    """A layer as micrograd's: sums of products, without any module inside."""

    def __init__(self) -> None:
        self.w, self.b = values(5, 3), values(5, seed=1)

    def forward(self, x: Any) -> Any:
        return [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b).tanh() for w, b in zip(self.w, self.b, strict=True)]


class Dots(Module):
    """`dot` of parameters and inputs, in three ways, as three results."""

    def __init__(self) -> None:
        self.w = values(5, 3)

    def forward(self, x: Any) -> Any:
        return [ag.dot(w, x) for w in self.w], ag.dot(x, x), ag.dot(self.w[1], x)


class BlackScholes(Module):
    """A formula of two single numbers."""

    def __init__(self) -> None:
        self.rate, self.volatility = Value(0.05), Value(0.2)

    def forward(self, spot: Any, time: Any) -> Any:
        deviation = self.volatility * ag.sqrt(time)
        d = (ag.log(spot / 100.0) + (self.rate + self.volatility**2 / 2) * time) / deviation
        strike = 100 * ag.exp(-self.rate * time)
        return (spot * ag.erfc(-d / math.sqrt(2)) - strike * ag.erfc((deviation - d) / math.sqrt(2))) / 2


class Functions(Module):
    """Functions of many numbers."""

    def forward(self, x: Any) -> Any:
        sums = ag.logsumexp(x), ag.logsumexp(x[0], 1.0), ag.sum_(x), x[0] + x[1] + x[2] + x[3]
        return ag.softmax(x), ag.log_softmax(x), reduce(ag.maximum, x), reduce(ag.minimum, x), *sums


class Choices(Module):
    """Comparisons, as conditions, as numbers and as results."""

    def forward(self, x: Any) -> Any:
        chosen = [ag.where((a > 0.2) & (a < 1.0), a * 2.0, -a) + (a > 0) * 3.0 for a in x]
        return chosen, [a >= 0.1 for a in x], ag.sum_([a > 0.2 for a in x]), [ag.logical_not(a == 2.0) for a in x]


class Tied(Module):
    """One layer twice."""

    def __init__(self) -> None:
        self.layer = nn.Linear(3, 3, rng=0)

    def forward(self, x: Any) -> Any:
        return self.layer(self.layer(x))


class Recurrent(Module):
    """A layer again and again, of an input and what it gave before."""

    def __init__(self) -> None:
        self.cell = nn.Linear(3, 2, activation="tanh", rng=0)

    def forward(self, x: Any) -> Any:
        h = [0.0, 0.0]
        for number in x:
            h = self.cell([number, *h])
        return h


class Block(Module):
    """A module in modules."""

    def __init__(self, seed: int) -> None:
        self.linear, self.act, self.scale = nn.Linear(4, 4, rng=seed), nn.LeakyReLU(0.2), Value(0.7)

    def forward(self, x: Any) -> Any:
        return [a * self.scale for a in self.act(self.linear(x))]


class Nested(Module):
    """Modules in lists and dicts, names that are no words of Python, and floats among parameters."""

    def __init__(self) -> None:
        self.blocks = [Block(i) for i in range(3)]
        self.heads = {"a": nn.Linear(4, 2, rng=7), "b": nn.Neuron(4, rng=8)}
        self.odd = {1: nn.Linear(2, 2, rng=9), "x y": Value(3.0)}
        self.mixed = [Value(1.0), 2.0, Value(3.0)]
        self.unused = nn.Sequential(nn.Linear(2, 2, rng=1))

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        b = self.heads["b"](x)
        mixed: Any = self.mixed
        first = self.odd[1](self.heads["a"](x))
        return first, [b * mixed[0] + self.odd["x y"], b * mixed[2] * mixed[1]]


class Encoding(Module):
    """A single number in, numbers of several kinds in turn out."""

    def forward(self, t: Any) -> Any:
        return [f(t * 2.0**k) for k in range(1, 4) for f in (ag.sin, ag.cos)]


class Channels(Module):
    """Images, and their channels."""

    def __init__(self) -> None:
        self.conv = nn.Conv2d(2, 2, 3, padding=1, rng=0)

    def forward(self, x: Any) -> Any:
        y = self.conv(x)
        return [[a * a + b * c for a, b, c in zip(*rows, strict=True)] for rows in zip(y[0], y[1], x[0], strict=True)]


class Uneven(Module):
    """A layer whose neurons differ, which is no single array."""

    def __init__(self) -> None:
        self.layer = nn.Linear(3, 3, rng=0)
        self.layer.neurons[1].activation = ag.tanh
        self.layer.neurons[2].bias = None

    def forward(self, x: Any) -> Any:
        return self.layer(x)


class Unasked(Module):
    """Its result does not depend on its input."""

    def __init__(self) -> None:
        self.v = values(2)

    def forward(self, _: Any) -> Any:
        return [ag.exp(v) for v in self.v]


class Sine(nn.Tanh):
    """An activation that PyTorch has no module for: not its Tanh, although of that class."""

    function = staticmethod(ag.sin)


class Rearranged(Module):
    """Inputs in another order, some twice, and constants; names that mean something in the source."""

    def forward(self, dtype: Any, constant: Any) -> Any:
        return [dtype[2], dtype[0], dtype[0], 1.0, constant[1]], [-0.5, 0.25]


class Learnt(Module):
    """A layer with an activation that has a parameter."""

    def __init__(self) -> None:
        self.slope = Value(0.3)
        self.layer = nn.Linear(3, 3, activation=lambda x: ag.where(x > 0, x, self.slope * x), rng=0)

    def forward(self, x: Any) -> Any:
        return self.layer(x)


class Slope(Module):
    """An activation that is a module with a parameter."""

    def __init__(self) -> None:
        self.slope = Value(0.3)

    def forward(self, x: Any) -> Any:
        return ag.where(x > 0, x, self.slope * x)


class Extended(nn.Linear):
    """A layer with a parameter that its forward does not ask for."""

    def __init__(self, nin: int, nout: int) -> None:
        super().__init__(nin, nout, rng=0)
        self.extra = values(2)


OUTSIDE = nn.Linear(3, 2, rng=5)


class Outside(Module):
    """It uses a layer that is not its own."""

    def forward(self, x: Any) -> Any:
        return OUTSIDE(x)


class Stopped(Module):
    """A gradient that does not flow."""

    def forward(self, x: Any) -> Any:
        return [ag.stop_gradient(a) * a - 2.0**a for a in x]


CASES: dict[str, tuple[Callable[[], Any], tuple[Any, ...]]] = {
    **{name: (make, (np.asarray(x).tolist(),)) for name, (make, x) in MODELS.items()},
    "MLP with one output": (lambda: nn.MLP(3, [4, 1], output_activation="sigmoid", rng=0), (THREE,)),
    "a layer with options": (
        lambda: nn.Sequential(nn.ELU(0.5), nn.GELU("tanh"), nn.LeakyReLU(0.3), nn.Softmax(dim=0)),
        (FOUR,),
    ),
    "activations by name": (
        lambda: nn.Sequential(
            *[nn.Linear(3, 3, activation=name, rng=0) for name in ("elu", "silu", "gelu_tanh", "softplus", "leaky_relu")]
        ),
        (THREE,),
    ),
    "Dropout in training": (lambda: nn.Sequential(nn.Linear(3, 2, rng=0), nn.Dropout(0.0)), (THREE,)),
    "functions among layers": (lambda: nn.Sequential(nn.Linear(3, 3, rng=0), Sine(), nn.Linear(3, 2, rng=1), sum), (THREE,)),
    "convolution without bias": (lambda: nn.Conv2d(2, 3, (1, 2), stride=(2, 1), padding=(0, 2), bias=False, rng=0), (IMAGE,)),
    "an activation with a parameter": (
        lambda: nn.Sequential(nn.Linear(3, 3, activation=Slope(), rng=0), nn.Neuron(3, activation=nn.Tanh(), rng=1)),
        (THREE,),
    ),
    "a layer with a parameter more": (lambda: nn.Sequential(Extended(3, 2)), (THREE,)),
    "rows of features": (lambda: nn.Sequential(nn.Softmax(), nn.Tanh()), ([THREE, THREE[::-1]],)),
    **{
        kind.__name__: (kind, tuple(examples))
        for kind, *examples in [
            (Residual, FOUR),
            (ByHand, THREE),
            (Dots, THREE),
            (BlackScholes, 105.0, 0.7),
            (Functions, FOUR),
            (Choices, FOUR),
            (Tied, THREE),
            (Recurrent, THREE),
            (Nested, FOUR),
            (Encoding, 0.3),
            (Channels, IMAGE),
            (Uneven, THREE),
            (Unasked, THREE),
            (Sine, THREE),
            (Rearranged, THREE, THREE),
            (Learnt, THREE),
            (Outside, THREE),
            (Stopped, THREE),
        ]
    },
}
"""How each is made, and an example of each input."""
