"""chainrule's engine: scalars that remember how they were computed, and their derivatives."""

from autograd.graph import topological_order as topological_order
from autograd.modes import AnomalyError as AnomalyError
from autograd.modes import detect_anomaly as detect_anomaly
from autograd.modes import no_grad as no_grad
from autograd.picture import RendererNotFoundError as RendererNotFoundError
from autograd.picture import draw as draw
from autograd.picture import save as save
from autograd.primitives import *  # noqa: F403 - every row of the table, and what is composed from them
from autograd.table import Interval as Interval
from autograd.table import Primitive as Primitive
from autograd.table import primitive as primitive
from autograd.value import GradientLostWarning as GradientLostWarning
from autograd.value import Value as Value
