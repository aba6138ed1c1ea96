"""The reference has every public name once, with what it says of itself."""

import importlib
import json
from pathlib import Path
from pydoc import locate
from typing import Any

from autograd import Primitive
from docs.building import reference

ROOT = Path(__file__).parents[2]
PAGES = {
    path.name: reference.expanded(path.read_text(encoding="utf-8"))
    for path in (ROOT / "docs" / "site" / "reference").glob("*.md")
}


def things() -> list[Any]:
    """All public things, whatever their names."""
    names = json.loads((ROOT / "tests" / "public_names.json").read_text(encoding="utf-8"))
    found = [getattr(importlib.import_module(package), name) for package, all_of_it in names.items() for name in all_of_it]
    return [thing for thing in found if isinstance(thing, Primitive) or callable(thing)]


def test_every_public_name_is_on_one_page() -> None:
    """Functions and classes by their definition, primitives by their name."""
    text = "\n".join(PAGES.values())
    for thing in things():
        if isinstance(thing, Primitive):
            shown = f"### {thing.name} {{ #autograd.{thing.name} }}"
        else:
            shown = f"::: {thing.__module__}.{thing.__qualname__}"
        assert text.splitlines().count(shown) == 1, shown


def test_nothing_is_asked_for_in_vain() -> None:
    """Each comment stands for names that are there, and each name has a docstring."""
    for page, text in PAGES.items():
        assert "<!--" not in text, page
        names = [line[4:] for line in text.splitlines() if line.startswith("::: ")]
        assert names or "### " in text, page
        assert all(getattr(locate(name), "__doc__", None) for name in names), page


def test_a_primitive_has_signature_example_graph_and_facts() -> None:
    """Also its other names and its operator."""
    entry = "\n".join(reference.entry(importlib.import_module("autograd").truediv, "autograd.primitives"))
    for part in ("truediv(x, y)", "```pycon\n>>> ", "<svg", "value and slope; y = 2", "Also `div`.", "`__truediv__`"):
        assert part in entry, part


def test_every_function_has_an_example() -> None:
    """Functions and primitives; and classes but errors, bases, and what functions return."""
    returned = {"Recording", "LearningRates", "Report", "Weighted", "Module"}
    found = {name: thing for name, thing in reference.public_names().items() if ">>> " not in (thing.__doc__ or "")}
    classes = {name: thing for name, thing in found.items() if isinstance(thing, type)}
    assert not found.keys() - classes.keys()
    assert not [n for n, thing in classes.items() if not issubclass(thing, Exception) and thing.__name__ not in returned]


def test_what_a_class_inherits_from_one_that_is_not_public_is_shown_with_it() -> None:
    """`Value.item` is stated by a class that users do not know; a layer's `parameters` by Module, which has its own entry."""
    text = "\n".join(PAGES.values())
    assert "::: autograd.value.Value\n    options:\n      inherited_members: true\n" in text
    assert "::: nn.layers.linear.MLP\n\n" in text


def test_a_statement_is_the_source() -> None:
    """From its name to the bracket that ends it."""
    found = reference.statement("autograd.primitives", "relu")
    assert found.startswith("relu: Primitive = primitive(\n")
    assert found.endswith("\n)")
    assert found.count("primitive(") == 1
