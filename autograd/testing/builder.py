"""A random program, built step by step of what a strategy draws: each step is taken only if it is smooth where it is run."""

import math
from collections.abc import Sequence
from typing import Any

from autograd.definition import Primitive
from autograd.primitives import sum_
from autograd.program import Place, Program, Step
from autograd.testing.nests import Branch, Counted, Element, Item, Listed, Mapped, Nest, Repeated, Scan

LARGEST = 1e6  # of the numbers and partials inside
IN_A_BODY = 4  # primitives
SHARED = 3  # numbers and sequences that a body takes from outside
CONSTANTS = (2.0, 0.5, 3.0, -1.0, 1.0)


class NotSmoothError(Exception):
    """A number inside a nest is not smooth, or too large."""


class Builder:
    """A program in the making: its steps, and what is at each place: a number, a sequence of numbers, or what a nest gives."""

    def __init__(self, draw: Any, pool: Sequence[Primitive], values: Sequence[Any]) -> None:
        from hypothesis import strategies

        self.draw, self.pool, self.st = draw, pool, strategies
        self.values, self.steps = list(values), list[Step]()
        self.inputs = len(self.values)

    def build(self, most: int, depth: int) -> None:
        """Draw up to `most` steps; nests in one another up to this depth."""
        for _ in range(self.integer(1, most)):
            if not (depth and self.integer(0, 2) and self.nest(depth)):
                self.primitive()

    def integer(self, low: int, high: int) -> int:
        """One of these; the smaller, the simpler."""
        return int(self.draw(self.st.integers(low, high)))

    def places(self, kind: type) -> list[int]:
        """Where numbers or sequences are."""
        return [i for i, x in enumerate(self.values) if type(x) is kind]

    def take(self, step: Any, operands: tuple[Place, ...], value: Any) -> int:
        """Take a step; returns its place."""
        self.steps.append((step, operands))
        self.values.append(value)
        return len(self.values) - 1

    def primitive(self) -> None:
        """A primitive, if any can be taken at the places drawn."""
        there = self.places(float)
        last = len(there) - 1
        first = min(self.integer(0, 4 * last), last)  # most steps are built upon; smaller is simpler
        index = self.st.integers(0, last)
        operand = self.st.one_of(index, index, self.st.sampled_from(CONSTANTS))
        drawn = [first, self.draw(operand), self.draw(operand), self.draw(operand)]
        places = [there[x] if type(x) is int else x for x in drawn]
        chosen = self.integer(0, len(self.pool) - 1)
        for primitive in [*self.pool[chosen:], *self.pool[:chosen]]:  # the one chosen, or the next that can be taken
            operands = tuple(places[: primitive.arity or len(places)])
            at, constant = self.looked_up(operands), [type(place) is float for place in operands]
            fits = len(operands) == (primitive.arity or len(operands)) and not all(constant)
            if fits and is_smooth(primitive, at, constant):
                self.take(primitive, operands, primitive.at(*at))
                break

    def looked_up(self, places: Sequence[Place]) -> list[Any]:
        """The values at these places."""
        return [self.values[place] if type(place) is int else place for place in places]

    def gather(self) -> None:
        """End with the sum of the numbers that nothing reads."""
        read = {place for _, places in self.steps for place in places if type(place) is int}
        left = [i for i in self.places(float) if i >= self.inputs and i not in read]
        if left and left != [len(self.values) - 1] and is_smooth(sum_, self.looked_up(left), [False] * len(left)):
            self.take(sum_, tuple(left), sum_.at(*self.looked_up(left)))

    # --- nests

    def nest(self, depth: int) -> bool:
        """A nest, and its items; False if it is not smooth."""
        kinds = [self.listed, self.scan, self.counted, self.mapped, self.branch, self.tested, self.element]
        step, operands = kinds[self.integer(0, len(kinds) - 1)](depth)
        try:
            value = step.run(self.looked_up(operands), checked)
        except NotSmoothError:
            return False
        place = self.take(step, operands, value)
        for path, part in _parts(value):
            if path and _is_value(part):
                self.take(Item(path), (place,), part)
        if type(self.values[-1]) is not float:
            self.primitive()
        return True

    def numbers(self, most: int) -> tuple[int, ...]:
        """Places of numbers, each once."""
        there = self.places(float)[::-1]
        return tuple([there.pop(self.integer(0, len(there) - 1)) for _ in range(self.integer(1, min(most, len(there))))])

    def sequences(self) -> tuple[int, ...]:
        """Places of one or two sequences of equal length."""
        there = self.places(list)[::-1]
        if not there:
            given = self.numbers(3)
            there = [self.take(Listed(), given, self.looked_up(given))]
        first = there[self.integer(0, len(there) - 1)]
        alike = [x for x in there if len(self.values[x]) == len(self.values[first])]
        return (first, alike[self.integer(0, len(alike) - 1)])[: self.integer(1, 2)]

    def shared(self) -> tuple[int, ...]:
        """Places of what a body takes from outside."""
        there = [i for i, x in enumerate(self.values) if _is_value(x)][::-1]
        return tuple([there[self.integer(0, len(there) - 1)] for _ in range(self.integer(0, SHARED))])

    def body(self, values: Sequence[Any], outputs: int, depth: int) -> Program:
        """A program inside, which is smooth at these values."""
        inner = Builder(self.draw, self.pool, values)
        inner.build(IN_A_BODY, depth - 1)
        if depth > 1:
            inner.gather()
        there = inner.places(float)[::-1]
        last = [there[self.integer(0, min(k, len(there) - 1))] for k in range(outputs)]
        return Program(len(values), tuple(inner.steps), tuple(last)).pruned()

    def listed(self, _: int) -> tuple[Nest, tuple[int, ...]]:
        """A list of numbers."""
        return Listed(), self.numbers(3)

    def element(self, _: int) -> tuple[Nest, tuple[int, ...]]:
        """An element of a sequence, as a number says."""
        return Element(), (self.sequences()[0], self.numbers(1)[0])

    def scan(self, depth: int) -> tuple[Nest, tuple[int, ...]]:
        """A carry through sequences."""
        carry, xs, shared = self.numbers(2), self.sequences(), self.shared()
        reverse, checkpoint = bool(self.integer(0, 1)), self.integer(0, 2) or None
        rows = [self.values[x][-1 if reverse else 0] for x in xs]
        ys = self.integer(0, 2)
        body = self.body([*self.looked_up(carry), *rows, *self.looked_up(shared)], len(carry) + ys, depth)
        return Scan(body, len(carry), len(xs), reverse, checkpoint), (*carry, *xs, *shared)

    def counted(self, depth: int) -> tuple[Nest, tuple[int, ...]]:
        """A loop that counts, to a bound that is known or one that a number decides."""
        decides, carry, shared = self.numbers(1)[:1], self.numbers(2), self.shared()
        body = self.body([0.0, *self.looked_up(carry), *self.looked_up(shared)], len(carry), depth)
        return Counted(body, len(carry), (self.integer(0, 3), self.integer(1, 3))), (*decides, *carry, *shared)

    def tested(self, depth: int) -> tuple[Nest, tuple[int, ...]]:
        """A loop as long as a test holds."""
        carry, shared = self.numbers(2), self.shared()
        body = self.body([*self.looked_up(carry), *self.looked_up(shared)], len(carry), depth)
        return Repeated(body, len(carry), self.integer(1, 4)), (*carry, *shared)

    def mapped(self, depth: int) -> tuple[Nest, tuple[int, ...]]:
        """A map."""
        xs, shared = self.sequences(), self.shared()
        body = self.body([*[self.values[x][0] for x in xs], *self.looked_up(shared)], self.integer(1, 2), depth)
        return Mapped(body, len(xs)), (*xs, *shared)

    def branch(self, depth: int) -> tuple[Nest, tuple[int, ...]]:
        """One of two, or of three."""
        many, given = self.integer(2, 3), (*self.numbers(2), *self.shared())
        decides = self.numbers(1) if many == 3 else (*self.numbers(1), *self.numbers(1))
        outputs = self.integer(1, 2)
        branches = [self.body(self.looked_up(given), outputs, depth) for _ in range(many)]
        return Branch(tuple(branches)), (*decides, *given)


def checked(primitive: Primitive, *operands: float) -> float:
    """The result of a primitive; raises NotSmoothError where it has none that `is_smooth`."""
    if not is_smooth(primitive, operands, [True] * len(operands)):
        raise NotSmoothError
    return float(primitive.at(*operands))


def is_smooth(primitive: Primitive, at: Sequence[float], constant: Sequence[bool]) -> bool:
    """Whether a primitive may be taken at these operands, of which some are constants.

    Inside its domain, where it has no kink, and where value and partials are small.
    """
    for is_constant, x, interval in zip(constant, at, primitive.domain_of(len(at)), strict=True):
        fixed = interval.low == interval.high == x and is_constant  # a constant of the primitive
        if not (interval.low < x < interval.high or fixed):
            return False
    if primitive.kink is not None and primitive.kink(*at):
        return False
    result = primitive.at(*at)
    return all(math.isfinite(x) and abs(x) <= LARGEST for x in (result, *[p or 0.0 for p in primitive.partials(result, *at)]))


def _is_value(x: Any) -> bool:
    """Whether it is a number, or a sequence of numbers."""
    return type(x) is float or (type(x) is list and bool(x) and all(type(y) is float for y in x))


def _parts(x: Any, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Any]]:
    """All parts of what a nest gives, and the keys that lead there."""
    inside = [part for i, y in enumerate(x) for part in _parts(y, (*path, i))] if type(x) in (list, tuple) else []
    return [(path, x), *inside]
