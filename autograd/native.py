"""What computes a primitive in compiled code, to the same bits: an instruction of LLVM, or a function of the C library."""

from typing import NamedTuple


class Instruction(NamedTuple):
    """An LLVM instruction on numbers: "fadd". If it `contracts`, fast code may fuse it with another one (FMA)."""

    name: str
    commutative: bool = False
    contracts: bool = False

    def __str__(self) -> str:
        return self.name


class Comparison(NamedTuple):
    """A comparison of two numbers by LLVM's `fcmp`, such as "olt"; the result is a truth value."""

    condition: str
    commutative: bool = False

    def __str__(self) -> str:
        return f"fcmp {self.condition}"


class Logical(NamedTuple):
    """An LLVM instruction on two truth values, such as "and"; the result is a truth value."""

    name: str
    commutative: bool = True

    def __str__(self) -> str:
        return self.name


class Select(NamedTuple):
    """LLVM's `select`: one of two numbers, chosen by a truth value."""

    commutative: bool = False

    def __str__(self) -> str:
        return "select"


class CFunction(NamedTuple):
    """A function of the C library, such as "tanh". If `intrinsic`, LLVM has an instruction for it, on vectors too: "sqrt".

    A function that only clears bits of the number has the `mask` of those it keeps.
    """

    name: str
    intrinsic: bool = False
    mask: int | None = None
    commutative: bool = False

    def __str__(self) -> str:
        return self.name


Native = Instruction | Comparison | Logical | Select | CFunction
"""What computes a primitive's value in compiled code, to the same bits. `str` of it is what `primitive(native=...)` takes."""
