"""A training that can be stopped and resumed, with everything in it that changes, by hand and by `fit`.

`python -m tests.nn.training.resumable FILE ENGINE` goes on from the file if that is there, and prints the numbers
in the end; the tests kill it on its way.
"""

import sys
from pathlib import Path
from random import Random
from typing import Any

from nn import (
    Adagrad,
    Adam,
    Checkpoint,
    Dropout,
    EarlyStopping,
    History,
    Linear,
    RMSprop,
    Sequential,
    StepLR,
    Tanh,
    fit,
    mse_loss,
)
from nn.training.checkpoints import Training

RNG = Random(0)
X = [[RNG.uniform(-1, 1), RNG.uniform(-1, 1)] for _ in range(12)]
Y = [[x[0] * x[1] + 0.5] for x in X]
EPOCHS = 8

OPTIMIZERS: dict[str, Any] = {
    "Adam with groups": lambda first, last: Adam(
        [{"params": first, "lr": 0.02}, {"params": last, "betas": (0.5, 0.9)}], lr=0.05
    ),
    "RMSprop": lambda first, last: RMSprop([*first, *last], lr=0.02, momentum=0.5, centered=True),
    "Adagrad": lambda first, last: Adagrad([*first, *last], lr=0.1, lr_decay=0.1),
}


def made(
    path: Any = None, *, seed: int = 0, optimizer: str = "Adam with groups", patience: int = 9, rng: Any = None
) -> Training:
    """The parts of a training, which differ from those of another seed; with a path, it writes checkpoints there."""
    model = Sequential(
        Linear(2, 4, rng=seed), Tanh(), Dropout(0.25, rng=seed if rng is None else rng), Linear(4, 1, rng=seed + 1)
    )
    adam = OPTIMIZERS[optimizer](model[0].parameters(), model[3].parameters())
    callbacks = [EarlyStopping(patience, monitor="loss", mode="max"), *([] if path is None else [Checkpoint(path)])]
    return Training(model, adam, StepLR(adam, 2, gamma=0.5), Random(seed), History(["loss"]), callbacks[::-1])


def train(training: Training, epochs: int = EPOCHS, done: int = 0) -> Training:
    """The epochs from the next one on, by a loop like `fit`'s."""
    model, history, optimizer = training.model, training.history, training.optimizer
    assert history is not None
    assert optimizer is not None
    for callback in training.callbacks:
        callback.on_fit_begin(model, history)
    for _ in range(done, epochs):
        if training.ended:
            break
        order = list(range(len(X)))
        training.rng.shuffle(order)
        total = 0.0
        for batch in (order[:5], order[5:10], order[10:]):
            loss = mse_loss([model(X[i]) for i in batch], [Y[i] for i in batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        history.append({"loss": total})
        training.scheduler.step()
        for callback in training.callbacks:
            training.ended |= bool(callback.on_epoch_end(model, history))
    for callback in training.callbacks:
        callback.on_fit_end(model, history)
    return training


def all_of(training: Training) -> str:
    """Every number of the training, with the digits that tell its bits."""
    stopping = next(callback for callback in training.callbacks if isinstance(callback, EarlyStopping))
    assert training.optimizer is not None
    assert training.history is not None
    parts = [training.model, training.optimizer, training.scheduler, training.history, stopping]
    states = [part.state_dict() for part in parts]  # type: ignore[attr-defined]  # of each kind
    return repr([*states, training.rng.getstate(), training.model[2].rng.uniform(0.0, 1.0), training.ended])  # type: ignore[index]


def fitted(
    path: Any,
    engine: str = "eager",
    *,
    seed: int = 0,
    optimizer: str = "Adam with groups",
    epochs: int = EPOCHS,
    resume: Any = None,
    X: list[Any] = X,  # noqa: N803 - the data's usual name
    **options: Any,
) -> str:
    """Every number of a training by `fit` in the end."""
    training = made(seed=seed, optimizer=optimizer)
    stopping = EarlyStopping(options.pop("patience", 9), monitor="loss", mode="max")
    assert training.optimizer is not None
    history = fit(
        training.model, X, Y[: len(X)], loss=mse_loss, optimizer=training.optimizer, scheduler=training.scheduler,
        epochs=epochs, batch_size=5, seed=seed, engine=engine, resume=resume, progress=False,
        callbacks=[Checkpoint(path), stopping], **options,
    )  # fmt: skip
    parts: list[Any] = [training.model, training.optimizer, training.scheduler, history, stopping]
    return repr([*(part.state_dict() for part in parts), training.model[2].rng.uniform(0.0, 1.0)])


def main(path: str, engine: str) -> None:
    """Train to the end, from the checkpoint on if there is one."""
    there = Path(path).exists()
    print("begun", flush=True)
    print(fitted(path, engine, seed=1 if there else 0, resume=path if there else None))


if __name__ == "__main__":
    main(*sys.argv[1:])
