"""Symbol: a number that is not known yet. Operations on Symbols are recorded; the compiled program computes them."""

import math
import operator
import os
import sys
import sysconfig
from collections.abc import Callable
from itertools import product
from numbers import Integral
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, Self

from autograd.compiler.trace.masked import Masked
from autograd.definition import Primitive
from autograd.graph import MANY, tick
from autograd.modes import COMMON, MODE, current_mode
from autograd.native import Comparison, Logical
from autograd.operators import Operators, Slow, install, operate
from autograd.primitives import (
    add,
    equal,
    identity,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
    stop_gradient,
    where,
)
from autograd.real import as_float, check_condition, is_node
from autograd.special.elementary import floor_divide, mod
from autograd.value import Value

PACKAGE = str(Path(__file__).parents[2]) + os.sep
_INSTALLED = tuple({path + os.sep for name, path in sysconfig.get_paths().items() if name in ("stdlib", "purelib", "platlib")})
_UNKNOWN = "a traced function runs before its numbers are known"
_ONCE = "a traced function runs once, for all calls, and so would this. Return the new number, and set it after the call"
_STATIC = "jit(f, static_argnums=...) compiles anew for each of its values"


class TraceError(TypeError):
    """A function that is being traced asked for a number that only a call of the compiled function will have."""


class Symbol(Operators):
    """Stands, while a function is traced, for a number that a call of the compiled function will have.

    It records operations, as a Value does, comparisons too, but has no number: a branch on it or `float()` raises TraceError.
    It belongs to the trace that made it, its `owner`: any operation elsewhere raises TraceError. Where eager code has an
    integer, because a comparison is a bool there, and Python adds bools, `whole` is the least and the largest that it can be.
    """

    __slots__ = ("__weakref__", "_first", "_second", "label", "made", "owner", "place", "primitive", "whole")
    local_partials: ClassVar[Any] = None  # they are made by the rules, when they are asked for

    def __init__(self, label: Any = "") -> None:
        self.label = label  # a text, or the Value for which it stands, whose label it has
        self.primitive: Primitive | None = None
        self._first = self._second = None
        self.made = tick()
        self.whole: tuple[int, int] | None = None
        tracer: Any = (MODE.get() or COMMON).tracer
        self.owner = None if tracer is None else tracer.owner
        if tracer is not None:
            tracer.tape.append(self)

    @staticmethod
    def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        if len(operands) == 1 and operands[0].__class__ is Symbol and not primitive.of_conditions:  # as inputs of transforms
            return Symbol._made(primitive, operands)
        bools = primitive.of_conditions and all(map(_is_whole, operands))  # then eager code has a bool
        if not _PLAIN.issuperset(map(type, operands)):
            name, tracer = primitive.name, current_mode().tracer
            found = [tracer(x) if isinstance(x, Value) and tracer is not None else x for x in operands]
            numbers = [x if is_node(x) else as_float(x, f"operand {i} of {name}") for i, x in enumerate(found)]
            operands = tuple(numbers)
        return Symbol._made(primitive, operands, bools=bools)

    @staticmethod
    def _made(primitive: Primitive, operands: tuple[Any, ...], *, bools: bool = False) -> Any:
        """Record a primitive at Symbols and floats."""
        mode = MODE.get() or COMMON
        tracer: Any = mode.tracer
        owner = None if tracer is None else tracer.owner
        for x in operands:
            if x.__class__ is Symbol and x.owner is not owner:
                raise kept(x)
        symbol: Symbol = _new(Symbol)
        if len(operands) == 2:
            symbol._first, symbol._second = operands
        elif len(operands) == 1:
            (symbol._first,), symbol._second = operands, None
        else:
            symbol._first, symbol._second = operands or None, MANY if operands else None
        symbol.label = ""
        symbol.primitive = primitive
        symbol.owner = owner
        symbol.whole = TRUTH if bools else None
        symbol.made = tick()
        if tracer is not None:
            tracer.tape.append(symbol)
        if mode.recording or bools or gives_truth(primitive) or primitive is stop_gradient:
            return symbol
        return Symbol._apply_primitive(stop_gradient, (symbol,))

    def _unless_zero(self) -> Masked:
        """The partial of a selective primitive: it selects its operand where it is not 0, which the program's run decides."""
        raw: Any = self
        while type(raw) is Symbol and raw.primitive is where:
            _, x, y = raw._first  # if one of them is 0, then where the operand is selected it is the other one
            chosen = y if type(x) is float and x == 0.0 else x if type(y) is float and y == 0.0 else None
            if chosen is None or not _is_among_constants(chosen):
                break  # eager code has the choice between
            raw = chosen
        return Masked(raw if type(raw) is Symbol else Symbol._apply_primitive(identity, (raw,)), _nonzero(self))

    def detach(self) -> Any:
        """The same number, through which no gradient flows."""
        return stop_gradient(self)

    def __lt__(self, other: Any) -> Any:
        return _truth(less, self, other)

    def __le__(self, other: Any) -> Any:
        return _truth(less_equal, self, other)

    def __gt__(self, other: Any) -> Any:
        return _truth(less, other, self)

    def __ge__(self, other: Any) -> Any:
        return _truth(less_equal, other, self)

    def __eq__(self, other: object) -> Any:
        return _truth(equal, self, other)

    def __ne__(self, other: object) -> Any:
        return _truth(not_equal, self, other)

    __hash__ = object.__hash__  # by identity, as a Value's

    def __and__(self, other: Any) -> Any:
        found = _joined(logical_and, self, other)
        return super().__and__(other) if found is NotImplemented else found  # type: ignore[misc]  # it refuses

    def __or__(self, other: Any) -> Any:
        found = _joined(logical_or, self, other)
        return super().__or__(other) if found is NotImplemented else found  # type: ignore[misc]  # it refuses

    __rand__, __ror__ = __and__, __or__

    def __bool__(self) -> bool:
        tracer = current_mode().tracer
        if tracer is not None and tracer.decide is not None:
            return tracer.decide(self if is_condition(self) else not_equal(self, 0.0))
        why = (
            "a traced function runs once, for all numbers, so it cannot take one of two ways. Choose by number with "
            "autograd.where(condition, x, y), maximum, minimum, clip or abs, among many by amax, amin, argmax or sort; "
            "join conditions by & and |, not by `and` and `or` "
            "(a < x < b is an `and` too), turn one by autograd.logical_not(condition), not by `not`, and compare the numbers "
            "of an array one by one"
        )
        raise self._refused("branches on a number", why)

    def __float__(self) -> float:
        why = f"{_UNKNOWN}. Use autograd's functions (autograd.sin instead of math.sin), and arrays of dtype=object"
        raise self._refused("asks for a number as a float", why)

    def __index__(self) -> int:
        why = f"{_UNKNOWN}, and what they decide is fixed for all calls. Take an item by autograd.take(xs, i)"
        raise self._refused("asks for a number as an integer (int, range, an index)", why)

    __int__ = __index__

    def __invert__(self) -> int:
        why = f"{_UNKNOWN}. Turn a condition by autograd.logical_not(condition), join two by & and |, and compare them by !="
        raise self._refused("uses the bits of a number", why)

    __xor__ = __rxor__ = lambda self, other: ~self  # noqa: ARG005 - what it refuses does not matter

    @property
    def data(self) -> float:
        """Raises TraceError: a Symbol has no number."""
        raise self._refused("reads .data of a number", f"{_UNKNOWN}: use the number itself")

    @data.setter
    def data(self, _: Any) -> None:
        raise self._refused("sets .data or .grad of a number", _ONCE)

    @property
    def grad(self) -> float:
        """Raises TraceError: a Symbol has no gradient."""
        raise self._refused("reads .grad of a number", f"{_UNKNOWN}: use autograd.grad inside of it")

    def item(self) -> float:
        """Raises TraceError: a Symbol has no number."""
        raise self._refused("asks for .item() of a number", f"{_UNKNOWN}: use the number itself")

    def backward(self) -> None:
        """Raises TraceError: gradients belong to calls."""
        why = f"{_UNKNOWN}: call backward() on the compiled function's result, or use autograd.grad inside of it"
        raise self._refused("calls backward() of a number", why)

    def _refused(self, what: str, why: str) -> TraceError:
        tracer = current_mode().tracer
        if self.owner is not getattr(tracer, "owner", None):
            return kept(self)
        if tracer is not None:
            tracer.refused = True  # whoever catches the error
        way = f". Or leave the argument that it comes from out of tracing: {_STATIC}"
        if any(symbol is self for symbol in getattr(tracer, "captured", {}).values()):
            way = ". It stands for a Value from outside, whose number is read at each call: give its .data as a static "
            way += f"argument instead: {_STATIC}"
        frame = _users_frame(sys._getframe(2))
        return TraceError(
            f"{frame.f_code.co_filename}:{frame.f_lineno}: {frame.f_code.co_name} {what} that jit is tracing, {self!r}: {why}"
            + ("" if why is _ONCE else way)
        )

    def check_owner(self) -> None:
        """Raise TraceError unless it belongs to the trace in force."""
        if self.owner is not getattr(current_mode().tracer, "owner", None):
            raise kept(self)

    def __repr__(self) -> str:
        return f"Symbol({getattr(self.label, 'label', self.label) or (self.primitive.name if self.primitive else '')})"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __copy__(self, _memo: Any = None) -> Self:
        return self

    __deepcopy__ = __copy__


_PLAIN = frozenset({Symbol, float})
_OF_TRUTHS = frozenset({Comparison, Logical})
_new = object.__new__
TRUTH = (0, 1)
MOST_POINTS = 64
_OF_RESTS = (mod, floor_divide)
MOST_EXACT = 2**53  # beyond, not every integer is a float


def is_condition(thing: Any) -> bool:
    """Whether it is a comparison, or several joined: then its number is 1 or 0."""
    return isinstance(thing, Symbol) and (
        (thing.whole is not None and thing.whole[0] >= 0 and thing.whole[1] <= 1)
        or (thing.primitive is not None and gives_truth(thing.primitive))
    )


def _is_among_constants(x: Any) -> bool:
    """Whether it is a constant, or chooses between constants: it has no derivative."""
    return type(x) is float or (x.primitive is where and _is_among_constants(x._first[1]) and _is_among_constants(x._first[2]))


def _nonzero(x: Any) -> Any:
    """Whether a number is not 0: for what a condition chooses between constants, that condition, its negation, or a bool."""
    one = other = None
    if type(x) is Symbol and x.primitive is where and is_condition(x._first[0]):
        condition, one, other = x._first
        one, other = _is_surely_nonzero(one), _is_surely_nonzero(other)
    elif type(x) is float:
        one = other = x != 0.0
    if one is None or other is None:
        return not_equal(x, 0.0)
    return one if one is other else condition if one else _truth(logical_not, condition)


def _is_surely_nonzero(x: Any, depth: int = 8) -> bool | None:
    """Whether a number is not 0 whatever conditions choose; None where that depends on them, or on other numbers."""
    if type(x) is float:
        return x != 0.0
    if x.primitive is not where or not depth or not is_condition(x._first[0]):
        return None
    one = _is_surely_nonzero(x._first[1], depth - 1)
    return one if one is not None and one is _is_surely_nonzero(x._first[2], depth - 1) else None


def kept(node: Any) -> TraceError:
    """What to raise for a node in another trace than its own."""
    return TraceError(
        f"{node!r} is used outside of the traced function that made it: it was kept after its trace, or went to another "
        f"thread. It stands for a number of that trace alone: return what you need from the function instead of storing it"
    )


def gives_truth(primitive: Primitive) -> bool:
    """Whether a primitive's result is 1 or 0: a truth value to compiled code."""
    return type(primitive.native) in _OF_TRUTHS


def _is_bit(thing: Any) -> bool:
    """Whether `&` and `|` join it: a condition, or a bool that is known already."""
    return (type(thing) in (bool, int) and thing in TRUTH) or is_condition(thing)


def _is_whole(thing: Any) -> bool:
    """Whether eager code has a bool or an integer there."""
    return type(thing) in (bool, int) or (type(thing) is Symbol and thing.whole is not None)


def _truth(primitive: Primitive, *operands: Any) -> Any:
    """What eager code has as a bool."""
    if _PLAIN.issuperset(map(type, operands)):
        return Symbol._made(primitive, operands, bools=True)
    result = operate(primitive, *operands)
    if result is not NotImplemented:
        result.whole = TRUTH
    return result


def _joined(primitive: Primitive, x: Any, y: Any) -> Any:
    """x & y, x | y of conditions."""
    if (type(x) is type(y) is Symbol and x.whole is y.whole is TRUTH) or (_is_bit(x) and _is_bit(y)):
        return _truth(primitive, x, y)
    for z in (x, y):
        check_condition(z, primitive.name)
    return NotImplemented


def _operated(primitive: Primitive, *operands: Any) -> Any:
    """A primitive as an operator. Of conditions and integers alone, eager code makes integers: so does this, without -0.0."""
    if not _PLAIN.issuperset(map(type, operands)):
        result = operate(primitive, *operands)
    else:
        result = Symbol._made(primitive, operands, bools=primitive.of_conditions and all(map(_is_whole, operands)))
    for x in operands:
        if type(x) is float or (x.whole is None if type(x) is Symbol else not isinstance(x, Integral)):
            return result
    return _as_integer(primitive, [_points(x) for x in operands], result)


def _points(x: Any) -> set[int]:
    """An integer, or the least and the largest that one can be, and 0; all that it can be where these are few."""
    if type(x) is not Symbol:
        return {int(x)}
    low, high = x.whole or (0, 0)
    return {0, low, high, *(range(low, high + 1) if high - low < MOST_POINTS else ())}


def _as_integer(primitive: Primitive, points: list[set[int]], result: Any) -> Any:
    """The result as Python's integers have it, of operands within these points: what it does there tells what it is."""
    at = list(product(*points))
    try:
        found = [getattr(operator, primitive.operator or "")(*xs) for xs in at]
    except ArithmeticError:  # 0 ** -1
        return result
    if {*map(type, found)} != {int} or (primitive in _OF_RESTS and max(map(len, points)) > MOST_POINTS):
        return result  # a quotient, or what goes up and down between these points
    if max(map(abs, found)) > MOST_EXACT:
        raise result._refused(
            "computes with integers beyond 2**53, of conditions,",
            "eager code keeps all their digits, floats do not: write 2.0**60",
        )
    if any(n == 0 and math.copysign(1.0, primitive.evaluate(*map(float, xs))) < 0.0 for xs, n in zip(at, found, strict=True)):
        result = Symbol._apply_primitive(add, (result, 0.0))
    result.whole = min(found), max(found)
    return result


def _users_frame(frame: FrameType) -> FrameType:
    """The innermost frame of the user's own code, else of an installed package."""
    for folders in ((PACKAGE,), (PACKAGE, *_INSTALLED)):
        found: FrameType | None = frame
        while found is not None and found.f_code.co_filename.startswith(folders):
            found = found.f_back
        frame = found or frame
    return frame


def depth_of_user() -> int:
    """The `stacklevel` with which a warning points to the user's own code."""
    frame: FrameType | None = sys._getframe(1)
    wanted, depth = _users_frame(sys._getframe(1)), 1
    while frame is not None and frame is not wanted:
        frame, depth = frame.f_back, depth + 1
    return depth


def _method_of(primitive: Primitive, slow: Slow) -> Callable[..., Any]:
    """A primitive as a method; of one or two numbers as they are, most of a trace, on the shortest way."""
    if primitive.arity is None or primitive.of_conditions:
        return lambda *operands, **named: slow(primitive, *operands, **named)
    count = primitive.arity - 1
    by_number = slow is not Primitive.apply  # as an operator, which makes integers of integers
    made = Symbol._made

    def method(self: Symbol, *others: Any, **named: Any) -> Any:
        plain = len(others) == count and not named and not (by_number and self.whole)
        if plain and (not others or _PLAIN.issuperset(map(type, others))):
            return made(primitive, (self, *others))
        return slow(primitive, self, *others, **named)

    def binary(self: Symbol, other: Any = _NOTHING, *others: Any, **named: Any) -> Any:
        """`method` and `_made` in one."""
        kind, owner, mode = other.__class__, self.owner, _mode()
        tracer: Any = mode and mode.recording and mode.tracer
        plain = kind is float or (kind is Symbol and other.owner is owner)
        if plain and tracer and tracer.owner is owner and not (others or named or (by_number and self.whole)):
            symbol: Symbol = _new(Symbol)
            symbol._first, symbol._second = self, other
            symbol.label, symbol.whole = "", None
            symbol.primitive, symbol.owner = primitive, owner
            symbol.made = tick()
            tracer.tape.append(symbol)
            return symbol
        return method(self, *(() if other is _NOTHING else (other, *others)), **named)

    return binary if count == 1 else method


_mode, _NOTHING = MODE.get, object()
install(Symbol, _method_of, operate=_operated)
