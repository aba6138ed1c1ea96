"""Attention: PyTorch's numbers."""

import pytest

from nn import scaled_dot_product_attention
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
