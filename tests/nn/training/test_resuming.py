"""`fit` resumed from a checkpoint, in both engines, ends with the bits of a training that never stopped."""

import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nn import MLP, SGD, Callback, Checkpoint, History, Module, fit, load_checkpoint, mse_loss
from tests.nn.training.resumable import EPOCHS, OPTIMIZERS, X, Y, fitted
from tests.nn.training.runs import numbers

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a file, in its own folder."""
    return tmp_path / "run.json"


@pytest.fixture(params=["eager", "compiled"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each of them that is here."""
    if request.param == "compiled":
        pytest.importorskip("llvmlite", reason="needs the jit extra")
    return str(request.param)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_training_ends_with_the_same_bits(optimizer: str, engine: str, path: Path) -> None:
    """Parameters, the optimizer's states, rates, history, best epoch and dropout; its own seed and weights do not count."""
    wanted = fitted(path, engine, optimizer=optimizer)
    for epochs in (1, 3, EPOCHS - 1) if engine == "eager" else (3,):
        fitted(path, engine, optimizer=optimizer, epochs=epochs)
        assert fitted(path, engine, optimizer=optimizer, seed=99, resume=path) == wanted


@pytest.mark.parametrize("options", [{"accumulate": 2, "clip_grad_norm": 0.1}, {"shuffle": False}], ids=str)
def test_with_other_options(options: dict[str, Any], engine: str, path: Path) -> None:
    """Likewise."""
    wanted = fitted(path, engine, **options)
    fitted(path, engine, epochs=3, **options)
    assert fitted(path, engine, seed=99, resume=str(path), **options) == wanted


def test_a_training_of_which_nothing_is_left(engine: str, path: Path) -> None:
    """Comes to its end at once: all epochs are done, or a callback has ended it."""
    wanted = fitted(path, engine)
    assert fitted(path, engine, seed=99, resume=path) == wanted
    ended = fitted(path, engine, patience=2)
    assert load_checkpoint(path, made_model()).ended
    assert fitted(path, engine, seed=99, patience=2, resume=path) == ended


def made_model() -> Module:
    """A model of the kind that is trained here."""
    from tests.nn.training.resumable import made

    return made().model


def test_an_engine_goes_on_for_the_other(path: Path) -> None:
    """With the numbers that they share: up to the order of sums."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    fitted(path, "compiled", epochs=4)
    content = path.read_bytes()
    found = []
    for engine in ("compiled", "eager"):
        path.write_bytes(content)
        text = fitted(path, engine, seed=99, resume=path)
        found.append([float(number) for number in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text)])
    assert found[0] == pytest.approx(found[1], rel=1e-9, abs=1e-9)


def test_an_error_and_an_interrupt(engine: str, path: Path) -> None:
    """In the middle of an epoch: what was done of it is done again."""
    model = MLP(1, [3, 1], rng=0)

    class Stopping(Callback):
        steps = 0

        def __init__(self, error: BaseException | None) -> None:
            self.error = error

        def on_before_optimizer_step(self, model: Module, history: History) -> None:
            self.steps += 1
            if self.steps == 7 and self.error is not None:
                raise self.error

    def run(error: BaseException | None, resume: Any = None, seed: int = 0) -> list[float]:
        model = MLP(1, [3, 1], rng=seed)
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
        fit(
            model, Y, [y[0] for y in Y], loss=mse_loss, optimizer=optimizer, epochs=4, batch_size=5, seed=seed, engine=engine,
            resume=resume, progress=False, callbacks=[Checkpoint(path), Stopping(error)],
        )  # fmt: skip
        return numbers(model)

    wanted = run(None)
    for error in (KeyboardInterrupt(), RuntimeError("of the callback")):
        with suppress(RuntimeError):
            run(error)
        assert load_checkpoint(path, model).epoch == 2
        assert run(None, resume=path, seed=1) == wanted


def begun(path: Path, engine: str) -> "subprocess.Popen[str]":
    """The training in its own process."""
    command = [sys.executable, "-m", "tests.nn.training.resumable", str(path), engine]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_a_training_killed_again_and_again(engine: str, path: Path) -> None:
    """By SIGKILL at any moment; resumed from its last checkpoint, it ends with the same bits."""
    wanted = fitted(path.with_name("whole.json"), engine)
    kills = 0
    for moment in range(3 if engine == "eager" else 1):
        with begun(path, engine) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            before = path.stat().st_mtime_ns if path.exists() else 0
            while process.poll() is None and (path.stat().st_mtime_ns if path.exists() else 0) == before:
                time.sleep(0.001)
            time.sleep(0.004 * moment)
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    assert kills > 0
    assert path.exists()
    with begun(path, engine) as process:
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert out.splitlines() == ["begun", wanted]


def test_what_resume_refuses(engine: str, path: Path) -> None:
    """Before any training: the model stays as it was."""
    fitted(path, engine, epochs=1)
    with pytest.raises(ValueError, match=r"the order of 12 samples, and this training has 11"):
        fitted(path, engine, X=X[:11], resume=path)
    with pytest.raises(ValueError, match="does not fit the optimizer: the state is of Adam, and this is RMSprop"):
        fitted(path, engine, optimizer="RMSprop", resume=path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fitted(path, engine, resume=path.with_name("nowhere.json"))
    model, ys = MLP(2, [1], rng=0), [y[0] for y in Y]
    before = numbers(model)
    with pytest.raises(ValueError, match="it has a scheduler too"):
        fit(
            model, X, ys, loss=mse_loss, optimizer=SGD(model.parameters()), epochs=1, engine=engine, resume=path, progress=False
        )
    model.save(path)
    with pytest.raises(ValueError, match="holds 'state_dict', not 'checkpoint'"):
        fit(
            model, X, ys, loss=mse_loss, optimizer=SGD(model.parameters()), epochs=1, engine=engine, resume=path, progress=False
        )
    assert numbers(model) == before
