"""A primitive as JavaScript: its value and its partials, as the compiler lowers them, printed from the same fields.

A page computes with them. Each takes an array of operands; the partials are those of the engine's rule, traced. Arithmetic and
comparisons are IEEE's in both languages, so that they agree to the bit. `Math` has most functions of the C library, to an ulp;
the page's `M` has these, the `pow` of C, which differs at 1 and nan, and `erf` and `erfc`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd.compiler.lower import NotCompilableError, lower
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import Tracer
from autograd.definition import Primitive
from autograd.modes import Mode, in_mode
from autograd.native import CFunction, Comparison, Instruction, Logical, Select
from autograd.program import Place, Program
from autograd.real import is_node

OPERATORS = {"fadd": "+", "fsub": "-", "fmul": "*", "fdiv": "/"}
COMPARISONS = {"olt": "<", "ole": "<=", "oeq": "===", "une": "!=="}
LOGICALS = {"and": "&&", "or": "||", "xor": "!=="}


Text = Callable[[Place], str]


class Code(NamedTuple):
    """Two functions in JavaScript, (x) => value, and (r, x, p) => {...}, which puts the partials into p; these as a program."""

    value: str
    partials: str
    rule: Program


def in_javascript(primitive: Primitive, orders: Sequence[float | None]) -> Code:
    """The functions of a primitive with operands of such `orders`. Raises ValueError for one that no trace tells.

    >>> from autograd import mul
    >>> in_javascript(mul, (None, None))[:2]
    ('(x) => x[0] * x[1]', '(r, x, p) => { p[0] = x[1]; p[1] = x[0]; }')
    """
    count = len(orders)
    names = [f"x[{i}]" for i in range(count)]
    operands = tuple([i if order is None else order for i, order in enumerate(orders)])
    value = _printed(Program(count, ((primitive, operands),), (count,)), names)
    found = partials_of(primitive, orders)
    slopes = _printed(found, ["r", *names])
    assigned = "; ".join(f"p[{i}] = {text}" for i, text in enumerate(slopes.outputs))
    if not value.lines:
        short = f"(x) => {value.outputs[0]}"
    else:
        short = f"(x) => {{ {'; '.join(value.lines)}; return {value.outputs[0]}; }}"
    return Code(short, f"(r, x, p) => {{ {'; '.join([*slopes.lines, assigned])}; }}", found)


def partials_of(primitive: Primitive, orders: Sequence[float | None]) -> Program:
    """The partials as a program of the result and the operands, in the primitives that the rule is written with."""
    tracer = Tracer()
    with in_mode(Mode(tracer=tracer)):
        inputs = [Symbol(f"operand {i}") for i in range(len(orders) + 1)]
        operands = [symbol if order is None else order for symbol, order in zip(inputs[1:], orders, strict=True)]
        try:
            found = primitive.wanted_partials(primitive.rules, inputs[0], operands, wanted=None)
        except Exception as error:
            raise NotCompilableError(f"the partials of {primitive.name!r} do not run on Symbols ({error})") from error
    return tracer.program(inputs, [x if is_node(x) else float(x) for x in found])[0]


class _Printed(NamedTuple):
    lines: list[str]
    outputs: list[str]


def _printed(program: Program, inputs: Sequence[str]) -> _Printed:
    """A program, lowered, as assignments and expressions of its outputs."""
    program = lower(program).program()
    names = list(inputs)
    truths = [False] * len(names)
    uses = [0] * (len(names) + len(program.steps))
    for places in [*[places for _, places in program.steps], program.outputs]:
        for place in places:
            if type(place) is int:
                uses[place] += 1

    writer = _Writer(names, truths)
    lines: list[str] = []
    for primitive, places in program.steps:
        text, is_truth = _applied(primitive, places, writer.number, writer.truth)
        at = len(names)
        if uses[at] > 1 or (uses[at] and len(text) > 40):
            lines.append(f"const v{at} = {text}")
            text = f"v{at}"
        elif at < len(uses) - 1 or program.outputs != (at,):
            text = _held(text)
        names.append(text)
        truths.append(is_truth)
    return _Printed(lines, [writer.number(place) for place in program.outputs])


class _Writer(NamedTuple):
    """What stands for a place: where a number is wanted, and where a truth value is."""

    names: list[str]
    truths: list[bool]

    def number(self, place: Place) -> str:
        if type(place) is not int:
            return _constant(float(place))
        return f"+{_held(self.names[place])}" if self.truths[place] else self.names[place]

    def truth(self, place: Place) -> str:
        if type(place) is int and self.truths[place]:
            return self.names[place]
        return f"{self.number(place)} !== 0"


def _applied(primitive: Primitive, places: Sequence[Place], number: Text, truth: Text) -> tuple[str, bool]:
    """A native primitive at its operands, and whether it gives a truth value."""
    native = primitive.native
    if isinstance(native, Instruction):
        if native.name == "fneg":
            return f"-{_held(number(places[0]))}", False
        left, right = (number(place) for place in places)
        return f"{_held_sign(left)} {OPERATORS[native.name]} {_held_sign(right)}", False
    if isinstance(native, Comparison):
        left, right = (number(place) for place in places)
        return f"{_held_sign(left)} {COMPARISONS[native.condition]} {_held_sign(right)}", True
    if isinstance(native, Logical):
        left, right = (_held(truth(place)) for place in places)
        return f"{left} {LOGICALS[native.name]} {right}", True
    if isinstance(native, Select):
        return f"{_held(truth(places[0]))} ? {number(places[1])} : {number(places[2])}", False
    if isinstance(native, CFunction):
        name = {"fabs": "abs"}.get(native.name, native.name)
        return f"M.{name}({', '.join(number(place) for place in places)})", False
    raise NotCompilableError(f"{primitive.name!r} has no counterpart in JavaScript")


def _held(text: str) -> str:
    """An expression that can stand anywhere: in parentheses unless it is one already."""
    return text if text.isidentifier() or (text.startswith(("x[", "M.", "(")) and _closed(text)) else f"({text})"


def _held_sign(text: str) -> str:
    return f"({text})" if text.startswith(("-", "+")) else text


def _closed(text: str) -> bool:
    """Whether the first bracket of a text closes at its end."""
    depth = 0
    for i, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character in ")]":
            return i == len(text) - 1
    return False


def _constant(x: float) -> str:
    text = repr(x).replace("inf", "Infinity").replace("nan", "NaN")
    return f"({text})" if text.startswith("-") else text


Primitive.in_javascript = in_javascript
