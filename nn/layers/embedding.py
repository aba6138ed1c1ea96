"""Embedding: whole numbers, such as tokens, as vectors; and PositionalEncoding, which tells where in a sequence each stands."""

import math
from collections.abc import Sequence
from functools import lru_cache
from operator import index
from typing import Any

from autograd import Value, cos, sin, stop_gradient, take, where
from autograd.real import is_node, is_open, shown
from nn.checks import count
from nn.initialization import Init, generator_of, scheme_of
from nn.inputs import listed, not_too_deep
from nn.layers.dropout import Dropout
from nn.mapping import each, places_of, vectors
from nn.module import Module
from nn.parameter import as_whole, parameters_of_shape


class Embedding(Module):
    """A vector of `embedding_dim` numbers for each of `num_embeddings` whole numbers: row i of `weight`, for i from 0 on.

    Takes a whole number, or nested lists or an array of them, and gives a vector in the place of each. In compiled code the
    number may be known only when the program runs; one that is none of the rows' gives nan. As PyTorch's.

    An optimizer moves all rows at each step, as PyTorch's: those that were not asked for by momentum alone.

    Raises IndexError for a number out of range, TypeError or ValueError for what is no whole number, or bad options.

    Args:
        padding_idx: the row that begins as zeros, and gets no gradient: for places in a sequence that have no token.
        init, rng: the initial weights, as in `Neuron`; normal with deviation 1 unless given.

    >>> embedding = Embedding(27, 2, rng=0)
    >>> embedding(3) == embedding.weight[3], len(embedding([3, 0, 26]))
    (True, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        init: Init = "normal",
        rng: Any = None,
    ) -> None:
        self.num_embeddings = count("num_embeddings", num_embeddings)
        self.embedding_dim = count("embedding_dim", embedding_dim)
        scheme, generator = scheme_of(init), generator_of(rng)
        self.padding_idx = None if padding_idx is None else self._row(padding_idx)
        self.weight: list[list[Value]] = parameters_of_shape(
            lambda: scheme(generator, self.num_embeddings, self.embedding_dim), self.num_embeddings, self.embedding_dim
        )
        as_whole(p for row in self.weight for p in row)
        if self.padding_idx is not None:
            for parameter in self.weight[self.padding_idx]:
                parameter.data = 0.0
        self.label_parameters()

    def forward(self, xs: Any) -> Any:
        """The vector of each number."""
        with not_too_deep("the inputs of Embedding"):
            return self._each(xs)

    def _each(self, xs: Any) -> Any:
        if is_open(xs):
            return each(self._each, xs)
        if isinstance(xs, list | tuple) or hasattr(xs, "tolist") or not (is_node(xs) or isinstance(xs, int | float)):
            xs = listed(xs)
            if not isinstance(xs, list | tuple):
                return self._of_one(xs)
            nodes = all(is_node(x) and not isinstance(x, Value) for x in xs)
            return each(self._of_one, xs) if xs and nodes else [self._each(x) for x in xs]
        return self._of_one(xs)

    def _of_one(self, x: Any) -> list[Any]:
        rows, padding = self.weight, self.padding_idx
        if not is_node(x) or isinstance(x, Value):
            i = self._row(x)
            return list(map(stop_gradient, rows[i])) if i == padding else rows[i][:]
        if padding is None:
            return list(take(rows, x))
        zeros = list(map(stop_gradient, rows[padding]))
        safe = where(x == float(padding), float(padding == 0 and len(rows) > 1), x)  # what is not selected gets no gradient
        return [where(x == float(padding), zero, y) for zero, y in zip(zeros, take(rows, safe), strict=True)]

    def _row(self, x: Any) -> int:
        """The number of a row; a negative one is none, but for padding_idx, as PyTorch has it."""
        found: Any = x.item() if isinstance(x, Value) else x
        try:
            i = int(found) if isinstance(found, float) and found.is_integer() else index(found)
        except TypeError:
            raise TypeError(f"Embedding takes whole numbers, not {shown(x)}: embedding(3)") from None
        if not 0 <= i < self.num_embeddings:
            raise IndexError(f"{self!r} has rows 0 to {self.num_embeddings - 1}, and was asked for {i}")
        return i

    def __repr__(self) -> str:
        padding = "" if getattr(self, "padding_idx", None) is None else f", padding_idx={self.padding_idx}"
        return f"Embedding({self.num_embeddings}, {self.embedding_dim}{padding})"


@lru_cache(maxsize=64)
def _rates(size: int) -> list[float]:
    """1 / 10000**(2i / size), each twice."""
    return [math.exp(-math.log(10000.0) * (2 * (j // 2)) / size) for j in range(size)]


@lru_cache(maxsize=4096)
def _known_waves(position: float, size: int) -> tuple[float, ...]:
    return tuple(_waves(position, size))


def _waves(position: Any, size: int) -> list[Any]:
    """sin and cos of position / 10000**(2i / size), in turns."""
    return [cos(position * rate) if j % 2 else sin(position * rate) for j, rate in enumerate(_rates(size))]


def _added(xs: Sequence[Any], ys: Sequence[Any]) -> list[Any]:
    return [x + y for x, y in zip(xs, ys, strict=True)]


class PositionalEncoding(Module):
    """x plus a fixed wave for each place in the sequence: pe[t][2i] = sin(t / 10000**(2i / d)), pe[t][2i + 1] the cosine.

    Takes a sequence of vectors of d_model numbers, (length, d_model), and gives one; then comes `Dropout(dropout)`. As the
    class in PyTorch's tutorial; Vaswani et al., Attention is all you need, 2017. arXiv:1706.03762. Raises ValueError for one
    longer than `max_len` and for bad options, TypeError for what is no sequence of vectors.

    >>> PositionalEncoding(2, dropout=0.0)([[0.0, 0.0], [0.0, 0.0]])
    [[0.0, 1.0], [0.8414709848078965, 0.5403023058681398]]
    """

    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000, *, rng: Any = None) -> None:
        self.d_model, self.max_len = count("d_model", d_model), count("max_len", max_len)
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, xs: Any) -> Any:
        """The vectors, each with its place's wave added."""
        sequence = vectors(self, self.d_model, xs)
        if is_open(sequence):
            return self.dropout(each(lambda x, t: _added(x, _waves(t, self.d_model)), sequence, places_of(sequence)))
        if len(sequence) > self.max_len:
            raise ValueError(f"{self!r} takes sequences of up to {self.max_len} vectors, was given {len(sequence)}: max_len=")
        waves = [list(_known_waves(t, self.d_model)) for t in places_of(sequence)]
        return self.dropout(each(_added, sequence, waves))

    def __repr__(self) -> str:
        return f"PositionalEncoding({self.d_model}, dropout={self.dropout.p}, max_len={self.max_len})"
