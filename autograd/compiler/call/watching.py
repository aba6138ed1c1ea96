"""Machine code before a built-in function, which looks into places outside of the call.

What the code has as a constant may have given way to something else there. Then the call goes the long way.
"""

import ctypes
from types import CellType, FunctionType
from typing import Any

from autograd.compiler.call.built_in import KNOWN_LAYOUT, LENGTH_AT, LIST_ITEMS_AT, Lines, c_api, pointer_to
from autograd.compiler.run.symbols import with_symbols

CONTENT_AT = object.__basicsize__  # in a cell
MANY = 256  # spots: a look at more takes longer than the long way

_DEFAULTS = {"__defaults__": "PyFunction_GetDefaults", "__kwdefaults__": "PyFunction_GetKwDefaults"}
_KINDS = (CellType, list, FunctionType)


class Watch:
    """Cells, functions, lists and dicts, with keys (a dict's are strings), what is expected there, and expected sizes."""

    def __init__(self) -> None:
        self.spots: list[tuple[Any, Any]] = []
        self.sizes: list[tuple[Any, int]] = []
        self._things: list[Any] = []
        self.expected: Any = (ctypes.c_void_p * 0)()

    def update(self, spots: list[tuple[Any, Any]], things: list[Any], sizes: list[tuple[Any, int]]) -> None:
        """Expect these things from now on; machine code that was made before knows, if the spots are the same."""
        before = self._things
        self.spots, self.sizes = spots, sizes
        if len(self.expected) != len(things):
            self.expected = (ctypes.c_void_p * len(things))()
        self._things = [*things, *before]  # those go when no machine code expects them any more
        self.expected[:] = list(map(id, things))
        self._things = things

    @property
    def possible(self) -> bool:
        """Whether machine code can look there without any code of Python's, and in no more time than the long way."""
        kinds = {type(container) for container, _ in (*self.spots, *self.sizes)}
        strings = all(type(key) is str for container, key in self.spots if isinstance(container, dict))
        few = len(self.spots) + len(self.sizes) <= MANY
        return KNOWN_CELLS and few and strings and all(issubclass(kind, dict) or kind in _KINDS for kind in kinds)


def _finds_content() -> bool:
    """Whether a cell, a list and a dict keep their content and length there."""
    item = object()
    found = [ctypes.c_size_t.from_address(id(x) + CONTENT_AT).value for x in (CellType(item), [item], {item: 1, 2: 3})]
    held = [item]
    items = ctypes.c_size_t.from_address(id(held) + LIST_ITEMS_AT).value
    return found == [id(item), 1, 2] and ctypes.c_size_t.from_address(items).value == id(item)


KNOWN_CELLS = KNOWN_LAYOUT and _finds_content()


def print_watching(watch: Watch, entry: int) -> str:
    """An `entry` in LLVM's language that calls another one by its address if all is there that is expected."""
    lines = Lines()
    for container, size in watch.sizes:
        lines.must_be("i64", lines.load("i64", pointer_to(id(container)), LENGTH_AT), size)
    expected = pointer_to(ctypes.addressof(watch.expected))
    for i, (container, key) in enumerate(watch.spots):
        wanted = lines.load("ptr", expected, ctypes.sizeof(ctypes.c_void_p) * i)
        lines.must(lines.new(f"icmp eq ptr {_found(lines, container, key)}, {wanted}"))
    given = "ptr %self, ptr %arguments, i64 %count, ptr %names"
    head = ["attributes #0 = { nounwind }", f"define ptr @entry({given}) #0 {{", "  br label %start", "start:"]
    tail = [f"  %found = call ptr {pointer_to(entry)}({given})", "  ret ptr %found", "other:"]
    called = f"  %called = call ptr {c_api('PyObject_Vectorcall')}({given})"
    return with_symbols("\n".join([*head, *lines.lines, *tail, called, "  ret ptr %called", "}"]))


def _found(lines: Lines, container: Any, key: Any) -> str:
    """A pointer to what lies there; to None if it is empty."""
    place = pointer_to(id(container))
    if type(container) is list:
        lines.must(lines.new(f"icmp sgt i64 {lines.load('i64', place, LENGTH_AT)}, {key}"))
        return lines.load("ptr", lines.load("ptr", place, LIST_ITEMS_AT), 8 * key)
    if type(container) is CellType:
        found = lines.load("ptr", place, CONTENT_AT)
    elif type(container) is FunctionType:
        found = lines.call("ptr", _DEFAULTS[key], f"ptr {place}")
    else:
        found = lines.call("ptr", "PyDict_GetItem", f"ptr {place}", f"ptr {pointer_to(id(key))}")
    empty = lines.new(f"icmp eq ptr {found}, null")
    return lines.new(f"select i1 {empty}, ptr {pointer_to(id(None))}, ptr {found}")
