"""Products of a matrix and a vector: each row's `dot` by itself, or all of them side by side where nothing is recorded.

Under `no_grad()` only numbers matter. A matrix is mostly a model's, and is asked for again with the next vector: so its numbers
are taken out of its Values once, for as long as the mode lasts and no number is set. NumPy, if it is here, then adds all rows'
products at once, term after term: in the order of `dot`, and so in its bits.
"""

import sys
from collections.abc import Sequence
from itertools import chain
from typing import Any

from autograd.modes import MODE
from autograd.past import Still
from autograd.primitives import dot
from autograd.unrecorded import PLAIN, leaf_of, numbers_alone, numbers_of

FEWEST = 256  # products, below which arrays cost more than they save
MOST = 1 << 22  # numbers of matrices that are kept


def side_by_side(count: int) -> bool:
    """Whether a matrix with `count` numbers is worth a list of its rows: NumPy, if it is here, then adds them side by side."""
    return count >= FEWEST and numbers_alone()


def products(rows: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
    """`[dot(row, xs) for row in rows]`.

    >>> products([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    [3.0, 7.0]
    """
    numpy = sys.modules.get("numpy") if side_by_side(len(rows) * len(xs)) else None
    numbers = None if numpy is None else numbers_of(xs)
    if numbers is not None:
        columns = _matrices(numpy).columns(list(rows))
        if columns is not None and len(columns) == len(numbers):
            return list(map(leaf_of, _sums(numpy, columns, numbers)))
    return [dot(row, xs) for row in rows]


def _sums(numpy: Any, columns: Any, numbers: list[float]) -> list[float]:
    """Of each row, of which there are the columns, the products with the numbers, added one after another to 0."""
    with numpy.errstate(all="ignore"):
        terms = columns * numpy.array(numbers)[:, None]
        # whole rows are added one to the next, but the numbers of a single column in pairs
        total = numpy.add.reduce(terms, axis=0) if len(columns[0]) > 1 else numpy.add.accumulate(terms, axis=0)[-1]
        sums: list[float] = (0.0 + total).tolist()  # 0 comes last: it changes nothing but a sum of zeros
    return sums


def _matrices(numpy: Any) -> "Matrices":
    """Those of the mode in force."""
    mode: Any = MODE.get()
    if mode.matrices is None:
        mode.matrices = Matrices(numpy)
    found: Matrices = mode.matrices
    return found


class Matrices:
    """The numbers of matrices, by column: kept until a number is set, or there are too many."""

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy
        self._still = Still()
        self._known: dict[int, tuple[list[Any], list[list[Any]], Any]] = {}  # by the first row: rows, what they hold, columns
        self._count = 0

    def columns(self, rows: list[Any]) -> Any:
        """The columns of a matrix; None unless its rows are lists of Values, all equally long."""
        if self._still.moved or self._count > MOST:
            self._known, self._count, self._still = {}, 0, Still()
        known = self._known.get(id(rows[0]))
        if known is not None and _same(known[0], rows) and _same(known[1], rows):
            return known[2]
        kinds = {*chain.from_iterable(map(type, row) for row in rows if type(row) is list)}
        if {*map(type, rows)} != {list} or len({*map(len, rows)}) > 1 or float in kinds or not kinds <= PLAIN:
            return None
        columns = self._numpy.array([[x._data for x in row] for row in rows]).T.copy()
        if columns.all():  # a 0 is equal to another that is not the same
            self._known[id(rows[0])] = rows, list(map(list, rows)), columns
            self._count += columns.size
        return columns


def _same(held: list[Any], rows: list[Any]) -> bool:
    """Whether rows hold the same Values, or others of the same numbers: at 2 ns a Value."""
    try:
        return held == rows
    except ValueError:  # of an array in the place of a number
        return False
