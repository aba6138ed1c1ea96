"""The page: one HTML file that computes and differentiates a graph step by step, in the engine's own numbers.

Python computes and lays out; `page.js` and `view.js` show; `page.html` is the template. Users' text never becomes markup: it
travels as text in the drawn picture, and in the page's data, JSON in which no character can end the element around it.
"""

from collections.abc import Sequence
from typing import Any

from autograd.definition import Primitive
from autograd.pictures.options import Options
from autograd.pictures.page.layout import LONGEST_LABEL, laid_out
from autograd.pictures.page.recording import Recording
from autograd.pictures.page.steps import Pass, passes
from autograd.pictures.sketch import REFUSED, Sketch
from autograd.pictures.text import middle_cut, shortened, visible
from autograd.value import Value

LONGEST_TITLE = 80  # characters


def page(
    result: Value | Recording,
    *,
    group: bool = True,
    depth: int | None = None,
    constants: bool = True,
    max_nodes: int | None = None,
    rankdir: str = "LR",
    theme: str = "auto",
    precision: int = 4,
) -> str:
    """Make one HTML page, whole in itself, that steps through computing a result and through its backpropagation.

    It goes forward one operation at a time, then back adjoint by adjoint, each the sum of what arrives. The page of a
    `Recording` also moves between the recorded steps of the training. It runs its own backward pass, and neither reads nor
    changes any `.grad`.

    Args:
        result: the Value whose graph to show, or a Recording.
        group, depth, constants, max_nodes, rankdir: as for `draw`; without `max_nodes`, up to 5,000 values are shown.
        theme: "light", "dark", or "auto", the reader's own.
        precision: the significant digits of the numbers in the graph.

    Raises TypeError for anything but a Value or a Recording, ValueError for a wrong option and for a graph too large, as `draw`
    does, and RendererNotFoundError without a renderer to lay the graph out.

    >>> a = Value(2.0, label="a")
    >>> page(a * a).startswith("<!DOCTYPE html>")
    True
    """
    if not isinstance(result, Value | Recording):
        raise TypeError(
            f"page needs the Value whose graph to show, or a Recording, not a {type(result).__name__}: for example page(loss)"
        )
    options = Options(
        group=group, depth=depth, constants=constants, max_nodes=max_nodes, rankdir=rankdir, theme=theme, precision=precision
    )
    node = result.result if isinstance(result, Recording) else result
    sketch = Sketch([node], options, whole=REFUSED)  # one can zoom and search a page: it shows more than a picture

    import base64  # only a page needs these
    import hashlib
    import html
    from importlib.resources import files

    shown = result.passes if isinstance(result, Recording) else [passes(sketch.order)]
    svg, clusters = laid_out(sketch, options, shown)
    title = html.escape(_plain(str(node.label or "")) or "a computation graph")
    names = ("page.html", "page.css", "page.js", "view.js")
    template, style, *scripts = (files(__package__).joinpath(name).read_text(encoding="utf-8") for name in names)
    script = "\n".join(['"use strict";', "{", *scripts, "}"])
    return template.format(
        theme=theme,
        title=title,
        style=style,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        svg=svg,
        data=_json(_data(sketch, shown, precision, clusters)),
        script=script,
        refusal=html.escape(_plain(shown[-1].refusal)),
    )


def _data(sketch: Sketch, shown: Sequence[Pass], precision: int, clusters: dict[str, list[str]]) -> dict[str, Any]:
    """All that the script knows.

    A node is its primitive's place, its label, its operands (places in the order, or a list of a constant's number) and, if the
    label is too long for a box, the label cut.
    """
    primitives = list(dict.fromkeys(node.primitive for node in sketch.order if node.primitive is not None))
    nodes: list[tuple[Any, ...]] = []
    for node in sketch.order:
        label = str(node.label or "")
        cut = middle_cut(label, LONGEST_LABEL)
        operands = [[o] if type(o) is float else sketch.index[o] for o in node.operands]
        place = primitives.index(node.primitive) if node.primitive else -1
        nodes.append((place, label, operands, *([cut] if cut != label else [])))
    return {
        "precision": precision,
        "primitives": [{"name": p.name, "symbol": p.symbol, "infix": _is_infix(p)} for p in primitives],
        "nodes": nodes,
        "passes": shown,
        "clusters": clusters,
    }


def _is_infix(primitive: Primitive) -> bool:
    return primitive.arity == 2 and not any(map(str.isalnum, primitive.symbol))


def _json(data: Any) -> str:
    """JSON without characters that HTML interprets; numbers that JSON cannot write become strings."""
    import json

    text = json.dumps(_finite(data), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _finite(data: Any) -> Any:
    """The data with nan, inf and -inf as these words, and named tuples as objects. It recurses only as deep as the data."""
    if isinstance(data, float):
        return data if data - data == 0.0 else repr(data)
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if hasattr(data, "_asdict"):
        return _finite(data._asdict())
    return [_finite(item) for item in data] if isinstance(data, list | tuple) else data


def _plain(text: str) -> str:
    return visible(shortened(text, LONGEST_TITLE))
