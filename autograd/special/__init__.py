"""More primitives of the table: whole parts and remainders, inverse hyperbolic functions, error, gamma and Bessel functions.

They are stated as those of `autograd.primitives` are, and in terms of these. Loops have a fixed number of turns, so that
`evaluate` can be compiled. Names are NumPy's and SciPy's.
"""

from typing import TYPE_CHECKING

from autograd import primitives
from autograd.definition import Primitive
from autograd.special import bessel, betas, elementary, gammas, incomplete, incomplete_beta, normal, shared
from autograd.special.bessel import *  # noqa: F403 - every primitive, the internal ones too
from autograd.special.betas import *  # noqa: F403 - likewise
from autograd.special.elementary import *  # noqa: F403 - likewise
from autograd.special.gammas import *  # noqa: F403 - likewise
from autograd.special.incomplete import *  # noqa: F403 - likewise
from autograd.special.incomplete_beta import *  # noqa: F403 - likewise
from autograd.special.normal import *  # noqa: F403 - likewise
from autograd.table import TABLE, close_built_in

close_built_in(*map(vars, (primitives, shared, elementary, normal, gammas, betas, incomplete, incomplete_beta, bessel)))

ALIASES = {name: thing.name for name, thing in globals().items() if isinstance(thing, Primitive) and name != thing.name}
"""Other names of primitives, such as NumPy's `rint` and SciPy's `gammaln`."""

if not TYPE_CHECKING:  # a type checker sees the primitives themselves
    __all__ = [*ALIASES, *[name for name, known in TABLE.items() if not known.internal and not hasattr(primitives, name)]]  # noqa: PLE0604 - these are strings
