"""Trees and terms of a schedule, computed in one go from what they read."""

from collections.abc import Iterator, Sequence

from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.natives import add_term, apply
from autograd.compiler.schedule.folds import Fold, Term, Trees
from autograd.primitives import add


def keep(f: Function, value: Known, pointer: str, *, summed: bool) -> None:
    """Put a number where the pointer points, or add it to the one there."""
    if summed:
        value = add_term(f, f.load(pointer), [value]), False
    f.store(value, pointer)


def tree(f: Function, trees: Trees, root: int, reads: Iterator[Known]) -> Known:
    """A number and those inside of it, from what it reads in the order of use."""
    operands = [tree(f, trees, i, reads) if i in trees.inside else next(reads) for i in trees.ssa.operands[root]]
    primitive = trees.ssa.primitives[root]
    assert primitive is not None  # noqa: S101 - the root of a tree is computed
    return apply(f, primitive, operands)


def add_tree(f: Function, trees: Trees, root: int, reads: Iterator[Known], total: str) -> str:
    """A sum over rows with a tree's number more."""

    def value(i: int) -> Known:
        return tree(f, trees, i, reads) if i in trees.inside or i == root else next(reads)

    term = trees.term(root)
    guard = None if term.guard is None else value(term.guard)
    if term.negated:
        next(reads)  # the 0 that is chosen in its place
    return add_term(f, total, [value(i) for i in term.factors], guard, negated=term.negated)


def start_of(f: Function, fold: Fold, value: Known) -> str:
    """What a sum starts from: a number, or a truth value for a sum of those."""
    return f.as_number(value) if fold.primitive is add else f.as_truth(value)


def with_term(f: Function, fold: Fold, total: str, term: Term, values: Sequence[Known]) -> str:
    """A sum with one term more, by the values of what that reads."""
    if fold.primitive is not add:
        return apply(f, fold.primitive, [(total, True), values[0]])[0]
    guard = None if term.guard is None else values[0]
    return add_term(f, total, values[-len(term.factors) :], guard, negated=term.negated)
