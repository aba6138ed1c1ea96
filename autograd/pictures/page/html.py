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
from autograd.pictures.page.steps import Part, Pass, passes
from autograd.pictures.sketch import REFUSED, Sketch
from autograd.pictures.text import middle_cut, shortened, visible
from autograd.value import Value

LONGEST_TITLE = 80  # characters
MOST_NUMBERS = 100_000  # values of a page, times the recorded steps: some 15 MB


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
        group, depth, constants, rankdir: as for `draw`.
        max_nodes: as for `draw`, but without it up to 5,000 values are shown. It bounds the page itself: values that are not
            drawn are not in the file, once the graph has more than that many. The page says so; its numbers are those of the
            whole graph. A long recording is thinned out to some of its steps, from the first to the last.
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

    part = Part(sketch.order, sketch.singly)
    if isinstance(result, Recording):
        steps = _thinned(len(result), most=max(2, MOST_NUMBERS // len(part.places)))
        shown = [result.at(step, part) for step in steps]
    else:
        shown = [passes(sketch.order, part=part)]
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
        data=_json(_data(part, shown, precision, clusters)),
        script=script,
        refusal=html.escape(_plain(shown[-1].refusal)),
        rest=_rest(part, len(shown), len(result) if isinstance(result, Recording) else 1),
    )


def _thinned(count: int, most: int) -> list[int]:
    """Up to `most` of the numbers from 0 to count - 1, evenly, the first and the last among them."""
    return list(range(count)) if count <= most else [i * (count - 1) // (most - 1) for i in range(most)]


def _rest(part: Part, steps: int, recorded: int) -> str:
    """What the page does not hold, in words."""
    told, count = len(part.places), len(part.order)
    words = []
    if told < count:
        words.append(
            f"This page holds {told:,} of the graph's {count:,} values, the other {count - told:,} are left out: "
            "max_nodes says how many it may hold. Its numbers are those of the whole graph."
        )
    if steps < recorded:
        words.append(f"It holds {steps:,} of the {recorded:,} recorded steps.")
    return " ".join(words)


def _data(part: Part, shown: Sequence[Pass], precision: int, clusters: dict[str, list[str]]) -> dict[str, Any]:
    """All that the script knows.

    A node is its primitive's place, its label, its operands and, if the label is too long for a box, the label cut. An operand
    is its place among the nodes, or a list: of a constant's number, or of the place in each pass's `outside` and the name of a
    value that the page does not hold. Where they differ from 0, 1, ...: `places` are the nodes' in the order, and `told` the
    number of a node's operands and those told. `unseen` counts uses by values that the page does not hold.
    """
    told = [part.order[place] for place in part.places]
    primitives = list(dict.fromkeys(node.primitive for node in told if node.primitive is not None))
    names = {}
    if part.outside:
        names = {node: _cut(node) or f"#{place}" for place, node in enumerate(part.order) if node in part.outside}

    def operand(o: Any) -> Any:
        return [o] if type(o) is float else part.index[o] if o in part.index else [part.outside[o], names[o]]

    nodes: list[tuple[Any, ...]] = []
    for node, its in zip(told, part.operands, strict=True):
        label, cut = str(node.label or ""), _cut(node)
        place = primitives.index(node.primitive) if node.primitive else -1
        nodes.append((place, label, [operand(node.operands[i]) for i in its], *([cut] if cut != label else [])))
    counts = [len(node.operands) for node in told]
    few = {n: [count, its] for n, (count, its) in enumerate(zip(counts, part.operands, strict=True)) if len(its) < count}
    whole = len(told) == len(part.order)
    fields = [name for name in Pass._fields if name != "part" and not (name == "known" and whole and not few)]
    return {
        "precision": precision,
        "primitives": [{"name": p.name, "symbol": p.symbol, "infix": _is_infix(p)} for p in primitives],
        "nodes": nodes,
        "places": [] if whole else list(part.places),
        "told": few,
        "unseen": {n: count for n, count in enumerate(part.unseen) if count},
        "passes": [{name: getattr(numbers, name) for name in fields} for numbers in shown],
        "clusters": clusters,
    }


def _cut(node: Value) -> str:
    """Its label as a box shows it."""
    return middle_cut(str(node.label or ""), LONGEST_LABEL)


def _is_infix(primitive: Primitive) -> bool:
    return primitive.arity == 2 and not any(map(str.isalnum, primitive.symbol))


def _json(data: Any) -> str:
    """JSON without characters that HTML interprets; numbers that JSON cannot write become strings."""
    import json

    text = json.dumps(_finite(data), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _finite(data: Any) -> Any:
    """The data with nan, inf and -inf as these words. It recurses only as deep as the data."""
    if isinstance(data, float):
        return data if data - data == 0.0 else repr(data)
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(item) for item in data] if isinstance(data, list | tuple) else data


def _plain(text: str) -> str:
    return visible(shortened(text, LONGEST_TITLE))
