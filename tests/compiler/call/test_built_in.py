"""The quickest call: a built-in function made of machine code, for floats alone."""

import copy
import gc
import inspect
import math
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, exp, grad, jit
from autograd.compiler.call import built_in as entry
from autograd.compiler.call.built_in import KNOWN_LAYOUT, LongWay
from autograd.compiler.emit import entries as rows
from autograd.compiler.run import llvm
from tests.compiler.comparison import bits, in_another_process

pytestmark = pytest.mark.skipif(not KNOWN_LAYOUT, reason="this Python keeps its floats elsewhere")


def formula(x: Any, y: Any, z: Any = 2.0) -> Any:
    """Any function of numbers."""
    return (x * y - x) / z + exp(-y)


@given(st.floats(), st.floats(), st.floats())
def test_the_same_bits_as_floats(x: float, y: float, z: float) -> None:
    """Whatever the floats: what the long way gives."""
    f = QUICK
    assert type(f.__call__).__name__ == "builtin_function_or_method"
    assert bits(f(x, y, z)) == bits(f.call(x, y, z))


QUICK = jit(formula)
for _ in range(2):
    QUICK(1.0, 2.0, 3.0)


def test_the_second_call_finds_it() -> None:
    """What is called once may never be called again: the first result does not wait for it."""
    f = jit(formula)
    f(1.0, 2.0, 3.0)
    assert type(f.__call__).__name__ != "builtin_function_or_method"
    f(1.0, 2.0, 3.0)
    assert type(f.__call__).__name__ == "builtin_function_or_method"


def test_other_arguments_take_the_long_way() -> None:
    """Integers, NumPy's floats, Values, keywords, fewer and more than there are: each as before the first quick call."""
    f = jit(formula)
    expected = f(1.0, 3.0, 2.0)
    for arguments in [(1, 3, 2), (np.float64(1.0), 3.0, 2.0), (True, 3.0, 2.0), (np.array(1.0), 3.0, 2.0)]:
        assert bits(f(*arguments)) == bits(expected)
    assert bits(f(1.0, z=2.0, y=3.0)) == bits(f(1.0, 3.0)) == bits(expected)
    x = Value(1.0)
    f(x, 3.0, 2.0).backward()
    assert bits(x.grad) == bits(grad(formula)(1.0, 3.0, 2.0))
    with pytest.raises(TypeError, match="'y'"):
        f(1.0)
    with pytest.raises(TypeError, match="positional"):
        f(1.0, 2.0, 3.0, 4.0)
    with pytest.raises(TypeError, match="must be one real number"):
        f("1.0", 2.0, 3.0)


def test_what_it_needs_lives_as_long_as_it() -> None:
    """The function is freed without the collector; its call, taken from it, goes on by both ways."""
    f = jit(formula)
    assert f(1.0, 2.0, 3.0) == f(1.0, 2.0, 3.0)
    call, alive = f.__call__, weakref.ref(f)
    gc.disable()
    try:
        del f
        assert alive() is None
    finally:
        gc.enable()
    assert call(1.0, 2.0, 3.0) == call(1, 2, 3) == call(1.0, 2.0, z=3.0) == QUICK(1.0, 2.0, 3.0)


def test_threads() -> None:
    """Many calls at once."""
    f = jit(formula)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: f(float(i), 1.5, 2.0), range(2_000)))
    assert found == [QUICK(float(i), 1.5, 2.0) for i in range(2_000)]


def test_where_floats_lie_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another Python the same results, by another way."""
    monkeypatch.setattr(rows, "KNOWN_LAYOUT", False)
    monkeypatch.setattr(llvm, "KNOWN_LAYOUT", False)
    f = jit(formula)
    assert f(1.0, 2.0, 3.0) == f(1.0, 2.0, 3.0) == QUICK(1.0, 2.0, 3.0)
    assert isinstance(f.__call__, LongWay)


def test_what_is_long_lets_other_threads_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long program is called by the way that releases the interpreter's lock."""
    monkeypatch.setattr(llvm, "QUICK", 3)
    f = jit(formula)
    assert f(1.0, 2.0, 3.0) == QUICK(1.0, 2.0, 3.0)
    assert isinstance(f.__call__, LongWay)
    assert entry.QUICK > 3
    assert math.isfinite(f(0.0, 0.0, 1.0))


# --- the garbage collector --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variables", [{"PYTHONMALLOC": "malloc", "MALLOC_PERTURB_": "255"}, {"PYTHONMALLOC": "debug"}], ids=str
)
def test_collected_in_a_cycle(variables: dict[str, str]) -> None:
    """However a compiled function holds itself, nothing reads memory that was freed, and what is called meanwhile is right."""
    assert in_another_process("from tests.compiler.call.cycles import run; run(3)", variables=variables) == "survived"


def test_like_other_built_in_functions() -> None:
    """Its name, and that it belongs to the long way; copies are the function itself."""
    f = jit(formula)
    for _ in range(2):
        f(1.0, 2.0, 3.0)
    call = f.__call__
    assert (call.__name__, call.__qualname__, call.__doc__) == ("formula", "LongWay.formula", None)
    assert repr(call).startswith("<built-in method formula of LongWay object")
    assert isinstance(call.__self__, LongWay)
    assert isinstance(call.__module__, bytes)  # its definition
    assert inspect.getmodule(call) is None
    assert copy.copy(call) is copy.deepcopy(call) is call
    assert pickle.loads(pickle.dumps(f))(1.0, 2.0, 3.0) == f(1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match="pickle"):  # as any pointer
        pickle.dumps(call)


def test_names_of_any_letters() -> None:
    """As long as they like."""
    f = jit(lambda x: x + 1.0)
    for name in ("", "größe", "a" * 1000):
        g = jit(f.__wrapped__)
        g._calls.name = name
        assert (g(1.0), g(1.0)) == (2.0, 2.0)
        assert g.__call__.__name__ == name
        assert g(1.0) == 2.0
