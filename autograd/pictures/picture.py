"""A picture: the graphviz package's own class, rendered by whichever renderer is at hand."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graphviz
from graphviz.backend import dot_command

from autograd.locks import Lock
from autograd.pictures.renderer import RendererNotFoundError, find_renderer

MOST_IN_A_NOTEBOOK = 4_000  # nodes and edges: dot's time grows faster than their number, and a cell should not hang


class Picture(graphviz.Digraph):  # type: ignore[misc]  # graphviz brings no types
    """A `graphviz.Digraph` that renders with `dot` if it is there, else with `graphviz-pure`; quietly, unless `quiet=False`.

    A notebook shows it as SVG, with PNG beside it for exports that take no SVG. Without a renderer, rendering raises
    RendererNotFoundError, and a notebook shows the text and what to install. A graph too large to lay out while the reader
    waits is shown as a line that says so.
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
        del options  # Jupyter's; they do not concern pictures
        if len(self.body) > MOST_IN_A_NOTEBOOK:
            hint = f"{len(self.body)} nodes and edges take long to lay out: save(result, 'graph.svg') if you do want them all"
            return {"text/plain": f"<{type(self).__name__}: {hint}>"}
        formats = {"image/svg+xml": {"format": "svg", "encoding": "utf-8"}, "image/png": {"format": "png"}}
        wanted = set(include or formats) - set(exclude or ())
        try:
            bundle = {kind: self.pipe(**how) for kind, how in formats.items() if kind in wanted}
            if "image/svg+xml" in bundle:
                bundle["image/svg+xml"] = as_wide_as_a_cell(bundle["image/svg+xml"])
        except (RendererNotFoundError, graphviz.CalledProcessError, OSError, ValueError) as error:
            return {"text/plain": f"{self.source}\n({error})"}
        return bundle or {"text/plain": self.source}


def as_wide_as_a_cell(svg: str) -> str:
    """The SVG made so that a notebook shrinks it to the width of its cell.

    >>> as_wide_as_a_cell('<svg width="99pt" height="9pt" viewBox="0 0 99 9"></svg>')
    '<svg style="max-width: 100%; height: auto" width="99pt" height="9pt" viewBox="0 0 99 9"></svg>'
    """
    return re.sub("<svg ", '<svg style="max-width: 100%; height: auto" ', svg, count=1)


_RENDERING = Lock(rank=1)


@contextlib.contextmanager
def _renderer() -> Iterator[None]:
    """Let the graphviz package run the renderer at hand: it knows only `dot`, by a name that may be set."""
    found = find_renderer()
    with _RENDERING:
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = Path(found)
        try:
            yield
        finally:
            dot_command.DOT_BINARY = before
