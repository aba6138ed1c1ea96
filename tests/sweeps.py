"""A reverse sweep from one result, as tests of rows and graphs want it."""

from collections.abc import Callable
from typing import Any

from autograd.graph import reverse_sweep, topological_order


def sweep(result: Any, seed: Any, partials: Callable[[Any], Any]) -> dict[Any, Any]:
    """The adjoint of every node below the result."""
    return reverse_sweep(topological_order(result), {result: seed}, partials)
