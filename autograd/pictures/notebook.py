"""How pictures, pages, Values and modules show themselves in a notebook: in the cell's width, and as text where that is all."""

from collections.abc import Callable
from typing import Any

from autograd.pictures.draw import draw
from autograd.pictures.sketch import REFUSED
from autograd.value import Value

MOST = 60  # values and folded modules of a Value that shows itself: `draw` shows more
HEIGHT = 640  # pixels of a page in a cell


class Page(str):
    """A page: its HTML, which a notebook shows in a frame of its own, without access to the notebook."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Page of {len(self):,} characters: save(result, 'graph.html'), or str(page)>"

    def _repr_html_(self) -> str:
        from html import escape  # only a page in a notebook needs it

        look = f"width: 100%; height: {HEIGHT}px; border: 0"
        return f'<iframe sandbox="allow-scripts" srcdoc="{escape(self)}" style="{look}" title="a computation graph"></iframe>'


def svg_of(picture: Callable[[], Any]) -> str | None:
    """A picture as SVG for a notebook; None where it cannot be drawn: the notebook then shows text."""
    try:
        svg: str | None = picture()._repr_mimebundle_(include={"image/svg+xml"}).get("image/svg+xml")
    except Exception:  # noqa: BLE001 - a cell's result is shown as text, whatever a picture may lack
        return None
    return svg


def _shown(value: Value) -> str | None:
    """A computed Value as its graph, unless that is too large to look at; a leaf is shown as its repr."""
    if not value.operands or _is_large(value):
        return None
    return svg_of(lambda: draw(value, max_nodes=MOST, theme="auto"))


def _is_large(value: Value) -> bool:
    """Whether its graph has more than REFUSED values; no more of it is looked at."""
    found = dict.fromkeys([value])
    stack = [value]
    while stack and len(found) <= REFUSED:
        new = [operand for operand in stack.pop().operands if type(operand) is not float and operand not in found]
        found.update(dict.fromkeys(new))
        stack += new
    return len(found) > REFUSED


setattr(Value, "_repr_svg_", _shown)  # noqa: B010 - as `draw` is put there
