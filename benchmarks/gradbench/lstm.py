"""lstm: the loss of l recurrent layers that predict the bits of the next of c characters; their weights are diagonal."""

from functools import partial
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

from autograd import exp, grad, jit, length, log, scan, sigmoid, sum_, tanh, vmap
from benchmarks.gradbench.frameworks import c_way, casadi_way, jax_way, torch_way
from benchmarks.gradbench.problem import EAGER, OURS, Peer, Problem, Way, split

BITS = 14  # of a character
FORGET, IN, OUT, CHANGE = range(4)


class Inputs(NamedTuple):
    """Weights and biases by layer and gate, those of the inputs and outputs, first states by layer, and characters."""

    main: Any
    extra: Any
    state: Any
    sequence: Any


def inputs(size: tuple[int, int]) -> Inputs:
    """Random parameters and states; random printable characters."""
    layers, characters = size
    rng = np.random.default_rng(31337)
    codes = rng.integers(32, 127, characters)
    sequence = (codes[:, None] >> np.arange(BITS)[::-1] & 1).astype(float)
    return Inputs(rng.random((layers, 2, 4, BITS)), rng.random((3, BITS)), rng.random((layers, 2, BITS)), sequence)


def neuron(x: Any, hidden: Any, cell: Any, weight: Any, bias: Any) -> Any:
    """The next hidden state and cell of a neuron, from its input and its four gates."""
    forget = sigmoid(x * weight[FORGET] + bias[FORGET])
    into = sigmoid(hidden * weight[IN] + bias[IN])
    out = sigmoid(x * weight[OUT] + bias[OUT])
    cell = cell * forget + into * tanh(hidden * weight[CHANGE] + bias[CHANGE])
    return out * tanh(cell), cell


def loss(main: Any, extra: Any, state: Any, turns: Any) -> Any:
    """The mean, by character and bit, of minus what is predicted for the bits that are set in those that follow."""

    def step(state: Any, turn: Any) -> Any:
        character, following = turn
        x, states = vmap(lambda bit, weight: bit * weight)(character, extra[0]), []
        for (weights, biases), (hidden, cell) in zip(main, state, strict=True):
            states.append(vmap(neuron, in_axes=(0, 0, 0, 1, 1))(x, hidden, cell, weights, biases))
            x = states[-1][0]
        outputs = vmap(lambda x, weight, bias: x * weight + bias)(x, extra[1], extra[2])
        norm = log(2.0 + sum_(vmap(exp)(outputs)))
        return states, sum_(vmap(lambda bit, output: bit * (output - norm))(following, outputs))

    first = [(list(hidden), list(cell)) for hidden, cell in state]
    _, found = scan(step, first, turns)
    return -sum_(found) / (length(found) * len(extra[0]))


OF_ANY_LENGTH = partial(jit, dynamic_argnums=3)


def ours(given: Inputs, compiled: Any = OF_ANY_LENGTH) -> Way:
    """The loss and its gradient, compiled for any number of characters, or eager."""
    *first, sequence = given
    value, gradient = compiled(loss), compiled(grad(loss, (0, 1)))
    turns = sequence[:-1], sequence[1:]
    return Way(lambda: gradient(*first, turns), lambda: value(*first, turns))


def by_arrays(m: Any, main: Any, extra: Any, state: Any, character: Any) -> Any:
    """The states after a character, and the outputs, by arrays of a framework m."""
    x, states = character * extra[0], []
    for (weights, biases), (hidden, cell) in zip(main, state, strict=True):
        into = x * weights[FORGET] + biases[FORGET], hidden * weights[IN] + biases[IN], x * weights[OUT] + biases[OUT]
        forget, admit, out = [1.0 / (1.0 + m.exp(-number)) for number in into]
        cell = cell * forget + admit * m.tanh(hidden * weights[CHANGE] + biases[CHANGE])  # noqa: PLW2901 - the next one
        x = out * m.tanh(cell)
        states.append((x, cell))
    return states, x * extra[1] + extra[2]


def _by_steps(m: Any, main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    total, state = 0.0, list(state)
    for character, following in pairwise(sequence):
        state, outputs = by_arrays(m, main, extra, state, character)
        total = total + (following * (outputs - m.log(2.0 + m.exp(outputs).sum()))).sum()
    return -total / ((len(sequence) - 1) * BITS)


def torch(given: Inputs) -> Way:
    """PyTorch: a tensor of all neurons of a layer."""
    import torch

    return torch_way(lambda *arguments: _by_steps(torch, *arguments), given, 2)


def jax(given: Inputs) -> Way:
    """JAX: likewise, in a scan."""
    import jax
    import jax.numpy as jnp

    def loss(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        def step(state: Any, turn: Any) -> Any:
            character, following = turn
            states, outputs = by_arrays(jnp, main, extra, state, character)
            return jnp.array(states), jnp.sum(following * (outputs - jnp.log(2.0 + jnp.sum(jnp.exp(outputs)))))

        _, found = jax.lax.scan(step, state, (sequence[:-1], sequence[1:]))
        return -jnp.sum(found) / (len(found) * BITS)

    return jax_way(loss, given, (0, 1))


def casadi(given: Inputs) -> Way:
    """CasADi: an SX graph of a step, accumulated over the characters."""
    import casadi as ca

    layers, count = len(given.main), len(given.sequence) - 1
    p, before = ca.SX.sym("p", 8 * BITS * layers + 3 * BITS), ca.SX.sym("s", 2 * BITS * layers)
    character, following = ca.SX.sym("x", BITS), ca.SX.sym("y", BITS)
    parts = [p[BITS * i : BITS * (i + 1)] for i in range(8 * layers + 3)]
    main = [(parts[8 * i : 8 * i + 4], parts[8 * i + 4 : 8 * i + 8]) for i in range(layers)]
    state = [
        (before[2 * BITS * i : 2 * BITS * i + BITS], before[2 * BITS * i + BITS : 2 * BITS * (i + 1)]) for i in range(layers)
    ]
    states, outputs = by_arrays(ca, main, parts[-3:], state, character)
    found = ca.dot(following, outputs - ca.log(2.0 + ca.sum1(ca.exp(outputs))))
    step = ca.Function("step", [before, character, following, p], [ca.vertcat(*[x for pair in states for x in pair]), found])
    numbers = ca.MX.sym("p", p.numel())
    sequence = ca.DM(given.sequence.T)
    _, terms = step.mapaccum("loss", count)(
        given.state.ravel(), sequence[:, :-1], sequence[:, 1:], ca.repmat(numbers, 1, count)
    )
    return casadi_way(numbers, -ca.sum2(terms) / (count * BITS), point(given))


def c(given: Inputs) -> Way:
    """C: keeps the gates of all steps for the way back."""
    layers, characters = len(given.main), len(given.sequence)
    return c_way("lstm.c", (layers, characters, BITS), given, len(point(given)))


def point(given: Inputs) -> Any:
    """The parameters."""
    return np.concatenate([given.main.ravel(), given.extra.ravel()])


def function(given: Inputs, numbers: Any) -> Any:
    """The loss by NumPy, from the definition: gates as a table, all at once."""
    main, extra = split(numbers, given.main.shape, given.extra.shape)
    hidden, cell = [[np.asarray(pair[i], dtype=numbers.dtype) for pair in given.state] for i in (0, 1)]
    total = 0.0
    for character, following in pairwise(given.sequence):
        x = character * extra[0]
        for i, (weights, biases) in enumerate(main):
            gates = np.stack([x, hidden[i], x, hidden[i]]) * weights + biases
            forget, admit, out = 0.5 + 0.5 * np.tanh(0.5 * gates[:3])
            cell[i] = cell[i] * forget + admit * np.tanh(gates[3])
            x = hidden[i] = out * np.tanh(cell[i])
        outputs = x * extra[1] + extra[2]
        total = total + following @ outputs - following.sum() * np.log(2.0 + np.sum(np.exp(outputs)))
    return -total / ((len(given.sequence) - 1) * BITS)


PROBLEM = Problem(
    "lstm",
    "loss of l recurrent layers that predict the 14 bits of the next of c characters",
    {
        f"l={layers},c={count}": (layers, count)
        for layers, count in sorted(product((2, 4, 6), (1024, 4096, 8192)), key=lambda size: size[0] * size[1])
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
    point,
    function,
)
