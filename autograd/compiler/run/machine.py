"""The machine at hand: its processor, its C library, and code in its memory."""

import ctypes
import functools
import math
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np

from autograd.compiler.elementary import family
from autograd.compiler.lower import NotCompilableError
from autograd.compiler.run import disk
from autograd.compiler.run.symbols import symbols_in
from autograd.locks import Lock, undisturbed

_LLVM = Lock(rank=5)  # llvmlite has one of its own, which knows nothing of forks


class Host(NamedTuple):
    """The processor to make code for, as LLVM names it and its features: "" is any of this architecture.

    And the functions of its C library whose steps are `elementary`, so that they are there for vectors too.
    """

    cpu: str = ""
    features: str = ""
    elementary: tuple[str, ...] = ()

    @property
    def lanes(self) -> int:
        """How many doubles a vector register holds."""
        features = self.features.split(",")
        return 8 if "+avx512f" in features else 4 if "+avx" in features else 2


@functools.cache
def this_host() -> Host:
    """The processor at hand."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return Host(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), family.at_hand())


def _machine(host: Host, level: int) -> Any:
    """A new one for each piece of code, which owns it."""
    this_host()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=host.cpu, features=host.features, opt=level, jit=True)


@functools.cache
def _c_library() -> Any:
    """The C library that Python's `math` calls: the same functions give the same bits."""
    path = getattr(math, "__file__", None)
    return ctypes.CDLL(path or (None if sys.platform != "win32" else "ucrtbase"))


@functools.cache
def _vector_library() -> Any:
    """glibc's library of vector functions; None if the machine has none."""
    try:
        return ctypes.CDLL("libmvec.so.1")
    except OSError:
        return None


@functools.cache
def c_symbol(name: str) -> str:
    """Return the symbol of a C library function; raise NotCompilableError if the library lacks it."""
    if not hasattr(_c_library(), name):
        raise NotCompilableError(f"the C library has no function {name!r}, which a primitive names as its native one")
    return f"c.{name}"


@functools.cache
def vector_symbol(name: str, arity: int, lanes: int) -> str | None:
    """Return the symbol of glibc's vector version of a function (at most 4 ulp), or None if it has none for that many lanes."""
    found = f"_ZGV{({8: 'e', 4: 'd', 2: 'b'}).get(lanes)}N{lanes}{'v' * arity}_{name}"
    return f"v.{found}" if hasattr(_vector_library(), found) else None


@functools.cache
def _elementary(name: str, lanes: str) -> "Code":
    """One of our functions of vectors, made once for all code that calls it."""
    host = this_host()
    if name not in host.elementary:
        raise ValueError(f"the C library takes other steps to {name!r}")
    key = disk.key_of("elementary", name, lanes, *host)
    found = disk.read(key)
    if found is not None:
        return Code(found[1], host, 2, found[0]["symbols"])
    text = family.text(name, int(lanes))
    return Code(text, host, 2, keep=lambda made: disk.write(key, {"symbols": symbols_in(text)}, made))


def address_of(symbol: str) -> int:
    """Return the address that a symbol names in this process; raise AttributeError or ValueError if it names nothing."""
    library, _, name = symbol.partition(".")
    if library == "e":
        return _elementary(*name.split(".")).address("lanes")
    if library == "p":
        return ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, name))
    return ctypes.cast(getattr(_c_library() if library == "c" else _vector_library(), name), ctypes.c_void_p).value or 0


def _free(engine: Any, context: Any) -> None:
    """In this order, which the garbage collector would not keep."""
    with _LLVM:
        engine.close()
        context.close()


class Code:
    """Machine code in memory, freed with this object: of an LLVM module's text, or what LLVM once made of one.

    What LLVM made names its `symbols` (`symbols_in` its text). `keep`, if given, is told what LLVM makes of a text.
    """

    def __init__(
        self,
        made: str | bytes,
        host: Host,
        level: int,
        symbols: Sequence[str] = (),
        keep: Callable[[bytes], Any] | None = None,
    ) -> None:
        symbols = symbols_in(made) if isinstance(made, str) else symbols
        addresses = {symbol: address_of(symbol) for symbol in symbols}
        with undisturbed():  # what LLVM has half made cannot be freed, as its parts own each other
            with _LLVM:
                for symbol, address in addresses.items():
                    llvm.add_symbol(symbol, address)
                context = llvm.create_context()
                module = llvm.parse_assembly(made if isinstance(made, str) else "", context)
                self._engine = llvm.create_mcjit_compiler(module, _machine(host, level))
                if not isinstance(made, str):
                    self._engine.add_object_file(llvm.ObjectFileRef.from_data(made))
                elif keep is not None:
                    self._engine.set_object_cache(lambda _, code: keep(bytes(code)))
                self._engine.finalize_object()
            # The garbage collector tells the end of all that it watches before it calls a `__del__`, which may still run this
            # code: so the code ends with an array, which it does not watch. And not at exit, when other threads may run it.
            self._end = np.empty(0)
            weakref.finalize(self._end, _free, self._engine, context).atexit = False

    def address(self, name: str) -> int:
        """Where the machine code of a function lies."""
        with _LLVM:
            return int(self._engine.get_function_address(name))

    def function(self, name: str, result: Any, arguments: Sequence[Any]) -> Any:
        """A function of the code, which keeps the code alive."""
        found = ctypes.CFUNCTYPE(result, *arguments)(self.address(name))
        found.code = self  # type: ignore[attr-defined]  # such objects take what they are given
        return found
