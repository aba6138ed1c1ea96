"""Eager recording and backward() against micrograd, and against forty lines of plain Python, in one process, alternating.

The cyclic garbage collector is on: building a graph is what sets it off. `FORMS` are timed apart, each form of arithmetic in
CPU time per operation, beside the same form of `scalar_gpt.Plain`.
"""

import gc
import importlib.util
import math
import random
import statistics
import sys
import threading
import time
import timeit
import tracemalloc
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tqdm import tqdm

import autograd
import nn
from autograd.recorded import NATIVE
from autograd.table import TABLE
from benchmarks.common import TITLE, moons, seconds, table
from benchmarks.scalar_gpt import Gpt, Plain

OPERATIONS = 9_000
SAMPLES = 100
DOCUMENT = (0, 5, 13, 13, 1, 2, 7, 20, 0)  # eight tokens to predict
FORMS = 4_000  # operations of a form, timed at once


class Work(NamedTuple):
    """One thing to measure: how the peer does it, the unit of the figures, and the ratio to reach."""

    name: str
    unit: str
    peer: Callable[[], float]
    chainrule: Callable[[], float]
    rounds: int
    at_least: float


def run(options: Namespace) -> str:
    """Measure everything; returns the table as Markdown."""
    if importlib.util.find_spec("micrograd") is None:
        raise SystemExit("the peer is missing: python -m pip install -e '.[bench]'")
    measured: list[str] = []
    # the peers recurse over the graph: a deep chain needs a deep stack
    threading.stack_size(1 << 29)
    sys.setrecursionlimit(100 * OPERATIONS)
    thread = threading.Thread(target=lambda: measured.append(_measure(options.rounds) + _forms(options.rounds)))
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
    plain, ours = Gpt(Plain), Gpt(autograd.Value)
    if abs(plain.step(DOCUMENT) - ours.step(DOCUMENT)) > 1e-12:
        raise AssertionError("the two train differently")
    works = [
        Work(
            "micro-GPT, one document of 8 tokens, against its own class of 40 lines: a training step",
            "ms",
            lambda: _timed(lambda: plain.step(DOCUMENT), 1),
            lambda: _timed(lambda: ours.step(DOCUMENT), 1),
            max(3, rounds // 2),
            4.0 if NATIVE else 1.15,
        ),
        Work(
            f"chain of {OPERATIONS:,} mul, add, tanh: forward + backward",
            "ms",
            lambda: _timed(lambda: _chain(peer).backward(), 5),
            lambda: _timed(lambda: _chain(autograd.Value).backward(), 5),
            rounds,
            8.0 if NATIVE else 2.5,
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
        theirs, mine = [], []
        for _ in tqdm(range(work.rounds), desc=work.name.split(":")[0], leave=False):
            theirs.append(work.peer())
            mine.append(work.chainrule())
        left, right = statistics.median(theirs), statistics.median(mine)
        cells = f"{left:.1f} {work.unit}", f"{right:.1f} {work.unit}", f"{left / right:.2f} x", f"{work.at_least} x"
        rows.append((work.name, *cells))
    header = ("work", "micrograd 0.1.0, or as said", "chainrule", "ratio", "at least")
    build = ["The native build: the engine's hot modules compiled ahead of time.", ""] if NATIVE else []
    return "\n".join([TITLE, "", *build, *table(header, rows)])


def _forms(rounds: int) -> str:
    """Every form of arithmetic, and every primitive as a method: CPU time per operation, its graph freed at once."""
    rows = []
    for name, form, peers in tqdm([*_arithmetic(), *_methods()], desc="forms", leave=False):
        known = [_namespace(kind) for kind in ((Plain, autograd.Value) if peers else (autograd.Value,))]
        timers = [timeit.Timer(form, globals=names, timer=time.process_time) for names in known]
        times: list[list[float]] = [[] for _ in timers]
        for _ in range(3 * rounds):
            for found, timer in zip(times, timers, strict=True):
                found.append(1e9 * timer.timeit(FORMS // 10) / (FORMS // 10))
        *theirs, mine = map(min, times)
        rows.append(
            (name, f"{theirs[0]:.0f} ns" if peers else "", f"{mine:.0f} ns", f"{mine / theirs[0]:.2f}" if peers else "")
        )
    text = "CPU time of a form; the ratio to the class of 40 lines is to be at most 1.05. The least of all rounds."
    return "\n".join(["", "", text, "", *table(("form", "40 lines", "chainrule", "ours / theirs"), rows)])


def _namespace(kind: type[Any]) -> dict[str, Any]:
    numbers = {"xs": [kind(0.5 + i) for i in range(16)], "ws": [kind(1.5 - i) for i in range(16)]}
    numpy: dict[str, Any] = {"n": 3.0}
    if importlib.util.find_spec("numpy") is not None:
        numpy = {"n": importlib.import_module("numpy").float64(3.0)}
    return {"a": kind(1.5), "b": kind(2.5), "x": 3.0, "i": 3, **numbers, **numpy}


def _arithmetic() -> Iterator[tuple[str, str, bool]]:
    """A name, its code, and whether the class of 40 lines has it."""
    kinds = {"b": "Value", "x": "float", "i": "int", "n": "NumPy scalar"}
    for sign in ("+", "-", "*", "/", "**"):
        for name, kind in kinds.items():
            peers = sign != "**" or name != "b"
            yield f"Value {sign} {kind}", f"a {sign} {name}", peers
            if name != "b":
                yield f"{kind} {sign} Value", f"{name} {sign} a", sign != "**" and name != "n"
    yield "-Value", "-a", True
    yield "sum of 16 products", "sum(x * w for x, w in zip(xs, ws))", True
    yield "max of 16", "max(xs)", False
    for name in ("<", "=="):
        yield f"Value {name} float", f"a {name} x", False


def _methods() -> Iterator[tuple[str, str, bool]]:
    for primitive in TABLE.values():
        if not primitive.internal and primitive.arity is not None and not primitive.operator:
            call = f"a.{primitive.name}({', '.join(['b', 'b'][: primitive.arity - 1])})"
            yield call, call, primitive.name in ("exp", "log", "relu")


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
