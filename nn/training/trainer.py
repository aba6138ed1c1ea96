"""The training loop of `fit`, written once for eager and compiled steps."""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from math import isclose, isfinite, isnan
from random import Random
from reprlib import repr as in_short
from typing import Any

from autograd import AnomalyError, Value, detect_anomaly, jit, no_grad, topological_order
from autograd.modes import MODE
from autograd.real import as_float, is_node
from autograd.structures import as_array, flatten, unflatten, values
from nn.inputs import described
from nn.module import Module
from nn.optim.optimizers import Optimizer
from nn.training.callbacks import Callback, name_of
from nn.training.history import History
from nn.training.metrics import asks_threshold
from nn.training.samples import Samples

Function = Callable[..., Any]
MISFITS = TypeError, ValueError, IndexError  # what functions raise for arguments that do not fit


@contextmanager
def modes_kept(model: Module) -> Iterator[None]:
    """Put every module, and `autograd`, back into its mode in the end, all modules at once.

    `no_grad()` restores the mode of `autograd` itself, unless Ctrl-C comes at the very moment of its end.
    """
    modules = model.modules()
    modes = [module.training for module in modules]
    recording = MODE.get()
    try:
        yield
    finally:
        MODE.set(recording)
        deque(map(setattr, modules, repeat("training"), modes), maxlen=0)  # one step, which no interrupt divides


class Steps:
    """The model with its loss and data: the loss of a batch and the outputs for all samples, eager or compiled."""

    def __init__(self, model: Module, loss: Function, data: Samples, *, compiled: bool) -> None:
        self.model = model
        self.loss = loss
        self.data = data
        self._structure: Any = None  # of the compiled model's output for a sample
        self._compiled_model = jit(self._flat_output, in_axes=0) if compiled else None
        self._compiled_losses = {
            reduce: jit(self._loss_of_one, in_axes=(0, 0), reduce=reduce) for reduce in ("mean", "sum") if compiled
        }

    @property
    def sums(self) -> bool:
        """Whether the loss adds over samples, and takes no mean."""
        return bool(getattr(self.loss, "reduction", "mean") == "sum")

    def _loss_of_one(self, x: Any, target: Any) -> Any:
        return self.loss(self.model(x), target)

    def _flat_output(self, x: Any) -> Any:
        numbers, self._structure = flatten(self.model(x), "the model's output for a sample")
        return as_array(numbers, (len(numbers),))

    def batch_loss(self, batch: Sequence[int]) -> Any:
        """The loss of the samples with these indices."""
        if not self._compiled_losses:
            return self.eager_loss(batch)
        inputs, targets = self.data.arrays
        return self._compiled_losses["sum" if self.sums else "mean"](inputs[batch], targets[batch])

    def eager_loss(self, batch: Sequence[int]) -> Any:
        """The same, recorded operation by operation."""
        return self.loss([self.model(self.data.inputs[i]) for i in batch], [self.data.targets[i] for i in batch])

    def outputs(self, data: Samples) -> list[Any]:
        """The model's output for each sample."""
        if self._compiled_model is None:
            return [self.model(x) for x in data.inputs]
        rows = self._compiled_model(data.arrays[0]).tolist()
        return [unflatten(self._structure, row, as_array) for row in rows]

    def mean_loss(self, outputs: list[Any], targets: list[Any]) -> Any:
        """The mean over samples, also for a loss that adds them."""
        found = self.loss(outputs, targets)
        return found / len(targets) if self.sums else found

    def try_out(self, optimizer: Optimizer, validation: Samples | None, metrics: Mapping[str, Function]) -> None:
        """Run the model on one sample, its loss and the metrics with every target; ValueError unless they fit together."""
        with modes_kept(self.model):
            self.model.eval()
            with no_grad():
                for data in filter(None, (self.data, validation)):
                    outputs = [self._try_model(data)] * len(data)
                    self._try_loss(outputs, data.targets, data)
                    for name, metric in metrics.items():
                        self._try_metric(name, metric, _undecided(values(outputs), metric), data)
            result = self._try_loss([self._try_model(self.data)], self.data.targets[:1], self.data)
        held = set(map(id, optimizer.parameters))
        if not isinstance(result, Value) or not any(id(node) in held for node in topological_order(result)):
            raise ValueError(
                f"the loss of the first sample, {result!r}, does not depend on any parameter that the optimizer holds: "
                "compute it from the model's outputs, by autograd's functions"
            )
        if self._compiled_losses:
            self._try_compiled()

    def _try_model(self, data: Samples) -> Any:
        try:
            return self.model(data.inputs[0])
        except MISFITS as error:
            what = f"the model does not take the samples of {data.names[0]}, each {described(data.input_shape)}"
            raise ValueError(f"{what}: {error}") from error

    def _try_loss(self, outputs: list[Any], targets: list[Any], data: Samples) -> Any:
        try:
            found = self.loss(outputs, targets)
        except MISFITS as error:
            raise ValueError(_refused("loss", values(outputs[0]), data, error)) from error
        if not is_node(found) and not isinstance(found, int | float):
            raise ValueError(f'the loss of a batch must be one number, not {found!r}: reduction="mean", for example')
        return found

    def _try_metric(self, name: str, metric: Function, outputs: list[Any], data: Samples) -> None:
        try:
            as_float(values(metric(outputs, data.targets)), f"the metric {name}")
        except MISFITS as error:
            raise ValueError(_refused(f"metric {name!r}", outputs[0], data, error)) from error

    def _try_compiled(self) -> None:
        """ValueError unless the mean of two samples' losses is the loss of both together."""
        batch = [0, len(self.data) - 1]
        with no_grad():
            wanted, found = self.eager_loss(batch).item(), self.batch_loss(batch).item()
        if not (isclose(wanted, found, rel_tol=1e-6, abs_tol=1e-9) or (isnan(wanted) and isnan(found))):
            raise ValueError(
                f"jit=True takes the {'sum' if self.sums else 'mean'} over samples of loss(model(x), target); for two samples "
                f"that is {found}, and their loss together {wanted}: let the loss be a mean over samples, or use jit=False"
            )


def _undecided(outputs: list[Any], metric: Function) -> list[Any]:
    """The outputs; for a metric without its threshold not 0.0 or 1.0, which zero biases give, and which seem to be classes."""
    whole = outputs[0] in (0.0, 1.0, [0.0], [1.0])
    return [0.25] * len(outputs) if whole and asks_threshold(metric) else outputs


def _refused(what: str, output: Any, data: Samples, error: Exception) -> str:
    return (
        f"the {what} does not take the model's outputs, such as {output!r}, with the targets in {data.names[1]}, each "
        f"{described(data.target_shape)}: {error}"
    )


@dataclass
class Trainer:
    """A run of `fit`, with its options checked."""

    steps: Steps
    optimizer: Optimizer
    batch_size: int
    rng: Random | None  # None: the samples stay in order
    validation: Samples | None
    metrics: Mapping[str, Function]
    callbacks: Sequence[Callback]
    scheduler: Any
    history: History

    def __post_init__(self) -> None:
        self._by_loss = any(getattr(callback, "monitor", None) == "loss" for callback in self.callbacks)

    def run(self, epochs: int, *, progress: bool) -> None:
        """Train for this number of epochs, or until a callback or Ctrl-C ends it."""
        begun: list[Callback] = []
        try:
            self._train_all(epochs, begun, progress=progress)
        except KeyboardInterrupt:
            self.history.interrupted = True
        errors = [error for callback in begun if (error := self._end(callback)) is not None]
        if self.history.interrupted:
            print(
                f"fit was interrupted after {len(self.history)} of {epochs} epochs: the history has these, and the model is as "
                "the last whole step left it",
                file=sys.stderr,
            )
        for error in errors[1:]:
            errors[0].add_note(f"and on_fit_end of another callback: {error!r}")
        if errors:
            raise errors[0]

    def _train_all(self, epochs: int, begun: list[Callback], *, progress: bool) -> None:
        """The epochs, once everything fits together; `begun` is told which callbacks have begun."""
        from tqdm import tqdm

        model, history = self.steps.model, self.history
        order = list(range(len(self.steps.data)))
        batches = -(-len(order) // self.batch_size)
        self.steps.try_out(self.optimizer, self.validation, self.metrics)
        for callback in self.callbacks:
            callback.on_fit_begin(model, history)
            begun.append(callback)
        with modes_kept(model), tqdm(total=epochs * batches, unit="batch", disable=not progress) as bar:
            for epoch in range(1, epochs + 1):
                bar.set_description_str(f"epoch {epoch}/{epochs}", refresh=False)
                if self.rng is not None:
                    self.rng.shuffle(order)
                model.train()
                self._end_epoch(self._train(order, epoch, bar))
                if any([self._ends(callback) for callback in self.callbacks]):  # noqa: C419 - call each
                    break

    def _ends(self, callback: Callback) -> bool:
        """Whether a callback ends the training; TypeError for an answer that is neither yes nor no."""
        answer = callback.on_epoch_end(self.steps.model, self.history)
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
            callback.on_fit_end(self.steps.model, self.history)
        except KeyboardInterrupt:
            self.history.interrupted = True
        except Exception as error:  # noqa: BLE001 - it is raised when all callbacks have been told
            return error
        return None

    def _train(self, order: list[int], epoch: int, bar: Any) -> float:
        """One epoch's steps; the mean loss of its samples."""
        total = 0.0
        for number, start in enumerate(range(0, len(order), self.batch_size), 1):
            batch = order[start : start + self.batch_size]
            loss = self._step(batch, f"epoch {epoch}, batch {number}")
            total += loss if self.steps.sums else loss * len(batch)
            bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
            bar.update()
        return total / len(order)

    def _step(self, batch: Sequence[int], where: str) -> float:
        """A batch's loss, and a step against its gradient; AnomalyError before the step unless both are finite."""
        loss = self.steps.batch_loss(batch)
        number = float(loss.item())
        if not isfinite(number):
            raise self._anomaly(f"the loss is {number}", batch, where)
        self.optimizer.zero_grad()
        loss.backward()
        for callback in self.callbacks:
            callback.on_before_optimizer_step(self.steps.model, self.history)
        for parameter in self.optimizer.parameters:
            if not isfinite(parameter.grad):
                raise self._anomaly(f"the gradient of {parameter.label or 'a parameter'} is {parameter.grad}", batch, where)
        self.optimizer.step()
        return number

    def _anomaly(self, what: str, batch: Sequence[int], where: str) -> AnomalyError:
        """The error that says what became of a batch; the batch runs again to find the operation that caused it."""
        cause = self._cause(batch)
        self.optimizer.zero_grad()
        samples = ", ".join(map(str, batch[:5])) + (", ..." if len(batch) > 5 else "")
        return AnomalyError(
            f"{what} in {where} (samples {samples}): {cause}. The parameters are those before this batch: try a smaller lr, "
            "inputs of a size around 1, or a loss of logits"
        )

    def _cause(self, batch: Sequence[int]) -> str:
        for name, parameter in self.steps.model.named_parameters():
            if not isfinite(parameter.data):
                return f"the parameter {name} is {parameter.data}"
        try:
            with detect_anomaly():
                self.steps.eager_loss(batch).backward()
        except AnomalyError as error:
            return str(error)
        return "no operation did so when the batch was run again"

    def _end_epoch(self, loss: float) -> None:
        """Measure, note the numbers in the history, and advance the schedule."""
        measured = self._measured(self.steps.data, "", with_loss=self._by_loss)
        found = {**measured, "loss": loss}
        if self.validation is not None:
            found |= self._measured(self.validation, "val_", with_loss=True)
        self.history.append(found, loss_at_end=measured.get("loss"))
        if self.scheduler is not None:
            self.scheduler.step()

    def _measured(self, data: Samples, prefix: str, *, with_loss: bool) -> dict[str, float]:
        """Loss and metrics in eval mode, by their names with the prefix."""
        found: dict[str, Any] = {}
        if not with_loss and not self.metrics:
            return found
        with modes_kept(self.steps.model), no_grad():
            self.steps.model.eval()
            outputs = self.steps.outputs(data)
            if with_loss:
                found["loss"] = self.steps.mean_loss(outputs, data.targets)
            numbers = values(outputs) if self.metrics else []
            found |= {name: metric(numbers, data.targets) for name, metric in self.metrics.items()}
        return {prefix + name: as_float(values(number), f"the metric {name}") for name, number in found.items()}
