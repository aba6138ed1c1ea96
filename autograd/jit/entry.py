"""The quickest call there is: machine code that takes Python's floats itself, and leaves all other arguments to Python."""

import ctypes
import sys
import sysconfig
import weakref
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
    lines = [
        "define ptr @entry(ptr %self, ptr %arguments, i64 %count, ptr %names) #0 {",
        f"  %enough = icmp eq i64 %count, {inputs}",
        "  %unnamed = icmp eq ptr %names, null",
        "  %begin = and i1 %enough, %unnamed",
        "  br i1 %begin, label %try0, label %other",
    ]
    for i in range(inputs):
        lines += [
            f"try{i}:",
            f"  %at{i} = getelementptr ptr, ptr %arguments, i64 {i}",
            f"  %object{i} = load ptr, ptr %at{i}, align 8",
            f"  %type_at{i} = getelementptr i8, ptr %object{i}, i64 {TYPE_AT}",
            f"  %type{i} = load i64, ptr %type_at{i}, align 8",
            f"  %is_float{i} = icmp eq i64 %type{i}, {id(float)}",
            f"  br i1 %is_float{i}, label %try{i + 1}, label %other",
        ]
    lines.append(f"try{inputs}:")
    for i in range(inputs):
        lines += [
            f"  %number_at{i} = getelementptr i8, ptr %object{i}, i64 {NUMBER_AT}",
            f"  %x{i} = load double, ptr %number_at{i}, align 8",
        ]
    made, called = (_address(name) for name in ("PyFloat_FromDouble", "PyObject_Vectorcall"))
    lines += [
        f"  %result = call double @scalar({', '.join(f'double %x{i}' for i in range(inputs))})",
        f"  %made = call ptr inttoptr (i64 {made} to ptr)(double %result)",
        "  ret ptr %made",
        "other:",
        f"  %called = call ptr inttoptr (i64 {called} to ptr)(ptr %self, ptr %arguments, i64 %count, ptr %names)",
        "  ret ptr %called",
        "}",
    ]
    return "\n".join(lines)


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


def built_in(name: str, address: int, code: Any, owner: Any) -> Any:
    """A built-in function whose machine code is an `entry`; for arguments other than floats the long way of its owner."""
    way = LongWay(owner)
    method = Method(name.encode(), address, FASTCALL_WITH_KEYWORDS, None)
    way.kept += [method, code]
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    return make(ctypes.addressof(method), way, None)
