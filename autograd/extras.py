"""Packages that extras install, imported when they are needed."""

from importlib import import_module
from typing import Any


def needed(package: str, what: str, install: str) -> Any:
    """The package; ModuleNotFoundError that says what needs it, and what installs it.

    >>> needed("json", "this", "json").dumps(1)
    '1'
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{what} needs {error.name}: pip install {install}", name=error.name) from None
