"""What an optimizer keeps for its parameters, which may come late: as a rule that fills it in when somebody looks.

Compiled training keeps these numbers in arrays, and has nothing to put them in step for while only the numbers of the model are
looked at: for a large model, putting tuples into a dict takes longer than all else after an epoch.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from autograd import Value
from autograd.locks import Lock

Late = Callable[[], Iterable[tuple[Value, Any]]]


class States(dict[Value, Any]):
    """The state of each parameter. With `LateStates` for its class, `late` gives states that are not in it yet."""

    __slots__ = ("late",)

    late: Late | None


class LateStates(States):
    """States that arrive when they are first asked for, by whatever method."""

    __slots__ = ()

    def arrive(self) -> None:
        """Put them in, and be ordinary from then on."""
        with ARRIVING:
            if type(self) is LateStates and self.late is not None:
                dict.update(self, self.late())
                self.__class__ = States  # type: ignore[assignment]  # of the same layout
                self.late = None


def _after_arrival(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **named: Any) -> Any:
        if type(self) is LateStates:
            self.arrive()
        return getattr(States, name)(self, *args, **named)

    return method


for _name in {*vars(dict)} - {*vars(object)} | {"__eq__", "__ne__", "__repr__", "__reduce__", "__reduce_ex__", "__sizeof__"}:
    if _name not in ("__class_getitem__", "fromkeys"):  # of the class
        setattr(LateStates, _name, _after_arrival(_name))


def arriving(states: States, late: Late) -> Iterable[Any]:
    """A step for `assign`'s `also`: from then on these states are those that `late` gives, which are all that came late."""
    return map(setattr, (states, states), ("late", "__class__"), (late, LateStates))


def waiting(states: Any) -> Any:
    """The function that will give what is not there yet; None where all is."""
    return states.late if type(states) is LateStates else None


ARRIVING: Final = Lock(rank=3)
"""Held while states arrive, and while others are set that will: another thread may be looking at that moment."""
