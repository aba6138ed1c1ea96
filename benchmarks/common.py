"""What the suites share: data, timing, and the look of a table."""

import gc
import math
import platform
import random
import time
from collections.abc import Callable, Iterable

MACHINE = f"Python {platform.python_version()}, {platform.machine()}"
TITLE = f"{MACHINE}; medians, peers alternating in one process, collector on."


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


def seconds(work: Callable[[], object], times: int) -> float:
    """The mean seconds of one run, over several, so that each pays for the garbage that it leaves."""
    gc.collect()
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a Markdown table."""
    head, *body = [f"| {' | '.join(line)} |" for line in (header, *rows)]
    return [head, f"|{'---|' * (head.count('|') - 1)}", *body]
