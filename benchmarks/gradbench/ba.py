"""ba: bundle adjustment: the errors of p observations of m points by n cameras, and their sparse Jacobian."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd import cond, cos, dot, jacobian, jit, sin, sqrt
from benchmarks.gradbench.problem import FAST, OURS, Peer, Problem, Way, split

CAMERA, WIDTH = 11, 15  # numbers of a camera: rotation, centre, focal length, principal point, distortion; of a row


class Inputs(NamedTuple):
    """Cameras, points, weights of observations, what was seen; and which camera saw which point."""

    cameras: Any
    points: Any
    weights: Any
    features: Any
    seen: Any


def inputs(size: tuple[int, int, int]) -> Inputs:
    """Random cameras and points, near one another's."""
    n, m, p = size
    rng = np.random.default_rng(31337)
    camera = np.array([-0.8, -1.1, -0.8, 34.0, 39.0, 53.0, 420.0, 6.0, -8.5, 0.1, 0.003])
    cameras = camera * rng.uniform(0.95, 1.05, (n, CAMERA))
    points, weights = np.array([7.0, 0.1, 3.0]) * rng.uniform(0.9, 1.1, (m, 3)), rng.uniform(0.3, 0.5, p)
    return Inputs(
        cameras, points, weights, rng.uniform(200.0, 900.0, (p, 2)), np.stack([np.arange(p) % n, np.arange(p) % m], 1)
    )


def cross(a: Any, b: Any) -> Any:
    """The cross product of two vectors."""
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def rotated(rotation: Any, x: Any) -> Any:
    """A vector turned about an axis, by the axis's length."""

    def turned(rotation: Any, square: Any) -> Any:
        angle = sqrt(square)
        axis = [number / angle for number in rotation]
        along, across = (1.0 - cos(angle)) * dot(axis, x), cross(axis, x)
        return [a * cos(angle) + b * sin(angle) + c * along for a, b, c in zip(x, across, axis, strict=True)]

    def hardly(rotation: Any, _square: Any) -> Any:
        return [a + b for a, b in zip(x, cross(rotation, x), strict=True)]

    square = dot(rotation, rotation)
    return cond(square > 0.0, turned, hardly, list(rotation), square)


def error(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
    """How far from where it was seen a camera sees a point, by a weight."""
    x = rotated(camera[:3], [a - b for a, b in zip(point, camera[3:6], strict=True)])
    flat = [x[0] / x[2], x[1] / x[2]]
    square = dot(flat, flat)
    distortion = 1.0 + camera[9] * square + camera[10] * square * square
    found = [a * distortion * camera[6] + b for a, b in zip(flat, camera[7:9], strict=True)]
    return [weight * (a - b) for a, b in zip(found, feature, strict=True)]


def weight_error(weight: Any) -> Any:
    """A weight is to be 1 or -1."""
    return 1.0 - weight * weight


def ours(given: Inputs, *, fast: bool = False) -> Way:
    """Observations are rows; each has its camera and point."""
    errors, of_errors = jit(error, in_axes=0, fast=fast), jit(jacobian(error, (0, 1, 2)), in_axes=0, fast=fast)
    where = places(given)
    weights, of_weights = jit(weight_error, in_axes=0, fast=fast), jit(jacobian(weight_error), in_axes=0, fast=fast)

    def observations() -> Any:
        cameras, points = given.seen.T
        return given.cameras[cameras], given.points[points], given.weights, given.features

    def sparse() -> Any:
        numbers, blocks = empty(given, float)
        for i, (camera, point, weight) in enumerate(of_errors(*observations())):
            blocks[:, i, :CAMERA], blocks[:, i, CAMERA:-1], blocks[:, i, -1] = camera, point, weight
        numbers[blocks.size :] = of_weights(given.weights)
        return *where, numbers

    return Way(sparse, lambda: (np.stack(errors(*observations()), axis=1), weights(given.weights)))


def places(given: Inputs) -> tuple[Any, Any]:
    """Where the numbers of the Jacobian are: the starts of its rows, and columns; two rows by observation, then weights."""
    p, offset = len(given.weights), given.cameras.size
    columns, blocks = empty(given, np.int32)
    seen = given.seen[:, None].astype(np.int32)
    blocks[:, :, :CAMERA] = CAMERA * seen[:, :, :1] + np.arange(CAMERA, dtype=np.int32)
    blocks[:, :, CAMERA:-1] = offset + 3 * seen[:, :, 1:] + np.arange(3, dtype=np.int32)
    columns[blocks.size :] = offset + given.points.size + np.arange(p)
    blocks[:, :, -1] = columns[blocks.size :, None]
    return np.concatenate([np.arange(0, blocks.size, WIDTH), blocks.size + np.arange(p + 1)]), columns


def empty(given: Inputs, kind: Any) -> tuple[Any, Any]:
    """An array for as many numbers as the Jacobian has, and the part of it, of shape (p, 2, 15), that the errors have."""
    p = len(given.weights)
    numbers = np.empty(2 * p * WIDTH + p, kind)
    return numbers, numbers[: 2 * p * WIDTH].reshape(p, 2, WIDTH)


def joined(blocks: Any, weights: Any) -> Any:
    """The numbers of the Jacobian, from (p, 2, 15) of errors and p of weights."""
    return np.concatenate([blocks.ravel(), weights])


def along(_given: Inputs, sparse: Any, direction: Any) -> Any:
    """The product of a sparse Jacobian and a vector."""
    starts, columns, numbers = sparse
    return np.add.reduceat(numbers * direction[columns], starts[:-1])


def by_arrays(m: Any, numbers: Any, feature: Any) -> Any:
    """The errors of an observation by arrays of a framework m: of the numbers of a camera, a point and a weight."""
    rotation, x = numbers[:3], numbers[11:14] - numbers[3:6]
    angle = m.sqrt((rotation * rotation).sum())
    axis = rotation / angle
    across = m.linalg.cross(axis, x)
    turned = x * m.cos(angle) + across * m.sin(angle) + axis * (axis * x).sum() * (1.0 - m.cos(angle))
    flat = turned[:2] / turned[2]
    square = (flat * flat).sum()
    found = flat * (1.0 + numbers[9] * square + numbers[10] * square * square) * numbers[6] + numbers[7:9]
    return numbers[14] * (found - feature)


def _numbers(given: Inputs) -> Any:
    cameras, points = given.seen.T
    return np.concatenate([given.cameras[cameras], given.points[points], given.weights[:, None]], axis=1)


def torch(given: Inputs) -> Way:
    """PyTorch: vmap of jacrev, by torch.func."""
    import torch

    torch.set_num_threads(1)
    where = places(given)
    errors = torch.func.vmap(lambda numbers, feature: by_arrays(torch, numbers, feature))
    blocks = torch.func.vmap(torch.func.jacrev(lambda numbers, feature: by_arrays(torch, numbers, feature)))

    def arguments() -> Any:
        return torch.from_numpy(_numbers(given)), torch.from_numpy(given.features)

    def gradient() -> Any:
        return *where, joined(blocks(*arguments()).numpy(), -2.0 * given.weights)

    return Way(gradient, lambda: (errors(*arguments()).numpy(), 1.0 - given.weights**2))


def jax(given: Inputs) -> Way:
    """JAX: likewise."""
    import jax
    import jax.numpy as jnp

    where = places(given)
    errors = jax.jit(jax.vmap(lambda numbers, feature: by_arrays(jnp, numbers, feature)))
    blocks = jax.jit(jax.vmap(jax.jacrev(lambda numbers, feature: by_arrays(jnp, numbers, feature))))

    def gradient() -> Any:
        return *where, joined(np.asarray(blocks(_numbers(given), given.features)), -2.0 * given.weights)

    return Way(gradient, lambda: (np.asarray(errors(_numbers(given), given.features)), 1.0 - given.weights**2))


def casadi(given: Inputs) -> Way:
    """CasADi: SX graphs of an observation, mapped over all."""
    import casadi as ca

    where = places(given)
    x, feature = ca.SX.sym("x", WIDTH), ca.SX.sym("f", 2)
    axis = x[:3] / ca.norm_2(x[:3])
    apart, angle = x[11:14] - x[3:6], ca.norm_2(x[:3])
    turned = apart * ca.cos(angle) + ca.cross(axis, apart) * ca.sin(angle) + axis * ca.dot(axis, apart) * (1.0 - ca.cos(angle))
    flat = turned[:2] / turned[2]
    square = ca.dot(flat, flat)
    found = x[14] * (flat * (1.0 + x[9] * square + x[10] * square**2) * x[6] + x[7:9] - feature)
    errors = ca.Function("f", [x, feature], [found]).map(len(given.weights))
    blocks = ca.Function("g", [x, feature], [ca.densify(ca.jacobian(found, x).T)]).map(len(given.weights))

    def gradient() -> Any:
        numbers = blocks(_numbers(given).T, given.features.T).full().T
        return *where, joined(numbers, -2.0 * given.weights)

    return Way(gradient, lambda: (errors(_numbers(given).T, given.features.T).full().T, 1.0 - given.weights**2))


def point(given: Inputs) -> Any:
    """Cameras, points and weights."""
    return np.concatenate([given.cameras.ravel(), given.points.ravel(), given.weights])


def function(given: Inputs, numbers: Any) -> Any:
    """All errors by NumPy, with matrices of rotation."""
    cameras, points, weights = split(numbers, given.cameras.shape, given.points.shape, given.weights.shape)
    angles = np.sqrt((cameras[:, :3] ** 2).sum(1))
    a, b, c = (cameras[:, :3] / angles[:, None]).T
    zero = np.zeros_like(a)
    k = np.array([[zero, -c, b], [c, zero, -a], [-b, a, zero]]).transpose(2, 0, 1)
    turns = np.eye(3) + np.sin(angles)[:, None, None] * k + (1.0 - np.cos(angles))[:, None, None] * (k @ k)
    of_camera, of_point = given.seen.T
    camera = cameras[of_camera]
    x = np.einsum("pij,pj->pi", turns[of_camera], points[of_point] - camera[:, 3:6])
    flat = x[:, :2] / x[:, 2:]
    square = (flat**2).sum(1, keepdims=True)
    found = flat * (1.0 + camera[:, 9:10] * square + camera[:, 10:] * square**2) * camera[:, 6:7] + camera[:, 7:9]
    return np.concatenate([(weights[:, None] * (found - given.features)).ravel(), 1.0 - weights**2])


SIZES = [
    (49, 7776, 31843),
    (21, 11315, 36455),
    (161, 48126, 182072),
    (372, 47423, 204472),
    (257, 65132, 225911),
    (539, 65220, 277273),
    (93, 61203, 287451),
    (88, 64298, 383937),
    (810, 88814, 393775),
    (1197, 126327, 563734),
    (1723, 156502, 678718),
    (253, 163691, 899155),
    (245, 198739, 1091386),
    (356, 226730, 1255268),
]
PROBLEM = Problem(
    "ba",
    "errors of p observations of m points by n cameras, and their sparse Jacobian",
    {f"n={n},m={m},p={p}": (n, m, p) for n, m, p in SIZES},
    inputs,
    {
        OURS: Peer("llvmlite", ours),
        FAST: Peer("llvmlite", partial(ours, fast=True)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
        "CasADi": Peer("casadi", casadi),
    },
    point,
    function,
    along,
)
