"""What modules take, numbers in nested lists or arrays, brought into one form and checked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from autograd.real import as_float, is_node


def listed(thing: Any) -> Any:
    """A list or tuple as it is, an array or another sequence or iterator as a list; anything else, a number say, as it is.

    A string, set or dict is not taken for a sequence of numbers, and comes back as it is.
    """
    if isinstance(thing, list | tuple) or is_node(thing):
        return thing
    if hasattr(thing, "tolist"):
        return thing.tolist()  # a NumPy array's numbers as Python floats
    return list(thing) if isinstance(thing, Iterable) and not isinstance(thing, str | set | frozenset | Mapping) else thing


def each_number(function: Callable[[Any], Any], xs: Any) -> Any:
    """The function of every number, in lists nested as `xs`; of a single number, its result alone.

    >>> each_number(abs, [-1.0, [-2.0, 3.0]])
    [1.0, [2.0, 3.0]]
    """
    xs = listed(xs)
    return [each_number(function, x) for x in xs] if isinstance(xs, list | tuple) else function(xs)


def number(module: Any, x: Any) -> Any:
    """One number: a Value or Symbol as it is, any other real number as a float; TypeError, naming the module, for what is none.

    >>> number(None, 1)
    1.0
    """
    return x if type(x) is float or is_node(x) else as_float(x, f"an input of {type(module).__name__}")


def numbers(module: Any, xs: Any) -> list[Any]:
    """The numbers in nested lists or arrays, in their order; TypeError, naming the module, for what is none.

    >>> numbers(None, [[1.0, 2.0], [3]])
    [1.0, 2.0, 3.0]
    """
    xs = listed(xs)
    return [x for part in xs for x in numbers(module, part)] if isinstance(xs, list | tuple) else [number(module, xs)]


def features(module: Any, nin: int, xs: Any) -> Sequence[Any]:
    """The inputs of one sample as a list; TypeError if they are no sequence, ValueError if their number is wrong."""
    name, inputs = type(module).__name__, listed(xs)
    if not isinstance(inputs, list | tuple):
        raise TypeError(f"{name} takes a sequence of {nin} inputs, not {xs!r}: put it in a list")
    if len(inputs) != nin:
        raise ValueError(f"{name} takes {nin} inputs, was given {len(inputs)}")
    if isinstance(inputs[0], list | tuple):
        raise TypeError(f"{name} takes the {nin} inputs of one sample: [model(x) for x in xs] for several")
    return inputs


def shape_of(xs: Any, what: str) -> tuple[int, ...]:
    """The lengths of nested lists, from the outside in; ValueError, about `what`, where two in one list are not alike.

    >>> shape_of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "x"), shape_of(1.0, "x")
    ((3, 2), ())
    """
    if not isinstance(xs, list | tuple):
        return ()
    shapes = [shape_of(x, f"{what}[{i}]") for i, x in enumerate(xs)]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ValueError(f"the parts of {what} must have one shape, but {what}[0] has {shapes[0]}, and {what}[{i}] {shape}")
    return (len(xs), *(shapes[0] if shapes else ()))


def image(module: Any, xs: Any) -> list[list[list[Any]]]:
    """One image as a list of channels, each a list of rows of numbers.

    Raises TypeError for another depth of nesting or what is no number, ValueError for lists that are not alike in length, or
    empty.
    """
    name, channels = type(module).__name__, each_number(partial(number, module), xs)
    shape = shape_of(channels, f"the image for {name}")
    if len(shape) != 3:
        what = {2: "[image] if there is but one channel", 4: "[model(image) for image in images] for several images"}
        hint = what.get(len(shape), "lists in lists in a list")
        raise TypeError(f"{name} takes an image of shape (channels, height, width), not of shape {shape}: {hint}")
    if 0 in shape:
        raise ValueError(f"{name} takes an image with at least one channel, row and column, not one of shape {shape}")
    return channels  # type: ignore[no-any-return]  # its shape says so
