"""The compiled engine of `fit`: many batches a call, in machine code over flat arrays.

The model's Values, the optimizer and its states are brought in step with the arrays before any code of the user's runs
(`deliver`), and asked again after it (`_refreshed`): what it changed counts from the next batch on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from math import isclose, isfinite, isnan, nan, prod
from time import perf_counter
from typing import Any

import numpy as np

from autograd import TraceError, jit, no_grad
from autograd.collector import collector_at_rest
from autograd.compiler.descent import shuffled
from autograd.compiler.emit.descent import GRADIENT, STEP
from autograd.locks import undisturbed
from autograd.structures import values
from nn.training.binding import Binding
from nn.training.draws import Draws, fixed_draws
from nn.training.eager import CannotCompile, Eager, Report, tell
from nn.training.job import Job, modes_kept, turned_round
from nn.training.predict import Outputs
from nn.training.ragged import extremes, is_large, loss_of_one, of_layers, wants_loops, weighted_loss, weights_of
from nn.training.samples import Samples

LOOK_AROUND = 0.05  # seconds after which Python has its turn: a progress bar, Ctrl-C
AT_ONCE = 1 << 16  # samples, in the order of several epochs
BUFFERED = 1 << 18  # numbers of samples that are read some at a time


class Compiled:
    """Trains a job in machine code. Raises what tracing the model raises, ValueError for a loss that it cannot take apart."""

    def __init__(self, job: Job, *, strict: bool) -> None:
        self.job = job
        self._strict = strict  # whether to raise where a later trace fails; else the rest is trained eagerly
        self._fallen: Eager | None = None
        self._losses: dict[tuple[bool, bool], Any] = {}  # of a sample, compiled: in training or not, added or averaged
        self._outputs = Outputs(job.model)
        self._inputs, self._targets = job.data.arrays or self._buffers()
        weights = weights_of(job.loss, job.data.targets) if job.data.arrays is not None and job.data.target_shape else None
        self._weights = None if weights is None else np.array(weights)  # of each sample in the mean
        self._rolled = is_large(job.model) and self._weights is None  # whether a layer of a sample's program is a loop
        self._loops: bool | None = None  # whether the program of a sample has loops; not known yet
        self._table = np.zeros((0, 0))  # of what is drawn, a row for each sample
        self._binding: Binding | None = None
        self._in_step = False  # whether the arrays are as the Values; else code of the user's may have run
        self._seconds = LOOK_AROUND  # of a batch
        self._progress: tuple[int, Any, int] = 0, None, 0  # steps that are done, and since when machine code makes others
        self._rates: Any = None  # of each step of this call of `train`, if they change on the way
        self._starts = np.array(job.step_begins, dtype=np.int64)
        self._begins = np.array(job.begins, dtype=np.int64)  # of each batch
        self._batches = np.searchsorted(self._begins, self._starts)  # the number of each step's first one
        with modes_kept(job.model), collector_at_rest():
            job.model.train()
            self._check()
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
        loops = self._with_loops()
        if key not in self._losses:
            self._losses[key] = self._jitted("sum" if key[1] else "mean", loops=loops)
        return self._losses[key]._calls

    def _jitted(self, reduce: str, *, loops: bool) -> Any:
        """The loss over samples, compiled."""
        job = self.job
        if self._weights is None:
            found: Any = jit(loss_of_one(job.model, job.loss), in_axes=(0, 0), reduce=reduce, loops=loops)
            found._calls.options = found._calls.options._replace(rolled=self._rolled)
            return found
        found = jit(weighted_loss(job.model, job.loss), in_axes=(0, 0, 0), reduce=reduce, loops=loops)
        found._calls.options = found._calls.options._replace(weighted=reduce == "mean")
        return found

    def _with_loops(self) -> bool:
        """Whether the program of a sample has loops that would make it long, turn by turn."""
        if self._loops is None:
            draws, mean = Draws(), self._jitted("mean", loops=True)
            try:
                with draws.recorded():
                    traced = mean._calls.traced_with(*self._arrays())[0]
                if self._rolled and not (traced.compiled.options.rolled and of_layers(traced.compiled.program)):
                    self._rolled = False
                    return self._with_loops()
                self._loops = self._rolled or wants_loops(traced.compiled.program)
                if self._loops and not draws.values:
                    self._losses[True, False] = mean  # traced already
            except TraceError:  # of Dropout in a loop, for example
                self._loops = self._rolled = False
        return self._loops

    def _arrays(self) -> list[Any]:
        """The arrays of samples: inputs, targets, and weights if they have any."""
        return [self._inputs, self._targets, *([] if self._weights is None else [self._weights])]

    # --- the binding of Values to arrays ------------------------------------------------------------------------------

    def _bound(self) -> Binding:
        """The binding for the model as it is now."""
        draws, old = Draws(), self._binding
        with draws.recorded():
            traced, captured, _ = self._loss(training=True).traced_with(*self._arrays())
        if old is not None and old.traced is traced:
            if old.fits(captured):
                return old
            draws = old.draws  # those of its trace
        self._binding = self._bind(self.job, traced, captured, draws, old)
        self._table = np.zeros((len(self._inputs), len(self._binding.drawn)))
        return self._binding

    def _bind(self, *parts: Any) -> Binding:
        """A binding of these."""
        return Binding(*parts)

    def _refreshed(self) -> Binding:
        """The binding, with the arrays as the Values are. Raises CannotCompile."""
        if self._binding is None or not self._in_step:
            try:
                self._bound().prepare([*self._arrays(), *([self._table] if self._table.size else [])])
            except Exception as error:
                raise CannotCompile from error
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
        alone = self._table.size or (job.schedule is not None and (self._binding is None or not self._binding.steps))
        many = 1 if alone else max(1, many)
        rows = job.order.arrays(many)
        begins = np.concatenate([samples * i + starts[:-1] for i in range(many)] + [[samples * many]])
        losses = np.zeros(steps * many)
        self._progress = 0, None, 0
        ended: BaseException | None = None
        try:
            self._rates = self._refreshed().rates(many, steps)
            while self._done() < len(losses):
                self._steps(rows, begins, losses, self._done(), epoch, report)
        except CannotCompile as error:
            self._fall(error)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C too: it is raised when the whole epochs before it are told
            ended = error
        done, sums = self._done(), (losses * (1 if job.sums else np.diff(begins))).reshape(many, steps)
        # all are noted in the history before Ctrl-C is heard; after a single one the user's code may run, which it ends
        with undisturbed() if many > 1 else nullcontext():
            for i in range(done // steps):
                yield _total(sums[i].tolist()) / samples
        if ended is not None:
            raise ended
        fallen = self._fallen
        if fallen is None:
            return
        for i in range(done // steps, many):
            found, order = sums[i, : max(0, done - steps * i)].tolist(), rows[samples * i : samples * (i + 1)].tolist()
            yield fallen.batches(order, epoch + i, report, int(self._batches[len(found)]), _total(found))

    def _done(self) -> int:
        """How many steps of this call of `train` are done, at any moment."""
        done, descent, before = self._progress
        return done if descent is None else done + descent.done - before

    def _steps(self, rows: Any, begins: Any, losses: Any, done: int, epoch: int, report: Report) -> None:
        """Some of the steps from the one numbered `done` on."""
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
        if not alone:
            self._progress = done, binding.descent, binding.descent.done
        if alone:
            made = self._step_alone(*here, rows[begin:end], done, epoch)
        else:
            made = binding.run(*here, rates=None if self._rates is None else self._rates[done : done + count])
        self._progress = done + made, None, 0
        self._seconds = max(1e-9, perf_counter() - start) / max(1, made)
        if made < count:
            self._fail(rows[begins[done + made] : begins[done + made + 1]], losses[done + made], done + made, epoch)
        report(made * self.job.accumulate, float(losses[done + made - 1]))

    def _buffered(self, begins: Any, done: int, most: int) -> int:
        """How many of the next steps have their samples in one chunk, and room for them."""
        samples, begin = len(self.job.data), int(begins[done])
        place = begin % samples
        ends = np.cumsum(self.job.data.lengths)
        end = min(begin + len(self._inputs), begin - place + int(ends[np.searchsorted(ends, place, side="right")]))
        return min(most, int(np.searchsorted(begins, end, side="right")) - 1 - done)

    def _step_alone(self, rows: Any, begins: Any, losses: Any, batch: Any, step: int, epoch: int) -> int:
        """The step of that number, with Python's part in it: a callback's, or that of an optimizer's own `step`."""
        job, optimizer = self.job, self.job.optimizer
        first: list[float] = []

        def gradient() -> float:
            self._refreshed().run(rows, begins, losses, GRADIENT)
            loss = float(losses[0])
            if not first and not isfinite(loss):
                self._fail(batch, loss, step, epoch)
            self.deliver()
            job.history.batch_loss = loss
            for callback in job.before_step:
                callback.on_before_optimizer_step(job.model, job.history)
            if not first:
                job.check_gradients(*self._parts(batch, step, epoch)[-1])
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

    def _parts(self, rows: Any, step: int, epoch: int) -> list[tuple[list[int], str]]:
        """The batches of a step, of which there may be several, and where each is."""
        steps, begins = len(self._starts) - 1, self._begins
        here, numbers = step % steps, range(*self._batches[step % steps : step % steps + 2])
        first = self._starts[here]
        return [
            (rows[begins[i] - first : begins[i + 1] - first].tolist(), f"epoch {epoch + step // steps}, batch {i + 1}")
            for i in numbers
        ]

    def _fail(self, rows: Any, loss: float, step: int, epoch: int) -> None:
        """AnomalyError for a step whose loss or gradient is not finite; the numbers are those before it."""
        self.deliver()
        parts = self._parts(rows, step, epoch)
        if isfinite(loss):
            self.job.check_gradients(*parts[-1])
        for part in parts if len(parts) > 1 and not isfinite(loss) else ():
            with no_grad():
                alone = float(values(self.job.eager_loss(part[0])))
            if not isfinite(alone):
                raise self.job.anomaly(f"the loss is {alone}", *part)
        raise self.job.anomaly(f"the loss is {loss}", *parts[-1])

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
        if data.ragged:
            return [values(self.job.model(x)) for x in data.inputs]
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
        if self._weights is not None:
            weights = weights_of(self.job.loss, data.targets) or [1.0] * len(data)
            return self._loss(training=False).on_numbers(*data.arrays, np.array(weights))
        found = self._loss(training=False).on_numbers(*data.arrays)
        return found / len(data) if self.job.sums else found

    def _check(self) -> None:
        """ValueError unless machine code gives the loss of a sample, and samples' losses make up that of them together."""
        job, data, binding = self.job, self.job.data, self._refreshed()
        count = data.lengths[0]
        batch = [count - 1]
        if data.ragged:  # and each length the same loss as without what it is filled up with
            batch = sorted({0, count // 2, count - 1, *extremes(data.inputs if data.input_shape else data.targets)})
        drawn = np.linspace(0.05, 0.95, len(batch) * len(binding.draws.values)).reshape(len(batch), -1)
        outputs = self._eager_outputs(batch, drawn)
        with no_grad():
            if job.tried is None:
                job.try_loss(outputs[0], data, data.telling)
            wanted = float(values(job.loss(outputs, [data.targets[i] for i in batch])))
        found = self._loss_by_code(binding, batch, drawn)
        if not binding.descent.gradients.any():  # or what depends on no parameter
            job.check_dependence()
        if not _close(wanted, found):
            if data.ragged:
                raise ValueError(
                    "samples differ in length, and this model reads beyond their ends, where they are filled up for machine "
                    f"code: the loss of {len(batch)} samples is {wanted}, filled up {found}"
                )
            raise ValueError(
                f"the loss of sample {batch[0]} is {wanted} in Python, and {found} in machine code, for which the model runs "
                "once, for all samples: let it and the loss depend on nothing that changes from call to call, such as "
                'random.random() or a count of calls, or use engine="eager"'
            )
        if not data.ragged:
            self._check_reduction(outputs[0], sorted({0, count // 2, count - 1}), drawn)

    def _eager_outputs(self, batch: list[int], drawn: Any) -> list[Any]:
        """The model's outputs for these samples, with such draws, nothing recorded."""
        with no_grad(), fixed_draws(iter(drawn.ravel().tolist())):
            return [self.job.model(self.job.data.inputs[i]) for i in batch]

    def _loss_by_code(self, binding: Binding, batch: list[int], drawn: Any) -> float:
        """The loss of these samples by the code that trains."""
        data, places, losses = self.job.data, np.array(batch), np.empty(1)
        if data.arrays is None:
            data.take(places, (self._inputs, self._targets))
            places = np.arange(len(batch))
        if self._table.size:
            self._table[places] = drawn[:, binding.drawn]
        usual = int(np.diff(self._starts).max())
        binding.descent.run(places, np.array([0, len(batch)]), losses, GRADIENT, usual=usual)
        self._in_step = False
        return float(losses[0])

    def _check_reduction(self, output: Any, batch: list[int], drawn: Any) -> None:
        """ValueError unless the mean, or sum, of the losses of these samples is the loss of them together: of such outputs."""
        job = self.job
        other = turned_round(output) if job.tried is None else job.tried
        if job.tried is None and values(other) == values(output):
            (other,) = self._eager_outputs([0], drawn)
        outputs, targets = [other, output, output][: len(batch)], [job.data.targets[i] for i in batch]
        with no_grad():
            wanted = float(values(job.loss(outputs, targets)))
            alone = [float(values(job.loss([output], [target]))) for output, target in zip(outputs, targets, strict=True)]
        weights = [1.0] * len(batch) if self._weights is None else self._weights[batch].tolist()
        found = _total([loss * weight for loss, weight in zip(alone, weights, strict=True) if weight])
        if not job.sums:
            found = found / _total(weights) if any(weights) else nan
        if not _close(wanted, found):
            kind = "sum" if job.sums else "mean"
            raise ValueError(
                f'engine="compiled" or jit=True takes the {kind} over samples of their losses; for {len(batch)} '
                f"samples that is {found}, and their loss together {wanted}: let the loss be a mean over samples, or use "
                'engine="eager"'
            )


def _close(wanted: float, found: float) -> bool:
    """Whether two losses are the same but for rounding."""
    return isclose(wanted, found, rel_tol=1e-6, abs_tol=1e-9) or (isnan(wanted) and isnan(found))


def _total(numbers: Sequence[float]) -> float:
    found = 0.0
    for number in numbers:
        found += number
    return found
