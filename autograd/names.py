"""What `from autograd import *` brings, and from nn: a package's public names."""

import builtins
import os
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

Rooms = Mapping[str, str]
"""Modules, and which of a package's names each defines, which is imported when one of these is first asked for."""


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


def later(
    package: dict[str, Any], rooms: Rooms, modules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A package's `__getattr__` and `__dir__`: names of modules that are imported when first asked for, and modules themselves.

    >>> namespace = {"__name__": "json"}
    >>> find, names = later(namespace, {"json.scanner": "py_make_scanner NUMBER_RE"})
    >>> find("NUMBER_RE") is namespace["NUMBER_RE"], "py_make_scanner" in names(), find("scanner").__name__
    (True, True, 'json.scanner')
    """
    name = package["__name__"]
    homes = {each: room for room, names in rooms.items() for each in names.split()}
    inside = {room.removeprefix(f"{name}.").partition(".")[0] for room in rooms}.union(modules)

    def find(wanted: str) -> Any:
        if wanted in homes:
            package[wanted] = found = getattr(import_module(homes[wanted]), wanted)
            return found
        if wanted in inside:
            return import_module(f"{name}.{wanted}")
        raise AttributeError(f"module {name!r} has no attribute {wanted!r}")

    return find, lambda: sorted({*package, *homes, *inside})


class Attached:
    """An attribute that a module puts in its place: it is imported when the attribute is first asked for."""

    def __init__(self, owner: type, name: str, module: str) -> None:
        self.name, self.module = name, module
        setattr(owner, name, self)

    def __get__(self, instance: Any, owner: type) -> Any:
        import_module(self.module)
        return getattr(owner if instance is None else instance, self.name)


def public(package: Mapping[str, Any], rooms: Rooms | None = None) -> list[str]:
    """The names in a package's namespace for its `__all__`: all but private ones, modules, and those of Python's builtins.

    So a star import hides neither Python's `abs` and `pow`, which take more than numbers, nor a user's own `value` or `graph`.
    `from autograd import abs` brings ours.

    >>> public({"tanh": 1, "abs": 2, "_hidden": 3, "builtins": builtins})
    ['tanh']
    """
    mine = [name for name, thing in package.items() if not (name.startswith("_") or isinstance(thing, ModuleType))]
    others = [name for names in (rooms or {}).values() for name in names.split()]
    return [name for name in [*mine, *others] if not hasattr(builtins, name)]


refuse_another(__file__)  # on import of autograd, and of nn
