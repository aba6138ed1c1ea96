"""The quickest call there is: machine code that takes Python's floats itself, and leaves all other arguments to Python."""

import ctypes
import itertools
import sys
import sysconfig
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

QUICK = 2000  # operations: what is longer is called so that other threads run meanwhile

TYPE_AT = 8  # in an object, after the count of its references
NUMBER_AT = 16  # in a float
KNOWN_LAYOUT = (
    sys.implementation.name == "cpython"
    and not sysconfig.get_config_var("Py_GIL_DISABLED")
    and (object.__basicsize__, float.__basicsize__) == (16, 24)
)


def print_entry(inputs: int) -> str:
    """`entry(self, arguments, count, names)` in LLVM's language: `scalar` of so many floats, or else the call of `self`."""
    tests = Lines()
    uses = tests.more()
    numbers = []
    for i in range(inputs):
        tests.must_be_float(i)
        numbers.append(uses.load("double", f"%object{i}", NUMBER_AT))
    result = uses.new(f"call double @scalar({', '.join(f'double {x}' for x in numbers)})")
    made = uses.call("ptr", "PyFloat_FromDouble", f"double {result}")
    return print_built_in(inputs, [*tests.lines, *uses.lines, f"  ret ptr {made}"])


def print_built_in(count: int, lines: Iterable[str]) -> str:
    """A built-in function of so many arguments, `%object0` and on; what goes to the label `other` is left to `self`."""
    head = ["define ptr @entry(ptr %self, ptr %arguments, i64 %count, ptr %names) #0 {"]
    head += [f"  %enough = icmp eq i64 %count, {count}", "  %unnamed = icmp eq ptr %names, null"]
    head += ["  %begin = and i1 %enough, %unnamed", "  br i1 %begin, label %start, label %other", "start:"]
    for i in range(count):
        head += [f"  %at{i} = getelementptr ptr, ptr %arguments, i64 {i}", f"  %object{i} = load ptr, ptr %at{i}, align 8"]
    called = f"call ptr {pointer_to(_address('PyObject_Vectorcall'))}(ptr %self, ptr %arguments, i64 %count, ptr %names)"
    return "\n".join([*head, *lines, "other:", f"  %called = {called}", "  ret ptr %called", "}"])


class Lines:
    """Lines of an entry: what it asks of objects, reads in them, and calls of Python's C API."""

    def __init__(self, names: Iterator[int] | None = None) -> None:
        self.lines: list[str] = []
        self._names = itertools.count() if names is None else names

    def more(self) -> "Lines":
        """Other lines of the same function."""
        return Lines(self._names)

    def new(self, text: str) -> str:
        """A line that gives a name to what it computes."""
        name = f"%n{next(self._names)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def at(self, pointer: str, places: int) -> str:
        """A pointer so many bytes on."""
        return self.new(f"getelementptr i8, ptr {pointer}, i64 {places}") if places else pointer

    def load(self, kind: str, pointer: str, places: int = 0) -> str:
        """What lies so many bytes on."""
        return self.new(f"load {kind}, ptr {self.at(pointer, places)}, align {4 if kind == 'i32' else 8}")

    def store(self, kind: str, what: str, pointer: str) -> None:
        """Put something where the pointer points."""
        self.lines.append(f"  store {kind} {what}, ptr {pointer}, align 8")

    def call(self, kind: str, function: str, *operands: str) -> str:
        """The result of a function of Python's C API."""
        return self.new(f"call {kind} {pointer_to(_address(function))}({', '.join(operands)})")

    def must(self, condition: str, other: str = "other") -> None:
        """Go on where a condition holds, elsewhere at another label."""
        there = f"there{next(self._names)}"
        self.lines += [f"  br i1 {condition}, label %{there}, label %{other}", f"{there}:"]

    def must_be(self, kind: str, what: str, wanted: int | str) -> None:
        """Go on where two integers are equal."""
        self.must(self.new(f"icmp eq {kind} {what}, {wanted}"))

    def must_be_float(self, i: int) -> None:
        """Go on where an argument is a float."""
        self.must_be("i64", self.load("i64", f"%object{i}", TYPE_AT), id(float))


def pointer_to(address: int) -> str:
    """An address as LLVM's language has it."""
    return f"inttoptr (i64 {address} to ptr)"


def _address(name: str) -> int:
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


class Method(ctypes.Structure):
    """PyMethodDef: the name of a built-in function, its code, its way of taking arguments, its documentation."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("code", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


FASTCALL_WITH_KEYWORDS = 0x80 | 0x02


class LongWay:
    """The call of a compiled function that knows every kind of argument. It keeps what the short one needs, not its owner."""

    def __init__(self, owner: Any) -> None:
        self._owner = weakref.ref(owner)
        self.kept: list[Any] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function at these arguments."""
        owner = self._owner()
        if owner is None:
            raise ReferenceError("the compiled function that this call was taken from is gone: keep it, and call it itself")
        return owner.call(*args, **kwargs)


def built_in(name: str, address: int, kept: Sequence[Any], owner: Any) -> Any:
    """A built-in function whose machine code, an `entry`, needs what is kept; for other arguments the long way of its owner."""
    way = LongWay(owner)
    method = Method(name.encode(), address, FASTCALL_WITH_KEYWORDS, None)
    way.kept += [method, *kept]
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    return make(ctypes.addressof(method), way, None)
