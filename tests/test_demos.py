"""Demos run from the command line's entry, print their figures and write their pictures where they say."""

import math
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from autograd import grad, hessian, value_and_grad
from demos import iris, newton, options, pendulum, pictures, quickstart


def test_quickstart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The published numbers, and an SVG."""
    quickstart.main(["--out", str(tmp_path / "new")])
    printed = capsys.readouterr().out
    for line in ("= 0.462117", "dy/dx = -0.393224", "dy/dw = +1.572895", "dy/db = +0.786448"):
        assert line in printed
    assert "<svg" in (tmp_path / "new" / "quickstart.svg").read_text(encoding="utf-8")


def test_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that docs/pictures.md shows, and no others, each in the repository as it is drawn now."""
    pictures.main(["--out", str(tmp_path)])
    assert "y: + = 1.36485" in capsys.readouterr().out
    docs = Path(__file__).parents[1] / "docs"
    shown = re.findall(r"\(pictures/(\w+)\.svg\)", (docs / "pictures.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(pictures.PICTURES)
    assert {path.stem for path in (docs / "pictures").iterdir()} == {path.stem for path in tmp_path.iterdir()} == set(shown)
    for name in shown:
        kept, made = ((folder / f"{name}.svg").read_text(encoding="utf-8") for folder in (docs / "pictures", tmp_path))
        found, wanted = (sorted(re.findall(r"<text[^>]*>([^<]*)", text)) for text in (made, kept))
        assert [text.replace("&#160;", " ") for text in found] == [text.replace("&#160;", " ") for text in wanted], name


def test_iris(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Held-out accuracy of at least 0.9, both pictures, and the same result for the same seed."""
    pytest.importorskip("sklearn", reason="needs the demos extra")
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    iris.main(["--out", str(tmp_path)])
    printed = capsys.readouterr().out
    accuracy = float(next(line for line in printed.splitlines() if line.startswith("held-out")).split()[-1])
    assert accuracy >= 0.9
    assert "<svg" in (tmp_path / "iris_graph.svg").read_text(encoding="utf-8")
    assert (tmp_path / "iris_loss.png").read_bytes().startswith(b"\x89PNG")
    first, again = iris.train(seed=1, epochs=2), iris.train(seed=1, epochs=2)
    assert first.history.loss == again.history.loss
    assert [p.data for p in first.model.parameters()] == [p.data for p in again.model.parameters()]


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said before any work."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="cannot make the folder"):
        quickstart.main(["--out", str(tmp_path / "file")])
    assert not capsys.readouterr().out


@pytest.mark.parametrize("option", ["--epochs=0", "--seed=-1", "--seed=5000000000", "--seed=x"])
def test_bad_options_of_iris(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused before anything is made."""
    with pytest.raises(SystemExit):
        iris.main([option, "--out", str(tmp_path / "new")])
    assert option.split("=", maxsplit=1)[0] in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_without_a_renderer_the_demo_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(SystemExit, match="pip install graphviz-pure"):
        quickstart.main(["--out", str(tmp_path)])


def test_newton(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """About 20 steps to the minimum, the last ones quadratic; gradient descent is far from it after 5,000; a picture."""
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    newton.main(["--out", str(tmp_path)])
    by_newton, descent = capsys.readouterr().out.split("gradient descent\n")
    rows = [
        [float(word) for word in line.split()] for line in by_newton.splitlines() if line.startswith("   ") and "f" not in line
    ]
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert 15 <= rows[-1][0] <= 25
    assert rows[0][2:] == [24.0, 230.0, 2.2]  # f(-1.2, 1) = 24.2, to two figures
    assert rows[-1][3] < 1e-10
    assert all(after[4] <= 20.0 * before[4] ** 2 for before, after in pairwise(rows[-5:]))
    assert "0.13 from the minimum after 5,000 steps" in descent
    assert (tmp_path / "newton.png").read_bytes().startswith(b"\x89PNG")


def test_the_derivatives_of_newton() -> None:
    """Gradient and Hessian are those of the formula, and the valley is as steep as the docstring says."""
    x, y = -1.2, 1.0
    assert newton.rosenbrock([x, y]) == pytest.approx(24.2)
    _, gradient = value_and_grad(newton.rosenbrock)([x, y])
    assert gradient == pytest.approx([-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)])
    (a, b), (c, d) = hessian(newton.rosenbrock)([x, y])
    assert [a, b, c, d] == pytest.approx([1200.0 * x * x - 400.0 * y + 2.0, -400.0 * x, -400.0 * x, 200.0])
    (a, b), (_, d) = hessian(newton.rosenbrock)(newton.MINIMUM)
    half, root = (a + d) / 2.0, math.hypot((a - d) / 2.0, b)  # the curvatures are half +- root
    assert round((half + root) / (half - root)) == 2508


@pytest.mark.parametrize("point", [[0.0, 0.005], [0.0, 0.0051]], ids=["singular Hessian", "Newton's direction leads up"])
def test_newton_falls_back_to_steepest_descent(point: list[float]) -> None:
    """Where the Hessian gives no way down; and from there the search still finds the minimum."""
    _, gradient = value_and_grad(newton.rosenbrock)(point)
    assert newton.newton(point, gradient) == [-g for g in gradient]
    path = newton.search(newton.newton, point, rate=1.0, steps=100)
    assert path[-1].point == pytest.approx(newton.MINIMUM, abs=1e-9)


def test_newtons_direction_solves_its_equation() -> None:
    """H d = -g, at the start."""
    point = [-1.2, 1.0]
    _, gradient = value_and_grad(newton.rosenbrock)(point)
    direction = newton.newton(point, gradient)
    product = [row[0] * direction[0] + row[1] * direction[1] for row in hessian(newton.rosenbrock)(point)]
    assert product == pytest.approx([-g for g in gradient])


@pytest.mark.parametrize("choose", [newton.steepest, newton.newton], ids=["gradient descent", "Newton's method"])
@pytest.mark.parametrize("start", [[-10.0, 10.0], [10.0, -10.0], [3.0, 3.0], [0.0, 0.0]], ids=str)
def test_each_step_of_a_search_leads_down(choose: Callable[..., list[float]], start: list[float]) -> None:
    """From far starts too, where the full rate overshoots."""
    path = newton.search(choose, start, rate=1.0, steps=60)
    assert all(after.f < before.f for before, after in pairwise(path))
    assert len(path) <= 61


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--start nan 1", "--start must be two numbers between -10 and 10, not nan 1.0"),
        ("--start 0 inf", "--start must be two numbers between -10 and 10, not 0.0 inf"),
        ("--start 1 1", "--start must be at least 0.001 away from the minimum"),
        ("--start 1", "--start: expected 2 arguments"),
        ("--steps 0", "--steps must be at least 1, not 0"),
        ("--steps -5", "--steps must be at least 1, not -5"),
        ("--steps x", "--steps: invalid int value"),
    ],
)
def test_bad_options_of_newton(arguments: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused in one line, before anything is made."""
    with pytest.raises(SystemExit):
        newton.main([*arguments.split(), "--out", str(tmp_path / "new")])
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("arguments", ["--start 1 1.002", "--start 1 3", "--start -10 10 --steps 5", "--steps 1"])
def test_newton_from_elsewhere(arguments: str, tmp_path: Path) -> None:
    """What the demo asserts holds there too, and the picture is drawn without a warning."""
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    newton.main([*arguments.split(), "--out", str(tmp_path)])
    assert (tmp_path / "newton.png").exists()


def _table(printed: str, first: str) -> dict[str, list[float]]:
    """The rows of the first table whose head begins with a word, by their first words."""
    _, _, below = printed.partition(f"{first} ")
    rows = [line.split() for line in below.partition("\n\n")[0].splitlines()[1:]]
    return {row[0]: [float(word) for word in row[1:]] for row in rows if len(row) > 3}


def test_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a small tree: the published prices to two cents, Greeks beside the formula's, the boundary, and a picture."""
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    options.main(["--steps", "30", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    prices = [
        list(map(float, line.split())) for line in printed.splitlines() if line.startswith("    ") and line[4:6].isdigit()
    ]
    assert {(row[0], row[1], row[2]): row[3] for row in prices} == options.PUBLISHED
    assert all(abs(row[5] - row[3]) < 0.021 and row[4] <= row[5] for row in prices)
    greeks = _table(printed, "American")
    assert list(greeks) == ["price", "delta", "strike", "rho", "vega", "-theta", "gamma"]
    assert greeks["price"] == pytest.approx([4.4867, 3.8443, 3.8443, 0.0], abs=5e-3)
    assert greeks["delta"] == pytest.approx([-0.6968, -0.5505, -0.5505, 0.0], abs=2e-2)
    assert greeks["gamma"] == pytest.approx([0.0867, 0.05496, 0.05496, 0.0], abs=1e-2)
    boundary = float(printed.partition("up to a spot of ")[2].split()[0])
    assert 32.5 < boundary < 34.5
    assert (tmp_path / "options.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("spot", [30.0, 36.0, 44.0])
@pytest.mark.parametrize("volatility", [0.2, 0.4])
def test_a_tree_without_exercise_is_the_formula(spot: float, volatility: float) -> None:
    """Price and Greeks of Black and Scholes: exactly on one step, and to a thousandth on 200; and gamma by grad of grad."""
    contract = options.Contract(spot, 40.0, 0.06, volatility, 1.5)
    price, greeks, gamma = options.closed_form(contract)
    assert options.black_scholes(*contract) == pytest.approx(price, rel=1e-13)
    for steps, tolerance in ((1, 1e-12), (200, 2e-3)):

        def european(*arguments: float, steps: int = steps) -> float:
            return options.put(*arguments, steps=steps, exercise_every=0)

        assert european(*contract) == pytest.approx(price, rel=tolerance)
        value, gradient = value_and_grad(european, argnums=options.ALL)(*contract)
        assert value == european(*contract)
        assert gradient == pytest.approx(greeks, rel=tolerance, abs=10.0 * tolerance)
        if steps == 1:
            assert grad(grad(european))(*contract) == pytest.approx(gamma, rel=1e-12)


def test_an_american_put_is_worth_at_least_what_others_are() -> None:
    """More than a European one or one with fewer days to exercise; and deep in the money it is best exercised at once."""
    contract = options.Contract(36.0, 40.0, 0.06, 0.2, 1.0)
    prices = [options.put(*contract, steps=100, exercise_every=every) for every in (0, 50, 10, 2, 1)]
    assert prices == sorted(prices)
    assert len(set(prices)) == 5
    assert options.put(30.0, 40.0, 0.06, 0.2, 1.0, steps=100) == 10.0
    assert grad(lambda spot: options.put(spot, 40.0, 0.06, 0.2, 1.0, steps=100))(30.0) == -1.0


@pytest.mark.parametrize("steps", ["0", "-100", "19", "x"])
def test_bad_options_of_options(steps: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused in one line, before anything is made."""
    with pytest.raises(SystemExit):
        options.main([f"--steps={steps}", "--out", str(tmp_path / "new")])
    assert "--steps" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("seed", [0, 1])
def test_pendulum(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The four parameters within the tolerance, the misfit that of the noise, and a picture."""
    pytest.importorskip("matplotlib", reason="needs the demos extra")
    pytest.importorskip("scipy", reason="needs the demos extra")
    pendulum.main(["--seed", str(seed), "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    found = _table(printed, "guess")
    assert list(found) == ["stiffness", "damping", "angle", "speed"]
    for name, tolerance in zip(found, (0.12, 0.0125, 0.08, 0.35), strict=True):
        true = getattr(pendulum.TRUTH, name)
        assert found[name][:1] + found[name][2:3] == [getattr(pendulum.GUESS, name), true]
        assert abs(found[name][1] - true) < tolerance
    misfit = float(printed.partition("at a misfit of ")[2].split()[0])
    assert misfit == pytest.approx(pendulum.NOISE**2, rel=0.2)
    assert (tmp_path / "pendulum.png").read_bytes().startswith(b"\x89PNG")


def test_the_swing_of_a_pendulum() -> None:
    """Small ones are the damped cosine; without damping the energy stays; and the gradient is a difference quotient's."""
    times = [pendulum.STEP * (i + 1) for i in range(200)]
    rate = math.sqrt(9.0 - 0.25)
    small = pendulum.swing(pendulum.Pendulum(9.0, 1.0, 1e-4, -0.5e-4), 200)
    assert small == pytest.approx([1e-4 * math.exp(-0.5 * t) * math.cos(rate * t) for t in times], abs=1e-10)

    wide = pendulum.Pendulum(9.0, 0.0, 2.5, 0.0)
    assert min(pendulum.swing(wide, 200)) == pytest.approx(-2.5, abs=2e-3)

    measured, weights = pendulum.measure(100, 3), [1.0] * 60 + [0.0] * 40
    _, gradient = value_and_grad(pendulum.misfit)(list(pendulum.GUESS), measured, weights)
    for i, slope in enumerate(gradient):
        there, back = ([p + h * (i == j) for j, p in enumerate(pendulum.GUESS)] for h in (1e-6, -1e-6))
        quotient = (pendulum.misfit(there, measured, weights) - pendulum.misfit(back, measured, weights)) / 2e-6
        assert slope == pytest.approx(quotient, rel=1e-6)
    assert pendulum.misfit(list(pendulum.TRUTH), pendulum.swing(pendulum.TRUTH, 100), weights) == 0.0


@pytest.mark.parametrize("option", ["--steps=99", "--steps=x", "--seed=x"])
def test_bad_options_of_pendulum(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused in one line, before anything is made."""
    with pytest.raises(SystemExit):
        pendulum.main([option, "--out", str(tmp_path / "new")])
    assert option.split("=", maxsplit=1)[0] in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "new").exists()
