"""Where numbers lie, in the code: a pointer to an address of the schedule."""

from autograd.compiler.emit.function import Function
from autograd.compiler.schedule.memory import BY_ROW, SPACE

SPACES = ("%shared", "%uniform", "%rows", "@table")


def pointer_to(f: Function, address: int) -> tuple[str, bool]:
    """A pointer to an address, and whether a single number lies there for all lanes."""
    space, place = divmod(address, SPACE)
    return f.offset(SPACES[space], place * (f.lanes if space == BY_ROW else 1)), space != BY_ROW
