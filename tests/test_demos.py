"""Demos run from the command line's entry, print their figures and write their pictures where they say."""

import shutil
from pathlib import Path

import pytest

from demos import iris, quickstart


def test_quickstart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The published numbers, and an SVG."""
    quickstart.main(["--out", str(tmp_path / "new")])
    printed = capsys.readouterr().out
    for line in ("= 0.462117", "dy/dx = -0.393224", "dy/dw = +1.572895", "dy/db = +0.786448"):
        assert line in printed
    assert "<svg" in (tmp_path / "new" / "quickstart.svg").read_text(encoding="utf-8")


def test_iris(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Held-out accuracy of at least 0.9, both pictures, and the same result for the same seed."""
    pytest.importorskip("sklearn", reason="needs the demos extra")
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    iris.main(["--out", str(tmp_path)])
    printed = capsys.readouterr().out
    accuracy = float(next(line for line in printed.splitlines() if line.startswith("held-out")).split()[-1])
    assert accuracy >= 0.9
    assert "<svg" in (tmp_path / "iris_graph.svg").read_text(encoding="utf-8")
    assert (tmp_path / "iris_loss.png").read_bytes().startswith(b"\x89PNG")
    first, again = iris.train(seed=1, epochs=2), iris.train(seed=1, epochs=2)
    assert first.losses == again.losses
    assert [p.data for p in first.model.parameters()] == [p.data for p in again.model.parameters()]


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said before any work."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="cannot make the folder"):
        quickstart.main(["--out", str(tmp_path / "file")])
    assert not capsys.readouterr().out


@pytest.mark.parametrize("option", ["--epochs=0", "--seed=-1", "--seed=5000000000", "--seed=x"])
def test_bad_options_of_iris(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused before anything is made."""
    with pytest.raises(SystemExit):
        iris.main([option, "--out", str(tmp_path / "new")])
    assert option.split("=", maxsplit=1)[0] in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_without_a_renderer_the_demo_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(SystemExit, match="pip install graphviz-pure"):
        quickstart.main(["--out", str(tmp_path)])
