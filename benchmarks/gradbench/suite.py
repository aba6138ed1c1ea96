"""All cells of the table of `python -m benchmarks gradbench`, each in a process of its own, which a limit ends."""

import importlib.metadata
import json
import math
import re
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.common import MACHINE, duration, ratio, table
from benchmarks.gradbench import ba, det, gmm, hello, ht, kmeans, llsq, lse, lstm, ode, particle, saddle
from benchmarks.gradbench.problem import OURS, Problem

PROBLEMS = {
    module.PROBLEM.name: module.PROBLEM for module in (hello, llsq, lse, ode, det, kmeans, gmm, lstm, ba, ht, particle, saddle)
}
HEADER = ("size", "by", "first result", "value", "gradient", "ratio, first", "ratio, value", "ratio, gradient")
KINDS = ("first", "value", "gradient")
MEMORY = 12 << 30  # bytes that a cell may take
WAIT = 5  # times its limit is how long a cell may take on a busy machine
ROOT = Path(__file__).parent.parent.parent
ABOUT = """one core, each cell in a process of its own.
First result: from before the function is made to its first gradient, in a new process, imports done. Value, gradient: the
median of a call, without what the second one does once: ours makes machine code then of what answered at once. Ratio: theirs
by ours. A cell that takes longer than {:g} s, all in all, is ended: what it had found stands, and larger sizes are not tried.
What is timed agrees with a reference by NumPy, to 1e-9."""


def run(options: Namespace) -> str:
    """Measure what the options name; returns a table for each problem, as Markdown."""
    names = [name for name in PROBLEMS if name in (options.problems or PROBLEMS)]
    with tqdm(total=sum(len(sizes(PROBLEMS[name], every=options.every)) for name in names), leave=False) as bar:
        sections = [_section(PROBLEMS[name], options, bar) for name in names]
    return "\n".join([f"{MACHINE}; {ABOUT.format(options.limit)}", *sections])


def _section(problem: Problem, options: Namespace, bar: Any) -> str:
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    late: dict[str, str] = {}
    for size in sizes(problem, every=options.every):
        found = {}
        for peer in problem.peers:
            bar.set_description(f"{problem.name}, {size}, {peer}")
            found[peer] = {"failure": late[peer]} if peer in late else measured(problem.name, size, peer, options)
            for what in ("late", "failure"):
                if problem.growing and what in found[peer] and (what == "late" or found[peer][what].startswith(">")):
                    late[peer] = f"{found[peer][what].removesuffix(', as before')}, as before"
        rows += _rows(problem, size, found, notes)
        bar.update()
    return "\n".join([f"\n## {problem.name}\n\n{problem.about}\n", *table(HEADER, rows), *notes])


def joined(before: str, now: str) -> str:
    """A kept page with those problems in place of theirs that were measured now."""
    mark = "\n## "
    (_, *old), (head, *new) = before.split(mark), now.split(mark)
    parts = {part.split("\n")[0]: part.rstrip() + "\n" for part in (*old, *new)}
    return mark.join([head.rstrip() + "\n", *[parts[name] for name in PROBLEMS if name in parts]])


def sizes(problem: Problem, *, every: bool) -> list[str]:
    """The published sizes: all of them, or the smallest, the middle one and the largest."""
    names = list(problem.sizes)
    chosen = range(len(names)) if every else sorted({0, (len(names) - 1) // 2, len(names) - 1})
    return [names[i] for i in chosen]


def measured(name: str, size: str, peer: str, options: Namespace) -> dict[str, Any]:
    """What a cell's process prints, or why there is nothing."""
    command = [sys.executable, "-m", "benchmarks.gradbench.cell", name, size, peer, str(options.rounds)]
    limited = partial(_limit, options.limit)
    try:
        done = subprocess.run(  # noqa: S603 - this package
            command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=WAIT * options.limit, preexec_fn=limited
        )
    except subprocess.TimeoutExpired as late:
        return _late((late.stdout or b"").decode(), options)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return _late(done.stdout, options)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        missing = any(kind in lines[-1] for kind in ("ModuleNotFoundError", "ImportError"))
        memory = done.returncode < 0 or any(word in done.stderr for word in ("MemoryError", "bad_alloc", "out of memory"))
        why = "not installed" if missing else f"> {MEMORY >> 30} GB" if memory else "fails"
        return {"failure": why, "why": reason(lines)}
    return _checked(done.stdout.splitlines()[-1])


def reason(lines: list[str]) -> str:
    """The error in the lines of a traceback, as far as its first sentence goes, without the place on this machine."""
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)] or lines
    found = re.sub(r"(\w+\.)+(?=\w+Error)|\S*/\S+:\d+: ", "", errors[-1])
    return re.split(r"[:.;] (?=[a-zA-Z])", found.partition(": ")[2] or found)[0]


def _late(printed: str, options: Namespace) -> dict[str, Any]:
    lines = printed.splitlines()
    found = _checked(lines[-1]) if lines else {}
    return found if "done" in found else {"late": f"> {options.limit:g} s", **found}


def _checked(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    if not found["error"] <= found["tolerance"]:
        return {"failure": "wrong", "why": f"differs from the reference by {found['error']:.2g}"}
    return found


def _limit(seconds: float) -> None:
    import resource

    whole = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _rows(problem: Problem, size: str, found: dict[str, dict[str, Any]], notes: list[str]) -> Iterator[tuple[str, ...]]:
    ours = found[OURS]
    for i, (peer, figures) in enumerate(found.items()):
        head = (size if i == 0 else "", versioned(problem, peer))
        if "failure" in figures:
            yield (*head, figures["failure"], *[""] * 5)
            if "why" in figures:
                note = f"\n{problem.name}, {size}, {peer}: {figures['failure']}: {figures['why']}"
                notes.append(note)
            continue
        cells = [duration(figures[key]) if key in figures else figures.get("late", "") for key in KINDS]
        if "value" not in figures and problem.function is None:
            cells[1] = ""
        for key in KINDS:
            both = peer != OURS and key in ours and key in figures
            cells.append(ratio(figures[key] / ours[key]) if both else "")
        yield (*head, *cells)


def versioned(problem: Problem, peer: str) -> str:
    """A peer's name with the version of its package."""
    if peer.startswith(OURS):
        return peer
    try:
        name, comma, how = peer.partition(",")
        return f"{name} {importlib.metadata.version(problem.peers[peer].needs).split('+')[0]}{comma}{how}"
    except importlib.metadata.PackageNotFoundError:
        return peer
