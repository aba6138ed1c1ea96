"""The graph as a picture: value nodes, operation nodes and edges for graphviz.

Text from users reaches the picture through `label_text` alone, never as HTML, URL, tooltip or id.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.graph import topological_order
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.rendering import Picture

LONGEST = 16_000  # bytes of one label: dot refuses a quoted string beyond 16,384

INSTALL_HINT = (
    "no Graphviz renderer was found. Install one: `pip install graphviz-pure` (a wheel, no system package), "
    "or Graphviz itself (`apt-get install graphviz`, `brew install graphviz`)"
)


class RendererNotFoundError(RuntimeError):
    """Neither Graphviz's `dot` nor `graphviz-pure` is on this machine; the message names both ways to install."""


def draw(result: Value, *, rankdir: str = "LR", partials: bool = False, precision: int = 6) -> "Picture":
    """The graph that computed a result, as a `graphviz.Digraph`: values in boxes, operations in circles.

    A value's box shows its label, its number (data) and its gradient, "-" before a backward pass has arrived; a constant's box
    its number. With `partials=True` each edge into an operation bears the local partial, d result / d operand.
    `rankdir` is graphviz's direction ("LR", "TB", "RL", "BT"), `precision` the significant digits of the numbers.
    Nodes are n0, n1, ... in topological order: the same graph gives the same text. Raises TypeError if `result` is no Value,
    and ValueError for a rankdir or precision that is none.

    >>> a = Value(2.0, label="a")
    >>> "data 6" in draw(a * 3.0).source
    True
    """
    if not isinstance(result, Value):
        raise TypeError(f"draw needs the Value whose graph to draw, not a {type(result).__name__}: draw(loss), say")
    if rankdir not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f"rankdir must be 'LR', 'TB', 'RL' or 'BT', not {rankdir!r}")
    if not isinstance(precision, int) or not 1 <= precision <= 17:
        raise ValueError(f"precision must be a whole number of digits from 1 to 17, not {precision!r}")

    import graphviz  # only now: importing autograd needs none of it

    from autograd.rendering import Picture

    def number(x: float | None) -> str:
        return "-" if x is None else f"{x:.{precision}g}"

    picture = Picture(
        format="svg",
        graph_attr={"rankdir": rankdir},
        node_attr={"fontname": "Helvetica", "fontsize": "11", "shape": "box", "style": "rounded,filled", "color": "#5b6b7b"},
        edge_attr={"fontname": "Helvetica", "fontsize": "9", "color": "#5b6b7b"},
    )
    ids: dict[Value, str] = {}
    count = 0

    def add(text: str, **attributes: str) -> str:
        nonlocal count
        name = f"n{count}"
        count += 1
        picture.node(name, label=graphviz.nohtml(text), **attributes)
        return name

    for node in topological_order(result):
        operation = None
        if node.primitive is not None:
            sources = [
                add(number(o), fillcolor="#f2f2f2", color="#b0b0b0") if type(o) is float else ids[o] for o in node.operands
            ]
            operation = add(label_text(node.primitive.symbol), shape="ellipse", fillcolor="#fdf3d8")
            slopes = node.local_partials if partials and node.primitive.differentiable else [None] * len(sources)
            for source, slope in zip(sources, slopes, strict=True):
                picture.edge(source, operation, **({} if slope is None else {"label": number(slope)}))
        lines = [] if node.label in (None, "") else [label_text(str(node.label))]
        lines += [f"data {number(node.data)}", f"grad {number(node.grad if node.has_grad else None)}"]
        ids[node] = add(r"\n".join(lines), fillcolor="#e8f1fa")
        if operation is not None:
            picture.edge(operation, ids[node])
    return picture


def save(result: "Value | Picture", path: str | os.PathLike[str], **options: Any) -> Path:
    """Write the picture of a result (or one that `draw` gave) in the format that the file's name ends in, and return its path.

    The file appears whole or not at all. `options` are those of `draw`. Formats are the renderer's: ".svg" and ".png" always,
    ".dot" (the text) without any. Raises ValueError for an ending that names no format, FileNotFoundError for a missing folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Value(2.0, label="a") * 3.0, folder + "/graph.svg").name
    'graph.svg'
    """
    import graphviz

    path = Path(path)
    suffix = path.suffix.removeprefix(".").lower()
    if not suffix.isalnum():
        raise ValueError(f"{str(path)!r} does not say its format: end it in .svg, .png or .dot, as in {path.stem + '.svg'!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to save {path.name!r} in: make it first")
    if isinstance(result, graphviz.Digraph) and options:
        raise TypeError(f"options are drawn, not saved: draw(result, {', '.join(f'{k}=...' for k in options)}), then save")
    picture = result if isinstance(result, graphviz.Digraph) else draw(result, **options)
    try:
        content = picture.source.encode() if suffix in ("dot", "gv") else picture.pipe(format=suffix)
    except ValueError:
        raise ValueError(f"no picture format is called .{suffix}: end the name in .svg, .png or .dot") from None
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip()
        if "not recognized" in said:
            raise ValueError(
                f"the renderer at hand writes no .{suffix}: end the name in .svg, .png or .dot, or install Graphviz ({said})"
            ) from None
        raise RuntimeError(f"the renderer failed, with exit status {error.returncode}: {said}") from error
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def label_text(text: str) -> str:
    r"""Any text as a dot label that shows exactly it: entities, escapes and control characters all read as they stand.

    Control characters become their pictures (U+2400 and on), what XML cannot hold U+FFFD; past LONGEST it is cut, and says so.

    >>> print(label_text('a\nb \\N &amp; "c"'))
    a␊b \\N &amp;amp; "c"
    """
    shown, size = [], 0
    for position, character in enumerate(text):
        piece = _ESCAPES.get(character) or _visible(character)
        size += len(piece.encode()) + (character == '"')
        if size > LONGEST:
            shown.append(f"… ({len(text)} characters, the first {position} shown)")
            break
        shown.append(piece)
    return "".join(shown)


_ESCAPES = {"\\": "\\\\", "&": "&amp;", "\x7f": "\N{SYMBOL FOR DELETE}"}


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\N{REPLACEMENT CHARACTER}"
    return character
