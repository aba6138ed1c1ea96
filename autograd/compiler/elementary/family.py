"""Elementary functions of vectors, to the bits of the C library: its own steps, rounded where it rounds.

LLVM's instructions are those of IEEE 754: so the same steps give the same bits in every lane. Numbers beyond a function's
bounds go to the C library, and all lanes with them.

Whether the C library at hand takes these steps it says itself: `at_hand` compares its results at points where another
rounding of any step shows that shows in one of 10**7 numbers. Otherwise it is called for each lane.
"""

import functools
import hashlib
import math
from array import array
from collections.abc import Iterable

from autograd.compiler.elementary import exponential, fdlibm, trigonometric  # noqa: F401 - they state their functions
from autograd.compiler.elementary.definition import FUNCTIONS
from autograd.compiler.elementary.lanes import WIDE, Lanes, Number
from autograd.compiler.run.symbols import with_symbols


def print_of(results: Iterable[float]) -> str:
    """What tells results from others, be it in one bit."""
    return hashlib.sha256(array("d", results).tobytes()).hexdigest()[:16]


@functools.cache
def at_hand() -> tuple[str, ...]:
    """The functions whose steps are those of the C library that Python's `math` calls."""
    found = {name: print_of(map(getattr(math, name), known.points().tolist())) for name, known in FUNCTIONS.items()}
    return tuple([name for name, known in FUNCTIONS.items() if found[name] == known.print])


def text(name: str, lanes: int) -> str:
    """The LLVM module of a function of vectors, `@lanes`."""
    known, f = FUNCTIONS[name], Lanes(lanes)
    x = Number(f, "%x")
    f.lines.append(f"  br i1 {((x >= known.low) & (x <= known.high)).reduced('and')}, label %inside, label %beyond")
    f.begin("inside")
    f.lines.append(f"  ret {f.kind} {known.steps(x).name}")
    f.begin("beyond")
    total = "poison"
    for lane in range(lanes):
        one = f.new(f"extractelement {f.kind} %x, i64 {lane}")
        found = f.new(f"call double @c.{name}(double {one})")
        total = f.new(f"insertelement {f.kind} {total}, double {found}, i64 {lane}")
    head = f"define {f.kind} @lanes({f.kind} %x) nounwind {WIDE} {{"
    return with_symbols("\n".join([*f.outside, head, "entry:", *f.lines, f"  ret {f.kind} {total}", "}"]))
