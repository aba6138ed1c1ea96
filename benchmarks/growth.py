"""How time grows with the size of the graph: the exponent of every operation on a chain and on a random graph, fitted."""

import copy
import gc
import math
import pickle
import random
import statistics
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from tqdm import tqdm

import autograd
from autograd import Value
from autograd.compiler.options import Options
from autograd.compiler.pipeline import executable_of
from autograd.compiler.trace.tracer import trace
from benchmarks.common import MACHINE, table

SIZES = tuple(1_000 * 2**i for i in range(7))
FEW = SIZES[:4]  # for what takes long
NEAR = 1_000  # results from which a random operation takes its operands: from farther away, caches would be measured
AT_MOST = 1.2
HEADER = ("work", "graph", "operations", "an operation, first", "an operation, last", "exponent", "at most", "collector on")

Function = Callable[[Any], Any]
"""A function of one number, of any type, that takes a given number of operations."""


class Work(NamedTuple):
    """One thing to measure: it prepares what is done with a function of each of the sizes."""

    name: str
    prepared: Callable[[Function], Callable[[], object]]
    sizes: Sequence[int] = SIZES


def run(options: Namespace) -> str:
    """Measure everything; returns the table as Markdown."""
    rows = [_row(work, name, graph, min(options.rounds, 3)) for work in WORKS for name, graph in GRAPHS.items()]
    about = (
        f"{MACHINE}; t = c * n**exponent, fitted by least squares to log t, sizes n doubled. t is the least processor time of "
        "several rounds, without the renderer's; with the collector at rest, and in the last column at work."
    )
    return "\n".join([about, "", *table(HEADER, rows)])


def _row(work: Work, name: str, graph: Callable[[int], Function], rounds: int) -> tuple[str, ...]:
    least: dict[bool, list[float]] = {False: [], True: []}
    for size in tqdm(work.sizes, desc=f"{work.name}, {name}", leave=False):
        use = work.prepared(graph(size))
        for collector, times in least.items():
            times.append(min(_seconds(use, collector=collector) for _ in range(rounds)))
    ends = [f"{1e6 * least[False][i] / work.sizes[i]:.2f} µs" for i in (0, -1)]
    span = f"{work.sizes[0]:,} to {work.sizes[-1]:,}"
    at_rest, at_work = (f"{exponent(work.sizes, times):.2f}" for times in least.values())
    return work.name, name, span, *ends, at_rest, str(AT_MOST), at_work


def _seconds(use: Callable[[], object], *, collector: bool) -> float:
    """The processor time that one use takes, what it leaves included."""
    gc.collect()
    if not collector:
        gc.disable()
    try:
        start = time.process_time()
        use()
        return time.process_time() - start
    finally:
        gc.enable()


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The slope of log times over log sizes, by least squares.

    >>> round(exponent([1.0, 2.0, 4.0], [3.0, 12.0, 48.0]), 12)
    2.0
    """
    return statistics.linear_regression(list(map(math.log, sizes)), list(map(math.log, times))).slope


def chain(operations: int) -> Function:
    """Each operation takes the result of the one before: products, sums and tanh in turn."""

    def f(x: Any) -> Any:
        y = x
        for _ in range(operations // 3):
            y = autograd.tanh(y * x + 0.1)
        return y

    return f


@cache
def scattered(operations: int) -> Function:
    """Each operation takes any two of the NEAR latest results; the result is the sum of those that nobody took."""
    rng = random.Random(operations)
    near = [(max(0, i - NEAR), i + 1) for i in range(operations // 2)]
    steps = [(rng.random() < 0.5, rng.randrange(*span), rng.randrange(*span)) for span in near]
    taken = {operand for _, *operands in steps for operand in operands}

    def f(x: Any) -> Any:
        results = [x]
        for product, i, j in steps:
            results.append(autograd.tanh(results[i] * results[j] if product else results[i] + results[j]))
        return autograd.sum_([result for i, result in enumerate(results) if i not in taken])

    return f


GRAPHS = {"chain": chain, "random": scattered}


def _on(use: Callable[[Any], object], f: Function) -> Callable[[], object]:
    """Use a graph that is made before."""
    return partial(use, f(Value(0.5)))


def _on_nodes(use: Callable[[Any], object], f: Function) -> Callable[[], object]:
    """Use the list of all its nodes."""
    return partial(use, autograd.topological_order(f(Value(0.5))))


def _program(f: Function) -> Any:
    return trace(lambda symbols: (autograd.value_and_grad(f)(symbols[0]), None), ["x"])[0]


def _text(result: Value, most: int | None = None) -> str:
    return str(autograd.draw(result, max_nodes=most or len(autograd.topological_order(result))).source)


def _works() -> Iterator[Work]:
    def there_and_back(thing: Any) -> Any:
        return pickle.loads(pickle.dumps(thing))  # noqa: S301 - our own

    yield Work("record, and drop", lambda f: lambda: f(Value(0.5)))
    yield Work("backward", partial(_on, Value.backward))
    yield Work("trace, of value and gradient", lambda f: partial(_program, f), SIZES[:6])
    yield Work("compile it", lambda f: partial(executable_of, _program(f), Options(backend="llvm")), FEW)
    yield Work("draw all of it, as text", partial(_on, _text), FEW)
    yield Work("draw 100 nodes of it", partial(_on, partial(_text, most=100)))
    yield Work("page of 20 nodes of it", partial(_on, partial(autograd.page, max_nodes=20)))
    yield Work("pickle and unpickle", partial(_on, there_and_back))
    yield Work("pickle and unpickle the list of all nodes", partial(_on_nodes, there_and_back))
    yield Work("deepcopy", partial(_on, copy.deepcopy))
    yield Work("deepcopy the list of all nodes", partial(_on_nodes, copy.deepcopy))


WORKS = list(_works())
