"""Blocks of the transformer, for encoders and decoders: attention, then a network at each place, each added to what it took.

A GPT is a stack of `TransformerEncoderLayer`s with is_causal=True. Names and numbers are PyTorch's for unbatched input.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from autograd import gelu, relu
from nn.checks import count
from nn.initialization import generator_of
from nn.layers.attention import MultiheadAttention
from nn.layers.dropout import Dropout
from nn.layers.linear import Linear
from nn.layers.normalization import LayerNorm
from nn.mapping import affine, each, vectors
from nn.module import Module

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"relu": relu, "gelu": gelu}


class _Block(Module):
    """What the blocks share: the network at each place, its norms, and how they are added."""

    def _set(
        self, size: int, nhead: int, hidden: int, dropout: float, activation: Any, eps: float, *, norm_first: bool, bias: bool,
        norms: int, rng: Any,
    ) -> None:  # fmt: skip
        generator, seeded = generator_of(rng), rng is not None
        self.self_attn = MultiheadAttention(size, nhead, dropout, bias, rng=generator if seeded else None)
        if norms == 3:
            self.multihead_attn = MultiheadAttention(size, nhead, dropout, bias, rng=generator if seeded else None)
        self.linear1 = Linear(size, count("dim_feedforward", hidden), bias, rng=generator)
        self.dropout = Dropout(dropout, rng=generator if seeded else None)
        self.linear2 = Linear(hidden, size, bias, rng=generator)
        self.norm_first = norm_first
        for i in range(1, norms + 1):
            setattr(self, f"norm{i}", LayerNorm(size, eps, bias=bias))
        for i in range(1, norms + 1):
            setattr(self, f"dropout{i}", Dropout(dropout, rng=generator if seeded else None))
        chosen = ACTIVATIONS.get(activation) if isinstance(activation, str) else activation
        if not callable(chosen):
            raise ValueError(  # noqa: TRY004 - a name that is none of the known
                f'activation must be "relu", "gelu" or a function of one number, not {activation!r}'
            )
        self.activation = chosen
        self.label_parameters()

    def _network(self, xs: Any) -> Any:
        """linear2(activation(linear1(x))) at each place."""
        weight1, bias1, weight2, bias2 = self.linear1.weight, self.linear1.bias, self.linear2.weight, self.linear2.bias
        between = self.dropout if self.dropout.p and self.training else None

        def at_place(x: Any) -> Any:
            hidden = [self.activation(y) for y in affine(weight1, bias1, x)]
            return affine(weight2, bias2, hidden if between is None else between(hidden))

        return each(at_place, xs)

    def _added(self, i: int, xs: Any, change: Callable[[Any], Any]) -> Any:
        """The i-th step: xs plus what it makes of them, normalized before or after."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        changed = change(norm(xs) if self.norm_first else xs)
        if dropout.p and self.training:
            changed = dropout(changed)
        sums = each(lambda x, y: [a + b for a, b in zip(x, y, strict=True)], xs, changed)
        return sums if self.norm_first else norm(sums)


class TransformerEncoderLayer(_Block):
    """x + attention, normalized; then x + linear2(activation(linear1(x))), normalized: (length, d_model) gives the same.

    With `norm_first` what is added is normalized before. With `is_causal` in the call each place sees itself and what is before
    it: the block of a GPT. Submodules `self_attn`, `linear1`, `linear2`, `norm1`, `norm2`, `dropout`, ... are PyTorch's, and so
    are the numbers. Raises ValueError or TypeError for bad options, and for anything but one sequence of vectors.

    Args:
        d_model, nhead, dim_feedforward: the sizes of a vector and of the hidden layer, and how many heads.
        dropout: 0.1 unless given; of attention weights, the hidden layer and what is added, in training.
        activation: "relu", "gelu" or a function of one number.
        batch_first: as in PyTorch, no matter for one sequence.
        rng: a seed or a generator for the weights and for dropout.

    >>> block = TransformerEncoderLayer(4, 2, 8, dropout=0.0, norm_first=True, rng=0)
    >>> outputs = block([[1.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.5]], is_causal=True)
    >>> len(outputs), len(outputs[0])
    (2, 4)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        norm_first: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        *,
        rng: Any = None,
    ) -> None:
        self.batch_first = batch_first
        self._set(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, norm_first=norm_first, bias=bias, norms=2,
            rng=rng,
        )  # fmt: skip

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> Any:
        """The sequence after the block."""
        xs = vectors(self, self.self_attn.embed_dim, src, "src")

        def attended(xs: Any) -> Any:
            return self.self_attn(xs, xs, xs, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]  # noqa: FBT003 - no weights

        return self._added(2, self._added(1, xs, attended), self._network)


class TransformerDecoderLayer(_Block):
    """Attention to itself, attention to `memory`, then a network at each place; each is added and normalized.

    Called with tgt (length, d_model) and memory (other length, d_model); gives (length, d_model). Submodules and numbers are
    PyTorch's; options and errors are those of `TransformerEncoderLayer`.

    >>> block = TransformerDecoderLayer(4, 2, 8, dropout=0.0, rng=0)
    >>> len(block([[1.0, 0.0, 0.5, 0.0]], [[0.0, 1.0, 0.0, 0.5], [1.0, 1.0, 0.0, 0.0]], tgt_is_causal=True))
    1
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        norm_first: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        *,
        rng: Any = None,
    ) -> None:
        self.batch_first = batch_first
        self._set(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, norm_first=norm_first, bias=bias, norms=3,
            rng=rng,
        )  # fmt: skip

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        memory_is_causal: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> Any:
        """The sequence after the block."""
        size = self.self_attn.embed_dim
        xs, known = vectors(self, size, tgt, "tgt"), vectors(self, size, memory, "memory")

        def to_itself(xs: Any) -> Any:
            return self.self_attn(xs, xs, xs, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]  # noqa: FBT003

        def to_memory(xs: Any) -> Any:
            options: Any = {"need_weights": False, "attn_mask": memory_mask, "is_causal": memory_is_causal}
            return self.multihead_attn(xs, known, known, memory_key_padding_mask, **options)[0]

        return self._added(3, self._added(2, self._added(1, xs, to_itself), to_memory), self._network)


class TransformerEncoder(Module):
    """`num_layers` copies of an encoder layer, one after another, then `norm` if given. As PyTorch's.

    The copies begin with the same weights, as there. A call's `mask`, `src_key_padding_mask` and `is_causal` go to each. Raises
    TypeError for a layer that is no module, ValueError for a bad number of them.

    >>> encoder = TransformerEncoder(TransformerEncoderLayer(4, 2, 8, dropout=0.0, rng=0), num_layers=2)
    >>> len(encoder.layers), len(encoder([[1.0, 0.0, 0.5, 0.0]]))
    (2, 1)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        if not isinstance(encoder_layer, Module):
            raise TypeError(f"encoder_layer must be a module, not {encoder_layer!r}: TransformerEncoderLayer(16, 4)")
        self.layers = [deepcopy(encoder_layer) for _ in range(count("num_layers", num_layers))]
        self.num_layers, self.norm = len(self.layers), norm
        self.label_parameters()

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> Any:
        """The sequence after all layers."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal=is_causal)
        return src if self.norm is None else self.norm(src)
