"""Updates as programs: the same bits as the update itself, what parameters share, and what is refused."""

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, where
from nn import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from nn.optim.tracing import ABSENT, Update, all_taken_apart, first_state, put_together, taken_apart, update_of
from tests.names import shown


class Branching(Optimizer):
    """Branches on numbers, takes `math` and keeps a dict with a list and a count."""

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        state = state or {"count": 0, "sizes": [0.0, 1.0]}
        low, high = state["sizes"]
        low = min(low, gradient)
        if abs(gradient) > high:
            high = math.sqrt(abs(gradient)) + high / 2.0
        step = self.helper(gradient, high) if gradient != 0.0 else 0.0
        return number - self.lr * step, {"count": state["count"] + 1, "sizes": [low, high]}

    def helper(self, gradient: float, high: float) -> float:
        """A method beside `update`, with a branch of its own."""
        return gradient / high if high > 0.5 else math.log1p(abs(gradient))


class Nested(Optimizer):
    """A state of tuples in tuples, with None in it."""

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        (count, nothing), total = state or ((0, None), 0.0)
        total = total * 0.5 + where(gradient > 0.0, gradient, 2.0 * gradient)
        return number - self.lr * total / (1.0 + count), ((count + 1, nothing), total)


OPTIMIZERS: dict[str, tuple[Any, dict[str, Any], int, int]] = {  # with how many numbers of the state are alike, and own
    "SGD": (SGD, {}, 0, 0),
    "SGD decayed": (SGD, {"weight_decay": 0.1}, 0, 0),
    "SGD momentum": (SGD, {"momentum": 0.9, "dampening": 0.2}, 0, 1),
    "SGD nesterov": (SGD, {"momentum": 0.9, "nesterov": True}, 0, 1),
    "Adam": (Adam, {}, 1, 2),
    "Adam decayed": (Adam, {"betas": (0.5, 0.9), "weight_decay": 0.1}, 1, 2),
    "AdamW": (AdamW, {"eps": 0.0}, 1, 2),
    "RMSprop": (RMSprop, {}, 2, 1),
    "RMSprop centered": (RMSprop, {"centered": True, "momentum": 0.5}, 0, 3),
    "Adagrad": (Adagrad, {"lr_decay": 0.1}, 1, 1),
    "branching": (Branching, {}, 1, 2),
    "nested": (Nested, {}, 1, 1),
}
GRADIENTS = st.one_of(st.floats(-10.0, 10.0), st.sampled_from([0.0, -0.0, 5e-324, -1e300, 1e-160, 1.0]))


def flat(state: Any) -> list[Any]:
    """The numbers of a state."""
    numbers: list[Any] = []
    taken_apart(state, numbers)
    return numbers


@pytest.mark.parametrize(("kind", "options", "alike", "own"), OPTIMIZERS.values(), ids=OPTIMIZERS)
@settings(max_examples=15)
@given(number=st.floats(-5.0, 5.0), gradients=st.lists(GRADIENTS, min_size=3, max_size=6), lr=st.floats(1e-4, 1.0))
def test_programs_are_the_update(
    kind: Any, options: Any, alike: int, own: int, number: float, gradients: list[float], lr: float
) -> None:
    """Bit for bit over several steps, of a parameter and of what all share; the rate is an input."""
    optimizer = kind([Value(number)], lr=0.5, **options)
    optimizer.lr = lr
    wanted, state = optimizer.update(number, gradients[0], None)
    numbers: list[Any] = []
    shape = taken_apart(state, numbers)
    update = Update(optimizer, shape, [True] * len(numbers))
    assert update.holds(optimizer)
    assert (len(update.alike), len(update.own)) == (alike, own)
    found, shared, kept = wanted, [numbers[i] for i in update.alike], [numbers[i] for i in update.own]
    for gradient in gradients[1:]:
        wanted, state = optimizer.update(wanted, gradient, state)
        (
            found,
            *kept,
        ) = update.each(lr, *shared, found, gradient, *kept)
        shared = update.shared(lr, *shared)
        assert repr(found) == repr(float(wanted))
        now = flat(state)
        assert list(map(repr, shared)) == [repr(float(now[i])) for i in update.alike]
        assert list(map(repr, kept)) == [repr(float(now[i])) for i in update.own]


def test_what_differs_is_each_ones_own() -> None:
    """Counts that are not alike now are no shared numbers."""
    optimizer = Adam([Value(1.0)])
    shape = taken_apart((3, 0.5, 0.25), [])
    update = Update(optimizer, shape, [False, False, False])
    assert (update.alike, update.own) == ([], [0, 1, 2])
    found = update.each(0.001, 1.0, 2.0, 3.0, 0.5, 0.25)
    number, state = optimizer.update(1.0, 2.0, (3, 0.5, 0.25))
    assert found == [number, *map(float, state)]
    assert update.shared(0.001) == []


def test_a_shared_number_that_depends_on_another_that_differs() -> None:
    """Is each one's own too, however long the way."""

    class Chained(Optimizer):
        def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
            _, b, c, d = state
            return number - self.lr * d, (b, c, c + gradient * 0.0, d + 1.0)

    update = Update(Chained([Value(1.0)], 0.1), taken_apart((0.0, 0.0, 0.0, 0.0), []), [True] * 4)
    assert (update.alike, update.own) == ([3], [0, 1, 2])


@pytest.mark.parametrize(
    "state",
    [None, 3, 0.5, (), [], {}, (3, 0.5), [0.5, (1, None)], {"a": {"b": [1.0, 2]}, "c": None}, (True, -0.0)],
    ids=repr,
)
def test_states_apart_and_together(state: Any) -> None:
    """The same state, of the same types, from its shape and numbers."""
    numbers: list[Any] = []
    shape = taken_apart(state, numbers)
    again = put_together(shape, iter([float(x) for x in numbers]))
    assert repr(again) == repr(state)


@pytest.mark.parametrize("state", ["text", {1, 2}, (0.5, object()), [1j]], ids=shown)
def test_states_of_other_things(state: Any) -> None:
    """Are refused by what they hold."""
    with pytest.raises(TypeError, match="the state of an update must be numbers in tuples, lists or dicts, not a"):
        taken_apart(state, [])


# --- whether it holds -------------------------------------------------------------------------------------------------

SCALE = [1.0]


class Reading(Optimizer):
    """Reads options and a global."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, lr)
        self.option, self.table = 2.0, {"a": [1.0]}

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        return number - self.lr * gradient * self.option * self.table["a"][0] * SCALE[0], state


CHANGES: list[tuple[Any, bool]] = [
    (lambda optimizer: setattr(optimizer, "lr", 0.7), True),
    (lambda optimizer: optimizer._states.clear(), True),
    (lambda optimizer: setattr(optimizer, "option", 3.0), False),
    (lambda optimizer: optimizer.table["a"].__setitem__(0, 3.0), False),
    (lambda optimizer: setattr(optimizer, "another", 3.0), False),
    (lambda optimizer: SCALE.__setitem__(0, 3.0), False),
    (lambda optimizer: setattr(optimizer, "__class__", type("Other", (Reading,), {})), False),
]
CHANGED = ["lr", "states", "option", "in an option", "another option", "a global", "class"]


@pytest.mark.parametrize(("change", "holds"), CHANGES, ids=CHANGED)
def test_whether_it_holds(change: Any, holds: bool) -> None:
    """As long as all that `update` reads is as it was, the rate and the states aside."""
    SCALE[0] = 1.0
    optimizer = Reading([Value(1.0)], 0.5)
    update = Update(optimizer, taken_apart(None, []), [])
    assert update.holds(optimizer)
    change(optimizer)
    assert update.holds(optimizer) is holds


@pytest.mark.parametrize(("change", "holds"), CHANGES, ids=CHANGED)
def test_a_later_training_takes_the_same_programs(change: Any, holds: bool) -> None:
    """Another optimizer with equal options too, as long as all that `update` reads is as it was; and of like states."""
    SCALE[0] = 1.0
    first, other = Reading([Value(1.0)], 0.5), Reading([Value(2.0)], 0.25)
    known = update_of(first, taken_apart(None, []), [])
    assert update_of(other, taken_apart(None, []), []) is known
    change(other)
    assert (update_of(other, taken_apart(None, []), []) is known) is holds
    adams = Adam([Value(1.0)]), Adam([Value(1.0)])
    shape = taken_apart((1, 0.5, 0.5), [])
    assert update_of(adams[0], shape, [True, False, False]) is update_of(adams[1], shape, [True, True, False])
    assert update_of(adams[0], shape, [True, False, False]) is not update_of(adams[1], shape, [False, False, False])
    assert update_of(adams[0], shape, [True, False, False]) is not update_of(Adam([Value(1.0)], eps=0.5), shape, [True] * 3)


# --- refusals ---------------------------------------------------------------------------------------------------------


class Counting(SGD):
    """Keeps a count on itself."""

    count = 0

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        self.count += 1
        return number - self.lr * gradient / self.count, state


class Listing(SGD):
    """Keeps a list on itself."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, lr)
        self.seen: list[float] = []

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        self.seen.append(1.0)
        return number - self.lr * gradient, state


OUTSIDE = Value(2.0)


class Capturing(SGD):
    """Computes with a Value."""

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        return number - OUTSIDE * gradient, state


class Growing(SGD):
    """Keeps more and more."""

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        return number - self.lr * gradient, (*(state or ()), 1.0)


class Drawing(SGD):
    """Adds noise."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, lr)
        self.rng = random.Random(0)

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        return number - self.lr * gradient + self.rng.random(), state


@pytest.mark.parametrize(
    ("kind", "state", "message"),
    [
        (Counting, None, r"Counting.update changes an attribute of the optimizer at every call: keep it in the state"),
        (Listing, None, r"Listing.update changes an attribute of the optimizer at every call"),
        (Growing, (1.0,), r"Growing.update returns a state of another structure than it is given"),
    ],
)
def test_updates_that_are_no_program(kind: Any, state: Any, message: str) -> None:
    """Are refused by what they do."""
    optimizer = kind([Value(1.0)], lr=0.1)
    numbers: list[Any] = []
    shape = taken_apart(state, numbers)
    with pytest.raises(TypeError, match=message):
        Update(optimizer, shape, [True] * len(numbers))


def test_an_update_with_a_value_from_outside() -> None:
    """Is refused: a program of the update would have its number of then."""
    with pytest.raises(TypeError, match=r"computes with a Value from outside, Value\(data=2|belongs to another call"):
        Update(Capturing([Value(1.0)], lr=0.1), taken_apart(None, []), [])


def test_an_update_that_draws() -> None:
    """A number drawn by a generator would be the same in every step: it is refused, or the trace does not hold."""
    optimizer = Drawing([Value(1.0)], lr=0.1)
    try:
        update = Update(optimizer, taken_apart(None, []), [])
    except Exception:  # noqa: BLE001 - a refusal of any kind will do
        return
    assert not update.holds(optimizer)


@pytest.mark.parametrize(
    "states",
    [
        [(1, 0.5, True), (2, 0.25, False)],
        [0.5, 0.25, 3.0],
        [None, None],
        [((1, [0.5]), {"a": 2.0}), ((3, [1.5]), {"a": 4.0})],
        [(), ()],
    ],
    ids=["usual", "numbers", "none", "nested", "empty"],
)
def test_states_are_taken_apart_together(states: list[Any]) -> None:
    """As one by one: the shape, and the numbers in columns."""
    shape, columns = all_taken_apart(states)
    for i, state in enumerate(states):
        numbers: list[Any] = []
        assert taken_apart(state, numbers) == shape
        assert [column[i] for column in columns] == numbers
        assert [type(column[i]) for column in columns] == list(map(type, numbers))


def test_states_of_different_shapes() -> None:
    """Are refused."""
    for states in ([(1, 0.5), (1.0, 0.5)], [(0.5,), 0.5], [None, 0.5]):
        with pytest.raises(TypeError, match="states of different structures"):
            all_taken_apart(states)


class Starting(Optimizer):
    """Begins by what `start` makes of the number and the gradient."""

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        total = (self.start(number, gradient) if state is None else state) + gradient
        return number - self.lr * total, total

    def start(self, number: Any, gradient: Any) -> Any:
        """Nothing."""
        return 0.0


class AtTheNumber(Starting):
    """Begins elsewhere."""

    def start(self, number: Any, gradient: Any) -> Any:
        """The number."""
        return number


class AtMinusZero(Starting):
    """Starts from a state that is not zero: the sign bit is set."""

    def start(self, number: Any, gradient: Any) -> Any:
        """-0.0, of which the first sum keeps the sign of a gradient of -0.0."""
        return -0.0


class AtRandom(Starting):
    """Begins anywhere."""

    def start(self, number: Any, gradient: Any) -> Any:
        """Another number each time."""
        return random.random()


class Refusing(Starting):
    """Cannot be traced."""

    def start(self, number: Any, gradient: Any) -> Any:
        """A number of a Symbol."""
        return float(number)


@pytest.mark.parametrize(
    ("optimizer", "wanted"),
    [
        (Adam([Value(1.0)]), (0, 0.0, 0.0)),
        (AdamW([Value(1.0)]), (0, 0.0, 0.0)),
        (RMSprop([Value(1.0)], momentum=0.5, centered=True), (0.0, 0.0, 0.0)),
        (Adagrad([Value(1.0)]), (0, 0.0)),
        (Adagrad([Value(1.0)], initial_accumulator_value=0.5), ABSENT),
        (SGD([Value(1.0)], lr=0.1), None),
        (SGD([Value(1.0)], lr=0.1, momentum=0.5), ABSENT),
        (Nested([Value(1.0)], lr=0.1), ((0, None), 0.0)),
        (Starting([Value(1.0)], lr=0.1), 0.0),
        *[(kind([Value(1.0)], lr=0.1), ABSENT) for kind in (AtTheNumber, AtMinusZero, AtRandom, Refusing)],
    ],
    ids=lambda x: type(x).__name__,
)
def test_first_state(optimizer: Optimizer, wanted: Any) -> None:
    """Of zeros, of the types that the state has, where an update takes it for none, to the bit; else nothing is known."""
    found = first_state(optimizer)
    assert found is wanted if wanted is ABSENT else repr(found) == repr(wanted)
