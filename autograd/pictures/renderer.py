"""The renderer that is at hand: Graphviz's `dot`, else `graphviz-pure`, behind the graphviz package's own class."""

import contextlib
import functools
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graphviz
from graphviz.backend import dot_command

from autograd.pictures.draw import INSTALL_HINT, RendererNotFoundError

MOST_IN_A_NOTEBOOK = 4_000  # nodes and edges: dot's time grows faster than their number, and a cell should not hang


class Picture(graphviz.Digraph):  # type: ignore[misc]  # graphviz brings no types
    """A `graphviz.Digraph` that renders with `dot` if it is there, else with `graphviz-pure`; quietly, unless `quiet=False`.

    Raises RendererNotFoundError when rendered where neither is. A notebook then shows the text, and what to install; so it does
    where the graph is too large to be laid out while one waits. What a notebook shows is SVG, and PNG beside it for exports
    that take no SVG.
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
        del options  # Jupyter's, none of which is about pictures
        if len(self.body) > MOST_IN_A_NOTEBOOK:
            hint = f"{len(self.body)} nodes and edges take long to lay out: save(result, 'graph.svg') if you do want them all"
            return {"text/plain": f"<{type(self).__name__}: {hint}>"}
        wanted = {"image/svg+xml", "image/png"} & set(include or ("image/svg+xml", "image/png")) - set(exclude or ())
        try:
            bundle: dict[str, Any] = {}
            if "image/svg+xml" in wanted:
                bundle["image/svg+xml"] = self.pipe(format="svg", encoding="utf-8")
            if "image/png" in wanted:
                bundle["image/png"] = self.pipe(format="png")
        except (RendererNotFoundError, graphviz.CalledProcessError, OSError, ValueError) as error:
            return {"text/plain": f"{self.source}\n({error})"}
        return bundle or {"text/plain": self.source}


def check_format(name: str) -> None:
    """Raise ValueError for a format that the renderer at hand does not write, with those it does and what to install."""
    renderer = _found()
    formats = _formats(renderer)
    if formats and name not in formats:
        program = Path(renderer).name
        other = "" if program == "dot" else "; Graphviz's own dot writes more, .pdf too: `apt-get install graphviz`"
        raise ValueError(
            f"the renderer at hand, {program}, writes no .{name}: end the name in .svg, .png or .dot. "
            f"It writes {', '.join(formats)}{other}"
        )


@functools.cache
def _formats(renderer: str) -> tuple[str, ...]:
    """The formats a renderer says it has when asked for one that there is not; none if it does not say."""
    try:
        asked = subprocess.run([renderer, "-T?"], input=b"digraph{}", capture_output=True, check=False)  # noqa: S603 - found by name
    except OSError:
        return ()
    _, told, formats = asked.stderr.decode(errors="replace").partition("Use one of: ")
    return tuple(name for name in formats.split() if name not in ("x11", "xlib", "gtk")) if told else ()  # windows, no files


_RENDERING = threading.RLock()


def _found() -> str:
    """The path of the renderer that is at hand."""
    found = shutil.which("dot") or _graphviz_pure()
    if found is None:
        raise RendererNotFoundError(INSTALL_HINT)
    return found


@contextlib.contextmanager
def _renderer() -> Iterator[None]:
    """Let the graphviz package run the renderer that is at hand; it knows only `dot`, by a name it allows to rebind."""
    found = _found()
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
