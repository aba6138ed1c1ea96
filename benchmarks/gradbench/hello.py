"""hello: the square of a number, and its slope, four times in turn."""

from typing import Any

from autograd import grad, jit
from benchmarks.gradbench.problem import OURS, Peer, Problem, Way


def square(x: Any) -> Any:
    """The square of x."""
    return x * x


def ours(x: float) -> Way:
    """Compile the square and its slope."""
    value, double = jit(square), jit(grad(square))
    return Way(lambda: double(x), lambda: value(x))


def torch(x: float) -> Way:
    """PyTorch: a tensor of one number."""
    import torch

    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return Way(lambda: torch.autograd.grad(square(leaf), leaf)[0], lambda: square(leaf).detach())


def jax(x: float) -> Way:
    """JAX: as ours."""
    import jax

    value, double = jax.jit(square), jax.jit(jax.grad(square))
    return Way(lambda: double(x).block_until_ready(), lambda: value(x).block_until_ready())


def casadi(x: float) -> Way:
    """CasADi: an SX graph."""
    import casadi as ca

    symbol = ca.SX.sym("x")
    value = ca.Function("f", [symbol], [square(symbol)])
    double = ca.Function("g", [symbol], [ca.gradient(square(symbol), symbol)])
    return Way(lambda: double(x).full(), lambda: value(x).full())


PROBLEM = Problem(
    "hello",
    "the square of a number, and its slope",
    {"x=1": 1.0},
    lambda size: size,
    {OURS: Peer("llvmlite", ours), "PyTorch": Peer("torch", torch), "JAX": Peer("jax", jax), "CasADi": Peer("casadi", casadi)},
    lambda x: [x],
    lambda _, x: x[0] * x[0],
)
