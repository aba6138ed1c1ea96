"""What demos share: the command line, the folder and colours of pictures, and a hint when a package is missing."""

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
    """A seed that NumPy and scikit-learn take: the type of the option `--seed`."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"must lie between 0 and 2**32 - 1, not {number}")
    return number


def folder(path: Path) -> Path:
    """Make the folder unless it is there; stop the demo with the reason if that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"cannot make the folder {str(path)!r}: {error.strerror}") from None
    return path


def need(*modules: str) -> None:
    """Stop with the command that installs these modules if any of them is missing."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise SystemExit(f"this demo needs {' and '.join(missing)}: python -m pip install -e '.[demos]'")


def save_picture(result: Any, path: Path, **options: Any) -> Path:
    """`autograd.save`; without a renderer, stop the demo with the ways to install one."""
    try:
        return save(result, path, **options)
    except RendererNotFoundError as error:
        raise SystemExit(str(error)) from None
