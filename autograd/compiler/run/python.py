"""The backend that prints Python, a line for each number in the order of the work: readable, and without dependencies."""

import math
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from autograd.compiler.options import Options, size_of
from autograd.compiler.run.rows import over_rows
from autograd.compiler.simplify import SSA
from autograd.forms import Form, add_at, load, run_loop
from autograd.program import with_bodies
from autograd.structures import as_array


class PythonExecutable:
    """Runs a program as straight-line Python: in the same bits as eager Values, one row of data after another."""

    backend = "python"
    from_disk = False

    def __init__(self, ssa: SSA, options: Options) -> None:
        program = ssa.program()
        self.operations = len(program.steps)
        self._outputs = options.places_of(len(program.outputs))
        self._options, self._results = options.by_place, options.open_results
        names = [f"_x{i}" for i in range(program.inputs)]
        source = program.source("_compiled", names, lambda outputs: f"[{', '.join(outputs)}]")
        primitives = {form for each in with_bodies([program]) for form in each.forms}
        namespace: dict[str, Any] = {p.name: p.on_floats() for p in primitives if not isinstance(p, Form)}
        namespace |= {"inf": math.inf, "nan": math.nan, "run_loop": run_loop, "load": load, "add_at": add_at}
        code = compile(source, "<compiled by chainrule>", "exec")
        exec(code, namespace)  # noqa: S102 - what was printed here
        self._function: Callable[..., list[Any]] = namespace["_compiled"]
        if options.rows or options.result_rows:
            self._function = _by_place(self._function, list(map(size_of, options.arrays, options.rows)), options)
        self.code_size = sum(len(c.co_code) for c in code.co_consts if hasattr(c, "co_code"))

    def run(self, numbers: Sequence[float], rows: Any) -> list[Any]:
        """The outputs as floats; over rows that are not reduced, a list of floats for each output."""
        if not self._options.mapped:
            found: list[Any] = self._function(*[x if isinstance(x, float) else x.ravel().tolist() for x in numbers])
            return list(map(_in_rows, found, self._results)) if self._results else found
        return over_rows(self._function, self._outputs, numbers, rows, self._options)


def _by_place(function: Callable[..., list[Any]], sizes: Sequence[int], options: Options) -> Callable[..., list[Any]]:
    """A function of arrays, given as lists, as one of all their numbers one by one; so with arrays that it returns."""

    def of_numbers(*numbers: float) -> list[Any]:
        following = iter(numbers)
        kinds = zip(sizes, options.arrays, strict=True)
        parts = [list(islice(following, size)) if width else next(following) for size, width in kinds]
        found = function(*parts) if options.rows else function(*numbers)
        if not options.results:
            return found
        return [x for part, width in zip(found, options.results, strict=True) for x in (part if width else (part,))]

    return of_numbers


def _in_rows(found: Any, width: int) -> Any:
    """A list of numbers as an array of rows; a number, for a width of 0, as it is."""
    return as_array(found, (len(found) // width, width)) if width else found
