"""What became of a function: its source, its figures."""

import keyword
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from autograd.compiler.node import Compiled
from autograd.compiler.simplify import simplify
from autograd.program import imports_source
from autograd.table import TABLE


class Stats(NamedTuple):
    """Figures of a compiled function; `seconds` of tracing and compiling, `code_size` in bytes, of machine code or Python's.

    `from_disk`: whether another process had compiled it, and the code was loaded.
    """

    operations_traced: int
    operations: int
    seconds: float
    code_size: int
    backend: str
    from_disk: bool

    @classmethod
    def of(cls, compiled: Compiled) -> "Stats":
        """The figures of a compiled program."""
        executable, operations = compiled.executable, simplify(compiled.program).operations
        seconds = compiled.seconds + getattr(executable, "seconds", 0.0)
        figures = executable.code_size, executable.backend, executable.from_disk
        return cls(len(compiled.program.steps), operations, seconds, *figures)


def source_of(compiled: Compiled, labels: Sequence[str]) -> str:
    """The functions of a program as Python: the outputs, and the outputs with their derivatives."""
    name = _identifier(compiled.name, set())
    taken = {name}
    inputs = [_identifier(label, taken) for label in labels]
    forward = simplify(compiled.program).program()
    count = len(forward.outputs)
    single = count == 1

    def listed(parts: Sequence[str]) -> str:
        return f"[{', '.join(parts)}]"

    def returned(outputs: Sequence[str]) -> str:
        return outputs[0] if single else listed(outputs)

    def with_derivatives(outputs: Sequence[str]) -> str:
        width = sum(compiled.shared)
        rows = [listed(outputs[count + i * width : count + (i + 1) * width]) for i in range(count)]
        return f"{returned(outputs[:count])}, {rows[0] if single else listed(rows)}"

    programs, functions = [forward], [forward.source(name, inputs, returned)]
    if not any(compiled.options.results) and all(primitive.differentiable for primitive, _ in forward.steps):
        backward = simplify(compiled.derived.program).program()
        programs.append(backward)
        functions.append(backward.source(f"{name}_with_{'gradient' if single else 'jacobian'}", inputs, with_derivatives))
    return "\n\n".join(filter(None, [imports_source(programs), *functions]))


def _identifier(label: str, taken: set[str]) -> str:
    """A label as a Python name that is not taken; `taken` then has it too."""
    label = unicodedata.normalize("NFKC", label)  # as Python reads names
    name = "".join(c if f"a{c}".isidentifier() else "_" for c in label).strip("_") or "x"
    name = f"x_{name}" if not name.isidentifier() or re.fullmatch(r"v\d+", name) else name
    while name in {*taken, *keyword.kwlist, *TABLE, "inf", "nan", "lookup"}:
        name += "_"
    taken.add(name)
    return name
