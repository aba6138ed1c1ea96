"""The eager engine: batches by hand, accumulation, closures, and going on in mid-epoch."""

from typing import Any

import pytest

from nn import LBFGS, MLP, SGD, MSELoss, mse_loss
from nn.training.eager import Eager, tell
from tests.nn.training.runs import X, Y, numbers
from tests.nn.training.test_job import job_of

ORDER = [4, 2, 0, 1, 3, 9, 7, 8, 5, 6, *range(10, 23)]


def by_hand(size: int, taken: int, loss_of: Any = mse_loss) -> tuple[list[float], float]:
    """The parameters and the mean loss after an epoch in that order, with a step for `taken` batches together."""
    model = MLP(2, [2, 1], rng=0)
    optimizer, total = SGD(model.parameters(), lr=0.1), 0.0
    for at in range(0, 23, size * taken):
        batch = ORDER[at : at + size * taken]
        loss = loss_of([model(X[i]) for i in batch], [Y[i] for i in batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return numbers(model), total / 23


@pytest.mark.parametrize(("size", "taken"), [(5, 1), (5, 2), (4, 3), (1, 4), (10, 9)])
def test_accumulated_batches_are_one(size: int, taken: int) -> None:
    """The same numbers as batches of so many samples, the last step's fewer ones weighed likewise."""
    job, told = job_of(batch_size=size, accumulate=taken), []
    found = Eager(job).batches(ORDER, 1, lambda count, loss: told.append(count))
    wanted, loss = by_hand(size, taken)
    assert numbers(job.model) == pytest.approx(wanted, rel=1e-12)
    assert found == pytest.approx(loss, rel=1e-12)
    assert sum(told) == job.batches


def test_a_sum_is_added_up() -> None:
    """Not weighed: the gradient of accumulated sums is that of the sum."""
    job = job_of(batch_size=5, accumulate=2, loss=MSELoss(reduction="sum"))
    found = Eager(job).batches(ORDER, 1, lambda count, loss: None)

    def ten(outputs: Any, targets: Any) -> Any:
        return mse_loss(outputs, targets) * len(outputs)

    assert numbers(job.model) == pytest.approx(by_hand(5, 2, ten)[0], rel=1e-12)
    assert found > 0.0


def test_it_goes_on_in_mid_epoch() -> None:
    """From a batch on, with the losses before it: as if it had been there from the start, bit for bit."""
    whole, part = job_of(), job_of()
    wanted = Eager(whole).batches(ORDER, 1, lambda count, loss: None)
    losses: list[float] = []
    first = Eager(part)
    size, total = part.batch_size, 0.0
    for number in range(2):
        found = first._step({number + 1: ORDER[size * number : size * (number + 1)]}, 1)
        losses += found
        total += found[0] * size
    assert Eager(part).batches(ORDER, 1, lambda count, loss: None, 2, total) == wanted
    assert numbers(part.model) == numbers(whole.model)


def test_an_optimizer_that_evaluates() -> None:
    """Is given a closure, may call it often, and the first loss is the batch's."""
    model = MLP(2, [2, 1], rng=0)
    before = mse_loss([model(X[i]) for i in ORDER], [Y[i] for i in ORDER]).item()
    job = job_of(model, optimizer=LBFGS(model.parameters()), batch_size=23)
    assert Eager(job).batches(ORDER, 1, lambda count, loss: None) == before
    assert mse_loss([model(X[i]) for i in ORDER], [Y[i] for i in ORDER]).item() < before


def test_a_reason_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """However many the error has."""
    tell(ValueError("one\n  two\nthree"))
    assert capsys.readouterr().err == "fit runs eagerly, and slower: one two three\n"
