"""Sequences put in order, and summed as they go: `sort`, `argsort`, `argmax`, `argmin`, `cumsum`, by NumPy's names.

A trace knows no numbers, so what is moved where is decided by `where`, along a network of comparisons that is the same for all
numbers. Values go through the same network: so both record the same, and derivatives have the same bits.
"""

import functools
from collections.abc import Iterator
from itertools import accumulate
from operator import add
from typing import Any

from autograd.primitives import where
from autograd.real import is_open
from autograd.structures import NUMBER, Structure, as_array, flatten, unflatten

# ruff: noqa: PLR0124 - x != x is the test for nan that Symbols can compile


def sort(xs: Any) -> Any:
    """The numbers in ascending order, nan last, as a sequence like xs; each gradient goes to the number that moved there.

    Equal numbers keep their order. n numbers take some n log(n)**2 / 4 comparisons, by Batcher's network (1968).
    Raises TypeError for anything but a flat sequence of numbers.

    >>> sort([3.0, 1.0, 2.0])
    [1.0, 2.0, 3.0]
    >>> from autograd import grad
    >>> grad(lambda xs: sort(xs)[0])([3.0, 1.0, 2.0])
    [0.0, 1.0, 0.0]
    """
    numbers, structure = _flat(xs, "sort")
    return unflatten(structure, [x for x, _ in _sorted(numbers)], as_array)


def argsort(xs: Any) -> list[Any]:
    """The places of the numbers in ascending order, so that `[xs[i] for i in places]` is sorted; equal ones keep their order.

    In a traced function they are numbers that only the run knows: `take(xs, i)`. Raises TypeError as `sort` does.

    >>> argsort([3.0, 1.0, 2.0])
    [1, 2, 0]
    """
    return [_place(i) for _, i in _sorted(_flat(xs, "argsort")[0])]


def argmax(xs: Any) -> Any:
    """The place of the largest number, the first of equals; of the first nan, if there is one.

    In a traced function it is a number that only the run knows: `take(xs, argmax(xs))`. Raises TypeError as `sort` does, and
    ValueError if xs is empty.

    >>> argmax([3.0, 5.0, 5.0])
    1
    """
    return _first(xs, "argmax", lambda x, best: x > best)


def argmin(xs: Any) -> Any:
    """The place of the smallest number, the first of equals; see `argmax`.

    >>> argmin([3.0, 1.0, 1.0])
    1
    """
    return _first(xs, "argmin", lambda x, best: x < best)


def cumsum(xs: Any) -> Any:
    """The sums x_1, x_1 + x_2, and so on, strictly left to right, as a sequence like xs. Raises TypeError as `sort` does.

    >>> cumsum([1.0, 2.0, 3.0])
    [1.0, 3.0, 6.0]
    """
    if is_open(xs):
        xs.check_flat("cumsum")
        return xs.running(add)
    numbers, structure = _flat(xs, "cumsum")
    return unflatten(structure, accumulate(numbers, add), as_array)


def _flat(xs: Any, name: str) -> tuple[list[Any], Structure]:
    if is_open(xs):
        raise TypeError(
            f"{name} compares along a network that a trace must know, and only the run knows how long this sequence is: leave "
            "it out of dynamic_argnums"
        )
    numbers, structure = flatten(xs, f"the argument of {name}")
    is_flat = len(structure.keys) == 1 if structure.kind == "array" else all(child == NUMBER for child in structure.children)
    if structure == NUMBER or not is_flat:
        raise TypeError(f"{name} takes a flat sequence of numbers, not {structure}: [{name}(row) for row in xs], or xs.ravel()")
    return numbers, structure


def _first(xs: Any, name: str, is_better: Any) -> Any:
    def chosen(found: tuple[Any, Any, Any], x: Any) -> tuple[Any, Any, Any]:
        best, place, i = found
        better = is_better(x, best) | ((x != x) & (best == best))
        better = better & (best == best)
        return where(better, x, best), where(better, i, place), i + 1.0

    if is_open(xs):
        xs.check_flat(name)
        return xs.reduced(chosen, (xs[0], 0.0, 0.0))[1]
    numbers, _ = _flat(xs, name)
    if not numbers:
        raise ValueError(f"{name} of no numbers does not exist: give it one at least")
    return _place(functools.reduce(chosen, numbers[1:], (numbers[0], 0.0, 1.0))[1])


def _place(i: Any) -> Any:
    return int(i) if type(i) is float else i


def _sorted(numbers: list[Any]) -> list[tuple[Any, Any]]:
    """The numbers in order, and their places before."""
    if all(type(x) is float for x in numbers):
        order = sorted(range(len(numbers)), key=lambda i: (numbers[i] != numbers[i], numbers[i]))
        return [(numbers[i], float(i)) for i in order]
    found = [(x, float(i)) for i, x in enumerate(numbers)]
    for i, j in _network(len(numbers)):
        (x, at_x), (y, at_y) = found[i], found[j]
        alike = (x == y) | ((x != x) & (y != y))
        swap = (y < x) | ((x != x) & (y == y)) | (alike & (at_y < at_x))
        found[i] = where(swap, y, x), where(swap, at_y, at_x)
        found[j] = where(swap, x, y), where(swap, at_x, at_y)
    return found


def _network(count: int) -> Iterator[tuple[int, int]]:
    """The pairs of places that are compared, in order: merges of ever longer runs."""
    run = 1
    while run < count:
        apart = run
        while apart >= 1:
            for start in range(apart % run, count - apart, 2 * apart):
                for i in range(start, min(start + apart, count - apart)):
                    if i // (2 * run) == (i + apart) // (2 * run):
                        yield i, i + apart
            apart //= 2
        run *= 2
