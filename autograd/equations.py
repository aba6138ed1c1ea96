"""Solutions of equations, differentiated by the implicit function theorem: never through a solver's iterations.

Where g(x, args) = 0 defines x as a function of args,

    (d g / d x) d x = -(d g / d args) d args

which is a linear solve, in either mode, and differentiable again.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd.adjoints import rows_of
from autograd.applied import Arguments, Rule
from autograd.graph import tick
from autograd.linear_algebra import SolveError, solved, sum_of
from autograd.modes import changed_mode, current_mode
from autograd.naming import name_of
from autograd.primitives import identity
from autograd.real import is_array_node, is_node, number_of, shown
from autograd.structures import as_argument, flatten, map_nodes, unflatten
from autograd.value import Value

Function = Callable[..., Any]
Residual = Callable[[Sequence[Any], Sequence[Any]], list[Any]]
"""(numbers of x, numbers of args) -> numbers of g."""


def implicit(optimality: Function) -> Callable[[Function], Function]:
    """A decorator that gives a solver of your own the derivatives of its solution: `solver(x0, *args)` returns x.

    `optimality(x, *args)` is g, with as many numbers as x, and 0 at the solution; it is written with Values' operations. The
    solver is called on plain floats and float arrays, so it may be SciPy's; in `jit` on Symbols, where it must be traceable.
    The solution gets the structure of x0. It has derivatives, of any order and in both modes, to the numbers in args and to
    Values that optimality takes from outside; none to x0. JAXopt's `custom_root`.

    Raises TypeError where optimality does not return as many numbers as x has, and SolveError, when a derivative is taken,
    where d g / d x is singular.

    >>> from autograd import grad
    >>> @implicit(lambda x, a: x * x - a)
    ... def root_of(x0, a):
    ...     return a**0.5
    >>> grad(lambda a: root_of(1.0, a))(4.0)
    0.25
    """
    if not callable(optimality):
        raise TypeError(f"implicit takes the function optimality(x, *args), not {shown(optimality)}: @implicit(g)")

    def decorate(solver: Function) -> Function:
        if not callable(solver):
            raise TypeError(f"implicit(optimality) decorates a solver, a function (x0, *args), not {shown(solver)}")
        who = name_of(solver)

        @functools.wraps(solver)
        def call(x0: Any, *args: Any) -> Any:
            return solution(optimality, lambda x0, args, _: solver(x0, *args), x0, args, who)

        return call

    return decorate


class Flat(NamedTuple):
    """An equation of flat lists of numbers: g(x), at the arguments of a call."""

    residual: Callable[[Sequence[Any]], list[Any]]
    who: str


def solution(g: Function, solve: Callable[[Any, Sequence[Any], Flat], Any], x0: Any, args: tuple[Any, ...], who: str) -> Any:
    """The x that `solve(x0, args, the equation)` finds, as a function of args by g(x, *args) = 0."""
    arguments = Arguments(args, range(len(args)), who)
    tracer = current_mode().tracer
    start = x0 if tracer is not None else plain(x0)
    structure = flatten(start, f"{who}: x0")[1]

    def residual(x: Sequence[Any], at: Sequence[Any]) -> list[Any]:
        flat, of_result = flatten(
            g(unflatten(structure, x, as_argument), *arguments.at(at)), f"{who}: what the function returns"
        )
        if len(flat) != structure.size:
            raise TypeError(
                f"{who}: the function must return as many numbers as x has, {structure.size}, but it returned {of_result}: "
                f"return one equation for each unknown"
            )
        return flat

    def found(at: Sequence[Any]) -> list[Any]:
        x = solve(start, arguments.at(at), Flat(lambda x: residual(x, at), who))
        flat, of_x = flatten(x, f"{who}: the solution")
        if len(flat) != structure.size:
            raise TypeError(f"{who}: the solution must have the structure of x0, {structure}, but it is {of_x}")
        return flat

    solve_here = _in_trace if tracer is not None else _among_values
    return unflatten(structure, solve_here(residual, found, arguments.inputs, structure.size, who), as_argument)


def plain(thing: Any) -> Any:
    """A structure with numbers in the place of Values."""
    return map_nodes(thing, number_of)


def _in_trace(residual: Residual, found: Function, inputs: list[Any], n: int, who: str) -> list[Any]:
    """The solution in a trace: one step, with the equation as a program."""
    tracer: Any = current_mode().tracer
    program, outside = tracer.as_program(lambda numbers: residual(numbers[:n], numbers[n:]), [0.0] * n + inputs)
    every = [*inputs, *outside]
    if not any(map(is_node, every)):
        return list(found(inputs))
    rule = Implicit(who, n, lambda x, at: program(*x, *at), len(every))
    return rule.at(every, lambda numbers: (found(numbers[: len(inputs)]), None))


def _among_values(residual: Residual, found: Function, inputs: list[Any], n: int, who: str) -> list[Any]:
    """The solution among Values; floats where it depends on none."""
    numbers = list(map(number_of, inputs))
    with changed_mode(recording=False):
        x = list(map(number_of, found(numbers)))
    recording, begin = current_mode().recording, tick()
    with changed_mode(recording=True):
        own = [Value(number) for number in x]
        at = [Value(number) if is_node(node) else number for number, node in zip(numbers, inputs, strict=True)]
        results = residual(own, at)
    outside = _outside(results, begin)
    if not any(map(is_node, inputs)) and not outside:
        return x
    if not recording:
        return list(map(Value, x))
    rule = Implicit(who, n, residual, len(inputs))
    return rule.of_values([*inputs, *outside], x, Kept(results, [*own, *at, *outside]))


def _outside(results: Sequence[Any], begin: int) -> list[Any]:
    """The Values made before, nearest to the results, that these depend on."""
    outside, stack = dict[Any, None](), list(filter(is_node, results))
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node.made < begin:
            outside[node] = None
            continue
        more = [x for x in node.operands if type(x) is not float and x not in seen]
        seen.update(more)
        stack += more
    return sorted(outside, key=lambda node: node.made)


class Kept(NamedTuple):
    """The equation recorded at the solution: its results, and the nodes for x, args and Values from outside."""

    results: list[Any]
    inputs: list[Any]


class Implicit(Rule):
    """The implicit function theorem for n unknowns. Inputs: numbers of args, then Values that the equation takes from outside.

    Of these, `given` are passed to `residual`; the others it finds itself.
    """

    reads_results = True

    def __init__(self, name: str, n: int, residual: Residual, given: int) -> None:
        self.name, self.count, self.residual, self.given = name, n, residual, given

    def _rows(self, inputs: Sequence[Any], results: Sequence[Any], kept: Kept | None) -> list[list[Any]]:
        """The derivatives of the equations to x, then to the inputs; None for none."""
        if kept is not None:
            return rows_of(kept.results, kept.inputs, create_graph=False)
        own = [identity(x) if is_node(x) else x for x in [*results, *inputs[: self.given]]]
        found = self.residual(own[: self.count], own[self.count :])
        return rows_of(found, [*own, *inputs[self.given :]], create_graph=True)

    def pull(self, inputs: Any, results: Any, cotangents: Any, kept: Any) -> list[Any]:
        """One solve with the transposed matrix; then the products with d g / d inputs."""
        n, rows = self.count, self._rows(inputs, results, kept)
        matrix = [_number(rows[i][j]) for j in range(n) for i in range(n)]
        adjoint = self._solved(matrix, cotangents, results)
        found: list[Any] = []
        for k in range(n, n + len(inputs)):
            weights = [x for x, row in zip(adjoint, rows, strict=True) if row[k] is not None]
            slopes = [row[k] for row in rows if row[k] is not None]
            found.append(_each(partial(_less, weights), slopes) if slopes else None)
        return found

    def push(self, inputs: Any, results: Any, tangents: Any, kept: Any) -> list[Any]:
        """The products with d g / d inputs; then one solve."""
        n, rows = self.count, self._rows(inputs, results, kept)
        matrix = [_number(x) for row in rows for x in row[:n]]
        terms = [[(x, t) for x, t in zip(row[n:], tangents, strict=True) if x is not None] for row in rows]
        return self._solved(matrix, [-_sum_of_products(pairs) for pairs in terms], results)

    def _solved(self, matrix: list[Any], right: Sequence[Any], results: Sequence[Any]) -> list[Any]:
        try:
            return solved(matrix, right, self.count)
        except SolveError as error:
            at = [x if type(x) is float else x.data for x in results]
            raise SolveError(
                f"{self.name}: the solution {at} has no derivative, because the equations' Jacobian is singular there: is it a "
                f"double root, or are there fewer independent equations than unknowns? ({error})"
            ) from None


def _number(x: Any) -> Any:
    return 0.0 if x is None else x


def _less(weights: Sequence[Any], *slopes: Any) -> Any:
    return -sum_of(list(map(operator.mul, weights, slopes)))


def _each(f: Function, operands: Sequence[Any]) -> Any:
    """f of numbers, or of those in each place of sequences whose length only the run knows."""
    tracer = current_mode().tracer
    return f(*operands) if tracer is None else tracer.elementwise(f, *operands)


def _sum_of_products(pairs: Sequence[tuple[Any, Any]]) -> Any:
    """From left to right, through such sequences too; 0.0 of none."""
    total: Any = None
    for x, t in pairs:
        if is_array_node(x):
            tracer: Any = current_mode().tracer
            total = tracer.added_up(-0.0 if total is None else total, operator.mul, x, t)
        else:
            total = x * t if total is None else total + x * t
    return 0.0 if total is None else total
