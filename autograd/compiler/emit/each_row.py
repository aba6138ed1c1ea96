"""Rows by a program with loops, one after another or in lanes, and their sums.

The code is the same for all programs: it finds in a record, the work, which program it runs, what it copies to that program's
inputs, and where sums go. Sums are those of `blocks`: of rows in order, and then of blocks. They begin with the first row, and
the first block's are where those of all blocks are to be: so one row is as quick as a call without rows.
"""

import re
from functools import cache

from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.sums import print_add_rows
from autograd.compiler.run import disk, frame
from autograd.compiler.run.machine import Code, this_host
from autograd.compiler.run.symbols import symbols_in

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
define internal void @of_LANES(ptr %call, ptr %work) #0 {
begin:
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
  %is_weighted = icmp sge i64 %weight, 0
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
  %r = phi i64 [ %first, %share ], [ %r1, %next_rows ]
  %in_block = phi i64 [ 0, %share ], [ %in_block_now, %next_rows ]
  %weight_sum = phi double [ 0.0, %share ], [ %weight_now, %next_rows ]
  %target = phi ptr [ %out, %share ], [ %target_now, %next_rows ]
  %left = sub i64 %last, %r
  %room = sub i64 %block, %in_block
  %fewer = call i64 @llvm.smin.i64(i64 %left, i64 %room)
  %some = call i64 @llvm.smin.i64(i64 %fewer, i64 LANES)
  %final = sub i64 %some, 1
  %r_some = icmp sgt i64 %left, 0
  br i1 %r_some, label %lane, label %done
lane:
  %l = phi i64 [ 0, %rows ], [ %l1, %fetch ]
  %l_some = icmp ult i64 %l, LANES
  br i1 %l_some, label %row, label %compute
row:
  %l_row = call i64 @llvm.smin.i64(i64 %l, i64 %final)
  %l_at = add i64 %r, %l_row
  br i1 %is_gathered, label %gather, label %plain
gather:
  %r_at = getelementptr i64, ptr %index, i64 %l_at
  %r_index = load i64, ptr %r_at, align 8
  br label %plain
plain:
  %number = phi i64 [ %l_at, %row ], [ %r_index, %gather ]
  %l1 = add i64 %l, 1
  br label %fetch
fetch:
  %c = phi i64 [ 0, %plain ], [ %c1, %one_fetch ]
  %c_some = icmp ult i64 %c, %row_count
  br i1 %c_some, label %one_fetch, label %lane
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
  %c_lanes = mul i64 %c_to, LANES
  %c_lane = add i64 %c_lanes, %l
  %c_target = getelementptr double, ptr %row_inputs, i64 %c_lane
  call void @copy_to_LANES(ptr %c_source, ptr %c_target, i64 %c_width)
  %c1 = add i64 %c, 1
  br label %fetch
compute:
  call void %run(ptr %frame)
  %begins = icmp eq i64 %in_block, 0
  br i1 %begins, label %first_rows, label %more_rows
first_rows:
  BEGIN
more_rows:
  ADD
  br label %added
added:
  br label %weights
weights:
  %w = phi i64 [ 0, %added ], [ %w1, %weighed ]
  %weight_now = phi double [ %weight_sum, %added ], [ %weight_next, %weighed ]
  %w_some = icmp ult i64 %w, %some
  br i1 %w_some, label %one_weight, label %counted
one_weight:
  br i1 %is_weighted, label %weigh, label %weighed
weigh:
  %w_lanes = mul i64 %weight, LANES
  %w_place = add i64 %w_lanes, %w
  %weight_at = getelementptr double, ptr %row_inputs, i64 %w_place
  %this_weight = load double, ptr %weight_at, align 8
  br label %weighed
weighed:
  %row_weight = phi double [ 1.0, %one_weight ], [ %this_weight, %weigh ]
  %weight_next = fadd double %weight_now, %row_weight
  %w1 = add i64 %w, 1
  br label %weights
counted:
  %in_block1 = add i64 %in_block, %some
  %full = icmp sge i64 %in_block1, %block
  br i1 %full, label %close, label %open
close:
  %later = icmp ne ptr %target, %out
  br i1 %later, label %join, label %open
join:
  call void @add(ptr %target, ptr %out, i64 %outputs)
  br label %open
open:
  %in_block_now = phi i64 [ %in_block1, %counted ], [ 0, %close ], [ 0, %join ]
  %target_now = phi ptr [ %target, %counted ], [ %sums, %close ], [ %sums, %join ]
  %told = load i64, ptr %stopped, align 8
  %stop = icmp ne i64 %told, 0
  br i1 %stop, label %broken, label %next_rows
next_rows:
  %r1 = add i64 %r, %some
  br label %rows
broken:
  call void @fill(ptr %out, i64 %outputs, double 0x7FF8000000000000)
  ret void
done:
  %none = icmp sge i64 %first, %last
  br i1 %none, label %nothing, label %last_block
nothing:
  call void @fill(ptr %out, i64 %outputs, double -0.0)
  br label %mean
last_block:
  %is_later = icmp ne ptr %target, %out
  %is_open = icmp sgt i64 %in_block, 0
  %joins = and i1 %is_later, %is_open
  br i1 %joins, label %last_join, label %mean
last_join:
  call void @add(ptr %target, ptr %out, i64 %outputs)
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
}
"""
CHOICE = """\
declare i64 @llvm.smin.i64(i64, i64)
define void @each_row(ptr %call) #0 {
begin:
  %works_at = getelementptr i64, ptr %call, i64 ROWS
  %works = load ptr, ptr %works_at, align 8
  %first_at = getelementptr i64, ptr %call, i64 FIRST
  %first = load i64, ptr %first_at, align 8
  %last_at = getelementptr i64, ptr %call, i64 LAST
  %last = load i64, ptr %last_at, align 8
  %least = load i64, ptr %works, align 8
  %count = sub i64 %last, %first
  %few = icmp slt i64 %count, %least
  br i1 %few, label %one_by_one, label %in_lanes
one_by_one:
  %alone = getelementptr i64, ptr %works, i64 1
  call void @of_1(ptr %call, ptr %alone)
  ret void
in_lanes:
  %together = getelementptr i64, ptr %works, i64 WORDS1
  call void @of_LANES(ptr %call, ptr %together)
  ret void
}
"""
SPREAD_ROW = """\
define internal void @copy_to_LANES(ptr %from, ptr %to, i64 %count) #0 {
begin:
  br label %head
head:
  %i = phi i64 [ 0, %begin ], [ %i1, %one ]
  %some = icmp ult i64 %i, %count
  br i1 %some, label %one, label %end
one:
  %source = getelementptr double, ptr %from, i64 %i
  %x = load double, ptr %source, align 8
  %place = mul i64 %i, LANES
  %target = getelementptr double, ptr %to, i64 %place
  store double %x, ptr %target, align 8
  %i1 = add i64 %i, 1
  br label %head
end:
  ret void
}
"""
ADDS = (
    (
        "call void @copy(ptr %found, ptr %target, i64 %outputs)\n  br label %added",
        "call void @add(ptr %found, ptr %target, i64 %outputs)",
    ),
    (
        "call void @fill(ptr %target, i64 %outputs, double -0.0)\n  br label %more_rows",
        "call void @add_rows(ptr %found, ptr %target, i64 %outputs, i64 %some)",
    ),
)
"""How a block's sums begin with a row, or the lanes of some; how more of these are added."""

WORK = ("run", "frame", "inputs", "row_inputs", "found", "outputs", "shared_copies", "shared_count", "row_copies", "row_count",
        "sums", "averaged", "stopped", "gathered", "weight")  # fmt: skip
"""What the record of a way to run has, in 64 bits each: addresses and numbers."""
_ADDRESSES = {"run", "frame", "inputs", "row_inputs", "found", "shared_copies", "row_copies", "sums", "stopped"}


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
    """The code, with `each_row(call)`: rows one by one if there are few, else in lanes."""
    host = this_host()
    module = LLVMModule(host, fast=False)
    loads = []
    for place, name in enumerate(WORK):
        loads.append(f"  %at_{name} = getelementptr i64, ptr %work, i64 {place}")
        loads.append(f"  %{name} = load {'ptr' if name in _ADDRESSES else 'i64'}, ptr %at_{name}, align 8")
    text = "".join(map(loop_text, WORKS)) + CHOICE.replace("WORDS1", str(1 + len(WORK)))
    print_add_rows(module, host.lanes)
    for lanes, (begin, add) in zip((1, host.lanes), ADDS, strict=True):
        way = TEXT.replace("LOADS", "\n".join(loads)).replace("BEGIN", begin).replace("ADD", add)
        text += (SPREAD_ROW + way).replace("LANES", str(lanes))
    text = text.replace("@of_LANES", f"@of_{host.lanes}")
    for slot in ("ROWS", "INPUTS", "OUT", "FIRST", "LAST", "BLOCK", "INDEX"):
        text = text.replace(f"i64 {slot}\n", f"i64 {getattr(frame, slot)}\n")
    module.add(text)
    whole = module.text()
    key = disk.key_of(whole, *module.host)
    found = disk.read(key)
    if found is not None:
        return Code(found[1], module.host, 1, found[0]["symbols"])
    return Code(whole, module.host, 1, keep=lambda code: disk.write(key, {"symbols": symbols_in(whole)}, code))
