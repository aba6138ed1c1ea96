"""What the page for newcomers says is here is here."""

import re
from pathlib import Path

import pytest

import autograd
import autograd.testing
import nn

TEXT = (Path(__file__).parents[2] / "docs" / "site" / "coming-from.md").read_text(encoding="utf-8")
HERE = [line.split(" | ")[1].rstrip(" |") for line in TEXT.splitlines() if " | " in line and not line.startswith("| there")]
CODES = [code for cell in HERE for code in re.findall(r"`([^`]+)`", cell)]
NAMES = sorted({name for code in CODES for name in re.findall(r"^@?([a-z_0-9.]+)\b", code)})
ELSEWHERE = {"x", "v", "from", "nn", "autograd", "state_dict", "detach"}  # methods, modules and statements


@pytest.mark.parametrize("name", [name for name in NAMES if name.split(".")[0] not in ELSEWHERE])
def test_each_name_is_public(name: str) -> None:
    """In autograd or nn."""
    assert hasattr(autograd, name) or hasattr(nn, name), name


def test_there_are_many() -> None:
    """The page was read."""
    assert len(NAMES) > 50
    assert autograd.testing.gradcheck
