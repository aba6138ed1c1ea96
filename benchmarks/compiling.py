"""The table `python -m benchmarks jit compile`: first results, each in a process of its own, and calls after them.

`python -m benchmarks.compiling WORK ROUNDS` is one cell. It prints a line of JSON: the seconds of the processor from before the
function is made to its first result, imports done, and of a call after that; and numbers by which two ways are compared.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from benchmarks.common import MACHINE, duration, one_core, seconds, table

HEADER = ("work", "first result", "a call", "at least")
ROOT = Path(__file__).parent.parent
FEWEST = 3  # processes for a cell, of which the median counts
ROUND = 0.02  # seconds: the least that the calls of one round take
SPENT = 2.0  # seconds of calls are enough
AGREE = 1e-9
PUT, PENDULUM = (100.0, 105.0, 0.05, 0.25, 1.0), (1.0, 0.5, 9.81, 0.1)
SMALL, FRESH = "a small function, new", "the same in a fresh process"
GPT_BY_LOOPS, SECOND = "micro-GPT by scan and vmap, one program for all lengths", "its second start, by code on disk"

Run = Callable[[], Any]


class Work(NamedTuple):
    """A cell: its builder, what should be reached, by how many operations figures are divided, and the work it agrees with."""

    build: Callable[[], Run]
    at_least: str
    operations: int = 1
    like: str = ""


def _document() -> tuple[Any, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    one_hot = np.eye(27)
    return one_hot[rng.integers(0, 27, 8)], one_hot[rng.integers(0, 27, 8)]


def _gpt(*, loops: bool) -> Run:
    import numpy as np

    from autograd import jit, value_and_grad
    from benchmarks import lists

    p, document = np.random.default_rng(1).normal(0.0, 0.08, lists.PARAMETERS), _document()
    if loops:
        return lambda: partial(jit(value_and_grad(lists.gpt_by_loops), dynamic_argnums=1), p, document)
    return lambda: partial(jit(value_and_grad(lists.gpt_by_lists)), p, document)


def _scalar(name: str, point: Any, **options: Any) -> Run:
    from autograd import jit, value_and_grad
    from benchmarks import jit as suite

    function = partial(getattr(suite, name), __import__("autograd"), **options)
    return lambda: partial(jit(value_and_grad(function, argnums=tuple(range(len(point))))), *point)


def _random(operations: int) -> Run:
    from autograd import jit, value_and_grad
    from benchmarks.jit import random_dag

    function, point = partial(random_dag(operations, 20), __import__("autograd")), [math.sin(i + 1.0) for i in range(20)]
    return lambda: partial(jit(value_and_grad(function, argnums=tuple(range(20)))), *point)


def _network() -> Run:
    import numpy as np

    import nn
    from autograd import jit, value_and_grad

    rng = np.random.default_rng(0)
    model = nn.MLP(784, [128, 10], activation="relu", rng=1337)
    inputs, targets = rng.random((128, 784)), rng.integers(0, 10, 128).astype(float)
    parameters = np.array([p.item() for p in model.parameters()])

    def loss(p: Any, x: Any, t: Any) -> Any:
        return nn.cross_entropy(nn.functional_call(model, p, x), t)

    return lambda: partial(jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean"), parameters, inputs, targets)


def _small(*, fresh: bool) -> Run:
    from benchmarks.jit import first_call

    call = partial(first_call, greeks=False, clock=time.process_time)
    if not fresh:
        for _ in range(3):
            call()
    return lambda: call


WORKS = {
    "micro-GPT in plain lists, 8 tokens": Work(partial(_gpt, loops=False), "1.5 s / 25 µs"),
    GPT_BY_LOOPS: Work(partial(_gpt, loops=True), "0.5 s / 25 µs", like="micro-GPT in plain lists, 8 tokens"),
    "American put, 200 steps, in plain lists": Work(partial(_scalar, "american_put", PUT), "3 s"),
    "the same by scan and vmap": Work(
        partial(_scalar, "american_put_by_scan", PUT), "0.2 s / 70 µs", like="American put, 200 steps, in plain lists"
    ),
    "pendulum, 500 steps, by fori_loop": Work(partial(_scalar, "pendulum_by_fori_loop", PENDULUM), "0.1 s"),
    "pendulum, 1,000,000 steps": Work(partial(_scalar, "pendulum_by_fori_loop", PENDULUM, steps=1_000_000), "works"),
    **{
        f"random graph of {n:,} operations, per operation": Work(partial(_random, n), f"60 µs / {ns} ns", n)
        for n, ns in ((1_000, 5), (10_000, 6), (100_000, 8))
    },
    "MLP 784-128-10, 128 rows": Work(_network, "1 s / 1.2 ms"),
    SMALL: Work(partial(_small, fresh=False), "3 ms"),
    FRESH: Work(partial(_small, fresh=True), "25 ms"),
}


def run(options: Namespace) -> str:
    """Measure every work; returns the table as Markdown."""
    rows, found = [], {}
    with tempfile.TemporaryDirectory() as folder:
        names = list(WORKS)
        names.insert(names.index(GPT_BY_LOOPS) + 1, SECOND)
        for name in tqdm(names, desc="compile", leave=False):
            work = WORKS[GPT_BY_LOOPS if name == SECOND else name]
            cells = [_measured(name, options.rounds, folder) for _ in range(FEWEST)]
            found[name] = cells[0]["numbers"]
            for here, there in zip(found[name], found.get(work.like, ()), strict=False):
                if not abs(here - there) <= AGREE * max(1.0, abs(there)):
                    raise SystemExit(f"{name} and {work.like} disagree: {here!r}, {there!r}")
            first, call = (statistics.median([cell[key] for cell in cells]) / work.operations for key in ("first", "call"))
            rows.append(
                (
                    name,
                    duration(first),
                    "" if name in (SMALL, FRESH) else duration(call),
                    "tracing alone" if name == SECOND else work.at_least,
                )
            )
    about = (
        f"{MACHINE}; one core, seconds of the processor, each cell the median of {FEWEST} processes.\n"
        "First result: a number and its gradient, from before the function is made, imports done; nothing on disk at first.\n"
        "What has no loops answers its first call uncompiled."
    )
    return "\n".join([f"## compile\n\n{about}\n", *table(HEADER, rows)])


def joined(before: str, now: str) -> str:
    """A kept page with the table `compile` as it was measured now."""
    return before.partition("\n## compile")[0].rstrip() + "\n\n" + now


def _measured(name: str, rounds: int, folder: str) -> dict[str, Any]:
    """What a cell's process prints; for a second start, of the second."""
    again = name == SECOND
    command = [
        sys.executable,
        "-m",
        "benchmarks.compiling",
        GPT_BY_LOOPS if again else name,
        str(rounds),
        folder if again else "off",
    ]
    for _ in range(2 if again else 1):
        printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - this file
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def measure(name: str, rounds: int) -> dict[str, Any]:
    """One cell, in this process."""
    from benchmarks.peers import numbers

    build = WORKS[name].build()
    if name != FRESH:  # imports are done before
        import autograd.compiler.emit.entries
        import autograd.compiler.loops.linear_map
        import autograd.compiler.pipeline
        import autograd.compiler.run.llvm  # noqa: F401
    start = time.process_time()
    call = build()
    result = call()
    first = result if name in (SMALL, FRESH) else time.process_time() - start  # these measure themselves
    call()
    call()
    times = max(1, round(ROUND / max(seconds(call, 1, time.process_time), 1e-7)))
    calls: list[float] = []
    while len(calls) < rounds and sum(calls) * times < SPENT:
        calls.append(seconds(call, times, time.process_time))
    if name == SMALL:  # each is of a new function
        first = statistics.median(calls)
    return {"first": first, "call": statistics.median(calls), "numbers": [] if name in (SMALL, FRESH) else numbers(result)[:1]}


if __name__ == "__main__":
    one_core()
    os.environ["CHAINRULE_CACHE"] = sys.argv[3]
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
