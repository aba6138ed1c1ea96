"""Neuron, Layer, MLP, Sequential: the multilayer perceptron, one scalar at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, overload

from autograd import Value, dot
from autograd.collector import collector_at_rest
from autograd.products import side_by_side
from autograd.table import TABLE
from autograd.traced import rolls
from nn.checks import count, one_of
from nn.initialization import Init, generator_of, scheme_of
from nn.inputs import described, features, shape_of
from nn.mapping import ROLLED, affine
from nn.module import Module
from nn.parameter import Parameter

if TYPE_CHECKING:
    from nn.typed import Outputs

ActivationChoice = str | Callable[[Any], Any] | None
"""A primitive by its name ("tanh"), any function of one Value, or None (or "linear") for none."""


def _activation(choice: ActivationChoice) -> Callable[[Any], Any] | None:
    if choice is None or choice == "linear":
        return None
    if isinstance(choice, type):
        name = choice.__name__
        raise TypeError(f"activation must be a function, not the class {name}: {name}(), for example")
    if callable(choice):
        return choice
    primitive = TABLE.get(choice) if isinstance(choice, str) else None
    if primitive is None or not primitive.takes(1):
        names = ", ".join(repr(name) for name, primitive in TABLE.items() if primitive.takes(1))
        raise ValueError(f"no activation is named {choice!r}: give a function of one Value, None, 'linear', or one of {names}")
    return primitive


class Neuron(Module):
    """activation(w . x + b): one `dot` of weights and inputs, plus a bias, 0 at first, unless `bias` is False.

    Raises ValueError for an nin below 1, an unknown activation or scheme, or a call with a number of inputs other than nin.

    Args:
        activation: A primitive by its name ("tanh"), any function of one Value, or None for a linear neuron.
        init: Draws the initial weights: a scheme of `nn.initialization` by its name, or a function (rng, nin, nout) -> number.
        rng: A seed, for the same weights again, or a `random.Random` or NumPy Generator. Without it they are others each time,
            also after `random.seed()`.

    >>> neuron = Neuron(2, activation="tanh", rng=0)
    >>> len(neuron.parameters())
    3
    """

    summarised_alone: ClassVar = False

    def __init__(
        self, nin: int, *, bias: bool = True, activation: ActivationChoice = None, init: Init = "lecun_uniform", rng: Any = None
    ) -> None:
        nin, scheme, generator = count("nin", nin), scheme_of(init), generator_of(rng)
        self.activation = _activation(activation)
        self.weights: list[Value] = [Parameter(scheme(generator, nin, 1)) for _ in range(nin)]
        self.bias: Value | None = Parameter(0.0) if bias else None
        self.label_parameters()

    def forward(self, xs: Any) -> Value:
        """The neuron's one output, a Value."""
        output: Value = self._respond(features(self, len(self.weights), xs))
        return output

    def _respond(self, inputs: Sequence[Any]) -> Any:
        out: Any = dot(self.weights, inputs)
        if self.bias is not None:
            out = out + self.bias
        return out if self.activation is None else self.activation(out)

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)}, {_options(self)})"


class Layer(Module):
    """`nout` neurons on the same inputs; its output is always a list, also for one neuron. PyTorch's name is `Linear`.

    Options and errors are those of `Neuron`; the scheme for initial weights learns the number of outputs too. The sizes may be
    named as PyTorch does, `Linear(in_features=2, out_features=3)`. `weight` and `bias` are the neurons' parameters together; to
    tie weights, set one layer's to another's: they are then the same Parameters.

    >>> layer = Layer(2, 3, rng=0)
    >>> len(layer([1.0, 2.0]))
    3
    >>> layer.weight = Layer(2, 3, rng=1).weight
    """

    def __init__(
        self,
        nin: int | None = None,
        nout: int | None = None,
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        *,
        in_features: int | None = None,
        out_features: int | None = None,
        activation: ActivationChoice = None,
        init: Init = "lecun_uniform",
        rng: Any = None,
    ) -> None:
        nin, nout = one_of("nin", nin, "in_features", in_features), one_of("nout", nout, "out_features", out_features)
        nout, scheme, generator = count("nout", nout), scheme_of(init), generator_of(rng)
        with collector_at_rest():
            self.neurons = [
                Neuron(nin, bias=bias, activation=activation, init=lambda rng, nin, _: scheme(rng, nin, nout), rng=generator)
                for _ in range(nout)
            ]

    @property
    def in_features(self) -> int:
        """How many numbers it takes."""
        return len(self.neurons[0].weights)

    @property
    def out_features(self) -> int:
        """How many numbers it gives."""
        return len(self.neurons)

    @property
    def weight(self) -> list[list[Value]]:
        """The weights, a list for each output."""
        return [neuron.weights for neuron in self.neurons]

    @weight.setter
    def weight(self, rows: Sequence[list[Value]]) -> None:
        shape = shape_of(rows, "weight")
        if shape != (self.out_features, self.in_features):
            raise ValueError(f"{self!r} has weights of shape ({self.out_features}, {self.in_features}), not {described(shape)}")
        for neuron, row in zip(self.neurons, rows, strict=True):
            neuron.weights = row

    @property
    def bias(self) -> list[Value] | None:
        """The biases, one for each output, or None."""
        biases = [neuron.bias for neuron in self.neurons if neuron.bias is not None]
        return biases or None

    @bias.setter
    def bias(self, numbers: Sequence[Value] | None) -> None:
        if numbers is not None and len(numbers) != self.out_features:
            raise ValueError(f"{self!r} has {self.out_features} biases, not {len(numbers)}")
        for i, neuron in enumerate(self.neurons):
            neuron.bias = None if numbers is None else numbers[i]

    def forward(self, xs: Any) -> list[Value]:
        """The outputs of the neurons, a list."""
        inputs = features(self, len(self.neurons[0].weights), xs)
        count = len(inputs) * len(self.neurons)
        if ((rolls() and count >= ROLLED) or side_by_side(count)) and self._alike():
            first = self.neurons[0]
            sums = affine([neuron.weights for neuron in self.neurons], self.bias, inputs)
            return sums if first.activation is None else [first.activation(x) for x in sums]
        return [neuron._respond(inputs) for neuron in self.neurons]

    def _alike(self) -> bool:
        """Whether all neurons compute alike."""
        first = self.neurons[0]
        return all(
            type(n) is Neuron and n.activation is first.activation and (n.bias is None) == (first.bias is None)
            for n in self.neurons
        )

    def __repr__(self) -> str:
        first = self.neurons[0]
        return f"Layer({len(first.weights)}, {len(self.neurons)}, {_options(first)})"


Linear = Layer


class MLP(Module):
    """A multilayer perceptron: `MLP(2, [16, 16, 1], activation="tanh")` has two hidden layers and one output.

    `nouts` are the numbers of neurons, layer by layer; the last layer's are the outputs. With one output the result is that
    Value, with several a list. `activation` is that of the hidden layers, `output_activation` that of the last; `Neuron`
    explains them and the other options; for the same weights again give `rng=0`, since `random.seed()` has no influence.
    Parameters are labelled with their paths.

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
        bias: bool = True,
        activation: ActivationChoice = "tanh",
        output_activation: ActivationChoice = None,
        init: Init = "lecun_uniform",
        rng: Any = None,
    ) -> None:
        sizes = [nin, *nouts] if isinstance(nouts, Iterable) else [nin]
        if len(sizes) == 1:
            raise ValueError(f"nouts must list the size of every layer, the outputs last: [16, 16, 1], not {nouts!r}")
        generator = generator_of(rng)
        activations = [*[activation] * (len(sizes) - 2), output_activation]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], bias=bias, activation=chosen, init=init, rng=generator)
            for i, chosen in enumerate(activations)
        ]
        self._described = ("" if bias else "bias=False, ") + f"activation={_name(_activation(activation))}"
        if _activation(output_activation) is not None:
            self._described += f", output_activation={_name(_activation(output_activation))}"

    def forward(self, xs: Any) -> "Outputs":
        """The one output as a Value, or several as a list."""
        xs = features(self, len(self.layers[0].neurons[0].weights), xs)
        for layer in self.layers:
            xs = layer(xs)
        outputs: Outputs = xs[0] if len(xs) == 1 else xs
        return outputs

    def __repr__(self) -> str:
        nin = len(self.layers[0].neurons[0].weights)
        return f"MLP({nin}, {[len(layer.neurons) for layer in self.layers]}, {self._described})"


class Sequential(Module):
    """Modules, or any functions of one argument, one after another: each takes what the one before it gave.

    It is a sequence of its layers: `model[0]`, `model[:2]` (a Sequential of the same layers), `len(model)`, iteration. Raises
    TypeError for a layer that is neither a module nor a function.

    >>> from nn import ReLU
    >>> model = Sequential(Linear(2, 3, rng=0), ReLU(), Linear(3, 2, rng=1), sum)
    >>> model
    Sequential(
      (layers.0): Layer(2, 3, activation=None)
      (layers.1): ReLU()
      (layers.2): Layer(3, 2, activation=None)
      (layers.3): sum
    )
    >>> len(model), model[1](-1.0), model.parameters()[1].label
    (4, 0.0, 'layers.0.neurons.0.weights.1')
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        for i, layer in enumerate(layers):
            if isinstance(layer, list | tuple):
                raise TypeError(f"Sequential takes layers one by one, not a {type(layer).__name__}: Sequential(*layers)")
            if isinstance(layer, type) and issubclass(layer, Module):
                raise TypeError(f"layer {i} is the class {layer.__name__}, not a module: {layer.__name__}(...)")
            if not callable(layer):
                raise TypeError(f"layer {i} is {layer!r}, neither a module nor a function such as nn.Tanh() or autograd.tanh")
        self.layers = list(layers)
        self.label_parameters()

    def forward(self, xs: Any) -> "Outputs":
        """What the last layer gives."""
        for layer in self.layers:
            xs = layer(xs)
        outputs: Outputs = xs
        return outputs

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Callable[[Any], Any]]:
        return iter(self.layers)

    @overload
    def __getitem__(self, place: int) -> Callable[[Any], Any]: ...
    @overload
    def __getitem__(self, place: slice) -> "Sequential": ...
    def __getitem__(self, place: int | slice) -> "Callable[[Any], Any] | Sequential":
        if not isinstance(place, slice):
            return self.layers[place]
        chosen = Sequential()
        chosen.layers = self.layers[place]  # set, not passed: labels that are paths in this model stay
        return chosen

    def _inside(self) -> list[tuple[str, Any]]:
        return [(f"layers.{i}", layer) for i, layer in enumerate(self.layers)]


def _options(neuron: Neuron) -> str:
    return ("" if neuron.bias is not None else "bias=False, ") + f"activation={_name(neuron.activation)}"


def _name(activation: Any) -> str:
    return "None" if activation is None else repr(getattr(activation, "__name__", str(activation)))
