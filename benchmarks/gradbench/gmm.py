"""gmm: the log posterior of a mixture of k Gaussians in d dimensions for n points, with Wishart's prior on their precision."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd import dot, exp, grad, jit, logsumexp, sum_, vmap
from benchmarks.gradbench.frameworks import c_way, jax_way, torch_way
from benchmarks.gradbench.problem import FAST, OURS, Peer, Problem, Way, split

POINTS = 1000
MANY = 2000  # means, k times d of them: turn by turn, they take a minute to compile
FREEDOM, GAMMA = 0, 1.0  # of the prior: additional degrees of freedom m, and its precision


class Inputs(NamedTuple):
    """Weights, means, logarithms of the diagonals and what is below them, column by column; and the points."""

    alpha: Any
    mu: Any
    q: Any
    l: Any  # noqa: E741 - the definition's name
    x: Any


def inputs(size: tuple[int, int]) -> Inputs:
    """Random numbers, as the definition draws them."""
    d, k = size
    rng = np.random.default_rng(31337)
    x, alpha, mu, q = rng.normal(size=(POINTS, d)), rng.normal(size=k), rng.uniform(size=(k, d)), rng.normal(size=(k, d))
    return Inputs(alpha, mu, q, rng.normal(size=(k, d * (d - 1) // 2)), x)


def places(d: int) -> list[list[int]]:
    """For each row of the lower triangle, where its numbers stand, if columns follow each other."""
    return [[j * (2 * d - j - 1) // 2 + i - j - 1 for j in range(i)] for i in range(d)]


def constant(d: int, k: int) -> float:
    """What does not depend on the parameters."""
    freedom = d + FREEDOM + 1
    gamma_d = d * (d - 1) / 4.0 * math.log(math.pi) + sum(math.lgamma((freedom - j) / 2.0) for j in range(d))
    return k * (freedom * d * math.log(GAMMA / math.sqrt(2.0)) - gamma_d) - POINTS * d / 2.0 * math.log(2.0 * math.pi)


def log_likelihood(alpha: Any, mu: Any, q: Any, l: Any, x: Any) -> Any:  # noqa: E741
    """The log of a point's density, but for its constant factor: of all Gaussians, by their weights."""

    def component(alpha: Any, mu: Any, q: Any, l: Any) -> Any:  # noqa: E741
        apart = [a - b for a, b in zip(x, mu, strict=True)]
        scaled = [exp(q[i]) * apart[i] + dot([l[j] for j in row], apart[:i]) for i, row in enumerate(places(len(mu)))]
        return alpha - 0.5 * dot(scaled, scaled) + sum_(q)

    return logsumexp(vmap(component)(alpha, mu, q, l)) - logsumexp(alpha)


def log_prior(q: Any, l: Any) -> Any:  # noqa: E741
    """The log of the prior, but for its constant factor, of one Gaussian."""
    squares = dot(l, l) + sum_([exp(2.0 * number) for number in q])
    return FREEDOM * sum_(q) - 0.5 * GAMMA**2 * squares


def ours(given: Inputs, *, fast: bool = False, loops: bool | None = None) -> Way:
    """The points are rows, whose log likelihoods are added; and so are the Gaussians, with their priors.

    With `loops`, all Gaussians of a point are a loop: what is compiled does not grow with their number. By default many are.
    """
    loops = given.mu.size > MANY if loops is None else loops
    likelihood, prior = [
        [
            jit(f, in_axes=(None, None, None, None, 0), reduce="sum", fast=fast, loops=loops)
            for f in (log_likelihood, grad(log_likelihood, (0, 1, 2, 3)))
        ],
        [jit(log_prior, in_axes=0, reduce="sum", fast=fast), jit(grad(log_prior, (0, 1)), in_axes=0, fast=fast)],
    ]

    def value() -> Any:
        return likelihood[0](*given) + prior[0](given.q, given.l) + constant(*reversed(given.mu.shape))

    def gradient() -> Any:
        alpha, mu, q, l = likelihood[1](*given)  # noqa: E741
        of_q, of_l = prior[1](given.q, given.l)
        return alpha, mu, q + of_q, l + of_l

    return Way(gradient, value)


def by_arrays(m: Any, lower: Any, alpha: Any, mu: Any, q: Any, l: Any, x: Any) -> Any:  # noqa: E741
    """The log posterior by arrays of a framework m; `lower` puts numbers below a diagonal."""
    k, d = mu.shape

    def log_sum_exp(numbers: Any) -> Any:
        largest = m.amax(numbers, -1)
        return largest + m.log(m.exp(numbers - largest[..., None]).sum(-1))

    apart = x[:, None, :] - mu
    scaled = m.exp(q) * apart + m.einsum("kij,nkj->nki", lower(l), apart)
    beta = alpha - 0.5 * (scaled**2).sum(-1) + q.sum(-1)
    squares = (m.exp(q) ** 2).sum() + (l**2).sum()
    fit = log_sum_exp(beta).sum() - len(x) * log_sum_exp(alpha)
    return fit - 0.5 * GAMMA**2 * squares + FREEDOM * q.sum() + constant(d, k)


def torch(given: Inputs) -> Way:
    """PyTorch: all points and Gaussians in one tensor."""
    import torch

    d = given.x.shape[1]
    columns, rows = torch.triu_indices(d, d, 1)

    def lower(l: Any) -> Any:  # noqa: E741
        return torch.zeros(len(l), d, d, dtype=l.dtype).index_put((torch.arange(len(l))[:, None], rows, columns), l)

    return torch_way(lambda *arguments: by_arrays(torch, lower, *arguments), given, 4)


def jax(given: Inputs) -> Way:
    """JAX: likewise."""
    import jax.numpy as jnp

    d = given.x.shape[1]
    columns, rows = np.triu_indices(d, 1)

    def lower(l: Any) -> Any:  # noqa: E741
        return jnp.zeros((len(l), d, d)).at[:, rows, columns].set(l)

    return jax_way(lambda *arguments: by_arrays(jnp, lower, *arguments), given, (0, 1, 2, 3))


def c(given: Inputs) -> Way:
    """C: a point and a Gaussian at a time."""
    k, d = given.mu.shape
    arrays = (*given, [constant(d, k), GAMMA, float(FREEDOM)])
    return c_way("gmm.c", (d, k, POINTS), arrays, len(point(given)))


def point(given: Inputs) -> Any:
    """All parameters."""
    return np.concatenate([part.ravel() for part in given[:4]])


def function(given: Inputs, numbers: Any) -> Any:
    """The log posterior by NumPy, a Gaussian at a time."""
    alpha, mu, q, l = split(numbers, *[part.shape for part in given[:4]])  # noqa: E741
    k, d = mu.shape
    columns, rows = np.triu_indices(d, 1)
    betas, squares = [], 0.0
    for i in range(k):
        factor = np.diag(np.exp(q[i]))
        factor[rows, columns] = l[i]
        betas.append(alpha[i] - 0.5 * np.sum((factor @ (given.x - mu[i]).T) ** 2, axis=0) + q[i].sum())
        squares = squares + np.sum(factor**2)
    largest = np.max(np.real(betas), axis=0)
    fit = np.sum(largest + np.log(np.sum(np.exp(betas - largest), axis=0))) - POINTS * np.log(np.sum(np.exp(alpha)))
    return fit - 0.5 * GAMMA**2 * squares + FREEDOM * q.sum() + constant(d, k)


PROBLEM = Problem(
    "gmm",
    f"log posterior of k Gaussians in d dimensions for {POINTS:,} points",
    {
        f"d={d},k={k}": (d, k)
        for d, k in sorted(
            [(d, k) for d in (2, 10, 20, 32, 64) for k in (5, 10, 25, 50, 100)], key=lambda size: size[0] * size[1]
        )
    },
    inputs,
    {
        OURS: Peer("llvmlite", ours),
        FAST: Peer("llvmlite", partial(ours, fast=True)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
        "C": Peer("gcc", c),
    },
    point,
    function,
)
