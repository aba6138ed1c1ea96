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

from autograd.picture import INSTALL_HINT, RendererNotFoundError

MOST_IN_A_NOTEBOOK = 4_000  # nodes and edges: dot's time grows faster than their number, and a cell should not hang


class Picture(graphviz.Digraph):  # type: ignore[misc]  # graphviz brings no types
    """A `graphviz.Digraph` that renders with `dot` if it is there, else with `graphviz-pure`; quietly, unless `quiet=False`.

    Raises RendererNotFoundError when rendered where neither is. A notebook then shows the text, and what to install; so it does
    where the graph is too large to be laid out while one waits.
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
        if len(self.body) > MOST_IN_A_NOTEBOOK:
            hint = f"{len(self.body)} nodes and edges take long to lay out: save(result, 'graph.svg') if you do want them all"
            return {"text/plain": f"<{type(self).__name__}: {hint}>"}
        try:
            return super()._repr_mimebundle_(include, exclude, **options)
        except (RendererNotFoundError, graphviz.CalledProcessError, OSError) as error:
            return {"text/plain": f"{self.source}\n({error})"}


_RENDERING = threading.RLock()


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
