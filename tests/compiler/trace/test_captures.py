"""What a trace captured, at later calls: Values replaced, inputs of finished transforms, threads, pickles, memory."""

import gc
import pickle
import threading
import types
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from autograd import TraceError, Value, grad, hessian, hvp, jacfwd, jacrev, jit, jvp, value_and_grad, vjp
from nn import MLP, Adam, mse_loss
from tests.compiler.comparison import Counted, bits

DERIVED: dict[str, Callable[[Any, float], Any]] = {
    "grad": lambda f, x: grad(f)(x),
    "value_and_grad": lambda f, x: value_and_grad(f)(x),
    "jvp": lambda f, x: jvp(f, (x,), (2.0,)),
    "vjp": lambda f, x: vjp(f, x)[1](3.0),
    "jacfwd": lambda f, x: jacfwd(lambda y: [f(y), y])(x),
    "jacrev": lambda f, x: jacrev(lambda y: [f(y), y])(x),
    "hessian": lambda f, x: hessian(f)(x),
    "hvp": lambda f, x: hvp(f, (x,), (1.0,)),
    "grad of grad": lambda f, x: grad(grad(f))(x),
    "of third order": lambda f, x: grad(grad(grad(f)))(x),
    "jvp of grad": lambda f, x: jvp(grad(f), (x,), (1.0,)),
    "grad of what has a gradient inside": lambda f, x: grad(lambda y: y * grad(f)(y))(x),
    "backward": lambda f, x: [backward(f, x)],
    "a number": lambda f, x: f(x),
}
PUT: dict[str, Callable[[Any], Any]] = {
    "the input": lambda x: x,
    "what is computed from it": lambda x: x * x,
    "what has a gradient in it": lambda x: x * grad(lambda y: y * y)(x),
}


def backward(f: Any, x: float) -> float:
    """The gradient by `backward`."""
    v = Value(x)
    f(v).backward()
    return v.grad


# --- transforms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("put", PUT)
@pytest.mark.parametrize("derived", DERIVED)
def test_a_compiled_function_that_takes_an_input_from_outside(derived: str, put: str) -> None:
    """By whatever derives it, at each call: what the same function gives without jit."""

    def outer(inner: Any, box: list[Any]) -> Callable[[Any], Any]:
        def f(x: Any) -> Any:
            box[0] = PUT[put](x)
            return inner(3.0) * x

        return f

    box: list[Any] = [None]
    counted = Counted(lambda y: y * box[0] * box[0])
    compiled = outer(jit(counted), box)
    eager = outer(counted.f, box)
    for x in (5.0, 7.0, -2.0):
        assert bits(DERIVED[derived](compiled, x)) == bits(DERIVED[derived](eager, x))
    assert counted.calls == 1 or derived == "a number"


def test_the_case_of_the_report() -> None:
    """grad(outer) is 3 wherever it is asked for, in whatever order numbers and derivatives come."""
    box: list[Any] = [None]
    inner = jit(lambda y: y * box[0])

    def outer(x: Any) -> Any:
        box[0] = x
        return inner(3.0)

    assert outer(5.0) == 15.0
    assert [grad(outer)(x) for x in (5.0, 7.0)] == [3.0, 3.0]
    assert outer(7.0) == 21.0
    assert grad(outer)(8.0) == 3.0
    assert jit(grad(outer))(9.0) == 3.0
    assert grad(outer)(8.0) == 3.0


@pytest.mark.parametrize("derived", [name for name in DERIVED if name not in ("backward", "a number")])
@pytest.mark.parametrize("put", ["the input", "what is computed from it"])
def test_an_input_of_a_finished_transform_is_refused(put: str, derived: str) -> None:
    """The message names the function, the Value, why, and what to do; another Value in its place is taken."""
    box: list[Any] = [None]

    @jit
    def inner(y: Any) -> Any:
        return y * box[0]

    def outer(x: Any) -> Any:
        box[0] = PUT[put](x)
        box[0].label = "rate"
        return inner(3.0) * x

    DERIVED[derived](outer, 5.0)
    why = "was computed from" if put != "the input" else "is"
    with pytest.raises(TraceError, match=f"inner uses.*'rate', which {why} an input of.*has ended.*Pass it as an argument"):
        inner(3.0)
    with pytest.raises(TraceError, match="has ended"):
        grad(inner)(3.0)
    box[0] = Value(2.0)
    assert inner(3.0).data == 6.0


def test_an_input_that_was_kept_is_refused_from_the_first_call() -> None:
    """Also where no compiled function met it while the transform was at work, and where no place leads to it."""
    kept: list[Any] = []
    grad(lambda x: kept.append(x) or x * x)(3.0)  # type: ignore[func-returns-value]  # that is None
    with pytest.raises(TraceError, match=r"<lambda> uses.*number 0 of those.*is an input of a transform"):
        jit(lambda y: y * kept[0])(2.0)
    values = iter(kept * 2)
    with pytest.raises(TraceError, match="has ended"):
        jit(lambda y: y * next(values))(2.0)


def test_what_a_transform_returned_is_not_refused() -> None:
    """A gradient that reaches Values from outside has a history through the inputs; it is no input."""
    w = Value(2.0)
    gradient = grad(lambda x: x * x * w)(3.0)
    f = jit(lambda y: y * gradient)
    assert f(2.0).data == f(2.0).data == 24.0
    f(2.0).backward()
    assert w.grad == 12.0


def test_a_long_history_is_looked_at_once() -> None:
    """A state that each step replaces: linear in its steps, though each has the history of all before."""
    held = {"h": Value(1.0)}
    step = jit(lambda x: held["h"] * 0.5 + x)
    passed = 0

    import autograd.compiler.trace.captures as module

    below = module._inputs_below

    def counting(value: Any, known: Any) -> Any:
        nonlocal passed
        passed += 1
        found = below(value, known)
        assert passed < 3 or any(operand in known for operand in value.operands if isinstance(operand, Value))
        return found

    module._inputs_below = counting
    try:
        for _ in range(50):
            held["h"] = step(1.0)
    finally:
        module._inputs_below = below
    assert 45 < passed < 60


# --- training ---------------------------------------------------------------------------------------------------------


def test_a_loop_that_replaces_values_is_traced_once() -> None:
    """And trains."""
    held = {"w": Value(0.0), "b": Value(0.0)}
    counted = Counted(lambda x, t: (held["w"] * x + held["b"] - t) ** 2.0)
    loss = jit(counted, in_axes=(0, 0), reduce="mean")
    x = np.linspace(-1.0, 1.0, 8)
    for _ in range(200):
        loss(x, 2.0 * x + 1.0).backward()
        for name, value in held.items():
            held[name] = Value(value.data - 0.2 * value.grad)
    assert counted.calls == 1
    assert [round(value.data, 6) for value in held.values()] == [2.0, 1.0]


def test_a_new_trace_takes_the_place_of_the_old_one() -> None:
    """Memory does not grow, and code that computes the same is not compiled again."""
    held = [Value(1.0)]
    counted = Counted(lambda x: held[-1] * x)
    f = jit(counted)
    f(1.0)
    compiled = f._calls.latest.compiled
    for i in range(20):
        held.append(Value(float(i)))
        assert f(2.0).data == 2.0 * i
    assert counted.calls == 21
    assert len(f._calls.traces) == 1
    assert f._calls.latest.compiled is compiled


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_other_code_is_compiled(sign: float) -> None:
    """Where the new trace differs, though by the sign of 0 alone."""
    held = types.SimpleNamespace(w=Value(2.0), zero=0.0 * sign)
    f = jit(lambda x: held.w * 0.0 + x * held.zero)
    f(1.0)
    before = f._calls.latest.compiled
    held.zero, held.more = -held.zero, 1
    assert bits(f(1.0)) == bits(held.w * 0.0 + held.zero)
    assert f._calls.latest.compiled is not before


def test_a_model_that_is_stepped_loaded_and_changed() -> None:
    """Its numbers, its parameters and its parts may change; each call is that of the model of now."""
    model = MLP(2, [3, 1], rng=0)
    x = np.array([[0.5, -1.0], [1.5, 2.0]])
    counted = Counted(lambda row, t: mse_loss(model(row), t))
    loss = jit(counted, in_axes=(0, 0), reduce="mean")

    def agrees() -> bool:
        eager = (mse_loss(model([0.5, -1.0]), 1.0) + mse_loss(model([1.5, 2.0]), 0.0)) / 2.0
        return bits(loss(x, np.array([1.0, 0.0]))) == bits(eager)

    assert agrees()
    optimizer = Adam(model.parameters())
    loss(x, np.array([1.0, 0.0])).backward()
    optimizer.step()
    assert agrees()
    model.load_state_dict(MLP(2, [3, 1], rng=1).state_dict())
    assert agrees()
    model.layers[0].neurons[1].bias = Value(0.25)
    assert agrees()
    assert counted.calls == 1
    model.layers[0] = MLP(2, [3], rng=2).layers[0]
    assert agrees()
    model.layers[1].neurons[0].activation = None
    model.layers = list(model.layers)
    assert agrees()


def test_the_number_of_a_value_is_read_at_each_call() -> None:
    """`data` in a traced function follows the Value, and no gradient flows through it; `.grad` is refused."""
    w = Value(2.0)
    f = jit(lambda x: x * w.data + w)
    f(3.0).backward()
    assert (f(3.0).data, w.grad) == (8.0, 1.0)
    w.data = 5.0
    assert f(3.0).data == 20.0
    with pytest.raises(TraceError, match=r"reads .grad of a number"):
        jit(lambda x: x * w.grad)(1.0)


# --- other calls ------------------------------------------------------------------------------------------------------


def test_structures_rows_and_keywords() -> None:
    """Each trace of a function has its own places."""
    held = {"w": Value(2.0)}
    f = jit(lambda x, *, y=0.0: (x[0] if isinstance(x, list) else x) * held["w"] + y)
    rows = jit(lambda x: x * held["w"], in_axes=0)
    static = jit(lambda x, n: x * n * held["w"], static_argnums=1)
    for number in (2.0, 3.0, 4.0):
        held["w"] = Value(number)
        assert [f(1.0).data, f([1.0]).data, f(1.0, y=1.0).data] == [number, number, number + 1.0]
        assert [x.data for x in rows(np.ones(2))] == [number, number]
        assert [static(1.0, n).data for n in (1, 2)] == [number, 2.0 * number]
        result = rows([Value(1.0), Value(2.0)])
        assert [x.data for x in result] == [number, 2.0 * number]


def test_errors_leave_it_as_it_was() -> None:
    """What raises in the new trace raises again at the next call, and the next Value is taken."""
    held: dict[str, Any] = {"w": Value(2.0)}
    f = jit(lambda x: x * held["w"])
    assert f(1.0).data == 2.0
    held["w"] = "text"
    for _ in range(2):
        with pytest.raises(TypeError):
            f(1.0)
    del held["w"]
    with pytest.raises(KeyError):
        f(1.0)
    held["w"] = Value(3.0)
    assert f(1.0).data == 3.0


def test_threads_with_boxes_of_their_own() -> None:
    """Each call takes its thread's Value, and gradients arrive there."""
    local = threading.local()
    inner = jit(lambda y: y * local.box * local.box)
    barrier = threading.Barrier(4)

    def work(k: int) -> list[float]:
        barrier.wait()

        def outer(x: Any) -> Any:
            local.box = x
            return inner(3.0)

        return [grad(outer)(float(k * 100 + i)) for i in range(100)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert found == [[6.0 * (k * 100 + i) for i in range(100)] for k in range(4)]


def test_threads_with_items_of_their_own() -> None:
    """Where a function asks in which thread it runs, each thread has what it finds there; numbers, too."""
    boxes: dict[int, Any] = {}
    inner = jit(lambda y: y * boxes[threading.get_ident()])
    barrier = threading.Barrier(3)

    def work(k: int) -> set[float]:
        barrier.wait()

        def outer(x: Any) -> Any:
            boxes[threading.get_ident()] = x
            return inner(3.0)

        found = {grad(outer)(float(i)) for i in range(30)}
        return found | {outer(float(i)) - 3.0 * i + k for i in range(3)}

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, range(3))) == [{3.0, float(k)} for k in range(3)]


def test_threads_that_replace_what_all_use() -> None:
    """Whichever each call finds, it is one of those that were there."""
    held = {"w": Value(1.0), "v": Value(1.0)}
    f = jit(lambda x: x * held["w"])
    f(1.0)
    stop = threading.Event()

    def replace() -> None:
        i = 0
        while not stop.is_set():
            i += 1
            held["w"] = Value(float(i % 7))
            held[f"more {i % 3}"] = held["w"]

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        found = {f(2.0).data for _ in range(500)}
    finally:
        stop.set()
        thread.join()
    assert found <= {2.0 * i for i in range(7)}


def test_pickled_functions_take_their_values_with_them() -> None:
    """Where they arrive, no place is searched: the Values that travelled are the ones."""
    held = {"w": Value(2.0)}
    f = jit(lambda x: x * held["w"])
    f(1.0)
    again, w = pickle.loads(pickle.dumps((f, held["w"])))
    held["w"] = Value(9.0)
    again(3.0).backward()
    assert (again(3.0).data, w.grad, f(3.0).data) == (6.0, 3.0, 27.0)


def test_no_cycles() -> None:
    """A function that is dropped is freed without the collector, with all that it captured; a Value that was replaced, too."""
    held = {"w": Value(2.0)}
    f = jit(lambda x: x * held["w"])
    f(1.0)
    old = weakref.ref(held["w"])
    gc.disable()
    try:
        held["w"] = Value(3.0)
        f(1.0)
        assert old() is None
        function, value = weakref.ref(f), weakref.ref(held["w"])
        del f
        held.clear()
        assert (function(), value()) == (None, None)
    finally:
        gc.enable()


def test_places_that_answer_otherwise_each_time() -> None:
    """Are no places: the Value is kept."""
    w = Value(2.0)

    class Changing(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            return w if key == "w" else Value(1.0)

    held = Changing(other=w)
    f = jit(lambda x: held["w"] * x)
    assert [f(3.0).data for _ in range(3)] == [6.0] * 3


class Scaled:
    """A function that reads attributes of its class, and containers of several kinds."""

    factor = 2.0
    shift = staticmethod(lambda x: x)

    def __init__(self) -> None:
        self.factors: list[float] = []
        self.by_name: dict[str, float] = {}
        self.chosen = {1}
        self.numbers, self.things = np.ones(2), np.array([1.0, None], dtype=object)
        self.step = jit(self.scaled)

    def scaled(self, x: Any) -> Any:
        """The product of x with all of them."""
        out = self.shift(x) * self.factor * float(len(self.chosen)) * float(self.numbers[0]) * self.things[0]
        for factor in (*self.factors, *self.by_name.values()):
            out = out * factor
        return out


CHANGES: dict[str, Callable[[Any], Any]] = {
    "an item of an empty list": lambda scaled: scaled.factors.append(5.0),
    "an item of an empty dict": lambda scaled: scaled.by_name.update(a=5.0),
    "an item of a set": lambda scaled: scaled.chosen.add(2),
    "a number in an array": lambda scaled: scaled.numbers.__setitem__(0, 5.0),
    "a thing in an array": lambda scaled: scaled.things.__setitem__(0, 5.0),
    "an attribute of the class": lambda scaled: setattr(type(scaled), "factor", 5.0),
    "a method of the class": lambda scaled: setattr(type(scaled), "shift", staticmethod(lambda x: x + 1.0)),
    "an attribute that hides the class's": lambda scaled: setattr(scaled, "factor", 5.0),
}


@pytest.mark.parametrize(
    "kind", [lambda: type("Scaled", (Scaled,), {}), lambda: type("Inner", (type("Outer", (Scaled,), {}),), {})]
)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_is_changed_or_added(change: Callable[[Any], Any], kind: Callable[[], Any]) -> None:
    """It counts from the next call on, also where a class hides what another one above it has."""
    scaled = kind()()
    for _ in range(3):
        assert scaled.step(1.5) == scaled.scaled(1.5)
    change(scaled)
    assert scaled.step(1.5) == scaled.scaled(1.5) != 3.0
