"""Turns of a loop in the lanes of vectors: where they are apart, or what one carries to the next are sums, or only delayed.

What is delayed, such as the element before, depends on nothing that is carried: the lanes have it, moved on by one. A sum goes
through the lanes in the order of the turns: the same bits. Its terms are computed for all lanes at once. Terms that a condition
leaves out are -0.0, which changes no sum: where that is so in all lanes, the sum does not go through them. In a sweep back,
nothing may arrive at half of a list.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from autograd.compiler.emit.function import Body, Function, Known
from autograd.compiler.emit.levels import LONGEST_BODY, MOST_IN_REGISTERS, OF_A_CALL, Carried, Chain, carried_by, operations_of
from autograd.compiler.emit.llvm_module import number_text
from autograd.compiler.emit.natives import apply
from autograd.compiler.emit.nested import Level
from autograd.compiler.emit.staying import know_before, may_stay, print_staying
from autograd.compiler.run.machine import Host
from autograd.compiler.simplify import SSA
from autograd.forms import Form, Loop, Row
from autograd.native import CFunction
from autograd.primitives import add, logical_or, where

FEW = 8  # vectors: of more, what is left is little, and code for it takes long to compile


def vector_calls(body: SSA, host: Host) -> int:
    """How many functions of the C library it calls that the host has for vectors."""
    return sum(p is not None and isinstance(p.native, CFunction) and p.native.name in host.elementary for p in body.primitives)


def in_lanes(body: SSA, loop: Loop, host: Host) -> Carried | None:
    """What is carried, if turns go side by side; None if they do not, or it does not pay."""
    quick = vector_calls(body, host)
    lanes = 2 if quick else host.lanes
    plain = not any(isinstance(p, Form) for p in body.primitives)
    rows = [*loop.xs, *loop.ys]
    few = loop.turns is None or loop.turns >= lanes
    if not plain or any(row.columns for row in rows) or not few or any(loop.shared) or operations_of(body) > LONGEST_BODY:
        return None
    if any(loop.carry) or len(loop.carry) > MOST_IN_REGISTERS:
        return None
    carried = carried_by(body, len(loop.carry))
    if carried is None:
        return Carried({}, [], stays=True) if may_stay(body, len(loop.carry)) else None
    if not carried.chains:
        return carried
    if any(row.width > 1 for row in rows):
        return None
    calls = [p for p in body.primitives if p is not None and isinstance(p.native, CFunction) and not p.native.intrinsic]
    terms = sum(len(chain.terms) for chain in carried.chains.values())
    return carried if operations_of(body) - terms - len(calls) + quick * OF_A_CALL >= 2 * terms else None


def print_in_lanes(printer: Any, count: Any, carried: Carried, carry: list[tuple[str, str]]) -> list[str]:
    """All turns, as many at once as a vector has lanes, then those that are left; returns what is carried.

    For the loop's printer.

    Where functions are called that the host has for vectors, those that are left of few are in shorter vectors, if they can be.
    """
    f, loop, level = printer.f, printer.loop, printer.level
    back = bool(carry) and loop.reverse
    step = -1 if back else 1
    shapes: list[Row] = [*loop.xs, *loop.ys]
    starts = [array.pointer(f) for array in [*[level.arrays[x] for x in printer.xs], *printer.given]]
    begin, starts = _at_end(f, count, starts, shapes) if back else (number_text(0.0), starts)

    def moved(names: list[str], by: int) -> list[str]:
        after = f.new(f"fadd double {names[0]}, {number_text(float(by))}")
        return [after, *[f.offset(p, by * row.width) for p, row in zip(names[1:], shapes, strict=False)]]

    def group(wide: Function, several: dict[int, str], squares: Squares, names: list[str]) -> list[str]:
        lanes = wide.lanes
        ramp = f"<{', '.join([f'double {number_text(float(lane))}' for lane in range(lanes)])}>"
        counter, *pointers = moved(names, 1 - lanes) if back else names[: 1 + len(shapes)]
        now = wide.new(f"fadd {wide.kind} {wide.splat(counter)}, {ramp}")
        inner = _turns_read(printer, squares, pointers, several, carried.chains)
        inner.known[0] = now, False
        before = [(x, register.truth) for x, register in zip(names[1 + len(shapes) :], printer.registers, strict=True)]
        order = range(lanes)[::step]
        following = {j: _delayed(f, wide, inner, j, before[j], order) for j in carried.delays}
        if carried.stays:
            know_before(wide, inner, before)
        inner.print(wide)
        give = partial(squares.give_rows, inner, printer.body.outputs[len(carry) :], pointers[len(loop.xs) :], loop.ys)
        if carried.stays:
            one_by_one = partial(f.loop, lanes, list(zip(kinds, names, strict=True)), single)
            found = print_staying(f, wide, inner, [kind for kind, _ in carry], before, give, one_by_one)
            return [*moved(names, step * lanes), *found]
        give()
        following |= _all_through(f, wide, carried.chains, inner, before, order)
        return [*moved(names, step * lanes), *[following[j] for j in range(len(carry))]]

    def single(names: list[str]) -> list[str]:
        pointers = names[1 : 1 + len(shapes)]
        following: list[str] = printer.one(f, names[0], names[1 + len(shapes) :], pointers)
        return [*moved(names, step), *following]

    def turns(lanes: int) -> Body:
        if lanes == 1:
            return single
        wide = f.view(lanes)
        several = {k: wide.splat(f.as_number(x)) for k, x in printer.shared_now.items()}
        return partial(group, wide, several, Squares(printer, wide))

    kinds = ["double", *["ptr"] * len(shapes), *[kind for kind, _ in carry]]
    names = [begin, *starts, *[x for _, x in carry]]
    work = _work(f, count, shorter=vector_calls(printer.body, f.module.host) > 0)
    many = printer.turned if carry and printer.is_long(count) else f.loop_while
    for lanes, times in work[::step]:
        names = many(str(times), list(zip(kinds, names, strict=True)), turns(lanes))
    return list(names[1 + len(shapes) :])


def _at_end(f: Function, count: Any, pointers: list[str], shapes: Sequence[Row]) -> tuple[str, list[str]]:
    """The number of the last turn, and pointers to its rows.

    Backwards those that are left come first: so vectors begin where forwards they do.
    """
    last = count - 1 if isinstance(count, int) else f.new(f"sub i64 {count}, 1")
    ends = [f.new(f"mul i64 {last}, {row.width}") for row in shapes]
    return f.new(f"sitofp i64 {last} to double"), list(map(f.offset, pointers, ends))


def _turns_read(
    printer: Any, squares: "Squares", pointers: Sequence[str], several: dict[int, str], sums: Iterable[int]
) -> Level:
    """The body for several turns, which knows what they read of rows, there, and what all of them share; but for the sums."""
    loop, level = printer.loop, printer.level
    inner = Level(level.module, level.options, printer.room, printer.body, level.print_loop)
    inner.apart = {1 + j for j in sums}
    place = 1 + len(loop.carry)
    for pointer, row in zip(pointers, loop.xs, strict=False):
        squares.read(inner, place, pointer, row.width)
        place += row.width
    for k, x in enumerate(printer.shared):
        if k in several:
            inner.known[place] = several[k], False
        else:
            inner.address[place] = level.address[x]
        place += 1
    return inner


def _work(f: Function, count: Any, *, shorter: bool) -> list[tuple[int, Any]]:
    """In how many lanes how many times, for all turns; `shorter` vectors too, where it is known how many turns are left."""
    lanes = f.module.host.lanes
    if not isinstance(count, int):
        return [(lanes, f.new(f"udiv i64 {count}, {lanes}")), (1, f.new(f"urem i64 {count}, {lanes}"))]
    found, shorter = [], shorter and count < FEW * lanes
    for each in (8, 4, 2, 1):
        if each in (lanes, 1) or (shorter and each < lanes):
            found.append((each, count // each))
            count %= each
    return [(lanes, times) for lanes, times in found if times]


def _delayed(f: Function, wide: Function, inner: Level, j: int, before: Known, order: range) -> str:
    """What is delayed, for each lane: what the one before it gave. Returns what the last one gave."""
    ssa, lanes, truth = inner.ssa, wide.lanes, before[1]
    x = ssa.outputs[j]
    needed, stack = set[int](), [x]
    while stack:
        i = stack.pop()
        if ssa.primitives[i] is not None and i not in needed:
            needed.add(i)
            stack += ssa.operands[i]
    inner.print_some(wide, sorted(needed))
    now = wide.as_truth(inner.value(wide, x)) if truth else wide.as_number(inner.value(wide, x))
    kind, first = (wide.truth, wide.splat_truth(before[0])) if truth else (wide.kind, wide.splat(before[0]))
    places = range(1, lanes + 1) if order[0] else [lanes, *range(lanes - 1)]
    chosen = ", ".join([f"i32 {place}" for place in places])
    inner.known[1 + j] = wide.new(f"shufflevector {kind} {now}, {kind} {first}, <{lanes} x i32> <{chosen}>"), truth
    return f.new(f"extractelement {kind} {now}, i64 {order[-1]}")


def _all_through(
    f: Function, wide: Function, chains: dict[int, Chain], inner: Level, totals: Sequence[Known], order: range
) -> dict[int, str]:
    """All chains with the terms of all lanes more: sums in which terms arrive in some lanes alone, only where there is one."""
    found: dict[int, str] = {}
    together: dict[tuple[int, ...], list[int]] = {}
    for k, chain in chains.items():
        together.setdefault(_conditions(inner.ssa, chain), []).append(k)

    def through(k: int) -> str:
        return _through(f, wide, chains[k], inner, totals[k], order)

    for conditions, members in together.items():
        if not conditions:
            found |= {k: through(k) for k in members}
            continue
        arrives = _any(f, wide, [wide.as_truth(inner.value(wide, x)) for x in conditions])
        before, some, end, after = (f.label() for _ in range(4))
        f.lines += [f"  br label %{before}", f"{before}:", f"  br i1 {arrives}, label %{some}, label %{after}", f"{some}:"]
        truths = f.truths(), wide.truths()  # beyond here not every line is reached
        more = {k: through(k) for k in members}
        f.truths(truths[0])
        wide.truths(truths[1])
        f.lines += [f"  br label %{end}", f"{end}:", f"  br label %{after}", f"{after}:"]
        for k, name in more.items():
            found[k] = f.new(f"phi double [ {totals[k][0]}, %{before} ], [ {name}, %{end} ]")
    return found


def _conditions(body: SSA, chain: Chain) -> tuple[int, ...]:
    """The conditions by which terms arrive: else each is -0.0, which changes no sum. None of them if a term arrives always."""
    found = []
    for x in chain.terms:
        operands = body.operands[x]
        if chain.primitive is not add or body.primitives[x] is not where or str(body.constants.get(operands[2])) != "-0.0":
            return ()
        found.append(operands[0])
    return tuple(dict.fromkeys(found))


def _any(f: Function, wide: Function, truths: Sequence[str]) -> str:
    """Whether one holds in any lane."""
    name = f"@llvm.vector.reduce.or.v{wide.lanes}i1"
    f.module.declare(f"declare i1 {name}({wide.truth})")
    first, *rest = truths
    for x in rest:
        first = wide.new(f"or {wide.truth} {first}, {x}")
    return f.new(f"call i1 {name}({wide.truth} {first})")


def _through(f: Function, wide: Function, chain: Chain, inner: Level, total: Known, order: range) -> str:
    """A sum with the terms of all lanes more; or whether it, or any of them, holds."""
    if chain.primitive is logical_or:
        as_truth = total[1]
        for x in chain.terms:
            total = apply(f, logical_or, [total, (_any(f, wide, [wide.as_truth(inner.value(wide, x))]), True)])
        return f.as_truth(total) if as_truth else f.as_number(total)
    terms = [wide.as_number(inner.value(wide, x)) for x in chain.terms]
    for lane in order:
        for name in terms:
            total = apply(f, add, [total, (wide.lane(name, lane), False)])
    return total[0]


class Squares:
    """Rows of as many turns as there are lanes, into the lanes and back: squares of neighbours at once."""

    def __init__(self, printer: Any, wide: Function) -> None:
        self.room, self.wide = printer.room, wide
        self.square: int | None = None  # places for a square of numbers

    def read(self, inner: Level, place: int, pointer: str, width: int) -> None:
        """The numbers of a row, from a place on, those of a turn in each lane."""
        wide, lanes = self.wide, self.wide.lanes
        for first in range(0, width, lanes):
            columns = range(first, min(first + lanes, width))
            if len(columns) == lanes and sum(inner.uses[place + column] > 0 for column in columns) > lanes // 2:
                starts = [wide.offset(pointer, lane * width + first) for lane in range(lanes)]
                for column, name in zip(columns, wide.transposed(starts), strict=True):
                    inner.known[place + column] = name, False
            else:
                inner.lazy |= {place + column: (pointer, column, width) for column in columns}

    def give_rows(self, inner: Level, outputs: Sequence[int], pointers: Sequence[str], ys: Sequence[Row]) -> None:
        """These outputs of each lane's turn, row by row."""
        rest = iter(outputs)
        for pointer, row in zip(pointers, ys, strict=True):
            self.give([inner.value(self.wide, next(rest)) for _ in range(row.width)], pointer)

    def give(self, row: list[Known], pointer: str) -> None:
        """A row of each lane's turn to where it belongs, by way of memory of their own."""
        wide, lanes, width = self.wide, self.wide.lanes, len(row)
        for first in range(0, width, lanes):
            part = row[first : first + lanes]
            if len(part) < lanes:
                for column, x in enumerate(part, first):
                    wide.scatter(x, wide.offset(pointer, column), width)
                continue
            if self.square is None:
                self.square = self.room.take(lanes * lanes)
            there = [wide.offset("%uniform", self.square + k * lanes) for k in range(lanes)]
            for x, at in zip(part, there, strict=True):
                wide.store(x, at)
            for lane, name in enumerate(wide.transposed(there)):
                wide.store((name, False), wide.offset(pointer, lane * width + first))
