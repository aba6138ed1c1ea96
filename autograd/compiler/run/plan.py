"""The plan: a program as data, which the kernel computes. Nothing is compiled for it, so that its first result comes at once.

A plan has the numbers of a program in groups, each computed by one native primitive (`emit/kernel.py`). What is irregular gains
little from machine code of its own: it is as long as the program, and read once a call.
"""

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.call.reader import short_way
from autograd.compiler.call.signature import Given, Signature
from autograd.compiler.emit.kernel import (
    CALL_VECTORS,
    FIRST_CASE,
    GIVE_OUTPUTS,
    TAKE_CONSTANTS,
    TAKE_INPUTS,
    Case,
    case_of,
    cases_of,
    print_kernel,
)
from autograd.compiler.run import disk
from autograd.compiler.run.frame import INPUTS, Frames, Sizes
from autograd.compiler.run.machine import Code, address_of, c_symbol, this_host
from autograd.compiler.run.symbols import symbols_in
from autograd.compiler.simplify import SSA
from autograd.definition import Primitive
from autograd.native import CFunction
from autograd.structures import Structure
from autograd.table import TABLE

FEWEST = 3  # numbers of a group for which a function of vectors takes less time than one call for each
BEYOND = 8  # places: vectors are stored whole


class Kernel:
    """The kernel in memory: its cases by number, and its two functions."""

    def __init__(self, cases: dict[Case, Primitive]) -> None:
        host = this_host()
        text = print_kernel(cases, host)
        key = disk.key_of(text, *host)
        found = disk.read(key)
        if found is not None:
            code = Code(found[1], host, 2, found[0]["symbols"])
        else:
            code = Code(text, host, 2, keep=lambda made: disk.write(key, {"symbols": symbols_in(text)}, made))
        self.cases = {case: i for i, case in enumerate(cases, FIRST_CASE)}
        self.run = code.function("run", None, [ctypes.c_void_p] * 2)
        self.arrange = code.function("arrange", ctypes.c_int64, [ctypes.c_int64] * 3 + [ctypes.c_void_p] * 12)


@lru_cache(maxsize=4)
def _kernel(*primitives: Primitive) -> Kernel:
    return Kernel(cases_of(primitives))


def kernel_for(primitives: Sequence[Primitive]) -> Kernel:
    """The kernel that has a case for each of these, and for all of the table: made anew if users' own ones bring new cases."""
    return _kernel(*cases_of([*TABLE.values(), *primitives]).values())


class Plan(NamedTuple):
    """A program for the kernel: its code, 32-bit integers, how many groups it has, and how many doubles of memory it needs.

    The `regular` share of the numbers have operands that advance by fixed strides from one number of a group to the next.
    """

    code: Any
    groups: int
    places: int
    regular: float


def _int32(numbers: Any, count: int) -> Any:
    return np.fromiter(numbers, np.int32, count)


def plan(ssa: SSA, kernel: Kernel) -> Plan:
    """The plan of a graph of native primitives. Raises NotCompilableError where the C library lacks a function."""
    count, given = len(ssa.primitives), ssa.inputs + len(ssa.constants)
    natives = {primitive: i for i, primitive in enumerate(dict.fromkeys(ssa.primitives), -1)}  # None, of what is given, first
    kinds = _int32(map(natives.__getitem__, ssa.primitives), count)
    rows = [primitive for primitive in natives if primitive is not None]
    arities = np.array([*[primitive.arity for primitive in rows], 0], dtype=np.int32)  # the last one's is for kind -1
    starts = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(arities[kinds], out=starts[1:])
    operands = _int32(chain.from_iterable(ssa.operands), int(starts[-1]))
    order, ends = _arranged(kernel, kinds, starts, operands, given, len(rows))

    outputs = len(ssa.outputs)
    place = np.empty(count, dtype=np.int32)
    place[order] = np.arange(outputs, outputs + count, dtype=np.int32)
    groups = _Groups(rows, kinds[order[ends[:-1]]], ends, arities)
    code, regular = _code_of(groups, kernel, starts[order[given:]], place[operands])
    constants = np.array(list(ssa.constants.values()), dtype=float)
    begin = [_words(outputs, TAKE_INPUTS, ssa.inputs, TAKE_CONSTANTS, len(constants)), constants.view(np.int32)]
    finish = [_words(GIVE_OUTPUTS, outputs), place[ssa.outputs]]
    return Plan(np.concatenate([*begin, code, *finish]), len(ends) - 1, outputs + count + BEYOND, regular)


class _Groups(NamedTuple):
    """Native primitives; of each group the one that it has, and where it ends, after where the first begins; their arities."""

    rows: Sequence[Primitive]
    kinds: Any
    ends: Any
    arities: Any


def _code_of(groups: _Groups, kernel: Kernel, starts: Any, read: Any) -> tuple[Any, float]:
    """The words of all groups, and the regular share of their numbers, whose operands start there among the places read."""
    sizes, arities = np.diff(groups.ends), groups.arities[groups.kinds]
    by_kind = np.array(
        [(kernel.cases[case_of(row)], _address(row), _vector_address(row)) for row in groups.rows], dtype=np.int64
    )
    cases, addresses, vectors = by_kind.reshape(-1, 3)[groups.kinds].T
    in_vectors = (vectors != 0) & (sizes >= FEWEST)
    cases, addresses = np.where(in_vectors, CALL_VECTORS, cases), np.where(in_vectors, vectors, addresses)
    called = addresses != 0
    head = np.where(called, 4, 2)  # words before a group's operands
    lengths = head + arities * sizes
    where = np.cumsum(lengths) - lengths
    code = np.empty(int(lengths.sum()), dtype=np.int32)
    code[where], code[where + 1] = cases, sizes
    code[where[called] + 2], code[where[called] + 3] = addresses[called].view(np.int32).reshape(-1, 2).T
    nth = np.arange(len(starts)) - np.repeat(groups.ends[:-1] - groups.ends[0], sizes)  # of its group
    words, apart, arity = np.repeat(where + head, sizes) + nth, np.repeat(sizes, sizes), np.repeat(arities, sizes)
    steady = nth > 1  # where a stride can repeat
    for j in range(max(groups.arities)):
        there = arity > j
        at = words[there] + j * apart[there]
        code[at] = read[starts[there] + j]
        steady[there] &= code[at - 2] - code[at - 1] == code[at - 1] - code[at]
    return code, float(steady.mean()) if len(steady) else 1.0


def _words(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.int32)


def _address(primitive: Primitive) -> int:
    """Where the function lies that a group calls; 0 for an instruction."""
    native = primitive.native
    if case_of(primitive).native is not None or not isinstance(native, CFunction):
        return 0
    return address_of(c_symbol(native.name))


def _vector_address(primitive: Primitive) -> int:
    """Likewise of the function of vectors, if there is one."""
    name, host = getattr(primitive.native, "name", ""), this_host()
    return address_of(f"e.{name}.{host.lanes}") if name in host.elementary and _address(primitive) else 0


def _arranged(kernel: Kernel, kinds: Any, starts: Any, operands: Any, given: int, natives: int) -> tuple[Any, Any]:
    """The numbers in the order of the work, those given first; and where their groups end, from there on."""
    count = len(kinds)
    pairs = operands.astype(np.int64) << 32 | np.repeat(np.arange(count, dtype=np.int64), np.diff(starts))
    pairs.sort()  # ten times as quick as `argsort`
    users = pairs.astype(np.int32)
    user_starts = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(operands, minlength=count), out=user_starts[1:])
    order, ends = np.empty(count, dtype=np.int32), np.empty(count + 1, dtype=np.int32)
    order[:given] = np.flatnonzero(kinds < 0)
    waiting, urgency, following = np.diff(starts), np.zeros(count, dtype=np.int32), np.empty(count, dtype=np.int32)
    heads, most = np.full((2, natives + 1), -1, dtype=np.int32)
    arrays = [kinds, starts, operands, user_starts, users, waiting, urgency, following, heads, most, order, ends]
    groups = kernel.arrange(count, given, natives, *[array.ctypes.data for array in arrays])
    return order, ends[: groups + 1]


class PlanExecutable:
    """Runs a program by its plan. Calls release the interpreter's lock; each has memory of its own."""

    backend = "plan"
    from_disk = False
    scalar = None

    def __init__(self, ssa: SSA) -> None:
        self.operations = ssa.operations
        self._kernel = kernel_for([primitive for primitive in dict.fromkeys(ssa.primitives) if primitive is not None])
        self.plan = plan(ssa, self._kernel)
        self.code_size = self.plan.code.nbytes
        self._inputs = ssa.inputs
        sizes = Sizes(ssa.inputs, len(ssa.outputs), self.plan.places, 0, 0, 1, by_row=False)
        self._frames, self._code = Frames(sizes), self.plan.code.ctypes.data

    def _run(self, frame: Any, _kept: Any = None) -> None:
        self._kernel.run(self._code, frame.address)

    def run(self, numbers: Sequence[float], _rows: Any) -> list[float]:
        """The outputs."""
        frame = self._frames.take()
        frame.inputs[:] = numbers
        frame.slots[INPUTS] = frame.own_inputs
        self._run(frame)
        found = list(frame.out)
        self._frames.give_back(frame)
        return found

    def short_way(self, result: Structure, arguments: Sequence[Given], no: Any) -> Any:
        """A function of arguments of these structures, which answers `no` to others; or None."""
        signature = Signature.of(result, arguments, self._inputs, by_row=False)
        return signature and short_way(signature, self._run, self._frames, no)

    def built_in_of_arrays(self, *_: Any) -> None:
        """None: programs that are worth a plan are too large for a quicker call to matter."""
