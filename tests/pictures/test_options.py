"""The checks of options: each error names the option, what is allowed and what was given."""

from typing import Any

import pytest

from autograd import Value, draw, latex, page, tree
from autograd.pictures.options import Options, check_whole, several
from tests.pictures.graphs import small


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rankdir": "XX"}, ValueError, "rankdir must be 'LR', 'TB', 'RL' or 'BT', not 'XX'"),
        ({"precision": 0}, ValueError, "precision must be a whole number of digits from 1 to 17, not 0"),
        ({"theme": "blue"}, ValueError, "theme must be 'light', 'dark' or 'auto', not 'blue'"),
        ({"depth": -1}, ValueError, "depth must be a whole number from 0 on, not -1"),
        ({"depth": True}, ValueError, "depth must be a whole number from 0 on, not True"),
        ({"max_nodes": 0}, ValueError, "max_nodes must be a whole number from 1 on, not 0"),
        ({"partials": "yes"}, TypeError, "partials must be True or False, not 'yes'"),
    ],
)
def test_bad_options(options: dict[str, object], error: type[Exception], message: str) -> None:
    """The values wanted and given."""
    with pytest.raises(error, match=message):
        draw(small(), **options)  # type: ignore[arg-type]


def test_only_values_are_drawn() -> None:
    """Each function says in its own name what it needs."""
    with pytest.raises(TypeError, match=r"draw needs the Value whose graph to draw, not a float: for example draw\(loss\)"):
        draw(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"result 1 is a float: for example draw\(\[loss, output\]\)"):
        draw([Value(1.0), 3.0])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="at least one Value, not an empty list"):
        draw([])


@pytest.mark.parametrize("precision", [True, 0, 18, 2.5])
def test_bad_precisions(precision: Any) -> None:
    """Rejected in words, not by Python's formatting, by every function that has the option."""
    for function in (draw, tree, latex, page):
        with pytest.raises(ValueError, match="precision must be a whole number of digits from 1 to 17"):
            function(Value(1.0) * 2.0, precision=precision)  # type: ignore[operator]


def test_one_result_or_several() -> None:
    """A list in any case, and never the caller's own."""
    x, y = Value(1.0), Value(2.0)
    given = [x, y]
    assert several(x, "draw", "draw")[0] is x
    for results in (given, (x, y)):
        found = several(results, "draw", "draw")
        assert [id(value) for value in found] == [id(x), id(y)]
        assert found is not results
    for name, function in (("tree", tree), ("latex", latex)):
        with pytest.raises(TypeError, match=rf"{name} needs Values, but result 0 is a str: for example {name}\("):
            function(["x"])  # type: ignore[operator]


@pytest.mark.parametrize("number", [0, -1, 1.0, True, None, "1"])
def test_whole_numbers(number: Any) -> None:
    """From the least one on; neither floats nor booleans pass."""
    with pytest.raises(ValueError, match="width must be a whole number from 1 on, not"):
        check_whole("width", number, least=1)
    check_whole("width", 1, least=1)


def test_options_are_frozen() -> None:
    """What was checked stays as it was."""
    options = Options(depth=0, max_nodes=1)
    with pytest.raises(AttributeError):
        options.depth = -1  # type: ignore[misc]
