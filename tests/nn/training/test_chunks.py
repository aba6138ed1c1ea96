"""Samples in chunks: the same bits as in memory, one chunk at a time, and what is refused."""

import gc
import math
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn import MLP, SGD, Checkpoint, Dropout, History, Linear, Sequential, accuracy, cross_entropy, fit, mse_loss
from nn.training.chunks import ChunkedSamples
from tests.nn.training.runs import CLASSES, X, Y, numbers, trained

ENGINES = ["eager", "compiled"]
CUTS = [0, 10, 15, 23]  # in batches of 5, the last batch of the last chunk has 3


def pieces(xs: Any = X, ys: Any = Y) -> list[tuple[Any, Any]]:
    """The data in three chunks."""
    return [(xs[a:b], ys[a:b]) for a, b in pairwise(CUTS)]


class Files:
    """Chunks that are made again for each pass; `alive` tells how many of them are in memory at most."""

    def __init__(self, kind: Any = np.array, chunks: Any = None) -> None:
        self.kind, self.passes, self.alive, self.most = kind, 0, 0, 0
        self.chunks = pieces() if chunks is None else chunks

    def _gone(self) -> None:
        self.alive -= 1

    def __iter__(self) -> Iterator[Any]:
        self.passes += 1
        for xs, ys in self.chunks:
            made = self.kind(xs)
            if isinstance(made, np.ndarray):
                self.alive += 1
                self.most = max(self.most, self.alive)
                weakref.finalize(made, self._gone)
            pair = made, self.kind(ys)
            del made
            yield pair
            del pair


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "options", [{}, {"accumulate": 2}, {"batch_size": 4}, {"batch_size": None}, {"shuffle": False}], ids=str
)
def test_chunks_in_memory_or_not(engine: str, options: Any) -> None:
    """A list of chunks, chunks made anew as arrays, as float32 or in lists: the same bits; each pass begins once."""
    wanted, model = trained(X=pieces(), y=None, engine=engine, **options)
    files = Files()
    for chunks in (files, Files(list), Files(tuple)):
        history, other = trained(X=chunks, y=None, engine=engine, **options)
        assert (history.loss, numbers(other)) == (wanted.loss, numbers(model))
    assert files.passes <= 2 + 3  # it is checked, tried out, and trained on in three epochs


@pytest.mark.parametrize("engine", ENGINES)
def test_chunks_are_the_data_one_after_another(engine: str) -> None:
    """Where each chunk has whole batches, and nothing is shuffled, they are trained on as all data at once, bit for bit."""
    wanted, model = trained(engine=engine, shuffle=False, metrics=[mse_loss], validation_data=(X, Y))
    history, other = trained(
        X=Files(), y=None, engine=engine, shuffle=False, metrics=[mse_loss], validation_data=(Files(), None)
    )
    assert (history.loss, numbers(other)) == (wanted.loss, numbers(model))
    assert history.metrics == wanted.metrics
    assert history.val_loss == pytest.approx(wanted.val_loss, rel=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_chunk_is_all_data(engine: str) -> None:
    """Shuffled too: the same order, and the same bits."""
    wanted, model = trained(engine=engine)
    history, other = trained(X=[(X, Y)], y=None, engine=engine)
    assert (history.loss, numbers(other)) == (wanted.loss, numbers(model))


def test_both_engines_take_the_same_batches() -> None:
    """In the same order: the losses agree to rounding, and class numbers stay what they are."""
    found = [
        trained(cross_entropy, None, 3, X=Files(chunks=pieces(ys=CLASSES)), engine=engine, metrics=[accuracy])[0]
        for engine in ENGINES
    ]
    assert found[0].loss == pytest.approx(found[1].loss, rel=1e-12)
    assert found[0].metrics == found[1].metrics


def test_samples_of_a_batch_come_from_one_chunk() -> None:
    """Each chunk is shuffled within; over epochs all samples come once each."""
    seen: list[list[float]] = []

    def watching(outputs: Any, targets: Any) -> Any:
        seen.append(list(targets))
        return mse_loss(outputs, targets)

    trained(watching, None, X=pieces(ys=[float(i) for i in range(23)]), engine="eager", epochs=2)
    batches = [batch for batch in seen if len(batch) > 1][-10:]
    assert [len(batch) for batch in batches] == [5, 5, 5, 5, 3] * 2
    for epoch in (batches[:5], batches[5:]):
        assert [sorted(x for batch in epoch for x in batch)] == [[float(i) for i in range(23)]]
        for batch, (first, last) in zip(epoch, [(0, 10), (0, 10), (10, 15), (15, 23), (15, 23)], strict=True):
            assert all(first <= x < last for x in batch)
    assert batches[:5] != batches[5:]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_chunk_is_in_memory_at_a_time(engine: str) -> None:
    """The one before it is let go first; the loader itself holds one."""
    files = Files(chunks=pieces() * 3)
    trained(X=files, y=None, engine=engine)
    gc.collect()
    assert files.most <= 3  # that of the loader, and two while one takes the other's place


@pytest.mark.parametrize("engine", ENGINES)
def test_dropout_draws_for_chunks(engine: str) -> None:
    """As for data in memory, in the order of the samples."""

    def losses(**options: Any) -> list[float]:
        model = Sequential(Linear(2, 4, rng=0), Dropout(0.5), Linear(4, 1, rng=1))
        optimizer = SGD(model.parameters(), lr=0.1)
        defaults: dict[str, Any] = {"epochs": 2, "batch_size": 5, "seed": 0, "shuffle": False, "progress": False}
        return fit(model, loss=mse_loss, optimizer=optimizer, engine=engine, **defaults, **options).loss

    targets = [[y] for y in Y]
    assert losses(X=pieces(ys=targets), y=None) == losses(X=X, y=targets)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bad_batch_in_a_later_chunk(engine: str) -> None:
    """Is named by its number, and its samples by theirs."""
    chunks = pieces(ys=[*Y[:20], 1e200, *Y[21:]])
    with pytest.raises(ArithmeticError, match=r"the loss is inf in epoch 1, batch 5 \(samples 20, 21, 22\)"):
        trained(X=chunks, y=None, engine=engine, shuffle=False)


class Batch:
    """A batch as a tensor of PyTorch is one: an array when it is asked for it."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.rows, dtype=dtype)

    def tolist(self) -> Any:
        return self.rows


class Loader:
    """A loader of batches as PyTorch's DataLoader is one: lists of two tensors, shuffled anew in each pass if asked to."""

    def __init__(self, rows: int = 5, *, shuffle: bool = False) -> None:
        self.rows, self.shuffle = rows, shuffle
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return (len(X) + self.rows - 1) // self.rows

    def __iter__(self) -> Iterator[Any]:
        order = self.rng.permutation(len(X)) if self.shuffle else np.arange(len(X))
        for part in np.split(order, range(self.rows, len(X), self.rows)):
            yield [Batch([X[i] for i in part]), Batch([Y[i] for i in part])]


@pytest.mark.parametrize("engine", ENGINES)
def test_loaders_of_tensors(engine: str) -> None:
    """A DataLoader's batches are chunks; batch_size=None takes each as it comes, and a shuffled one is another each time."""
    wanted, _ = trained(engine=engine, shuffle=False, batch_size=5, validation_data=(X, Y))
    for size in (5, None):
        found, _ = trained(
            X=Loader(), y=None, engine=engine, shuffle=False, batch_size=size, validation_data=Loader(), metrics=[mse_loss]
        )
        assert found.loss == wanted.loss
        assert found.val_loss == pytest.approx(wanted.val_loss, rel=1e-12)
    shuffled, _ = trained(X=Loader(shuffle=True), y=None, engine=engine, batch_size=None)
    assert shuffled.loss != wanted.loss
    assert shuffled.loss[-1] < shuffled.loss[0]


def test_loaders_of_pytorch_itself() -> None:
    """Its DataLoader and tensors give the losses of the same numbers in lists."""
    torch = pytest.importorskip("torch")
    from torch.utils.data import DataLoader, TensorDataset

    inputs, targets = torch.tensor(X, dtype=torch.float64), torch.tensor(Y, dtype=torch.float64)
    wanted = trained(shuffle=False)[0].loss
    loader = DataLoader(TensorDataset(inputs, targets), batch_size=5)
    assert trained(X=loader, y=None, batch_size=None, shuffle=False)[0].loss == wanted
    assert trained(X=inputs.requires_grad_(), y=targets, shuffle=False)[0].loss == wanted
    with pytest.raises(TypeError, match=r"not a TensorDataset: DataLoader\(X, batch_size=32\)"):
        trained(X=TensorDataset(inputs, targets), y=None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_that_makes_chunks(engine: str) -> None:
    """A generator function is called for each pass; also for validation."""

    def batches() -> Iterator[Any]:
        yield from pieces()

    wanted, _ = trained(X=pieces(), y=None, engine=engine, validation_data=(pieces(), None))
    found, _ = trained(X=batches, y=None, engine=engine, validation_data=batches)
    assert (found.loss, found.val_loss) == (wanted.loss, wanted.val_loss)


class Dataset:
    """Samples by their numbers, as PyTorch's Dataset has them."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, i: int) -> Any:
        return X[i], Y[i]


class Changing(Files):
    """Chunks that are others from a pass on."""

    def __init__(self, then: Any, at: int = 3) -> None:
        super().__init__()
        self.then, self.at = then, at

    def __iter__(self) -> Iterator[Any]:
        if self.passes == self.at:
            self.chunks = self.then
        return super().__iter__()


def chunked(source: Any) -> Any:
    """A call of fit on that."""
    return lambda: trained(X=source, y=None)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (chunked(iter(pieces())), TypeError, r"X is a list_iterator, which can be gone through only once.* a list of chunks"),
        (chunked(x for x in pieces()), TypeError, "X is a generator, which can be gone through only once"),
        (chunked(x for x in pieces()), TypeError, r"that makes the chunks, not called: fit\(model, make_chunks"),
        (chunked(Dataset()), TypeError, r"not a Dataset: DataLoader\(X, batch_size=32\) for a data set"),
        (lambda: trained(X=Loader()), TypeError, r"not a Loader: list\(X\)\. If it gives batches, .* leave out y"),
        (lambda: trained(validation_data=3.0), ValueError, r"validation_data must be a pair \(X, y\), not a float"),
        (lambda: trained(validation_data=iter([])), TypeError, r"validation_data\[0\] is a list_iterator, which can be gone"),
        (chunked([]), ValueError, r"X is empty: give at least one chunk, a pair \(inputs, targets\)"),
        (chunked(np.array(X)), TypeError, r"y is missing, .* not a ndarray: fit\(model, X, y, \.\.\.\)"),
        (chunked(3.0), TypeError, "y is missing, .* not a float"),
        (chunked({"a": 1}), TypeError, "y is missing, .* not a dict"),
        (chunked([1.0, 2.0]), TypeError, r"each must be a pair \(inputs, targets\); X\[0\] is a float: fit\(model, X, y"),
        (chunked([(X, Y, Y)]), TypeError, r"X\[0\] is a tuple of 3"),
        (chunked([(X, Y), (X, Y[1:])]), ValueError, r"X\[1\]\[0\] has 23 samples, X\[1\]\[1\] has 22: give a target for every"),
        (chunked([(X, Y), ([], [])]), ValueError, r"X\[1\]\[0\] is empty"),
        (chunked([(X, Y), ([[1.0]], [1.0])]), ValueError,
         r"X\[1\]\[0\] has samples of shape \(1,\), X\[0\]\[0\] samples of shape \(2,\): give all the same"),
        (chunked([(X, Y), (X, [[y] for y in Y])]), ValueError, r"X\[1\]\[1\] has samples of shape \(1,\), .* one number"),
        (chunked([(X, Y), ([[0.0, math.nan]], [1.0])]), ValueError,
         r"X\[1\]\[0\]\[0\]\[1\] is nan, and samples must be finite"),
        (chunked(Changing(pieces()[:2])), ValueError, r"X ended before X\[2\], and had 3 in the first pass"),
        (chunked(Changing([(X, Y), *pieces()[1:]])), ValueError, r"X\[0\] has 23 samples, and had 10 in the first pass"),
    ],
)  # fmt: skip
def test_chunks_that_fit_refuses(call: Any, error: type[Exception], message: str) -> None:
    """With the number of the chunk."""
    with pytest.raises(error, match=message):
        call()


def test_a_forgotten_y_is_named() -> None:
    """Pairs of numbers could be chunks: the note says what is expected."""
    with pytest.raises(TypeError, match=r"X\[0\]\[0\] must be a list, tuple or array of samples, not a float") as caught:
        trained(X=X, y=None)
    assert "Without y, X is an iterable of chunks, pairs (inputs, targets)" in caught.value.__notes__


def test_any_target_in_any_chunk_is_tried() -> None:
    """Before any training."""
    with pytest.raises(ValueError, match="cross_entropy has 3 classes, numbered from 0; target 22 is 7"):
        trained(cross_entropy, None, 3, X=pieces(ys=[*CLASSES[:-1], 7]))


def test_samples_by_their_numbers() -> None:
    """In any order; going back begins a new pass."""
    files = Files()
    data = ChunkedSamples.read(files, "X")
    assert (len(data), list(data.lengths), data.arrays) == (23, [10, 5, 8], None)
    assert (list(data.inputs), list(data.targets)) == (X, Y)
    assert [data.inputs[i] for i in (22, 0, 12, -1)] == [X[i] for i in (22, 0, 12, -1)]
    assert data.targets[8:12] == Y[8:12]
    with pytest.raises(IndexError):
        data.inputs[23]
    into = np.zeros((4, 2)), np.zeros(4)
    data.take(np.array([11, 10]), into)
    assert (into[0][:2].tolist(), into[1][:2].tolist()) == ([X[11], X[10]], [Y[11], Y[10]])
    found = list(data.blocks(4))
    assert [len(xs) for xs, _ in found] == [4, 4, 2, 4, 1, 4, 4]
    assert np.concatenate([xs for xs, _ in found]).tolist() == X


def test_a_training_in_chunks_is_resumed(tmp_path: Path) -> None:
    """With the bits of one that was not stopped."""

    def training(epochs: int, **options: Any) -> tuple[History, MLP]:
        return trained(X=Files(), y=None, epochs=epochs, **options)

    path = tmp_path / "training.json"
    wanted, model = training(4)
    training(2, callbacks=[Checkpoint(path)])
    history, other = training(4, callbacks=[Checkpoint(path)], resume=path)
    assert (history.loss, numbers(other)) == (wanted.loss, numbers(model))
