"""Linear equations: elimination with pivoting, and its derivative, which is another solve with the transposed matrix."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from autograd.applied import Rule
from autograd.modes import current_mode
from autograd.primitives import abs as abs_
from autograd.primitives import truediv, where
from autograd.real import is_node, number_of
from autograd.structures import SINGLE, Structure, as_argument, flatten, unflatten


class SolveError(ArithmeticError):
    """Equations have no solution that can be found: a matrix is singular, or iterations do not converge."""


def linear_solve(A: Any, b: Any) -> Any:  # noqa: N803 - as the field writes it
    """The solution x of A x = b, by elimination with partial pivoting; A of shape (n, n), b a vector or a matrix of n rows.

        d x = A^-1 (d b - d A x)

    So a derivative, of any order and in either mode, costs one more solve, never a sweep through the elimination. A and b are
    lists of rows or arrays; x has the structure of b. Eager and compiled code give the same bits.

    Raises ValueError where shapes do not fit, and SolveError for a singular matrix; compiled code gives nan there, or inf.
    NumPy's `numpy.linalg.solve`.

    >>> linear_solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0])
    [0.8, 1.4]
    >>> from autograd import grad
    >>> grad(lambda a: linear_solve([[a, 1.0], [1.0, 3.0]], [3.0, 5.0])[0])(2.0)
    -0.48
    """
    matrix, of_matrix = flatten(A, "linear_solve: A")
    right, of_right = flatten(b, "linear_solve: b")
    n = _rows(of_right)
    if _rows(of_matrix) != n or len(matrix) != n * n:
        raise ValueError(
            f"linear_solve: A must be {n} x {n} for a b of {n} rows, but it is {of_matrix}: give it {n} rows of {n}"
        )
    return unflatten(of_right, solved(matrix, right, n), as_argument)


def solved(matrix: Sequence[Any], right: Sequence[Any], n: int) -> list[Any]:
    """The solution as a flat list, given A row after row and b row after row."""
    if not any(map(is_node, matrix)) and not any(map(is_node, right)):
        return solution_or_nan(matrix, right, n, check=True)
    rule = Solve(n, len(right) // n if n else 0)
    return rule.at([*matrix, *right], rule.evaluate)


def _rows(structure: Structure) -> int:
    if structure in SINGLE:
        raise ValueError("linear_solve: A and b must be lists or arrays, not single numbers: for one equation, b / A")
    size: int = structure.keys[0] if structure.kind == "array" else len(structure.children)
    widths = {child.size for child in structure.children}
    if len(widths) > 1:
        raise ValueError(f"linear_solve: rows differ in length, {sorted(widths)}: give each as many numbers")
    return size


class Solve(Rule):
    """The derivative of a linear solve."""

    name = "linear_solve"
    reads_results = True

    def __init__(self, n: int, columns: int) -> None:
        self.n, self.columns = n, columns
        self.count = n * columns

    def evaluate(self, numbers: Sequence[Any]) -> tuple[list[Any], None]:
        """The solution at A and b."""
        found = numbers if current_mode().tracer is not None else list(map(number_of, numbers))
        return solution_or_nan(found[: self.n**2], found[self.n**2 :], self.n, check=True), None

    def pull(self, inputs: Any, results: Any, cotangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """b' = A^-T x', A' = -b' x^T."""
        n, m = self.n, self.columns
        transposed = [inputs[j * n + i] for i in range(n) for j in range(n)]
        to_b = solved(transposed, cotangents, n)
        to_matrix = [-sum_of([to_b[i * m + c] * results[j * m + c] for c in range(m)]) for i in range(n) for j in range(n)]
        return [*to_matrix, *to_b]

    def push(self, inputs: Any, results: Any, tangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """d x = A^-1 (d b - d A x)."""
        n, m = self.n, self.columns
        right = [
            tangents[n * n + i * m + c] - sum_of([tangents[i * n + j] * results[j * m + c] for j in range(n)])
            for i in range(n)
            for c in range(m)
        ]
        return solved(inputs[: n * n], right, n)


def sum_of(terms: Sequence[Any]) -> Any:
    """The sum from left to right; 0.0 of none."""
    total: Any = terms[0] if terms else 0.0
    for term in terms[1:]:
        total = total + term
    return total


def solution_or_nan(matrix: Sequence[Any], right: Sequence[Any], n: int, *, check: bool = False) -> list[Any]:
    """The solution by elimination on floats or on Symbols, in the same order: so to the same bits. No node of a graph.

    Of a singular matrix nan or inf, or with `check` SolveError.
    """
    m = len(right) // n if n else 0
    rows = [[*matrix[i * n : (i + 1) * n], *right[i * m : (i + 1) * m]] for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):
            _put_larger_first(rows, k, i)
        if check:
            _check_pivot(rows[k][k], k)
        for row in rows[k + 1 :]:
            if type(row[k]) is not float or row[k] != 0.0:
                factor = truediv(row[k], rows[k][k])
                for c in range(k + 1, n + m):
                    row[c] = row[c] - factor * rows[k][c]
    for k in reversed(range(n)):
        row = rows[k]
        for c in range(n, n + m):
            for j in range(k + 1, n):
                row[c] = row[c] - row[j] * rows[j][c]
            row[c] = truediv(row[c], row[k])
    return [x for row in rows for x in row[n:]]


def _put_larger_first(rows: list[list[Any]], k: int, i: int) -> None:
    """Exchange rows k and i if the latter has the larger number in column k."""
    if type(rows[i][k]) is float and rows[i][k] == 0.0:
        return
    larger: Any = abs_(rows[i][k]) > abs_(rows[k][k])
    if type(larger) is bool:
        if larger:
            rows[k], rows[i] = rows[i], rows[k]
        return
    for c in range(k, len(rows[k])):
        x, y = rows[k][c], rows[i][c]
        rows[k][c], rows[i][c] = where(larger, y, x), where(larger, x, y)


def _check_pivot(pivot: Any, k: int) -> None:
    if type(pivot) is float and (pivot == 0.0 or not isfinite(pivot)):
        raise SolveError(
            f"linear_solve: the matrix is singular: after {k} steps of elimination no pivot is left but {pivot}. "
            f"Are two of its rows multiples of each other, or is one of its numbers nan?"
        )
