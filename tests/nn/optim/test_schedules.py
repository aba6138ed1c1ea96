"""Learning-rate schedules: PyTorch's rates, and what they refuse."""

import math
from typing import Any

import pytest

import nn
from autograd import Value
from nn import MLP, SGD, CosineAnnealingLR, LambdaLR, LRScheduler, StepLR, fit, mse_loss
from tests.nn import make_references as references


@pytest.mark.parametrize("name", references.SCHEDULES)
def test_rates_are_pytorchs(name: str) -> None:
    """Before the first epoch and after each, also beyond a cosine's T_max, as the optimizer has them."""
    optimizer = SGD([Value(1.0)], lr=references.BASE_LR)
    schedule = getattr(nn, references.class_of(name))(optimizer, **references.options_of(name))
    found = [optimizer.lr]
    for _ in range(references.EPOCHS):
        schedule.step()
        assert schedule.get_last_lr() == [optimizer.lr]
        found.append(optimizer.lr)
    assert found == pytest.approx(references.recorded()["schedules"][name], rel=1e-12, abs=1e-12)


def test_a_schedule_moves_the_steps() -> None:
    """The optimizer's next step is of the new size."""
    x = Value(0.0)
    optimizer = SGD([x], lr=1.0)
    schedule = StepLR(optimizer, step_size=1, gamma=0.5)
    for wanted in (-1.0, -1.5, -1.75):
        x.grad = 1.0
        optimizer.step()
        schedule.step()
        assert x.data == wanted


def test_a_schedule_whose_function_fails_stays_where_it_is() -> None:
    """The epoch is counted when the rate is set."""
    optimizer = SGD([Value(1.0)], lr=0.5)
    schedule = LambdaLR(optimizer, lambda epoch: 1.0 if epoch < 1 else -1.0)
    with pytest.raises(ValueError, match=r"lr must be finite and not negative, not -0\.5"):
        schedule.step()
    assert (schedule.last_epoch, optimizer.lr) == (0, 0.5)


class Own(LRScheduler):
    """A schedule of one's own, by a function of its instance."""

    def __init__(self, optimizer: SGD, rate: Any) -> None:
        self.rate = rate
        super().__init__(optimizer)

    def lr_at(self, epoch: int) -> float:
        return self.rate(epoch)  # type: ignore[no-any-return]


BAD: dict[str, tuple[Any, int, str]] = {  # how it is made, the first epoch with a rate that cannot be, and what it is
    "gamma above 1": (lambda optimizer: StepLR(optimizer, 1, gamma=10.0), 309, "not inf, from base_lr=0.5"),
    "every third": (lambda optimizer: StepLR(optimizer, 3, gamma=1e200), 6, "not inf"),
    "inf": (lambda optimizer: LambdaLR(optimizer, lambda epoch: math.inf if epoch == 3 else 1.0), 3, "not inf"),
    "nan": (lambda optimizer: LambdaLR(optimizer, lambda epoch: math.nan if epoch == 3 else 1.0), 3, "not nan"),
    "negative": (lambda optimizer: LambdaLR(optimizer, lambda epoch: 1.0 - epoch), 2, r"not -0\.5"),
    "overflow": (
        lambda optimizer: LambdaLR(optimizer, lambda epoch: 10.0 ** (100 * epoch)),
        4,
        r"not OverflowError \(.*out of",
    ),
    "division": (lambda optimizer: LambdaLR(optimizer, lambda epoch: 1.0 / (5 - epoch)), 5, "not ZeroDivisionError"),
    "own, inf": (lambda optimizer: Own(optimizer, lambda epoch: epoch * 1e308), 2, "not inf"),
    "own, negative": (lambda optimizer: Own(optimizer, lambda epoch: 0.2 - 0.1 * epoch), 3, "not -0.1"),
}


@pytest.mark.parametrize(("make", "epoch", "message"), BAD.values(), ids=BAD)
def test_a_rate_that_cannot_be(make: Any, epoch: int, message: str) -> None:
    """Is named with schedule and epoch, and leaves rate and epoch as they were; fit refuses it before it trains."""
    optimizer = SGD([Value(1.0)], lr=0.5)
    schedule = make(optimizer)
    name = type(schedule).__name__
    wanted = rf"^{name} after epoch {epoch}: lr must be finite and not negative, {message}.*: change the schedule, or train for"
    for _ in range(epoch - 1):
        schedule.step()
    before = optimizer.lr
    for _ in range(2):
        with pytest.raises(ValueError, match=wanted):
            schedule.step()
        assert (schedule.last_epoch, optimizer.lr) == (epoch - 1, before)

    model = MLP(1, [1], rng=0)
    optimizer = SGD(model.parameters(), lr=0.5)
    schedule, state = make(optimizer), model.state_dict()
    options: Any = {"loss": mse_loss, "optimizer": optimizer, "scheduler": schedule, "batch_size": 1, "progress": False}
    with pytest.raises(ValueError, match=wanted):
        fit(model, [[0.0]], [0.0], epochs=epoch, **options)
    assert (model.state_dict(), optimizer.lr, schedule.last_epoch) == (state, schedule.lr_at(0), 0)
    if epoch < 10:
        fit(model, [[0.0]], [0.0], epochs=epoch - 1, **options)
        with pytest.raises(ValueError, match=wanted):
            fit(model, [[0.0]], [0.0], epochs=1, **options)


def test_a_schedule_of_too_few_rates() -> None:
    """Its own error comes before training, with the epoch; a rate of 0 is one, and stays 0 under any gamma."""
    model = MLP(1, [1], rng=0)
    optimizer = SGD(model.parameters(), lr=0.5)
    schedule = LambdaLR(optimizer, lambda epoch: [1.0, 0.1, 0.0][epoch])
    options: Any = {"loss": mse_loss, "optimizer": optimizer, "progress": False}
    with pytest.raises(IndexError) as caught:
        fit(model, [[0.0]], [0.0], epochs=3, scheduler=schedule, **options)
    assert caught.value.__notes__ == ["raised by LambdaLR after epoch 3"]
    assert len(fit(model, [[0.0]], [0.0], epochs=2, scheduler=schedule, **options)) == 2
    assert optimizer.lr == 0.0
    assert StepLR(optimizer, 1, gamma=0.5).lr_at(10_000) == 0.0
    assert StepLR(SGD([Value(1.0)], lr=0.5), 1, gamma=0.0).lr_at(400) == 0.0


OPTIMIZER = SGD([Value(1.0)], lr=0.5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: StepLR(OPTIMIZER, 0), ValueError, "step_size must be a whole number of at least 1, not 0"),
        (lambda: StepLR(OPTIMIZER, 2.5), ValueError, "step_size must be a whole number of at least 1, not 2.5"),
        (lambda: StepLR(OPTIMIZER, True), ValueError, "step_size must be a whole number of at least 1, not True"),
        (lambda: StepLR(OPTIMIZER, 3, -0.1), ValueError, "gamma must be finite and not negative, not -0.1"),
        (lambda: StepLR(OPTIMIZER, 3, math.inf), ValueError, "gamma must be finite and not negative, not inf"),
        (lambda: CosineAnnealingLR(OPTIMIZER, T_max=0), ValueError, "T_max must be a whole number"),
        (lambda: CosineAnnealingLR(OPTIMIZER, 10, -1.0), ValueError, "eta_min must be finite and not negative"),
        (lambda: LambdaLR(OPTIMIZER, 0.9), TypeError, "lr_lambda must be a function of the epoch, not 0.9"),
        (lambda: LambdaLR(OPTIMIZER, lambda epoch: "a"), TypeError, "what lr_lambda returns must be one real number"),
        (lambda: StepLR([Value(1.0)], 3), TypeError, "StepLR takes an optimizer, not "),
        (lambda: LRScheduler(OPTIMIZER), NotImplementedError, "LRScheduler has no lr_at: define"),
    ],
)
def test_what_schedules_refuse(make: Any, error: type[Exception], message: str) -> None:
    """When they are made; the optimizer's rate stays."""
    with pytest.raises(error, match=message):
        make()
    assert OPTIMIZER.lr == 0.5
