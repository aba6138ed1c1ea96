"""Machine code on disk: what one process compiled, another one loads, and nothing else."""

import ctypes
import functools
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograd import primitive, primitives, value_and_grad
from autograd.compiler.elementary import family
from autograd.compiler.jit import jit
from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code
from autograd.compiler.run import disk, machine
from autograd.compiler.run.machine import Host, this_host
from autograd.primitives import add, exp, mul, sin
from autograd.program import Program
from autograd.table import TABLE
from tests.compiler.comparison import ROOT

PROGRAM = Program(2, ((mul, (0, 1)), (sin, (2,)), (add, (3, -0.0))), (4,))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the files of this test."""
    monkeypatch.setenv(disk.VARIABLE, str(tmp_path / "cache"))
    yield tmp_path / "cache"
    disk._folder.cache_clear()


def files(folder: Path) -> list[str]:
    """The names of all files there."""
    return sorted(path.name for path in folder.iterdir())


def run(program: Program, options: Options | None = None) -> tuple[bool, list[float]]:
    """Whether a program came from disk, and what it gives at 0.5, 1.0 and so on."""
    executable = as_machine_code(program, options or Options())
    return executable.from_disk, executable.run([0.5 + 0.5 * i for i in range(program.inputs)], NO_ROWS)


# --- what is found ----------------------------------------------------------------------------------------------------


def test_the_second_time_it_comes_from_disk(folder: Path) -> None:
    """With the same bits; and what is asked of it is known as well."""
    first, second = (as_machine_code(PROGRAM, Options()) for _ in range(2))
    assert (first.from_disk, second.from_disk) == (False, True)
    assert first.scalar(0.5, 3.0).hex() == second.scalar(0.5, 3.0).hex() == math.sin(1.5).hex()
    assert (first.code_size, first.operations, first.sizes) == (second.code_size, second.operations, second.sizes)
    assert len(files(folder)) == 1


SCRIPT = """
import numpy as np
from autograd import jit, value_and_grad, exp, dot
import nn

@jit
def f(x, y):
    return exp(x * y).tanh() + x ** y

rows = jit(value_and_grad(lambda w, x: dot(w, x).sigmoid()), in_axes=(None, 0), reduce="mean", fast=True)
parts = jit(lambda x: {"a": [x[0] * x[1], x[1]], "b": exp(x[0])}, in_axes=0)
model = nn.MLP(2, [3, 1], rng=0)
history = nn.fit(model, [[0.0, 1.0], [1.0, 0.5]] * 8, [0.0, 1.0] * 8, loss=nn.mse_loss,
                 optimizer=nn.Adam(model.parameters()), epochs=3, seed=0, progress=False, clip_grad_norm=1.0)
data = np.arange(40.0).reshape(20, 2) / 40.0
for _ in range(5):  # the quick ways too
    f(0.3, 0.7), rows([0.5, -0.25], data), parts(data), f(1, 2)
print(f(0.3, 0.7).hex(), rows([0.5, -0.25], data)[0].hex(), {k: np.asarray(v).tobytes().hex() for k, v in parts(data).items()})
print([loss.hex() for loss in history.loss], [p.data.hex() for p in model.parameters()])
print(f.stats().from_disk, rows.stats().from_disk, parts.stats().from_disk)
"""


def started(folder: Path) -> list[str]:
    """The lines that a new process prints which runs the script."""
    variables = os.environ | {disk.VARIABLE: str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=variables, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_script_started_twice_compiles_once(folder: Path) -> None:
    """Calls, calls over rows and a training: the same bits, from code of the first process."""
    folder.mkdir()
    *numbers, first = started(folder)
    written = {name: (folder / name).stat().st_ino for name in files(folder)}
    *again, second = started(folder)
    assert again == numbers
    assert (first, second) == ("False False False", "True True True")
    assert {name: (folder / name).stat().st_ino for name in files(folder)} == written


def test_processes_at_once(folder: Path) -> None:
    """Each finds nothing, or all of what another one wrote."""
    folder.mkdir()
    with ThreadPoolExecutor(3) as pool:
        printed = list(pool.map(started, [folder] * 3))
    assert len({tuple(lines[:-1]) for lines in printed}) == 1
    assert started(folder)[-1] == "True True True"


# --- what is told apart -----------------------------------------------------------------------------------------------

OTHERS = {
    "a sign of zero": replace(PROGRAM, steps=(*PROGRAM.steps[:2], (add, (3, 0.0)))),
    "a constant": replace(PROGRAM, steps=(*PROGRAM.steps[:2], (add, (3, 5e-324)))),
    "a primitive": replace(PROGRAM, steps=(PROGRAM.steps[0], (exp, (2,)), PROGRAM.steps[2])),
    "an operand": replace(PROGRAM, steps=((mul, (0, 0)), *PROGRAM.steps[1:])),
    "an output": replace(PROGRAM, outputs=(3,)),
    "more outputs": replace(PROGRAM, outputs=(4, 4)),
    "an input": replace(PROGRAM, inputs=3, steps=((mul, (0, 1)), (sin, (3,)), (add, (4, -0.0))), outputs=(5,)),
}


@pytest.mark.parametrize("other", OTHERS)
def test_programs_are_told_apart(other: str, folder: Path) -> None:
    """By all that they are."""
    assert disk.content_of(OTHERS[other]) != disk.content_of(PROGRAM)
    assert [run(PROGRAM)[0], run(OTHERS[other])[0], run(PROGRAM)[0], run(OTHERS[other])[0]] == [False, False, True, True]


def test_payloads_of_nan_are_kept() -> None:
    """Two constants that are nan in other ways are two programs."""
    import struct

    (other,) = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))
    programs = [Program(1, ((add, (0, number)),), (1,)) for number in (math.nan, other)]
    assert len(set(map(disk.content_of, programs))) == 2


@pytest.mark.parametrize(
    "options",
    [
        Options(fast=True),
        Options(varying=(None, 0)),
        Options(varying=(None, 0), reduce="sum"),
        Options(varying=(None, 0), reduce="sum", block=64),
        Options(varying=(None, 0), reduce="sum", gathered=True),
        Options(varying=(0, 0), parts=(1,)),
    ],
    ids=str,
)
def test_options_are_told_apart(options: Options, folder: Path) -> None:
    """Every option that code depends on makes another file; the number of threads does not."""
    found = [as_machine_code(PROGRAM, each).from_disk for each in (Options(), options, replace(options, threads=2))]
    assert found == [False, False, True]


def test_processors_are_told_apart(folder: Path) -> None:
    """Code for one may not run on another, nor with another C library."""
    hosts = this_host(), Host(), Host(elementary=("exp",)), this_host()
    assert [as_machine_code(PROGRAM, Options(), host).from_disk for host in hosts] == [False, False, False, True]


@pytest.mark.skipif("exp" not in this_host().elementary, reason="the C library has exp by other steps")
def test_functions_of_vectors_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made once, they are loaded from then on."""
    made = machine._elementary.__wrapped__
    x = (ctypes.c_double * 2)(0.5, 1.5)
    loop = (
        "define void @run(ptr %f, ptr %x) {\n  %v = load <2 x double>, ptr %x, align 8\n"
        "  %y = call <2 x double> %f(<2 x double> %v)\n  store <2 x double> %y, ptr %x, align 8\n  ret void\n}"
    )
    run = machine.Code(loop, this_host(), 1).function("run", None, [ctypes.c_void_p] * 2)
    made("exp", "2")
    monkeypatch.delattr(family, "text")
    loaded = made("exp", "2")
    run(loaded.address("lanes"), x)
    assert [*x] == [math.exp(0.5), math.exp(1.5)]


def test_versions_are_told_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another compiler makes other code."""
    run(PROGRAM)
    monkeypatch.setattr(disk, "_versions", lambda: "another")
    assert not run(PROGRAM)[0]


def test_a_primitive_of_ones_own_counts_by_what_it_does(folder: Path) -> None:
    """Not by its name: defined again, it is compiled again."""

    def doubled(factor: float) -> tuple[float, bool]:
        own = primitive("scaled_on_disk", evaluate=lambda x: factor * x)
        try:
            f = jit(lambda x: own(x) + 1.0)
            return float(f(1.0)), f.stats().from_disk
        finally:
            del TABLE["scaled_on_disk"]

    assert [doubled(2.0), doubled(3.0), doubled(2.0)] == [(3.0, False), (4.0, False), (3.0, True)]


def test_a_native_primitive_of_ones_own_counts_by_what_it_calls(folder: Path) -> None:
    """Defined again under its name, with another function of the C library, it is compiled again."""

    def called(native: str, evaluate: Any) -> tuple[float, bool]:
        own = primitive("native_on_disk", evaluate=evaluate, native=native)
        try:
            f = jit(lambda x: own(x) + 1.0)
            return float(f(8.0)), f.stats().from_disk
        finally:
            del TABLE["native_on_disk"]

    cube, log2 = called("cbrt", math.cbrt), called("log2", math.log2)
    assert (cube, log2) == ((math.cbrt(8.0) + 1.0, False), (4.0, False))
    assert called("cbrt", math.cbrt) == (cube[0], True)


def test_what_is_built_in() -> None:
    """The package's own primitives, not others of the same name."""
    assert disk.is_built_in(PROGRAM)
    known = [thing for thing in vars(primitives).values() if thing in TABLE.values()]
    assert all(disk.is_built_in(Program(0, ((each, ()),), ())) for each in known)
    own = primitive("own_on_disk", evaluate=lambda x: x)
    try:
        assert not disk.is_built_in(Program(1, ((own, (0,)),), (1,)))
    finally:
        del TABLE["own_on_disk"]


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content + b"\0",
        lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        lambda content: b"x" + content[1:],
        lambda content: content.replace(b"operations", b"operation5"),
        lambda content: b"not a file of ours\n" * 9,
    ],
    ids=["empty", "short", "half", "long", "a bit", "hash", "about", "other"],
)
def test_a_damaged_file_is_compiled_anew(spoil: Any, folder: Path) -> None:
    """And written again."""
    run(PROGRAM)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(spoil(whole))
    assert run(PROGRAM) == (False, [math.sin(0.5)])
    assert path.read_bytes() == whole
    assert run(PROGRAM) == (True, [math.sin(0.5)])


def test_a_function_that_this_machine_lacks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file from a machine with more in its C library, as in a home on a network: compiled anew."""
    run(PROGRAM)
    (path,) = folder.iterdir()
    found = disk.read(path.name)
    assert found is not None
    about, code = found
    disk.write(path.name, about | {"symbols": ["c.sin", "c.of_another_machine"]}, code)
    assert run(PROGRAM) == (False, [math.sin(0.5)])
    assert run(PROGRAM)[0]


@pytest.mark.parametrize("setting", ["off", "OFF", " ", "", "0", "none"])
def test_off(setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written, nothing read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(disk.VARIABLE, setting)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert disk.folder() is None
    monkeypatch.setattr(disk, "content_of", lambda _: pytest.fail("a key that nobody needs"))
    assert [run(PROGRAM)[0] for _ in range(2)] == [False, False]
    assert files(tmp_path) == []


def test_folders_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in its place, a disk that is full: code is compiled as ever."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(disk.VARIABLE, str(tmp_path / "file"))
    assert [run(PROGRAM)[0] for _ in range(2)] == [False, False]
    monkeypatch.setenv(disk.VARIABLE, str(tmp_path / "full"))
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    assert [run(PROGRAM)[0] for _ in range(2)] == [False, False]
    assert files(tmp_path / "full") == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners of files")
def test_a_folder_where_others_may_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not used: they could put code there. One that is made here is its owner's alone."""
    run(PROGRAM)
    assert folder.stat().st_mode & 0o777 == 0o700
    disk._folder.cache_clear()
    folder.chmod(0o777)
    assert not run(PROGRAM)[0]
    disk._folder.cache_clear()
    folder.chmod(0o755)
    assert run(PROGRAM)[0]
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    disk._folder.cache_clear()
    assert not run(PROGRAM)[0]


def test_the_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where systems keep what can be made again."""
    monkeypatch.delenv(disk.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "y"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for system, wanted in (("linux", "x/chainrule"), ("darwin", "Library/Caches/chainrule"), ("win32", "y/chainrule/cache")):
        monkeypatch.setattr(sys, "platform", system)
        disk._folder.cache_clear()
        assert disk.folder() == tmp_path / wanted
    disk._folder.cache_clear()


# --- how much there is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "most"), [("MOST_FILES", 8), ("MOST_BYTES", 8 * 1100)])
def test_what_was_not_used_for_longest_goes(limit: str, most: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is too much, a quarter of it; what was read stays."""
    monkeypatch.setattr(disk, limit, most)
    monkeypatch.setattr(disk, "_SELDOM", 1)
    for i in range(8):
        disk.write(f"file{i}", {}, b"\0" * 1000)
        os.utime(folder / f"file{i}", (i, i))
    assert len(files(folder)) == 8
    assert disk.read("file0") is not None
    disk.write("file8", {}, b"\0" * 1000)
    left = files(folder)
    assert {"file0", "file7", "file8"} <= set(left)
    assert len(left) == 6


def test_gradients_and_rows_come_from_disk_too(folder: Path) -> None:
    """All code of a function that is called eagerly with Values inside."""

    def total() -> float:
        f = jit(lambda x: exp(x) * x, in_axes=0, reduce="sum")
        return float(value_and_grad(lambda scale: f([1.0, 2.0, scale]) * scale)(0.5)[1])

    first = total()
    written = files(folder)
    assert total() == first
    assert files(folder) == written


def test_functions_that_are_called_are_told_apart(folder: Path) -> None:
    """The key covers what they compute; code with calls is found again."""

    def outer(factor: float) -> Any:
        inner = jit(lambda x, w: functools.reduce(lambda y, _: sin(w * y) * factor + y, range(80), x))

        def f(w: Any) -> Any:
            x = 0.5
            for i in range(20):
                x = inner(x, w + 0.01 * i)
            return x

        return jit(value_and_grad(f), backend="llvm")

    one, other, again = outer(0.5), outer(0.25), outer(0.5)
    found = [f(0.3) for f in (one, other, again)]
    assert found[0] == found[2] != found[1]
    assert [f.stats().from_disk for f in (one, other, again)] == [False, False, True]
    assert one.stats().operations_traced < 5_000
