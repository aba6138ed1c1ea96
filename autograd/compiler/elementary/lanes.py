"""The text of a function of vectors in the making: numbers in lanes, their bits, truth values, and the operators of each."""

import struct
from collections.abc import Callable, Sequence

WIDE = '"prefer-vector-width"="512" "min-legal-vector-width"="512"'


def word_of(x: float) -> int:
    """The bits of a number."""
    return int.from_bytes(struct.pack("<d", x), "little")


def number_of(word: int) -> float:
    """The number that has these bits."""
    return float(struct.unpack("<d", word.to_bytes(8, "little"))[0])


def exact(text: str) -> tuple[float, ...]:
    """Numbers as they are written, in hexadecimal digits."""
    return tuple(map(float.fromhex, text.split()))


class Vector:
    """What has a name in the text: something in each lane."""

    __slots__ = ("f", "name")

    def __init__(self, f: "Lanes", name: str) -> None:
        self.f, self.name = f, name


class Truth(Vector):
    """A truth value in each lane."""

    def __and__(self, y: "Truth") -> "Truth":
        return Truth(self.f, self.f.new(f"and {self.f.truth} {self.name}, {y.name}"))

    def __or__(self, y: "Truth") -> "Truth":
        return Truth(self.f, self.f.new(f"or {self.f.truth} {self.name}, {y.name}"))

    def choose(self, x: "Number | float", y: "Number | float") -> "Number":
        """In each lane x where it holds, y where it does not."""
        f = self.f
        return Number(f, f.new(f"select {f.truth} {self.name}, {f.kind} {f.given(x)}, {f.kind} {f.given(y)}"))

    def reduced(self, name: str) -> str:
        """Whether it holds in all lanes ("and"), or in any ("or")."""
        return self.f.call(f"vector.reduce.{name}.v{self.f.lanes}i1", "i1", self.f.truth, self.name)


class Number(Vector):
    """A number in each lane."""

    def _new(self, name: str, x: "Number | float", y: "Number | float") -> "Number":
        return Number(self.f, self.f.new(f"{name} {self.f.kind} {self.f.given(x)}, {self.f.given(y)}"))

    def __add__(self, y: "Number | float") -> "Number":
        return self._new("fadd", self, y)

    def __sub__(self, y: "Number | float") -> "Number":
        return self._new("fsub", self, y)

    def __mul__(self, y: "Number | float") -> "Number":
        return self._new("fmul", self, y)

    def __truediv__(self, y: "Number | float") -> "Number":
        return self._new("fdiv", self, y)

    def __radd__(self, y: float) -> "Number":
        return self._new("fadd", y, self)

    def __rsub__(self, y: float) -> "Number":
        return self._new("fsub", y, self)

    def __rmul__(self, y: float) -> "Number":
        return self._new("fmul", y, self)

    def __rtruediv__(self, y: float) -> "Number":
        return self._new("fdiv", y, self)

    def __neg__(self) -> "Number":
        return Number(self.f, self.f.new(f"fneg {self.f.kind} {self.name}"))

    def __lt__(self, y: "Number | float") -> Truth:
        return Truth(self.f, self._new("fcmp olt", self, y).name)

    def __le__(self, y: "Number | float") -> Truth:
        return Truth(self.f, self._new("fcmp ole", self, y).name)

    def __ge__(self, y: "Number | float") -> Truth:
        return Truth(self.f, self._new("fcmp oge", self, y).name)

    def times(self, y: "Number | float", z: "Number | float") -> "Number":
        """x * y + z, rounded once."""
        return self._called("fma", self, y, z)

    def sign_of(self, y: "Number") -> "Number":
        """The number with the sign of another one."""
        return self._called("copysign", self, y)

    def __abs__(self) -> "Number":
        return self._called("fabs", self)

    def truncated(self) -> "Number":
        """Without what is behind the point."""
        return self._called("trunc", self)

    def upper_below(self, word: int) -> Truth:
        """Whether the upper half of its bits, without the sign, is below a word."""
        return self.word & (1 << 63) - 1 < word << 32

    def _called(self, name: str, *operands: "Number | float") -> "Number":
        f = self.f
        return Number(f, f.call(f"{name}.v{f.lanes}f64", f.kind, f.kind, *map(f.given, operands)))

    @property
    def word(self) -> "Word":
        """Its bits."""
        return Word(self.f, self.f.new(f"bitcast {self.f.kind} {self.name} to {self.f.words}"))


class Word(Vector):
    """64 bits in each lane: an integer without a sign."""

    def _new(self, name: str, y: "Word | int") -> str:
        given = y.name if isinstance(y, Word) else f"splat (i64 {y})"
        return self.f.new(f"{name} {self.f.words} {self.name}, {given}")

    def __add__(self, y: "Word | int") -> "Word":
        return Word(self.f, self._new("add", y))

    def __sub__(self, y: "Word | int") -> "Word":
        return Word(self.f, self._new("sub", y))

    def __and__(self, y: "Word | int") -> "Word":
        return Word(self.f, self._new("and", y))

    def __or__(self, y: "Word | int") -> "Word":
        return Word(self.f, self._new("or", y))

    def __xor__(self, y: "Word | int") -> "Word":
        return Word(self.f, self._new("xor", y))

    def __lshift__(self, y: int) -> "Word":
        return Word(self.f, self._new("shl", y))

    def __rshift__(self, y: int) -> "Word":
        return Word(self.f, self._new("lshr", y))

    def __lt__(self, y: "Word | int") -> Truth:
        return Truth(self.f, self._new("icmp ult", y))

    @property
    def number(self) -> Number:
        """The number that has these bits."""
        return Number(self.f, self.f.new(f"bitcast {self.f.words} {self.name} to {self.f.kind}"))

    def exponent(self) -> Number:
        """Its upper twelve bits, an integer with a sign, as a number."""
        f = self.f
        half = f"<{f.lanes} x i32>"
        upper = f.new(f"ashr {half} {f.new(f'trunc {f.words} {(self >> 32).name} to {half}')}, splat (i32 20)")
        return Number(f, f.new(f"sitofp {half} {upper} to {f.kind}"))


class Lanes:
    """The text of a function of vectors in the making."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.kind, self.words, self.truth = (f"<{lanes} x {kind}>" for kind in ("double", "i64", "i1"))
        self.lines: list[str] = []
        self.outside: dict[str, None] = {}  # declarations, constants
        self.block = "entry"

    def new(self, text: str) -> str:
        """A line that gives a name to what it computes."""
        self.lines.append(f"  %t{len(self.lines)} = {text}")
        return f"%t{len(self.lines) - 1}"

    def begin(self, block: str) -> None:
        """A block of lines that others lead to."""
        self.lines.append(f"{block}:")
        self.block = block

    def given(self, x: Number | float) -> str:
        """An operand as text."""
        return x.name if isinstance(x, Number) else f"splat (double 0x{word_of(x):016X})"

    def call(self, name: str, result: str, kind: str, *operands: str) -> str:
        """One of LLVM's functions, of operands of one kind."""
        self.outside[f"declare {result} @llvm.{name}({', '.join([kind] * len(operands))})"] = None
        return self.new(f"call {result} @llvm.{name}({', '.join([f'{kind} {x}' for x in operands])})")

    def where(self, truths: Truth, make: Callable[[], Number], other: Number) -> Number:
        """In each lane where it holds what `make` computes, if it holds in any."""
        before, some, end = self.block, f"some{len(self.lines)}", f"end{len(self.lines)}"
        self.lines.append(f"  br i1 {truths.reduced('or')}, label %{some}, label %{end}")
        self.begin(some)
        found = truths.choose(make(), other)
        self.lines.append(f"  br label %{end}")
        last = self.block
        self.begin(end)
        return Number(self, self.new(f"phi {self.kind} [ {other.name}, %{before} ], [ {found.name}, %{last} ]"))

    def pairs(self, table: Sequence[int], places: Word) -> tuple[Word, Word]:
        """In each lane the two words that lie at a place of a table of pairs: quicker than to gather each."""
        listed = ", ".join([f"i64 {x}" for x in table])
        self.outside[f"@pairs = internal constant [{len(table)} x i64] [{listed}], align 16"] = None
        pieces, wide = [], 2
        for lane in range(self.lanes):
            place = self.new(f"extractelement {self.words} {places.name}, i64 {lane}")
            at = self.new(f"getelementptr [2 x i64], ptr @pairs, i64 {place}")
            pieces.append(self.new(f"load <2 x i64>, ptr {at}, align 16"))
        while len(pieces) > 1:
            both = zip(pieces[::2], pieces[1::2], strict=True)
            pieces = [self._shuffled(wide, x, y, range(2 * wide)) for x, y in both]
            wide *= 2
        first, second = (Word(self, self._shuffled(wide, pieces[0], "poison", range(i, wide, 2))) for i in (0, 1))
        return first, second

    def _shuffled(self, wide: int, x: str, y: str, chosen: Sequence[int]) -> str:
        mask = ", ".join([f"i32 {i}" for i in chosen])
        return self.new(f"shufflevector <{wide} x i64> {x}, <{wide} x i64> {y}, <{len(chosen)} x i32> <{mask}>")
