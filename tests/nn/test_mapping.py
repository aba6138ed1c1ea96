"""A model on a batch; functions of each place of a sequence."""

import re
from typing import Any

import numpy as np
import pytest

import nn
from autograd import dot, grad, jit, sum_, value_and_grad, vmap
from autograd.structures import values
from nn import GRU, LSTM, MLP, Linear, Sequential, Tanh
from nn.mapping import affine, each

X = np.random.default_rng(0).normal(size=(4, 2))


@pytest.mark.parametrize("rows", [X, X.tolist(), tuple(map(tuple, X)), [*X]], ids=["array", "lists", "tuples", "arrays"])
def test_a_batch(rows: Any) -> None:
    """The outputs of all samples, as `vmap` gives them too."""
    for model in (MLP(2, [3, 1], rng=0), MLP(2, [2], rng=0), Sequential(Linear(2, 3, rng=0), Tanh())):
        wanted = values([model(x) for x in X])
        assert values(model.batch(rows)) == wanted
        if not isinstance(rows, tuple):
            assert values(vmap(model)(rows)) == wanted


def test_compiled_batches_are_one_loop() -> None:
    """The same bits, by a program that does not grow with the batch."""
    model = MLP(2, [8, 1], rng=0)
    batch = jit(model.batch)
    assert values(batch(X)) == values(model.batch(X))
    one = batch.stats().operations_traced
    batch(np.random.default_rng(1).normal(size=(64, 2)))
    assert batch.stats().operations_traced < one + 200


def test_results_of_several_parts() -> None:
    """A tuple of lists, eager and compiled; sequences in a batch may differ in length."""
    model = LSTM(2, 3, rng=0)
    sequences = np.random.default_rng(0).normal(size=(3, 5, 2))
    outputs, (h, c) = model.batch(sequences)
    for i, x in enumerate(sequences):
        wanted = model(x)
        assert values((outputs[i], (h[i], c[i]))) == values(wanted)
    compiled = jit(model.batch)(sequences)
    assert values(compiled) == values((outputs, (h, c)))
    ragged = [sequences[0], sequences[1][:2]]
    found = [model(x)[0] for x in ragged]

    class Outputs(nn.Module):
        def forward(self, x: Any) -> Any:
            return model(x)[0]

    assert values(Outputs().batch(ragged)) == values(found)


def test_several_inputs() -> None:
    """Batches of equal length go together."""
    cell = nn.RNNCell(2, 3, rng=0)
    states = np.random.default_rng(0).normal(size=(4, 3))
    assert values(cell.batch(X, states)) == values([cell(x, h) for x, h in zip(X, states, strict=True)])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MLP(2, [1])(np.zeros((4, 2))), TypeError, "inputs of one sample, and was given a batch of 4: model.batch(X)"),
        (lambda: MLP(2, [1])(np.zeros((2, 2))), TypeError, "given a batch of 2"),
        (lambda: Linear(2, 1)([[0.0, 0.0]]), TypeError, "given a batch of 1"),
        (lambda: nn.Neuron(2)([np.zeros(2)] * 3), TypeError, "given a batch of 3"),
        (lambda: GRU(2, 1)(np.zeros((3, 4, 2))), TypeError, "input[0] is of shape (4, 2), so this is a batch: model.batch(X)"),
        (lambda: GRU(2, 1)([0.0, 1.0]), TypeError, "GRU takes vectors of 2 numbers; input[0] is 0.0"),
        (lambda: GRU(2, 1)([]), ValueError, "GRU was given an empty sequence"),
        (lambda: GRU(2, 1)(1.0), TypeError, "GRU takes a sequence, a list of vectors, not 1.0"),
        (lambda: nn.GRUCell(2, 1)([[0.0, 1.0]]), TypeError, "so this is a batch"),
        (lambda: MLP(2, [1]).batch(1.0), TypeError, "MLP.batch takes a batch, a list or array of samples, not 1.0"),
        (lambda: MLP(2, [1]).batch([]), ValueError, "MLP.batch was given no samples"),
        (lambda: MLP(2, [1]).batch(), TypeError, "MLP.batch takes a batch of samples"),
        (lambda: nn.RNNCell(2, 1).batch(X, X[:2]), ValueError, "batches of one length, was given [4, 2] samples"),
        (lambda: MLP(2, [1]).batch([0.0, 1.0]), TypeError, "MLP takes a sequence of 2 inputs, not 0.0"),
        (lambda: MLP(3, [1])([0.0, 1.0]), ValueError, "MLP takes 3 inputs, was given 2"),
    ],
)  # fmt: skip
def test_a_sample_is_no_batch(call: Any, error: type[Exception], message: str) -> None:
    """Neither is taken for the other."""
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_matrices_in_loops() -> None:
    """In the body of a loop a large matrix is a loop; the bits stay."""
    rng = np.random.default_rng(0)
    w, b, xs = rng.normal(size=(20, 20)).tolist(), rng.normal(size=20).tolist(), rng.normal(size=(3, 20)).tolist()

    def f(xs: Any) -> Any:
        return sum_([y for row in each(lambda x: affine(w, b, x), xs) for y in row])

    compiled = jit(f)
    assert compiled(xs) == f(xs)
    assert compiled.stats().operations_traced < 600
    assert each(lambda x, y: (x + y, [x]), [1.0, 2.0], [3.0, 4.0]) == ([4.0, 6.0], [[1.0], [2.0]])


# --- sequences whose length only the run knows ------------------------------------------------------------------------


class Applied(nn.Module):
    """What a function makes of a module, or of several in a list, and a sequence."""

    def __init__(self, function: Any, *modules: Any) -> None:
        self.function, self.modules_ = function, nn.ModuleList(list(modules))

    def forward(self, xs: Any) -> Any:
        return self.function(*self.modules_, xs)


def vectors(n: int) -> Any:
    """A sequence of n vectors."""
    return np.random.default_rng(n).normal(size=(n, 4))


def tokens(n: int) -> Any:
    """Whole numbers below 5."""
    return [float((7 * i) % 5) for i in range(n)]


OPEN: dict[str, tuple[Any, Any]] = {
    "RNN": (Applied(lambda m, xs: m(xs)[0], nn.RNN(4, 3, rng=0)), vectors),
    "LSTM": (Applied(lambda m, xs: m(xs)[0], nn.LSTM(4, 3, num_layers=2, rng=0)), vectors),
    "GRU": (Applied(lambda m, xs: m(xs)[0], nn.GRU(4, 3, bidirectional=True, rng=0)), vectors),
    "Embedding": (nn.Embedding(5, 4, rng=0), tokens),
    "Embedding with padding": (nn.Embedding(5, 4, padding_idx=2, rng=0), tokens),
    "LayerNorm": (nn.LayerNorm(4), vectors),
    "RMSNorm": (nn.RMSNorm(4), vectors),
    "PositionalEncoding": (Applied(lambda m, p, xs: p(m.batch(xs)), nn.Linear(4, 4, rng=0), nn.PositionalEncoding(4)), vectors),
    "batch": (Applied(lambda m, xs: m.batch(xs), Sequential(nn.Linear(4, 3, rng=0), Tanh())), vectors),
    "attention": (Applied(lambda m, xs: m(xs, xs, xs, need_weights=False)[0], nn.MultiheadAttention(4, 2, rng=0)), vectors),
    "causal attention": (Applied(lambda m, xs: m(xs, xs, xs, is_causal=True)[0], nn.MultiheadAttention(4, 2, rng=0)), vectors),
    "weights": (Applied(lambda m, xs: m(xs, xs, xs, is_causal=True)[1], nn.MultiheadAttention(4, 2, rng=0)), vectors),
    "keys of their own": (
        Applied(lambda m, xs: m(xs, xs[1:], xs[:-1], need_weights=False)[0], nn.MultiheadAttention(4, 2, rng=0)),
        vectors,
    ),
    "one head": (
        Applied(lambda m, xs: nn.scaled_dot_product_attention(*[m.batch(xs)] * 3, is_causal=True), nn.Linear(4, 3, rng=0)),
        vectors,
    ),
    "values of another size": (
        Applied(
            lambda q, v, xs: nn.scaled_dot_product_attention(q.batch(xs), q.batch(xs), v.batch(xs), scale=0.7),
            nn.Linear(4, 3, rng=0),
            nn.Linear(4, 2, rng=1),
        ),
        vectors,
    ),
    "known queries": (
        Applied(
            lambda m, xs: [[y] for y in m([[0.5] * 4, [1.0] * 4, [0.0] * 4], xs, xs)[0][1]], nn.MultiheadAttention(4, 2, rng=0)
        ),
        vectors,
    ),
    "known keys": (
        Applied(lambda m, xs: m(xs, [[0.5] * 4, [1.0] * 4], [[0.25] * 4, [0.5] * 4])[0], nn.MultiheadAttention(4, 2, rng=0)),
        vectors,
    ),
    "encoder": (nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, rng=0), vectors),
    "GPT block": (
        Applied(
            lambda m, xs: m(xs, is_causal=True),
            nn.TransformerEncoderLayer(4, 2, 8, activation="gelu", norm_first=True, bias=False, rng=0),
        ),
        vectors,
    ),
    "decoder": (
        Applied(
            lambda m, xs: m(xs, xs[1:], tgt_is_causal=True),
            nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0, rng=0),
        ),
        vectors,
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_sequences_of_any_length(name: str) -> None:
    """Every layer for sequences takes them: one program for all lengths, the numbers of lists."""
    model, draw = OPEN[name]
    model.eval()
    given = [p.item() for p in model.parameters()]

    def f(parameters: Any, xs: Any) -> Any:
        outputs = nn.functional_call(model, parameters, xs)
        return sum_(vmap(lambda row: dot(row, row) if name == "weights" else sum_([y * y for y in row]))(outputs))

    compiled = jit(value_and_grad(f), dynamic_argnums=1)
    for n in (3, 2, 6):
        xs = draw(n)
        value, slopes = compiled(given, xs)
        expected = value_and_grad(f)(given, np.array(xs).tolist())
        assert value == pytest.approx(expected[0], rel=1e-14)
        np.testing.assert_allclose(slopes, expected[1], rtol=1e-11, atol=1e-13)
    assert len(compiled._calls.traces) == 1


def test_what_layers_cannot_take_of_any_length() -> None:
    """Masks, weights of each head, and dropout have a word of their own."""
    attention = nn.MultiheadAttention(4, 2, dropout=0.5, rng=0)
    for call, words in (
        (lambda xs: attention(xs, xs, xs, attn_mask=[[True]]), "a mask has a row for each query"),
        (lambda xs: attention(xs, xs, xs, key_padding_mask=[True]), "a mask has a row for each query"),
        (lambda xs: nn.scaled_dot_product_attention(xs, xs, xs, [[True]]), "a mask has a row for each query"),
        (lambda xs: attention(xs, xs, xs, average_attn_weights=False), "as their mean: average_attn_weights=True"),
        (lambda xs: attention(xs, xs, xs), r"model.eval\(\)"),
        (nn.Dropout(0.5).train(), "cannot be compiled|leave out the same numbers in each turn"),
        (nn.Linear(4, 2), r"takes a sequence of 4 inputs"),
    ):
        with pytest.raises(TypeError, match=words):
            jit(call, dynamic_argnums=0)(vectors(3))


def test_a_language_model_of_any_length() -> None:
    """Tokens in, a loss out: inputs and targets are parts of one sequence."""
    embedding, places, head = nn.Embedding(5, 4, rng=0), nn.PositionalEncoding(4, dropout=0.0), nn.Linear(4, 5, rng=1)
    block = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, norm_first=True, rng=2)
    model = Applied(lambda e, p, b, h, ts: h.batch(b(p(e(ts)), is_causal=True)), embedding, places, block, head)

    def loss(parameters: Any, ts: Any) -> Any:
        return nn.cross_entropy(nn.functional_call(model, parameters, ts[:-1]), ts[1:])

    given = [p.item() for p in model.parameters()]
    compiled = jit(grad(loss), dynamic_argnums=1)
    for n in (2, 7):
        ts = [int(x) for x in tokens(n)]
        np.testing.assert_allclose(compiled(given, [*map(float, ts)]), grad(loss)(given, ts), rtol=1e-10, atol=1e-14)
