"""Layers that bring numbers to one scale: LayerNorm and RMSNorm, over the last dimensions of one sample."""

import sys
from collections.abc import Iterator
from typing import Any

from autograd import dot, sqrt, sum_
from autograd.real import is_open
from nn.checks import count, not_negative
from nn.inputs import listed, not_too_deep, number, shape_of
from nn.mapping import each
from nn.module import Module
from nn.parameter import parameters_of_shape


class _Norm(Module):
    """A norm over the last dimensions, those of `normalized_shape`; what comes before them is mapped over."""

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    weight: Any
    bias: Any

    def _set(self, normalized_shape: Any, *, elementwise_affine: bool, bias: bool) -> None:
        shape = listed(normalized_shape)
        shape = [shape] if not isinstance(shape, list | tuple) else shape
        self.normalized_shape = tuple([count("normalized_shape", size) for size in shape])
        if not self.normalized_shape:
            raise ValueError(f"normalized_shape must be a whole number, or several, not {normalized_shape!r}")
        self.elementwise_affine = elementwise_affine
        self.weight = parameters_of_shape(lambda: 1.0, *self.normalized_shape) if elementwise_affine else None
        self.bias = parameters_of_shape(lambda: 0.0, *self.normalized_shape) if elementwise_affine and bias else None
        self.label_parameters()

    def forward(self, xs: Any) -> Any:
        """The normalized numbers, in nested lists as they came."""
        if is_open(xs):
            return each(self.forward, xs)
        with not_too_deep(f"the inputs of {type(self).__name__}"):
            xs = _nested(listed(xs))
            return self._mapped(xs, len(shape_of(xs, "x")))

    def _mapped(self, xs: Any, depth: int) -> Any:
        deeper = depth - len(self.normalized_shape)
        if deeper > 0:
            return each(lambda x: self._mapped(x, depth - 1), xs)
        shape = shape_of(xs, "x")
        if shape != self.normalized_shape:
            wanted = ", ".join(map(str, self.normalized_shape))
            raise ValueError(f"{self!r} normalizes numbers of shape (..., {wanted}), was given {shape}")
        numbers = [number(type(self).__name__, x) for x in _flat(xs)]
        found = self._normalized(numbers)
        if self.weight is not None:
            found = [x * w for x, w in zip(found, _flat(self.weight), strict=True)]
        if self.bias is not None:
            found = [x + b for x, b in zip(found, _flat(self.bias), strict=True)]
        return _in_shape(iter(found), shape)

    def _normalized(self, xs: list[Any]) -> list[Any]:
        raise NotImplementedError

    def __repr__(self) -> str:
        options = "" if self.elementwise_affine else ", elementwise_affine=False"
        return f"{type(self).__name__}({self.normalized_shape}, eps={self.eps}{options}{self._without()})"

    def _without(self) -> str:
        return ""


class LayerNorm(_Norm):
    """(x - mean) / sqrt(var + eps) * weight + bias, over the last dimensions; var divides by n. As PyTorch's.

    `normalized_shape` is the last dimension of the input, or a tuple of the last ones; what comes before, such as the places of
    a sequence, is mapped over. Ba, Kiros and Hinton, Layer normalization, 2016. arXiv:1607.06450. Raises ValueError for inputs
    of another shape or bad options, TypeError for anything but numbers.

    Args:
        elementwise_affine: whether there are `weight`, ones at first, and `bias`, zeros.
        bias: False for a weight alone.

    >>> [round(x.item(), 4) for x in LayerNorm(2)([1.0, 3.0])]
    [-1.0, 1.0]
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> None:
        self.eps = not_negative("eps", eps, "1e-5")
        self._set(normalized_shape, elementwise_affine=elementwise_affine, bias=bias)

    def _normalized(self, xs: list[Any]) -> list[Any]:
        mean = sum_(xs) / len(xs)
        apart = [x - mean for x in xs]
        deviation = sqrt(dot(apart, apart) / len(xs) + self.eps)
        return [x / deviation for x in apart]

    def _without(self) -> str:
        return ", bias=False" if self.elementwise_affine and self.bias is None else ""


class RMSNorm(_Norm):
    """x / sqrt(mean of x**2 + eps) * weight, over the last dimensions. As PyTorch's.

    Shapes and errors are those of `LayerNorm`. Zhang and Sennrich, Root mean square layer normalization, 2019.
    arXiv:1910.07467.

    Args:
        eps: 2**-52 unless given, as in PyTorch.
        elementwise_affine: whether there is a `weight`, ones at first.

    >>> [round(x.item(), 4) for x in RMSNorm(2)([3.0, 4.0])]
    [0.8485, 1.1314]
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> None:
        self.eps = None if eps is None else not_negative("eps", eps, "1e-5")
        self._set(normalized_shape, elementwise_affine=elementwise_affine, bias=False)

    def _normalized(self, xs: list[Any]) -> list[Any]:
        eps = sys.float_info.epsilon if self.eps is None else self.eps
        scale = 1.0 / sqrt(dot(xs, xs) / len(xs) + eps)
        return [x * scale for x in xs]


def _nested(xs: Any) -> Any:
    return [_nested(listed(x)) for x in xs] if isinstance(xs, list | tuple) else xs


def _flat(xs: Any) -> Iterator[Any]:
    if isinstance(xs, list | tuple):
        for x in xs:
            yield from _flat(x)
    else:
        yield xs


def _in_shape(numbers: Iterator[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return next(numbers)
    return [_in_shape(numbers, shape[1:]) for _ in range(shape[0])]
