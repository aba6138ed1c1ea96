"""First names as tokens: the United States' census lists, which the package `names` brings."""

from collections.abc import Sequence
from importlib.resources import files
from random import Random
from typing import NamedTuple

LETTERS = "abcdefghijklmnopqrstuvwxyz"
END = len(LETTERS)  # the token before the first letter and after the last one
VOCABULARY, CONTEXT = END + 1, 16


class Names(NamedTuple):
    """Names to train on, and names held out."""

    trained: list[str]
    held_out: list[str]


def first_names(seed: int = 0, held_out: int = 500) -> Names:
    """All first names of the lists, each once, in an order that the seed decides."""
    package = files("names")
    lists = [package.joinpath(f"dist.{kind}.first").read_text(encoding="utf-8") for kind in ("female", "male")]
    found = sorted({line.split()[0].lower() for text in lists for line in text.splitlines() if line.strip()})
    Random(seed).shuffle(found)
    return Names(found[held_out:], found[:held_out])


def tokens(name: str) -> list[int]:
    """The end token, then the letters."""
    return [END, *map(LETTERS.index, name)][:CONTEXT]


def targets(name: str) -> list[int]:
    """What follows each of these tokens."""
    return [*map(LETTERS.index, name), END][:CONTEXT]


def text(found: Sequence[float]) -> str:
    """The name in tokens up to the end token."""
    letters = [int(token) for token in found]
    return "".join(LETTERS[token] for token in letters[: letters.index(END) if END in letters else None])
