"""Machine code on disk: what one process compiled, the next one loads.

A file has a hash of all that follows it, a line of JSON, and the code. Its name is a hash of everything that the code depends
on: the program, its options, the processor, and the versions of this package, of LLVM and of the C library. So a file is right
or it is not found; one that is damaged is compiled anew. `CHAINRULE_CACHE` names the folder, or is "off". Nothing here ever
raises for what the disk does: without it code is compiled, as ever.
"""

import hashlib
import json
import os
import platform
import stat
import sys
import sysconfig
from array import array
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from autograd import primitives
from autograd.files import write_whole
from autograd.forms import Form, Loop
from autograd.program import Program, bodies_of, with_bodies

VARIABLE = "CHAINRULE_CACHE"
MOST_BYTES = 1 << 29
MOST_FILES = 4096
_SELDOM = 256  # writes of a process, after which it looks how much there is
_PACKAGE = Path(primitives.__file__).parent
_writes = count()


def folder() -> Path | None:
    """Where the files are; None if there are to be none, or if others could write there, and so have their code run."""
    return _folder(os.environ.get(VARIABLE))


@cache
def _folder(setting: str | None) -> Path | None:
    if setting is not None and setting.strip().lower() in ("", "0", "off", "no", "none", "false"):
        return None
    try:
        found = _usual() if setting is None else Path(setting).expanduser()
        found.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = found.stat()
    except (OSError, RuntimeError):  # no such disk, no home
        return None
    if not hasattr(os, "geteuid"):
        return found
    return found if about.st_uid == os.geteuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else None


def _usual() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "chainrule" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "chainrule"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chainrule"


# --- keys -------------------------------------------------------------------------------------------------------------


@cache
def _versions() -> str:
    """This package's files as they are, LLVM, Python, and the C library, which computed the constants."""
    files = [*_PACKAGE.glob("*.py"), *(_PACKAGE / "compiler").rglob("*.py")]
    about = sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return repr((about, llvmlite.__version__, llvm.llvm_version_info, sys.version, sysconfig.get_platform(), _c_library()))


def _c_library() -> str:
    with suppress(AttributeError, ValueError, OSError):
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    return platform.release()


def key_of(*parts: Any) -> str:
    """The name of a file for what these parts, strings or bytes or what has a lasting repr, decide."""
    digest = hashlib.sha256(_versions().encode())
    for part in parts:
        content = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(b"%d " % len(content))
        digest.update(content)
    return digest.hexdigest()


def is_built_in(program: Program) -> bool:
    """Whether all its primitives are this package's: what the names of others mean is not in a file."""
    known = vars(primitives)
    primitives_ = {form for each in with_bodies([program]) for form in each.forms}
    return all(isinstance(primitive, Form) or known.get(primitive.name) is primitive for primitive in primitives_)


def _named(primitive: Any) -> str:
    """What tells a step from others."""
    if not isinstance(primitive, Loop):
        if isinstance(primitive, Form):
            return repr(primitive)
        return f"{primitive.name} {primitive.native!r}"
    bodies = bodies_of(primitive)
    shape = primitive.carry, primitive.xs, primitive.ys, primitive.shared, primitive.turns, primitive.reverse
    return repr((shape, [hashlib.sha256(content_of(body)).hexdigest() for body in bodies]))


def content_of(program: Program) -> bytes:
    """A program as bytes: its primitives with their native counterparts, and its constants to the bit."""
    names: dict[str, int] = {}
    known: dict[Any, int] = {}  # by the primitive itself: the content of a body is long
    places, numbers = array("q"), array("d")

    def add(operands: Any) -> None:
        places.append(len(operands))
        for x in operands:
            if type(x) is int:
                places.append(x)
            else:
                places.append(-1)
                numbers.append(x)

    for primitive, operands in program.steps:
        if primitive not in known:
            known[primitive] = names.setdefault(_named(primitive), len(names))
        places.append(known[primitive])
        add(operands)
    add(program.outputs)
    head = json.dumps([program.inputs, len(places), list(names)]).encode()
    return b"\n".join([head, places.tobytes(), numbers.tobytes()])


# --- files ------------------------------------------------------------------------------------------------------------


def read(key: str) -> tuple[dict[str, Any], bytes] | None:
    """What was written by that key, if it is there and whole."""
    where = folder()
    if where is None:
        return None
    path = where / key
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, _, rest = content.partition(b"\n")
    if digest != hashlib.sha256(rest).hexdigest().encode():
        with suppress(OSError):
            path.unlink()
        return None
    about, _, code = rest.partition(b"\n")
    with suppress(OSError):
        os.utime(path)  # it is not among the oldest
    found: dict[str, Any] = json.loads(about)
    return found, code


def write(key: str, about: dict[str, Any], code: bytes) -> None:
    """Keep code, and what its user must know: a reader finds all of it or nothing."""
    where = folder()
    if where is None:
        return
    rest = json.dumps(about).encode() + b"\n" + code
    with suppress(OSError):
        write_whole(where / key, hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest, lasting=False)
        if next(_writes) % _SELDOM == 0:
            _make_room(where)


def _make_room(where: Path) -> None:
    """Remove what was not used for longest, if there is too much."""
    files = []
    for entry in os.scandir(where):
        with suppress(OSError):
            about = entry.stat()
            files.append((about.st_mtime_ns, about.st_size, entry.path))
    size, number = sum(bytes_ for _, bytes_, _ in files), len(files)
    if size <= MOST_BYTES and number <= MOST_FILES:
        return
    for _, bytes_, path in sorted(files):
        with suppress(OSError):
            Path(path).unlink()
        size, number = size - bytes_, number - 1
        if size <= 0.75 * MOST_BYTES and number <= 0.75 * MOST_FILES:
            return
