"""The precisions that files have."""

from typing import Any

DTYPES = ("float64", "float32")


def check_dtype(dtype: Any) -> None:
    """ValueError for another precision than the two."""
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be 'float64' or 'float32', not {dtype!r}: the first keeps all bits")


def as_array(numbers: Any, dtype: str, what: str) -> Any:
    """A NumPy array of weights in nested lists; ValueError where one is finite here and not there."""
    import numpy as np

    exact = np.array(numbers, dtype="float64")
    with np.errstate(over="ignore"):
        array = exact.astype(dtype)
    lost = np.isfinite(exact) & ~np.isfinite(array)
    if lost.any():
        raise ValueError(f"{what} holds {exact[lost].ravel()[0].item()!r}, which {dtype} does not: dtype='float64'")
    return array
