"""What `from autograd import *` brings, and from nn: a package's public names."""

import builtins
import os
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def refuse_another(package: str) -> None:
    """ImportError if HIPS autograd is installed in the same place: it has the same import name, and one overwrites the other.

    >>> refuse_another(__file__)
    """
    folder = os.path.dirname(os.path.dirname(package))  # noqa: PTH120 - pathlib would take longer than all of this
    try:
        beside = os.listdir(folder)  # noqa: PTH208
    except OSError:  # the package is in an archive
        return
    if any(name.startswith("autograd-") and name.endswith((".dist-info", ".egg-info")) for name in beside):
        raise ImportError(
            "HIPS autograd is installed here too, has the same import name, and overwrites files of chainrule's `autograd`: "
            "python -m pip uninstall -y autograd chainrule, then install chainrule again; the two need different environments"
        )


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


refuse_another(__file__)  # on import of autograd, and of nn
