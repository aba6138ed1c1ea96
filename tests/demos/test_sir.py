"""The SIR demo: the fit is SciPy's, and near the published one."""

import math
from pathlib import Path

import pytest

from demos import sir


def test_the_fit_is_scipys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By least_squares on solve_ivp; Murray (Mathematical Biology, section 10.2) has beta = 1.66 and gamma = 0.44, I(0) = 1."""
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    optimize, integrate = pytest.importorskip("scipy.optimize"), pytest.importorskip("scipy.integrate")

    def residuals(p: list[float]) -> list[float]:
        beta, gamma, ill = map(math.exp, p)
        field = lambda t, y: sir.epidemic(y, t, beta, gamma)  # noqa: E731
        start, days = [sir.BOYS - ill, ill, 0.0], range(len(sir.IN_BED))
        found = integrate.solve_ivp(field, (0.0, 13.0), start, t_eval=days, rtol=1e-9, atol=1e-9)
        return [i - sick for i, sick in zip(found.y[1], sir.IN_BED, strict=True)]

    expected = optimize.least_squares(residuals, sir.GUESS, xtol=1e-12, ftol=1e-12).x
    fit = sir.least_squares(sir.residuals, sir.GUESS)
    assert fit.parameters == pytest.approx(expected, abs=1e-4)
    beta, gamma, _ = map(math.exp, fit.parameters)
    assert (beta, gamma) == (pytest.approx(1.66, rel=0.1), pytest.approx(0.44, rel=0.1))
    sir.main(["--out", str(tmp_path)])
    assert f"R0    {beta / gamma:7.4f}" in capsys.readouterr().out
    assert (tmp_path / "sir.png").read_bytes().startswith(b"\x89PNG")
