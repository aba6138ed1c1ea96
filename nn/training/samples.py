"""Samples: data to train on as nested lists of plain numbers, or a word on what is wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from autograd.real import as_float
from autograd.structures import as_array, flatten


@dataclass(frozen=True)
class Samples:
    """Inputs and as many targets, nested lists of finite numbers; the shapes are those of one input and one target."""

    inputs: list[Any]
    targets: list[Any]
    input_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    names: tuple[str, str]

    @classmethod
    def of(cls, inputs: Any, targets: Any, names: tuple[str, str]) -> "Samples":
        """Lists, tuples or arrays, checked; a target stays the integer or float that it is.

        Raises ValueError for no samples, unequal numbers of inputs and targets, samples of unlike shapes, and what is not
        finite; TypeError for what is no number.

        >>> Samples.of([(1, 2), (3, 4)], [0, 1], ("X", "y")).input_shape
        (2,)
        """
        found = [_plain(data, name) for data, name in zip((inputs, targets), names, strict=True)]
        shapes = [_shape_of_each(data, name) for data, name in zip(found, names, strict=True)]
        if len(found[0]) != len(found[1]):
            counts = f"{names[0]} has {len(found[0])} samples, {names[1]} has {len(found[1])}"
            raise ValueError(f"{counts}: give a target for every sample")
        return cls(found[0], found[1], shapes[0], shapes[1], names)

    def __len__(self) -> int:
        return len(self.inputs)

    @cached_property
    def arrays(self) -> tuple[Any, Any]:
        """Inputs and targets as arrays of floats, with a row for each sample."""
        inputs, targets = (flatten(data, name)[0] for data, name in zip((self.inputs, self.targets), self.names, strict=True))
        return as_array(inputs, (len(self), *self.input_shape)), as_array(targets, (len(self), *self.target_shape))


def _plain(data: Any, name: str) -> list[Any]:
    data = listed(data, name)
    if not data:
        raise ValueError(f"{name} is empty: give at least one sample")
    return [_finite(sample, name, (i,)) for i, sample in enumerate(data)]


def listed(data: Any, name: str) -> Sequence[Any]:
    """The samples of a list, tuple or array; TypeError for anything else.

    >>> listed((1.0, 2.0), "X")
    (1.0, 2.0)
    """
    if hasattr(data, "tolist"):
        data = data.tolist()
    if not isinstance(data, list | tuple):
        raise TypeError(
            f"{name} must be a list, tuple or array of samples, not a {type(data).__name__}: list(...), or .to_numpy()"
        )
    return data


def _finite(thing: Any, name: str, path: tuple[int, ...]) -> Any:
    """The numbers of a sample in lists, each of them finite."""
    if hasattr(thing, "tolist"):
        thing = thing.tolist()
    if isinstance(thing, list | tuple):
        if set(map(type, thing)) == {float} and all(map(isfinite, thing)):
            return list(thing)  # the common case
        return [_finite(part, name, (*path, i)) for i, part in enumerate(thing)]
    where = name + "".join(f"[{i}]" for i in path)
    number = as_float(thing, where)
    if not isfinite(number):
        raise ValueError(f"{where} is {number}, and samples must be finite numbers: leave that sample out, or fill in a number")
    return thing if isinstance(thing, int) else number


def _shape_of_each(samples: list[Any], name: str) -> tuple[int, ...]:
    shape = _shape(samples[0], f"{name}[0]")
    for i, sample in enumerate(samples):
        other = _shape(sample, f"{name}[{i}]")
        if other != shape:
            raise ValueError(
                f"{name} has samples of unlike shapes: {name}[0] is {described(shape)}, {name}[{i}] is {described(other)}. "
                "Give all of them the same"
            )
    if 0 in shape:
        raise ValueError(f"{name} has samples without numbers, {described(shape)}: give each at least one")
    return shape


def _shape(thing: Any, where: str) -> tuple[int, ...]:
    if not isinstance(thing, list):
        return ()
    shapes = {_shape(part, where) for part in thing}
    if len(shapes) > 1:
        raise ValueError(f"{where} is ragged: its parts are {' and '.join(map(described, sorted(shapes)))}. Give all the same")
    return (len(thing), *next(iter(shapes), ()))


def described(shape: tuple[int, ...]) -> str:
    """A shape in words.

    >>> described(()), described((3,))
    ('one number', 'of shape (3,)')
    """
    return f"of shape {shape}" if shape else "one number"
