"""Functions called: a program recorded once, whatever the number of calls; each call is one step."""

from collections.abc import Sequence
from typing import Any, Self

from autograd.compiler.loops.body import Body
from autograd.compiler.loops.several import Several, elements_of, record_form
from autograd.forms import Call, Load, Result, Row
from autograd.program import Place, Program


def level_of(tracer: Any) -> tuple[float, ...]:
    """When the bodies began in which something is recorded now."""
    return (*tracer.around, *tracer.starts)


class Apart(Body):
    """A body that is recorded for many places: what it packs lies in it, not before the bodies in which it is first called."""

    def __enter__(self) -> Self:
        tracer = self.tracer
        self._before = tracer.starts, tracer.around
        tracer.starts, tracer.around = [], (*level_of(tracer), self.start)
        return self

    def __exit__(self, *_: object) -> None:
        self.tracer.starts, self.tracer.around = self._before


class Function:
    """A program to be called. Its inputs are 0, the rows `xs`, and numbers; its outputs numbers, then the rows `ys`.

    The last of its numbers are `shared`: nodes from outside, the same for all calls. An output that is an input, a constant or
    another output too is that in the calls as well: so that sums of adjoints are those of the operations one by one.
    """

    def __init__(
        self,
        tracer: Any,
        program: Program,
        outputs: Sequence[Any],
        shared: Sequence[Any],
        xs: Sequence[Row] = (),
        ys: Sequence[Row] = (),
    ) -> None:
        self.program, self.xs, self.ys = program, tuple(xs), tuple(ys)
        self.shared, self.level = list(shared), level_of(tracer)
        self.whole = [getattr(x, "whole", None) for x in outputs]
        self._calls: dict[tuple[int, ...], Call] = {}
        self.first = 1 + sum(row.places for row in self.xs)  # of the inputs that are numbers
        self.numbers = len(program.outputs) - sum(row.places for row in self.ys)
        single = program.outputs[: self.numbers]
        self.given = list(dict.fromkeys([x for x in single if type(x) is int and x >= program.inputs]))

    def is_visible(self, tracer: Any) -> bool:
        """Whether what it takes from outside can be read in the bodies that are recorded now."""
        return not self.shared or level_of(tracer)[: len(self.level)] == self.level

    def __call__(self, arrays: Sequence[Any], numbers: Sequence[Any]) -> tuple[list[Any], list[Several]]:
        """A call recorded: its numbers, and arrays of one row."""
        operands = [*numbers, *self.shared]
        first: dict[Any, int] = {}
        alike = tuple([i if type(x) is float else first.setdefault(x, i) for i, x in enumerate(operands)])
        call = self._calls.get(alike)
        if call is None:
            call = self._calls[alike] = self._of(alike)
        group = record_form(call, [*arrays, *[x for i, x in enumerate(operands) if alike[i] == i]])
        results = [record_form(Result(k), (group,)) for k in range(len(call.ys))]
        elements = dict(zip(self.given, elements_of(results.pop(0)), strict=True)) if self.given else {}
        found: list[Any] = []
        for place, whole in zip(self.program.outputs[: self.numbers], self.whole, strict=False):
            x: Any = place
            if type(place) is int:
                x = elements[place] if place in elements else self._operand(place, arrays, operands)
                if place in elements and whole is not None:
                    x.whole = whole
            found.append(x)
        return found, results

    def _operand(self, place: int, arrays: Sequence[Any], operands: Sequence[Any]) -> Any:
        """What an input is in a call."""
        if place >= self.first:
            return operands[place - self.first]
        column = place - 1
        for array, row in zip(arrays, self.xs, strict=True):
            width = row.places
            if column < width:
                return record_form(Load(row.width, column), (array, 0.0))
            column -= width
        return 0.0

    def _of(self, alike: tuple[int, ...]) -> Call:
        """The call where operands are the same: each is one input."""
        program, first = self.program, self.first
        places: list[int] = list(range(first))
        kept = {j: first + i for i, j in enumerate([j for j, same in enumerate(alike) if same == j])}
        places += [kept[same] for same in alike]
        inputs = first + len(kept)
        places += range(inputs, inputs + len(program.steps))

        def at(operands: Sequence[Place]) -> tuple[Place, ...]:
            return tuple([places[x] if type(x) is int else x for x in operands])

        steps = tuple([(primitive, at(operands)) for primitive, operands in program.steps])
        outputs = at([*self.given, *program.outputs[self.numbers :]])
        rows = [Row(len(self.given))] if self.given else []
        return Call.of(Program(inputs, steps, outputs), self.xs, [*rows, *self.ys])
