"""Figures: written whole, in the format of the path."""

from pathlib import Path

import pytest

from nn.training.figures import new_figure, save_figure


def test_formats(tmp_path: Path) -> None:
    """The end of the path is the format, png without one; an unknown one leaves no file."""
    figure = new_figure(2, 1)
    for name, begin in (("a.png", b"\x89PNG"), ("b", b"\x89PNG"), ("c.svg", b"<?xml"), ("d.pdf", b"%PDF")):
        save_figure(figure, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begin)
    with pytest.raises(ValueError, match="not supported"):
        save_figure(figure, tmp_path / "e.xyz")
    assert not (tmp_path / "e.xyz").exists()
