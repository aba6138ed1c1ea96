"""Inputs that a program packs into arrays, as arrays: every pass then takes a step for an array, not for each number.

Their numbers lie where they lay, so that nothing outside of the program knows.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NamedTuple

from autograd.compiler.options import Options
from autograd.forms import Pack
from autograd.program import Place, Program, Step

FEWEST = 16  # numbers of an array: fewer are as quick one by one


class Run(NamedTuple):
    """Inputs that follow one another and are an array."""

    first: int
    numbers: int
    columns: int

    @property
    def end(self) -> int:
        """The input after the last one."""
        return self.first + self.numbers


def in_arrays(program: Program, options: Options) -> tuple[Program, Options]:
    """The same program, with arrays for inputs that all rows share and nothing reads but as one array."""
    if options.arrays or not any(isinstance(form, Pack) for form in program.forms):  # only a call knows how long arrays are
        return program, options
    runs = _runs(program, options)
    if not runs:
        return program, options
    places: list[Place] = []
    columns: list[int] = []
    rows: list[int] = []
    varying: list[int | None] = []
    for run in _all_inputs(program.inputs, runs):
        places += [len(columns)] * run.numbers
        columns.append(run.columns)
        rows.append(run.numbers // run.columns if run.columns else 0)
        varying.append(None if options.varying is None or run.columns else options.varying[run.first])
    inputs = len(columns)
    arrays = {(run.columns, tuple(range(run.first, run.first + run.numbers))) for run in runs}
    steps: list[Step] = []
    for form, operands in program.steps:
        if isinstance(form, Pack) and (form.width, operands) in arrays:
            places.append(places[operands[0]])
            continue
        places.append(inputs + len(steps))
        steps.append((form, tuple([places[x] if type(x) is int else x for x in operands])))
    outputs = tuple([places[x] if type(x) is int else x for x in program.outputs])
    found = replace(options, arrays=tuple(columns), rows=tuple(rows))
    if options.varying is not None:
        found = replace(found, varying=tuple(varying))
    return Program(inputs, tuple(steps), outputs), found


def _runs(program: Program, options: Options) -> list[Run]:
    """The inputs that are arrays, in order: rows of data share them, and nothing else reads any of their numbers."""
    steps: Sequence[tuple[Any, tuple[Any, ...]]] = program.steps
    inputs, varying = program.inputs, options.varying
    packs = [at for at, (form, x) in enumerate(steps) if isinstance(form, Pack) and _follow_one_another(x, inputs)]
    if not packs:
        return []
    read: set[Place] = {place for place in program.outputs if type(place) is int}  # a constant may be equal to a place
    for at in {*range(len(steps))}.difference(packs):
        read.update([x for x in steps[at][1] if type(x) is int])
    found = {Run(operands[0], len(operands), form.width) for form, operands in map(steps.__getitem__, packs)}
    return [
        run
        for run in _apart(sorted(found))
        if read.isdisjoint(range(run.first, run.end)) and (varying is None or {*varying[run.first : run.end]} == {None})
    ]


def _apart(runs: Sequence[Run]) -> list[Run]:
    """Those of sorted runs that share no number with another one."""
    found: list[Run] = []
    end = 0
    for run, following in zip_longest(runs, runs[1:]):
        if end <= run.first and (following is None or run.end <= following.first):
            found.append(run)
        end = max(end, run.end)
    return found


def _follow_one_another(operands: Sequence[Place], inputs: int) -> bool:
    first = operands[0] if len(operands) >= FEWEST else None
    return type(first) is int and first < inputs and operands == tuple(range(first, first + len(operands)))


def _all_inputs(count: int, runs: Sequence[Run]) -> list[Run]:
    """The runs, with a run of one number, without columns, for each other input."""
    found: list[Run] = []
    place = 0
    for run in runs:
        found += [Run(i, 1, 0) for i in range(place, run.first)]
        found.append(run)
        place = run.end
    return found + [Run(i, 1, 0) for i in range(place, count)]
