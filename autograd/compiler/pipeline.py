"""What happens to a program: lower, schedule, emit, load; or lower and plan; or simplify and print as Python."""

import warnings
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograd.collector import collector_at_rest
from autograd.compiler.emit.levels import ssa_of
from autograd.compiler.fused import are_maps, carries_nothing, fused
from autograd.compiler.interleaved import interleaved, with_results
from autograd.compiler.lower import NotCompilableError, lower
from autograd.compiler.merge import merged
from autograd.compiler.narrow import inlined
from autograd.compiler.options import Options
from autograd.compiler.run.python import PythonExecutable
from autograd.compiler.run.rows import RowByRow
from autograd.compiler.simplify import SSA, simplify
from autograd.compiler.steady import steadied
from autograd.compiler.trace.symbol import depth_of_user
from autograd.forms import Form
from autograd.native import CFunction
from autograd.program import Program

if TYPE_CHECKING:
    from autograd.compiler.run.each_row import EachRow
    from autograd.compiler.run.llvm import LLVMExecutable
    from autograd.compiler.run.machine import Host
    from autograd.compiler.run.plan import PlanExecutable

LARGE = 40_000  # operations: LLVM takes several seconds for as many irregular ones, and a plan up to twice the time of a call
WIDE = 6  # numbers in a group, on average: a plan of smaller ones, as of a long recurrence, takes twice as long as machine code
REGULAR = 0.7  # the share of regular work from which machine code is made, several times as quick as a plan: networks have more


def executable_of(program: Program, options: Options) -> Any:
    """What runs a program, by the backend asked for; by "auto" machine code or a plan where these can be made, else Python."""
    with collector_at_rest():
        found = by_row(program, options) if options.rolled else None
        if found is not None:
            return found
        program, options = with_results(program, options)
        program = merged(inlined(program), options.arrays, options.results)
        if options.backend != "python":
            try:
                if options.backend == "plan" and not options.mapped:
                    return as_plan(lower(program))
                return as_machine_code(program, options, or_plan=options.backend == "auto" and not options.mapped)
            except ModuleNotFoundError as error:
                if options.backend != "auto":
                    needs = f'backend="{options.backend}" needs {error.name}'
                    raise ModuleNotFoundError(f'{needs}: pip install "chainrule[jit]"') from None
                _warn_once(str(error.name).split(".", maxsplit=1)[0])
            except NotCompilableError:
                if options.backend != "auto":
                    raise
        return as_python(program, options)


def by_row(program: Program, options: Options) -> "LLVMExecutable | None":
    """Machine code for rows side by side through a program with loops, if their sums are outer products for the most part."""
    with collector_at_rest(), suppress(ModuleNotFoundError, NotCompilableError):
        from autograd.compiler.emit.varying import RowsApartError
        from autograd.compiler.run.machine import this_host

        program, options = interleaved(program, options)
        source = Source(fused(merged(inlined(program), options.arrays, options.results), carries_nothing))
        with suppress(RowsApartError):
            return _executable(source, options, this_host(), by_row=True)  # type: ignore[return-value]  # machine code
    return None


def as_machine_code(
    program: Program, options: Options, host: "Host | None" = None, *, or_plan: bool = False
) -> "LLVMExecutable | PlanExecutable | RowByRow | EachRow":
    """Every pass, in order; `or_plan` makes a plan of a program that is large and irregular, and not on disk.

    Raises NotCompilableError for a primitive that cannot become machine code.
    """
    # these need NumPy and llvmlite
    from autograd.compiler.run import disk
    from autograd.compiler.run.each_row import EachRow
    from autograd.compiler.run.machine import this_host

    host = host or this_host()
    program = fused(program, are_maps)
    if options.mapped and (options.weight is not None or any(isinstance(form, Form) for form in program.forms)):
        alone = replace(options, varying=None, reduce=None, parts=None, weight=None)
        outputs = options.places_of(len(program.outputs))
        if options.reduce is None:
            return RowByRow(_executable(Source(program), alone, host), options.by_place, outputs)
        together = replace(options, reduce=None, parts=None, weight=None, threads=None)
        source = Source(program)
        if not any(map(disk.read, [source.key(alone, host), source.key(together, host, nested=True)])):
            source.check()

        def machine_code(*, in_lanes: bool) -> Any:
            with collector_at_rest():
                return _executable(source, together if in_lanes else alone, host, nested=in_lanes)

        return EachRow(machine_code, options.by_place, outputs)
    return _executable(Source(program), options, host, or_plan=or_plan)


class Source:
    """A program to be compiled, maybe in several ways: it is lowered once."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def native(self) -> SSA:
        """Each number once, by instructions and functions of the C library alone."""
        found = lower(self.program)
        if not has_loops(found):
            return found
        program = found.program()
        steady = steadied(program)
        return found if steady is program else ssa_of(steady)

    @cached_property
    def _content(self) -> bytes:
        from autograd.compiler.run import disk

        return disk.content_of(self.program if disk.is_built_in(self.program) else self.native.program())

    def key(self, options: Options, host: "Host", *, nested: bool = False) -> str:
        """By what the code is found on disk; "" if nothing is kept there."""
        from autograd.compiler.run import disk

        if disk.folder() is None:
            return ""
        return disk.key_of(self._content, nested, *options.of_code, *host)

    def check(self) -> None:
        """Raise NotCompilableError if there is no machine code for it."""
        from autograd.compiler.run.machine import c_symbol

        for primitive in self.native.primitives:
            if primitive is not None and isinstance(primitive.native, CFunction) and not primitive.native.intrinsic:
                c_symbol(primitive.native.name)


def _executable(
    source: Source, options: Options, host: "Host", *, or_plan: bool = False, nested: bool = False, by_row: bool = False
) -> "LLVMExecutable | PlanExecutable":
    """Machine code, level by level where it is `nested`."""
    from autograd.compiler.emit.entries import Emitted, emit, emit_loops_by_row, emit_nested
    from autograd.compiler.run import disk
    from autograd.compiler.run.llvm import LLVMExecutable
    from autograd.compiler.schedule.scheduling import schedule

    key = source.key(options, host, nested=nested or by_row)
    found = disk.read(key)
    if found is not None:  # an earlier process has done all that follows
        with suppress(AttributeError, ValueError):  # for a function that this machine lacks
            return LLVMExecutable(Emitted.again(*found, host), options.threads, results=options.open_results)
    native = source.native
    if by_row:
        emitted = emit_loops_by_row(native, options, host)
    elif nested or has_loops(native) or options.arrays:
        emitted = emit_nested(native, options, host)  # the text of an LLVM module, level by level
    else:
        if or_plan and native.operations >= LARGE:
            executable = as_plan(native)
            if executable.plan.regular < REGULAR and native.operations >= WIDE * executable.plan.groups:
                return executable
        planned = schedule(native, options)  # sums, trees and loops, their order, and places in memory
        emitted = emit(planned, options, host)  # the text of an LLVM module

    def keep(code: bytes) -> None:
        disk.write(key, emitted.about, code)

    return LLVMExecutable(emitted, options.threads, keep, options.open_results)  # load: code in memory


def has_loops(ssa: SSA) -> bool:
    """Whether there are loops or arrays among what it computes."""
    return any(isinstance(form, Form) for form in dict.fromkeys(ssa.primitives))


def as_plan(native: SSA) -> "PlanExecutable":
    """A graph of native primitives as data. Raises NotCompilableError for loops, and where the C library lacks a function."""
    if has_loops(native):
        raise NotCompilableError('a plan has no loops, and this function records some: leave backend="plan" out')
    from autograd.compiler.run.plan import PlanExecutable

    return PlanExecutable(native)


def as_python(program: Program, options: Options) -> PythonExecutable:
    """The other backend: a line of Python for each number."""
    return PythonExecutable(simplify(program), options)


_WARNED: set[str] = set()


def _warn_once(missing: str) -> None:
    if missing not in _WARNED:
        _WARNED.add(missing)
        warnings.warn(
            f"{missing} is not installed, so compiled functions run as plain Python, much slower than machine code: "
            f'pip install "chainrule[jit]", or choose backend="python"',
            UserWarning,
            stacklevel=depth_of_user(),
        )
