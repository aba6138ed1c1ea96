"""How a demo is run."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a demo as its command line does, sees that its picture is there, and gives what it printed."""
    pytest.importorskip("sklearn", reason="needs the demos extra")
    pytest.importorskip("matplotlib", reason="needs the demos extra")

    def run(demo: ModuleType, *arguments: str) -> str:
        demo.main([*arguments, "--out", str(tmp_path)])
        picture = tmp_path / f"{demo.__name__.removeprefix('demos.')}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
        return capsys.readouterr().out

    return run
