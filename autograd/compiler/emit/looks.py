"""Turns of a loop with a look now and then whether to stop: Ctrl-C, or another thread's wish, ends it soon."""

from collections.abc import Callable

from autograd.compiler.emit.arrays import Room
from autograd.compiler.emit.function import Function

Starts = list[tuple[str, str]]
"""What turns carry: of each the kind, and the name of what is there before the first."""
GoesOn = Callable[[str, list[str]], str]
"""Whether there is another turn: by its number, and what is carried into it."""
Turn = Callable[[str, list[str]], list[str]]
"""What a turn carries on: likewise."""
EACH_LOOK = 1 << 23  # operations between two looks


def looking(f: Function, room: Room, work: int, carried: Starts, goes_on: GoesOn, turn: Turn) -> tuple[list[str], str]:
    """Turns of so much work as long as `goes_on`: what is carried at the end, and how many turns there were."""
    every = max(1, EACH_LOOK // max(1, work))
    broken = f.new(f"call i1 {room.look(f)}(ptr %uniform, i1 false)")
    first = f.new(f"select i1 {broken}, i64 1, i64 {every}")
    before, head, some, due, last, end = (f.label() for _ in range(6))
    f.lines += [f"  br label %{before}", f"{before}:", f"  br label %{head}", f"{head}:"]
    at = len(f.lines)
    index, left, stop = (f"%n{next(f.names)}" for _ in range(3))
    names = [f"%p{next(f.names)}" for _ in carried]
    wanted = f.new(f"and i1 {goes_on(index, names)}, {f.new(f'xor i1 {stop}, true')}")
    f.lines += [f"  br i1 {wanted}, label %{some}, label %{end}", f"{some}:"]
    truths = f.truths()  # beyond here not every line is reached
    following = turn(index, names)
    f.truths(truths)
    more, fewer = f.new(f"add i64 {index}, 1"), f.new(f"sub i64 {left}, 1")
    turned = f.label()
    f.lines += [f"  br label %{turned}", f"{turned}:"]
    f.lines += [f"  br i1 {f.new(f'icmp eq i64 {fewer}, 0')}, label %{due}, label %{last}", f"{due}:"]
    found = f.new(f"call i1 {room.look(f)}(ptr %uniform, i1 true)")
    f.lines += [f"  br label %{last}", f"{last}:"]
    again = f.new(f"phi i64 [ {fewer}, %{turned} ], [ {every}, %{due} ]")
    stopping = f.new(f"phi i1 [ false, %{turned} ], [ {found}, %{due} ]")
    f.lines += [f"  br label %{head}", f"{end}:"]
    phis = [(index, "i64", "0", more), (left, "i64", first, again), (stop, "i1", "false", stopping)]
    phis += [(name, kind, start, then) for name, (kind, start), then in zip(names, carried, following, strict=True)]
    f.lines[at:at] = [f"  {n} = phi {kind} [ {x}, %{before} ], [ {then}, %{last} ]" for n, kind, x, then in phis]
    return names, index
