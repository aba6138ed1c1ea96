"""What differs from row to row in a program with loops: each number, array and carried one; turns and tests must not."""

from collections.abc import Sequence
from typing import Any

from autograd.compiler.emit.accumulations import Accumulation
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.simplify import SSA
from autograd.forms import Loop, Result


class RowsApartError(Exception):
    """Rows cannot go side by side: each has turns of its own, or all of them take more memory than is near the processor."""


def varying(ssa: SSA, inputs: Sequence[bool]) -> list[Any]:
    """Of each number and array whether rows differ in it, from which inputs they do; of a loop a list, of its results.

    Raises RowsApartError if rows differ in the turns of a loop.
    """
    found: list[Any] = list(inputs)
    for i in range(ssa.inputs, len(ssa.primitives)):
        primitive: Any = ssa.primitives[i]
        operands = [found[x] for x in ssa.operands[i]]
        if isinstance(primitive, Loop):
            found.append(_results(primitive, operands))
        elif isinstance(primitive, Accumulation) and primitive.turns is None and operands[0]:
            raise RowsApartError
        elif isinstance(primitive, Result):
            found.append(operands[0][primitive.place])
        else:
            found.append(any(operands))
    return found


def in_turns(loop: Loop, operands: Sequence[bool]) -> list[bool]:
    """Of each input of a loop's body whether rows differ in it, in any turn."""
    _, carry, xs, shared = loop.parts(operands)
    if loop.turns is None and loop.test is None and operands[0]:
        raise RowsApartError
    body = ssa_of(loop.body)
    rows = [x for x, row in zip(xs, loop.xs, strict=True) for _ in range(row.places)]
    while True:
        found = varying(body, [False, *carry, *rows, *shared])
        following = [x or found[y] for x, y in zip(carry, body.outputs, strict=False)]
        if following == carry:
            break
        carry = following
    if loop.test is not None:
        test = ssa_of(loop.test)
        if varying(test, [False, *carry, *shared])[test.outputs[0]]:
            raise RowsApartError
    return found[: body.inputs]


def _results(loop: Loop, operands: Sequence[bool]) -> list[bool]:
    body = ssa_of(loop.body)
    found = varying(body, in_turns(loop, operands))
    outputs = iter(body.outputs)
    carry = [found[next(outputs)] for _ in loop.carry]
    if loop.test is not None:
        carry.append(False)
    rows = [[found[next(outputs)] for _ in range(row.places)] for row in loop.ys]
    return [*carry, *map(any, rows)]
