"""Turns in the lanes of vectors of a loop that mostly leaves what it carries as it is: a maximum, and the sweep back.

What is carried is taken to stay as it is in all lanes. Where it does not in one, these turns go one after another instead: the
same numbers.
"""

from collections.abc import Callable, Sequence
from functools import cache

from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.nested import Level
from autograd.compiler.simplify import SSA
from autograd.primitives import logical_and, mul, where


def may_stay(body: SSA, carries: int) -> bool:
    """Whether a turn leaves all that is carried as it is, unless a comparison with that says otherwise."""
    dependent = set(range(1, 1 + carries))
    for i in range(body.inputs, len(body.primitives)):
        if not dependent.isdisjoint(body.operands[i]):
            dependent.add(i)

    @cache
    def may(x: int, place: int) -> bool:
        """Whether a number may be what was carried there."""
        if x == place:
            return True
        primitive, operands = body.primitives[x], body.operands[x]
        if primitive is where:
            return operands[0] in dependent and any(may(y, place) for y in operands[1:])
        if primitive is mul:
            return any(may(y, place) and may_be_1(z) for y, z in (operands, operands[::-1]))
        return primitive is logical_and and place in operands

    @cache
    def may_be_1(x: int) -> bool:
        return body.constants.get(x) == 1.0 or (body.primitives[x] is where and any(map(may_be_1, body.operands[x][1:])))

    return all(may(x, place) for place, x in enumerate(body.outputs[:carries], 1))


def know_before(wide: Function, inner: Level, before: Sequence[Known]) -> None:
    """Have the lanes know what is carried as what was before them."""
    for place, (x, truth) in enumerate(before, 1):
        inner.known[place] = (wide.splat_truth(x) if truth else wide.splat(x)), truth


def print_staying(
    f: Function,
    wide: Function,
    inner: Level,
    kinds: Sequence[str],
    before: Sequence[Known],
    give: Callable[[], None],
    one_by_one: Callable[[], list[str]],
) -> list[str]:
    """What is carried after some turns, which are computed: what was before, where it stays so in all lanes, and they `give`.

    Else what they carry on `one_by_one`, its last results.
    """
    every = "splat (i1 true)"
    for place, x in enumerate(inner.ssa.outputs[: len(kinds)], 1):
        there, truth = inner.known[place]
        if truth:
            same = wide.new(f"icmp eq {wide.truth} {there}, {wide.as_truth(inner.value(wide, x))}")
        else:
            same = _same_bits(wide, there, wide.as_number(inner.value(wide, x)))
        every = wide.new(f"and {wide.truth} {every}, {same}")
    name = f"@llvm.vector.reduce.and.v{wide.lanes}i1"
    f.module.declare(f"declare i1 {name}({wide.truth})")
    same = f.new(f"call i1 {name}({wide.truth} {every})")
    here, some, end, apart, last, after = (f.label() for _ in range(6))
    f.lines += [f"  br label %{here}", f"{here}:", f"  br i1 {same}, label %{some}, label %{apart}", f"{some}:"]
    truths = f.truths(), wide.truths()  # beyond here not every line is reached
    give()
    f.lines += [f"  br label %{end}", f"{end}:", f"  br label %{after}", f"{apart}:"]
    f.truths(truths[0])
    found = one_by_one()[-len(kinds) :]
    f.lines += [f"  br label %{last}", f"{last}:", f"  br label %{after}", f"{after}:"]
    f.truths(truths[0])
    wide.truths(truths[1])
    pairs = zip(kinds, before, found, strict=True)
    return [f.new(f"phi {kind} [ {x}, %{end} ], [ {y}, %{last} ]") for kind, (x, _), y in pairs]


def _same_bits(wide: Function, one: str, other: str) -> str:
    """In which lanes two numbers have the same bits."""
    kind = f"<{wide.lanes} x i64>"
    first, second = (wide.new(f"bitcast {wide.kind} {name} to {kind}") for name in (one, other))
    return wide.new(f"icmp eq {kind} {first}, {second}")
