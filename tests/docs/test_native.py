"""The native build: when it is asked for, what it compiles, and what it says where it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="what builds wheels; pip fetches it for itself")

from docs.building import native

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("said", "wanted"), [("1", True), ("0", False), ("", False), (None, False)])
def test_when_it_is_wanted(said: str | None, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By one variable; without it the build needs nothing more."""
    if said is None:
        monkeypatch.delenv("CHAINRULE_NATIVE", raising=False)
    else:
        monkeypatch.setenv("CHAINRULE_NATIVE", said)
    assert native.wanted() is wanted


def test_what_is_neither_yes_nor_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the value, and shows the command."""
    monkeypatch.setenv("CHAINRULE_NATIVE", "yes")
    with pytest.raises(ValueError, match=r"must be 1 .* not 'yes': CHAINRULE_NATIVE=1 python -m pip install \."):
        native.wanted()


def test_what_is_compiled() -> None:
    """Modules with a .pxd beside them, and nothing else that ends alike."""
    names = [path.name for path in native.sources(ROOT)]
    assert names == ["arithmetic.py", "methods.py", "recorded.py"]
    assert all(path.is_file() for path in native.sources(ROOT))


def test_what_an_earlier_build_left(tmp_path: Path) -> None:
    """Found by the names of its modules."""
    (tmp_path / "autograd").mkdir()
    for name in (
        "recorded.cpython-311-x86_64-linux-gnu.so",
        "recorded.py",
        "other.cpython-311-x86_64-linux-gnu.so",
        "methods.pyd",
    ):
        (tmp_path / "autograd" / name).touch()
    found = native.compiled_in(ROOT, tmp_path)
    assert sorted(path.name for path in found) == ["methods.pyd", "recorded.cpython-311-x86_64-linux-gnu.so"]


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the compiler's words, what is missing, and that it can be left out."""
    monkeypatch.setenv("CC", "/nowhere/cc")
    with pytest.raises(
        RuntimeError, match=r"(?s)native build failed:.*apt-get install gcc python3-dev.*Without CHAINRULE_NATIVE"
    ):
        native.compile_into(ROOT, tmp_path)


def test_the_sources_are_plain_python() -> None:
    """They run without Cython, which none of them imports."""
    code = "import sys; import autograd; print('Cython' in sys.modules or 'cython' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.strip() == "False"
