"""The renderers of this machine, and what they make of pictures."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

BESIDE = str(Path(sys.executable).parent)
RENDERERS = [name for name in ("dot", "graphviz-pure") if shutil.which(name) or shutil.which(name, path=BESIDE)]
SVG = "{http://www.w3.org/2000/svg}"


def svg_of(source: str, renderer: str) -> ET.Element:
    """The SVG that a renderer makes of dot's language, without a complaint."""
    executable = shutil.which(renderer) or shutil.which(renderer, path=BESIDE)
    assert executable
    done = subprocess.run([executable, "-Tsvg"], input=source.encode(), capture_output=True, check=True)
    warned = [line for line in done.stderr.decode().splitlines() if "no value for width of non-ASCII" not in line]
    assert not warned
    return ET.fromstring(done.stdout)


def texts_of(source: str, renderer: str) -> list[str]:
    """The texts in that SVG, one a line."""
    return [spaces("".join(text.itertext())) for text in svg_of(source, renderer).iter(f"{SVG}text")]


def spaces(text: str) -> str:
    """Renderers write spaces as no-break spaces here and there."""
    return text.replace("\xa0", " ").strip()
