"""Numbers in nested lists or arrays, as models, losses and data take them: brought into one form, counted and checked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from autograd.real import as_float, is_node, is_open, shown


def listed(thing: Any) -> Any:
    """A list or tuple as it is; an array, table, another sequence or an iterator as a list; anything else as it is.

    A table, such as a DataFrame, gives its rows. A string, set or dict is no sequence of numbers, and comes back as it is.

    >>> listed(range(3)), listed((1.0, 2.0)), listed("12")
    ([0, 1, 2], (1.0, 2.0), '12')
    """
    if type(thing) in (float, int) or isinstance(thing, list | tuple) or is_node(thing) or is_open(thing):
        return thing
    if hasattr(thing, "tolist"):
        return thing.tolist()  # a NumPy array's, a Series's or a tensor's numbers as Python's
    if hasattr(type(thing), "__array__"):
        return thing.__array__().tolist()  # a DataFrame's rows: iterating it gives the names of columns
    if isinstance(thing, Iterable) and not isinstance(thing, str | bytes | set | frozenset | Mapping):
        return list(thing)
    return thing


def is_array_like(thing: Any) -> bool:
    """Whether `listed` asks the thing itself for its numbers: an array, tensor, Series or DataFrame."""
    return hasattr(thing, "tolist") or hasattr(type(thing), "__array__")


def is_iterable(thing: Any) -> bool:
    """Whether the thing is an iterable of other things than numbers, characters or keys: perhaps of batches.

    >>> is_iterable(range(3)), is_iterable("12"), is_iterable({"a": 1.0}), is_iterable([[1.0]])
    (True, False, False, True)
    """
    return isinstance(thing, Iterable) and not isinstance(thing, str | bytes | Mapping) and not is_array_like(thing)


def remedy(thing: Any, name: str) -> str:
    """What to write for a thing of that name which is not a list of numbers.

    >>> remedy({"a": [1.0, 2.0], "b": [3.0, 4.0]}, "X"), remedy(iter([1.0]), "X"), remedy(1.0, "X"), remedy("1.0", "X")
    ('list(zip(*X.values()))', 'list(X)', 'put it in a list', 'give numbers')
    """
    if isinstance(thing, Mapping):
        several = all(isinstance(column, Sequence) or is_array_like(column) for column in thing.values())
        return f"list(zip(*{name}.values()))" if several else f"list({name}.values())"
    if thing is None or isinstance(thing, str | bytes):
        return "give numbers"
    if callable(getattr(thing, "collect", None)):  # a LazyFrame
        return f"{name}.collect()"
    return f"list({name})" if isinstance(thing, Iterable) else "put it in a list"


@contextmanager
def not_too_deep(what: str) -> Iterator[None]:
    """Lists nested deeper than Python's stack, or in themselves, raise ValueError about `what`."""
    try:
        yield
    except RecursionError:
        raise ValueError(f"{what} are nested too deeply, or contain themselves: pass numbers in a flat list or array") from None


def each_number(function: Callable[[Any], Any], xs: Any) -> Any:
    """The function of every number, in lists nested as `xs`; for a single number, its result alone."""
    with not_too_deep("the inputs"):
        return _each(function, xs)


def _each(function: Callable[[Any], Any], xs: Any) -> Any:
    if is_open(xs):
        return xs.mapped(lambda x: _each(function, x))
    xs = listed(xs)
    return [_each(function, x) for x in xs] if isinstance(xs, list | tuple) else function(xs)


def number(whose: str, x: Any, what: str = "an input") -> Any:
    """A Value or Symbol as it is, any other real number as a float; TypeError, naming the two words, for anything else."""
    return x if type(x) is float or is_node(x) else as_float(x, f"{what} of {whose}")


def numbers(whose: str, xs: Any) -> list[Any]:
    """The numbers in nested lists or arrays, in their order, each checked as by `number`."""
    found: list[Any] = []
    each_number(lambda x: found.append(number(whose, x)), xs)
    return found


def features(module: Any, nin: int, xs: Any) -> Sequence[Any]:
    """The inputs of one sample as a list; TypeError unless they are a sequence, ValueError if their number is wrong."""
    name, inputs = type(module).__name__, listed(xs)
    if not isinstance(inputs, list | tuple):
        raise TypeError(f"{name} takes a sequence of {nin} inputs, not {shown(xs)}: {remedy(xs, 'x')}")
    if len(inputs) and (isinstance(inputs[0], list | tuple) or getattr(inputs[0], "ndim", 0) > 0):
        raise TypeError(
            f"{name} takes the {nin} inputs of one sample, and was given a batch of {len(inputs)}: model.batch(X) takes a "
            f"batch, or give one sample: [model(x) for x in xs] for several"
        )
    if len(inputs) != nin:
        raise ValueError(f"{name} takes {nin} inputs, was given {len(inputs)}")
    return inputs


def shape_of(xs: Any, what: str) -> tuple[int, ...]:
    """The lengths of nested lists, from the outside in; ValueError, about `what`, where neighbours differ in shape.

    >>> shape_of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "x"), shape_of(1.0, "x")
    ((3, 2), ())
    """
    if not isinstance(xs, list | tuple):
        return ()
    if set(map(type, xs)) <= {float, int}:
        return (len(xs),)  # the common case
    first, *others = (shape_of(x, f"{what}[{i}]") for i, x in enumerate(xs))
    for i, shape in enumerate(others, 1):
        if shape != first:
            raise ValueError(
                f"{what} is ragged: {what}[0] is {described(first)}, {what}[{i}] is {described(shape)}. Give all the same shape"
            )
    return (len(xs), *first)


def described(shape: tuple[int, ...]) -> str:
    """A shape in words."""
    return f"of shape {shape}" if shape else "one number"


def image(module: Any, xs: Any) -> list[list[list[Any]]]:
    """One image as a list of channels, each a list of rows of numbers.

    Raises TypeError for another depth of nesting or anything but numbers, ValueError for ragged or empty lists.
    """
    name = type(module).__name__
    channels = each_number(partial(number, name), xs)
    shape = shape_of(channels, f"{name}'s image")
    if len(shape) != 3:
        what = {2: "[image] if there is but one channel", 4: "[model(image) for image in images] for several images"}
        hint = what.get(len(shape), "lists in lists in a list")
        raise TypeError(f"{name} takes an image of shape (channels, height, width), not of shape {shape}: {hint}")
    if 0 in shape:
        raise ValueError(f"{name} takes an image with at least one channel, row and column, not one of shape {shape}")
    return channels  # type: ignore[no-any-return]  # its shape says so
