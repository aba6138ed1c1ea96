"""det: the determinant of a matrix by expansion by minors, which takes about e n! multiplications."""

from functools import cache, partial
from typing import Any

import numpy as np

from autograd import grad, jit
from benchmarks.gradbench.frameworks import c_way, casadi_way, jax_way, torch_way
from benchmarks.gradbench.problem import EAGER, OURS, Peer, Problem, Way


def determinant(a: Any, keep: Any = lambda f: f) -> Any:
    """The sum of the first row's numbers, each times the determinant of what is left without its row and column, by signs."""

    @keep
    def minor(columns: tuple[int, ...]) -> Any:
        row = len(a) - len(columns)
        if len(columns) == 1:
            return a[row][columns[0]]
        total: Any = 0.0
        for i, column in enumerate(columns):
            term = a[row][column] * minor(columns[:i] + columns[i + 1 :])
            total = total - term if i % 2 else total + term
        return total

    return minor(tuple(range(len(a))))


def kept_minors(a: Any) -> Any:
    """The same, with each minor computed once: there are 2**n."""
    return determinant(a, cache)


def ours(a: Any, f: Any = determinant, compiled: Any = jit) -> Way:
    """The function of a matrix, compiled or eager."""
    value, gradient = compiled(f), compiled(grad(f))
    return Way(lambda: gradient(a), lambda: value(a))


def torch(a: Any) -> Way:
    """PyTorch: tensors of one number."""
    return torch_way(lambda a: determinant([row.unbind() for row in a]), [a])


def jax(a: Any) -> Way:
    """JAX: the same scalar code."""
    return jax_way(determinant, [a])


def casadi(a: Any, f: Any = determinant) -> Way:
    """CasADi: an SX graph of the same scalar code."""
    import casadi as ca

    n = len(a)
    x = ca.SX.sym("a", n * n)
    return casadi_way(x, f([[x[n * i + j] for j in range(n)] for i in range(n)]), a.ravel())


def c(a: Any) -> Way:
    """C: one recursion, which takes along what the determinant has to be multiplied by."""
    return c_way("det.c", [len(a)], [a], a.size)


PROBLEM = Problem(
    "det",
    "determinant of n x n numbers by expansion by minors",
    {f"n={n}": n for n in range(5, 12)},
    lambda n: np.random.default_rng(31337).random((n, n)),
    {
        OURS: Peer("llvmlite", ours),
        "chainrule, minors kept": Peer("llvmlite", partial(ours, f=kept_minors)),
        EAGER: Peer("autograd", partial(ours, compiled=lambda f: f)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
        "CasADi": Peer("casadi", casadi),
        "CasADi, minors kept": Peer("casadi", partial(casadi, f=kept_minors)),
        "C": Peer("gcc", c),
    },
    lambda a: a.ravel(),
    lambda a, x: np.linalg.det(x.reshape(a.shape)),
)
