"""A primitive and its slopes in mathematical notation, for the words of a page: MathML as nested lists.

Nothing is stated here: the formula is the row's `latex`, the slopes are its partials, traced, in the same notation. What the
notation cannot tell in a line is left out; the page then has the row's own words.
"""

import re
from typing import Any

from autograd.definition import Primitive
from autograd.pictures.latex import Term, applied, constant
from autograd.program import Program

LONGEST = 110  # characters of LaTeX
NAMES = ("u", "v", "w")

Node = list[Any]
"""A MathML element: its name, then its text or the elements in it."""


def notation(primitive: Primitive, count: int, rule: Program) -> dict[str, Any]:
    """The formula, and for each operand the slope, or None; {} for a primitive of more than three operands.

    >>> from autograd import mul
    >>> notation(mul, 2, Program(3, (), (2, 1)))["slopes"]
    [['mrow', ['mi', 'v']], ['mrow', ['mi', 'u']]]
    """
    if not 1 <= count <= len(NAMES):
        return {}
    operands = [Term(name, "atom") for name in NAMES[:count]]
    formula = applied(primitive, operands)
    known = [formula, *operands]
    telling = True
    for step, places in rule.steps:
        telling &= not step.internal or step.latex is not None
        known.append(applied(step, [known[place] if type(place) is int else constant(place, 6) for place in places]))
    slopes = [known[place] if type(place) is int else constant(float(place), 6) for place in rule.outputs]
    short = telling and all(len(slope.text) <= LONGEST for slope in slopes)
    return {"formula": mathml(formula.text), "slopes": [mathml(slope.text) for slope in slopes] if short else []}


def mathml(text: str) -> Node:
    r"""LaTeX, as far as rows use it, as MathML.

    >>> mathml(r"\frac{1}{u^{2}}")
    ['mrow', ['mfrac', ['mrow', ['mn', '1']], ['mrow', ['msup', ['mi', 'u'], ['mrow', ['mn', '2']]]]]]
    """
    pieces = re.findall(r"\\operatorname\{(?:[^{}\\]|\\.)*\}|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S", text)
    found, rest = _row(pieces, 0)
    return ["mrow", *found] if rest == len(pieces) else ["mtext", text]


SYMBOLS = {r"\cdot": "·", r"\infty": "∞", "-": "\N{MINUS SIGN}", r"\left": "", r"\right": ""}


def _row(pieces: list[str], at: int) -> tuple[list[Node], int]:
    """The elements from a place on, up to a closing brace, and where that is."""
    found: list[Node] = []
    while at < len(pieces) and pieces[at] != "}":
        piece = pieces[at]
        if piece == "^" and found:
            base = found.pop()
            above, at = _group(pieces, at + 1)
            found.append(["msup", base, above])
            continue
        if piece in (r"\frac", r"\sqrt"):
            first, at = _group(pieces, at + 1)
            if piece == r"\sqrt":
                found.append(["msqrt", first])
            else:
                second, at = _group(pieces, at)
                found.append(["mfrac", first, second])
            continue
        at += 1
        if piece.startswith(r"\operatorname"):
            found.append(["mi", re.sub(r"\\(.)", r"\1", piece[len(r"\operatorname{") : -1])])
        elif piece == "{":
            inner, at = _row(pieces, at)
            found.append(["mrow", *inner])
            at += 1
        elif piece[0].isdigit():
            found.append(["mn", piece])
        elif piece.isalpha():
            found.append(["mi", piece])
        elif shown := SYMBOLS.get(piece, piece.removeprefix("\\")):
            found.append(["mo", shown])
    return found, at


def _group(pieces: list[str], at: int) -> tuple[Node, int]:
    """What stands in braces at a place, or the one piece there, and where it ends."""
    if at < len(pieces) and pieces[at] == "{":
        inner, at = _row(pieces, at + 1)
        return ["mrow", *inner], at + 1
    return ["mrow", ["mn" if pieces[at : at + 1] and pieces[at][0].isdigit() else "mi", *pieces[at : at + 1]]], at + 1
