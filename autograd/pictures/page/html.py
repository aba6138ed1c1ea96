"""The page: one HTML file that shows, computes and differentiates a graph, whole in itself.

Python packs the graph, its groups and its numbers (`contents.py`, `folding.py`); the scripts lay it out, step through it and
compute it anew; `page.html` is the template. Users' text never becomes markup: it travels in the page's data, JSON in which no
character can end the element around it.
"""

from collections.abc import Sequence
from typing import Any

from autograd.graph import recorded_partials, reverse_sweep, topological_order
from autograd.pictures.notebook import Page
from autograd.pictures.options import Options
from autograd.pictures.page.contents import Contents, integers, nearest, recorded_numbers
from autograd.pictures.page.recording import Recording
from autograd.pictures.page.steps import Part, passes
from autograd.pictures.page.still import MOST, still
from autograd.pictures.text import shortened, visible
from autograd.value import Value

LONGEST_TITLE = 80  # characters
MOST_VALUES = 300_000  # of one page: some 25 MB
MOST_NUMBERS = 300_000  # values of a page, times the recorded steps
SCRIPTS = ("layout", "numbers", "compute", "graph", "scene", "steps", "view", "live", "training", "page")


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
    model: Any = None,
) -> Page:
    """Make one HTML page, whole in itself, that steps through computing a result and through its backpropagation.

    It goes forward one operation at a time, then back adjoint by adjoint, each the sum of what arrives. The page of a
    `Recording` also moves between the recorded steps of the training. It runs its own backward pass, and neither reads nor
    changes any `.grad`.

    Args:
        result: the Value whose graph to show, or a Recording.
        group: fold the values of each module, by the labels of its parameters.
        depth: how many levels of modules are open at first: 0 none. Without it a small graph starts open, a large one folded.
        constants: False writes constants into the operations.
        max_nodes: hold at most this many values, those nearest to the result. Others are not in the file. The page says so; its
            numbers are those of the whole graph, but it cannot compute them anew. A long recording is thinned out to some of
            its steps, from the first to the last.
        rankdir: as for `draw`, of the picture that a reader without scripts sees; the page runs from left to right.
        theme: "light", "dark", or "auto", the reader's own.
        precision: the significant digits of the numbers in the graph.
        model: the Module whose parameters to name, if not those that are found to hold them.

    Raises TypeError for anything but a Value or a Recording, ValueError for a wrong option, and without `max_nodes` for a graph
    of more than 300,000 values. It needs no renderer: without one, a reader without scripts sees the graph as text.

    A notebook shows the page in a frame; it is a string, of its HTML.

    >>> a = Value(2.0, label="a")
    >>> page(a * a).startswith("<!DOCTYPE html>")
    True
    """
    if not isinstance(result, Value | Recording):
        raise TypeError(
            f"page needs the Value whose graph to show, or a Recording, not a {type(result).__name__}: for example page(loss)"
        )
    node = result.result if isinstance(result, Recording) else result
    folded: dict[str, Any] = {"rankdir": rankdir, "theme": theme, "precision": precision, "model": model}
    Options(group=group, depth=depth, constants=constants, max_nodes=max_nodes, **folded)  # it checks them
    order = topological_order(node)
    if max_nodes is None and len(order) > MOST_VALUES:
        raise ValueError(
            f"this graph has {len(order):,} values, more than a page can hold: page(result, max_nodes=10_000) has those "
            "nearest to the result; or show a part of the graph"
        )
    part = Part(order, None if max_nodes is None else _bounded(order, max_nodes))
    contents = Contents(part, group=group, constants=constants, model=model)
    recorded = len(result) if isinstance(result, Recording) else 1
    steps = _thinned(recorded, most=max(2, MOST_NUMBERS // len(part.places)))
    shown = _shown(result, order, contents, steps)
    functions, program = contents.program() if part.whole and not shown[-1]["refusal"] else ([], {})
    data = {"precision": precision, "depth": depth, **contents.graph(), **contents.groups(), **program, "passes": shown}

    import base64  # only a page needs these
    import hashlib
    import html
    from importlib.resources import files

    title = html.escape(_plain(str(node.label or "")) or "a computation graph")
    folder = files(__package__)
    template, style = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.html", "page.css"))
    scripts = [folder.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    plane, answering = _plane(result, order, model) if isinstance(result, Recording) else (None, [])
    data["plane"] = plane
    computing = f"const PROGRAM = [{', '.join(functions)}], PLANE = [{', '.join(answering)}];"
    script = "\n".join(['"use strict";', "{", scripts[0], computing, *scripts[1:], "}"])
    picture = Options(group=group, constants=constants, max_nodes=min(MOST, max_nodes or MOST), **folded)
    text = template.format(
        theme=theme,
        title=title,
        style=style,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        still=still(node, _adjoints(order), picture),
        data=_json(data),
        script=script,
        refusal=html.escape(_plain(shown[-1]["refusal"])),
        rest=_rest(part, len(shown), recorded),
    )
    return Page(text)


def _plane(recording: Recording, order: Sequence[Value], model: Any) -> tuple[dict[str, Any] | None, list[str]]:
    """Of a model of two inputs, what computes its output from these and the parameters of the graph; None of any other."""
    answer = recording.answer
    if answer is None or not recording.samples:
        return None, []
    inputs, output = answer
    asked = topological_order(output)
    contents = Contents(Part(asked), group=False, constants=True, model=model)
    functions, program = contents.program()
    if not functions or any(x not in contents.part.index for x in inputs):
        return None, []
    place = {node: n for n, node in enumerate(order)}
    leaves = [(n, node) for n, node in enumerate(asked) if not node.operands and node not in inputs]
    ranges = []
    for numbers in zip(*recording.samples, strict=True):
        low, high = min(numbers), max(numbers)
        margin = 0.25 * (high - low) or 1.0
        ranges.append([low - margin, high + margin])
    graph = contents.graph()
    return {
        **{name: graph[name] for name in ("starts", "operands", "constants")},
        "program": program["program"],
        "of": integers(place.get(node, -1) if not node.operands else -1 for node in asked),
        "fixed": [[n, node.data] for n, node in leaves if node not in place],
        "inputs": [contents.part.index[x] for x in inputs],
        "ranges": ranges,
        "samples": recording.samples[:200],
    }, functions


def _bounded(order: Sequence[Value], most: int) -> Sequence[int] | None:
    """The places of at most that many values; None if that is all, each with its operands."""
    if len(order) > most:
        return nearest(order, most)
    return range(len(order)) if sum(len(node.operands) for node in order) > 100 * most else None


def _adjoints(order: Sequence[Value]) -> dict[Value, float | None]:
    """What a sweep back brings to each value; nothing where a primitive refuses."""
    try:
        return reverse_sweep(order, {order[-1]: 1.0}, recorded_partials)
    except NotImplementedError:
        return dict.fromkeys(order)


def _shown(result: Value | Recording, order: Sequence[Value], contents: Contents, steps: Sequence[int]) -> list[dict[str, Any]]:
    """The numbers of each step that the page holds."""
    part = contents.part
    primitives = [node.primitive for node in order if node.primitive is not None]
    smooth = all(x.differentiable and not hasattr(x, "edges") for x in primitives)  # every partial is a number
    if isinstance(result, Recording):
        if part.whole and smooth:
            return [contents.whole_pass(*result.numbers(step)) for step in steps]
        return [contents.part_pass(result.at(step, part)) for step in steps]
    if part.whole and smooth:
        return [contents.whole_pass("", *recorded_numbers(order))]
    return [contents.part_pass(passes(order, part=part))]


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
