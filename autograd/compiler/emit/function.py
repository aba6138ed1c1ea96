"""One function of machine code in the making, as lines of LLVM's language: names, memory, vectors, control flow."""

import itertools
from collections.abc import Callable, Sequence

from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.schedule.memory import BY_ROW, SPACE

SPACES = ("%shared", "%uniform", "%rows", "@table")

Known = tuple[str, bool]  # what has a name in the code: the name, and whether it stands for a truth value rather than a number
Body = Callable[[list[str]], list[str]]  # of a loop: the names of what is carried into a turn, then of what goes on to the next


class Function:
    """The text of one function. Numbers are vectors of `lanes` doubles, or plain doubles for one lane."""

    def __init__(self, module: LLVMModule, lanes: int) -> None:
        self.module, self.lanes = module, lanes
        self.kind = "double" if lanes == 1 else f"<{lanes} x double>"
        self.truth = "i1" if lanes == 1 else f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.loops = False  # whether it has any
        self.names = itertools.count(1)
        self._truths: dict[str, str] = {}
        self.zero, self.one = self.constant(0.0), self.constant(1.0)
        truths = ("false", "true") if lanes == 1 else ("zeroinitializer", "splat (i1 true)")
        self.fixed_truths = dict(zip((self.zero, self.one), truths, strict=True))

    def view(self, lanes: int) -> "Function":
        """The same function, to be written in vectors of other lanes for a while."""
        view = Function(self.module, lanes)
        view.lines, view.names = self.lines, self.names
        return view

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

    def as_number(self, value: Known) -> str:
        """The name of a value as a number: 1 or 0 for a truth value."""
        name, truth = value
        if not truth:
            return name
        return self.new(f"select {self.truth} {name}, {self.kind} {self.one}, {self.kind} {self.zero}")

    def as_truth(self, value: Known) -> str:
        """The name of a value as a truth value: whether it is not 0."""
        name, truth = value
        if truth:
            return name
        if name not in self._truths:  # every line is reached, so what was found once holds from there on
            self._truths[name] = self.new(f"fcmp une {self.kind} {name}, {self.zero}")
        return self._truths[name]

    def truths(self, known: dict[str, str] | None = None) -> dict[str, str]:
        """The truth values found so far; from now on, those that are given."""
        found = dict(self._truths)
        if known is not None:
            self._truths = known
        return found

    def offset(self, pointer: str, places: int | str) -> str:
        """A pointer that many doubles further on."""
        return self.new(f"getelementptr double, ptr {pointer}, i64 {places}") if places else pointer

    def pointer_to(self, address: int) -> tuple[str, bool]:
        """A pointer to an address of the schedule, and whether a single number lies there for all lanes."""
        space, place = divmod(address, SPACE)
        return self.offset(SPACES[space], place * (self.lanes if space == BY_ROW else 1)), space != BY_ROW

    def load(self, pointer: str, *, single: bool = False) -> str:
        """The number at a pointer; in every lane, if a `single` one lies there for all."""
        if self.lanes == 1 or not single:
            return self.new(f"load {self.kind}, ptr {pointer}, align 8")
        return self.splat(self.new(f"load double, ptr {pointer}, align 8"))

    def store(self, value: Known, pointer: str) -> None:
        """Put a number where the pointer points."""
        self.lines.append(f"  store {self.kind} {self.as_number(value)}, ptr {pointer}, align 8")

    def gather(self, pointer: str, stride: int) -> str:
        """A number in each lane, from memory that advances by the stride."""
        if stride == 0:
            return self.load(pointer, single=True)
        if stride == 1:
            return self.load(pointer)
        if stride == -1:
            return self.reversed(self.load(self.offset(pointer, 1 - self.lanes)))
        total = "poison"
        for lane in range(self.lanes):
            total = self.inserted(total, self.new(f"load double, ptr {self.offset(pointer, lane * stride)}, align 8"), lane)
        return total

    def scatter(self, value: Known, pointer: str, stride: int) -> None:
        """Put the lanes where the pointer points, and on by the stride."""
        if stride == 1:
            self.store(value, pointer)
        elif stride == -1:
            self.store((self.reversed(self.as_number(value)), False), self.offset(pointer, 1 - self.lanes))
        else:
            name = self.as_number(value)
            for lane in range(self.lanes):
                x = self.lane(name, lane)
                self.lines.append(f"  store double {x}, ptr {self.offset(pointer, lane * stride)}, align 8")

    def masked(self, name: str, kind: str, pointers: str, mask: str, numbers: str) -> str:
        """Numbers from where lanes' pointers point ("gather"), or put there ("scatter"), in the lanes that the mask has."""
        intrinsic, many = f"@llvm.masked.{name}.v{self.lanes}f64.v{self.lanes}p0", f"<{self.lanes} x ptr>"
        each = {"gather": [many, "i32", self.truth, self.kind], "scatter": [self.kind, many, "i32", self.truth]}[name]
        self.module.declare(f"declare {kind} {intrinsic}({', '.join(each)})")
        places = [pointers, "i32 8", f"{self.truth} {mask}"]
        given = [*places, numbers] if name == "gather" else [numbers, *places]
        call = f"call {kind} {intrinsic}({', '.join(given)})"
        if name == "gather":
            return self.new(call)
        self.lines.append(f"  {call}")
        return ""

    def lane(self, name: str, lane: int) -> str:
        """The number in one lane."""
        return self.new(f"extractelement {self.kind} {name}, i64 {lane}")

    def inserted(self, name: str, x: str, lane: int) -> str:
        """A vector with another number in one lane."""
        return self.new(f"insertelement {self.kind} {name}, double {x}, i64 {lane}")

    def splat(self, x: str) -> str:
        """A number in every lane."""
        if self.lanes == 1:
            return x
        first = self.inserted("poison", x, 0)
        return self.new(f"shufflevector {self.kind} {first}, {self.kind} poison, <{self.lanes} x i32> zeroinitializer")

    def splat_truth(self, x: str) -> str:
        """A truth value in every lane."""
        first = self.new(f"insertelement {self.truth} poison, i1 {x}, i64 0")
        return self.new(f"shufflevector {self.truth} {first}, {self.truth} poison, <{self.lanes} x i32> zeroinitializer")

    def shuffled(self, one: str, other: str, chosen: Sequence[int], wide: int | None = None) -> str:
        """The chosen lanes of two vectors, counted on from the first to the second; each has `wide` lanes if given."""
        kind = self.kind if wide is None else f"<{wide} x double>"
        mask = f"<{len(chosen)} x i32> <{', '.join(f'i32 {i}' for i in chosen)}>"
        return self.new(f"shufflevector {kind} {one}, {kind} {other}, {mask}")

    def reversed(self, name: str) -> str:
        """A vector from its last lane to its first."""
        return self.shuffled(name, "poison", range(self.lanes)[::-1])

    def joined(self, pieces: list[str], wide: int) -> str:
        """Vectors of `wide` lanes as one."""
        while len(pieces) > 1:
            pairs = zip(pieces[::2], pieces[1::2], strict=True)
            pieces = [self.shuffled(a, b, range(2 * wide), wide) for a, b in pairs]
            wide *= 2
        return pieces[0]

    def transposed(self, pointers: list[str]) -> list[str]:
        """A square of numbers, a vector at each pointer for a column, as a vector for each row."""
        width, half = len(pointers), len(pointers) // 2
        columns = [""] * width
        part = self.view(half)
        for i in range(half):  # the first step, by what is loaded: halves of two columns
            for j, first in ((i, 0), (i + half, half)):
                halves = [part.load(part.offset(pointers[k], first)) for k in (i, i + half)]
                if half > 1:
                    columns[j] = self.joined(halves, half)
                else:
                    columns[j] = self.inserted(self.inserted("poison", halves[0], 0), halves[1], 1)
        distance = half // 2
        while distance:
            for i in range(width):
                if not i & distance:
                    a, b = columns[i], columns[i + distance]
                    upper = [lane if not lane & distance else width + lane - distance for lane in range(width)]
                    lower = [lane + distance if not lane & distance else width + lane for lane in range(width)]
                    columns[i], columns[i + distance] = self.shuffled(a, b, upper), self.shuffled(a, b, lower)
            distance //= 2
        return columns

    def loop(self, count: int, carried: Sequence[tuple[str, str]], body: Body) -> list[str]:
        """Run `body` `count` times, with what is carried given as kind and first value; returns its last values."""
        if count == 1:
            return body([value for _, value in carried])
        self.loops = True
        before, end = self.label(), self.label()
        self.lines += [f"  br label %{before}", f"{before}:"]
        following, _ = self._turns(str(count), carried, body, before, end)
        return following

    def loop_while(self, count: str, carried: Sequence[tuple[str, str]], body: Body) -> list[str]:
        """`loop` for a number of times that is known when the code runs, and may be 0."""
        before, some, end = self.label(), self.label(), self.label()
        none = self.new(f"icmp eq i64 {count}, 0")
        self.lines += [f"  br label %{before}", f"{before}:", f"  br i1 {none}, label %{end}, label %{some}", f"{some}:"]
        self._truths.clear()  # here not every line is reached
        following, last = self._turns(count, carried, body, some, end)
        self._truths.clear()
        found = zip(carried, following, strict=True)
        return [self.new(f"phi {kind} [ {value}, %{before} ], [ {then}, %{last} ]") for (kind, value), then in found]

    def _turns(
        self, count: str, carried: Sequence[tuple[str, str]], body: Body, before: str, end: str
    ) -> tuple[list[str], str]:
        """The turns of a loop, at least one, after the label `before`; the last values of what is carried, the last label."""
        head = self.label()
        self.lines += [f"  br label %{head}", f"{head}:"]
        at = len(self.lines)
        counter = f"%n{next(self.names)}"
        names = [f"%p{next(self.names)}" for _ in carried]
        following = body(names)
        last = self.label()
        kinds = [kind for kind, _ in carried]
        following = [
            self._opaque(kind, then) if kind in ("ptr", "i64") else then for kind, then in zip(kinds, following, strict=True)
        ]
        next_count = self._opaque("i64", self.new(f"add i64 {counter}, 1"))
        done = self.new(f"icmp eq i64 {next_count}, {count}")
        self.lines += [f"  br label %{last}", f"{last}:", f"  br i1 {done}, label %{end}, label %{head}", f"{end}:"]
        phis = [(counter, "i64", "0", next_count)]
        phis += [(name, *first, then) for name, first, then in zip(names, carried, following, strict=True)]
        self.lines[at:at] = [f"  {n} = phi {kind} [ {x}, %{before} ], [ {then}, %{last} ]" for n, kind, x, then in phis]
        return following, last

    def _opaque(self, kind: str, name: str) -> str:
        """What a loop counts or points with, so that LLVM leaves it as it is: its loop strength reduction takes a third of all
        its time, and gives no quicker code.
        """
        return self.new(f"freeze {kind} {name}")
