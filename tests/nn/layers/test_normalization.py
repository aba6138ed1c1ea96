"""LayerNorm and RMSNorm: PyTorch's numbers."""

import pytest

import nn
from tests.nn.layers.comparing import check, names


@pytest.mark.parametrize("name", names("LayerNorm", "RMSNorm"))
def test_as_pytorch(name: str) -> None:
    """Outputs and gradients to 1e-12, eager and compiled."""
    check(name)


def test_batches_are_not_normalized() -> None:
    """A clear word, and what to use; other names are unknown as ever."""
    with pytest.raises(AttributeError, match=r"nn has no BatchNorm1d: .* a model here takes one sample. LayerNorm and RMSNorm"):
        nn.BatchNorm1d  # noqa: B018 - asked for
    with pytest.raises(AttributeError, match="module 'nn' has no attribute 'Batchnorm'"):
        nn.Batchnorm  # noqa: B018 - asked for
    assert not hasattr(nn, "BatchNorm2d")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.LayerNorm(3)([1.0, 2.0]), ValueError, r"normalizes numbers of shape \(..., 3\), was given \(2,\)"),
        (lambda: nn.LayerNorm(0), ValueError, "normalized_shape must be a whole number of at least 1, not 0"),
        (lambda: nn.LayerNorm(()), ValueError, "normalized_shape must be a whole number, or several"),
        (lambda: nn.RMSNorm(2)(["a", 1.0]), TypeError, "must be one real number"),
        (lambda: nn.LayerNorm(2, eps=-1.0), ValueError, "eps must be finite and not negative"),
    ],
)
def test_bad_input(make: object, error: type[Exception], message: str) -> None:
    """What failed, and why."""
    with pytest.raises(error, match=message):
        make()  # type: ignore[operator]
