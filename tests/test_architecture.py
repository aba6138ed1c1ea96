"""The architecture: imports run one way, every module can be imported by its name, public names stay."""

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import autograd
import autograd.testing
import nn
import nn.export

ROOT = Path(__file__).parents[1]


def modules_of(*packages: str) -> dict[str, Path]:
    """The modules of packages, by name."""
    paths = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = modules_of("autograd", "nn")
ROOMS = [
    *["names", "naming", "extras", "real", "files", "keys", "locks", "collector", "graph", "hooks", "bundles", "past"],
    *["native", "definition", "table"],
    *["primitives", "special", "functions", "program"],
    *[
        "modes",
        "recorded",
        "unrecorded",
        "forms",
        "operators",
        "arithmetic",
        "number",
        "methods",
        "pickling",
        "value",
        "products",
    ],
    *["structures", "trees", "ordering"],
    *["coloring", "patterns"],
    *["linearization", "applied", "adjoints", "transforms", "custom", "linear_algebra", "equations", "optimize"],
    *["turns", "axes", "traced", "control", "opened", "solvers", "odes"],
    *["compiler", "pictures", "testing"],
]
"""The modules and packages of autograd, lowest first: each imports only from itself and from those before it."""


def arrows(name: str, modules: dict[str, Path] = MODULES) -> Iterator[str]:
    """Those of the modules that a module imports: at its top, inside functions, and for type checkers."""
    for node in ast.walk(ast.parse(modules[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside in modules else node.module


ARROWS = {name: set(arrows(name)) for name in MODULES}


def test_no_circle() -> None:
    """No imports in a circle, not even hidden inside functions or under TYPE_CHECKING."""
    list(graphlib.TopologicalSorter(ARROWS).static_order())  # raises CycleError, which names it


@pytest.mark.parametrize("package", ["benchmarks", "demos"])
def test_no_circle_beside_the_packages(package: str) -> None:
    """Nor in what uses them."""
    modules = modules_of(package)
    found = {name: {*arrows(name, modules)} - {name} for name in modules}
    list(graphlib.TopologicalSorter(found).static_order())


def test_arrows_point_one_way() -> None:
    """Modules import only lower ones; none imports `autograd` or `nn`, which know all; none imports from autograd to nn."""
    floor = {room: i for i, room in enumerate(ROOMS)}
    for name, targets in ARROWS.items():
        for target in targets:
            if name.startswith("autograd."):
                assert target.startswith("autograd."), f"{name} imports {target}"
                here, there = (module.split(".")[1] for module in (name, target))
                assert floor[there] <= floor[here], f"{name} imports {target}, which is above it"
            if name.startswith("nn."):
                assert target != "nn", f"{name} imports nn itself"


def test_some_rooms_do_not_know_others() -> None:
    """Pictures import nothing of the compiler; compiler.call imports only the frame, the machine and structures."""
    for name, targets in ARROWS.items():
        if name.startswith("autograd.pictures"):
            assert not [target for target in targets if target.startswith("autograd.compiler")], name
        if name.startswith("autograd.compiler.call."):
            machine = [f"autograd.compiler.run.{name}" for name in ("frame", "machine", "symbols")]
            known = ("autograd.compiler.call.", "autograd.structures", *machine)
            assert all(target.startswith(known) for target in targets), f"{name} imports {targets}"


@pytest.mark.parametrize("name", [name for name in MODULES if "." in name])
def test_a_module_bears_its_name_alone(name: str) -> None:
    """`import autograd.X.Y as m` gives the module: no function of the same name hides it."""
    namespace: dict[str, ModuleType] = {}
    exec(f"import {name} as found", namespace)
    assert namespace["found"] is sys.modules[name]


@pytest.mark.parametrize("package", [autograd, nn, nn.export, autograd.testing], ids=lambda package: package.__name__)
def test_public_names(package: ModuleType) -> None:
    """Every name that users import is still there."""
    promised = json.loads(Path(__file__).with_name("public_names.json").read_text(encoding="utf-8"))[package.__name__]
    assert not [name for name in promised if not hasattr(package, name)]


def test_files_are_one_idea() -> None:
    """No file but the one that states the table is much longer than 400 lines."""
    for name, path in MODULES.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 420 or name == "autograd.primitives", f"{name} has {lines} lines"


@pytest.mark.parametrize("name", [name for name, path in MODULES.items() if path.name != "__init__.py"])
def test_tests_mirror_the_packages(name: str) -> None:
    """Each module has a file of tests beside its name: autograd/X/y.py has tests/X/test_y.py, nn/z.py tests/nn/test_z.py."""
    inside = MODULES[name].relative_to(ROOT / "autograd" if name.startswith("autograd.") else ROOT)
    tests = (ROOT / "tests" / inside).with_name(f"test_{inside.name}")
    assert tests.is_file(), f"{name} has no tests of its own: write them in {tests.relative_to(ROOT)}"
    assert re.search(r"^def test_|^test_\w+ = ", tests.read_text(encoding="utf-8"), re.MULTILINE), f"{tests.name} tests nothing"


def test_a_first_call_imports_little() -> None:
    """A compiled function that answers at once loads nothing of what compiles, nor what rows and derivatives of loops need."""
    rest = {"compiler.distributed", "compiler.loops.pull", "compiler.merge", "compiler.pipeline", "compiler.report", "applied"}
    heavy = {"hashlib", "llvmlite", "numpy", *[f"autograd.{name}" for name in rest]}
    call = "from autograd import jit, sin, value_and_grad; print(jit(value_and_grad(sin))(0.0)"
    code = f"import sys; {call}, *{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "(0.0, 1.0)"


def test_import_is_light() -> None:
    """Importing the engine imports neither graphviz, nor NumPy, nor Hypothesis."""
    heavy = {"graphviz", "numpy", "scipy", "hypothesis", "pytest", "mpmath", "tqdm", "llvmlite", "dask", "onnx"}
    heavy |= {"safetensors", "torch", "sklearn", "pandas", "polars", "rich", "tensorboardX"}
    code = f"import sys, autograd, autograd.testing, nn; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


def test_the_map_names_every_file() -> None:
    """CONTRIBUTING.md has each module in its tree, in the room where it is."""
    _, _, rest = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("```\nautograd/")
    tree, _, _ = rest.partition("```")
    for name, path in MODULES.items():
        if path.name != "__init__.py":
            assert path.name in tree, f"{name} is not on the map"
            assert all(f"{room}/" in f"autograd/{tree}" for room in path.relative_to(ROOT).parts[:-1]), name
