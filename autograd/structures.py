"""Structures: numbers in nested lists, tuples, dicts and NumPy arrays (JAX's pytrees).

`flatten` takes one apart into a flat list of its numbers and a `Structure`, its shape; `unflatten` puts them together again.
"""

import math
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice, repeat
from typing import Any, NamedTuple

from autograd.keys import Keys
from autograd.real import as_float, is_node, number_of


class Structure(NamedTuple):
    """The shape of a structure, without its numbers; hashable.

    `kind` is list, tuple, a named tuple's class, dict, OrderedDict, "array", or None for a single number. `keys` are a
    dict's keys or an array's shape.
    """

    kind: Any = None
    keys: tuple[Any, ...] = ()
    children: tuple["Structure", ...] = ()

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        if self.kind is None:
            return 1
        return math.prod(self.keys) if self.kind == "array" else sum(child.size for child in self.children)

    def parts(self) -> "list[Structure]":
        """Its single numbers and arrays, from left to right."""
        single = self.kind is None or self.kind == "array"
        return [self] if single else [part for child in self.children for part in child.parts()]

    def __str__(self) -> str:
        if self.kind is None:
            return "one number"
        if self.kind == "array":
            return f"an array of shape {self.keys}"
        if self.kind in (dict, OrderedDict):
            return f"a {self.kind.__name__} with the keys {list(self.keys)}"
        return f"a {self.kind.__name__} of {len(self.children)}"


NUMBER = Structure()
SINGLE = (NUMBER, Structure("array", ()))  # a number, or an array without dimensions


def is_array(thing: Any) -> bool:
    """Whether it is a NumPy array. NumPy need not be imported for the test: without it there are no arrays."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(thing, numpy.ndarray)


def flatten(thing: Any, what: str, like: Structure | None = None) -> tuple[list[Any], Structure]:
    """The numbers in a structure (floats and nodes) from left to right, and its shape.

    With `like`, the thing must have that shape; dicts may have their keys in any order. Raises TypeError, saying where in
    `what`, if it holds anything but numbers or is not like `like`, and ValueError if it contains itself.

    >>> flatten({"w": [1, 2.0], "b": 3.0}, "parameters")[0]
    [1.0, 2.0, 3.0]
    """
    numbers: list[Any] = []
    try:
        return numbers, _take_apart(thing, numbers, what, like)
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply, or contains itself: pass a flat list or array of numbers") from None


def _take_apart(thing: Any, numbers: list[Any], what: str, like: Structure | None) -> Structure:
    if like is None and (type(thing) is float or is_node(thing)):
        numbers.append(thing)  # the common case
        return NUMBER
    structure = outline(thing)
    if like is not None and not (structure in SINGLE and like in SINGLE):
        if isinstance(thing, dict) and structure.kind is like.kind and set(thing) == set(like.keys):
            structure = Structure(like.kind, like.keys)
            thing = {key: thing[key] for key in like.keys}
        if (structure.kind, structure.keys, _length(thing)) != (like.kind, like.keys, len(like.children)):
            raise TypeError(f"{what} must be {like}, not {_of_numbers(structure, _length(thing))}: give it that structure")
    if structure.kind is None:
        if isinstance(thing, AbstractSet | Iterator | range):
            raise TypeError(
                f"{what} must be numbers in lists, tuples, dicts or arrays, not a {type(thing).__name__}: pass list(...)"
            )
        numbers.append(thing if is_node(thing) else as_float(thing, what))
        return structure
    if structure.kind == "array":
        numbers += _numbers_of_array(thing, what)
        return structure
    items = thing.items() if isinstance(thing, dict) else enumerate(thing)
    likes = repeat(None) if like is None else like.children
    children = [_take_apart(x, numbers, f"{what}[{key!r}]", kind) for (key, x), kind in zip(items, likes)]  # noqa: B905 - checked
    return structure._replace(children=tuple(children))


def outline(thing: Any) -> Structure:
    """The outermost structure, without children."""
    if isinstance(thing, list):
        return Structure(list)
    if isinstance(thing, tuple):
        return Structure(type(thing) if hasattr(thing, "_make") else tuple)
    if isinstance(thing, dict):
        keys = tuple(thing) if all(type(key) is str for key in thing) else Keys(thing)
        return Structure(OrderedDict if isinstance(thing, OrderedDict) else dict, keys)
    return Structure("array", thing.shape) if is_array(thing) else NUMBER


def _length(thing: Any) -> int:
    return len(thing) if isinstance(thing, list | tuple | dict) else 0


def _of_numbers(outermost: Structure, length: int) -> Structure:
    return outermost._replace(children=(NUMBER,) * length)


def _numbers_of_array(array: Any, what: str) -> list[Any]:
    numpy = sys.modules["numpy"]
    if isinstance(array, numpy.ma.MaskedArray):
        raise TypeError(f"{what} must be an array of real numbers, not a masked array: fill it first, x.filled(0.0)")
    array = numpy.asarray(array)  # a np.matrix stays a matrix under ravel()
    if array.dtype.kind in "fiub":
        return [float(x) for x in array.ravel().tolist()]
    if array.dtype.kind == "O":
        return [x if is_node(x) else as_float(x, f"{what}, element {i},") for i, x in enumerate(array.ravel().tolist())]
    raise TypeError(f"{what} must be an array of real numbers, not of dtype {array.dtype}: convert it, x.astype(float)")


def map_nodes(thing: Any, change: Callable[[Any], Any]) -> Any:
    """The same lists, tuples, dicts and arrays with each node changed; whatever contains no node is returned as it is."""
    if is_node(thing):
        return change(thing)
    array = is_array(thing) and thing.dtype.kind == "O"
    if not (array or type(thing) in (list, dict, OrderedDict) or isinstance(thing, tuple)):
        return thing
    items = thing.ravel().tolist() if array else list(thing.values() if isinstance(thing, dict) else thing)
    changed = [map_nodes(item, change) for item in items]
    if all(new is old for new, old in zip(changed, items, strict=True)):
        return thing
    return as_array(changed, thing.shape) if array else rebuild(_of_numbers(outline(thing), len(items)), changed)


def unflatten(structure: Structure, numbers: Iterable[Any], array: Callable[[Sequence[Any], tuple[int, ...]], Any]) -> Any:
    """The inverse of `flatten`: numbers put into a structure; `array(numbers, shape)` makes its arrays.

    >>> unflatten(Structure(dict, ("w", "b"), (NUMBER, NUMBER)), [10.0, 20.0], as_array)
    {'w': 10.0, 'b': 20.0}
    """
    rest = iter(numbers)
    if structure.kind is None:
        return next(rest)
    return rebuild(
        structure,
        [next(rest) if part.kind is None else array(list(islice(rest, part.size)), part.keys) for part in structure.parts()],
    )


def rebuild(structure: Structure, parts: Iterable[Any]) -> Any:
    """The structure with one thing in the place of each part, that is, of each single number and array."""
    kind, rest = structure.kind, iter(parts)
    if kind is None or kind == "array":
        return next(rest)
    children = [rebuild(child, rest) for child in structure.children]
    if kind in (dict, OrderedDict):
        return kind(zip(structure.keys, children, strict=True))
    return children if kind is list else tuple(children) if kind is tuple else kind._make(children)


def as_array(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """A NumPy array of that shape: of float64 if all numbers are floats, else of objects."""
    import numpy as np

    if all(type(number) is float for number in numbers):
        return np.array(numbers, dtype=float).reshape(shape)
    objects = np.empty(len(numbers), dtype=object)
    objects[:] = numbers
    return objects.reshape(shape)


def as_argument(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """`as_array` for a function's argument: in the place of an array without dimensions it gets its number."""
    return as_array(numbers, shape) if shape else numbers[0]


def values(structure: Any) -> Any:
    """The numbers of Values in nested lists, tuples, dicts and arrays, as floats and float64 arrays in the same structure.

    Raises TypeError, saying where, for anything but Values and numbers.

    >>> from autograd import Value
    >>> values({"w": [Value(1.0), 2.0]})
    {'w': [1.0, 2.0]}
    """
    return _numbers(structure, "values", number_of)


def grads(structure: Any) -> Any:
    """The `.grad` of Values in nested lists, tuples, dicts and arrays, as floats and float64 arrays in the same structure.

    A plain number has gradient 0.0, like a Value that no backward pass has reached. Raises TypeError as `values` does.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> (x * x).backward()
    >>> grads([x, 2.0])
    [4.0, 0.0]
    """
    return _numbers(structure, "grads", lambda x: 0.0 if type(x) is float else x.grad)


def _numbers(structure: Any, name: str, read: Callable[[Any], float]) -> Any:
    found, shape = flatten(structure, f"the argument of {name}")
    return unflatten(shape, list(map(read, found)), as_array)
