"""Nests: what each is, on floats, Values and in a trace, and as Python."""

from typing import Any

import pytest

import autograd as ag
from autograd import Value, jit
from autograd.program import Program
from autograd.real import number_of
from autograd.testing import Expression
from autograd.testing.nests import Branch, Counted, Element, Item, Listed, Mapped, Nest, Repeated, Scan

PRODUCT = Program(3, ((ag.mul, (0, 1)), (ag.add, (3, 2))), (4, 3))  # (a b + c, a b)
OTHER = Program(3, ((ag.sub, (0, 1)), (ag.mul, (2, 2.0))), (3, 4))  # (a - b, 2 c)
ONE = Program(3, ((ag.mul, (0, 1)), (ag.add, (3, 2))), (4,))
HALF = Program(2, ((ag.mul, (0, 0.5)), (ag.add, (2, 1))), (3,))

CASES: dict[str, tuple[Nest, list[Any], Any]] = {
    "scan": (Scan(PRODUCT, 1, 1), [2.0, [3.0, 4.0], 1.0], ([29.0], ([6.0, 28.0],))),
    "scan back": (Scan(PRODUCT, 1, 1, reverse=True, checkpoint=2), [2.0, [3.0, 4.0], 1.0], ([28.0], ([27.0, 8.0],))),
    "scan without ys": (Scan(ONE, 1, 1), [2.0, [3.0, 4.0], 1.0], ([29.0], None)),
    "counted": (Counted(ONE, 1, (2, 2)), [0.0, 3.0, 1.0], [2.0]),
    "few turns": (Counted(ONE, 1, (1, 3)), [0.0, 3.0, 1.0], [1.0]),
    "many turns": (Counted(ONE, 1, (1, 3)), [1.0, 3.0, 1.0], [5.0]),
    "tested": (Repeated(HALF, 1, 9), [0.0, 0.75], [2.0, 1.125]),
    "tested to the end": (Repeated(HALF, 1, 3), [0.0, 0.125], [3.0, 0.21875]),
    "mapped": (Mapped(PRODUCT, 2), [[1.0, 2.0], [3.0, 4.0], 1.0], ([4.0, 9.0], [3.0, 8.0])),
    "cond": (Branch((OTHER, PRODUCT)), [1.0, 2.0, 2.0, 3.0, 1.0], [-1.0, 2.0]),
    "switch": (Branch((OTHER, OTHER, PRODUCT)), [2.5, 2.0, 3.0, 1.0], [7.0, 6.0]),
    "first": (Element(), [[3.0, 4.0], 0.25], 3.0),
    "last": (Element(), [[3.0, 4.0], 0.75], 4.0),
    "listed": (Listed(), [3.0, 4.0], [3.0, 4.0]),
    "item": (Item((1, 0)), [([1.0], [2.0, 3.0])], 2.0),
}


def places(operands: list[Any]) -> tuple[list[float], list[Any], tuple[Any, ...]]:
    """Operands as inputs of an expression: the numbers, steps that make lists of them, and where each operand is."""
    numbers = [x for operand in operands for x in (operand if isinstance(operand, list) else [operand])]
    steps, found, at = [], [], 0
    for operand in operands:
        size = len(operand) if isinstance(operand, list) else 1
        if isinstance(operand, list):
            steps.append((Listed(), tuple(range(at, at + size))))
        found.append(len(numbers) + len(steps) - 1 if isinstance(operand, list) else at)
        at += size
    return numbers, steps, tuple(found)


@pytest.mark.parametrize("case", CASES)
def test_what_it_gives(case: str) -> None:
    """By itself; as a step of an expression, whose source gives the same; in a trace."""
    nest, operands, expected = CASES[case]
    assert nest.at(*operands) == expected
    assert nest.run(operands, lambda primitive, *xs: primitive.at(*xs)) == expected
    if isinstance(nest, Item):
        return
    numbers, steps, found = places(operands)
    expression = Expression(len(numbers), (*steps, (nest, found)), tuple(numbers))
    scope: dict[str, Any] = {}
    exec(str(expression), scope)
    assert scope["f"](*numbers) == expected
    assert [number_of(x) for x in parts(expression(*map(Value, numbers)))] == parts(expected)
    assert jit(lambda xs: parts(expression(*xs)), backend="python")(numbers) == parts(expected)


def parts(thing: Any) -> list[Any]:
    """The numbers of a result."""
    return [] if thing is None else [x for y in thing for x in parts(y)] if isinstance(thing, list | tuple) else [thing]
