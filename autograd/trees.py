"""Structures as trees: their leaves, which are numbers, arrays and whatever else is no structure. Names are JAX's."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from autograd.real import is_open
from autograd.structures import Structure, access, as_array, flatten, of_numbers, outline, rebuild, unflatten

_TOO_DEEP = "the tree is nested too deeply, or contains itself: pass a flat list or array of numbers"


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of a structure from left to right: its numbers, arrays, and whatever else is no structure (JAX's name).

    A dict's leaves come in its own order, not sorted as JAX has them. Raises ValueError for what contains itself.

    >>> tree_leaves({"w": [1.0, 2.0], "name": "line"})
    [1.0, 2.0, 'line']
    """
    found: list[Any] = []
    try:
        _take_leaves(tree, found)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    return found


def _take_leaves(tree: Any, found: list[Any]) -> None:
    structure, parts = outline(tree)
    if not access(structure.kind):
        found.append(tree)
    for part in parts:
        _take_leaves(part, found)


def tree_map(f: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """The structure with f(leaf) in the place of each leaf, a number or array; with `rest`, f(leaf, their part there) (JAX's).

    Raises TypeError, saying where, if one of `rest` has not the structure of the tree, and ValueError for what contains itself.

    >>> tree_map(lambda w, g: w - 0.5 * g, {"w": [1.0, 2.0]}, {"w": [2.0, 4.0]})
    {'w': [0.0, 0.0]}
    """
    try:
        return _mapped(f, tree, rest, "the tree")
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def _mapped(f: Callable[..., Any], tree: Any, rest: Sequence[Any], what: str) -> Any:
    if is_open(tree):
        return tree.mapped(lambda *elements: _mapped(f, elements[0], elements[1:], f"an element of {what}"), *rest)
    structure, parts = outline(tree)
    if not access(structure.kind):
        return f(tree, *rest)
    whole = of_numbers(structure, len(parts))
    others = [_parts_like(structure, whole, other, f"tree {i} beside {what}") for i, other in enumerate(rest, 1)]
    return rebuild(
        whole, [_mapped(f, part, xs, what + path) for path, part, *xs in zip(whole.paths(), parts, *others, strict=True)]
    )


def _parts_like(structure: Structure, whole: Structure, other: Any, what: str) -> list[Any]:
    """The parts of another structure that is like the first one on the outside; dicts may have their keys in any order."""
    found, parts = outline(other)
    if access(found.kind) == "key" == access(structure.kind) and set(found.keys) == set(structure.keys):
        return [other[key] for key in structure.keys]
    if (found.kind, found.keys, len(parts)) != (structure.kind, structure.keys, len(whole.children)):
        raise TypeError(f"{what} must be {whole}, not {of_numbers(found, len(parts))}: give it that structure")
    return parts


def ravel(tree: Any) -> tuple[list[Any], Callable[[Any], Any]]:
    """The numbers of a structure in a flat list, and the function that puts such a list back (JAX's `ravel_pytree`).

    unravel(numbers) takes any sequence or array of as many numbers, Values and Symbols too, and raises ValueError for another
    length. Raises TypeError, saying where, if the structure holds anything but numbers.

    >>> flat, unravel = ravel({"w": [1.0, 2.0], "b": 3.0})
    >>> flat, unravel([10.0, 20.0, 30.0])
    ([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': 30.0})
    """
    flat, structure = flatten(tree, "the argument of ravel")

    def unravel(numbers: Any) -> Any:
        found, _ = flatten(numbers, "the argument of unravel")
        if len(found) != structure.size:
            raise ValueError(f"unravel takes {structure.size} numbers, as ravel found them, not {len(found)}")
        return unflatten(structure, found, as_array)

    return flat, unravel


def nested(rows: Sequence[Sequence[Any]], outputs: Structure, inputs: Structure) -> Any:
    """A matrix as nested structures: the outputs', with the inputs' in the place of each part."""
    lines, found = iter(rows), []
    for above in outputs.parts():
        block = [iter(line) for line in islice(lines, above.size)]
        across = []
        for left in inputs.parts():
            numbers = [x for line in block for x in islice(line, left.size)]
            single = above.kind is None and left.kind is None
            across.append(numbers[0] if single else as_array(numbers, above.keys + left.keys))
        found.append(rebuild(inputs, across))
    return rebuild(outputs, found)
