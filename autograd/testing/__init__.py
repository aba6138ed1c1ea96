"""The testing toolkit: checks derivatives, also of your own functions, against references that know none."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from autograd.names import public as _public
from autograd.testing.battery import check_primitive as check_primitive
from autograd.testing.battery import primitive_tests as primitive_tests
from autograd.testing.derivatives import GradcheckError as GradcheckError
from autograd.testing.derivatives import Report as Report
from autograd.testing.derivatives import gradcheck as gradcheck
from autograd.testing.expression import Expression as Expression
from autograd.testing.strategies import expressions as expressions
from autograd.testing.strategies import points as points
from autograd.testing.strategies import values as values

if not _TYPE_CHECKING:  # a type checker sees the names themselves
    __all__ = _public(globals())  # noqa: PLE0605 - a list of strings
