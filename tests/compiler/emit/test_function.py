"""Functions in the making: names, memory, vectors and loops, run as machine code against lists and loops of Python."""

import itertools
import re
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.emit.function import SPACES, Function
from autograd.compiler.emit.llvm_module import number_text
from autograd.compiler.schedule.memory import BY_ROW, SHARED, SPACE, TABLE, UNIFORM
from tests.compiler.comparison import EDGES, bits
from tests.compiler.emit.code import Written, ran

LANES = [1, 2, 4, 8]
every_width = pytest.mark.parametrize("lanes", LANES)


def numbers(count: int) -> list[float]:
    """Some numbers, all different."""
    return [1.5 * i - 7.0 for i in range(count)]


# --- names ------------------------------------------------------------------------------------------------------------


@every_width
def test_constants_fill_the_lanes(lanes: int) -> None:
    """Whatever number it is."""

    def write(f: Function) -> None:
        for i, x in enumerate(EDGES):
            f.store((f.constant(x), False), f.offset("%out", i * lanes))

    found = ran(write, {"out": [0.5] * lanes * len(EDGES)}, lanes=lanes)["out"]
    assert bits(found) == bits([x for x in EDGES for _ in range(lanes)])


@every_width
def test_truth_values(lanes: int) -> None:
    """A number is true where it is not 0, as nan is; a truth value is 1 or 0 as a number; both are read again as they are."""
    sources = list(itertools.islice(itertools.cycle(EDGES), 32))

    def write(f: Function) -> None:
        for i in range(0, 32, lanes):
            number = f.load(f.offset("%x", i))
            truth = f.as_truth((number, False))
            assert f.as_truth((number, False)) == f.as_truth((truth, True)) == truth
            assert f.as_number((number, False)) == number
            f.store((truth, True), f.offset("%out", i))

    found = ran(write, {"x": sources, "out": [9.0] * 32}, lanes=lanes)["out"]
    assert found == [float(x != 0.0) for x in sources]


@every_width
def test_constants_that_are_truth_values(lanes: int) -> None:
    """0 and 1 are known to be false and true, as `fixed_truths` has them."""

    def write(f: Function) -> None:
        for i, x in enumerate((f.zero, f.one)):
            f.store((f.fixed_truths[x], True), f.offset("%out", i * lanes))

    assert ran(write, {"out": [9.0] * 2 * lanes}, lanes=lanes)["out"] == [0.0] * lanes + [1.0] * lanes


def test_names_are_never_given_twice() -> None:
    """Not by views of other lanes either, which write into the same function."""

    def write(f: Function) -> None:
        wide = f.view(4)
        names = [
            f.new("fadd double 1.0, 1.0"),
            wide.new("fadd double 1.0, 1.0"),
            f.view(2).new("fadd double 1.0, 1.0"),
            f.label(),
        ]
        assert len({*names}) == 4
        wide.store((wide.splat(f.new(f"fadd double {names[0]}, {names[2]}")), False), "%out")

    assert ran(write, {"out": [0.0] * 4})["out"] == [4.0] * 4


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lanes", LANES[1:])
@pytest.mark.parametrize("stride", [-3, -1, 0, 1, 2])
def test_gather_and_scatter(lanes: int, stride: int) -> None:
    """Lane after lane by a stride, as Python would index."""
    source, middle = numbers(64), 32

    def write(f: Function) -> None:
        value = f.gather(f.offset("%x", middle), stride)
        f.store((value, False), "%gathered")
        if stride:
            f.scatter((value, False), f.offset("%scattered", middle), stride)

    found = ran(write, {"x": source, "gathered": [0.0] * lanes, "scattered": [0.0] * 64}, lanes=lanes)
    wanted = [source[middle + lane * stride] for lane in range(lanes)]
    assert found["gathered"] == wanted
    if stride:
        scattered = [0.0] * 64
        for lane in range(lanes):
            scattered[middle + lane * stride] = wanted[lane]
        assert found["scattered"] == scattered


@every_width
def test_a_single_number_for_all_lanes(lanes: int) -> None:
    """Loaded once, and in every lane."""

    def write(f: Function) -> None:
        f.store((f.load("%x", single=True), False), "%out")
        f.store((f.splat("0x3FF8000000000000"), False), f.offset("%out", lanes))

    assert ran(write, {"x": [2.5], "out": [0.0] * 2 * lanes}, lanes=lanes)["out"] == [2.5] * lanes + [1.5] * lanes


def test_no_offset_is_the_pointer_itself() -> None:
    """It takes no line."""
    seen: list[Any] = []
    ran(lambda f: seen.append((f.offset("%out", 0), len(f.lines))), {"out": [0.0]})
    assert seen == [("%out", 0)]


@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_what_lies_at_an_address(lanes: int) -> None:
    """A number of shared or uniform memory or of the table is the same in all lanes; one by row has its lanes side by side."""
    written = Written()
    f = written.function(lanes)
    written.module.constants("double", [*map(number_text, (31.0, 32.0, 33.0))], SPACES[TABLE])
    wanted: list[float] = []
    for space, first in ((SHARED, 1.0), (UNIFORM, 11.0), (TABLE, 31.0)):
        for place in (0, 2):
            pointer, single = f.pointer_to(space * SPACE + place)
            assert single
            f.store((f.load(pointer, single=single), False), f.offset("%out", len(wanted)))
            wanted += [first + place] * lanes
    for place in (0, 2):
        pointer, single = f.pointer_to(BY_ROW * SPACE + place)
        assert not single
        f.store((f.load(pointer, single=single), False), f.offset("%out", len(wanted)))
        wanted += [100.0 + place * lanes + lane for lane in range(lanes)]
    rows = [100.0 + i for i in range(3 * lanes)]
    memory = {"shared": [1.0, 2.0, 3.0], "uniform": [11.0, 12.0, 13.0], "rows": rows, "out": [0.0] * len(wanted)}
    assert written.run(f, memory)["out"] == wanted


def test_the_first_place_takes_no_line() -> None:
    """Its pointer is that of the memory."""
    f = Written().function(4)
    assert [f.pointer_to(space * SPACE)[0] for space in (SHARED, UNIFORM, BY_ROW, TABLE)] == [*SPACES]
    assert f.lines == []


# --- vectors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lanes", LANES[1:])
def test_lanes_one_by_one(lanes: int) -> None:
    """Taken out, put in elsewhere, turned around, chosen from two vectors."""
    a, b = numbers(lanes), [x * 100.0 for x in numbers(lanes)]
    chosen = [lanes + 1, 0, *range(2, lanes)][:lanes]

    def write(f: Function) -> None:
        x, y = f.load("%a"), f.load("%b")
        f.store((f.inserted(x, f.lane(x, lanes - 1), 0), False), "%inserted")
        f.store((f.reversed(x), False), "%turned")
        f.store((f.shuffled(x, y, chosen), False), "%chosen")

    memory = {"a": a, "b": b, "inserted": [0.0] * lanes, "turned": [0.0] * lanes, "chosen": [0.0] * lanes}
    found = ran(write, memory, lanes=lanes)
    assert found["inserted"] == [a[-1], *a[1:]]
    assert found["turned"] == a[::-1]
    assert found["chosen"] == [(a + b)[i] for i in chosen]


@pytest.mark.parametrize(("wide", "count"), [(2, 1), (2, 2), (2, 4), (4, 2), (8, 1)])
def test_joined(wide: int, count: int) -> None:
    """Vectors one after another as one."""
    source = numbers(wide * count)

    def write(f: Function) -> None:
        part = f.view(wide)
        f.store((f.joined([part.load(f.offset("%x", i * wide)) for i in range(count)], wide), False), "%out")

    assert ran(write, {"x": source, "out": [0.0] * wide * count}, lanes=wide * count)["out"] == source


@pytest.mark.parametrize("width", [2, 4, 8])
def test_transposed(width: int) -> None:
    """A square of numbers, rows for columns."""
    source = numbers(width * width)

    def write(f: Function) -> None:
        for i, row in enumerate(f.transposed([f.offset("%x", k * width) for k in range(width)])):
            f.store((row, False), f.offset("%out", i * width))

    found = ran(write, {"x": source, "out": [0.0] * width * width}, lanes=width)["out"]
    assert found == [source[k * width + i] for i in range(width) for k in range(width)]


# --- control flow -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 7])
def test_loops(count: int) -> None:
    """Several things carried from turn to turn, each from its first value; the last values come out."""

    def write(f: Function) -> None:
        def body(names: list[str]) -> list[str]:
            at, total, product = names
            x = f.load(at)
            return [f.offset(at, 1), f.new(f"fadd double {total}, {x}"), f.new(f"fmul double {product}, {x}")]

        carried = [("ptr", "%x"), ("double", f.constant(0.5)), ("double", f.constant(1.0))]
        at, total, product = f.loop(count, carried, body)
        assert f.loops is (count > 1)
        for i, value in enumerate((total, product, f.load(at))):
            f.store((value, False), f.offset("%out", i))

    source = numbers(8)
    total, product = 0.5, 1.0
    for x in source[:count]:
        total, product = total + x, product * x
    assert ran(write, {"x": source, "out": [0.0] * 3})["out"] == [total, product, source[count]]


def test_loops_exchange_what_they_carry() -> None:
    """All names of a turn are those of the turn before: (a, b) becomes (b, a + b)."""

    def write(f: Function) -> None:
        carried = [("double", f.constant(0.0)), ("double", f.constant(1.0))]
        a, _ = f.loop(10, carried, lambda names: [names[1], f.new(f"fadd double {names[0]}, {names[1]}")])
        f.store((a, False), "%out")

    assert ran(write, {"out": [0.0]})["out"] == [55.0]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_loops_of_a_number_of_turns_known_late(count: int) -> None:
    """It may be 0, and then the first values come out; what was found inside is not used after the loop."""

    def write(f: Function) -> None:
        turns = f.new(f"fptosi double {f.load('%count')} to i64")
        x = f.load("%x")

        def body(names: list[str]) -> list[str]:
            one = f.as_number((f.as_truth((x, False)), True))
            return [f.new(f"fadd double {names[0]}, {one}")]

        (total,) = f.loop_while(turns, [("double", f.constant(10.0))], body)
        f.store((total, False), "%out")
        f.store((f.as_truth((x, False)), True), f.offset("%out", 1))

    assert ran(write, {"count": [float(count)], "x": [3.0], "out": [0.0, 0.0]})["out"] == [10.0 + count, 1.0]


def test_loops_within_loops() -> None:
    """A table of products, by an inner loop of the other kind."""

    def write(f: Function) -> None:
        turns = f.new(f"fptosi double {f.load('%count')} to i64")

        def row(names: list[str]) -> list[str]:
            x, out = f.load(names[0]), names[1]

            def entry(inner: list[str]) -> list[str]:
                f.store((f.new(f"fmul double {x}, {f.load(inner[0])}"), False), inner[1])
                return [f.offset(inner[0], 1), f.offset(inner[1], 1)]

            _, following = f.loop_while(turns, [("ptr", "%y"), ("ptr", out)], entry)
            return [f.offset(names[0], 1), following]

        f.loop(3, [("ptr", "%x"), ("ptr", "%out")], row)

    xs, ys = numbers(3), numbers(4)
    found = ran(write, {"x": xs, "y": ys, "count": [4.0], "out": [0.0] * 12})["out"]
    assert found == [x * y for x in xs for y in ys]


def test_llvm_leaves_loops_as_they_are() -> None:
    """What a loop counts and points with is opaque to it: its loop strength reduction would take a third of all its time."""
    f = Written().function()
    f.loop(3, [("ptr", "%x"), ("i64", "0"), ("double", "0.0")], lambda names: [f.offset(names[0], 1), names[1], names[2]])
    text = "\n".join(f.lines)
    for kind in ("ptr", "i64"):
        phis = re.findall(rf"phi {kind} \[ .*?, .*? \], \[ (.*?), .*? \]", text)
        assert phis
        assert all(f"  {name} = freeze {kind} " in text for name in phis)
