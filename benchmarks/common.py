"""What the suites share: data, timing, and the look of a table."""

import gc
import importlib
import math
import os
import platform
import random
import shutil
import time
from collections.abc import Callable, Iterable

MACHINE = f"Python {platform.python_version()}, {platform.machine()}"
TITLE = f"{MACHINE}; medians, peers alternating in one process, collector on."

os.environ["CHAINRULE_CACHE"] = "off"  # a first result is one that nobody compiled before


def moons(count: int) -> tuple[list[list[float]], list[int]]:
    """Two interleaved half circles with noise 0.1 (as scikit-learn's make_moons), labelled -1 and 1."""
    rng = random.Random(1)
    inputs, targets = [], []
    for i in range(count):
        angle, upper = rng.uniform(0.0, math.pi), i % 2 == 0
        x = math.cos(angle) if upper else 1.0 - math.cos(angle)
        y = math.sin(angle) if upper else 0.5 - math.sin(angle)
        inputs.append([x + rng.gauss(0.0, 0.1), y + rng.gauss(0.0, 0.1)])
        targets.append(-1 if upper else 1)
    return inputs, targets


def seconds(work: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """The mean seconds of one run, over several, so that each pays for the garbage that it leaves."""
    gc.collect()
    start = clock()
    for _ in range(times):
        work()
    return (clock() - start) / times


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a Markdown table."""
    head, *body = [f"| {' | '.join(line)} |" for line in (header, *rows)]
    return [head, f"|{'---|' * (head.count('|') - 1)}", *body]


def one_core() -> None:
    """Set one core, one thread and double precision, before any peer is imported."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    os.environ["JAX_ENABLE_X64"] = "1"


def import_peer(needs: str) -> None:
    """Import the package that a peer needs, or look for gcc; ImportError if it is not there."""
    if needs == "gcc":
        if shutil.which("gcc") is None:
            raise ImportError("no gcc")
    else:
        importlib.import_module(needs)


def duration(figure: float | None) -> str:
    """Three digits, with a unit."""
    if figure is None:
        return "-"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if figure >= scale:
            return f"{figure / scale:.3g} {unit}"
    return f"{figure / 1e-9:.3g} ns"


def ratio(figure: float) -> str:
    """How many times as much."""
    return f"{figure:,.0f} x" if figure >= 100.0 else f"{figure:.2f} x" if figure >= 0.1 else f"{figure:.1g} x"
