"""kmeans: the squared distances of n points to the nearest of k centroids, and the direction of Newton's method."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd import dot, grad, jit, jvp, minimum, scan, sum_, take, vmap, where
from benchmarks.gradbench.frameworks import c_way
from benchmarks.gradbench.problem import FAST, OURS, Peer, Problem, Way

MANY = 2000  # numbers of the centroids


class Inputs(NamedTuple):
    """The centroids and the points, each a row."""

    centroids: Any
    points: Any


def inputs(size: tuple[int, int, int]) -> Inputs:
    """Random points, of which the last are the centroids: so each has one that is its own."""
    k, n, d = size
    points = np.random.default_rng(31337).random((n, d))
    return Inputs(points[-k:], points)


def squared(point: Any, other: Any) -> Any:
    """The squared distance of two points."""
    apart = [a - b for a, b in zip(other, point, strict=True)]
    return dot(apart, apart)


def cost(centroids: Any, point: Any) -> Any:
    """The squared distance of a point to the nearest centroid."""
    return scan(lambda least, centroid: (minimum(least, squared(point, centroid)), None), np.inf, centroids)[0]


def costs(centroids: Any, points: Any) -> Any:
    """Those of all points."""
    return sum_(vmap(partial(cost, centroids))(points))


def nearest(centroids: Any, point: Any) -> Any:
    """The number of the centroid that is nearest to a point."""

    def nearer(found: Any, centroid: Any) -> Any:
        least, at, i = found
        here = squared(point, centroid)
        return (where(here < least, here, least), where(here < least, i, at), i + 1.0), None

    (_, at, _), _ = scan(nearer, (np.inf, 0.0, 0.0), centroids)
    return at


def total(centroids: Any, points: Any) -> Any:
    """The sum over the points, each of which has a slope to the nearest centroid alone."""
    return sum_(vmap(lambda point: squared(point, take(centroids, nearest(centroids, point))))(points))


def slopes(centroids: Any, points: Any) -> Any:
    """The gradient, and the diagonal of the Hessian, which has nothing beside it: its product with ones."""
    ones = vmap(np.ones_like)(centroids)
    return jvp(lambda centroids: grad(total)(centroids, points), (centroids,), (ones,))


def ours(given: Inputs, *, fast: bool = False, any_number: bool | None = None) -> Way:
    """The costs of the points, which are rows, are added; the gradient and the Hessian's diagonal are those of their sum.

    By one program for `any_number` of points and centroids, or by one for these alone, which compiles for longer and runs for
    less. By default that is for few.
    """
    any_number = given.centroids.size > MANY if any_number is None else any_number
    if any_number:
        value, both = [jit(f, dynamic_argnums=(0, 1), fast=fast) for f in (costs, slopes)]
    else:
        value, both = jit(cost, in_axes=(None, 0), reduce="sum", fast=fast), jit(slopes, fast=fast)

    def direction() -> Any:
        gradient, diagonal = both(*given)
        return gradient / diagonal

    return Way(direction, lambda: value(*given))


def torch(given: Inputs) -> Way:
    """PyTorch: all distances in one tensor; the Hessian's diagonal by a second backward pass."""
    import torch

    torch.set_num_threads(1)
    centroids, points = torch.tensor(given.centroids, requires_grad=True), torch.tensor(given.points)

    def value() -> Any:
        return ((points[:, None] - centroids) ** 2).sum(2).min(1).values.sum()

    def direction() -> Any:
        (gradient,) = torch.autograd.grad(value(), centroids, create_graph=True)
        (diagonal,) = torch.autograd.grad(gradient.sum(), centroids)
        return (gradient / diagonal).detach()

    def primal() -> Any:
        with torch.no_grad():
            return value()

    return Way(direction, primal)


def jax(given: Inputs) -> Way:
    """JAX: likewise, by jvp of grad."""
    import jax
    import jax.numpy as jnp

    def whole(centroids: Any, points: Any) -> Any:
        return jnp.sum(jnp.min(jnp.sum((points[:, None] - centroids) ** 2, axis=2), axis=1))

    @jax.jit
    def direction(centroids: Any, points: Any) -> Any:
        gradient, diagonal = jax.jvp(lambda c: jax.grad(whole)(c, points), (centroids,), (jnp.ones_like(centroids),))
        return gradient / diagonal

    arrays, value, wait = [jnp.asarray(x) for x in given], jax.jit(whole), jax.block_until_ready
    return Way(lambda: wait(direction(*arrays)), lambda: wait(value(*arrays)))


def c(given: Inputs) -> Way:
    """C: each point is counted at its nearest centroid."""
    k, d = given.centroids.shape
    return c_way("kmeans.c", (k, len(given.points), d), given, k * d)


def function(given: Inputs, centroids: Any) -> Any:
    """The cost by NumPy, a centroid at a time."""
    centroids = centroids.reshape(given.centroids.shape)
    nearest = np.full(len(given.points), np.inf)
    for centroid in centroids:
        nearest = np.minimum(nearest, np.sum((given.points - centroid) ** 2, axis=1))
    return np.sum(nearest)


def answer(given: Inputs) -> Any:
    """From the mean of the points that are nearest to it to each centroid, in closed form."""
    distances = [np.sum((given.points - centroid) ** 2, axis=1) for centroid in given.centroids]
    nearest = np.argmin(distances, axis=0)
    means = [given.points[nearest == i].mean(axis=0) for i in range(len(given.centroids))]
    return given.centroids - np.array(means)


PROBLEM = Problem(
    "kmeans",
    "squared distances of n points of d numbers to the nearest of k centroids; the gradient is Newton's direction",
    {
        f"k={k},n={n},d={d}": (k, n, d)
        for k, n, d in sorted(
            [(k, n, d) for k in (10, 100, 1000) for n in (1000, 10000) for d in (8, 16)],
            key=lambda size: size[0] * size[1] * size[2],
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
    lambda given: given.centroids.ravel(),
    function,
    answer=answer,
)
