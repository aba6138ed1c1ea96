"""States that come late are those of an ordinary dict, whatever asks for them first."""

import copy
import pickle
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import MLP, Adam, fit, mse_loss
from nn.optim.late import LateStates, States, arriving, waiting

KEYS = [Value(float(i)) for i in range(4)]
OLD, NEW = {KEYS[0]: 0, KEYS[1]: 1, KEYS[3]: 3}, {KEYS[1]: 10, KEYS[2]: 20}


def ordinary() -> dict[Value, Any]:
    """A dict with the states of both."""
    return {**OLD, **NEW}


def late(calls: list[int] | None = None) -> States:
    """Some states, and others that have not come yet."""
    states = States(OLD)

    def given() -> Iterable[tuple[Value, Any]]:
        if calls is not None:
            calls.append(1)
        return NEW.items()

    deque(arriving(states, given), maxlen=0)
    return states


ASKED: dict[str, Callable[[Any], Any]] = {
    "item": lambda states: states[KEYS[1]],
    "missing": lambda states: states.get(Value(1.0)),
    "get": lambda states: states.get(KEYS[2]),
    "in": lambda states: KEYS[2] in states,
    "len": len,
    "bool": bool,
    "list": list,
    "reversed": lambda states: [*reversed(states)],
    "dict": dict,
    "spread": lambda states: {**states},
    "merged": lambda states: {KEYS[0]: 5} | dict(states),
    "keys": lambda states: [*states.keys()],
    "values": lambda states: [*states.values()],
    "items": lambda states: [*states.items()],
    "equal": lambda states: (states == ordinary(), ordinary() == states, states != ordinary(), states == OLD),
    "or": lambda states: (states | {KEYS[0]: 5}, {KEYS[0]: 5} | states),
    "copy": lambda states: states.copy(),
    "copied": copy.copy,
    "repr": repr,
    "set": lambda states: states.__setitem__(KEYS[1], 7) or dict(states),
    "deleted": lambda states: states.__delitem__(KEYS[1]) or dict(states),
    "popped": lambda states: (states.pop(KEYS[1]), states.popitem(), dict(states)),
    "setdefault": lambda states: (states.setdefault(KEYS[1], 7), dict(states)),
    "update": lambda states: states.update({KEYS[1]: 7}) or dict(states),
    "in place": lambda states: states.__ior__({KEYS[1]: 7}) and dict(states),
    "clear": lambda states: states.clear() or dict(states),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_whatever_is_asked_first(asked: Callable[[Any], Any]) -> None:
    """Has the answer of an ordinary dict, in its order."""
    calls: list[int] = []
    states = late(calls)
    assert not calls
    assert asked(states) == asked(ordinary())
    assert (calls, type(states), waiting(states)) == ([1], States, None)


def test_a_copy_and_a_pickle_have_all() -> None:
    """Of states that have not come yet."""
    for again in (pickle.loads(pickle.dumps(late())), copy.deepcopy(late())):
        assert type(again) is States
        assert [(key.data, state) for key, state in again.items()] == [(key.data, state) for key, state in ordinary().items()]


def test_threads_that_ask_at_once() -> None:
    """Find the same."""
    for _ in range(50):
        states = late()
        with ThreadPoolExecutor(4) as threads:
            assert [*threads.map(states.get, KEYS)] == [0, 10, 20, 3]


def test_the_latest_counts() -> None:
    """Of what was to come, where nobody asked meanwhile."""
    states = late()
    deque(arriving(states, lambda: [(KEYS[1], 11), (KEYS[2], 21)]), maxlen=0)
    assert dict(states) == {**ordinary(), KEYS[1]: 11, KEYS[2]: 21}


def trained(look: Callable[[Any, int], Any], states: Any = None) -> tuple[list[Any], list[Any]]:
    """Numbers of a model and of Adam, by a training in machine code while a callback looks at the optimizer."""
    model = MLP(2, [3, 1], rng=0)
    optimizer = Adam(model.parameters(), lr=0.05)
    optimizer._states = optimizer._states if states is None else states
    rng = np.random.default_rng(0)
    seen: list[Any] = []
    fit(
        model, rng.normal(size=(8, 2)), rng.normal(size=8), loss=mse_loss, optimizer=optimizer, epochs=6, batch_size=4,
        progress=False, engine="compiled", shuffle=False,
        callbacks=[lambda _, history: seen.append(look(optimizer, len(history))) or None],
    )  # fmt: skip
    return seen, [*chain.from_iterable(optimizer._states.values()), *(p.data for p in model.parameters())]


def test_training_puts_states_in_step_when_asked() -> None:
    """They are then those of that epoch, whenever they are asked for; what is set in them counts."""
    asked, wanted = trained(lambda optimizer, _: copy.deepcopy([*optimizer._states.values()]))
    classes, unasked = trained(lambda optimizer, _: type(optimizer._states))
    assert unasked == wanted
    assert classes[0] is classes[-1] is LateStates
    sometimes, found = trained(lambda o, epoch: copy.deepcopy([*o._states.values()]) if epoch % 3 == 1 else None)
    assert found == wanted
    assert sometimes == [states if i % 3 == 0 else None for i, states in enumerate(asked)]
    assert [state[0] for state in asked[-1]] == [12] * 13

    def reset(optimizer: Any, epoch: int) -> None:
        if epoch == 3:
            optimizer._states.update(dict.fromkeys(optimizer.parameters, (0, 0.0, 0.0)))

    kept: dict[Value, Any] = {}
    assert trained(lambda optimizer, _: None, kept)[1] == wanted  # in a dict that is ordinary, and not to be asked
    assert len(kept) == 13
    changed = trained(reset)[1]
    assert changed[0] == 6
    assert changed != wanted
