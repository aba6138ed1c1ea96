"""A random expression: a program with one result, and a point to run it at."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autograd.program import Program, Step, imports_source


@dataclass(frozen=True, repr=False)
class Expression:
    """A function of `inputs` numbers: `steps` are primitives with their operands.

    An operand is a constant or an earlier number by its place, inputs first; the last step is the result. At the point `at`
    every step is smooth and finite. Call it with floats, Values or Symbols; `str` gives Python source that computes the same.

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
    steps: tuple[Step, ...]
    at: tuple[float, ...] = ()

    @cached_property
    def program(self) -> Program:
        """The same as a program of one output."""
        return Program(self.inputs, self.steps, (self.inputs + len(self.steps) - 1,))

    def __call__(self, *numbers: Any) -> Any:
        """The result for these inputs."""
        if len(numbers) != self.inputs:
            raise TypeError(
                f"this expression takes {self.inputs} numbers, not {len(numbers)}: call expression(*expression.at), for example"
            )
        return self.program(*numbers)[0]

    @property
    def __name__(self) -> str:
        return "expression"

    def pruned(self) -> "Expression":
        """The same function without the steps that its result does not depend on."""
        return Expression(self.inputs, self.program.pruned().steps, self.at)

    def __str__(self) -> str:
        inputs = [f"x{i}" for i in range(self.inputs)]
        letters = [chr(ord("a") + i) if i < 26 else f"v{i}" for i in range(len(self.steps))]
        names = letters[:-1]  # the last step is written where it is returned
        function = self.program.source("f", inputs, lambda outputs: outputs[0], names, on_floats=False)
        call = f"f({', '.join(map(repr, self.at))})"
        return "\n".join(filter(None, [imports_source([self.program], on_floats=False), function, call]))

    def __repr__(self) -> str:
        return f"\n{self}\n"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001 - the protocol that Hypothesis prints by
        printer.text(repr(self))
