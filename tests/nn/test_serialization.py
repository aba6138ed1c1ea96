"""Files of models: exact, whole or not at all, and refused where they are anything else."""

import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nn import MLP, Conv2d, Flatten, Linear, Neuron, Sequential
from nn.serialization import is_plain, read_plain, read_state_dict, write_state_dict, written_plain

EDGES = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1 / 3, 1e23, -1e22]
BEYOND = [math.inf, -math.inf, math.nan, -math.nan]


def bits(numbers: Any) -> list[bytes]:
    """The bits, which tell -0.0 from 0.0 and compare nan."""
    return [struct.pack("d", number) for number in numbers]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a file, in its own folder."""
    return tmp_path / "model.json"


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: MLP(2, [16, 16, 1], rng=rng),
        lambda rng: Neuron(2, bias=False, rng=rng),
        lambda rng: Sequential(Conv2d(1, 2, 3, rng=rng), Flatten(), Linear(8, 2, rng=rng)),
    ],
    ids=["MLP", "neuron", "convolution"],
)
def test_a_model_comes_back(make: Any, path: Path) -> None:
    """Bit for bit, into a model with other weights; and nothing else is in the folder."""
    model, other = make(0), make(1)
    assert model.state_dict() != other.state_dict()
    model.save(path)
    assert other.load(str(path)) == ([], [])
    assert bits(other.state_dict().values()) == bits(model.state_dict().values())
    assert list(other.state_dict()) == list(model.state_dict())
    assert list(path.parent.iterdir()) == [path]


def test_numbers_at_the_edges_come_back(path: Path) -> None:
    """-0.0, subnormal numbers, the largest, infinities, and both signs of nan."""
    numbers = [*EDGES, *BEYOND]
    model = Neuron(len(numbers), bias=False)
    for weight, number in zip(model.weights, numbers, strict=True):
        weight.data = number
    model.save(path)
    loaded = Neuron(len(numbers), bias=False)
    loaded.load(path)
    assert bits(w.data for w in loaded.weights) == bits(numbers)


@given(st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=5))
def test_any_numbers_by_any_name_come_back(tmp_path_factory: pytest.TempPathFactory, state: dict[str, float]) -> None:
    """Names of any text, also of half a surrogate pair."""
    path = tmp_path_factory.getbasetemp() / "any.json"
    write_state_dict(state, path)
    found = read_state_dict(path)
    assert list(found) == list(state)
    assert bits(found.values()) == bits(state.values())


def test_the_format_is_what_it_says(path: Path) -> None:
    """Plain JSON, which any reader takes: no NaN or Infinity in it."""
    model = Neuron(2, rng=0)
    model.weights[0].data, model.weights[1].data, model.bias.data = 0.1, -0.0, math.inf

    def refused(constant: str) -> Any:
        raise AssertionError(constant)

    model.save(path)
    assert json.loads(path.read_text(), parse_constant=refused) == {
        "format": "chainrule",
        "version": 1,
        "kind": "state_dict",
        "parameters": {"weights.0": 0.1, "weights.1": -0.0, "bias": "inf"},
    }


def test_whole_numbers_may_be_written_as_such(path: Path) -> None:
    """By other writers; they come back as floats."""
    path.write_text('{"format": "chainrule", "version": 1, "kind": "state_dict", "parameters": {"a": 1, "b": 2e0}}')
    found = read_state_dict(path)
    assert found == {"a": 1.0, "b": 2.0}
    assert all(type(number) is float for number in found.values())


# --- other files ------------------------------------------------------------------------------------------------------


def file(**changes: Any) -> str:
    """A file for Neuron(2), but for the changes."""
    whole = {
        "format": "chainrule",
        "version": 1,
        "kind": "state_dict",
        "parameters": {"weights.0": 1.0, "weights.1": 1.0, "bias": 1.0},
    }
    return json.dumps(whole | changes)


FOREIGN = {
    "empty": ("", "damaged, or not a file of chainrule's: its 0 bytes are not whole JSON"),
    "text": ("weights: 1", r"not whole JSON .* Write it again with model.save\(path\)"),
    "not UTF-8": (b"\x80\x04\x95\xff", "its 4 bytes are not whole JSON"),
    "deeply nested": ("[" * 100_000, "not whole JSON"),
    "a list": ("[1, 2]", r'JSON without "format": "chainrule": give a file that model.save\(path\) wrote'),
    "another program's": ('{"weights.0": 1.0}', 'JSON without "format": "chainrule"'),
    "another format": (file(format="torch"), 'JSON without "format": "chainrule"'),
    "newer": (file(version=2), "newer than this chainrule: its format has version 2, and this one reads up to 1.*Upgrade"),
    "no version": (file(version=None), "its version is None, not a whole number"),
    "version of text": (file(version="1"), "its version is '1', not a whole number"),
    "version true": (file(version=True), "its version is True"),
    "version 0": (file(version=0), "its version is 0"),
    "another kind": (file(kind="optimizer"), "holds 'optimizer', not 'state_dict'"),
    "no parameters": (file(parameters=None), "its parameters are None, not numbers by name"),
    "parameters in a list": (file(parameters=[1.0]), r"its parameters are \[1.0\], not numbers by name"),
    "a number of text": (
        file(parameters={"bias": "1.0"}),
        "the parameter 'bias' is '1.0', not a number .* 'nan', '-nan', 'inf'",
    ),
    "no number": (file(parameters={"bias": None}), "the parameter 'bias' is None"),
    "true": (file(parameters={"bias": True}), "the parameter 'bias' is True"),
    "a list of numbers": (file(parameters={"bias": [1.0]}), r"the parameter 'bias' is \[1.0\]"),
    "too large": (
        file(parameters={"bias": 7}).replace("7", "1e999"),
        "the parameter 'bias' is inf, not a number that a double",
    ),
    "too large and whole": (
        file(parameters={"bias": 10**400}),
        "the parameter 'bias' is 10+, not a number that a double holds",
    ),
    "NaN": (file(parameters={"bias": math.nan}), "NaN is not JSON"),
    "twice": (file(parameters={"a": 1.0, "b": 1.0}).replace('"b"', '"a"'), "the name 'a' is there twice"),
    "of another model": (
        file(parameters={"bias": 1.0}),
        r"does not fit: missing 'weights.0', 'weights.1' in the state for Neuron",
    ),
}


@pytest.mark.parametrize("content", FOREIGN)
def test_what_load_refuses(content: str, path: Path) -> None:
    """A ValueError that names the file and what is wrong with it; the model is as it was."""
    text, message = FOREIGN[content]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    model = Neuron(2, rng=0)
    before = model.state_dict()
    with pytest.raises(ValueError, match=message) as caught:
        model.load(path)
    assert str(caught.value).startswith(str(path))
    assert model.state_dict() == before


def test_a_file_cut_off_anywhere(path: Path) -> None:
    """Is refused, until nothing but the end of the last line is missing."""
    MLP(1, [2, 1], rng=0).save(path)
    whole = path.read_bytes()
    model = MLP(1, [2, 1], rng=1)
    before = model.state_dict()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="not whole JSON"):
            model.load(path)
    assert model.state_dict() == before


def test_a_file_that_fits_in_part(path: Path) -> None:
    """Without `strict`, the names that both have are set."""
    path.write_text(file(parameters={"bias": 5.0, "other": 6.0}))
    model = Neuron(2, rng=0)
    assert model.load(path, strict=False) == (["weights.0", "weights.1"], ["other"])
    assert model.bias.data == 5.0


def test_a_file_that_is_not_there(path: Path) -> None:
    """Python's own error, with the path; to write into a folder that is not there says what to do."""
    with pytest.raises(FileNotFoundError, match=r"model\.json"):
        Neuron(1).load(path)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere; make it first"):
        Neuron(1).save(path.parent / "nowhere" / "model.json")
    with pytest.raises(TypeError):
        Neuron(1).save(3)  # type: ignore[arg-type]


# --- plain data -------------------------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
KEYS = st.recursive(
    SCALARS.filter(lambda x: not isinstance(x, float) or not math.isnan(x)),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(PLAIN)
@example({"$float": "nan", "$tuple": [1]})
@example({"$items": []})
@example([-math.nan, math.nan, -0.0, 0, 0.0, True, 1, 10**30, (), {}, {1: {}}, {"": {None: ()}}])
def test_plain_data_comes_back(thing: Any) -> None:
    """Through JSON, with types and bits, however it is nested, and whatever its keys."""
    assert is_plain(thing)
    text = json.dumps(written_plain(thing, "it"), allow_nan=False)
    found = read_plain(json.loads(text), "a.json")
    assert repr(found) == repr(thing)
    assert types(found) == types(thing)


def types(thing: Any) -> Any:
    """The types of all that is in it; of a float its sign too, which nan does not show."""
    if isinstance(thing, dict):
        return [(types(key), types(part)) for key, part in thing.items()]
    if isinstance(thing, list | tuple):
        return type(thing), [types(part) for part in thing]
    return (float, math.copysign(1.0, thing)) if isinstance(thing, float) else type(thing)


def test_a_float_of_numpys_is_a_float() -> None:
    """Which an update of one's own may return."""
    numpy = pytest.importorskip("numpy")
    found = written_plain((numpy.float64(0.1), numpy.float64(math.inf)), "it")
    assert found == {"$tuple": [0.1, {"$float": "inf"}]}
    assert type(found["$tuple"][0]) is float


class Pair(NamedTuple):
    """A tuple with names, which would come back without them."""

    a: int
    b: int


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (
            {"a": [1, {2}]},
            r"the state\['a'\]\[1\] is \{2\}, a set, which a file cannot hold: keep plain numbers, text, and lists",
        ),
        ([Pair(1, 2)], r"the state\[0\] is Pair\(a=1, b=2\), a Pair, which"),
        ({frozenset([1]): 2}, r"a key of the state is frozenset"),
        (1j, "the state is 1j, a complex"),
        (len, "the state is <built-in function len>"),
    ],
)
def test_what_is_not_plain(thing: Any, message: str) -> None:
    """Is named with its place."""
    assert not is_plain(thing)
    with pytest.raises(TypeError, match=message):
        written_plain(thing, "the state")


@pytest.mark.parametrize(
    "thing",
    [
        {"$float": 1.0},
        {"$float": "1.0"},
        {"$float": "nan", "a": 1},
        {"$tuple": {}},
        {"$tuple": [1], "$float": "nan"},
        {"$items": [[1, 2, 3]]},
        {"$items": [1]},
        {"$items": [[[1], 2]]},
        {"$items": [[{"$tuple": [[1]]}, 2]]},
        {"$items": [[1, 2], [1, 3]]},
        {"$set": [1]},
        [{"a": {"$": 1}}],
    ],
    ids=str,
)
def test_marks_that_nobody_wrote(thing: Any) -> None:
    """Are damage."""
    with pytest.raises(ValueError, match=r"a\.json is damaged: .* is no number, tuple or dict of chainrule's format"):
        read_plain(thing, "a.json")


def test_numbers_beyond_a_double() -> None:
    """1e999 is JSON, and read as inf: damage, since inf is written as text."""
    with pytest.raises(ValueError, match=r"a\.json is damaged: it has a number beyond those that a double holds"):
        read_plain(json.loads("[1e999]"), "a.json")


# --- all or nothing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()], ids=["error", "interrupt"])
@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace", "shutil.copymode"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_failure_on_the_way(
    step: str, error: BaseException, exists: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old file is whole, and no other one is left."""
    if exists:
        Neuron(2, rng=0).save(path)
    elif step == "shutil.copymode":
        return  # of a file that is not there, nothing is copied
    before = path.read_bytes() if exists else b""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(step, fail)
    with pytest.raises(type(error)):
        Neuron(2, rng=1).save(path)
    assert list(path.parent.iterdir()) == [path] * exists
    assert not exists or path.read_bytes() == before


def test_a_process_killed_while_it_saves(path: Path) -> None:
    """At any moment, the file is one of the two that were saved, whole."""
    small, large = Neuron(3, rng=0), Neuron(3, rng=1)
    program = (
        "import sys; from nn import Neuron\n"
        "models = Neuron(3, rng=0), Neuron(3, rng=1)\n"
        "models[0].save(sys.argv[1]); print('begun', flush=True)\n"
        "while True:\n"
        "    for model in models: model.save(sys.argv[1])\n"
    )
    states = [small.state_dict(), large.state_dict()]
    for moment in range(4):
        with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.013 * moment)
            process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        assert read_state_dict(path) in states


def test_a_reader_beside_a_writer(path: Path) -> None:
    """A file that is open while it is replaced stays the old one to the end."""
    Neuron(2, rng=0).save(path)
    with path.open() as reader:
        Neuron(2, rng=1).save(path)
        assert json.loads(reader.read())["parameters"] == Neuron(2, rng=0).state_dict()
    assert read_state_dict(path) == Neuron(2, rng=1).state_dict()


@pytest.mark.skipif(os.name != "posix", reason="permissions and links are POSIX's")
def test_permissions_and_links_stay(path: Path) -> None:
    """Those of the old file, and for a new one the usual ones; a link still leads to the file."""
    model = Neuron(1, rng=0)
    model.save(path)
    usual = path.parent / "usual"
    usual.touch()
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    link = path.parent / "link.json"
    link.symlink_to(path)
    Neuron(1, rng=1).save(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert read_state_dict(path) == Neuron(1, rng=1).state_dict()
