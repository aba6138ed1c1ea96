"""lse: the logarithm of the sum of the exponentials of n numbers, by way of their maximum."""

from functools import partial
from math import inf
from typing import Any

import numpy as np

from autograd import exp, grad, jit, log, maximum, scan, sum_, vmap
from benchmarks.gradbench.frameworks import c_way, casadi_way, jax_way, torch_way
from benchmarks.gradbench.problem import EAGER, OURS, Peer, Problem, Way


def log_sum_exp(x: Any) -> Any:
    """a + log(sum of exp(x_i - a)), where a is the largest x_i."""
    largest, _ = scan(lambda found, number: (maximum(found, number), None), -inf, x)
    return largest + log(sum_(vmap(lambda number: exp(number - largest))(x)))


ANY_LENGTH = partial(jit, dynamic_argnums=0)


def ours(x: Any, compiled: Any = ANY_LENGTH) -> Way:
    """The function of an array, compiled once for all lengths, or eager."""
    value, gradient = compiled(log_sum_exp), compiled(grad(log_sum_exp))
    return Way(lambda: gradient(x), lambda: value(x))


def torch(x: Any) -> Way:
    """PyTorch: its maximum, exponential and sum."""
    return torch_way(lambda x: x.max() + (x - x.max()).exp().sum().log(), [x])


def jax(x: Any) -> Way:
    """JAX: likewise."""
    import jax.numpy as jnp

    return jax_way(lambda x: jnp.max(x) + jnp.log(jnp.sum(jnp.exp(x - jnp.max(x)))), [x])


def casadi(x: Any) -> Way:
    """CasADi: likewise, an MX graph."""
    import casadi as ca

    symbol = ca.MX.sym("x", len(x))
    largest = ca.mmax(symbol)
    return casadi_way(symbol, largest + ca.log(ca.sum1(ca.exp(symbol - largest))), x)


def c(x: Any) -> Way:
    """C: two passes, and a third for the gradient."""
    return c_way("lse.c", [len(x)], [x], len(x))


def function(_: Any, x: Any) -> Any:
    """The same by NumPy, for complex numbers too."""
    largest = np.max(np.real(x))
    return largest + np.log(np.sum(np.exp(x - largest)))


PROBLEM = Problem(
    "lse",
    "log of the sum of the exponentials of n numbers",
    {f"n={2500 * 2**i}": 2500 * 2**i for i in range(10)},
    lambda n: np.random.default_rng(31337).random(n),
    {
        OURS: Peer("llvmlite", ours),
        EAGER: Peer("autograd", partial(ours, compiled=lambda f: f)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
        "CasADi": Peer("casadi", casadi),
        "C": Peer("gcc", c),
    },
    lambda x: x,
    function,
)
