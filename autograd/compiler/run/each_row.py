"""Rows one after another in machine code, and their sums: for programs with loops, whose work lies within a row.

The code is the same for all programs: it finds in a record, the work, which program it runs for a row, what it copies to that
program's inputs, and where sums go. Sums are those of `blocks`: of rows in order, and then of blocks.
"""

import ctypes
import itertools
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.options import Options
from autograd.compiler.run import disk, frame
from autograd.compiler.run.frame import ARRAYS, INDEX, INPUTS, ROWS, SLOT, UNIFORM, Frame, Frames, Sizes
from autograd.compiler.run.machine import Code, this_host
from autograd.compiler.run.symbols import symbols_in
from autograd.compiler.run.threads import Machine

LOOP = """\
define internal void @NAME(ARGS, i64 %count) #0 {
begin:
SPREAD
  %wide = and i64 %count, -LANES
  br label %several
several:
  %i = phi i64 [ 0, %begin ], [ %i_next, %more ]
  %some = icmp ult i64 %i, %wide
  br i1 %some, label %more, label %one
more:
WIDE
  %i_next = add i64 %i, LANES
  br label %several
one:
  %j = phi i64 [ %wide, %several ], [ %j_next, %last ]
  %left = icmp ult i64 %j, %count
  br i1 %left, label %last, label %end
last:
SINGLE
  %j_next = add i64 %j, 1
  br label %one
end:
  ret void
}
"""
SPREAD = """\
  %by_one = insertelement <LANES x double> poison, double %by, i64 0
  %by_all = shufflevector <LANES x double> %by_one, <LANES x double> poison, <LANES x i32> zeroinitializer"""
FROM = ["%x_at = getelementptr double, ptr %from, i64 %i", "%x = load KIND, ptr %x_at, align 8"]
TO = ["%y_at = getelementptr double, ptr %to, i64 %i"]
LOADED = [*TO, "%y = load KIND, ptr %y_at, align 8"]
WORKS = {  # what else is a loop over numbers in memory: arguments, and the lines for some numbers
    "add": ("ptr %from, ptr %to", [*FROM, *LOADED, "%z = fadd KIND %y, %x", "store KIND %z, ptr %y_at, align 8"]),
    "copy": ("ptr %from, ptr %to", [*FROM, *TO, "store KIND %x, ptr %y_at, align 8"]),
    "fill": ("ptr %to, double %by", [*TO, "store KIND BY, ptr %y_at, align 8"]),
    "scale": ("ptr %to, double %by", [*LOADED, "%z = fdiv KIND %y, BY", "store KIND %z, ptr %y_at, align 8"]),
}
TEXT = """\
define void @each_row(ptr %call) #0 {
begin:
  %work_at = getelementptr i64, ptr %call, i64 ROWS
  %work = load ptr, ptr %work_at, align 8
LOADS
  %cell_shared_at = getelementptr i64, ptr %call, i64 INPUTS
  %cell_shared = load ptr, ptr %cell_shared_at, align 8
  %shared = load ptr, ptr %cell_shared, align 8
  %cell_out_at = getelementptr i64, ptr %call, i64 OUT
  %cell_out = load ptr, ptr %cell_out_at, align 8
  %out = load ptr, ptr %cell_out, align 8
  %first_at = getelementptr i64, ptr %call, i64 FIRST
  %first = load i64, ptr %first_at, align 8
  %last_at = getelementptr i64, ptr %call, i64 LAST
  %last = load i64, ptr %last_at, align 8
  %block_at = getelementptr i64, ptr %call, i64 BLOCK
  %block = load i64, ptr %block_at, align 8
  %index_at = getelementptr i64, ptr %call, i64 INDEX
  %index = load ptr, ptr %index_at, align 8
  %is_gathered = icmp ne i64 %gathered, 0
  call void @fill(ptr %out, i64 %outputs, double -0.0)
  call void @fill(ptr %sums, i64 %outputs, double -0.0)
  br label %share
share:
  %s = phi i64 [ 0, %begin ], [ %s1, %one_share ]
  %s_some = icmp ult i64 %s, %shared_count
  br i1 %s_some, label %one_share, label %rows
one_share:
  %s_at = mul i64 %s, 3
  %s_entry = getelementptr i64, ptr %shared_copies, i64 %s_at
  %s_to = load i64, ptr %s_entry, align 8
  %s_from_at = getelementptr i64, ptr %s_entry, i64 1
  %s_from = load i64, ptr %s_from_at, align 8
  %s_width_at = getelementptr i64, ptr %s_entry, i64 2
  %s_width = load i64, ptr %s_width_at, align 8
  %s_source = getelementptr double, ptr %shared, i64 %s_from
  %s_target = getelementptr double, ptr %inputs, i64 %s_to
  call void @copy(ptr %s_source, ptr %s_target, i64 %s_width)
  %s1 = add i64 %s, 1
  br label %share
rows:
  %r = phi i64 [ %first, %share ], [ %r1, %next_row ]
  %in_block = phi i64 [ 0, %share ], [ %in_block_now, %next_row ]
  %weight_sum = phi double [ 0.0, %share ], [ %weight_now, %next_row ]
  %r_some = icmp slt i64 %r, %last
  br i1 %r_some, label %row, label %done
row:
  br i1 %is_gathered, label %gather, label %plain
gather:
  %r_at = getelementptr i64, ptr %index, i64 %r
  %r_index = load i64, ptr %r_at, align 8
  br label %plain
plain:
  %number = phi i64 [ %r, %row ], [ %r_index, %gather ]
  br label %fetch
fetch:
  %c = phi i64 [ 0, %plain ], [ %c1, %one_fetch ]
  %c_some = icmp ult i64 %c, %row_count
  br i1 %c_some, label %one_fetch, label %compute
one_fetch:
  %c_at = mul i64 %c, 5
  %c_entry = getelementptr i64, ptr %row_copies, i64 %c_at
  %c_to = load i64, ptr %c_entry, align 8
  %c_slot_at = getelementptr i64, ptr %c_entry, i64 1
  %c_slot = load i64, ptr %c_slot_at, align 8
  %c_column_at = getelementptr i64, ptr %c_entry, i64 2
  %c_column = load i64, ptr %c_column_at, align 8
  %c_width_at = getelementptr i64, ptr %c_entry, i64 3
  %c_width = load i64, ptr %c_width_at, align 8
  %c_row_at = getelementptr i64, ptr %c_entry, i64 4
  %c_row = load i64, ptr %c_row_at, align 8
  %c_cell_at = getelementptr i64, ptr %call, i64 %c_slot
  %c_cell = load ptr, ptr %c_cell_at, align 8
  %c_array = load ptr, ptr %c_cell, align 8
  %c_begin = mul i64 %number, %c_row
  %c_place = add i64 %c_begin, %c_column
  %c_source = getelementptr double, ptr %c_array, i64 %c_place
  %c_target = getelementptr double, ptr %inputs, i64 %c_to
  call void @copy(ptr %c_source, ptr %c_target, i64 %c_width)
  %c1 = add i64 %c, 1
  br label %fetch
compute:
  call void %run(ptr %frame)
  call void @add(ptr %found, ptr %sums, i64 %outputs)
  %is_weighted = icmp sge i64 %weight, 0
  br i1 %is_weighted, label %weigh, label %weighed
weigh:
  %weight_at = getelementptr double, ptr %inputs, i64 %weight
  %this_weight = load double, ptr %weight_at, align 8
  br label %weighed
weighed:
  %row_weight = phi double [ 1.0, %compute ], [ %this_weight, %weigh ]
  %weight_now = fadd double %weight_sum, %row_weight
  %in_block1 = add i64 %in_block, 1
  %full = icmp sge i64 %in_block1, %block
  br i1 %full, label %close, label %open
close:
  call void @add(ptr %sums, ptr %out, i64 %outputs)
  call void @fill(ptr %sums, i64 %outputs, double -0.0)
  br label %open
open:
  %in_block_now = phi i64 [ %in_block1, %weighed ], [ 0, %close ]
  %told = load i64, ptr %stopped, align 8
  %stop = icmp ne i64 %told, 0
  br i1 %stop, label %broken, label %next_row
next_row:
  %r1 = add i64 %r, 1
  br label %rows
broken:
  store i64 1, ptr %broken_at, align 8
  call void @fill(ptr %out, i64 %outputs, double 0x7FF8000000000000)
  ret void
done:
  %some_open = icmp sgt i64 %in_block, 0
  br i1 %some_open, label %last_block, label %mean
last_block:
  call void @add(ptr %sums, ptr %out, i64 %outputs)
  br label %mean
mean:
  %asked = icmp ne i64 %averaged, 0
  %matters = fcmp une double %weight_sum, 1.0
  %is_mean = and i1 %asked, %matters
  br i1 %is_mean, label %divide, label %end
divide:
  call void @scale(ptr %out, i64 %outputs, double %weight_sum)
  ret void
end:
  ret void
}"""

WORK = ("run", "frame", "inputs", "found", "outputs", "shared_copies", "shared_count", "row_copies", "row_count", "sums",
        "averaged", "stopped", "gathered", "weight", "broken_at")  # fmt: skip
"""What the record has, in 64 bits each: addresses and numbers."""
_ADDRESSES = {"run", "frame", "inputs", "found", "shared_copies", "row_copies", "sums", "stopped", "broken_at"}


def loop_text(name: str) -> str:
    """The function of one of the works: over vectors, then over what is left."""
    args, lines = WORKS[name]
    text, lanes = "\n".join([f"  {line}" for line in lines]), str(this_host().lanes)
    wide = text.replace("KIND", "<LANES x double>").replace("BY", "%by_all")
    single = re.sub(r"%([xyz](_at)?)\b", r"%\1_one", text).replace("%i", "%j").replace("KIND", "double").replace("BY", "%by")
    found = LOOP.replace("SPREAD", SPREAD if "%by" in args else "").replace("WIDE", wide).replace("SINGLE", single)
    return found.replace("NAME", name).replace("ARGS", args).replace("LANES", lanes)


@cache
def each_row() -> Code:
    """The code, with `each_row(call)`."""
    loads = []
    for place, name in enumerate(WORK):
        loads.append(f"  %at_{name} = getelementptr i64, ptr %work, i64 {place}")
        loads.append(f"  %{name} = load {'ptr' if name in _ADDRESSES else 'i64'}, ptr %at_{name}, align 8")
    text = "".join(map(loop_text, WORKS)) + TEXT.replace("LOADS", "\n".join(loads))
    for slot in ("ROWS", "INPUTS", "OUT", "FIRST", "LAST", "BLOCK", "INDEX"):
        text = text.replace(f"i64 {slot}\n", f"i64 {getattr(frame, slot)}\n")
    module = LLVMModule(this_host(), fast=False)
    module.add(text)
    whole = module.text()
    key = disk.key_of(whole, *module.host)
    found = disk.read(key)
    if found is not None:
        return Code(found[1], module.host, 1, found[0]["symbols"])
    return Code(whole, module.host, 1, keep=lambda code: disk.write(key, {"symbols": symbols_in(whole)}, code))


class EachRow:
    """Runs a program's machine code for each row, and adds up what comes out: `reduce` is "sum" or "mean".

    Where rows have weights, the number of an input says it, the mean's divisor is their sum. Calls run in one thread each.
    """

    backend = "llvm"

    def __init__(self, of_one: Any, options: Options, outputs: int) -> None:
        self._of_one, self._options, self._outputs = of_one, options, outputs
        self.from_disk, self.operations, self.code_size = of_one.from_disk, of_one.operations, of_one.code_size
        varying = options.varying or ()
        shared = sum(array is None for array in varying)
        mean = options.reduce == "mean"
        widths = options.widths
        self.sizes = Sizes(shared, outputs, 0, 0, len(widths), 2, by_row=False, mean=mean, block=options.block)
        self._shared, self._by_row = _copies(varying, widths)
        self.frames: Frames = _Frames(self)
        self._code = each_row()
        self.entry = self._code.function("each_row", None, [ctypes.c_void_p])
        self.machine = Machine(self.entry, self.frames, 0)

    @property
    def address(self) -> int:
        """Where the entry lies that runs the program over the rows of a frame."""
        return self._code.address("each_row")

    def new_frame(self) -> Frame:
        """A frame for its owner alone, with the program's own frame and the work."""
        made, of_one = Frame(self.sizes), self._of_one.new_frame()
        sums, broken = np.zeros(self._outputs), np.zeros(1, dtype=np.int64)
        stopped = self._of_one.sizes.stopped
        word = broken.ctypes.data if stopped is None else of_one.slots[UNIFORM] + SLOT * stopped
        if stopped is not None:
            ctypes.c_int64.from_address(word).value = 0
        weight = self._options.weight
        work = dict.fromkeys(WORK, 0) | {
            "run": self._of_one.address, "frame": of_one.address, "inputs": ctypes.addressof(of_one.inputs),
            "found": ctypes.addressof(of_one.out), "outputs": self._outputs,
            "shared_copies": self._shared.ctypes.data, "shared_count": len(self._shared) // 3,
            "row_copies": self._by_row.ctypes.data, "row_count": len(self._by_row) // 5, "sums": sums.ctypes.data,
            "averaged": int(self.sizes.mean), "stopped": word, "gathered": int(self._options.gathered),
            "weight": -1 if weight is None else weight, "broken_at": broken.ctypes.data,
        }  # fmt: skip
        record = np.array([work[name] for name in WORK], dtype=np.int64)
        made.slots[ROWS] = record.ctypes.data
        made.kept = (self, of_one, sums, record, broken, word if stopped is not None else 0)  # type: ignore[attr-defined]
        return made

    def check(self, call: Frame) -> None:
        """Raise what a signal's handler raised in a loop of the latest call, which left the rest undone."""
        *_, broken, word = call.kept  # type: ignore[attr-defined]
        if broken[0]:
            broken[0] = 0
            restore = ctypes.PYFUNCTYPE(None, *[ctypes.c_void_p] * 3)(("PyErr_Restore", ctypes.pythonapi))
            parts = [ctypes.c_int64.from_address(word + SLOT * i).value or None for i in (1, 2, 3)]
            ctypes.c_int64.from_address(word).value = 0
            restore(*parts)

    def run(self, numbers: Sequence[float], rows: Any) -> list[float]:
        """The outputs, each a float."""
        call = self.frames.take()
        call.inputs[:] = numbers
        call.slots[INPUTS] = call.own_inputs
        call.all_rows(rows.count)
        if rows.index is not None:
            call.slots[INDEX] = rows.index.ctypes.data
        kept = [array if isinstance(array, np.ndarray) else array.rows(0, rows.count) for array in rows.arrays]
        for slot, array in enumerate(kept, ARRAYS):
            call.point(slot, array)
        self.entry(call.address)
        self.check(call)
        found = list(call.out)
        self.frames.give_back(call)
        return found


class _Frames(Frames):
    """Frames of such a program."""

    def __init__(self, of: EachRow) -> None:
        super().__init__(of.sizes)
        self._of = of

    def take(self) -> Frame:
        try:
            return self._idle.pop()
        except IndexError:
            return self._of.new_frame()


def _copies(varying: Sequence[int | None], widths: Sequence[int]) -> tuple[Any, Any]:
    """What goes to a row's inputs: of shared numbers (to, from, how many), of rows (to, slot, column, how many, width).

    Inputs that follow one another come from one place.
    """
    shared: list[int] = []
    by_row: list[int] = []
    used, columns, place = 0, [0] * len(widths), 0
    for array, group in itertools.groupby(varying):
        width = len(list(group))
        if array is None:
            shared += [place, used, width]
            used += width
        else:
            by_row += [place, ARRAYS + array, columns[array], width, widths[array]]
            columns[array] += width
        place += width
    return np.array(shared, dtype=np.int64), np.array(by_row, dtype=np.int64)
