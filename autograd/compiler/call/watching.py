"""Machine code before a built-in function, which looks into places outside of the call.

A number that the code has as a constant may have given way to an object of another class. Then the call goes the long way.
"""

import ctypes
from collections.abc import Iterable
from types import CellType
from typing import Any

from autograd.compiler.call.arrays import KNOWN, LIST_ITEMS_AT
from autograd.compiler.call.built_in import TYPE_AT, Lines, c_api, pointer_to

CONTENT_AT = object.__basicsize__  # in a cell
LENGTH_AT = object.__basicsize__  # in a list

Spot = tuple[Any, Any]
"""A cell, a list or a dict, and the key there: any for a cell, a string for a dict."""


def _finds_content() -> bool:
    """Whether a cell and a list keep their content and length there."""
    item = object()
    found = [ctypes.c_size_t.from_address(id(x) + CONTENT_AT).value for x in (CellType(item), [item])]
    return found == [id(item), 1]


KNOWN_CELLS = KNOWN and _finds_content()


def can_watch(spot: Spot) -> bool:
    """Whether machine code can look there without any code of Python's."""
    container, key = spot
    return KNOWN_CELLS and (type(container) in (CellType, list) or (isinstance(container, dict) and type(key) is str))


def print_watching(spots: Iterable[Spot], kind: type, entry: int) -> str:
    """An `entry` in LLVM's language that calls another one by its address if no object of that class lies in these spots."""
    lines = Lines()
    for container, key in spots:
        thing = _found(lines, container, key)
        lines.must(lines.new(f"icmp ne i64 {lines.load('i64', thing, TYPE_AT)}, {id(kind)}"))
    given = "ptr %self, ptr %arguments, i64 %count, ptr %names"
    head = ["attributes #0 = { nounwind }", f"define ptr @entry({given}) #0 {{", "  br label %start", "start:"]
    tail = [f"  %found = call ptr {pointer_to(entry)}({given})", "  ret ptr %found", "other:"]
    called = f"  %called = call ptr {c_api('PyObject_Vectorcall')}({given})"
    return "\n".join([*head, *lines.lines, *tail, called, "  ret ptr %called", "}"])


def _found(lines: Lines, container: Any, key: Any) -> str:
    """A pointer to what lies there; to None if it is empty."""
    place = pointer_to(id(container))
    if isinstance(container, dict):
        found = lines.call("ptr", "PyDict_GetItem", f"ptr {place}", f"ptr {pointer_to(id(key))}")
    elif type(container) is list:
        lines.must(lines.new(f"icmp sgt i64 {lines.load('i64', place, LENGTH_AT)}, {key}"))
        return lines.load("ptr", lines.load("ptr", place, LIST_ITEMS_AT), 8 * key)
    else:
        found = lines.load("ptr", place, CONTENT_AT)
    empty = lines.new(f"icmp eq ptr {found}, null")
    return lines.new(f"select i1 {empty}, ptr {pointer_to(id(None))}, ptr {found}")
