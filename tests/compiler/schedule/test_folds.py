"""Sums as chains of terms, and trees of numbers that are used once."""

from typing import Any

import pytest

pytest.importorskip("numpy", reason="needs the jit extra")

from autograd import add, dot, logical_or, sin, sum_, where
from autograd.compiler.schedule.folds import Term
from tests.compiler.schedule.test_scheduling import scheduled

TERMS: dict[str, tuple[Any, tuple[bool, int, bool]]] = {
    "a number": (lambda x, y: x, (False, 1, False)),
    "a product": (lambda x, y: x * y, (False, 2, False)),
    "a guarded product": (lambda x, y: where(x > 0.5, x * y, -0.0), (True, 2, False)),
    "a product guarded otherwise": (lambda x, y: where(x > 0.5, -0.0, x * y), (True, 2, True)),
    "0 elsewhere, which changes a sum of -0": (lambda x, y: where(x > 0.5, x * y, 0.0), (False, 1, False)),
    "no product": (lambda x, y: where(x > 0.5, x + y, -0.0), (False, 1, False)),
}


@pytest.mark.parametrize(("term", "form"), TERMS.values(), ids=TERMS)
def test_terms(term: Any, form: tuple[bool, int, bool]) -> None:
    """What a sum adds, recognised."""
    plan = scheduled(lambda xs: sum_([term(x, y) for x, y in zip(xs[:5], xs[5:], strict=True)]), 10)
    (fold,) = plan.trees.folds.values()
    assert fold.primitive is add
    assert {found.form for found in fold.terms[1:]} == {form}


def test_a_product_used_twice_is_no_part_of_a_sum() -> None:
    """It is computed for itself."""

    def f(xs: list[Any]) -> Any:
        products = [x * y for x, y in zip(xs[:5], xs[5:], strict=True)]
        return [sum_(products), products]

    plan = scheduled(f, 10)
    (fold,) = plan.trees.folds.values()
    assert all(term.guard is None and len(term.factors) == 1 for term in fold.terms)


def test_terms_over_rows_start_from_zero() -> None:
    """There a term may be 0 elsewhere, of either sign."""
    for nothing in (0.0, -0.0):
        plan = scheduled(lambda xs, nothing=nothing: [where(xs[2], xs[0] * xs[1], nothing)], 3, (0, 0, 0))
        (root,) = plan.ssa.outputs
        assert plan.trees.term(root) == Term((0, 1), 2)


def test_disjunctions() -> None:
    """Truth values joined by "or" are a sum too."""

    def f(xs: list[Any]) -> Any:
        found = xs[0] > 0.0
        for x in xs[1:]:
            found = found | (x > 0.0)
        return where(found, 1.0, 2.0)

    (fold,) = scheduled(f, 6).trees.folds.values()
    assert fold.primitive is logical_or
    assert len(fold.terms) == 5


def test_trees() -> None:
    """Numbers used once lie inside the one that uses them, and have no place in memory."""
    plan = scheduled(lambda xs: [sin(xs[0] + xs[1]) * 2.0, dot(xs, xs)], 2)
    root = plan.ssa.outputs[0]
    assert plan.trees.size(root) == 3
    assert plan.trees.reads(root)[:2] == [0, 1]
    assert not plan.trees.inside & set(plan.memory.address)
