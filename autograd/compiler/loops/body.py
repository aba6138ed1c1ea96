"""Loops traced: the body once, as a program, whatever the number of turns."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from autograd.compiler.loops.several import Several, elements_of, length_of, packed, record_form
from autograd.compiler.trace.symbol import Symbol
from autograd.forms import Load, Loop, Result, Row
from autograd.graph import MANY, making, tick
from autograd.program import Place, Program, Step
from autograd.value import Value


class Body:
    """A body in the making: what is made from now on belongs to it, and what it takes of what was there before is shared."""

    def __init__(self, tracer: Any) -> None:
        self.tracer = tracer
        self.start = tick()
        self.inputs: list[Any] = []
        self.shared: list[Any] = []

    def __enter__(self) -> Self:
        self.tracer.starts.append(self.start)
        return self

    def __exit__(self, *_: object) -> None:
        self.tracer.starts.pop()

    def number(self, label: str = "") -> Symbol:
        """A new input that is a number."""
        symbol = Symbol(label)
        self.inputs.append(symbol)
        return symbol

    def array(self, length: Any, width: int) -> Several:
        """A new input that is an array."""
        array = Several(None, (), length, width)
        self.inputs.append(array)
        return array

    def carried(self, x: Any) -> Any:
        """A new input for what is carried from turn to turn, and begins as x."""
        return self.array(x.length, x.width) if isinstance(x, Several) else self.number()

    def program(self, outputs: Sequence[Any], shared: Iterable[Any] = ()) -> Program:
        """The program of these outputs, and `self.shared`: what it takes from outside, after those given."""
        outputs = [self.tracer(x) if isinstance(x, Value) else x for x in outputs]
        outside: dict[Any, None] = dict.fromkeys(shared)
        found: dict[Any, None] = {}
        seen = {*self.inputs, *outside}
        stack = [x for x in reversed(outputs) if x.__class__ is not float]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            if node.made < self.start or node.primitive is None:
                outside[node] = None
                continue
            found[node] = None
            first, second = node._first, node._second
            before = reversed(first) if second is MANY else (second, first)
            stack += [x for x in before if x is not None and x.__class__ is not float]
        self.shared = list(outside)
        places: dict[Any, int] = {x: i for i, x in enumerate([*self.inputs, *self.shared])}
        count = len(places)
        steps: list[Step] = []

        def at(operands: Iterable[Any]) -> tuple[Place, ...]:
            return tuple([x if x.__class__ is float else places[x] for x in operands])

        for node in sorted(found, key=making):
            steps.append((node.primitive, at(node.operands)))
            places[node] = count + len(steps) - 1
        self.nodes = found
        return Program(count, tuple(steps), at(outputs))


def widths(nodes: Iterable[Any]) -> tuple[int, ...]:
    """0 for a number, the columns of an array."""
    return tuple([x.width if isinstance(x, Several) else 0 for x in nodes])


def loop_node(loop: Loop, operands: Sequence[Any]) -> tuple[list[Any], list[Several]]:
    """A loop recorded: what is carried at the end, and the arrays that it gives."""
    group = record_form(loop, operands)
    results = [record_form(Result(i), (group,)) for i in range(len(loop.carry) + len(loop.ys))]
    return results[: len(loop.carry)], results[len(loop.carry) :]


def elementwise(tracer: Any, f: Callable[..., Any], *arrays: Several) -> Several:
    """An array of f of the numbers in each place of arrays of one shape."""
    row = Row(arrays[0].width)
    with Body(tracer) as body:
        body.number("i")
        rows = [[body.number() for _ in range(row.width)] for _ in arrays]
        found = [f(*numbers) for numbers in zip(*rows, strict=True)]
    program, count = body.program(found), length_of(arrays[0])
    turns = int(count) if type(count) is float else None
    loop = Loop(program, (), (row,) * len(arrays), (row,), widths(body.shared), turns)
    return loop_node(loop, [*([] if turns is not None else [count]), *arrays, *body.shared])[1][0]


def part_of(tracer: Any, array: Several, count: Any, index: Any) -> Several:
    """Part number `index` of an array that is cut into parts of `count` rows; nan beyond the ends."""
    with Body(tracer) as body:
        row = index * count + body.number("i")
        found = [Load(array.width, column).at(array, row) for column in range(array.width)]
    program = body.program(found)
    loop = Loop(program, (), (), (Row(array.width),), widths(body.shared))
    return loop_node(loop, [count, *body.shared])[1][0]


def traced_loop(
    tracer: Any,
    step: Callable[[Symbol, list[Any], list[list[Any]]], tuple[list[Any], list[list[Any]]]],
    carry: Sequence[Any],
    columns: Sequence[tuple[Any, int]],
    turns: Any,
    *,
    reverse: bool = False,
    recompute: bool = False,
) -> tuple[list[Any], list[Any]]:
    """A loop recorded: `step(i, carry, rows)` gives what is carried on, and rows; returns the last carry, and rows by turn.

    `columns` are numbers, row after row, or an array, with the numbers of a row, 0 for an array of which each turn has as many
    rows. Where only the run knows the number of turns, what they give are arrays; and of arrays that turns give.
    """
    carry = [tracer(x) if isinstance(x, Value) else x for x in carry]
    xs = [_array(tracer, numbers, width) for numbers, width in columns]
    with Body(tracer) as body:
        counter = body.number("i")
        carried = [body.carried(x) for x in carry]
        shapes = [Row(x.width) if width else Row(0, x.width) for x, (_, width) in zip(xs, columns, strict=True)]
        rows = [[body.array(None, row.columns)] if row.is_open else [body.number() for _ in range(row.width)] for row in shapes]
        following, ys = step(counter, carried, rows)
    program = body.program([*following, *[x for y in ys for x in y]])
    given = tuple([Row(0, y[0].width) if y and isinstance(y[0], Several) else Row(len(y)) for y in ys])
    loop = Loop(
        program,
        widths(carry),
        tuple(shapes),
        given,
        widths(body.shared),
        turns if type(turns) is int else None,
        reverse,
        recompute=recompute,
    )
    last, arrays = loop_node(loop, [*([] if type(turns) is int else [turns]), *carry, *xs, *body.shared])
    if type(turns) is not int:
        return last, arrays
    return last, [array if row.is_open else elements_of(array) for array, row in zip(arrays, given, strict=True)]


def _array(tracer: Any, numbers: Any, width: int) -> Several:
    """Numbers as an array, or the array that they are already."""
    if isinstance(numbers, Several):
        return numbers
    return packed([tracer(x) if isinstance(x, Value) else x for x in numbers], width, tracer)


def traced_while(
    tracer: Any,
    test: Callable[[list[Any]], Any],
    step: Callable[[list[Any]], tuple[list[Any], list[Any]]],
    carry: Sequence[Any],
) -> tuple[list[Any], Any, Any]:
    """A loop as long as `test(carry)` holds, whose turns give a row too: the last carry, the array of rows, their number."""
    carry = [tracer(x) if isinstance(x, Value) else x for x in carry]
    with Body(tracer) as body:
        body.number("i")
        following, row = step([body.carried(x) for x in carry])
    program = body.program([*following, *row])
    with Body(tracer) as check:
        check.number("i")
        condition = test([check.carried(x) for x in carry])
    tested = check.program([condition], body.shared)
    shared = check.shared
    if len(shared) > len(body.shared):  # the body takes the same
        program = body.program([*following, *row], shared)
    ys = (Row(len(row)),) if row else ()
    loop = Loop(program, widths(carry), (), ys, widths(shared), test=tested)
    group = record_form(loop, [*carry, *shared])
    last = [record_form(Result(i), (group,)) for i in range(len(carry))]
    if not row:
        return last, None, None
    return last, record_form(Result(loop.first_array), (group,)), record_form(Result(len(carry)), (group,))
