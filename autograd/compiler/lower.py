"""Primitives made of native ones, for those that are neither an instruction nor a function of the C library.

A primitive's `evaluate` is Python on floats. Run on Symbols, with the module `math` and the primitives in its namespace
recording, it tells its formula. Where it branches, it runs once for each way, and `where` chooses.
"""

import math
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

from autograd.compiler.narrow import Narrowed, inlined, narrowed
from autograd.compiler.simplify import SSA, needed_in
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import Tracer
from autograd.definition import Primitive
from autograd.modes import Mode, current_mode, in_mode
from autograd.native import CFunction
from autograd.primitives import where
from autograd.program import Program
from autograd.real import is_node
from autograd.table import TABLE, is_built_in

MOST_WAYS = 64  # through the branches of one function


class NotCompilableError(ValueError):
    """A primitive cannot become machine code: no trace tells its `evaluate`, or the C library lacks its `native`."""


def lower(program: Program) -> SSA:
    """A program by native primitives alone, simplified. Raises NotCompilableError where one has no formula."""
    return _lowered(program, {}, {})


def _lowered(program: Program, loops: Narrowed, formulas: dict[Any, tuple[Program, bytearray]]) -> SSA:
    ssa = SSA(program.inputs)
    known: dict[Any, int] = {}

    def lowered(ssa: SSA, primitive: Primitive, operands: tuple[int, ...]) -> int:
        """The index of what a primitive's formula gives, in primitives that may need formulas themselves."""
        key = primitive, operands
        if key not in known:
            found = ssa.simpler(*key)
            found = ssa.at_constants(*key) if found is None else found
            known[key] = by_formula(ssa, *key) if found is None else found
        return known[key]

    def by_formula(ssa: SSA, primitive: Primitive, operands: tuple[int, ...]) -> int:
        fixed = tuple([ssa.constants.get(operand) for operand in operands])
        key = (primitive, tuple([x if x is None else x.hex() for x in fixed]))
        if key not in formulas:
            found = _formula(primitive, fixed)
            formulas[key] = found, needed_in(found)
        free = [operand for operand, x in zip(operands, fixed, strict=True) if x is None]
        formula, needed = formulas[key]
        (result,) = ssa.replay(formula, free, needed)
        return result

    ssa.bodies = lambda body: _lowered(body, loops, formulas).program()
    ssa.lowered = lowered
    ssa.outputs = ssa.replay(narrowed(inlined(program), loops), range(program.inputs))
    return ssa.pruned()


def _formula(primitive: Primitive, fixed: tuple[float | None, ...]) -> Program:
    """What a primitive evaluates to, as a program of those of its operands that are not `fixed`."""
    function = primitive.formula
    tracer = Tracer()
    with in_mode(Mode(tracer=tracer)):
        inputs = [Symbol(f"operand {i}") for i, x in enumerate(fixed) if x is None]
    free = iter(inputs)
    operands = [next(free) if x is None else x for x in fixed]
    failed = f"primitive {primitive.name!r} cannot be compiled to machine code: its evaluate"
    try:
        on_symbols = _traced(function, {}) if isinstance(function, FunctionType) else _recording(function)
        with in_mode(Mode(tracer=tracer)):
            result = on_symbols(*operands)
    except Exception as error:
        raise NotCompilableError(
            f"{failed} does not run on Symbols ({error}). Use functions of math and comparisons in it, "
            f'or backend="python", which calls it'
        ) from error
    if tracer.refused:
        raise NotCompilableError(f"{failed} asks for a number, and goes on where that is refused")
    if type(result) in (int, bool):
        result = float(result)
    if type(result) is not float and not isinstance(result, Symbol):
        raise NotCompilableError(f"{failed} gave {result!r}")
    return tracer.program(inputs, [result])[0]


def recording(function: FunctionType) -> Callable[..., Any]:
    """A function that is written for floats as one that takes Symbols too: `math` records, and each way through it is taken.

    It may return numbers in tuples, lists and dicts. TypeError for a function that does what no trace sees.
    """
    return _traced(function, {})


def _recording(function: Any) -> Any:
    """A built-in function of `math` as the primitive that is the same function of the C library; anything else unchanged."""
    name = getattr(function, "__name__", "")
    is_of_math = isinstance(function, BuiltinFunctionType) and getattr(math, name, None) is function
    if not is_of_math or name not in _C_FUNCTIONS:
        return function
    primitive = _C_FUNCTIONS[name]

    def recorded(*xs: Any) -> Any:
        if not any(map(is_node, xs)):
            return function(*xs)
        if primitive.piecewise_constant:
            raise TypeError(f"math.{name} gives an int, which has no -0.0; autograd.{primitive.name} gives a float")
        return primitive.at(*xs)

    return recorded


_C_FUNCTIONS = {known.native.name: known for known in TABLE.values() if isinstance(known.native, CFunction)}
_MATH = SimpleNamespace(**{name: _recording(function) for name, function in vars(math).items()})


def _traced(function: FunctionType, known: dict[int, dict[str, Any]]) -> Callable[..., Any]:
    """A function with its module's namespace replaced by one that records, and run for every way through its branches."""
    code, module = function.__code__, function.__globals__
    moved = FunctionType(code, _namespace(module, known), function.__name__, function.__defaults__, function.__closure__)
    if not is_built_in(module):  # the table's own functions give IEEE's result where floats raise
        foreign = [name for name in code.co_names if _is_foreign(module.get(name))]
        for what, there in (
            ("catches exceptions", code.co_exceptiontable),
            ("rounds by the built-in, to an int or to decimal digits", "round" in code.co_names and "round" not in module),
            ("asks for types", {"isinstance", "type"} & {*code.co_names}),
            ("sums by the built-in", "sum" in code.co_names and "sum" not in module and sum([1e16, 1.0, -1e16]) != 0.0),
            (f"calls {', '.join(foreign)}", foreign),
        ):
            if there:
                raise TypeError(f"{function.__name__} {what}, which no trace sees")

    def call(*operands: Any, **named: Any) -> Any:
        on_symbols = any(map(is_node, (*operands, *named.values())))
        return _every_way(moved, operands, named) if on_symbols else moved(*operands, **named)

    return call


def _is_foreign(thing: Any) -> bool:
    """Whether it is a module or function of another library, which takes no Symbols, or whose last bits may differ."""
    module = isinstance(thing, ModuleType) and thing is not math and thing.__name__.partition(".")[0] != "autograd"
    return module or type(thing).__name__ == "ufunc"


def _namespace(module: dict[str, Any], known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The names of a module, with `math` and its functions recording, and the module's own functions traced likewise."""
    if id(module) in known:
        return known[id(module)]
    names = known[id(module)] = {}
    for name, thing in module.items():
        if isinstance(thing, ModuleType) and thing is math:
            names[name] = _MATH
        elif isinstance(thing, FunctionType) and thing.__globals__ is module:
            names[name] = lambda *xs, _f=thing, **named: _traced(_f, known)(*xs, **named)  # when called, for most are not
        else:
            names[name] = _recording(thing)
    return names


class _Ways(Tracer):
    """One way through a function's branches: the decisions to take, then always yes; and the conditions it `met`."""

    def __init__(self, decisions: list[bool]) -> None:
        super().__init__()
        outer: Any = current_mode().tracer or self
        self.owner, self.tape = outer.owner, outer.tape
        self.decisions = decisions
        self.met: list[Any] = []

    def decide(self, condition: Any) -> bool:
        """Which way to go."""
        self.met.append(condition)
        taken = len(self.met)
        if taken > MOST_WAYS:
            raise RecursionError(f"more than {MOST_WAYS} branches one after another")
        return self.decisions[taken - 1] if taken <= len(self.decisions) else True


def _chosen(condition: Any, one: Any, other: Any) -> Any:
    """Of two results the one that the condition says, number by number."""
    if one is other:
        return one
    if type(one) is type(other) and isinstance(one, tuple | list | dict) and len(one) == len(other):
        if isinstance(one, dict):
            return {key: _chosen(condition, one[key], other[key]) for key in one}
        parts = [_chosen(condition, *pair) for pair in zip(one, other, strict=True)]
        return type(one)._make(parts) if hasattr(one, "_make") else type(one)(parts)
    return where(condition, one, other)


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
            result = _chosen(ways.met[i], result, explore([*decisions, *[True] * (i - len(decisions)), False]))
        return result

    return explore([])
