"""What `from autograd import *` brings, and from nn: a package's public names."""

import builtins
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def public(package: Mapping[str, Any]) -> list[str]:
    """The names in a package's namespace for its `__all__`: all but private ones, modules, and those of Python's builtins.

    So a star import hides neither Python's `abs` and `pow`, which take more than numbers, nor a user's own `value` or `graph`.
    `from autograd import abs` brings ours.

    >>> public({"tanh": 1, "abs": 2, "_hidden": 3, "builtins": builtins})
    ['tanh']
    """
    return [
        name
        for name, thing in package.items()
        if not (name.startswith("_") or isinstance(thing, ModuleType) or hasattr(builtins, name))
    ]
