"""Activations as modules, under PyTorch's names: primitives of the table, for every number in nested lists or arrays.

Each takes a single number, or nested lists, tuples or arrays of numbers, Values or Symbols, and returns lists nested alike.
"""

from math import inf
from typing import Any

import autograd as ag
from autograd.real import as_float, shown
from nn.checks import positive
from nn.inputs import each_number, listed, not_too_deep, remedy
from nn.module import FunctionModule


class Activation(FunctionModule):
    """A function of one number, for each number; a subclass names its `function`, which says the rest.

    >>> class Sine(Activation):
    ...     function = staticmethod(ag.sin)
    >>> Sine(), Sine()([0.0, [0.0]])
    (Sine(), [0.0, [0.0]])
    """

    def forward(self, xs: Any) -> Any:
        """The function of every number, with the options."""
        function, options = type(self).function, self.chosen().values()
        return each_number(lambda x: function(x, *options), xs)


class Identity(Activation):
    """x itself.

    >>> Identity()([-1.0, 2.0])
    [-1.0, 2.0]
    """

    function = staticmethod(ag.identity)


class ReLU(Activation):
    """max(x, 0); slope 0 at 0: `autograd.relu`.

    >>> ReLU()([-1.0, 2.0])
    [0.0, 2.0]
    """

    function = staticmethod(ag.relu)


class Tanh(Activation):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)): `autograd.tanh`.

    >>> Tanh()([0.0, 1000.0])
    [0.0, 1.0]
    """

    function = staticmethod(ag.tanh)


class Sigmoid(Activation):
    """1 / (1 + exp(-x)): `autograd.sigmoid`.

    >>> Sigmoid()([[0.0], [-1000.0]])
    [[0.5], [0.0]]
    """

    function = staticmethod(ag.sigmoid)


class LogSigmoid(Activation):
    """log(1 / (1 + exp(-x))): `autograd.log_sigmoid`.

    >>> LogSigmoid()(-1000.0)
    -1000.0
    """

    function = staticmethod(ag.log_sigmoid)


def _softplus(x: Any, beta: float, threshold: float) -> Any:
    if (beta, threshold) == (1.0, inf):
        return ag.softplus(x)
    found = ag.softplus(beta * x) / beta
    return found if threshold == inf else ag.where(beta * x > threshold, x, found)


class Softplus(Activation):
    """log(1 + exp(beta x)) / beta: `autograd.softplus`; x itself where beta x is above `threshold`, inf unless given.

    PyTorch's threshold is 20, where the difference is 2e-9. Raises ValueError for a beta that is not positive, TypeError for
    what is no number.

    >>> Softplus()([1000.0]), Softplus(beta=2.0)(0.0) == 0.5 * Softplus()(0.0)
    ([1000.0], True)
    """

    function = staticmethod(_softplus)
    options = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = inf) -> None:
        self.beta, self.threshold = positive("beta", beta, "1.0"), as_float(threshold, "threshold")

    def __repr__(self) -> str:
        shown = [f"beta={self.beta}"] * (self.beta != 1.0) + [f"threshold={self.threshold}"] * (self.threshold != inf)
        return f"Softplus({', '.join(shown)})"


class SiLU(Activation):
    """x sigmoid(x), also called swish: `autograd.silu`.

    >>> SiLU()([0.0, 1000.0])
    [0.0, 1000.0]
    """

    function = staticmethod(ag.silu)


class GELU(Activation):
    """x Phi(x) of the normal distribution's Phi, or with approximate="tanh" its other form: `autograd.gelu`, `gelu_tanh`.

    Raises ValueError for another approximation. arXiv:1606.08415

    >>> [round(y, 6) for y in GELU()([1.0, -1.0])], round(GELU(approximate="tanh")(1.0), 6)
    ([0.841345, -0.158655], 0.841192)
    """

    function = staticmethod(lambda x, approximate: ag.gelu(x) if approximate == "none" else ag.gelu_tanh(x))
    options = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f"approximate must be 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate


class LeakyReLU(Activation):
    """x above 0, else negative_slope * x; at 0 the left slope: `autograd.leaky_relu`. TypeError unless the slope is a number.

    >>> LeakyReLU(0.5)([-2.0, 2.0])
    [-1.0, 2.0]
    """

    function = staticmethod(ag.leaky_relu)
    options = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = as_float(negative_slope, "negative_slope")


class ELU(Activation):
    """x above 0, else alpha * (exp(x) - 1), slope min(alpha, 1) at 0: `autograd.elu`. TypeError unless alpha is a number.

    >>> ELU(alpha=2.0)([3.0, -1000.0])
    [3.0, -2.0]
    """

    function = staticmethod(ag.elu)
    options = ("alpha",)

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = as_float(alpha, "alpha")


class _AlongLast(FunctionModule):
    """A function of the numbers along the last dimension of nested lists; `dim` counts from 0 as in PyTorch, or is -1."""

    def __init__(self, dim: int = -1) -> None:
        if not isinstance(dim, int) or dim < -1:
            raise ValueError(f"dim must be -1, or the number of the last dimension, not {dim!r}: {type(self).__name__}()")
        self.dim = dim

    def forward(self, xs: Any) -> Any:
        """The function of each innermost list."""
        with not_too_deep(f"the inputs of {type(self).__name__}"):
            return self._along(xs, depth=0)

    def _along(self, xs: Any, depth: int) -> Any:
        xs = listed(xs)
        if not isinstance(xs, list | tuple):
            raise TypeError(
                f"{type(self).__name__} takes a list of numbers, or nested lists, not {shown(xs)}: {remedy(xs, 'x')}"
            )
        xs = [listed(x) for x in xs]
        if any(isinstance(x, list | tuple) for x in xs):
            return [self._along(x, depth + 1) for x in xs]
        if self.dim not in (-1, depth):
            raise ValueError(
                f"{type(self).__name__} goes along the last dimension, which has the number {depth} here, not {self.dim}: "
                f"{type(self).__name__}(dim=-1), or transpose before"
            )
        return type(self).function(xs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()" if self.dim == -1 else f"{type(self).__name__}(dim={self.dim})"


class Softmax(_AlongLast):
    """exp(x_i) / sum of all exp(x_j), along the last dimension of nested lists: `autograd.softmax`.

    Raises TypeError for a single number, which has no dimension, and ValueError for another `dim`.

    >>> Softmax(dim=-1)([[0.0, 0.0], [1000.0, 0.0]])
    [[0.5, 0.5], [1.0, 0.0]]
    """

    function = staticmethod(ag.softmax)


class LogSoftmax(_AlongLast):
    """x_i - logsumexp(x), along the last dimension of nested lists: `autograd.log_softmax`. Raises as `Softmax`.

    >>> LogSoftmax()([0.0, 1000.0])
    [-1000.0, -0.0]
    """

    function = staticmethod(ag.log_softmax)


class GLU(_AlongLast):
    """a sigmoid(b), of the first half a and the second half b of the numbers along the last dimension. As PyTorch's.

    Dauphin et al., Language modeling with gated convolutional networks, 2017. arXiv:1612.08083. Raises as `Softmax`, and
    ValueError for an odd number of numbers.

    >>> GLU()([2.0, 4.0, 0.0, 1000.0])
    [1.0, 4.0]
    """

    function = staticmethod(lambda xs: _gated(xs, ag.sigmoid, "GLU"))


class SwiGLU(_AlongLast):
    """a silu(b), of the first half a and the second half b of the numbers along the last dimension. Else as `GLU`.

    Shazeer, GLU variants improve transformer, 2020. arXiv:2002.05202.

    >>> SwiGLU()([2.0, 4.0, 0.0, 1000.0])
    [0.0, 4000.0]
    """

    function = staticmethod(lambda xs: _gated(xs, ag.silu, "SwiGLU"))


def _gated(xs: list[Any], gate: Any, name: str) -> list[Any]:
    if len(xs) % 2:
        raise ValueError(f"{name} halves the numbers along the last dimension, which are {len(xs)}: give an even number")
    half = len(xs) // 2
    return [x * gate(y) for x, y in zip(xs[:half], xs[half:], strict=True)]
