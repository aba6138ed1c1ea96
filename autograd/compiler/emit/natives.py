"""What a primitive becomes, an instruction, a comparison, a choice or a call of the C library; and trees and terms of them."""

from collections.abc import Iterator, Sequence

from autograd.compiler.emit.function import Function, Known
from autograd.compiler.run.machine import c_symbol, vector_symbol
from autograd.compiler.schedule.folds import Fold, Term, Trees
from autograd.definition import Primitive
from autograd.native import CFunction, Comparison, Instruction, Logical, Select
from autograd.primitives import add


def apply(f: Function, primitive: Primitive, operands: Sequence[Known]) -> Known:
    """A native primitive at these operands."""
    native = primitive.native
    if isinstance(native, Comparison):
        x, y = map(f.as_number, operands)
        return f.new(f"{native} {f.kind} {x}, {y}"), True
    if isinstance(native, Logical):
        x, y = map(f.as_truth, operands)
        return f.new(f"{native} {f.truth} {x}, {y}"), True
    if isinstance(native, Select):
        return _choice(f, *operands)
    numbers = list(map(f.as_number, operands))
    if isinstance(native, Instruction):
        flags = " contract" if f.module.fast and native.contracts else ""
        return f.new(f"{native}{flags} {f.kind} {', '.join(numbers)}"), False
    assert native is not None  # noqa: S101 - lowering leaves native primitives only
    if native.mask is not None and f.lanes == 1:  # compiles in two thirds of the time where LLVM does not optimise
        bits = f.new(f"and i64 {f.new(f'bitcast double {numbers[0]} to i64')}, {native.mask}")
        return f.new(f"bitcast i64 {bits} to double"), False
    return _called(f, native, numbers), False


def _choice(f: Function, condition: Known, *choices: Known) -> Known:
    """A choice between numbers, or between truth values where one of those is involved and the others can be read as such."""
    by = f.as_truth(condition)
    truths = [x if truth else f.fixed_truths.get(x) for x, truth in choices]
    if None not in truths and any(truth or condition[1] for _, truth in choices):
        return f.new(f"select {f.truth} {by}, {f.truth} {truths[0]}, {f.truth} {truths[1]}"), True
    x, y = map(f.as_number, choices)
    return f.new(f"select {f.truth} {by}, {f.kind} {x}, {f.kind} {y}"), False


def add_term(
    f: Function, total: str, xs: Sequence[Known], guard: Known | None = None, *, negated: bool = False, nothing: float = -0.0
) -> str:
    """A sum with one `folds.Term` more: a number or a product of two, where the guard lets it through, elsewhere `nothing`.

    Where it makes no difference, 0.0 is the quicker `nothing`: processors multiply under a mask and clear the rest.
    """
    if len(xs) == 1:
        return f.new(f"fadd {f.kind} {total}, {f.as_number(xs[0])}")
    x, y = map(f.as_number, xs)
    there = None if guard is None else f.as_truth(guard)
    if f.module.fast:  # rounded once
        found = f.new(f"call {f.kind} {_intrinsic(f, 'fma', 3)}({f.kind} {x}, {f.kind} {y}, {f.kind} {total})")
    else:
        found = f.new(f"fmul {f.kind} {x}, {y}")
    if there is not None:
        choices = [f"{f.kind} {found}", f"{f.kind} {total if f.module.fast else f.constant(nothing)}"]
        found = f.new(f"select {f.truth} {there}, {', '.join(choices[:: -1 if negated else 1])}")
    return found if f.module.fast else f.new(f"fadd {f.kind} {total}, {found}")


def keep(f: Function, value: Known, pointer: str, *, summed: bool) -> None:
    """Put a number where the pointer points, or add it to the one there."""
    if summed:
        value = add_term(f, f.load(pointer), [value]), False
    f.store(value, pointer)


def tree(f: Function, trees: Trees, root: int, reads: Iterator[Known]) -> Known:
    """A number and those inside of it, from what it reads in the order of use."""
    operands = [tree(f, trees, i, reads) if i in trees.inside else next(reads) for i in trees.ssa.operands[root]]
    primitive = trees.ssa.primitives[root]
    assert primitive is not None  # noqa: S101 - the root of a tree is computed
    return apply(f, primitive, operands)


def add_tree(f: Function, trees: Trees, root: int, reads: Iterator[Known], total: str) -> str:
    """A sum over rows with a tree's number more."""

    def value(i: int) -> Known:
        return tree(f, trees, i, reads) if i in trees.inside or i == root else next(reads)

    term = trees.term(root)
    guard = None if term.guard is None else value(term.guard)
    if term.negated:
        next(reads)  # the 0 that is chosen in its place
    return add_term(f, total, [value(i) for i in term.factors], guard, negated=term.negated)


def start_of(f: Function, fold: Fold, value: Known) -> str:
    """What a sum starts from: a number, or a truth value for a sum of those."""
    return f.as_number(value) if fold.primitive is add else f.as_truth(value)


def with_term(f: Function, fold: Fold, total: str, term: Term, values: Sequence[Known]) -> str:
    """A sum with one term more, by the values of what that reads."""
    if fold.primitive is not add:
        return apply(f, fold.primitive, [(total, True), values[0]])[0]
    guard = None if term.guard is None else values[0]
    return add_term(f, total, values[-len(term.factors) :], guard, negated=term.negated)


def _intrinsic(f: Function, name: str, arity: int) -> str:
    name = f"@llvm.{name}.{'f64' if f.lanes == 1 else f'v{f.lanes}f64'}"
    f.module.declare(f"declare {f.kind} {name}({', '.join([f.kind] * arity)})")
    return name


def _called(f: Function, native: CFunction, operands: Sequence[str]) -> str:
    """A function of the C library, of vectors where there is one; in fast mode, that of the C library itself."""
    host, lanes, arity = f.module.host, f.lanes, len(operands)
    wide = min(lanes, host.lanes)
    given = ", ".join([f"{f.kind} {x}" for x in operands])
    if native.intrinsic:
        return f.new(f"call {f.kind} {_intrinsic(f, native.name, arity)}({given})")
    symbol = vector_symbol(native.name, arity, wide) if f.module.fast and lanes > 1 else None
    if symbol is None and native.name in host.elementary and lanes > 1:
        symbol = f"e.{native.name}.{wide}"
    if symbol is not None:
        piece = f"<{wide} x double>"
        found = []
        for first in range(0, lanes, wide):
            chosen = range(first, first + wide)
            parts = [x if lanes == wide else f.shuffled(x, "poison", chosen) for x in operands]
            found.append(f.new(f"call {piece} @{symbol}({', '.join([f'{piece} {x}' for x in parts])})"))
        return f.joined(found, wide)
    pointer = f"@{c_symbol(native.name)}"
    if lanes == 1:
        return f.new(f"call double {pointer}({given})")
    return f.new(f"call {f.kind} {_lane_by_lane(f, arity)}(ptr {pointer}, {given})")


def _lane_by_lane(f: Function, arity: int) -> str:
    """A function that calls its first argument, a function of numbers, for each lane of its other ones."""
    name, kind = f"@each{f.lanes}.{arity}", f.kind
    operands = [f"%x{i}" for i in range(arity)]
    each = Function(f.module, f.lanes)
    total = "poison"
    for lane in range(f.lanes):
        numbers = [each.lane(x, lane) for x in operands]
        found = each.new(f"call double %f({', '.join([f'double {x}' for x in numbers])})")
        total = each.inserted(total, found, lane)
    head = f"internal {kind} {name}({', '.join(['ptr %f', *[f'{kind} {x}' for x in operands]])})"
    f.module.define_once(name, head, each.lines, f"{kind} {total}")
    return name
