"""The benchmark of whole trainings: its networks, its references and its verdicts, without any peer from outside."""

import math
import shutil
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

pytest.importorskip("numpy", reason="needs the jit extra")
pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

import autograd
import nn
from benchmarks import chart, compiling, contenders, large_gpt, lists, scalar_gpt, solve, sparse, trainers, training
from benchmarks.contenders import JAX_SCAN, JAX_STEP, MICROGRAD, OURS, TORCH
from benchmarks.gradbench import cell, descent, gmm, kmeans, particle, saddle, suite
from benchmarks.gradbench.problem import EAGER, Problem, distance
from benchmarks.gradbench.problem import OURS as CHAINRULE
from benchmarks.peers import c_library
from benchmarks.works import Dense, Training


def test_the_gpt_trains_alike_on_either_class() -> None:
    """The class of forty lines and Value give the same losses, step after step."""
    plain, ours = scalar_gpt.Gpt(scalar_gpt.Plain), scalar_gpt.Gpt(autograd.Value)
    for document in ([0, 5, 13], [0, 1, 0]):
        assert ours.step(document) == pytest.approx(plain.step(document), rel=1e-12)
    assert [p.data for p in ours.parameters] == pytest.approx([p.data for p in plain.parameters], rel=1e-9, abs=1e-12)


HIDDEN = [Dense(3, 5, "relu"), Dense(5, 4, "tanh", bias=False)]


def _perceptron(last: Dense) -> nn.Module:
    layers = [nn.Linear(nin, nout, bias, activation=name or None, rng=nin) for nin, nout, name, bias in (*HIDDEN, last)]
    return nn.Sequential(*layers, *([lambda outputs: outputs[0]] if last.nout == 1 else []))


def _convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1, rng=0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32, 3, rng=1)
    )


def _work(loss: str, optimizer: str, *, kernels: int = 0) -> Training:
    """A small training: 11 samples in batches of 4, three epochs of different rates."""
    rng = np.random.default_rng(0)
    last = Dense(4, 3, "") if loss == "classes" else Dense(4, 1, "sigmoid" if loss == "binary" else "")
    layers = [Dense(32, 3, "")] if kernels else [*HIDDEN, last]
    build = _convolutional if kernels else partial(_perceptron, last)
    inputs = rng.standard_normal((11, 1, 8, 8) if kernels else (11, 3))
    targets = rng.integers(0, 3 if loss == "classes" else 2, 11)
    if loss != "classes":
        targets = (2 * targets - 1 if loss == "hinge" else targets).astype(float)
    return Training("small", "", build, layers, loss, optimizer, [0.05, 0.1, 0.02], 4, inputs, targets, kernels)


WORKS = {
    "hinge": _work("hinge", "SGD"),
    "absolute": _work("absolute", "SGD"),
    "binary": _work("binary", "Adam"),
    "classes": _work("classes", "Adam"),
    "convolution": _work("classes", "Adam", kernels=2),
}
each_work = pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)


def _by_hand(work: Training) -> Any:
    """The last parameters by central differences of the NumPy loss and PyTorch's formulas of SGD and Adam."""
    p, first, second, count = work.parameters.copy(), 0.0, 0.0, 0
    for rate in work.rates:
        for batch in work.batches():
            part = replace(work, inputs=work.inputs[batch], targets=work.targets[batch])
            steps = 1e-6 * np.eye(len(p))
            gradient = np.array([part.mean_loss(p + step) - part.mean_loss(p - step) for step in steps]) / 2e-6
            count += 1
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            adam = first / (1 - 0.9**count) / (np.sqrt(second / (1 - 0.999**count)) + 1e-8)
            p = p - rate * (adam if work.optimizer == "Adam" else gradient)
    return p


@each_work
def test_the_reference_loss_is_that_of_the_model(work: Training) -> None:
    """NumPy's loss of all samples, by which peers are compared, is the loss that the model has."""
    model = work.model()
    loss = trainers.LOSSES[work.loss]([model(x) for x in work.inputs.tolist()], work.targets.tolist()).item()
    penalty = work.penalty * sum(p.data**2 for p in model.parameters())
    assert math.isclose(loss + penalty, work.mean_loss(work.parameters), rel_tol=1e-12)


@each_work
def test_cut_and_joined_are_inverse(work: Training) -> None:
    """Parameters taken apart into matrices come together in the order of the model's."""
    numbers = np.arange(float(len(work.parameters)))
    assert work.joined(*work.cut(numbers)).tolist() == numbers.tolist()


@each_work
def test_fit_trains_as_by_hand(work: Training) -> None:
    """The adapter of `fit` passes on rates, batches and their order: its parameters are those of a training in NumPy."""
    np.testing.assert_allclose(trainers.ours(work, "compiled")(), _by_hand(work), rtol=0, atol=1e-5)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@each_work
def test_c_trains_as_fit(work: Training) -> None:
    """The C reference ends at the parameters of `fit`, for every loss and optimizer that it has, twice in a row."""
    train = trainers.c(work)
    for found in (train(), train()):
        np.testing.assert_allclose(found, trainers.ours(work, "compiled")(), rtol=0, atol=1e-9)


def test_parts_of_a_training_scale() -> None:
    """A part of a training has its first epochs and rows, and the factor by which all of it takes longer."""
    contender = next(contender for contender in contenders.CONTENDERS if contender.name == MICROGRAD)
    work = replace(WORKS["hinge"], name="moons", rates=[0.1] * 100, batch=11)
    part, scale = contender._replace(parts={"moons": (2, 5)}).part(work, slow=False)
    assert (part.epochs, len(part.inputs), part.batch, scale) == (2, 5, 5, 110.0)
    assert contender.part(work, slow=True) == (work, 1.0)


def test_watches_count_and_are_put_back() -> None:
    """The seconds of compiling and of machine code are parts of the training's, and in the end all is as before."""
    from autograd.compiler import pipeline
    from autograd.compiler.descent import Descent

    train = trainers.ours(WORKS["absolute"], "compiled")
    before = pipeline.executable_of, Descent.run
    compiler, machine = contenders.compiling(), contenders.running()
    start = time.process_time()
    with compiler.watching(), machine.watching():
        train()
    whole = time.process_time() - start
    assert compiler.seconds > 0.0
    assert machine.seconds > 0.0
    assert compiler.seconds + machine.seconds < whole
    assert (pipeline.executable_of, Descent.run) == before


def _measured(**again: float) -> training.Measured:
    """Trainings of one second by ours, and of these seconds by JAX and PyTorch."""
    names = {"torch": TORCH, "step": JAX_STEP, "scan": JAX_SCAN}
    peers = {OURS: {"again": 2.0, "compiling": 0.5, "running": 0.4}} | {
        names[key]: {"again": found} for key, found in again.items()
    }
    first = {OURS: {"seconds": 1.0, "memory": 10.0}, TORCH: {"seconds": 4.0, "memory": 9.0}}
    return training.Measured({"tabular": peers}, {}, {"tabular": first, "digits": first}, {"small call": 9e-6}, [])


def test_verdicts() -> None:
    """A goal is reached from its bound on; ours counts without what it compiles again; what is missing has no verdict."""
    rows = list(training.reached(_measured(torch=20.0, step=2.9, scan=1.0)))
    verdicts = [(found, verdict) for _, _, found, verdict in rows]
    assert verdicts[:3] == [("20.00 x", "reached"), ("2.90 x", "**not reached**"), ("1.00 x", "reached")]
    assert verdicts[3] == ("-", "not measured")
    assert ("4.00 x", "reached") in verdicts  # fresh, tabular
    assert ("25%", "**not reached**") in verdicts  # 0.1 by 0.4
    assert ("9 µs", "**not reached**") in verdicts  # at most
    assert verdicts[-1] == ("0.90 x", "**not reached**")  # memory


def test_the_chart_is_logarithmic() -> None:
    """A tenth of the time is a bar shorter by one step of the grid; names are text, whatever is in them."""
    bars = [chart.Bar("a & b", 10.0, ours=False), chart.Bar("ours", 1.0, ours=True), chart.Bar("c", 0.1, ours=False)]
    root = ET.fromstring(chart.svg([chart.Panel("<work>", "about", bars, unit=10.0)]))
    space = "{http://www.w3.org/2000/svg}"
    widths = [float(box.get("width", "")) for box in root.iter(f"{space}rect")]
    grid = [float(line.get("d", "M").split()[0][1:]) for line in root.iter(f"{space}path")]
    assert widths[0] - widths[1] == pytest.approx(grid[1] - grid[0], abs=0.2)
    assert widths[1] - widths[2] == pytest.approx(grid[1] - grid[0], abs=0.2)
    texts = {text.text for text in root.iter(f"{space}text")}
    assert {"<work>", "a & b", "1 s, 1 / 10"} <= texts


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_c_library_leaves_arithmetic_as_it_is() -> None:
    """Code made with -ffast-math has the process keep subnormal numbers: what is measured beside it is exact."""
    smallest = float.fromhex("0x1p-1022")
    c_library("moons.c", "-ffast-math")
    assert smallest / 2.0 > 0.0


SMALL = {
    "hello": 3.0,
    "llsq": 5,
    "lse": 6,
    "ode": (6, 3),
    "det": 4,
    "kmeans": (3, 20, 2),
    "gmm": (3, 2),
    "lstm": (2, 3),
    "ba": (2, 3, 4),
    "ht": 3,
}
FORMS = [(name, peer) for name in SMALL for peer in suite.PROBLEMS[name].peers if peer in (CHAINRULE, EAGER, "C")]


@pytest.mark.parametrize(("name", "peer"), FORMS, ids=[f"{name}-{peer}" for name, peer in FORMS])
def test_gradbench_agrees_with_its_reference(name: str, peer: str) -> None:
    """Each of our forms of a problem, and C's, has the reference's value, and its slope along every axis."""
    if peer == "C" and shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    problem = suite.PROBLEMS[name]
    inputs = problem.inputs(SMALL[name])
    way = problem.peers[peer].build(inputs)
    assert way.value is not None
    assert problem.error_of_value(inputs, way.value()) < 1e-12
    assert problem.error_of_gradient(inputs, way.gradient(), np.eye(len(problem.point(inputs)))) < 1e-12


def test_the_gaussians_in_a_loop() -> None:
    """They have the same value and gradient, to the bit."""
    inputs = gmm.inputs((3, 2))
    ways = [gmm.ours(inputs, loops=loops) for loops in (False, True)]
    (value, by_loops), gradients = [way.value() for way in ways if way.value], [way.gradient() for way in ways]
    assert value == by_loops
    for part, by_loop in zip(*gradients, strict=True):
        np.testing.assert_array_equal(part, by_loop)


def test_kmeans_of_any_number() -> None:
    """One program for all has the same gradient, to the bit, and the same value, but for the order of its sum."""
    inputs = kmeans.inputs((3, 20, 2))
    ways = [kmeans.ours(inputs, any_number=any_number) for any_number in (False, True)]
    value, other = [way.value() for way in ways if way.value]
    assert value == pytest.approx(other, rel=1e-14)
    np.testing.assert_array_equal(ways[0].gradient(), ways[1].gradient())


def test_gradbench_notices_one_wrong_derivative() -> None:
    """A random direction tells a gradient that is wrong in one number alone."""
    problem = suite.PROBLEMS["llsq"]
    inputs = problem.inputs(50)
    gradient = np.array(problem.peers[CHAINRULE].build(inputs).gradient())
    assert problem.error_of_gradient(inputs, gradient) < 1e-12
    gradient[3] *= 1.0 + 1e-6
    assert problem.error_of_gradient(inputs, gradient) > 1e-9


@pytest.mark.parametrize("problem", [suite.PROBLEMS["particle"], suite.PROBLEMS["saddle"]], ids=lambda problem: problem.name)
def test_gradbench_descents_end_where_published(problem: Problem) -> None:
    """The references by hand end at the published numbers."""
    assert problem.answer is not None
    published = {"particle": particle.PUBLISHED, "saddle": saddle.PUBLISHED}[problem.name]
    assert distance(problem.answer("ff"), [published]) < 1e-12


@pytest.mark.parametrize("inner", descent.MODES.values(), ids=descent.MODES)
@pytest.mark.parametrize("outer", descent.MODES.values(), ids=descent.MODES)
def test_gradbench_derivatives_nest(outer: Any, inner: Any) -> None:
    """Derivatives of what itself differentiates, in each mode: a simulated miss, and a maximum found by descent."""
    slope = outer(lambda w: particle.miss(inner, w[0]))([0.2])
    assert slope == pytest.approx([particle.by_hand(0.2 + 1e-30j).imag / 1e-30], rel=1e-9)
    start = [1.0, 1.0]
    highest = outer(lambda x: saddle.height(x, descent.argmax(lambda y: saddle.height(x, y), inner, start)))([1.0, 2.0])
    assert highest == pytest.approx([2.0, 4.0])


def test_gradbench_descent_is_that_of_floats() -> None:
    """`argmin` goes the reference's way, step by step: to the same bits."""
    seen: list[list[float]] = [[], []]

    def valley(x: Any, which: int) -> Any:
        seen[which].append(float(x[0]))
        return (x[0] - 0.3) * (x[0] - 0.3)

    found = descent.argmin(lambda x: valley(x, 0), lambda _: lambda x: [2.0 * (x[0] - 0.3)], [0.2])
    assert found == descent.by_floats(lambda x: valley(x, 1), lambda x: [2.0 * (x[0] - 0.3)], [0.2])
    assert seen[0] == seen[1]


def test_gradbench_keeps_what_was_not_measured_again() -> None:
    """A page with new figures for one problem has the others' as they were, in the order of the suite."""
    before = "old\n\n## llsq\n\na\n\n## det\n\nb\n"
    assert suite.joined(before, "new\n\n## lse\n\nc\n\n## det\n\nd") == ("new\n\n## llsq\n\na\n\n## lse\n\nc\n\n## det\n\nd\n")


def test_gradbench_measures_three_sizes() -> None:
    """Without `--every` a problem's smallest, middle and largest size are measured."""
    assert suite.sizes(suite.PROBLEMS["det"], every=False) == ["n=5", "n=8", "n=11"]
    assert suite.sizes(suite.PROBLEMS["hello"], every=False) == ["x=1"]
    assert len(suite.sizes(suite.PROBLEMS["gmm"], every=True)) == 25


def test_gradbench_says_why_without_a_path() -> None:
    """A note has the first sentence of an error, and no place on the machine that measured."""
    lines = [
        "Traceback",
        "autograd.trace.TraceError: /home/me/particle.py:43: miss branches on a number: choose",
        "  hint: see /x",
    ]
    assert suite.reason(lines) == "miss branches on a number"
    assert suite.reason(["ValueError: Reverse-mode does not work. Use scan"]) == "Reverse-mode does not work"
    assert suite.reason(["exit 3"]) == "exit 3"


@pytest.mark.parametrize("name", solve.PROBLEMS)
def test_solve_has_our_gradients(name: str) -> None:
    """What `benchmarks solve` measures of ours is the gradient: by central differences, or in closed form."""
    ours = solve.PROBLEMS[name][0]
    assert ours.name == solve.CHAINRULE
    found = ours.prepared()()
    assert all(map(math.isfinite, found))
    if name.startswith("Kepler"):
        from scipy.optimize import brentq

        e, mean = solve.ORBIT
        anomaly = brentq(lambda x: x - e * math.sin(x) - mean, 0.0, 4.0, xtol=1e-14)
        slope = 1.0 / (1.0 - e * math.cos(anomaly))
        assert found == pytest.approx([math.sin(anomaly) * slope, slope], rel=1e-12)
    if "Lotka" in name:
        from scipy.integrate import solve_ivp

        def loss(p: list[float]) -> float:
            field = lambda t, y: solve.lotka_volterra(y, p)  # noqa: E731
            options = {"t_eval": solve.PREY.times, "rtol": 1e-11, "atol": 1e-11}
            return float((solve_ivp(field, (0.0, 10.0), solve.PREY.start, "DOP853", **options).y ** 2).sum())

        h = 1e-5
        at = solve.PREY.p
        moved = [[loss([x + s * h * (i == j) for i, x in enumerate(at)]) for s in (1.0, -1.0)] for j in range(len(at))]
        assert found == pytest.approx([(up - down) / (2.0 * h) for up, down in moved], rel=1e-4)


def test_solve_times_only_what_agrees() -> None:
    """First results and calls apart; a peer that is not installed is left out, one that finds something else refused."""
    mine = solve.Contender("one", "math", lambda: lambda: [1.0, 2.0])
    missing = solve.Contender("missing", "no_such_package", lambda: lambda: [1.0, 2.0])
    (timed,) = solve.measured([mine, missing], rounds=2)
    assert timed.name == "one"
    assert timed.call < 1e-3
    other = solve.Contender("other", "math", lambda: lambda: [1.0, 2.1])
    with pytest.raises(AssertionError, match="other found"):
        solve.measured([mine, other], rounds=1)


@pytest.mark.parametrize("case", [sparse.rosenbrock(7), sparse.bundle((2, 4, 8)), sparse.hand(1)], ids=lambda case: case.name)
def test_sparse_derivatives_that_are_timed(case: sparse.Case) -> None:
    """They are the dense ones, by as many sweeps as a row or column has colours; at the second call none is made."""
    pytest.importorskip("scipy", reason="needs the extra sklearn or demos")
    prepared = sparse.here(case)
    found = prepared.call()
    if case.hessian:
        wanted = autograd.hessian(lambda x: autograd.sum_(case.function(x, autograd)))(case.at)
    else:
        wanted = np.array(autograd.jacobian(lambda x: case.function(x, autograd))(case.at))
    np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-10, atol=1e-12)
    prepared.call()
    assert prepared.sweeps() == {"R": 4, "b": 8, "h": 3}[case.name[0]]


def test_the_gpt_by_lists_and_by_loops() -> None:
    """The same loss and gradient, of documents of two lengths by one program."""
    rng = np.random.default_rng(0)
    p = rng.normal(0.0, 0.08, lists.PARAMETERS)
    by_loops = autograd.jit(autograd.value_and_grad(lists.gpt_by_loops), dynamic_argnums=1)
    for length in (2, 3):
        document = tuple(np.eye(lists.VOCABULARY)[rng.integers(0, lists.VOCABULARY, length)] for _ in range(2))
        loss, gradient = autograd.value_and_grad(lists.gpt_by_lists)(p, document)
        found, slopes = by_loops(p, document)
        assert math.isclose(found, loss, rel_tol=1e-12)
        np.testing.assert_allclose(slopes, gradient, rtol=0, atol=1e-12)
    assert len(by_loops._calls.traces) == 1


def test_what_a_second_call_does_once_is_no_part_of_a_call() -> None:
    """It makes machine code of what answered at once."""
    calls = []

    def run() -> None:
        calls.append(1)
        end = time.process_time() + 1.2 * cell.SPENT * (len(calls) == 1)
        while time.process_time() < end:
            pass

    assert cell.median(run, 3) < 0.1 * cell.SPENT


@pytest.mark.parametrize("name", [compiling.SMALL, compiling.FRESH, "pendulum, 500 steps, by fori_loop"])
def test_a_cell_of_first_results(name: str) -> None:
    """It has both figures."""
    found = compiling.measure(name, 1)
    assert found["first"] > 0.0
    assert found["call"] > 0.0


def test_the_table_of_first_results_is_a_part_of_its_page() -> None:
    """Measured alone, it takes the place of the one there was, and nothing else changes."""
    for before in ("jit\n\ntable\n", "jit\n\ntable\n\n## compile\n\nold\n"):
        assert compiling.joined(before, "## compile\n\nnew") == "jit\n\ntable\n\n## compile\n\nnew"


SMALL_GPT = large_gpt.Size(width=8, heads=2, layers=2, context=6)


def test_the_large_gpt_is_trained_as_it_is_without_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The losses of its epochs are those of a loop over Values, and a step is an epoch's share; PyTorch's agree where it is."""
    pytest.importorskip("names", reason="the names that it learns")
    monkeypatch.setattr(large_gpt, "DOCUMENTS", 5)
    told: list[dict[str, Any]] = []
    large_gpt.ours(SMALL_GPT, lambda found: told.append({**found, "losses": [*found["losses"]]}))
    model, (xs, ys) = large_gpt.model(SMALL_GPT), large_gpt.documents(SMALL_GPT)
    adam = nn.Adam(model.parameters(), lr=large_gpt.RATE, betas=large_gpt.BETAS, eps=large_gpt.EPSILON)
    losses = []
    for x, y in zip(xs, ys, strict=True):
        assert (len(x), x[1:]) == (SMALL_GPT.context, y[:-1])
        losses.append(nn.cross_entropy(model(x), y))
        adam.zero_grad()
        losses[-1].backward()
        adam.step()
    assert [len(found["losses"]) for found in told] == [*range(1, large_gpt.EPOCHS + 1)]
    assert told[0]["losses"] == pytest.approx([sum(loss.data for loss in losses) / len(losses)], rel=1e-12)
    assert told[-1]["first"] > told[-1]["step"] > 0.0
    assert told[-1]["made"] > 0.0
    pytest.importorskip("torch", reason="the peer")
    large_gpt.pytorch(SMALL_GPT, told.append)
    assert told[-1]["losses"] == pytest.approx(told[large_gpt.EPOCHS - 1]["losses"], rel=1e-12)


def test_figures_of_the_first_step_and_of_later_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first epoch has the later steps too; a step is the share of the quickest of the other epochs."""
    clock = iter([10.0, 64.0, 68.0, 71.0])
    monkeypatch.setattr(large_gpt.time, "process_time", lambda: next(clock))
    watch = large_gpt.Watch(4, made=2.0)
    assert watch.after(3.0) == {"made": 2.0, "losses": [3.0]}
    assert watch.after(2.0) == {"made": 2.0, "losses": [3.0, 2.0], "first": 51.0, "step": 1.0}
    assert watch.after(1.0) == {"made": 2.0, "losses": [3.0, 2.0, 1.0], "first": 51.75, "step": 0.75}


def test_a_limit_ends_the_large_gpt() -> None:
    """A process that takes longer is ended."""
    pytest.importorskip("names", reason="needs the demos extra")
    assert large_gpt.measured(large_gpt.OURS, 1.0) == {"late": 1.0}


def test_what_is_known_of_the_large_gpt_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process had printed stands, and its other figures are more than the limit."""
    monkeypatch.setitem(large_gpt.PEERS, "absent", ("no_such_package", large_gpt.pytorch))
    whole = {"losses": [3.5, 2.5], "first": 0.02, "step": 0.01}
    known: dict[str, dict[str, Any]] = {
        large_gpt.OURS: {"late": 30.0, "made": 2.5, "losses": [3.5]}, "PyTorch eager": whole, "absent": {},
    }  # fmt: skip
    monkeypatch.setattr(large_gpt, "measured", lambda peer, limit: known[peer])
    what = "width 64, 4 layers, context 64:"
    assert large_gpt.rows(30.0) == [
        (f"{what} the model made", large_gpt.OURS, "2.5 s", "", ""),
        (f"{what} its first result", large_gpt.OURS, "> 30 s", "", "2 s"),
        (f"{what} its first result", "PyTorch eager", "20 ms", "", ""),
        (f"{what} a step, Adam included", large_gpt.OURS, "> 30 s", "", ""),
        (f"{what} a step, Adam included", "PyTorch eager", "10 ms", "", "2 x"),
        (f"its losses of {large_gpt.DOCUMENTS} steps differ at most by", "PyTorch eager", "0.0e+00", "", "1e-9"),
    ]
    known[large_gpt.OURS] = {"made": 2.5, "losses": [3.5], "first": 40.0, "step": 0.005}
    assert [row[3] for row in large_gpt.rows(30.0)] == ["", "", "0.0005 x", "", "2.00 x", ""]
