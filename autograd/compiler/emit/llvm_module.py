"""The text of an LLVM module in the making: declarations, constants, functions."""

import itertools
import struct
from collections.abc import Sequence

from autograd.compiler.elementary.lanes import WIDE
from autograd.compiler.run.machine import Host
from autograd.compiler.run.symbols import with_symbols


class LLVMModule:
    """An LLVM module for a host. `fast` lets sums be added in any order, and products be fused with them."""

    def __init__(self, host: Host, *, fast: bool) -> None:
        self.host, self.fast = host, fast
        self._shared: set[str] = set()
        self._declared: dict[str, None] = {}
        self._constants: list[str] = []
        self._functions: list[str] = []
        self._names = itertools.count()

    def unique(self, name: str) -> str:
        """That name with a number that no other has."""
        return f"{name}{next(self._names)}"

    def declare(self, text: str) -> None:
        """A declaration that is needed, once."""
        self._declared[text] = None

    def constants(self, kind: str, numbers: Sequence[str], name: str | None = None) -> str:
        """An array of constants; returns its name."""
        name = name or f"@constants{len(self._constants)}"
        listed = ", ".join(f"{kind} {x}" for x in numbers)
        self._constants.append(f"{name} = internal constant [{len(numbers)} x {kind}] [{listed}]")
        return name

    def define(self, head: str, lines: Sequence[str], result: str = "void", *, attributes: int = 0) -> None:
        """A function: its head without the attributes, its lines, and what it returns."""
        self.add("\n".join([f"define {head} #{attributes} {{", *lines, f"  ret {result}", "}"]))

    def define_once(self, name: str, head: str, lines: Sequence[str], result: str = "void") -> None:
        """A function that several places need, if none of that name is there yet."""
        if name not in self._shared:
            self._shared.add(name)
            self.define(head, lines, result)

    def add(self, function: str) -> None:
        """A function that is text already."""
        self._functions.append(function)

    def text(self) -> str:
        """The whole of it."""
        attributes = [f"attributes #0 = {{ nounwind {WIDE} }}"]
        attributes += [f"attributes #1 = {{ nounwind optnone noinline {WIDE} }}"]  # half the time to compile, almost as quick
        return with_symbols("\n".join([*self._declared, *attributes, *self._constants, *self._functions]))


def number_text(x: float) -> str:
    """A double as LLVM reads it, to the last bit."""
    return f"0x{struct.unpack('>Q', struct.pack('>d', x))[0]:016X}"
