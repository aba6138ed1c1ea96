"""Arrays whose rows lie apart among a program's inputs and outputs, as those of a layer do whose neurons have a bias each.

Inputs that are the rows of several arrays in turn become one array of longer rows, of which each loop reads some columns.
Outputs that are an array's numbers, in rows that lie evenly, become that array. All keep their places outside of the program.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from autograd.compiler.options import Options
from autograd.compiler.packed import FEWEST
from autograd.compiler.simplify import needed_in
from autograd.forms import Call, Load, Loop, Pack, Result, Row
from autograd.primitives import identity
from autograd.program import Place, Program, Step


class View(NamedTuple):
    """Places in rows that lie evenly: the first, how many rows and columns, and how far apart rows are."""

    first: int
    rows: int
    columns: int
    down: int

    @property
    def end(self) -> int:
        """The place after the last one."""
        return self.first + (self.rows - 1) * self.down + self.columns

    @property
    def places(self) -> Iterator[int]:
        """All of them, row after row."""
        begins = range(self.first, self.first + self.rows * self.down, self.down)
        return chain.from_iterable([range(begin, begin + self.columns) for begin in begins])


def view_of(places: Sequence[Any], columns: int) -> View | None:
    """A view of places, row after row, or None if the rows are not equally far apart."""
    rows, first = len(places) // columns, places[0]
    if rows < 2 or {*map(type, places)} != {int} or places[columns] - first < columns:  # a constant may be equal to a place
        return None
    found = View(first, rows, columns, places[columns] - first)
    return found if list(places) == [*found.places] else None


def interleaved(program: Program, options: Options) -> tuple[Program, Options]:
    """The same program, with such arrays for inputs that all rows of data share, and for outputs."""
    found, options = _with_results(program, options, apart=True)
    return _with_inputs(_tidy(found), options)


def _tidy(program: Program) -> Program:
    """The same program without steps that no output needs, and without copies of numbers."""
    needed = needed_in(program)
    places: list[int] = [*range(program.inputs)]
    steps: list[Step] = []
    for (form, operands), is_needed in zip(program.steps, needed, strict=True):
        if not is_needed:
            places.append(-1)
        elif form is identity and type(operands[0]) is int:
            places.append(places[operands[0]])
        else:
            places.append(program.inputs + len(steps))
            steps.append((form, tuple([places[x] if x.__class__ is int else x for x in operands])))
    outputs = tuple([places[x] if type(x) is int else x for x in program.outputs])
    return Program(program.inputs, tuple(steps), outputs)


# --- inputs


def _with_inputs(program: Program, options: Options) -> tuple[Program, Options]:
    packs = _packs(program, options)
    if not packs:
        return program, options
    arrays = {view.first: view for view in packs.values()}
    there = options.arrays or (0,) * program.inputs, options.rows or (0,) * program.inputs
    varying = options.varying or (None,) * program.inputs
    kept: list[tuple[int, int, int | None]] = []  # of each input an array's columns and rows, and which rows of data it is of
    places: list[int] = []
    new: dict[int, int] = {}  # the places of arrays, by the first number
    while len(places) < program.inputs:
        at = len(places)
        new[at] = len(kept)
        array = arrays.get(at)
        places += [len(kept)] * (1 if array is None else array.rows * array.columns)
        kept.append((there[0][at], there[1][at], varying[at]) if array is None else (array.columns, array.rows, None))
    steps: list[Step] = []
    for at, (form, operands) in enumerate(program.steps, program.inputs):
        if at in packs:
            places.append(new[packs[at].first])
            continue
        places.append(len(kept) + len(steps))
        found: Any = form
        if isinstance(form, Loop) and not packs.keys().isdisjoint(operands):
            found = _reading(form, [_part(program, x, packs.get(x)) for x in form.parts(operands)[2]])
        steps.append((found, tuple([places[x] if type(x) is int else x for x in operands])))
    outputs = tuple([places[x] if type(x) is int else x for x in program.outputs])
    columns, rows, found_varying = zip(*kept, strict=True)
    options = replace(options, arrays=columns, rows=rows, varying=options.varying and found_varying)
    return Program(len(kept), tuple(steps), outputs), options


def _part(program: Program, pack: int, array: View | None) -> tuple[int, int] | None:
    """How wide the longer rows are, and where in them those of a pack begin."""
    if array is None:
        return None
    first: Any = program.steps[pack - program.inputs][1][0]
    return array.columns, first - array.first


def _packs(program: Program, options: Options) -> dict[int, View]:
    """The packs of inputs that rows of data share whose rows make up longer ones, with that array; only loops read them."""
    found: dict[int, View] = {}
    varies = [x is not None for x in options.varying or (None,) * program.inputs]
    for at, (form, operands) in enumerate(program.steps, program.inputs):
        view = view_of(operands, form.width) if isinstance(form, Pack) and len(operands) > form.width else None
        if view is None or view.down == view.columns or view.end > program.inputs or any(varies[view.first : view.end]):
            continue
        found[at] = view
    if found:
        for at in _read_otherwise(program, {*found}):
            del found[at]
    whole = _whole(found)
    if not whole:
        return {}
    read = bytearray(program.inputs)
    others = [step[1] for at, step in enumerate(program.steps, program.inputs) if at not in whole]
    for operands in [*others, program.outputs]:
        for x in operands:
            if type(x) is int and x < program.inputs:
                read[x] = 1
    return {at: view for at, view in whole.items() if not any(read[view.first : view.end])}


def _read_otherwise(program: Program, packs: set[int]) -> set[int]:
    """Those of the packs that something else reads than loops, row by row."""
    found = packs.intersection(program.outputs)
    for form, operands in program.steps:
        for x in packs.intersection(operands):
            rows: list[Any] = []
            if isinstance(form, Loop) and not isinstance(form, Call):
                rows = [y for y, row in zip(form.parts(operands)[2], form.xs, strict=True) if not row.columns]
            if rows.count(x) < operands.count(x):
                found.add(x)
    return found


def _whole(packs: dict[int, View]) -> dict[int, View]:
    """Of packs that make up longer rows the array of these."""
    together: dict[tuple[int, int], list[tuple[View, int]]] = {}
    for at, view in packs.items():
        together.setdefault((view.rows, view.down), []).append((view, at))
    found: dict[int, View] = {}
    for (rows, down), views in together.items():
        views.sort()
        while views:
            first, count = views[0][0].first, 1
            end = first + views[0][0].columns
            while count < len(views) and views[count][0].first == end < first + down:
                end += views[count][0].columns
                count += 1
            if end == first + down and rows * down >= FEWEST:
                found |= {at: View(first, rows, down, down) for _, at in views[:count]}
            del views[:count]
    return found


def _reading(loop: Loop, parts: Sequence[tuple[int, int] | None]) -> Loop:
    """A loop that reads longer rows: of some of its arrays how wide these are, and where in them its own columns begin."""
    order: list[int] = [0] * (1 + len(loop.carry))  # how far each input moves
    xs, moved = [], 0
    for row, part in zip(loop.xs, parts, strict=True):
        width, column = part or (row.width, 0)
        order += [moved + column] * row.places
        moved += 0 if part is None else width - row.width
        xs.append(row if part is None else Row(width))
    body = loop.body
    order += [moved] * (body.inputs - len(order))

    def at(places: Sequence[Place]) -> tuple[Place, ...]:
        return tuple([x if type(x) is not int else x + (order[x] if x < body.inputs else moved) for x in places])

    steps = tuple([(form, at(operands)) for form, operands in body.steps])
    return replace(loop, body=Program(body.inputs + moved, steps, at(body.outputs)), xs=tuple(xs))


# --- outputs


def with_results(program: Program, options: Options) -> tuple[Program, Options]:
    """The same program, with arrays for outputs that are all of an array's numbers, one after another."""
    if options.results or options.by_row or (options.arrays and not options.rows):
        return program, options
    found, options = _with_results(program, options, apart=False)
    return (_tidy(found), replace(options, result_places=())) if options.results else (program, options)


def _with_results(program: Program, options: Options, *, apart: bool) -> tuple[Program, Options]:
    views = {} if options.results else _results(program)
    views = {at: found for at, found in views.items() if apart or found[0].down == found[0].columns}
    if not views:
        return program, options
    inside = bytearray(len(program.outputs))
    for view, _ in views.values():
        for output in view.places:
            inside[output] = 1
    kept: list[tuple[Place, View]] = []
    for output, place in enumerate(program.outputs):
        if output in views:
            kept.append(views[output][::-1])
        elif not inside[output]:
            kept.append((place, View(output, 0, 0, 0)))
    return Program(program.inputs, program.steps, tuple([place for place, _ in kept])), replace(
        options,
        results=tuple([view.columns for _, view in kept]),
        result_rows=tuple([view.rows for _, view in kept]),
        result_places=tuple([(view.first, view.down) for _, view in kept]),
    )


def _results(program: Program) -> dict[int, tuple[View, int]]:
    """By the first output, where the numbers of an array lie among the outputs, and the array."""
    taken: dict[int, list[tuple[int, int]]] = {}  # of each array the outputs, and which of its numbers they are
    steps: Sequence[tuple[Any, tuple[Any, ...]]] = program.steps
    inputs = program.inputs
    for output, place in enumerate(program.outputs):
        if type(place) is int and place >= inputs:
            form, operands = steps[place - inputs]
            if type(form) is Load and type(operands[1]) is float:
                array, row = operands
                if array not in taken:
                    taken[array] = []
                taken[array].append((output, int(row) * form.width + form.column))
    found = {}
    for array, pairs in taken.items():
        rows, columns = _shape_of(program, array)
        whole = len(pairs) >= FEWEST and [x for _, x in pairs] == [*range(rows * columns)]
        view = view_of([output for output, _ in pairs], columns) if whole else None
        if view is not None:
            found[view.first] = view, array
    return found


def _shape_of(program: Program, array: int) -> tuple[int, int]:
    """How many rows and columns an array has that a loop gives; 0 of others."""
    form, operands = program.steps[array - program.inputs] if array >= program.inputs else (None, ())
    if not isinstance(form, Result):
        return 0, 1
    group: Any = operands[0]
    loop: Any = program.steps[group - program.inputs][0]
    if not isinstance(loop, Loop) or loop.turns is None or form.place < loop.first_array:
        return 0, 1
    return loop.turns, loop.ys[form.place - loop.first_array].width
