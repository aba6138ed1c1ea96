"""llsq: least squares of a polynomial that is to be the sign of its argument, at n points of [-1, 1]."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd import grad, jit
from benchmarks.gradbench.frameworks import c_way, casadi_way, jax_way, torch_way
from benchmarks.gradbench.problem import FAST, OURS, Peer, Problem, Way

COEFFICIENTS = 128


class Inputs(NamedTuple):
    """The coefficients, and the points with their signs."""

    x: Any
    t: Any
    s: Any


def inputs(n: int) -> Inputs:
    """Random coefficients; points at equal distances."""
    t = -1.0 + np.arange(n) * 2.0 / (n - 1)
    return Inputs(np.random.default_rng(31337).random(COEFFICIENTS), t, np.sign(t))


def polynomial(x: Any, t: Any) -> Any:
    """x_0 + x_1 t + x_2 t**2 + ..., by Horner's rule."""
    result = x[-1]
    for coefficient in x[-2::-1]:
        result = result * t + coefficient
    return result


def loss(x: Any, t: Any, s: Any) -> Any:
    """Half the square of how far the polynomial is from s at t."""
    apart = s - polynomial(x, t)
    return 0.5 * apart * apart


def ours(given: Inputs, *, fast: bool = False) -> Way:
    """The points are rows, whose losses are added."""
    value, gradient = [jit(f, in_axes=(None, 0, 0), reduce="sum", fast=fast) for f in (loss, grad(loss))]
    return Way(lambda: gradient(*given), lambda: value(*given))


def torch(given: Inputs) -> Way:
    """PyTorch: all points in one tensor."""
    return torch_way(lambda x, t, s: loss(x.unbind(), t, s).sum(), given)


def jax(given: Inputs) -> Way:
    """JAX: its own polyval, a scan."""
    import jax.numpy as jnp

    return jax_way(lambda x, t, s: 0.5 * jnp.sum((s - jnp.polyval(x[::-1], t)) ** 2), given)


def casadi(given: Inputs) -> Way:
    """CasADi: an MX graph of all points."""
    import casadi as ca

    x = ca.MX.sym("x", COEFFICIENTS)
    return casadi_way(x, ca.sum1(loss(ca.vertsplit(x), ca.DM(given.t), ca.DM(given.s))), given.x)


def c(given: Inputs) -> Way:
    """C: blocks of points, forward and back."""
    return c_way("llsq.c", (len(given.t), COEFFICIENTS), given, COEFFICIENTS)


def function(given: Inputs, x: Any) -> Any:
    """The loss by NumPy, with all powers."""
    return 0.5 * np.sum((given.s - np.vander(given.t, COEFFICIENTS, increasing=True) @ x) ** 2)


PROBLEM = Problem(
    "llsq",
    f"least squares of a polynomial of {COEFFICIENTS} coefficients at n points",
    {f"n={n}": n for n in (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8196, 16392)},
    inputs,
    {
        OURS: Peer("llvmlite", ours),
        FAST: Peer("llvmlite", partial(ours, fast=True)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
        "CasADi": Peer("casadi", casadi),
        "C": Peer("gcc", c),
    },
    lambda given: given.x,
    function,
)
