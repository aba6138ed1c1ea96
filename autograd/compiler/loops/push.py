"""Forward mode through a loop: a loop in the same direction, which carries tangents."""

from typing import Any

from autograd.compiler.loops.arriving import (
    Arriving,
    Mapped,
    arrived,
    arrives_at,
    given,
    joined,
    like_of,
    most_of,
    read,
    status_of,
    taken,
)
from autograd.compiler.loops.body import Body
from autograd.compiler.loops.recorded import RecordedLoop, Source, row_arriving, shape_of
from autograd.compiler.loops.sweeps import sweep_forward


class Push:
    """One forward sweep through a loop: `tangents` have some of its operands."""

    def __init__(self, of: RecordedLoop, tangents: dict[Any, Any], outer: Mapped) -> None:
        self.of, self.tangents, self.outer = of, tangents, outer
        self.starts = [arrived(tangents, x) for x in of.carry]
        self.columns = [arrived(tangents, array) for array in of.xs]
        self.shared = [arrived(tangents, y) for y in of.shared]

    def bring(self) -> None:
        """Record the loop of the sweep, and put what it brings where it belongs."""
        if all(x is None for x in [*self.starts, *self.columns, *self.shared]):
            return
        of = self.of
        statuses = [status_of(x) for x in self.starts]
        while True:  # until what a turn brings is what it was taken to get: more arrives each time
            turn = _Turn(self, statuses)
            if turn.statuses == statuses:
                break
            statuses = turn.statuses
        carry = [z for x, s, like in zip(self.starts, statuses, of.carry, strict=True) for z in given(x, s, like, self.outer)]
        program = turn.body.program(turn.outputs)
        shared = [*turn.shared, *turn.body.shared]
        shapes = tuple([shape_of(row) for row, s in zip(of.given, turn.ys, strict=True) for _ in range(s)])
        last, arrays = of.loop(program, carry, turn.sources, shapes, shared, reverse=of.reverse, outer=self.outer)
        self._deliver(iter(last), iter(arrays), statuses, turn.ys)

    def _deliver(self, last: Any, arrays: Any, statuses: list[int], ys: list[int]) -> None:
        of, results = self.of, self.of.node.results or {}
        for j, s in enumerate(statuses):
            x, node = read(last, s, of.carried[j]), results.get(j)
            if isinstance(x, Arriving) and node is not None:
                arrives_at(self.tangents, node, x)
            elif x is not None and node in self.tangents:
                self.tangents[node] = x
        for k, s in enumerate(ys):
            found, node = [next(arrays) for _ in range(s)], results.get(of.node.primitive.first_array + k)
            if found and node is not None:
                arrives_at(self.tangents, node, Arriving(*found))


class _Turn:
    """One turn of the sweep, as a body."""

    def __init__(self, push: Push, statuses: list[int]) -> None:
        of = push.of
        self.sources: list[Source] = []
        with Body(of.tracer) as self.body:
            body = self.body
            body.number("i")
            incoming = [taken(body, s, x) for s, x in zip(statuses, of.carried, strict=True)]
            seeds = dict(zip(of.carried, incoming, strict=True))
            for row, x in zip(of.rows, push.columns, strict=False):
                if x is not None:
                    seeds.update(zip(row, row_arriving(body, x, row, self.sources), strict=True))
            mapped, partials, sources, self.shared = of.turn(body, push.outer)
            self.sources += sources
            for node, x in zip(of.taken, push.shared, strict=True):
                seeds[node] = taken(body, status_of(x), node)
                self.shared += given(x, status_of(x), node)
            seeds = {node: x for node, x in seeds.items() if x is not None}
            known = sweep_forward(of.order, seeds, partials, of.times[1], mapped)
            found = [arrived(known, y) for y in of.following]
            self.statuses = [joined(s, status_of(x)) for s, x in zip(statuses, found, strict=True)]
            likes = [like_of(x, y) for x, y in zip(incoming, of.carried, strict=True)]
            self.outputs = [z for x, s, y in zip(found, self.statuses, likes, strict=True) for z in given(x, s, y)]
            self.ys: list[int] = []
            for nodes in of.given:
                row_found = [arrived(known, node) for node in nodes]
                self.ys.append(most_of(row_found))
                pieces = [given(x, self.ys[-1], node) for x, node in zip(row_found, nodes, strict=True)]
                self.outputs += [piece[i] for i in range(self.ys[-1]) for piece in pieces]
