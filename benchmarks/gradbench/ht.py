"""ht: hand tracking: how far c measured points are from places on a hand's triangles, whose bones 26 numbers move.

The hand is made at random, in the shape of the published one: 22 bones, 10,000 vertices that up to four bones move.
"""

from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from autograd import cond, cos, dot, jacobian, jit, sin, sqrt
from benchmarks.gradbench.problem import FAST, OURS, Peer, Problem, Way, split

VERTICES, FINGERS, JOINTS = 10_000, 5, 4
PARENTS = [-1, *[0 if i % JOINTS == 0 else i for i in range(FINGERS * JOINTS)], 0]  # wrist, fingers, forearm
BONES, POSE = len(PARENTS), 26


class Inputs(NamedTuple):
    """The pose; the hand: bones by their parents and back from space, vertices, weights by bone; measured points on triangles.

    `corners` has the three vertices of each point's triangle, `u` two weights of them.
    """

    theta: Any
    u: Any
    relative: Any
    inverse: Any
    vertices: Any
    weights: Any
    corners: Any
    points: Any


def inputs(count: int) -> Inputs:
    """A random hand and pose, and random points near random triangles."""
    rng = np.random.default_rng(31337)
    relative = np.tile(np.eye(4), (BONES, 1, 1))
    relative[:, :3, :3] = np.linalg.qr(rng.standard_normal((BONES, 3, 3)))[0]
    relative[:, :3, 3] = rng.uniform(-0.5, 0.5, (BONES, 3))
    absolute: list[Any] = []
    for i, parent in enumerate(PARENTS):
        absolute.append(relative[i] if parent < 0 else absolute[parent] @ relative[i])
    weights = np.zeros((VERTICES, BONES))
    bones = rng.random((VERTICES, BONES)).argpartition(4, axis=1)[:, :4]
    np.put_along_axis(weights, bones, rng.dirichlet(np.ones(4), VERTICES), axis=1)
    vertices = np.column_stack([rng.uniform(-1.0, 1.0, (VERTICES, 3)), np.ones(VERTICES)])
    corners, u = rng.integers(0, VERTICES, (count, 3)), rng.uniform(0.0, 0.5, (count, 2))
    theta, points = rng.uniform(-2.0, 2.0, POSE), rng.uniform(-1.0, 2.0, (count, 3))
    return Inputs(theta, u, relative, np.linalg.inv(absolute), vertices, weights, corners, points)


def product(a: Any, b: Any) -> Any:
    """The product of two matrices, the second as its rows."""
    return [[dot(row, column) for column in zip(*b, strict=True)] for row in a]


def turned(bend: Any, spread: Any) -> Any:
    """The matrix of a joint: a turn about x by one angle, then about z by another."""
    return [
        [cos(spread), -sin(spread) * cos(bend), sin(spread) * sin(bend), 0.0],
        [sin(spread), cos(spread) * cos(bend), -cos(spread) * sin(bend), 0.0],
        [0.0, sin(bend), cos(bend), 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]


def rotation(axis: Any) -> Any:
    """The matrix of a turn about an axis by its length; none for less than 1e-4."""

    def about(axis: Any, angle: Any) -> Any:
        x, y, z = [number / angle for number in axis]
        s, c = sin(angle), cos(angle)
        return [
            [x * x + (1.0 - x * x) * c, x * y * (1.0 - c) - z * s, x * z * (1.0 - c) + y * s],
            [x * y * (1.0 - c) + z * s, y * y + (1.0 - y * y) * c, y * z * (1.0 - c) - x * s],
            [x * z * (1.0 - c) - y * s, z * y * (1.0 - c) + x * s, z * z + (1.0 - z * z) * c],
        ]

    def none(_axis: Any, _angle: Any) -> Any:
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]

    angle = sqrt(dot(axis, axis))
    return cond(angle < 1e-4, none, about, list(axis), angle)


def transforms(theta: Any, relative: Any, inverse: Any) -> Any:
    """What each bone does to a vertex, as three rows of four numbers."""
    bends: dict[int, Any] = {}
    for finger in range(FINGERS):
        first, second, spread, third = JOINTS * finger + 2, *[theta[6 + 4 * finger + i] for i in (0, 1, 2)]
        bends[first], bends[first + 1], bends[first + 2] = (second, spread), (third, 0.0), (theta[9 + 4 * finger], 0.0)
    absolute: list[Any] = []
    for i, parent in enumerate(PARENTS):
        bone = product(relative[i], turned(*bends[i])) if i in bends else relative[i]
        absolute.append(bone if parent < 0 else product(absolute[parent], bone))
    return [product(a[:3], b) for a, b in zip(absolute, inverse, strict=True)]


def error(theta: Any, u: Any, hand: Any, corners: Any, weights: Any, point: Any) -> Any:
    """From a place on a triangle of the posed hand to a measured point."""
    bones = transforms(theta, *hand)
    shares = [u[0], u[1], 1.0 - u[0] - u[1]]
    places = []
    for corner, by_bone in zip(corners, weights, strict=True):
        moved = [[weight * dot(row, corner) for row in bone] for weight, bone in zip(by_bone, bones, strict=True)]
        places.append([reduce(lambda a, b: a + b, column) for column in zip(*moved, strict=True)])
    place = [dot(shares, column) for column in zip(*places, strict=True)]
    return [a - dot(row, place) - b for a, row, b in zip(point, rotation(theta[:3]), theta[3:6], strict=True)]


def ours(given: Inputs, *, fast: bool = False) -> Way:
    """Measured points are rows; each has the vertices of its triangle."""
    in_axes = (None, 0, None, 0, 0, 0)
    errors, of_errors = jit(error, in_axes=in_axes, fast=fast), jit(jacobian(error, (0, 1)), in_axes=in_axes, fast=fast)

    def arguments() -> Any:
        hand = given.relative, given.inverse
        return given.theta, given.u, hand, given.vertices[given.corners], given.weights[given.corners], given.points

    def gradient() -> Any:
        return np.stack([np.concatenate(pair, axis=1) for pair in of_errors(*arguments())], axis=1)

    return Way(gradient, lambda: np.stack(errors(*arguments()), axis=1))


def along(given: Inputs, found: Any, direction: Any) -> Any:
    """The product of a Jacobian, by point and coordinate (26 columns of the pose, 2 of its own u), and a vector."""
    theta, u = split(direction, (POSE,), given.u.shape)
    found = np.asarray(found).reshape(-1, 3, POSE + 2)
    return found[:, :, :POSE] @ theta + np.einsum("pij,pj->pi", found[:, :, POSE:], u)


def by_arrays(m: Any, theta: Any, relative: Any, inverse: Any) -> Any:
    """What each bone does, and the hand's own turn, by arrays of a framework m."""
    zero, one = theta[0] * 0.0, theta[0] * 0.0 + 1.0

    def matrix(*rows: Any) -> Any:
        return m.stack([m.stack(row) for row in rows])

    absolute: list[Any] = []
    for i, parent in enumerate(PARENTS):
        bone, joint, finger = relative[i], (i - 1) % JOINTS, (i - 1) // JOINTS
        if 0 < i < BONES - 1 and joint:
            bend = theta[6 + 4 * finger + (0, 0, 2, 3)[joint]]
            spread = theta[7 + 4 * finger] if joint == 1 else zero
            s, c, p, q = m.sin(bend), m.cos(bend), m.sin(spread), m.cos(spread)
            rows = [q, -p * c, p * s, zero], [p, q * c, -q * s, zero], [zero, s, c, zero], [zero, zero, zero, one]
            bone = bone @ matrix(*rows)
        absolute.append(bone if parent < 0 else absolute[parent] @ bone)
    angle = m.sqrt((theta[:3] ** 2).sum())
    x, y, z = [number / angle for number in theta[:3]]
    k = matrix([zero, -z, y], [z, zero, -x], [-y, x, zero])
    turn = matrix([one, zero, zero], [zero, one, zero], [zero, zero, one]) + m.sin(angle) * k + (1.0 - m.cos(angle)) * (k @ k)
    return m.stack(absolute) @ inverse, turn


def posed(m: Any, theta: Any, u: Any, given: Any) -> Any:
    """All errors, as (c, 3), by arrays of a framework m: as published, all vertices are moved."""
    bones, turn = by_arrays(m, theta, given.relative, given.inverse)
    vertices = m.einsum("bij,vj,vb->vi", bones[:, :3], given.vertices, given.weights)
    vertices = vertices @ turn.T + theta[3:6]
    a, b, c = [vertices[given.corners[:, i]] for i in range(3)]
    return given.points - u[:, :1] * a - u[:, 1:] * b - (1.0 - u[:, :1] - u[:, 1:]) * c


def torch(given: Inputs) -> Way:
    """PyTorch: forward mode along 26 + 2 directions, by torch.func."""
    import torch

    torch.set_num_threads(1)
    tensors = Inputs(*map(torch.tensor, given))
    directions = torch.eye(POSE + 2, dtype=torch.float64)

    def slope(direction: Any) -> Any:
        tangents = direction[:POSE], direction[POSE:].expand(tensors.u.shape)
        return torch.func.jvp(lambda theta, u: posed(torch, theta, u, tensors), (tensors.theta, tensors.u), tangents)[1]

    def gradient() -> Any:
        return torch.func.vmap(slope, out_dims=2)(directions)

    return Way(gradient, lambda: posed(torch, tensors.theta, tensors.u, tensors))


def jax(given: Inputs) -> Way:
    """JAX: likewise."""
    import jax
    import jax.numpy as jnp

    arrays = Inputs(*map(jnp.asarray, given))

    def jacobian(arrays: Any) -> Any:
        def slope(direction: Any) -> Any:
            tangents = direction[:POSE], jnp.broadcast_to(direction[POSE:], arrays.u.shape)
            return jax.jvp(lambda theta, u: posed(jnp, theta, u, arrays), (arrays.theta, arrays.u), tangents)[1]

        return jax.vmap(slope, out_axes=2)(jnp.eye(POSE + 2))

    gradient, value = jax.jit(jacobian), jax.jit(lambda arrays: posed(jnp, arrays.theta, arrays.u, arrays))
    return Way(lambda: gradient(arrays).block_until_ready(), lambda: value(arrays).block_until_ready())


def function(given: Inputs, numbers: Any) -> Any:
    """All errors by NumPy: a joint turns three times, and only the vertices that are needed are moved, a bone at a time."""
    theta, u = split(numbers, (POSE,), given.u.shape)

    def about(axis: int, angle: Any) -> Any:
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        matrix = np.eye(4, dtype=complex)
        matrix[i, i] = matrix[j, j] = np.cos(angle)
        matrix[j, i], matrix[i, j] = np.sin(angle), -np.sin(angle)
        return matrix

    pose = np.zeros((BONES, 3), dtype=complex)
    pose[[JOINTS * f + 2 + i for f in range(FINGERS) for i in range(3)], 0] = (
        theta[6:].reshape(FINGERS, 4)[:, [0, 2, 3]].ravel()
    )
    pose[[JOINTS * f + 2 for f in range(FINGERS)], 1] = theta[6:].reshape(FINGERS, 4)[:, 1]
    corners = given.vertices[given.corners]
    place, absolute = 0.0, []
    for i, parent in enumerate(PARENTS):
        x, z, y = pose[i]
        bone = given.relative[i] @ about(2, z) @ about(1, y) @ about(0, x)
        absolute.append(bone if parent < 0 else absolute[parent] @ bone)
        moved = corners @ (absolute[i] @ given.inverse[i])[:3].T
        place = place + given.weights[given.corners, i][:, :, None] * moved
    shares = np.column_stack([u, 1.0 - u.sum(1)])
    place = np.einsum("pk,pki->pi", shares, place)
    angle = np.sqrt(np.sum(theta[:3] ** 2))
    axis, c = theta[:3] / angle, np.cos(angle)
    turned = place * c + np.cross(axis, place) * np.sin(angle) + np.outer(place @ axis, axis) * (1.0 - c)
    result = given.points - turned - theta[3:6]
    return result if np.iscomplexobj(numbers) else result.real


SIZES = [100, 192, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 100000]
PROBLEM = Problem(
    "ht",
    "how far c measured points are from places on the triangles of a posed hand; Jacobian by 26 + 2 numbers",
    {f"c={c}": c for c in SIZES},
    inputs,
    {
        OURS: Peer("llvmlite", ours),
        FAST: Peer("llvmlite", partial(ours, fast=True)),
        "PyTorch": Peer("torch", torch),
        "JAX": Peer("jax", jax),
    },
    lambda given: np.concatenate([given.theta, given.u.ravel()]),
    function,
    along,
)
