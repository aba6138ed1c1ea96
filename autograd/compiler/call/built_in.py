"""The quickest call: a built-in function of machine code that takes Python's floats itself, and leaves the rest to Python."""

import ctypes
import itertools
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from typing import Any

QUICK = 2000  # operations: what is longer is called so that other threads run meanwhile
TYPE_AT = 8  # in an object, after the count of its references
NUMBER_AT = 16  # in a float
LENGTH_AT = object.__basicsize__  # in a list, tuple or dict, how many items it has
LIST_ITEMS_AT = object.__basicsize__ + 8  # in a list, a pointer to its items
FASTCALL_WITH_KEYWORDS = 0x80 | 0x02
KNOWN_LAYOUT = (
    sys.implementation.name == "cpython"
    and not sysconfig.get_config_var("Py_GIL_DISABLED")
    and (object.__basicsize__, float.__basicsize__) == (16, 24)
)


def print_entry(inputs: int) -> str:
    """`entry(self, arguments, count, names)` in LLVM's language: `scalar` of that many floats, or else the call of `self`."""
    lines = Lines()
    for i in range(inputs):
        lines.must_be_float(f"%object{i}")
    numbers = [f"double {lines.load('double', f'%object{i}', NUMBER_AT)}" for i in range(inputs)]
    result = lines.new(f"call double @scalar({', '.join(numbers)})")
    made = lines.call("ptr", "PyFloat_FromDouble", f"double {result}")
    return print_built_in(inputs, [*lines.lines, f"  ret ptr {made}"])


def print_built_in(count: int, lines: Iterable[str]) -> str:
    """A built-in function of `count` arguments, `%object0` and on; what goes to the label `other` is left to `self`."""
    head = ["define ptr @entry(ptr %self, ptr %arguments, i64 %count, ptr %names) #0 {"]
    head += [f"  %enough = icmp eq i64 %count, {count}", "  %unnamed = icmp eq ptr %names, null"]
    head += ["  %begin = and i1 %enough, %unnamed", "  br i1 %begin, label %start, label %other", "start:"]
    for i in range(count):
        head += [f"  %at{i} = getelementptr ptr, ptr %arguments, i64 {i}", f"  %object{i} = load ptr, ptr %at{i}, align 8"]
    called = f"call ptr {c_api('PyObject_Vectorcall')}(ptr %self, ptr %arguments, i64 %count, ptr %names)"
    return "\n".join([*head, *lines, "other:", f"  %called = {called}", "  ret ptr %called", "}"])


class Lines:
    """Lines of an entry, which read objects and call Python's C API. Where a test fails, it goes on at the label `other`."""

    def __init__(self, other: str = "other") -> None:
        self.lines: list[str] = []
        self._other = other
        self._names = itertools.count()

    def new(self, text: str) -> str:
        """A line that gives a name to what it computes."""
        name = f"%n{next(self._names)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def at(self, pointer: str, places: int) -> str:
        """A pointer that many bytes on."""
        return self.new(f"getelementptr i8, ptr {pointer}, i64 {places}") if places else pointer

    def load(self, kind: str, pointer: str, places: int = 0) -> str:
        """What lies that many bytes on."""
        return self.new(f"load {kind}, ptr {self.at(pointer, places)}, align {4 if kind == 'i32' else 8}")

    def store(self, kind: str, what: str, pointer: str) -> None:
        """Put something where the pointer points."""
        self.lines.append(f"  store {kind} {what}, ptr {pointer}, align 8")

    def call(self, kind: str, function: str, *operands: str) -> str:
        """The result of a function of Python's C API."""
        return self.new(f"call {kind} {c_api(function)}({', '.join(operands)})")

    def must(self, condition: str, other: str | None = None) -> None:
        """Go on where a condition holds, elsewhere at another label."""
        there = f"there{next(self._names)}"
        self.lines += [f"  br i1 {condition}, label %{there}, label %{other or self._other}", f"{there}:"]

    def must_be(self, kind: str, what: str, wanted: int | str, other: str | None = None) -> None:
        """Go on where two integers are equal."""
        self.must(self.new(f"icmp eq {kind} {what}, {wanted}"), other)

    def must_be_float(self, thing: str) -> None:
        """Go on where an object is a float."""
        self.must_be("i64", self.load("i64", thing, TYPE_AT), "ptrtoint (ptr @p.PyFloat_Type to i64)")

    def loop(self, count: int, body: Callable[[str], None]) -> None:
        """Lines that run for each number below `count`, which is at least 1."""
        n = next(self._names)
        self.lines += [f"  br label %before{n}", f"before{n}:", f"  br label %head{n}", f"head{n}:"]
        self.lines += [f"  %i{n} = phi i64 [ 0, %before{n} ], [ %next{n}, %last{n} ]"]
        body(f"%i{n}")
        self.lines += [f"  br label %last{n}", f"last{n}:", f"  %next{n} = add i64 %i{n}, 1"]
        self.lines += [f"  %more{n} = icmp slt i64 %next{n}, {count}", f"  br i1 %more{n}, label %head{n}, label %done{n}"]
        self.lines += [f"done{n}:"]


def pointer_to(address: int) -> str:
    """An address as LLVM's language has it."""
    return f"inttoptr (i64 {address} to ptr)"


def c_api(name: str) -> str:
    """A function of Python's C API, by its symbol."""
    return f"@p.{name}"


class LongWay:
    """The call of a compiled function that knows every kind of argument. It keeps what the short one needs, not its owner."""

    def __init__(self, calls: Any, kept: Sequence[Any] = ()) -> None:
        self._calls = calls
        self._kept = kept

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function at these arguments."""
        return self._calls.call(*args, **kwargs)


class Method(ctypes.Structure):
    """PyMethodDef: what Python knows of a built-in function."""

    _fields_ = (("name", ctypes.c_void_p), ("code", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_void_p))


def built_in(name: str, address: int, kept: Sequence[Any], calls: Any) -> Any:
    """A built-in function whose machine code, an `entry`, needs what is kept; for other arguments the long way."""
    # Python reads the definition once more when it frees the function. The garbage collector may have cleared all that the
    # function refers to by then, but for bytes, which it does not look into: they hold the definition, in a module's place.
    text = name.encode() + b"\0"
    definition = bytes(ctypes.sizeof(Method)) + text
    start = ctypes.cast(ctypes.c_char_p(definition), ctypes.c_void_p).value or 0
    method = Method(start + ctypes.sizeof(Method), address, FASTCALL_WITH_KEYWORDS, None)
    ctypes.memmove(start, ctypes.addressof(method), ctypes.sizeof(Method))
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]
    return make(start, LongWay(calls, kept), definition)
