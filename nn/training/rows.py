"""Numbers of many samples in arrays: looked at block by block, and each sample as nested lists when it is asked for."""

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from autograd.structures import is_array

AT_ONCE = 1 << 18  # numbers in a block
PAYS = 1000  # samples in lists, from which on it pays to load NumPy
DEEPEST = 32  # lists in lists; some contain themselves
MOST = 256  # different targets by which all are judged


class Rows(Sequence[Any]):
    """The samples in an array of numbers, as its `tolist` would have them; the array stays where it lies.

    >>> import numpy as np
    >>> rows = Rows(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    >>> len(rows), rows[1], rows[1:], list(rows) == rows.tolist()
    (3, [3.0, 4.0], [[3.0, 4.0], [5.0, 6.0]], True)
    """

    def __init__(self, array: Any) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, i: Any) -> Any:
        return self.array[i].tolist()

    def __iter__(self) -> Iterator[Any]:
        for _, block in blocks(self.array):
            yield from block.tolist()

    def tolist(self) -> list[Any]:
        """All of them."""
        return self.array.tolist()  # type: ignore[no-any-return]  # what NumPy returns for an array with dimensions

    @property
    def ready(self) -> bool:
        """Whether machine code can read the array where it lies."""
        flags = self.array.flags
        return bool(self.array.dtype == "=f8" and flags.c_contiguous and flags.aligned)


def blocks(array: Any, numbers: int = AT_ONCE) -> Iterator[tuple[int, Any]]:
    """Rows that follow one another, up to about so many numbers at a time, with the number of the first."""
    length = max(1, numbers // max(1, array.size // max(1, len(array))))
    for first in range(0, len(array), length):
        yield first, array[first : first + length]


def array_of(data: Any) -> Any:
    """A NumPy array of the real numbers in an array, tensor, Series or DataFrame, not copied where it can be; else None."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(type(data), "__array__") or isinstance(data, numpy.ma.MaskedArray):
        return None
    try:
        array = numpy.asarray(data)
    except Exception:  # noqa: BLE001 - a tensor elsewhere or with a gradient: whatever its library raises; its `tolist` may know more
        return None
    return array if array.ndim and array.dtype.kind in "fiub" and array.itemsize <= 8 else None


def array_of_lists(data: Sequence[Any]) -> Any:
    """An array of the numbers in nested lists and tuples alike, if all are floats, ints or bools, or arrays alike; else None.

    None too without NumPy, or where it is not loaded and there is little to do.

    >>> import numpy
    >>> array_of_lists([(1.0, 2.0), [3.0, 4.0]]), array_of_lists([[1.0, 2.0], [3.0, 4]]), array_of_lists([[1.0, 2.0], [3.0]])
    (array([[1., 2.],
           [3., 4.]]), None, None)
    """
    kinds, shape, flat = _leaves(data)
    if flat and is_array(flat[0]):
        return _stacked(flat, shape) if len(kinds) == 1 else None
    if len(kinds) != 1 or not kinds <= {float, int, bool} or (numpy := _numpy(len(data))) is None:
        return None
    try:
        return numpy.fromiter(
            flat, {float: numpy.float64, int: numpy.int64, bool: numpy.bool_}[kinds.pop()], len(flat)
        ).reshape(shape)
    except OverflowError:  # an integer beyond 64 bits
        return None


def _stacked(arrays: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """One array of arrays that are nested to that shape; None unless they are alike, and have plain numbers."""
    numpy = sys.modules["numpy"]
    if type(arrays[0]) is not numpy.ndarray or len({(array.shape, array.dtype) for array in arrays}) > 1:
        return None
    whole = array_of(numpy.stack(arrays))
    return None if whole is None else whole.reshape(shape + arrays[0].shape)


def floats_of_lists(data: Sequence[Any]) -> Any:
    """An array of floats of the numbers in nested lists alike."""
    import numpy as np

    _, shape, flat = _leaves(data)
    return np.fromiter(map(float, flat), np.float64, len(flat)).reshape(shape)


def kinds_in(data: Sequence[Any]) -> set[type]:
    """The types of what is in nested lists; none where they are not alike."""
    return _leaves(data)[0]


def _leaves(data: Sequence[Any]) -> tuple[set[type], tuple[int, ...], Sequence[Any]]:
    """The types of what is in nested lists, the lists' lengths, and all that is in the innermost ones."""
    shape, flat = [len(data)], data
    kinds = set(map(type, flat))
    while kinds and kinds <= {list, tuple}:
        lengths = set(map(len, flat))
        if len(lengths) > 1 or len(shape) > DEEPEST:
            return set(), (), ()
        shape += lengths
        flat = list(chain.from_iterable(flat))
        kinds = set(map(type, flat))
    return kinds, tuple(shape), flat


def _numpy(samples: int) -> Any:
    """NumPy if it is loaded, or is here and pays for so many samples; else None."""
    if samples >= PAYS:
        try:
            import numpy  # noqa: F401, ICN001 - below it is asked for as where it is loaded already
        except ModuleNotFoundError:
            return None
    return sys.modules.get("numpy")


def not_finite(array: Any) -> tuple[int, ...] | None:
    """The place of the first number that is not finite; None if there is none."""
    if array.dtype.kind != "f":
        return None
    numpy = sys.modules["numpy"]
    for first, block in blocks(array):
        finite = numpy.isfinite(block)
        if not finite.all():
            row, *rest = numpy.unravel_index(int(finite.argmin()), block.shape)
            return first + int(row), *map(int, rest)
    return None


# --- by which targets all are judged ----------------------------------------------------------------------------------


class Telling:
    """Among samples those that differ: the first of each kind, up to `MOST`, and those with the smallest and largest number.

    >>> telling = Telling()
    >>> telling.add(0, [1, 0, 1, 2, 0])
    >>> telling.chosen
    [(0, 1), (1, 0), (3, 2)]
    """

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, Any]] = {}
        self._ends: dict[int, tuple[float, int, Any]] = {}  # by 1 and -1
        self._most = MOST

    def add(self, first: int, samples: Sequence[Any]) -> None:
        """Look at samples, of which the first has that number."""
        if isinstance(samples, Rows):
            for start, block in blocks(samples.array):
                self._add_array(first + start, block)
        else:
            for i, sample in enumerate(samples, first):
                self._add_list(i, sample)

    @property
    def chosen(self) -> list[tuple[int, Any]]:
        """These samples with their numbers, in order."""
        found = dict(self._first.values()) | {i: sample for _, i, sample in self._ends.values()}
        return sorted(found.items(), key=lambda pair: pair[0])

    def _add_array(self, first: int, block: Any) -> None:
        numpy = sys.modules["numpy"]
        flat = block.reshape(len(block), -1)
        width = flat.shape[1]
        self._most = max(16, min(MOST, 16 * MOST // width))
        if len(self._first) < self._most:
            few = flat[:, 0] if width == 1 else flat[: 4 * MOST]
            places = numpy.unique(few, axis=None if width == 1 else 0, return_index=True)[1]
            for place in numpy.sort(places)[: 2 * MOST].tolist():  # as many again as may be known
                self._note(first + place, block[place].tolist())
        for sign, at in ((1, int(flat.argmax())), (-1, int(flat.argmin()))):
            self._end(sign, flat[divmod(at, width)].item(), first + at // width, block[at // width])

    def _add_list(self, i: int, sample: Any) -> None:
        numbers = _flat(sample)
        self._note(i, sample)
        self._end(1, max(numbers), i, sample)
        self._end(-1, min(numbers), i, sample)

    def _note(self, i: int, sample: Any) -> None:
        if len(self._first) < self._most:
            self._first.setdefault(repr(sample), (i, sample))  # tells 1, 1.0 and True apart

    def _end(self, sign: int, number: float, i: int, sample: Any) -> None:
        known = self._ends.get(sign)
        if known is None or sign * number > sign * known[0]:
            self._ends[sign] = number, i, sample.tolist() if hasattr(sample, "tolist") else sample


def _flat(sample: Any) -> list[Any]:
    return [x for inner in sample for x in _flat(inner)] if isinstance(sample, list | tuple) else [sample]
