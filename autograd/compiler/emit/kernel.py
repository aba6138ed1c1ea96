"""The kernel: machine code that computes any program, which comes to it as data. It is made once, and then for all programs.

The data are groups: which native primitive, how many numbers it computes, and the places of their operands in memory, 32 bits
each. A group's results follow those of the group before. What a group may be are cases: one for each instruction, one for the
C library's functions of one, two or more operands, whose address comes with the group, one for functions of vectors, and three
that move numbers.
"""

from collections.abc import Iterable
from typing import NamedTuple

from autograd.compiler.emit.function import Function
from autograd.compiler.emit.llvm_module import LLVMModule
from autograd.compiler.emit.natives import apply
from autograd.compiler.run import frame
from autograd.compiler.run.machine import Host
from autograd.definition import Primitive
from autograd.native import CFunction, Native

TAKE_INPUTS, TAKE_CONSTANTS, GIVE_OUTPUTS, CALL_VECTORS, FIRST_CASE = range(5)


class Case(NamedTuple):
    """What a group of a native primitive is to the kernel: an instruction, or a call of a function with `arity` operands."""

    kind: type
    native: Native | None  # None for functions of the C library, which are told by their address
    arity: int


def case_of(primitive: Primitive) -> Case:
    """The case of a native primitive."""
    native, arity = primitive.native, primitive.arity
    assert native is not None  # noqa: S101 - it is native
    assert arity is not None  # noqa: S101 - and so it takes a fixed number of operands
    called = isinstance(native, CFunction) and not native.intrinsic and native.mask is None
    return Case(type(native), None if called else native, arity)


def cases_of(primitives: Iterable[Primitive]) -> dict[Case, Primitive]:
    """The cases of those that are native, each with a primitive that stands for it."""
    found: dict[Case, Primitive] = {}
    for primitive in primitives:
        if primitive.native is not None and primitive.arity is not None:
            found.setdefault(case_of(primitive), primitive)
    return found


def print_kernel(cases: dict[Case, Primitive], host: Host) -> str:
    """The text of the kernel: `run(code, call)` computes what the code says in a frame, `arrange` puts a program in groups."""
    module = LLVMModule(host, fast=False)
    f = Function(module, 1)
    f.lines += [
        f"  %at_uniform = getelementptr i64, ptr %call, i64 {frame.UNIFORM}",
        "  %memory = load ptr, ptr %at_uniform, align 8",
        f"  %at_inputs = getelementptr i64, ptr %call, i64 {frame.INPUTS}",
        "  %cell_inputs = load ptr, ptr %at_inputs, align 8",
        "  %inputs = load ptr, ptr %cell_inputs, align 8",
        "  %outputs = load i32, ptr %code, align 4",
        "  %first = getelementptr i32, ptr %code, i64 1",
        "  %start = getelementptr double, ptr %memory, i32 %outputs",
        "  br label %next",
        "next:",
    ]
    at = len(f.lines)
    f.lines += [
        "  %op = load i32, ptr %group, align 4",
        "  %at_count = getelementptr i32, ptr %group, i64 1",
        "  %count32 = load i32, ptr %at_count, align 4",
        "  %count = zext i32 %count32 to i64",
        "  %body = getelementptr i32, ptr %group, i64 2",
    ]
    labels = [f"case{i}" for i in range(FIRST_CASE + len(cases))]
    f.lines += ["  switch i32 %op, label %stop ["]
    f.lines += [f"    i32 {i}, label %{label}" for i, label in enumerate(labels)]
    f.lines += ["  ]"]
    coming = [("%first", "%start", "%entry")]
    for i, label in enumerate(labels):
        f.lines.append(f"{label}:")
        if i == GIVE_OUTPUTS:
            _give_outputs(f)
            f.lines += ["  br label %stop"]
            continue
        if i == TAKE_INPUTS:
            after, to = "%body", _copy(f, "%inputs")
        elif i == TAKE_CONSTANTS:
            after, to = f.new("getelementptr double, ptr %body, i64 %count"), _copy(f, "%body")
        elif i == CALL_VECTORS:
            after, to = _call_vectors(f, f.view(host.lanes))
        else:
            after, to = _compute(f, [*cases.values()][i - FIRST_CASE])
        f.lines += [f"  br label %end_{label}", f"end_{label}:", "  br label %next"]
        coming.append((after, to, f"%end_{label}"))
    f.lines[at:at] = [
        f"  %{name} = phi ptr {', '.join([f'[ {values[i]}, {values[2]} ]' for values in coming])}"
        for i, name in enumerate(("group", "results"))
    ]
    f.lines += ["stop:"]
    module.define("void @run(ptr %code, ptr %call)", ["entry:", *f.lines])
    module.add(ARRANGE)
    return module.text()


def _word(f: Function, pointer: str) -> str:
    return f.new(f"load i32, ptr {pointer}, align 4")


def _number(f: Function, words: str) -> str:
    """The number whose place in memory is the word at a pointer."""
    return f.load(f.new(f"getelementptr double, ptr %memory, i64 {f.new(f'zext i32 {_word(f, words)} to i64')}"))


def _copy(f: Function, source: str) -> str:
    """Let numbers follow the results as they lie there; returns where the next ones go."""

    def one(names: list[str]) -> list[str]:
        x, to = names
        f.lines.append(f"  store double {f.new(f'load double, ptr {x}, align 4')}, ptr {to}, align 8")
        return [f.offset(x, 1), f.offset(to, 1)]

    return f.loop_while("%count", [("ptr", source), ("ptr", "%results")], one)[1]


def _give_outputs(f: Function) -> None:
    """Put the outputs where the caller finds them: first in memory."""

    def one(names: list[str]) -> list[str]:
        words, to = names
        f.store((_number(f, words), False), to)
        return [f.new(f"getelementptr i32, ptr {words}, i64 1"), f.offset(to, 1)]

    f.loop_while("%count", [("ptr", "%body"), ("ptr", "%memory")], one)


def _compute(f: Function, primitive: Primitive) -> tuple[str, str]:
    """The numbers of a group; returns where the next group is, and where its results go."""
    case = case_of(primitive)
    words, function = "%body", ""
    if case.native is None:
        function = f.new("load ptr, ptr %body, align 4")
        words = f.new("getelementptr i32, ptr %body, i64 2")
    ends = f.new(f"getelementptr i32, ptr {words}, i64 %count")

    def one(names: list[str]) -> list[str]:
        word, to = names
        pointers = [word]
        while len(pointers) < case.arity:
            pointers.append(f.new(f"getelementptr i32, ptr {pointers[-1]}, i64 %count"))
        operands = [_number(f, pointer) for pointer in pointers]
        if case.native is None:
            value = f.new(f"call double {function}({', '.join([f'double {x}' for x in operands])})"), False
        else:
            value = apply(f, primitive, [(x, False) for x in operands])
        f.store(value, to)
        return [f.new(f"getelementptr i32, ptr {word}, i64 1"), f.offset(to, 1)]

    _, to = f.loop_while("%count", [("ptr", words), ("ptr", "%results")], one)
    for _ in range(case.arity - 1):
        ends = f.new(f"getelementptr i32, ptr {ends}, i64 %count")
    return ends, to


def _call_vectors(f: Function, wide: Function) -> tuple[str, str]:
    """The numbers of a group by a function of vectors; the last one has the last operand again, and is stored whole."""
    function = f.new("load ptr, ptr %body, align 4")
    words, to = (f.new(f"getelementptr {kind}") for kind in ("i32, ptr %body, i64 2", "double, ptr %results, i64 %count"))
    last, beyond = f.new("sub i64 %count, 1"), f.new(f"add i64 %count, {wide.lanes - 1}")
    f.module.declare("declare i64 @llvm.umin.i64(i64, i64)")

    def one(names: list[str]) -> list[str]:
        (first,) = names
        x = "poison"
        for lane in range(wide.lanes):
            at = f.new(f"call i64 @llvm.umin.i64(i64 {f.new(f'add i64 {first}, {lane}')}, i64 {last})")
            x = wide.inserted(x, _number(f, f.new(f"getelementptr i32, ptr {words}, i64 {at}")), lane)
        found = f.new(f"call {wide.kind} {function}({wide.kind} {x})")
        wide.store((found, False), f.new(f"getelementptr double, ptr %results, i64 {first}"))
        return [f.new(f"add i64 {first}, {wide.lanes}")]

    f.loop_while(f.new(f"udiv i64 {beyond}, {wide.lanes}"), [("i64", "0")], one)
    return f.new(f"getelementptr i32, ptr {words}, i64 %count"), to


ARRANGE = """\
define i64 @arrange(i64 %numbers, i64 %given, i64 %natives, ptr %kinds, ptr %starts, ptr %operands, ptr %user_starts,
    ptr %users, ptr %waiting, ptr %urgency, ptr %following, ptr %heads, ptr %most, ptr %order, ptr %ends) #0 {
entry:
  br label %urgencies
urgencies:
  %above = phi i64 [ %numbers, %entry ], [ %i, %operand ]
  %i = sub i64 %above, 1
  %all = icmp slt i64 %i, 0
  br i1 %all, label %group, label %urgent
urgent:
  %urgency_at = getelementptr i32, ptr %urgency, i64 %i
  %own = load i32, ptr %urgency_at, align 4
  %longer = add i32 %own, 1
  %start_at = getelementptr i32, ptr %starts, i64 %i
  %end_at = getelementptr i32, ptr %start_at, i64 1
  %start = load i32, ptr %start_at, align 4
  %end = load i32, ptr %end_at, align 4
  br label %operand
operand:
  %e = phi i32 [ %start, %urgent ], [ %next_e, %lengthen ]
  %last = icmp eq i32 %e, %end
  br i1 %last, label %urgencies, label %lengthen
lengthen:
  %operand_at = getelementptr i32, ptr %operands, i32 %e
  %o = load i32, ptr %operand_at, align 4
  %its_at = getelementptr i32, ptr %urgency, i32 %o
  %its = load i32, ptr %its_at, align 4
  %is_longer = icmp sgt i32 %longer, %its
  %longest = select i1 %is_longer, i32 %longer, i32 %its
  store i32 %longest, ptr %its_at, align 4
  %next_e = add i32 %e, 1
  br label %operand
group:
  %g = phi i64 [ 0, %urgencies ], [ %next_g, %taken ]
  %begin = phi i64 [ 0, %urgencies ], [ %stop, %taken ]
  %stop = phi i64 [ %given, %urgencies ], [ %next_at, %taken ]
  %stop_at = getelementptr i32, ptr %ends, i64 %g
  %stop32 = trunc i64 %stop to i32
  store i32 %stop32, ptr %stop_at, align 4
  br label %number
number:
  %n = phi i64 [ %begin, %group ], [ %next_n, %user ]
  %done = icmp eq i64 %n, %stop
  br i1 %done, label %native, label %known
known:
  %next_n = add i64 %n, 1
  %order_at = getelementptr i32, ptr %order, i64 %n
  %x = load i32, ptr %order_at, align 4
  %first_at = getelementptr i32, ptr %user_starts, i32 %x
  %beyond_at = getelementptr i32, ptr %first_at, i64 1
  %first = load i32, ptr %first_at, align 4
  %beyond = load i32, ptr %beyond_at, align 4
  br label %user
user:
  %u = phi i32 [ %first, %known ], [ %next_u, %tell ], [ %next_u, %ready ]
  %told = icmp eq i32 %u, %beyond
  br i1 %told, label %number, label %tell
tell:
  %user_at = getelementptr i32, ptr %users, i32 %u
  %y = load i32, ptr %user_at, align 4
  %waiting_at = getelementptr i32, ptr %waiting, i32 %y
  %waits = load i32, ptr %waiting_at, align 4
  %less = sub i32 %waits, 1
  store i32 %less, ptr %waiting_at, align 4
  %next_u = add i32 %u, 1
  %is_ready = icmp eq i32 %less, 0
  br i1 %is_ready, label %ready, label %user
ready:
  %kind_at = getelementptr i32, ptr %kinds, i32 %y
  %kind = load i32, ptr %kind_at, align 4
  %head_at = getelementptr i32, ptr %heads, i32 %kind
  %head = load i32, ptr %head_at, align 4
  %following_at = getelementptr i32, ptr %following, i32 %y
  store i32 %head, ptr %following_at, align 4
  store i32 %y, ptr %head_at, align 4
  %most_at = getelementptr i32, ptr %most, i32 %kind
  %among = load i32, ptr %most_at, align 4
  %y_at = getelementptr i32, ptr %urgency, i32 %y
  %y_urgency = load i32, ptr %y_at, align 4
  %is_more = icmp sgt i32 %y_urgency, %among
  %now_most = select i1 %is_more, i32 %y_urgency, i32 %among
  store i32 %now_most, ptr %most_at, align 4
  br label %user
native:
  %k = phi i64 [ 0, %number ], [ %next_k, %compare ]
  %best = phi i32 [ -1, %number ], [ %better, %compare ]
  %best_k = phi i64 [ 0, %number ], [ %better_k, %compare ]
  %compared = icmp eq i64 %k, %natives
  br i1 %compared, label %take, label %compare
compare:
  %k_at = getelementptr i32, ptr %most, i64 %k
  %k_most = load i32, ptr %k_at, align 4
  %is_better = icmp sgt i32 %k_most, %best
  %better = select i1 %is_better, i32 %k_most, i32 %best
  %better_k = select i1 %is_better, i64 %k, i64 %best_k
  %next_k = add i64 %k, 1
  br label %native
take:
  %none = icmp slt i32 %best, 0
  br i1 %none, label %end_of_all, label %some
some:
  %best_at = getelementptr i32, ptr %most, i64 %best_k
  store i32 -1, ptr %best_at, align 4
  %chain_at = getelementptr i32, ptr %heads, i64 %best_k
  %chain = load i32, ptr %chain_at, align 4
  store i32 -1, ptr %chain_at, align 4
  br label %link
link:
  %z = phi i32 [ %chain, %some ], [ %next_z, %link ]
  %at = phi i64 [ %stop, %some ], [ %next_at, %link ]
  %z_at = getelementptr i32, ptr %order, i64 %at
  store i32 %z, ptr %z_at, align 4
  %z_following = getelementptr i32, ptr %following, i32 %z
  %next_z = load i32, ptr %z_following, align 4
  %next_at = add i64 %at, 1
  %linked = icmp slt i32 %next_z, 0
  br i1 %linked, label %taken, label %link
taken:
  %next_g = add i64 %g, 1
  br label %group
end_of_all:
  ret i64 %g
}"""
"""The order of the work, in groups that one native primitive computes: how many, after the numbers that are given.

Each time the group has the number of which the longest chain of others waits, and all others that the same native primitive
can compute by now: so there are a third as many groups as level by level. All arrays are of 32-bit integers: by number its
native primitive, where its operands and its users start, how many operands it waits for; `urgency` is 0 at first, `heads` and
`most`, by native primitive, are -1. `order` has the given numbers at first, then all; `ends` says where each group ends, from
that of the given ones on.
"""
