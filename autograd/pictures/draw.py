"""The graph as a picture: value nodes, operation nodes and edges for graphviz.

Text from users reaches the picture through `label_text` alone, never as HTML, URL, tooltip or id.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.files import write_whole
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.pictures.page.recording import Recording
    from autograd.pictures.renderer import Picture

INSTALL_HINT = (
    "no Graphviz renderer was found. Install one: `pip install graphviz-pure` (a wheel, no system package), "
    "or Graphviz itself (`apt-get install graphviz`, `brew install graphviz`)"
)


class RendererNotFoundError(RuntimeError):
    """Neither Graphviz's `dot` nor `graphviz-pure` is on this machine; the message names both ways to install."""


def draw(
    results: Value | Sequence[Value],
    *,
    partials: bool = False,
    gradients: bool = False,
    group: bool = False,
    depth: int | None = None,
    constants: bool = True,
    expand: bool = False,
    max_nodes: int | None = None,
    rankdir: str = "LR",
    theme: str = "light",
    precision: int = 6,
) -> "Picture":
    """The graph that computed a result, or several, as a `graphviz.Digraph`: values in boxes, operations in circles.

    A value's box shows its label, its number (data) and its gradient, "-" before a backward pass has arrived; a constant's box
    its number. The same graph gives the same text. What each option does, with pictures: docs/pictures.md.

    - `partials`: each edge into an operation bears the local partial, d result / d operand.
    - `gradients`: boxes are coloured by their gradient, blue below 0 and orange above; a legend tells the numbers.
    - `group`: a frame around the values of each module, by the labels of its parameters ("layers.0.neurons.3.bias").
    - `depth`: modules nested deeper than that are one node each, with the count and shapes of their parameters; 0: all modules.
    - `constants`: False writes them into the operation, `· * 2`, instead of boxes of their own.
    - `expand`: a `dot` is drawn as its products and their sum.
    - `max_nodes`: how many values (and modules as one) at most, 500 unless given. Beyond, modules become one node each, from
      the deepest, and then what is farthest from the result is left out; the picture says so.
    - `rankdir`: graphviz's direction, "LR", "TB", "RL" or "BT". `theme`: "light", "dark", or "auto", which has no background
      and suits any. `precision`: the significant digits of numbers.

    Raises TypeError for what is no Value, and ValueError for an option that is none of these, or for more than 5,000 values
    that no module gathers, unless `max_nodes` is given.

    >>> a = Value(2.0, label="a")
    >>> "data 6" in draw(a * 3.0).source
    True
    """
    found = several(results, "draw", "draw")
    flags = {"partials": partials, "gradients": gradients, "group": group, "constants": constants, "expand": expand}
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{name} must be True or False, not {flag!r}")
    if depth is not None:
        check_whole("depth", depth, least=0)
    if max_nodes is not None:
        check_whole("max_nodes", max_nodes, least=1)
    if rankdir not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f"rankdir must be 'LR', 'TB', 'RL' or 'BT', not {rankdir!r}")
    check_precision(precision)

    from autograd.pictures.sketch import Sketch
    from autograd.pictures.theme import theme_named

    colours = theme_named(theme)
    sketch = Sketch(found, group=group, depth=depth, max_nodes=max_nodes, expand=expand)

    from autograd.pictures.dot import Drawing, Style  # only now: importing autograd needs no graphviz

    return Drawing(sketch, Style(rankdir, partials, gradients, constants, colours, precision)).picture()


def several(results: Any, what: str, verb: str) -> list[Value]:
    """One result or several as a list; TypeError in the name of the function that wants them, ValueError for none."""
    if isinstance(results, Value):
        return [results]
    if not isinstance(results, list | tuple):
        raise TypeError(f"{what} needs the Value whose graph to {verb}, not a {type(results).__name__}: {what}(loss), say")
    for i, result in enumerate(results):
        if not isinstance(result, Value):
            raise TypeError(f"{what} needs Values, but result {i} is a {type(result).__name__}: {what}([loss, output]), say")
    if not results:
        raise ValueError(f"{what} needs at least one Value, not an empty {type(results).__name__}: {what}([loss, output]), say")
    return list(results)


def check_precision(precision: int) -> None:
    """Raise ValueError for what is no number of significant digits."""
    if not isinstance(precision, int) or isinstance(precision, bool) or not 1 <= precision <= 17:
        raise ValueError(f"precision must be a whole number of digits from 1 to 17, not {precision!r}")


def check_whole(name: str, number: int, *, least: int) -> None:
    """Raise ValueError for an option that is no whole number from `least` on."""
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"{name} must be a whole number from {least} on, not {number!r}")


def save(result: "Value | Sequence[Value] | Picture | Recording", path: str | os.PathLike[str], **options: Any) -> Path:
    """Write the picture of results (or one that `draw` gave) in the format that the file's name ends in, and return its path.

    The file appears whole or not at all. `options` are those of `draw`. Formats are the renderer's: ".svg" and ".png" always,
    ".pdf" with Graphviz's own `dot`, ".dot" (the text) without any; ".html" is the `page` of one result or a Recording, and
    takes that function's options. Before anything is drawn it raises ValueError for an ending that names no format, or one that
    the renderer lacks (it lists those it has), and FileNotFoundError for a missing folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Value(2.0, label="a") * 3.0, folder + "/graph.svg").name
    'graph.svg'
    """
    path = Path(path)
    suffix = path.suffix.removeprefix(".").lower()
    if not suffix.isalnum():
        raise ValueError(f"{str(path)!r} does not say its format: end it in .svg, .png or .dot, as in {path.stem + '.svg'!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to save {path.name!r} in: make it first")
    content = _content(result, suffix, options)
    write_whole(path, content)
    return path


def _content(result: Any, suffix: str, options: dict[str, Any]) -> bytes:
    """What a file of that format holds: here is where a format branches off that no renderer writes."""
    import graphviz

    if suffix == "html":
        if isinstance(result, graphviz.Digraph):
            raise TypeError("a drawn picture has no steps to go through: save(result, 'graph.html') with the Value itself")
        from autograd.pictures.page.html import page

        return page(result, **options).encode()

    from autograd.pictures.renderer import check_format

    if isinstance(result, graphviz.Digraph):
        if options:
            raise TypeError(f"options are drawn, not saved: draw(result, {', '.join(f'{k}=...' for k in options)}), then save")
    else:
        several(result, "draw", "draw")
    if suffix not in ("dot", "gv"):
        check_format(suffix)
    picture = result if isinstance(result, graphviz.Digraph) else draw(result, **options)
    if suffix in ("dot", "gv"):
        return bytes(picture.source.encode())
    try:
        return bytes(picture.pipe(format=suffix))
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip()
        raise RuntimeError(f"the renderer failed, with exit status {error.returncode}: {said}") from error
