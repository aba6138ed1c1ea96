"""The compiler: functions on Values as machine code."""

from autograd.compiler.loops import several as _several  # noqa: F401 - it attaches Symbol._apply_form
