"""A training in TensorBoard: its numbers as event files, written by the package tensorboardX, without TensorFlow."""

from os import PathLike, getpid
from typing import Any

from nn.module import Module
from nn.training.callbacks import Callback
from nn.training.history import History, event_writer


class TensorBoard(Callback):
    """Write each epoch's numbers to event files, which `tensorboard --logdir folder` shows while the training runs.

    Needs the extra `tensorboard`; raises ModuleNotFoundError without it, when made. A resumed training goes on in its folder.

    >>> import tempfile
    >>> from nn import MLP, SGD, fit, mse_loss
    >>> model = MLP(1, [1], rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     options = {"loss": mse_loss, "optimizer": SGD(model.parameters(), lr=0.1), "epochs": 3, "progress": False}
    ...     history = fit(model, [[0.0], [1.0]], [1.0, 0.0], callbacks=[TensorBoard(folder)], **options)
    >>> len(history)
    3
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = folder
        self._writer: Any = None
        event_writer()

    def on_fit_begin(self, model: Module, history: History) -> None:  # noqa: ARG002 - the protocol's
        """Begin a file; in a resumed training, what came after its epoch no longer counts."""
        done = len(history)
        purged, suffix = done + 1 if done else None, f".{getpid()}.{done}"  # two files of one second must not share a name
        self._writer = event_writer()(str(self.folder), purge_step=purged, filename_suffix=suffix)

    def on_epoch_end(self, model: Module, history: History) -> None:  # noqa: ARG002 - the protocol's
        """Write the numbers."""
        history.write_epoch(self._writer, len(history))
        self._writer.flush()

    def on_fit_end(self, model: Module, history: History) -> None:  # noqa: ARG002 - the protocol's
        """End the file."""
        self._writer.close()
