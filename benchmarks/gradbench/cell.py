"""One cell of the table, in a process of its own: `python -m benchmarks.gradbench.cell PROBLEM SIZE PEER ROUNDS`.

Prints lines of JSON, each with more than the one before, so that a limit loses none of it: the seconds of the first result,
from before the function is made, and of a later call; how far from the reference value and gradient are.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.common import import_peer, one_core, seconds
from benchmarks.gradbench.problem import Run

ROUND = 0.02  # seconds: the least that the calls of one round take
COARSE = 0.1  # seconds: an interval for which the clock of the processor is fine enough
SPENT = 1.0  # seconds: what is called for longer was called enough


def main(name: str, size: str, peer: str, rounds: int) -> Iterator[dict[str, Any]]:
    """Measure one way to do one problem of one size: yields what is known, again and again."""
    one_core()
    from benchmarks.gradbench.suite import PROBLEMS  # it is imported on one core

    problem = PROBLEMS[name]
    inputs, contender = problem.inputs(problem.sizes[size]), problem.peers[peer]
    import_peer(contender.needs)
    watch = Watch()
    way = contender.build(inputs)
    found = way.gradient()
    result = {"first": watch.seconds(), "tolerance": problem.tolerance}
    result["error"] = problem.error_of_gradient(inputs, found)
    yield result
    del found
    result["gradient"] = median(way.gradient, rounds)
    yield result
    if way.value is not None:
        result["error"] = max(result["error"], problem.error_of_value(inputs, way.value()))
        result["value"] = median(way.value, rounds)
    yield result | {"done": True}


class Watch:
    """Seconds of the processor, which a busy machine disturbs less; of the clock, where the processor's are too coarse."""

    def __init__(self) -> None:
        self.start = self._read()

    def seconds(self) -> float:
        """Since it was made."""
        wall, processor = [now - then for now, then in zip(self._read(), self.start, strict=True)]
        return processor if processor > COARSE else wall

    @staticmethod
    def _read() -> tuple[float, float]:
        return time.perf_counter(), sum(os.times()[:4])  # with a compiler's that is run


def median(run: Run, rounds: int) -> float:
    """The median seconds of a call."""
    run()  # a first result may do without machine code, which the second call makes
    watch = Watch()
    run()
    if (later := watch.seconds()) > SPENT:
        return later
    times = max(1, round(ROUND / seconds(run, 1)))
    calls: list[float] = []
    while len(calls) < rounds and sum(calls) * times < SPENT:
        calls.append(seconds(run, times))
    return statistics.median(calls)


if __name__ == "__main__":
    for known in main(*sys.argv[1:4], int(sys.argv[4])):
        print(json.dumps(known), flush=True)
