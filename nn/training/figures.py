"""Figures of matplotlib, made without its global state, and written whole."""

from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files import write_whole


def new_figure(width: float, height: float) -> Any:
    """A matplotlib Figure of so many inches; ModuleNotFoundError with the remedy without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ModuleNotFoundError("plot() needs matplotlib: pip install matplotlib") from None
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Any, path: str | PathLike[str]) -> None:
    """Write a figure in the format that the path ends with, png if none; whole, or not at all. ValueError for others."""
    image = BytesIO()
    figure.savefig(image, dpi=120, format=Path(path).suffix.removeprefix(".") or "png")
    write_whole(path, image.getvalue())
