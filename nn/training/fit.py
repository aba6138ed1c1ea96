"""fit: train a model on data."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from operator import index
from os import PathLike
from random import Random
from types import FunctionType
from typing import Any

from autograd.modes import current_mode
from nn.checks import count, not_a_class, not_negative
from nn.inputs import described, is_iterable
from nn.module import Module
from nn.optim.optimizers import Optimizer
from nn.optim.schedules import LRScheduler
from nn.training.callbacks import Callback
from nn.training.checkpoints import Training
from nn.training.checkpoints import resume as resume_training
from nn.training.chunks import ChunkedSamples
from nn.training.eager import CannotCompile, Eager, tell
from nn.training.history import History
from nn.training.job import Function, Job, modes_kept
from nn.training.metrics import with_threshold
from nn.training.order import Order
from nn.training.progress import checked_progress
from nn.training.samples import Samples
from nn.training.trainer import Engine, Trainer


def fit(
    model: Module,
    X: Any,  # noqa: N803 - the data's usual name
    y: Any = None,
    *,
    loss: Function,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = 32,
    shuffle: bool = True,
    seed: int | None = None,
    validation_data: tuple[Any, Any] | None = None,
    metrics: Sequence[Function] | Mapping[str, Function] = (),
    callbacks: Sequence[Callback | Function] = (),
    progress: bool | str = True,
    scheduler: Any = None,
    engine: str = "auto",
    jit: bool | None = None,
    threads: int | None = None,
    executor: Any = None,
    shards: int | None = None,
    accumulate: int = 1,
    clip_grad_norm: Any = None,
    clip_grad_value: Any = None,
    resume: str | PathLike[str] | None = None,
) -> History:
    """Train the model: for each epoch and each batch of samples, the loss, its gradient, and a step of the optimizer.

    Args:
        X, y: Samples and targets: lists, tuples, arrays, tensors, DataFrames or Series. Arrays are read where they lie, so
            leave them as they are; a `np.memmap` may be larger than memory. Without y, X is an iterable of chunks, pairs
            (X, y), which are gone through once more for each epoch, one in memory at a time: a list of them, an object whose
            `__iter__` begins anew, such as PyTorch's DataLoader, or a function that makes them. A batch has samples of one
            chunk (batch_size=None: all of them); chunks stay in order, and their samples are shuffled within.
            Samples may be sequences of different lengths, if the model takes these: see the guide.
        loss: A function (outputs, targets) -> the mean over a batch, or the sum if it is a loss object that says so. An
            attribute `predictions`, such as "logits", says what it takes, as in `nn.losses`.
        optimizer: Made for the model's parameters, or some of them.
        epochs: How often to go through all samples.
        batch_size: How many samples a step takes; None for all.
        shuffle: Whether to put the samples in another order for each epoch.
        seed: For this order, and for each `Dropout` without its own generator: the same seed gives the same bits again, if the
            model began with the same weights (`rng=0`). Without it each run is another, also after `random.seed()`.
        validation_data: A pair (X, y), or chunks, measured after each epoch by loss and metrics.
        metrics: Functions (outputs, targets) -> number, by their names or in a dict, measured after each epoch. One with a
            keyword-only `threshold=None`, such as `accuracy`, is told where the loss parts two classes.
        callbacks: Called on the way: see `Callback`.
        progress: Whether to show a progress bar: "tqdm" (as True) or "rich" says by which package.
        scheduler: Its `step()` follows each epoch; the rates of an `LRScheduler` are checked before the first.
        engine: "compiled" runs whole batches, their gradients and the optimizer's steps as machine code, "eager" records each
            operation, and "auto" compiles where llvmlite is there and the model can be traced, and else says in one line why
            not. Both give the same numbers but for the order of sums: the same bits for batches of one sample, else losses
            that agree to 1e-9 over 50 epochs. What a callback changes in the model, the loss or the optimizer counts in both.
        jit: True for engine="compiled", False for "eager".
        threads: How many threads share the samples of a batch, in compiled code; None for as many as pay. The bits stay.
            With an executor, how many each of its tasks has; None for one.
        executor: Who computes the gradients: any `concurrent.futures.Executor`, a Dask `Client`, or a function that makes an
            executor, called again when processes of one have died. The samples stay with the workers, in shards; per step,
            numbers and gradients travel. Needs the compiled engine.
        shards: How many shards (16, or as many as there are samples): the bits depend on that, not on workers.
        accumulate: How many batches a step takes: as batches of `accumulate` times the size, in the memory of one.
        clip_grad_norm, clip_grad_value: Clip the gradient before each step, as `clip_grad_norm_` and `clip_grad_value_`.
        resume: The path of a checkpoint, by the callback `Checkpoint`, from which to go on up to `epochs`.

    Returns the history of all whole epochs; after Ctrl-C too, with the parameters as the last whole step left them. An error
    in training carries that history as `error.history`. In the end, every module is again in its mode from before (`train()`
    or `eval()`).

    Raises, before any training, ValueError for data or options that do not fit and TypeError for a wrong model, optimizer, loss
    or number; AnomalyError (an ArithmeticError) when loss or gradient become nan or inf, with the epoch, the batch and the
    operation that made it so; the parameters are then those before that batch.

    >>> from nn import MLP, Adam, mse_loss
    >>> model = MLP(2, [4, 1], rng=0)
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> adam = Adam(model.parameters(), lr=0.05)
    >>> history = fit(model, X, y, loss=mse_loss, optimizer=adam, epochs=200, batch_size=4, seed=0, progress=False)
    >>> len(history), history.loss[-1] < 1e-3
    (200, True)
    """
    _check_parties(model, loss, optimizer, scheduler)
    kind, bar = _engine(engine, jit, executor, shards), checked_progress(progress)
    epochs = count("epochs", epochs)
    _check_rates(scheduler, epochs)
    rng = Random(_seed(seed))  # noqa: S311 - the order of samples is no secret
    data = Samples.of(X, y, ("X", "y")) if y is not None else ChunkedSamples.read(X, "X")
    validation = None if validation_data is None else _validation(validation_data, data)
    measures = _named(metrics)
    names = ["loss", *measures, *([] if validation is None else ["val_loss", *(f"val_{name}" for name in measures)])]
    if len(set(names)) < len(names):
        raise ValueError(f"the history would have {names}, and some name twice: give metrics other names, in a dict")
    size = len(data) if batch_size is None else count("batch_size", batch_size)
    taken = count("accumulate", accumulate)
    shards = None if shards is None else count("shards", shards)
    whole = size * taken >= max(data.lengths)  # the order does not matter then
    history, order = History(names), Order(len(data), rng if shuffle and not whole else None, data.lengths)
    training = Training(model, optimizer, scheduler, order=order, history=history, callbacks=_callbacks(callbacks))
    job = Job(
        model,
        loss,
        data,
        optimizer,
        size,
        order,
        history,
        accumulate=taken,
        clip_norm=None if clip_grad_norm is None else not_negative("clip_grad_norm", clip_grad_norm, "1.0", or_inf=True),
        clip_value=None if clip_grad_value is None else not_negative("clip_grad_value", clip_grad_value, "1.0", or_inf=True),
        callbacks=training.callbacks,
        threads=None if threads is None else count("threads", threads),
        schedule=scheduler if isinstance(scheduler, LRScheduler) and type(scheduler).step is LRScheduler.step else None,
    )
    measures = with_threshold(
        measures, loss, [target for found in filter(None, (data, validation)) for _, target in found.telling]
    )
    alone = kind != "eager" and executor is None and resume is None and not data.ragged
    if not (alone and validation is None and not measures):  # else the compiled engine's own look at the model tells all
        job.try_out(validation, measures, recorded=kind == "eager")
    if seed is not None:
        for i, module in enumerate(model.modules()):
            module.reseed(f"{seed} {i}")
    if resume is not None:
        resume_training(training, resume)
    with modes_kept(model), nullcontext() if executor is None else _opened(executor) as workers:
        try:
            model.train()
            trainer = Trainer(job, _made(kind, job, workers, shards), validation, measures, scheduler, training)
            trainer.run(epochs, progress=bar)
        except KeyboardInterrupt:
            history.interrupted = True
        except Exception as error:
            error.history = history  # type: ignore[attr-defined]  # for whoever handles it
            raise
    return history


def _engine(engine: Any, jit: Any, executor: Any, shards: Any) -> str:
    """The engine asked for; ValueError for an unknown one, for two different ones, and for options without it."""
    if engine not in ("auto", "compiled", "eager"):
        raise ValueError(f'engine must be "auto", "compiled" or "eager", not {engine!r}')
    meant = engine if jit is None else "compiled" if jit else "eager"
    if engine not in ("auto", meant):
        raise ValueError(f"engine={engine!r} and jit={jit!r} ask for different engines: leave out jit")
    if executor is None and shards is not None:
        raise ValueError(f"shards={shards!r} are for workers: give an executor too, or leave shards out")
    if executor is not None:
        if meant == "eager":
            raise ValueError("the workers of an executor compute in machine code: leave out engine and jit, or the executor")
        return "compiled"
    return str(meant)


def _opened(executor: Any) -> Any:
    """The context of the workers of an executor."""
    try:
        from nn.training.executors import opened
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f'shards need {error.name}: pip install "chainrule[jit]"', name=error.name) from None
    return opened(executor)


def _made(kind: str, job: Job, workers: Any, shards: int | None) -> Engine:
    """The engine for a job; by "auto" the eager one, with a line that says why, where the other cannot be had."""
    if kind == "eager":
        return Eager(job)
    try:
        if workers is not None:
            from nn.training.distributed import Distributed

            return Distributed(job, workers, shards)
        from nn.training.compiled import Compiled

        return Compiled(job, strict=kind == "compiled")
    except ModuleNotFoundError as error:
        _tried(job)
        needed = f'compiled training needs {error.name}: pip install "chainrule[jit]"'
        if kind == "compiled":
            raise ModuleNotFoundError(f'{needed}, or engine="eager"', name=error.name) from None
        tell(needed)
        job.check_dependence()
    except Exception as error:  # noqa: BLE001 - whatever a trace raises, the eager engine may do without
        _tried(job)
        job.check_dependence()
        cause = error.__cause__ if isinstance(error, CannotCompile) and error.__cause__ is not None else error
        if kind == "compiled":
            raise cause from None
        tell(cause)
    return Eager(job)


def _tried(job: Job) -> None:
    """Have the model, or loss, say in its own words what does not fit, if that is why no engine was made."""
    if job.tried is None:
        job.try_out(None, {}, recorded=False)


def _check_parties(model: Any, loss: Any, optimizer: Any, scheduler: Any) -> None:
    if not isinstance(model, Module):
        raise TypeError(f"fit takes a Module, not {model!r}: fit(model, X, y, ...)")
    not_a_class("loss", loss)
    not_a_class("optimizer", optimizer)
    not_a_class("scheduler", scheduler)
    if not callable(loss):
        raise TypeError(f"loss must be a function of outputs and targets, not {loss!r}: loss=mse_loss, for example")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an optimizer, not {optimizer!r}: SGD(model.parameters(), lr=0.1), for example")
    if not current_mode().recording:
        raise ValueError("fit needs gradients, and was called under no_grad(): call it outside")
    own = set(map(id, model.parameters()))
    foreign = [parameter for parameter in optimizer.parameters if id(parameter) not in own]
    if foreign:
        raise ValueError(
            f"{len(foreign)} of the {len(optimizer.parameters)} parameters that the optimizer holds are not this model's: "
            f"make it for this one, {type(optimizer).__name__}(model.parameters(), ...)"
        )
    if scheduler is not None and not callable(getattr(scheduler, "step", None)):
        raise TypeError(f"scheduler must have a step(), {scheduler!r} has none: StepLR(optimizer, step_size=30), for example")
    if getattr(scheduler, "optimizer", optimizer) is not optimizer:
        raise ValueError(
            f"the scheduler is another optimizer's: make it for this one, {type(scheduler).__name__}(optimizer, ...)"
        )


def _check_rates(scheduler: Any, epochs: int) -> None:
    """ValueError for a rate that a later epoch would come to; of a run that is meant to go on for ever, the first million."""
    if isinstance(scheduler, LRScheduler):
        for epoch in range(1, min(epochs, 1_000_000) + 1):
            scheduler.checked_lr_at(scheduler.last_epoch + epoch)


def _validation(pair: Any, data: Samples) -> Samples:
    if not isinstance(pair, tuple | list) and (is_iterable(pair) or isinstance(pair, FunctionType)):
        pair = pair, None
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"validation_data must be a pair (X, y), not a {type(pair).__name__}: (X_val, y_val)")
    names = "validation_data[0]", "validation_data[1]"
    found = Samples.of(pair[0], pair[1], names) if pair[1] is not None else ChunkedSamples.read(pair[0], names[0])
    shapes = (found.input_shape, data.input_shape), (found.target_shape, data.target_shape)
    for (shape, wanted), name, other in zip(shapes, found.names, data.names, strict=True):
        if shape != wanted and not (data.ragged or found.ragged):
            raise ValueError(f"{name} has samples {described(shape)}, {other} samples {described(wanted)}: give both the same")
    return found


def _seed(seed: Any) -> int | None:
    try:
        return None if seed is None else index(seed)
    except TypeError:
        raise TypeError(f"seed must be an integer or None, not {seed!r}: seed=0, for example") from None


def _named(metrics: Any) -> dict[str, Function]:
    """The metrics by their names."""
    pairs: Any = metrics
    if not isinstance(metrics, Mapping):
        if not isinstance(metrics, Sequence) or isinstance(metrics, str):
            raise TypeError(f"metrics must be a list of functions, or a dict of them, not {metrics!r}: metrics=[accuracy]")
        pairs = [(getattr(metric, "__name__", type(metric).__name__), metric) for metric in metrics]
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError(f"the metrics {[name for name, _ in pairs]} have a name twice: give a dict of them")
    found = dict(pairs)
    for name, metric in found.items():
        not_a_class(f"the metric {name!r}", metric)
        if not callable(metric):
            raise TypeError(f"the metric {name!r} must be a function of outputs and targets, not {metric!r}: accuracy is one")
    return found


def _callbacks(callbacks: Any) -> list[Callback]:
    """The callbacks, functions too; TypeError for anything else."""
    if isinstance(callbacks, Callback | str) or not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks must be a list, not {callbacks!r}: callbacks=[EarlyStopping(patience=5)], for example")
    return list(map(_callback, callbacks))


def _callback(callback: Any) -> Callback:
    not_a_class("a callback", callback)
    if isinstance(callback, Callback):
        return callback
    if not callable(callback):
        raise TypeError(f"a callback must be a Callback, or a function of model and history, not {callback!r}")
    made = Callback()
    made.on_epoch_end = callback  # type: ignore[method-assign]  # the instance's own method
    return made
