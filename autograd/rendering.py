"""The renderer that is at hand: Graphviz's `dot`, else `graphviz-pure`, behind the graphviz package's own class."""

import contextlib
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graphviz
from graphviz.backend import dot_command

INSTALL_HINT = (
    "no Graphviz renderer was found. Install one: `pip install graphviz-pure` (a wheel, no system package), "
    "or Graphviz itself (`apt-get install graphviz`, `brew install graphviz`)"
)


class RendererNotFoundError(RuntimeError):
    """Neither Graphviz's `dot` nor `graphviz-pure` is on this machine; the message names both ways to install."""


class Picture(graphviz.Digraph):  # type: ignore[misc]  # graphviz brings no types
    """A `graphviz.Digraph` that renders with `dot` if it is there, else with `graphviz-pure`; quietly, unless `quiet=False`.

    Raises RendererNotFoundError when rendered where neither is; a notebook then shows the text, and what to install.
    """

    def pipe(self, *args: Any, **options: Any) -> Any:
        """The rendered picture as bytes, or as text with `encoding=`: graphviz's own method."""
        with _renderer():
            return super().pipe(*args, **{"quiet": True, **options})

    def render(self, *args: Any, **options: Any) -> Any:
        """Write the rendered picture to a file: graphviz's own method."""
        with _renderer():
            return super().render(*args, **{"quiet": True, **options})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **options: Any) -> Any:
        try:
            return super()._repr_mimebundle_(include, exclude, **options)
        except (RendererNotFoundError, graphviz.CalledProcessError) as error:
            return {"text/plain": f"{self.source}\n({error})"}


_RENDERING = threading.Lock()


@contextlib.contextmanager
def _renderer() -> Iterator[None]:
    """Let the graphviz package run the renderer that is at hand; it knows only `dot`, by a name it allows to rebind."""
    found = shutil.which("dot") or _graphviz_pure()
    if found is None:
        raise RendererNotFoundError(INSTALL_HINT)
    with _RENDERING:
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = Path(found)
        try:
            yield
        finally:
            dot_command.DOT_BINARY = before


def _graphviz_pure() -> str | None:
    beside = Path(sys.executable).parent  # an environment's scripts, on the PATH only once it is activated
    return shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=beside)
