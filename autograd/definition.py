"""What a primitive is: one operation's name, symbol, value, local partials and domain.

A primitive knows nothing of `Value`. A class whose instances can be operands has a static method
`_apply_primitive(primitive, operands)`, and asks `table.on_every_primitive` to be told of every primitive, now and later.
"""

import inspect
import keyword
import math
import operator as operators
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from numbers import Real
from typing import Any, ClassVar, NamedTuple

from autograd.naming import signature_of
from autograd.native import CFunction, Native
from autograd.real import TILDE_OF_BOOLS, as_float, check_condition, is_open

Partial = Callable[..., Any] | float
"""A local partial: a number if it is constant, else a function of (result, *operands)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The operands for which a primitive is smooth, from `low` to `high`, and where tests look hardest.

    Tests always try the points `special`, which may include kinks and bounds. The function bends most on `transition`.

    >>> Interval(0.0, special=(1.0,))
    Interval(low=0.0, high=inf, special=(1.0,), transition=(-10.0, 10.0))
    """

    low: float = -math.inf
    high: float = math.inf
    special: tuple[float, ...] = (0.0, 1.0, -1.0)
    transition: tuple[float, float] = (-10.0, 10.0)


REALS = Interval()

KINDS = ("sum", "negation", "product", "power", "atom")
"""Kinds of formulas, from the weakest to the strongest binding: where a stronger kind is needed, a formula gets parentheses."""


class Rules(NamedTuple):
    """A primitive's partials: one rule per operand, or one function for all; with neither, it has no derivative."""

    each: tuple[Partial, ...] | None = None
    joint: Callable[..., Any] | None = None


# --- the primitive ----------------------------------------------------------------------------------------------------

_NOTHING: Any = object()
_ALL: Iterable[bool] = repeat(object=True)


class Primitive:
    """One operation of the table, and itself the public function: floats in, a float out; a Value in, a Value out.

    >>> from autograd import Value, relu
    >>> relu(0.5), relu(Value(0.5))
    (0.5, Value(data=0.5, grad=0.0))
    """

    in_javascript: ClassVar[Any] = None  # `autograd.compiler.javascript` puts the function here

    def __init__(
        self,
        name: str,
        *,
        evaluate: Callable[..., float],
        partials: Callable[..., Any] | Sequence[Partial] | None = None,
        symbol: str | None = None,
        domain: Interval | Sequence[Interval] | tuple[float, float] = REALS,
        kink: Callable[..., bool] | None = None,
        selective: bool = False,
        conditions: int = 0,
        operator: str | None = None,
        arguments: Callable[..., Iterable[Any]] | None = None,
        sequence: tuple[Callable[..., Any], Callable[..., Any] | None] | None = None,
        reference: str | Callable[..., Any] | None = None,
        native: Native | str | None = None,
        latex: tuple[str, str] | None = None,
        torch: str | None = None,
        onnx: str | None = None,
        internal: bool = False,
        doc: str | None = None,
    ) -> None:
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError(f"primitive name {name!r} is not a Python identifier: choose one such as 'my_primitive'")
        _check_notation(name, latex, symbol=symbol, torch=torch, onnx=onnx)
        self.name = self.__name__ = self.__qualname__ = name
        self.symbol = name if symbol is None else symbol
        self.formula = self.evaluate = evaluate  # `formula` stays unchecked, so that it takes complex numbers too
        self.kink = kink
        self.selective = selective
        self.conditions = conditions
        self.operator = operator
        self.reference = reference
        self.native: Native | None = CFunction(native) if isinstance(native, str) else native
        self.latex, self.torch, self.onnx = latex, torch, onnx
        self.internal = internal
        self.__doc__ = doc or evaluate.__doc__
        intervals = _intervals(name, domain)
        self.__signature__ = _signature(name, arguments or evaluate)
        self._arguments = arguments
        self.sequence = _of_sequences(name, sequence, arguments)
        operands = self.__signature__.parameters.values()
        self.arity = None if arguments or any(p.kind is p.VAR_POSITIONAL for p in operands) else len(operands)
        self.domain = intervals * (self.arity or 1) if len(intervals) == 1 else intervals
        self.rules = _rules(name, partials, self.arity)
        self.rules_on_floats = self.rules  # until `table.close_built_in` gives it a version without dispatch
        self.differentiable = partials is not None
        self._others = -1 if self.arity is None else self.arity - 1
        self._by_type: dict[type, Callable[..., Any]] = {}
        if not isinstance(conditions, int) or not 0 <= conditions <= (self.arity or 0):
            raise ValueError(
                f"conditions of {name!r} must say how many of its first operands are conditions, 0 to {self.arity or 0}, "
                f"not {conditions!r}: conditions=1 for lambda condition, x: ..."
            )
        self.of_conditions = conditions > 0 and conditions == self.arity
        self.evaluate_by(evaluate)

    def evaluate_by(self, evaluate: Callable[..., float]) -> None:
        """From now on evaluate by this function."""
        self.evaluate = evaluate
        if self.arity == 1:
            self._by_type[float] = evaluate
        elif self.arity == 2:
            self._by_type[float] = self._from_float
        if self.of_conditions:
            self._by_type[bool] = self._by_type[int] = self._of_bools

    def check_results(self) -> None:
        """From now on convert what a user's functions return, such as a NumPy scalar, to float; TypeError for anything else."""
        name, evaluate = self.name, self.evaluate
        self.evaluate_by(lambda *operands: as_float(evaluate(*operands), f"what {name} evaluates to"))
        self.rules_on_floats = _checked(name, self.rules)

    def __call__(self, first: Any = _NOTHING, *others: Any, **named: Any) -> Any:
        """Evaluate floats, record Values."""
        specialised = self._by_type.get(type(first))
        if specialised is not None and len(others) == self._others and not named:
            return specialised(first, *others)
        return self.apply(*(() if first is _NOTHING else (first, *others)), **named)

    def apply(self, *arguments: Any, **named: Any) -> Any:
        """The call in general: spread the arguments, then evaluate floats, or let the operands' class record."""
        for x in arguments if self.sequence else ():
            if is_open(x):
                return x.folded(self, arguments)
        return self.at(*(arguments if len(arguments) == self.arity and not named else self._bind(arguments, named)))

    def _from_float(self, x: float, y: Any) -> Any:
        return self.evaluate(x, y) if type(y) is float else self._dispatch((x, y))

    def _of_bools(self, *operands: Any) -> Any:
        plain = {*map(type, operands)} <= {bool, int} and {*operands}.isdisjoint(TILDE_OF_BOOLS)
        return bool(self.evaluate(*operands)) if plain else self._dispatch(operands)

    def _dispatch(self, operands: tuple[Any, ...]) -> Any:
        """Hand over to the first operand whose class has `_apply_primitive`; without one, all operands are numbers."""
        for operand in operands[: self.conditions]:
            if type(operand) is not float:
                check_condition(operand, self.name)
        for operand in operands:
            apply = None if operand.__class__ is float else getattr(type(operand), "_apply_primitive", None)
            if apply is not None:
                result = apply(self, operands)
                if result is not NotImplemented:
                    return result
        return self.evaluate(*[as_float(operand, f"operand {i} of {self.name}") for i, operand in enumerate(operands)])

    def _bind(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """The flat operands of a call that names some, leaves out defaults, or passes sequences."""
        try:
            if self._arguments is not None:
                return tuple(self._arguments(*arguments, **named))
            bound = self.__signature__.bind(*arguments, **named)
        except TypeError as error:
            raise TypeError(f"{self.name}{self.__signature__}: {error}") from None
        bound.apply_defaults()
        return bound.args

    def at(self, *operands: Any) -> Any:
        """The primitive at flat operands, even if its public call takes sequences.

        >>> from autograd import dot
        >>> dot.at(1.0, 2.0, 3.0, 4.0)
        11.0
        """
        for operand in operands:
            if type(operand) is not float:
                return self._dispatch(operands)
        return self.evaluate(*operands)

    def on_floats(self) -> Callable[..., float]:
        """The primitive as a plain function of floats."""
        evaluate, arguments = self.evaluate, self._arguments
        return evaluate if arguments is None else lambda *xs: evaluate(*arguments(*xs))

    def specialise(self, kind: type, call: Callable[..., Any]) -> None:
        """Run `call` instead of this primitive where the first operand's type is exactly `kind`."""
        self._by_type[kind] = call

    def partials(self, result: Any, *operands: Any) -> tuple[Any, ...]:
        """The local partials d result / d operand, one for each operand.

        >>> from autograd import mul
        >>> mul.partials(6.0, 2.0, 3.0)
        (3.0, 2.0)
        """
        return self.wanted_partials(self.rules, result, operands, wanted=None)

    def wanted_partials(
        self, rules: Rules, result: Any, operands: Sequence[Any], wanted: Sequence[bool] | None
    ) -> tuple[Any, ...]:
        """The partials to the wanted operands (None: to all); None stands for the others, which are not computed."""
        if rules.each is not None:
            return tuple(
                [
                    None if not want else partial(result, *operands) if callable(partial) else partial
                    for partial, want in zip(rules.each, wanted or _ALL)  # noqa: B905 - _ALL never ends
                ]
            )
        if rules.joint is None:
            raise NotImplementedError(
                f"cannot differentiate {self.name!r}: the primitive was defined without partials. "
                f"Define it with them: primitive({self.name!r}, evaluate=..., partials=lambda result, *operands: (...))"
            )
        found = _one_or_several(rules.joint(result, *operands))
        if len(found) != len(operands):
            raise ValueError(
                f"the function partials of {self.name!r} returned {len(found)} for {len(operands)} operands. "
                f"Return one for each operand: partials=lambda result, *operands: (d_first, d_second, ...)"
            )
        if wanted is None:
            return tuple(found)
        return tuple([partial if want else None for partial, want in zip(found, wanted)])  # noqa: B905 - same length, see above

    def domain_of(self, count: int) -> tuple[Interval, ...]:
        """The domain of that many operands: the last interval is that of all further ones.

        >>> from autograd import dot, pow
        >>> len(dot.domain_of(4)), pow.domain_of(2) == pow.domain
        (4, True)
        """
        return (*self.domain, *[self.domain[-1]] * (count - len(self.domain)))

    def orders(self, operands: Sequence[Any]) -> tuple[float | None, ...]:
        """Of the operands, the floats where a domain is one point: whole numbers, each of which makes another function.

        >>> from autograd import jn
        >>> jn.orders((2.0, 0.5))
        (2.0, None)
        """
        domain = self.domain_of(len(operands))
        return tuple([x if at.low == at.high and type(x) is float else None for x, at in zip(operands, domain, strict=True)])

    @property
    def piecewise_constant(self) -> bool:
        """Whether its slope is 0 everywhere, as that of `floor`."""
        return self.rules.each is not None and not any(self.rules.each)

    def takes(self, count: int) -> bool:
        """Whether a call can pass that many numbers: operands with defaults may be left out."""
        kinds = [p for p in self.__signature__.parameters.values() if p.kind is not p.VAR_POSITIONAL]
        return self.arity is not None and sum(p.default is p.empty for p in kinds) <= count <= self.arity

    def source(self, operands: Sequence[str], *, on_floats: bool = False) -> str:
        """A call at these flat operands as Python; with `on_floats`, no Python operator that may raise on floats.

        >>> from autograd import dot, truediv
        >>> truediv.source(["a", "b"]), truediv.source(["a", "b"], on_floats=True), dot.source(["a", "b", "c", "d"])
        ('a / b', 'truediv(a, b)', 'dot([a, b], [c, d])')
        """
        if self.operator is not None and (not on_floats or self.evaluate is getattr(operators, self.operator, None)):
            if self.arity == 2:
                left, right = (f"({operand})" if operand.startswith("-") else operand for operand in operands)
                return f"{left} {self.symbol} {right}"
            if self.operator == "neg":
                return f"-({operands[0]})" if operands[0].startswith("-") else f"-{operands[0]}"
        groups = self.sequences()
        size = len(operands) // (groups or 1)
        lists = [f"[{', '.join(operands[i * size : (i + 1) * size])}]" for i in range(groups)]
        return f"{self.name}({', '.join(lists or operands)})"

    def sequences(self) -> int:
        """How many sequences of equal length a call takes; 0 if it takes numbers."""
        if self.arity is not None:
            return 0
        kinds = [parameter.kind for parameter in self.__signature__.parameters.values()]
        return sum(kind is not inspect.Parameter.VAR_POSITIONAL for kind in kinds)

    def __repr__(self) -> str:
        return f"<primitive {self.name}{self.__signature__}>"

    def __deepcopy__(self, _: Any = None) -> "Primitive":
        return self

    __copy__ = __deepcopy__


def _checked(name: str, rules: Rules) -> Rules:
    """A user's rules, with results converted to float; for a forgotten return, a TypeError that names the primitive."""

    def number(i: int, partial: Any) -> float:
        return as_float(partial, f"partial {i} of {name}")

    def checked(i: int, partial: Any) -> Partial:
        return (lambda *operands: number(i, partial(*operands))) if callable(partial) else number(i, partial)

    def all_checked(*operands: Any) -> list[float]:
        return [number(i, partial) for i, partial in enumerate(_one_or_several(joint(*operands)))]

    joint: Any = rules.joint
    each = rules.each and tuple(checked(i, partial) for i, partial in enumerate(rules.each))
    return Rules(each, joint and all_checked)


def _of_sequences(name: str, sequence: Any, arguments: Any) -> Any:
    """The field `sequence`, checked."""
    if sequence is None:
        return None
    fits = isinstance(sequence, tuple) and len(sequence) == 2 and callable(sequence[0])
    if not fits or not (sequence[1] is None or callable(sequence[1])):
        raise TypeError(
            f"sequence of {name!r} must be a pair of functions, value and partials, or None for the latter, not {sequence!r}: "
            "sequence=(lambda xs: ..., lambda result, xs: ...)"
        )
    if arguments is None:
        raise TypeError(f"{name!r} takes numbers, and sequence= is for what takes sequences: give arguments= too")
    return sequence


def _one_or_several(partials: Any) -> Any:
    return partials if isinstance(partials, tuple | list) else (partials,)


def _intervals(name: str, domain: Any) -> tuple[Interval, ...]:
    """A domain in any accepted form as one interval for all operands, or one for each."""
    given = (domain,) if isinstance(domain, Interval) else domain
    if isinstance(given, tuple | list) and given:
        if all(isinstance(interval, Interval) for interval in given):
            return tuple(given)
        if len(given) == 2 and all(isinstance(bound, Real) for bound in given) and given[0] < given[1]:
            low, high = map(float, given)
            return (Interval(low, high, special=(), transition=(max(low, -10.0), min(high, 10.0))),)
    raise TypeError(
        f"domain of {name!r} must be bounds (low, high), an Interval, or an Interval for each operand, not {domain!r}: "
        "domain=(0.0, math.inf), for example"
    )


def _rules(name: str, partials: Any, arity: int | None) -> Rules:
    """Partials in any accepted form."""
    if partials is None or callable(partials):
        return Rules(joint=partials)
    if not isinstance(partials, tuple | list) or not all(callable(p) or isinstance(p, Real) for p in partials):
        raise TypeError(f"partials of {name!r} must be a function, or a tuple of functions and numbers, not {partials!r}")
    if arity is None or len(partials) != arity:
        raise ValueError(
            f"{name!r} takes {'any number of' if arity is None else arity} operands, but has {len(partials)} partials: "
            f"give one for each operand, or one function for all, partials=lambda result, *operands: (...)"
        )
    return Rules(each=tuple(float(p) if isinstance(p, int) else p for p in partials))


def _signature(name: str, function: Callable[..., Any]) -> inspect.Signature:
    """The signature of the calls, without annotations, because they take floats and Values alike."""
    try:
        signature = signature_of(function)
    except (TypeError, ValueError):
        raise TypeError(
            f"evaluate of {name!r} must be a function whose signature lists its operands, not {function!r}: "
            f"evaluate=lambda x: f(x), for example"
        ) from None
    parameters = [p if p.annotation is p.empty else p.replace(annotation=p.empty) for p in signature.parameters.values()]
    if any(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters):
        raise TypeError(f"evaluate of {name!r} has keyword-only operands: make them positional, lambda x, a=2.0: ...")
    return inspect.Signature(parameters)


def _check_notation(name: str, latex: Any, **texts: Any) -> None:
    for field, text in texts.items():
        if text is not None and not isinstance(text, str):
            raise TypeError(f"{field} of {name!r} must be a string, not {text!r}")
    if latex is not None and not (isinstance(latex, tuple) and len(latex) == 2 and latex[1] in KINDS):
        raise TypeError(
            f"latex of {name!r} must be a formula and its kind, not {latex!r}: "
            f"latex=('|{{:sum}}|', 'atom'), for example; the kinds are {', '.join(KINDS)}"
        )
