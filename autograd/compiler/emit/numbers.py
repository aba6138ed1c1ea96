"""The numbers of a schedule in one function: read from memory once and known from there on, computed for themselves, kept."""

import itertools
from collections.abc import Sequence

from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.natives import keep, start_of, tree, with_term
from autograd.compiler.schedule.folds import Fold, Term
from autograd.compiler.schedule.loops import SHORTEST_LOOP
from autograd.compiler.schedule.memory import SPACE
from autograd.compiler.schedule.scheduling import Schedule
from autograd.primitives import add

LONG_SUM = 32  # terms, from which a sum is a loop wherever they lie


class Numbers:
    """The numbers of a schedule in one function."""

    def __init__(self, f: Function, schedule: Schedule) -> None:
        self.f = f
        self.ssa, self.trees, self.memory = schedule.ssa, schedule.trees, schedule.memory
        self.known: dict[int, Known] = {}

    def value(self, i: int) -> Known:
        """A number: as computed before in the function, or from memory."""
        if i in self.ssa.constants:
            return self.f.constant(self.ssa.constants[i]), False
        if i not in self.known:
            pointer, single = self.f.pointer_to(self.memory.address[i])
            self.known[i] = self.f.load(pointer, single=single), False
        return self.known[i]

    def compute(self, i: int, *, kept: bool) -> None:
        """Compute a number for itself; `kept` in memory too."""
        fold = self.trees.folds.get(i)
        if fold is None:
            self.known[i] = tree(self.f, self.trees, i, iter([self.value(x) for x in self.trees.reads(i)]))
        else:
            self.known[i] = self._sum(fold), fold.primitive is not add
        if kept:
            self.keep(i, self.memory.address[i])

    def keep(self, i: int, address: int) -> None:
        """Put a number at an address."""
        keep(self.f, self.value(i), self.f.pointer_to(address)[0], summed=self.memory.is_summed(address))

    def _sum(self, fold: Fold) -> str:
        """A sum: its terms one after another, or many that lie anywhere in a loop, by a table of their places."""
        total = start_of(self.f, fold, self.value(fold.start))
        if len(fold.terms) < LONG_SUM:
            return self._with_terms(fold, total, fold.terms)
        left = fold.terms
        if fold.primitive is not add and self.f.lanes == 1:
            total, left = self._side_by_side(total, left)
        for (spaces, _), run in itertools.groupby(left, self._kind):
            terms = list(run)
            if None in spaces or len(terms) < SHORTEST_LOOP:
                total = self._with_terms(fold, total, terms)
            else:
                total = self._by_places(fold, total, terms, [space for space in spaces if space is not None])
        return total

    def _with_terms(self, fold: Fold, total: str, terms: Sequence[Term]) -> str:
        for term in terms:
            total = with_term(self.f, fold, total, term, [self.value(x) for x in term.reads])
        return total

    def _kind(self, term: Term) -> tuple[list[int | None], bool]:
        """The kinds of memory that a term's operands are in, None for a constant; and whether its guard is negated."""
        addresses = [self.memory.address.get(x) for x in term.reads]
        return [None if address is None else address // SPACE for address in addresses], term.negated

    def _by_places(self, fold: Fold, total: str, terms: Sequence[Term], spaces: Sequence[int]) -> str:
        f = self.f
        bases = [f.pointer_to(space * SPACE) for space in spaces]
        scales = [1 if single else f.lanes for _, single in bases]
        places = [self.memory.address[x] % SPACE * scale for term in terms for x, scale in zip(term.reads, scales, strict=True)]
        table = f.module.constants("i32", list(map(str, places)))

        def step(names: list[str]) -> list[str]:
            at, total = names
            operands = []
            for i, (base, single) in enumerate(bases):
                there = f.new(f"getelementptr i32, ptr {at}, i64 {i}")
                place = f.new(f"zext i32 {f.new(f'load i32, ptr {there}, align 4')} to i64")
                operands.append((f.load(f.new(f"getelementptr double, ptr {base}, i64 {place}"), single=single), False))
            following = f.new(f"getelementptr i32, ptr {at}, i64 {len(bases)}")
            return [following, with_term(f, fold, total, terms[0], operands)]

        kind = f.kind if fold.primitive is add else f.truth
        return f.loop(len(terms), [("ptr", table), (kind, total)], step)[1]

    def _side_by_side(self, total: str, terms: Sequence[Term]) -> tuple[str, list[Term]]:
        """A disjunction with those terms joined that lie side by side, for any order gives the same; and the others."""
        f, address = self.f, self.memory.address
        there = {address[term.factors[0]]: term for term in terms if term.factors[0] in address}
        left = [term for term in terms if term.factors[0] not in address]  # constants
        wide = f.view(f.module.host.lanes)

        def step(names: list[str]) -> list[str]:
            pointer, total = names
            found = wide.as_truth((wide.load(pointer), False))
            return [wide.offset(pointer, wide.lanes), wide.new(f"or {wide.truth} {total}, {found}")]

        for _, consecutive in itertools.groupby(enumerate(sorted(there)), lambda pair: pair[1] - pair[0]):
            run = [address for _, address in consecutive]
            count = len(run) // wide.lanes
            joined = count * wide.lanes if count >= SHORTEST_LOOP else 0
            if joined:
                start = ("ptr", f.pointer_to(run[0])[0])
                found = f.loop(count, [start, (wide.truth, "zeroinitializer")], step)[1]
                name = f"@llvm.vector.reduce.or.v{wide.lanes}i1"
                f.module.declare(f"declare i1 {name}({wide.truth})")
                total = f.new(f"or i1 {total}, {f.new(f'call i1 {name}({wide.truth} {found})')}")
            left += [there[address] for address in run[joined:]]
        return total, left
