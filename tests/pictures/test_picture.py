"""Rendering a picture: by the renderer at hand, in notebooks, from threads, and on machines without a renderer."""

import shutil
import threading
from pathlib import Path

import pytest

from autograd import Value, draw
from autograd.pictures.renderer import INSTALL_HINT, RendererNotFoundError
from tests.pictures.graphs import small
from tests.pictures.renderers import RENDERERS


def test_rendering_writes_svg_by_default(tmp_path: Path) -> None:
    """graphviz's own default is pdf, which graphviz-pure cannot write."""
    if not RENDERERS:
        pytest.skip("no renderer on this machine")
    assert Path(draw(small()).render(tmp_path / "g")).suffix == ".svg"


def test_a_notebook_does_not_hang_on_a_huge_graph() -> None:
    """It shows how large it is, and how to have it all the same."""
    x = Value(1.0)
    for _ in range(2_000):
        x = x * 1.0
    assert "save(result, 'graph.svg')" in draw(x, max_nodes=3_000)._repr_mimebundle_()["text/plain"]


def test_a_notebook_gets_svg_and_png_for_exports() -> None:
    """Whole pictures both; what is asked for alone, where it is."""
    if not RENDERERS:
        pytest.skip("no renderer on this machine")
    bundle = draw(small())._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "image/png"}
    assert "<svg" in bundle["image/svg+xml"]
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert set(draw(small())._repr_mimebundle_(include={"image/png"})) == {"image/png"}
    assert set(draw(small())._repr_mimebundle_(exclude={"image/png"})) == {"image/svg+xml"}


def test_without_any_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error that names both ways to install; in a notebook the text and the hint, never a traceback."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    drawn = draw(small())
    with pytest.raises(RendererNotFoundError, match="pip install graphviz-pure") as error:
        drawn.pipe(format="svg")
    assert "apt-get install graphviz" in str(error.value)
    bundle = drawn._repr_mimebundle_()
    assert drawn.source in bundle["text/plain"]
    assert INSTALL_HINT in bundle["text/plain"]


def test_rendering_from_several_threads() -> None:
    """The renderer is looked up for each call; no thread disturbs another."""
    if not RENDERERS:
        pytest.skip("no renderer on this machine")
    found: list[bool] = []

    def work() -> None:
        found.append("<svg" in draw(small()).pipe(format="svg", encoding="utf-8"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8
