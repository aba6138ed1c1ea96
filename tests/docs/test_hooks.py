"""What MkDocs is told: pages that are made, places of documents, and no load from elsewhere."""

import doctest
import importlib

import pytest

from docs.building import hooks


@pytest.mark.parametrize("name", ["chapters", "charts", "curves", "drawn", "hooks", "reference"])
def test_doctests(name: str) -> None:
    """The examples in the docstrings of all that makes the site."""
    assert doctest.testmod(importlib.import_module(f"docs.building.{name}")).failed == 0


@pytest.mark.parametrize(
    "loading",
    [
        '<script src="https://a.org/b.js"></script>',
        "<script async src=//a.org/b.js></script>",
        '<link rel="stylesheet" href="https://a.org/b.css">',
        '<img alt="x" src="http://a.org/b.png">',
        '<iframe src="https://a.org"></iframe>',
        '@import "https://a.org/b.css"',
        "a { background: url('https://a.org/b.png') }",
    ],
)
def test_a_load_from_elsewhere_is_found(loading: str) -> None:
    """Scripts, styles, pictures, frames, fonts."""
    assert hooks.loads_from_elsewhere(f"<p>{loading}</p>")


def test_links_and_own_files_are_no_loads() -> None:
    """A reader follows a link; the address of the page itself is one."""
    text = '<a href="https://a.org">a</a><link rel="canonical" href="https://a.org/b/"><img src="../c.svg"><svg xmlns="http://www.w3.org/2000/svg"/>'
    assert hooks.loads_from_elsewhere(text) == []


def test_documents_are_pages_and_their_headings_have_places() -> None:
    """The guide by chapters, benchmarks by tables, notebooks, and live pages by the names that the documents give them."""
    pages = hooks.texts()
    moved = hooks.places(pages)
    assert moved["docs/guide.md#optimizers"] == "guide/training-a-network.md"
    assert moved["docs/pictures.md#the-page"] == "pictures.md"
    assert moved["docs/pictures/depth.svg"] == "pictures/depth.svg"
    assert moved["benchmarks/jit.md"] == "benchmarks/jit.md"
    assert {f"benchmarks/{path.name}" for path in hooks.ROOT.glob("benchmarks/*.md")} <= {*pages}
    assert {name for name in hooks.copied() if name.endswith(".html")} == {name for _, name in hooks.live_pages()}


def test_comments_become_chapters_and_frames() -> None:
    """On the pages that ask for them."""
    shown = hooks.on_page_markdown("<!-- chapters -->\n<!-- live page: pages/neuron.html -->")
    assert "- [Loops](loops.md)" in shown
    assert '<iframe class="live" src="pages/neuron.html"' in shown
    assert hooks.on_page_markdown("<!-- live pages -->").count("<iframe") == len(hooks.live_pages())
