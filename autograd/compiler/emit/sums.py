"""Sums over rows: the lanes of the rows at hand added to what the rows before them came to.

Rows come in blocks: each block's sums start from 0, and are added to those of the blocks before it, or kept apart.
In exact mode each sum gets its terms row after row. In fast mode (`Memory.summed`) each lane has a sum, and the lanes are added
at the end; rows that do not fill the lanes are added apart, and only lanes with a row are brought to the others.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autograd.compiler.emit.function import Body, Function
from autograd.compiler.emit.llvm_module import LLVMModule, number_text


class Run(NamedTuple):
    """Outputs that lie evenly: the first, how many, and their stride. Their lanes lie likewise, or neighbours from `at` on."""

    first: int
    length: int
    stride: int
    at: int | None = None

    @property
    def apart(self) -> int:
        """How far their lanes lie apart."""
        return self.stride if self.at is None else 1

    def pointers(self, f: Function, found: str, sums: str, skipped: int = 0) -> list[tuple[str, str]]:
        """Where the first one's lanes lie, and its sum; or those that come after `skipped` others."""
        lanes_at = (self.first if self.at is None else self.at) + skipped * self.apart
        return [("ptr", f.offset(found, lanes_at * f.lanes)), ("ptr", f.offset(sums, self.first + skipped * self.stride))]


def runs_of(outputs: Sequence[int]) -> Iterator[Run]:
    """Outputs, in ascending order, as runs."""
    start = 0
    while start < len(outputs):
        stride = outputs[start + 1] - outputs[start] if start + 1 < len(outputs) else 1
        end = start + 1
        while end < len(outputs) and outputs[end] - outputs[end - 1] == stride:
            end += 1
        yield Run(outputs[start], end - start, stride)
        start = end


def print_block(f: Function, apart: str, outputs: int) -> None:
    """The head of a loop over blocks, from `%begin_block` to `%end_block`, whose sums go to `%sums`.

    That is where they stay if they are those of the only block, or to be kept apart; else there is room for them at `apart`.
    """
    rows = f.new("sub i64 %end, %first")
    alone = f.new(f"icmp sle i64 {rows}, %block")
    kept_apart = f.new("icmp ne i64 %stride, 0")
    f.lines.append(f"  %in_place = or i1 {alone}, {kept_apart}")
    some = f.new(f"icmp sgt i64 {rows}, 0")
    at_once = f.new(f"and i1 %in_place, {some}")
    f.lines += [f"  br i1 {at_once}, label %start, label %total", "total:"]
    print_zeros(f.view(1), "%out", outputs)
    f.lines += ["  br label %cleared", "cleared:", f"  br i1 {some}, label %start, label %done", "start:"]
    f.lines += ["  %is_begun = icmp ne i64 %begun, 0", "  br label %block_head", "block_head:"]
    f.lines += ["  %begin_block = phi i64 [ %first, %start ], [ %end_block, %block_last ]"]
    f.lines += ["  %out_block = phi ptr [ %out, %start ], [ %next_out, %block_last ]"]
    f.lines += ["  %goes_on = phi i1 [ %is_begun, %start ], [ false, %block_last ]"]
    f.lines += ["  %full_block = add i64 %begin_block, %block", "  %is_full = icmp slt i64 %full_block, %end"]
    f.lines += ["  %end_block = select i1 %is_full, i64 %full_block, i64 %end"]
    f.lines += [f"  %sums = select i1 %in_place, ptr %out_block, ptr {apart}"]
    f.lines += ["  br i1 %goes_on, label %sums_ready, label %sums_start", "sums_start:"]
    print_zeros(f.view(1), "%sums", outputs)
    f.lines += ["  br label %sums_ready", "sums_ready:"]


def print_end(f: Function, found: str | None, runs: Sequence[Run], outputs: int, *, mean: bool) -> None:
    """After the rows of a block: its sums, from their lanes at `found` if it is given, the next block, and the mean."""
    if found is not None:
        print_totals(f, found, runs, "%sums")
    print_next_block(f, outputs)
    if mean:
        print_mean(f, outputs)


def print_next_block(f: Function, outputs: int) -> None:
    """The end of a loop over blocks: sums that do not stay where they are go to those of the blocks before."""

    def one(names: list[str]) -> list[str]:
        source, target = names
        total = f.new(f"load double, ptr {target}, align 8")
        x = f.new(f"load double, ptr {source}, align 8")
        f.lines.append(f"  store double {f.new(f'fadd double {total}, {x}')}, ptr {target}, align 8")
        return [f.offset(source, 1), f.offset(target, 1)]

    f.lines += ["  br i1 %in_place, label %block_last, label %join", "join:"]
    f.loop(outputs, [("ptr", "%sums"), ("ptr", "%out")], one)
    f.lines += ["  br label %block_last", "block_last:", "  %next_out = getelementptr double, ptr %out_block, i64 %stride"]
    f.lines += ["  br i1 %is_full, label %block_head, label %done", "done:"]


def print_zeros(f: Function, target: str, count: int) -> None:
    """Sums start from 0."""

    def zero(names: list[str]) -> list[str]:
        f.store((f.zero, False), names[0])
        return [f.offset(names[0], f.lanes)]

    f.loop(count, [("ptr", target)], zero)


def print_set_aside(f: Function, sums: str, aside: str, outputs: int) -> None:
    """Before rows that do not fill the lanes are added, the sums go aside, and others start from 0."""

    def move(names: list[str]) -> list[str]:
        source, target = names
        f.store((f.load(source), False), target)
        f.store((f.zero, False), source)
        return [f.offset(source, f.lanes), f.offset(target, f.lanes)]

    f.lines += ["  br i1 %whole, label %ready, label %aside", "aside:"]
    f.loop(outputs, [("ptr", sums), ("ptr", aside)], move)
    f.lines += ["  br label %ready", "ready:"]


def print_last_rows(f: Function, sums: str, aside: str, outputs: int) -> None:
    """After rows that did not fill the lanes, what the lanes with a row have brought is added to the sums set aside."""
    f.lines += ["  br i1 %whole, label %added, label %back", "back:"]
    bound = f.new("sitofp i64 %left to double")
    numbers = ", ".join(f"double {number_text(float(lane))}" for lane in range(f.lanes))
    numbers = number_text(0.0) if f.lanes == 1 else f"<{numbers}>"
    there = f.new(f"fcmp olt {f.kind} {numbers}, {f.splat(bound)}")

    def bring(names: list[str]) -> list[str]:
        source, target = names
        brought = f.new(f"select {f.truth} {there}, {f.kind} {f.load(source)}, {f.kind} {f.constant(0.0)}")
        f.store((f.new(f"fadd {f.kind} {f.load(target)}, {brought}"), False), source)
        return [f.offset(source, f.lanes), f.offset(target, f.lanes)]

    f.loop(outputs, [("ptr", sums), ("ptr", aside)], bring)
    f.lines += ["  br label %added", "added:"]


def print_sums(f: Function, found: str, runs: Sequence[Run], sums: str) -> None:
    """Each output's lanes added to its sum, row after row: outputs side by side transposed, so that vectors hold their rows."""
    f.lines += ["  br i1 %whole, label %full, label %some", "full:"]
    for run in runs:
        side_by_side = run.length // f.lanes * f.lanes if f.lanes > 1 and run.stride == 1 else 0
        if side_by_side:
            f.loop(side_by_side // f.lanes, run.pointers(f, found, sums), _square(f))
        if run.length > side_by_side:
            f.loop(
                run.length - side_by_side, run.pointers(f, found, sums, side_by_side), _one_sum(f, None, run.apart, run.stride)
            )
    f.lines += ["  br label %added", "some:"]
    for run in runs:
        f.loop(run.length, run.pointers(f, found, sums), _one_sum(f, "%left", run.apart, run.stride))
    f.lines += ["  br label %added", "added:"]


def print_add_rows(module: LLVMModule, lanes: int) -> None:
    """The function `add_rows(found, sums, outputs, rows)`: each output's lanes added to its sum, those of the first rows."""
    f = Function(module, lanes)
    start = [("ptr", "%found"), ("ptr", "%sums")]
    f.lines += [f"  %whole = icmp eq i64 %rows, {lanes}", "  br i1 %whole, label %full, label %some", "full:"]
    squares, rest = (f.new(f"{name} i64 %outputs, {lanes}") for name in ("udiv", "urem"))
    names = f.loop_while(squares, start, _square(f))
    f.loop_while(rest, [("ptr", name) for name in names], _one_sum(f, None, 1, 1))
    f.lines += ["  ret void", "some:"]
    f.loop_while("%outputs", start, _one_sum(f, "%rows", 1, 1))
    module.define("internal void @add_rows(ptr %found, ptr %sums, i64 %outputs, i64 %rows)", f.lines)


def _square(f: Function) -> Body:
    """As many sums as there are lanes, with a row of each lane more."""

    def square(names: list[str]) -> list[str]:
        source, target = names
        total = f.load(target)
        for row in f.transposed([f.offset(source, i * f.lanes) for i in range(f.lanes)]):
            total = f.new(f"fadd {f.kind} {total}, {row}")
        f.store((total, False), target)
        return [f.offset(source, f.lanes * f.lanes), f.offset(target, f.lanes)]

    return square


def _one_sum(f: Function, left: str | None, apart: int, stride: int) -> Body:
    """A sum with the lanes of an output more, only the first `left` of them if that is given."""

    def output(names: list[str]) -> list[str]:
        source, target = names
        total = f.new(f"load double, ptr {target}, align 8")
        for lane in range(f.lanes):
            x = f.new(f"load double, ptr {f.offset(source, lane)}, align 8")
            following = f.new(f"fadd double {total}, {x}")
            if left is not None:
                there = f.new(f"icmp slt i64 {lane}, {left}")
                following = f.new(f"select i1 {there}, double {following}, double {total}")
            total = following
        f.lines.append(f"  store double {total}, ptr {target}, align 8")
        return [f.offset(source, apart * f.lanes), f.offset(target, stride)]

    return output


def print_totals(f: Function, found: str, runs: Sequence[Run], sums: str) -> None:
    """Sums put together from their lanes, and added to what is there."""
    for run in runs:

        def output(names: list[str], stride: int = run.stride) -> list[str]:
            source, target = names
            total = f.load(source)
            if f.lanes > 1:
                name = f"@llvm.vector.reduce.fadd.v{f.lanes}f64"
                f.module.declare(f"declare double {name}(double, {f.kind})")
                total = f.new(f"call reassoc double {name}(double {number_text(-0.0)}, {f.kind} {total})")
            before = f.new(f"load double, ptr {target}, align 8")
            total = f.new(f"fadd double {before}, {total}")
            f.lines.append(f"  store double {total}, ptr {target}, align 8")
            return [f.offset(source, stride * f.lanes), f.offset(target, stride)]

        f.loop(run.length, run.pointers(f, found, sums), output)


def print_mean(f: Function, outputs: int) -> None:
    """The sums, divided by the number of rows; but not those of blocks apart."""
    kept_apart = f.new("icmp ne i64 %stride, 0")
    f.lines += [f"  br i1 {kept_apart}, label %finished, label %divide", "divide:"]
    rows = f.new("sitofp i64 %count to double")

    def output(names: list[str]) -> list[str]:
        total = f.new(f"load double, ptr {names[0]}, align 8")
        f.lines.append(f"  store double {f.new(f'fdiv double {total}, {rows}')}, ptr {names[0]}, align 8")
        return [f.offset(names[0], 1)]

    f.loop(outputs, [("ptr", "%out")], output)
    f.lines += ["  br label %finished", "finished:"]
