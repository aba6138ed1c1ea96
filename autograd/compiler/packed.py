"""Inputs that a program packs into arrays, as arrays: every pass then takes a step for an array, not for each number.

Their numbers lie where they lay, so that nothing outside of the program knows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from autograd.compiler.options import Options
from autograd.forms import Pack
from autograd.program import Place, Program, Step

FEWEST = 16  # numbers of an array: fewer are as quick one by one


class Run(NamedTuple):
    """Inputs that follow one another and are an array."""

    first: int
    numbers: int
    columns: int


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
    """The inputs that are arrays, in order."""
    found: set[Run] = set()
    reads: Counter[int] = Counter()  # of each input; a constant may be equal to a place
    for form, operands in program.steps:
        if isinstance(form, Pack) and len(operands) >= FEWEST and _follow_one_another(operands, program.inputs):
            found.add(Run(operands[0], len(operands), form.width))
        else:
            reads.update([x for x in operands if type(x) is int])
    reads.update([x for x in program.outputs if type(x) is int])
    for run in found:
        reads.update(range(run.first, run.first + run.numbers))
    return sorted(run for run in found if _is_array(run, reads, options.varying))


def _is_array(run: Run, reads: Counter[int], varying: Sequence[int | None] | None) -> bool:
    """Whether rows of data share it, and nothing else reads any of its numbers."""
    there = range(run.first, run.first + run.numbers)
    return max(map(reads.__getitem__, there)) == 1 and (varying is None or {*varying[there.start : there.stop]} == {None})


def _follow_one_another(operands: Sequence[Place], inputs: int) -> bool:
    first = operands[0]
    return type(first) is int and first < inputs and operands == tuple(range(first, first + len(operands)))


def _all_inputs(count: int, runs: Sequence[Run]) -> list[Run]:
    """The runs, with a run of one number, without columns, for each other input."""
    found: list[Run] = []
    place = 0
    for run in runs:
        found += [Run(i, 1, 0) for i in range(place, run.first)]
        found.append(run)
        place = run.first + run.numbers
    return found + [Run(i, 1, 0) for i in range(place, count)]
