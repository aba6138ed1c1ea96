"""All cells of the table of `python -m benchmarks gradbench`, each in a process of its own, which a limit ends."""

import importlib.metadata
import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.common import MACHINE, duration, ratio, table
from benchmarks.gradbench import ba, det, gmm, hello, ht, kmeans, llsq, lse, lstm, ode, particle, saddle
from benchmarks.gradbench.problem import OURS, Problem

PROBLEMS = {
    module.PROBLEM.name: module.PROBLEM
    for module in (hello, llsq, lse, ode, det, kmeans, gmm, lstm, ba, ht, particle, saddle)
}
HEADER = ("problem", "size", "by", "first result", "value", "gradient", "ratio, first", "ratio, value", "ratio, gradient")
MEMORY = 12 << 30  # bytes that a cell may take


def run(options: Namespace) -> str:
    """Measure what the options name; returns the table as Markdown."""
    names = options.problems or list(PROBLEMS)
    cells = [(name, size) for name in names for size in sizes(PROBLEMS[name], every=options.every)]
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    late: set[tuple[str, str]] = set()
    for name, size in tqdm(cells, leave=False):
        problem = PROBLEMS[name]
        found = {}
        for peer in problem.peers:
            if (name, peer) in late:
                found[peer] = {"failure": f"> {options.limit:g} s, as before"}
                continue
            found[peer] = measured(name, size, peer, options)
            if found[peer].get("failure", "").startswith(">"):
                late.add((name, peer))
        rows += _rows(problem, size, found, notes)
    abouts = [f"- **{name}**: {PROBLEMS[name].about}" for name in names]
    return "\n".join([f"{MACHINE}; one core; {ABOUT.format(options.limit)}", "", *table(HEADER, rows), "", *abouts, *notes])


ABOUT = (
    "each cell in a process of its own.\n"
    "First result: seconds from before the function is made to its first gradient; value, gradient: the median of a call.\n"
    "Ratio: theirs by ours. A cell that takes longer than {:g} s, all in all, is ended; bigger sizes are not tried then.\n"
    "What is timed agrees with a reference by NumPy."
)


def sizes(problem: Problem, *, every: bool) -> list[str]:
    """The published sizes: all of them, or the smallest, the middle one and the largest."""
    names = list(problem.sizes)
    chosen = range(len(names)) if every else sorted({0, (len(names) - 1) // 2, len(names) - 1})
    return [names[i] for i in chosen]


def measured(name: str, size: str, peer: str, options: Namespace) -> dict[str, Any]:
    """What a cell's process prints, or why there is nothing."""
    command = [sys.executable, "-m", "benchmarks.gradbench.cell", name, size, peer, str(options.rounds)]
    try:
        done = subprocess.run(  # noqa: S603 - this package
            command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=options.limit, preexec_fn=_limit_memory
        )
    except subprocess.TimeoutExpired:
        return {"failure": f"> {options.limit:g} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        missing = any(kind in lines[-1] for kind in ("ModuleNotFoundError", "ImportError"))
        memory = done.returncode < 0 or any(word in done.stderr for word in ("MemoryError", "bad_alloc", "out of memory"))
        why = "not installed" if missing else f"> {MEMORY >> 30} GB" if memory else "fails"
        return {"failure": why, "why": lines[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not found["error"] <= found["tolerance"]:
        return {"failure": "wrong", "why": f"differs from the reference by {found['error']:.2g}"}
    return found


ROOT = Path(__file__).parent.parent.parent


def _limit_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _rows(problem: Problem, size: str, found: dict[str, dict[str, Any]], notes: list[str]) -> Iterator[tuple[str, ...]]:
    ours = found[OURS]
    for i, (peer, figures) in enumerate(found.items()):
        head = (problem.name if i == 0 else "", size if i == 0 else "", versioned(problem, peer))
        if "failure" in figures:
            yield (*head, figures["failure"], *[""] * 5)
            if "why" in figures:
                note = f"\n{problem.name}, {size}, {peer}: {figures['failure']}: {figures['why']}"
                notes.append(note)
            continue
        cells = [duration(figures.get(key)) for key in ("first", "value", "gradient")]
        for key in ("first", "value", "gradient"):
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
