"""Star imports: the public names and nothing else, whatever has been imported before."""

import builtins
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import autograd
import autograd.testing
import nn
from autograd.names import Attached, later, public

PACKAGES = [autograd, nn, autograd.testing]
PROMISED = json.loads(Path(__file__).with_name("public_names.json").read_text(encoding="utf-8"))
every_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)


def brought(package: ModuleType) -> dict[str, Any]:
    """What a star import brings into an empty namespace."""
    found: dict[str, Any] = {}
    exec(f"from {package.__name__} import *", found)
    return {name: thing for name, thing in found.items() if name != "__builtins__"}


@every_package
def test_a_star_import_brings_the_public_names(package: ModuleType) -> None:
    """All that are promised but those of Python's builtins; no module, and nothing private."""
    found = brought(package)
    modules = {name for name in dir(package) if isinstance(getattr(package, name), ModuleType)}  # nn.init
    assert set(PROMISED[package.__name__]) - {*dir(builtins)} - modules <= set(found)
    assert not [name for name, thing in found.items() if isinstance(thing, ModuleType)]
    assert not [name for name in found if name.startswith("_")]
    assert not set(found) & {*dir(builtins)}
    assert all(getattr(package, name) is thing for name, thing in found.items())


@every_package
def test_a_star_import_brings_no_name_that_is_not_promised(package: ModuleType) -> None:
    """Helpers that the package imports for itself stay there."""
    assert set(brought(package)) - set(PROMISED[package.__name__]) == set()


def test_python_keeps_its_own() -> None:
    """After star imports, Python's abs and pow do what they did; ours come by name."""
    code = (
        "from autograd import *\nfrom nn import *\nfrom autograd.testing import *\n"
        "import builtins, numpy\n"
        "assert abs is builtins.abs and pow is builtins.pow and pow(2, 3, 5) == 3\n"
        "assert abs(numpy.array([-1.0]))[0] == 1.0 and abs(-2j) == 2.0\n"
        "assert abs(Value(-2.0)) == 2.0 and pow(Value(3.0), 2) == 9.0\n"
        "from autograd import abs, pow\n"
        "assert (abs(-2.0), pow(2.0, 3.0), abs.name) == (2.0, 8.0, 'abs')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_public() -> None:
    """Of any namespace: builtins' names, private ones and modules are left out; the rest keeps its order."""
    assert public({"b": 1, "sum": 2, "a": 3, "_c": 4, "sys": sys, "print": 5}) == ["b", "a"]


@pytest.mark.parametrize("kind", ["dist-info", "egg-info"])
def test_hips_autograd_beside_ours_is_refused(tmp_path: Path, kind: str) -> None:
    """Its metadata lies beside our package: one of the two has overwritten files of the other."""
    from autograd.names import refuse_another

    (tmp_path / "autograd").mkdir()
    package = str(tmp_path / "autograd" / "__init__.py")
    (tmp_path / f"chainrule-0.1.0.{kind}").mkdir()
    refuse_another(package)
    (tmp_path / f"autograd-1.7.0.{kind}").mkdir()
    with pytest.raises(ImportError, match="pip uninstall -y autograd chainrule"):
        refuse_another(package)
    refuse_another(str(tmp_path / "archive.zip" / "autograd" / "__init__.py"))


# --- names imported when first asked for ------------------------------------------------------------------------------

FRESH = [
    "from autograd import Value; assert 'digraph' in str(Value(1.0).draw())",
    "from autograd import Value; x = Value(3.0); (x * x * x).backward(create_graph=True); assert x.grad == 27.0",
    "from autograd import Value; assert callable(getattr(Value(1.0) * 2.0, '_repr_svg_'))",
    "from autograd.program import Program; assert Program.draw.__module__ == 'autograd.pictures.program'",
    "from autograd import sin; assert 'sin(' in str(sin.in_javascript([None]))",
    "from nn import MLP; assert 'layers.0' in str(MLP(2, [3, 1]).draw())",
    "import nn; assert nn.training.__name__ == 'nn.training' and nn.init.zeros_",
    "import autograd; assert autograd.transforms.grad is autograd.grad and autograd.compiler.__name__",
    "from autograd import Value, page; assert 'tanh' in page(Value(1.0).tanh())",
    "import autograd as ag; own = ag.primitive('own', evaluate=lambda x: 2.0 * x, partials=(2.0,)); assert ag.jit(own)(1) == 2",
    "import pickle; from autograd import Value; assert pickle.loads(pickle.dumps(Value(2.0) * 3.0)).data == 6.0",
]


@pytest.mark.parametrize("code", FRESH)
def test_whatever_comes_first_finds_what_it_needs(code: str) -> None:
    """In a new process, in which nothing else was imported."""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_importing_brings_what_every_program_needs_alone() -> None:
    """Values and primitives; neither transforms nor the compiler, pictures, solvers or training."""
    code = "import sys, autograd, nn; print(*[m for m in sys.modules if m.split('.')[0] in ('autograd', 'nn')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    found = set(done.stdout.split())
    rooms = (
        "autograd.compiler",
        "autograd.transforms",
        "autograd.odes",
        "autograd.solvers",
        "autograd.pictures.draw",
        "nn.training",
    )
    assert "autograd.value" in found
    assert not [name for name in found if name.startswith((*rooms, "nn.layers", "nn.optim", "nn.export", "nn.drawing"))]


def test_a_name_is_found_once_and_others_are_refused() -> None:
    """It is in the namespace from then on; an unknown one is an AttributeError as of any module."""
    namespace: dict[str, Any] = {"__name__": "json"}
    find, names = later(namespace, {"json.encoder": "JSONEncoder"}, ["tool"])
    assert find("JSONEncoder") is namespace["JSONEncoder"] is json.JSONEncoder
    assert {"JSONEncoder", "encoder", "tool", "__name__"} <= {*names()}
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'nothing'"):
        find("nothing")


def test_an_attribute_is_replaced_by_the_module_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the class and its instances alike."""
    (tmp_path / "attaching.py").write_text(
        "import tests.test_names as t\nt.Kind.shown = lambda self: 'shown'\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    Attached(Kind, "shown", "attaching")
    assert "attaching" not in sys.modules
    assert Kind().shown() == "shown"  # type: ignore[attr-defined]
    assert type(Kind.shown).__name__ == "function"  # type: ignore[attr-defined]


class Kind:
    """Gets an attribute."""
