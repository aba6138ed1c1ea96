"""The Python backend: straight lines that anyone can read, and that need nothing."""

import math
from typing import Any

import pytest
from hypothesis import given, settings

from autograd import exp, jit, primitive, where
from autograd.compiler.node import NO_ROWS, Rows
from autograd.compiler.options import Options
from autograd.compiler.run.python import PythonExecutable
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.tracer import trace
from autograd.testing import Expression, expressions
from tests.compiler.comparison import EDGES, bits, in_another_process


@given(expressions(max_ops=20))
@settings(max_examples=40)
def test_the_same_bits(expression: Expression) -> None:
    """As by Values, far outside the smooth region too."""
    executable = PythonExecutable(simplify(expression.program), Options())
    for point in [expression.at, *zip(EDGES, EDGES[5:] + EDGES[:5], strict=True)]:
        assert bits(executable.run(point, NO_ROWS)) == bits(expression(*point))


def test_lists_of_lists_are_rows() -> None:
    """Where there is no NumPy."""
    ssa = simplify(trace(lambda xs: ([xs[0] * xs[1], xs[2]], None), ["x", "w", "y"])[0])
    rows = Rows(2, ([[1.0], [2.0]], [[10.0], [20.0]]))
    assert PythonExecutable(ssa, Options((0, None, 1))).run([3.0], rows) == [[3.0, 6.0], [10.0, 20.0]]
    assert PythonExecutable(ssa, Options((0, None, 1), "sum")).run([3.0], rows) == [9.0, 30.0]
    assert PythonExecutable(ssa, Options((0, None, 1), "mean")).run([3.0], rows) == [4.5, 15.0]


def test_a_users_primitive_is_looked_up() -> None:
    """In the table, by its name."""
    primitive("twice_and_more", evaluate=lambda x: 2.0 * x + 1.0, partials=(2.0,))
    f = jit(lambda x: x.twice_and_more(), backend="python")
    assert f(3.0) == 7.0
    names: dict[str, Any] = {}
    exec(f.source(), names)
    assert names["lambda_"](3.0) == 7.0
    assert "lookup('twice_and_more')" in f.source()


MISSING = """
import sys, warnings, pickle
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name.partition(".")[0])
sys.meta_path.insert(0, Missing())
warnings.simplefilter("always")
with warnings.catch_warnings(record=True) as caught:
    from autograd import Value, exp, grad, jit, hessian, tanh
    f = jit(lambda x, y: x * exp(-y))
    g = jit(grad(f, argnums=(0, 1)))
    w = Value(0.5)
    h = jit(lambda x: tanh(w * x))
    results = [f(2.0, 0.0), f(2.0, 1.0), *g(2.0, 0.0), f.stats().backend, hessian(f)(2.0, 0.0)]
    h(2.0).backward()
    results += [abs(w.grad - 2.0 * (1.0 - 0.7615941559557649 ** 2)) < 1e-15, jit(lambda x: [x, {{"a": x}}])([1.0, 2.0])]
    results.append("print" if f.source() else "")
print(results)
print([(w.category.__name__, str(w.message), w.filename) for w in caught])
"""


@pytest.mark.parametrize("missing", [["llvmlite"], ["numpy"], ["llvmlite", "numpy"]], ids=" and ".join)
def test_without(missing: list[str]) -> None:
    """Without llvmlite or NumPy everything but rows works, after exactly one warning, which names the extra."""
    more = "" if "numpy" in missing else (
        "import numpy as np\nF = jit(lambda x: x * x, in_axes=0, reduce='mean')\nprint(F(np.arange(3.0)), F.stats().backend)\n"
    )  # fmt: skip
    if "numpy" in missing:
        more = "try:\n    jit(lambda x: x, in_axes=0)([1.0])\nexcept ModuleNotFoundError as e:\n    print(e)\n"
    more += "try:\n    jit(lambda x: x, backend='llvm')(1.0)\nexcept ModuleNotFoundError as e:\n    print(e)\n"
    more += "with warnings.catch_warnings(record=True) as caught:\n    jit(lambda x: x * 3.0)(1.0)\n    print(len(caught))"
    results, warned, rows, refused, again = in_another_process(MISSING.format(missing=missing) + more).splitlines()
    assert results.startswith(
        f"[2.0, {2.0 * math.exp(-1.0)}, 1.0, -2.0, 'python', 0.0, True, [[1.0, 2.0], {{'a': [1.0, 2.0]}}]"
    )
    assert warned.count("UserWarning") == 1
    assert warned.count("), (") == 0
    assert 'pip install "chainrule[jit]"' in warned
    assert f"{missing[0]} is not installed" in warned or f"{missing[-1]} is not installed" in warned
    assert "<string>" in warned  # the file of whoever called, not one of the package
    assert "chainrule[jit]" in rows if "numpy" in missing else rows.split()[1] == "python"
    assert "chainrule[jit]" in refused
    assert again == "0"


def test_it_was_asked_for() -> None:
    """backend="python" warns of nothing, and needs no llvmlite."""
    code = (
        "import sys, warnings\nsys.modules['llvmlite'] = None\nwarnings.simplefilter('error')\n"
        "from autograd import jit\nprint(jit(lambda x: x * 2.0, backend='python')(1.5))"
    )
    assert in_another_process(code) == "3.0"


def test_importing_the_package_imports_no_compiler() -> None:
    """Neither llvmlite nor NumPy, before a function is compiled."""
    code = "import sys, autograd\nprint([name for name in ('llvmlite', 'numpy') if name in sys.modules])"
    assert in_another_process(code) == "[]"


def test_constants_print_so_that_they_run() -> None:
    """Infinite, nan, negative and signed zero ones."""
    f = jit(
        lambda x: [x + math.inf, x - -math.inf, x * math.nan, -0.0 - x, x - -3.0, where(x > -0.5, -1.0, exp(x))],
        backend="python",
    )
    names: dict[str, Any] = {}
    f(0.0)
    exec(f.source(), names)
    for x in EDGES:
        assert bits(names["lambda_"](x)) == bits(f(x))
