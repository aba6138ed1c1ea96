"""A plan as the text of a module of LLVM's language: functions of bounded size, loops, long sums, calls of the C library."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from autograd.compiler.emit.function import Function, number_text
from autograd.compiler.run.machine import Host, c_function, vector_function
from autograd.compiler.schedule.plan import SHORTEST_LOOP, SPACE, Block, Fold, Plan, Unit
from autograd.definition import CFunction
from autograd.primitives import add

LARGEST_FUNCTION = 256  # operations: code for one function takes more than linear time to make
QUICKLY_COMPILED = 20_000  # operations, up to which straight-line code is worth the best code that LLVM makes
LONG_SUM = 32  # terms
OFTEN = 4  # times that a loop must come to be a function of its own
WIDE = '"prefer-vector-width"="512" "min-legal-vector-width"="512"'


class Printer:
    """A plan as the text of a module."""

    def __init__(self, plan: Plan, host: Host, *, fast: bool) -> None:
        self.plan = plan
        self.host = host
        self.fast = fast
        self.functions: list[str] = []
        self.repeated: dict[Any, str] = {}
        self.tables: list[str] = []
        self._declared: dict[str, None] = {}
        self._callees: dict[tuple[CFunction, int, int], str] = {}

    def declare(self, text: str) -> None:
        """A declaration that the module needs, once."""
        self._declared[text] = None

    def sums_at_once(self, lanes: int) -> int:
        """How many sums of a loop are computed together: as many as registers hold well."""
        vectors = max(1, lanes // self.host.lanes)
        return max(1, (8 if self.host.lanes == 8 else 4) // vectors)

    def callee(self, native: CFunction, arity: int, lanes: int) -> str:
        """What to call for a function of the C library, in so many lanes."""
        known = self._callees.get((native, arity, lanes))
        if known is None:
            known = self._callees[native, arity, lanes] = self._make_callee(native, arity, lanes)
        return known

    def _make_callee(self, native: CFunction, arity: int, lanes: int) -> str:
        kind = "double" if lanes == 1 else f"<{lanes} x double>"
        if native.intrinsic:
            name = f"@llvm.{native}.{'f64' if lanes == 1 else f'v{lanes}f64'}"
            self.declare(f"declare {kind} {name}({kind})")
            return name
        if lanes == 1:
            return f"inttoptr (i64 {c_function(native.name)} to ptr)"
        name = f"@{native}.{lanes}"
        function = Function(self, lanes)
        operands = [f"%x{i}" for i in range(arity)]
        wide = self.host.lanes
        address = vector_function(native.name, arity, wide) if self.fast and lanes % wide == 0 else None
        if address is None:
            total = "poison"
            single = self.callee(native, arity, 1)
            for lane in range(lanes):
                parts = [function.new(f"extractelement {kind} {x}, i64 {lane}") for x in operands]
                x = function.new(f"call double {single}({', '.join(f'double {part}' for part in parts)})")
                total = function.new(f"insertelement {kind} {total}, double {x}, i64 {lane}")
        else:
            part = f"<{wide} x double>"
            pieces = []
            for first in range(0, lanes, wide):
                mask = f"<{wide} x i32> <{', '.join(f'i32 {first + i}' for i in range(wide))}>"
                parts = [
                    x if lanes == wide else function.new(f"shufflevector {kind} {x}, {kind} poison, {mask}") for x in operands
                ]
                call = f"inttoptr (i64 {address} to ptr)({', '.join(f'{part} {x}' for x in parts)})"
                pieces.append(function.new(f"call {part} {call}"))
            total = function.joined(pieces, wide)
        self.functions.append(
            "\n".join(
                [
                    f"define internal {kind} {name}({', '.join(f'{kind} {x}' for x in operands)}) #0 {{",
                    *function.lines,
                    f"  ret {kind} {total}",
                    "}",
                ]
            )
        )
        return name

    # --- the numbers of one kind --------------------------------------------------------------------------------------

    def section(self, units: Sequence[Unit], lanes: int, name: str, read: Iterable[int] = ()) -> list[str]:
        """Functions that compute these units; returns their names. What else is `read` is kept in memory too."""
        plan = self.plan
        if lanes == 1:
            self._find_repeated(units)
        groups: list[list[Unit]] = []
        cost = LARGEST_FUNCTION
        for unit in units:
            size = self._size(unit)
            if cost + size > LARGEST_FUNCTION:
                groups.append([])
                cost = 0
            groups[-1].append(unit)
            cost += size
        owner = {unit: n for n, group in enumerate(groups) for unit in group if not isinstance(unit, Block)}
        kept = {*plan.ssa.outputs, *read}  # also in memory
        for n, group in enumerate(groups):
            for unit in group:
                leaves = self._leaves_of(unit)
                in_memory = isinstance(unit, Block) or self.is_long(unit)
                kept.update(leaf for leaf in leaves if in_memory or owner.get(leaf, n) != n)
        if lanes == 1:
            kept.update(leaf for unit in plan.by_row for leaf in self._leaves_of(unit))
            kept.update(node for node, _ in plan.copies)
        names: list[str] = []
        for group in groups:
            function = Function(self, lanes)
            for unit in group:
                if isinstance(unit, Block):
                    function.block(unit)
                else:
                    self.single(function, unit, keep=unit in kept)
            self._define(name, names, function)
        return names

    def _size(self, unit: Unit) -> int:
        """About how many operations a unit is to LLVM."""
        if isinstance(unit, Block):
            return 4 if self.likeness(unit) in self.repeated else 24
        if self.is_long(unit):
            return 24
        return len(self.plan.folds[unit].terms) if unit in self.plan.folds else len(self.plan.tree(unit))

    def likeness(self, block: Block) -> Any:
        """What blocks have in common that one function can compute: all but where they lie, and how many columns they have."""
        if block.rows > 1 or block.segments is not None:
            return None
        root = block.roots[0]
        there = tuple([None if x is None else stride for x, stride in zip(block.leaves, block.column_strides, strict=True)])
        fixed = [x is None for x in block.leaves[:-1]]
        leaves = self.plan.leaves(root)
        values = tuple(
            [self.plan.ssa.constants[leaf].hex() if is_fixed else "" for leaf, is_fixed in zip(leaves, fixed, strict=True)]
        )
        return self.plan.kind(root), there, values

    def _find_repeated(self, units: Sequence[Unit]) -> None:
        """Print a function for what many blocks have in common."""
        alike: dict[Any, list[Block]] = {}
        for unit in units:
            if isinstance(unit, Block):
                alike.setdefault(self.likeness(unit), []).append(unit)
        for likeness, blocks in alike.items():
            if likeness is not None and len(blocks) >= OFTEN:
                function = Function(self, 1)
                function.repeated(blocks[0])
                name = f"@repeated{len(self.repeated)}"
                self.repeated[likeness] = name
                pointers = [f"ptr %leaf{i}" for i, address in enumerate(blocks[0].leaves) if address is not None]
                head = f"define internal void {name}({', '.join([*pointers, 'i64 %count'])}) #0 {{"
                self.functions.append("\n".join([head, *function.lines, "  ret void", "}"]))

    def is_long(self, unit: Unit) -> bool:
        """Whether it is a sum of many terms, which is a loop wherever they lie."""
        return not isinstance(unit, Block) and unit in self.plan.folds and len(self.plan.folds[unit].terms) >= LONG_SUM

    def _long_sum(self, f: Function, fold: Fold) -> str:
        """A sum of many terms that lie anywhere, by a table of their places."""
        total = f.start(fold, self.value(f, fold.start))
        if fold.row is not add and f.lanes == 1:
            total, fold = self._side_by_side(f, fold, total)
        for k, terms in itertools.groupby(range(len(fold.terms)), lambda k: self._term_kind(fold, k)):
            run = list(terms)
            spaces, negated = k
            if any(space is None for space in spaces) or len(run) < SHORTEST_LOOP:
                for at in run:
                    total = f.term(fold, total, [self.value(f, leaf) for leaf in fold.terms[at]], negated=negated)
                continue
            bases = [f.pointer(space * SPACE) for space in spaces if space is not None]
            places = []
            for at in run:
                for leaf, (_, single) in zip(fold.terms[at], bases, strict=True):
                    places.append((self.plan.address[leaf] or 0) % SPACE * (1 if single else f.lanes))
            name = f"@places{len(self.tables)}"
            self.tables.append(f"{name} = internal constant [{len(places)} x i32] [{', '.join(f'i32 {x}' for x in places)}]")
            total = self._by_places(f, fold, total, name, len(run), bases, negated=negated)
        return total

    def _side_by_side(self, f: Function, fold: Fold, total: str) -> tuple[str, Fold]:
        """What lies side by side of truth values joined by "or", at once: their order makes no difference. And what is left."""
        address = self.plan.address
        known = {address[term[0]]: term for term in fold.terms if term[0] not in self.plan.ssa.constants}
        left = [term for term in fold.terms if term[0] in self.plan.ssa.constants]
        wide = f.view(self.host.lanes)
        for run in _runs(sorted(place for place in known if place is not None)):
            count = len(run) // wide.lanes
            if count < SHORTEST_LOOP:
                left += [known[place] for place in run]
                continue
            step = _joining(wide)
            found = f.loop(count, [("ptr", f.pointer(run[0])[0]), (wide.truth, "zeroinitializer")], step)[1]
            name = f"@llvm.vector.reduce.or.v{wide.lanes}i1"
            self.declare(f"declare i1 {name}({wide.truth})")
            total = f.new(f"or i1 {total}, {f.new(f'call i1 {name}({wide.truth} {found})')}")
            left += [known[place] for place in run[count * wide.lanes :]]
        return total, fold._replace(terms=left)

    def _by_places(
        self, f: Function, fold: Fold, total: str, table: str, count: int, bases: list[tuple[str, bool]], *, negated: bool
    ) -> str:
        def step(names: list[str]) -> list[str]:
            at, total = names
            operands = []
            for i, (base, single) in enumerate(bases):
                there = f.new(f"getelementptr i32, ptr {at}, i64 {i}")
                place = f.new(f"zext i32 {f.new(f'load i32, ptr {there}, align 4')} to i64")
                operands.append((f.load(f.new(f"getelementptr double, ptr {base}, i64 {place}"), single), False))
            following = f.new(f"getelementptr i32, ptr {at}, i64 {len(bases)}")
            return [following, f.term(fold, total, operands, negated=negated)]

        kind = f.kind if fold.row is add else f.truth
        return f.loop(count, [("ptr", table), (kind, total)], step)[1]

    def _term_kind(self, fold: Fold, k: int) -> tuple[tuple[int | None, ...], bool]:
        """The kinds of memory that a term's operands are in, None for a constant; and whether its guard is negated."""
        addresses = [None if leaf in self.plan.ssa.constants else self.plan.address[leaf] for leaf in fold.terms[k]]
        return tuple([None if address is None else address // SPACE for address in addresses]), k in fold.negated

    def _leaves_of(self, unit: Unit) -> list[int]:
        """What a unit reads."""
        roots = unit.roots if isinstance(unit, Block) else [unit]
        return [leaf for root in roots for leaf in self.plan.leaves(root)]

    def _define(self, name: str, names: list[str], function: Function) -> None:
        names.append(f"@{name}{len(names)}")
        attributes = 0 if function.loops or function.lanes > 1 or len(self.plan.ssa.rows) < QUICKLY_COMPILED else 1
        self.functions.append(
            "\n".join(
                [
                    f"define internal void {names[-1]}(ptr %shared, ptr %uniform, ptr %rows) #{attributes} {{",
                    *function.lines,
                    "  ret void",
                    "}",
                ]
            )
        )

    def value(self, function: Function, i: int) -> tuple[str, bool]:
        """A number: as computed before in the function, or from memory."""
        known = function.known.get(i)
        if known is None:
            constant = self.plan.ssa.constants.get(i)
            if constant is not None:
                return function.constant(constant), False
            address = self.plan.address[i]
            assert address is not None  # noqa: S101 - what is read has a place
            known = function.known[i] = function.load(*function.pointer(address)), False
        return known

    def single(self, function: Function, i: int, *, keep: bool) -> None:
        """A number for itself; `keep` it in memory too."""
        plan = self.plan
        fold = plan.folds.get(i)
        if fold is None:
            found = function.tree(i, iter([self.value(function, leaf) for leaf in plan.leaves(i)]))
        else:
            if self.is_long(i):
                total = self._long_sum(function, fold)
            else:
                total = function.start(fold, self.value(function, fold.start))
                for k, term in enumerate(fold.terms):
                    total = function.term(fold, total, [self.value(function, leaf) for leaf in term], negated=k in fold.negated)
            found = total, fold.row is not add
        function.known[i] = found
        if keep:
            address = plan.address[i]
            assert address is not None  # noqa: S101 - what is computed has a place
            function.keep(found, function.pointer(address)[0], self.is_summed(address))

    def is_summed(self, address: int) -> bool:
        """Whether a number is not kept in its place, but added to what is there."""
        return self.plan.summed and self.plan.out <= address < self.plan.out + len(self.plan.ssa.outputs)

    # --- whole modules ------------------------------------------------------------------------------------------------

    def module(self) -> str:
        """Everything but the entries: declarations, constants, attributes, functions."""
        table = ", ".join(f"double {number_text(x)}" for x in self.plan.table)
        return "\n".join(
            [
                *self._declared,
                *([f"@table = internal constant [{len(self.plan.table)} x double] [{table}]"] if self.plan.table else []),
                f"attributes #0 = {{ nounwind {WIDE} }}",
                f"attributes #1 = {{ nounwind optnone noinline {WIDE} }}",  # half the time to compile, almost as quick
                *self.tables,
                *self.functions,
            ]
        )

    def copies(self, lanes: int) -> list[str]:
        """A function that puts outputs in their places that are not computed there."""
        names: list[str] = []
        for start in range(0, len(self.plan.copies), LARGEST_FUNCTION):
            function = Function(self, lanes)
            for node, address in self.plan.copies[start : start + LARGEST_FUNCTION]:
                function.keep(self.value(function, node), function.pointer(address)[0], self.is_summed(address))
            self._define("copies", names, function)
        return names


def _runs(places: Sequence[int]) -> Iterator[list[int]]:
    """Consecutive numbers."""
    for _, run in itertools.groupby(enumerate(places), lambda pair: pair[1] - pair[0]):
        yield [place for _, place in run]


def _joining(wide: Function) -> Callable[[list[str]], list[str]]:
    def step(names: list[str]) -> list[str]:
        pointer, total = names
        there = wide.new(f"fcmp une {wide.kind} {wide.load(pointer, single=False)}, {wide.zero}")
        return [wide.offset(pointer, wide.lanes), wide.new(f"or {wide.truth} {total}, {there}")]

    return step
