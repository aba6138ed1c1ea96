"""The eager engine of `fit`: each batch recorded operation by operation."""

import sys
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

from autograd.structures import values
from nn.training.job import Job
from nn.training.samples import Samples

Report = Callable[[int, float], None]
"""Told of batches that are done, and of the last one's loss."""


class Eager:
    """Trains a job batch by batch, on Values; what engines share, and what the compiled one does otherwise."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def train(self, epoch: int, most: int, report: Report) -> Iterator[float]:  # noqa: ARG002 - the compiled one may do several
        """Train for this epoch, or for up to `most` from it on; yield the mean loss of each one's samples."""
        yield self.batches(self.job.order.next(), epoch, report)

    def batches(self, order: Sequence[int], epoch: int, report: Report, first: int = 0, total: float = 0.0) -> float:
        """The batches of an epoch from the one numbered `first` on, counted from 0; the mean loss of all its samples.

        `total` is the sum of losses over the samples before.
        """
        job, begins = self.job, self.job.begins
        for numbers in job.batches_of_steps(first):
            batches = {number + 1: order[begins[number] : begins[number + 1]] for number in numbers}
            for loss, batch in zip(self._step(batches, epoch), batches.values(), strict=True):
                total += loss if job.sums else loss * len(batch)
                report(1, loss)
        return total / len(order)

    def _step(self, batches: dict[int, Sequence[int]], epoch: int) -> list[float]:
        """The losses of batches, and a step against their gradient; AnomalyError before the step unless all is finite."""
        optimizer = self.job.optimizer
        first: list[float] = []

        def closure() -> Any:
            loss, losses = self._gradient(batches, epoch, trial=bool(first))
            first.extend(losses if not first else [])
            return loss

        if optimizer.evaluates:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        return first

    def _gradient(self, batches: dict[int, Sequence[int]], epoch: int, *, trial: bool) -> tuple[Any, list[float]]:
        """The last loss, and all, with their gradient in the parameters; a `trial` of the optimizer's may be not finite."""
        job = self.job
        job.optimizer.zero_grad()
        samples = sum(map(len, batches.values()))
        losses: list[float] = []
        for number, batch in batches.items():
            loss = job.eager_loss(batch)
            losses.append(float(loss.item()))
            where = f"epoch {epoch}, batch {number}"
            if not trial and not isfinite(losses[-1]):
                raise job.anomaly(f"the loss is {losses[-1]}", batch, where)
            (loss if len(batches) == 1 or job.sums else loss * (len(batch) / samples)).backward()
        job.history.batch_loss = losses[-1] if len(losses) == 1 else sum(losses) / (1 if job.sums else len(losses))
        for callback in job.callbacks:
            callback.on_before_optimizer_step(job.model, job.history)
        if not trial:
            job.check_gradients(batch, where)
        job.clip()
        return loss, losses

    def deliver(self) -> None:
        """Bring the model's Values, the optimizer and generators to where the training is. They are there already."""

    def outputs(self, data: Samples) -> list[Any]:
        """The model's output for each sample."""
        return [self.job.model(x) for x in data.inputs]

    def numbers(self, outputs: list[Any]) -> list[Any]:
        """The numbers of such outputs, as metrics take them."""
        return values(outputs)  # type: ignore[no-any-return]  # a list like the outputs

    def mean_loss(self, data: Samples, outputs: Callable[[], list[Any]]) -> Any:
        """The mean loss of data, by the outputs for it if it takes these."""
        return self.job.mean_loss(outputs(), data.target_list)


def tell(reason: BaseException | str, what: str = "") -> None:
    """Say in one line why a training, or a part of it, runs eagerly."""
    why = " ".join(str(reason).split()) or type(reason).__name__
    print(f"fit runs {what}eagerly, and slower: {why}", file=sys.stderr)


class CannotCompile(Exception):  # noqa: N818 - what happened, not an error of its own
    """The model cannot be traced as it is now; the cause says why."""
