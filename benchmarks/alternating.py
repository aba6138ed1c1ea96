"""All peers train by turns in this one process, a part of `benchmarks.training`: `python -m benchmarks.alternating SETTINGS`.

Prints one line of JSON: for each training and peer its seconds, on one core those of the processor, which a busy machine
disturbs less; and which share of ours was compiling, and which machine code. A peer that ends at another loss is not timed.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from benchmarks.common import import_peer, one_core, seconds

if TYPE_CHECKING:  # for what is imported only when the number of threads is set
    from collections.abc import Callable, Iterator

    from benchmarks.contenders import Contender
    from benchmarks.trainers import Train
    from benchmarks.works import Training

ROUND = 0.02  # seconds: the least that one peer's trainings take in one round
SPENT = 2.0  # seconds: a peer that has trained for longer has trained enough, after FEWEST rounds
FEWEST = 3
MOST = 8.0  # seconds: ... or after fewer, if they took longer than this
LONG = 60.0  # seconds: a training that takes longer is measured once
AGREE = 1e-8  # how near losses must be, relative to them


def main(settings: dict[str, Any]) -> dict[str, Any]:
    """Measure as the settings say: `cores`, `rounds`, `slow`, and `works` by their names, all if there are none."""
    threads = cores() if settings["cores"] == "all" else 1
    os.environ["JAX_ENABLE_X64"] = "1"
    if threads == 1:
        one_core()
    # packages read the number of threads when they are imported
    from benchmarks import figures, works

    found: dict[str, Any] = {"notes": [], "works": {}}
    for name, work in works.trainings().items():
        if name in (settings["works"] or [name]):
            found["works"][name] = _measure(work, settings, threads, found["notes"])
    found["figures"] = figures.threaded(settings["rounds"]) if threads > 1 else figures.on_one_core(settings["rounds"])
    return found


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _measure(work: Training, settings: dict[str, Any], threads: int, notes: list[str]) -> dict[str, Any]:
    from benchmarks.contenders import OURS
    from benchmarks.trainers import ours

    clock = time.perf_counter if threads > 1 else time.process_time
    found: dict[str, dict[str, Any]] = {}
    runs: dict[str, Train] = {}
    for contender in _present(work, settings, threads, notes):
        part, scale = contender.part(work, slow=settings["slow"])
        gc.collect()
        start = clock()
        train = contender.build(part, threads)
        loss = part.mean_loss(train())
        first = scale * (clock() - start)
        if contender.alike and contender.name != OURS:
            wanted = found[OURS]["loss"] if part is work else part.mean_loss(ours(part, "compiled")())
            if not abs(loss - wanted) <= AGREE * abs(wanted):
                ends = f"**{work.name}: {contender.name} ends at a loss of {loss!r}, chainrule at {wanted!r}"
                notes.append(f"{ends}, after {part.epochs} epochs of {len(part.inputs)} rows: not timed.**")
                continue
        found[contender.name] = {"scale": scale, "loss": loss, "seconds": [first]}
        if scale == 1.0 and first < LONG:
            runs[contender.name] = train
    if threads == 1:
        found[OURS] |= _shares(runs[OURS])
    for name, times in _by_turns(runs, settings["rounds"], clock, f"{work.name}, {settings['cores']}").items():
        found[name]["seconds"] = times
    return {name: figures | {"again": statistics.median(figures["seconds"])} for name, figures in found.items()}


def _shares(train: Train) -> dict[str, float]:
    """How much of our training is compiling, and how much machine code: in no round, since what is watched takes longer."""
    from benchmarks.contenders import compiling, running

    compiler, machine = compiling(), running()
    start = time.process_time()
    with compiler.watching(), machine.watching():
        train()
    whole = time.process_time() - start
    return {"compiling": compiler.seconds / whole, "running": machine.seconds / whole}


def _present(work: Training, settings: dict[str, Any], threads: int, notes: list[str]) -> Iterator[Contender]:
    """The peers that are installed and wanted for a training."""
    from benchmarks.contenders import CONTENDERS

    for contender in CONTENDERS:
        if contender.takes(work) and (threads == 1 or contender.threaded) and (settings["slow"] or not contender.slow):
            try:
                for package in contender.needs:
                    import_peer(package)
            except ImportError as error:
                notes.append(f"{contender.name} is not installed: {error}.")
            else:
                yield contender


def _by_turns(runs: dict[str, Train], rounds: int, clock: Callable[[], float], what: str) -> dict[str, list[float]]:
    """The seconds of each peer's training in each round."""
    times = {name: max(1, round(ROUND / seconds(run, 1, clock))) for name, run in runs.items()}
    found: dict[str, list[float]] = {name: [] for name in runs}
    for i in tqdm(range(rounds), desc=what, leave=False):
        for name, run in runs.items():
            if sum(found[name]) * times[name] < (MOST if i < FEWEST else SPENT):
                found[name].append(seconds(run, times[name], clock))
    return found


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
