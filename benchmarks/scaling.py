"""How the cost of training grows with rows, parameters and threads; a part of `benchmarks.training`."""

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tqdm import tqdm

import autograd
from benchmarks.alternating import cores
from benchmarks.common import duration, seconds, table
from benchmarks.contenders import compiling
from benchmarks.figures import many_rows
from benchmarks.growth import exponent
from benchmarks.trainers import ours
from benchmarks.works import grown

LONGEST = 40.0  # seconds: a ladder ends before a size that would take longer
MOST = 2e9  # bytes of data
HEADER = ("cost", "of", "sizes", "time, first", "time, last", "exponent")


class Ladder(NamedTuple):
    """A cost to measure at growing sizes: `use` measures the seconds at one; `weight` gives the bytes of data it needs."""

    cost: str
    of: str
    sizes: Sequence[int]
    use: Callable[[int], float]
    weight: Callable[[int], float] = lambda _: 0.0
    size: Callable[[int], float] = float  # what the exponent is taken to


def lines() -> list[str]:
    """The lines of the section."""
    about = (
        "t = c * n**exponent, fitted by least squares to log t; t is the least processor time of two runs, "
        "without compiling if not named."
    )
    rows = [_row(ladder) for ladder in _ladders()]
    return [about, "", *table(HEADER, rows), *_threads()]


def _ladders() -> Iterator[Ladder]:
    decades = [10**i for i in range(3, 8)]
    row = 8.0 * (16 + 1)  # bytes
    yield Ladder("value and gradient, one call", "rows", decades, _call, lambda rows: row * rows)
    yield Ladder("`fit`, one epoch in batches of 128", "rows", decades, _fit, lambda rows: 5.0 * row * rows)  # as lists, too
    widths = [8, 16, 32, 64, 128]
    yield Ladder("`fit`, one epoch of 1,024 rows", "parameters", widths, _fit_of_width, size=_parameters)
    yield Ladder("tracing and compiling it", "parameters", widths, _compiling, size=_parameters)


def _parameters(width: int) -> float:
    return float(sum(layer.nout * (layer.nin + 1) for layer in grown(1, width, 1).layers))


def _least(use: Callable[[], Any], times: int = 2) -> float:
    found = []
    for _ in range(times):
        watch = compiling()
        with watch.watching():
            start = time.process_time()
            use()
            found.append(time.process_time() - start - watch.seconds)
    return min(found)


def _call(rows: int) -> float:
    step = many_rows(rows)
    step()
    return _least(step)


def _fit(rows: int) -> float:
    return _least(ours(grown(rows, 8, 128), "compiled"))


def _fit_of_width(width: int) -> float:
    return _least(ours(grown(1024, width, 128), "compiled"))


def _compiling(width: int) -> float:
    train = ours(grown(2, width, 2), "compiled")
    watch = compiling()
    with watch.watching():
        train()
    return watch.seconds


def _row(ladder: Ladder) -> tuple[str, ...]:
    times: list[float] = []
    for size in tqdm(ladder.sizes, desc=ladder.cost, leave=False):
        growth = size / ladder.sizes[len(times) - 1] if times else 1.0
        if ladder.weight(size) > MOST or (times and times[-1] * growth > LONGEST):
            break
        times.append(ladder.use(size))
    sizes = [ladder.size(size) for size in ladder.sizes[: len(times)]]
    span = f"{sizes[0]:,.0f} to {sizes[-1]:,.0f}"
    return ladder.cost, ladder.of, span, duration(times[0]), duration(times[-1]), f"{exponent(sizes, times):.2f}"


def _threads() -> list[str]:
    """A row for each number of threads."""
    if "threads" not in inspect.signature(autograd.jit).parameters:
        return []
    counts = range(1, cores() + 1)
    times = []
    for count in counts:
        step = many_rows(1_000_000, threads=count)
        step()
        times.append(min(seconds(step, 1) for _ in range(5)))
    cells = [(str(count), duration(found), f"{times[0] / found:.2f} x") for count, found in zip(counts, times, strict=True)]
    fitted = f"exponent {exponent(list(counts), times):.2f}" if len(counts) > 1 else "one core"
    return ["", f"Threads, value and gradient of 1,000,000 rows ({fitted}):", "", *table(("threads", "time", "speed"), cells)]
