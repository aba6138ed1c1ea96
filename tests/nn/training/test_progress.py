"""Progress bars: which package draws them, and what they show."""

import sys
from typing import Any

import pytest

from nn.training import progress
from nn.training.progress import bar_of, checked_progress
from tests.nn.training.runs import ENGINES, trained


@pytest.mark.parametrize("engine", ENGINES)
def test_rich(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A bar on stderr with epoch, batches and loss; the numbers of the training are the same."""
    pytest.importorskip("rich")
    history, _ = trained(progress="rich", epochs=2, engine=engine)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "epoch 2/2" in shown.err
    assert "10/10" in shown.err
    assert "loss 0." in shown.err
    assert history.loss == trained(progress=False, epochs=2, engine=engine)[0].loss


def test_which_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """True is tqdm, rich where that is all there is, and nothing where neither is; a name asked for must be there."""
    there: set[str] = {"tqdm", "rich"}
    monkeypatch.setattr(progress, "find_spec", lambda name: name if name in there else None)
    assert (checked_progress(True), checked_progress("rich"), checked_progress(False)) == ("tqdm", "rich", None)
    there.remove("tqdm")
    assert checked_progress(True) == "rich"
    with pytest.raises(ModuleNotFoundError, match="progress='tqdm' needs tqdm: pip install tqdm, or progress=True"):
        checked_progress("tqdm")
    there.clear()
    assert checked_progress(True) is None
    with pytest.raises(ValueError, match="progress must be True, False, 'tqdm' or 'rich', not 'bar'"):
        checked_progress("bar")


def test_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a bar neither package is imported."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "rich", None)
    with bar_of(None, 10, 0) as bar:
        bar.epoch("epoch 1/1")
        bar.advance(10, 0.5)
    assert capsys.readouterr() == ("", "")


def test_a_wrong_word_comes_before_training() -> None:
    """The model is as it was."""

    def never(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(ValueError, match="progress must be"):
        trained(loss=never, progress="yes")
