"""Blocks of the transformer: PyTorch's numbers."""

import pytest

from tests.nn.layers.comparing import check, names


@pytest.mark.parametrize("name", names("TransformerEncoderLayer", "TransformerDecoderLayer"))
def test_as_pytorch(name: str) -> None:
    """Outputs and gradients to 1e-12, eager and compiled."""
    check(name)
