"""Trees and terms in one go from what they read: the numbers of plain Python."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import exp, sin, sum_, tanh, where
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.trees import add_tree, keep, start_of, tree, with_term
from autograd.compiler.options import Options
from autograd.primitives import add
from tests.compiler.comparison import bits
from tests.compiler.emit.code import planned, ran

LANES = [1, 4]
POINTS = [*itertools.product((0.5, -1.25), (2.0, -0.0), (3.0, -0.75))]

TREES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "one operation": lambda x, y, z: x - y,
    "a tree": lambda x, y, z: (x - y) * (z - x) / (y + 4.0),
    "operands that do not commute": lambda x, y, z: (x - (y - (z - x))) / (x - 2.0),
    "functions": lambda x, y, z: tanh(sin(x) - exp(y)) * z,
    "a choice": lambda x, y, z: where(x > y, x * z, where(y > z, y, z - x)),
    "constants": lambda x, y, z: 2.0 - x * 0.25 - (1.0 - y),
}


@pytest.mark.parametrize("f", TREES.values(), ids=TREES)
@pytest.mark.parametrize("lanes", LANES)
def test_a_tree_from_what_it_reads(f: Callable[[Any, Any, Any], Any], lanes: int) -> None:
    """What lies inside has no place in memory; what it reads comes in the order of use, as often as it is used."""
    plan = planned(lambda xs: f(*xs), 3)
    (root,) = plan.ssa.outputs
    assert plan.trees.roots(by_row=False) == [root]
    assert {*plan.memory.address} == {0, 1, 2, root}

    def write(g: Function) -> None:
        for i in range(0, len(POINTS), lanes):
            values = [
                g.constant(plan.ssa.constants[x]) if x in plan.ssa.constants else g.load(g.offset(f"%x{x}", i))
                for x in plan.trees.reads(root)
            ]
            rest = iter([(value, False) for value in values])
            g.store(tree(g, plan.trees, root, rest), g.offset("%out", i))
            assert next(rest, None) is None

    columns = {f"x{i}": [*column] for i, column in enumerate(zip(*POINTS, strict=True))}
    found = ran(write, columns | {"out": [0.0] * len(POINTS)}, lanes=lanes)["out"]
    assert bits(found) == bits([f(*point) for point in POINTS])


TERMS: dict[str, tuple[Callable[[Any, Any, Any], Any], Callable[[float, float, float], float]]] = {
    "a number": (lambda g, x, y: sin(x) - y, lambda g, x, y: math.sin(x) - y),
    "a product": (lambda g, x, y: x * y, lambda g, x, y: x * y),
    "a product of trees": (lambda g, x, y: (x - y) * (x + g), lambda g, x, y: (x - y) * (x + g)),
    "a guarded product": (lambda g, x, y: where(g > 0.0, x * y, 0.0), lambda g, x, y: x * y if g > 0.0 else -0.0),
    "one guarded otherwise": (lambda g, x, y: where(g > 0.0, 0.0, x * y), lambda g, x, y: -0.0 if g > 0.0 else x * y),
}


@pytest.mark.parametrize(("f", "term"), TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("lanes", LANES)
def test_a_tree_more_in_a_sum_over_rows(f: Any, term: Any, lanes: int) -> None:
    """A product is a term of the sum, behind its guard too, which lets the sum as it was."""
    plan = planned(lambda xs: f(*xs), 3, Options((0, 0, 0), "sum", fast=True))
    (root,) = plan.ssa.outputs

    def write(g: Function) -> None:
        for i in range(0, len(POINTS), lanes):
            reads = iter(
                [
                    (g.constant(plan.ssa.constants[x]) if x in plan.ssa.constants else g.load(g.offset(f"%x{x}", i)), False)
                    for x in plan.trees.reads(root)
                ]
            )
            total = add_tree(g, plan.trees, root, reads, g.load(g.offset("%total", i)))
            g.store((total, False), g.offset("%out", i))

    columns = {f"x{i}": [*column] for i, column in enumerate(zip(*POINTS, strict=True))}
    totals = [10.0 + i for i in range(len(POINTS))]
    found = ran(write, columns | {"total": totals, "out": [0.0] * len(POINTS)}, lanes=lanes)["out"]
    assert bits(found) == bits([total + term(*point) for total, point in zip(totals, POINTS, strict=True)])


SUMS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[float, float, float], float]]] = {
    "numbers": (lambda x, y: x, lambda total, x, y: total + x),
    "products": (lambda x, y: x * y, lambda total, x, y: total + x * y),
    "guarded": (lambda x, y: where(x > 0.0, x * y, -0.0), lambda total, x, y: total + (x * y if x > 0.0 else -0.0)),
    "guarded otherwise": (lambda x, y: where(x > 0.0, -0.0, x * y), lambda total, x, y: total + (-0.0 if x > 0.0 else x * y)),
}


@pytest.mark.parametrize(("term", "wanted"), SUMS.values(), ids=SUMS)
@pytest.mark.parametrize("lanes", LANES)
def test_a_term_more_in_a_sum(term: Any, wanted: Any, lanes: int) -> None:
    """By the values of what the term reads: the guard first, then the factors."""
    plan = planned(lambda xs: sum_([term(x, y) for x, y in zip(xs[:5], xs[5:], strict=True)]), 10)
    (fold,) = plan.trees.folds.values()
    last = fold.terms[-1]
    assert fold.primitive is add
    points = [(x, y) for x, y, _ in POINTS]

    def write(g: Function) -> None:
        for i in range(0, len(points), lanes):
            x, y = (g.load(g.offset(f"%{name}", i)) for name in "xy")
            known = {4: x, 9: y}
            values = [
                (known.get(number) or g.as_number((g.new(f"fcmp ogt {g.kind} {x}, {g.zero}"), True)), False)
                for number in last.reads
            ]
            total = start_of(g, fold, (g.load(g.offset("%total", i)), False))
            g.store((with_term(g, fold, total, last, values), False), g.offset("%out", i))

    memory = {
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "total": [7.0] * len(points),
        "out": [0.0] * len(points),
    }
    assert bits(ran(write, memory, lanes=lanes)["out"]) == bits([wanted(7.0, x, y) for x, y in points])


@pytest.mark.parametrize("lanes", LANES)
def test_a_disjunction(lanes: int) -> None:
    """It starts from a truth value, and is one."""
    plan = planned(lambda xs: where((xs[0] > 0.0) | (xs[1] > 0.0) | (xs[2] > 0.0) | (xs[3] > 0.0) | (xs[4] > 0.0), 1.0, 2.0), 5)
    (fold,) = plan.trees.folds.values()
    assert fold.primitive is not add

    def write(g: Function) -> None:
        for i in range(0, 4, lanes):
            total = start_of(g, fold, (g.load(g.offset("%start", i)), False))
            for name in ("x", "y"):
                total = with_term(g, fold, total, fold.terms[0], [(g.load(g.offset(f"%{name}", i)), False)])
            g.store((total, True), g.offset("%out", i))

    memory = {"start": [0.0, 0.0, 3.0, 0.0], "x": [0.0, -1.0, 0.0, 0.0], "y": [-0.0, 0.0, 0.0, math.nan], "out": [9.0] * 4}
    assert ran(write, memory, lanes=lanes)["out"] == [0.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("lanes", LANES)
def test_kept_or_added(lanes: int) -> None:
    """In its place; or added to what is there."""

    def write(g: Function) -> None:
        for pointer, summed in (("%kept", False), ("%summed", True)):
            keep(g, (g.load("%x"), False), pointer, summed=summed)
        keep(g, (g.as_truth((g.load("%x"), False)), True), "%truth", summed=False)

    memory = {"x": [2.5] * lanes, "kept": [1.0] * lanes, "summed": [1.0] * lanes, "truth": [9.0] * lanes}
    found = ran(write, memory, lanes=lanes)
    assert found == {"x": [2.5] * lanes, "kept": [2.5] * lanes, "summed": [3.5] * lanes, "truth": [1.0] * lanes}
