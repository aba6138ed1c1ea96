"""Attention: PyTorch's numbers."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from autograd import dot, jit, vmap
from nn import MultiheadAttention, scaled_dot_product_attention
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
