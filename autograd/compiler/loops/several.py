"""Several: an array, or the results of a loop, as one node between Symbols; and the forms recorded there."""

import operator
from collections.abc import Iterable, Sequence
from itertools import product, repeat
from math import nan
from typing import Any

from autograd.compiler.trace.symbol import Symbol, kept
from autograd.forms import AddAt, Fill, Form, Length, Load, Loop, Pack, Result, RuleCall, Transpose
from autograd.graph import Node, tick
from autograd.modes import COMMON, MODE
from autograd.primitives import identity

AFTER = 2.0**-20  # in the order of making: what belongs to a node comes so soon after it, before anything else
FEWEST = 2  # rows, and columns, of a matrix that is transposed: others are as they were
BESIDE = 2.0**-10  # and what is made late, for where it belongs, so soon after what it is made of


class Several(Node):
    """Several numbers as one node: an array of `length` rows, maybe a Symbol, and `width` columns, or a group.

    `elements` are the numbers of an array one by one, row after row, where the trace has them; `results` those of a group.
    """

    __slots__ = (
        "__weakref__",
        "_first",
        "_second",
        "elements",
        "label",
        "length",
        "local_partials",
        "made",
        "owner",
        "place",
        "primitive",
        "results",
        "settled",
        "transposed",
        "width",
    )

    def __init__(self, form: Form | None, operands: Sequence[Any], length: Any = None, width: int = 0) -> None:
        tracer: Any = (MODE.get() or COMMON).tracer
        self.primitive: Any = form
        self.operands = tuple(operands)
        self.length, self.width = length, width
        self.elements: list[Any] | None = None
        self.results: dict[int, Any] | None = None
        self.settled: Several | None = None  # of an adjoint the array with 0 where nothing arrived, where that was asked for
        self.transposed: Several | None = None  # the array with its columns as rows, where that was asked for
        self.owner = None if tracer is None else tracer.owner
        self.label = ""
        self.local_partials: Any = None
        self.made = tick()
        if tracer is not None:
            tracer.tape.append(self)

    @staticmethod
    def _apply_form(form: Form, operands: tuple[Any, ...]) -> Any:
        return record_form(form, operands)

    @staticmethod
    def _apply_primitive(primitive: Any, operands: tuple[Any, ...]) -> Any:
        """The same numbers as another node: only that can be done to an array as a whole."""
        if primitive is not identity:
            raise TypeError(f"{primitive.name} takes numbers, not an array of a trace")
        (array,) = operands
        length_of(array)
        return record_form(AddAt(array.width, 0), (array, -1.0, 0.0))

    def check_owner(self) -> None:
        """Raise TraceError unless it belongs to the trace in force."""
        _check_owners((self,))

    def __repr__(self) -> str:
        return f"Several({self.primitive.name if self.primitive else self.label}, {self.length} x {self.width})"


def record_form(form: Form, operands: Sequence[Any]) -> Any:  # noqa: C901, PLR0911 - one for each form
    """A form recorded as a node; each result of a loop, and each element of an array, is one node."""
    _check_owners(operands)
    if isinstance(form, Loop | RuleCall):
        group = Several(form, operands)
        group.results = {}
        return group
    if isinstance(form, Result):
        (group,) = operands
        if form.place not in group.results:
            width, length = _kind_of(group, form.place)
            result: Any = Several(form, operands, length, width) if width else raw(form, operands)
            result.made = group.made + AFTER / 2  # it belongs where the group does
            group.results[form.place] = result
        return group.results[form.place]
    if isinstance(form, Pack):
        array = Several(form, operands, len(operands) // form.width, form.width)
        array.elements = list(operands)
        return array
    if isinstance(form, AddAt):
        return Several(form, operands, operands[0].length, form.width)
    if isinstance(form, Transpose):
        return Several(form, operands, form.columns, form.width)
    if isinstance(form, Fill):
        length = operands[0]
        return Several(form, operands, int(length) if type(length) is float else length, form.width)
    if isinstance(form, Length):
        return length_of(operands[0])
    if isinstance(form, Load):
        array, index = operands
        if type(index) is float and type(array.length) is int and array.primitive is not None:
            return elements_of(array)[int(index) * form.width + form.column] if 0 <= index < array.length else nan
    return raw(form, operands)


def _check_owners(operands: Sequence[Any]) -> None:
    """TraceError for nodes of another trace than the one in force."""
    tracer: Any = (MODE.get() or COMMON).tracer
    if tracer is not None:
        for x in operands:
            if x.__class__ is not float and x.owner is not tracer.owner:
                raise kept(x)


def raw(form: Form, operands: Sequence[Any]) -> Symbol:
    """A number that a form gives, as a node: recorded inside `no_grad` too."""
    symbol: Any = Symbol()
    symbol.primitive = form
    if len(operands) == 2:
        symbol._first, symbol._second = operands
    else:
        symbol.operands = tuple(operands)
    return symbol  # type: ignore[no-any-return]


def symbols(labels: Iterable[Any]) -> list[Any]:
    """Symbols with these labels, made at once, in half the time: a network has thousands of parameters."""
    tracer: Any = (MODE.get() or COMMON).tracer
    owner = None if tracer is None else tracer.owner
    found: list[Any] = []
    for label in labels:
        symbol: Any = object.__new__(Symbol)
        symbol.label = label
        symbol.primitive = symbol._first = symbol._second = symbol.whole = None
        symbol.made = tick()
        symbol.owner = owner
        found.append(symbol)
    if tracer is not None:
        tracer.tape += found
    return found


def _kind_of(group: Several, place: int) -> tuple[int, Any]:
    """The columns of a result that is an array, and its length; 0 for a number."""
    loop: Any = group.primitive
    if isinstance(loop, RuleCall):
        return loop.ys[place], None
    count, carry, _, _ = loop.parts(group.operands)
    if place < len(loop.carry):
        width = loop.carry[place]
        return width, carry[place].length if width else None
    if place < loop.first_array:
        return 0, None
    if loop.test is not None:
        count = record_form(Result(len(loop.carry)), (group,))
    row = loop.ys[place - loop.first_array]
    return row.across, None if row.is_open else count


def length_of(array: Several) -> Any:
    """How many rows an array has: a float, or a Symbol, which is one for all that ask."""
    if array.length is None:
        array.length = raw(Length(array.width), (array,))
        array.length.made = array.made + AFTER / 2  # it belongs where the array does
    return float(array.length) if type(array.length) is int else array.length


def packed(numbers: Sequence[Any], width: int, tracer: Any = None) -> Several:
    """Numbers as an array; the array whose elements they are.

    What lay there before a body that the tracer is in began, is packed before it, once for all that read it: so that what
    arrives there is one sum.
    """
    first = numbers[0]
    array = first.operands[0] if type(first) is Symbol and isinstance(first.primitive, Load) else None
    there = None if array is None or array.width != width else array.elements
    if there is not None and _are(there, numbers):
        return array
    if (found := _transposed(array, numbers, width)) is not None:
        return found
    latest = max((x.made for x in numbers if type(x) is not float), default=0)
    start = None if tracer is None else next((start for start in tracer.starts if latest < start), None)
    if start is None:
        return record_form(Pack(width), numbers)  # type: ignore[no-any-return]
    key = start, width, tuple([x.hex() if type(x) is float else x for x in numbers])
    if key not in tracer.packs:
        made = tracer.packs[key] = record_form(Pack(width), numbers)
        made.made = max(start - 0.5, latest + BESIDE)
    return tracer.packs[key]  # type: ignore[no-any-return]


def _are(numbers: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether these are the same nodes."""
    return len(numbers) == len(others) and all(map(operator.is_, numbers, others))


def _transposed(array: Any, numbers: Sequence[Any], width: int) -> Several | None:
    """The transposed array, if numbers in rows of that width are its rows."""
    there: Any = None if array is None else array.elements
    if there is None or len(there) != len(numbers) or array.length != width or min(width, array.width) < FEWEST:
        return None
    if not _are([x for column in range(array.width) for x in there[column :: array.width]], numbers):
        return None
    if array.transposed is None:
        array.transposed = record_form(Transpose(array.width, width), (array,))
        array.transposed.made = array.made + AFTER  # it belongs where the array does
    return array.transposed  # type: ignore[no-any-return]


def elements_of(array: Several) -> list[Any]:
    """The numbers of an array one by one; made once. Its length is known."""
    if array.elements is None:
        loads = [Load(array.width, column) for column in range(array.width)]
        made = array.made + AFTER  # each belongs where the array does
        elements: list[Any] = symbols(repeat("", array.width * array.length))
        for element, (row, load) in zip(elements, product(map(float, range(array.length)), loads), strict=True):
            element.primitive, element._first, element._second, element.made = load, array, row, made
        array.elements = elements
    return array.elements


Symbol._apply_form = staticmethod(record_form)  # type: ignore[attr-defined]
