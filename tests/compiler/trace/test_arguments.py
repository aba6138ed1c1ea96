"""Arguments taken apart: options checked, names found, static ones by value, rows that fit each other."""

import math
import pickle
from typing import Any

import numpy as np
import pytest

from autograd.compiler.trace.arguments import (
    JitOptions,
    Parameters,
    Shared,
    Static,
    checked_options,
    travels,
    unhashable,
)
from autograd.compiler.trace.mapping import Mapped


def f(a: Any, b: Any = 2.0, /, c: Any = 3.0, *more: Any, d: Any = 4.0) -> Any:
    """A function with parameters of every kind."""


def parameters(function: Any = f, **options: Any) -> Parameters:
    """Its parameters, with these options of `jit`."""
    return Parameters(function, JitOptions(**options), "f")


# --- options ----------------------------------------------------------------------------------------------------------


def test_options_in_every_form() -> None:
    """Lists become tuples, a single static argument a tuple of one."""
    assert checked_options(None, None, False, (), "auto") == JitOptions()
    found = checked_options([None, 0], "sum", 1, 2, "llvm")
    assert found == JitOptions((None, 0), "sum", True, (2,), "llvm")
    assert found.fast is True
    assert checked_options(0, "sum", False, (), "auto", 3).threads == 3
    assert checked_options(1, "mean", False, [0, np.int64(-1)], "python") == JitOptions(1, "mean", False, (0, -1), "python")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (("a", None, False, (), "auto"), TypeError, "in_axes must be an axis, or a tuple of axes and None.*not 'a'"),
        (((0, 0.5), None, False, (), "auto"), TypeError, r"in_axes must be an axis.*not \(0, 0.5\)"),
        (((None,), None, False, (), "auto"), ValueError, r"in_axes=\(None,\) maps no argument.*leave it out"),
        ((0, "max", False, (), "auto"), ValueError, 'reduce must be "mean", "sum" or None, not \'max\''),
        ((None, "mean", False, (), "auto"), ValueError, r"reduce='mean' is over rows.*in_axes=\(0, ...\)"),
        ((None, None, False, (), "cuda"), ValueError, "backend must be .*not 'cuda'"),
        ((0, None, False, (), "plan"), ValueError, "in_axes maps rows: leave backend out"),
        ((None, None, False, "x", "auto"), TypeError, "static_argnums must be an integer or a tuple of integers, not 'x'"),
        ((None, None, False, 1.0, "auto"), TypeError, "static_argnums must be"),
        ((0, None, False, (), "auto", 0), ValueError, "threads must be an integer from 1 on, or None.*not 0"),
        ((0, None, False, (), "auto", 1.5), ValueError, "threads must be an integer from 1 on"),
        ((0, None, False, (), "auto", True), ValueError, "threads must be an integer from 1 on"),
        ((None, None, False, (), "auto", 2), ValueError, r"threads=2 are to share rows.*in_axes=\(0, ...\)"),
    ],
)
def test_wrong_options(options: tuple[Any, ...], error: type[Exception], message: str) -> None:
    """The message has what was given, and the fix."""
    with pytest.raises(error, match=message):
        checked_options(*options)


def test_axes() -> None:
    """One for all, or one for each; too few or too many are refused by both counts."""
    assert JitOptions().axes_of(2, "f") == [None, None]
    assert JitOptions(1).axes_of(3, "f") == [1, 1, 1]
    assert list(JitOptions((0, None)).axes_of(2, "f")) == [0, None]
    with pytest.raises(ValueError, match=r"f: in_axes=\(0, None\) is for 2 arguments, 3 were given by position"):
        JitOptions((0, None)).axes_of(3, "f")


# --- names ------------------------------------------------------------------------------------------------------------


def test_names() -> None:
    """Those of the signature, x3 and so on beyond it, then those given by name."""
    assert parameters().names(3, {}) == ["a", "b", "c"]
    assert parameters().names(5, {"d": 1.0}) == ["a", "b", "c", "x3", "x4", "d"]
    assert parameters(None).names(2, {"y": 0}) == ["x0", "x1", "y"]
    assert parameters(dict.update).names(1, {}) == ["x0"]  # whose signature is not known


@pytest.mark.parametrize(
    ("args", "kwargs", "wanted"),
    [
        ((1.0,), {}, ((1.0,), {})),
        ((1.0, 2.0), {"c": 3.0, "d": 4.0}, ((1.0, 2.0, 3.0), {"d": 4.0})),
        ((1.0,), {"c": 3.0}, ((1.0,), {"c": 3.0})),  # b stands between, and was not given
        ((1.0,), {"b": 2.0, "c": 3.0}, ((1.0,), {"b": 2.0, "c": 3.0})),  # b cannot be given by name
        ((), {"d": 4.0}, ((), {"d": 4.0})),
    ],
)
def test_arguments_by_name_move_to_their_position(args: Any, kwargs: Any, wanted: Any) -> None:
    """Where they come next; the caller's dict stays as it is."""
    before = dict(kwargs)
    assert parameters().by_position(args, kwargs) == wanted
    assert kwargs == before


# --- taken apart ------------------------------------------------------------------------------------------------------


def test_every_kind_of_argument() -> None:
    """Static by number, shared with its structure and its numbers, mapped with its arrays."""
    found = parameters(axes=(None, 0, None), static=(2,)).taken_apart(
        ([1.0, {"k": 2}], np.ones((3, 2)), "text"), {}, ["a", "b", "c"]
    )
    shared, mapped, static = found
    assert isinstance(shared, Shared)
    assert shared.numbers == [1.0, 2.0]
    assert isinstance(mapped, Mapped)
    assert [array.shape for array in mapped.arrays] == [(3, 2)]
    assert static == Static(str, "text")


@pytest.mark.parametrize(
    ("static", "wanted"),
    [((0,), [0]), ((1, 2), [1, 2]), ((-1,), [2]), ((-3,), [0]), ((), []), ((7,), [])],
    ids=str,
)
def test_which_are_static(static: tuple[int, ...], wanted: list[int]) -> None:
    """Counted from the function's last parameter where negative; one that is not given matters to none."""
    g = parameters(lambda a, b=1.0, c=2.0: a, static=static)
    for args, kwargs in (((1.0, 2.0, 3.0), {}), ((1.0, 2.0), {"c": 3.0})):
        found = g.taken_apart(args, kwargs, g.names(len(args), kwargs))
        assert [i for i, x in enumerate(found) if isinstance(x, Static)] == wanted
    assert isinstance(g.taken_apart((1.0,), {}, ["a"])[0], Static) is (0 in wanted)


@pytest.mark.parametrize(
    ("options", "args", "message"),
    [
        (
            {},
            ("text",),
            r"f: argument 'a' must be one real number, not the string.*Leave an argument.*jit\(f, static_argnums=0\)",
        ),
        (
            {"axes": 0},
            (np.ones(2), np.ones(3)),
            r"argument 'b' has 3 rows, argument 'a' has 2: it was given shape \(3,\).*\(2,\)",
        ),
        ({"axes": 0}, (np.ones((2, 5)), np.ones((3, 4))), r"shape \(3, 4\), and beside 'a' of shape \(2, 5\) wants \(2, 4\)"),
        ({"axes": 0}, ({},), "f: no argument has rows to map over: in_axes=0 names none with arrays"),
        ({"axes": (None, 0)}, (np.ones(2),), r"in_axes=\(None, 0\) is for 2 arguments, 1 were given"),
        ({"axes": 0, "reduce": "mean"}, (np.ones(0),), "argument 'a' has no rows, and the mean of no rows is undefined"),
    ],
)
def test_arguments_that_do_not_fit(options: Any, args: Any, message: str) -> None:
    """The message names the argument, with shapes and the fix."""
    with pytest.raises((TypeError, ValueError), match=message):
        parameters(**options).taken_apart(args, {}, ["a", "b"][: len(args)])


# --- static arguments -------------------------------------------------------------------------------------------------

APART: list[Any] = [1, 1.0, True, -1.0, 0.0, -0.0, "1", (1, 2), (1.0, 2), ((0.0,),), ((-0.0,),), None, math.inf]


def test_static_arguments_are_told_apart() -> None:
    """By value and type, also inside of tuples, and by the sign of 0; equal ones have equal keys."""
    keys = [Static(type(value), value).key() for value in APART]
    assert len({*keys}) == len(APART)
    for value, key in zip(APART, keys, strict=True):
        again = pickle.loads(pickle.dumps(value))
        assert Static(type(again), again).key() == key


def test_keys_that_travel() -> None:
    """Those that can be pickled, whatever a class of the user's raises."""

    class Stubborn:
        def __reduce__(self) -> Any:
            raise RuntimeError("stays here")

    assert travels(Static(tuple, (1, "a")).key())
    assert not travels(Static(Stubborn, Stubborn()).key())
    assert not travels(lambda: None)


def test_what_has_no_hash() -> None:
    """The message names the static argument and its type; if each has one, they cannot be compared."""
    arguments = [Shared(None, []), Static(str, "a"), Static(list, [1])]  # type: ignore[arg-type]  # its structure is not read
    assert "f: the static argument 'z' is a list, which has no hash" in unhashable(arguments, ["x", "y", "z"], "f")
    assert "f: a static argument cannot be compared with others" in unhashable(arguments[:2], ["x", "y"], "f")
