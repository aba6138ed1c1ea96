"""save: the format by the file's name, refusals before anything is drawn, and a whole file or none."""

import shutil
from pathlib import Path

import pytest

from autograd import draw, page, save
from autograd.pictures import renderer
from autograd.pictures.renderer import RendererNotFoundError
from tests.pictures.graphs import small


@pytest.mark.parametrize("suffix", ["svg", "png", "dot", "gv", "SVG"])
def test_save_picks_the_format_by_name(tmp_path: Path, suffix: str) -> None:
    """And returns the path."""
    path = save(small(), tmp_path / f"g.{suffix}", partials=True)
    start = path.read_bytes()[:200]
    assert {"svg": b"<svg", "png": b"PNG", "dot": b"digraph", "gv": b"digraph"}[suffix.lower()] in path.read_bytes()[:2000], (
        start
    )
    assert [p.name for p in tmp_path.iterdir()] == [f"g.{suffix}"]


@pytest.mark.parametrize("name", ["g.xyz", "g", "g.", "g.sv g"])
def test_names_without_a_format(tmp_path: Path, name: str) -> None:
    """An error that names the usual ones, before anything is drawn; no file, nor half a one."""
    with pytest.raises(ValueError, match=r"in \.svg, \.png or \.dot"):
        save(small(), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")
def test_pdf_by_dot(tmp_path: Path) -> None:
    """Graphviz's own renderer has it."""
    assert save(small(), tmp_path / "g.pdf").read_bytes().startswith(b"%PDF")


def test_what_save_refuses(tmp_path: Path) -> None:
    """A missing folder, options to a picture that is drawn already, and anything but Values: each is named."""
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nope' to save 'g.svg' in"):
        save(small(), tmp_path / "nope" / "g.svg")
    with pytest.raises(TypeError, match=r"draw\(result, precision=...\), then save"):
        save(draw(small()), tmp_path / "g.svg", precision=3)
    with pytest.raises(TypeError, match="draw needs the Value"):
        save(3.0, tmp_path / "g.svg")  # type: ignore[arg-type]
    assert save(draw(small()), tmp_path / "g.svg").is_file()


def test_a_failing_renderer_is_told_from_an_unknown_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit status and its words."""
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\necho libfoo is missing >&2\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(broken))
    with pytest.raises(RuntimeError, match="exit status 127: libfoo is missing"):
        save(small(), tmp_path / "g.svg")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole or not at all."""
    path = tmp_path / "g.svg"
    path.write_text("old")
    monkeypatch.setattr(renderer, "_graphviz_pure", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(RendererNotFoundError):
        save(small(), path)
    assert path.read_text() == "old"


def test_a_page_by_its_name(tmp_path: Path) -> None:
    """An .html file is the page, with its options; a drawn picture cannot become one."""
    path = save(small(), tmp_path / "g.HTML", precision=3)
    assert path.read_text(encoding="utf-8") == page(small(), precision=3)
    with pytest.raises(TypeError, match=r"save\(result, 'graph.html'\) with the Value itself"):
        save(draw(small()), tmp_path / "other.html")
    assert [p.name for p in tmp_path.iterdir()] == ["g.HTML"]
