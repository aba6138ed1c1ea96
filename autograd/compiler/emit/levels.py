"""Levels of a program with loops, the program and the bodies, before any code: how much work, what may lie in one place."""

from functools import lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple

from autograd.compiler.simplify import SSA
from autograd.definition import Primitive
from autograd.forms import Call, Form, Loop, Result
from autograd.native import CFunction
from autograd.primitives import add, logical_or
from autograd.program import Program

MOST_IN_REGISTERS = 16  # numbers that a loop carries or its turns share: more lie in memory, in an order that turns read
LONGEST_BODY = 300  # operations of a body that are one piece of code
UNKNOWN = 1 << 30  # turns
LONG = 1 << 20  # operations of a loop, from which it looks now and then whether to stop
OF_A_CALL = 8  # operations that take about as long as a function of the C library


def ssa_of(program: Program) -> SSA:
    """A program that is simplified already, as it is: the caller's own."""
    return _read(program).copied()


@lru_cache(maxsize=128)
def _read(program: Program) -> SSA:
    """The same, once for all that look into the body of a loop on the way: they do so a dozen times."""
    ssa = SSA(program.inputs)
    known = list(range(program.inputs))
    for primitive, places in program.steps:
        operands = tuple([known[x] if type(x) is int else ssa.constant(x) for x in places])
        known.append(len(ssa.primitives))
        ssa.primitives.append(primitive)
        ssa.operands.append(operands)
    ssa.outputs = [known[x] if type(x) is int else ssa.constant(x) for x in program.outputs]
    return ssa


def operations_of(ssa: SSA) -> int:
    """How many primitives, those of bodies once, and of a function once for all its calls."""
    total, seen, left = 0, set[Any](), [ssa]
    for level in left:  # which grows meanwhile
        total += sum(p is not None and not isinstance(p, Form) for p in level.primitives)
        for p in level.primitives:
            if isinstance(p, Loop) and not (isinstance(p, Call) and p in seen):
                seen.add(p)
                left += [_read(body) for body in (p.body, p.test) if body is not None]
    return total


def work_of(ssa: SSA, known: dict[Any, int] | None = None) -> int:
    """About how many operations it takes, in all turns of its loops: a very large number where only the run knows."""
    total = 0
    known = {} if known is None else known  # of loops
    for primitive in ssa.primitives:
        if isinstance(primitive, Loop):
            turns = UNKNOWN if primitive.turns is None else primitive.turns
            if primitive not in known:
                known[primitive] = max(1, work_of(_read(primitive.body), known))
            total += turns * known[primitive]
        elif primitive is not None and not isinstance(primitive, Form):
            total += OF_A_CALL if isinstance(primitive.native, CFunction) and not primitive.native.intrinsic else 1
    return min(total, UNKNOWN**2)


def uses_of(ssa: SSA) -> list[int]:
    """How often each number is read, as an output too."""
    uses = [0] * len(ssa.primitives)
    for operands in [*ssa.operands, ssa.outputs]:
        for x in operands:
            uses[x] += 1
    return uses


def readers_of(ssa: SSA) -> dict[int, list[int]]:
    """What reads each loop, and each result of one; -1 for an output."""
    found: dict[int, list[int]] = {}
    several = {i for i, p in enumerate(ssa.primitives) if isinstance(p, Loop | Result)}
    for i, operands in [*enumerate(ssa.operands), (-1, ssa.outputs)]:
        for x in several.intersection(operands):
            found.setdefault(x, []).append(i)
    return found


def delays_of(body: SSA, carries: int) -> list[int]:
    """What a loop carries that is only delayed: it depends on nothing that is carried, but for what is delayed before it."""
    reach = [0] * len(body.primitives)  # of each number the slots on which it depends, as bits
    for i in range(1, len(reach)):
        reach[i] = 1 << (i - 1) if i <= carries else reduce(or_, map(reach.__getitem__, body.operands[i]), 0)
    found, known = list[int](), 0
    while more := [j for j in range(carries) if j not in found and not reach[body.outputs[j]] & ~known]:
        found += more
        known = sum(1 << j for j in found)
    return found


class Chain(NamedTuple):
    """What a turn adds to a number that is carried, in order; or joins with a truth value, by `logical_or`."""

    primitive: Primitive
    terms: list[int]


class Carried(NamedTuple):
    """What a loop carries, by slot: chains of sums, and what is delayed, each after those that it depends on; or what stays."""

    chains: dict[int, Chain]
    delays: list[int]
    stays: bool = False  # most turns leave all of it as it is


def carried_by(body: SSA, carries: int) -> Carried | None:
    """What is carried, if all of it is delayed, or are sums that nothing else reads."""
    delays = delays_of(body, carries)
    uses, slots = uses_of(body), [j for j in range(carries) if j not in delays]
    dependent = {1 + j for j in slots}
    for i in range(body.inputs, len(body.primitives)):
        if not dependent.isdisjoint(body.operands[i]):
            dependent.add(i)
    found, inside = dict[int, Chain](), 0
    for place in [1 + j for j in slots]:
        x, terms = body.outputs[place - 1], list[int]()
        primitive: Any = body.primitives[x]
        while uses[x] == 1 and primitive in (add, logical_or) and body.primitives[x] is primitive:
            before = [y for y in body.operands[x] if y in dependent]
            if len(before) != 1:
                return None
            terms += [y for y in body.operands[x] if y not in dependent]
            x = before[0]
        if x != place or uses[x] != 1 or not terms:
            return None
        found[place - 1] = Chain(primitive, terms[::-1])
        inside += len(terms)
    return Carried(found, delays) if len(dependent) == inside + len(slots) else None


def in_place(body: SSA, loop: Loop) -> dict[tuple[int, int], int]:
    """The arrays of ys that may lie where a carried array lies, by the loop of the body and the y; which is carried there.

    A loop reads that array row by row, nothing else reads it, and gives its next rows: each lies where it was read.
    """
    found: dict[tuple[int, int], int] = {}
    uses = uses_of(body)
    for j, width in enumerate(loop.carry):
        out, before = body.outputs[j], 1 + j
        result: Any = body.primitives[out]
        if not width or not isinstance(result, Result) or uses[out] != 1 or uses[before] != 1:
            continue
        (group,) = body.operands[out]
        inner: Any = body.primitives[group]
        k = result.place - inner.first_array
        _, _, arrays, _ = inner.parts(body.operands[group])
        reads = [row for x, row in zip(arrays, inner.xs, strict=True) if x == before]
        if k < 0 or inner.ys[k].is_open or reads != [inner.ys[k]]:
            continue
        if all(x >= inner.body.inputs for x in inner.body.outputs if type(x) is int):  # read before anything is given
            found[group, k] = j
    return found
