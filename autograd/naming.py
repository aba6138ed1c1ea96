"""What functions are called, and those that are made of them."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def name_of(f: Any) -> str:
    """The name of a function, or of a callable object's class.

    >>> name_of(abs)
    'abs'
    """
    return getattr(f, "__name__", None) or type(f).__name__


def derived(transform: str, f: Callable[..., Any], call: T) -> T:
    """`call` with the name and documentation of a derivative of f."""
    made: Any = call  # a type checker knows what `call` takes and returns, and not what else a function has
    name = name_of(f)
    functools.update_wrapper(made, f, assigned=("__module__",), updated=())
    made.__name__ = made.__qualname__ = f"{transform}_{name}"
    made.__doc__ = f"{transform}({name}), where {name} is:\n\n{getattr(f, '__doc__', None) or 'undocumented.'}"
    return call
