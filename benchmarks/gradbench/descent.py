"""Gradient descent with a step that grows and shrinks, by which `particle` and `saddle` find minima and maxima.

Both are by Pearlmutter and Siskind (2008); what is minimized may itself call a descent, and is differentiated through it.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd import cond, dot, grad, jacfwd, sqrt, while_loop

CLOSE = 1e-5  # a gradient or a step that is as short ends a descent
FIRST, PATIENCE = 1e-5, 10  # the first step, and after how many steps without a failure it doubles

MODES: dict[str, Callable[..., Any]] = {"f": jacfwd, "r": grad}
VARIANTS = {name: name for name in ("ff", "fr", "rf", "rr")}


class State(NamedTuple):
    """Where a descent is: x, the function and its gradient there, the step, how often it served, and whether it ended."""

    x: Any
    fx: Any
    gx: Any
    step: Any
    served: Any
    ended: Any


def argmin(f: Any, gradient: Any, start: Any) -> Any:
    """Where f is least, from a start; `gradient` makes f's gradient."""

    def going(state: State) -> Any:
        return (length(state.gx) > CLOSE) & (state.ended < 0.5)

    def body(state: State) -> State:
        return cond(state.served > PATIENCE - 0.5, doubled, moved, state)

    def doubled(state: State) -> State:
        return state._replace(step=state.step * 2.0, served=0.0)

    def moved(state: State) -> State:
        x = [a - state.step * b for a, b in zip(state.x, state.gx, strict=True)]
        near = length([a - b for a, b in zip(x, state.x, strict=True)]) <= CLOSE
        return cond(near, lambda state, _: state._replace(ended=1.0), tried, state, x)

    def tried(state: State, x: Any) -> State:
        fx = f(x)
        return cond(fx < state.fx, better, worse, state, x, fx)

    def better(state: State, x: Any, fx: Any) -> State:
        return State(x, fx, gradient(f)(x), state.step, state.served + 1.0, 0.0)

    def worse(state: State, _x: Any, _fx: Any) -> State:
        return state._replace(step=state.step / 2.0, served=0.0)

    return while_loop(going, body, State(start, f(start), gradient(f)(start), FIRST, 0.0, 0.0)).x


def argmax(f: Any, gradient: Any, start: Any) -> Any:
    """Where f is most."""
    return argmin(lambda x: -f(x), gradient, start)


def length(x: Any) -> Any:
    """The length of a vector."""
    return sqrt(dot(x, x))


def by_floats(f: Callable[[Any], float], gradient: Callable[[Any], Any], x: list[float]) -> list[float]:
    """The reference: the same descent, in plain Python, with the gradient given."""
    fx, gx, step, served = f(x), gradient(x), FIRST, 0
    while math.hypot(*gx) > CLOSE:
        if served == PATIENCE:
            step, served = step * 2.0, 0
            continue
        moved = [a - step * b for a, b in zip(x, gx, strict=True)]
        if math.dist(moved, x) <= CLOSE:
            break
        if f(moved) < fx:
            x, fx, gx, served = moved, f(moved), gradient(moved), served + 1
        else:
            step, served = step / 2.0, 0
    return x


def by_torch(f: Callable[[Any], Any], gradient: Callable[[Any], Any], x: Any) -> Any:
    """The same descent of a tensor, in plain Python, which PyTorch differentiates through."""
    fx, gx, step, served = f(x), gradient(f)(x), FIRST, 0
    while gx.norm() > CLOSE:
        if served == PATIENCE:
            step, served = step * 2.0, 0
            continue
        moved = x - step * gx
        if (moved - x).norm() <= CLOSE:
            break
        found = f(moved)
        if found < fx:
            x, fx, gx, served = moved, found, gradient(f)(moved), served + 1
        else:
            step, served = step / 2.0, 0
    return x


def by_jax(f: Callable[[Any], Any], gradient: Callable[[Any], Any], start: Any) -> Any:
    """The same descent of an array, in JAX's while_loop."""
    import jax
    import jax.numpy as jnp

    def going(state: State) -> Any:
        return (jnp.linalg.norm(state.gx) > CLOSE) & (state.ended < 0.5)

    def body(state: State) -> State:
        return jax.lax.cond(state.served > PATIENCE - 0.5, doubled, moved, state)

    def doubled(state: State) -> State:
        return state._replace(step=state.step * 2.0, served=0.0)

    def moved(state: State) -> State:
        x = state.x - state.step * state.gx
        near = jnp.linalg.norm(x - state.x) <= CLOSE
        return jax.lax.cond(near, lambda state, _: state._replace(ended=1.0), tried, state, x)

    def tried(state: State, x: Any) -> State:
        fx = f(x)
        return jax.lax.cond(fx < state.fx, better, worse, state, x, fx)

    def better(state: State, x: Any, fx: Any) -> State:
        return State(x, fx, gradient(f)(x), state.step, state.served + 1.0, 0.0)

    def worse(state: State, _x: Any, _fx: Any) -> State:
        return state._replace(step=state.step / 2.0, served=0.0)

    return jax.lax.while_loop(going, body, State(start, f(start), gradient(f)(start), FIRST, 0.0, 0.0)).x
