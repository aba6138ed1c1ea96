"""Rows in blocks: where one ends and the next begins depends on how many rows there are, and on nothing else.

A sum over rows is that of its blocks' sums, in order, and a block's sum starts from 0.0 and adds its rows from first to last.
So blocks can be summed in any number of threads, or on other machines, and the result has the same bits.
"""

from collections.abc import Callable, Sequence
from typing import Any

BLOCK = 1024  # rows that are summed from first to last before a new block begins
MOST = 64  # blocks: from there on they grow


def block_length(count: int, block: int = BLOCK) -> int:
    """How many rows each block of `count` rows has, the last one perhaps fewer: a multiple of `block`.

    >>> block_length(1_000), block_length(65_536), block_length(65_537)
    (1024, 1024, 2048)
    """
    return block * max(1, -(-count // (MOST * block)))


def blocks_of(count: int, block: int = BLOCK) -> list[tuple[int, int]]:
    """The first row of each block, and the one after its last.

    >>> blocks_of(2_500)
    [(0, 1024), (1024, 2048), (2048, 2500)]
    """
    length = block_length(count, block)
    return [(first, min(first + length, count)) for first in range(0, count, length)]


def in_blocks(add: Callable[[Sequence[Any]], Any], terms: Sequence[Any], block: int = BLOCK) -> Any:
    """The sum over rows of their terms: `add` adds those of a block, and then the blocks' sums.

    >>> in_blocks(sum, [1.0, 2.0, 3.0], block=2)
    6.0
    """
    if len(terms) <= block:
        return add(terms)
    return add([add(terms[first:last]) for first, last in blocks_of(len(terms), block)])
