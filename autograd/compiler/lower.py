"""Rows made of native rows: what a compiler prints where a row is neither an instruction nor a function of the C library.

A row's `evaluate` is Python on floats. Run on Symbols, with the module `math` and the rows in its namespace recording, it tells
its formula; where it branches, it is run for either way, and `where` chooses. So a row's value is stated once.
"""

import math
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

from autograd.compiler.simplify import SSA
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import Tracer, flat
from autograd.definition import CFunction, Primitive
from autograd.modes import Mode, in_mode
from autograd.primitives import where
from autograd.program import Program
from autograd.real import is_node
from autograd.table import TABLE

MOST_WAYS = 64  # through the branches of one function


class NotCompilableError(ValueError):
    """A row whose `evaluate` cannot be told from a trace, such as one that calls another library."""


def lower(ssa: SSA) -> SSA:
    """The same numbers by native rows alone. Raises NotCompilableError, naming the row, where one has no formula to trace."""
    known: dict[Any, Program] = {}
    lowered = SSA(ssa.inputs)
    moved = list(range(ssa.inputs))
    for i in range(ssa.inputs, len(ssa.rows)):
        row = ssa.rows[i]
        if row is None:
            moved.append(lowered.constant(ssa.constants[i]))
            continue
        operands = [moved[operand] for operand in ssa.operands[i]]
        if row.native is not None:
            moved.append(lowered.apply(row, operands))
            continue
        fixed = tuple([lowered.constants.get(operand) for operand in operands])
        key = (row, tuple([x if x is None else x.hex() for x in fixed]))
        formula = known.get(key)
        if formula is None:
            formula = known[key] = _formula(row, fixed)
        free = [operand for operand, x in zip(operands, fixed, strict=True) if x is None]
        moved += lowered.replay(formula, free)
    lowered.outputs = [moved[output] for output in ssa.outputs]
    return lowered.pruned()


def _formula(row: Primitive, fixed: tuple[float | None, ...]) -> Program:
    """What a row evaluates to as a program of its operands, those that are constants left out."""
    function = row.formula
    inputs = [Symbol(f"operand {i}") for i, x in enumerate(fixed) if x is None]
    free = iter(inputs)
    operands = [next(free) if x is None else x for x in fixed]
    tracer = Tracer()
    try:
        on_symbols = _traced(function, {}) if isinstance(function, FunctionType) else _recording(function)
        with in_mode(Mode(tracer=tracer)):
            result = on_symbols(*operands)
    except Exception as error:
        raise NotCompilableError(
            f"primitive {row.name!r} cannot be compiled to machine code: its evaluate does not run on Symbols ({error}). "
            f'Use functions of math and comparisons in it, or backend="python", which calls it'
        ) from error
    if tracer.refused:
        raise NotCompilableError(
            f"primitive {row.name!r} cannot be compiled to machine code: its evaluate asks for a number, and goes on "
            f"where that is refused"
        )
    if type(result) in (int, bool):
        result = float(result)
    if type(result) is not float and not isinstance(result, Symbol):
        raise NotCompilableError(f"primitive {row.name!r} cannot be compiled to machine code: its evaluate gave {result!r}")
    return flat(inputs, [result])


def _recording(function: Any) -> Any:
    """A built-in function of `math` as the row that is the same function of the C library; anything else as it is."""
    name = getattr(function, "__name__", "")
    row = (
        _C_FUNCTIONS.get(name) if isinstance(function, BuiltinFunctionType) and getattr(math, name, None) is function else None
    )
    return function if row is None else lambda *xs: row.at(*xs) if any(map(is_node, xs)) else function(*xs)


_C_FUNCTIONS = {row.native.name: row for row in TABLE.values() if isinstance(row.native, CFunction)}
_MATH = SimpleNamespace(**{name: _recording(function) for name, function in vars(math).items()})


def _traced(function: FunctionType, known: dict[int, dict[str, Any]]) -> Callable[..., Any]:
    """A function with its module's namespace replaced by one that records, and run for every way through its branches."""
    code, module = function.__code__, function.__globals__
    moved = FunctionType(code, _namespace(module, known), function.__name__, function.__defaults__, function.__closure__)
    if module is not where.formula.__globals__:  # the table's own functions do as IEEE's where floats raise
        foreign = [name for name in code.co_names if _is_foreign(module.get(name))]
        for what, there in (
            ("catches exceptions", code.co_exceptiontable),
            ("asks for types", {"isinstance", "type"} & {*code.co_names}),
            ("sums by the built-in", "sum" in code.co_names and "sum" not in module and sum([1e16, 1.0, -1e16]) != 0.0),
            (f"calls {', '.join(foreign)}", foreign),
        ):
            if there:
                raise TypeError(f"{function.__name__} {what}, of which a trace knows nothing")

    def call(*operands: Any, **named: Any) -> Any:
        return (
            _every_way(moved, operands, named) if any(map(is_node, (*operands, *named.values()))) else moved(*operands, **named)
        )

    return call


def _is_foreign(thing: Any) -> bool:
    """Whether it is a module or function of another library, which has its own idea of the last bit."""
    return (isinstance(thing, ModuleType) and thing is not math) or type(thing).__name__ == "ufunc"


def _namespace(module: dict[str, Any], known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The names of a module, with `math` and its functions recording, and the module's own functions traced likewise."""
    if id(module) in known:
        return known[id(module)]
    names: dict[str, Any] = {}
    known[id(module)] = names
    for name, thing in module.items():
        if isinstance(thing, ModuleType) and thing is math:
            names[name] = _MATH
        elif isinstance(thing, FunctionType) and thing.__globals__ is module:
            names[name] = _late(thing, known)
        else:
            names[name] = _recording(thing)
    return names


def _late(function: FunctionType, known: dict[int, dict[str, Any]]) -> Callable[..., Any]:
    """A function that is traced when it is called: most of a module's are not."""

    def call(*operands: Any, **named: Any) -> Any:
        return _traced(function, known)(*operands, **named)

    return call


class _Ways(Tracer):
    """One way through a function's branches: the decisions to take, then always yes; and the conditions that came up."""

    def __init__(self, decisions: list[bool]) -> None:
        super().__init__()
        self.decisions = decisions
        self.met: list[Any] = []

    @property
    def decide(self) -> Callable[[Any], bool]:
        """Which way to go."""
        return self._next

    def _next(self, condition: Any) -> bool:
        self.met.append(condition)
        taken = len(self.met)
        if taken > MOST_WAYS:
            raise RecursionError(f"more than {MOST_WAYS} branches one after another")
        return self.decisions[taken - 1] if taken <= len(self.decisions) else True


def _every_way(function: Callable[..., Any], operands: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function's result on Symbols, chosen by `where` from those of all the ways through its branches."""
    runs = 0

    def explore(decisions: list[bool]) -> Any:
        nonlocal runs
        runs += 1
        if runs > MOST_WAYS:
            raise RecursionError(f"more than {MOST_WAYS} ways through its branches")
        ways = _Ways(decisions)
        with in_mode(Mode(tracer=ways)):
            result = function(*operands, **named)
        if ways.refused:
            raise TypeError("it asks an operand for its number, and catches that this is refused")
        for i in range(len(ways.met) - 1, len(decisions) - 1, -1):
            result = where(ways.met[i], result, explore([*decisions, *[True] * (i - len(decisions)), False]))
        return result

    return explore([])
