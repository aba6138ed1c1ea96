"""What demos share: their command line, their pictures' folder and colours, and a word where something is not installed."""

import argparse
import importlib.util
from pathlib import Path
from typing import Any

from autograd import RendererNotFoundError, save

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"  # told apart by the colour-blind too (Okabe and Ito)


def parser(description: str | None) -> argparse.ArgumentParser:
    """A command line with the one option all demos share: `--out`."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument(
        "--out", type=Path, default=Path("pictures"), metavar="DIR", help="folder for the pictures (default: pictures)"
    )
    return made


def seed_number(text: str) -> int:
    """A seed as NumPy and scikit-learn take it: the type of an option `--seed`."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"must lie between 0 and 2**32 - 1, not {number}")
    return number


def folder(path: Path) -> Path:
    """The folder, made if need be; the demo stops with the reason if it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"cannot make the folder {str(path)!r}: {error.strerror}") from None
    return path


def need(*modules: str) -> None:
    """Stop with the command that installs them if any of these modules is missing."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise SystemExit(f"this demo needs {' and '.join(missing)}: python -m pip install -e '.[demos]'")


def save_picture(result: Any, path: Path, **options: Any) -> Path:
    """`autograd.save`; without a renderer the demo stops with the ways to install one."""
    try:
        return save(result, path, **options)
    except RendererNotFoundError as error:
        raise SystemExit(str(error)) from None
