"""The signature of a call: what fits, and where it lies."""

from collections import OrderedDict
from typing import Any

import pytest

from autograd.compiler.call.signature import Argument, Given, Signature
from autograd.structures import NUMBER, Structure

PAIR = Structure(tuple, (), (NUMBER, NUMBER))
MATRIX = Structure("array", (2, 3))


def shared(*structures: Structure) -> list[Given]:
    """Arguments that all rows share."""
    return [Given(structure, varies=False) for structure in structures]


def test_places() -> None:
    """Shared arguments follow one another among the inputs; arrays of rows are counted by themselves."""
    arguments = list(map(Given, (NUMBER, MATRIX, PAIR, NUMBER, MATRIX), (False, True, False, True, False)))
    signature = Signature.of(NUMBER, arguments, 9, by_row=False)
    assert signature is not None
    assert signature.arguments == (
        Argument(None, (), 0, 1, None, alone=False),
        Argument("array", (2, 3), 1, 1, 0, alone=False),
        Argument(tuple, (), 1, 3, None, alone=False),
        Argument(None, (), 3, 3, 1, alone=False),
        Argument("array", (2, 3), 3, 9, None, alone=False),
    )


def test_sequences() -> None:
    """Where their rows lie, and how many there are, are two places each; not for structures in structures."""
    together = Structure(dict, ("x", "y"), (MATRIX, NUMBER))
    arguments = [Given(NUMBER, varies=False, like=0), *shared(PAIR), Given(together, varies=False, like=2)]
    signature = Signature.of(NUMBER, arguments, 8, by_row=False)
    assert signature is not None
    rows = Argument("rows", (2, 3), 4, 6, None, alone=False, like=2), Argument("rows", (), 6, 8, None, alone=False, like=2)
    assert signature.arguments == (
        Argument("rows", (), 0, 2, None, alone=False, like=0),
        Argument(tuple, (), 2, 4, None, alone=False),
        Argument(dict, ("x", "y"), 4, 8, None, alone=False, parts=rows, like=2),
    )
    assert Signature.of(NUMBER, [Given(Structure(tuple, (), (PAIR, PAIR)), varies=False, like=0)], 8, by_row=False) is None


def test_alone() -> None:
    """An array is read where it lies if it holds all inputs; a tuple or a number never is, nor beside a captured Value."""

    def alone(inputs: int, *arguments: Given) -> list[bool]:
        signature = Signature.of(NUMBER, arguments, inputs, by_row=False)
        assert signature is not None
        return [argument.alone for argument in signature.arguments]

    assert alone(6, Given(MATRIX, varies=False)) == [True]
    assert alone(6, Given(MATRIX, varies=False), Given(MATRIX, varies=True)) == [True, False]
    assert alone(7, Given(MATRIX, varies=False)) == [False]
    assert alone(2, Given(PAIR, varies=False)) == [False]
    assert alone(1, Given(NUMBER, varies=False)) == [False]


def test_parts_of_arguments() -> None:
    """They follow one another among the inputs, however deep they lie."""
    nested = Structure(dict, ("w", "b"), (MATRIX, Structure(list, (), (NUMBER, PAIR))))
    signature = Signature.of(NUMBER, shared(NUMBER, nested), 10, by_row=False)
    assert signature is not None
    _, parts = signature.arguments
    assert (parts.kind, parts.shape, parts.start, parts.end) == (dict, ("w", "b"), 1, 10)
    assert [(part.start, part.end) for part in parts.parts] == [(1, 7), (7, 10)]
    assert [(part.start, part.end) for part in parts.parts[1].parts] == [(7, 8), (8, 10)]


def test_results() -> None:
    """Parts of a result follow one another among the outputs."""
    signature = Signature.of(Structure(tuple, (), (NUMBER, Structure(list, (), (MATRIX, PAIR)))), [], 0, by_row=False)
    assert signature is not None
    number, rest = signature.result.parts
    matrix, pair = rest.parts
    assert [(part.start, part.end) for part in (signature.result, number, rest, matrix, pair)] == [
        (0, 9), (0, 1), (1, 9), (1, 7), (7, 9),
    ]  # fmt: skip
    assert [part.flat for part in (signature.result, number, rest, matrix, pair)] == [False, False, False, False, True]


def test_results_by_row() -> None:
    """Numbers, arrays, and tuples and lists of them."""
    for result in (NUMBER, MATRIX, PAIR, Structure(list, (), (PAIR, Structure(tuple, (), (MATRIX, NUMBER))))):
        signature = Signature.of(result, [Given(NUMBER, varies=True)], 0, by_row=True)
        assert signature is not None
        assert signature.by_row
        assert signature.result.end == result.size


@pytest.mark.parametrize(
    ("result", "arguments", "by_row"),
    [
        (NUMBER, shared(Structure(list, (), (NUMBER, Structure(set)))), False),
        (NUMBER, shared(Structure(list)), False),
        (NUMBER, shared(Structure("array", (0, 3))), False),
        (NUMBER, shared(Structure(OrderedDict, ("a",), (NUMBER,))), False),
        (NUMBER, [Given(Structure(dict, ("a",), (NUMBER,)), varies=True)], False),
        (NUMBER, [Given(PAIR, varies=True)], False),
        (Structure(OrderedDict, ("a",), (NUMBER,)), shared(NUMBER), False),
        (Structure(list, (), (PAIR, Structure(set))), shared(NUMBER), False),
        (Structure("array", (0,)), [Given(NUMBER, varies=True)], True),
        (Structure(tuple, (), (Structure("array", (0,)),)), [Given(NUMBER, varies=True)], True),
        (Structure(OrderedDict, ("a",), (NUMBER,)), [Given(NUMBER, varies=True)], True),
    ],
)
def test_what_has_none(result: Structure, arguments: Any, by_row: bool) -> None:
    """Empty arguments, other classes, rows of structures, nothing by row: the long way alone knows them."""
    assert Signature.of(result, arguments, 6, by_row=by_row) is None
