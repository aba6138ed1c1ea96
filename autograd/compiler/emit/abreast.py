"""Turns abreast: a loop that carries nothing goes through as many turns at once as a vector has lanes, as rows go side by side.

What turns share is there once. The rows that each takes are put into lanes, and those that it gives come back from there.
"""

from typing import Any

from autograd.compiler.emit.accumulations import Accumulation
from autograd.compiler.emit.apart import with_sums_apart
from autograd.compiler.emit.arrays import Array, copy, copy_numbers, copy_rows, pointer_to
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.levels import LONGEST_BODY, operations_of, ssa_of
from autograd.compiler.emit.llvm_module import number_text
from autograd.compiler.emit.nested import Level
from autograd.compiler.emit.varying import RowsApartError, varying
from autograd.compiler.simplify import SSA
from autograd.forms import Fill, Loop, Pack, Transpose
from autograd.primitives import add

SHARE = 4  # of the operations, one in as many is a term of a sum that waits for the last
LEAST = 4  # times as much must be taken out of rows inside
SOME = 64  # turns of a loop of which only the run knows how many it has
MOST_NUMBERS = 1 << 17  # of the turns abreast: a megabyte, which is near the processor


def goes_abreast(body: SSA, loop: Loop, lanes: int) -> bool:
    """Whether turns go abreast: they carry nothing, all go the same way, and it pays."""
    if lanes == 1 or loop.carry or loop.test is not None or (loop.turns is not None and loop.turns < lanes):
        return False
    if any(row.is_open for row in (*loop.xs, *loop.ys)) or not _pays(body, loop):
        return False
    numbers = _numbers_of(body)
    if numbers is None or numbers * lanes > MOST_NUMBERS:
        return False
    try:
        varying(body, _varies(body, loop))
    except RowsApartError:
        return False
    return True


def _pays(body: SSA, loop: Loop) -> bool:
    """Whether vectors of several turns have less to do than vectors inside of one.

    Where turns have no loops, those of long sums. Where they have, a vector inside takes the columns of its rows out of them in
    each turn again, and vectors of several turns take those of their own rows alone.
    """
    inside = _taken(body)
    if inside:
        return inside >= LEAST * sum(row.width for row in (*loop.xs, *loop.ys))
    operations = operations_of(body)
    if operations <= LONGEST_BODY or any(isinstance(p, Loop) for p in body.primitives):
        return False
    is_sum = [primitive is add for primitive in body.primitives]
    waiting = sum(is_sum[i] and any(is_sum[x] for x in operands) for i, operands in enumerate(body.operands))
    return SHARE * waiting >= operations  # neighbours side by side are vectors already


def _taken(body: SSA) -> int:
    """How many numbers the loops inside take out of rows."""
    total = 0
    for primitive in body.primitives:
        if isinstance(primitive, Loop):
            rows = sum(row.width for row in primitive.xs if row.width > 1)
            total += (primitive.turns or SOME) * (rows + _taken(ssa_of(primitive.body)))
        elif isinstance(primitive, Accumulation):
            total += primitive.rows * primitive.width * (primitive.turns or SOME)
    return total


def _varies(body: SSA, loop: Loop) -> list[bool]:
    """Of each input of the body whether turns differ in it."""
    shared = len(loop.shared)
    return [True] * (body.inputs - shared) + [False] * shared


def _numbers_of(body: SSA) -> int | None:
    """About how many numbers a turn keeps; None where only the run knows."""
    total = body.inputs
    for primitive, operands in zip(body.primitives, body.operands, strict=True):
        total += 1
        if isinstance(primitive, Loop):
            inside = _numbers_of(ssa_of(primitive.body))
            if inside is None or any(primitive.carry) or (primitive.turns is None and primitive.ys):
                return None
            total += inside + (primitive.turns or 0) * sum(row.width for row in primitive.ys)
        elif isinstance(primitive, Fill):
            if operands[0] not in body.constants:
                return None
            total += int(body.constants[operands[0]]) * primitive.width
        elif isinstance(primitive, Pack):
            total += len(operands)
        elif isinstance(primitive, Accumulation):
            total += primitive.rows * primitive.width
        elif isinstance(primitive, Transpose):
            total += primitive.columns * primitive.width
    return total


def print_abreast(printer: Any, count: Any) -> None:
    """All turns, as many at once as a vector has lanes, then those that are left. For the loop's printer."""
    f, loop, level = printer.f, printer.loop, printer.level
    wide = f.view(f.module.host.lanes)
    lanes = wide.lanes
    whole: Any = count // lanes if isinstance(count, int) else f.new(f"udiv i64 {count}, {lanes}")
    rest: Any = count % lanes if isinstance(count, int) else f.new(f"urem i64 {count}, {lanes}")
    shapes = [*loop.xs, *loop.ys]
    arrays = [*[level.arrays[x] for x in printer.xs], *printer.given]
    starts, grouped = [array.pointer(f) for array in arrays], [array.grouped for array in arrays]
    body = with_sums_apart(printer.body, lanes=True)
    shared = {k: (wide.splat(f.as_number(x)), False) for k, x in printer.shared_now.items()}
    ramp = f"<{', '.join([f'double {number_text(float(lane))}' for lane in range(lanes)])}>"

    def moved(names: list[str], step: int) -> list[str]:
        after = f.new(f"fadd double {names[0]}, {number_text(float(step))}")
        return [after, *[f.offset(p, step * row.width) for p, row in zip(names[1:], shapes, strict=True)]]

    def group(names: list[str]) -> list[str]:
        inner = Level(level.module, level.options, printer.room, body, level.print_loop)
        inner.varies = varying(body, _varies(body, loop))
        inner.known[0] = wide.new(f"fadd {wide.kind} {wide.splat(names[0])}, {ramp}"), False
        place = 1
        for pointer, row, there in zip(names[1:], loop.xs, grouped, strict=False):
            place = _into_lanes(wide, inner, place, pointer, row, there=there)
        printer.share(inner, place, shared)
        if printer.long:
            inner.print_in_pieces(wide)
        else:
            inner.print(wide)
        outputs = iter(body.outputs)
        for pointer, row, stays in zip(names[1 + len(loop.xs) :], loop.ys, grouped[len(loop.xs) :], strict=True):
            if stays:
                _leave_in_lanes(wide, inner, outputs, pointer, row)
            else:
                _out_of_lanes(wide, inner, outputs, pointer, row)
        return moved(names, lanes)

    def single(names: list[str]) -> list[str]:
        printer.one(f, names[0], [], names[1:])
        return moved(names, 1)

    carried = [("double", number_text(0.0)), *[("ptr", p) for p in starts]]
    names = printer.turned(whole, carried, group)
    if rest != 0:
        printer.turned(rest, list(zip([kind for kind, _ in carried], names, strict=True)), single)


def _into_lanes(wide: Function, inner: Level, place: int, pointer: str, row: Any, *, there: bool) -> int:
    """The rows of as many turns as there are lanes as inputs of the body, from a place on; returns the next place.

    Maybe they are `there` already: in lanes.
    """
    lanes = wide.lanes
    at = inner.room.address(max(1, row.width), lanes)
    one, target = wide.view(1), pointer_to(wide, at, lanes)

    def square(names: list[str]) -> list[str]:
        source, target = names
        for column, name in enumerate(wide.transposed([one.offset(source, lane * row.width) for lane in range(lanes)])):
            wide.store((name, False), one.offset(target, column * lanes))
        return [one.offset(source, lanes), one.offset(target, lanes * lanes)]

    whole = row.width // lanes
    if there:
        copy(one, target, pointer, row.width * lanes)
        whole = row.width
    elif whole:
        pointer, target = one.loop(whole, [("ptr", pointer), ("ptr", target)], square)
    for column in range(row.width - whole * lanes):
        wide.store((wide.gather(one.offset(pointer, column), row.width), False), one.offset(target, column * lanes))
    if row.columns:
        inner.arrays[place] = Array(row.columns, row.width // row.columns, at=at, owned=False, lanes=lanes)
        return place + 1
    inner.address |= {place + column: at + column for column in range(row.width)}
    return place + int(row.width)


def _leave_in_lanes(wide: Function, inner: Level, outputs: Any, pointer: str, row: Any) -> None:
    """A row of each lane's turn to where it belongs, column after column."""
    if row.columns:
        array = inner.arrays[next(outputs)]
        copy_rows(wide, pointer, wide.lanes, array, row.width * array.lanes)
        return
    numbers = [next(outputs) for _ in range(row.width)]
    if not inner.in_one_piece:
        copy_numbers(wide, pointer, [inner.source(wide, x) for x in numbers])
        return
    for column, x in enumerate(numbers):
        wide.store(inner.value(wide, x), wide.offset(pointer, column * wide.lanes))


def _out_of_lanes(wide: Function, inner: Level, outputs: Any, pointer: str, row: Any) -> None:
    """A row of each lane's turn to where it belongs."""
    lanes, one = wide.lanes, wide.view(1)
    if row.columns:
        array = inner.arrays[next(outputs)]
        source, apart = array.pointer(wide), array.lanes
    else:
        numbers = [next(outputs) for _ in range(row.width)]
        if row.width == 1:
            wide.store(inner.value(wide, numbers[0]), pointer)
            return
        apart = lanes
        source = pointer_to(wide, inner.room.address(row.width, lanes), lanes)
        for column, x in enumerate(numbers):
            wide.store(inner.value(wide, x), one.offset(source, column * lanes))
    if apart == 1:  # the same in all turns
        for lane in range(lanes):
            _copied(one, source, one.offset(pointer, lane * row.width), row.width)
        return

    def square(names: list[str]) -> list[str]:
        source, target = names
        for lane, name in enumerate(wide.transposed([one.offset(source, column * lanes) for column in range(lanes)])):
            wide.store((name, False), one.offset(target, lane * row.width))
        return [one.offset(source, lanes * lanes), one.offset(target, lanes)]

    whole = row.width // lanes
    if whole:
        source, pointer = one.loop(whole, [("ptr", source), ("ptr", pointer)], square)
    for column in range(row.width - whole * lanes):
        wide.scatter((wide.load(one.offset(source, column * lanes)), False), one.offset(pointer, column), row.width)


def _copied(one: Function, source: str, target: str, numbers: int) -> None:
    def number(names: list[str]) -> list[str]:
        one.store((one.load(names[0]), False), names[1])
        return [one.offset(name, 1) for name in names]

    if numbers:
        one.loop(numbers, [("ptr", source), ("ptr", target)], number)
