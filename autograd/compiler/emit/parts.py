"""Results by row put where they belong: for each part of the result an array with a row of its outputs for each row of data.

The lanes hold rows of data. So outputs that lie side by side are transposed, as many as there are lanes, and then the lanes of
a vector are neighbours in the array. Rows that do not fill the lanes are put there number by number.
"""

from collections.abc import Sequence
from itertools import groupby

from autograd.compiler.emit.function import Function


def print_parts(f: Function, found: str, widths: Sequence[int], slot: int) -> None:
    """The lanes of all outputs, from `found` on, to the rows from `%row` on of the arrays in the slots from `slot` on."""
    f.lines += ["  br i1 %whole, label %full, label %some", "full:"]
    _print_all(f, found, widths, slot, whole=True)
    f.lines += ["  br label %put", "some:"]
    _print_all(f, found, widths, slot, whole=False)
    f.lines += ["  br label %put", "put:"]


def _print_all(f: Function, found: str, widths: Sequence[int], slot: int, *, whole: bool) -> None:
    first = 0
    for width, parts in groupby(widths):
        count = len([*parts])

        def part(names: list[str], width: int = width) -> list[str]:
            source, slot = names
            cell = f.new(f"load ptr, ptr {slot}, align 8")
            data = f.new(f"load ptr, ptr {cell}, align 8")
            target = f.new(f"getelementptr double, ptr {data}, i64 {f.new(f'mul i64 %row, {width}')}")
            (_print_whole if whole else _print_some)(f, source, target, width)
            return [f.offset(source, width * f.lanes), f.new(f"getelementptr i64, ptr {slot}, i64 1")]

        if width:
            begin = f.new(f"getelementptr i64, ptr %call, i64 {slot}")
            f.loop(count, [("ptr", f.offset(found, first * f.lanes)), ("ptr", begin)], part)
        first += width * count
        slot += count


def _print_whole(f: Function, source: str, target: str, width: int) -> None:
    """Rows of one part that fill the lanes."""

    def square(names: list[str]) -> list[str]:
        source, target = names
        for lane, row in enumerate(f.transposed([f.offset(source, i * f.lanes) for i in range(f.lanes)])):
            f.store((row, False), f.offset(target, lane * width))
        return [f.offset(source, f.lanes * f.lanes), f.offset(target, f.lanes)]

    def output(names: list[str]) -> list[str]:
        source, target = names
        f.scatter((f.load(source), False), target, width if f.lanes > 1 else 1)
        return [f.offset(source, f.lanes), f.offset(target, 1)]

    squares = width // f.lanes if f.lanes > 1 else 0
    if squares:
        f.loop(squares, [("ptr", source), ("ptr", target)], square)
    done, rest = squares * f.lanes, width - squares * f.lanes
    if rest:
        f.loop(rest, [("ptr", f.offset(source, done * f.lanes)), ("ptr", f.offset(target, done))], output)


def _print_some(f: Function, source: str, target: str, width: int) -> None:
    """The first `%left` lanes of one part."""
    single = f.view(1)

    def output(names: list[str]) -> list[str]:
        source, target = names

        def lane(names: list[str]) -> list[str]:
            source, target = names
            single.store((single.load(source), False), target)
            return [f.offset(source, 1), f.offset(target, width)]

        f.loop_while("%left", [("ptr", source), ("ptr", target)], lane)
        return [f.offset(source, f.lanes), f.offset(target, 1)]

    f.loop(width, [("ptr", source), ("ptr", target)], output)
