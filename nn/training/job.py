"""A training as it is asked for: a model, its loss and data, and how steps are made; tried on a sample before any moves."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from math import isfinite
from typing import Any

from autograd import AnomalyError, Value, detect_anomaly, no_grad, topological_order
from autograd.modes import MODE
from autograd.real import as_float, is_node
from autograd.structures import values
from nn.inputs import described
from nn.module import Module
from nn.optim.clipping import clip_grad_norm_, clip_grad_value_
from nn.optim.optimizers import Optimizer
from nn.training.callbacks import Callback
from nn.training.history import History
from nn.training.metrics import asks_threshold
from nn.training.order import Order
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


@dataclass
class Job:
    """What is trained, on what, and how a step is made of batches."""

    model: Module
    loss: Function
    data: Samples
    optimizer: Optimizer
    batch_size: int
    order: Order
    history: History
    accumulate: int = 1  # batches of a step
    clip_norm: float | None = None
    clip_value: float | None = None
    callbacks: Sequence[Callback] = ()
    threads: int | None = None

    @property
    def sums(self) -> bool:
        """Whether the loss adds over samples, and takes no mean."""
        return bool(getattr(self.loss, "reduction", "mean") == "sum")

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""
        return -(-len(self.data) // self.batch_size)

    @property
    def before_step(self) -> list[Callback]:
        """The callbacks that want to see each step."""
        default = Callback.on_before_optimizer_step
        return [callback for callback in self.callbacks if type(callback).on_before_optimizer_step is not default
                or "on_before_optimizer_step" in vars(callback)]  # fmt: skip

    def eager_loss(self, batch: Sequence[int]) -> Any:
        """The loss of the samples with these numbers, recorded operation by operation."""
        return self.loss([self.model(self.data.inputs[i]) for i in batch], [self.data.targets[i] for i in batch])

    def mean_loss(self, outputs: list[Any], targets: Sequence[Any]) -> Any:
        """The mean over samples, also for a loss that adds them."""
        found = self.loss(outputs, targets)
        return found / len(targets) if self.sums else found

    def clip(self) -> None:
        """Clip the gradients as asked for."""
        if self.clip_norm is not None:
            clip_grad_norm_(self.optimizer.parameters, self.clip_norm)
        if self.clip_value is not None:
            clip_grad_value_(self.optimizer.parameters, self.clip_value)

    # --- numbers that are not finite ----------------------------------------------------------------------------------

    def check_gradients(self, batch: Sequence[int], where: str) -> None:
        """AnomalyError for a gradient that is not finite, before the step."""
        for parameter in self.optimizer.parameters:
            if not isfinite(parameter.grad):
                raise self.anomaly(f"the gradient of {parameter.label or 'a parameter'} is {parameter.grad}", batch, where)

    def anomaly(self, what: str, batch: Sequence[int], where: str) -> AnomalyError:
        """The error that says what became of a batch; the batch runs again to find the operation that caused it."""
        cause = self._cause(batch)
        self.optimizer.zero_grad()
        samples = ", ".join(map(str, batch[:5])) + (", ..." if len(batch) > 5 else "")
        return AnomalyError(
            f"{what} in {where} (samples {samples}): {cause}. The parameters are those before this batch: try a smaller lr, "
            "inputs of a size around 1, or a loss of logits"
        )

    def _cause(self, batch: Sequence[int]) -> str:
        for name, parameter in self.model.named_parameters():
            if not isfinite(parameter.data):
                return f"the parameter {name} is {parameter.data}"
        try:
            with detect_anomaly():
                self.eager_loss(batch).backward()
        except AnomalyError as error:
            return str(error)
        return "no operation did so when the batch was run again"

    # --- before any training ------------------------------------------------------------------------------------------

    def try_out(self, validation: Samples | None, metrics: Mapping[str, Function]) -> None:
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
        held = set(map(id, self.optimizer.parameters))
        if not isinstance(result, Value) or not any(id(node) in held for node in topological_order(result)):
            raise ValueError(
                f"the loss of the first sample, {result!r}, does not depend on any parameter that the optimizer holds: "
                "compute it from the model's outputs, by autograd's functions"
            )

    def _try_model(self, data: Samples) -> Any:
        try:
            return self.model(data.inputs[0])
        except MISFITS as error:
            what = f"the model does not take the samples of {data.names[0]}, each {described(data.input_shape)}"
            raise ValueError(f"{what}: {error}") from error

    def _try_loss(self, outputs: list[Any], targets: Sequence[Any], data: Samples) -> Any:
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


def _undecided(outputs: list[Any], metric: Function) -> list[Any]:
    """The outputs; for a metric without its threshold not 0.0 or 1.0, which zero biases give, and which seem to be classes."""
    whole = outputs[0] in (0.0, 1.0, [0.0], [1.0])
    return [0.25] * len(outputs) if whole and asks_threshold(metric) else outputs


def _refused(what: str, output: Any, data: Samples, error: Exception) -> str:
    return (
        f"the {what} does not take the model's outputs, such as {output!r}, with the targets in {data.names[1]}, each "
        f"{described(data.target_shape)}: {error}"
    )
