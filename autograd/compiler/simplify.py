"""The graph as a compiler wants it: flat arrays, each number computed once, and nothing computed that need not be.

The law of every rule here:

- No bit changes, whatever the operands: zeros of either sign, infinities and nan included. So x * 1, x + -0.0 and a choice by a
  known condition go; x * 0 stays (it is nan for an infinite x), and so do x + 0.0 and x - x.
- It ends: a rule gives a number that is already there, or one that is simpler than what it stands for.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate, compress
from typing import Any

from autograd.compiler.narrow import inlined, narrowed
from autograd.compiler.trace.symbol import gives_truth
from autograd.definition import Primitive
from autograd.forms import AddAt, Form, Load, Loop, Pack
from autograd.primitives import abs as abs_
from autograd.primitives import add, identity, logical_and, logical_or, mul, neg, not_equal, stop_gradient, sub, truediv, where
from autograd.program import Place, Program, Step

Rule = Callable[["SSA", Sequence[int]], int | None]
"""A simplification: the number that equals a primitive at these operands bit for bit, or None if it knows none."""
Way = tuple[Callable[["SSA", Any, tuple[int, ...]], int] | None, bool, dict[tuple[int, ...], int]]
"""See `SSA._way`."""


def simplify(program: Program) -> "SSA":
    """A program as a flat graph, simplified."""
    ssa = SSA(program.inputs)
    ssa.outputs = ssa.replay(narrowed(inlined(program)), range(program.inputs))
    return ssa.pruned()


def needed_in(program: Program) -> bytearray:
    """For each step 1 if an output depends on it, else 0."""
    inputs, steps = program.inputs, program.steps
    needed = bytearray(inputs + len(steps))
    for output in program.outputs:
        if type(output) is int:
            needed[output] = 1
    for i in range(len(steps) - 1, -1, -1):
        if needed[inputs + i]:
            for place in steps[i][1]:
                if type(place) is int:
                    needed[place] = 1
    return needed[inputs:]


class SSA:
    """Static single assignment: number i is an input, a constant, `constants[i]`, or `primitives[i]` at the `operands[i]`."""

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.primitives: list[Any] = [None] * inputs  # primitives, and forms
        self.operands: list[tuple[int, ...]] = [()] * inputs
        self.constants: dict[int, float] = {}
        self.outputs: list[int] = []
        self._constants: dict[object, int] = {}  # by their bits
        self._tables: dict[Any, dict[tuple[int, ...], int]] = defaultdict(dict)  # the others, by primitive and operands
        self._ways: dict[Any, Way] = {}
        self.loops: dict[Loop, Loop] = {}  # with the bodies that they have here
        self.lowered: Callable[[SSA, Primitive, tuple[int, ...]], int] | None = None  # adds primitives that are not native
        self.bodies: Callable[[Program], Program] = lambda body: simplify(body).program()

    def replay(self, program: Program, inputs: Sequence[int], needed: Sequence[int] | None = None) -> list[int]:
        """Add what a program computes from these numbers; returns its outputs.

        What no output needs is left out: `needed` says it, where `needed_in` was asked already.
        """
        known = list(inputs)
        append = known.append
        constant, is_free = self.constant, self.constants.keys().isdisjoint
        primitives, all_operands = self.primitives, self.operands
        ways = self._ways
        for (primitive, places), is_needed in zip(program.steps, needed_in(program) if needed is None else needed, strict=True):
            if not is_needed:
                append(-1)
                continue
            operands = tuple([known[x] if x.__class__ is int else constant(x) for x in places])
            way, swaps, table = ways.get(primitive) or self._way(primitive)
            if way is not None:
                append(way(self, primitive, operands))
                continue
            if not operands or not is_free(operands):
                append(self.apply(primitive, operands))
                continue
            # as `apply` adds it, without a call: most steps come here
            key = operands[::-1] if swaps and operands[0] > operands[1] else operands
            index = table.get(key)
            if index is None:
                index = table[key] = len(primitives)
                primitives.append(primitive)
                all_operands.append(operands)
            append(index)
        return [known[x] if type(x) is int else constant(x) for x in program.outputs]

    def _way(self, form: Any) -> Way:
        """What adds a primitive at any operands, None where only constants matter; whether they commute; those there are."""
        way: Any = SSA.apply if form in _RULES_WITHOUT_CONSTANTS else None
        if form.native is None and (self.lowered is not None or isinstance(form, Form)):
            way = SSA.form if isinstance(form, Form) else self.lowered
        found = way, form.native is not None and form.native.commutative, self._tables[form]
        self._ways[form] = found
        return found

    def form(self, form: Any, operands: tuple[int, ...]) -> int:
        """The index of a form at these operands."""
        if isinstance(form, Load):
            array, index = operands
            row, elements = self.constants.get(index, -1.0), self.operands[array]
            if isinstance(self.primitives[array], Pack) and 0 <= row < len(elements) // form.width:
                return elements[int(row) * form.width + form.column]
        if isinstance(form, AddAt) and self.constants.get(operands[1], 0.0) < 0.0:
            return operands[0]  # beyond the ends
        if isinstance(form, Loop):
            new = self.loops.get(form)
            if new is None:
                test = None if form.test is None else self.bodies(form.test)
                new = self.loops[form] = replace(form, body=self.bodies(form.body), test=test)
            form = new
        index = self._tables[form].get(operands, -1)
        if index < 0:
            index = self._tables[form][operands] = len(self.primitives)
            self.primitives.append(form)
            self.operands.append(operands)
        return index

    def constant(self, number: float) -> int:
        """The index of a constant."""
        key = (number, math.copysign(1.0, number)) if number == number else "nan"  # noqa: PLR0124 - nan is not
        index = self._constants.get(key)
        if index is None:
            index = self._constants[key] = len(self.primitives)
            self.primitives.append(None)
            self.operands.append(())
            self.constants[index] = number
        return index

    def apply(self, primitive: Primitive, operands: tuple[int, ...]) -> int:
        """The index of a primitive at these operands: the same for the same ones, and for what is known to equal them."""
        free = self.constants.keys().isdisjoint(operands)
        rule = (_RULES_WITHOUT_CONSTANTS if free else _RULES).get(primitive)
        found = None if rule is None else rule(self, operands)
        if found is not None:
            return found
        return self._added(primitive, operands) if free and operands else self.apply_as_it_is(primitive, operands)

    def simpler(self, primitive: Primitive, operands: tuple[int, ...]) -> int | None:
        """The index of what the primitive's rule knows to equal it at these operands; None if it knows nothing."""
        rule = (_RULES_WITHOUT_CONSTANTS if self.constants.keys().isdisjoint(operands) else _RULES).get(primitive)
        return None if rule is None else rule(self, operands)

    def at_constants(self, primitive: Primitive, operands: tuple[int, ...]) -> int | None:
        """The index of what a primitive is at operands that are constants; None if one is not."""
        constants = self.constants
        if not constants.keys() >= set(operands):
            return None
        return self.constant(primitive.evaluate(*[constants[operand] for operand in operands]))

    def apply_as_it_is(self, primitive: Primitive, operands: tuple[int, ...]) -> int:
        """The index of a primitive at these operands, whatever its rule says."""
        found = self.at_constants(primitive, operands)
        return self._added(primitive, operands) if found is None else found

    def _added(self, primitive: Primitive, operands: tuple[int, ...]) -> int:
        """The index of a primitive at these operands, which are not all constants."""
        native = primitive.native
        in_order = native is None or not native.commutative or operands[0] <= operands[1]
        table, key = self._tables[primitive], operands if in_order else operands[::-1]
        index = table.get(key)
        if index is None:
            index = table[key] = len(self.primitives)
            self.primitives.append(primitive)
            self.operands.append(operands)
        return index

    def is_constant(self, index: int, number: float) -> bool:
        """Whether a number is that constant, with that sign."""
        known = self.constants.get(index, math.nan)
        return known == number and math.copysign(1.0, known) == math.copysign(1.0, number)

    def is_truth(self, index: int) -> bool:
        """Whether a number is a truth value, 1 or 0."""
        primitive = self.primitives[index]
        return (primitive is not None and gives_truth(primitive)) or self.is_negation(index)

    def is_negation(self, index: int) -> bool:
        """Whether a number is 0 where another truth value is 1, and 1 where that is 0."""
        if self.primitives[index] is not where:
            return False
        condition, x, y = self.operands[index]
        return self.is_truth(condition) and self.is_constant(x, 0.0) and self.is_constant(y, 1.0)

    def copied(self) -> "SSA":
        """The same graph, to be added to apart."""
        new = SSA(self.inputs)
        new.primitives, new.operands, new.outputs = self.primitives[:], self.operands[:], self.outputs[:]
        new.constants, new._constants = self.constants.copy(), self._constants.copy()
        return new

    def pruned(self) -> "SSA":
        """The same graph without what no output needs; inputs stay."""
        needed = bytearray(len(self.primitives))
        for output in self.outputs:
            needed[output] = 1
        for i in range(len(self.primitives) - 1, self.inputs - 1, -1):
            if needed[i]:
                for operand in self.operands[i]:
                    needed[operand] = 1
        if all(needed[self.inputs :]):
            return self
        needed[: self.inputs] = b"\1" * self.inputs
        moved = [place - 1 for place in accumulate(needed)]
        new = SSA(0)
        new.inputs = self.inputs
        new.primitives = list(compress(self.primitives, needed))
        new.operands = [
            (moved[at[0]], moved[at[1]]) if len(at) == 2 else tuple([moved[operand] for operand in at])
            for at in compress(self.operands, needed)
        ]
        new.constants = {moved[i]: number for i, number in self.constants.items() if needed[i]}
        new.outputs = [moved[output] for output in self.outputs]
        return new

    def program(self) -> Program:
        """The same as a program, for those who print it."""
        places: list[Place] = list(range(self.inputs))
        steps: list[Step] = []
        for i in range(self.inputs, len(self.primitives)):
            primitive = self.primitives[i]
            places.append(self.constants[i] if primitive is None else self.inputs + len(steps))
            if primitive is not None:
                steps.append((primitive, tuple([places[operand] for operand in self.operands[i]])))
        return Program(self.inputs, tuple(steps), tuple([places[output] for output in self.outputs]))

    @property
    def operations(self) -> int:
        """How many numbers it computes."""
        return len(self.primitives) - self.inputs - len(self.constants)


_RULES: dict[Primitive, Rule] = {}
_RULES_WITHOUT_CONSTANTS: dict[Primitive, Rule] = {}  # those that may say something where no operand is a constant


def _rule_of(*primitives: Primitive, of_constants: bool = False) -> Callable[[Rule], Rule]:
    def registered(rule: Rule) -> Rule:
        for primitive in primitives:
            _RULES[primitive] = rule
            if not of_constants:
                _RULES_WITHOUT_CONSTANTS[primitive] = rule
        return rule

    return registered


@_rule_of(add, of_constants=True)
def _sum(ssa: SSA, operands: Sequence[int]) -> int | None:
    x, y = operands
    return x if ssa.is_constant(y, -0.0) else y if ssa.is_constant(x, -0.0) else None


@_rule_of(mul, of_constants=True)
def _product(ssa: SSA, operands: Sequence[int]) -> int | None:
    for x, y in (operands, operands[::-1]):
        if ssa.is_constant(y, 1.0):
            return x
        if ssa.is_constant(y, -1.0):
            return ssa.apply(neg, (x,))
    return None


@_rule_of(truediv, of_constants=True)
def _quotient(ssa: SSA, operands: Sequence[int]) -> int | None:
    """By a power of 2, a product."""
    x, y = operands
    mantissa, exponent = math.frexp(ssa.constants.get(y, 0.0))
    if math.fabs(mantissa) == 0.5 and -999 < exponent < 1001:
        return ssa.apply(mul, (x, ssa.constant(1.0 / ssa.constants[y])))
    return None


@_rule_of(abs_)
def _absolute(ssa: SSA, operands: Sequence[int]) -> int | None:
    (x,) = operands
    if ssa.primitives[x] is neg:
        return ssa.apply(abs_, ssa.operands[x])
    return x if ssa.primitives[x] is abs_ else None


@_rule_of(not_equal, of_constants=True)
def _nonzero(ssa: SSA, operands: Sequence[int]) -> int | None:
    """x != 0, where x is a truth value or chosen from such and constants."""
    x, y = operands
    return _truth(ssa, x, y, depth=8) if ssa.constants.get(y) == 0.0 else None


def _truth(ssa: SSA, x: int, zero: int, depth: int) -> int | None:
    if ssa.is_truth(x):
        return x
    if ssa.primitives[x] is not where or not depth:
        return None
    condition, *choices = ssa.operands[x]
    if not any(choice in ssa.constants for choice in choices):
        return None
    truths = [_truth(ssa, choice, zero, depth - 1) for choice in choices]
    found = [ssa.apply_as_it_is(not_equal, (x, zero)) if t is None else t for x, t in zip(choices, truths, strict=True)]
    return ssa.apply(where, (condition, *found))


def _joined(ssa: SSA, operands: Sequence[int], *, decisive: bool) -> int | None:
    """By `and`, which False decides, or by `or`, which True decides."""
    for x, y in (operands, operands[::-1]):
        if x in ssa.constants:
            return ssa.constant(float(decisive)) if bool(ssa.constants[x]) == decisive else y if ssa.is_truth(y) else None
    return operands[0] if operands[0] == operands[1] and ssa.is_truth(operands[0]) else None


@_rule_of(where)
def _choice(ssa: SSA, operands: Sequence[int]) -> int | None:  # noqa: PLR0911 - one for each simplification
    condition, x, y = operands
    constants, primitives = ssa.constants, ssa.primitives
    if condition in constants:
        return x if constants[condition] else y
    if x == y:
        return x
    if primitives[condition] is where and ssa.is_negation(condition):
        return ssa.apply(where, (ssa.operands[condition][0], y, x))
    if primitives[x] in _WITH_CHOICES or primitives[y] in _WITH_CHOICES:
        inner = _under(ssa, condition, x, chosen=1), _under(ssa, condition, y, chosen=2)
        if inner != (x, y):
            return ssa.apply(where, (condition, *inner))
    if (x not in constants and y not in constants) or not ssa.is_truth(condition):
        return None
    if ssa.is_constant(y, 0.0) and (ssa.is_constant(x, 1.0) or ssa.is_truth(x)):
        return ssa.apply(logical_and, (condition, x))
    if ssa.is_constant(x, 1.0) and ssa.is_truth(y):
        return ssa.apply(logical_or, (condition, y))
    return None


_WITH_CHOICES = frozenset({where, mul})  # what may choose by the same condition again, itself or in its factors


def _under(ssa: SSA, condition: int, x: int, chosen: int) -> int:
    """x where a condition is known: what the same condition chooses in it is chosen already."""
    if ssa.primitives[x] is not mul:
        return _chosen(ssa, condition, x, chosen)
    factors = tuple([_chosen(ssa, condition, factor, chosen) for factor in ssa.operands[x]])
    return x if factors == ssa.operands[x] else ssa.apply(mul, factors)


def _chosen(ssa: SSA, condition: int, x: int, chosen: int) -> int:
    return ssa.operands[x][chosen] if ssa.primitives[x] is where and ssa.operands[x][0] == condition else x


_rule_of(identity, stop_gradient)(lambda _, operands: operands[0])
_rule_of(sub, of_constants=True)(lambda ssa, operands: operands[0] if ssa.is_constant(operands[1], 0.0) else None)
_rule_of(neg)(lambda ssa, operands: ssa.operands[operands[0]][0] if ssa.primitives[operands[0]] is neg else None)
_rule_of(logical_and)(lambda ssa, operands: _joined(ssa, operands, decisive=False))
_rule_of(logical_or)(lambda ssa, operands: _joined(ssa, operands, decisive=True))
