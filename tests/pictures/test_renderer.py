"""Finding the renderer, and asking it for its formats."""

import shutil
from pathlib import Path

import pytest

from autograd import draw, save
from autograd.pictures import renderer
from tests.pictures.graphs import small


def test_a_format_that_the_renderer_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The formats it has, and what to install for the other, before the graph is looked at."""
    monkeypatch.setenv("PATH", "nowhere")
    if renderer._graphviz_pure() is None:
        pytest.skip("graphviz-pure is not installed")
    monkeypatch.setattr("autograd.pictures.save.draw", None)
    with pytest.raises(
        ValueError, match=r"graphviz-pure, does not write \.pdf.* It writes .*png.* svg.*`apt-get install graphviz`"
    ):
        save(small(), tmp_path / "g.pdf")
    assert not list(tmp_path.iterdir())


def test_without_dot_graphviz_pure_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found beside the interpreter, though the environment is not activated."""
    monkeypatch.setenv("PATH", "nowhere")
    assert shutil.which("dot") is None
    if renderer._graphviz_pure() is None:
        pytest.skip("graphviz-pure is not installed")
    assert "<svg" in draw(small()).pipe(format="svg", encoding="utf-8")
    assert "image/svg+xml" in draw(small())._repr_mimebundle_()


def test_graphvizs_own_dot_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else graphviz-pure; else one error that names both ways to install."""
    for name in ("dot", "graphviz-pure"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert renderer.find_renderer() == str(tmp_path / "dot")
    (tmp_path / "dot").unlink()
    assert renderer.find_renderer() == str(tmp_path / "graphviz-pure")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(renderer.RendererNotFoundError, match=r"pip install graphviz-pure.*apt-get install graphviz"):
        renderer.find_renderer()


def test_formats_are_asked_of_the_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that it lists, without its windows; one that lists none is trusted with any."""
    for name, said in (("talks", "Use one of: png svg x11"), ("mute", "no")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
        program.chmod(0o755)
        monkeypatch.setattr(shutil, "which", lambda *_, path=program, **__: str(path))
        renderer.check_format("svg")
        if name == "mute":
            renderer.check_format("xyz")
        else:
            with pytest.raises(ValueError, match=r"does not write \.x11: .* It writes png, svg; Graphviz's own dot"):
                renderer.check_format("x11")
