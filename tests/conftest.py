"""Hypothesis profiles: dev (the default), ci (derandomised, prints the blob), thorough."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from autograd.table import TABLE

_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
settings.register_profile("dev", settings.get_profile("default"), max_examples=50, **_common)
settings.register_profile("ci", settings.get_profile("ci"), max_examples=60, derandomize=True, print_blob=True, **_common)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2_000, **_common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(autouse=True)
def _own_rows_are_forgotten() -> Iterator[None]:
    """Rows that a test adds to the table are gone after it."""
    before = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(before)
