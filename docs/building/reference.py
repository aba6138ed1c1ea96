"""The reference: every public name on one page, found by the module that defines it; primitives with their graphs."""

import importlib
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

from autograd.definition import Primitive
from docs.building.chapters import fenced
from docs.building.curves import setting, svg

PACKAGES = ("autograd", "nn", "nn.init", "nn.export", "nn.sklearn", "nn.micrograd", "autograd.testing")
EXPORTING = ("autograd", "nn", "autograd.testing", "nn.export")  # all that they bring; of others, what they define
NAMES = re.compile(r"^<!-- (names|primitives|source): ([\w. ]+) -->$", re.MULTILINE)
BANNER = re.compile(r"^# --- (.+?) -+$|^(\w+)(?:: Primitive)? = ", re.MULTILINE)


def public_names() -> dict[str, Any]:
    """What the packages export, by full names; a thing of several names under the first that is its own."""
    found: dict[str, Any] = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in dir(module):
            thing = getattr(module, name)
            if not isinstance(thing, type | FunctionType | Primitive) or name != thing.__qualname__ or name.startswith("_"):
                continue
            if _inside(thing.__module__, package.partition(".")[0] if package in EXPORTING else package):
                found[f"{package}.{name}"] = thing
    return found


def names_in(modules: Sequence[str]) -> list[str]:
    """Public names that these modules, or modules in these packages, define, in the order of the modules."""
    found = [(name, thing) for name, thing in public_names().items() if not isinstance(thing, Primitive)]
    return [name for module in modules for name, thing in found if _inside(thing.__module__, module)]


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def expanded(markdown: str) -> str:
    """A page with what its comments stand for: `names: MODULE ...`, `primitives: MODULE` and `source: MODULE NAME`."""

    def replaced(found: re.Match[str]) -> str:
        modules = found[2].split()
        if found[1] == "names":
            return "\n\n".join(_directive(name) for name in names_in(modules))
        if found[1] == "source":
            return f"```python\n{statement(*modules)}\n```"
        return "\n\n".join(part for module in modules for part in _primitives(module))

    return NAMES.sub(replaced, markdown)


def statement(module: str, name: str) -> str:
    """The lines that state a primitive.

    >>> print(statement("autograd.primitives", "hypot").splitlines()[0])
    hypot: Primitive = primitive(
    """
    text = Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8")
    found = re.search(rf"^{name}: Primitive = .*?^\)$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"{module} has no statement of {name}")
    return found[0]


def _directive(name: str) -> str:
    """A name for mkdocstrings, at the place of its definition, with what it inherits from classes that are not public."""
    known = public_names()
    thing = known[name]
    hidden = [base for base in getattr(thing, "__mro__", ())[1:] if base.__module__.startswith(PACKAGES)]
    inherits = hidden and not any(base in known.values() for base in hidden)
    options = "\n    options:\n      inherited_members: true" if inherits else ""
    return f"::: {thing.__module__}.{thing.__qualname__}{options}"


def sections(module: str) -> Iterator[tuple[str, list[Primitive]]]:
    """The module's banner comments, each with the public primitives stated below it; "" for those below none."""
    loaded = importlib.import_module(module)
    known: list[Primitive] = []
    title = ""
    for found in BANNER.finditer(Path(str(loaded.__file__)).read_text(encoding="utf-8")):
        thing = getattr(loaded, found[2], None) if found[2] else None
        if found[1]:
            if known:
                yield title, known
            title, known = found[1], []
        elif isinstance(thing, Primitive) and thing.name == found[2] and not thing.internal:
            known.append(thing)
    if known:
        yield title, known


def _primitives(module: str) -> Iterator[str]:
    for title, known in sections(module):
        if title:
            yield f"## {title[0].upper()}{title[1:]}"
        for row in known:
            yield from entry(row, module)


def entry(known: Primitive, module: str) -> Iterator[str]:
    """A primitive: its signature, its docstring with the formula and an example, its domain, and its graph."""
    others = [name for name, thing in vars(importlib.import_module(module)).items() if thing is known and name != known.name]
    yield f"### {known.name} {{ #autograd.{known.name} }}"
    yield f"```python\n{known.name}{inspect.signature(known)}\n```"
    yield fenced(inspect.cleandoc(known.__doc__ or ""))
    yield _figure(known)
    facts = [f"Symbol `{known.symbol}`."] if known.symbol != known.name else []
    facts += [f"Also `{'`, `'.join(others)}`."] if others else []
    facts += [f"As an operator: `__{known.operator}__`."] if known.operator else []
    if facts:
        yield " ".join(facts)


def _figure(known: Primitive) -> str:
    about = setting(known).about
    told = f"; {about}" if about else ""
    return f'<figure class="graph">{svg(known)}<figcaption>value and slope{told}</figcaption></figure>'.replace("\n", "")
