"""The native build: modules of `autograd` with a .pxd beside them, compiled ahead of time by Cython, from the same source.

Hatchling calls it where CHAINRULE_NATIVE=1 says so: `CHAINRULE_NATIVE=1 python -m pip install .` makes a wheel for this
processor and Python. In an editable install what is compiled lies beside its source; one without CHAINRULE_NATIVE removes it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NEEDS = ["cython>=3.1", "setuptools>=75"]
DIRECTIVES = {"auto_pickle": False, "boundscheck": False, "wraparound": False}  # nodes say themselves how they travel
FLAGS = ["-O3", "-ffp-contract=off"]  # no product and sum rounded as one: the bits are those of Python


class NativeBuild(BuildHookInterface[Any]):
    """What Hatchling calls."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs beside Hatchling."""
        return NEEDS if wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the wheel is put together, and say what goes in."""
        root = Path(self.root)
        if version == "editable":
            for path in compiled_in(root, root):
                path.unlink()
        if not wanted():
            return
        build_data["pure_python"], build_data["infer_tag"] = False, True
        target = root if version == "editable" else Path(tempfile.mkdtemp(dir=self.directory_for_work()))
        for path in compile_into(root, target):
            build_data["force_include"][str(path)] = str(path.relative_to(target))

    def directory_for_work(self) -> str:
        """A directory that the build may leave behind."""
        directory = Path(self.directory)
        directory.mkdir(parents=True, exist_ok=True)
        return str(directory)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - Hatchling's
        """Remove what was compiled for the wheel."""
        for path in map(Path, build_data["force_include"]):
            if path.is_relative_to(self.directory):
                shutil.rmtree(Path(self.directory) / path.relative_to(self.directory).parts[0], ignore_errors=True)


def wanted() -> bool:
    """Whether the environment asks for a native build. Raises ValueError where it is not clear."""
    said = os.environ.get("CHAINRULE_NATIVE", "")
    if said not in ("", "0", "1"):
        raise ValueError(f"CHAINRULE_NATIVE must be 1 (compile) or 0, not {said!r}: CHAINRULE_NATIVE=1 python -m pip install .")
    return said == "1"


def sources(root: Path) -> list[Path]:
    """The modules that have a .pxd."""
    return sorted(path.with_suffix(".py") for path in (root / "autograd").glob("*.pxd"))


def compiled_in(root: Path, target: Path) -> list[Path]:
    """What was compiled of these, below `target`."""
    stems = {path.stem for path in sources(root)}
    return [
        path
        for path in (target / "autograd").glob("*.*")
        if path.suffix in (".so", ".pyd") and path.name.split(".")[0] in stems
    ]


def compile_into(root: Path, target: Path) -> list[Path]:
    """Compile to modules below `target`, and return their paths. Raises RuntimeError with the compiler's last lines."""
    with tempfile.TemporaryDirectory() as work:
        script = [sys.executable, str(Path(__file__)), str(target), work]
        done = subprocess.run(script, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - this file, in a process whose directory is the root
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise RuntimeError(
            f"the native build failed:\n{last}\n"
            "It needs a C compiler and Python's headers: apt-get install gcc python3-dev. "
            "Without CHAINRULE_NATIVE=1 nothing is compiled, and all works the same"
        )
    return compiled_in(root, target)


def main(target: str, work: str) -> None:
    """Compile, as a process of its own."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    flags = [] if sys.platform == "win32" else FLAGS
    modules = [
        Extension(f"autograd.{path.stem}", [str(path)], include_dirs=["autograd"], extra_compile_args=flags)
        for path in sources(Path())
    ]
    found = cythonize(modules, language_level=3, build_dir=work, compiler_directives=DIRECTIVES, quiet=True)
    command = Distribution({"name": "chainrule", "ext_modules": found}).get_command_obj("build_ext")
    command.build_lib, command.build_temp, command.inplace = target, work, False
    command.ensure_finalized()
    command.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
