"""Packages that are missing are named with what installs them; numbers keep what their precision has."""

import pytest

from autograd.extras import needed
from nn.export.extras import as_array, check_dtype


def test_a_missing_package_is_named() -> None:
    """With what needs it."""
    assert needed("json", "this", "json").loads("1") == 1
    with pytest.raises(ModuleNotFoundError, match="this needs no_such_package: pip install something"):
        needed("no_such_package.inside", "this", "something")


def test_precision() -> None:
    """Two are known; numbers beyond the smaller one are refused, those that are not finite anyway are kept."""
    check_dtype("float32")
    with pytest.raises(ValueError, match="dtype must be 'float64' or 'float32', not 64"):
        check_dtype(64)
    np = pytest.importorskip("numpy")
    assert as_array([[0.1]], "float64", "w").tolist() == [[0.1]]
    assert as_array([0.1, float("inf")], "float32", "w").tolist() == [float(np.float32(0.1)), float("inf")]
    with pytest.raises(ValueError, match=r"w holds -1e\+40, which float32 does not"):
        as_array([[1.0, -1e40]], "float32", "w")
