"""Which way the turns of a loop go: vectors of neighbours, or turns in lanes; and what stays in the lanes from loop to loop.

Where loops go abreast, what one gives and others read need not come out of the lanes: it lies in groups of as many rows as a
vector has lanes, in each of these column after column. Sums outside of loops can read it so too, number by number.
"""

from typing import Any, NamedTuple

from autograd.compiler.emit.abreast import goes_abreast
from autograd.compiler.emit.accumulations import Accumulation
from autograd.compiler.emit.arrays import Room
from autograd.compiler.emit.bundles import Bundles, bundles_of
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.lanes import in_lanes
from autograd.compiler.emit.levels import Carried, ssa_of
from autograd.compiler.emit.nested import Level
from autograd.compiler.run.machine import Host
from autograd.forms import Call, Loop


class Way(NamedTuple):
    """A loop's vectors in each turn; or where turns are in lanes, what is carried; or whether they go abreast."""

    bundles: Bundles | None = None
    carried: Carried | None = None
    abreast: bool = False


def way_of(room: Room, loop: Loop, host: Host) -> Way:
    """The way of a loop whose lanes are not taken by rows."""
    if loop not in room.ways:
        room.ways[loop] = _found(loop, host)
    found: Way = room.ways[loop]
    return found


def _found(loop: Loop, host: Host) -> Way:
    if loop.test is not None:
        return Way()
    body = ssa_of(loop.body)
    bundles = bundles_of(body, loop, host.lanes)
    if not (bundles and bundles.pays(loop)):
        carried = in_lanes(body, loop, host)
        if carried is not None:
            return Way(carried=carried)
    return Way(abreast=True) if goes_abreast(body, loop, host.lanes) else Way(bundles)


def grouped_of(level: Level, f: Function, i: int) -> list[bool]:
    """Which arrays of a loop stay in the lanes: nothing else reads them but what can read them there."""
    loop: Any = level.ssa.primitives[i]
    host = f.module.host
    abreast = f.lanes == 1 and loop.turns and not loop.turns % host.lanes and not isinstance(loop, Call)
    if not abreast or not way_of(level.room, loop, host).abreast:
        return [False] * len(loop.ys)
    found = []
    for place, row in enumerate(loop.ys, loop.first_array):
        results = [x for x in level.readers.get(i, ()) if x >= 0 and level.ssa.primitives[x].place == place]
        readers = [(j, x) for x in results for j in level.readers.get(x, ())]
        found.append(row.width > 1 and all(_reads_lanes(level, j, x, row.width, loop.turns, host) for j, x in readers))
    return found


def _reads_lanes(level: Level, j: int, x: int, width: int, turns: int, host: Host) -> bool:
    """Whether a form can read an array in the lanes, of which each turn has a row."""
    form: Any = level.ssa.primitives[j] if j >= 0 else None
    if isinstance(form, Accumulation):
        _, sums, arrays = form.parts(level.ssa.operands[j])
        leaves = [leaf for leaf in form.as_one_row().leaves if arrays[leaf.array] == x]
        return form.turns == turns and x != sums and all(leaf.by_turn == width and not leaf.by_column for leaf in leaves)
    if not isinstance(form, Loop) or isinstance(form, Call) or form.turns != turns:
        return False
    _, carry, xs, shared = form.parts(level.ssa.operands[j])
    rows = all(row.width == width for y, row in zip(xs, form.xs, strict=True) if y == x)
    return rows and x not in carry and x not in shared and way_of(level.room, form, host).abreast
