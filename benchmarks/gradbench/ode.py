"""ode: s Runge-Kutta steps of y_0' = x_0, y_i' = x_i y_(i-1), from 0; the gradient is that of the last y."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd import grad, jit, scan, take, vmap
from benchmarks.gradbench.frameworks import c_way, casadi_run, torch_way
from benchmarks.gradbench.problem import EAGER, OURS, Peer, Problem, Way

TIME = 2.0


class Inputs(NamedTuple):
    """The coefficients, and how many steps."""

    x: Any
    steps: int


def inputs(size: tuple[int, int]) -> Inputs:
    """Random coefficients."""
    n, steps = size
    return Inputs(np.random.default_rng(31337).random(n), steps)


def solution(x: Any, steps: int) -> Any:
    """All y in the end."""
    h = TIME / steps

    def slopes(y: Any) -> Any:
        return scan(lambda before, each: (each[1], each[0] * before), 1.0, (x, y))[1]

    def moved(y: Any, by: float, slopes: Any) -> Any:
        return vmap(lambda a, b: a + by * b)(y, slopes)

    def step(y: Any, _: Any) -> Any:
        k1 = slopes(y)
        k2 = slopes(moved(y, h / 2.0, k1))
        k3 = slopes(moved(y, h / 2.0, k2))
        k4 = slopes(moved(y, h, k3))
        return vmap(lambda y, k1, k2, k3, k4: y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4))(y, k1, k2, k3, k4), None

    y, _ = scan(step, vmap(lambda _: 0.0)(x), length=steps)
    return y


OF_ANY_LENGTH = partial(jit, dynamic_argnums=0)


def ours(given: Inputs, compiled: Any = OF_ANY_LENGTH) -> Way:
    """The solution and the gradient of its last number, by one program for any n."""
    x, steps = given
    value = compiled(lambda x: solution(x, steps))
    gradient = compiled(grad(lambda x: take(solution(x, steps), -1)))
    return Way(lambda: gradient(x), lambda: value(x))


def by_arrays(join: Any, y: Any, x: Any, h: float) -> Any:
    """A step by arrays of a framework, which `join` puts end to end."""
    k1 = join(x[:1], x[1:] * y[:-1])
    k2 = join(x[:1], x[1:] * (y + h / 2.0 * k1)[:-1])
    k3 = join(x[:1], x[1:] * (y + h / 2.0 * k2)[:-1])
    k4 = join(x[:1], x[1:] * (y + h * k3)[:-1])
    return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def _solved(join: Any, zeros: Any, x: Any, steps: int) -> Any:
    y = zeros
    for _ in range(steps):
        y = by_arrays(join, y, x, TIME / steps)
    return y


def torch(given: Inputs) -> Way:
    """PyTorch: a tensor of all y."""
    import torch

    def solve(x: Any) -> Any:
        return _solved(lambda *parts: torch.cat(parts), torch.zeros_like(x), x, given.steps)

    value, gradient = torch_way(solve, [given.x]).value, torch_way(lambda x: solve(x)[-1], [given.x]).gradient
    return Way(gradient, value)


def jax(given: Inputs) -> Way:
    """JAX: likewise, in a fori_loop."""
    import jax
    import jax.numpy as jnp

    def solve(x: Any) -> Any:
        h = TIME / given.steps
        join = lambda *parts: jnp.concatenate(parts)  # noqa: E731 - as for the others
        return jax.lax.fori_loop(0, given.steps, lambda _, y: by_arrays(join, y, x, h), jnp.zeros_like(x))

    x, value, gradient = jnp.asarray(given.x), jax.jit(solve), jax.jit(jax.grad(lambda x: solve(x)[-1]))
    return Way(lambda: gradient(x).block_until_ready(), lambda: value(x).block_until_ready())


def casadi(given: Inputs) -> Way:
    """CasADi: an MX graph of all steps, with vectors."""
    import casadi as ca

    x = ca.MX.sym("x", len(given.x))
    y = _solved(ca.vertcat, ca.MX.zeros(len(given.x)), x, given.steps)
    return Way(
        casadi_run(lambda: ca.Function("g", [x], [ca.densify(ca.gradient(y[-1], x))]), given.x),
        casadi_run(lambda: ca.Function("f", [x], [ca.densify(y)]), given.x),
    )


def c(given: Inputs) -> Way:
    """C: keeps y at each step, and computes the slopes again on the way back."""
    n = len(given.x)
    gradient, y = c_way("ode.c", (n, given.steps), [given.x], n).gradient, np.zeros(n)
    forward = c_way("ode.c", (n, given.steps), [given.x, y], n)
    return Way(gradient, lambda: y if forward.value() == 0.0 else None)


def function(given: Inputs, x: Any) -> Any:
    """All y by NumPy, where the slopes of the four stages are rows of a table."""
    y, h = np.zeros(len(x), dtype=x.dtype), TIME / given.steps
    for _ in range(given.steps):
        change, slope = 0.0, np.zeros_like(y)
        for ahead, weight in ((0.0, 1.0), (0.5, 2.0), (0.5, 2.0), (1.0, 1.0)):
            slope = x * np.concatenate([[1.0], (y + h * ahead * slope)[:-1]])
            change = change + weight * slope
        y = y + h / 6.0 * change
    return y


PROBLEM = Problem(
    "ode",
    "s Runge-Kutta steps of n equations, each driven by the one before; the gradient, of the last, is 0 for n > 4 s",
    {
        f"n={n},s={s}": (n, s)
        for n, s in sorted([(n, s) for n in (1000, 10000, 100000) for s in (1, 10, 100)], key=lambda size: size[0] * size[1])
    },
    inputs,
    {
        OURS: Peer("llvmlite", ours),
        EAGER: Peer("autograd", partial(ours, compiled=lambda f: f)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
        "CasADi": Peer("casadi", casadi),
        "C": Peer("gcc", c),
    },
    lambda given: given.x,
    function,
    differentiated=lambda y: y[-1],
)
