"""The demo of hares and lynxes: near the published fit, and a minimum."""

import math
import re
from pathlib import Path

import pytest

from autograd import dot, grad, jit
from demos import lotka_volterra


def test_the_fit_is_the_published_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Carpenter (Predator-Prey Population Dynamics in Stan, 2018): 0.545, 0.028, 0.803, 0.024; 34 and 5.9 thousand in 1900."""
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    lotka_volterra.main(["--out", str(tmp_path)])
    printed = capsys.readouterr().out
    found = {name: float(value) for name, value in re.findall(r"(\w+) +([\d.]+) \+-", printed)}
    published = {"alpha": 0.545, "beta": 0.028, "gamma": 0.803, "delta": 0.024, "hares": 34.0, "lynxes": 5.9}
    assert found == {name: pytest.approx(value, rel=0.05) for name, value in published.items()}
    assert "scatter 0.2" in printed
    assert (tmp_path / "lotka_volterra.png").read_bytes().startswith(b"\x89PNG")
    at = [math.log(found[name]) for name in lotka_volterra.NAMES]

    def squares(p: list[float]) -> float:
        r = lotka_volterra.residuals(p)
        return dot(r, r)

    assert max(map(abs, jit(grad(squares))(at))) < 0.5  # of thousands elsewhere: the printed digits decide
