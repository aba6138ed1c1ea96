"""One training in a fresh process: `python -m benchmarks.fresh WORK.pickle PEER`, a part of `benchmarks.training`.

Prints one line of JSON: the seconds of processor time from after imports to the last parameters, compiling included, and the
most bytes by which the process grew, over its size after imports.
"""

import json
import pickle
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.common import import_peer, one_core


def main(path: str, name: str) -> dict[str, Any]:
    """Train once, on one core."""
    one_core()
    from benchmarks.contenders import CONTENDERS

    contender = next(contender for contender in CONTENDERS if contender.name == name)
    for package in contender.needs:
        import_peer(package)
    work = pickle.loads(Path(path).read_bytes())  # noqa: S301 - our own
    before = size(peak=False)
    start = processor()
    last = contender.build(work, 1)()
    stop = processor()
    return {"seconds": stop - start, "memory": size(peak=True) - before, "loss": work.mean_loss(last)}


def processor() -> float:
    """Seconds of processor time, those of programs that this one ran included."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def size(*, peak: bool) -> int:
    """The bytes of memory that this process has, or had at most, since it was asked for those that it has."""
    try:
        if not peak:
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return 1024 * int(lines["VmHWM" if peak else "VmRSS"].split()[0])
    except (OSError, KeyError):  # not Linux: the peak of all
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measured(path: Path, name: str) -> dict[str, Any]:
    """What a fresh process finds."""
    command = [sys.executable, "-m", "benchmarks.fresh", str(path), name]
    root = Path(__file__).parent.parent
    printed = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - this file
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
