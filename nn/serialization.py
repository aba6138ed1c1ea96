"""The files of models and of trainings, and the one place that knows their format: JSON, safe to open, for anything to read.

    {"format": "chainrule", "version": 1, "kind": "state_dict", "parameters": {"weights.0": 0.1, "bias": -0.0}}

Every number keeps the digits that bring back the same double, subnormal numbers and -0.0 included. For numbers that JSON lacks
stand the strings "nan", "-nan", "inf" and "-inf" (the payload of a nan, which no arithmetic reads, is lost). Reading a file
executes nothing in it. Count the version up when the meaning of the format changes.

A file of the kind "checkpoint" has more: plain data, such as the states of an optimizer. There text is text, and what JSON
lacks stands as an object with one name: {"$float": "inf"}, {"$tuple": [1, 0.5]}, {"$items": [[0, 0.5]]} for a dict whose keys
are not all text (or begin with "$").
"""

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from autograd.files import write_whole
from autograd.real import shown

FORMAT, VERSION = "chainrule", 1
ATOMS = frozenset({type(None), bool, int, str})
"""What is in JSON what it is in Python; floats are, if they are finite."""
BEYOND_JSON = {"nan": math.nan, "-nan": -math.nan, "inf": math.inf, "-inf": -math.inf}


class Kind(NamedTuple):
    """A kind of file, with the calls that write and read it."""

    name: str
    written_by: str
    read_by: str


MODEL = Kind("state_dict", "model.save(path)", "model.load(path)")
CHECKPOINT = Kind("checkpoint", "save_checkpoint(path, model, ...)", "load_checkpoint(path, model, ...)")
KINDS = {kind.name: kind for kind in (MODEL, CHECKPOINT)}

# --- whole files ------------------------------------------------------------------------------------------------------


def write_file(kind: Kind, content: Mapping[str, Any], path: str | os.PathLike[str], indent: int | None = None) -> None:
    """Write JSON of this kind to `path`, whole or not at all: see `autograd.files.write_whole`. OSError if it cannot."""
    whole = {"format": FORMAT, "version": VERSION, "kind": kind.name, **content}
    text = json.dumps(whole, indent=indent, allow_nan=False)  # no line end, so that a file cut off anywhere shows it
    write_whole(path, text.encode())


def read_file(kind: Kind, path: str | os.PathLike[str]) -> dict[str, Any]:
    """The content as JSON gives it; ValueError for a file that is damaged, newer or of another kind, OSError without one."""
    text = Path(path).read_bytes()
    try:
        content = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged, or not a file of chainrule's: its {len(text)} bytes are not whole JSON ({error}). "
            f"Write it again with {kind.written_by}"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'{path} is JSON without "format": "{FORMAT}": give a file that {kind.written_by} wrote')
    version, name = content.get("version"), content.get("kind")
    if type(version) is not int or version < 1:
        raise ValueError(f"{path} is damaged: its version is {version!r}, not a whole number such as {VERSION}")
    if version > VERSION:
        raise ValueError(
            f"{path} is newer than this chainrule: its format has version {version}, and this one reads up to {VERSION}. "
            "Upgrade it: pip install --upgrade chainrule"
        )
    if name != kind.name:
        other = KINDS.get(name) if isinstance(name, str) else None
        hint = f"give a file that {kind.written_by} wrote" + (f", or read this one by {other.read_by}" if other else "")
        raise ValueError(f"{path} holds {name!r}, not {kind.name!r}: {hint}")
    return content


def write_state_dict(state: Mapping[str, float], path: str | os.PathLike[str]) -> None:
    """Write numbers by name to `path`, whole or not at all: see `autograd.files.write_whole`. OSError if it cannot."""
    write_file(MODEL, {"parameters": written_numbers(state)}, path, indent=1)


def read_state_dict(path: str | os.PathLike[str]) -> dict[str, float]:
    """The numbers by name, as `write_state_dict` wrote them.

    Raises ValueError for a file that is truncated, of another kind or newer, or holds anything but numbers, and OSError if it
    cannot be read.
    """
    return read_numbers(read_file(MODEL, path).get("parameters"), path)


# --- numbers by name --------------------------------------------------------------------------------------------------


def written_numbers(state: Mapping[str, float]) -> dict[str, float | str]:
    """Floats by name, as JSON has them."""
    return {name: _written(number) for name, number in state.items()}


def read_numbers(parameters: Any, path: Any) -> dict[str, float]:
    """Floats by name, as `written_numbers` wrote them; ValueError for anything else."""
    if isinstance(parameters, dict):
        return {name: _read(number, name, path) for name, number in parameters.items()}
    raise ValueError(f"{path} is damaged: its parameters are {shown(parameters)}, not numbers by name")


def _written(number: float) -> float | str:
    if math.isfinite(number):
        return number
    sign = "-" if math.copysign(1.0, number) < 0.0 else ""
    return sign + ("nan" if math.isnan(number) else "inf")


def _read(number: Any, name: str, path: Any) -> float:
    if isinstance(number, str) and number in BEYOND_JSON:
        return BEYOND_JSON[number]
    if type(number) not in (int, float) or abs(number) > sys.float_info.max:
        wanted = ", ".join(map(repr, BEYOND_JSON))
        raise ValueError(
            f"{path} is damaged: the parameter {name!r} is {number!r}, not a number that a double holds, or {wanted}"
        )
    return float(number)


# --- plain data -------------------------------------------------------------------------------------------------------


def is_plain(thing: Any) -> bool:
    """Whether a file can hold it: None, bools, integers, floats and text, and lists, tuples and dicts of these.

    >>> is_plain({"betas": (0.9, None)}), is_plain(print)
    (True, False)
    """
    try:
        written_plain(thing, "")
    except TypeError:
        return False
    return True


def written_plain(thing: Any, what: str) -> Any:
    """Plain data as JSON has it, types and bits kept; TypeError for anything else, with its place in `what`.

    >>> written_plain((1, float("inf")), "the state")
    {'$tuple': [1, {'$float': 'inf'}]}
    """
    return _written_plain(thing, (what,))


def _written_plain(thing: Any, place: tuple[Any, ...]) -> Any:
    """The same; the place is what is written, or the place of that in which the thing stands, with its key."""
    kind = type(thing)
    if kind in ATOMS:
        return thing
    if isinstance(thing, float):  # NumPy's float64 is one
        return float(thing) if math.isfinite(thing) else {"$float": _written(thing)}
    if kind is list:
        return [_written_plain(part, (place, i)) for i, part in enumerate(thing)]
    if kind is tuple:
        return {"$tuple": [_written_plain(part, (place, i)) for i, part in enumerate(thing)]}
    if kind is not dict:
        raise TypeError(
            f"{_named(place)} is {shown(thing)}, a {kind.__name__}, which a file cannot hold: keep plain numbers, text, and "
            "lists, tuples or dicts of these"
        )
    if all(type(key) is str and not key.startswith("$") for key in thing):
        return {key: _written_plain(part, (place, key)) for key, part in thing.items()}
    key_of = (f"a key of {_named(place)}",)
    return {"$items": [[_written_plain(key, key_of), _written_plain(part, (place, key))] for key, part in thing.items()]}


def _named(place: tuple[Any, ...]) -> str:
    return place[0] if len(place) == 1 else f"{_named(place[0])}[{place[1]!r}]"


def read_plain(thing: Any, path: Any) -> Any:
    """Plain data, as `written_plain` wrote it; ValueError for what it would not have written.

    >>> read_plain({"$tuple": [1, {"$float": "inf"}]}, "a.json")
    (1, inf)
    """
    if isinstance(thing, list):
        return [read_plain(part, path) for part in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        raise ValueError(f"{path} is damaged: it has a number beyond those that a double holds")
    if not isinstance(thing, dict):
        return thing
    marks = [name for name in thing if name.startswith("$")]
    if not marks:
        return {name: read_plain(part, path) for name, part in thing.items()}
    mark, part = marks[0], thing[marks[0]]
    if len(thing) == 1 and mark == "$float" and isinstance(part, str) and part in BEYOND_JSON:
        return BEYOND_JSON[part]
    if len(thing) == 1 and mark == "$tuple" and isinstance(part, list):
        return tuple(read_plain(part, path))
    if len(thing) == 1 and mark == "$items" and isinstance(part, list):
        pairs = [read_plain(pair, path) for pair in part if isinstance(pair, list) and len(pair) == 2]
        try:
            found = dict(pairs)
        except TypeError:  # keys that are no keys
            found = {}
        if len(found) == len(part):
            return found
    raise ValueError(f"{path} is damaged: {shown(thing)} is no number, tuple or dict of chainrule's format")


# --- JSON, strictly ---------------------------------------------------------------------------------------------------


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
