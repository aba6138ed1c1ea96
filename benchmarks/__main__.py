"""`python -m benchmarks NAME`: prints a table of medians and ratios; `--save` keeps it in benchmarks/NAME.md."""

import argparse
from pathlib import Path

from autograd.files import write_whole
from autograd.recorded import NATIVE
from benchmarks import compiling, distributed, eager, gpt, growth, jit, solve, training
from benchmarks.gradbench import suite as gradbench

SUITES = {
    "eager": eager.run,
    "jit": lambda options: compiling.run(options) if options.problems else f"{jit.run(options)}\n{compiling.run(options)}",
    "gpt": gpt.run,
    "growth": growth.run,
    "training": training.run,
    "distributed": distributed.run,
    "solve": solve.run,
    "gradbench": gradbench.run,
}
PARTS = {"gradbench": tuple(gradbench.PROBLEMS), "jit": ("compile",)}
"""What may be measured alone."""


def main() -> None:
    """Run one suite, print its table, and keep it if asked."""
    command = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    command.add_argument("suite", choices=SUITES)
    command.add_argument(
        "problems", nargs="*", metavar="PROBLEM", help="gradbench: these alone; jit: compile alone; also in what is kept"
    )
    command.add_argument("--rounds", type=int, default=15, help="times each work is run by each peer (default: 15)")
    command.add_argument("--save", action="store_true", help="keep the table beside this file")
    command.add_argument("--slow", action="store_true", help="jit, training: with the peers that take a minute")
    command.add_argument("--growth", action="store_true", help="training: also how cost grows with rows, parameters, threads")
    command.add_argument("--works", nargs="+", default=[], metavar="NAME", help="training: these alone; not to be kept")
    command.add_argument("--limit", type=float, metavar="S", help="gradbench, gpt: seconds for a cell (default: 60, 180)")
    command.add_argument("--every", action="store_true", help="gradbench: all published sizes, not three of each problem")
    options = command.parse_args()
    if options.limit is None:
        options.limit = 180.0 if options.suite == "gpt" else 60.0
    if options.rounds < 1:
        command.error(f"--rounds must be at least 1, not {options.rounds}")
    if options.works and options.save:
        command.error("--save keeps the table of all works: leave out --works")
    if not set(options.problems) <= set(PARTS.get(options.suite, ())):
        parts = "; ".join(f"{suite}: {', '.join(names)}" for suite, names in PARTS.items())
        command.error(f"alone there are {parts}; not {' '.join(options.problems)} of {options.suite}")
    table = SUITES[options.suite](options)
    print(table)
    if options.save:
        kept = "eager_native" if options.suite == "eager" and NATIVE else options.suite
        path = Path(__file__).with_name(f"{kept}.md")
        if options.problems and path.exists():
            table = (gradbench if options.suite == "gradbench" else compiling).joined(path.read_text(), table)
        write_whole(path, f"{table.rstrip()}\n".encode())


if __name__ == "__main__":
    main()
