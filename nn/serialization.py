"""The file of a model's numbers, and the one place that knows its format: JSON, which anything reads and which is safe to open.

    {"format": "chainrule", "version": 1, "kind": "state_dict", "parameters": {"weights.0": 0.1, "bias": -0.0}}

Every number keeps the digits that bring back the same double, subnormal numbers and -0.0 included. For numbers that JSON lacks
stand the strings "nan", "-nan", "inf" and "-inf" (the payload of a nan, which no arithmetic reads, is lost). Reading a file
executes nothing in it. Count the version up when the meaning of the format changes.
"""

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograd.files import write_whole

FORMAT, VERSION, KIND = "chainrule", 1, "state_dict"
BEYOND_JSON = {"nan": math.nan, "-nan": -math.nan, "inf": math.inf, "-inf": -math.inf}


def write_state_dict(state: Mapping[str, float], path: str | os.PathLike[str]) -> None:
    """Write numbers by name to `path`, whole or not at all: see `autograd.files.write_whole`. OSError if it cannot."""
    parameters = {name: _written(number) for name, number in state.items()}
    content = {"format": FORMAT, "version": VERSION, "kind": KIND, "parameters": parameters}
    text = json.dumps(content, indent=1, allow_nan=False)  # no line end, so that a file cut off anywhere shows it
    write_whole(path, text.encode())


def _written(number: float) -> float | str:
    if math.isfinite(number):
        return number
    sign = "-" if math.copysign(1.0, number) < 0.0 else ""
    return sign + ("nan" if math.isnan(number) else "inf")


def read_state_dict(path: str | os.PathLike[str]) -> dict[str, float]:
    """The numbers by name, as `write_state_dict` wrote them.

    Raises ValueError for a file that is truncated, of another kind or newer, or holds anything but numbers, and OSError if it
    cannot be read.
    """
    text = Path(path).read_bytes()
    try:
        content = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged, or not a file of chainrule's: its {len(text)} bytes are not whole JSON ({error}). "
            "Write it again with model.save(path)"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'{path} is JSON without "format": "{FORMAT}": give a file that model.save(path) wrote')
    version, kind, parameters = (content.get(key) for key in ("version", "kind", "parameters"))
    if type(version) is not int or version < 1:
        raise ValueError(f"{path} is damaged: its version is {version!r}, not a whole number such as {VERSION}")
    if version > VERSION:
        raise ValueError(
            f"{path} is newer than this chainrule: its format has version {version}, and this one reads up to {VERSION}. "
            "Upgrade it: pip install --upgrade chainrule"
        )
    if kind != KIND:
        raise ValueError(f"{path} holds {kind!r}, not {KIND!r}: give a file that model.save(path) wrote")
    if isinstance(parameters, dict):
        return {name: _read(number, name, path) for name, number in parameters.items()}
    raise ValueError(f"{path} is damaged: its parameters are {parameters!r}, not numbers by name")


def _read(number: Any, name: str, path: Any) -> float:
    if isinstance(number, str) and number in BEYOND_JSON:
        return BEYOND_JSON[number]
    if type(number) not in (int, float) or abs(number) > sys.float_info.max:
        wanted = ", ".join(map(repr, BEYOND_JSON))
        raise ValueError(
            f"{path} is damaged: the parameter {name!r} is {number!r}, not a number that a double holds, or {wanted}"
        )
    return float(number)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
