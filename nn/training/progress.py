"""Progress bars of a training, by tqdm or by rich."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Protocol

BARS = ("tqdm", "rich")


class Bar(Protocol):
    """A bar that counts batches."""

    def epoch(self, text: str) -> None:
        """Say which epoch has begun."""

    def advance(self, count: int, loss: float) -> None:
        """Batches are done, the last with that loss."""


class Silent:
    """No bar."""

    def epoch(self, text: str) -> None:
        """Say nothing."""

    def advance(self, count: int, loss: float) -> None:
        """Say nothing."""


class Tqdm:
    """A bar by tqdm."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def epoch(self, text: str) -> None:
        """Begin the line with the epoch."""
        self.bar.set_description_str(text, refresh=False)

    def advance(self, count: int, loss: float) -> None:
        """Go on, and end the line with the loss."""
        self.bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        self.bar.update(min(count, self.bar.total - self.bar.n))


class Rich:
    """A bar by rich."""

    def __init__(self, progress: Any, total: int, done: int) -> None:
        self.progress, self.task = progress, progress.add_task("", total=total, completed=done, loss="")

    def epoch(self, text: str) -> None:
        """Begin the line with the epoch."""
        self.progress.update(self.task, description=text)

    def advance(self, count: int, loss: float) -> None:
        """Go on, and end the line with the loss."""
        self.progress.update(self.task, advance=count, loss=f"loss {loss:.4g}")


def checked_progress(progress: Any) -> str | None:
    """What draws the bar, None for nothing: True is tqdm, or rich where tqdm is not installed.

    Raises ValueError for another word, and ModuleNotFoundError for a package that is not installed.
    """
    if isinstance(progress, str):
        if progress not in BARS:
            raise ValueError(f"progress must be True, False, {' or '.join(map(repr, BARS))}, not {progress!r}")
        if find_spec(progress) is None:
            raise ModuleNotFoundError(f"progress={progress!r} needs {progress}: pip install {progress}, or progress=True")
        return progress
    return next((name for name in BARS if find_spec(name) is not None), None) if progress else None


@contextmanager
def bar_of(kind: str | None, total: int, done: int) -> Iterator[Bar]:
    """A bar by one of `BARS`, or none, of so many batches, some of which are done."""
    if kind == "tqdm":
        from tqdm import tqdm

        with tqdm(total=total, initial=done, unit="batch") as bar:
            yield Tqdm(bar)
    elif kind == "rich":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, TextColumn("{task.fields[loss]}"), console=Console(stderr=True)) as progress:
            yield Rich(progress, total, done)
    else:
        yield Silent()
