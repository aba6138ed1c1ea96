"""Formulas: as mathematics writes them, parentheses where they are needed and nowhere else, any label as text."""

from collections.abc import Callable
from typing import Any

import pytest

import autograd as ag
from autograd import Value, latex

CASES: list[tuple[Callable[[Any, Any], Any], str]] = [
    (lambda a, b: a + b + 1.0, "a + b + 1"),
    (lambda a, b: a + (b + 1.0), r"a + \left(b + 1\right)"),
    (lambda a, b: a - (b - 1.0), r"a - \left(b - 1\right)"),
    (lambda a, b: a - b * 2.0, r"a - b \cdot 2"),
    (lambda a, b: (a + b) * (a - b), r"\left(a + b\right) \cdot \left(a - b\right)"),
    (lambda a, b: a * b / (a + b), r"\frac{a \cdot b}{a + b}"),
    (lambda a, b: (a / b) ** 2, r"\left(\frac{a}{b}\right)^{2}"),
    (lambda a, b: a ** (b + 1.0), "a^{b + 1}"),
    (lambda a, b: (a**b) ** 2, r"\left(a^{b}\right)^{2}"),
    (lambda a, b: -(a * b), r"-a \cdot b"),
    (lambda a, b: -(a + b), r"-\left(a + b\right)"),
    (lambda a, b: a * -b, r"a \cdot \left(-b\right)"),
    (lambda a, b: a * -2.0 + -1e-7, r"a \cdot \left(-2\right) + \left(-1 \cdot 10^{-7}\right)"),
    (lambda a, b: ag.sqrt(abs(a - b)), r"\sqrt{\left|a - b\right|}"),
    (lambda a, b: ag.exp(-a) * ag.exp(b) ** 2, r"e^{-a} \cdot \left(e^{b}\right)^{2}"),
    (lambda a, b: ag.tanh(a) ** 2 + ag.clip(b, -1.0, float("inf")),
     r"\operatorname{tanh}\left(a\right)^{2} + \operatorname{clip}\left(b, -1, \infty\right)"),
    (lambda a, b: ag.leaky_relu(a), r"\operatorname{leaky\_relu}\left(a, 0.01\right)"),
    (lambda a, b: ag.dot([a, b], [b, -3.0]) * 2.0, r"\left(a \cdot b + b \cdot \left(-3\right)\right) \cdot 2"),
    (lambda a, b: ag.sum_([a - b]) ** 2, r"\left(a - b\right)^{2}"),
    (lambda a, b: ag.sum_([a - b, a - b]), r"a - b + \left(a - b\right)"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "formula"), CASES, ids=[formula for _, formula in CASES])
def test_formulas(f: Callable[[Any, Any], Any], formula: str) -> None:
    """As they were written."""
    assert latex(f(Value(2.0, label="a"), Value(3.0, label="b"))) == formula


def test_a_notebook_typesets_it() -> None:
    """The string, between dollars."""
    formula = latex(Value(2.0, label="x") * 2.0)
    assert isinstance(formula, str)
    assert formula._repr_latex_() == rf"$\displaystyle {formula}$"


def test_labelled_values_have_equations_of_their_own() -> None:
    """In order, referred to by their labels; results without one stand alone."""
    x = Value(2.0, label="x1")
    h = ag.tanh(x)
    h.label = "h"
    y = h * h
    assert latex(y) == r"\begin{aligned} h &= \operatorname{tanh}\left(x_{1}\right) \\ & h \cdot h \end{aligned}"
    y.label = "out"
    assert latex([y, h]).endswith(r"\\ \text{out} &= h \cdot h \end{aligned}")
    assert latex(h) == r"h = \operatorname{tanh}\left(x_{1}\right)"
    assert latex(Value(2.0)) == "v_{0}"


def test_hostile_labels() -> None:
    """Nothing that LaTeX or HTML would obey: escaped, or in the fullwidth form."""
    formula = latex(Value(1.0, label="</script>\\input{x}$ $^~_#% &amp;\n"))
    assert formula == r"\text{＜/script＞＼input\{x\}\$ \$＾～\_\#\% ＆amp;␊}"
    row = ag.primitive("latex_test", evaluate=lambda x: x)
    assert latex(row(Value(1.0, label="x"))) == r"\operatorname{latex\_test}\left(x\right)"


def test_long_formulas_are_refused_early() -> None:
    """Also where sharing makes a formula of 2**1000 terms; a label on the way helps."""
    x = Value(1.0, label="x")
    for _ in range(1_000):
        x = x + x
    with pytest.raises(ValueError, match=r"more than 4,000 characters.*hidden\.label = 'h'.*print\(tree\(result\)\)"):
        latex(x)
    y = Value(1.0, label="y")
    for i in range(100):
        y = y + y
        y.label = f"y{i}"
    assert latex(y).count(r"\\") == 99


def test_rows_state_their_own() -> None:
    """Yours too; anything but a formula and its kind is refused."""
    row = ag.primitive("norm_test", evaluate=lambda x, y: x, latex=(r"\|{:sum}\|_{{{:sum}}}", "atom"))
    assert latex(row(Value(1.0, label="x"), 2.0) ** 2) == r"\|x\|_{2}^{2}"
    with pytest.raises(TypeError, match=r"latex of 'norm_test' must be a formula and its kind, not 'x'.*kinds are sum"):
        ag.primitive("norm_test", evaluate=lambda x: x, latex="x")  # type: ignore[arg-type]


def test_what_is_no_value() -> None:
    """Is refused."""
    with pytest.raises(TypeError, match="latex needs the Value"):
        latex("x")  # type: ignore[arg-type]
