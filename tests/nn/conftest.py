"""The backends there are."""

import pytest


@pytest.fixture(params=["python", "llvm"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of them that is here."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite", reason="needs the jit extra")
    return str(request.param)
