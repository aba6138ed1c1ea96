"""Learning-rate schedules: PyTorch's rates, and what they refuse."""

import math
from typing import Any

import pytest

import nn
from autograd import Value
from nn import MLP, SGD, CosineAnnealingLR, LambdaLR, LRScheduler, StepLR, fit, mse_loss
from nn.serialization import is_plain
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


@pytest.mark.parametrize("name", references.GROUP_SCHEDULES)
def test_rates_of_groups_are_pytorchs(name: str) -> None:
    """Each group's own rate is scaled; LambdaLR takes a function for each, too."""
    optimizer = SGD([{"params": [Value(1.0)], "lr": lr} for lr in references.GROUP_LRS])
    schedule = getattr(nn, references.class_of(name))(optimizer, **references.options_of(name))
    found = [schedule.get_last_lr()]
    for _ in range(references.EPOCHS):
        schedule.step()
        assert schedule.get_last_lr() == [group.lr for group in optimizer.groups]
        found.append(schedule.get_last_lr())
    for ours, theirs in zip(found, references.recorded()["group schedules"][name], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


def test_a_rate_that_cannot_be_in_one_group() -> None:
    """Is named, and no group's rate changes."""
    optimizer = SGD([{"params": [Value(1.0)], "lr": 0.5}, {"params": [Value(1.0)], "lr": 1e300}])
    schedule = StepLR(optimizer, 1, gamma=1e5)
    with pytest.raises(ValueError, match=r"StepLR after epoch 2: lr must be finite .*, not inf, from base_lr=1e\+300"):
        schedule.checked_lr_at(2)
    schedule.step()
    with pytest.raises(ValueError, match="StepLR after epoch 2"):
        schedule.step()
    assert schedule.get_last_lr() == [0.5 * 1e5, 1e300 * 1e5]
    assert schedule.rates_at(0) == [0.5, 1e300]


def test_base_lr_is_the_first_groups() -> None:
    """Setting it leaves the others'."""
    schedule = StepLR(SGD([{"params": [Value(1.0)], "lr": lr} for lr in (0.5, 0.25)]), 1, gamma=0.5)
    schedule.base_lr = 1.0
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 0.125]


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*references.SCHEDULES, *references.GROUP_SCHEDULES])
def test_a_schedule_goes_on(name: str) -> None:
    """Where it was, in another optimizer; options come with it, functions are given anew."""
    several = name in references.GROUP_SCHEDULES

    def made() -> Any:
        parameters: Any = [{"params": [Value(1.0)], "lr": lr} for lr in references.GROUP_LRS] if several else [Value(1.0)]
        return getattr(nn, references.class_of(name))(SGD(parameters, lr=0.5), **references.options_of(name))

    schedule, other = made(), made()
    for _ in range(7):
        schedule.step()
    state = schedule.state_dict()
    assert is_plain(state)
    other.base_lr = 7.0
    other.load_state_dict(state)
    other.optimizer.load_state_dict(schedule.optimizer.state_dict())
    assert (other.state_dict(), other.get_last_lr()) == (state, schedule.get_last_lr())
    for _ in range(7):
        schedule.step()
        other.step()
        assert other.get_last_lr() == schedule.get_last_lr()
    assert schedule.state_dict()["last_epoch"] == 14


def test_the_state_of_a_schedule() -> None:
    """Is all that it has but the optimizer and functions, as a copy."""
    schedule = StepLR(SGD([Value(1.0)], lr=0.5), step_size=3, gamma=0.25)
    state = schedule.state_dict()
    assert state == {"class": "StepLR", "step_size": 3, "gamma": 0.25, "base_lrs": [0.5], "last_epoch": 0}
    state["base_lrs"].append(1.0)
    assert schedule.base_lrs == [0.5]
    assert "lr_lambda" not in LambdaLR(SGD([Value(1.0)]), lambda epoch: 1.0).state_dict()
    del state["class"]
    with pytest.raises(ValueError, match=r"base_lrs must be a list of a rate for each of 1 groups, not \[0.5, 1.0\]"):
        schedule.load_state_dict(state)
    state["base_lrs"] = [0.25]
    schedule.load_state_dict(state)
    assert schedule.base_lr == 0.25


def test_a_schedule_that_keeps_other_things() -> None:
    """Says so when its state is asked for, with what to define."""
    schedule = Own(SGD([Value(1.0)], lr=0.5), lambda epoch: 0.5)
    assert schedule.state_dict() == {"class": "Own", "base_lrs": [0.5], "last_epoch": 0}
    schedule.best = Value(1.0)  # type: ignore[attr-defined]
    with pytest.raises(
        TypeError, match=r"Own\.best is Value.*, not numbers or text: define state_dict and load_state_dict in O"
    ):
        schedule.state_dict()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"class": "CosineAnnealingLR"}, ValueError, "the state is of CosineAnnealingLR, and this is StepLR"),
        ({"last_epoch": -1}, ValueError, "last_epoch must be a whole number of at least 0, not -1"),
        ({"last_epoch": 1.5}, ValueError, "last_epoch must be a whole number of at least 0, not 1.5"),
        ({"base_lrs": [0.5, 0.5]}, ValueError, "base_lrs must be a list of a rate for each of 1 groups"),
        ({"base_lrs": ["0.5"]}, TypeError, r"base_lrs\[0\] must be one real number"),
        ({"base_lrs": [-0.5]}, ValueError, r"base_lrs\[0\] must be finite and not negative, not -0.5"),
        ({"gamma": "0.1"}, ValueError, r"the state does not fit StepLR \(TypeError"),
        ({"step_size": 0}, ValueError, "the state does not fit StepLR .*ZeroDivisionError"),
        ({"T_max": 3}, ValueError, r"the state has .*, and this StepLR \[.*they differ in \['T_max'\]"),
    ],
)
def test_what_load_state_dict_refuses(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    """With the reason; the schedule is as it was."""
    schedule = StepLR(SGD([Value(1.0)], lr=0.5), step_size=3, gamma=0.25)
    before = schedule.state_dict()
    with pytest.raises(error, match=message):
        schedule.load_state_dict(before | changes)
    with pytest.raises(TypeError, match='takes a dict with "last_epoch", not 3'):
        schedule.load_state_dict(3)  # type: ignore[arg-type]
    assert schedule.state_dict() == before


OPTIMIZER = SGD([Value(1.0)], lr=0.5)
TWO = SGD([{"params": [Value(1.0)]}, {"params": [Value(1.0)]}], lr=0.5)


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
        (lambda: LambdaLR(OPTIMIZER, [abs, 0.9]), TypeError, "lr_lambda must be a function of the epoch, not "),
        (lambda: LambdaLR(OPTIMIZER, []), TypeError, r"lr_lambda must be a function of the epoch, not \[\]"),
        (
            lambda: LambdaLR(TWO, [lambda epoch: 1.0]),
            ValueError,
            "lr_lambda has 1 functions for 2 groups: give one, or one for",
        ),
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
