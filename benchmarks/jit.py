"""`autograd.jit` against compilers, frameworks and hand-written C, on one core, in one process, alternating."""

import gc
import importlib.metadata
import importlib.util
import math
import random
import statistics
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

import autograd
import nn
from benchmarks import peers
from benchmarks.common import TITLE, duration, import_peer, moons, one_core, ratio, seconds, table
from benchmarks.peers import Run, Scalar, Training

OURS, FAST = "chainrule", "chainrule, fast"
BY_LOOP = "chainrule, loops"
MACHINE_CODE = "chainrule, machine code"
HEADER = ("work", "by", "first result", "a call", "ratio", "ratio, fast", "at least")
ROUND = 0.02  # seconds: the least that one peer's calls take in one round
SLOW = 0.2  # seconds: for slower calls three rounds are enough


class Contender(NamedTuple):
    """One way to do a work: its name, the package or program it needs, its builder, and how many times as fast we should be."""

    name: str
    needs: str
    build: Callable[[], Run]
    at_least: float | None = None


class Work(NamedTuple):
    """One thing to measure: figures are divided by `operations`; `at_most` limits our first result and our call."""

    name: str
    contenders: Sequence[Contender]
    operations: int = 1
    at_most: tuple[float | None, float | None] = (None, None)


class Measured(NamedTuple):
    """Seconds: from before the function was compiled to its first result, and the median of a call."""

    first: float
    call: float


def run(options: Namespace) -> str:
    """Measure everything but first results alone; returns the table as Markdown."""
    one_core()
    notes = [] if options.slow else [f"JAX on {_dag_name(1_000)} needs `--slow`: it compiles for most of a minute."]
    rows: list[tuple[str, ...]] = []
    for work in _works(slow=options.slow):
        rows += _rows(work, _measure(work, options.rounds, notes))
    if importlib.util.find_spec("autograd.compiler") is not None:
        rows += _first_calls(options.rounds)
    about = "One core; first result: once, from before compiling, imports done; ratio: their call by ours; `fast=True` last."
    notes = [f"\n{note}" for note in dict.fromkeys(notes)]
    return "\n".join([TITLE, about, "", *table(HEADER, rows), *notes, ""])


def _works(*, slow: bool) -> Iterator[Work]:
    network = _moons()
    contenders = [
        *_ours_training(network),
        Contender("JAX jit", "jax", lambda: peers.jax_training(network), 2.5),
        Contender("PyTorch", "torch", lambda: peers.torch_training(network), 8.0),
        Contender("micrograd", "micrograd", lambda: peers.micrograd_training(network), 10_000.0),
        Contender("C: gcc -O3 -march=native -ffast-math", "gcc", lambda: peers.c_training(network), 0.67),
    ]
    yield Work("moons: 100 samples, MLP 2-16-16-1 relu, hinge: forward + backward", contenders)
    digits = _digits()
    contenders = [
        *_ours_training(digits),
        Contender("PyTorch", "torch", lambda: peers.torch_training(digits), 1.0),
        Contender("JAX jit", "jax", lambda: peers.jax_training(digits)),
    ]
    yield Work("digits: 1,797 samples, MLP 64-32-10 relu, cross-entropy: forward + backward", contenders)
    for operations in (1_000, 10_000, 100_000):
        dag = random_dag(operations, 20)
        point = [math.sin(i + 1.0) for i in range(20)]
        contenders = [_ours_scalar(dag, point), _casadi(dag, point, None)]
        if slow or operations < 100_000:
            contenders.insert(1, _ours_scalar(dag, point, MACHINE_CODE))
        if slow and operations == 1_000:
            contenders.append(Contender("JAX jit", "jax", partial(peers.jax_scalar, dag, point)))
        yield Work(_dag_name(operations), contenders, operations, (0.5e-3, 6e-9))
    for name, function, point in (
        ("American put: 200-step binomial tree, price and five Greeks", american_put, [100.0, 105.0, 0.05, 0.25, 1.0]),
        ("pendulum: 500 Runge-Kutta steps, loss and gradient to 2 + 2 numbers", pendulum, [1.0, 0.5, 9.81, 0.1]),
    ):
        xad = Contender("XAD", "xad", partial(peers.xad_scalar, function, point), 100.0)
        contenders = [_ours_scalar(function, point), _casadi(function, point, 10.0), xad]
        if function is american_put:
            contenders.insert(1, _ours_scalar(american_put_by_scan, point, BY_LOOP))
        if function is pendulum:  # mostly sines and cosines, which cost the same for everyone
            contenders.insert(1, _ours_scalar(pendulum_by_fori_loop, point, BY_LOOP))
            contenders.append(Contender("C: gcc -O3 -march=native", "gcc", partial(peers.c_scalar, "pendulum.c", point)))
        yield Work(name, contenders)
    yield Work("call overhead: 2 floats, 5 operations", [Contender(OURS, "autograd.compiler", _ours_small)], 1, (None, 1.5e-6))


def _ours_training(work: Training) -> list[Contender]:
    def build(*, fast: bool) -> Run:
        model = nn.MLP(work.sizes[0], work.sizes[1:], activation="relu")
        loss = getattr(nn, work.loss)
        value_and_grad = autograd.value_and_grad(lambda p, x, t: loss(nn.functional_call(model, p, x), t))
        step = autograd.jit(value_and_grad, in_axes=(None, 0, 0), reduce="mean", fast=fast)
        return partial(step, work.parameters, work.inputs, work.targets)

    return [Contender(name, "autograd.compiler", partial(build, fast=name == FAST)) for name in (OURS, FAST)]


def _ours_scalar(function: Scalar, point: Sequence[float], name: str = OURS) -> Contender:
    def build() -> Run:
        f = autograd.value_and_grad(partial(function, autograd), argnums=tuple(range(len(point))))
        return partial(autograd.jit(f, backend="llvm" if name == MACHINE_CODE else "auto"), *point)

    return Contender(name, "autograd.compiler", build)


def _ours_small() -> Run:
    return partial(autograd.jit(lambda x, y: x * y + autograd.sin(x) - 0.5 * y), 1.5, 2.5)


def _casadi(function: Scalar, point: Sequence[float], at_least: float | None) -> Contender:
    return Contender("CasADi SX", "casadi", partial(peers.casadi_scalar, function, point), at_least)


def _moons() -> Training:
    import numpy as np

    inputs, targets = moons(100)
    parameters = [p.item() for p in nn.MLP(2, [16, 16, 1], activation="relu", rng=1337).parameters()]
    return Training((2, 16, 16, 1), np.array(parameters), np.array(inputs), np.array(targets, dtype=float), "hinge_loss")


def _digits() -> Training:
    """Random numbers in the shape of scikit-learn's digits: features 0 to 16, scaled to 0 to 1, and ten classes."""
    import numpy as np

    rng = np.random.default_rng(0)
    inputs, targets = rng.integers(0, 17, (1797, 64)) / 16.0, rng.integers(0, 10, 1797).astype(float)
    parameters = [p.item() for p in nn.MLP(64, [32, 10], activation="relu", rng=1337).parameters()]
    return Training((64, 32, 10), np.array(parameters), inputs, targets, "cross_entropy")


def _dag_name(operations: int) -> str:
    return f"random scalar DAG, {operations:,} operations, value and gradient to 20 inputs; per operation"


# name: what it costs, what it does, and a bound of its result by those of its operands
STEPS: dict[str, tuple[int, Callable[..., Any], Callable[[float, float], float]]] = {
    "add": (1, lambda m, x, y: x + y, lambda a, b: a + b),  # noqa: ARG005 - every step takes the same
    "sub": (1, lambda m, x, y: x - y, lambda a, b: a + b),  # noqa: ARG005
    "mul": (1, lambda m, x, y: x * y, lambda a, b: a * b),  # noqa: ARG005
    "maximum": (1, lambda m, x, y: m.maximum(x, y), max),
    "sin": (1, lambda m, x, y: m.sin(x), lambda a, b: min(a, 1.0)),  # noqa: ARG005
    "tanh": (1, lambda m, x, y: m.tanh(x), lambda a, b: min(a, 1.0)),  # noqa: ARG005
    "length": (3, lambda m, x, y: m.sqrt(1.0 + x * x), lambda a, b: math.hypot(1.0, a)),  # noqa: ARG005
}


def random_dag(operations: int, inputs: int) -> Scalar:
    """A random program without idle steps: each takes a result not used yet and, if it takes two, any earlier one.

    What could exceed 8 is a tanh instead; the result is the sum of those not used in the end.
    """
    rng = random.Random(operations)
    bounds, unused, program = [1.0] * inputs, list(range(inputs)), []
    left = operations - (inputs - 1)
    while left:
        chosen, other = rng.randrange(inputs), rng.randrange(len(bounds))
        x, y = unused[chosen], other
        name = rng.choice(list(STEPS))
        if STEPS[name][0] > left or STEPS[name][2](bounds[x], bounds[y]) > 8.0:
            name = "tanh"
        cost, step, bound = STEPS[name]
        left -= cost
        unused[chosen] = len(bounds)
        bounds.append(bound(bounds[x], bounds[y]))
        program.append((step, x, y))

    def evaluate(m: Any, *numbers: Any) -> Any:
        results = list(numbers)
        for step, x, y in program:
            results.append(step(m, results[x], results[y]))
        total = results[unused[0]]
        for i in unused[1:]:
            total = total + results[i]
        return total

    return evaluate


def _tree(m: Any, rate: Any, volatility: Any, year: Any) -> tuple[Any, Any, Any, Any]:
    """The factors of the price up and down in a step of that length, and what a value after either is worth before it."""
    up = m.exp(volatility * m.sqrt(year))
    down = 1.0 / up
    discount = m.exp(-rate * year)
    chance = (1.0 / discount - down) / (up - down)
    return up, down, discount * chance, discount * (1.0 - chance)


def american_put(m: Any, spot: Any, strike: Any, rate: Any, volatility: Any, years: Any) -> Any:
    """The price by the binomial tree of Cox, Ross and Rubinstein (1979), with 200 steps and early exercise."""
    steps = 200
    up, down, rise, fall = _tree(m, rate, volatility, years / float(steps))
    spots = {0: spot}
    for i in range(steps):
        spots[i + 1], spots[-i - 1] = spots[i] * up, spots[-i] * down
    payoffs = {i: strike - spot for i, spot in spots.items()}
    prices = [m.maximum(payoffs[i], 0.0) for i in range(-steps, steps + 1, 2)]
    for step in reversed(range(steps)):
        exercise = range(-step, step + 1, 2)
        prices = [m.maximum(payoffs[i], fall * prices[j] + rise * prices[j + 1]) for j, i in enumerate(exercise)]
    return prices[0]


def american_put_by_scan(m: Any, spot: Any, strike: Any, rate: Any, volatility: Any, years: Any) -> Any:
    """The same by loops that stay loops: what is carried has a number for each node of the last step throughout."""
    steps = 200
    up, down, rise, fall = _tree(m, rate, volatility, years / float(steps))
    lowest = m.fori_loop(0, steps, lambda _, x: x * down, spot)
    spots = m.scan(lambda x, _: (x * (up * up), x), lowest, None, steps + 1)[1]
    prices = m.vmap(lambda x: m.maximum(strike - x, 0.0))(spots)

    def step(carry: Any, _: Any) -> Any:
        spots, prices = carry
        spots = m.vmap(lambda x: x * up)(spots)
        kept = m.vmap(lambda x, low, high: m.maximum(strike - x, fall * low + rise * high))
        return (spots, [*kept(spots[:-1], prices[:-1], prices[1:]), prices[-1]]), None

    return m.scan(step, (spots, prices), None, steps)[0][1][0]


def pendulum(m: Any, angle: Any, velocity: Any, gravity_by_length: Any, damping: Any) -> Any:
    """angle**2 + velocity**2 after 500 steps of the classical Runge-Kutta method, 0.01 each."""
    state = angle, velocity
    for _ in range(500):
        state = _swung(m, state, gravity_by_length, damping)
    return state[0] * state[0] + state[1] * state[1]


def pendulum_by_fori_loop(m: Any, angle: Any, velocity: Any, gravity_by_length: Any, damping: Any, steps: int = 500) -> Any:
    """The same by a loop that stays one."""
    end = m.fori_loop(0, steps, lambda _, state: _swung(m, state, gravity_by_length, damping), (angle, velocity))
    return end[0] * end[0] + end[1] * end[1]


def _swung(m: Any, state: tuple[Any, Any], gravity_by_length: Any, damping: Any) -> tuple[Any, Any]:
    """One step of it."""

    def acceleration(angle: Any, velocity: Any) -> Any:
        return -gravity_by_length * m.sin(angle) - damping * velocity

    (angle, velocity), step = state, 0.01
    v1, a1 = velocity, acceleration(angle, velocity)
    v2 = velocity + 0.5 * step * a1
    a2 = acceleration(angle + 0.5 * step * v1, v2)
    v3 = velocity + 0.5 * step * a2
    a3 = acceleration(angle + 0.5 * step * v2, v3)
    v4 = velocity + step * a3
    a4 = acceleration(angle + step * v3, v4)
    angle = angle + step / 6.0 * (v1 + 2.0 * (v2 + v3) + v4)
    return angle, velocity + step / 6.0 * (a1 + 2.0 * (a2 + a3) + a4)


def _measure(work: Work, rounds: int, notes: list[str]) -> dict[str, Measured | None]:
    """The figures of each contender, None for one not installed; results must agree to 1e-9 before anything is timed again."""
    firsts: dict[str, float] = {}
    results: dict[str, list[float]] = {}
    runs: dict[str, Run] = {}
    for contender in work.contenders:
        try:
            import_peer(contender.needs)
        except ImportError as error:
            notes.append(f"{contender.name} is not installed: {error}.")
            continue
        gc.collect()
        start = time.perf_counter()
        runs[contender.name] = contender.build()
        result = runs[contender.name]()
        firsts[contender.name] = time.perf_counter() - start
        results[contender.name] = peers.numbers(result)
    _agree(work.name, results)
    for run in runs.values():  # work done once after the first call, like choosing the quickest way of a call, does not count
        run()
        run()
    calls = {name: [seconds(run, 2)] for name, run in runs.items()}
    times = {name: max(1, round(ROUND / call)) for name, (call,) in calls.items()}
    for i in tqdm(range(rounds), desc=work.name.split(",")[0], leave=False):
        for name, run in runs.items():
            if i < 3 or calls[name][0] < SLOW:
                calls[name].append(seconds(run, times[name]))
    found = {name: Measured(firsts[name], statistics.median(calls[name][1:])) for name in runs}
    return {contender.name: found.get(contender.name) for contender in work.contenders}


def _agree(work: str, results: dict[str, list[float]]) -> None:
    names = list(results)
    for name in names[1:]:
        for i, (ours, theirs) in enumerate(zip(results[names[0]], results[name], strict=True)):
            if not abs(ours - theirs) <= 1e-9 * max(1.0, abs(theirs)):
                what = f"derivative {i - 1}" if i else "the value"
                raise SystemExit(f"{work}: {names[0]} and {name} disagree in {what}: {ours!r}, {theirs!r}")


def _rows(work: Work, measured: dict[str, Measured | None]) -> list[tuple[str, ...]]:
    rows = []
    for i, contender in enumerate(work.contenders):
        found = measured[contender.name]
        cells = [work.name if i == 0 else "", _versioned(contender)]
        figures = (found.first, found.call) if found else (None, None)
        cells += [duration(figure and figure / work.operations) for figure in figures]
        for name in (OURS, FAST):
            ours = measured.get(name)
            no_ratio = contender.needs == "autograd.compiler" or name not in measured
            cells.append("" if no_ratio else ratio(found.call / ours.call) if found and ours else "-")
        bounds = zip(("first result", "a call"), work.at_most, strict=True)
        limits = "; ".join(f"{what} at most {duration(bound)}" for what, bound in bounds if bound and contender.name == OURS)
        rows.append((*cells, ratio(contender.at_least) if contender.at_least else limits))
    return rows


def _versioned(contender: Contender) -> str:
    try:
        version = importlib.metadata.version(contender.needs)
    except importlib.metadata.PackageNotFoundError:
        return contender.name
    return f"{contender.name} {version.split('+')[0]}"


FRESH = iter(count())  # makes every function below a new one, which nothing kept from the others serves


def first_call(*, greeks: bool, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds from a new function, Black and Scholes' price of a call, to its first result by jit."""
    half = 0.5 + next(FRESH) * 1e-9

    def cumulative(x: Any) -> Any:
        return half * autograd.erfc(-math.sqrt(0.5) * x)

    def price(spot: Any, strike: Any, rate: Any, volatility: Any, years: Any) -> Any:
        deviation = volatility * autograd.sqrt(years)
        d1 = (autograd.log(spot / strike) + (rate + half * volatility**2) * years) / deviation
        d2 = d1 - deviation
        return spot * cumulative(d1) - strike * autograd.exp(-rate * years) * cumulative(d2)

    start = clock()
    autograd.jit(autograd.value_and_grad(price, argnums=(0, 1, 2, 3, 4)) if greeks else price)(100.0, 95.0, 0.05, 0.2, 1.0)
    return clock() - start


def _first_calls(rounds: int) -> Iterator[tuple[str, ...]]:
    name, limit = "first call: Black and Scholes' price", "first result at most 50 ms"
    for what, greeks in (("", False), (" and five Greeks", True)):
        found = statistics.median(first_call(greeks=greeks) for _ in range(rounds))
        yield f"{name}{what}, a new function each time", OURS, duration(found), "", "", "", limit
    program = (
        "import time; start = time.perf_counter(); import autograd; autograd.jit; stop = time.perf_counter();"
        "from benchmarks.jit import first_call; print(stop - start, first_call(greeks=False))"
    )
    command = [sys.executable, "-c", program]
    root = Path(__file__).parent.parent
    printed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout  # noqa: S603 - this file
    imports, found = map(float, printed.split())
    yield f"{name} in a fresh process, after {duration(imports)} of imports", OURS, duration(found), "", "", "", limit
