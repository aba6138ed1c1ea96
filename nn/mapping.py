"""A function of each sample of a batch, or of each position of a sequence: in a trace one loop, and elsewhere Python's."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd import dot, scan, vmap
from autograd.products import products
from autograd.real import is_node, shown
from autograd.traced import is_recorded, rolling, rolls
from autograd.turns import OpenSequence, stacked, turn
from nn.inputs import listed, number, remedy, shape_of

ROLLED = 256  # products: from here on a matrix is a loop where any is (`rolls`), which is compiled sooner


def mapped(whose: Any, function: Callable[..., Any], *inputs: Any) -> Any:
    """`[function(*sample) for sample in zip(*inputs)]`; tuples as results become a tuple of lists."""
    name = type(whose).__name__
    if not inputs:
        raise TypeError(f"{name}.batch takes a batch of samples: model.batch(X)")
    batches = [_batch(name, batch) for batch in inputs]
    counts = [count_of(batch) for batch in batches]
    if any(count != counts[0] for count in counts[1:]):
        raise ValueError(f"{name}.batch takes batches of one length, was given {counts} samples")
    if not is_node(counts[0]) and not counts[0]:
        raise ValueError(f"{name}.batch was given no samples: give at least one")
    return each(function, *batches)


def _batch(name: str, batch: Any) -> Any:
    found = batch if hasattr(batch, "shape") or isinstance(batch, OpenSequence) else listed(batch)
    if not (isinstance(found, list | tuple | OpenSequence) or getattr(found, "ndim", 0) > 0):
        raise TypeError(f"{name}.batch takes a batch, a list or array of samples, not {shown(batch)}: {remedy(batch, 'X')}")
    return list(found) if isinstance(found, tuple) else found


def count_of(sequence: Any) -> Any:
    """How many elements it has: in a trace perhaps a number that only the run knows."""
    return sequence.count if isinstance(sequence, OpenSequence) else len(sequence)


def each(function: Callable[..., Any], *sequences: Any) -> Any:
    """`[function(*turn) for turn in zip(*sequences)]` for sequences of one length; where it gives tuples, a tuple of lists.

    A trace records one loop, whose code does not grow with their length.

    >>> each(lambda x, y: x * y, [1.0, 2.0], [3.0, 4.0])
    [3.0, 8.0]
    """
    count = count_of(sequences[0])
    if is_recorded(count):
        return vmap(function)(*sequences)
    found = [function(*[turn(sequence, i) for sequence in sequences]) for i in range(count)]
    return stacked(found, "the result") if found and isinstance(found[0], tuple | dict) else found


def places_of(sequence: Any) -> Any:
    """0, 1, 2, ... for the elements of a sequence, also where only the run knows how many there are."""
    if isinstance(sequence, OpenSequence):
        return scan(lambda place, _: (place + 1.0, place), 0.0, sequence)[1]
    return list(map(float, range(len(sequence))))


def affine(weight: Sequence[Any], bias: Sequence[Any] | None, x: Sequence[Any]) -> list[Any]:
    """The product of a matrix, a list of rows, and a vector; plus a bias for each row.

    >>> affine([[1.0, 2.0], [3.0, 4.0]], [0.5, 0.0], [1.0, 1.0])
    [3.5, 7.0]
    """
    if rolls() and len(weight) > 1 and len(weight) * len(x) >= ROLLED:
        with rolling():
            if bias is None:
                return vmap(lambda row: dot(row, x))(list(weight))  # type: ignore[no-any-return]  # a list
            return vmap(lambda row, b: dot(row, x) + b)(list(weight), list(bias))  # type: ignore[no-any-return]  # a list
    found = products(weight, x)
    return found if bias is None else [y + b for y, b in zip(found, bias, strict=True)]


def vectors(module: Any, size: int, xs: Any, what: str = "x") -> Any:
    """One sequence, a list of vectors of that many numbers; an OpenSequence as it is.

    Raises TypeError for another depth of nesting or anything but numbers, ValueError for vectors of another length.
    """
    if isinstance(xs, OpenSequence):
        return xs
    name, sequence = type(module).__name__, listed(xs)
    if not isinstance(sequence, list | tuple):
        raise TypeError(f"{name} takes a sequence, a list of vectors, not {shown(xs)}: {remedy(xs, what)}")
    found = [listed(x) for x in sequence]
    if not found:
        raise ValueError(f"{name} was given an empty sequence: give at least one vector of {size} numbers")
    return [vector(name, size, x, f"{what}[{i}]") for i, x in enumerate(found)]


def vector(name: str, size: int, xs: Any, what: str = "x") -> list[Any]:
    """A vector of that many numbers; TypeError or ValueError for anything else."""
    numbers = listed(xs)
    if not isinstance(numbers, list | tuple):
        raise TypeError(f"{name} takes vectors of {size} numbers; {what} is {shown(xs)}")
    if numbers and (isinstance(numbers[0], list | tuple) or getattr(numbers[0], "ndim", 0) > 0):
        shape = shape_of(listed(numbers), what)
        raise TypeError(
            f"{name} takes one sample; {what} is of shape {shape}, so this is a batch: model.batch(X), or model(X[0])"
        )
    if len(numbers) != size:
        raise ValueError(f"{name} takes vectors of {size} numbers; {what} has {len(numbers)}")
    return [number(name, x) for x in numbers]
