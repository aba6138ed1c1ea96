"""The structure of a recorded call: which output depends on which input, and which sweeps find all derivatives at least cost.

It is read from the graph alone, not from its numbers: an edge counts unless its primitive states that its partial is 0
everywhere, as that of `floor` is. What a choice left out at this point counts too. So the pattern holds at all points for which
the function records the same graph, and eager and compiled code find the same.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.coloring import Groups, column_colors, star_colors, transposed
from autograd.definition import Primitive
from autograd.extras import needed
from autograd.real import is_node
from autograd.structures import as_array, register_structure

MOST_BITS = 1 << 31  # of all sets of inputs together, beyond which operations are not counted


@dataclass(frozen=True, eq=False)
class Pattern:
    """The places of a matrix that may hold something else than 0: for each row the columns, in ascending order."""

    rows: list[list[int]]
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """That of the matrix."""
        return len(self.rows), self.columns

    def matrix(self, numbers: Any = True) -> Any:  # noqa: FBT002 - what each place holds
        """The SciPy sparse array with these numbers, row by row; or with the same one everywhere."""
        np, csr_array = _scipy()
        register_structure(csr_array, _parts_of_sparse, _sparse_of_parts)
        starts = np.cumsum([0, *map(len, self.rows)])
        columns = np.array([column for row in self.rows for column in row], dtype=np.intp)
        filled = numbers if isinstance(numbers, np.ndarray) else np.full(len(columns), numbers)
        return csr_array((filled, columns, starts), shape=self.shape)


def _scipy() -> tuple[Any, Any]:
    what = "a sparse matrix"
    return needed("numpy", what, "scipy"), needed("scipy.sparse", what, "scipy").csr_array


def _parts_of_sparse(matrix: Any) -> tuple[list[Any], tuple[Any, ...]]:
    """Its numbers, and all else: so functions that `jit` compiles may take and return sparse arrays."""
    places = matrix.indices, matrix.indptr
    return [matrix.data], (matrix.shape, *[(array.dtype.str, array.tobytes()) for array in places])


def _sparse_of_parts(extra: tuple[Any, ...], parts: Sequence[Any]) -> Any:
    np, csr_array = _scipy()
    shape, *places = extra
    columns, starts = [np.frombuffer(bits, dtype) for dtype, bits in places]
    return csr_array((parts[0], columns, starts), shape=shape)


def _edges(node: Any) -> Iterator[tuple[Any, bool]]:
    """The operands on which a node depends, and whether its partial to each is the constant 1."""
    rules = getattr(node.primitive, "rules", None)
    each = None if rules is None else rules.each
    for i, operand in enumerate(node.operands):
        if type(operand) is float:
            continue
        partial = None if each is None else each[i]
        if callable(partial) or partial is None:
            yield operand, False
        elif partial != 0.0:
            yield operand, partial in (1.0, -1.0)


def pattern_of(inputs: Sequence[Any], outputs: Sequence[Any], order: Sequence[Any]) -> Pattern:
    """Which of the inputs each output depends on, by an order of all nodes between them that starts with the inputs."""
    places = {node: i for i, node in enumerate(inputs)}
    inside = set(order)
    rows = []
    for output in outputs:
        found: list[int] = []
        seen = {output}
        stack = [output] if is_node(output) and output in inside else []
        for node in stack:  # which grows meanwhile
            if node in places:
                found.append(places[node])
                continue
            for operand, _ in _edges(node):
                if operand not in seen and operand in inside:
                    seen.add(operand)
                    stack.append(operand)
        rows.append(sorted(found))
    return Pattern(rows, len(inputs))


def sparse_matrix(linear: Any, *, symmetric: bool) -> Any:
    """The Jacobian of a linearization as a SciPy sparse array, by as few sweeps as a greedy colouring finds.

    Columns of one colour are found together by a forward sweep, or rows by a reverse one, whichever takes fewer sweeps.
    """
    assert linear.shape  # noqa: S101 - it has one, or says why not
    pattern = pattern_of(*linear.graph)
    if symmetric:
        pattern = _mirrored(pattern)
        found = _of_star(linear, pattern)
    else:
        forward, colors = _cheaper_colors(pattern)
        seeds = [[1.0 if color == c else None for color in colors] for c in range(max(colors, default=-1) + 1)]
        sweeps = [linear.pushforward(seed) if forward else linear.pullback(seed) for seed in seeds]
        places = [(i, j) for i, row in enumerate(pattern.rows) for j in row]
        found = [sweeps[colors[j]][i] if forward else sweeps[colors[i]][j] for i, j in places]
    return pattern.matrix(as_array(found, (len(found),)))


def _cheaper_colors(pattern: Pattern) -> tuple[bool, list[int]]:
    """Whether to go forward, and the colours of the columns, else of the rows. Entries of one row need as many colours."""
    columns = transposed(pattern.rows, pattern.columns)
    sides: list[tuple[bool, Groups, int]] = [(True, pattern.rows, pattern.columns), (False, columns, len(pattern.rows))]
    sides.sort(key=lambda side: max(map(len, side[1]), default=0))  # a stable sort: forward first if both need as many
    best, colors = sides[0][0], column_colors(*sides[0][1:])
    forward, rows, count = sides[1]
    if max(map(len, rows), default=0) <= max(colors, default=-1):
        others = column_colors(rows, count)
        if max(others, default=-1) < max(colors, default=-1):
            return forward, others
    return best, colors


def _of_star(linear: Any, pattern: Pattern) -> list[Any]:
    """The entries of a symmetric matrix: each is alone of its colour in its row, or else in the row across the diagonal."""
    neighbours = [[j for j in row if j != i] for i, row in enumerate(pattern.rows)]
    colors = star_colors(neighbours)
    sweeps = [linear.pushforward([1.0 if x == c else None for x in colors]) for c in range(max(colors, default=-1) + 1)]
    around = [Counter([colors[j] for j in near]) for near in neighbours]
    return [
        sweeps[colors[j]][i] if i == j or around[i][colors[j]] == 1 else sweeps[colors[i]][j]
        for i, row in enumerate(pattern.rows)
        for j in row
    ]


def _mirrored(pattern: Pattern) -> Pattern:
    """The pattern with all places mirrored in the diagonal, where second derivatives are too."""
    mirrored = transposed(pattern.rows, pattern.columns)
    return Pattern([sorted({*row, *other}) for row, other in zip(pattern.rows, mirrored, strict=True)], pattern.columns)


def forward_is_cheaper(inputs: Sequence[Any], outputs: Sequence[Any], order: Sequence[Any]) -> bool:
    """Whether all derivatives cost fewer operations by forward sweeps, one for each input, than by reverse ones.

    Sweeps visit only nodes that something arrives at, and do not multiply by 1. So an edge costs a forward product for each
    input on which its operand depends, a reverse one for each output that depends on its node. The mode with more sweeps must
    save a quarter of the operations; where counting takes too much memory, or the graph has loops, the number of sweeps alone
    decides.

    Operations are those of the recorded graph, before any are merged: which ones are alike depends on numbers that eager code
    knows and a trace does not, and both must choose the same mode to give the same bits.
    """
    fewer = len(inputs) <= len(outputs)
    known = all(node.primitive is None or isinstance(node.primitive, Primitive) for node in order)  # a loop counts for nobody
    if not known or min(len(inputs), len(outputs)) <= 1 or len(order) * max(len(inputs), len(outputs)) > MOST_BITS:
        return fewer
    starts = {node: 1 << i for i, node in enumerate(inputs)}
    ends: dict[Any, int] = {}
    for i, output in enumerate(outputs):
        if is_node(output):
            ends[output] = ends.get(output, 0) | 1 << i
    edges = [(node, operand, unit) for node in order if node not in starts for operand, unit in _edges(node)]
    forward = _operations(starts, [(operand, node, unit or operand in starts) for node, operand, unit in edges])
    reverse = _operations(ends, [(node, operand, unit or node in ends) for node, operand, unit in reversed(edges)])
    return 4 * forward <= 3 * reverse if not fewer else 3 * forward <= 4 * reverse


def _operations(seeds: dict[Any, int], edges: Sequence[tuple[Any, Any, bool]]) -> int:
    """The products and sums of all sweeps along these edges, in order; each seed has a bit for the sweep that starts there."""
    reached = dict(seeds)
    count = 0
    for origin, target, is_unit in edges:
        arriving = reached.get(origin, 0)
        known = reached.get(target, 0)
        count += (arriving & known).bit_count() + (0 if is_unit else arriving.bit_count())
        reached[target] = known | arriving
    return count
