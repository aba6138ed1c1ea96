"""Rows in blocks: their bounds, and sums of Values, machine code and plain Python in the same order."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, jit, sin
from autograd.compiler.blocks import BLOCK, MOST, block_length, blocks_of, in_blocks
from tests.compiler.comparison import bits

COUNTS = [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 3]


@given(st.integers(1, 10**7), st.integers(1, 5000))
def test_bounds(count: int, block: int) -> None:
    """Blocks follow one another, all as long but the last, at least `block` rows and at most 64 of them."""
    found = blocks_of(count, block)
    assert [first for first, _ in found] == [0, *[last for _, last in found[:-1]]]
    assert found[-1][1] == count
    assert len(found) <= MOST
    length = block_length(count, block)
    assert length % block == 0
    assert {last - first for first, last in found[:-1]} <= {length}
    assert 0 < found[-1][1] - found[-1][0] <= length
    assert length == block or len(found) > MOST // 2  # no longer than they must be


def test_no_rows() -> None:
    """No blocks, and the sum of nothing."""
    assert blocks_of(0) == []
    assert in_blocks(sum, []) == 0


@given(st.integers(0, 40), st.integers(1, 9))
def test_a_sum(count: int, block: int) -> None:
    """Each block's terms, and then the blocks' sums."""
    found = in_blocks(lambda terms: f"({'+'.join(terms)})", [*map(str, range(count))], block)
    wanted = ["({})".format("+".join(map(str, range(*bounds)))) for bounds in blocks_of(count, block)]
    assert found == (f"({'+'.join(wanted)})" if count > block else "".join(wanted) or "()")


def in_this_order(terms: list[float]) -> float:
    """The sum over rows of these terms, in blocks, by a loop."""
    total = 0.0
    for start in range(0, len(terms), BLOCK):
        of_block = 0.0
        for term in terms[start : start + BLOCK]:
            of_block += term
        total += of_block
    return total


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_everyone_sums_in_blocks(count: int, reduce: str) -> None:
    """Machine code, Python code, and Values row by row."""
    np = pytest.importorskip("numpy", reason="needs the jit extra")
    rng = random.Random(count)
    terms = [rng.choice([1e16, -1e16, 1.0, 0.1, rng.gauss(0.0, 1.0)]) for _ in range(count)]
    wanted = in_this_order(terms) / (count if reduce == "mean" else 1.0)

    def f(x: Any, y: Any) -> Any:
        return x * y

    for backend in ("llvm", "python"):
        compiled = jit(f, in_axes=(0, None), reduce=reduce, backend=backend)
        assert bits(compiled(np.array(terms), 1.0)) == bits(wanted)
        y = Value(1.0)
        result = compiled(np.array(terms), y)
        result.backward()
        assert bits([result.data, y.grad]) == bits([wanted, wanted])
    assert bits(compiled(np.array([Value(x) for x in terms]), 1.0)) == bits(wanted)


def test_higher_derivatives_are_summed_in_blocks() -> None:
    """Of a node of a compiled sum, by its program's own operations too."""
    np = pytest.importorskip("numpy", reason="needs the jit extra")
    xs = np.random.default_rng(1).normal(size=BLOCK + 7)
    y = Value(0.5)
    node = jit(lambda x, y: sin(x * y), in_axes=(0, None), reduce="sum")(xs, y)
    apart = node.primitive.apart([y])
    assert bits(apart) == bits(node)
    apart.backward()
    found, y.grad = y.grad, 0.0
    node.backward()
    assert y.grad == pytest.approx(found, rel=1e-12)
