"""Compiled: a program that runs on numbers, and stands as one node in a graph of Values, with exact partials."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.util import find_spec
from itertools import accumulate, compress
from math import isfinite
from typing import Any

from autograd import primitives
from autograd.compiler.blocks import in_blocks
from autograd.compiler.options import Options, size_of
from autograd.compiler.packed import in_arrays
from autograd.compiler.trace.tracer import with_arrivals, with_partials
from autograd.definition import Primitive, Rules
from autograd.forms import Call, Load, Pack, Result
from autograd.locks import Lock
from autograd.modes import AnomalyError, current_mode, listed
from autograd.primitives import sum_
from autograd.program import Program, with_bodies
from autograd.value import Value, recorded


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a call: how many, and arrays of shape (count, width), C-contiguous float64.

    Where rows are `gathered`, `index` has their numbers: row i of the call is row index[i] of the arrays.
    """

    count: int
    arrays: tuple[Any, ...]
    index: Any = None  # C-contiguous int64

    def of(self, row: int | None) -> Iterator[float]:
        """The numbers of one row, or of all."""
        for array in self.arrays:
            if row is None:
                yield from (array if self.index is None else array[self.index]).ravel()
            else:
                yield from array[row if self.index is None else self.index[row]]


NO_ROWS = Rows(1, ())
_COMPILING = Lock(rank=2)


@lru_cache(maxsize=1)
def _can_compile() -> bool:
    """Whether the packages are there that machine code needs, which are not imported yet."""
    try:
        return all(find_spec(name) is not None for name in ("llvmlite", "numpy"))
    except (ImportError, ValueError):
        return False


class Compiled:
    """A program with its options. It is compiled when it first runs, and again after unpickling."""

    def __init__(self, program: Program | Callable[[], Program], options: Options, name: str) -> None:
        self._program, self.options, self.name = program, options, name
        self.seconds = 0.0
        self._in_arrays: tuple[Program, Options] | None = None  # what is compiled
        self.idle: dict[int, list[int]] = {}  # of a derived one: by output, the operands on which it does not depend
        self._derived: Compiled | None = None
        self._arrivals: Compiled | None = None
        self._executable: Any = None
        self.answered = False  # without an executable

    @property
    def program(self) -> Program:
        """The program of its numbers one by one; of a derived one it is made when something asks for it."""
        if not isinstance(self._program, Program):
            self._program = self._program()
        return self._program

    @property
    def shared(self) -> list[bool]:
        """For each input whether derivatives are by it."""
        return _shared(self.program, self.options)

    @property
    def in_arrays(self) -> tuple[Program, Options]:
        """The program with arrays for inputs that it packs, and its options: this is compiled, and differentiated."""
        if self._in_arrays is None:
            self._in_arrays = in_arrays(self.program, self.options)
        return self._in_arrays

    def at_once(self, numbers: Sequence[Any]) -> list[float] | None:
        """The outputs at floats by the table's own functions, at the first call; None otherwise.

        An executable takes ten times as long to make, whatever the size, and is made at the second call, which may never come.
        """
        options = self.options
        if self.answered or self._executable is not None or options.fast or options.backend != "auto" or options.mapped:
            return None
        if options.arrays or not all(map(_runs_at_once, self._forms())):
            return None
        if not {*map(type, numbers)} <= {float} or not _can_compile():  # else it warns
            return None
        self.answered = True
        return self.program(*numbers)

    def _forms(self) -> Iterator[Any]:
        return (form for program in with_bodies([self.program]) for form in program.forms)

    @property
    def executable(self) -> Any:
        """Runs the program: `run(numbers, rows)` returns the outputs, each a float, or by row a sequence of floats."""
        if self._executable is None:
            with _COMPILING:
                if self._executable is None:
                    from autograd.compiler.pipeline import executable_of  # which a first call does without

                    start = time.perf_counter()
                    self._executable = executable_of(*self.in_arrays)
                    self.seconds += time.perf_counter() - start
        return self._executable

    def compile_rolled(self, *, loops: bool) -> bool:
        """Have it run by rows side by side through its loops, if it can; else as any program, if its `loops` are wanted."""
        from autograd.compiler.pipeline import by_row  # which a first call does without

        with _COMPILING:
            start = time.perf_counter()
            self._executable = by_row(*self.in_arrays)
            self.seconds += time.perf_counter() - start
            if self._executable is None and loops:
                self.options, self._in_arrays = replace(self.options, rolled=False), None
            return self._executable is not None or loops

    @property
    def derived(self) -> "Compiled":
        """The program that gives the outputs, then for each output its partials to the shared inputs."""
        if self._derived is None:
            with _COMPILING:
                if self._derived is None:
                    self._derived = self._with_partials()
        return self._derived

    def _with_partials(self) -> "Compiled":
        """See `derived`. Its program takes and gives arrays where this one takes them."""
        program, options = self.in_arrays
        if options.result_rows:  # arrays, of which each number has partials
            program, options = in_arrays(self.program, self.options)
        wanted = _shared(program, options)
        found, idle = with_partials(program, wanted, options.arrays, options.rows, rolled=options.rolled)
        if not options.rows:
            derived = Compiled(found, self._inner_options, self.name)
            derived.idle = idle
            return derived
        columns, rows = list(compress(options.arrays, wanted)), list(compress(options.rows, wanted))
        outputs = len(program.outputs)
        options = replace(
            options,
            parts=None,
            results=((0,) * outputs + (*columns,) * outputs),
            result_rows=((0,) * outputs + (*rows,) * outputs),
        )
        whole, wanted = self.program, self.shared
        derived = Compiled(lambda: with_partials(whole, wanted)[0], self._inner_options, self.name)
        derived._in_arrays = found, options
        places = [*accumulate(map(size_of, columns, rows), initial=0)]
        derived.idle = {i: [x for j in nothing for x in range(*places[j : j + 2])] for i, nothing in idle.items()}
        return derived

    @property
    def arrivals(self) -> "Compiled":
        """The program that gives 1 for each of these partials where anything arrives, else 0."""
        if self._arrivals is None:
            with _COMPILING:
                if self._arrivals is None:
                    program = with_arrivals(self.program, self.shared, self.options.arrays)
                    self._arrivals = Compiled(program, self._inner_options, self.name)
        return self._arrivals

    @property
    def _inner_options(self) -> Options:
        """Those of a program that has other outputs."""
        return replace(self.options, parts=None)

    def apply(self, operands: Sequence[Any], rows: Rows, *, at_once: bool, only: Iterable[int] | None = None) -> list[Any]:
        """The outputs at these shared inputs, Values and floats, as Values: one node each, or a list of one for each row.

        `at_once` computes the partials in the same pass, not when they are first read. `only` names the outputs wanted.
        """
        numbers = [x if type(x) is float else x.data for x in operands]
        kept = tuple(operands)
        partials = Partials(self, numbers, rows, kept)
        mode = current_mode()
        found = partials.found if at_once and mode.recording else self.executable.run(numbers, rows)
        wanted = range(len(self.program.outputs)) if only is None else only

        def node(output: int, row: int | None, number: float) -> Value:
            if mode.checking and not isfinite(number) and all(map(isfinite, [*numbers, *rows.of(row)])):
                raise AnomalyError(f"{self.name}, a compiled function, gave {number} from finite operands: {listed(kept)}")
            if not mode.recording:
                return Value(number)
            slopes = partials.of(output, row) if at_once else PartialsOf(partials, output, row)
            return recorded(number, CompiledPrimitive(self, rows, output, row), kept, slopes)

        if self.options.by_row:
            return [[node(i, row, float(number)) for row, number in enumerate(found[i])] for i in wanted]
        return [node(i, None, float(found[i])) for i in wanted]

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.program, self.options, self.name)


def _shared(program: Program, options: Options) -> list[bool]:
    """For each input of a program whether derivatives are by it: by numbers and arrays that all rows share."""
    varying = options.varying or (None,) * program.inputs
    arrays = (() if options.rows else options.arrays) or (0,) * program.inputs
    return [array is None and not width for array, width in zip(varying, arrays, strict=True)]


def _runs_at_once(form: Any) -> bool:
    """Whether it takes as many operations as are written down: a primitive of the table, or what belongs to calls."""
    return isinstance(form, Call | Result | Load | Pack) or vars(primitives).get(form.name) is form


@lru_cache(maxsize=32)
def known(program: Program, options: Options, name: str) -> Compiled:
    """A program that this process may have compiled before, for one like it: the last ones are kept, with their code."""
    return Compiled(program, options, name)


class Partials:
    """The outputs of a call with their partials, at the numbers of the call, computed together when first read."""

    def __init__(self, compiled: Compiled, numbers: Sequence[float], rows: Rows, operands: Sequence[Any]) -> None:
        self._call = compiled, numbers, rows
        self._constants = [i for i, x in enumerate(operands) if type(x) is float]
        self._found: Any = None
        self._arrived: Any = None
        self._inner = [i for i, x in enumerate(operands) if type(x) is not float and x.operands]

    @property
    def found(self) -> Any:
        """The outputs, then the partials."""
        if self._found is None:
            compiled, numbers, rows = self._call
            self._found = compiled.derived.executable.run(numbers, rows)
        return self._found

    @property
    def _arrivals(self) -> Any:
        if self._arrived is None:
            compiled, numbers, rows = self._call
            self._arrived = compiled.arrivals.executable.run(numbers, rows)
        return self._arrived

    def of(self, output: int, row: int | None) -> tuple[float | None, ...]:
        """The partials of one output; None for constants, and for operands that get nothing."""
        compiled, numbers, _ = self._call
        start = len(compiled.program.outputs) + output * len(numbers)
        found = self.found[start : start + len(numbers)]
        partials: list[Any] = list(map(float, found)) if row is None else [float(x[row]) for x in found]
        for i in self.silent(partials, output, row):
            partials[i] = None
        return tuple(partials)

    def silent(self, partials: Sequence[float], output: int, row: int | None) -> list[int]:
        """The operands that get nothing by these partials of one output: constants, and what a choice left out."""
        # that matters only for a partial of 0 to an operand with an infinite partial further down: only there arrivals are run
        first = output * len(partials)
        found = [*self._constants, *self._call[0].derived.idle.get(output, ())]
        for i in self._inner:
            if partials[i] == 0.0 and i not in found:
                there = self._arrivals[first + i]
                if not (there if row is None else there[row]):
                    found.append(i)
        return found


class PartialsOf(Sequence[float | None]):
    """The local partials of one node: a tuple, computed when it is first read."""

    __slots__ = ("_known", "_which")

    def __init__(self, partials: Partials, output: int, row: int | None) -> None:
        self._which = partials, output, row
        self._known: tuple[float | None, ...] | None = None

    def _tuple(self) -> tuple[float | None, ...]:
        if self._known is None:
            partials, output, row = self._which
            self._known = partials.of(output, row)
        return self._known

    def __getitem__(self, i: Any) -> Any:
        return self._tuple()[i]

    def __iter__(self) -> Iterator[float | None]:
        return iter(self._tuple())

    def __len__(self) -> int:
        return len(self._tuple())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._tuple(),)


class CompiledPrimitive(Primitive):
    """A compiled function as the primitive of a node: its partials are compiled too, and differentiable like any others."""

    def __init__(self, compiled: Compiled, rows: Rows, output: int, row: int | None) -> None:
        self._which = compiled, rows, output, row
        vars(self).update(vars(_any_operands(compiled.name)))
        self.formula = self.evaluate = partial(_evaluate, self._which)
        self.rules = self.rules_on_floats = Rules(joint=partial(_differentiable_partials, self._which))  # no reference cycle

    def apart(self, operands: Sequence[Any]) -> Any:
        """The result at these operands by the program's own operations, one after another: on Values, all of them recorded."""
        compiled, rows, output, row = self._which
        varying, program = compiled.options.varying, compiled.program
        if varying is None:
            return program(*operands)[output]
        found = []
        for which in range(rows.count) if row is None else [row]:
            shared, fields = iter(operands), map(float, rows.of(which))
            found.append(program(*[next(shared if array is None else fields) for array in varying])[output])
        options = compiled.options
        total = found[0] if options.reduce is None else in_blocks(lambda terms: sum_.at(*terms), found, options.block)
        return total / float(rows.count) if options.reduce == "mean" else total

    def __reduce__(self) -> tuple[Any, ...]:
        return CompiledPrimitive, self._which


@lru_cache
def _any_operands(name: str) -> Primitive:
    """A primitive of that name that takes any number of operands, for all fields that a compiled one shares with others."""
    doc = f"{name}, compiled."
    made = Primitive("compiled", evaluate=lambda *operands: 0.0 * len(operands), partials=lambda *_: (), doc=doc)
    made.name = made.symbol = made.__name__ = made.__qualname__ = name
    return made


def _evaluate(which: tuple[Compiled, Rows, int, int | None], *numbers: float) -> float:
    compiled, rows, output, row = which
    found = compiled.executable.run(list(numbers), rows)[output]
    return float(found if row is None else found[row])


def _differentiable_partials(which: tuple[Compiled, Rows, int, int | None], _result: Any, *operands: Any) -> list[Any]:
    compiled, rows, output, row = which
    start = len(compiled.program.outputs) + output * len(operands)
    found = compiled.derived.apply(operands, rows, at_once=False, only=range(start, start + len(operands)))
    nodes: list[Any] = found if row is None else [numbers[row] for numbers in found]
    partials = Partials(compiled, [x if type(x) is float else x.data for x in operands], rows, operands)
    for i in partials.silent([node.data for node in nodes], output, row):
        nodes[i] = None
    return nodes
