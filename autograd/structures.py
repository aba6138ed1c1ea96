"""Structures: numbers in nested lists, tuples, dicts and NumPy arrays (JAX's pytrees).

`flatten` takes one apart into a flat list of its numbers and a `Structure`, its shape; `unflatten` puts them together again.
Subclasses and relatives of these (named tuples, deques, mappings, dataclasses, namespaces) are made again by their own class,
any other class as `register_structure` was told.
"""

import math
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import islice, repeat
from numbers import Number
from types import SimpleNamespace
from typing import Any, NamedTuple

from autograd.keys import Keys
from autograd.real import as_float, is_node, is_open, number_of, shown


class Structure(NamedTuple):
    """The shape of a structure, without its numbers; hashable.

    `kind` is the class that holds the parts, "array", "open" for an array of rows like the only child whose number only the run
    knows (one number here), or None for a single number. `keys` are a mapping's keys, the names of
    attributes, the numbers of a registered class's parts, or an array's shape. `extra` is what the class wants beside its parts
    to be made again.
    """

    kind: Any = None
    keys: tuple[Any, ...] = ()
    children: tuple["Structure", ...] = ()
    extra: tuple[Any, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        if self.kind is None or self.kind == "open":
            return 1
        return math.prod(self.keys) if self.kind == "array" else sum(child.size for child in self.children)

    def parts(self) -> "list[Structure]":
        """Its single numbers and arrays, from left to right."""
        single = self.kind is None or self.kind in ("array", "open")
        return [self] if single else [part for child in self.children for part in child.parts()]

    def paths(self) -> list[str]:
        """How each child is reached, as code: [0], ['key'], .name."""
        by = access(self.kind)
        if by == "name":
            return [f".{name}" for name in self.keys]
        return [f"[{key!r}]" for key in (range(len(self.children)) if by == "index" else self.keys)]

    def __str__(self) -> str:
        if self.kind is None:
            return "one number"
        if self.kind == "array":
            return f"an array of shape {self.keys}"
        if self.kind == "open":
            each = "" if self.children[0].kind == "open" else " each"
            return f"a sequence of a length that only the run knows, of {self.children[0]}{each}"
        by = access(self.kind)
        if by == "index":
            return f"a {self.kind.__name__} of {len(self.children)}"
        if by == "part":
            return f"a {self.kind.__name__} of {len(self.keys)} parts"
        return f"a {self.kind.__name__} with the {'keys' if by == 'key' else 'attributes'} {list(self.keys)}"


NUMBER = Structure()
SINGLE = (NUMBER, Structure("array", ()))  # a number, or an array without dimensions


def is_array(thing: Any) -> bool:
    """Whether it is a NumPy array. NumPy need not be imported for the test: without it there are no arrays."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(thing, numpy.ndarray)


def flatten(thing: Any, what: str, like: Structure | None = None, *, opened: bool = False) -> tuple[list[Any], Structure]:
    """The numbers in a structure (floats and nodes) from left to right, and its shape.

    With `like`, the thing must have that shape; dicts may have their keys in any order. Raises TypeError, saying where in
    `what`, if it holds anything but numbers or is not like `like`, and ValueError if it contains itself. If `opened`, a
    sequence whose length only the run knows is one node.

    >>> flatten({"w": [1, 2.0], "b": 3.0}, "parameters")[0]
    [1.0, 2.0, 3.0]
    """
    numbers: list[Any] = []
    try:
        return numbers, _take_apart(thing, numbers, what, like, opened)
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply, or contains itself: pass a flat list or array of numbers") from None


def _take_apart(thing: Any, numbers: list[Any], what: str, like: Structure | None, opened: bool) -> Structure:  # noqa: FBT001
    if like is None and (type(thing) is float or is_node(thing)):
        numbers.append(thing)  # the common case
        return NUMBER
    if like is None and type(thing) is list and _are_numbers(thing):  # and the next one
        numbers += thing
        return of_numbers(Structure(list), len(thing))
    if opened and is_open(thing):
        if like is not None and like != thing.opening:
            raise TypeError(
                f"{what} must be {like}, not {thing.opening}: give it that structure, and sequences "
                "of one length, such as arguments that are as long as each other, and slices of those"
            )
        numbers.append(thing.array)
        return thing.opening  # type: ignore[no-any-return]
    structure, children = outline(thing)
    if like is not None and not (structure in SINGLE and like in SINGLE):
        named = structure.kind in (like.kind, dict) and access(like.kind) in ("key", "name")
        if named and set(structure.keys) == set(like.keys):
            known = dict(zip(structure.keys, children, strict=True))
            structure, children = like._replace(children=()), [known[key] for key in like.keys]
        found = structure.kind, structure.keys, len(children)
        if found != (like.kind, like.keys, len(like.children)):
            raise TypeError(f"{what} must be {like}, not {of_numbers(structure, len(children))}: give it that structure")
    if structure.kind is None:
        numbers.append(thing if is_node(thing) else _number(thing, what))
        return structure
    if structure.kind == "array":
        numbers += _numbers_of_array(thing, what)
        return structure
    likes = repeat(None) if like is None else like.children
    paths = of_numbers(structure, len(children)).paths()
    taken = [_take_apart(x, numbers, what + path, kind, opened) for x, path, kind in zip(children, paths, likes)]  # noqa: B905 - checked
    return structure._replace(children=tuple(taken))


def _are_numbers(things: list[Any]) -> bool:
    """Whether all are floats or nodes, by their types, which are few."""
    return all(kind is float or hasattr(kind, "_apply_primitive") for kind in {*map(type, things)})


class Registered(NamedTuple):
    """How a class of the user's is taken apart and made again: JAX's two functions."""

    flatten: Callable[[Any], tuple[Iterable[Any], Any]]
    unflatten: Callable[[Any, Sequence[Any]], Any]


_REGISTERED: dict[type, Registered] = {}


def register_structure(
    kind: type, flatten: Callable[[Any], tuple[Iterable[Any], Any]], unflatten: Callable[[Any, Sequence[Any]], Any]
) -> type:
    """Let objects of a class hold numbers in arguments and results of transforms, `jit` and loops (JAX: register_pytree_node).

    `flatten(thing)` returns (parts, extra): numbers, arrays or structures of them, and what else the class needs to be made
    again, hashable; `jit` traces anew for another extra. `unflatten(extra, parts)` makes the object. Subclasses are registered
    by themselves. Returns the class. Raises TypeError for what is not a class, and ValueError for list, tuple and dict.

    >>> from autograd import grad
    >>> class Line:
    ...     def __init__(self, slope, name):
    ...         self.slope, self.name = slope, name
    >>> _ = register_structure(Line, lambda line: ([line.slope], line.name), lambda name, parts: Line(*parts, name))
    >>> gradient = grad(lambda line: line.slope * line.slope)(Line(3.0, "steep"))
    >>> gradient.slope, gradient.name
    (6.0, 'steep')
    """
    if not isinstance(kind, type) or is_node(kind) or issubclass(kind, float):
        raise TypeError(
            f"register_structure takes a class that holds numbers, not {shown(kind)}: register_structure(type(x), ...)"
        )
    if kind in (list, tuple, dict):
        raise ValueError(f"a {kind.__name__} is a structure already: register a subclass of it")
    _REGISTERED[kind] = Registered(flatten, unflatten)
    return kind


def access(kind: Any) -> str:
    """How the parts of a structure of that kind are reached: "index", "key", "name", "part" (registered); "" if it has none."""
    if kind is dict:
        return "key"  # the common case
    if not isinstance(kind, type):
        return ""
    if kind in _REGISTERED:
        return "part"
    if issubclass(kind, list | tuple | deque):
        return "index"
    return "key" if issubclass(kind, Mapping) else "name" if issubclass(kind, SimpleNamespace) or is_dataclass(kind) else ""


def outline(thing: Any) -> tuple[Structure, list[Any]]:
    """The outermost structure, without children, and the things in the place of these."""
    kind = type(thing)
    by = access(kind)
    if by == "index":
        return Structure(kind, extra=(thing.maxlen,) if isinstance(thing, deque) else ()), list(thing)
    if by == "key":
        extra = (thing.default_factory,) if isinstance(thing, defaultdict) else ()
        keys = tuple(thing) if all(type(key) is str for key in thing) else Keys(thing)
        return Structure(kind, keys, (), extra), [thing[key] for key in thing]
    if by == "name" and not isinstance(thing, Number):
        names = vars(thing) if isinstance(thing, SimpleNamespace) else [field.name for field in fields(thing) if field.init]
        return Structure(kind, tuple(names)), [getattr(thing, name) for name in names]
    if by == "part":
        return _outline_registered(kind, thing)
    return Structure("array", thing.shape) if is_array(thing) else NUMBER, []


def _outline_registered(kind: type, thing: Any) -> tuple[Structure, list[Any]]:
    found = _REGISTERED[kind].flatten(thing)
    if not isinstance(found, tuple) or len(found) != 2:
        raise TypeError(
            f"the flatten of {kind.__name__} must return (parts, extra), not {shown(found)}: "
            f"register_structure({kind.__name__}, lambda x: ([x.a, x.b], None), ...)"
        )
    parts, extra = found
    try:
        hash(extra)
    except TypeError:
        raise TypeError(
            f"the flatten of {kind.__name__} returned {shown(extra)} beside the parts, which has no hash: return a tuple"
        ) from None
    parts = list(parts)
    return Structure(kind, tuple(range(len(parts))), (), (extra,)), parts


def of_numbers(outermost: Structure, length: int) -> Structure:
    """A structure with as many numbers for children."""
    return outermost._replace(children=(NUMBER,) * length)


INSTEAD = (
    ("compute", "x.compute()"),  # Dask
    ("count_is_open", "what scan or take make of it, or leave it out of dynamic_argnums: only the run knows its length"),
    ("to_numpy", "x.to_numpy()"),  # pandas
    ("tolist", "x.tolist()"),  # PyTorch, array.array
    ("state_dict", "x.state_dict(), and call the model by nn.functional_call"),
    ("model_dump", "x.model_dump()"),  # pydantic
    ("__attrs_attrs__", "attrs.asdict(x)"),
    ("__iter__", "list(...)"),
    ("__dict__", "vars(x)"),
)
"""What to pass for an object that holds numbers in a way of its own, by the attribute that tells its kind."""


def _number(thing: Any, what: str) -> float:
    try:
        return as_float(thing, what)
    except TypeError:
        kind = type(thing)
        instead = [code for name, code in INSTEAD if hasattr(thing, name) and not (callable(thing) and name == "__dict__")]
        if not instead or issubclass(kind, Number | str | bytes | type) or _is_single(thing):
            raise
    raise TypeError(
        f"{what} must be numbers in lists, tuples, dicts or arrays, not a {kind.__name__}: pass {instead[0]}"
    ) from None


def _is_single(thing: Any) -> bool:
    """Whether it is a tensor without dimensions."""
    return hasattr(thing, "item") and not getattr(thing, "ndim", 0)


def _numbers_of_array(array: Any, what: str) -> list[Any]:
    numpy = sys.modules["numpy"]
    if isinstance(array, numpy.ma.MaskedArray):
        raise TypeError(f"{what} must be an array of real numbers, not a masked array: fill it first, x.filled(0.0)")
    array = numpy.asarray(array)  # a np.matrix stays a matrix under ravel()
    if array.dtype == float:
        return array.ravel().tolist()  # type: ignore[no-any-return]
    if array.dtype.kind in "fiub":
        return [float(x) for x in array.ravel().tolist()]
    if array.dtype.kind == "O":
        return [x if is_node(x) else as_float(x, f"{what}, element {i},") for i, x in enumerate(array.ravel().tolist())]
    raise TypeError(f"{what} must be an array of real numbers, not of dtype {array.dtype}: convert it, x.astype(float)")


def map_nodes(thing: Any, change: Callable[[Any], Any]) -> Any:
    """The same lists, tuples, dicts and arrays with each node changed; whatever contains no node is returned as it is."""
    if is_node(thing):
        return change(thing)
    if is_open(thing):
        return thing.of(change(thing.array))
    structure, items = outline(thing)
    array = structure.kind == "array" and thing.dtype.kind == "O"
    if array:
        items = thing.ravel().tolist()
    changed = [map_nodes(item, change) for item in items]
    if all(new is old for new, old in zip(changed, items, strict=True)):
        return thing
    return as_array(changed, thing.shape) if array else rebuild(of_numbers(structure, len(items)), changed)


def unflatten(structure: Structure, numbers: Iterable[Any], array: Callable[[Sequence[Any], tuple[int, ...]], Any]) -> Any:
    """The inverse of `flatten`: numbers put into a structure; `array(numbers, shape)` makes its arrays.

    >>> unflatten(Structure(dict, ("w", "b"), (NUMBER, NUMBER)), [10.0, 20.0], as_array)
    {'w': 10.0, 'b': 20.0}
    """
    rest = iter(numbers)
    if structure.kind is None:
        return next(rest)

    def made(part: Structure) -> Any:
        if part.kind is None:
            return next(rest)
        return part.extra[0].made(next(rest)) if part.kind == "open" else array(list(islice(rest, part.size)), part.keys)

    return rebuild(structure, map(made, structure.parts()))


def rebuild(structure: Structure, parts: Iterable[Any]) -> Any:
    """The structure with one thing in the place of each part, that is, of each single number and array."""
    kind, rest = structure.kind, iter(parts)
    if kind is None or kind in ("array", "open"):
        return next(rest)
    children = [rebuild(child, rest) for child in structure.children]
    if kind is list:
        return children
    if kind is tuple or (hasattr(kind, "_make") and kind not in _REGISTERED):
        return tuple(children) if kind is tuple else kind._make(children)
    by = access(kind)
    if by == "part":
        return made_again(structure, children)
    try:
        if by == "index":
            return kind(children, *structure.extra)
        named = dict(zip(structure.keys, children, strict=True))
        return named if kind is dict else kind(*structure.extra, named) if by == "key" else kind(**named)
    except Exception as error:
        plain = {"index": "list(x)", "key": "dict(x)", "name": "vars(x)"}[by]
        error.add_note(f"A {kind.__name__} is made again by its class, from other numbers. If it takes no others, pass {plain}")
        raise


def made_again(structure: Structure, parts: Sequence[Any]) -> Any:
    """A thing of a registered class, from its parts."""
    return _REGISTERED[structure.kind].unflatten(structure.extra[0], parts)


def as_array(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """A NumPy array of that shape: of float64 if all numbers are floats, else of objects."""
    import numpy as np

    if {*map(type, numbers)} <= {float}:
        return np.array(numbers, dtype=float).reshape(shape)
    objects = np.empty(len(numbers), dtype=object)
    objects[:] = numbers
    return objects.reshape(shape)


def as_argument(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """`as_array` for a function's argument: in the place of an array without dimensions it gets its number."""
    return as_array(numbers, shape) if shape else numbers[0]


def open_widths(structure: Structure) -> tuple[int, ...]:
    """For each number of a structure 0, for a sequence whose length only the run knows the numbers in a row; () without one."""
    parts = structure.parts()
    if all(part.kind != "open" for part in parts):
        return ()
    return tuple([x for part in parts for x in ([_innermost(part).size] if part.kind == "open" else [0] * part.size)])


def _innermost(structure: Structure) -> Structure:
    """What sequences hold in the end, whose lengths only the run knows. TypeError for rows that it could not tell apart."""
    inner = structure.children[0]
    if inner.kind != "open":
        return inner
    if type(structure.extra[0].count) is not int:
        raise TypeError(
            "a function returns a sequence of sequences, and only the run knows how many and how long they are: return what "
            "sum_, dot, take or a map makes of each"
        )
    return _innermost(inner)


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
