"""The trainings of `benchmarks.training`: data, network, loss, optimizer and batches, stated once for all peers.

Each is a demo's, or scikit-learn's digits. Samples stay in order, so that all peers see the same batches.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import nn

ALPHA = 1e-4  # of micrograd's notebook: the loss of moons has alpha times the squares of all parameters


class Dense(NamedTuple):
    """A layer of neurons: its inputs and outputs, its activation by its name, or "", and whether it has biases."""

    nin: int
    nout: int
    activation: str
    bias: bool = True


@dataclass(frozen=True)
class Training:
    """A whole training: `rates` has a learning rate for each epoch; `kernels` of 3 x 3 come before the layers if not 0."""

    name: str
    about: str
    build: Callable[[], nn.Module]
    layers: Sequence[Dense]
    loss: str  # "hinge", "absolute", "binary" or "classes"
    optimizer: str  # "SGD" or "Adam"
    rates: Sequence[float]
    batch: int
    inputs: Any
    targets: Any
    kernels: int = 0

    @cached_property
    def parameters(self) -> Any:
        """The first parameters, in the order of the model's."""
        return numbers(self.build())

    @property
    def epochs(self) -> int:
        """How often a peer goes through all samples."""
        return len(self.rates)

    def part(self, epochs: int, rows: int | None = None) -> "Training":
        """The same training with its first epochs and rows alone; a batch of all rows stays one."""
        batch = self.batch if self.batch < len(self.inputs) else len(self.inputs[:rows])
        return replace(self, rates=self.rates[:epochs], inputs=self.inputs[:rows], targets=self.targets[:rows], batch=batch)

    def batches(self) -> Iterator[slice]:
        """The batches of an epoch."""
        for start in range(0, len(self.inputs), self.batch):
            yield slice(start, start + self.batch)

    @property
    def penalty(self) -> float:
        """What the squares of all parameters are multiplied by, in the loss."""
        return ALPHA if self.loss == "hinge" else 0.0

    def cut(self, parameters: Any) -> tuple[Any, list[tuple[Any, Any]]]:
        """(kernels, biases) of the convolution, or None, and (matrix, biases or None) of each layer, cut out of an array."""
        convolution, start = None, 0
        if self.kernels:
            start = 9 * self.kernels
            convolution = parameters[:start].reshape(self.kernels, 3, 3), parameters[start : start + self.kernels]
            start += self.kernels
        layers = []
        for layer in self.layers:
            width = layer.nin + layer.bias
            rows = parameters[start : start + layer.nout * width].reshape(layer.nout, width)
            layers.append((rows[:, : layer.nin], rows[:, layer.nin] if layer.bias else None))
            start += layer.nout * width
        return convolution, layers

    def joined(self, convolution: Any, layers: Sequence[tuple[Any, Any]]) -> Any:
        """The inverse of `cut`."""
        import numpy as np

        parts = [] if convolution is None else [np.ravel(part) for part in convolution]
        parts += [np.ravel(w if b is None else np.column_stack([w, b])) for w, b in layers]
        return np.concatenate(parts)

    def model(self) -> nn.Module:
        """The model with its first parameters."""
        made = self.build()
        self.begin(made)
        return made

    def begin(self, model: nn.Module) -> None:
        """Give a model its first parameters again."""
        for parameter, number in zip(model.parameters(), self.parameters.tolist(), strict=True):
            parameter.data = number

    def mean_loss(self, parameters: Any) -> float:
        """The loss of all samples, by NumPy: what peers must agree in when they have finished."""
        import numpy as np

        convolution, layers = self.cut(parameters)
        x, t = self.inputs, self.targets
        if convolution is not None:
            windows = np.lib.stride_tricks.sliding_window_view(np.pad(x[:, 0], ((0, 0), (1, 1), (1, 1))), (3, 3), (1, 2))
            maps = np.einsum("nyxij,oij->noyx", windows, convolution[0]) + convolution[1][:, None, None]
            n, o, height, width = maps.shape
            x = np.maximum(maps, 0.0).reshape(n, o, height // 2, 2, width // 2, 2).max(axis=(3, 5)).reshape(n, -1)
        activations: dict[str, Callable[[Any], Any]] = {
            "": lambda z: z,
            "relu": lambda z: np.maximum(z, 0.0),
            "tanh": np.tanh,
            "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
        }
        for layer, (w, b) in zip(self.layers, layers, strict=True):
            x = activations[layer.activation](x @ w.T + (0.0 if b is None else b))
        if self.loss == "classes":
            shifted = x - x.max(axis=1, keepdims=True)
            losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(t)), t]
        elif self.loss == "binary":
            losses = -np.log(np.where(t == 1, x[:, 0], 1.0 - x[:, 0]))
        elif self.loss == "absolute":
            losses = np.abs(x[:, 0] - t)
        else:
            losses = np.maximum(1.0 - t * x[:, 0], 0.0)
        return float(losses.mean() + self.penalty * np.square(parameters).sum())


def numbers(model: nn.Module) -> Any:
    """The parameters of a model."""
    import numpy as np

    return np.array([parameter.data for parameter in model.parameters()])


def trainings() -> dict[str, Training]:
    """All of them, by their names."""
    return {made.name: made for made in (_moons(), _tabular(), _iris(), _breast_cancer(), _digits(), _convolutional())}


def _perceptron(*sizes: int, hidden: str, output: str = "") -> list[Dense]:
    *others, last = [Dense(nin, nout, hidden) for nin, nout in pairwise(sizes)]
    return [*others, last._replace(activation=output)]


def _moons() -> Training:
    from demos import moons

    inputs, targets = moons.data()
    return Training(
        "moons",
        "micrograd's notebook: 100 samples, 2-16-16-1 relu, hinge + L2, SGD, 100 steps of all samples",
        partial(nn.MLP, 2, [16, 16, 1], activation="relu", init="uniform", rng=moons.SEED),
        _perceptron(2, 16, 16, 1, hidden="relu"),
        "hinge",
        "SGD",
        [1.0 - 0.9 * step / moons.STEPS for step in range(moons.STEPS)],
        len(inputs),
        inputs,
        targets.astype(float),
    )


def _tabular() -> Training:
    from sklearn.datasets import make_classification

    from demos import tabular

    data = tabular.split(*make_classification(n_samples=500, n_features=10, n_informative=5, n_redundant=2, random_state=42))
    options: dict[str, Any] = {"activation": "relu", "output_activation": "sigmoid", "init": tabular.as_pytorch}
    return Training(
        "tabular",
        "400 samples, 10-16-8-1 relu, binary cross-entropy, Adam, batches of 32, 100 epochs",
        partial(nn.MLP, 10, [16, 8, 1], **options, rng=0),
        _perceptron(10, 16, 8, 1, hidden="relu", output="sigmoid"),
        "binary",
        "Adam",
        [0.01] * 100,
        32,
        data.x,
        data.y,
    )


def _iris() -> Training:
    import numpy as np

    from demos import iris

    inputs, targets, *_ = iris.data(0)
    return Training(
        "iris",
        "120 samples, 4-8-3 tanh, cross-entropy, SGD, batches of 10, 30 epochs",
        partial(nn.MLP, 4, [8, 3], activation="tanh", rng=0),
        _perceptron(4, 8, 3, hidden="tanh"),
        "classes",
        "SGD",
        [0.1] * 30,
        10,
        np.array(inputs),
        np.array(targets),
    )


def _breast_cancer() -> Training:
    from demos import breast_cancer

    inputs, targets = breast_cancer.data(0)["training"]
    hidden = breast_cancer.HIDDEN
    return Training(
        "breast cancer",
        f"{len(inputs)} samples, 30-{hidden}-1 relu, mean absolute error, SGD, 300 steps of all samples",
        _tumours_network,
        [Dense(30, hidden, "relu", bias=False), Dense(hidden, 1, "sigmoid")],
        "absolute",
        "SGD",
        [rate for rate, epochs in breast_cancer.PHASES.items() for _ in range(epochs)],
        len(inputs),
        inputs,
        targets.astype(float),
    )


def _tumours_network() -> nn.Module:
    from demos import breast_cancer

    return breast_cancer.network(Random(0))


def _digits() -> Training:
    from sklearn.datasets import load_digits

    inputs, targets = load_digits(return_X_y=True)
    return Training(
        "digits",
        "1,797 samples, 64-32-10 relu, cross-entropy, Adam, batches of 128, 20 epochs",
        partial(nn.MLP, 64, [32, 10], activation="relu", rng=0),
        _perceptron(64, 32, 10, hidden="relu"),
        "classes",
        "Adam",
        [0.01] * 20,
        128,
        inputs / 16.0,
        targets,
    )


def _convolutional() -> Training:
    from demos import digits_cnn

    data = digits_cnn.data(0, 1000)
    return Training(
        "convolution",
        "1,000 digits, 8 kernels of 3 x 3, relu, maximum of 2 x 2, linear; cross-entropy, Adam, batches of 32, 15 epochs",
        _digits_network,
        [Dense(16 * digits_cnn.KERNELS, 10, "")],
        "classes",
        "Adam",
        [0.01] * 15,
        32,
        data.x,
        data.y,
        digits_cnn.KERNELS,
    )


def _digits_network() -> nn.Module:
    from demos import digits_cnn

    return digits_cnn.convolutional(Random(0))


def grown(rows: int, width: int, batch: int) -> Training:
    """One epoch of any size: random rows of 16 features, 16-width-width-1 relu, mean absolute error, Adam."""
    import numpy as np

    inputs = np.random.default_rng(0).standard_normal((rows, 16))
    build = partial(nn.MLP, 16, [width, width, 1], activation="relu", rng=0)
    layers = _perceptron(16, width, width, 1, hidden="relu")
    return Training("grown", "", build, layers, "absolute", "Adam", [0.001], batch, inputs, inputs.mean(axis=1))
