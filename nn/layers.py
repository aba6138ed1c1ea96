"""Neuron, Layer, MLP: the multilayer perceptron, one scalar at a time."""

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import index
from typing import Any

from autograd import Value, dot
from autograd.table import TABLE
from nn.module import Module

Activation = str | Callable[[Any], Any] | None
"""A row of the table by its name ("tanh"), any function of one Value, or None (or "linear") for none."""


def _activation(activation: Activation) -> Callable[[Any], Any] | None:
    if activation is None or activation == "linear":
        return None
    if callable(activation):
        return activation
    row = TABLE.get(activation) if isinstance(activation, str) else None
    if row is None or not row.takes(1):
        names = ", ".join(repr(name) for name, row in TABLE.items() if row.takes(1))
        raise ValueError(
            f"no activation is named {activation!r}: give a function of one Value, None, 'linear', or one of {names}"
        )
    return row


def _generator(rng: Any) -> Any:
    if hasattr(rng, "uniform"):
        return rng  # a random.Random, or NumPy's Generator
    if rng is None or hasattr(rng, "__index__"):
        return random.Random(None if rng is None else index(rng))  # noqa: S311 - weights are no secret
    raise TypeError(f"rng must be a random.Random, a NumPy Generator or a seed, not {rng!r}: rng=random.Random(0), say")


def _count(name: str, number: Any) -> int:
    try:
        count = index(number)
    except TypeError:
        count = 0
    if count < 1 or isinstance(number, bool):
        raise ValueError(f"{name} must be a whole number of at least 1, not {number!r}")
    return count


def _inputs(module: Module, nin: int, xs: Any) -> Sequence[Any]:
    """The inputs as a list; TypeError if they are no sequence, ValueError if their number is wrong."""
    if hasattr(xs, "tolist"):
        xs = xs.tolist()  # a NumPy array's numbers as Python floats
    if not isinstance(xs, Iterable) or isinstance(xs, str | set | frozenset | Mapping):
        raise TypeError(f"{type(module).__name__} takes a sequence of {nin} inputs, not {xs!r}: put it in a list")
    inputs: Sequence[Any] = xs if isinstance(xs, list | tuple) else list(xs)
    if len(inputs) != nin:
        raise ValueError(f"{type(module).__name__} takes {nin} inputs, was given {len(inputs)}")
    if inputs and isinstance(inputs[0], list | tuple):
        raise TypeError(f"{type(module).__name__} takes the {nin} inputs of one sample: [model(x) for x in xs] for several")
    return inputs


class Neuron(Module):
    """activation(w . x + b): one `dot` of weights and inputs, plus a bias.

    Initial weights are uniform in +-sqrt(3 / nin), so that their variance is 1 / nin and the sum keeps that of the inputs
    (LeCun et al., Efficient BackProp, 1998); the bias is 0. `rng` is a `random.Random`, a NumPy Generator or a seed.
    Raises ValueError for an nin below 1, an unknown activation, or a call with another number of inputs than nin.

    >>> neuron = Neuron(2, activation="tanh", rng=0)
    >>> len(neuron.parameters())
    3
    """

    def __init__(self, nin: int, *, activation: Activation = None, rng: Any = None) -> None:
        nin = _count("nin", nin)
        bound = math.sqrt(3.0 / nin)
        uniform = _generator(rng).uniform
        self.weights = [Value(uniform(-bound, bound)) for _ in range(nin)]
        self.bias = Value(0.0)
        self.activation = _activation(activation)
        self.label_parameters()

    def forward(self, xs: Any) -> Any:
        """The neuron's one output, a Value."""
        return self._respond(_inputs(self, len(self.weights), xs))

    def _respond(self, inputs: Sequence[Any]) -> Any:
        out = dot(self.weights, inputs) + self.bias
        return out if self.activation is None else self.activation(out)

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)}, activation={_name(self.activation)})"


class Layer(Module):
    """A list of neurons on the same inputs; its output is always a list, also for one neuron.

    >>> layer = Layer(2, 3, rng=0)
    >>> len(layer([1.0, 2.0]))
    3
    """

    def __init__(self, nin: int, nout: int, *, activation: Activation = None, rng: Any = None) -> None:
        generator = _generator(rng)
        self.neurons = [Neuron(nin, activation=activation, rng=generator) for _ in range(_count("nout", nout))]
        self.label_parameters()

    def forward(self, xs: Any) -> list[Any]:
        """The outputs of the neurons, a list."""
        inputs = _inputs(self, len(self.neurons[0].weights), xs)
        return [neuron._respond(inputs) for neuron in self.neurons]

    def __repr__(self) -> str:
        first = self.neurons[0]
        return f"Layer({len(first.weights)}, {len(self.neurons)}, activation={_name(first.activation)})"


class MLP(Module):
    """A multilayer perceptron: `MLP(2, [16, 16, 1], activation="tanh")` has two hidden layers and one output.

    `activation` is that of the hidden layers; the last one is linear unless `output_activation` says otherwise. With one
    output the result is that Value, with several a list. Weights: see `Neuron`; parameters are labelled with their paths.

    >>> model = MLP(2, [16, 16, 1], rng=0)
    >>> model
    MLP(2, [16, 16, 1], activation='tanh')
    >>> len(model.parameters()), model.parameters()[1].label
    (337, 'layers.0.neurons.0.weights.1')
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: Activation = "tanh",
        output_activation: Activation = None,
        rng: Any = None,
    ) -> None:
        sizes = [nin, *nouts] if isinstance(nouts, Iterable) else [nin]
        if len(sizes) == 1:
            raise ValueError(f"nouts must list the size of every layer, the last one's the outputs: [16, 16, 1], not {nouts!r}")
        generator = _generator(rng)
        activations = [*[activation] * (len(sizes) - 2), output_activation]
        self.layers = [Layer(sizes[i], sizes[i + 1], activation=chosen, rng=generator) for i, chosen in enumerate(activations)]
        self._described = f"activation={_name(_activation(activation))}"
        if _activation(output_activation) is not None:
            self._described += f", output_activation={_name(_activation(output_activation))}"
        self.label_parameters()

    def forward(self, xs: Any) -> Any:
        """The one output as a Value, or several as a list."""
        xs = _inputs(self, len(self.layers[0].neurons[0].weights), xs)
        for layer in self.layers:
            xs = layer(xs)
        return xs[0] if len(xs) == 1 else xs

    def __repr__(self) -> str:
        nin = len(self.layers[0].neurons[0].weights)
        return f"MLP({nin}, {[len(layer.neurons) for layer in self.layers]}, {self._described})"


def _name(activation: Any) -> str:
    return "None" if activation is None else repr(getattr(activation, "__name__", str(activation)))
