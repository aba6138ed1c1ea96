"""The backends there are, and functions that count how often they are traced."""

from importlib.util import find_spec

import pytest

LLVM = find_spec("llvmlite") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where llvmlite is missing, "auto" means Python after a warning, which is no error then."""
    if not LLVM:
        for item in items:
            item.add_marker(pytest.mark.filterwarnings("ignore:llvmlite is not installed"))


@pytest.fixture(params=["python", "llvm"], scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend in turn."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite", reason="needs the jit extra")
    return str(request.param)
