"""lr_find: the losses by growing rates, the suggestion, and that nothing has changed afterwards."""

import math
from pathlib import Path
from typing import Any

import pytest

from nn import LBFGS, MLP, SGD, Adam, Dropout, LearningRates, Linear, Sequential, fit, lr_find, mse_loss
from tests.nn.training.runs import ENGINES, X, Y, numbers


def found(model: Any = None, make: Any = SGD, **options: Any) -> LearningRates:
    """A search on the shared data."""
    model = MLP(2, [8, 1], rng=0) if model is None else model
    defaults: dict[str, Any] = {"loss": mse_loss, "seed": 0, "batch_size": 5}
    return lr_find(model, X, Y, optimizer=make(model.parameters()), **defaults | options)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_losses_are_those_of_a_quadratic(engine: str) -> None:
    """One parameter w and the loss (w - 1)**2: each step with rate r leaves (1 - 2 r) of the distance, by hand."""
    model = Linear(1, 1, bias=False, init="zeros")
    search = lr_find(
        model, [[1.0]], [[1.0]], loss=mse_loss, optimizer=SGD(model.parameters()), start_lr=0.01, end_lr=50.0, num_iter=40,
        engine=engine,
    )  # fmt: skip
    distance, wanted = 1.0, []
    for i in range(len(search.losses)):
        wanted.append(distance**2)
        rate = 0.01 * 5000.0 ** (i / 39)
        assert search.rates[i] == pytest.approx(rate)
        distance *= 1.0 - 2.0 * rate
    assert search.losses == pytest.approx(wanted, rel=1e-9, abs=1e-15)
    assert len(search.losses) < 40  # it diverged, and ended
    assert 0.01 < search.suggestion < 0.5  # at 0.5 a step is right at once, from 1.0 on steps lead away


@pytest.mark.parametrize("make", [SGD, Adam], ids=lambda make: make.__name__)
def test_the_suggestion_trains(make: Any) -> None:
    """With the suggested rate the loss falls to less than a third in 20 epochs."""
    rate = found(make=make).suggestion
    assert rate is not None
    model = MLP(2, [8, 1], rng=0)
    history = fit(model, X, Y, loss=mse_loss, optimizer=make(model.parameters(), lr=rate), epochs=20, seed=0, progress=False)
    assert history.loss[-1] < history.loss[0] / 3.0


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_has_changed(engine: str) -> None:
    """Parameters, the optimizer's state and rate, Dropout's generator and the modes: a training after it has the same bits."""

    def trained(*, search: bool) -> tuple[list[float], list[float]]:
        model = Sequential(Linear(2, 4, rng=0), Dropout(0.3, rng=1), Linear(4, 1, rng=2))
        optimizer = Adam(model.parameters(), lr=0.05)
        options: dict[str, Any] = {"loss": mse_loss, "optimizer": optimizer, "engine": engine, "batch_size": 5}
        columns = [[y] for y in Y]
        fit(model, X, columns, epochs=1, progress=False, shuffle=False, **options)
        if search:
            lr_find(model, X, columns, seed=5, **options)
            assert optimizer.lr == 0.05
            assert not any(parameter.has_grad for parameter in model.parameters())
        history = fit(model, X, columns, epochs=2, progress=False, shuffle=False, **options)
        return history.loss, numbers(model)

    assert trained(search=True) == trained(search=False)


def test_engines_find_the_same() -> None:
    """The losses agree to rounding."""
    losses = [found(engine=engine, num_iter=30).losses for engine in ENGINES]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_a_loss_that_never_falls() -> None:
    """There is no suggestion at the best parameters of all, and the plot has none."""
    model = Linear(1, 1, bias=False, init="zeros")
    search = lr_find(model, [[1.0]], [[0.0]], loss=mse_loss, optimizer=SGD(model.parameters()), num_iter=5)
    assert search.suggestion is None
    assert search.losses == [0.0] * 5
    search.plot()


def test_a_loss_beyond_all_numbers_ends_it() -> None:
    """An overflow ends the search with what was found before."""
    model = Linear(1, 1, bias=False, init="zeros")
    search = lr_find(
        model, [[1.0]], [[1.0]], loss=lambda p, t: mse_loss(p, t) ** 8, optimizer=SGD(model.parameters()), end_lr=1e300,
        num_iter=4,
    )  # fmt: skip
    assert all(map(math.isfinite, search.losses))
    assert numbers(model) == [0.0]


def test_plot(tmp_path: Path) -> None:
    """Rates on a logarithmic axis, losses, smoothed losses and the suggestion; a file on request."""
    search = found()
    axes = search.plot(tmp_path / "rates.png").axes[0]
    assert axes.get_xscale() == "log"
    assert [len(line.get_xdata()) for line in axes.lines] == [len(search.rates), len(search.rates), 2]
    assert (tmp_path / "rates.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"start_lr": 1.0, "end_lr": 0.1}, ValueError, "the rates must grow, from start_lr=1.0 to end_lr=0.1"),
        ({"start_lr": 0.0}, ValueError, "start_lr must be positive"),
        ({"end_lr": math.inf}, ValueError, "the rates must grow"),
        ({"num_iter": 1}, ValueError, "num_iter must be a whole number of at least 2"),
        ({"make": LBFGS}, ValueError, "LBFGS has no learning rate to be found"),
        ({"loss": "mse"}, TypeError, "loss"),
        ({"batch_size": 0}, ValueError, "batch_size"),
    ],
)
def test_wrong_options(options: dict[str, Any], error: type[Exception], message: str) -> None:
    """Told before any step."""
    with pytest.raises(error, match=message):
        found(**options)
