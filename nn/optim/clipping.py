"""Gradient clipping, between `backward()` and `step()`: PyTorch's names and formulas."""

from collections.abc import Iterable
from math import inf
from typing import Any

from autograd import Value, clip, logical_or, maximum, sqrt, where
from autograd import abs as absolute
from autograd import pow as power
from nn.checks import not_negative, parameters_in, positive
from nn.optim.optimizers import quotient


def clip_grad_norm_(parameters: Iterable[Value] | Value, max_norm: Any, norm_type: Any = 2.0) -> float:
    """Scale all gradients by min(1, max_norm / (norm + 1e-6)), so that their norm is at most max_norm; return the norm before.

    The norm is (sum of abs(g)**norm_type)**(1 / norm_type), computed without overflow; parameters without a gradient do not
    count. As PyTorch's `clip_grad_norm_` (Pascanu et al., On the difficulty of training recurrent neural networks, 2013).
    `max_norm` may be inf, and so may `norm_type`, for the largest abs(g). Raises ValueError for a negative max_norm, or a
    norm_type that is not positive.

    >>> x, y = Value(3.0), Value(4.0)
    >>> (x * x / 2.0 + y * y / 2.0).backward()
    >>> clip_grad_norm_([x, y], 1.0), round(x.grad, 6), round(y.grad, 6)
    (5.0, 0.6, 0.8)
    """
    bound, order = not_negative("max_norm", max_norm, "1.0", or_inf=True), positive("norm_type", norm_type, "2.0")
    reached = _reached(parameters)
    norm: float = norm_of([parameter.grad for parameter in reached], order)
    scale = clip_scale(norm, bound)
    if scale != 1.0:
        for parameter in reached:
            parameter.grad *= scale
    return norm


def clip_grad_value_(parameters: Iterable[Value] | Value, clip_value: Any) -> None:
    """Hold every gradient between -clip_value and clip_value, as PyTorch's `clip_grad_value_`.

    Parameters without a gradient stay without. Raises ValueError for a negative clip_value.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> clip_grad_value_([x], 1.0)
    >>> x.grad
    1.0
    """
    bound = not_negative("clip_value", clip_value, "1.0", or_inf=True)
    for parameter in _reached(parameters):
        parameter.grad = clipped(parameter.grad, bound)


def _reached(parameters: Any) -> list[Value]:
    """The parameters that have a gradient."""
    found = [parameters] if isinstance(parameters, Value) else parameters_in(parameters, leaves=False)
    return [parameter for parameter in found if parameter.has_grad]


# --- the rules, as scalar code that runs on floats and on Symbols -----------------------------------------------------


def norm_of(gradients: Iterable[Any], order: float = 2.0) -> Any:
    """The norm (sum of abs(g)**order)**(1 / order): two sums over the gradients, from left to right, of the pieces below.

    >>> norm_of([3.0, -4.0]), norm_of([4e200, 0.0]), norm_of([])
    (5.0, 4e+200, 0.0)
    """
    gradients, largest, total = list(gradients), 0.0, 0.0
    for gradient in gradients:
        largest = larger(largest, gradient)
    for gradient in gradients:
        total = total + share(gradient, largest, order)
    return joined(largest, total, order)


def larger(largest: Any, gradient: Any) -> Any:
    """The largest absolute value so far; nan stays."""
    return maximum(largest, absolute(gradient))


def share(gradient: Any, largest: Any, order: float = 2.0) -> Any:
    """What a gradient adds to the sum, in units of the largest, so that no power overflows or vanishes."""
    ratio = quotient(gradient, largest)
    return ratio * ratio if order == 2.0 else 0.0 if order == inf else power(absolute(ratio), order)


def joined(largest: Any, total: Any, order: float = 2.0) -> Any:
    """The norm from the largest absolute value and the sum of shares; where all are 0 or one is not finite, the largest."""
    if order == inf:
        return largest
    root = sqrt(total) if order == 2.0 else power(total, 1.0 / order)
    return where(logical_or(largest == 0.0, largest == inf), largest, largest * root)


def clip_scale(norm: Any, max_norm: float) -> Any:
    """What every gradient is to be multiplied by: min(1, max_norm / (norm + 1e-6)), and nan for a norm of nan.

    >>> clip_scale(0.5, 1.0), round(clip_scale(2.0, 1.0), 5)
    (1.0, 0.5)
    """
    scale = quotient(max_norm, norm + 1e-6)
    return where(scale >= 1.0, 1.0, scale)


def clipped(gradient: Any, bound: float) -> Any:
    """A gradient held between -bound and bound; nan stays, to be found.

    >>> clipped(-3.0, 1.0), clipped(0.5, 1.0)
    (-1.0, 0.5)
    """
    return clip(gradient, -bound, bound)
