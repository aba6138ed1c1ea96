"""What shows itself in a notebook: Values, modules, pictures, pages; never with a traceback."""

import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

import nn
from autograd import Value, draw, page, save
from autograd.pictures.notebook import Page
from tests.pictures.graphs import small
from tests.pictures.renderers import RENDERERS

needs_a_renderer = pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")


class Frames(HTMLParser):
    """The attributes of iframes, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "iframe"
        self.found.append(dict(attrs))


@needs_a_renderer
def test_a_picture_is_as_wide_as_its_cell() -> None:
    """Its own size where there is room, else scaled down, not cut."""
    root = ET.fromstring(draw(small())._repr_mimebundle_()["image/svg+xml"])
    assert root.get("style") == "max-width: 100%; height: auto"
    assert root.get("viewBox")
    assert root.get("width")


@needs_a_renderer
def test_a_computed_value_shows_its_graph() -> None:
    """A leaf is shown as its repr, as is a graph too large to look at."""
    assert "data 0.761594" in str(small()._repr_svg_()).replace("\xa0", " ").replace("&#160;", " ")
    assert Value(2.0)._repr_svg_() is None
    x = Value(1.0)
    for _ in range(6_000):
        x = x * 1.0
    assert x._repr_svg_() is None


@needs_a_renderer
def test_a_module_shows_its_picture() -> None:
    """If its input can be known, and it is small."""
    assert "Layer(2, 3" in str(nn.MLP(2, [3, 1], rng=0)._repr_svg_()).replace("\xa0", " ").replace("&#160;", " ")

    class Unknown(nn.Module):
        def forward(self, x: object, y: object) -> object:
            raise AssertionError

    assert Unknown()._repr_svg_() is nn.Linear(50, 50, rng=0)._repr_svg_() is None


def test_without_a_renderer_there_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no traceback."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert small()._repr_svg_() is nn.MLP(2, [1], rng=0)._repr_svg_() is None


def test_a_page_shows_itself_in_a_frame(tmp_path: Path) -> None:
    """Without access to the notebook around it, its HTML unchanged; it is the string that `save` writes."""
    hostile = Value(2.0, label='"></iframe><script>alert(1)</script>') * 3.0
    made = page(hostile)
    (frame,) = Frames(made._repr_html_()).found
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"] == str(made)
    assert "100%" in (frame["style"] or "")
    assert isinstance(made, str)
    assert isinstance(made, Page)
    assert made.startswith("<!DOCTYPE html>")
    assert len(repr(made)) < 100
    assert save(hostile, tmp_path / "page.html").read_text(encoding="utf-8") == made
