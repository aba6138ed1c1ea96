"""Attention: PyTorch's numbers."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from autograd import Value, dot, jit, no_grad, values, vmap
from autograd.graph import MAKING
from nn import MultiheadAttention, scaled_dot_product_attention
from tests.compiler.comparison import bits
from tests.nn.layers.comparing import check, check_function, names
from tests.nn.layers.make_references import FUNCTIONS


@pytest.mark.parametrize("name", names("MultiheadAttention"))
def test_as_pytorch(name: str) -> None:
    """Outputs and gradients to 1e-12, eager and compiled."""
    check(name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_as_pytorch(name: str) -> None:
    """Likewise."""
    check_function(name, scaled_dot_product_attention)


@pytest.mark.parametrize("mask", [None, [[0.0, 1.5, 0.0], [-0.5, 0.0, float("-inf")], [float("-inf"), 0.0, float("-inf")]]])
@pytest.mark.parametrize("kind", [Value, float])
def test_without_recording(kind: type, mask: Any) -> None:
    """The same bits in the same types; of queries, keys and their scores no Values are made on the way."""
    rng, attention = Random(0), MultiheadAttention(8, 2, rng=0)
    q, k, v = ([[kind(rng.gauss(0.0, 1.0)) for _ in range(8)] for _ in range(3)] for _ in range(3))

    def found() -> list[Any]:
        return [attention(q, k, v, attn_mask=mask), scaled_dot_product_attention(q, k, v, attn_mask=mask)]

    wanted = found()
    with no_grad():
        start = next(MAKING)
        unrecorded = found()
        made = next(MAKING) - start
    assert bits(values(unrecorded)) == bits(values(wanted))
    assert shape_of_types(unrecorded) == shape_of_types(wanted)
    assert kind is float or made < 300  # 529, were each score a Value


def shape_of_types(found: Any) -> Any:
    """The types of what is in nested lists."""
    return [shape_of_types(x) for x in found] if isinstance(found, list | tuple) else type(found)


def steps_of(tokens: int, width: int) -> list[Counter[str]]:
    """The steps of a program with attention, and of its derivative, by name."""
    attention = MultiheadAttention(width, 2, rng=0)

    def last(xs: Any) -> Any:
        ys, _ = attention(xs, xs, xs, need_weights=False, is_causal=True)
        return vmap(lambda y: dot(y, y))(ys)[-1]

    compiled, rng = jit(last), Random(0)
    compiled([[rng.gauss(0, 1) for _ in range(width)] for _ in range(tokens)])
    found = compiled._calls.latest.compiled
    return [Counter(form.name for form, _ in each.in_arrays[0].steps) for each in (found, found.derived)]


def test_programs_do_not_grow_with_tokens_and_width() -> None:
    """Heads and their columns are arrays from the projection on: no step takes a number out of one, or packs it again."""
    small, large = steps_of(20, 32), steps_of(24, 40)
    assert small == large
    assert small[0]["transpose"] == 2
