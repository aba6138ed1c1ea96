"""A GPT of scalars as most people meet it: a class of numbers of forty lines, and a model on it, in plain Python.

Restated from the idea of micro-GPT: slots, local gradients at once, a recursive topological order. `Plain` is the class that
`autograd.Value` is measured against; `Gpt` runs on either.
"""

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

WIDTH, HEADS, CONTEXT, VOCABULARY = 16, 4, 16, 27
DEPTH = WIDTH // HEADS


class Plain:
    """A number with its local gradients: the least that backpropagation needs."""

    __slots__ = ("data", "grad", "local_grads", "operands")

    def __init__(self, data: float, operands: tuple[Any, ...] = (), local_grads: tuple[float, ...] = ()) -> None:
        self.data = data
        self.grad = 0
        self.operands = operands
        self.local_grads = local_grads

    def __add__(self, other: Any) -> "Plain":
        other = other if isinstance(other, Plain) else Plain(other)
        return Plain(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other: Any) -> "Plain":
        other = other if isinstance(other, Plain) else Plain(other)
        return Plain(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, other: float) -> "Plain":
        return Plain(self.data**other, (self,), (other * self.data ** (other - 1),))

    def log(self) -> "Plain":
        """Natural logarithm."""
        return Plain(math.log(self.data), (self,), (1 / self.data,))

    def exp(self) -> "Plain":
        """Exponential."""
        return Plain(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self) -> "Plain":
        """max(x, 0)."""
        return Plain(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self) -> "Plain":
        return self * -1

    def __radd__(self, other: Any) -> "Plain":
        return self + other

    def __sub__(self, other: Any) -> "Plain":
        return self + (-other)

    def __rsub__(self, other: Any) -> "Plain":
        return other + (-self)

    def __rmul__(self, other: Any) -> "Plain":
        return self * other

    def __truediv__(self, other: Any) -> "Plain":
        return self * other**-1

    def __rtruediv__(self, other: Any) -> "Plain":
        return other * self**-1

    def backward(self) -> None:
        """Add d self / d node to the `grad` of every node below."""
        order: list[Plain] = []
        seen: set[Plain] = set()

        def visit(node: Plain) -> None:
            if node not in seen:
                seen.add(node)
                for operand in node.operands:
                    visit(operand)
                order.append(node)

        visit(self)
        self.grad = 1
        for node in reversed(order):
            for operand, slope in zip(node.operands, node.local_grads, strict=True):
                operand.grad += slope * node.grad


class Gpt:
    """One layer, 16 wide, 4 heads, as loops over numbers of the class `kind`; `step` trains on one document by Adam."""

    def __init__(self, kind: type[Any], seed: int = 42) -> None:
        rng = random.Random(seed)

        def matrix(rows: int, columns: int, deviation: float = 0.08) -> list[list[Any]]:
            return [[kind(rng.gauss(0.0, deviation)) for _ in range(columns)] for _ in range(rows)]

        self.weights = {
            "tokens": matrix(VOCABULARY, WIDTH),
            "places": matrix(CONTEXT, WIDTH),
            "head": matrix(VOCABULARY, WIDTH),
            **{name: matrix(WIDTH, WIDTH) for name in ("q", "k", "v", "o")},
            "up": matrix(4 * WIDTH, WIDTH),
            "down": matrix(WIDTH, 4 * WIDTH),
        }
        self.parameters = [p for rows in self.weights.values() for row in rows for p in row]
        self.first, self.second = [0.0] * len(self.parameters), [0.0] * len(self.parameters)
        self.steps = 0

    def loss(self, document: Sequence[int]) -> Any:
        """The mean cross-entropy of each token after the first."""
        keys: list[list[Any]] = []
        values: list[list[Any]] = []
        losses = []
        for place, (token, target) in enumerate(pairwise(document)):
            shares = softmax(self.logits(token, place, keys, values))
            losses.append(-shares[target].log())
        return (1 / len(losses)) * sum(losses)

    def logits(self, token: int, place: int, keys: list[list[Any]], values: list[list[Any]]) -> list[Any]:
        """What comes after a token, given the keys and values of those before."""
        w = self.weights
        x = normed([a + b for a, b in zip(w["tokens"][token], w["places"][place], strict=True)])
        rest, x = x, normed(x)
        q = linear(x, w["q"])
        keys.append(linear(x, w["k"]))
        values.append(linear(x, w["v"]))
        mixed = []
        for start in range(0, WIDTH, DEPTH):
            part = slice(start, start + DEPTH)
            scores = [sum(a * b for a, b in zip(q[part], key[part], strict=True)) / DEPTH**0.5 for key in keys]
            shares = softmax(scores)
            mixed += [sum(share * value[start + j] for share, value in zip(shares, values, strict=True)) for j in range(DEPTH)]
        rest = x = [a + b for a, b in zip(linear(mixed, w["o"]), rest, strict=True)]
        x = linear([a.relu() for a in linear(normed(x), w["up"])], w["down"])
        return linear([a + b for a, b in zip(x, rest, strict=True)], w["head"])

    def step(self, document: Sequence[int], rate: float = 0.01) -> float:
        """A training step on one document; returns the loss."""
        loss = self.loss(document)
        loss.backward()
        self.steps += 1
        for i, p in enumerate(self.parameters):
            self.first[i] = 0.85 * self.first[i] + 0.15 * p.grad
            self.second[i] = 0.99 * self.second[i] + 0.01 * p.grad**2
            mean, square = self.first[i] / (1 - 0.85**self.steps), self.second[i] / (1 - 0.99**self.steps)
            p.data -= rate * mean / (square**0.5 + 1e-8)
            p.grad = 0
        return float(loss.data)


def linear(x: list[Any], w: list[list[Any]]) -> list[Any]:
    """A matrix times a vector."""
    return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in w]


def softmax(logits: list[Any]) -> list[Any]:
    """Shares that add up to 1."""
    largest = max(a.data for a in logits)
    powers = [(a - largest).exp() for a in logits]
    total = sum(powers)
    return [power / total for power in powers]


def normed(x: list[Any]) -> list[Any]:
    """Scaled to a mean square of 1."""
    mean = sum(a * a for a in x) / len(x)
    scale = (mean + 1e-5) ** -0.5
    return [a * scale for a in x]
