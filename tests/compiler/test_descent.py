"""Descents: steps of trained numbers over batches, against the same steps in Python; clipping, states, ends; the shuffle."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd import abs as absolute
from autograd import minimum, sqrt
from autograd.compiler.descent import Clip, Descent, Rule, shuffled
from autograd.compiler.emit.descent import GRADIENT, STEP
from autograd.compiler.node import Compiled
from autograd.compiler.options import Options
from autograd.compiler.trace.tracer import trace
from autograd.program import Program


def program_of(f: Any, count: int) -> Program:
    """A function of a list of numbers, which returns a list of them."""
    return trace(lambda xs: (f(xs), None), [""] * count)[0]


ROWS = np.array([[1.0, 2.0], [0.5, -1.0], [-2.0, 0.25], [3.0, 1.0], [0.0, 1.5]])
FIXED, TRAINED = [0.5], [1.0, -2.0, 0.25]


def loss(xs: Any) -> Any:
    """Of a row of two numbers, a fixed one and three trained ones."""
    x, y, fixed, a, b, c = xs
    return (a * x + b * y + c * x * y - fixed) ** 2 * 0.5


def gradient(reduce: str = "mean") -> Compiled:
    """The loss and its partials to fixed and trained numbers, over gathered rows."""
    options = Options((0, 0, None, None, None, None), reduce, gathered=True, block=2)
    return Compiled(program_of(lambda xs: [loss(xs)], 6), options, "loss").derived


MOMENTUM = Rule(  # of shared numbers lr and a count; each with a buffer
    0,
    3,
    program_of(lambda xs: [xs[2] - xs[0] * (0.5 * xs[4] + xs[3]) / xs[1], 0.5 * xs[4] + xs[3]], 5),
    program_of(lambda xs: [xs[1] + 1.0], 2),
)
PLAIN = program_of(lambda xs: [xs[1] - xs[0] * xs[2]], 3), Program(1, (), ())


def made(
    rules: Any = (MOMENTUM,), clips: Any = (), fixed: Any = FIXED, trained: Any = TRAINED, reduce: str = "mean"
) -> Descent:
    """A descent at its beginning."""
    descent = Descent(gradient(reduce), [ROWS], len(fixed), len(trained), rules, clips)
    descent.set_fixed(fixed)
    descent.numbers[:] = trained
    descent.shared(0)[:] = [0.1, 1.0][: len(descent.shared(0))]
    return descent


def partials(batch: Any, fixed: Any, trained: Any) -> tuple[float, list[float]]:
    """The loss of a batch, and its partials to the trained numbers, in NumPy."""
    x, y = ROWS[batch].T
    a, b, c = trained
    error = a * x + b * y + c * x * y - fixed[0]
    return float(np.mean(error**2) / 2), [float(np.mean(error * part)) for part in (x, y, x * y)]


BATCHES = [[4, 0], [1], [2, 3, 0], [0, 1, 2, 3, 4]]


def test_steps_by_hand() -> None:
    """Batches of several sizes, momentum, a count that all share: as the same loop in NumPy."""
    descent, rows = made(), np.array([i for batch in BATCHES for i in batch], dtype=np.int64)
    starts = np.cumsum([0, *map(len, BATCHES)])
    losses = np.empty(len(BATCHES))
    trained, buffers, count, wanted = np.array(TRAINED), np.zeros(3), 1.0, []
    for batch in BATCHES:
        found, slopes = partials(batch, FIXED, trained)
        wanted.append(found)
        buffers = 0.5 * buffers + slopes
        trained = trained - 0.1 * buffers / count
        count += 1.0
    assert descent.run(rows, starts, losses) == len(BATCHES)
    assert losses.tolist() == pytest.approx(wanted, rel=1e-14)
    assert descent.numbers.tolist() == pytest.approx(trained.tolist(), rel=1e-14)
    assert descent.columns(0).tolist() == [pytest.approx(buffers.tolist(), rel=1e-14)]
    assert descent.shared(0).tolist() == [0.1, count]
    assert descent.gradients.tolist() == pytest.approx(slopes, rel=1e-13)
    assert descent.loss == losses[-1]


def test_one_call_is_many() -> None:
    """The same bits, whether batches go through one call or through several, with the gradient and the step apart too."""
    starts, rows = np.arange(0, 31, 3), np.arange(30, dtype=np.int64) % 5
    at_once, singly, apart, losses = made(), made(), made(), np.empty((3, 10))
    assert at_once.run(rows, starts, losses[0]) == 10
    for i in range(10):
        assert singly.run(rows, starts[i : i + 2], losses[1, i : i + 1]) == 1
        assert apart.run(rows, starts[i : i + 2], losses[2, i : i + 1], GRADIENT) == 1
        assert apart.run(rows, starts[i : i + 2], losses[2, i : i + 1], STEP) == 1
    for other, found in ((singly, losses[1]), (apart, losses[2])):
        assert other.numbers.tolist() == at_once.numbers.tolist()
        assert other.columns(0).tolist() == at_once.columns(0).tolist()
        assert found.tolist() == losses[0].tolist()
    assert (at_once.done, singly.done, apart.done) == (10, 10, 20)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_numbers_may_be_set_between_calls(steps: int) -> None:
    """In whichever of the two buffers they lie: numbers, states, what is fixed, and the rate."""
    rows, losses = np.arange(5, dtype=np.int64), np.empty(1)
    descent, fresh = made(), made(fixed=[2.0], trained=[0.5, 0.25, 3.0])
    for _ in range(steps):
        descent.run(rows, np.array([0, 5]), losses)
    descent.set_fixed([2.0])
    descent.numbers[:] = [0.5, 0.25, 3.0]
    for each in (descent, fresh):
        each.columns(0)[:] = 0.125
        each.shared(0)[:] = [0.3, 2.0]
        each.run(rows, np.array([0, 2, 5]), np.empty(2))
    assert descent.numbers.tolist() == fresh.numbers.tolist()
    assert descent.columns(0).tolist() == fresh.columns(0).tolist()


def test_partials_to_fixed_numbers_are_added_up() -> None:
    """Over all steps, from what was set; the latest batch's alone are there too."""
    descent, losses = made(), np.empty(1)
    descent.fixed_totals[:] = 10.0
    before = list(TRAINED)
    total = 10.0
    for batch in ([0, 1], [2]):
        x, y = ROWS[batch].T
        a, b, c = before
        slope = float(np.mean(-(a * x + b * y + c * x * y - FIXED[0])))
        descent.run(np.array(batch), np.array([0, len(batch)]), losses)
        assert descent.fixed_partials.tolist() == pytest.approx([slope])
        total += slope
        before = descent.numbers.tolist()
    assert descent.fixed_totals.tolist() == pytest.approx([total])


def test_several_rules() -> None:
    """Each moves its own numbers, with shared numbers of its own; what no rule has stays."""
    rules = [Rule(0, 1, *PLAIN), Rule(1, 2, *PLAIN)]
    descent = made(rules)
    descent.shared(0)[:], descent.shared(1)[:] = 0.5, 0.25
    _, slopes = partials([0, 1, 2], FIXED, TRAINED)
    descent.run(np.array([0, 1, 2]), np.array([0, 3]), np.empty(1))
    wanted = [TRAINED[0] - 0.5 * slopes[0], TRAINED[1] - 0.25 * slopes[1]]
    assert descent.numbers.tolist()[:2] == pytest.approx(wanted)


def test_clips() -> None:
    """In order, each by a factor of the sum and the largest; the gradients are the clipped ones then."""
    by_norm = Clip(
        program_of(lambda xs: [(xs[1] / xs[0]) ** 2], 2), program_of(lambda xs: [minimum(1.0, 0.5 / (xs[1] * sqrt(xs[0])))], 2),
        program_of(lambda xs: [xs[0] * xs[1]], 2),
    )  # fmt: skip
    by_value = Clip(
        program_of(lambda xs: [xs[1] * 0.0], 2), program_of(lambda xs: [0.3 + 0.0 * xs[0]], 2),
        program_of(lambda xs: [minimum(absolute(xs[1]), xs[0])], 2),
    )  # fmt: skip
    descent = made([Rule(0, 3, *PLAIN)], [by_norm, by_value])
    _, slopes = partials([0, 3], FIXED, TRAINED)
    norm = math.hypot(*slopes)
    assert norm > 0.5
    wanted = [min(abs(slope) * 0.5 / norm, 0.3) for slope in slopes]
    descent.run(np.array([0, 3]), np.array([0, 2]), np.empty(1))
    assert descent.gradients.tolist() == pytest.approx(wanted)
    assert descent.numbers.tolist() == pytest.approx([t - 0.1 * slope for t, slope in zip(TRAINED, wanted, strict=True)])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200])
def test_it_ends_before_a_step_that_is_not_finite(bad: float) -> None:
    """The batches before count, the numbers are those before it, and its loss is there; another call goes on."""
    descent, losses = made(), np.zeros(4)
    data = ROWS.copy()
    data[2, 0] = bad
    descent = Descent(gradient(), [data], 1, 3, [MOMENTUM], ())
    descent.set_fixed(FIXED)
    descent.numbers[:] = TRAINED
    descent.shared(0)[:] = [0.1, 1.0]
    good = made()
    rows, starts = np.array([0, 1, 3, 2, 4], dtype=np.int64), np.array([0, 1, 3, 4, 5])
    assert descent.run(rows, starts, losses) == 2
    good.run(rows, starts[:3], np.empty(2))
    assert descent.numbers.tolist() == good.numbers.tolist()
    assert descent.columns(0).tolist() == good.columns(0).tolist()
    assert descent.shared(0).tolist() == good.shared(0).tolist()
    assert not math.isfinite(losses[2])
    assert descent.run(rows, starts[3:], losses[3:]) == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33])
def test_each_partial_is_looked_at(count: int, bad: float) -> None:
    """Wherever the one that is not finite lies, also beyond whole lanes, and the largest is found wherever it lies."""
    program = program_of(lambda xs: [sum((x * 0.5 for x in xs[1:]), start=xs[0])], 1 + count)
    compiled = Compiled(program, Options((0, *[None] * count), "sum", gathered=True, block=8), "sum").derived
    rule = Rule(0, count, *PLAIN)
    largest = Clip(
        program_of(lambda xs: [0.0 * xs[1]], 2), program_of(lambda xs: [xs[1] + 0.0 * xs[0]], 2),
        program_of(lambda xs: [xs[0] + 0.0 * xs[1]], 2),
    )  # fmt: skip
    descent = Descent(compiled, [np.zeros(1)], 0, count, [rule], [largest])
    losses, here = np.zeros(1), (np.zeros(1, dtype=np.int64), np.array([0, 1]))
    for place in range(count):
        slopes = [1.0 + i / 100.0 for i in range(count)]
        slopes[place] = -7.0
        descent.shared(0)[:] = 0.0
        descent.gradients[:] = slopes
        assert descent.run(*here, losses, STEP) == 1
        assert descent.gradients.tolist() == [7.0] * count
        slopes[place] = bad
        descent.gradients[:] = slopes
        assert descent.run(*here, losses, STEP) == 0


def test_blocks_of_batches() -> None:
    """A sum over many rows starts from 0.0 and adds blocks in order: the same bits as a sum that is written so."""
    rng = random.Random(0)
    data = np.array([[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(301)])
    descent = Descent(gradient("sum"), [data], 1, 3, [Rule(0, 3, *PLAIN)], ())
    descent.set_fixed(FIXED)
    descent.numbers[:] = TRAINED
    losses = np.empty(1)
    descent.run(np.arange(301, dtype=np.int64), np.array([0, 301]), losses, GRADIENT)
    terms = [loss([*row, *FIXED, *TRAINED]) for row in data.tolist()]
    length = 2 * -(-301 // 128)  # at most 64 blocks, of a multiple of two rows
    total = 0.0
    for first in range(0, 301, length):
        part = 0.0
        for term in terms[first : first + length]:
            part += term
        total += part
    assert losses[0] == pytest.approx(total, rel=1e-14)


# --- the shuffle ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 700), st.integers(0, 2**64))
@example(0, 0)
@example(1, 0)
@example(2, 1)
@example(2**16 + 1, 3)
@example(2**16, 4)
def test_a_shuffle_is_pythons(count: int, seed: int) -> None:
    """The order and the state of the generator afterwards are those of `random.Random.shuffle`, one after another too."""
    mine, theirs = random.Random(seed), random.Random(seed)
    order, wanted = np.arange(count), list(range(count))
    for _ in range(2):
        before = order.copy()
        found = shuffled(order, mine)
        assert np.array_equal(order, before)  # a new array
        theirs.shuffle(wanted)
        assert found.tolist() == wanted
        assert mine.getstate() == theirs.getstate()
        order = found


@given(st.integers(0, 70), st.integers(0, 2**64), st.integers(1, 9))
def test_shuffling_again_and_again(count: int, seed: int, times: int) -> None:
    """Many orders at once are those that come one by one, and the generator is as far."""
    mine, theirs = random.Random(seed), random.Random(seed)
    wanted, last = [], list(range(count))
    for _ in range(times):
        theirs.shuffle(last)
        wanted += last
    assert shuffled(np.arange(count), mine, times).tolist() == wanted
    assert mine.getstate() == theirs.getstate()


def test_a_shuffle_that_takes_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the words drawn at first are too few, more are drawn, from the same state."""

    class Stubborn(random.Random):
        """Gives 32 bits that are refused, all ones, for a while."""

        def getrandbits(self, k: int) -> int:
            words = k // 32
            found = super().getrandbits(k)
            if words > 1:  # little end first: refuse the first 100 words
                found |= (1 << 32 * min(100, words)) - 1
            return found

    mine = Stubborn(0)
    found = shuffled(np.arange(10), mine)
    assert sorted(found.tolist()) == list(range(10))
