"""What a long turn carries on is put where the next turn reads it, unless something there is still to be read."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from autograd import jit, maximum, scan, sin, sum_, value_and_grad, vmap
from autograd.compiler.emit.arrays import LINE, Room
from autograd.compiler.emit.places import carried_places
from autograd.compiler.simplify import SSA
from autograd.forms import Pack
from tests.compiler.comparison import bits
from tests.compiler.emit.test_turns import text_of

WIDTH = 311  # a long turn, with some left of every vector


def turned(step: Callable[[Any, Any], Any], lists: int = 1, *, reverse: bool = False) -> Callable[..., Any]:
    """The step turn after turn: the last of what it carries, and all rows."""

    def f(xs: Any, zs: Any) -> Any:
        carry = [*[[x * (k + 1.0) for x in xs] for k in range(lists)]]
        last, rows = scan(step, carry, zs, reverse=reverse)
        return [x for one in last for x in one], [list(row) for row in rows]

    return f


def in_place(carry: Any, z: Any) -> Any:
    """Each from itself: a loop may write where it reads."""
    (xs,) = carry
    return [vmap(lambda x: sin(x) * z)(xs)], [xs[0], xs[-1]]


def from_the_next(carry: Any, z: Any) -> Any:
    """Each from itself and the next one, as a tree goes back."""
    (xs,) = carry
    return [[*vmap(lambda x, y: x * z + sin(y))(xs[:-1], xs[1:]), xs[-1]]], [xs[1]]


def from_the_one_before(carry: Any, z: Any) -> Any:
    """Each from itself and the one before, which must not be overwritten by then."""
    (xs,) = carry
    return [[xs[0], *vmap(lambda x, y: x * z + sin(y))(xs[1:], xs[:-1])]], [xs[1]]


def from_both_sides(carry: Any, z: Any) -> Any:
    """A finite difference."""
    (xs,) = carry
    new = vmap(lambda a, x, b: x + z * (a - 2.0 * x + b))(xs[:-2], xs[1:-1], xs[2:])
    return [[xs[0], *new, xs[-1]]], [new[0], xs[2]]


def shifted(carry: Any, z: Any) -> Any:
    """What is carried goes to other places."""
    (xs,) = carry
    new = vmap(lambda x: x * z)(xs)
    return [[*xs[1:], new[0] + new[5]]], [new[3]]


def read_again(carry: Any, z: Any) -> Any:
    """What was carried is read after the new numbers are there."""
    xs, ys = carry
    new = vmap(lambda x: x * z)(xs)
    return [new, vmap(lambda x, y, n: x * y - n)(xs, ys, new)], [xs[0] + new[0]]


def changing_places(carry: Any, z: Any) -> Any:
    """Two lists, each made of the other."""
    xs, ys = carry
    return [vmap(lambda y: y * z)(ys), vmap(lambda x: sin(x) + z)(xs)], [xs[0], ys[0]]


def by_sums(carry: Any, z: Any) -> Any:
    """A loop that carries something itself, over what the level carries."""
    (xs,) = carry
    total, sums = scan(lambda c, x: (c * 0.5 + x, c * z), z, xs)
    return [sums], [total, xs[0]]


def by_a_shared_one(carry: Any, z: Any) -> Any:
    """Each turn of the loop inside reads one that it overwrites."""
    (xs,) = carry
    return [vmap(lambda x: x * xs[3] + z)(xs)], [xs[3]]


def one_by_one(carry: Any, z: Any) -> Any:
    """Without a loop inside."""
    xs, ys = carry
    return [[x * z + y for x, y in zip(xs, ys, strict=True)], [sin(x) for x in xs[::-1]]], [xs[7], ys[8]]


def kept(carry: Any, z: Any) -> Any:
    """Rows of what is carried, before and after, whole and in parts."""
    xs, ys = carry
    new = vmap(lambda x, y: maximum(x, y * z))(xs, ys)
    return [new, xs], [*xs, *ys[1:], *new[:-1], *xs[3:9]]


def in_other_orders(carry: Any, z: Any) -> Any:
    """Rows that have what is carried backwards, twice, and beside other numbers."""
    (xs,) = carry
    new = vmap(lambda x: x * z)(xs)
    return [new], [*xs[::-1], *xs, new[0], *new[1:]]


STEPS: dict[str, tuple[Callable[[Any, Any], Any], int]] = {
    "in place": (in_place, 1),
    "from the next": (from_the_next, 1),
    "from the one before": (from_the_one_before, 1),
    "from both sides": (from_both_sides, 1),
    "shifted": (shifted, 1),
    "read again": (read_again, 2),
    "changing places": (changing_places, 2),
    "by sums": (by_sums, 1),
    "by a shared one": (by_a_shared_one, 1),
    "one by one": (one_by_one, 2),
    "kept": (kept, 2),
    "in other orders": (in_other_orders, 1),
}
XS = [0.5 + 0.4 * math.sin(1.0 + k) for k in range(WIDTH)]


def all_bits(found: Any) -> list[Any]:
    """Of all numbers in nested lists."""
    return [x for part in found for x in all_bits(part)] if isinstance(found, list | tuple) else [bits(float(found))]


def same(f: Any, other: Any, *arguments: Any) -> None:
    """Whether machine code gives the bits of another way to compute it."""
    compiled = jit(f)
    compiled(*arguments)
    assert all_bits(compiled(*arguments)) == all_bits(other(*arguments))


@pytest.mark.parametrize("turns", [1, 2, 9])
@pytest.mark.parametrize("name", STEPS)
def test_values(name: str, turns: int) -> None:
    """Whatever reads what, in the first turn and in later ones; in both directions."""
    zs = [0.3 + 0.01 * k for k in range(turns)]
    for reverse in (False, True):
        f = turned(*STEPS[name], reverse=reverse)
        same(f, f, XS, zs)


@pytest.mark.parametrize("turns", [1, 2, 7])
@pytest.mark.parametrize("name", STEPS)
def test_gradients(name: str, turns: int) -> None:
    """The tape, which has what is carried before and after each turn, and the sweep back: as the other backend computes them.

    Eager code adds what arrives at an element by several arrays in another order.
    """
    f = turned(*STEPS[name], reverse=turns == 2)

    def loss(xs: Any, zs: Any) -> Any:
        last, rows = f(xs, zs)
        return sum_([x * (1.0 + 0.1 * k) for k, x in enumerate([*last, *[x for row in rows for x in row]])])

    f_and_slope = value_and_grad(loss, argnums=(0, 1))
    same(f_and_slope, jit(f_and_slope, backend="python"), XS, [0.3 + 0.01 * k for k in range(turns)])


def test_lists_that_are_read_as_arrays_begin_with_a_line() -> None:
    """Also where they overlap, and after others; what lies between follows at once."""
    operands = [tuple(range(2, 22)), tuple(range(1, 21)), tuple(range(30, 50)), (23, 22), (60, 59, 58, 57, 56, 55, 54, 53)]
    body = SSA(70)
    for numbers in operands:
        body.primitives.append(Pack(1))
        body.operands.append(numbers)
    room = Room(0)
    found = carried_places(body, range(60), room, 1)
    assert (found[0] % LINE, found[29] % LINE) == (0, 0)
    gaps = [found[j + 1] - found[j] for j in range(59)]
    assert {j for j, gap in enumerate(gaps) if gap != 1} == {28}
    assert list(carried_places(body, [3, 5], room, 4)) == [3, 5]


@pytest.mark.parametrize("turns", [2, 7, 8, 9, 16, 203])
def test_sums_backwards(turns: int) -> None:
    """Those that are left of every vector come first: the order is that of the turns."""

    def f(xs: Any, k: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            y = x * k
            return (c[0] + (y * y - x) * (y + x), c[1] + (x * x - y) * (y - k)), (x * x + y * k) * x

        last, rows = scan(step, (0.5, -0.5), xs, reverse=True)
        return [*last, *rows]

    same(f, f, XS[:turns], 0.7)


def test_no_turns() -> None:
    """What is carried stays."""

    def f(xs: Any) -> Any:
        return scan(lambda c, _: (vmap(sin)(c), [*c]), xs, None, 0)[0]

    assert all_bits(jit(f)(XS)) == all_bits(XS)


def test_nothing_is_copied_that_can_be_put_there() -> None:
    """A turn by loops that write where the next turn reads copies nothing at all; else once for each list."""

    def f(step: Any) -> Any:
        return lambda xs: scan(lambda c, z: (step([c], z)[0][0], None), xs, [0.1] * 100)[0]

    for step, copies in ((in_place, 0), (from_the_next, 0), (from_the_one_before, 1), (by_a_shared_one, 1)):
        text = text_of(f(step), XS)
        (turns,) = [part for part in text.split("\ndefine ") if "call void @loop" in part and "@run" not in part]
        assert len(re.findall(r"@c\.memmove\(.*i64 \d{4}\)", turns)) == copies + 1, step  # one before the first turn
