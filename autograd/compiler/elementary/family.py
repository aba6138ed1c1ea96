"""Elementary functions of vectors, to the bits of the C library: its own steps, rounded where it rounds.

LLVM's instructions are those of IEEE 754: so the same steps give the same bits in every lane. Numbers beyond a function's
bounds go to the C library, and all lanes with them.

Whether the C library at hand takes these steps it says itself: `at_hand` compares its results at points where another
rounding of any step shows that shows in one of 10**7 numbers. Otherwise it is called for each lane.
"""

import functools
import hashlib
import math
import sys
from array import array
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.elementary import exponential, fdlibm, trigonometric
from autograd.compiler.elementary.lanes import WIDE, Lanes, Number
from autograd.compiler.run.symbols import with_symbols

SPREAD = np.arange(1, 65) * 0.6180339887498949 % 1.0


class Elementary(NamedTuple):
    """A function: its steps, between which bounds they are taken, and the `print` of its results at `points`."""

    steps: Callable[[Number], Number]
    low: float
    high: float
    ranges: tuple[tuple[float, float], ...]
    telling: tuple[float, ...]
    print: str

    def points(self) -> Any:
        """Some in each range, far from regular; and some at which another rounding of one step shows that seldom does."""
        return np.concatenate([*[low + (high - low) * SPREAD for low, high in self.ranges], self.telling])


def _fine(*numbers: int) -> tuple[float, ...]:
    return tuple([x / 2.0**30 for x in numbers])


def _halfway(steps: float, *numbers: int) -> tuple[float, ...]:
    """Numbers between two multiples of a step: which they are taken for, and so the result, depends on a rounding."""
    return tuple([(k + 0.5) / steps for k in numbers])


BETWEEN = 367, 630, 696, 3226, 7154, 10475, 47949, 89331, 2050, -289, -1384, -2843, -5509, -6337, -20410, -66580, -76552
FUNCTIONS = {
    "exp": Elementary(
        exponential.exp,
        *(-511.0, 511.0),
        ((-511.0, 511.0), (-20.0, 20.0), (-2.0, 2.0), (-0.1, 0.1)),
        (*_halfway(exponential.EXP_STEPS, *BETWEEN), *_fine(-7823913114, -7115251767, -3559818077, -2340999647)),
        "1d965434373c72d8",
    ),
    "log": Elementary(
        exponential.log,
        *(2.0**-1022, sys.float_info.max),
        ((0.0, 1e300), (0.0, 1e-300), (0.0, 1000.0), (0.5, 4.0), (0.9375, 1.0647), (0.99, 1.01)),
        _fine(549731840, 1010733690, 1011037636, 1014817650, 1015468525, 2264741007),
        "8cee71f67bbb4619",
    ),
    "tanh": Elementary(
        fdlibm.tanh,
        *(-math.inf, math.inf),
        ((-23.0, 23.0), (-5.0, 5.0), (-1.2, 1.2), (-0.2, 0.2)),
        _fine(-911463912, -550108859, -548682756, -216407333, -183682859, -179311966, 129447707, 244676000),
        "cd9bc039fa9942c2",
    ),
    "expm1": Elementary(
        fdlibm.expm1,
        *(-700.0, 700.0),
        ((-700.0, 700.0), (-50.0, 50.0), (-1.2, 1.2), (-0.2, 0.2)),
        _fine(-1164343427, -1025488909, -391079375, -365666733, -352710854, 363847271, 379065394, 391994039, 1140241682),
        "46f8a280e8e30c49",
    ),
    "log1p": Elementary(
        fdlibm.log1p,
        *(2.0**-53 - 1.0, 2.0**52),
        ((0.0, 1e15), (0.0, 1000.0), (-0.999, 3.0), (-0.3, 0.5), (-1e-8, 1e-8), (1.0 - 1e-6, 1.0 + 1e-6)),
        _fine(-691007599, -314638259, 382231332, 394331129, 445234303),
        "54929782ee3e4d8d",
    ),
    "sin": Elementary(
        trigonometric.sin,
        *(-1e8, 1e8),
        ((-1e8, 1e8), (-100.0, 100.0), (-8.0, 8.0), (-2.5, 2.5), (-0.9, 0.9), (-0.13, 0.13)),
        (
            *_halfway(trigonometric.PER_RIGHT_ANGLE, 793, 8651, 9102, 57118321),
            *_fine(-90949377591, -26853117704, 315937879, 601011928, 33849326278, 57454342313, 74085332971),
        ),
        "38d8809dee7816e5",
    ),
    "cos": Elementary(
        trigonometric.cos,
        *(-1e8, 1e8),
        ((-1e8, 1e8), (-100.0, 100.0), (-8.0, 8.0), (-2.5, 2.5), (-0.9, 0.9), (1.44, 1.7)),
        (
            *_halfway(trigonometric.PER_RIGHT_ANGLE, 2445, 3947, 7253, 59682461),
            *_fine(-86150609656, -86139429549, -1761935537, -556302168, -171879764, 1784943120),
        ),
        "81ba8202e4066667",
    ),
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
