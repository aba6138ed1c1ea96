"""Forms: the steps of a program that are no primitives: a loop, whose body is a program, and arrays, by whose elements it goes.

A program holds numbers, arrays and groups: the results of a loop together. To an interpreter an array is a list of numbers, row
after row, and a group is a list of numbers and arrays.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, ClassVar, NamedTuple, Self
from weakref import WeakValueDictionary

from autograd.definition import Primitive
from autograd.modes import current_mode
from autograd.primitives import add
from autograd.program import Program

Apply = Callable[..., Any]


class Form:
    """A step that is no primitive. It has the attributes of one as far as passes ask for them."""

    name: ClassVar[str] = ""
    native: ClassVar[None] = None
    selective: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    arity: ClassVar[None] = None
    conditions: ClassVar[int] = 0
    of_conditions: ClassVar[bool] = False

    def at(self, *operands: Any) -> Any:
        """The result at these operands: of Symbols a step that is recorded, of floats and Values what they are."""
        for x in operands:
            record = getattr(type(x), "_apply_form", None)
            if record is not None:
                return record(self, operands)
        tracer = current_mode().tracer
        return self.run(operands, Primitive.at) if tracer is None else tracer.record_form(self, operands)

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """The result as another reader finds it, by `apply(primitive, *operands)`."""
        raise NotImplementedError

    @property
    def symbol(self) -> str:
        """What pictures show."""
        return self.name


class Same(Form):
    """A form that its fields say all about: one object for these, so that what is the same is found by identity."""

    _made: ClassVar[WeakValueDictionary[tuple[Any, ...], Any]] = WeakValueDictionary()

    def __new__(cls, *fields: Any) -> Self:
        """The one with these fields."""
        return Same._made.setdefault((cls, *fields), object.__new__(cls))  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(vars(self).values())


class Row(NamedTuple):
    """What a turn takes from an array, or gives to one: `width` numbers, or an array of `columns`, if these are not 0.

    An array of which only the run knows how many rows it has, equally many in each turn, has a width of 0.
    """

    width: int
    columns: int = 0

    @property
    def places(self) -> int:
        """How many inputs or outputs of a body it is."""
        return 1 if self.columns else self.width

    @property
    def is_open(self) -> bool:
        """Whether only the run knows how many numbers it has."""
        return bool(self.columns) and not self.width

    @property
    def across(self) -> int:
        """How many columns the array has which turns take it from."""
        return self.width or self.columns


@dataclass(frozen=True)
class Loop(Form):
    """A loop: `body` turn after turn, with what is carried.

    Operands: the number of turns, where `turns` is None and there is no `test`; what is carried; an array for each of `xs`;
    what all turns share. Results: what is carried; with a `test` the number of turns; an array for each of `ys`.

    The body takes the number of the turn, what is carried, the rows of this turn, and what is shared; it gives what is carried
    on, then the rows. A `test` takes the same without rows: the loop goes on as long as it gives a number that is not 0.
    `carry` and `shared` have 0 for a number, else the columns of an array.
    """

    body: Program
    carry: tuple[int, ...]
    xs: tuple[Row, ...]
    ys: tuple[Row, ...]
    shared: tuple[int, ...]
    turns: int | None = None
    reverse: bool = False
    test: Program | None = None
    recompute: bool = False  # its derivatives compute each turn's numbers again, from what was carried into it

    name: ClassVar[str] = "loop"

    def __hash__(self) -> int:
        known: int | None = vars(self).get("_hash")
        if known is None:
            fields = self.body, self.carry, self.xs, self.ys, self.shared, self.turns, self.reverse, self.test
            known = vars(self)["_hash"] = hash(fields)  # once: a body may be long
        return known

    def __getstate__(self) -> dict[str, Any]:
        return {name: x for name, x in vars(self).items() if name != "_hash"}  # which is another one in another process

    @property
    def first_array(self) -> int:
        """Which result the first of the ys is."""
        return len(self.carry) + (self.test is not None)

    @property
    def bodies(self) -> list[Program]:
        """The programs inside: the body, and the test if there is one."""
        return [self.body] if self.test is None else [self.body, self.test]

    def parts(self, operands: Sequence[Any]) -> tuple[Any, list[Any], list[Any], list[Any]]:
        """Operands as the number of turns (None with a test), what is carried, arrays, and what is shared."""
        found, start = [], 0
        count: Any = None if self.test is not None else self.turns
        if count is None and self.test is None:
            count, start = operands[0], 1
        for many in (len(self.carry), len(self.xs), len(self.shared)):
            found.append(list(operands[start : start + many]))
            start += many
        return count, *found

    def run(self, operands: Sequence[Any], apply: Apply) -> list[Any]:
        """See `Form.run`."""
        count, carry, xs, shared = self.parts(operands)
        arrays = [(array, *row) for array, row in zip(xs, self.xs, strict=True)]
        body, test = [None if each is None else _runner(each, apply) for each in (self.body, self.test)]
        return run_loop(body, count, carry, arrays, self.ys, shared, self.reverse, test)  # type: ignore[arg-type]

    def source(self, operands: Sequence[str], names: Sequence[str]) -> str:
        """A call of `run_loop`, with the functions of these names: the body, and the test if there is one."""
        count, carry, xs, shared = self.parts(operands)
        arrays = ", ".join([f"({array}, {row.width}, {row.columns})" for array, row in zip(xs, self.xs, strict=True)])
        rows = ", ".join([f"({row.width}, {row.columns})" for row in self.ys])
        more = f", {self.reverse}" if self.reverse or self.test else ""
        more += f", {names[1]}" if self.test else ""
        listed = [f"[{', '.join(carry)}]", f"[{arrays}]", f"[{rows}]", f"[{', '.join(shared)}]"]
        return f"run_loop({names[0]}, {count}, {', '.join(listed)}{more})"


def _runner(program: Program, apply: Apply) -> Callable[..., Sequence[Any]]:
    """What runs a body: of floats by the primitives' own functions."""
    return program if apply is Primitive.at else lambda *inputs: program.run(inputs, apply)


@dataclass(frozen=True, eq=False)
class Call(Loop):
    """A function called: a loop of one turn, which carries nothing. What calls the same function has the same object.

    Its arrays have one row each; what is shared are numbers.
    """

    name: ClassVar[str] = "call"

    @classmethod
    def of(cls, program: Program, xs: Sequence[Row], ys: Sequence[Row]) -> Self:
        """A call of a program, whose inputs are 0, the numbers of xs, and others."""
        taken = 1 + sum(row.places for row in xs)
        return cls(program, (), tuple(xs), tuple(ys), (0,) * (program.inputs - taken), 1)


def operations_in(program: Program, known: dict[Call, int]) -> int:
    """How many steps are taken, in all calls; of a loop one turn. `known` has those of calls."""
    total = len(program.steps)
    steps: Sequence[tuple[Any, Any]] = program.steps
    for form, _ in steps:
        if isinstance(form, Call):
            if form not in known:
                known[form] = operations_in(form.body, known)
            total += known[form]
    return total


def run_loop(
    body: Callable[..., Sequence[Any]],
    count: Any,
    carry: list[Any],
    xs: Sequence[tuple[Any, int, int]],
    ys: Sequence[tuple[int, int]],
    shared: Sequence[Any],
    reverse: bool = False,  # noqa: FBT001, FBT002 - as `Loop.source` writes it
    test: Callable[..., Sequence[Any]] | None = None,
) -> list[Any]:
    """The results of a loop, whose body and test are functions. See `Loop`."""
    found: list[list[Any]] = [[] for _ in ys]

    turns = range(0 if test is not None else max(0, int(_number(count))))

    def one(i: int) -> None:
        nonlocal carry
        rows: list[Any] = []
        for array, width, columns in xs:
            size = width or len(array) // len(turns)
            row = array[i * size : (i + 1) * size]
            rows += [row] if columns else row
        outputs = iter(body(float(i), *carry, *rows, *shared))
        carry = [next(outputs) for _ in carry]
        for y, (width, columns) in zip(found, ys, strict=True):
            y.append(next(outputs) if columns else [next(outputs) for _ in range(width)])

    if test is not None:
        done = 0
        while _number(test(float(done), *carry, *shared)[0]):
            one(done)
            done += 1
        return [*carry, float(done), *[[x for row in y for x in row] for y in found]]
    for i in reversed(turns) if reverse else turns:
        one(i)
    return [*carry, *[[x for row in (y[::-1] if reverse else y) for x in row] for y in found]]


@dataclass(frozen=True, eq=False)
class RuleCall(Form):
    """A call with a derivative of its own, by `rule` (`autograd.applied`); `primal` gives its results, as a group.

    Operands: the `inputs` of the rule, then what the program takes beside them. `ys` has for each result the columns of an
    array, 0 for a number.
    """

    rule: Any
    primal: Program
    inputs: int
    ys: tuple[int, ...]
    name: ClassVar[str] = "call"

    def at(self, *operands: Any) -> Any:
        """The results at these operands; among Values the call is recorded."""
        symbols = any(hasattr(type(x), "_apply_form") for x in operands)
        if symbols or current_mode().tracer is not None or all(type(x) is float for x in operands):
            return super().at(*operands)
        rest = operands[self.inputs :]
        return self.rule.at(operands[: self.inputs], lambda numbers: (self.primal(*numbers, *rest), None))

    def run(self, operands: Sequence[Any], apply: Apply) -> list[Any]:
        """See `Form.run`."""
        return self.primal.run(operands, apply)


def _number(x: Any) -> float:
    return float(x if type(x) in (float, int) else x.data)


@dataclass(frozen=True, eq=False)
class Result(Same):
    """One of a group."""

    place: int
    name: ClassVar[str] = "result"

    def source(self, operands: Sequence[str]) -> str:
        """The step as Python."""
        return f"{operands[0]}[{self.place}]"

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Form.run`."""
        return operands[0][self.place]


@dataclass(frozen=True, eq=False)
class Pack(Same):
    """An array of numbers."""

    width: int
    name: ClassVar[str] = "pack"

    def source(self, operands: Sequence[str]) -> str:
        """The step as Python."""
        return f"[{', '.join(operands)}]"

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Form.run`."""
        return list(operands)


@dataclass(frozen=True, eq=False)
class Load(Same):
    """A number in an array: of row `index`, in the column; nan beyond the ends. Operands: the array, the index."""

    width: int
    column: int
    name: ClassVar[str] = "load"

    def source(self, operands: Sequence[str]) -> str:
        """The step as Python."""
        return f"load({', '.join(operands)}, {self.width}, {self.column})"

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Form.run`."""
        array, index = operands
        return load(array, index, self.width, self.column)


def load(array: Sequence[Any], index: Any, width: int, column: int) -> Any:
    """A number in an array. See `Load`."""
    i = _number(index)
    return array[int(i) * width + column] if 0 <= i < len(array) // width else nan


@dataclass(frozen=True, eq=False)
class AddAt(Same):
    """The array with a number added to that one; unchanged beyond the ends. Operands: the array, the index, the number."""

    width: int
    column: int
    name: ClassVar[str] = "add_at"

    def source(self, operands: Sequence[str]) -> str:
        """The step as Python."""
        return f"add_at({', '.join(operands)}, {self.width}, {self.column})"

    def run(self, operands: Sequence[Any], apply: Apply) -> Any:
        """See `Form.run`."""
        array, index, number = operands
        return add_at(array, index, number, self.width, self.column, lambda x, y: apply(add, x, y))


def add_at(array: Any, index: Any, number: Any, width: int, column: int, plus: Callable[[Any, Any], Any] = operator.add) -> Any:
    """The array with a number added. See `AddAt`."""
    i = _number(index)
    if not 0 <= i < len(array) // width:
        return array
    changed = list(array)
    place = int(i) * width + column
    changed[place] = plus(changed[place], number)
    return changed


@dataclass(frozen=True, eq=False)
class Fill(Same):
    """An array of one number throughout. Operands: how many rows, the number."""

    width: int
    name: ClassVar[str] = "fill"

    def source(self, operands: Sequence[str]) -> str:
        """The step as Python."""
        return f"[{operands[1]}] * int({operands[0]} * {self.width})"

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Form.run`."""
        return [operands[1]] * (int(_number(operands[0])) * self.width)


@dataclass(frozen=True, eq=False)
class Transpose(Same):
    """The array with its columns as rows. It has `columns` columns, and `width` rows, as many as the result has columns."""

    columns: int
    width: int
    name: ClassVar[str] = "transpose"

    def source(self, operands: Sequence[str]) -> str:
        """The step as Python."""
        return f"[x for i in range({self.columns}) for x in {operands[0]}[i::{self.columns}]]"

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Form.run`."""
        return [x for i in range(self.columns) for x in operands[0][i :: self.columns]]


@dataclass(frozen=True, eq=False)
class Length(Same):
    """How many rows an array has."""

    width: int
    name: ClassVar[str] = "length"

    def source(self, operands: Sequence[str]) -> str:
        """The step as Python."""
        return f"len({operands[0]}) / {self.width}"

    def run(self, operands: Sequence[Any], _: Apply) -> Any:
        """See `Form.run`."""
        return float(len(operands[0]) // self.width)
