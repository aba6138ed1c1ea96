"""chainrule's engine: scalars that remember how they were computed, and their derivatives."""

import typing as _typing

from autograd.adjoints import gradients as gradients
from autograd.compiler import javascript as _javascript  # noqa: F401 - it attaches Primitive.in_javascript
from autograd.compiler.trace.symbol import TraceError as TraceError
from autograd.control import cond as cond
from autograd.control import fori_loop as fori_loop
from autograd.control import length as length
from autograd.control import scan as scan
from autograd.control import switch as switch
from autograd.control import take as take
from autograd.control import vmap as vmap
from autograd.control import while_loop as while_loop
from autograd.custom import custom_jvp as custom_jvp
from autograd.custom import custom_vjp as custom_vjp
from autograd.definition import Interval as Interval
from autograd.definition import Primitive as Primitive
from autograd.equations import implicit as implicit
from autograd.graph import topological_order as topological_order
from autograd.linear_algebra import SolveError as SolveError
from autograd.linear_algebra import linear_solve as linear_solve
from autograd.modes import AnomalyError as AnomalyError
from autograd.modes import detect_anomaly as detect_anomaly
from autograd.modes import no_grad as no_grad
from autograd.names import public as _public
from autograd.number import GradientLostWarning as GradientLostWarning
from autograd.odes.bridge import solve_ivp as solve_ivp
from autograd.odes.problem import odeint as odeint
from autograd.optimize import constraint as constraint
from autograd.optimize import objective as objective
from autograd.optimize import residuals as residuals
from autograd.pictures import program as _program  # noqa: F401 - it attaches Program.draw
from autograd.pictures.draw import draw as draw
from autograd.pictures.latex import latex as latex
from autograd.pictures.page.html import page as page
from autograd.pictures.page.recording import Recording as Recording
from autograd.pictures.page.recording import record as record
from autograd.pictures.renderer import RendererNotFoundError as RendererNotFoundError
from autograd.pictures.save import save as save
from autograd.pictures.tree import tree as tree
from autograd.solvers import fixed_point as fixed_point
from autograd.solvers import minimize as minimize
from autograd.solvers import root as root
from autograd.structures import grads as grads
from autograd.structures import register_structure as register_structure
from autograd.structures import values as values
from autograd.table import primitive as primitive
from autograd.transforms import derivative as derivative
from autograd.transforms import elementwise_grad as elementwise_grad
from autograd.transforms import grad as grad
from autograd.transforms import hessian as hessian
from autograd.transforms import hvp as hvp
from autograd.transforms import jacfwd as jacfwd
from autograd.transforms import jacobian as jacobian
from autograd.transforms import jacrev as jacrev
from autograd.transforms import jvp as jvp
from autograd.transforms import sparsity as sparsity
from autograd.transforms import value_and_grad as value_and_grad
from autograd.transforms import vjp as vjp
from autograd.trees import ravel as ravel
from autograd.trees import tree_leaves as tree_leaves
from autograd.trees import tree_map as tree_map
from autograd.value import Value as Value

if _typing.TYPE_CHECKING:  # a type checker sees their signatures, and all names themselves
    from autograd.typed import *  # noqa: F403
else:
    from autograd.compiler.jit import jit as jit
    from autograd.functions import *  # noqa: F403 - what is composed of primitives
    from autograd.primitives import *  # noqa: F403 - every primitive but the internal ones
    from autograd.special import *  # noqa: F403 - likewise

    __all__ = _public(globals())  # noqa: PLE0605 - a list of strings
