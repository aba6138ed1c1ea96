"""The compiled engine of `fit`: many batches a call, in machine code over flat arrays.

The model's Values, the optimizer and its states are brought in step with the arrays before any code of the user's runs
(`deliver`), and asked again after it (`_refreshed`): what it changed counts from the next batch on.
"""

from collections.abc import Callable, Iterator, Sequence
from math import isclose, isfinite, isnan, prod
from operator import is_
from time import perf_counter
from typing import Any

import numpy as np

from autograd import jit, no_grad
from autograd.compiler.descent import shuffled
from autograd.compiler.emit.descent import GRADIENT, STEP
from autograd.structures import values
from nn.module import Module
from nn.training.binding import Binding
from nn.training.draws import Draws, fixed_draws
from nn.training.eager import CannotCompile, Eager, Report, tell
from nn.training.job import Job, modes_kept
from nn.training.predict import Outputs
from nn.training.samples import Samples

LOOK_AROUND = 0.05  # seconds after which Python has its turn: a progress bar, Ctrl-C
AT_ONCE = 1 << 16  # samples, in the order of several epochs
BUFFERED = 1 << 18  # numbers of samples that are read some at a time


class Compiled:
    """Trains a job in machine code. Raises what tracing the model raises, and ValueError for a loss that it cannot take apart."""

    def __init__(self, job: Job, *, strict: bool) -> None:
        self.job = job
        self._strict = strict  # whether to raise where a later trace fails; else the rest is trained eagerly
        self._fallen: Eager | None = None
        self._losses: dict[tuple[bool, bool], Any] = {}  # of a sample, compiled: in training or not, added or averaged
        self._outputs = Outputs(job.model)
        self._inputs, self._targets = job.data.arrays or self._buffers()
        self._table = np.zeros((0, 0))  # of what is drawn, a row for each sample
        self._binding: Binding | None = None
        self._in_step = False  # whether the arrays are as the Values; else code of the user's may have run
        self._seconds = LOOK_AROUND  # of a batch
        self._starts = np.array(job.step_begins, dtype=np.int64)
        self._batches = np.searchsorted(job.begins, self._starts)  # the number of each step's first one
        with modes_kept(job.model):
            job.model.train()
            self._check_reduction()
        job.order.compiled(shuffled)

    def _buffers(self) -> tuple[Any, Any]:
        """Arrays for the samples of some steps, where these do not lie as machine code reads them."""
        data = self.job.data
        width = prod(data.input_shape) + prod(data.target_shape)
        rows = min(len(data), max(BUFFERED // width, int(np.diff(self.job.step_begins).max())))
        return np.zeros((rows, *data.input_shape)), np.zeros((rows, *data.target_shape))

    def _loss(self, *, training: bool, sums: bool = False) -> Any:
        """The loss over samples, compiled: one function for each mode, since a function has one trace at a time."""
        job = self.job
        key = training, job.sums or sums
        if key not in self._losses:
            reduce = "sum" if key[1] else "mean"
            self._losses[key] = jit(_loss_of_one(job.model, job.loss), in_axes=(0, 0), reduce=reduce)
        return self._losses[key]._calls

    # --- the binding of Values to arrays ------------------------------------------------------------------------------

    def _bound(self) -> Binding:
        """The binding for the model as it is now."""
        draws, old = Draws(), self._binding
        try:
            with draws.recorded():
                traced, captured, _ = self._loss(training=True).traced_with(self._inputs, self._targets)
        except Exception as error:
            raise CannotCompile from error
        if old is not None and old.traced is traced:
            if all(map(is_, old.captured, captured)):
                return old
            draws = old.draws  # those of its trace
        self._binding = Binding(self.job, traced, captured, draws, old)
        self._table = np.zeros((len(self._inputs), len(self._binding.drawn)))
        return self._binding

    def _refreshed(self) -> Binding:
        """The binding, with the arrays as the Values are."""
        if self._binding is None or not self._in_step:
            self._bound().prepare([self._inputs, self._targets, *([self._table] if self._table.size else [])])
            self._in_step = True
        return self._binding  # type: ignore[return-value]  # it has been made

    def deliver(self) -> None:
        """Bring the model's Values and the optimizer to where the training is: code of the user's may run now."""
        self._in_step = False
        if self._binding is not None:
            self._binding.deliver()

    # --- training -----------------------------------------------------------------------------------------------------

    def train(self, epoch: int, most: int, report: Report) -> Iterator[float]:
        """Train for this epoch, or for up to `most` from it on if they are short; yield the mean loss of each one's samples."""
        if self._fallen is not None:
            yield from self._fallen.train(epoch, most, report)
            return
        job, starts = self.job, self._starts
        steps, samples = len(starts) - 1, len(job.data)
        many = min(most, int(LOOK_AROUND / (self._seconds * steps)), AT_ONCE // samples)
        many = max(1, many if not self._table.size else 1)
        rows = np.concatenate([job.order.next() for _ in range(many)])
        begins = np.concatenate([samples * i + starts[:-1] for i in range(many)] + [[samples * many]])
        losses = np.empty(steps * many)
        done = 0
        try:
            while done < len(losses):
                done = self._steps(rows, begins, losses, done, epoch, report)
        except CannotCompile as error:
            self._fall(error)
        sums = (losses * (1 if job.sums else np.diff(begins))).reshape(many, steps)
        for i in range(done // steps):
            yield _total(sums[i].tolist()) / samples
        for i in range(done // steps, many):
            found, order = sums[i, : max(0, done - steps * i)].tolist(), rows[samples * i : samples * (i + 1)].tolist()
            yield self._fallen.batches(order, epoch + i, report, int(self._batches[len(found)]), _total(found))

    def _steps(self, rows: Any, begins: Any, losses: Any, done: int, epoch: int, report: Report) -> int:
        """Some of the steps from the one numbered `done` on; the number of the next."""
        binding = self._refreshed()
        alone = not binding.steps or bool(self.job.before_step)
        count = 1 if alone else min(len(losses) - done, max(1, int(LOOK_AROUND / self._seconds)))
        if self.job.data.arrays is None:
            count = self._buffered(begins, done, count)
        begin, end = int(begins[done]), int(begins[done + count])
        places, starts = rows, begins[done : done + count + 1]  # where in the arrays the samples are
        start = perf_counter()
        if self.job.data.arrays is None:
            self.job.data.take(rows[begin:end], (self._inputs, self._targets))
            places, starts = np.arange(end - begin, dtype=np.int64), starts - begin
        if self._table.size:
            self._table[places[starts[0] : starts[-1]]] = binding.draws.next(end - begin)[:, binding.drawn]
        here = places, starts, losses[done : done + count]
        made = self._step_alone(*here, rows[begin:end], self._where(done, epoch)) if alone else binding.run(*here)
        self._seconds = max(1e-9, perf_counter() - start) / max(1, made)
        if made < count:
            self._fail(
                rows[begins[done + made] : begins[done + made + 1]], losses[done + made], self._where(done + made, epoch)
            )
        report(made * self.job.accumulate, float(losses[done + made - 1]))
        return done + made

    def _buffered(self, begins: Any, done: int, most: int) -> int:
        """How many of the next steps have their samples in one chunk, and room for them."""
        samples, begin = len(self.job.data), int(begins[done])
        place = begin % samples
        ends = np.cumsum(self.job.data.lengths)
        end = min(begin + len(self._inputs), begin - place + int(ends[np.searchsorted(ends, place, side="right")]))
        return min(most, int(np.searchsorted(begins, end, side="right")) - 1 - done)

    def _step_alone(self, rows: Any, begins: Any, losses: Any, batch: Any, where: str) -> int:
        """One step with Python's part in it: a callback's, or that of an optimizer's own `step`."""
        job, optimizer = self.job, self.job.optimizer
        first: list[float] = []

        def gradient() -> float:
            self._refreshed().run(rows, begins, losses, GRADIENT)
            loss = float(losses[0])
            if not first and not isfinite(loss):
                self._fail(batch, loss, where)
            self.deliver()
            for callback in job.before_step:
                callback.on_before_optimizer_step(job.model, job.history)
            if not first:
                job.check_gradients(batch.tolist(), where)
                first.append(loss)
            return loss

        def closure() -> float:
            self._in_step = False  # the optimizer tries other numbers
            loss = gradient()
            job.clip()
            return loss

        if optimizer.evaluates:
            optimizer.step(closure)
        else:
            gradient()
            before, binding = self._binding, self._refreshed()
            if binding is before and binding.steps and binding.take_gradients():
                binding.run(rows, begins, losses, STEP)
            else:
                job.clip()
                optimizer.step()
                self._in_step = False
        losses[0] = first[0]
        return 1

    def _where(self, step: int, epoch: int) -> str:
        steps = len(self._starts) - 1
        return f"epoch {epoch + step // steps}, batch {1 + int(self._batches[step % steps])}"

    def _fail(self, batch: Any, loss: float, where: str) -> None:
        """AnomalyError for a batch whose loss or gradient is not finite; the numbers are those before it."""
        self.deliver()
        if not isfinite(loss):
            raise self.job.anomaly(f"the loss is {loss}", batch.tolist(), where)
        self.job.check_gradients(batch.tolist(), where)

    def _fall(self, error: CannotCompile) -> None:
        """Go on eagerly, if that is allowed."""
        cause = error.__cause__ or error
        if self._strict:
            raise cause
        tell(cause)
        self.deliver()
        self.job.order.eager()
        self._fallen = Eager(self.job)

    # --- measuring ----------------------------------------------------------------------------------------------------

    def outputs(self, data: Samples) -> list[Any]:
        """The model's output for each sample."""
        if self._fallen is not None:
            return self._fallen.outputs(data)
        if data.arrays is None:
            return [output for inputs, _ in data.blocks() for output in self._outputs(inputs)]
        return self._outputs(data.arrays[0])

    def numbers(self, outputs: list[Any]) -> list[Any]:
        """The numbers of such outputs, as metrics take them: they are numbers already."""
        return outputs if self._fallen is None else self._fallen.numbers(outputs)

    def mean_loss(self, data: Samples, outputs: Callable[[], list[Any]]) -> Any:
        """The mean loss of data, by the outputs for it if it takes these."""
        if self._fallen is not None:
            return self._fallen.mean_loss(data, outputs)
        if data.arrays is None:
            loss = self._loss(training=False, sums=True)
            return _total([loss.on_numbers(*both) for both in data.blocks()]) / len(data)
        found = self._loss(training=False).on_numbers(*data.arrays)
        return found / len(data) if self.job.sums else found

    def _check_reduction(self) -> None:
        """ValueError unless the mean, or sum, of three samples' losses is the loss of them together."""
        job, data = self.job, self.job.data
        count = data.lengths[0]
        batch = sorted({0, count // 2, count - 1})
        data.take(np.array(batch), sample := (np.zeros((3, *data.input_shape)), np.zeros((3, *data.target_shape))))
        binding = self._bound()
        drawn = [(7.0 * i + 3.0) % 11.0 / 11.0 for i in range(len(batch) * len(binding.draws.values))]
        with no_grad(), fixed_draws(iter(drawn)):
            wanted = float(values(job.eager_loss(batch)))
        losses = []
        program, (inputs, targets) = binding.traced.compiled.program, sample
        for n in range(len(batch)):
            mine = drawn[n * len(binding.draws.values) :]
            by_id = {id(value): x for value, x in zip(binding.draws.values, mine, strict=False)}
            captured = [by_id.get(id(value), value.data) for value in binding.captured]
            losses.append(program(*inputs[n : n + 1].ravel().tolist(), *targets[n : n + 1].ravel().tolist(), *captured)[0])
        found = sum(losses) / (1 if job.sums else len(batch))
        if not (isclose(wanted, found, rel_tol=1e-6, abs_tol=1e-9) or (isnan(wanted) and isnan(found))):
            raise ValueError(
                f"jit=True takes the {'sum' if job.sums else 'mean'} over samples of loss(model(x), target); for {len(batch)} "
                f'samples that is {found}, and their loss together {wanted}: let the loss be a mean over samples, or use engine="eager"'
            )


def _loss_of_one(model: Module, loss: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """A function of nothing but these: what a trace of it may lead to is searched."""

    def loss_of_one(x: Any, target: Any) -> Any:
        return loss(model(x), target)

    return loss_of_one


def _total(numbers: Sequence[float]) -> float:
    found = 0.0
    for number in numbers:
        found += number
    return found
