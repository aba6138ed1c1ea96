"""History: the record that a training run leaves beside its model."""

from collections.abc import Mapping, Sequence
from io import StringIO
from os import PathLike
from typing import Any

from autograd.files import write_whole
from autograd.real import as_float
from nn.training.figures import new_figure, save_figure

SHOWN = 20  # epochs in a notebook


def event_writer() -> Any:
    """The class that writes TensorBoard's events; ModuleNotFoundError with the remedy if it is not installed."""
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError as error:
        needed = f'TensorBoard\'s event files need {error.name}: pip install "chainrule[tensorboard]"'
        raise ModuleNotFoundError(needed, name=error.name) from None
    return SummaryWriter


class History:
    """The numbers of each whole epoch of `fit`, by name: loss and metrics, and both for the validation data.

    `history.loss`, `history.val_loss`, `history.metrics` and `history[name]` give them as lists, in the order of
    `history.epochs`; its length is the number of epochs. `interrupted` says whether Ctrl-C ended the run. In a training,
    `batch_loss` is the loss of the latest batch that a callback was told of in `on_before_optimizer_step`.

    >>> history = History(["loss", "accuracy"])
    >>> history.append({"loss": 0.5, "accuracy": 0.75})
    >>> history.append({"loss": 0.25, "accuracy": 1.0})
    >>> history.epochs, history.loss, history.metrics
    ([1, 2], [0.5, 0.25], {'accuracy': [0.75, 1.0]})
    >>> history
    History(epochs=2, loss=0.25, accuracy=1)
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.interrupted = False
        self.batch_loss: float | None = None
        self._epochs: list[dict[str, float]] = []
        self._loss_at_end: float | None = None

    def append(self, numbers: Mapping[str, float], *, loss_at_end: float | None = None) -> None:
        """Add an epoch, all of its numbers at once; ValueError unless there is one for each name."""
        if set(numbers) != set(self.names):
            raise ValueError(f"an epoch of this history has the numbers {list(self.names)}, not {list(numbers)}")
        self._epochs.append({name: numbers[name] for name in self.names})
        self._loss_at_end = loss_at_end

    def state_dict(self) -> dict[str, Any]:
        """All of it as plain data, a copy: names, the epochs' numbers, and whether Ctrl-C ended the run."""
        return {
            "names": list(self.names),
            "epochs": [[epoch[name] for name in self.names] for epoch in self._epochs],
            "loss_at_end": self._loss_at_end,
            "interrupted": self.interrupted,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises ValueError for a history of other names, and for one that is damaged; this one is then as it was.
        """
        try:
            names, at_end, interrupted = tuple(state["names"]), state["loss_at_end"], state["interrupted"]
            rows = [[as_float(number, f"a number of epoch {i}") for number in row] for i, row in enumerate(state["epochs"], 1)]
            at_end = None if at_end is None else as_float(at_end, "loss_at_end")
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the state of a history ({type(error).__name__}: {error}): history.state_dict()") from error
        if names != self.names:
            raise ValueError(
                f"the saved history has {list(names)}, and this training {list(self.names)}: give it the same metrics, and "
                "validation_data as before"
            )
        if any(len(row) != len(names) for row in rows) or not isinstance(interrupted, bool):
            raise ValueError(f"not the state of a history: an epoch must have {len(names)} numbers, and interrupted be a bool")
        self._epochs = [dict(zip(names, row, strict=True)) for row in rows]
        self._loss_at_end, self.interrupted = at_end, interrupted

    @property
    def epochs(self) -> list[int]:
        """The numbers of the epochs, from 1."""
        return list(range(1, len(self._epochs) + 1))

    @property
    def loss(self) -> list[float]:
        """The mean loss of each epoch's samples, each measured when its batch came, and so by other parameters."""
        return self["loss"]

    @property
    def val_loss(self) -> list[float]:
        """The mean loss of the validation data after each epoch; empty without such data."""
        return self["val_loss"] if "val_loss" in self.names else []

    @property
    def metrics(self) -> dict[str, list[float]]:
        """Each metric after each epoch: of the training data, and with "val_" before its name of the validation data."""
        return {name: self[name] for name in self.names if name not in ("loss", "val_loss")}

    @property
    def latest(self) -> dict[str, float]:
        """The last epoch's numbers; IndexError before the first."""
        return dict(self._epochs[-1])

    @property
    def at_end(self) -> dict[str, float]:
        """The last epoch's numbers with its last parameters: `latest`, its loss measured anew if a callback monitors "loss"."""
        return self.latest if self._loss_at_end is None else self.latest | {"loss": self._loss_at_end}

    def __getitem__(self, name: str) -> list[float]:
        """The numbers of that name, one for each epoch; KeyError for an unknown name."""
        if name not in self.names:
            raise KeyError(f"this history has no {name!r}, but {', '.join(map(repr, self.names))}")
        return [epoch[name] for epoch in self._epochs]

    def __len__(self) -> int:
        return len(self._epochs)

    def __repr__(self) -> str:
        latest = "".join(f", {name}={number:.6g}" for name, number in (self._epochs[-1] if self._epochs else {}).items())
        return f"History(epochs={len(self)}{latest}{', interrupted=True' if self.interrupted else ''})"

    # --- in other forms -----------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Sequence[float]]:
        """The columns of a table: the numbers of the epochs, and each name's; as `pandas.DataFrame` and polars's take them.

        >>> history = History(["loss"])
        >>> history.append({"loss": 0.5})
        >>> history.to_dict()
        {'epoch': [1], 'loss': [0.5]}
        """
        return {"epoch": self.epochs, **{name: self[name] for name in self.names}}

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with a row for each epoch, indexed by its number. ModuleNotFoundError without pandas."""
        try:
            from pandas import DataFrame
        except ModuleNotFoundError:
            raise ModuleNotFoundError("to_dataframe() needs pandas: pip install pandas, or to_dict()") from None
        return DataFrame(self.to_dict()).set_index("epoch")

    def to_csv(self, path: str | PathLike[str] | None = None) -> str:
        """The table as text, with all digits and commas between; it is also written to `path` if given, whole or not at all.

        >>> history = History(["loss", "accuracy"])
        >>> history.append({"loss": 0.1, "accuracy": 0.75})
        >>> print(history.to_csv(), end="")
        epoch,loss,accuracy
        1,0.1,0.75
        """
        from csv import writer

        text = StringIO(newline="")
        table = writer(text, lineterminator="\n")
        table.writerow(["epoch", *self.names])
        table.writerows([i, *epoch.values()] for i, epoch in enumerate(self._epochs, 1))
        if path is not None:
            write_whole(path, text.getvalue().encode())
        return text.getvalue()

    def to_tensorboard(self, folder: str | PathLike[str]) -> None:
        """Write all epochs to an event file in a folder, for `tensorboard --logdir folder`.

        The callback `TensorBoard` does so while a training runs. ModuleNotFoundError without the extra `tensorboard`.
        """
        with event_writer()(str(folder)) as events:
            for epoch in self.epochs:
                self.write_epoch(events, epoch)

    def write_epoch(self, events: Any, epoch: int) -> None:
        """Write the numbers of an epoch by a writer of TensorBoard's events; "val_" is a run's second curve there."""
        for name, number in self._epochs[epoch - 1].items():
            kind = f"{name.removeprefix('val_')}/{'validation' if name.startswith('val_') else 'training'}"
            events.add_scalar(kind, number, epoch)

    def _repr_html_(self) -> str:
        """A table of the last epochs, as notebooks show it."""
        from html import escape

        shown = self.epochs[-SHOWN:]
        head = "".join(f"<th>{escape(name)}</th>" for name in ("epoch", *self.names))
        rows = [
            f"<tr><td>{i}</td>{''.join(f'<td>{self._epochs[i - 1][name]:.6g}</td>' for name in self.names)}</tr>" for i in shown
        ]
        left_out = f"<p>{len(self) - len(shown)} epochs before these</p>" if len(self) > len(shown) else ""
        ended = "<p>interrupted by Ctrl-C</p>" if self.interrupted else ""
        return f"{left_out}<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{ended}"

    def plot(self, path: str | PathLike[str] | None = None) -> Any:
        """The losses, and the metrics if any beside them, as a matplotlib Figure, which is also written to `path` if given.

        The end of the path is the format, png if it has none; the file is written whole, or not at all. Raises ValueError for
        an unknown format and before the first epoch, and ModuleNotFoundError without matplotlib.
        """
        if not self._epochs:
            raise ValueError("there is no epoch to plot: fit for at least one")
        losses = [name for name in self.names if name in ("loss", "val_loss")]
        kinds = [kind for kind in (("loss", losses), ("metric", list(self.metrics))) if kind[1]]
        figure = new_figure(6 * len(kinds), 4)
        for axes, (kind, names) in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
            for name in names:
                axes.plot(self.epochs, self[name], label=name, marker="o" if len(self) == 1 else None)
            axes.set(xlabel="epoch", ylabel=kind)
            axes.grid(alpha=0.3)
            axes.legend()
        if path is not None:
            save_figure(figure, path)
        return figure
