"""The renderer at hand: Graphviz's `dot`, else `graphviz-pure`, which is installed along where there is a wheel of it."""

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

INSTALL_HINT = (
    "no Graphviz renderer was found. Install one: `pip install graphviz-pure` (a wheel, no system package), "
    "or Graphviz itself (`apt-get install graphviz`, `brew install graphviz`)"
)


class RendererNotFoundError(RuntimeError):
    """This machine has neither Graphviz's `dot` nor `graphviz-pure`; the message names both ways to install."""


def find_renderer() -> str:
    """The path of the renderer. Raises RendererNotFoundError without one."""
    found = shutil.which("dot") or _graphviz_pure()
    if found is None:
        raise RendererNotFoundError(INSTALL_HINT)
    return found


def check_format(name: str) -> None:
    """Raise ValueError unless the renderer writes the format `name`; the message lists its formats, and what to install."""
    found = find_renderer()
    formats = _formats(found)
    if formats and name not in formats:
        program = Path(found).name
        other = "" if program == "dot" else "; Graphviz's own dot writes more, .pdf too: `apt-get install graphviz`"
        raise ValueError(
            f"the renderer at hand, {program}, does not write .{name}: end the name in .svg, .png or .dot. "
            f"It writes {', '.join(formats)}{other}"
        )


@functools.cache
def _formats(path: str) -> tuple[str, ...]:
    """The formats that a renderer lists when asked for an unknown one; () if it lists none."""
    try:
        asked = subprocess.run([path, "-T?"], input=b"digraph{}", capture_output=True, check=False)  # noqa: S603 - found by name
    except OSError:
        return ()
    _, told, formats = asked.stderr.decode(errors="replace").partition("Use one of: ")
    return tuple(name for name in formats.split() if name not in ("x11", "xlib", "gtk")) if told else ()  # windows, no files


def _graphviz_pure() -> str | None:
    """Also among the scripts of the environment, on the PATH only once it is activated, and of the user's own packages."""
    user = sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    beside = os.pathsep.join([str(Path(sys.executable).parent), sysconfig.get_path("scripts"), user])
    return shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=beside)
