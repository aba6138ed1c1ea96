"""The page: one HTML file that computes and differentiates a graph step by step, in the engine's own numbers.

Python computes and lays out; `page.js` and `view.js` show. Users' text never becomes markup: it travels as text in the drawn
picture, and in the page's data, JSON in which no character can end the element around it.
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

    Raises:
        TypeError: for anything but a Value or a Recording.
        ValueError: for a wrong option, and for a graph too large, as `draw` does.
        RendererNotFoundError: without a renderer to lay the graph out.

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
    style, *scripts = (
        files("autograd.pictures.page").joinpath(name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js", "view.js")
    )
    script = "\n".join(['"use strict";', "{", *scripts, "}"])
    return _PAGE.format(
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

    A node is its primitive's place, its label, its operands and, if the label is too long for a box, the label cut. Operands
    are places in the order; a constant is a list of its number.
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
    """Whether a formula writes the primitive as x symbol y, rather than symbol(x, y)."""
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
    """A text for a heading: short, on one line, without control characters."""
    return visible(shortened(text, LONGEST_TITLE))


_PAGE = """\
<!DOCTYPE html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'sha256-{digest}'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<noscript><p>This is the finished picture: every value, and the gradient of the result with respect to it. \
With scripts allowed, the page also shows how they come about, step by step.</p></noscript>
<p class="refusal">{refusal}</p>
<div class="controls" role="group" aria-label="Steps">
<button id="first" type="button" aria-label="First step">|◀</button>
<button id="back" type="button" aria-label="Step back" aria-keyshortcuts=",">◀</button>
<button id="play" type="button" aria-pressed="false" aria-keyshortcuts="p">▶ Play</button>
<button id="forth" type="button" aria-label="Step forth" aria-keyshortcuts=".">▶</button>
<button id="last" type="button" aria-label="Last step">▶|</button>
<input id="step" type="range" min="0" max="0" value="0" aria-label="Step">
<label>Speed <select id="speed"><option>1</option><option selected>2</option><option>5</option><option>20</option>\
<option>100</option></select></label>
</div>
<div class="controls" id="training" role="group" aria-label="Recorded steps of the training">
<button id="train" type="button" aria-pressed="false">▶ Play the training</button>
<input id="pass" type="range" min="0" max="0" value="0" aria-label="Recorded step">
<bdi id="title-of-pass"></bdi>
</div>
<div class="controls" role="group" aria-label="View">
<button id="farther" type="button" aria-label="Zoom out" aria-keyshortcuts="-">&minus;</button>
<button id="closer" type="button" aria-label="Zoom in" aria-keyshortcuts="+">+</button>
<button id="fit" type="button" aria-keyshortcuts="f">Fit</button>
<button id="fold" type="button">Fold modules</button>
<label>Shade by <select id="shade"><option value="gradient">gradient</option><option value="value">value</option>\
<option value="">nothing</option></select></label>
<input id="search" type="search" placeholder="Search labels, operations" aria-label="Search labels and operations" \
aria-keyshortcuts="/">
<output id="found" aria-live="polite"></output>
</div>
</header>
<main>
<figure id="view" aria-label="The graph: values in boxes, operations in ellipses">{svg}</figure>
<aside>
<section id="words" aria-live="polite" aria-atomic="true">
<p id="phase"></p>
<p id="formula"></p>
<div id="detail"></div>
</section>
<section id="node" aria-label="The chosen value"></section>
<details id="keys"><summary>Keys</summary><dl>
<dt>, and .</dt><dd>one step back, forth</dd>
<dt>p</dt><dd>play, pause</dd>
<dt>+ - f</dt><dd>zoom in, out, fit</dd>
<dt>/</dt><dd>search; enter goes to the next one</dd>
<dt>arrows</dt><dd>in the graph: to the first operand, the first use, the value before, the next one</dd>
<dt>enter</dt><dd>pin a value; fold a module</dd>
</dl></details>
</aside>
</main>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""
