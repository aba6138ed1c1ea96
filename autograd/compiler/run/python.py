"""The backend that prints Python: a line for each number, in the order of the work. It needs nothing, and is read by people."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd import primitives
from autograd.compiler.simplify import SSA
from autograd.primitives import sum_, truediv


class PythonExecutable:
    """Runs a program as straight-line Python: in the same bits as eager Values, row by row."""

    backend = "python"

    def __init__(self, ssa: SSA, varying: tuple[int | None, ...] | None, reduce: str | None) -> None:
        self.operations = ssa.operations
        self._outputs = len(ssa.outputs)
        self._varying = varying
        self._reduce = reduce
        names = [f"_x{i}" for i in range(ssa.inputs)]
        source = function_source(ssa, "_compiled", names, lambda outputs: f"[{', '.join(outputs)}]")
        namespace: dict[str, Any] = {row.name: row.on_floats() for row in ssa.primitives if row is not None}
        namespace |= {"inf": math.inf, "nan": math.nan}
        code = compile(source, "<compiled by chainrule>", "exec")
        exec(code, namespace)  # noqa: S102 - what was printed here
        self._function: Callable[..., list[float]] = namespace["_compiled"]
        self.code_size = sum(len(c.co_code) for c in code.co_consts if hasattr(c, "co_code"))

    def run(self, numbers: Sequence[float], rows: Any) -> list[Any]:
        """The outputs: floats, or where rows are not reduced a list of floats each."""
        if self._varying is None:
            return self._function(*numbers)
        shared = iter(numbers)
        inputs = [math.nan if block is not None else next(shared) for block in self._varying]
        places = [i for i, block in enumerate(self._varying) if block is not None]
        found = []
        for row in range(rows.count):
            cells = [float(x) for block in rows.arrays for x in block[row]]
            for place, x in zip(places, cells, strict=True):
                inputs[place] = x
            found.append(self._function(*inputs))
        columns = [list(column) for column in zip(*found, strict=True)] or [[] for _ in range(self._outputs)]
        if self._reduce is None:
            return columns
        sums = [sum_.evaluate(*column) for column in columns]
        return [truediv.evaluate(x, float(rows.count)) for x in sums] if self._reduce == "mean" else sums


def function_source(ssa: SSA, name: str, inputs: Sequence[str], returned: Callable[[Sequence[str]], str]) -> str:
    """A program as the definition of a function; `returned` puts its outputs together."""
    names = list(inputs)
    lines = []
    count = 0
    taken = {row.name for row in ssa.primitives if row is not None} | set(inputs)
    prefix = next(prefix for prefix in ("v", "v_", "v__") if not any(re.fullmatch(rf"{prefix}\d+", name) for name in taken))
    for i in range(ssa.inputs, len(ssa.primitives)):
        row = ssa.primitives[i]
        if row is None:
            names.append(repr(ssa.constants[i]))
            continue
        names.append(f"{prefix}{count}")
        count += 1
        lines.append(f"    {names[i]} = {row.source([names[operand] for operand in ssa.operands[i]], on_floats=True)}")
    signature = f"def {name}({', '.join(inputs)}):"
    return "\n".join([signature, *lines, f"    return {returned([names[output] for output in ssa.outputs])}", ""])


def imports_source(programs: Sequence[SSA]) -> str:
    """What must be imported for the functions of these programs to run on their own."""
    rows = {row for ssa in programs for row in ssa.primitives if row is not None}
    called = {row.name for row in rows if row.source(["x"] * (row.arity or 0), on_floats=True).startswith(row.name)}
    built_in = sorted(name for name in called if name in vars(primitives))
    numbers = {repr(x) for ssa in programs for x in ssa.constants.values()}
    not_finite = sorted({number.lstrip("-") for number in numbers} & {"inf", "nan"})
    lines = [f"from math import {', '.join(not_finite)}"] if not_finite else []
    lines += [f"from autograd import {', '.join(built_in)}"] if built_in else []
    others = sorted(called - set(built_in))
    lines += ["from autograd.table import lookup"] if others else []
    lines += [f"{name} = lookup({name!r})" for name in others]
    return "\n".join([*lines, ""])
