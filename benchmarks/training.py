"""Whole trainings, from fresh start to last parameter, by `nn.fit` and its peers, on one core and on all of them.

Each measurement has a process of its own: peers alternate in one (`benchmarks.alternating`), on one core and then on all; first
results and memory are those of fresh processes (`benchmarks.fresh`).
"""

import json
import pickle
import statistics
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from benchmarks import chart, fresh, scaling
from benchmarks.common import TITLE, duration, ratio, table
from benchmarks.contenders import (
    CONTENDERS,
    EAGER,
    JAX_SCAN,
    JAX_STEP,
    MICROGRAD,
    OURS,
    SHUFFLED,
    SKLEARN,
    TORCH,
    TORCH_COMPILED,
    C,
    Contender,
)
from benchmarks.works import Training, trainings

ROOT = Path(__file__).parent.parent
CHART = ROOT / "docs" / "training.svg"
HEADER = ("training", "by", "first", "again", "of it compiling", "machine code", "ratio", "memory", "all cores: again", "ratio")
FRESH = {"tabular": 3, "digits": 3}  # fresh processes; of other trainings one


class Measured(NamedTuple):
    """What was found: by training and peer, on one core, on all and in fresh processes; single figures, and notes."""

    one: dict[str, dict[str, Any]]
    every: dict[str, dict[str, Any]]
    fresh: dict[str, dict[str, Any]]
    figures: dict[str, float]
    notes: list[str]

    def again(self, work: str, name: str) -> float | None:
        """The seconds of a training, on one core, when it is not the first; ours without what it compiles again."""
        found = self.one.get(work, {}).get(name)
        return found and found["again"] * (1.0 - found.get("compiling", 0.0))

    def first(self, work: str, name: str) -> float | None:
        """The seconds of the first training in a fresh process."""
        found = self.fresh.get(work, {}).get(name)
        return found and found["seconds"]


def run(options: Namespace) -> str:
    """Measure everything; returns the tables as Markdown, and keeps the chart if asked."""
    found = measure(options)
    works = _chosen(options)
    about = (
        "On one core (seconds of the processor), then on all (of the clock). first: the first training of a fresh process, "
        "after its imports; again: a later one; ratio: their again by ours; memory: the most by which the fresh process "
        f"grew. All begin with the same parameters, take the same batches in the same order (but for {SHUFFLED!r}), in double "
        "precision, and are timed if their last losses agree to 1e-8. PyTorch takes a batch as a slice, JAX by its row "
        "numbers; C goes sample by sample."
    )
    lines = [TITLE, about, "", *table(HEADER, [row for work in works for row in _rows(work, found)])]
    lines += ["", "## What must be reached", "", *table(("on one core", "at least", "found", ""), reached(found))]
    lines += [f"\n{note}" for note in dict.fromkeys(found.notes)]
    if options.growth:
        lines += ["", "## How cost grows", "", *scaling.lines()]
    if options.save:
        chart.save(CHART, _panels(found))
    return "\n".join(lines)


def measure(options: Namespace) -> Measured:
    """Run all processes, one after another."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, every = (_alternated(folder, which, options) for which in ("one", "all"))
        fresh_ones = {work.name: _fresh(folder, work, one["works"][work.name]) for work in _chosen(options)}
    figures = one["figures"] | every["figures"]
    notes = [] if options.slow else [_parts(), f"{TORCH_COMPILED} needs `--slow`: it compiles for most of a minute."]
    return Measured(one["works"], every["works"], fresh_ones, figures, [*notes, *one["notes"], *every["notes"]])


def _chosen(options: Namespace) -> list[Training]:
    found = trainings()
    unknown = [name for name in options.works if name not in found]
    if unknown:
        raise SystemExit(f"there is no training {unknown[0]!r}: give one of {', '.join(map(repr, found))}")
    return [found[name] for name in options.works or found]


def _alternated(folder: Path, which: str, options: Namespace) -> dict[str, Any]:
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"cores": which, "rounds": options.rounds, "slow": options.slow, "works": options.works}))
    command = [sys.executable, "-m", "benchmarks.alternating", str(settings)]
    printed = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this package
    if printed.returncode:
        raise SystemExit(printed.returncode)
    found: dict[str, Any] = json.loads(printed.stdout.splitlines()[-1])
    return found


def _fresh(folder: Path, work: Training, one: dict[str, Any]) -> dict[str, Any]:
    """Medians of a few fresh processes for every peer that takes part as a whole."""
    path = folder / "work.pickle"
    assert len(work.parameters)  # made before, so that nobody makes them in his time
    path.write_bytes(pickle.dumps(work))
    names = [name for name, found in one.items() if found["scale"] == 1.0 and name not in (SHUFFLED, EAGER, MICROGRAD)]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(FRESH.get(work.name, 1)):
        for name in tqdm(names, desc=f"{work.name}, fresh processes", leave=False):
            found[name].append(fresh.measured(path, name))
    return {
        name: {key: statistics.median(figures[key] for figures in several) for key in ("seconds", "memory")}
        for name, several in found.items()
    }


def _parts() -> str:
    told = []
    for contender in filter(lambda contender: contender.parts, CONTENDERS):
        parts = [f"{work} {epochs}" + (f" of {rows} rows" if rows else "") for work, (epochs, rows) in contender.parts.items()]
        told.append(f"{contender.name}: epochs of {', '.join(parts)}")
    return (
        f"~ is scaled up from a part of the training ({'; '.join(told)}), which ends where ours ends; `--slow` runs all of it."
    )


def _rows(work: Training, found: Measured) -> Iterator[tuple[str, ...]]:
    one, every = found.one[work.name], found.every[work.name]
    title = f"**{work.name}**: {work.about}"
    for contender in CONTENDERS:
        if contender.name not in one:
            continue
        mine, fresh_one = one[contender.name], found.fresh[work.name].get(contender.name, {})
        mark = "" if mine["scale"] == 1.0 else "~ "
        memory = f"{fresh_one['memory'] / 1e6:.1f} MB" if fresh_one else ""
        shares = [duration(mine["again"] * mine[what]) if what in mine else "" for what in ("compiling", "running")]
        cells = [
            title,
            contender.versioned,
            duration(fresh_one["seconds"]) if fresh_one else "",
            mark + duration(mine["again"]),
        ]
        cells += [*shares, _ratio(contender, one), memory]
        theirs = every.get(contender.name)
        cells += [duration(theirs["again"]), _ratio(contender, every)] if theirs else ["", ""]
        yield tuple(cells)
        title = ""


def _ratio(contender: Contender, found: dict[str, Any]) -> str:
    return "" if contender.name == OURS else ratio(found[contender.name]["again"] / found[OURS]["again"])


class Goal(NamedTuple):
    """Something to reach: in words, the bound, what was found, and whether more is better."""

    what: str
    bound: float
    found: float | None
    show: Callable[[float], str] = ratio
    more: bool = True


def reached(found: Measured) -> Iterator[tuple[str, ...]]:
    """The rows of the table: each goal, what was found, and whether that is enough."""
    for goal in _goals(found):
        least = f"at {'least' if goal.more else 'most'} {goal.show(goal.bound)}"
        if goal.found is None:
            yield goal.what, least, "-", "not measured"
        else:
            enough = goal.found >= goal.bound if goal.more else goal.found <= goal.bound
            yield goal.what, least, goal.show(goal.found), "reached" if enough else "**not reached**"


def _goals(found: Measured) -> Iterator[Goal]:
    def times(figure: Callable[[str, str], float | None], work: str, peer: str) -> float | None:
        theirs, ours = figure(work, peer), figure(work, OURS)
        return theirs / ours if theirs and ours else None

    whole = {
        "tabular": ((TORCH, 20.0), (JAX_STEP, 3.0), (JAX_SCAN, 1.0)),
        "digits": ((TORCH, 6.0), (JAX_STEP, 1.5)),
        "moons": ((MICROGRAD, 20_000.0), (JAX_STEP, 3.0)),
    }
    for work, peer, bound in ((work, *goal) for work, goals in whole.items() for goal in goals):
        yield Goal(f"{work}: whole training without the first compile, against {peer}", bound, times(found.again, work, peer))
    for work, bound in (("tabular", 4.0), ("digits", 1.2)):
        yield Goal(f"{work}: all from a fresh process after imports, against {TORCH}", bound, times(found.first, work, TORCH))
    figures = found.figures
    yield Goal("Black and Scholes' price and five Greeks, 100 rows", 8e-6, figures.get("small call"), duration, more=False)
    ours = found.one.get("tabular", {}).get(OURS, {})
    kernel = ours.get("running")
    over = (1.0 - ours["compiling"] - kernel) / kernel if kernel else None
    what = "tabular: `fit` over the bare kernel: neither compiling nor in machine code, by the time in it"
    yield Goal(what, 0.2, over, lambda share: f"{share:.0%}", more=False)
    one, two = figures.get("1 threads"), figures.get("2 threads")
    yield Goal("two threads on two cores, value and gradient of 1,000,000 rows", 1.8, one / two if one and two else None)
    memory = {name: figures["memory"] for name, figures in found.fresh.get("digits", {}).items()}
    share = memory[TORCH] / memory[OURS] if TORCH in memory and OURS in memory else None
    yield Goal(f"digits: {TORCH}'s memory by ours", 1.0, share)


SHOWN = {"moons": (MICROGRAD, EAGER, TORCH, JAX_STEP, JAX_SCAN, OURS, C)} | dict.fromkeys(
    ("tabular", "digits", "convolution"), (EAGER, TORCH, JAX_STEP, JAX_SCAN, SKLEARN, OURS, C)
)


def _panels(found: Measured) -> list[chart.Panel]:
    """For the chart: the trainings that it shows; seconds by micrograd's where micrograd takes part."""
    panels = []
    for work, names in SHOWN.items():
        one = found.one.get(work, {})
        unit = one[MICROGRAD]["again"] if MICROGRAD in one else 1.0
        bars = [chart.Bar(name.split(":")[0], one[name]["again"], name == OURS) for name in names if name in one]
        bars.sort(key=lambda bar: -bar.seconds)
        if bars:
            panels.append(chart.Panel(work, trainings()[work].about, bars, unit if MICROGRAD in one else None))
    return panels
