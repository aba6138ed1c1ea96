"""Callbacks, which `fit` calls on its way, and one that stops it early."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from autograd.real import as_float
from autograd.value import Value, assign
from nn.checks import count, not_negative
from nn.module import Module
from nn.training.history import History


class Callback:
    """Called by `fit` on its way; a subclass overrides the methods it wants. A plain function serves as an `on_epoch_end`.

    One that remembers something from epoch to epoch defines `state_dict` and `load_state_dict` too, so that a training can be
    resumed with it.

    >>> from nn import clip_grad_norm_
    >>> class Clipping(Callback):
    ...     def on_before_optimizer_step(self, model, history):
    ...         clip_grad_norm_(model.parameters(), 1.0)
    """

    def on_fit_begin(self, model: Module, history: History) -> None:
        """Before the first epoch, with a history that has names, and no epoch yet unless the training is resumed."""

    def on_before_optimizer_step(self, model: Module, history: History) -> None:
        """For each batch, once it has gradients: the place to clip them."""

    def on_epoch_end(self, model: Module, history: History) -> Any:
        """After each epoch; True ends the training, False or None goes on, and anything else is a TypeError."""

    def on_fit_end(self, model: Module, history: History) -> None:
        """After the last epoch, an early end or Ctrl-C; not after an error in training. Ctrl-C and errors here end it alone."""

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs of this callback, as plain data: a copy, taken after an epoch."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned, in a resumed training before `on_fit_begin`. ValueError if it does not fit."""


def has_state(callback: Callback) -> bool:
    """Whether a checkpoint keeps something of it; not of a function that serves as one."""
    return getattr(type(callback), "state_dict", Callback.state_dict) is not Callback.state_dict


def name_of(callback: Callback) -> str:
    """A callback's class, or the function that serves as one."""
    function = vars(callback).get("on_epoch_end")
    return type(callback).__name__ if function is None else getattr(function, "__qualname__", repr(function))


class Best(NamedTuple):
    """The best epoch, the number monitored there, and the parameters that have it: those after that epoch."""

    epoch: int
    number: float
    parameters: list[float]


class EarlyStopping(Callback):
    """End the training when a number in the history has not improved for some epochs, as Keras's `EarlyStopping`.

    `best` holds the best epoch: its parameters have the number that it names. For "loss", `fit` therefore measures the loss of
    the training data after each epoch, in eval mode; the history's is a mean over an epoch, while the parameters moved. nan
    never counts as an improvement. List it before callbacks that change parameters.

    Raises ValueError for a wrong option; when training begins, for a monitor that the history lacks; in the end, for a model
    that has other parameters than in its best epoch.

    Args:
        patience: How many epochs to wait for an improvement, at least 1.
        min_delta: Improve by more than this, at least 0.
        monitor: The number's name in the history.
        mode: "min" if less is better, "max" if more is.
        restore_best: In the end, after Ctrl-C too but not after an error, give the model the parameters of the best epoch.

    >>> stopping = EarlyStopping(patience=2, monitor="loss")
    >>> model, history = Module(), History(["loss"])
    >>> stopping.on_fit_begin(model, history)
    >>> for loss in (0.5, 0.4, 0.6, 0.4):
    ...     history.append({"loss": loss})
    ...     print(stopping.on_epoch_end(model, history), stopping.best.epoch)
    False 1
    False 2
    False 2
    True 2
    """

    def __init__(
        self, patience: int, *, min_delta: Any = 0.0, monitor: str = "val_loss", mode: str = "min", restore_best: bool = True
    ) -> None:
        self.patience = count("patience", patience)
        self.min_delta = not_negative("min_delta", min_delta, "0.001")
        self.monitor = monitor
        if mode not in ("min", "max"):
            raise ValueError(f'mode must be "min" or "max", not {mode!r}: "max" for an accuracy')
        self.mode = mode
        self.restore_best = restore_best
        self.best: Best | None = None
        self._of: list[Value] = []  # whose the best parameters are

    def on_fit_begin(self, model: Module, history: History) -> None:
        """Forget an earlier training, unless it is resumed; ValueError if the history has no number of the monitor's name."""
        if self.monitor not in history.names:
            hint = "give validation_data" if self.monitor.startswith("val_") else "give it as a metric"
            names = ", ".join(map(repr, history.names))
            raise ValueError(f"EarlyStopping monitors {self.monitor!r}, and this training has {names}: {hint}, or monitor=...")
        if not len(history):
            self.best = None
        self._of = model.parameters()
        if self.best is not None and len(self.best.parameters) != len(self._of):
            raise ValueError(
                f"the best epoch that EarlyStopping resumes from has {len(self.best.parameters)} parameters, and the model "
                f"{len(self._of)}: resume with the model that was saved"
            )

    def on_epoch_end(self, model: Module, history: History) -> bool:
        """Note the best epoch; True if it was `patience` epochs ago."""
        now = as_float(history.at_end[self.monitor], self.monitor)
        sign = 1.0 if self.mode == "min" else -1.0
        if now == now and (self.best is None or sign * now < sign * self.best.number - self.min_delta):  # noqa: PLR0124 - no nan
            self._of = model.parameters()
            self.best = Best(len(history), now, [parameter.data for parameter in self._of])
        return len(history) - (self.best.epoch if self.best else 0) >= self.patience

    def on_fit_end(self, model: Module, history: History) -> None:  # noqa: ARG002 - the protocol's
        """Give the model the parameters of the best epoch, all of them in one step."""
        if self.restore_best and self.best is not None:
            if list(map(id, model.parameters())) != list(map(id, self._of)):
                raise ValueError(
                    f"EarlyStopping cannot restore the parameters of epoch {self.best.epoch}: the model has got others since. "
                    "Replace none while training, or give restore_best=False"
                )
            assign(self._of, self.best.parameters)

    def state_dict(self) -> dict[str, Any]:
        """The best epoch so far, and by what it was chosen."""
        best = None if self.best is None else {**self.best._asdict(), "parameters": list(self.best.parameters)}
        return {"monitor": self.monitor, "mode": self.mode, "best": best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; ValueError for a best epoch by another monitor or mode."""
        try:
            chosen_by, best = (state["monitor"], state["mode"]), state["best"]
            if best is not None:
                parameters = [as_float(number, "a parameter") for number in best["parameters"]]
                best = Best(count("epoch", best["epoch"]), as_float(best["number"], "number"), parameters)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the state of an EarlyStopping ({type(error).__name__}: {error}): state_dict()") from error
        if chosen_by != (self.monitor, self.mode):
            raise ValueError(
                f"the saved EarlyStopping has monitor={chosen_by[0]!r} and mode={chosen_by[1]!r}, and this one "
                f"{self.monitor!r} and {self.mode!r}: give it the same"
            )
        self.best = best
