"""The formula of a graph in LaTeX: small expressions, as a paper writes them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from autograd.definition import KINDS, Primitive
from autograd.graph import topological_order
from autograd.pictures.options import check_precision, several
from autograd.pictures.text import number, visible
from autograd.primitives import dot, mul, sum_
from autograd.value import Value

LONGEST = 4_000  # characters: nobody reads more


class Formula(str):
    """LaTeX without the dollars, which a notebook shows typeset."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self}$"


class Term(NamedTuple):
    """A part of a formula, and its kind, one of KINDS."""

    text: str
    kind: str

    def __format__(self, least: str) -> str:
        """The text, in parentheses where its place needs a stronger kind."""
        return self.text if KINDS.index(self.kind) >= KINDS.index(least) else rf"\left({self.text}\right)"


def latex(results: Value | Sequence[Value], *, precision: int = 6) -> Formula:
    r"""The formula that computed a result, or several, as LaTeX: a string that a notebook shows typeset.

    A computed value with a label gets its own equation, and the other equations call it by the label. A leaf without a label is
    called v and its place in the topological order. Labels may hold any text: it is escaped. Raises TypeError for anything but
    Values, ValueError for a formula of more than 4,000 characters.

    >>> x, w = Value(2.0, label="x"), Value(-0.5, label="w1")
    >>> print(latex((w * x + 1.5) ** 2))
    \left(w_{1} \cdot x + 1.5\right)^{2}
    """
    found = several(results, "latex", "write")
    check_precision(precision)
    terms: dict[Value, Term] = {}
    equations: list[str] = []
    size = 0
    for i, node in enumerate(topological_order(*found)):
        name = _name(str(node.label)) if node.label else f"v_{{{i}}}"
        if node.primitive is None:
            terms[node] = Term(name, "atom")
            continue
        operands = [constant(o, precision) if type(o) is float else terms[o] for o in node.operands]
        term = applied(node.primitive, operands)
        if node.label:
            equations.append(f"{name} &= {term.text}")
            size += len(equations[-1])
        terms[node] = Term(name, "atom") if node.label else term
        if size + len(term.text) > LONGEST:
            raise ValueError(
                f"this formula has more than {LONGEST:,} characters of LaTeX: label values inside it, hidden.label = 'h', so "
                "that each gets its own equation; or take a smaller part; or print(tree(result))"
            )
    equations += [f"& {terms[result].text}" for result in dict.fromkeys(found) if not (result.label and result.operands)]
    if len(equations) == 1:
        return Formula(equations[0].replace("&= ", "= ", 1).removeprefix("& "))
    return Formula(r"\begin{aligned} " + r" \\ ".join(equations) + r" \end{aligned}")


def applied(primitive: Primitive, operands: Sequence[Term]) -> Term:
    """A primitive at its operands: by its `latex`, else as a function of its name."""
    if primitive is dot:
        half = len(operands) // 2
        return _sum([applied(mul, pair) for pair in zip(operands[:half], operands[half:], strict=True)])
    if primitive is sum_:
        return _sum(operands)
    if primitive.latex is not None:
        form, kind = primitive.latex
        return Term(form.format(*operands), kind)
    arguments = ", ".join(operand.text for operand in operands)
    return Term(rf"\operatorname{{{_escaped(primitive.name)}}}\left({arguments}\right)", "atom")


def _sum(terms: Sequence[Term]) -> Term:
    if len(terms) == 1:
        return terms[0]
    return Term(" + ".join(f"{term:product}" if i else f"{term:sum}" for i, term in enumerate(terms)) or "0", "sum")


def constant(x: float, precision: int) -> Term:
    """A number, its power of ten written as such."""
    text = number(x, precision)
    digits, _, exponent = text.partition("e")
    if exponent:
        return Term(rf"{digits} \cdot 10^{{{int(exponent)}}}", "negation" if x < 0.0 else "product")
    text = text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    return Term(text, "negation" if text.startswith("-") else "atom")


def _name(label: str) -> str:
    r"""A label as a variable if it is a letter, with or without digits as its index; else as text."""
    match = re.fullmatch("([A-Za-z])_?([0-9]*)", label)
    if match is None:
        return rf"\text{{{_escaped(label)}}}"
    letter, index = match.groups()
    return f"{letter}_{{{index}}}" if index else letter


def _escaped(text: str) -> str:
    """Text that LaTeX and the HTML around it show as it stands: special characters are escaped, or in their fullwidth forms."""
    return "".join(_ESCAPES.get(character, character) for character in visible(text))


_ESCAPES = {
    **{character: f"\\{character}" for character in "_#%{}$"},
    **{character: chr(ord(character) + 0xFEE0) for character in "\\^~&<>"},
}
