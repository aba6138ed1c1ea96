"""Axes of nested sequences: which one has the turns of a map, and where it goes in the result."""

from collections.abc import Sequence
from typing import Any

from autograd.real import shown
from autograd.structures import is_array, rebuild
from autograd.turns import is_sequence, parts_of


def moved_in(thing: Any, axis: int, what: str) -> Any:
    """A structure of nested sequences with that axis as its first one.

    >>> moved_in([[1.0, 2.0], [3.0, 4.0]], 1, "x")
    [[1.0, 3.0], [2.0, 4.0]]
    """
    return _moved(thing, axis, what, inward=False)


def moved_out(thing: Any, axis: int, what: str) -> Any:
    """A structure of nested sequences with its first axis as that one."""
    return _moved(thing, axis, what, inward=True)


def _moved(thing: Any, axis: int, what: str, *, inward: bool) -> Any:
    if axis == 0 or thing is None:
        return thing
    if is_array(thing):
        if not -thing.ndim <= axis < thing.ndim:
            raise ValueError(f"{what} has shape {thing.shape}, and no axis {axis}")
        import numpy as np

        return np.moveaxis(thing, 0, axis) if inward else np.moveaxis(thing, axis, 0)
    if not is_sequence(thing):
        inside = parts_of(thing)
        if inside is None:
            raise ValueError(f"{what} is {shown(thing)}, and has no axis {axis}")
        paths = inside[0].paths()
        return rebuild(
            inside[0], [_moved(part, axis, what + path, inward=inward) for path, part in zip(paths, inside[1], strict=True)]
        )
    depth = _depth(thing)
    if not -depth <= axis < depth:
        raise ValueError(f"{what} is nested {depth} deep, and has no axis {axis}")
    return _swapped_in(thing, axis % depth) if not inward else _swapped_out(thing, axis % depth)


def _depth(thing: Any) -> int:
    depth = 0
    while is_sequence(thing):
        depth += 1
        if not len(thing):
            break
        thing = thing[0]
    return depth


def _transposed(rows: Sequence[Any]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _swapped_in(rows: Any, axis: int) -> Any:
    return rows if axis == 0 else _transposed([_swapped_in(row, axis - 1) for row in rows])


def _swapped_out(rows: Any, axis: int) -> Any:
    return rows if axis == 0 else [_swapped_out(row, axis - 1) for row in _transposed(rows)]


class _Shared:
    """An argument, or a part of one, that all turns share."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing


def by_axes(args: Any, axes: Any, what: Any) -> tuple[Any, Any]:
    """Arguments apart: what is mapped, None in the place of all else; and what is shared, None where something is mapped."""
    if axes is None:
        return None, _Shared(args)
    if isinstance(axes, int):
        return moved_in(args, axes, what), None
    inside = parts_of(args) if isinstance(axes, tuple | list | dict) else None
    if inside is None:
        raise TypeError(f"{what}: an axis is an integer or None, not {axes!r}")
    structure, parts = inside
    wanted = list(axes.values()) if isinstance(axes, dict) else list(axes)
    if isinstance(axes, dict):
        wanted = [axes[key] for key in structure.keys]
    if len(wanted) != len(parts):
        raise ValueError(f"{what}: {len(wanted)} axes for {len(parts)} parts: give one for each")
    names = what if isinstance(what, list) else [what + path for path in structure.paths()]
    found = [by_axes(part, axis, name) for part, axis, name in zip(parts, wanted, names, strict=True)]
    return rebuild(structure, [mapped for mapped, _ in found]), rebuild(structure, [shared for _, shared in found])


def joined(shared: Any, mapped: Any) -> Any:
    """What a turn gets: the two together again."""
    if isinstance(shared, _Shared):
        return shared.thing
    if shared is None:
        return mapped
    inside, others = parts_of(shared), parts_of(mapped)
    assert inside is not None and others is not None  # noqa: S101, PT018 - of the same structure
    return rebuild(inside[0], [joined(a, b) for a, b in zip(inside[1], others[1], strict=True)])
