"""The linear map of a loop, as sweeps take it: what a turn's partials are elsewhere."""

from typing import Any

from autograd.compiler.loops.arriving import Mapped, arrived
from autograd.compiler.loops.pull import Pull
from autograd.compiler.loops.push import Push
from autograd.compiler.loops.recorded import RecordedLoop


class LinearMap(RecordedLoop):
    """A loop with its partials recorded, and its two sweeps."""

    def pull(self, adjoints: dict[Any, Any], outer: Mapped) -> None:
        """See `Compound.pull`."""
        results, first = self.node.results or {}, self.node.primitive.first_array
        finals = [arrived(adjoints, results.get(j)) for j in range(len(self.carry))]
        ys = [arrived(adjoints, results.get(first + k)) for k in range(len(self.given))]
        if any(x is not None for x in [*finals, *ys]):
            Pull(self, adjoints, outer, finals, ys).bring()

    def push(self, tangents: dict[Any, Any], outer: Mapped) -> None:
        """See `Compound.push`."""
        Push(self, tangents, outer).bring()
