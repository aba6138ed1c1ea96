"""A random expression: a program of rows, a function of numbers, and Python source."""

from dataclasses import dataclass
from typing import Any

from autograd import primitives
from autograd.definition import Primitive


@dataclass(frozen=True, repr=False)
class Expression:
    """A function of `inputs` numbers: `steps` are rows with their operands, each an earlier result by its place, or a constant.

    Places count the inputs first; the last step is the result. `at` is a point at which everything on the way is finite and
    smooth. Called with floats, Values or Symbols it computes; `str` of it is Python source that does the same.

    >>> from autograd import mul, tanh
    >>> product = Expression(2, ((mul, (0, 1)), (tanh, (2,)), (mul, (3, 2))), at=(0.5, 2.0))
    >>> print(product)
    from autograd import tanh
    <BLANKLINE>
    def f(x0, x1):
        a = x0 * x1
        b = tanh(a)
        return b * a
    <BLANKLINE>
    f(0.5, 2.0)
    >>> product(0.5, 2.0)
    0.7615941559557649
    """

    inputs: int
    steps: tuple[tuple[Primitive, tuple[int | float, ...]], ...]
    at: tuple[float, ...] = ()

    def __call__(self, *numbers: Any) -> Any:
        """The result for these inputs."""
        if len(numbers) != self.inputs:
            raise TypeError(f"this expression takes {self.inputs} numbers, not {len(numbers)}: expression(*expression.at), say")
        results = list(numbers)
        for row, places in self.steps:
            results.append(row.at(*[results[place] if type(place) is int else place for place in places]))
        return results[-1]

    @property
    def __name__(self) -> str:
        return "expression"

    def pruned(self) -> "Expression":
        """The same function without the steps that its result does not depend on."""
        needed = {self.inputs + len(self.steps) - 1}
        for i in reversed(range(len(self.steps))):
            if self.inputs + i in needed:
                needed.update(place for place in self.steps[i][1] if type(place) is int)
        kept = [i for i in range(self.inputs + len(self.steps)) if i < self.inputs or i in needed]
        new = {old: place for place, old in enumerate(kept)}
        steps = [self.steps[i - self.inputs] for i in kept[self.inputs :]]
        moved = tuple((row, tuple(new[p] if type(p) is int else p for p in places)) for row, places in steps)
        return Expression(self.inputs, moved, self.at)

    def __str__(self) -> str:
        names = [f"x{i}" for i in range(self.inputs)] + [_letters(i) for i in range(len(self.steps))]
        called = {row.name for row, _ in self.steps if row.source(["x"] * (row.arity or 0)).startswith(row.name)}
        built_in = sorted(called & vars(primitives).keys())
        lines = [f"from autograd import {', '.join(built_in)}"] if built_in else []
        lines += ["from autograd.table import lookup"] if called - set(built_in) else []
        lines += [f"{name} = lookup({name!r})" for name in sorted(called - set(built_in))]
        lines += [""] if lines else []
        lines.append(f"def f({', '.join(names[: self.inputs])}):")
        body = [row.source([names[p] if type(p) is int else repr(p) for p in places]) for row, places in self.steps]
        lines += [f"    {names[self.inputs + i]} = {line}" for i, line in enumerate(body[:-1])]
        lines.append(f"    return {body[-1] if body else names[-1]}")
        return "\n".join([*lines, "", f"f({', '.join(map(repr, self.at))})"])

    def __repr__(self) -> str:
        return f"\n{self}\n"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001 - the protocol that Hypothesis prints by
        printer.text(repr(self))


def _letters(i: int) -> str:
    """a, b, ... z, then v26, v27 and so on."""
    return chr(ord("a") + i) if i < 26 else f"v{i}"
