"""History: its lists, and its picture."""

import csv
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from nn import History
from tests.nn.training.event_files import events

NAMES = ["loss", "accuracy", "val_loss", "val_accuracy"]


def history(names: list[str] = NAMES, epochs: int = 3) -> History:
    """A history of this number of epochs."""
    made = History(names)
    for epoch in range(epochs):
        made.append({name: 1.0 / (1 + epoch + i) for i, name in enumerate(names)})
    return made


def test_lists_by_name() -> None:
    """One number for each epoch; lists without numbers are empty."""
    found = history()
    assert (found.epochs, len(found)) == ([1, 2, 3], 3)
    assert found.loss == [1.0, 1 / 2, 1 / 3]
    assert found.val_loss == [1 / 3, 1 / 4, 1 / 5]
    assert found.metrics == {"accuracy": [1 / 2, 1 / 3, 1 / 4], "val_accuracy": [1 / 4, 1 / 5, 1 / 6]}
    assert found.latest == {"loss": 1 / 3, "accuracy": 1 / 4, "val_loss": 1 / 5, "val_accuracy": 1 / 6}
    assert repr(found) == "History(epochs=3, loss=0.333333, accuracy=0.25, val_loss=0.2, val_accuracy=0.166667)"
    empty = History(["loss"])
    assert (empty.epochs, empty.loss, empty.val_loss, empty.metrics) == ([], [], [], {})
    assert repr(empty) == "History(epochs=0)"


def test_an_epoch_with_other_numbers() -> None:
    """Is refused: the lists stay of one length."""
    found = history()
    with pytest.raises(ValueError, match=r"the numbers \['loss', .*\], not \['loss'\]"):
        found.append({"loss": 1.0})
    assert len(found) == 3


@pytest.mark.parametrize(
    ("names", "curves"), [(NAMES, [["loss", "val_loss"], ["accuracy", "val_accuracy"]]), (["loss"], [["loss"]])]
)
@pytest.mark.parametrize("epochs", [1, 3])
def test_plot(names: list[str], curves: list[list[str]], epochs: int, tmp_path: Path) -> None:
    """Losses, and beside them the metrics, over the epochs; written where it is told."""
    found = history(names, epochs)
    figure = found.plot(tmp_path / "history.png")
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    assert [[line.get_label() for line in axes.lines] for axes in figure.axes] == curves
    line = figure.axes[0].lines[0]
    assert (list(line.get_xdata()), list(line.get_ydata())) == (found.epochs, found.loss)
    found.plot(str(tmp_path / "history.svg"))
    assert "<svg" in (tmp_path / "history.svg").read_text(encoding="utf-8")


def test_the_loss_at_an_epochs_end() -> None:
    """Is the one measured then, if it was, and else that of the history; the history's own stays."""
    history = History(["loss", "m"])
    history.append({"loss": 2.0, "m": 1.0}, loss_at_end=1.5)
    assert history.at_end == {"loss": 1.5, "m": 1.0}
    assert (history.latest, history.loss) == ({"loss": 2.0, "m": 1.0}, [2.0])
    history.append({"loss": 1.0, "m": 3.0})
    assert history.at_end == history.latest == {"loss": 1.0, "m": 3.0}


def test_a_plot_is_written_whole(tmp_path: Path) -> None:
    """A failure leaves the old file, a link stays a link, and a name without an end is the name."""
    old, link = tmp_path / "old.png", tmp_path / "link.png"
    old.write_bytes(b"old")
    link.symlink_to(old)
    with pytest.raises(ValueError, match="Format 'xyz' is not supported"):
        history().plot(tmp_path / "history.xyz")
    assert sorted(tmp_path.iterdir()) == [link, old]
    history().plot(link)
    assert link.is_symlink()
    assert old.read_bytes().startswith(b"\x89PNG")
    history().plot(tmp_path / "history")
    assert (tmp_path / "history").read_bytes().startswith(b"\x89PNG")


def test_plot_of_nothing() -> None:
    """Says so."""
    with pytest.raises(ValueError, match="there is no epoch to plot"):
        History(["loss"]).plot()


def test_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"plot\(\) needs matplotlib: pip install matplotlib"):
        history().plot()


def test_columns_by_name() -> None:
    """Losses and metrics alike; an unknown name is rejected with the known ones."""
    found = history()
    assert found["loss"] == found.loss
    assert {name: found[name] for name in found.metrics} == found.metrics
    with pytest.raises(KeyError, match=r"this history has no 'speed', but 'loss', "):
        found["speed"]


def test_a_history_comes_back() -> None:
    """With all that it has; the state is a copy, of plain data."""
    found, other = history(), History(NAMES)
    found.append(dict.fromkeys(NAMES, math.inf), loss_at_end=0.125)
    found.interrupted = True
    state = found.state_dict()
    other.load_state_dict(state)
    assert repr(other.state_dict()) == repr(state)
    assert (repr(other), other.epochs, other.at_end["loss"]) == (repr(found), [1, 2, 3, 4], 0.125)
    state["epochs"][0][0] = 7.0
    assert other.loss[0] == found.loss[0] == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"names": ["loss"]},
            r"the saved history has \['loss'\], and this training \['loss', 'acc.*: give it the same metrics",
        ),
        ({"epochs": [[1.0]]}, "an epoch must have 4 numbers"),
        ({"epochs": [["1"] * 4]}, r"not the state of a history \(TypeError: a number of epoch 1 must be one real number"),
        ({"epochs": None}, r"not the state of a history \(TypeError"),
        ({"interrupted": 1}, "and interrupted be a bool"),
        ({"loss_at_end": "a"}, "loss_at_end must be one real number"),
    ],
)
def test_a_history_that_does_not_fit(changes: dict[str, Any], message: str) -> None:
    """Is refused, and this one is as it was."""
    found = history()
    before = found.state_dict()
    with pytest.raises(ValueError, match=message):
        found.load_state_dict(before | changes)
    with pytest.raises(ValueError, match=r"not the state of a history \(KeyError: 'names'"):
        found.load_state_dict({})
    assert found.state_dict() == before


def test_as_a_table(tmp_path: Path) -> None:
    """CSV has all digits, and reads back; a name with a comma is quoted; the dict is what DataFrames take."""
    found = history(["loss", "share, of all"])
    path = tmp_path / "history.csv"
    text = found.to_csv(path)
    assert path.read_bytes().decode() == text == found.to_csv()
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["epoch", "loss", "share, of all"]
    assert [[float(number) for number in row] for row in rows] == [
        [i, found.loss[i - 1], found["share, of all"][i - 1]] for i in found.epochs
    ]
    assert found.to_dict() == {"epoch": [1, 2, 3], "loss": found.loss, "share, of all": found["share, of all"]}
    assert History(["loss"]).to_csv() == "epoch,loss\n"


def test_as_a_dataframe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for each epoch, by its number; without pandas the error names the remedy."""
    pytest.importorskip("pandas")
    found = history().to_dataframe()
    assert found.index.name == "epoch"
    assert list(found.columns) == NAMES
    assert found.loc[2, "accuracy"] == 1.0 / 3.0
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs pandas: pip install pandas, or to_dict\(\)"):
        history().to_dataframe()


def test_to_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number of every epoch is in the event file, the validation's under the same heading."""
    pytest.importorskip("tensorboardX")
    history().to_tensorboard(tmp_path)
    found = events(tmp_path)
    assert sorted(found) == ["accuracy/training", "accuracy/validation", "loss/training", "loss/validation"]
    assert found["loss/validation"] == [(1, pytest.approx(1 / 3)), (2, pytest.approx(1 / 4)), (3, pytest.approx(1 / 5))]
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "chainrule\[tensorboard\]"'):
        history().to_tensorboard(tmp_path)


def test_in_a_notebook() -> None:
    """A table of the last epochs; names are text, not HTML."""
    found = History(["loss", "<b>"])
    assert found._repr_html_().count("<tr>") == 1
    for i in range(25):
        found.append({"loss": 1.0 / (i + 1), "<b>": 0.0})
    found.interrupted = True
    text = found._repr_html_()
    assert text.count("<tr>") == 21
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert "5 epochs before these" in text
    assert "<td>25</td><td>0.04</td>" in text
    assert "interrupted by Ctrl-C" in text
