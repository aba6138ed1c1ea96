"""no_grad and detect_anomaly: contexts and decorators, local to their thread and async task."""

import asyncio
import contextvars
import gc
import math
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

import autograd as ag
from autograd import AnomalyError, Value, detect_anomaly, no_grad
from autograd.modes import LIVE


def recording() -> bool:
    """Whether an operation is recorded now."""
    x = Value(1.0)
    return bool((x * x).operands)


def test_operations_ask_for_the_mode_only_while_one_may_be_in_force() -> None:
    """A mode that any context still has counts, copies of contexts included; where none is left, operations look no further."""
    gc.collect()
    assert not LIVE
    with no_grad():
        assert len(LIVE) == 1
        copy = contextvars.copy_context()
    assert LIVE
    assert recording()
    assert copy.run(recording) is False
    del copy
    gc.collect()
    assert not LIVE


def test_no_grad_nests_and_ends() -> None:
    """The mode ends with its context, also when an exception ends it."""
    with no_grad():
        with no_grad():
            assert not recording()
        assert not recording()
    assert recording()
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0  # noqa: B018 - raises on purpose
    assert recording()


def test_one_context_object_used_again() -> None:
    """One object may be entered again, also while it is entered."""
    context = no_grad()
    with context, context:
        assert not recording()
    assert recording()
    with context:
        assert not recording()


def test_no_grad_as_a_decorator() -> None:
    """A decorated function keeps its name and result."""

    @no_grad()
    def evaluate(x: float) -> bool:
        """Docstring."""
        return recording()

    assert evaluate(1.0) is False
    assert evaluate.__name__ == "evaluate"
    assert evaluate.__doc__ == "Docstring."
    assert recording()


def test_no_grad_as_a_decorator_of_a_generator() -> None:
    """The mode holds while the generator runs, not while its caller does; send, throw, close and return work."""
    seen = []

    @no_grad()
    def steps() -> Iterator[bool]:
        try:
            got = yield recording()
            seen.append(got)
            yield recording()
        except KeyError:
            yield recording()
        finally:
            seen.append("closed")
        return "end"

    generator = steps()
    assert next(generator) is False
    assert recording()
    assert generator.send("sent") is False  # type: ignore[attr-defined]
    assert generator.throw(KeyError()) is False  # type: ignore[attr-defined]
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "end"
    closing = steps()
    next(closing)
    closing.close()  # type: ignore[attr-defined]
    assert seen == ["sent", "closed", "closed"]
    assert recording()


def test_no_grad_as_a_decorator_of_a_coroutine() -> None:
    """The mode holds while the coroutine runs, not for other tasks meanwhile."""

    @no_grad()
    async def quiet() -> list[bool]:
        before = recording()
        await asyncio.sleep(0.01)
        return [before, recording()]

    async def loud() -> bool:
        await asyncio.sleep(0.005)
        return recording()

    async def both() -> list[object]:
        return await asyncio.gather(quiet(), loud())

    assert asyncio.run(both()) == [[False, False], True]


def test_what_cannot_be_decorated() -> None:
    """An async generator, a number or a class: the message has the fix."""

    async def stream() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match=r"async generator stream: write `with no_grad\(\):` inside it"):
        no_grad()(stream)
    with pytest.raises(TypeError, match="decorates a function, not 3"):
        no_grad()(3)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="decorates a function, not <class"):
        no_grad()(Value)
    with pytest.raises(TypeError, match=r"decorate with parentheses, @no_grad\(\)"):
        no_grad(stream)


def test_one_context_object_in_two_threads_and_interleaved_generators() -> None:
    """The mode belongs to the thread, not to the object; in whatever order contexts end, recording comes back."""
    shared = no_grad()

    def holding() -> Iterator[None]:
        with shared:
            yield

    first, second = holding(), holding()
    next(first)
    next(second)
    thread_found: list[bool] = []

    def work() -> None:
        with shared:
            thread_found.append(recording())
        thread_found.append(recording())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert thread_found == [False, True]
    next(first, None)
    next(second, None)
    assert recording()


def test_modes_are_local_to_their_thread() -> None:
    """Another thread records while this one does not."""
    found = []
    with no_grad():
        thread = threading.Thread(target=lambda: found.append(recording()))
        thread.start()
        thread.join()
    assert found == [True]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (lambda: ag.log(Value(0.0, label="x")), r"^log gave -inf from finite operands: x = 0.0$"),
        (lambda: Value(1.0) / Value(0.0, label="y"), r"^truediv gave inf from finite operands: operand 0 = 1.0, y = 0.0$"),
        (lambda: ag.dot([Value(1e200)], [1e200]), "dot gave inf from finite operands"),
        (lambda: ag.sqrt(Value(-1.0)), "sqrt gave nan from finite operands: operand 0 = -1.0"),
        (lambda: ag.sqrt(Value(0.0, label="s")).backward(), r"derivative of sqrt with respect to operand 0 is inf.* s = 0.0"),
        (lambda: Value(1e300) * 1e-300 * 1e300 * 1e300, "mul gave inf"),
    ],
)
def test_detect_anomaly_names_the_first_operation(operation: object, message: str) -> None:
    """In the forward and the backward pass, with the operands' values and labels."""
    with detect_anomaly(), pytest.raises(AnomalyError, match=message):
        operation()  # type: ignore[operator]
    assert issubclass(AnomalyError, FloatingPointError)


def test_detect_anomaly_lets_inf_and_nan_pass_through() -> None:
    """Only an operation that makes them out of finite operands raises; without the context, none does."""
    with detect_anomaly():
        assert math.isinf((Value(math.inf) * 2.0).data)
        assert math.isnan(ag.tanh(Value(math.nan)).data)
    assert math.isnan(ag.log(Value(-1.0)).data)


def test_detect_anomaly_in_backward_changes_no_gradient() -> None:
    """After the error, gradients are as before the pass."""
    x = Value(0.0)
    with detect_anomaly():
        result = ag.sqrt(x) + x * 2.0
        with pytest.raises(AnomalyError):
            result.backward()
    assert not x.has_grad


def test_modes_combine() -> None:
    """Under both, operations are checked though they are not recorded."""
    with no_grad(), detect_anomaly():
        assert not recording()
        with pytest.raises(AnomalyError):
            ag.log(Value(0.0))


def test_what_is_not_selected_is_checked_on_values_alone() -> None:
    """Of a compiled function the results are: an inf on the way, which it does not choose, passes; one it returns does not."""

    def chosen(x: Value) -> Value:
        return ag.where(x > 0.0, ag.log(x), 0.0)

    with detect_anomaly():
        with pytest.raises(AnomalyError, match=r"log gave -inf from finite operands: x = 0\.0"):
            chosen(Value(0.0, label="x"))
        assert ag.jit(chosen)(Value(0.0, label="x")) == 0.0
        with pytest.raises(AnomalyError, match=r"a compiled function, gave -inf from finite operands: x = 0\.0"):
            ag.jit(ag.log)(Value(0.0, label="x"))
    for documented in (detect_anomaly, ag.jit):
        assert "on the way" in (documented.__doc__ or "")


@pytest.mark.parametrize("kind", [Value, lambda x: x], ids=["Values", "floats"])
@pytest.mark.parametrize(
    ("f", "point", "on_values"),
    [
        (lambda x: 1.0 / x, 0.0, math.inf),
        (lambda x: x**0.5, -1.0, math.nan),
        (lambda x: 10.0 ** (x * 400.0), 1.0, math.inf),
        (lambda x: x**-1.0, 0.0, math.inf),
    ],
    ids=["1/x", "root", "overflow", "power"],
)
def test_operators_on_floats_are_pythons(kind: object, f: object, point: float, on_values: float) -> None:
    """On Values they follow IEEE, also in derivatives and compiled; so do the primitives on floats, but not Python's own."""
    if kind is Value:
        assert str(f(Value(point)).data) == str(on_values)  # type: ignore[operator]
        assert str(ag.value_and_grad(f)(point)[0]) == str(ag.jit(f)(point)) == str(on_values)
    else:
        try:
            assert isinstance(f(point), complex)  # type: ignore[operator]
        except ArithmeticError as error:
            assert isinstance(error, ZeroDivisionError | OverflowError)  # noqa: PT017 - one or the other
    assert (ag.truediv(1.0, 0.0), str(ag.pow(-1.0, 0.5)), ag.pow(10.0, 400.0)) == (math.inf, "nan", math.inf)


def test_what_where_chooses_between_floats_is_a_float() -> None:
    """So a derivative raises there as Python does, unless a primitive divides."""
    assert type(ag.where(True, 1.5, 1.0)) is float
    with pytest.raises(ZeroDivisionError):
        ag.grad(lambda x: ag.where(x > 0.0, 1.5, 1.0) / 0.0)(2.0)
    assert ag.grad(lambda x: ag.truediv(ag.where(x > 0.0, 1.5, 1.0), 0.0) * x)(2.0) == math.inf
    for documented in (Value, ag.grad, ag.jit):
        assert "1.0 / 0.0" in (documented.__doc__ or "")
