"""micrograd's networks by micrograd's names: `from nn.micrograd import Neuron, Layer, MLP` in the place of its own import.

Weights are drawn by `random.uniform(-1, 1)` from Python's global generator, in micrograd's order, and biases are 0, so that
`random.seed(1337)` gives the networks of its notebook. Hidden layers have ReLU, the last one is linear. Each is a `Module`
too: `fit`, `save` and `draw` work. (A. Karpathy, micrograd, 2020.)

>>> import random
>>> random.seed(1337)
>>> model = MLP(2, [16, 16, 1])
>>> len(model.parameters()), model.parameters()[0].data
(337, 0.23550571390294128)
"""

import random
from collections.abc import Sequence
from typing import Any

from autograd import Value, dot
from nn.inputs import features
from nn.module import Module as _Module


class Module(_Module):
    """A part of a network: `parameters()` and `zero_grad()` are micrograd's."""


class Neuron(Module):
    """w . x + b, through ReLU if `nonlin`.

    >>> random.seed(1337)
    >>> Neuron(2), Neuron(2, nonlin=False)
    (ReLUNeuron(2), LinearNeuron(2))
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:  # noqa: FBT001, FBT002 - micrograd's
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]  # noqa: S311 - weights are no secret
        self.b = Value(0)
        self.nonlin = nonlin

    def forward(self, x: Any) -> Value:
        """The neuron's one number for the inputs of a sample."""
        act = dot(self.w, features(self, len(self.w), x)) + self.b
        return act.relu() if self.nonlin else act

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side; the result of a single one is its number, else a list.

    >>> Layer(2, 2, nonlin=False)
    Layer of [LinearNeuron(2), LinearNeuron(2)]
    """

    def __init__(self, nin: int, nout: int, **options: Any) -> None:
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def forward(self, x: Any) -> Any:
        """The neurons' numbers for the inputs of a sample."""
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers one after another, all with ReLU but the last.

    >>> MLP(1, [2, 1])
    MLP of [Layer of [ReLUNeuron(1), ReLUNeuron(1)], Layer of [LinearNeuron(2)]]
    """

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        sizes = [nin, *nouts]
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != len(nouts) - 1) for i in range(len(nouts))]

    def forward(self, x: Any) -> Any:
        """The last layer's result for the inputs of a sample."""
        for layer in self.layers:
            x = layer(x if isinstance(x, list | tuple) or not isinstance(x, Value) else [x])
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
