"""Eager recording and backward() against micrograd, in one process, alternating, the cyclic garbage collector on."""

import gc
import importlib.util
import math
import random
import statistics
import sys
import threading
import tracemalloc
from argparse import Namespace
from collections.abc import Callable
from typing import Any, NamedTuple

from tqdm import tqdm

import autograd
import nn
from benchmarks.common import TITLE, moons, seconds, table

OPERATIONS = 9_000
SAMPLES = 100


class Work(NamedTuple):
    """One thing to measure: how each peer does it, the unit of the figures, and the ratio to reach."""

    name: str
    unit: str
    micrograd: Callable[[], float]
    chainrule: Callable[[], float]
    rounds: int
    at_least: float


def run(options: Namespace) -> str:
    """Measure everything; returns the table as Markdown."""
    if importlib.util.find_spec("micrograd") is None:
        raise SystemExit("the peer is missing: python -m pip install -e '.[bench]'")
    measured: list[str] = []
    # micrograd recurses over the graph: a deep chain needs a deep stack
    threading.stack_size(1 << 29)
    sys.setrecursionlimit(10 * OPERATIONS)
    thread = threading.Thread(target=lambda: measured.append(_measure(options.rounds)))
    thread.start()
    thread.join()
    if not measured:
        raise SystemExit(1)
    return measured[0]


def _measure(rounds: int) -> str:
    from micrograd.engine import Value as Peer
    from micrograd.nn import MLP as PeerMLP  # noqa: N811 - a class all the same

    peer = _with_tanh(Peer)
    inputs, targets = moons(SAMPLES)
    random.seed(1337)
    peer_model = PeerMLP(2, [16, 16, 1])
    model = nn.MLP(2, [16, 16, 1], activation="relu", rng=1337)
    works = [
        Work(
            f"chain of {OPERATIONS:,} mul, add, tanh: forward + backward",
            "ms",
            lambda: _timed(lambda: _chain(peer).backward(), 5),
            lambda: _timed(lambda: _chain(autograd.Value).backward(), 5),
            rounds,
            1.3,
        ),
        Work(
            "moons: one training step, 100 samples, MLP 2-16-16-1, hinge + L2",
            "ms",
            lambda: _timed(lambda: _peer_step(peer_model, peer, inputs, targets), 2),
            lambda: _timed(lambda: _step(model, inputs, targets), 2),
            max(3, rounds // 2),
            10.0,
        ),
        Work(
            "memory per recorded operation of that chain", "B", lambda: _memory(peer), lambda: _memory(autograd.Value), 3, 2.0
        ),
    ]
    rows = []
    for work in works:
        theirs, ours = [], []
        for _ in tqdm(range(work.rounds), desc=work.name.split(":")[0], leave=False):
            theirs.append(work.micrograd())
            ours.append(work.chainrule())
        left, right = statistics.median(theirs), statistics.median(ours)
        cells = f"{left:.1f} {work.unit}", f"{right:.1f} {work.unit}", f"{left / right:.2f} x", f"{work.at_least} x"
        rows.append((work.name, *cells))
    header = ("work", "micrograd 0.1.0", "chainrule", "ratio", "at least")
    return "\n".join([TITLE, "", *table(header, rows)])


def _with_tanh(peer: type[Any]) -> type[Any]:
    """Add tanh, which the published micrograd lacks: as in its author's lecture, in the style of its other methods."""

    def tanh(self: Any) -> Any:
        t = math.tanh(self.data)
        out = peer(t, (self,), "tanh")

        def _backward() -> None:
            self.grad += (1 - t * t) * out.grad

        out._backward = _backward
        return out

    peer.tanh = tanh  # type: ignore[attr-defined]  # added on purpose
    return peer


def _chain(kind: type[Any]) -> Any:
    value, factor, offset = kind(0.5), kind(0.9), kind(0.1)
    for _ in range(OPERATIONS // 3):
        value = (value * factor + offset).tanh()
    return value


def _peer_step(model: Any, peer: type[Any], inputs: list[list[float]], targets: list[int]) -> None:
    """The step of micrograd's demo notebook."""
    scores = [model(list(map(peer, row))) for row in inputs]
    losses = [(1 + -target * score).relu() for target, score in zip(targets, scores, strict=True)]
    total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
    model.zero_grad()
    total.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad


def _step(model: nn.MLP, inputs: list[list[float]], targets: list[int]) -> None:
    """The same step here."""
    parameters = model.parameters()
    loss = nn.hinge_loss([model(row) for row in inputs], targets)
    total = loss + 1e-4 * autograd.dot(parameters, parameters)
    model.zero_grad()
    total.backward()
    for p in parameters:
        p.data -= 0.1 * p.grad


def _timed(work: Callable[[], object], times: int) -> float:
    """The mean milliseconds of one run."""
    return 1e3 * seconds(work, times)


def _memory(kind: type[Any]) -> float:
    gc.collect()
    tracemalloc.start()
    result = _chain(kind)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return size / OPERATIONS
