"""The compiler: functions on Values as machine code."""

from autograd.jit.function import jit as jit
from autograd.jit.symbol import Symbol as Symbol
from autograd.jit.symbol import TraceError as TraceError
