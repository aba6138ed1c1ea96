"""The entries of a module: one call of a function of numbers, and one over rows, in the lanes of vectors, with its sums."""

from collections.abc import Callable, Sequence

from autograd.compiler.call.built_in import KNOWN_LAYOUT, print_entry
from autograd.compiler.emit.function import Function, number_text
from autograd.compiler.emit.outer import (
    Outer,
    Turned,
    find_outers,
    others,
    print_outer,
    print_turning,
    read_by,
    turn,
    without,
)
from autograd.compiler.emit.printer import Printer
from autograd.compiler.run import frame
from autograd.compiler.run.machine import Host
from autograd.compiler.schedule.plan import BY_ROW, SPACE, UNIFORM, Block, Plan

LARGEST_STACK = 1 << 16  # bytes of memory that a call of floats takes from the stack


def _calls(names: Sequence[str]) -> list[str]:
    return [f"  call void {name}(ptr %shared, ptr %uniform, ptr %rows)" for name in names]


def _entry(f: Function, arrays: int = 0) -> list[str]:
    """The head of `run(call)`: what lies in the slots of a frame, by name."""
    lines = ["define void @run(ptr %call) #0 {"]
    found = [("uniform", frame.UNIFORM, "ptr"), ("rows", frame.ROWS, "ptr"), ("count", frame.COUNT, "i64")]
    found += [("cell_shared", frame.INPUTS, "ptr"), ("cell_out", frame.OUT, "ptr")]
    found += [(f"cell_block{i}", frame.ARRAYS + i, "ptr") for i in range(arrays)]
    for name, slot, kind in found:
        lines += [
            f"  %at_{name} = getelementptr i64, ptr %call, i64 {slot}",
            f"  %{name} = load {kind}, ptr %at_{name}, align 8",
        ]
        if name.startswith("cell_"):
            lines.append(f"  %{name.removeprefix('cell_')} = load ptr, ptr %{name}, align 8")
    return [*lines, *f.lines, "  ret void", "}"]


def print_single(plan: Plan, host: Host, *, fast: bool) -> tuple[str, bool]:
    """The module of a function without rows: `run(call)`, and for one output `scalar(x, ...)`; whether that was made.

    The outputs are the first numbers in `uniform`.
    """
    printer = Printer(plan, host, fast=fast)
    parts = _calls([*printer.section(plan.uniform, 1, "uniform"), *printer.copies(1)])
    run = Function(printer, 1)
    run.lines += parts
    entries = _entry(run)
    size, inputs = plan.places[UNIFORM], plan.ssa.inputs
    scalar = len(plan.ssa.outputs) == 1 and inputs <= 32 and 8 * size <= LARGEST_STACK
    if scalar:
        f = Function(printer, 1)
        given = ", ".join(f"double %x{i}" for i in range(inputs))
        if len(parts) <= 1 and not any(
            isinstance(unit, Block) or printer.is_long(unit) for unit in plan.uniform
        ):  # in registers
            f.known.update({i: (f"%x{i}", False) for i in range(inputs)})
            for unit in plan.uniform:
                assert not isinstance(unit, Block)  # noqa: S101 - asked above
                printer.single(f, unit, keep=False)
            result = f.as_number(printer.value(f, plan.ssa.outputs[0]))
        else:
            f.lines += [f"  %{name} = alloca double, i64 {max(1, n)}" for name, n in (("shared", inputs), ("uniform", size))]
            f.lines += [f"  store double %x{i}, ptr {f.offset('%shared', i)}, align 8" for i in range(inputs)]
            f.lines += ["  %rows = getelementptr double, ptr %uniform, i64 0", *parts]
            result = f.load("%uniform", single=True)
        entries += [f"define double @scalar({given}) #0 {{", *f.lines, f"  ret double {result}", "}"]
        entries += [print_entry(inputs)] if KNOWN_LAYOUT and inputs else []
    return "\n".join([printer.module(), *entries]), scalar


def print_mapped(plan: Plan, host: Host, lanes: int, widths: Sequence[int], reduce: str | None, *, fast: bool) -> str:
    """The module of a function over rows: `run(call)`.

    `rows` has room for the numbers of `lanes` rows; `out` for the outputs: by row, each output's `count` rounded up to whole
    lanes, and summed one number each.
    """
    printer = Printer(plan, host, fast=fast)
    uniform = printer.section(plan.uniform, 1, "uniform")
    outers = find_outers(plan, lanes) if reduce is not None else []
    runs = list(others(outers, plan))
    parts = [
        *printer.section(without(plan.by_row, outers), lanes, "rows", read=read_by(outers, plan)),
        *printer.copies(lanes),
    ]
    outputs = len(plan.ssa.outputs)
    f = Function(printer, lanes)
    f.lines += _calls(uniform)
    found = f.offset("%rows", (plan.out - BY_ROW * SPACE) * lanes)
    if reduce is not None and outputs:
        _print_zeros(f, Function(printer, 1), "%out", outputs)
        if plan.summed:
            _print_zeros(f, f, found, outputs)
    f.lines += [
        "  %none = icmp sle i64 %count, 0",
        "  br i1 %none, label %done, label %start",
        "start:",
        "  br label %head",
        "head:",
    ]
    f.lines += ["  %row = phi i64 [ 0, %start ], [ %next, %last ]", f"  %next = add i64 %row, {lanes}"]
    f.lines += ["  %left = sub i64 %count, %row", f"  %whole = icmp sge i64 %left, {lanes}"]
    _print_inputs(f, widths)
    aside = f.offset("%rows", plan.set_aside * lanes)
    if plan.summed:
        _print_set_aside(f, found, aside, outputs)
    f.lines += _calls(parts)
    _print_outers(f, outers)
    if plan.summed:
        _print_last_rows(f, found, aside, outputs)
    if outputs and reduce is None:
        _print_by_row(f, found, outputs)
    elif outputs and not plan.summed:
        _print_sums(f, found, runs)
    f.lines += [
        "  br label %last",
        "last:",
        "  %more = icmp slt i64 %next, %count",
        "  br i1 %more, label %head, label %done",
        "done:",
    ]
    if plan.summed:
        _print_totals(f, found, runs)
    if reduce == "mean" and outputs:
        _print_mean(f, outputs)
    return "\n".join([printer.module(), *_entry(f, len(widths))])


def _print_inputs(f: Function, widths: Sequence[int]) -> None:
    """What varies by row into the lanes; lanes beyond the last row get the last row."""
    lane_rows = []
    f.lines.append("  %final = sub i64 %count, 1")
    for lane in range(f.lanes):
        at = f.new(f"add i64 %row, {lane}")
        inside = f.new(f"icmp slt i64 {at}, %count")
        lane_rows.append(f.new(f"select i1 {inside}, i64 {at}, i64 %final"))
    place = 0
    for block, width in enumerate(widths):
        if not width:
            continue
        sources = []
        for lane_row in lane_rows:
            first = f.new(f"mul i64 {lane_row}, {width}")
            sources.append(f.new(f"getelementptr double, ptr %block{block}, i64 {first}"))
        target = f.offset("%rows", place * f.lanes)
        place += width

        def column(names: list[str]) -> list[str]:
            *sources, target = names
            total = "poison"
            for lane, source in enumerate(sources):
                x = f.new(f"load double, ptr {source}, align 8")
                total = x if f.lanes == 1 else f.new(f"insertelement {f.kind} {total}, double {x}, i64 {lane}")
            f.store((total, False), target)
            return [*[f.offset(source, 1) for source in sources], f.offset(target, f.lanes)]

        f.loop(width, [("ptr", name) for name in [*sources, target]], column)


def _print_set_aside(f: Function, sums: str, aside: str, outputs: int) -> None:
    """Before rows that do not fill the lanes are added, the sums go aside, and others start from 0."""

    def move(names: list[str]) -> list[str]:
        source, target = names
        f.store((f.load(source, single=False), False), target)
        f.store((f.constant(0.0), False), source)
        return [f.offset(source, f.lanes), f.offset(target, f.lanes)]

    f.lines += ["  br i1 %whole, label %ready, label %aside", "aside:"]
    f.loop(outputs, [("ptr", sums), ("ptr", aside)], move)
    f.lines += ["  br label %ready", "ready:"]


def _print_last_rows(f: Function, sums: str, aside: str, outputs: int) -> None:
    """After rows that did not fill the lanes, what the lanes with a row have brought is added to the sums set aside."""
    f.lines += ["  br i1 %whole, label %added, label %back", "back:"]
    bound = f.new("sitofp i64 %left to double")
    if f.lanes == 1:
        there = f.new(f"fcmp olt double {number_text(0.0)}, {bound}")
    else:
        numbers = f"<{', '.join(f'double {number_text(float(lane))}' for lane in range(f.lanes))}>"
        there = f.new(f"fcmp olt {f.kind} {numbers}, {f.splat(bound)}")

    def bring(names: list[str]) -> list[str]:
        source, target = names
        brought = f.new(f"select {f.truth} {there}, {f.kind} {f.load(source, single=False)}, {f.kind} {f.constant(0.0)}")
        total = f.new(f"fadd {f.kind} {f.load(target, single=False)}, {brought}")
        f.store((total, False), source)
        return [f.offset(source, f.lanes), f.offset(target, f.lanes)]

    f.loop(outputs, [("ptr", sums), ("ptr", aside)], bring)
    f.lines += ["  br label %added", "added:"]


def _print_zeros(f: Function, kind: Function, target: str, count: int) -> None:
    """Sums start from 0."""

    def zero(names: list[str]) -> list[str]:
        f.lines.append(f"  store {kind.kind} {kind.constant(0.0)}, ptr {names[0]}, align 8")
        return [f.offset(names[0], kind.lanes)]

    f.loop(count, [("ptr", target)], zero)


def _print_by_row(f: Function, found: str, outputs: int) -> None:
    """Each output's lanes to its row of the result."""
    padded = f.new(f"add i64 %count, {f.lanes - 1}")
    stride = f.new(f"and i64 {padded}, {-f.lanes}")
    target = f.new("getelementptr double, ptr %out, i64 %row")

    def output(names: list[str]) -> list[str]:
        source, target = names
        f.store((f.load(source, single=False), False), target)
        return [f.offset(source, f.lanes), f.new(f"getelementptr double, ptr {target}, i64 {stride}")]

    f.loop(outputs, [("ptr", found), ("ptr", target)], output)


def _print_outers(f: Function, outers: Sequence[Outer]) -> None:
    """Outer products added to their sums, each by a function of its own."""
    if not outers:
        return
    turned = Turned(outers, f.printer.plan)
    print_turning(f, turned)
    rows = f.new(f"select i1 %whole, i64 {f.lanes}, i64 %left")
    for n, outer in enumerate(outers):
        function = Function(f.printer, f.lanes)
        print_outer(function, outer, turned.place(outer), "%count")
        head = f"define internal void @outer{n}(ptr %rows, ptr %out, i64 %count) #0 {{"
        f.printer.functions.append("\n".join([head, *function.lines, "  ret void", "}"]))
        f.lines.append(f"  call void @outer{n}(ptr %rows, ptr %out, i64 {rows})")


def _print_sums(f: Function, found: str, runs: Sequence[tuple[int, int, int]]) -> None:
    """Each output's lanes added to its sum one after another: outputs side by side turned, so that lanes become vectors."""
    f.lines += ["  br i1 %whole, label %full, label %some", "full:"]
    for first, count, stride in runs:
        turned = count // f.lanes * f.lanes if f.lanes > 1 and stride == 1 else 0
        if turned:
            pointers = [("ptr", f.offset(found, first * f.lanes)), ("ptr", f.offset("%out", first))]
            f.loop(turned // f.lanes, pointers, _some_turned(f))
        if count > turned:
            first += turned  # noqa: PLW2901 - what is left
            pointers = [("ptr", f.offset(found, first * f.lanes)), ("ptr", f.offset("%out", first))]
            f.loop(count - turned, pointers, _one_sum(f, None, stride))
    f.lines += ["  br label %added", "some:"]
    for first, count, stride in runs:
        pointers = [("ptr", f.offset(found, first * f.lanes)), ("ptr", f.offset("%out", first))]
        f.loop(count, pointers, _one_sum(f, "%left", stride))
    f.lines += ["  br label %added", "added:"]


def _some_turned(f: Function) -> Callable[[list[str]], list[str]]:
    def group(names: list[str]) -> list[str]:
        source, target = names
        total = f.load(target, single=False)
        for column in turn(f, [f.offset(source, i * f.lanes) for i in range(f.lanes)]):
            total = f.new(f"fadd {f.kind} {total}, {column}")
        f.store((total, False), target)
        return [f.offset(source, f.lanes * f.lanes), f.offset(target, f.lanes)]

    return group


def _one_sum(f: Function, rows: str | None, stride: int) -> Callable[[list[str]], list[str]]:
    """A sum with the lanes of a number more, those of so many rows."""

    def output(names: list[str]) -> list[str]:
        source, target = names
        total = f.new(f"load double, ptr {target}, align 8")
        for lane in range(f.lanes):
            x = f.new(f"load double, ptr {f.offset(source, lane)}, align 8")
            sum_ = f.new(f"fadd double {total}, {x}")
            if rows is not None:
                there = f.new(f"icmp slt i64 {lane}, {rows}")
                sum_ = f.new(f"select i1 {there}, double {sum_}, double {total}")
            total = sum_
        f.lines.append(f"  store double {total}, ptr {target}, align 8")
        return [f.offset(source, stride * f.lanes), f.offset(target, stride)]

    return output


def _print_totals(f: Function, sums: str, runs: Sequence[tuple[int, int, int]]) -> None:
    """Sums put together from their lanes."""
    for first, count, stride in runs:

        def output(names: list[str], stride: int = stride) -> list[str]:
            source, target = names
            total = f.load(source, single=False)
            if f.lanes > 1:
                name = f"@llvm.vector.reduce.fadd.v{f.lanes}f64"
                f.printer.declare(f"declare double {name}(double, {f.kind})")
                total = f.new(f"call reassoc double {name}(double {number_text(-0.0)}, {f.kind} {total})")
            f.lines.append(f"  store double {total}, ptr {target}, align 8")
            return [f.offset(source, stride * f.lanes), f.offset(target, stride)]

        f.loop(count, [("ptr", f.offset(sums, first * f.lanes)), ("ptr", f.offset("%out", first))], output)


def _print_mean(f: Function, outputs: int) -> None:
    """The sums, divided by the number of rows."""
    rows = f.new("sitofp i64 %count to double")

    def output(names: list[str]) -> list[str]:
        total = f.new(f"load double, ptr {names[0]}, align 8")
        f.lines.append(f"  store double {f.new(f'fdiv double {total}, {rows}')}, ptr {names[0]}, align 8")
        return [f.offset(names[0], 1)]

    f.loop(outputs, [("ptr", "%out")], output)
