"""Samples: data to train on as nested lists of plain numbers, checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from autograd.real import as_float
from autograd.structures import as_array, flatten
from nn.inputs import described, is_array_like, listed, not_too_deep, remedy, shape_of


@dataclass(frozen=True)
class Samples:
    """Inputs and their targets, nested lists of finite numbers; the shapes are those of one input and one target."""

    inputs: list[Any]
    targets: list[Any]
    input_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    names: tuple[str, str]

    @classmethod
    def of(cls, inputs: Any, targets: Any, names: tuple[str, str]) -> "Samples":
        """Take lists, tuples or arrays; integers stay integers, since class numbers are.

        Raises ValueError for no samples, unequal numbers of inputs and targets, samples of different shapes, and numbers that
        are not finite; TypeError for anything that is not a number.
        """
        (xs, shape), (ys, target_shape) = _plain(inputs, names[0]), _plain(targets, names[1])
        if len(xs) != len(ys):
            raise ValueError(f"{names[0]} has {len(xs)} samples, {names[1]} has {len(ys)}: give a target for every sample")
        return cls(xs, ys, shape, target_shape, names)

    def __len__(self) -> int:
        return len(self.inputs)

    @cached_property
    def arrays(self) -> tuple[Any, Any]:
        """Inputs and targets as arrays of floats, with a row for each sample."""
        inputs, targets = (flatten(data, name)[0] for data, name in zip((self.inputs, self.targets), self.names, strict=True))
        return as_array(inputs, (len(self), *self.input_shape)), as_array(targets, (len(self), *self.target_shape))


def samples_in(data: Any, name: str) -> Sequence[Any]:
    """The samples of a list, tuple or array, a DataFrame or Series; TypeError for anything else."""
    found = listed(data) if is_array_like(data) else data
    if not isinstance(found, list | tuple):
        raise TypeError(
            f"{name} must be a list, tuple or array of samples, not a {type(found).__name__}: {remedy(found, name)}"
        )
    return found


def _plain(data: Any, name: str) -> tuple[list[Any], tuple[int, ...]]:
    """The samples with finite numbers alone, and the shape of each."""
    samples = samples_in(data, name)
    if not samples:
        raise ValueError(f"{name} is empty: give at least one sample")
    with not_too_deep(f"the samples of {name}"):
        plain = [_finite(sample, name, (i,)) for i, sample in enumerate(samples)]
        _, *shape = shape_of(plain, name)
    if 0 in shape:
        raise ValueError(f"{name} has samples without numbers, {described(tuple(shape))}: give each at least one")
    return plain, tuple(shape)


def _finite(thing: Any, name: str, path: tuple[int, ...]) -> Any:
    """The numbers of a sample in lists, each of them finite."""
    thing = listed(thing)
    if isinstance(thing, list | tuple):
        if set(map(type, thing)) == {float} and all(map(isfinite, thing)):
            return list(thing)  # the common case
        return [_finite(inner, name, (*path, i)) for i, inner in enumerate(thing)]
    where = name + "".join(f"[{i}]" for i in path)
    number = as_float(thing, where)
    if not isfinite(number):
        raise ValueError(f"{where} is {number}, and samples must be finite numbers: leave that sample out, or fill in a number")
    return thing if isinstance(thing, int) else number
