"""Doctests in docstrings as blocks of code, for mkdocstrings."""

from typing import Any

import griffe

from docs.building.chapters import fenced


class Doctests(griffe.Extension):
    """Puts a fence around each doctest, which Markdown would take for a quotation."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """A docstring of the site."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
