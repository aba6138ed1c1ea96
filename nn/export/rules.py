"""The one table of layers: what each is in PyTorch, what it does to an array, and which arrays it holds under which names.

PyTorch's source, the ONNX graph, state dicts and .safetensors files all read it. A layer that is not here, or that was changed
so that it fits no longer, is exported number by number, as its `forward` computes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograd import Value
from nn.inputs import shape_of
from nn.layers.activations import (
    ELU,
    GELU,
    GLU,
    Identity,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nn.layers.convolution import AvgPool2d, Conv2d, Flatten, MaxPool2d
from nn.layers.dropout import Dropout
from nn.layers.embedding import Embedding
from nn.layers.linear import MLP, Layer, Neuron, Sequential
from nn.layers.normalization import LayerNorm, RMSNorm
from nn.module import Module


@dataclass(frozen=True)
class Array:
    """The parameters that are one array in PyTorch, in its order."""

    shape: tuple[int, ...]
    values: list[Value]


@dataclass(frozen=True)
class Rule:
    """What a layer is elsewhere.

    Args:
        kind: its class; subclasses that compute differently are not meant.
        torch: its constructor in `torch.nn`.
        operation: what it does to an array; None where what it does to every number says it.
        options: those of the operation.
        arrays: nested lists of parameters, by their names in PyTorch.
        then: what it does to the operation's numbers, in lists nested like its result.
        takes: the shape of its input, where the layer knows it.
        keeps_shape: whether its input and its output have the same shape, whichever that is.
    """

    kind: type[Module]
    torch: Callable[[Any], str]
    operation: str | None = None
    options: Callable[[Any], dict[str, Any]] = lambda _: {}
    arrays: Callable[[Any], dict[str, Any]] = lambda _: {}
    then: Callable[[Any, Any], Any] = field(default=lambda _, numbers: numbers)
    takes: Callable[[Any], tuple[int, ...]] | None = None
    keeps_shape: bool = False
    fits: Callable[[Any], bool] = lambda _: True

    def arrays_of(self, layer: Module) -> dict[str, Array] | None:
        """The layer's parameters as arrays by name; None if they do not form such."""
        found = {}
        for name, nested in self.arrays(layer).items():
            values = list(_flat(nested))
            if not all(isinstance(value, Value) and not value.operands for value in values):
                return None
            try:
                found[name] = Array(shape_of(nested, name), values)
            except ValueError:
                return None
        return found

    def is_of(self, layer: Any) -> bool:
        """Whether the layer is one of that kind, and computes as its class says."""
        return (
            isinstance(layer, self.kind)
            and type(layer).forward is self.kind.forward
            and getattr(type(layer), "function", None) is getattr(self.kind, "function", None)
            and self.fits(layer)
            and self.arrays_of(layer) is not None
        )


def _flat(nested: Any) -> Iterator[Any]:
    if isinstance(nested, list | tuple):
        for inner in nested:
            yield from _flat(inner)
    else:
        yield nested


def _neurons(layer: Any) -> list[Neuron]:
    return layer.neurons if isinstance(layer, Layer) else [layer]


def _of_neurons(layer: Any) -> dict[str, Any]:
    neurons = _neurons(layer)
    biases = {} if neurons[0].bias is None else {"bias": [neuron.bias for neuron in neurons]}
    return {"weight": [neuron.weights for neuron in neurons], **biases}


def _activated(layer: Any, numbers: Any) -> Any:
    activation = _neurons(layer)[0].activation
    numbers = numbers if activation is None else [activation(x) for x in numbers]
    return numbers if isinstance(layer, Layer) else numbers[0]


def _alike(layer: Any) -> bool:
    """Whether all neurons are of one kind."""
    first, *others = _neurons(layer)
    return all(type(neuron) is Neuron for neuron in _neurons(layer)) and all(
        (neuron.bias is None, neuron.activation) == (first.bias is None, first.activation) for neuron in others
    )


def _linear(kind: type[Module]) -> Rule:
    def constructor(layer: Any) -> str:
        neurons = _neurons(layer)
        return f"nn.Linear({len(neurons[0].weights)}, {len(neurons)}{', bias=False' if neurons[0].bias is None else ''})"

    return Rule(
        kind,
        constructor,
        "linear",
        arrays=_of_neurons,
        then=_activated,
        takes=lambda layer: (len(_neurons(layer)[0].weights),),
        fits=_alike,
    )


def _same(layer: Any) -> str:
    """The repr here, which is PyTorch's constructor."""
    return f"nn.{layer!r}"


def _softplus(layer: Any) -> str:
    """From a threshold of 40 on x itself is exact."""
    beta = f"beta={layer.beta}, " if layer.beta != 1.0 else ""
    return f"nn.Softplus({beta}threshold={min(layer.threshold, 40.0)})"


def _of_norm(layer: Any) -> dict[str, Any]:
    return {name: array for name in ("weight", "bias") if (array := getattr(layer, name)) is not None}


def _window(layer: Any) -> dict[str, Any]:
    return {"kernel_size": layer.kernel_size, "stride": layer.stride}


RULES = [
    _linear(Layer),
    _linear(Neuron),
    Rule(
        Conv2d,
        _same,
        "conv2d",
        options=lambda layer: {"stride": layer.stride, "padding": layer.padding},
        arrays=lambda layer: {"weight": layer.weights, **({} if layer.bias is None else {"bias": layer.bias})},
        fits=lambda layer: layer.padding != "same",
    ),
    Rule(MaxPool2d, _same, "max_pool2d", options=_window),
    Rule(AvgPool2d, _same, "avg_pool2d", options=_window),
    Rule(Flatten, _same, "flatten"),
    Rule(Dropout, _same, "dropout", options=lambda layer: {"p": layer.p}, keeps_shape=True),
    Rule(Softmax, lambda _: "nn.Softmax(dim=-1)", "softmax", keeps_shape=True),
    Rule(LogSoftmax, lambda _: "nn.LogSoftmax(dim=-1)", "log_softmax", keeps_shape=True),
    Rule(Softplus, _softplus, keeps_shape=True),
    Rule(Embedding, _same, "embedding", arrays=lambda layer: {"weight": layer.weight}),
    Rule(GLU, lambda _: "nn.GLU(dim=-1)"),
    *[Rule(kind, _same, arrays=_of_norm, keeps_shape=True) for kind in (LayerNorm, RMSNorm)],
    *[Rule(kind, _same, keeps_shape=True) for kind in (Identity, ReLU, Tanh, Sigmoid, LogSigmoid, SiLU, GELU, LeakyReLU, ELU)],
]


def rule_of(layer: Any) -> Rule | None:
    """The rule for a layer; None where it is exported number by number.

    >>> rule_of(Layer(2, 3)).torch(Layer(2, 3)), rule_of(max)
    ('nn.Linear(2, 3)', None)
    """
    return next((rule for rule in RULES if rule.is_of(layer)), None)


def input_shape(model: Any) -> tuple[int, ...] | None:
    """The shape of what a model takes, if its first layers tell it.

    >>> input_shape(Sequential(Tanh(), Layer(2, 3))), input_shape(Tanh())
    ((2,), None)
    """
    waiting = [model]
    while waiting:
        layer = waiting.pop()
        if isinstance(layer, MLP | Sequential) and type(layer).forward in (MLP.forward, Sequential.forward):
            waiting += reversed(layer.layers)
            continue
        rule = rule_of(layer)
        if rule is not None and rule.takes is not None:
            return rule.takes(layer)
        if rule is None or not rule.keeps_shape:
            break
    return None
