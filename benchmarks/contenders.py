"""Who takes part in `benchmarks.training`: the peers by name, what each needs, and what it can train."""

import importlib
import importlib.metadata
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import reduce
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks import trainers
from benchmarks.trainers import Train
from benchmarks.works import Training

OURS, SHUFFLED, EAGER = "chainrule", "chainrule, shuffled", "chainrule, eager"
TORCH, TORCH_COMPILED = "PyTorch", "PyTorch compile"
JAX_STEP, JAX_SCAN = "JAX, jitted step", "JAX, epoch in lax.scan"
SKLEARN, MICROGRAD, C = "scikit-learn", "micrograd", "C: gcc -O3 -march=native -ffast-math"


class Contender(NamedTuple):
    """One way to train: its name, the packages or program it needs (the first gives its version), and its builder.

    `takes` says which trainings it can do; `alike` whether it ends at the parameters of the others; `threaded` whether more
    cores change anything. A training in `parts` is cut to (epochs, rows) unless `--slow` is given, and its time scaled up.
    """

    name: str
    needs: tuple[str, ...]
    build: Callable[[Training, int], Train]
    takes: Callable[[Training], bool] = lambda work: work is not None
    alike: bool = True
    threaded: bool = True
    slow: bool = False
    parts: dict[str, tuple[int, int | None]] = {}  # noqa: RUF012 - nobody changes it

    def part(self, work: Training, *, slow: bool) -> tuple[Training, float]:
        """What of the training it does, and what its time is multiplied by."""
        if slow or work.name not in self.parts:
            return work, 1.0
        epochs, rows = self.parts[work.name]
        cut = work.part(epochs, rows)
        return cut, work.epochs * len(work.inputs) / (cut.epochs * len(cut.inputs))

    @property
    def versioned(self) -> str:
        """The name with the version of the first package, before a comma."""
        package = {"sklearn.neural_network": "scikit-learn"}.get(self.needs[0], self.needs[0])
        name, comma, how = self.name.partition(",")
        try:
            return f"{name} {importlib.metadata.version(package).split('+')[0]}{comma}{how}"
        except importlib.metadata.PackageNotFoundError:
            return self.name


def _sklearn_takes(work: Training) -> bool:
    return work.loss in ("binary", "classes") and not work.kernels


CONTENDERS = [
    Contender(OURS, ("nn", "numpy"), lambda work, _: trainers.ours(work, "compiled")),
    Contender(
        SHUFFLED,
        ("nn", "numpy"),
        lambda work, _: trainers.ours(work, "compiled", shuffle=True),
        lambda work: work.batch < len(work.inputs),
        alike=False,
    ),
    Contender(
        EAGER,
        ("nn", "numpy"),
        lambda work, _: trainers.ours(work, "eager"),
        threaded=False,
        parts={
            "moons": (4, None),
            "tabular": (2, None),
            "iris": (3, None),
            "breast cancer": (3, None),
            "digits": (1, 256),
            "convolution": (1, 32),
        },
    ),
    Contender(TORCH, ("torch",), trainers.torch),
    Contender(TORCH_COMPILED, ("torch",), lambda work, threads: trainers.torch(work, threads, compiled=True), slow=True),
    Contender(JAX_STEP, ("jax", "optax"), lambda work, _: trainers.jax(work, scan=False)),
    Contender(JAX_SCAN, ("jax", "optax"), lambda work, _: trainers.jax(work, scan=True)),
    Contender(SKLEARN, ("sklearn.neural_network",), lambda work, _: trainers.sklearn(work), _sklearn_takes),
    Contender(
        MICROGRAD,
        ("micrograd",),
        lambda work, _: trainers.micrograd(work),
        lambda work: work.loss == "hinge",
        threaded=False,
        parts={"moons": (2, None)},
    ),
    Contender(C, ("gcc",), lambda work, _: trainers.c(work), threaded=False),
]


class Watch:
    """The seconds of processor time that calls of some functions took, those within each other once."""

    def __init__(self, *paths: str) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._paths = paths

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            self._depth += 1
            try:
                return function(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.process_time() - start

        return call

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look on: the functions are replaced wherever chainrule has them, and put back in the end."""
        with ExitStack() as stack:
            for path in self._paths:
                module, name = path.split(":")
                *owners, name = name.split(".")
                owner = reduce(getattr, owners, importlib.import_module(module))
                function = getattr(owner, name)
                ours = [module for key, module in sys.modules.items() if key.split(".")[0] in ("autograd", "nn")]
                for place in [place for place in (owner, *ours) if vars(place).get(name) is function]:
                    if vars(place)[name] is function:  # the owner may be one of them
                        stack.enter_context(patch.object(place, name, self._watched(function)))
            yield


def compiling() -> Watch:
    """Counts tracing and compiling."""
    tracing = "autograd.compiler.calls:Calls._trace", "autograd.compiler.trace.tracer:trace"
    return Watch(*tracing, "autograd.compiler.pipeline:executable_of")


def running() -> Watch:
    """Counts the machine code of `fit`: gradients and steps."""
    return Watch("autograd.compiler.descent:Descent.run")
