"""particle: where to put a charge so that a particle meets the origin: a descent over a simulation that differentiates a field.

The four sizes are ways to differentiate: forward or reverse mode in the descent, forward or reverse in the simulation.
"""

from functools import partial
from typing import Any

from autograd import jit, while_loop
from benchmarks.gradbench.descent import MODES, VARIANTS, argmin, by_floats, by_jax, by_torch, length
from benchmarks.gradbench.frameworks import c_way
from benchmarks.gradbench.problem import EAGER, OURS, STEP, Peer, Problem, Way

PUBLISHED = 0.2071918746486116
TIME = 0.1  # of a step
POSITION, VELOCITY = [0.0, 8.0], [0.75, 0.0]


def charges(w: Any) -> Any:
    """The two charges."""
    return [[10.0, 10.0 - w], [10.0, 0.0]]


def miss(field: Any, w: Any) -> Any:
    """The square of where the particle crosses the axis, by Euler's steps; `field` makes the gradient of the potential."""

    def potential(x: Any) -> Any:
        total = 0.0
        for charge in charges(w):
            total = total + 1.0 / length([a - b for a, b in zip(x, charge, strict=True)])
        return total

    def ahead(x: Any, velocity: Any) -> Any:
        return [a + TIME * b for a, b in zip(x, velocity, strict=True)]

    def above(state: Any) -> Any:
        return ahead(*state)[1] > 0.0

    def step(state: Any) -> Any:
        x, velocity = state
        return ahead(x, velocity), [a - TIME * b for a, b in zip(velocity, field(potential)(x), strict=True)]

    x, velocity = while_loop(above, step, (POSITION, VELOCITY))
    crossing = x[0] - x[1] / velocity[1] * velocity[0]
    return crossing * crossing


def ours(variant: str, compiled: Any = jit) -> Way:
    """The whole of it, compiled or eager."""
    outer, inner = [MODES[letter] for letter in variant]
    find = compiled(lambda start: argmin(lambda w: miss(inner, w[0]), outer, start)[0])
    return Way(lambda: find([0.0]))


def torch(variant: str) -> Way:
    """PyTorch: the same in plain Python, by torch.func."""
    import torch

    torch.set_num_threads(1)
    outer, inner = [{"f": torch.func.jacfwd, "r": torch.func.grad}[letter] for letter in variant]

    def miss(w: Any) -> Any:
        others = torch.stack([torch.stack([w * 0.0 + 10.0, 10.0 - w]), torch.stack([w * 0.0 + 10.0, w * 0.0])])
        x, velocity = [torch.tensor(pair, dtype=torch.float64) for pair in (POSITION, VELOCITY)]
        force = inner(lambda x: -(1.0 / (x - others).norm(dim=1)).sum())
        while (x + TIME * velocity)[1] > 0.0:
            x, velocity = x + TIME * velocity, velocity + TIME * force(x)
        return (x[0] - x[1] / velocity[1] * velocity[0]) ** 2

    return Way(lambda: by_torch(lambda w: miss(w[0]), outer, torch.zeros(1, dtype=torch.float64)))


def jax(variant: str) -> Way:
    """JAX: the same in while_loops; it has no reverse mode through them."""
    import jax
    import jax.numpy as jnp

    outer, inner = [{"f": jax.jacfwd, "r": jax.grad}[letter] for letter in variant]

    def miss(w: Any) -> Any:
        others = jnp.array(charges(w))
        force = inner(lambda x: -jnp.sum(1.0 / jnp.linalg.norm(x - others, axis=1)))

        def above(state: Any) -> Any:
            return (state[0] + TIME * state[1])[1] > 0.0

        def step(state: Any) -> Any:
            return state[0] + TIME * state[1], state[1] + TIME * force(state[0])

        x, velocity = jax.lax.while_loop(above, step, (jnp.array(POSITION), jnp.array(VELOCITY)))
        return (x[0] - x[1] / velocity[1] * velocity[0]) ** 2

    find = jax.jit(lambda start: by_jax(lambda w: miss(w[0]), outer, start))
    return Way(lambda: find(jnp.zeros(1)).block_until_ready())


def c(_: str) -> Way:
    """C: tangents by hand, whatever the mode."""
    return c_way("particle.c", (), [[0.0]], 1, primal=False)


def by_hand(w: Any) -> Any:
    """The same in plain Python, with the force by hand; w may be complex."""
    (x, y), (u, v) = map(complex, POSITION), map(complex, VELOCITY)
    while (y + TIME * v).real > 0.0:
        apart = [(x - a, y - b) for a, b in charges(w)]
        cubes = [(a * a + b * b) ** 1.5 for a, b in apart]
        force = [sum(pair[i] / cube for pair, cube in zip(apart, cubes, strict=True)) for i in (0, 1)]
        x, y, u, v = x + TIME * u, y + TIME * v, u + TIME * force[0], v + TIME * force[1]
    return (x - y / v * u) ** 2


def answer(_: Any) -> Any:
    """By a descent in plain Python, with slopes by a complex step."""
    return by_floats(lambda w: by_hand(w[0]).real, lambda w: [by_hand(w[0] + 1j * STEP).imag / STEP], [0.0])


PROBLEM = Problem(
    "particle",
    "a descent over a simulation of a charge in a field; f or r: forward or reverse mode, outside and inside",
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
