"""lr_find: which learning rates train a model, by a short training whose rate grows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from os import PathLike
from typing import Any

from autograd import AnomalyError
from autograd.value import assign
from nn.checks import count, positive
from nn.module import Module
from nn.optim.optimizers import Optimizer
from nn.training.callbacks import Callback
from nn.training.figures import new_figure, save_figure
from nn.training.fit import fit
from nn.training.generators import generator_state, set_generator_state
from nn.training.history import History

WINDOW = 20  # of so many parts of the steps, one is what a smoothed loss looks back at
DIVERGED = 4.0  # times the first loss: there the search ends


@dataclass(frozen=True)
class LearningRates:
    """The loss of a batch at each learning rate, before the step with it.

    Attributes:
        rates: The rates, growing by the same factor.
        losses: The loss of each one's batch.
        smoothed: A mean of the losses so far, in which the last ones weigh most.
        suggestion: A tenth of the rate where `smoothed` is least; None if it never falls.
    """

    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    suggestion: float | None

    def plot(self, path: str | PathLike[str] | None = None) -> Any:
        """The losses over the rates as a matplotlib Figure, which is also written to `path` if given.

        The end of the path is the format, png if it has none. Raises ValueError for an unknown format, and ModuleNotFoundError
        without matplotlib.
        """
        figure = new_figure(6, 4)
        axes = figure.subplots()
        axes.semilogx(self.rates, self.losses, alpha=0.3, label="of each batch")
        axes.semilogx(self.rates, self.smoothed, label="smoothed")
        if self.suggestion is not None:
            axes.axvline(self.suggestion, color="black", linestyle=":", label=f"suggestion: {self.suggestion:.2g}")
        axes.set(xlabel="learning rate", ylabel="loss")
        axes.grid(alpha=0.3)
        axes.legend()
        if path is not None:
            save_figure(figure, path)
        return figure


def lr_find(
    model: Module,
    X: Any,  # noqa: N803 - the data's usual name
    y: Any = None,
    *,
    loss: Callable[..., Any],
    optimizer: Optimizer,
    start_lr: Any = 1e-6,
    end_lr: Any = 10.0,
    num_iter: int = 100,
    batch_size: int | None = 32,
    seed: int | None = None,
    engine: str = "auto",
) -> LearningRates:
    """Train by `fit` while the learning rate grows from step to step, note the losses, and undo it all.

    The search ends when the smoothed loss is four times the first, or is not finite. Afterwards the parameters, the optimizer
    and the generators of `Dropout` are as before, and gradients are zero. (Smith, Cyclical Learning Rates for Training Neural
    Networks, 2017; the names are fastai's.)

    Args:
        model, X, y, loss, optimizer, batch_size, seed, engine: As for `fit`.
        start_lr, end_lr: The first rate and the last.
        num_iter: How many steps, at least 2, each with a larger rate than the one before.

    Raises ValueError for rates that do not grow, for `LBFGS`, which has none, and whatever `fit` rejects.

    >>> from nn import MLP, SGD, mse_loss
    >>> X = [[i / 10.0] for i in range(20)]
    >>> model = MLP(1, [8, 1], rng=0)
    >>> found = lr_find(model, X, [x[0] ** 2 for x in X], loss=mse_loss, optimizer=SGD(model.parameters()), seed=0)
    >>> 0.01 < found.suggestion < 1.0, len(found.rates) == len(found.losses) <= 100
    (True, True)
    """
    first, last = positive("start_lr", start_lr, "1e-6"), positive("end_lr", end_lr, "10.0")
    if not first < last < float("inf"):
        raise ValueError(f"the rates must grow, from start_lr={first} to end_lr={last}: start_lr=1e-6, end_lr=10.0")
    steps = count("num_iter", num_iter, least=2)
    if getattr(optimizer, "evaluates", False):
        raise ValueError(f"{type(optimizer).__name__} has no learning rate to be found: its line search finds each step's")
    search = _Search(optimizer, [first * (last / first) ** (i / (steps - 1)) for i in range(steps)])
    options: dict[str, Any] = {"batch_size": batch_size, "seed": seed, "engine": engine, "progress": False}
    with _undone(model, optimizer), suppress(_Ended, AnomalyError):
        fit(model, X, y, loss=loss, optimizer=optimizer, epochs=steps, callbacks=[search], **options)
    if not search.losses:
        raise ValueError("the loss of the first batch is not finite: scale the inputs, or begin with other weights")
    rates, smoothed = search.rates[: len(search.losses)], search.smoothed
    return LearningRates(rates, search.losses, smoothed, _suggested(rates, smoothed))


class _Ended(Exception):  # noqa: N818 - no error
    """The search is over."""


class _Search(Callback):
    """Sets the rate of each step, and notes the batch's loss before it."""

    def __init__(self, optimizer: Any, rates: list[float]) -> None:
        self.optimizer, self.rates = optimizer, rates
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self._kept = max(0.0, 1.0 - WINDOW / len(rates))  # of the mean so far, at each step
        self._mean = 0.0

    def on_before_optimizer_step(self, model: Module, history: History) -> None:  # noqa: ARG002 - the protocol's
        done = len(self.losses)
        if done == len(self.rates):
            raise _Ended
        loss = history.batch_loss
        if loss is None:
            raise RuntimeError("fit tells the loss of a batch before its step")
        self.losses.append(loss)
        self._mean = self._kept * self._mean + (1.0 - self._kept) * loss
        self.smoothed.append(self._mean / (1.0 - self._kept ** (done + 1)))
        if self.smoothed[-1] > DIVERGED * abs(self.smoothed[0]):
            raise _Ended
        for group in self.optimizer.groups:
            group.lr = self.rates[done]


def _suggested(rates: list[float], smoothed: list[float]) -> float | None:
    """A tenth of the rate with the least loss, which is nearly too large; None if no rate improved on the first."""
    best = smoothed.index(min(smoothed))
    return rates[best] / 10.0 if best else None


@contextmanager
def _undone(model: Module, optimizer: Optimizer) -> Iterator[None]:
    """A context after which parameters, optimizer and generators are as before, and there are no gradients."""
    if not isinstance(model, Module) or not isinstance(optimizer, Optimizer):
        yield  # fit says what is wrong
        return
    parameters = list({id(p): p for p in [*model.parameters(), *optimizer.parameters]}.values())
    numbers, state = [parameter.data for parameter in parameters], optimizer.state_dict()
    generators = [
        (module, name, thing, generator_state(thing, name))
        for module in model.modules()
        for name, thing in vars(module).items()
        if callable(getattr(thing, "uniform", None))
    ]
    try:
        yield
    finally:
        assign(parameters, numbers)
        optimizer.load_state_dict(state)
        optimizer.zero_grad()
        for module, name, thing, kept in generators:
            set_generator_state(thing, kept)
            setattr(module, name, thing)
