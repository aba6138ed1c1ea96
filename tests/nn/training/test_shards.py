"""Shards: halves of halves, sums over them, and what a worker keeps."""

import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import Value, mul, sin
from autograd.compiler.distributed import Parcel
from autograd.compiler.node import Compiled
from autograd.compiler.options import Options
from autograd.program import Program
from nn.training.shards import CODE, DATA, TRAININGS, Kept, Span, Task, Work, added, answer, spans

# w * sin(x) for rows x, and a shared w
PROGRAM = Compiled(
    Program(2, ((sin, (0,)), (mul, (1, 2))), (3,)), Options((0, None), "sum", gathered=True, block=2), "f"
).derived
PARCEL = Parcel(PROGRAM)
ROWS = np.linspace(-1.0, 2.0, 9)[:, None]


def task(rows: Any = range(9), starts: Sequence[int] = (0, 9), **other: Any) -> Task:
    """A task over some of nine rows."""
    fields = {"training": "a", "code_key": PARCEL.key, "data_key": "nine", "numbers": np.array([3.0])} | other
    return Task(range(20, 29), rows=rows, starts=np.array(starts), **fields)


def summed(rows: Sequence[int]) -> list[float]:
    """Loss and partial over these rows, each two of them apart."""
    w, total = Value(3.0), None
    for i in range(0, len(rows), 2):
        part = None
        for row in rows[i : i + 2]:
            term = w * sin(float(ROWS[row, 0]))
            part = term if part is None else part + term
        total = part if total is None else total + part
    total.backward()  # type: ignore[union-attr]  # there are rows
    return [total.data, w.grad]  # type: ignore[union-attr]


@given(st.integers(1, 40), st.integers(1, 50))
def test_groups_are_all_shards_in_order(shards: int, count: int) -> None:
    """As many as asked for, or up to twice as many; or one for each shard."""
    found = spans(0, shards, count)
    assert [i for first, last in found for i in range(first, last)] == list(range(shards))
    assert min(count, shards) <= len(found) < 2 * max(count, 1) or len(found) == 1


@given(st.lists(st.none() | st.floats(-1e3, 1e3), min_size=1, max_size=40), st.integers(1, 50))
def test_a_sum_does_not_depend_on_the_groups(terms: list[float | None], count: int) -> None:
    """Each group's sum first, and then theirs: the bits of one group of all."""
    every: dict[Span, Any] = {(i, i + 1): term for i, term in enumerate(terms)}
    wanted = added(every, 0, len(terms))
    groups = spans(0, len(terms), count)

    def of(first: int, last: int) -> Any:  # a worker counts its shards from 0
        return added({(i - first, i - first + 1): every[i, i + 1] for i in range(first, last)}, 0, last - first)

    assert added({span: of(*span) for span in groups}, 0, len(terms)) == wanted
    assert (wanted is None) is all(term is None for term in terms)


def test_an_answer() -> None:
    """Sums over rows of each shard, in the order given, and of those over the shards; a shard without rows adds nothing."""
    whole = task(code=PARCEL.code, data=(ROWS,), training="answer", data_key="answer")
    assert answer(whole).tolist() == summed(range(9))
    rows = np.array([4, 2, 0, 8, 7], dtype=np.uint8)
    found = answer(whole._replace(rows=rows, starts=np.array([0, 3, 3, 5])))
    one, other = summed([4, 2, 0]), summed([8, 7])
    assert found.tolist() == [x + y for x, y in zip(one, other, strict=True)]
    assert answer(whole._replace(rows=rows[:0], starts=np.array([0, 0]))) is None
    other_way = answer(whole._replace(numbers=None, data=None, data_key="sent"), np.array([3.0]), (ROWS,))
    assert other_way.tolist() == summed(range(9))


def test_what_is_missing_is_asked_for_once() -> None:
    """A process that knows neither program nor rows says so."""
    kept = Kept()
    unknown = task(code_key="unknown")
    assert kept.work(unknown) == {CODE, DATA}
    assert kept.work(task(code=PARCEL.code)) == {DATA}
    work = kept.work(task(data=(ROWS,)))
    assert isinstance(work, Work)
    assert kept.work(task()) is work
    assert kept.work(unknown) == {CODE}


def test_rows_are_kept_for_the_latest_trainings() -> None:
    """Those of older ones are forgotten, unless a later one has the same."""
    kept = Kept()
    for i in range(TRAININGS + 1):
        for key in (f"own {i}", "all"):
            kept.work(task(code=PARCEL.code, data=(ROWS,), training=str(i), data_key=key))
    assert set(kept._rows) == {"all", *[f"own {i}" for i in range(1, TRAININGS + 1)]}
    assert {data for _, data in kept._work} == set(kept._rows)


def test_draws_go_to_their_rows() -> None:
    """What is drawn for a row of the batch is an input beside its numbers."""
    drawn = Compiled(Program(3, ((mul, (0, 1)), (mul, (2, 3))), (4,)), Options((0, 1, None), "sum", gathered=True), "f").derived
    parcel = Parcel(drawn)
    rows, draws = np.array([5, 1], dtype=np.uint8), np.array([[0.5], [0.25]])
    found = answer(task(rows, (0, 2), code_key=parcel.key, code=parcel.code, data=(ROWS,), draws=draws, data_key="drawn"))
    assert found[0] == 3.0 * (ROWS[5, 0] * 0.5) + 3.0 * (ROWS[1, 0] * 0.25)


def test_an_error_names_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after it has travelled."""

    def fails(_work: Work, _task: Task) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(Work, "sums", fails)
    with pytest.raises(MemoryError, match="no room") as caught:
        answer(task(code=PARCEL.code, data=(ROWS,)))
    assert pickle.loads(pickle.dumps(caught.value)).__notes__ == [
        "in the part of a batch's gradient that the samples 20 to 28 give"
    ]
