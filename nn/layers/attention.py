"""Attention: each place of a sequence as a mean of all, weighted by how well its query fits their keys."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from autograd import Value, dot, scan, softmax, vmap, where
from autograd.real import any_node, as_float, is_node, is_open, shown
from autograd.traced import in_body
from autograd.unrecorded import leaf_of, nested_numbers, numbers_alone
from nn.checks import count
from nn.initialization import generator_of, xavier_uniform
from nn.inputs import each_number, listed, number, shape_of
from nn.layers.dropout import Dropout
from nn.layers.linear import Linear
from nn.mapping import ROLLED, affine, each, places_of, vectors
from nn.module import Module
from nn.parameter import parameters_of_shape

NONE = -math.inf  # what is added to the score of a key that takes no part

Rows = list[list[Any]]
Made = Callable[[list[Any]], list[Any]]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
    scale: float | None = None,
) -> Any:
    """softmax(query key^T * scale + mask) value: (L, E), (S, E) and (S, V) give (L, V). PyTorch's name and numbers.

    Arguments may have further dimensions in front, such as heads, all the same; each is attended to by itself. In a trace they
    may be sequences whose length only the run knows (`dynamic_argnums`), without a mask.

    Args:
        attn_mask: (L, S) in nested lists or an array; truth values, of which True takes part, or numbers to add to the scores.
        dropout_p: the probability of leaving a weight out.
        is_causal: whether a query sees the keys of its own place and of those before alone.
        scale: 1 / sqrt(E) unless given.

    Raises ValueError for shapes that do not fit, and for a mask together with is_causal, TypeError for anything but numbers.

    >>> scaled_dot_product_attention([[1.0], [1.0]], [[0.0], [0.0]], [[2.0], [4.0]], is_causal=True)
    [[2.0], [3.0]]
    """
    name = "scaled_dot_product_attention"
    if is_open(query) or is_open(key) or is_open(value):
        _refuse_masks(name, attn_mask)
        opened = OpenAttention([key], [value], is_causal=is_causal, scale=scale, dropout=dropout_p)
        return opened.over(lambda found: found[0][0], [query])
    q, k, v = (each_number(partial(number, name), x) for x in (query, key, value))
    shapes = [shape_of(x, what) for x, what in ((q, "query"), (k, "key"), (v, "value"))]
    if min(map(len, shapes)) < 2 or len({shape[:-2] for shape in shapes}) > 1:
        raise ValueError(f"{name} takes query, key and value of shapes (L, E), (S, E) and (S, V), was given {shapes}")
    if len(shapes[0]) > 2:
        return [scaled_dot_product_attention(*one, attn_mask, dropout_p, is_causal, scale) for one in zip(q, k, v, strict=True)]
    (length, size), (count, key_size), (value_count, _) = shapes
    if (size, count) != (key_size, value_count):
        raise ValueError(f"{name} takes keys as long as queries, and a value for each key, was given {shapes}")
    if attn_mask is not None and is_causal:
        raise ValueError(f"{name} takes a mask or is_causal, not both: leave out is_causal")
    rows = causal_rows(length, count) if is_causal else mask_rows(attn_mask, length, count, takes_part=True)
    dropout = Dropout(dropout_p) if dropout_p else None
    factor = 1.0 / math.sqrt(size) if scale is None else as_float(scale, "scale")
    (q, k, v), made = _numbers(q, k, v)
    return over_queries(lambda one, row: attend(one[0], k, v, row, factor, dropout, made)[0], [q], rows)


def causal_rows(length: int, count: int) -> Rows:
    """What is added to the scores so that a query sees no key of a later place."""
    return [[0.0 if j <= i else NONE for j in range(count)] for i in range(length)]


def mask_rows(mask: Any, length: int, count: int, *, takes_part: bool) -> Rows | None:
    """A mask as numbers to add to the scores; of truth values, those that are `takes_part` become 0, others -inf."""
    if mask is None:
        return None
    plain = each_number(lambda x: x, mask)
    kinds = (
        {type(x) for row in plain for x in row} if isinstance(plain, list) and plain and isinstance(plain[0], list) else set()
    )
    if shape_of(plain, "attn_mask") != (length, count):
        raise ValueError(f"attn_mask must be of shape ({length}, {count}), not {shape_of(plain, 'attn_mask')}")
    if kinds == {bool}:
        return [[0.0 if x is takes_part else NONE for x in row] for row in plain]
    return [[number("attn_mask", x) for x in row] for row in plain]


def over_queries(function: Any, heads: Sequence[Any], rows: Rows | None) -> Any:
    """The function of each query, in all heads, with its row of the mask."""
    if rows is None:
        return each(lambda *q: function(q, None), *heads)
    return each(lambda *q: function(q[:-1], q[-1]), *heads, rows)


def _numbers(*heads: Any) -> tuple[Any, Made]:
    """Queries, keys and values, and what makes results of them: where only numbers matter, floats, and Values of floats.

    Each query meets each key, and an operation on Values costs several of floats, though it records nothing.
    """
    numbers = [nested_numbers(x) for x in heads] if numbers_alone() else [None]
    if any(x is None for x in numbers):
        return heads, lambda found: found
    return numbers, lambda found: [leaf_of(x) if type(x) is float else x for x in found]


def attend(
    q: Sequence[Any], keys: Sequence[Any], values: Sequence[Any], row: Any, scale: float, dropout: Dropout | None, made: Made
) -> tuple[list[Any], list[Any]]:
    """For one query: the weighted mean of the values, and the weights; keys known to take no part are skipped."""
    plain = row is not None and not any_node(row)  # as a mask most often is, of which each query asks this
    known = plain or (row is not None and all(not is_node(x) or isinstance(x, Value) for x in row))
    seen = [j for j in range(len(keys)) if not known or (not plain and is_node(row[j])) or row[j] != NONE]
    if seen and len(seen) < len(keys):
        taken = [keys[j] for j in seen], [values[j] for j in seen], [row[j] for j in seen]
        found, shares = attend(q, *taken, scale, dropout, made)
        by_key = dict(zip(seen, shares, strict=True))
        return found, [by_key.get(j, 0.0) for j in range(len(keys))]
    rolled = in_body() and len(keys) > 1 and len(keys) * len(q) >= ROLLED
    scores = vmap(lambda key: dot(q, key) * scale)(list(keys)) if rolled else [dot(q, key) * scale for key in keys]
    if row is not None:
        pairs = zip(scores, row, strict=True)
        scores = [score if (plain or not is_node(x)) and x == 0.0 else score + x for score, x in pairs]
    shares = softmax(scores)
    if dropout is not None:
        shares = dropout(shares)
    columns = [list(column) for column in zip(*values, strict=True)]
    mean = vmap(lambda column: dot(shares, column))(columns) if rolled else [dot(shares, column) for column in columns]
    return made(mean), made(shares)


def _refuse_masks(whose: str, *masks: Any) -> None:
    if any(mask is not None for mask in masks):
        raise TypeError(f"{whose}: a mask has a row for each query, and only the run knows how many there are: is_causal=True")


class OpenAttention:
    """Attention by queries to keys and values of several heads, where only the run knows how many there are of either."""

    def __init__(self, keys: Any, values: Any, *, is_causal: bool, scale: float | None, dropout: float) -> None:
        if dropout:
            raise TypeError("dropout draws for each weight, and only the run knows how many there are: model.eval()")
        self.keys, self.values, self.scale = keys, values, scale
        self.places = places_of(keys[0]) if is_causal else None

    def over(self, function: Callable[[list[tuple[Any, Any]]], Any], queries: Sequence[Any]) -> Any:
        """The function of what each query finds in all heads: the mean of the values, and the weights."""

        def of_query(*heads: Any) -> Any:
            *qs, place = (*heads, None) if self.places is None else heads
            return function([self._attend(*one, place) for one in zip(qs, self.keys, self.values, strict=True)])

        return each(of_query, *queries, *([] if self.places is None else [places_of(queries[0])]))

    def _attend(self, q: Sequence[Any], keys: Any, values: Any, place: Any) -> tuple[list[Any], Any]:
        scale = 1.0 / math.sqrt(len(q)) if self.scale is None else self.scale
        if place is None:
            scores = vmap(lambda key: dot(q, key) * scale)(keys)
        else:
            scores = vmap(lambda key, j: where(j <= place, dot(q, key) * scale, NONE))(keys, self.places)
        shares = softmax(scores)

        def add(means: list[Any], row: tuple[Any, Any]) -> Any:
            share, value = row
            return [mean + share * x for mean, x in zip(means, value, strict=True)], None

        width = values.structure.size if is_open(values) else len(values[0])
        return scan(add, [0.0] * width, (shares, values))[0], shares


class MultiheadAttention(Module):
    """Attention of `num_heads` heads, each on a part of the projected queries, keys and values, then projected together.

    Called with query (L, embed_dim), key (S, kdim) and value (S, vdim), one sequence each; gives the pair of the outputs,
    (L, embed_dim), and the weights, (L, S), a mean over heads; None without `need_weights`. Parameters `in_proj_weight`,
    `in_proj_bias`, `out_proj` and numbers are PyTorch's for unbatched input. In a trace L and S may be known to the run alone
    (`dynamic_argnums`), then without masks, and in training without dropout. Vaswani et al., 2017. arXiv:1706.03762.

    Raises ValueError or TypeError for bad options, shapes that do not fit, and batches: `model.batch(Q, K, V)` takes these.

    Args:
        dropout: of the weights, in training.
        bias: whether projections have biases, 0 at first.
        kdim, vdim: sizes of keys and values, embed_dim unless given.
        batch_first: as in PyTorch, no matter for one sequence.
        rng: a seed or a generator for the weights, which are drawn as by xavier_uniform, and for dropout.

    A call takes also, as PyTorch's: `attn_mask` (L, S), True where a key takes no part, or numbers to add; `key_padding_mask`
    (S,) likewise; `is_causal`, here without a mask too; `average_attn_weights=False` for each head's weights, (heads, L, S).

    >>> attention = MultiheadAttention(4, 2, rng=0)
    >>> x = [[1.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.5]]
    >>> outputs, weights = attention(x, x, x, is_causal=True)
    >>> len(outputs), weights[0][1]
    (2, 0.0)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        *,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        rng: Any = None,
    ) -> None:
        self.embed_dim, self.num_heads = size, heads = count("embed_dim", embed_dim), count("num_heads", num_heads)
        if size % heads:
            raise ValueError(f"embed_dim must be a multiple of num_heads, not {size} for {heads} heads")
        self.kdim = size if kdim is None else count("kdim", kdim)
        self.vdim = size if vdim is None else count("vdim", vdim)
        self.head_dim, self.batch_first = size // heads, batch_first
        generator = generator_of(rng)
        leaving = Dropout(dropout, rng=None if rng is None else generator)
        self.dropout = leaving.p
        self.leaving = leaving if leaving.p else None
        if self.kdim == self.vdim == size:
            self.in_proj_weight = parameters_of_shape(lambda: xavier_uniform(generator, size, 3 * size), 3 * size, size)
        else:
            for name, nin in (("q", size), ("k", self.kdim), ("v", self.vdim)):
                draw = partial(xavier_uniform, generator, nin, size)
                setattr(self, f"{name}_proj_weight", parameters_of_shape(draw, size, nin))
        self.in_proj_bias = parameters_of_shape(lambda: 0.0, 3 * size) if bias else None
        self.out_proj = Linear(size, size, bias, rng=generator)
        self.label_parameters()

    def projections(self) -> list[tuple[list[Any], list[Any] | None]]:
        """The weights and biases of queries, keys and values."""
        size = self.embed_dim
        parts = [slice(i * size, (i + 1) * size) for i in range(3)]
        biases = [None if self.in_proj_bias is None else self.in_proj_bias[part] for part in parts]
        if hasattr(self, "in_proj_weight"):
            return [(self.in_proj_weight[part], bias) for part, bias in zip(parts, biases, strict=True)]
        return [(getattr(self, f"{name}_proj_weight"), bias) for name, bias in zip("qkv", biases, strict=True)]

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        attn_mask: Any = None,
        average_attn_weights: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        is_causal: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> tuple[Any, Any]:
        """The outputs, and the weights or None."""
        (queries, keys, values), made = _numbers(*self._projected(query, key, value))
        out, bias = self.out_proj.weight, self.out_proj.bias
        if is_open(keys[0]) or is_open(queries[0]):
            _refuse_masks(repr(self), attn_mask, key_padding_mask)
            if need_weights and not average_attn_weights:
                raise TypeError(f"{self!r} gives weights of a sequence of any length as their mean: average_attn_weights=True")
            opened = OpenAttention(
                keys, values, is_causal=is_causal, scale=None, dropout=self.dropout if self.training else 0.0
            )

            def of_any(found: list[tuple[Any, Any]]) -> Any:
                y = affine(out, bias, [x for mean, _ in found for x in mean])
                return (y, vmap(lambda *shares: _mean(shares))(*[shares for _, shares in found])) if need_weights else y

            results = opened.over(of_any, queries)
            return results if need_weights else (results, None)
        rows = self._rows(len(queries[0]), len(keys[0]), attn_mask, key_padding_mask, is_causal=is_causal)
        dropout = self.leaving if self.training else None
        scale = 1.0 / math.sqrt(self.head_dim)

        def of_query(q: Any, row: Any) -> Any:
            found = [attend(a, k, v, row, scale, dropout, made) for a, k, v in zip(q, keys, values, strict=True)]
            y = affine(out, bias, [x for mean, _ in found for x in mean])
            return (y, [shares for _, shares in found]) if need_weights else y

        results = over_queries(of_query, queries, rows)
        if not need_weights:
            return results, None
        outputs, shares = results
        if average_attn_weights:
            return outputs, [[_mean(column) for column in zip(*of_one, strict=True)] for of_one in shares]
        return outputs, [[of_one[h] for of_one in shares] for h in range(self.num_heads)]

    def _projected(self, query: Any, key: Any, value: Any) -> Any:
        """Queries, keys and values, projected: for each head those of all places."""
        width, parts = self.head_dim, self.projections()

        def by_head(weight: list[Any], bias: list[Any] | None, x: Any) -> tuple[list[Any], ...]:
            y = affine(weight, bias, x)
            return tuple([y[i : i + width] for i in range(0, len(y), width)])

        q, k, v = [partial(by_head, *part) for part in parts]
        xs = vectors(self, self.embed_dim, query, "query")
        if query is key and key is value:
            return each(lambda x: (q(x), k(x), v(x)), xs)
        if key is value and self.kdim == self.vdim:  # read once: a number comes into a loop by one way
            read = vectors(self, self.kdim, key, "key")
            return each(q, xs), *each(lambda x: (k(x), v(x)), read)
        ks, vs = vectors(self, self.kdim, key, "key"), vectors(self, self.vdim, value, "value")
        if not (is_open(ks) or is_open(vs)) and len(ks) != len(vs):  # else `each` knows
            raise ValueError(f"{self!r} takes a value for each key, was given {len(ks)} keys and {len(vs)} values")
        return each(q, xs), *each(lambda x, y: (k(x), v(y)), ks, vs)

    def _rows(self, length: int, count: int, attn_mask: Any, padding: Any, *, is_causal: bool) -> Rows | None:
        """What is added to the scores; None for nothing."""
        rows = mask_rows(attn_mask, length, count, takes_part=False)
        if rows is None and is_causal:
            rows = causal_rows(length, count)
        if padding is None:
            return rows
        if not isinstance(listed(padding), list | tuple):
            raise TypeError(f"key_padding_mask must be a list with an entry for each key, not {shown(padding)}")
        (left_out,) = mask_rows([listed(padding)], 1, count, takes_part=False) or [[]]
        return [
            [NONE if NONE in (a, b) else a + b for a, b in zip(row, left_out, strict=True)]
            for row in (rows or [[0.0] * count] * length)
        ]

    def __repr__(self) -> str:
        options = [
            f", dropout={self.dropout}" if self.dropout else "",
            "" if self.in_proj_bias is not None else ", bias=False",
            f", kdim={self.kdim}" if self.kdim != self.embed_dim else "",
            f", vdim={self.vdim}" if self.vdim != self.embed_dim else "",
            ", batch_first=True" if self.batch_first else "",
        ]
        return f"MultiheadAttention({self.embed_dim}, {self.num_heads}{''.join(options)})"


def _mean(numbers: Sequence[Any]) -> Any:
    total = numbers[0]
    for x in numbers[1:]:
        total = total + x
    return total / len(numbers)
