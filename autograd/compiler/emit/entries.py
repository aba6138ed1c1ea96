"""The entries of machine code: one call of a function of numbers, and one over rows, in the lanes of vectors, with its sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

from autograd.compiler.call.built_in import KNOWN_LAYOUT, print_entry
from autograd.compiler.emit import sums
from autograd.compiler.emit.function import SPACES, Function
from autograd.compiler.emit.levels import operations_of, work_of
from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.emit.loops_by_row import print_loops_by_row
from autograd.compiler.emit.numbers import Numbers
from autograd.compiler.emit.outer import Outers, Scheduled, print_outers
from autograd.compiler.emit.parts import print_parts
from autograd.compiler.emit.sections import QUICKLY_COMPILED, Sections
from autograd.compiler.emit.whole import places_of, print_program
from autograd.compiler.options import Options
from autograd.compiler.run import frame
from autograd.compiler.run.machine import Host
from autograd.compiler.run.symbols import symbols_in
from autograd.compiler.schedule.memory import BY_ROW, SPACE, TABLE, UNIFORM
from autograd.compiler.schedule.scheduling import Schedule
from autograd.compiler.simplify import SSA

LARGEST_STACK = 1 << 16  # bytes of memory that a call of floats takes from the stack


@dataclass(frozen=True, slots=True)
class Emitted:
    """A program as the text of an LLVM module, or as what LLVM has made of it, and what its caller must know."""

    code: str | bytes
    host: Host
    level: int  # how much LLVM is to optimise
    operations: int
    sizes: frame.Sizes  # of the frame in which the entry `run(call)` finds everything
    scalar: int | None = None  # how many floats the entry `scalar(x, ...)` takes, if there is one
    symbols: tuple[str, ...] = ()  # of what LLVM has made, which a text has in it

    @property
    def about(self) -> dict[str, Any]:
        """Everything except the code and the host, ready for JSON."""
        symbols = symbols_in(self.code) if isinstance(self.code, str) else self.symbols
        return {
            "level": self.level,
            "operations": self.operations,
            "sizes": self.sizes._asdict(),
            "scalar": self.scalar,
            "symbols": symbols,
        }

    @classmethod
    def again(cls, about: dict[str, Any], code: bytes, host: Host) -> "Emitted":
        """Restore a program from its code and its `about`."""
        parts = about["sizes"]["parts"]
        sizes = frame.Sizes(**about["sizes"] | {"parts": parts and tuple(parts), "cells": tuple(about["sizes"]["cells"])})
        return cls(code, host, **about | {"sizes": sizes, "symbols": tuple(about["symbols"])})


def emit(schedule: Schedule, options: Options, host: Host) -> Emitted:
    """The text of a schedule, for a host."""
    module = LLVMModule(host, fast=options.fast)
    memory, ssa, widths = schedule.memory, schedule.ssa, options.widths
    if memory.table:
        module.constants("double", list(map(number_text, memory.table)), SPACES[TABLE])
    lanes = host.lanes if options.mapped else 1
    places = _emit_mapped(module, schedule, options, lanes) if options.mapped else memory.places[BY_ROW]
    scalar = not options.mapped and _emit_single(module, schedule)
    sizes = frame.Sizes(
        inputs=ssa.inputs - sum(widths),
        outputs=len(ssa.outputs),
        uniform=memory.places[UNIFORM],
        rows=places * lanes,
        arrays=len(widths),
        lanes=lanes,
        by_row=options.by_row,
        mean=options.reduce == "mean",
        block=options.block,
        parts=options.parts,
    )
    level = 2 if len(ssa.primitives) < QUICKLY_COMPILED else 1
    return Emitted(module.text(), host, level, ssa.operations, sizes, ssa.inputs if scalar else None)


def emit_nested(ssa: SSA, options: Options, host: Host) -> Emitted:
    """The text of a program with loops, for a host. With rows it computes as many as there are lanes, side by side.

    Raises RowsApartError where each row has turns of its own.
    """
    module = LLVMModule(host, fast=options.fast)
    lanes = host.lanes if options.mapped else 1
    run, room = print_program(module, options, ssa)
    if room.table:
        module.constants("double", list(map(number_text, room.table)), SPACES[TABLE])
    _define_run(run, attributes=1)
    level = 2 if operations_of(ssa) < QUICKLY_COMPILED else 1
    inputs = sum(places_of(options.arrays or (0,) * ssa.inputs, options.rows)) - sum(options.widths)
    by_row = room.by_row * room.lanes
    outputs = sum(places_of(options.results or (0,) * len(ssa.outputs), options.result_rows))
    sizes = frame.Sizes(
        inputs, outputs, room.places, by_row, 0, lanes, by_row=False, stopped=room.stopped, cells=tuple(room.cells)
    )
    return Emitted(module.text(), host, level, work_of(ssa), sizes)


def emit_loops_by_row(ssa: SSA, options: Options, host: Host) -> Emitted:
    """The text of a program with loops over rows, most of whose outputs are outer products summed over them.

    Raises RowsApartError for other programs, and where each row has turns of its own.
    """
    module = LLVMModule(host, fast=options.fast)
    printed = print_loops_by_row(module, ssa, options)
    room, shared = printed.room, [array is None for array in options.varying or ()]
    if room.table:
        module.constants("double", list(map(number_text, room.table)), SPACES[TABLE])
    outputs = options.places_of(len(ssa.outputs))
    body = RowsBody([], [printed.name], found=0, outputs=outputs, runs=printed.runs, outers=printed.outers)
    rows = print_rows(module, body, options, host.lanes) * host.lanes
    inputs = sum(compress(places_of(options.arrays or (0,) * ssa.inputs, options.rows), shared))
    sizes = frame.Sizes(
        inputs,
        outputs,
        room.places,
        rows,
        len(options.widths),
        host.lanes,
        by_row=False,
        mean=options.reduce == "mean",
        block=options.block,
    )
    level = 2 if operations_of(ssa) < QUICKLY_COMPILED else 1
    return Emitted(module.text(), host, level, work_of(ssa), sizes)


def _calls(names: Sequence[str]) -> list[str]:
    return [f"  call void {name}(ptr %shared, ptr %uniform, ptr %rows)" for name in names]


def _define_run(f: Function, arrays: int = 0, *, attributes: int = 0) -> None:
    """The entry `run(call)`: what lies in the slots of a frame, by name, and then the function's lines."""
    lines = []
    found = [("uniform", frame.UNIFORM, "ptr"), ("rows", frame.ROWS, "ptr"), ("count", frame.COUNT, "i64")]
    found += [("first", frame.FIRST, "i64"), ("end", frame.LAST, "i64"), ("block", frame.BLOCK, "i64")]
    found += [("stride", frame.STRIDE, "i64"), ("known", frame.KNOWN, "i64"), ("begun", frame.BEGUN, "i64")]
    found += [("index", frame.INDEX, "ptr")]
    found += [("cell_shared", frame.INPUTS, "ptr"), ("cell_out", frame.OUT, "ptr")]
    found += [(f"cell_array{i}", frame.ARRAYS + i, "ptr") for i in range(arrays)]
    for name, slot, kind in found:
        lines.append(f"  %at_{name} = getelementptr i64, ptr %call, i64 {slot}")
        lines.append(f"  %{name} = load {kind}, ptr %at_{name}, align 8")
        if name.startswith("cell_"):
            lines.append(f"  %{name.removeprefix('cell_')} = load ptr, ptr %{name}, align 8")
    f.module.define("void @run(ptr %call)", [*lines, *f.lines], attributes=attributes)


def _emit_single(module: LLVMModule, schedule: Schedule) -> bool:
    """A function without rows: `run(call)`, and for one output `scalar(x, ...)`; whether that was made."""
    sections = Sections(module, schedule)
    parts = _calls([*sections.of_items(schedule.uniform, 1, "uniform"), *sections.of_copies(1)])
    run = Function(module, 1)
    run.lines += parts
    _define_run(run)
    size, inputs = schedule.memory.places[UNIFORM], schedule.ssa.inputs
    if len(schedule.ssa.outputs) != 1 or inputs > 32 or 8 * size > LARGEST_STACK:
        return False
    f = Function(module, 1)
    if len(parts) <= 1 and not any(map(sections.has_loop, schedule.uniform)):  # in registers
        numbers = Numbers(f, schedule)
        numbers.known.update({i: (f"%x{i}", False) for i in range(inputs)})
        for item in schedule.uniform:
            assert isinstance(item, int)  # noqa: S101 - it has no loops
            numbers.compute(item, kept=False)
        result = f.as_number(numbers.value(schedule.ssa.outputs[0]))
    else:
        f.lines += [f"  %{name} = alloca double, i64 {max(1, n)}" for name, n in (("shared", inputs), ("uniform", size))]
        f.lines += [f"  store double %x{i}, ptr {f.offset('%shared', i)}, align 8" for i in range(inputs)]
        f.lines += ["  %rows = getelementptr double, ptr %uniform, i64 0", *parts]
        result = f.load("%uniform")  # the outputs come first
    module.define(f"double @scalar({', '.join(f'double %x{i}' for i in range(inputs))})", f.lines, f"double {result}")
    if KNOWN_LAYOUT and inputs:
        module.add(print_entry(inputs))
    return True


def _emit_mapped(module: LLVMModule, schedule: Schedule, options: Options, lanes: int) -> int:
    """A function over rows; returns how many numbers by row it needs room for, in as many rows as there are lanes."""
    memory, outputs = schedule.memory, len(schedule.ssa.outputs)
    sections = Sections(module, schedule)
    uniform = sections.of_items(schedule.uniform, 1, "uniform")
    scheduled = Scheduled(schedule, lanes, wanted=options.reduce is not None)
    runs = list(sums.runs_of(scheduled.other_outputs()))
    items = sections.of_items(scheduled.other_items(), lanes, "rows", read=scheduled.reads)
    body = RowsBody(
        uniform,
        [*items, *sections.of_copies(lanes)],
        found=memory.out % SPACE,
        outputs=outputs,
        runs=runs,
        outers=scheduled.outers,
        aside=memory.set_aside if memory.summed else None,
    )
    return print_rows(module, body, options, lanes)


class RowsBody(NamedTuple):
    """What is computed for rows: functions for what all share, and for those in the lanes; and where outputs are then.

    `found` is the place by row of the first one that `runs` speak of. If outputs are summed lane by lane, sums go `aside`.
    """

    uniform: Sequence[str]
    parts: Sequence[str]
    found: int
    outputs: int
    runs: Sequence[sums.Run]
    outers: Outers
    aside: int | None = None


def print_rows(module: LLVMModule, body: RowsBody, options: Options, lanes: int) -> int:
    """A function over rows: `run(call)`; returns how many numbers by row it needs room for, in as many rows as there are lanes.

    `out` has room for the outputs: reduced a number each, or by row each one's rows, rounded up to whole lanes.
    """
    outputs, outers, runs, summed = body.outputs, body.outers, body.runs, body.aside is not None
    reduced = options.reduce is not None and outputs > 0
    f = Function(module, lanes)
    f.lines += ["  %is_known = icmp ne i64 %known, 0", "  br i1 %is_known, label %by_row, label %uniform_first"]
    f.lines += ["uniform_first:", *_calls(body.uniform), "  br label %by_row", "by_row:"]
    found = f.offset("%rows", body.found * lanes)
    apart = f.offset("%rows", outers.end * lanes)
    if reduced:
        sums.print_block(f, apart, outputs)
        if summed:
            sums.print_zeros(f, found, outputs)
    else:
        f.lines += ["  %none = icmp sge i64 %first, %end", "  br i1 %none, label %done, label %start", "start:"]
    target, begin, last = ("%sums", "%begin_block", "%end_block") if reduced else ("%out", "%first", "%end")
    f.lines += ["  br label %before", "before:", "  br label %head"]
    f.lines += ["head:", f"  %row = phi i64 [ {begin}, %before ], [ %next, %last ]", f"  %next = add i64 %row, {lanes}"]
    f.lines += [f"  %left = sub i64 {last}, %row", f"  %whole = icmp sge i64 %left, {lanes}"]
    _print_inputs(f, options, last)
    aside = f.offset("%rows", (body.aside or 0) * lanes)
    if summed:
        sums.print_set_aside(f, found, aside, outputs)
    f.lines += _calls(body.parts)
    print_outers(f, outers, target, begin, last)
    if summed:
        sums.print_last_rows(f, found, aside, outputs)
    if outputs and options.by_row:
        _print_by_row(f, found, outputs, options)
    elif outputs and not summed:
        sums.print_sums(f, found, runs, target)
    f.lines += ["  br label %last", "last:", f"  %more = icmp slt i64 %next, {last}"]
    f.lines += ["  br i1 %more, label %head, label %summed", "summed:"]
    if reduced:
        sums.print_end(f, found if summed else None, runs, outputs, mean=options.reduce == "mean")
    else:
        f.lines += ["  br label %done", "done:"]
    _define_run(f, len(options.widths))
    return outers.end + -(-outputs // lanes) * reduced


def _print_inputs(f: Function, options: Options, end: str) -> None:
    """What varies by row into the lanes; lanes beyond the last row get the last row.

    Neighbours in an array of one column are a vector already.
    """
    arrays, place = [], 0  # of each its number, its columns, and where they go
    for array, width in enumerate(options.widths):
        if width:
            arrays.append((array, width, f.offset("%rows", place * f.lanes)))
        place += width
    columns = [] if options.gathered or f.lanes == 1 else [each for each in arrays if each[1] == 1]
    if columns:
        f.lines += ["  br i1 %whole, label %side_by_side, label %one_by_one", "side_by_side:"]
        for array, _, target in columns:
            f.store((f.load(f.new(f"getelementptr double, ptr %array{array}, i64 %row")), False), target)
        f.lines += ["  br label %in_lanes", "one_by_one:"]
        _print_rows_into_lanes(f, options, end, columns)
        f.lines += ["  br label %in_lanes", "in_lanes:"]
    others = [each for each in arrays if each not in columns]
    if others:
        _print_rows_into_lanes(f, options, end, others)


def _print_rows_into_lanes(f: Function, options: Options, end: str, arrays: Sequence[tuple[int, int, str]]) -> None:
    """A row of each of these arrays in each lane."""
    lane_rows = []
    final = f.new(f"sub i64 {end}, 1")
    for lane in range(f.lanes):
        at = f.new(f"add i64 %row, {lane}")
        inside = f.new(f"icmp slt i64 {at}, {end}")
        row = f.new(f"select i1 {inside}, i64 {at}, i64 {final}")
        if options.gathered:
            row = f.new(f"load i64, ptr {f.new(f'getelementptr i64, ptr %index, i64 {row}')}, align 8")
        lane_rows.append(row)
    for array, width, target in arrays:
        firsts = (f.new(f"mul i64 {lane_row}, {width}") for lane_row in lane_rows)
        sources = [f.new(f"getelementptr double, ptr %array{array}, i64 {first}") for first in firsts]
        _print_into_lanes(f, sources, target, width)


def _print_into_lanes(f: Function, sources: list[str], target: str, width: int) -> None:
    """A row of each lane, side by side: squares of neighbours at once, and what is left number by number."""

    def number(names: list[str]) -> list[str]:
        *sources, target = names
        total = "poison"
        for lane, source in enumerate(sources):
            x = f.new(f"load double, ptr {source}, align 8")
            total = x if f.lanes == 1 else f.inserted(total, x, lane)
        f.store((total, False), target)
        return [*[f.offset(source, 1) for source in sources], f.offset(target, f.lanes)]

    def square(names: list[str]) -> list[str]:
        *sources, target = names
        for column, name in enumerate(f.transposed(sources)):
            f.store((name, False), f.offset(target, column * f.lanes))
        return [*[f.offset(source, f.lanes) for source in sources], f.offset(target, f.lanes * f.lanes)]

    names, squares = [*sources, target], width // f.lanes if f.lanes > 1 else 0
    if squares:
        names = f.loop(squares, [("ptr", name) for name in names], square)
    if width > squares * f.lanes:
        f.loop(width - squares * f.lanes, [("ptr", name) for name in names], number)


def _print_by_row(f: Function, found: str, outputs: int, options: Options) -> None:
    """Each output's lanes to its rows of the result."""
    if options.parts is not None:
        print_parts(f, found, options.parts, frame.ARRAYS + len(options.widths))
        return
    target = f.new("getelementptr double, ptr %out, i64 %row")

    def output(names: list[str]) -> list[str]:
        source, target = names
        f.store((f.load(source), False), target)
        return [f.offset(source, f.lanes), f.new(f"getelementptr double, ptr {target}, i64 %stride")]

    f.loop(outputs, [("ptr", found), ("ptr", target)], output)
