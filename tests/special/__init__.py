"""Tests of special functions; and which of these are integrals, whose references and complex steps take a tenth of a second."""

from autograd.special import incomplete, incomplete_beta
from autograd.table import TABLE

INTEGRALS = {
    name for name, known in TABLE.items() if known.formula.__module__ in (incomplete.__name__, incomplete_beta.__name__)
}
