"""chainrule's engine: scalars that remember how they were computed, and their derivatives.

Values and primitives are what every program needs; the other modules are imported when one of their names is first asked for.
`__init__.pyi` says the same to type checkers: `python -m tests.make_stubs` makes it.
"""

from autograd.definition import Interval as Interval
from autograd.definition import Primitive as Primitive
from autograd.functions import *  # noqa: F403 - what is composed of primitives
from autograd.graph import topological_order as topological_order
from autograd.modes import AnomalyError as AnomalyError
from autograd.modes import detect_anomaly as detect_anomaly
from autograd.modes import no_grad as no_grad
from autograd.names import Attached as _Attached
from autograd.names import later as _later
from autograd.names import public as _public
from autograd.number import GradientLostWarning as GradientLostWarning
from autograd.primitives import *  # noqa: F403 - every primitive but the internal ones
from autograd.program import Program as _Program
from autograd.special import *  # noqa: F403 - likewise
from autograd.table import primitive as primitive
from autograd.value import Value as Value

_ROOMS = {
    "autograd.adjoints": "gradients",
    "autograd.compiler.jit": "jit",
    "autograd.compiler.trace.symbol": "TraceError",
    "autograd.control": "cond fori_loop length scan switch take vmap while_loop",
    "autograd.custom": "custom_jvp custom_vjp",
    "autograd.equations": "implicit",
    "autograd.linear_algebra": "SolveError linear_solve",
    "autograd.odes.bridge": "solve_ivp",
    "autograd.odes.problem": "odeint",
    "autograd.optimize": "constraint objective residuals",
    "autograd.ordering": "argmax argmin argsort cumsum sort",
    "autograd.pictures.draw": "draw",
    "autograd.pictures.latex": "latex",
    "autograd.pictures.page.html": "page",
    "autograd.pictures.page.recording": "Recording record",
    "autograd.pictures.renderer": "RendererNotFoundError",
    "autograd.pictures.save": "save",
    "autograd.pictures.tree": "tree",
    "autograd.solvers": "fixed_point minimize root",
    "autograd.structures": "grads register_structure values",
    "autograd.transforms": "derivative elementwise_grad grad hessian hvp jacfwd jacobian jacrev jvp sparsity"
    " value_and_grad vjp",
    "autograd.trees": "ravel tree_leaves tree_map",
}
"""Where the names are that are imported when first asked for."""

__getattr__, __dir__ = _later(globals(), _ROOMS)
__all__ = _public(globals(), _ROOMS)  # noqa: PLE0605 - a list of strings

_Attached(Value, "backward_as_graph", "autograd.adjoints")
_Attached(Value, "draw", "autograd.pictures.draw")
_Attached(Value, "_repr_svg_", "autograd.pictures.notebook")
_Attached(_Program, "draw", "autograd.pictures.program")
_Attached(Primitive, "in_javascript", "autograd.compiler.javascript")
