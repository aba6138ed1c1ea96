"""Samples: data to train on, checked: plain numbers in nested lists for each sample, and in arrays for machine code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any

from autograd.real import as_float
from nn.inputs import described, is_array_like, is_iterable, listed, not_too_deep, remedy, shape_of
from nn.losses import IGNORED
from nn.training.ragged import common_shape, filled
from nn.training.rows import Rows, Telling, array_of, array_of_lists, floats_of_lists, not_finite

CONVERTED = 1 << 26  # bytes: arrays that machine code cannot read are converted at once up to this size, and else by batches


@dataclass(frozen=True)
class Samples:
    """Inputs and their targets, nested lists of finite numbers; the shapes are those of one input and one target.

    Both are sequences: lists, or where there is an array, `Rows` of it, which lies where it lay. Where an array is larger than
    memory, or the samples come in chunks, `arrays` is None, and `take` and `blocks` give some at a time.
    """

    inputs: Sequence[Any]
    targets: Sequence[Any]
    input_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    names: tuple[str, str]
    ragged: str = field(default="", kw_only=True)  # where samples differ in length: what differs, in words

    @classmethod
    def of(cls, inputs: Any, targets: Any, names: tuple[str, str]) -> "Samples":
        """Take lists, tuples or arrays; integers stay integers, since class numbers are.

        Sequences may differ in length: then the shapes are those of the longest. Raises ValueError for no samples, unequal
        numbers of inputs and targets, samples of other different shapes, and numbers that are not finite; TypeError for
        anything that is not a number.
        """
        (xs, shape, differs), (ys, target_shape, also) = _plain(inputs, names[0]), _plain(targets, names[1])
        if len(xs) != len(ys):
            raise ValueError(f"{names[0]} has {len(xs)} samples, {names[1]} has {len(ys)}: give a target for every sample")
        return cls(xs, ys, shape, target_shape, names, ragged=differs or also)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def lengths(self) -> Sequence[int]:
        """How many samples there are in each chunk: a batch has samples of one alone."""
        return (len(self),)

    @cached_property
    def telling(self) -> list[tuple[int, Any]]:
        """Targets by which a loss or metric can be tried, with their numbers: see `Telling`."""
        found = Telling()
        if not self.ragged or not self.target_shape:
            found.add(0, self.targets)
            return found.chosen
        alike = [target for target in self.targets if len(target) == len(self.targets[0])]
        found.add(0, alike)  # the first output is tried with these
        return found.chosen

    @cached_property
    def target_list(self) -> list[Any]:
        """All targets as a list, as losses and metrics take them."""
        return list(self.targets)

    # --- for machine code ---------------------------------------------------------------------------------------------

    @cached_property
    def arrays(self) -> tuple[Any, Any] | None:
        """Inputs and targets as arrays of floats, with a row for each sample; None where they are read some at a time."""
        if self.ragged:
            return filled(self.inputs, self.input_shape, 0.0), self._filled_targets()
        inputs, targets = _floats(self.inputs), _floats(self.targets)
        return None if inputs is None or targets is None else (inputs, targets)

    def _filled_targets(self) -> Any:
        return filled(self.targets, self.target_shape, IGNORED) if self.target_shape else _floats(self.targets)

    def take(self, rows: Any, into: tuple[Any, Any]) -> None:
        """Copy the samples of these numbers, all of one chunk, to the first rows of two arrays."""
        for source, array in zip(self._sources, into, strict=True):
            array[: len(rows)] = source[rows]

    def blocks(self, most: int = 1024) -> Iterator[tuple[Any, Any]]:
        """Inputs and targets as arrays of floats, from first to last, up to `most` at a time."""
        import numpy as np

        inputs, targets = self._sources
        for first in range(0, len(self), most):
            both = inputs[first : first + most], targets[first : first + most]
            yield np.ascontiguousarray(both[0], dtype=float), np.ascontiguousarray(both[1], dtype=float)

    @cached_property
    def _sources(self) -> tuple[Any, Any]:
        """Inputs and targets as arrays of any numbers."""
        import numpy as np

        found = [x.array if isinstance(x, Rows) else floats_of_lists(x) for x in (self.inputs, self.targets)]
        return np.asarray(found[0]), np.asarray(found[1])


def _floats(samples: Sequence[Any]) -> Any:
    """An array of floats as machine code reads it; None where it would be a large copy."""
    import numpy as np

    if not isinstance(samples, Rows):
        return floats_of_lists(samples)
    if samples.ready:
        return samples.array
    return np.array(samples.array, dtype=float, order="C") if 8 * samples.array.size <= CONVERTED else None


def samples_in(data: Any, name: str) -> Sequence[Any]:
    """The samples of a list, tuple or array, a DataFrame or Series; TypeError for anything else."""
    array = array_of(data)
    if array is not None:
        return Rows(array)
    found = listed(data) if is_array_like(data) else data
    if not isinstance(found, list | tuple):
        chunks = ". If it gives batches, pairs (X, y), leave out y" if name == "X" and is_iterable(found) else ""
        raise TypeError(
            f"{name} must be a list, tuple or array of samples, not a {type(found).__name__}: {remedy(found, name)}{chunks}"
        )
    return found


def _plain(data: Any, name: str) -> tuple[Sequence[Any], tuple[int, ...], str]:
    """The samples with finite numbers alone, the shape of each, or the longest, and where they differ in length, how.

    Errors tell the columns of a DataFrame.
    """
    try:
        return _checked(data, name)
    except (TypeError, ValueError) as error:
        columns = list(getattr(data, "columns", ())) if is_array_like(data) else []
        if columns and all(isinstance(column, str) for column in columns):
            error.add_note(f"The columns of {name}: {', '.join(f'[{i}] is {x!r}' for i, x in enumerate(columns))}")
        raise


def _checked(data: Any, name: str) -> tuple[Sequence[Any], tuple[int, ...], str]:
    samples = samples_in(data, name)
    if not len(samples):
        raise ValueError(f"{name} is empty: give at least one sample")
    array = samples.array if isinstance(samples, Rows) else array_of_lists(samples)
    if array is not None and array.size:
        place = not_finite(array)
        if place is not None:
            raise ValueError(_infinite(name, place, float(array[place])))
        return Rows(array), array.shape[1:], ""
    with not_too_deep(f"the samples of {name}"):
        plain = [_finite(sample, name, (i,)) for i, sample in enumerate(samples)]
        shape, differs = _shape(plain, name)
    if 0 in shape:
        raise ValueError(f"{name} has samples without numbers, {described(shape)}: give each at least one")
    return plain, shape, differs


def _shape(plain: Sequence[Any], name: str) -> tuple[tuple[int, ...], str]:
    """The shape of each sample, or that of the longest and in words what differs; ValueError where more than lengths differ."""
    try:
        return shape_of(plain, name)[1:], ""
    except ValueError as error:
        shape = common_shape(plain, name)
        if shape is None or not all(map(len, plain)):
            raise
        return shape, str(error)


def _finite(thing: Any, name: str, path: tuple[int, ...]) -> Any:
    """The numbers of a sample in lists, each of them finite."""
    thing = listed(thing)
    if isinstance(thing, list | tuple):
        if set(map(type, thing)) <= {float, int} and _all_finite(thing):
            return list(thing)  # the common case
        return [_finite(inner, name, (*path, i)) for i, inner in enumerate(thing)]
    number = as_float(thing, _where(name, path))
    if not isfinite(number):
        raise ValueError(_infinite(name, path, number))
    return thing if isinstance(thing, int) else number


def _all_finite(numbers: Sequence[float]) -> bool:
    try:
        return all(map(isfinite, numbers))
    except OverflowError:  # an integer beyond 1.8e308
        return False


def _where(name: str, path: Sequence[int]) -> str:
    return name + "".join(f"[{i}]" for i in path)


def _infinite(name: str, path: Sequence[int], number: float) -> str:
    where = _where(name, path)
    return f"{where} is {number}, and samples must be finite numbers: leave that sample out, or fill in a number"
