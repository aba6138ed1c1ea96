"""What demos share: their command line, and a word where an extra is missing."""

import argparse
import importlib.util
from pathlib import Path


def parser(description: str | None) -> argparse.ArgumentParser:
    """A command line with the one option all demos share: `--out`."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument(
        "--out", type=_folder, default="pictures", metavar="DIR", help="folder for the pictures (default: pictures)"
    )
    return made


def _folder(name: str) -> Path:
    path = Path(name)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot make the folder {name!r}: {error.strerror}") from None
    return path


def need(*modules: str) -> None:
    """Stop with the command that installs them if any of these modules is missing."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise SystemExit(f"this demo needs {' and '.join(missing)}: python -m pip install -e '.[demos]'")
