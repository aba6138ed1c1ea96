"""Elementary functions of vectors, to the bits of the C library: its own steps, rounded where it rounds.

LLVM's instructions are those of IEEE 754: so the same steps give the same bits in every lane. Numbers beyond a function's
bounds go to the C library, and all lanes with them.

Whether the C library at hand takes these steps it says itself: `at_hand` compares its results at points where another
rounding of any step shows. Otherwise it is called for each lane.
"""

import functools
import hashlib
import math
import sys
from array import array
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.elementary import exponential
from autograd.compiler.elementary.lanes import WIDE, Lanes, Number, word_of
from autograd.compiler.run.symbols import with_symbols


class Elementary(NamedTuple):
    """A function: its steps, between `low` and `high`, and the `print` of its results at `points`."""

    steps: Callable[[Number], Number]
    low: float
    high: float
    points: Callable[[], Any]
    print: str


def _spread(low: float, high: float, count: int) -> Any:
    """Numbers of a range, far from regular."""
    return low + (high - low) * (np.arange(count) * 0.6180339887498949 % 1.0)


HALFWAY = 367, 630, 696, 3226, 7154, 10475, 47949, 89331, 2050, -289, -1384, -2843, -5509, -6337, -20410, -66580, -76552


def _exp_points() -> Any:
    """Large ones, small ones, and some between two numbers that round to k, at which either gives another result."""
    halfway = (np.array(HALFWAY) + 0.5) / exponential.EXP_STEPS
    return np.concatenate([_spread(-511.0, 511.0, 700), _spread(-2.0, 2.0, 300), halfway])


def _log_points() -> Any:
    """Of all sizes, those near 1 among them."""
    words = _spread(word_of(2.0**-1022), word_of(1e308), 300).astype(np.int64)
    return np.concatenate([words.view(float), _spread(0.5, 4.0, 300), _spread(0.9375, 1.0647, 500)])


FUNCTIONS = {
    "exp": Elementary(exponential.exp, -511.0, 511.0, _exp_points, "d1aa0deb604c5df4"),
    "log": Elementary(exponential.log, 2.0**-1022, sys.float_info.max, _log_points, "fa90e502db4f1ec2"),
}


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
