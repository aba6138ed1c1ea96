"""PyTorch's numbers for layers of sequences: `python -m tests.nn.layers.make_references` records them in references.json.

Made with torch 2.13.0 on a CPU in double precision: of each case the weights by PyTorch's names, the inputs, the outputs, and
the gradients of a sum of the outputs, each with a factor of its own, to weights and inputs.
"""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

RECORDED = Path(__file__).with_name("references.json")

LAYERS: dict[str, tuple[str, list[Any], dict[str, Any], list[tuple[int, ...]], dict[str, Any]]] = {
    # name: class, arguments, options, shapes of the inputs, options of the call
    "LayerNorm": ("LayerNorm", [4], {}, [(3, 4)], {}),
    "LayerNorm of a vector": ("LayerNorm", [4], {"eps": 1e-3}, [(4,)], {}),
    "LayerNorm of two dimensions": ("LayerNorm", [[2, 3]], {}, [(2, 2, 3)], {}),
    "LayerNorm without bias": ("LayerNorm", [4], {"bias": False}, [(2, 4)], {}),
    "LayerNorm alone": ("LayerNorm", [4], {"elementwise_affine": False}, [(2, 4)], {}),
    "RMSNorm": ("RMSNorm", [4], {}, [(3, 4)], {}),
    "RMSNorm alone": ("RMSNorm", [4], {"eps": 1e-5, "elementwise_affine": False}, [(4,)], {}),
    "GLU": ("GLU", [], {}, [(3, 4)], {}),
    "Softplus": ("Softplus", [], {"beta": 2.0, "threshold": 20.0}, [(5,)], {}),
    "RNNCell": ("RNNCell", [3, 2], {}, [(3,), (2,)], {}),
    "RNNCell of relu": ("RNNCell", [3, 2], {"nonlinearity": "relu"}, [(3,)], {}),
    "LSTMCell without bias": ("LSTMCell", [3, 2], {"bias": False}, [(3,)], {}),
    "GRUCell": ("GRUCell", [3, 2], {}, [(3,), (2,)], {}),
    "RNN": ("RNN", [3, 2], {"num_layers": 2}, [(4, 3), (2, 2)], {}),
    "RNN of relu": ("RNN", [3, 2], {"nonlinearity": "relu", "bias": False, "bidirectional": True}, [(4, 3)], {}),
    "LSTM": ("LSTM", [3, 2], {}, [(4, 3)], {}),
    "LSTM both ways": ("LSTM", [3, 2], {"num_layers": 2, "bidirectional": True}, [(3, 3)], {}),
    "GRU": ("GRU", [3, 2], {}, [(4, 3)], {}),
    "GRU both ways": ("GRU", [3, 2], {"num_layers": 2, "bidirectional": True}, [(3, 3), (4, 2)], {}),
    "GRU of one vector": ("GRU", [3, 2], {}, [(1, 3)], {}),
    "MultiheadAttention": ("MultiheadAttention", [4, 2], {}, [(3, 4), (2, 4), (2, 4)], {}),
    "MultiheadAttention without bias": ("MultiheadAttention", [4, 1], {"bias": False}, [(2, 4)] * 3, {"need_weights": False}),
    "MultiheadAttention of other sizes": ("MultiheadAttention", [4, 2], {"kdim": 3, "vdim": 5}, [(2, 4), (3, 3), (3, 5)], {}),
    "MultiheadAttention of each head": (
        "MultiheadAttention", [4, 2], {}, [(2, 4)] * 3, {"average_attn_weights": False, "key_padding_mask": [False, True]},
    ),
    "MultiheadAttention with a mask": (
        "MultiheadAttention", [4, 2], {}, [(2, 4)] * 3, {"attn_mask": [[0.0, 0.5], [-1.0, 0.0]]},
    ),
    "MultiheadAttention with truths": (
        "MultiheadAttention", [4, 2], {}, [(2, 4)] * 3, {"attn_mask": [[False, True], [False, False]]},
    ),
    "TransformerEncoderLayer": ("TransformerEncoderLayer", [4, 2, 6, 0.0], {}, [(3, 4)], {}),
    "TransformerEncoderLayer of a GPT": (
        "TransformerEncoderLayer", [4, 2, 6, 0.0, "gelu"], {"norm_first": True, "bias": False}, [(3, 4)],
        {"src_mask": [[False, True, True], [False, False, True], [False, False, False]]},
    ),
    "TransformerDecoderLayer": ("TransformerDecoderLayer", [4, 2, 6, 0.0], {}, [(2, 4), (3, 4)], {}),
    "TransformerDecoderLayer normalized first": (
        "TransformerDecoderLayer", [4, 2, 6, 0.0], {"norm_first": True}, [(2, 4), (3, 4)],
        {"tgt_mask": [[False, True], [False, False]]},
    ),
}  # fmt: skip

FUNCTIONS: dict[str, tuple[list[tuple[int, ...]], dict[str, Any]]] = {
    "attention": ([(3, 4), (2, 4), (2, 3)], {}),
    "causal attention": ([(3, 4), (3, 4), (3, 3)], {"is_causal": True}),
    "attention of heads": ([(2, 3, 4), (2, 3, 4), (2, 3, 4)], {"is_causal": True, "scale": 0.3}),
    "attention with a mask": ([(2, 4), (3, 4), (3, 1)], {"attn_mask": [[True, False, True], [False, True, True]]}),
    "attention with numbers": ([(2, 4), (3, 4), (3, 1)], {"attn_mask": [[0.5, -1.0, 0.0], [0.0, 2.0, 0.25]]}),
}


def numbers(rng: Random, shape: tuple[int, ...]) -> Any:
    """Numbers in nested lists of that shape."""
    return [numbers(rng, shape[1:]) for _ in range(shape[0])] if shape else round(rng.gauss(0.0, 1.0), 3)


def recorded() -> dict[str, Any]:
    """What `main` has written."""
    found: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


def _flat(out: Any) -> list[Any]:
    """The tensors in nested tuples."""
    if isinstance(out, tuple):
        return [tensor for part in out for tensor in _flat(part)]
    return [] if out is None else [out]


def _case(call: Callable[..., Any], parameters: dict[str, Any], given: list[Any]) -> dict[str, Any]:
    import torch

    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in given]
    outputs = _flat(call(*inputs))
    flat = torch.cat([x.flatten() for x in outputs])
    (flat * (0.5 + 0.1 * torch.arange(len(flat), dtype=torch.float64))).sum().backward()
    return {
        "inputs": given,
        "state": {name: x.detach().tolist() for name, x in parameters.items()},
        "outputs": flat.tolist(),
        "gradients": {name: (0.0 * x if x.grad is None else x.grad).tolist() for name, x in parameters.items()},
        "of_inputs": [x.grad.tolist() for x in inputs],
    }


def main() -> None:
    """Write the numbers, a line for each case."""
    import torch

    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    rng, found = Random(0), {}
    for name, (kind, arguments, options, shapes, of_call) in LAYERS.items():
        layer = getattr(torch.nn, kind)(*arguments, **options).eval()
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.copy_(torch.tensor(numbers(rng, tuple(parameter.shape))) * 0.5)
        masks = {key: torch.tensor(x) if isinstance(x, list) else x for key, x in of_call.items()}
        torch.backends.mha.set_fastpath_enabled(False)
        given = [numbers(rng, shape) for shape in shapes]
        found[name] = _case(lambda *xs, layer=layer, masks=masks: layer(*xs, **masks), dict(layer.named_parameters()), given)
    attention = torch.nn.functional.scaled_dot_product_attention
    for name, (shapes, options) in FUNCTIONS.items():
        masks = {key: torch.tensor(x) if isinstance(x, list) else x for key, x in options.items()}
        given = [numbers(rng, shape) for shape in shapes]
        found[name] = _case(lambda *xs, masks=masks: attention(*xs, **masks), {}, given)
    embedding = torch.nn.Embedding(5, 3, padding_idx=1)
    found["Embedding"] = _case(
        lambda factor: embedding(torch.tensor([[0, 1], [4, 0]])) * factor, dict(embedding.named_parameters()), [1.0]
    )
    lines = [f"{json.dumps(name)}: {json.dumps(case)}" for name, case in found.items()]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
