"""What functions and their operands are called, and functions that are made of others."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def name_of(f: Any) -> str:
    """The name of a function, or of a callable object's class.

    >>> name_of(abs)
    'abs'
    """
    return getattr(f, "__name__", None) or type(f).__name__


def signature_of(f: Callable[..., Any]) -> inspect.Signature:
    """`inspect.signature`, but for built-in functions without its tokenizer, which each process would load.

    >>> signature_of(divmod)
    <Signature (x, y, /)>
    """
    names = (getattr(f, "__text_signature__", None) or "").strip("()").removeprefix("$module, ").split(", ")
    if names.pop() == "/" and all(map(str.isidentifier, names)):
        return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names])
    return inspect.signature(f)


def derived(transform: str, f: Callable[..., Any], call: T) -> T:
    """`call` with the name and documentation of a derivative of f."""
    made: Any = call  # a type checker knows what `call` takes and returns, and not what else a function has
    name = name_of(f)
    functools.update_wrapper(made, f, assigned=("__module__",), updated=())
    made.__name__ = made.__qualname__ = f"{transform}_{name}"
    made.__doc__ = f"{transform}({name}), where {name} is:\n\n{getattr(f, '__doc__', None) or 'undocumented.'}"
    return call


def by_python(method: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A method of one or two operands as a function of Python, which itself says by the method's name what does not fit.

    >>> by_python(str.upper, 1)("a", "b")
    Traceback (most recent call last):
    TypeError: str.upper() takes 1 positional argument but 2 were given
    """

    def unary(self: Any) -> Any:
        return method(self)

    def binary(self: Any, other: Any) -> Any:
        return method(self, other)

    made = unary if count == 1 else binary
    made.__name__, made.__qualname__ = method.__name__, method.__qualname__
    return made
