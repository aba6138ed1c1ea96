"""Nests: the steps of an expression that are no primitives: loops, maps, branches, and elements, with programs inside of them.

Each is one call of `autograd.scan`, `vmap`, `cond` and so on, as a user writes it. What it returns is a structure, of which
further steps take one number or one sequence, an `Item`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from autograd.control import cond, fori_loop, scan, switch, take, vmap, while_loop
from autograd.definition import Primitive
from autograd.primitives import less, logical_and, where
from autograd.program import Program
from autograd.special.elementary import floor

Apply = Callable[..., Any]


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"


def _tupled(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


def _more(names: Sequence[str]) -> str:
    return "".join([f", {name}" for name in names])


class Nest:
    """A loop, map or branch as a step of an expression, with the attributes of a primitive that expressions read."""

    calls: ClassVar[tuple[str, ...]] = ()
    """What its source calls, of `autograd`."""
    arity: ClassVar[None] = None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return type(self).__name__.lower()

    @property
    def bodies(self) -> tuple[Program, ...]:
        """The programs inside."""
        body = getattr(self, "body", None)
        return () if body is None else (body,)

    def at(self, *operands: Any) -> Any:
        """The result on floats, Values and Symbols."""
        return self.run(operands, Primitive.at)

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """The result, with `apply(primitive, *operands)` for each primitive inside."""
        raise NotImplementedError

    def source(self, operands: Sequence[str], names: Sequence[str]) -> str:
        """The call as Python; the functions inside have these names."""
        raise NotImplementedError

    def returned(self, outputs: Sequence[str]) -> str:
        """What a function inside returns, as Python."""
        return _listed(outputs)


@dataclass(frozen=True, eq=False)
class Scan(Nest):
    """`scan`: operands are what is carried, sequences of equal length, and what turns share; gives (carry, ys)."""

    body: Program
    carries: int
    sequences: int
    reverse: bool = False
    checkpoint: int | None = None
    calls: ClassVar[tuple[str, ...]] = ("scan",)

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """See `Nest.run`."""
        start, end = self.carries, self.carries + self.sequences

        def step(carry: list[Any], row: tuple[Any, ...]) -> Any:
            found = self.body.run([*carry, *row, *operands[end:]], apply)
            return found[:start], tuple(found[start:]) or None

        return scan(step, list(operands[:start]), tuple(operands[start:end]), reverse=self.reverse, checkpoint=self.checkpoint)

    def source(self, operands: Sequence[str], names: Sequence[str]) -> str:
        """See `Nest.source`."""
        start, end = self.carries, self.carries + self.sequences
        more = ", reverse=True" * self.reverse + (f", checkpoint={self.checkpoint}" if self.checkpoint else "")
        step = f"lambda carry, row: {names[0]}(*carry, *row{_more(operands[end:])})"
        return f"scan({step}, {_listed(operands[:start])}, {_tupled(operands[start:end])}{more})"

    def returned(self, outputs: Sequence[str]) -> str:
        """See `Nest.returned`."""
        ys = outputs[self.carries :]
        return f"{_listed(outputs[: self.carries])}, {_tupled(ys) if ys else None}"


@dataclass(frozen=True, eq=False)
class Counted(Nest):
    """`fori_loop`: operands are a number that decides between two numbers of turns, what is carried, and what turns share."""

    body: Program
    carries: int
    turns: tuple[int, int]
    calls: ClassVar[tuple[str, ...]] = ("fori_loop", "where", "less")

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """See `Nest.run`."""
        few, many = self.turns
        count: Any = few if few == many else where(apply(less, operands[0], 0.5), float(few), float(many))
        start = 1 + self.carries
        return fori_loop(0, count, lambda i, c: self.body.run([i * 1.0, *c, *operands[start:]], apply), list(operands[1:start]))

    def source(self, operands: Sequence[str], names: Sequence[str]) -> str:
        """See `Nest.source`."""
        few, many = self.turns
        count = few if few == many else f"where(less({operands[0]}, 0.5), {float(few)}, {float(many)})"
        start = 1 + self.carries
        step = f"lambda turn, carry: {names[0]}(turn * 1.0, *carry{_more(operands[start:])})"
        return f"fori_loop(0, {count}, {step}, {_listed(operands[1:start])})"


@dataclass(frozen=True, eq=False)
class Repeated(Nest):
    """`while_loop`: a turn as long as the first number that is carried is below 1, and there were not too many.

    Operands are what is carried, and what turns share; the number of turns comes first in the result.
    """

    body: Program
    carries: int
    most: int
    calls: ClassVar[tuple[str, ...]] = ("while_loop", "logical_and", "less")

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """See `Nest.run`."""
        shared = operands[self.carries :]

        def goes_on(carry: list[Any]) -> Any:
            return logical_and(less(carry[0], self.most - 0.5), apply(less, carry[1], 1.0))

        def step(carry: list[Any]) -> list[Any]:
            return [carry[0] + 1.0, *self.body.run([*carry[1:], *shared], apply)]

        return while_loop(goes_on, step, [0.0, *operands[: self.carries]])

    def source(self, operands: Sequence[str], names: Sequence[str]) -> str:
        """See `Nest.source`."""
        goes_on = f"lambda carry: logical_and(less(carry[0], {self.most - 0.5}), less(carry[1], 1.0))"
        step = f"lambda carry: [carry[0] + 1.0, *{names[0]}(*carry[1:]{_more(operands[self.carries :])})]"
        return f"while_loop({goes_on}, {step}, {_listed(['0.0', *operands[: self.carries]])})"


@dataclass(frozen=True, eq=False)
class Mapped(Nest):
    """`vmap`: operands are sequences of equal length, and what turns share; gives a sequence for each output."""

    body: Program
    sequences: int
    calls: ClassVar[tuple[str, ...]] = ("vmap",)

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """See `Nest.run`."""
        shared = operands[self.sequences :]
        return vmap(lambda *row: tuple(self.body.run([*row, *shared], apply)))(*operands[: self.sequences])

    def source(self, operands: Sequence[str], names: Sequence[str]) -> str:
        """See `Nest.source`."""
        f = f"lambda *row: {names[0]}(*row{_more(operands[self.sequences :])})"
        return f"vmap({f})({', '.join(operands[: self.sequences])})"

    def returned(self, outputs: Sequence[str]) -> str:
        """See `Nest.returned`."""
        return _tupled(outputs)


@dataclass(frozen=True, eq=False)
class Branch(Nest):
    """`cond`, or `switch` between more than two: operands are two numbers that are compared, or one that is rounded, and those
    of the branches.
    """

    branches: tuple[Program, ...]
    calls: ClassVar[tuple[str, ...]] = ("cond", "floor", "less", "switch")

    @property
    def bodies(self) -> tuple[Program, ...]:
        """See `Nest.bodies`."""
        return self.branches

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """See `Nest.run`."""
        branches = [lambda *xs, body=body: body.run(xs, apply) for body in self.branches]
        if len(branches) == 2:
            return cond(apply(less, *operands[:2]), *branches, *operands[2:])
        return switch(apply(floor, operands[0]), branches, *operands[1:])

    def source(self, operands: Sequence[str], names: Sequence[str]) -> str:
        """See `Nest.source`."""
        if len(names) == 2:
            return f"cond(less({', '.join(operands[:2])}), {', '.join(names)}{_more(operands[2:])})"
        return f"switch(floor({operands[0]}), {_listed(names)}{_more(operands[1:])})"


@dataclass(frozen=True, eq=False)
class Element(Nest):
    """`take`: the first or last element of a sequence, as a number says, the second operand."""

    calls: ClassVar[tuple[str, ...]] = ("take", "where", "less")

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """See `Nest.run`."""
        return take(operands[0], where(apply(less, operands[1], 0.5), 0.0, -1.0))

    def source(self, operands: Sequence[str], _: Sequence[str]) -> str:
        """See `Nest.source`."""
        return f"take({operands[0]}, where(less({operands[1]}, 0.5), 0.0, -1.0))"


@dataclass(frozen=True, eq=False)
class Listed(Nest):
    """A sequence of numbers."""

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Nest.run`."""
        return list(operands)

    def source(self, operands: Sequence[str], _: Sequence[str]) -> str:
        """See `Nest.source`."""
        return _listed(operands)


@dataclass(frozen=True, eq=False)
class Item(Nest):
    """A part of what a nest gives: by the keys that lead there."""

    path: tuple[int, ...]

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Nest.run`."""
        found = operands[0]
        for key in self.path:
            found = found[key]
        return found

    def source(self, operands: Sequence[str], _: Sequence[str]) -> str:
        """See `Nest.source`."""
        return operands[0] + "".join([f"[{key}]" for key in self.path])
