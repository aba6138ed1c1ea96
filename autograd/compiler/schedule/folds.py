"""A flat graph cut into trees: sums, and numbers used once inside the one that uses them, without a place in memory."""

import math
from collections.abc import Callable, Container, Sequence
from typing import Any, NamedTuple

from autograd.compiler.simplify import SSA
from autograd.definition import Primitive
from autograd.primitives import add, logical_or, mul, where

SHORTEST_SUM = 4  # terms; shorter ones stay single additions
LARGEST_TREE = 24  # operations computed in one go


class Term(NamedTuple):
    """What a sum adds: a number, or the product of two; with a guard, that product where the guard lets it through."""

    factors: tuple[int, ...]
    guard: int | None = None  # lets through where it is not 0
    negated: bool = False  # where it is 0

    @property
    def reads(self) -> tuple[int, ...]:
        """The numbers it is computed from."""
        return self.factors if self.guard is None else (self.guard, *self.factors)

    @property
    def form(self) -> tuple[bool, int, bool]:
        """What terms of one loop have in common."""
        return self.guard is not None, len(self.factors), self.negated


def term_of(ssa: SSA, i: int, absorbed: Callable[[int], bool], *, from_zero: bool = False) -> Term:
    """The number i as a term, where `absorbed` says which numbers nothing else needs."""
    # outside of its guard a term must be -0.0, which changes no sum; one that starts from 0, `from_zero`, 0.0 does not change
    primitive, operands = ssa.primitives[i], ssa.operands[i]
    if primitive is mul and absorbed(i):
        return Term(operands)
    if primitive is where and absorbed(i):
        guard, *choices = operands
        for product, nothing in (choices, choices[::-1]):
            zero = ssa.constants.get(nothing)
            is_nothing = zero == 0.0 and (from_zero or math.copysign(1.0, zero) < 0.0)
            if is_nothing and ssa.primitives[product] is mul and absorbed(product):
                return Term(ssa.operands[product], guard, negated=product == choices[1])
    return Term((i,))


class Fold(NamedTuple):
    """start + term + term + ..., from left to right; or, by the primitive `logical_or`, start | term | term | ..."""

    start: int
    terms: list[Term]
    primitive: Primitive


class Trees:
    """A flat graph cut into trees."""

    def __init__(self, ssa: SSA, varying: Sequence[int | None] | None) -> None:
        self.ssa = ssa
        nothing = ssa.constant(-0.0)  # what a sum of products starts from
        # of each number whether it differs from row to row, and how often it is read, as an output too
        self.varies = [array is not None for array in varying or [None] * ssa.inputs]
        self.uses = uses = [0] * len(ssa.primitives)
        for operands in [*ssa.operands, ssa.outputs]:
            for operand in operands:
                uses[operand] += 1
        by_row = self.varies
        for operands in ssa.operands[ssa.inputs :]:
            for operand in operands:
                if by_row[operand]:
                    by_row.append(True)
                    break
            else:
                by_row.append(False)
        self.folds: dict[int, Fold] = {}  # sums, by their last addition
        self.inside: set[int] = set()  # computed as part of another number
        self._reads: dict[int, list[int]] = {}  # known already
        self._find_folds(nothing)
        self._find_trees()

    def _find_folds(self, nothing: int) -> None:
        """Chains of additions, each of the last sum and a term."""
        ssa, varies, uses = self.ssa, self.varies, self.uses
        chains: dict[int, tuple[int, list[int], list[int]]] = {}  # start, right operands, additions; by the last addition
        for i, primitive in enumerate(ssa.primitives):
            if primitive is add or primitive is logical_or:
                x, y = ssa.operands[i]
                if uses[x] == 1 and x in chains and varies[x] == varies[i] and ssa.primitives[x] is primitive:
                    chains[i] = chain = chains.pop(x)
                    chain[1].append(y)
                    chain[2].append(i)
                elif primitive is add and len(self._terms([x], i)[0].factors) > 1:
                    chains[i] = nothing, [x, y], [i]
                else:
                    chains[i] = x, [y], [i]
        for i, (start, ys, additions) in chains.items():
            if len(ys) >= SHORTEST_SUM:
                terms = self._terms(ys, i)
                self.folds[i] = Fold(start, terms, ssa.primitives[i] or add)
                self.inside.update(additions[:-1])
                for y, (factors, guard, negated) in zip(ys, terms, strict=True):
                    if len(factors) > 1:
                        self.inside.add(y)
                    if guard is not None:
                        self.inside.add(ssa.operands[y][2 if negated else 1])

    def _terms(self, ys: Sequence[int], i: int) -> list[Term]:
        """These numbers as terms of the sum i."""
        ssa, uses, varies, alike = self.ssa, self.uses, self.varies, self.varies[i]
        if ssa.primitives[i] is not add:
            return [Term((y,)) for y in ys]

        def absorbed(x: int) -> bool:
            return uses[x] == 1 and varies[x] == alike

        return [term_of(ssa, y, absorbed) for y in ys]

    def _find_trees(self) -> None:
        """Numbers used once are computed where they are used."""
        ssa, folds, inside, varies = self.ssa, self.folds, self.inside, self.varies
        size = [1] * len(ssa.primitives)
        for i in range(ssa.inputs, len(ssa.primitives)):
            for x in ssa.operands[i] if i not in inside and i not in folds else ():
                free = self.uses[x] == 1 and ssa.primitives[x] is not None and x not in folds and x not in inside
                if free and varies[x] == varies[i] and size[i] + size[x] <= LARGEST_TREE:
                    size[i] += size[x]
                    inside.add(x)

    def roots(self, *, by_row: bool) -> list[int]:
        """The numbers that are computed for themselves, those by row or those that are the same for all rows."""
        numbers = range(self.ssa.inputs, len(self.ssa.primitives))
        inside, primitives, varies = self.inside, self.ssa.primitives, self.varies
        return [i for i in numbers if varies[i] is by_row and i not in inside and primitives[i] is not None]

    def reads(self, root: int) -> list[int]:
        """What a root is computed from, as often as it is used, in the order of use."""
        known = self._reads.get(root)
        if known is not None:
            return known
        found: list[int] = []
        self._reads[root] = found
        if root in self.folds:
            found += [self.folds[root].start, *[operand for term in self.folds[root].terms for operand in term.reads]]
            return found
        operands = self.ssa.operands[root]
        if self.inside.isdisjoint(operands):
            found += operands
            return found
        stack = [*reversed(operands)]
        while stack:
            i = stack.pop()
            if i in self.inside:
                stack += reversed(self.ssa.operands[i])
            else:
                found.append(i)
        return found

    def size(self, root: int) -> int:
        """How many operations a root takes: a sum, its terms."""
        if root in self.folds:
            return len(self.folds[root].terms)
        found = [root]
        for i in found:
            found += [operand for operand in self.ssa.operands[i] if operand in self.inside]
        return len(found)

    def term(self, root: int) -> Term:
        """A tree as a term of a sum over rows, which starts from 0."""
        return term_of(self.ssa, root, lambda i: i == root or i in self.inside, from_zero=True)

    def kinds(self, roots: Sequence[int], placed: Container[int]) -> dict[int, int]:
        """A number for each root: the same for those of one form that read the same forms, and are outputs or not."""
        known: dict[Any, int] = {}
        forms = {i: known.setdefault(self.form(i), len(known)) for i in roots}
        kinds = {}
        for i in roots:
            read = self.folds[i].terms[0].reads if i in self.folds else self.reads(i)
            kinds[i] = known.setdefault((forms[i], i in placed, *[forms.get(x, -1) for x in read]), len(known))
        return kinds

    def form(self, root: int) -> tuple[Any, ...]:
        """What two roots have in common that one loop can compute: primitives, and which operands are constants."""
        if root in self.folds:
            return (self.folds[root].primitive, *[term.form for term in self.folds[root].terms])
        operands = self.ssa.operands[root]
        if self.inside.isdisjoint(operands):
            return (self.ssa.primitives[root], *[x in self.ssa.constants for x in operands])
        form: list[Any] = []
        stack = [root]
        while stack:
            i = stack.pop()
            if i == root or i in self.inside:
                form.append(self.ssa.primitives[i])
                stack += reversed(self.ssa.operands[i])
            else:
                form.append(i in self.ssa.constants)
        return tuple(form)
