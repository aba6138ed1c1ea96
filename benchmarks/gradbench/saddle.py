"""saddle: the x that minimizes what y maximizes of a saddle; each is found by gradient descent, one inside the other.

The four sizes are ways to differentiate: forward or reverse mode in the outer descent, forward or reverse in the inner.
"""

from functools import partial
from typing import Any

from autograd import jit
from benchmarks.gradbench.descent import MODES, VARIANTS, argmax, argmin, by_floats, by_jax, by_torch
from benchmarks.gradbench.frameworks import c_way
from benchmarks.gradbench.problem import EAGER, OURS, Peer, Problem, Way

START = [1.0, 1.0]
PUBLISHED = [8.246324826140356e-06] * 4


def height(x: Any, y: Any) -> Any:
    """The saddle."""
    return (x[0] * x[0] + x[1] * x[1]) - (y[0] * y[0] + y[1] * y[1])


def saddle(outer: Any, inner: Any, start: Any) -> Any:
    """The point x, and the y of it."""

    def highest(x: Any) -> Any:
        return height(x, argmax(lambda y: height(x, y), inner, start))

    x = argmin(highest, outer, start)
    return x, argmax(lambda y: height(x, y), outer, start)


def ours(variant: str, compiled: Any = jit) -> Way:
    """The whole of it, compiled or eager."""
    find = compiled(partial(saddle, *[MODES[letter] for letter in variant]))
    return Way(lambda: find(START))


def torch(variant: str) -> Way:
    """PyTorch: the same in plain Python, by torch.func."""
    import torch

    torch.set_num_threads(1)
    start = torch.tensor(START, dtype=torch.float64)
    outer, inner = [{"f": torch.func.jacfwd, "r": torch.func.grad}[letter] for letter in variant]

    def find() -> Any:
        def lowest(x: Any, mode: Any) -> Any:
            return by_torch(lambda y: -height(x, y), mode, start)

        x = by_torch(lambda x: height(x, lowest(x, inner)), outer, start)
        return x, lowest(x, outer)

    return Way(find)


def jax(variant: str) -> Way:
    """JAX: the same in while_loops; it has no reverse mode through them."""
    import jax

    outer, inner = [{"f": jax.jacfwd, "r": jax.grad}[letter] for letter in variant]

    @jax.jit
    def find(start: Any) -> Any:
        def lowest(x: Any, mode: Any) -> Any:
            return by_jax(lambda y: -height(x, y), mode, start)

        x = by_jax(lambda x: height(x, lowest(x, inner)), outer, start)
        return x, lowest(x, outer)

    return Way(lambda: jax.block_until_ready(find(jax.numpy.asarray(START))))


def c(_: str) -> Way:
    """C: slopes by hand, whatever the mode."""
    return c_way("saddle.c", (), [START], 4, primal=False)


def answer(_: Any) -> Any:
    """By descents in plain Python, with gradients by hand: the inner's maximum is 0 at y = 0, whatever x is."""

    def inner(x: list[float]) -> list[float]:
        return by_floats(lambda y: -height(x, y), lambda y: [2.0 * number for number in y], START)

    x = by_floats(lambda x: height(x, inner(x)), lambda x: [2.0 * number for number in x], START)
    return [x, inner(x)]


PROBLEM = Problem(
    "saddle",
    "a minimum of a maximum by nested descents; f or r: forward or reverse mode, outside and inside",
    VARIANTS,
    lambda variant: variant,
    {
        OURS: Peer("llvmlite", ours),
        EAGER: Peer("autograd", partial(ours, compiled=lambda f: f)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
        "C": Peer("gcc", c),
    },
    answer=answer,
    growing=False,
)
