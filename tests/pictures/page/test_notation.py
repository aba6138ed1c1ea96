"""Formulas and slopes in mathematical notation, from what the table knows."""

from typing import Any

import pytest

from autograd.pictures.page.notation import mathml, notation
from autograd.table import TABLE
from tests.compiler.comparison import edges


def flat(node: Any) -> str:
    """The text of MathML, powers and fractions as in Python."""
    tag, *inside = node
    texts = [part if isinstance(part, str) else flat(part) for part in inside]
    joint = {"msup": "^", "mfrac": "/"}.get(tag, "")
    return f"({joint.join(texts)})" if tag == "mfrac" else joint.join(texts)


def told(name: str) -> list[str]:
    """The formula of a row, and its slopes."""
    row = TABLE[name]
    found = notation(row, row.arity or 2, row.in_javascript([None] * (row.arity or 2)).rule)
    return [flat(found["formula"]), *map(flat, found["slopes"])]


@pytest.mark.parametrize(
    ("name", "formulas"),
    [
        ("tanh", ["tanh(u)", "1−tanh(u)^2"]),
        ("mul", ["u·v", "v", "u"]),
        ("add", ["u+v", "1", "1"]),
        ("exp", ["e^u", "e^u"]),
        ("sqrt", ["u", "(0.5/u)"]),
        ("sin", ["sin(u)", "cos(u)"]),
        ("truediv", ["(u/v)", "(1/v)", "−((u/v)/v)"]),
        ("relu", ["relu(u)", "heaviside(u)"]),
        ("pow", ["u^v"]),  # its slopes take more than a line: the page has the row's words
    ],
)
def test_rows(name: str, formulas: list[str]) -> None:
    """As a book would write them."""
    assert told(name) == formulas


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_row_can_be_told(row: Any) -> None:
    """Or is left out; never half of it."""
    fixed = row.orders(edges(row, 1)[0])
    count = len(fixed)
    found = notation(row, count, row.in_javascript(fixed).rule)
    assert bool(found) == (count <= 3)
    assert len(found.get("slopes", [])) in (0, count)


def test_what_is_no_formula_is_text() -> None:
    """Such as an unbalanced brace."""
    assert mathml("}a") == ["mtext", "}a"]
    assert mathml(r"\sqrt{2}") == ["mrow", ["msqrt", ["mrow", ["mn", "2"]]]]
