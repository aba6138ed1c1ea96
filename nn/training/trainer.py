"""The training loop of `fit`, written once for both engines: epochs, callbacks, what is measured, and how it ends."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from reprlib import repr as in_short
from typing import Any, Protocol

from autograd import no_grad
from autograd.real import as_float
from autograd.structures import values
from nn.training.callbacks import Callback, name_of
from nn.training.checkpoints import Training
from nn.training.eager import Report
from nn.training.job import Function, Job, modes_kept
from nn.training.progress import bar_of
from nn.training.samples import Samples


class Engine(Protocol):
    """What makes the steps of a training, and measures: `Eager`, or `Compiled`."""

    def train(self, epoch: int, most: int, report: Report) -> Any:
        """Train for this epoch, or for up to `most` from it on; yield the mean loss of each one's samples."""

    def deliver(self) -> None:
        """Bring the model's Values and the optimizer to where the training is: code of the user's may run now."""

    def outputs(self, data: Samples) -> list[Any]:
        """The model's output for each sample."""

    def numbers(self, outputs: list[Any]) -> list[Any]:
        """The numbers of such outputs, as metrics take them."""

    def mean_loss(self, data: Samples, outputs: Callable[[], list[Any]]) -> Any:
        """The mean loss of data, by the outputs for it if it takes these."""


@dataclass
class Trainer:
    """A run of `fit`, with its options checked."""

    job: Job
    engine: Engine
    validation: Samples | None
    metrics: Mapping[str, Function]
    scheduler: Any
    training: Training

    def __post_init__(self) -> None:
        self._by_loss = any(getattr(callback, "monitor", None) == "loss" for callback in self.job.callbacks)
        other = self.scheduler is not None and self.job.schedule is None
        busy = self.job.callbacks, self.metrics, self.validation is not None, other
        self._stops_at_epochs = any(busy)

    def run(self, epochs: int, *, progress: str | None) -> None:
        """Train until there are this many epochs, or until a callback or Ctrl-C ends it."""
        begun: list[Callback] = []
        history = self.job.history
        try:
            try:
                self._train_all(epochs, begun, progress=progress)
            finally:
                self._deliver()
        except KeyboardInterrupt:
            history.interrupted = True
        errors = [error for callback in begun if (error := self._end(callback)) is not None]
        if history.interrupted:
            print(
                f"fit was interrupted after {len(history)} of {epochs} epochs: the history has these, and the model is as "
                "the last whole step left it",
                file=sys.stderr,
            )
        for error in errors[1:]:
            errors[0].add_note(f"and on_fit_end of another callback: {error!r}")
        if errors:
            raise errors[0]

    def _deliver(self) -> None:
        """Bring the Values in step, also if Ctrl-C comes meanwhile."""
        try:
            self.engine.deliver()
        except KeyboardInterrupt:
            self.engine.deliver()
            raise

    def _train_all(self, epochs: int, begun: list[Callback], *, progress: str | None) -> None:
        """The epochs; `begun` is told which callbacks have begun."""
        job, history = self.job, self.job.history
        for callback in job.callbacks:
            callback.on_fit_begin(job.model, history)
            begun.append(callback)
        batches = job.batches
        with (
            modes_kept(job.model),
            bar_of(progress, epochs * batches, len(history) * batches) as bar,
        ):
            while len(history) < epochs and not self.training.ended:
                job.model.train()
                most = 1 if self._stops_at_epochs else epochs - len(history)
                bar.epoch(f"epoch {len(history) + 1}/{epochs}")
                for loss in self.engine.train(len(history) + 1, most, bar.advance):
                    self._end_epoch(loss)

    def _end_epoch(self, loss: float) -> None:
        """Measure, note the numbers in the history, advance the schedule, and ask the callbacks."""
        if self._stops_at_epochs:
            self.engine.deliver()
        measured = self._measured(self.job.data, "", with_loss=self._by_loss)
        found = {**measured, "loss": loss}
        if self.validation is not None:
            found |= self._measured(self.validation, "val_", with_loss=True)
        self.job.history.append(found, loss_at_end=measured.get("loss"))
        if self.scheduler is not None:
            self.scheduler.step()
        for callback in self.job.callbacks:
            self.training.ended |= self._ends(callback)

    def _ends(self, callback: Callback) -> bool:
        """Whether a callback ends the training; TypeError for an answer that is neither yes nor no."""
        answer = callback.on_epoch_end(self.job.model, self.job.history)
        numpy = sys.modules.get("numpy")
        if answer is not None and not isinstance(answer, bool if numpy is None else bool | numpy.bool_):
            raise TypeError(
                f"the callback {name_of(callback)} returned a {type(answer).__name__}, {in_short(answer)}, from on_epoch_end: "
                "return True to end the training, False or None to go on"
            )
        return bool(answer)

    def _end(self, callback: Callback) -> Exception | None:
        """Tell a callback that the training has ended; its error. Ctrl-C ends this callback alone."""
        try:
            callback.on_fit_end(self.job.model, self.job.history)
        except KeyboardInterrupt:
            self.job.history.interrupted = True
        except Exception as error:  # noqa: BLE001 - it is raised when all callbacks have been told
            return error
        return None

    def _measured(self, data: Samples, prefix: str, *, with_loss: bool) -> dict[str, float]:
        """Loss and metrics in eval mode, by their names with the prefix."""
        found: dict[str, Any] = {}
        if not with_loss and not self.metrics:
            return found
        with modes_kept(self.job.model), no_grad():
            self.job.model.eval()
            known: list[list[Any]] = []

            def outputs() -> list[Any]:
                if not known:
                    known.append(self.engine.outputs(data))
                return known[0]

            if with_loss:
                found["loss"] = self.engine.mean_loss(data, outputs)
            numbers = self.engine.numbers(outputs()) if self.metrics else []
            found |= {name: metric(numbers, data.target_list) for name, metric in self.metrics.items()}
        return {prefix + name: as_float(values(number), f"the metric {name}") for name, number in found.items()}
