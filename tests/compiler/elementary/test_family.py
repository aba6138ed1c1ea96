"""Functions of vectors have the bits of the C library at hand, and are used there alone."""

import ctypes
import math
import platform
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.elementary.definition import FUNCTIONS
from autograd.compiler.elementary.family import at_hand, print_of, text
from autograd.compiler.emit.natives import apply
from autograd.compiler.run.machine import Code, Host, address_of, this_host
from autograd.native import CFunction
from autograd.table import TABLE
from tests.compiler.comparison import EDGES, in_another_process
from tests.compiler.emit.code import Written

HOST = this_host()
PRIMITIVES = {known.native.name: known for known in TABLE.values() if isinstance(known.native, CFunction)}
WIDTHS = [lanes for lanes in (2, 4, 8) if lanes <= HOST.lanes]
here = pytest.mark.parametrize("name", [name for name in FUNCTIONS if name in at_hand()])


def results(name: str, xs: Any, host: Host, lanes: int) -> Any:
    """The results of a function in code compiled for a host."""
    written = Written(host=host)
    f = written.function(lanes)

    def one(names: list[str]) -> list[str]:
        x, y = names
        f.store(apply(f, PRIMITIVES[name], [(f.load(x), False)]), y)
        return [f.offset(x, lanes), f.offset(y, lanes)]

    f.loop(len(xs) // lanes, [("ptr", "%x"), ("ptr", "%y")], one)
    return np.array(written.run(f, {"x": xs, "y": np.zeros(len(xs))})["y"])


def numbers(name: str, count: int) -> Iterator[Any]:
    """Any bits, numbers of usual sizes, and those that the function itself is checked at."""
    rng = np.random.default_rng(0)
    edges = [*EDGES, *[math.nextafter(x, away) for x in (FUNCTIONS[name].low, FUNCTIONS[name].high) for away in (-1e9, x, 1e9)]]
    yield np.resize(edges, 8 * len(edges))
    yield rng.integers(0, 2**64, count, dtype=np.uint64).view(float)
    yield rng.normal(size=count) * 10.0 ** rng.integers(-20, 3, count)
    yield 1.0 + rng.normal(size=count) * 10.0 ** rng.integers(-17, 1, count)
    yield rng.uniform(-20.0, 20.0, count)
    yield np.resize(FUNCTIONS[name].points(), count)


@here
@pytest.mark.parametrize("lanes", WIDTHS)
def test_bits(name: str, lanes: int) -> None:
    """As the C library gives them, one number after another; a nan is a nan."""
    for xs in numbers(name, 1 << 17 if lanes == HOST.lanes else 1 << 12):
        found, wanted = results(name, xs, HOST, lanes), results(name, xs, Host(), 1)
        same = (found.view(np.int64) == wanted.view(np.int64)) | (np.isnan(found) & np.isnan(wanted))
        assert xs[~same].tolist() == []


on_glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or platform.machine() != "x86_64" or "+fma" not in HOST.features.split(","),
    reason="of glibc, on x86-64 with FMA",
)


@on_glibc
def test_known_to_be_at_hand() -> None:
    """glibc takes these steps where the processor has FMA."""
    assert {"exp", "log"} <= {*at_hand()}


ELSEWHERE = """
import math
import numpy as np
from autograd import exp, jit
from autograd.compiler.elementary.family import at_hand
xs = np.linspace(-3.0, 3.0, 10_001)
print(at_hand(), jit(lambda x: exp(x), in_axes=0)(xs).tolist() == [math.exp(x) for x in xs])
"""


@on_glibc
def test_other_steps_at_hand() -> None:
    """Where glibc is told to do without FMA, it rounds otherwise: its functions are called, for the same bits as Python's."""
    without = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA_Usable,-AVX2_Usable"}
    assert in_another_process(ELSEWHERE, variables=without) == "() True"


@here
def test_used(name: str) -> None:
    """Vectors of any number of lanes call it, single numbers do not; in fast code, where the C library has none."""

    def symbols(lanes: int, host: Host = HOST) -> list[str]:
        f = Written(host=host).function(lanes)
        apply(f, PRIMITIVES[name], [("%x", False)])
        return re.findall(r"@([ec]\.[\w.]+)", "\n".join(f.lines))

    assert [symbols(lanes) for lanes in WIDTHS] == [[f"e.{name}.{lanes}"] for lanes in WIDTHS]
    assert symbols(2 * HOST.lanes) == 2 * [f"e.{name}.{HOST.lanes}"]
    assert symbols(1) == [f"c.{name}"]
    assert symbols(HOST.lanes, HOST._replace(elementary=())) == [f"c.{name}"]


def test_not_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one bit of one result is another, the C library is called; for machines that are not at hand always."""
    known = FUNCTIONS["exp"]
    results = [math.exp(x) for x in known.points().tolist()]
    results[7] = math.nextafter(results[7], 0.0)
    monkeypatch.setitem(FUNCTIONS, "exp", known._replace(print=print_of(results)))
    assert "exp" not in at_hand.__wrapped__()
    assert Host().elementary == ()
    with pytest.raises(ValueError, match="other steps to 'sqrt'"):
        address_of("e.sqrt.2")


def other_steps(code: str) -> Iterator[str]:
    """The text of a function with one step rounded otherwise: twice where it is once, once where it is twice."""
    lines, products = code.splitlines(), dict[str, tuple[str, ...]]()
    kind, width = re.findall(r"(<(\d+) x double>)", code)[0]
    fma = f"@llvm.fma.v{width}f64"
    declared = [] if fma in code else [f"declare {kind} {fma}({kind}, {kind}, {kind})"]

    def fused(x: str, y: str, z: str) -> str:
        return f"call {kind} {fma}({kind} {x}, {kind} {y}, {kind} {z})"

    for i, line in enumerate(lines):
        name, _, right = line.strip().partition(" = ")
        x, y, z = (rf"(?P<{operand}>%\w+|splat \(double \w+\))" for operand in "xyz")
        others = []
        if found := re.fullmatch(rf"call {kind} {fma}\({kind} {x}, {kind} {y}, {kind} {z}\)", right):
            others = [[f"%other = fmul {kind} {found['x']}, {found['y']}", f"{name} = fadd {kind} %other, {found['z']}"]]
        elif found := re.fullmatch(rf"fmul {kind} {x}, {y}", right):
            products[name] = found["x"], found["y"]
        elif found := re.fullmatch(rf"f(?P<sum>add|sub) {kind} {x}, {y}", right):
            left, right, minus = found["x"], found["y"], found["sum"] == "sub"
            if left in products:
                third = "%other" if minus else right
                others += [[*([f"%other = fneg {kind} {right}"] * minus), f"{name} = {fused(*products[left], third)}"]]
            if right in products:
                one, two = products[right]
                others += [
                    [*([f"%other = fneg {kind} {one}"] * minus), f"{name} = {fused('%other' if minus else one, two, left)}"]
                ]
        for other in others:
            yield "\n".join([*declared, *lines[:i], *other, *lines[i + 1 :]])


@here
def test_another_rounding_shows(name: str) -> None:
    """Whichever step a C library would round otherwise, the points tell; unless it never makes a difference."""
    points, many = FUNCTIONS[name].points(), np.concatenate([*numbers(name, 1 << 14)])
    many = many[(many >= FUNCTIONS[name].low) & (many <= FUNCTIONS[name].high)]
    loop = (
        "\ndefine void @all(i64 %n, ptr %x) {\nentry:\n  br label %one\none:\n  %i = phi i64 [ 0, %entry ], [ %j, %one ]\n"
        "  %at = getelementptr double, ptr %x, i64 %i\n  %v = load <2 x double>, ptr %at, align 8\n"
        "  %y = call <2 x double> @lanes(<2 x double> %v)\n  store <2 x double> %y, ptr %at, align 8\n"
        "  %j = add i64 %i, 2\n  %end = icmp uge i64 %j, %n\n  br i1 %end, label %out, label %one\nout:\n  ret void\n}"
    )

    def prints(code: str) -> list[str]:
        all_ = Code(code + loop, HOST, 1).function("all", None, [ctypes.c_int64, ctypes.c_void_p])
        found = []
        for xs in (points, many):
            ys = np.resize(xs, len(xs) + 1)
            all_(len(xs), ys.ctypes.data)
            found.append(print_of(ys[:-1].tolist()))
        return found

    code = text(name, 2)
    right = prints(code)
    assert right[0] == FUNCTIONS[name].print
    others = [*other_steps(code)]
    assert len(others) >= 8
    for other in others:
        found = prints(other)
        assert found[0] != right[0] or found[1] == right[1], set(other.splitlines()) - set(code.splitlines())
