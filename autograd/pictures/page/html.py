"""The page: one HTML file in which a graph is computed and differentiated step by step, with every number of the engine's.

Python computes and lays out; `page.js` and `view.js` show. No text from users is part of the markup: it travels in the drawn
picture, as text, and in the page's data, JSON in which no character ends the element it stands in.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.graph import topological_order
from autograd.pictures.draw import draw
from autograd.pictures.page.canvas import canvas
from autograd.pictures.page.recording import Recording
from autograd.pictures.page.steps import Pass, passes
from autograd.pictures.sketch import REFUSED
from autograd.pictures.text import shortened, visible
from autograd.value import Value

LONGEST_TITLE = 80  # characters


def page(
    result: "Value | Recording",
    *,
    group: bool = True,
    depth: int | None = None,
    constants: bool = True,
    max_nodes: int | None = None,
    rankdir: str = "LR",
    theme: str = "auto",
    precision: int = 4,
) -> str:
    """One HTML page, whole in itself, that steps through the computing of a result and through its backpropagation.

    Forward, one operation at a time; then back, adjoint by adjoint, each the sum of what arrives. With the `Recording` of a
    training it also moves from one recorded step to another. It has its own backward pass: no `.grad` is read or changed.

    `group`, `depth`, `constants`, `max_nodes` and `rankdir` lay the graph out as they do for `draw`, `precision` is the
    significant digits of the numbers in it, `theme` "light", "dark" or the reader's own ("auto"). Raises TypeError for anything
    but a Value or Recording, ValueError for an option that is none, and RendererNotFoundError where there is nothing to lay the
    graph out with.

    >>> a = Value(2.0, label="a")
    >>> page(a * a).startswith("<!DOCTYPE html>")
    True
    """
    if not isinstance(result, Value | Recording):
        raise TypeError(
            f"page needs the Value whose graph to show, or a Recording, not a {type(result).__name__}: page(loss), say"
        )
    node = result.result if isinstance(result, Recording) else result
    if max_nodes is None and len(topological_order(node)) <= REFUSED:
        max_nodes = REFUSED  # a page is zoomed and searched: it shows more than a picture
    picture = draw(
        node,
        group=group,
        depth=depth,
        constants=constants,
        max_nodes=max_nodes,
        rankdir=rankdir,
        theme=theme,
        precision=precision,
    )
    import base64
    import hashlib
    import html
    from importlib.resources import files

    shown = result.passes if isinstance(result, Recording) else [passes(result)]
    drawn = canvas(picture, node, shown, precision)
    title = html.escape(_plain(node.label) or "a computation graph")
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
        svg=drawn.svg,
        data=_json(_data(node, shown, precision, drawn.clusters)),
        script=script,
        refusal=html.escape(_plain(shown[-1].refusal)),
    )


class _Row(NamedTuple):
    """How a formula with a primitive reads: symbol(x, y), or x symbol y where the symbol is no word."""

    name: str
    symbol: str
    infix: bool


def _data(result: Value, shown: Sequence[Pass], precision: int, clusters: dict[str, list[str]]) -> dict[str, Any]:
    """All that the script knows. Operands are places in the order; a constant among them is a list of its number."""
    order = topological_order(result)
    place = {node: n for n, node in enumerate(order)}
    rows = list(dict.fromkeys(node.primitive for node in order if node.primitive is not None))
    return {
        "precision": precision,
        "primitives": [_Row(row.name, row.symbol, row.arity == 2 and not any(map(str.isalnum, row.symbol))) for row in rows],
        "nodes": [
            (
                rows.index(node.primitive) if node.primitive else -1,
                node.label,
                [[o] if type(o) is float else place[o] for o in node.operands],
            )
            for node in order
        ],
        "passes": shown,
        "clusters": clusters,
    }


def _json(data: Any) -> str:
    """JSON with nothing in it that HTML reads, and numbers that JSON has no words for as strings."""
    import json

    text = json.dumps(_finite(data), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _finite(data: Any) -> Any:
    """The data with nan, inf and -inf as these words, named tuples as objects. As deep as the data's own few levels."""
    if isinstance(data, float):
        return data if data - data == 0.0 else repr(data)
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if hasattr(data, "_asdict"):
        return _finite(data._asdict())
    return [_finite(item) for item in data] if isinstance(data, list | tuple) else data


def _plain(text: str) -> str:
    """A text for a heading: short, on one line, never obeyed."""
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
