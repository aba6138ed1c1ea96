"""What Value and Symbol have in common: the table's primitives as methods and as Python's operators."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, Self

from autograd import special
from autograd.definition import Primitive
from autograd.graph import Node
from autograd.real import as_float, is_node
from autograd.table import on_every_primitive

if TYPE_CHECKING:
    from autograd.typed import Methods  # what `install` attaches, as type checkers see it
else:
    Methods = object


class Operators(Node, Methods):
    """Every primitive of the table as a method, and as an operator if Python has one; `install` attaches them."""

    __slots__ = ()

    if TYPE_CHECKING:

        @staticmethod
        def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any: ...

    def __pos__(self) -> Self:
        return self

    def __round__(self, digits: int | None = None) -> Any:
        """Round to this many decimal digits; ties go to the even digit, as in NumPy."""
        if digits is None:
            return self.round()
        scale = 10.0 ** abs(digits)
        return (self * scale).round() / scale if digits >= 0 else (self / scale).round() * scale

    def __floor__(self) -> Any:
        return self.floor()

    def __ceil__(self) -> Any:
        return self.ceil()

    def __trunc__(self) -> Any:
        return self.trunc()

    def __divmod__(self, other: Any) -> Any:
        quotient = self // other if _is_number(other) else NotImplemented
        return quotient if quotient is NotImplemented else (quotient, self % other)

    def __rdivmod__(self, other: Any) -> Any:
        quotient = other // self if _is_number(other) else NotImplemented
        return quotient if quotient is NotImplemented else (quotient, other % self)

    def conjugate(self) -> Self:
        """The number itself, which is real. NumPy asks for it: np.var, np.vdot."""
        return self

    def _refuse(self, what: str, instead: str) -> NoReturn:
        raise TypeError(f"{what} is not defined for a {type(self).__name__}, because no primitive computes it: {instead}")


OPERATORS = {
    "matmul": ("@", "write x * y, or dot(xs, ys) for sequences"),
    "and": ("&", "write logical_and(x, y)"),
    "or": ("|", "write logical_or(x, y)"),
    "xor": ("^", "write x ** y for a power, or x != y for conditions"),
    "lshift": ("<<", "write x * 2.0**n"),
    "rshift": (">>", "write x / 2.0**n"),
}
METHODS = {
    "as_integer_ratio": "sum_(xs) / float(len(xs)) for a mean, because the module statistics takes fractions",
    "bit_count": "x.item() for the number alone",
    "logical_xor": "(x != 0.0) != (y != 0.0)",
}
"""What Python asks for, and NumPy, whose functions of arrays look for methods of their elements, and no primitive computes."""


MICROGRAD = {
    "_prev": "operands, a tuple in their order (floats among them are constants)",
    "_op": "primitive, whose .name and .symbol say what it is (None for a leaf)",
    "_backward": "local_partials, the slopes that backward() multiplies; a rule of your own is autograd.primitive(...)",
}
"""What code for micrograd asks a Value for, and what there is here."""


def _elsewhere(name: str, ours: str) -> property:
    """A property that nobody has, and that names ours: found on the class, it costs other attributes nothing."""

    def refuse(self: Any, *_: Any) -> NoReturn:
        kind = type(self).__name__
        raise AttributeError(f"a {kind} has no {name}, as micrograd's has: here it is {ours}", name=name, obj=self)

    return property(refuse, refuse)


def _refusing(what: str, instead: str) -> Callable[[Any, Any], Any]:
    """An operator that is not defined for numbers like ours; another class of operand, such as an array, decides for itself."""

    def method(self: Operators, other: Any) -> Any:
        return self._refuse(what, instead) if _is_number(other) else NotImplemented

    return method


def _refused(what: str, instead: str) -> Callable[..., NoReturn]:
    own = f", or define autograd.primitive({what!r}, evaluate=..., partials=...)"
    return lambda self, *_: self._refuse(what, f"write {instead}{own}")


for _name, _refusal in OPERATORS.items():
    setattr(Operators, f"__{_name}__", _refusing(*_refusal))
    setattr(Operators, f"__r{_name}__", _refusing(*_refusal))
setattr(Operators, "__invert__", lambda self: self._refuse("~", "write logical_not(x)"))  # noqa: B010 - a type has none of these
for _name, _instead in METHODS.items():
    setattr(Operators, _name, _refused(_name, _instead))


for _name, _ours in MICROGRAD.items():
    setattr(Operators, _name, _elsewhere(_name, _ours))


def _alias(name: str) -> Callable[..., Any]:
    return lambda self, *operands: getattr(self, name)(*operands)


for _name, _of in special.ALIASES.items():
    setattr(Operators, _name, _alias(_of))


def _is_number(thing: Any) -> bool:
    try:
        return is_node(thing) or isinstance(as_float(thing, ""), float)
    except TypeError:
        return False


Slow = Callable[..., Any]
"""What a method calls for operands that it does not handle itself: (primitive, *operands) -> result."""


def operate(primitive: Primitive, *operands: Any) -> Any:
    """A primitive called as an operator: where an operand is not a number but, for example, an array, its class decides."""
    for operand in operands:
        if type(operand) is not float and not _is_number(operand):
            return NotImplemented
    return primitive.apply(*operands)


def _reflected_of(primitive: Primitive, slow: Slow) -> Callable[..., Any]:
    return lambda self, other: slow(primitive, other, self)


def install(
    kind: type[Operators],
    method_of: Callable[[Primitive, Slow], Callable[..., Any]],
    reflected_of: Callable[[Primitive, Slow], Callable[..., Any]] = _reflected_of,
    operate: Callable[..., Any] = operate,
) -> None:
    """Give `kind` a method for every primitive of the table, now and later, and the operator if Python has one.

    `method_of(primitive, slow)` makes the method, `reflected_of` that of a binary operator for a `kind` on the right alone; an
    operator's `slow` is `operate`. Operators that the class defines stay. A call of the primitive whose first operand is a
    `kind` runs the method too; for an internal primitive that is all. Raises ValueError for a primitive whose name is one of
    the class's attributes.
    """
    own, defined = {*dir(kind)} - {*METHODS}, {name for base in kind.__mro__[:-1] for name in vars(base)}

    def put(name: str, method: Callable[..., Any]) -> None:
        if name not in defined:
            attach(name, method)

    def attach(name: str, method: Callable[..., Any]) -> None:
        method.__name__, method.__qualname__ = name, f"{kind.__name__}.{name}"
        setattr(kind, name, method)

    def put_on(primitive: Primitive) -> None:
        name = primitive.name
        if name in own:
            raise ValueError(f"primitive name {name!r} is taken: {kind.__name__}.{name} exists. Choose another name")
        method = method_of(primitive, Primitive.apply)
        primitive.specialise(kind, method)
        if primitive.internal:
            return
        setattr(method, "__signature__", primitive.__signature__)  # noqa: B010 - inspect.signature looks here
        method.__doc__ = (primitive.__doc__ or "").partition("\n")[0]
        attach(name, method)
        if primitive.operator is not None:
            method = method_of(primitive, operate)
            put(f"__{primitive.operator}__", _without_modulus(method) if primitive.operator == "pow" else method)
            if primitive.arity == 2:
                put(f"__r{primitive.operator}__", reflected_of(primitive, operate))

    on_every_primitive(put_on)


def _without_modulus(power: Callable[..., Any]) -> Callable[..., Any]:
    """`**` as Python calls it, which has a third operand in pow(x, y, z)."""

    def method(self: Operators, other: Any, modulus: Any = None) -> Any:
        return power(self, other) if modulus is None else self._refuse("pow of three numbers", "write pow(x, y)")

    return method
