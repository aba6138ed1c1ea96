"""Machine code that goes through batches: each one's gradient, a look whether all is finite, and a step.

It calls entries that other programs have, by their addresses, and finds all else in a record of 64-bit numbers, the work: so it
is the same code for every training. Numbers and states lie in two buffers: a step reads one and writes the other, and then they
change roles at once. So a batch counts as a whole or not at all.
"""

from enum import IntEnum, auto
from functools import cache

from autograd.compiler.emit.function import Body, Function
from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.run import disk, frame
from autograd.compiler.run.machine import Code, this_host
from autograd.compiler.run.symbols import symbols_in


class Work(IntEnum):
    """Where the record has what."""

    DOING = 0  # GRADIENT, STEP, or both
    BATCHES = auto()  # how many
    STARTS = auto()  # the address of each one's first row, and after them of the last one's end
    BLOCKS = auto()  # the address of how many rows of each are summed apart
    LOSSES = auto()  # the address where each one's loss goes
    GRADIENT_RUN = auto()  # the entry that computes the loss and its partials
    GRADIENT_FRAME = auto()
    FOUND = auto()  # the address of these: the loss, partials to what stays fixed, and to what is trained
    FIXED = auto()  # how many
    TRAINED = auto()  # how many
    TOTALS = auto()  # the address to which partials to what stays fixed are added
    LARGEST = auto()  # the address where the largest absolute partial goes
    CLIPS = auto()  # the address of pairs: an entry and its frame
    CLIP_COUNT = auto()
    STEPS = auto()  # the address of triples: an entry, and its frame for each buffer that it reads
    STEP_COUNT = auto()
    COPIES = auto()  # the address of triples: to where, from where, how many doubles
    COPY_COUNT = auto()
    RATES = auto()  # the address of each batch's learning rates
    RATE_COUNT = auto()  # how many it has; 0: they stay
    RATE_PLACES = auto()  # the address of the addresses where they go
    BUFFER = auto()  # the one with the numbers of now, 0 or 1
    INPUTS = auto()  # the address of the pointer by which the gradient's frame finds the numbers
    NUMBERS = auto()  # where they lie in each buffer
    OTHER_NUMBERS = auto()
    DONE = auto()  # batches
    FINITE = auto()  # 0 if the last one was not


GRADIENT, STEP = 1, 2


@cache
def descend() -> Code:
    """The code, with `descend(work)` and `shuffle(words, order, count)`."""
    module = LLVMModule(this_host(), fast=False)
    _define_descend(module)
    module.add(SHUFFLE)
    text = module.text()
    key = disk.key_of(text, *module.host)
    found = disk.read(key)
    if found is not None:
        return Code(found[1], module.host, 1, found[0]["symbols"])
    return Code(text, module.host, 1, keep=lambda code: disk.write(key, {"symbols": symbols_in(text)}, code))


def _at(f: Function, pointer: str, i: int | str) -> str:
    return f.new(f"getelementptr i64, ptr {pointer}, i64 {int(i) if isinstance(i, int) else i}")


def _load(f: Function, pointer: str, i: int = 0, kind: str = "i64") -> str:
    return f.new(f"load {kind}, ptr {_at(f, pointer, i)}, align 8")


def _store(f: Function, what: str, pointer: str, i: int = 0, kind: str = "i64") -> None:
    f.lines.append(f"  store {kind} {what}, ptr {_at(f, pointer, i)}, align 8")


def _if(f: Function, condition: str, name: str) -> str:
    """Go on where a condition holds, and where it does not at the label that is returned."""
    there, after = f"{name}{next(f.names)}", f"after_{name}{next(f.names)}"
    f.lines += [f"  br i1 {condition}, label %{there}, label %{after}", f"{there}:"]
    return after


def _end_if(f: Function, after: str) -> None:
    f.lines += [f"  br label %{after}", f"{after}:"]


def _define_descend(module: LLVMModule) -> None:
    f = Function(module, 1)
    doing = _load(f, "%work", Work.DOING)
    wants = [f.new(f"icmp ne i64 {f.new(f'and i64 {doing}, {bit}')}, 0") for bit in (GRADIENT, STEP)]
    first = [_load(f, "%work", i, "ptr") for i in (Work.STARTS, Work.BLOCKS, Work.LOSSES, Work.RATES)]

    def batch(names: list[str]) -> list[str]:
        starts, blocks, losses, rates = names
        after = _if(f, wants[0], "gradient")
        _run_gradient(f, starts, blocks)
        _end_if(f, after)
        found = _load(f, "%work", Work.FOUND, "ptr")
        _store(f, _load(f, found, 0, "double"), losses, 0, "double")
        after = _if(f, wants[1], "step")
        _look(f, found)
        _set_rates(f, rates)
        _calls(f, Work.CLIPS, Work.CLIP_COUNT, 2)
        _calls(f, Work.STEPS, Work.STEP_COUNT, 3)
        _change_buffers(f)
        _end_if(f, after)
        _store(f, f.new(f"add i64 {_load(f, '%work', Work.DONE)}, 1"), "%work", Work.DONE)
        return [*[_at(f, name, 1) for name in names[:3]], _at(f, rates, _load(f, "%work", Work.RATE_COUNT))]

    f.loop_while(_load(f, "%work", Work.BATCHES), [("ptr", name) for name in first], batch)
    f.lines += ["  br label %stop", "stop:"]
    module.define("void @descend(ptr %work)", f.lines)


def _run_gradient(f: Function, starts: str, blocks: str) -> None:
    """Compute the loss and its partials; add up those to what stays fixed."""
    call = _load(f, "%work", Work.GRADIENT_FRAME, "ptr")
    begin, end = _load(f, starts), _load(f, starts, 1)
    slots = {
        frame.FIRST: begin, frame.LAST: end, frame.COUNT: f.new(f"sub i64 {end}, {begin}"), frame.BLOCK: _load(f, blocks),
        frame.STRIDE: "0",
    }  # fmt: skip
    for slot, what in slots.items():
        _store(f, what, call, slot)
    f.lines.append(f"  call void {_load(f, '%work', Work.GRADIENT_RUN, 'ptr')}(ptr {call})")

    def add(names: list[str]) -> list[str]:
        source, target = names
        f.store((f.new(f"fadd double {f.load(target)}, {f.load(source)}"), False), target)
        return [f.offset(source, 1), f.offset(target, 1)]

    partials, totals = _at(f, _load(f, "%work", Work.FOUND, "ptr"), 1), _load(f, "%work", Work.TOTALS, "ptr")
    f.loop_while(_load(f, "%work", Work.FIXED), [("ptr", partials), ("ptr", totals)], add)


def _look(f: Function, found: str) -> None:
    """Stop unless the loss and all partials to trained numbers are finite; note the largest."""
    fixed, trained = (_load(f, "%work", i) for i in (Work.FIXED, Work.TRAINED))
    wide = f.view(f.module.host.lanes)
    start = _at(f, found, 1)
    partials = _at(f, start, fixed)
    loss = _load(f, found, 0, "double")
    whole = f.new(f"udiv i64 {trained}, {wide.lanes}")
    absolute = {g.lanes: f"@llvm.fabs.{'' if g.lanes == 1 else f'v{g.lanes}'}f64" for g in (f, wide)}
    for g in (f, wide):
        f.module.declare(f"declare {g.kind} {absolute[g.lanes]}({g.kind})")

    def largest_by(g: Function) -> tuple[list[tuple[str, str]], Body]:
        def one(names: list[str]) -> list[str]:
            at, most, excess = names
            x = g.load(at)
            size = g.new(f"call {g.kind} {absolute[g.lanes]}({g.kind} {x})")
            larger = g.new(f"fcmp ogt {g.kind} {size}, {most}")
            most = g.new(f"select {g.truth} {larger}, {g.kind} {size}, {g.kind} {most}")
            return [g.offset(at, g.lanes), most, g.new(f"fadd {g.kind} {excess}, {g.new(f'fsub {g.kind} {x}, {x}')}")]

        return [(g.kind, g.zero), (g.kind, g.zero)], one

    carried, body = largest_by(wide)
    at, most, excess = f.loop_while(whole, [("ptr", partials), *carried], body)
    mosts, excesses = ([wide.lane(x, lane) for lane in range(wide.lanes)] if wide.lanes > 1 else [x] for x in (most, excess))
    total, largest = f.new(f"fsub double {loss}, {loss}"), f.zero
    for x, y in zip(excesses, mosts, strict=True):
        total = f.new(f"fadd double {total}, {x}")
        largest = f.new(f"select i1 {f.new(f'fcmp ogt double {y}, {largest}')}, double {y}, double {largest}")
    rest = f.new(f"urem i64 {trained}, {wide.lanes}")
    _, body = largest_by(f)
    _, largest, total = f.loop_while(rest, [("ptr", at), ("double", largest), ("double", total)], body)
    finite = f.new(f"fcmp oeq double {total}, {number_text(0.0)}")
    _store(f, f.new(f"zext i1 {finite} to i64"), "%work", Work.FINITE)
    go_on = f"finite{next(f.names)}"
    f.lines += [f"  br i1 {finite}, label %{go_on}, label %stop", f"{go_on}:"]
    _store(f, largest, _load(f, "%work", Work.LARGEST, "ptr"), 0, "double")


def _set_rates(f: Function, rates: str) -> None:
    """Set the learning rates of the step, if each batch has its own."""

    def one(names: list[str]) -> list[str]:
        _store(f, _load(f, names[0], 0, "double"), _load(f, names[1], 0, "ptr"), 0, "double")
        return [_at(f, name, 1) for name in names]

    places = _load(f, "%work", Work.RATE_PLACES, "ptr")
    f.loop_while(_load(f, "%work", Work.RATE_COUNT), [("ptr", rates), ("ptr", places)], one)


def _calls(f: Function, listed: Work, count: Work, width: int) -> None:
    """Call the listed entries, each with its frame, or that of the buffer."""
    buffer = _load(f, "%work", Work.BUFFER)

    def call(names: list[str]) -> list[str]:
        run = _load(f, names[0], 0, "ptr")
        place = f.new(f"add i64 1, {buffer}") if width == 3 else "1"
        call = f.new(f"load ptr, ptr {_at(f, names[0], place)}, align 8")
        f.lines.append(f"  call void {run}(ptr {call})")
        return [_at(f, names[0], width)]

    f.loop_while(_load(f, "%work", count), [("ptr", _load(f, "%work", listed, "ptr"))], call)


def _change_buffers(f: Function) -> None:
    """What was written is read from now on: numbers and states by turning to the other buffer, the rest by copies."""

    def copy(names: list[str]) -> list[str]:
        to, source = (_load(f, names[0], i, "ptr") for i in (0, 1))

        def one(pair: list[str]) -> list[str]:
            f.store((f.load(pair[1]), False), pair[0])
            return [f.offset(name, 1) for name in pair]

        f.loop_while(_load(f, names[0], 2), [("ptr", to), ("ptr", source)], one)
        return [_at(f, names[0], 3)]

    f.loop_while(_load(f, "%work", Work.COPY_COUNT), [("ptr", _load(f, "%work", Work.COPIES, "ptr"))], copy)
    buffer = f.new(f"xor i64 {_load(f, '%work', Work.BUFFER)}, 1")
    _store(f, buffer, "%work", Work.BUFFER)
    other = f.new(f"icmp ne i64 {buffer}, 0")
    numbers = [_load(f, "%work", i) for i in (Work.NUMBERS, Work.OTHER_NUMBERS)]
    _store(f, f.new(f"select i1 {other}, i64 {numbers[1]}, i64 {numbers[0]}"), _load(f, "%work", Work.INPUTS, "ptr"))


SHUFFLE = """\
define i64 @shuffle(ptr %words, i64 %given, ptr %order, i64 %count) #0 {
  %some = icmp sgt i64 %count, 1
  br i1 %some, label %begin, label %none
none:
  ret i64 0
begin:
  %last = sub i64 %count, 1
  br label %place
place:
  %i = phi i64 [ %last, %begin ], [ %next, %swap ]
  %used = phi i64 [ 0, %begin ], [ %used_now, %swap ]
  %bound = add i64 %i, 1
  %zeros = call i64 @llvm.ctlz.i64(i64 %bound, i1 true)
  %shift = sub i64 %zeros, 32
  br label %draw
draw:
  %at = phi i64 [ %used, %place ], [ %used_now, %taken ]
  %enough = icmp slt i64 %at, %given
  br i1 %enough, label %taken, label %few
few:
  ret i64 -1
taken:
  %word_at = getelementptr i32, ptr %words, i64 %at
  %word = load i32, ptr %word_at, align 4
  %wide = zext i32 %word to i64
  %j = lshr i64 %wide, %shift
  %used_now = add i64 %at, 1
  %beyond = icmp ugt i64 %j, %i
  br i1 %beyond, label %draw, label %swap
swap:
  %one_at = getelementptr i64, ptr %order, i64 %i
  %other_at = getelementptr i64, ptr %order, i64 %j
  %one = load i64, ptr %one_at, align 8
  %other = load i64, ptr %other_at, align 8
  store i64 %other, ptr %one_at, align 8
  store i64 %one, ptr %other_at, align 8
  %next = sub i64 %i, 1
  %more = icmp sgt i64 %next, 0
  br i1 %more, label %place, label %end
end:
  ret i64 %used_now
}
declare i64 @llvm.ctlz.i64(i64, i1)"""
"""`random.Random.shuffle` of `count` row numbers, by 32-bit words that its generator gave; how many it took, -1 for too few."""
