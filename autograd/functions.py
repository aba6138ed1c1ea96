"""Functions composed from primitives: they take what primitives take, and need no derivative rules."""

import math
from math import inf
from types import FunctionType
from typing import TYPE_CHECKING, Any

import autograd.special  # noqa: F401 - primitives are stated before names are taken
from autograd.primitives import exponentials, log, log1p, logsumexp, mapped, several, shares, softplus, where
from autograd.table import take_names

LOG_2 = math.log(2.0)


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) as -softplus(-x); slope sigmoid(-x), 1/2 at 0.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    return -softplus(-x)


log_expit = log_sigmoid


def logaddexp(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)), the `logsumexp` of two numbers (NumPy's name).

    >>> round(logaddexp(0.0, 0.0), 6)
    0.693147
    """
    return logsumexp(x, y)


def logaddexp2(x: Any, y: Any) -> Any:
    """log2(2**x + 2**y), by `logsumexp` (NumPy's name); slopes 2**x and 2**y, over their sum.

    >>> logaddexp2(0.0, 0.0)
    1.0
    """
    return logsumexp(LOG_2 * x, LOG_2 * y) / LOG_2


def xlogy(x: Any, y: Any) -> Any:
    """x log(y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(y), but 0 at x = 0 for y <= 0.

    >>> xlogy(0.0, 0.0)
    0.0
    """
    return where((x == 0.0) & ((y <= 0.0) | (y == inf)), 0.0, x * log(y))


def xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(1 + y), but 0 at x = 0 for y <= -1.

    >>> xlog1py(0.0, -1.0), xlog1py(2.0, 1e-20)
    (0.0, 2e-20)
    """
    return where((x == 0.0) & ((y <= -1.0) | (y == inf)), 0.0, x * log1p(y))


def softmax(*xs: Any) -> list[Any]:
    """exp(x_i) / sum of all exp(x_j), as a list, shifted by the maximum; takes the numbers or one iterable of them.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    found: list[Any] = shares(several(*xs))
    return found


def log_softmax(*xs: Any) -> list[Any]:
    """x_i - logsumexp(x), as a list, shifted by the maximum first, so that a class that is nearly certain keeps its digits.

    >>> -5e-18 < log_softmax([100.0, 60.0])[0] < -4e-18
    True
    """
    numbers = several(*xs)
    shift, each, half, _, rest = exponentials(numbers)
    shifted = mapped(lambda x: x - shift, numbers)
    total = logsumexp(shifted)

    def logarithm(x: Any, e: Any) -> Any:
        return where(e > half, -log1p(rest / where(e > half, e, 1.0)), x - total)

    found: list[Any] = mapped(logarithm, shifted, each)
    return found


if not TYPE_CHECKING:  # a type checker sees autograd/typed.pyi, made from these functions
    __all__ = [name for name, thing in globals().items() if isinstance(thing, FunctionType) and thing.__module__ == __name__]
    take_names(__all__)
