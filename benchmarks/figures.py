"""Single figures of `benchmarks.training`: a small call of several arrays, `fit` over its kernel, two threads on many rows."""

import inspect
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import autograd
import nn
from benchmarks.common import import_peer, seconds
from benchmarks.works import grown

CALLS, ROWS, MANY = 200, 100, 1_000_000


def on_one_core(rounds: int) -> dict[str, float]:
    """Seconds of a small call, ours and JAX's."""
    runs = {"small call": _small_call()}
    try:
        import_peer("jax")
    except ImportError:
        pass
    else:
        runs["small call, JAX"] = _small_call_of_jax()
    return _medians(runs, rounds, CALLS, time.process_time)


def threaded(rounds: int) -> dict[str, float]:
    """Seconds of value and gradient over a million rows, by one thread and by two; nothing if `jit` has no `threads`."""
    if "threads" not in inspect.signature(autograd.jit).parameters:
        return {}
    runs = {f"{threads} threads": many_rows(MANY, threads=threads) for threads in (1, 2)}
    return _medians(runs, min(rounds, 5), 1, time.perf_counter)


def many_rows(rows: int, width: int = 8, **options: Any) -> Callable[[], Any]:
    """A function that computes the mean loss of these rows, and its gradient to a network's parameters."""
    work = grown(rows, width, rows)
    model = work.model()

    def loss(parameters: Any, x: Any, t: Any) -> Any:
        return nn.l1_loss(nn.functional_call(model, parameters, x), t)

    step = autograd.jit(autograd.value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean", **options)
    return lambda: step(work.parameters, work.inputs, work.targets)


def _medians(runs: dict[str, Callable[[], Any]], rounds: int, times: int, clock: Callable[[], float]) -> dict[str, float]:
    for run in runs.values():
        for _ in range(3):  # until the quickest way of a call is chosen
            run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(seconds(run, times, clock))
    return {name: statistics.median(times) for name, times in found.items()}


def black_and_scholes(m: Any, spot: Any, strike: Any, rate: Any, volatility: Any, years: Any) -> Any:
    """The price of a call option, by the functions of m."""
    deviation = volatility * m.sqrt(years)
    d1 = (m.log(spot / strike) + (rate + 0.5 * volatility**2) * years) / deviation
    chances = [0.5 * m.erfc(-math.sqrt(0.5) * d) for d in (d1, d1 - deviation)]
    return spot * chances[0] - strike * m.exp(-rate * years) * chances[1]


def _options() -> list[Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    ranges = (80.0, 120.0), (80.0, 120.0), (0.01, 0.05), (0.1, 0.4), (0.5, 2.0)
    return [rng.uniform(low, high, ROWS) for low, high in ranges]


def _small_call() -> Callable[[], Any]:
    arrays = _options()
    derived = autograd.value_and_grad(lambda *numbers: black_and_scholes(autograd, *numbers), argnums=(0, 1, 2, 3, 4))
    call = autograd.jit(derived, in_axes=0)
    return lambda: call(*arrays)


def _small_call_of_jax() -> Callable[[], Any]:
    from types import SimpleNamespace

    import jax
    import jax.numpy as jnp

    m = SimpleNamespace(sqrt=jnp.sqrt, log=jnp.log, exp=jnp.exp, erfc=jax.scipy.special.erfc)
    arrays = [jnp.array(array) for array in _options()]
    derived = jax.value_and_grad(lambda *numbers: black_and_scholes(m, *numbers), argnums=(0, 1, 2, 3, 4))
    call = jax.jit(jax.vmap(derived))
    return lambda: jax.block_until_ready(call(*arrays))
