"""One function of machine code in the making: rows, memory, loops and sums as lines of LLVM's language."""

import itertools
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.compiler.schedule.plan import BY_ROW, SPACE, Block, Fold, Segment
from autograd.definition import Comparison, Instruction, Logical, Primitive, Select
from autograd.primitives import abs as abs_
from autograd.primitives import add, mul, where

if TYPE_CHECKING:
    from autograd.compiler.emit.printer import Printer


class Leaf(NamedTuple):
    """What a loop reads or writes: a pointer, how far it moves by column and row, and its number, if it is known already.

    `single`: one number lies there for all lanes. `summed`: what is written is added to what is there.
    """

    pointer: str
    single: bool
    column: int
    row: int
    value: str | None = None
    summed: bool = False


def number_text(x: float) -> str:
    """A double as LLVM reads it, to the last bit."""
    return f"0x{struct.unpack('>Q', struct.pack('>d', x))[0]:016X}"


class Function:
    """The text of one function, in the making."""

    def __init__(self, printer: "Printer", lanes: int) -> None:
        self.printer = printer
        self.lanes = lanes
        self.kind = "double" if lanes == 1 else f"<{lanes} x double>"
        self.truth = "i1" if lanes == 1 else f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.loops = False
        self.known: dict[int, tuple[str, bool]] = {}  # a number's name, and whether it is a truth value
        self.across = False  # the lanes hold columns of a block
        self.names = itertools.count(1)
        self._truths: dict[str, str] = {}
        self.zero, self.one = self.constant(0.0), self.constant(1.0)
        self.fixed_truths = {self.zero: "zeroinitializer" if lanes > 1 else "false"}
        self.fixed_truths[self.one] = "true" if lanes == 1 else "splat (i1 true)"

    def new(self, text: str) -> str:
        """A line that gives a name to what it computes."""
        name = f"%t{next(self.names)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def label(self) -> str:
        """A new name for a place in the code."""
        return f"b{next(self.names)}"

    def constant(self, x: float) -> str:
        """A constant in every lane."""
        return number_text(x) if self.lanes == 1 else f"splat (double {number_text(x)})"

    # numbers and truth values

    def as_number(self, value: tuple[str, bool]) -> str:
        """The name of a value as a number: 1 or 0 for a truth value."""
        name, truth = value
        if not truth:
            return name
        return self.new(f"select {self.truth} {name}, {self.kind} {self.one}, {self.kind} {self.zero}")

    def as_truth(self, value: tuple[str, bool]) -> str:
        """The name of a value as a truth value: whether it is not 0."""
        name, truth = value
        if truth:
            return name
        known = self._truths.get(name)  # every line is reached, so what was found once holds from there on
        if known is None:
            known = self._truths[name] = self.new(f"fcmp une {self.kind} {name}, {self.zero}")
        return known

    # memory

    def pointer(self, address: int) -> tuple[str, bool]:
        """A pointer to an address, and whether one number lies there for all lanes."""
        space, place = divmod(address, SPACE)
        scale = self.lanes if space == BY_ROW else 1
        name = ("%shared", "%uniform", "%rows", "@table")[space]
        return (self.new(f"getelementptr double, ptr {name}, i64 {place * scale}") if place else name), space != BY_ROW

    def load(self, pointer: str, single: bool) -> str:  # noqa: FBT001 - what `pointer` gave
        """The number at a pointer, in every lane if there is one for all."""
        if self.lanes == 1 or not single:
            return self.new(f"load {self.kind}, ptr {pointer}, align 8")
        x = self.new(f"load double, ptr {pointer}, align 8")
        return self.splat(x)

    def splat(self, x: str) -> str:
        """A number in every lane."""
        first = self.new(f"insertelement {self.kind} poison, double {x}, i64 0")
        return self.new(f"shufflevector {self.kind} {first}, {self.kind} poison, <{self.lanes} x i32> zeroinitializer")

    def store(self, value: tuple[str, bool], pointer: str) -> None:
        """Put a number where the pointer points."""
        self.lines.append(f"  store {self.kind} {self.as_number(value)}, ptr {pointer}, align 8")

    def keep(self, value: tuple[str, bool], pointer: str, summed: bool) -> None:  # noqa: FBT001 - what the printer says
        """Put a number where the pointer points, or add it to the one there."""
        if summed:
            total = self.new(f"fadd {self.kind} {self.load(pointer, single=False)}, {self.as_number(value)}")
            value = total, False
        self.store(value, pointer)

    def added(self, root: int, leaves: Iterator[tuple[str, bool]], total: str) -> str:
        """A sum with a tree's number more; a product, or one where something holds, at once."""
        plan = self.printer.plan
        row, operands = plan.ssa.rows[root], plan.ssa.operands[root]
        sum_ = Fold(0, [], frozenset(), add)

        def value(i: int) -> tuple[str, bool]:
            return self.tree(i, leaves) if i in plan.inside else next(leaves)

        if row is mul:
            return self.term(sum_, total, [value(i) for i in operands], negated=False)
        if row is where:
            condition, x, y = operands
            for product, nothing in ((x, y), (y, x)):
                if product in plan.inside and plan.ssa.rows[product] is mul and plan.ssa.constants.get(nothing) == 0.0:
                    guard = value(condition)
                    if nothing == x:
                        next(leaves)
                    factors = [value(i) for i in plan.ssa.operands[product]]
                    return self.term(sum_, total, [guard, *factors], negated=nothing == x)
        return self.new(f"fadd {self.kind} {total}, {self.as_number(self.tree(root, leaves))}")

    def offset(self, pointer: str, places: int) -> str:
        """A pointer so many doubles on."""
        return self.new(f"getelementptr double, ptr {pointer}, i64 {places}") if places else pointer

    def joined(self, pieces: list[str], wide: int) -> str:
        """Vectors of `wide` lanes as one."""
        while len(pieces) > 1:
            lanes = f"<{2 * wide} x i32> <{', '.join(f'i32 {i}' for i in range(2 * wide))}>"
            kind = f"<{wide} x double>"
            pieces = [
                self.new(f"shufflevector {kind} {a}, {kind} {b}, {lanes}")
                for a, b in zip(pieces[::2], pieces[1::2], strict=True)
            ]
            wide *= 2
        return pieces[0]

    # rows

    def row(self, row: Primitive, operands: Sequence[tuple[str, bool]]) -> tuple[str, bool]:  # noqa: PLR0911 - one for each kind
        """A row at these operands."""
        native = row.native
        if isinstance(native, Comparison):
            x, y = map(self.as_number, operands)
            return self.new(f"{native} {self.kind} {x}, {y}"), True
        if isinstance(native, Logical):
            x, y = map(self.as_truth, operands)
            return self.new(f"{native} {self.truth} {x}, {y}"), True
        if isinstance(native, Select):
            condition = self.as_truth(operands[0])
            choices = [x if truth else self.fixed_truths.get(x) for x, truth in operands[1:]]
            if None not in choices and any(truth or operands[0][1] for _, truth in operands[1:]):
                return self.new(f"select {self.truth} {condition}, {self.truth} {choices[0]}, {self.truth} {choices[1]}"), True
            x, y = map(self.as_number, operands[1:])
            return self.new(f"select {self.truth} {condition}, {self.kind} {x}, {self.kind} {y}"), False
        numbers = list(map(self.as_number, operands))
        if isinstance(native, Instruction):
            flags = " contract" if self.printer.fast and native.contracts else ""
            return self.new(f"{native}{flags} {self.kind} {', '.join(numbers)}"), False
        assert native is not None  # noqa: S101 - such primitives alone are left after lowering
        if row is abs_ and self.lanes == 1:  # for which LLVM has a short way only so
            bits = self.new(f"and i64 {self.new(f'bitcast double {numbers[0]} to i64')}, {2**63 - 1}")
            return self.new(f"bitcast i64 {bits} to double"), False
        callee = self.printer.callee(native, len(numbers), self.lanes)
        return self.new(f"call {self.kind} {callee}({', '.join(f'{self.kind} {x}' for x in numbers)})"), False

    def tree(self, root: int, leaves: Iterator[tuple[str, bool]]) -> tuple[str, bool]:
        """A number and those inside of it, from its leaves in the order of their use."""
        plan = self.printer.plan
        operands = [self.tree(i, leaves) if i in plan.inside else next(leaves) for i in plan.ssa.operands[root]]
        row = plan.ssa.rows[root]
        assert row is not None  # noqa: S101 - the root of a tree is computed
        return self.row(row, operands)

    def start(self, fold: Fold, value: tuple[str, bool]) -> str:
        """What a sum starts from; a truth value where it is one of truth values."""
        return self.as_number(value) if fold.row is add else self.as_truth(value)

    def term(self, fold: Fold, total: str, operands: Sequence[tuple[str, bool]], *, negated: bool) -> str:
        """A sum with one more term."""
        if fold.row is not add:
            return self.new(f"{fold.row.native} {self.truth} {total}, {self.as_truth(operands[0])}")
        *guard, x, y = operands if len(operands) > 1 else (*operands, ("", False))
        if len(operands) == 1:
            return self.new(f"fadd {self.kind} {total}, {self.as_number(x)}")
        x_name, y_name = self.as_number(x), self.as_number(y)
        if guard:
            there = self.as_truth(guard[0])
            if self.printer.fast:
                choices = [self.fused(x_name, y_name, total), total]
            else:
                choices = [self.new(f"fmul {self.kind} {x_name}, {y_name}"), self.constant(-0.0)]
            found = self.new(
                f"select {self.truth} {there}, " + ", ".join(f"{self.kind} {x}" for x in choices[:: -1 if negated else 1])
            )
            return found if self.printer.fast else self.new(f"fadd {self.kind} {total}, {found}")
        if self.printer.fast:
            return self.fused(x_name, y_name, total)
        return self.new(f"fadd {self.kind} {total}, {self.new(f'fmul {self.kind} {x_name}, {y_name}')}")

    def fused(self, x: str, y: str, z: str) -> str:
        """x * y + z, rounded once."""
        name = f"@llvm.fma.{'f64' if self.lanes == 1 else f'v{self.lanes}f64'}"
        self.printer.declare(f"declare {self.kind} {name}({self.kind}, {self.kind}, {self.kind})")
        return self.new(f"call {self.kind} {name}({self.kind} {x}, {self.kind} {y}, {self.kind} {z})")

    # loops

    def loop(self, count: int, carried: Sequence[tuple[str, str]], body: Callable[[list[str]], list[str]]) -> list[str]:
        """Run `body` so many times: it gets the names of what is carried (kind, first value), and returns their next ones."""
        if count == 1:
            return body([value for _, value in carried])
        self.loops = True
        before, end = self.label(), self.label()
        self.lines += [f"  br label %{before}", f"{before}:"]
        following, _ = self._turns(str(count), carried, body, before, end)
        return following

    def loop_while(self, count: str, carried: Sequence[tuple[str, str]], body: Callable[[list[str]], list[str]]) -> list[str]:
        """`loop` for a number of times that is known when the code runs; returns what was carried out of it."""
        before, some, end = self.label(), self.label(), self.label()
        none = self.new(f"icmp eq i64 {count}, 0")
        self.lines += [f"  br label %{before}", f"{before}:", f"  br i1 {none}, label %{end}, label %{some}", f"{some}:"]
        self._truths.clear()  # here not every line is reached
        following, last = self._turns(count, carried, body, some, end)
        self._truths.clear()
        return [
            self.new(f"phi {kind} [ {value}, %{before} ], [ {then}, %{last} ]")
            for (kind, value), then in zip(carried, following, strict=True)
        ]

    def _turns(
        self,
        count: str,
        carried: Sequence[tuple[str, str]],
        body: Callable[[list[str]], list[str]],
        before: str,
        end: str,
    ) -> tuple[list[str], str]:
        """The turns of a loop, at least one, after the label `before`; what is carried in the end, and the last label."""
        head = self.label()
        self.lines += [f"  br label %{head}", f"{head}:"]
        at = len(self.lines)
        counter = f"%n{next(self.names)}"
        names = [f"%p{next(self.names)}" for _ in carried]
        following = body(names)
        last = self.label()
        next_count = self.new(f"add i64 {counter}, 1")
        done = self.new(f"icmp eq i64 {next_count}, {count}")
        self.lines += [f"  br label %{last}", f"{last}:", f"  br i1 {done}, label %{end}, label %{head}", f"{end}:"]
        self.lines[at:at] = [f"  {counter} = phi i64 [ 0, %{before} ], [ {next_count}, %{last} ]"] + [
            f"  {name} = phi {kind} [ {value}, %{before} ], [ {then}, %{last} ]"
            for name, (kind, value), then in zip(names, carried, following, strict=True)
        ]
        return following, last

    def repeated(self, block: Block) -> None:
        """The body of a function of pointers to the leaves, and a count: a tree for so many columns of any block like this."""
        leaves = {
            i: Leaf(f"%leaf{i}", single=True, column=column, row=0)
            for i, (address, column) in enumerate(zip(block.leaves, block.column_strides, strict=True))
            if address is not None
        }
        starts = [f"%leaf{i}" for i, leaf in leaves.items() if leaf.column]
        wide = self.view(self.printer.host.lanes)
        left = "%count"
        if wide.lanes > 1:
            groups = self.new(f"udiv i64 %count, {wide.lanes}")
            left = self.new(f"urem i64 %count, {wide.lanes}")
            starts = self.loop_while(groups, [("ptr", name) for name in starts], wide.walk(block, leaves, 1))
        self.loop_while(left, [("ptr", name) for name in starts], self.walk(block, leaves, 1))

    def walk(self, block: Block, leaves: dict[int, "Leaf"], group: int) -> Callable[[list[str]], list[str]]:
        """A step of a loop over a block's columns: `group` of them, or of groups in the lanes; pointers go on."""
        columns = group * (self.lanes if self.across else 1)
        walking = [i for i, leaf in leaves.items() if leaf.column]

        def step(names: list[str]) -> list[str]:
            now = dict(leaves)
            for i, name in zip(walking, names, strict=True):
                now[i] = leaves[i]._replace(pointer=name)
            if block.segments is None:
                self._trees(block, now, group)
            else:
                self._some_sums(block, now, group)
            return [self.offset(now[i].pointer, columns * now[i].column) for i in walking]

        return step

    def block(self, block: Block) -> None:
        """Numbers computed alike; where there are no rows of arrays for the lanes, the block's columns go there."""
        callee = self.printer.repeated.get(self.printer.likeness(block)) if self.lanes == 1 else None
        if callee:
            pointers = [f"ptr {self.pointer(address)[0]}" for address in block.leaves if address is not None]
            self.lines.append(f"  call void {callee}({', '.join([*pointers, f'i64 {block.columns}'])})")
            return
        self.loops = True
        wide = self.printer.host.lanes
        near = all(-1 <= stride <= 1 for stride in block.column_strides)
        if self.lanes == 1 and block.columns >= wide > 1 and (near or block.segments is None):
            whole = block.columns // wide
            self._nest(block, 0, whole, self.view(wide))
            self._nest(block, whole * wide, block.columns % wide, self)
        else:
            self._nest(block, 0, block.columns, self)

    def view(self, lanes: int) -> "Function":
        """The same function, to be written in vectors of other lanes for a while."""
        view = Function(self.printer, lanes)
        view.lines, view.names, view.across = self.lines, self.names, self.lanes == 1
        return view

    def _nest(self, block: Block, first: int, count: int, f: "Function") -> None:
        """The loops over a block's rows, and over `count` columns from the first on, or so many groups of f's lanes."""
        if not count:
            return
        leaves = {}
        for i, (address, row, column) in enumerate(zip(block.leaves, block.row_strides, block.column_strides, strict=True)):
            if address is not None:
                pointer, single = self.pointer(address)
                scale = 1 if single else self.lanes
                summed = i == len(block.leaves) - 1 and self.printer.is_summed(address)
                start = self.offset(pointer, first * column * scale)
                leaves[i] = Leaf(start, single, column * scale, row * scale, summed=summed)
        at_once = self.printer.sums_at_once(f.lanes)
        if block.segments is None:
            at_once = 1 if self.lanes == 1 else next(u for u in (4, 2, 1) if count % u == 0)

        def one_row(starts: list[str]) -> list[str]:
            here = {i: leaf._replace(pointer=start) for (i, leaf), start in zip(leaves.items(), starts, strict=True)}
            for i, leaf in here.items():
                if not leaf.column and i < len(block.leaves) - 1 and block.segments is None:
                    here[i] = leaf._replace(value=f.load_leaf(leaf))  # once for all columns
            names = [leaf.pointer for leaf in here.values() if leaf.column]
            if count >= at_once:
                names = self.loop(count // at_once, [("ptr", name) for name in names], f.walk(block, here, at_once))
            if count % at_once:
                f.walk(block, here, count % at_once)(names)
            return [self.offset(start, leaf.row) for leaf, start in zip(leaves.values(), starts, strict=True)]

        self.loop(block.rows, [("ptr", leaf.pointer) for leaf in leaves.values()], one_row)

    def load_leaf(self, leaf: "Leaf", member: int = 0) -> str:
        """The number of a leaf; of `member` groups of columns further on."""
        if leaf.value is not None:
            return leaf.value
        if not self.across:
            return self.load(self.offset(leaf.pointer, member * leaf.column), leaf.single)
        pointer = self.offset(leaf.pointer, member * self.lanes * leaf.column)
        if leaf.column == 0:
            return self.load(pointer, single=True)
        if leaf.column == 1:
            return self.load(pointer, single=False)
        if leaf.column == -1:
            return self.reversed(self.load(self.offset(pointer, 1 - self.lanes), single=False))
        total = "poison"
        for lane in range(self.lanes):
            x = self.new(f"load double, ptr {self.offset(pointer, lane * leaf.column)}, align 8")
            total = self.new(f"insertelement {self.kind} {total}, double {x}, i64 {lane}")
        return total

    def store_leaf(self, value: tuple[str, bool], leaf: "Leaf", member: int) -> None:
        """Put a number in the place of a leaf."""
        if not self.across:
            self.keep(value, self.offset(leaf.pointer, member * leaf.column), leaf.summed)
            return
        pointer = self.offset(leaf.pointer, member * self.lanes * leaf.column)
        if leaf.column == 1:
            self.store(value, pointer)
        elif leaf.column == -1:
            self.store((self.reversed(self.as_number(value)), False), self.offset(pointer, 1 - self.lanes))
        else:
            name = self.as_number(value)
            for lane in range(self.lanes):
                x = self.new(f"extractelement {self.kind} {name}, i64 {lane}")
                self.lines.append(f"  store double {x}, ptr {self.offset(pointer, lane * leaf.column)}, align 8")

    def reversed(self, name: str) -> str:
        """A vector from its last lane to its first."""
        lanes = f"<{self.lanes} x i32> <{', '.join(f'i32 {i}' for i in reversed(range(self.lanes)))}>"
        return self.new(f"shufflevector {self.kind} {name}, {self.kind} poison, {lanes}")

    def _trees(self, block: Block, leaves: dict[int, "Leaf"], count: int) -> None:
        """A tree for each of so many columns."""
        plan = self.printer.plan
        constants = [plan.ssa.constants.get(leaf, 0.0) for leaf in plan.leaves(block.roots[0])]
        result = leaves[len(constants)]
        for member in range(count):
            found = [
                (self.load_leaf(leaves[i], member) if i in leaves else self.constant(constant), False)
                for i, constant in enumerate(constants)
            ]
            if result.summed:
                pointer = self.offset(result.pointer, member * result.column)
                total = self.added(block.roots[0], iter(found), self.load(pointer, single=False))
                self.store((total, False), pointer)
            else:
                self.store_leaf(self.tree(block.roots[0], iter(found)), result, member)

    def _some_sums(self, block: Block, leaves: dict[int, "Leaf"], count: int) -> None:
        """Several sums at once, which share what their operands have in common."""
        plan = self.printer.plan
        fold = plan.folds[block.roots[0]]

        def numbers(leaf: Any, constant: float) -> list[tuple[str, bool]]:
            if leaf is None:
                return [(self.constant(constant), False)] * count
            if not leaf.column:
                return [(self.load_leaf(leaf), False)] * count
            return [(self.load_leaf(leaf, member), False) for member in range(count)]

        totals = [self.start(fold, value) for value in numbers(leaves.get(0), plan.ssa.constants.get(fold.start, 0.0))]
        position, k = 1, 0
        for segment in block.segments or ():
            width = len(segment.strides)
            operands = [leaves.get(i) for i in range(position, position + width)]
            constants = [plan.ssa.constants.get(leaf, 0.0) for leaf in fold.terms[k]]
            steps = [
                0 if leaf is None else (1 if stride is None else stride) * (1 if leaf.single or self.across else self.lanes)
                for leaf, stride in zip(operands, segment.strides, strict=True)
            ]
            totals = self._segment(fold, segment, operands, constants, steps, totals, numbers)
            position += width
            k += segment.length
        for member, total in enumerate(totals):
            self.store_leaf((total, fold.row is not add), leaves[position], member)

    def _segment(
        self,
        fold: Fold,
        segment: Segment,
        operands: list[Any],
        constants: list[float],
        steps: list[int],
        totals: list[str],
        numbers: Callable[[Any, float], list[tuple[str, bool]]],
    ) -> list[str]:
        """Sums with a segment's terms more."""
        there = [i for i, leaf in enumerate(operands) if leaf is not None]

        def step(names: list[str]) -> list[str]:
            now = list(operands)
            for i, name in zip(there, names, strict=False):
                now[i] = operands[i]._replace(pointer=name)
            columns = [numbers(leaf, constant) for leaf, constant in zip(now, constants, strict=True)]
            sums = names[len(there) :]
            following = [self.term(fold, total, xs, negated=segment.negated) for total, *xs in zip(sums, *columns, strict=True)]
            return [*[self.offset(now[i].pointer, steps[i]) for i in there], *following]

        carried = [
            *[("ptr", operands[i].pointer) for i in there],
            *[(self.kind if fold.row is add else self.truth, total) for total in totals],
        ]
        names = [value for _, value in carried]
        if segment.length * len(totals) <= 16:
            for _ in range(segment.length):
                names = step(names)
        else:
            names = self.loop(segment.length, carried, step)
        return names[len(there) :]
