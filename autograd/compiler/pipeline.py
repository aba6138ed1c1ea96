"""What happens to a program: lower, schedule, emit, load; or, without machine code, simplify and print as Python."""

import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from autograd.collector import collector_at_rest
from autograd.compiler.lower import NotCompilableError, lower
from autograd.compiler.options import Options
from autograd.compiler.run.python import PythonExecutable
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.symbol import depth_of_user
from autograd.forms import Form
from autograd.program import Program

if TYPE_CHECKING:
    from autograd.compiler.run.llvm import LLVMExecutable
    from autograd.compiler.run.machine import Host


def executable_of(program: Program, options: Options) -> Any:
    """What runs a program, by the backend asked for; by "auto" machine code where that can be made, else Python."""
    with collector_at_rest():
        if options.backend != "python":
            try:
                return as_machine_code(program, options)
            except ModuleNotFoundError as error:
                if options.backend == "llvm":
                    raise ModuleNotFoundError(f'backend="llvm" needs {error.name}: pip install "chainrule[jit]"') from None
                _warn_once(str(error.name).split(".", maxsplit=1)[0])
            except NotCompilableError:
                if options.backend == "llvm":
                    raise
        return as_python(program, options)


def as_machine_code(program: Program, options: Options, host: "Host | None" = None) -> "LLVMExecutable":
    """Every pass, in order. Raises NotCompilableError for a primitive that cannot become machine code."""
    # these need NumPy and llvmlite
    from autograd.compiler.emit.entries import Emitted, emit, emit_nested
    from autograd.compiler.run import disk
    from autograd.compiler.run.llvm import LLVMExecutable
    from autograd.compiler.run.machine import this_host
    from autograd.compiler.schedule.scheduling import schedule

    host = host or this_host()
    native, key, found = None, "", None
    if disk.folder() is not None:
        native = None if disk.is_built_in(program) else lower(program)  # names of others may mean anything
        key = disk.key_of(disk.content_of(program if native is None else native.program()), *options.of_code, *host)
        found = disk.read(key)
    if found is not None:  # an earlier process has done all that follows
        with suppress(AttributeError, ValueError):  # for a function that this machine lacks
            return LLVMExecutable(Emitted.again(*found, host), options.threads)
    native = native or lower(program)  # each number once, by instructions and functions of the C library alone
    if any(isinstance(primitive, Form) for primitive in native.primitives):
        emitted = emit_nested(native, options, host)  # likewise, level by level
    else:
        planned = schedule(native, options)  # sums, trees and loops, their order, and places in memory
        emitted = emit(planned, options, host)  # the text of an LLVM module
    return LLVMExecutable(emitted, options.threads, lambda code: disk.write(key, emitted.about, code))  # load: code in memory


def as_python(program: Program, options: Options) -> PythonExecutable:
    """The other backend: a line of Python for each number."""
    return PythonExecutable(simplify(program), options.varying, options.reduce, options.block)


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
