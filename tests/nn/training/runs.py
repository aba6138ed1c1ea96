"""Small trainings that the tests share."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nn import MLP, SGD, Adam, History, Module, Optimizer, cross_entropy, fit, mse_loss
from nn.training.binding import Binding

ENGINES = ["eager", "compiled"]
RNG = random.Random(0)
X = [[RNG.uniform(-1, 1), RNG.uniform(-1, 1)] for _ in range(23)]
Y = [x[0] * x[1] + 0.5 for x in X]
CLASSES = [int(x[0] > 0) + int(x[1] > 0.2) for x in X]


def numbers(model: Module) -> list[float]:
    """The model's parameters as they are now."""
    return [parameter.data for parameter in model.parameters()]


def trained(loss: Any = mse_loss, y: Any = Y, outputs: int = 1, **options: Any) -> tuple[History, MLP]:
    """A small network after a few epochs."""
    model = MLP(2, [3, outputs], rng=1)
    defaults: dict[str, Any] = {"epochs": 3, "batch_size": 5, "seed": 7, "progress": False}
    optimizer = SGD(model.parameters(), lr=0.2, momentum=0.5)
    inputs = options.pop("X", X)
    return fit(model, inputs, y, loss=loss, optimizer=optimizer, **defaults | options), model


def run(model: Module, **options: Any) -> History:
    """Two epochs of two batches."""
    defaults: dict[str, Any] = {"loss": mse_loss, "epochs": 2, "batch_size": 2, "seed": 0, "progress": False}
    return fit(model, X[:4], Y[:4], **{"optimizer": Adam(model.parameters(), lr=0.1)} | defaults | options)


@contextmanager
def interrupted(optimizer: Optimizer, seconds: float) -> Iterator[None]:
    """A context that Ctrl-C ends, so many seconds after the optimizer's first step."""
    over, begun, original = threading.Event(), threading.Event(), Binding.run

    def run(*args: Any, **options: Any) -> int:
        made = original(*args, **options)
        begun.set()  # in machine code, from where the optimizer's states come late
        return made

    def watch() -> None:
        while not over.is_set() and not begun.is_set() and not optimizer._states:
            time.sleep(0.001)
        if not over.wait(seconds):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=watch)
    thread.start()
    Binding.run = run  # type: ignore[method-assign]
    try:
        yield
    finally:
        Binding.run = original  # type: ignore[method-assign]
        over.set()
        thread.join()


def refused(**options: Any) -> Any:
    """A call of fit that differs from a good one in these options."""
    model = MLP(2, [3, 2], rng=1)
    good: dict[str, Any] = {
        "model": model, "X": X, "y": [c % 2 for c in CLASSES], "loss": cross_entropy, "epochs": 1, "progress": False,
    }  # fmt: skip
    made = good | options
    made.setdefault("optimizer", SGD(model.parameters(), lr=0.1))
    before = numbers(model)

    def call() -> None:
        try:
            fit(**made)
        finally:
            assert numbers(model) == before

    return call
