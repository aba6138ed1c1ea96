"""What a step of `fit(executor=...)` costs against the rows that a worker has of a batch: a process pool, a Dask cluster."""

import pickle
import time
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.common import MACHINE, duration, table
from nn import MLP, SGD, cross_entropy, fit

WORKERS = 2
ROWS = (100, 1_000, 10_000, 100_000)  # of a batch, for each worker
MOST = 800_000  # rows in all
HEADER = ("rows a worker", "one process", "pool", "ratio", "Dask", "ratio", "bytes out", "bytes back")


def network() -> MLP:
    """64-32-10: 2,410 parameters."""
    return MLP(64, [32, 10], rng=0)


def run(options: Namespace) -> str:
    """Measure everything; returns the table as Markdown."""
    model = network()
    about = (
        f"{MACHINE}; a step of SGD for a network 64-32-10 ({len(model.parameters()):,} parameters), batches drawn anew for "
        f"each epoch; the least time of {options.rounds} epochs. {WORKERS} worker processes of one thread on the same machine; "
        "bytes are those of one worker's task and answer."
    )
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool, cluster() as client:
        rows = [_row(count, pool, client, options.rounds) for count in tqdm(ROWS, leave=False)]
    return "\n".join([about, "", *table(HEADER, rows)])


@contextmanager
def cluster() -> Iterator[Any]:
    """A client of a Dask cluster on this machine."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0") as running,
        Client(running, set_as_default=False) as client,
    ):
        yield client


def _row(count: int, pool: Executor, client: Any, rounds: int) -> tuple[str, ...]:
    batch = WORKERS * count
    rng = np.random.default_rng(0)
    samples = min(8 * batch, MOST)
    data = rng.normal(size=(samples, 64)), rng.integers(0, 10, size=samples)
    alone, in_pool, in_cluster = (
        least_step(data, batch, rounds, **options)
        for options in ({"engine": "compiled", "threads": 1}, {"executor": pool}, {"executor": client})
    )
    with Counting() as counting:
        least_step(data, batch, 2, executor=counting)
    out, back = counting.bytes
    ratios = [f"{alone / x:.2f}" for x in (in_pool, in_cluster)]
    return (
        f"{count:,}", duration(alone), duration(in_pool), ratios[0], duration(in_cluster), ratios[1], f"{out:,}", f"{back:,}",
    )  # fmt: skip


def least_step(data: tuple[Any, Any], batch: int, rounds: int, **options: Any) -> float:
    """The seconds of a step, in the quickest of some epochs after the first."""
    ends: list[float] = []
    model = network()
    optimizer = SGD(model.parameters(), lr=0.01)
    fit(
        model, *data, loss=cross_entropy, optimizer=optimizer, epochs=rounds + 1, batch_size=batch, seed=0,
        callbacks=[lambda *_: ends.append(time.perf_counter())], progress=False, **options,
    )  # fmt: skip
    steps = -(-len(data[0]) // batch)
    return min(end - start for start, end in pairwise(ends)) / steps


class Counting(Executor):
    """Two threads; counts the bytes of the last task and answer."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(WORKERS)
        self._max_workers = WORKERS
        self.bytes = 0, 0

    def submit(self, function: Any, task: Any, /, *args: Any, **options: Any) -> Future[Any]:
        """As `Executor.submit`."""
        future: Future[Any] = self._threads.submit(function, task, *args, **options)
        self.bytes = len(pickle.dumps((function, task))), len(pickle.dumps(future.result()))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as `Executor`
        """As `Executor.shutdown`."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
