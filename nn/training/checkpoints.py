"""Checkpoints: a training in one file, from which it goes on as if it had never stopped.

Whatever takes part in a training and changes while it runs is a part, with a state to save and a way to load it: the model's
parameters, the optimizer, the schedule, every random generator, the history, and callbacks that remember something. A file is
loaded part by part; at the first that does not fit, those before get their own states back.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from autograd.files import target_of
from autograd.real import shown
from nn.checks import count
from nn.module import Module
from nn.optim.optimizers import Optimizer
from nn.serialization import CHECKPOINT, read_file, read_numbers, read_plain, write_file, written_numbers, written_plain
from nn.training.callbacks import Callback, has_state, name_of
from nn.training.generators import generator_state, generators_in, set_generator_state
from nn.training.history import History

PathLike = str | os.PathLike[str]


@dataclass
class Training:
    """All that takes part in a training: what a checkpoint holds, and what `Checkpoint` and `resume` work on.

    The callbacks are put in order, those that write checkpoints last, so that these hold what the others noted of an epoch.
    `ended` says whether a callback has ended the training, and is to be set before those are called.
    """

    model: Module
    optimizer: Optimizer | None = None
    scheduler: Any = None
    rng: Any = None
    history: History | None = None
    callbacks: Sequence[Callback] = ()
    order: Any = None
    ended: bool = False

    def __post_init__(self) -> None:
        self.callbacks = sorted(self.callbacks, key=lambda callback: isinstance(callback, Checkpoint))
        for callback in self.callbacks:
            if isinstance(callback, Checkpoint):
                callback.training = self


class Restored(NamedTuple):
    """What a checkpoint says of its training: the number of whole epochs, its history, and whether a callback had ended it."""

    epoch: int
    history: History | None
    ended: bool


def save_checkpoint(
    path: PathLike,
    model: Module,
    optimizer: Optimizer | None = None,
    scheduler: Any = None,
    *,
    epoch: int | None = None,
    rng: Any = None,
    history: History | None = None,
    callbacks: Sequence[Callback] = (),
) -> None:
    """Write all that a training of one's own needs to go on: one JSON file, whole or not at all. See `load_checkpoint`.

    The generators of the model's modules, such as `Dropout`'s, are saved with it. Raises TypeError for a part whose state is no
    plain data, and OSError if the file cannot be written.

    Args:
        path: The file; an old one is replaced.
        model, optimizer, scheduler: What the training changes; a scheduler with `state_dict` and `load_state_dict`.
        epoch: How many epochs are done; by default as many as the history has.
        rng: The generator that the training draws from: a `random.Random` or a NumPy Generator.
        history, callbacks: Those of `fit`, if there are any.

    >>> import tempfile
    >>> from nn import SGD, Neuron
    >>> neuron, other = Neuron(1, rng=0), Neuron(1, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(folder + "/run.json", neuron, SGD(neuron.parameters(), lr=0.5), epoch=3)
    ...     load_checkpoint(folder + "/run.json", other, SGD(other.parameters())).epoch
    3
    >>> other.state_dict() == neuron.state_dict()
    True
    """
    done = (0 if history is None else len(history)) if epoch is None else count("epoch", epoch, least=0)
    _write(Training(model, optimizer, scheduler, rng, history, callbacks), done, path)


def load_checkpoint(
    path: PathLike,
    model: Module,
    optimizer: Optimizer | None = None,
    scheduler: Any = None,
    *,
    rng: Any = None,
    history: History | None = None,
    callbacks: Sequence[Callback] = (),
) -> Restored:
    """Bring these back to where they were when the checkpoint was written; return its epoch and history.

    What is given must be in the file, while the file may hold more: for predictions the model alone will do. Raises ValueError
    for a file that is truncated, damaged, newer or of another kind, and for another model, optimizer class or set of groups,
    each with the reason; OSError if it cannot be read. Nothing has changed then.

    >>> import tempfile
    >>> from nn import SGD, Neuron
    >>> neuron, other = Neuron(1, rng=0), Neuron(1, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(folder + "/run.json", neuron, SGD(neuron.parameters(), lr=0.5))
    ...     restored = load_checkpoint(folder + "/run.json", other)
    >>> restored.epoch, other.weights[0].data == neuron.weights[0].data
    (0, True)
    """
    content = read_file(CHECKPOINT, path)
    _restore(Training(model, optimizer, scheduler, rng, history, callbacks), content, path, all_of_it=False)
    return _restored(content, path)


def resume(training: Training, path: PathLike) -> int:
    """Bring all of a training to where it was when the checkpoint was written; return the number of epochs done.

    The training must have the parts that the file has, and no others. Raises as `load_checkpoint`.
    """
    content = read_file(CHECKPOINT, path)
    found = _restored(content, path)
    if found.history is None or len(found.history) != found.epoch:
        raise ValueError(f"{path} cannot be resumed by fit: it was saved without the history of its {found.epoch} epochs")
    _restore(training, content, path, all_of_it=True)
    training.ended = found.ended
    if training.history is not None:
        training.history.interrupted = False
    return found.epoch


class Checkpoint(Callback):
    """Write the whole training to a file after every `every`-th epoch, and when a callback ends it: see `fit(resume=...)`.

    The file is whole at any moment, also if the process is killed. A training resumed from it ends with the same bits as one
    that was never stopped. Raises ValueError for an `every` that is not a whole number of at least 1, FileNotFoundError for a
    missing folder, and when training begins, TypeError for a part whose state no file can hold.

    >>> Checkpoint("run.json", every=10).every
    10
    """

    training: Training | None = None  # by `Training` itself

    def __init__(self, path: PathLike, every: int = 1) -> None:
        self.path = path
        self.every = count("every", every)
        target_of(path)

    def on_fit_begin(self, model: Module, history: History) -> None:  # noqa: ARG002 - the protocol's
        """TypeError for what could not be written; better now than after an epoch."""
        _content(self._of(model), 0)

    def on_epoch_end(self, model: Module, history: History) -> None:
        """Write the file, if it is time."""
        training = self._of(model)
        if len(history) % self.every == 0 or training.ended:
            _write(training, len(history), self.path)

    def on_fit_end(self, model: Module, history: History) -> None:  # noqa: ARG002 - the protocol's
        """Let go of the training."""
        self.training = None

    def _of(self, model: Module) -> Training:
        if self.training is None or self.training.model is not model:
            raise ValueError("Checkpoint is a callback of fit's: in a loop of your own, call save_checkpoint(path, model, ...)")
        return self.training


# --- the parts of a training ------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A part by its name in the file, with the way out and back."""

    name: str
    state: Callable[[], Any]
    load: Callable[[Any], Any]


def _parts(training: Training) -> Iterator[Part]:
    """All of them but the model's parameters."""
    if training.optimizer is not None:
        yield _stateful("optimizer", training.optimizer)
    if training.scheduler is not None:
        yield _stateful("scheduler", training.scheduler)
    if training.history is not None:
        yield _stateful("history", training.history)
    if training.order is not None:
        yield _stateful("order", training.order)
    if training.rng is not None:
        yield Part("rng", partial(generator_state, training.rng, "rng"), partial(set_generator_state, training.rng))
    for name, rng in generators_in(training.model):
        yield Part(f"generator {name}", partial(generator_state, rng, name), partial(set_generator_state, rng))
    for i, callback in enumerate(filter(has_state, training.callbacks)):
        yield _stateful(f"callback {i}: {name_of(callback)}", callback)


def _stateful(name: str, thing: Any) -> Part:
    lacking = [method for method in ("state_dict", "load_state_dict") if not callable(getattr(thing, method, None))]
    if lacking:
        raise TypeError(f"the {name}, {thing!r}, has no {lacking[0]}(), so that a checkpoint cannot hold it: define both")
    return Part(name, thing.state_dict, thing.load_state_dict)


def _content(training: Training, epoch: int) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "ended": training.ended,
        "parameters": written_numbers(training.model.state_dict()),
        "parts": {part.name: written_plain(part.state(), f"the state of the {part.name}") for part in _parts(training)},
    }


def _write(training: Training, epoch: int, path: PathLike) -> None:
    write_file(CHECKPOINT, _content(training, epoch), path)


# --- and back ---------------------------------------------------------------------------------------------------------


def _restored(content: dict[str, Any], path: PathLike) -> Restored:
    """What the file says, without what it holds for the parts."""
    epoch, ended, saved = content.get("epoch"), content.get("ended"), _saved(content, path).get("history")
    if type(epoch) is not int or epoch < 0 or type(ended) is not bool:
        raise ValueError(f"{path} is damaged: epoch {epoch!r} and ended {ended!r} are not a whole number and true or false")
    if saved is None:
        return Restored(epoch, None, ended)
    try:
        state = read_plain(saved, path)
        history = History(state["names"])
        history.load_state_dict(state)
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is damaged: its history is none ({type(error).__name__}: {error})") from error
    return Restored(epoch, history, ended)


def _saved(content: dict[str, Any], path: PathLike) -> dict[str, Any]:
    parts = content.get("parts")
    if isinstance(parts, dict):
        return parts
    raise ValueError(f"{path} is damaged: its parts are {shown(parts)}, not states by name")


def _restore(training: Training, content: dict[str, Any], path: PathLike, *, all_of_it: bool) -> None:
    """Load every part's state; ValueError if one does not fit, and then all are as before."""
    _restored(content, path)
    numbers, saved = read_numbers(content.get("parameters"), path), _saved(content, path)
    parts = list(_parts(training))
    _check_names([part.name for part in parts], list(saved), path, all_of_it=all_of_it)
    states: list[Any] = [numbers]
    try:
        states += [read_plain(saved[part.name], path) for part in parts]
    except RecursionError:
        raise ValueError(f"{path} is damaged: it is nested too deeply") from None
    parts.insert(0, Part("model", training.model.state_dict, training.model.load_state_dict))
    before = [part.state() for part in parts]
    begun = 0
    try:
        for part, state in zip(parts, states, strict=True):
            begun += 1
            part.load(state)
    except BaseException as error:
        for part, state in list(zip(parts, before, strict=True))[:begun]:
            part.load(state)
        if not isinstance(error, Exception):
            raise
        raise ValueError(f"{path} does not fit the {parts[begun - 1].name}: {error}") from error


def _check_names(own: list[str], saved: list[str], path: PathLike, *, all_of_it: bool) -> None:
    """ValueError for a part that the file lacks, or one that it has beyond these if all are to be restored."""
    missing = [f"no {name}" for name in own if name not in saved]
    beyond = [f"a {name} too" for name in saved if name not in own and (all_of_it or name.startswith("generator "))]
    if missing or beyond:
        raise ValueError(
            f"{path} does not fit: it has {', and '.join([*missing, *beyond])}. Make the training as the saved one was made, "
            f"with {', '.join(saved) or 'nothing but the model'}"
        )
