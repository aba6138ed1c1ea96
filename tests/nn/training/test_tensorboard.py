"""The callback TensorBoard: what it writes while a training runs."""

import sys
from pathlib import Path

import pytest

from nn import Checkpoint, TensorBoard
from tests.nn.training.event_files import events
from tests.nn.training.runs import ENGINES, X, Y, trained


@pytest.mark.parametrize("engine", ENGINES)
def test_events_of_a_training(engine: str, tmp_path: Path) -> None:
    """Each epoch's numbers are there, of training and validation."""
    pytest.importorskip("tensorboardX")
    history, _ = trained(callbacks=[TensorBoard(tmp_path)], validation_data=(X, Y), engine=engine)
    found = events(tmp_path)
    assert found["loss/training"] == [
        (i, pytest.approx(x, rel=1e-6)) for i, x in zip(history.epochs, history.loss, strict=True)
    ]
    assert [x for _, x in found["loss/validation"]] == pytest.approx(history.val_loss, rel=1e-6)


def test_a_resumed_training_goes_on(tmp_path: Path) -> None:
    """In the same folder, from the epoch after the checkpoint."""
    pytest.importorskip("tensorboardX")
    path = tmp_path / "run.json"
    trained(callbacks=[TensorBoard(tmp_path / "events"), Checkpoint(path)], epochs=2)
    trained(callbacks=[TensorBoard(tmp_path / "events"), Checkpoint(path)], epochs=4, resume=path)
    assert sorted(step for step, _ in events(tmp_path / "events")["loss/training"]) == [1, 2, 3, 4]


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The callback says so when it is made, before any training."""
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match=r'need tensorboardX: pip install "chainrule\[tensorboard\]"'):
        TensorBoard("folder")
