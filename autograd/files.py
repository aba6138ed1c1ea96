"""The one writer of whole files: pictures, pages and saved models."""

import os
import shutil
import stat
from pathlib import Path


def write_whole(path: str | os.PathLike[str], content: bytes, *, lasting: bool = True) -> None:
    """Replace a file's content, all or nothing: at any moment and after any failure, a reader finds the old or the new bytes.

    The bytes go to a new file in the same folder. Once they are on the disk, it takes the old file's place and permissions.
    A link stays a link: its target is replaced. A device or a pipe is written to directly. A process that is killed in between
    leaves a file whose name begins with `.chainrule-`. Unless it is to be `lasting`, a power failure may lose it. Raises
    FileNotFoundError for a missing folder, and OSError where the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(folder + "/a.txt", b"whole")
    ...     Path(folder, "a.txt").read_bytes()
    b'whole'
    """
    target = target_of(path)
    if target.exists() and not (target.is_dir() or stat.S_ISREG(target.stat().st_mode)):
        target.write_bytes(content)
        return
    unfinished = target.with_name(f".chainrule-{os.urandom(16).hex()}")  # unique, and short however long the target's name
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, unfinished)
        unfinished.replace(target)
    except BaseException:  # even an interrupt must leave nothing behind
        unfinished.unlink(missing_ok=True)
        raise


def target_of(path: str | os.PathLike[str]) -> Path:
    """The file that would be written, links followed; FileNotFoundError for a missing folder."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {target.parent}; make it first, with Path.mkdir")
    return target
