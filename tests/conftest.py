"""Hypothesis profiles: dev (the default), ci (derandomised, prints the blob), thorough; a browser for the tests of pages."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from autograd import save
from autograd.table import TABLE
from tests.pictures.browser import Open, Reader, chromium

collect_ignore = ["typed_lines.py"]  # half of its lines raise when run; tests/test_typed.py reads it

_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
settings.register_profile("dev", settings.get_profile("default"), max_examples=50, **_common)
settings.register_profile("ci", settings.get_profile("ci"), max_examples=60, derandomize=True, print_blob=True, **_common)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2_000, **_common)
os.environ["CHAINRULE_CACHE"] = "off"  # here and in other processes: what is tested is compiled
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(autouse=True)
def _own_rows_are_forgotten() -> Iterator[None]:
    """Rows that a test adds to the table are gone after it."""
    before = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(before)


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> None:
    """Also in a job that a shell runs in the background, which begins with SIGINT ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A Dask client with two worker processes, each of one thread, which a nanny starts again where they die."""
    distributed = pytest.importorskip("distributed", reason="needs the extra distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as running,
        distributed.Client(running, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests here."""
    with chromium() as running:
        yield running


@pytest.fixture
def read(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a result from disk; in the end it must have asked for nothing and said nothing."""
    readers: list[Reader] = []

    def opened(result: Any, options: Any = None, **context: Any) -> Reader:
        readers.append(Reader(browser, save(result, tmp_path / f"{len(readers)}.html", **(options or {})), **context))
        return readers[-1]

    yield opened
    for reader in readers:
        reader.close()
