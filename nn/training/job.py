"""A training as it is asked for: a model, its loss and data, and how steps are made; tried out before anything moves."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise, repeat
from math import isfinite
from typing import Any

from autograd import AnomalyError, Value, detect_anomaly, no_grad
from autograd.collector import collector_at_rest
from autograd.modes import MODE
from autograd.real import as_float, is_node
from autograd.structures import map_nodes, values
from nn.inputs import described
from nn.module import Module
from nn.optim.clipping import clip_grad_norm_, clip_grad_value_
from nn.optim.optimizers import Optimizer
from nn.optim.schedules import LRScheduler
from nn.training.callbacks import Callback
from nn.training.history import History
from nn.training.metrics import asks_threshold
from nn.training.order import Order, begins
from nn.training.ragged import extremes
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
    schedule: LRScheduler | None = None  # that alone comes between epochs: its rates are known before
    tried: Any = None  # the model's output for the first sample, alone: of Values without a graph; None if nobody tried

    @property
    def sums(self) -> bool:
        """Whether the loss adds over samples, and takes no mean."""
        return bool(getattr(self.loss, "reduction", "mean") == "sum")

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""
        return len(self.begins) - 1

    @cached_property
    def begins(self) -> list[int]:
        """The first place of each batch in an epoch, and the end of the last."""
        return begins(self.data.lengths, self.batch_size)

    @cached_property
    def step_begins(self) -> list[int]:
        """The first place of each step in an epoch, and the end: a step has `accumulate` batches, or what a chunk has left."""
        return begins(self.data.lengths, self.batch_size * self.accumulate)

    def batches_of_steps(self, first: int) -> Iterator[range]:
        """The numbers of each step's batches, counted from 0, from the step on that begins with the batch `first`."""
        for start, end in pairwise(self.step_begins):
            numbers = range(bisect_left(self.begins, start), bisect_left(self.begins, end))
            if numbers.start >= first:
                yield numbers

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

    def try_out(self, validation: Samples | None, metrics: Mapping[str, Function], *, recorded: bool = True) -> None:
        """Run the model on one sample, its loss and the metrics with each kind of target; ValueError unless they fit.

        Nor may the loss depend on no parameter: an engine finds out itself (`check_dependence`) unless this is `recorded`.
        """
        with modes_kept(self.model), collector_at_rest():
            self.model.eval()
            with nullcontext() if recorded else no_grad():
                output = self._try_model(self.data)
                result = self.try_loss(output, self.data, self.data.telling)
            self.tried = map_nodes(output, lambda x: x.detach())
            with no_grad():
                self._try_metrics(output, self.data, metrics)
                if validation is not None:
                    output = self._try_model(validation)
                    self.try_loss(output, validation, validation.telling)
                    self._try_metrics(output, validation, metrics)
        if recorded or not is_node(result):
            self._require_dependence(result)

    def check_dependence(self) -> None:
        """Record the loss of the first sample; ValueError unless it depends on a parameter."""
        with modes_kept(self.model), collector_at_rest():
            self.model.eval()
            self._require_dependence(self.try_loss(self._try_model(self.data), self.data, self.data.telling))

    def _require_dependence(self, result: Any) -> None:
        if not _depends(result, self.optimizer.parameters):
            raise ValueError(
                f"the loss of the first sample, {result!r}, does not depend on any parameter that the optimizer holds: "
                "compute it from the model's outputs, by autograd's functions"
            )

    def _try_model(self, data: Samples) -> Any:
        if data.ragged:
            return self._try_lengths(data)
        try:
            return self.model(data.inputs[0])
        except MISFITS as error:
            what = f"the model does not take the samples of {data.names[0]}, each {described(data.input_shape)}"
            raise ValueError(f"{what}: {error}") from error

    def _try_lengths(self, data: Samples) -> Any:
        """The output for the first sample, of a model that takes samples of different lengths."""
        for i in extremes(data.inputs if len(data.input_shape) else data.targets):
            try:
                self.loss([self.model(data.inputs[i])], [data.targets[i]])
            except MISFITS as error:
                raise ValueError(f"{data.ragged}, or a model and a loss that take any length: {error}") from error
        return self.model(data.inputs[0])

    def try_loss(self, output: Any, data: Samples, telling: Sequence[tuple[int, Any]]) -> Any:
        """The loss of an output with each kind of target; ValueError unless it takes them and is one number."""
        try:
            found = _tried(self.loss, output, data, telling)
        except MISFITS as error:
            raise ValueError(_refused("loss", values(output), data, error)) from error
        if not is_node(found) and not isinstance(found, int | float):
            raise ValueError(f'the loss of a batch must be one number, not {found!r}: reduction="mean", for example')
        return found

    def _try_metrics(self, output: Any, data: Samples, metrics: Mapping[str, Function]) -> None:
        for name, metric in metrics.items():
            numbers = _undecided(values(output), metric)
            try:
                as_float(values(_tried(metric, numbers, data, data.telling)), f"the metric {name}")
            except MISFITS as error:
                raise ValueError(_refused(f"metric {name!r}", numbers, data, error)) from error


def turned_round(output: Any) -> Any:
    """Another output of the same kind: the numbers of each innermost list the other way round.

    >>> turned_round([[1.0, 2.0], [3.0, 4.0]])
    [[2.0, 1.0], [4.0, 3.0]]
    """
    if not isinstance(output, list):
        return output
    return list(map(turned_round, output)) if any(isinstance(x, list) for x in output) else output[::-1]


def _depends(result: Any, parameters: Sequence[Value]) -> bool:
    """Whether a result was computed from one of the parameters, the first of which to be found is enough."""
    held, seen = set(map(id, parameters)), set[int]()
    stack = [result]
    while stack:
        node = stack.pop()
        if id(node) in held:
            return True
        if isinstance(node, Value) and id(node) not in seen:
            seen.add(id(node))
            stack += node.operands
    return False


def _tried(function: Function, output: Any, data: Samples, telling: Sequence[tuple[int, Any]]) -> Any:
    """What a function makes of one output with each kind of target. An error is that for all up to the first bad one."""
    try:
        return function([output] * len(telling), [target for _, target in telling])
    except MISFITS:
        refused = [i for i, target in telling if _refuses(function, output, target)]
        count = refused[0] + 1 if len(refused) < len(telling) and refused else len(data)  # if all are, they are not at fault
        return function([output] * count, list(islice(data.targets, count)))


def _refuses(function: Function, output: Any, target: Any) -> bool:
    try:
        function([output], [target])
    except MISFITS:
        return True
    return False


def _undecided(output: Any, metric: Function) -> Any:
    """The output; for a metric without its threshold not 0.0 or 1.0, which zero biases give, and which seem to be classes."""
    return 0.25 if output in (0.0, 1.0, [0.0], [1.0]) and asks_threshold(metric) else output


def _refused(what: str, output: Any, data: Samples, error: Exception) -> str:
    return (
        f"the {what} does not take the model's outputs, such as {output!r}, with the targets in {data.names[1]}, each "
        f"{described(data.target_shape)}: {error}{_one_or_list(output, data)}"
    )


def _one_or_list(output: Any, data: Samples) -> str:
    """What to write where only one of output and target is in a list of its own; nothing elsewhere."""
    y = data.names[1]
    if data.target_shape == (1,) and not isinstance(output, list):
        return f". Give each target as one number, as the model does: {y}[:, 0] of an array, [t for [t] in {y}] of a list"
    if data.target_shape == () and isinstance(output, list) and len(output) == 1:
        return f". Give each target in a list, as the model does: {y}.reshape(-1, 1) of an array, [[t] for t in {y}] of a list"
    return ""
