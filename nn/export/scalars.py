"""The numbers of a recorded forward pass, in primitives that the target has; long sums are one operation of many numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import autograd.primitives as ag
from autograd.compiler.trace.symbol import Symbol
from autograd.definition import Primitive
from autograd.real import is_node
from nn.export.forms import REDUCTIONS, Dialect
from nn.export.recording import Call, Recording

if TYPE_CHECKING:
    from autograd.program import Program

CHAINED = {primitive for primitive in REDUCTIONS if primitive.arity == 2}
"""Of these, `((a + b) + c) + d` is one operation of many numbers."""

NEUTRAL = {ag.add: 0.0, ag.mul: 1.0}


@dataclass(eq=False, slots=True)
class Scalar:
    """A number of the forward pass: a primitive at its operands, or something that is there already, by its Symbol.

    `many`: the primitive takes any number of operands. `level`: how many operations lead to it at most, so that numbers of one
    level do not depend on one another.
    """

    primitive: Primitive | None
    operands: tuple[Any, ...] = ()
    many: bool = False
    level: int = 0
    symbol: Symbol | None = None


class Rewriting:
    """The recording's numbers, one after another in the order in which they were made, in the primitives of a dialect."""

    def __init__(self, recording: Recording, dialect: Dialect) -> None:
        self.recording = recording
        self.dialect = dialect
        self.found: dict[Symbol, Any] = {}
        self.made: list[Scalar] = []
        self._known: dict[Any, Any] = {}  # what is computed already is not computed again
        self._formulas: dict[Any, Program] = {}

    def scalars(self) -> dict[Symbol, Any]:
        """By each Symbol its Scalar, or the float that it is."""
        calls = {symbol: call for call in self.recording.calls for symbol in call.results}
        for symbol in self._reached(calls):
            if symbol in self.recording.outside:
                self.found[symbol] = self.recording.outside[symbol]
            elif symbol.primitive is None:
                self.found[symbol] = self._new(Scalar(None, symbol=symbol))
            else:
                operands = [self.found[x] if is_node(x) else x for x in symbol.operands]
                self.found[symbol] = self.apply(symbol.primitive, *operands)
        self._join_chains()
        levels: dict[Call, int] = {}  # a layer's numbers all have one
        for scalar in self.made:
            call = calls.get(scalar.symbol) if scalar.symbol is not None else None
            if call is None:
                scalar.level = _above(scalar.operands)
            else:
                if call not in levels:
                    levels[call] = _above([self.found[x] for x in call.items if is_node(x)])
                scalar.level = levels[call]
        return self.found

    def _reached(self, calls: Mapping[Symbol, Call]) -> list[Symbol]:
        """All Symbols that the results need, in the order in which they were made."""
        stack = [x for result in self.recording.results for x in result.items if is_node(x)]
        reached = set(stack)
        entered: set[Call] = set()
        while stack:
            symbol = stack.pop()
            call = calls.get(symbol)
            if call in entered:
                continue
            if call is not None:
                entered.add(call)
            for x in symbol.operands if call is None else call.items:
                if is_node(x) and x not in reached:
                    reached.add(x)
                    stack.append(x)
        return sorted(reached, key=lambda symbol: symbol.made)

    def apply(self, primitive: Primitive, *operands: Any) -> Any:
        """The primitive at these operands, in those of the dialect."""
        if all(type(x) is float for x in operands):
            return primitive.at(*operands)
        there = _there_already(primitive, operands)
        if there is not None:
            return there
        key = primitive, tuple([x.hex() if type(x) is float else x for x in operands])
        if key not in self._known:
            self._known[key] = self._applied(primitive, operands)
        return self._known[key]

    def _applied(self, primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        if primitive is ag.sum_:
            return operands[0] if len(operands) == 1 else self._new(Scalar(ag.add, operands, many=True))
        if primitive is ag.dot or (primitive in REDUCTIONS and primitive.arity is None):
            return self._new(Scalar(primitive, operands, many=True))
        if self.dialect.knows(primitive, operands):
            return self._new(Scalar(primitive, operands))
        key = primitive, tuple([x.hex() if type(x) is float else None for x in operands])
        if key not in self._formulas:
            self._formulas[key] = self.dialect.formula(primitive, operands)
        program = self._formulas[key]
        given = operands if program.inputs == len(operands) else [x for x in operands if type(x) is not float]
        return program.run(given, self.apply)[0]

    def _new(self, scalar: Scalar) -> Scalar:
        self.made.append(scalar)
        return scalar

    def _join_chains(self) -> None:
        """Make chains of additions, or of maxima, one operation each."""
        results = [self.found[x] for result in self.recording.results for x in result.items if is_node(x)]
        read = [self.found[x] for call in self.recording.calls for x in call.items if is_node(x) and x in self.found]
        uses = Counter(x for x in [*results, *read, *[x for scalar in self.made for x in scalar.operands]] if type(x) is Scalar)
        joined: set[Scalar] = set()
        for scalar in self.made:
            first = scalar.operands[0] if scalar.operands else None
            if scalar.primitive not in CHAINED or scalar.many or type(first) is not Scalar:
                continue
            if first.primitive is scalar.primitive and uses[first] == 1:
                scalar.operands, scalar.many = (*first.operands, *scalar.operands[1:]), True
                joined.add(first)
        self.made = [scalar for scalar in self.made if scalar not in joined]


def _there_already(primitive: Primitive, operands: Sequence[Any]) -> Any:
    """The operand that is the result, if one is."""
    if primitive is ag.identity or (primitive in NEUTRAL and NEUTRAL[primitive] in operands[1:]):
        return operands[0]
    if primitive in NEUTRAL and NEUTRAL[primitive] == operands[0]:
        return operands[1]
    if primitive is ag.where and type(operands[0]) is float:
        return operands[1] if operands[0] else operands[2]
    return None


def _above(operands: Iterable[Any]) -> int:
    return 1 + max([x.level for x in operands if type(x) is Scalar], default=-1)
