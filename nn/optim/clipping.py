"""Gradient clipping, between `backward()` and `step()`: PyTorch's names and formulas."""

from collections.abc import Iterable
from math import hypot, inf, isnan, nan
from typing import Any

from autograd import Value
from autograd import pow as power
from nn.checks import not_negative, parameters_in, positive


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
    norm = _norm([parameter.grad for parameter in reached], order)
    scale = bound / (norm + 1e-6)
    if not scale >= 1.0:
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
        if abs(parameter.grad) > bound:  # nan stays, to be found
            parameter.grad = bound if parameter.grad > 0.0 else -bound


def _reached(parameters: Any) -> list[Value]:
    """The parameters that have a gradient."""
    found = [parameters] if isinstance(parameters, Value) else parameters_in(parameters, leaves=False)
    return [parameter for parameter in found if parameter.has_grad]


def _norm(gradients: list[float], order: float) -> float:
    if any(map(isnan, gradients)):
        return nan
    largest = max(map(abs, gradients), default=0.0)
    if order == inf or largest in (0.0, inf):
        return largest
    if order == 2.0:
        return hypot(*gradients)
    total = 0.0
    for gradient in gradients:
        total += (abs(gradient) / largest) ** order
    return float(largest * power(total, 1.0 / order))
