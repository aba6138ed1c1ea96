"""What a loop of the schedule becomes: trees and sums of streams, several steps at once, in the lanes where no rows are."""

from collections.abc import Sequence
from typing import NamedTuple

from autograd.compiler.emit.function import Body, Function, Known
from autograd.compiler.emit.natives import add_tree, keep, start_of, tree, with_term
from autograd.compiler.schedule.folds import Fold, Term
from autograd.compiler.schedule.loops import Loop, Segment
from autograd.compiler.schedule.memory import BY_ROW, SPACE
from autograd.compiler.schedule.scheduling import Schedule
from autograd.primitives import add

UNROLLED = 16  # terms of a segment, in all sums at once, that need no loop


class Stream(NamedTuple):
    """What a loop reads or writes as it advances."""

    pointer: str
    single: bool  # one number lies there for all lanes
    step: int  # how far the pointer moves by step, and by run
    run: int
    value: str | None = None  # its number, if known already
    summed: bool = False  # what is written is added to what is there


def print_loop(f: Function, schedule: Schedule, loop: Loop, pointers: Sequence[str] = ()) -> None:
    """The numbers of a loop, each in its place; or where these pointers to its streams lead."""
    printer = _Printer(f, schedule, loop, pointers)
    f.loops = True
    wide = f.module.host.lanes
    near = all(-1 <= stride <= 1 for stride in loop.step_strides)
    if f.lanes == 1 and loop.steps >= wide > 1 and (near or loop.segments is None):
        whole = loop.steps // wide
        printer.nest(0, whole, f.view(wide))
        printer.nest(whole * wide, loop.steps % wide, f)
    else:
        printer.nest(0, loop.steps, f)


def print_any_steps(f: Function, schedule: Schedule, loop: Loop) -> None:
    """The steps of any loop like this one: `%count` of them, from pointers to the streams on, `%stream0` and so on."""
    printer = _Printer(f, schedule, loop)
    found = [(i, stride) for i, stride in enumerate(loop.step_strides) if loop.reads[i] is not None]
    streams = {i: Stream(f"%stream{i}", single=True, step=stride, run=0) for i, stride in found}
    names = [stream.pointer for stream in streams.values() if stream.step]
    wide = f.view(f.module.host.lanes)
    groups = f.new(f"udiv i64 %count, {wide.lanes}")
    left = f.new(f"urem i64 %count, {wide.lanes}")
    names = f.loop_while(groups, [("ptr", name) for name in names], printer.walk(wide, streams, 1))
    f.loop_while(left, [("ptr", name) for name in names], printer.walk(f, streams, 1))


class _Printer:
    """Prints one loop. The function to print in, `g`, is `f` itself, or a view of it whose lanes hold steps."""

    def __init__(self, f: Function, schedule: Schedule, loop: Loop, pointers: Sequence[str] = ()) -> None:
        self.f, self.loop, self.pointers = f, loop, pointers
        self.trees, self.memory = schedule.trees, schedule.memory
        self.constants = schedule.ssa.constants

    def nest(self, first: int, count: int, g: Function) -> None:
        """All runs, and in each `count` steps from the first on, or as many groups of steps in g's lanes."""
        if not count:
            return
        f, loop = self.f, self.loop
        result = len(loop.reads) - 1
        streams = {}
        for i, (address, run, step) in enumerate(zip(loop.reads, loop.run_strides, loop.step_strides, strict=True)):
            if address is not None:
                single = address // SPACE != BY_ROW
                pointer = self.pointers[i] if self.pointers else f.pointer_to(address)[0]
                scale = 1 if single else f.lanes
                start = f.offset(pointer, first * step * scale)
                summed = i == result and self.memory.is_summed(address)
                streams[i] = Stream(start, single, step * scale, run * scale, summed=summed)
        wide = f.module.host.lanes
        at_once = 1  # but as many sums as registers hold well
        if loop.segments is not None:
            at_once = max(1, (8 if wide == 8 else 4) // max(1, g.lanes // wide))

        def one_run(starts: list[str]) -> list[str]:
            here = {i: stream._replace(pointer=start) for (i, stream), start in zip(streams.items(), starts, strict=True)}
            for i, stream in here.items():
                if not stream.step and i < result and loop.segments is None:
                    here[i] = stream._replace(value=self._load(g, stream, -1)[0])  # once for all steps
            names = [stream.pointer for stream in here.values() if stream.step]
            if count >= at_once:
                names = f.loop(count // at_once, [("ptr", name) for name in names], self.walk(g, here, at_once))
            if count % at_once:
                self.walk(g, here, count % at_once)(names)
            return [f.offset(start, stream.run) for stream, start in zip(streams.values(), starts, strict=True)]

        f.loop(loop.runs, [("ptr", stream.pointer) for stream in streams.values()], one_run)

    def walk(self, g: Function, streams: dict[int, Stream], group: int) -> Body:
        """The body of the loop over steps: `group` of them, or of groups in the lanes; pointers go on."""
        steps = group * self._steps(g)
        walking = [i for i, stream in streams.items() if stream.step]

        def body(names: list[str]) -> list[str]:
            now = dict(streams)
            for i, name in zip(walking, names, strict=True):
                now[i] = streams[i]._replace(pointer=name)
            if self.loop.segments is None:
                self._tree(g, now)
            else:
                self._sums(g, now, group)
            return [g.offset(now[i].pointer, steps * now[i].step) for i in walking]

        return body

    def _steps(self, g: Function) -> int:
        """How many steps go at once: one, or one in each lane."""
        return 1 if g is self.f else g.lanes

    def _load(self, g: Function, stream: Stream | None, x: int, member: int = 0) -> Known:
        """The number of a stream, `member` groups of steps further on; or the constant x."""
        if stream is None:
            return g.constant(self.constants[x]), False
        if stream.value is not None:
            return stream.value, False
        pointer = g.offset(stream.pointer, member * self._steps(g) * stream.step)
        return g.load(pointer, single=stream.single) if g is self.f else g.gather(pointer, stream.step), False

    def _store(self, g: Function, value: Known, stream: Stream, member: int) -> None:
        """Put a number in its place in a stream."""
        pointer = g.offset(stream.pointer, member * self._steps(g) * stream.step)
        if g is self.f:
            keep(g, value, pointer, summed=stream.summed)
        else:
            g.scatter(value, pointer, stream.step)

    def _tree(self, g: Function, streams: dict[int, Stream]) -> None:
        """A tree for a step."""
        root = self.loop.roots[0]
        reads = self.trees.reads(root)
        result = streams[len(reads)]
        found = iter([self._load(g, streams.get(i), x) for i, x in enumerate(reads)])
        if result.summed:
            g.store((add_tree(g, self.trees, root, found, g.load(result.pointer)), False), result.pointer)
        else:
            self._store(g, tree(g, self.trees, root, found), result, 0)

    def _numbers(self, g: Function, stream: Stream | None, x: int, group: int) -> list[Known]:
        """What each step of a group reads: from a stream, or the constant x."""
        if stream is None or not stream.step:
            return [self._load(g, stream, x)] * group
        return [self._load(g, stream, x, member) for member in range(group)]

    def _sums(self, g: Function, streams: dict[int, Stream], group: int) -> None:
        """Several sums at once, which share what their operands have in common."""
        fold = self.trees.folds[self.loop.roots[0]]
        totals = [start_of(g, fold, value) for value in self._numbers(g, streams.get(0), fold.start, group)]
        position, k = 1, 0
        for segment in self.loop.segments or ():
            width = len(segment.strides)
            operands = [streams.get(i) for i in range(position, position + width)]
            totals = self._segment(g, fold, segment, fold.terms[k], operands, totals)
            position += width
            k += segment.length
        for member, total in enumerate(totals):
            self._store(g, (total, fold.primitive is not add), streams[position], member)

    def _segment(
        self, g: Function, fold: Fold, segment: Segment, term: Term, streams: Sequence[Stream | None], totals: list[str]
    ) -> list[str]:
        """Sums with a segment's terms more, of which `term` is the first."""
        there, strides = [], []
        for stream, stride in zip(streams, segment.strides, strict=True):
            if stream is not None:
                there.append(stream)
                strides.append((1 if stride is None else stride) * (1 if stream.single or g is not self.f else g.lanes))

        def body(names: list[str]) -> list[str]:
            now = [stream._replace(pointer=name) for stream, name in zip(there, names, strict=False)]
            rest = iter(now)
            streams_now = [None if stream is None else next(rest) for stream in streams]
            columns = [self._numbers(g, s, x, len(totals)) for s, x in zip(streams_now, term.reads, strict=True)]
            sums = names[len(there) :]
            following = [with_term(g, fold, total, term, xs) for total, *xs in zip(sums, *columns, strict=True)]
            return [*[g.offset(stream.pointer, stride) for stream, stride in zip(now, strides, strict=True)], *following]

        if segment.length * len(totals) <= UNROLLED:
            names = [*[stream.pointer for stream in there], *totals]
            for _ in range(segment.length):
                names = body(names)
        else:
            kind = g.kind if fold.primitive is add else g.truth
            carried = [*[("ptr", stream.pointer) for stream in there], *[(kind, total) for total in totals]]
            names = g.loop(segment.length, carried, body)
        return names[len(there) :]
