"""The backend that prints Python, a line for each number in the order of the work: readable, and without dependencies."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.blocks import BLOCK, in_blocks
from autograd.compiler.simplify import SSA
from autograd.forms import Form, add_at, load, run_loop
from autograd.primitives import sum_, truediv
from autograd.program import with_bodies


class PythonExecutable:
    """Runs a program as straight-line Python: in the same bits as eager Values, one row of data after another."""

    backend = "python"
    from_disk = False

    def __init__(self, ssa: SSA, varying: tuple[int | None, ...] | None, reduce: str | None, block: int = BLOCK) -> None:
        program = ssa.program()
        self.operations = len(program.steps)
        self._outputs, self._varying, self._reduce, self._block = len(program.outputs), varying, reduce, block
        names = [f"_x{i}" for i in range(program.inputs)]
        source = program.source("_compiled", names, lambda outputs: f"[{', '.join(outputs)}]")
        primitives = {primitive for each in with_bodies([program]) for primitive, _ in each.steps}
        namespace: dict[str, Any] = {p.name: p.on_floats() for p in primitives if not isinstance(p, Form)}
        namespace |= {"inf": math.inf, "nan": math.nan, "run_loop": run_loop, "load": load, "add_at": add_at}
        code = compile(source, "<compiled by chainrule>", "exec")
        exec(code, namespace)  # noqa: S102 - what was printed here
        self._function: Callable[..., list[float]] = namespace["_compiled"]
        self.code_size = sum(len(c.co_code) for c in code.co_consts if hasattr(c, "co_code"))

    def run(self, numbers: Sequence[float], rows: Any) -> list[Any]:
        """The outputs as floats; over rows that are not reduced, a list of floats for each output."""
        if self._varying is None:
            return self._function(*numbers)
        shared = iter(numbers)
        inputs = [math.nan if array is not None else next(shared) for array in self._varying]
        places = [i for i, array in enumerate(self._varying) if array is not None]
        found = []
        for row in range(rows.count):
            for place, x in zip(places, rows.of(row), strict=True):
                inputs[place] = float(x)
            found.append(self._function(*inputs))
        columns = [list(column) for column in zip(*found, strict=True)] or [[] for _ in range(self._outputs)]
        if self._reduce is None:
            return columns
        sums = [in_blocks(lambda terms: sum_.evaluate(*terms), column, self._block) for column in columns]
        return [truediv.evaluate(x, float(rows.count)) for x in sums] if self._reduce == "mean" else sums
