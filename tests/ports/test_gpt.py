"""A small GPT in scalars, after Karpathy's microgpt: RMSNorm, causal attention in heads, an MLP with ReLU, and residuals."""

import pytest

from autograd import Value, dot, grads, relu, softmax, sqrt, sum_, values
from nn import cross_entropy
from tests.ports import RECORDS
from tests.ports.gpt_weights import CONFIG, TOKENS, weights


def linear(x: list, w: list) -> list:
    """A matrix, a row for each output, times a vector."""
    return [dot(row, x) for row in w]


def rmsnorm(x: list) -> list:
    """A vector over the root of its mean square."""
    scale = 1.0 / sqrt(dot(x, x) / len(x) + 1e-5)
    return [number * scale for number in x]


def attend(query: list, keys: list, held: list) -> list:
    """One head: a mean of what is held, weighted by how well the keys fit."""
    shares = softmax([dot(query, key) / len(query) ** 0.5 for key in keys])
    return [dot(shares, column) for column in zip(*held, strict=True)]


def gpt(token: int, position: int, past: list, w: dict) -> list:
    """The logits of the next token; `past` has each layer's keys and values, and gets those of this token."""
    x = rmsnorm([t + p for t, p in zip(w["tokens"][token], w["positions"][position], strict=True)])
    size = CONFIG["width"] // CONFIG["heads"]
    for i, (keys, held) in enumerate(past):
        h = rmsnorm(x)
        query, key, value = (linear(h, w[f"{i}.{name}"]) for name in ("q", "k", "v"))
        keys.append(key)
        held.append(value)
        mixed = []
        for first in range(0, CONFIG["width"], size):
            head = slice(first, first + size)
            mixed += attend(query[head], [row[head] for row in keys], [row[head] for row in held])
        x = [a + b for a, b in zip(x, linear(mixed, w[f"{i}.out"]), strict=True)]
        up = [relu(number) for number in linear(rmsnorm(x), w[f"{i}.up"])]
        x = [a + b for a, b in zip(x, linear(up, w[f"{i}.down"]), strict=True)]
    return linear(x, w["head"])


def test_loss_and_gradient() -> None:
    """Those of PyTorch's own layers and attention, for each of the 2,000 numbers."""
    w = {name: [[Value(number) for number in row] for row in rows] for name, rows in weights().items()}
    past = [([], []) for _ in range(CONFIG["layers"])]
    losses = [cross_entropy(gpt(token, i, past, w), TOKENS[i + 1]) for i, token in enumerate(TOKENS[:-1])]
    loss = sum_(losses) / len(losses)
    loss.backward()
    record = RECORDS["torch_gpt"]
    assert values(loss) == pytest.approx(record["loss"], rel=1e-13)
    for name, rows in grads(w).items():
        for row, wanted in zip(rows, record["gradient"][name], strict=True):
            assert row == pytest.approx(wanted, rel=1e-10, abs=1e-14), name
