"""A compiled function over rows that come in chunks, one after another: from files, or made while they are read."""

from collections.abc import Iterable
from typing import Any

from autograd.compiler.calls import Calls
from autograd.compiler.trace.mapping import row_count
from autograd.primitives import truediv
from autograd.structures import as_array, flatten, unflatten


def over_chunks(calls: Calls, chunks: Iterable[Any]) -> Any:
    """The sum or mean of a function over the rows of all chunks; each is the arguments of a call, or its only argument."""
    who, reduce = calls.name, calls.options.reduce
    if reduce is None:
        raise ValueError(
            f"{who}.over adds up what chunks of rows give, and {who} does not reduce its rows: compile it with "
            f'jit(f, in_axes=..., reduce="mean"), or call it for each chunk: for chunk in chunks: f(*chunk)'
        )
    sums, what = calls.summing(), f"{who}: what the function returns"
    total: list[Any] | None = None
    structure: Any = None
    count = 0
    for chunk in chunks:
        args = chunk if isinstance(chunk, tuple) else (chunk,)
        rows = row_count(sums.taken_apart(args))
        if not rows:
            continue
        found, structure = flatten(sums.call(*args), what, structure)
        total = found if total is None else [x + y for x, y in zip(total, found, strict=True)]
        count += rows
    if total is None:
        raise ValueError(f"{who}.over was given no rows, so the structure of the result is unknown: pass at least one")
    if reduce == "mean":
        total = [truediv(x, float(count)) for x in total]
    return unflatten(structure, total, as_array)
