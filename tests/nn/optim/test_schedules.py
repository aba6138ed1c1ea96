"""Learning-rate schedules: PyTorch's rates, and what they refuse."""

import math
from typing import Any

import pytest

import nn
from autograd import Value
from nn import SGD, CosineAnnealingLR, LambdaLR, LRScheduler, StepLR
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
