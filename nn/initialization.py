"""Initial weights: the usual schemes by name, each a function (rng, nin, nout) -> number, drawn once for each weight.

`nin` is how many numbers an output is computed from, `nout` how many outputs a number goes into (PyTorch's fan_in and fan_out):
for a convolution, channels times the size of the kernel. `rng` is a `random.Random` or a NumPy Generator.

Every layer and model takes `rng`: a seed, `rng=0`, gives the same weights again; one generator, `rng=random.Random(0)`, serves
several layers. Without it the weights are others each time. `random.seed()` and `numpy.random.seed()` do not change that, since
nothing here reads or moves a global generator.
"""

import math
import random
from collections.abc import Callable
from operator import index
from typing import Any

from autograd.real import as_float

Scheme = Callable[[Any, int, int], Any]
Init = str | Scheme
"""A scheme by its name ("xavier_uniform"), or any function (rng, nin, nout) -> number."""


def uniform(rng: Any, nin: int, nout: int) -> float:  # noqa: ARG001 - a scheme's signature
    """Uniform in [-1, 1], whatever the layer's size, as in micrograd (Karpathy, 2020).

    >>> -1.0 <= uniform(random.Random(0), 4, 2) <= 1.0
    True
    """
    return float(rng.uniform(-1.0, 1.0))


def normal(rng: Any, nin: int, nout: int) -> float:  # noqa: ARG001 - a scheme's signature
    """Normal with mean 0 and standard deviation 1, whatever the layer's size (PyTorch's `normal_`).

    >>> normal(random.Random(0), 4, 2) == normal(random.Random(0), 100, 2)
    True
    """
    return _gauss(rng, 1.0)


def zeros(rng: Any, nin: int, nout: int) -> float:  # noqa: ARG001 - a scheme's signature
    """0; but neurons that begin alike stay alike (PyTorch's `zeros_`).

    >>> zeros(random.Random(0), 4, 2)
    0.0
    """
    return 0.0


def xavier_uniform(rng: Any, nin: int, nout: int) -> float:
    """Uniform in +-sqrt(6 / (nin + nout)), of variance 2 / (nin + nout), for tanh (PyTorch's `xavier_uniform_`).

    Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.

    >>> abs(xavier_uniform(random.Random(0), 4, 2)) <= 1.0
    True
    """
    return _symmetric(rng, 6.0 / (nin + nout))


def xavier_normal(rng: Any, nin: int, nout: int) -> float:
    """Normal with variance 2 / (nin + nout), for tanh: from the paper of `xavier_uniform` (PyTorch's `xavier_normal_`).

    >>> xavier_normal(random.Random(0), 4, 4) == normal(random.Random(0), 4, 4) / 2.0
    True
    """
    return _gauss(rng, math.sqrt(2.0 / (nin + nout)))


def kaiming_uniform(rng: Any, nin: int, nout: int) -> float:  # noqa: ARG001 - a scheme's signature
    """Uniform in +-sqrt(6 / nin), of variance 2 / nin, for ReLU (PyTorch's `kaiming_uniform_`).

    He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015. arXiv:1502.01852

    >>> abs(kaiming_uniform(random.Random(0), 6, 2)) <= 1.0
    True
    """
    return _symmetric(rng, 6.0 / nin)


def kaiming_normal(rng: Any, nin: int, nout: int) -> float:  # noqa: ARG001 - a scheme's signature
    """Normal with variance 2 / nin, for ReLU: from the paper of `kaiming_uniform` (PyTorch's `kaiming_normal_`).

    >>> kaiming_normal(random.Random(0), 8, 1) == normal(random.Random(0), 8, 1) / 2.0
    True
    """
    return _gauss(rng, math.sqrt(2.0 / nin))


def lecun_uniform(rng: Any, nin: int, nout: int) -> float:  # noqa: ARG001 - a scheme's signature
    """Uniform in +-sqrt(3 / nin), of variance 1 / nin, so that sums keep the variance of the inputs; the default here.

    LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998.

    >>> abs(lecun_uniform(random.Random(0), 3, 1)) <= 1.0
    True
    """
    return _symmetric(rng, 3.0 / nin)


SCHEMES: dict[str, Scheme] = {
    scheme.__name__: scheme
    for scheme in (
        uniform, normal, zeros, xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal, lecun_uniform,
    )
}  # fmt: skip

FIRST_NAMES = {"glorot": "xavier", "he": "kaiming"}
"""An author's other name, and PyTorch's: "he_normal" is "kaiming_normal", and "he" alone "kaiming_uniform"."""


def _symmetric(rng: Any, square: float) -> float:
    bound = math.sqrt(square)
    return float(rng.uniform(-bound, bound))


def _gauss(rng: Any, deviation: float) -> float:
    draw = getattr(rng, "gauss", None) or rng.normal  # NumPy's name
    return float(deviation * draw(0.0, 1.0))


def scheme_of(init: Init) -> Scheme:
    """The scheme of that name, or a function with its results checked; ValueError for an unknown name."""
    if isinstance(init, str):
        author, _, distribution = init.partition("_")
        name = init if init in SCHEMES else f"{FIRST_NAMES.get(author, author)}_{distribution or 'uniform'}"
        if name in SCHEMES:
            return SCHEMES[name]
    if callable(init):
        return lambda rng, nin, nout: as_float(init(rng, nin, nout), "what init returns")
    names = ", ".join(map(repr, SCHEMES))
    raise ValueError(f"no initialization is named {init!r}: give a function (rng, nin, nout) -> number, or one of {names}")


def generator_of(rng: Any) -> Any:
    """A generator as it is, a `random.Random` for a seed, for None one that differs each time; TypeError for anything else."""
    if hasattr(rng, "uniform"):
        return rng  # a random.Random, or NumPy's Generator
    if rng is None or hasattr(rng, "__index__"):
        return random.Random(None if rng is None else index(rng))  # noqa: S311 - weights are no secret
    raise TypeError(f"rng must be a random.Random, a NumPy Generator or a seed, not {rng!r}: rng=random.Random(0), for example")
