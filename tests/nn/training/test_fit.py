"""fit: reproducible, with their schedules and optimizers, and what they refuse before any training."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, no_grad
from nn import (
    MLP,
    SGD,
    BCELoss,
    CrossEntropyLoss,
    Dropout,
    EarlyStopping,
    Linear,
    Module,
    MSELoss,
    Sequential,
    StepLR,
    accuracy,
    cross_entropy,
    fit,
    mse_loss,
)
from tests.nn.training.runs import ENGINES, X, Y, numbers, refused, run, trained


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_bits(engine: str) -> None:
    """Another one does not; and no seed is another order each time."""
    histories = [trained(seed=seed, engine=engine)[0].loss for seed in (7, 7, np.int64(7), 8, None, None)]
    assert histories[0] == histories[1] == histories[2]
    assert len(set(map(tuple, histories))) == 4


@pytest.mark.parametrize("engine", ENGINES)
def test_a_schedule_steps_after_each_epoch(engine: str) -> None:
    """The rate of the third epoch is that of the schedule."""
    model = MLP(2, [1], rng=0)
    optimizer = SGD(model.parameters(), lr=0.8)
    schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    rates: list[float] = []
    fit(
        model, X, Y, loss=mse_loss, optimizer=optimizer, epochs=4, scheduler=schedule, progress=False,
        callbacks=[lambda model, history: rates.append(optimizer.lr)], engine=engine,
    )  # fmt: skip
    assert rates == [0.8, 0.4, 0.4, 0.2]


def test_parameters_may_be_left_out_of_the_optimizer() -> None:
    """They stay as they are: fine-tuning."""
    model = MLP(2, [3, 1], rng=0)
    first, last = model.layers
    before = numbers(model)
    for engine in ENGINES:
        fit(model, X, Y, loss=mse_loss, optimizer=SGD(last.parameters(), lr=0.1), epochs=1, progress=False, engine=engine)
    assert numbers(first) == before[: len(first.parameters())]
    assert all(new != old for new, old in zip(numbers(last), before[-4:], strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_seed_is_dropouts_too(engine: str) -> None:
    """A Dropout without its own generator draws by fit's seed: the same bits again, and others for another seed."""

    def trained(seed: int) -> list[float]:
        model = Sequential(Linear(2, 8, rng=0), Dropout(0.5), Linear(8, 1, rng=1))
        fit(model, X[:4], [[t] for t in Y[:4]], loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=3, seed=seed,
            progress=False, engine=engine)  # fmt: skip
        return numbers(model)

    assert trained(0) == trained(0)
    assert trained(0) != trained(1)


# --- refusals ---------------------------------------------------------------------------------------------------------


class Dropping(Module):
    """A model that cannot be traced in training."""

    def __init__(self) -> None:
        self.weight = Value(1.0)

    def forward(self, x: Any) -> Any:
        return self.weight * x[0] if x[0] > 0.0 else self.weight * x[1]


dropping = Dropping()

ELSEWHERE = SGD([Value(1.0, label="elsewhere")], lr=0.1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (refused(X=[[x[0]] for x in X]), ValueError, r"the samples of X, each of shape \(1,\): MLP takes 2 inputs"),
        (refused(X=[x[0] for x in X]), ValueError, "the samples of X, each one number: MLP takes a sequence of 2"),
        (refused(X=[[x, x] for x in X]), ValueError, r"of shape \(2, 2\): MLP takes the 2 inputs of one sample"),
        (refused(y=[*[0] * 22, 2]), ValueError, r"targets in y, each one number: cross_entropy has 2 classes.*target 22 is 2"),
        (refused(y=[*[0] * 22, -1]), ValueError, "target 22 is -1"),
        (refused(y=[0.5] * 23), ValueError, "cross_entropy wants class numbers for targets; target 0 is 0.5"),
        (refused(loss=mse_loss), ValueError, r"outputs, such as \[.*\], with the targets in y, each one number: mse_loss"),
        (refused(loss=mse_loss, y=[[1.0]] * 23), ValueError, r"each of shape \(1,\): mse_loss wants a target for"),
        (refused(loss=BCELoss(), y=[[0.0, 2.0]] * 23), ValueError, r"wants every target in \[0, 1\]; target 1 is 2"),
        (refused(loss=BCELoss(), y=[[0.0, 1.0]] * 23), ValueError, r"every probability in \[0, 1\] \(apply sigmoid"),
        (refused(loss=CrossEntropyLoss(reduction="none")), ValueError, "the loss of a batch must be one number, not "),
        (refused(loss=lambda o, t: 1.0), ValueError, "loss of the first sample, 1.0, does not depend on any parameter"),
        (refused(loss=lambda o, t: Value(1.0) * 2.0), ValueError, "does not depend on any parameter that the optimizer holds"),
        (refused(loss="mse"), TypeError, "loss must be a function of outputs and targets, not 'mse'"),
        (refused(epochs=0), ValueError, "epochs must be a whole number of at least 1, not 0"),
        (refused(epochs=2.0), ValueError, "epochs must be a whole number of at least 1, not 2.0"),
        (refused(batch_size=-1), ValueError, "batch_size must be a whole number of at least 1, not -1"),
        (refused(batch_size="all"), ValueError, "batch_size must be"),
        (refused(seed="seven"), TypeError, "seed must be an integer or None, not 'seven'"),
        (refused(model=lambda x: x), TypeError, "fit takes a Module, not"),
        (refused(optimizer="adam"), TypeError, "optimizer must be an optimizer, not 'adam'"),
        (refused(optimizer=ELSEWHERE), ValueError, r"1 of the 1 parameters .* are not this model's: .*SGD\(model.parameters"),
        (refused(scheduler=StepLR(ELSEWHERE, 1)), ValueError, r"another optimizer's: make it for this one, StepLR\(optimizer"),
        (refused(scheduler=0.5), TypeError, r"scheduler must have a step\(\), 0.5 has none: StepLR"),
        (refused(validation_data=X), ValueError, r"must be a pair \(X, y\), not a list"),
        (refused(validation_data=(X, [0])), ValueError, r"validation_data\[0\] has 23 samples, validation_data\[1\] has 1"),
        (refused(validation_data=([[1.0]], [0])), ValueError, r"\[0\] has samples of shape \(1,\), X samples of shape \(2,\)"),
        (refused(validation_data=(X[:1], [7])), ValueError, r"validation_data\[1\], .*2 classes.*target 0 is 7"),
        (refused(metrics=accuracy), TypeError, r"metrics must be a list of functions.*metrics=\[accuracy\]"),
        (refused(metrics=["accuracy"]), TypeError, "the metric 'str' must be a function .*, not 'accuracy'"),
        (refused(metrics=[accuracy, accuracy]), ValueError, r"\['accuracy', 'accuracy'\] have a name twice: give a dict"),
        (refused(metrics={"loss": accuracy}), ValueError, "some name twice: give metrics other names"),
        (refused(callbacks=[3]), TypeError, "a callback must be a Callback, or a function of model and history, not 3"),
        (refused(engine="compiled", loss=lambda o, t: cross_entropy(o, t, reduction="sum")), ValueError,
         r"takes the mean over .* or use engine=\"eager\""),
        (refused(engine="quick"), ValueError, 'engine must be "auto", "compiled" or "eager", not \'quick\''),
        (refused(engine=True), ValueError, "engine must be .*, not True"),
        (refused(engine="eager", jit=True), ValueError, "engine='eager' and jit=True ask for different engines: leave out jit"),
        (refused(engine="compiled", jit=False), ValueError, "engine='compiled' and jit=False ask for different engines"),
        (refused(jit=True, model=dropping, y=Y, loss=mse_loss, optimizer=SGD(dropping.parameters(), lr=0.1)), ag.TraceError,
         "forward branches on a number that jit is tracing"),
    ],
)  # fmt: skip
def test_what_fit_refuses(call: Any, error: type[Exception], message: str) -> None:
    """Before any training: no parameter has moved."""
    with pytest.raises(error, match=message):
        call()


def test_functions_that_want_many_samples() -> None:
    """Are tried with all targets where a few of each kind will not do; with all before the first bad one if one is bad."""
    counts: list[int] = []

    def metric(outputs: Any, targets: Any) -> float:
        counts.append(len(targets))
        if len(targets) < 20:
            raise ValueError("too few")
        return accuracy(outputs, targets)

    model = MLP(2, [3, 2], rng=1)
    options: dict[str, Any] = {
        "loss": cross_entropy,
        "optimizer": SGD(model.parameters(), lr=0.1),
        "epochs": 1,
        "progress": False,
    }
    classes = [i % 2 for i in range(23)]
    assert fit(model, X, classes, metrics=[metric], **options)["metric"] != []
    assert counts == [2, 1, 1, 23, 23]
    with pytest.raises(ValueError, match=r"the metric 'metric' does not take .*: too few"):
        fit(model, X[:5], classes[:5], metrics=[metric], **options)


def test_fit_without_gradients() -> None:
    """Under no_grad() there is nothing to train by."""
    with no_grad(), pytest.raises(ValueError, match=r"fit needs gradients, and was called under no_grad\(\): call it outside"):
        refused()()


BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name.partition(".")[0])
sys.meta_path.insert(0, Blocker())
from nn import MLP, Adam, accuracy, binary_cross_entropy_with_logits, fit, predict
X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 1]
def train(**options):
    model = MLP(2, [3, 1], rng=0)
    history = fit(model, X, y, loss=binary_cross_entropy_with_logits, optimizer=Adam(model.parameters(), lr=0.1), epochs=3,
                  seed=0, metrics=[accuracy], validation_data=(X, y), progress=False, **options)
    return history.loss, predict(model, X)
assert train() == train(engine="eager") == train(jit=False)
print("trained")
for options in ({{"engine": "compiled"}}, {{"jit": True}}):
    try:
        train(**options)
    except ModuleNotFoundError as error:
        print(error)
"""


@pytest.mark.parametrize(
    "blocked", [["llvmlite"], ["numpy"], ["numpy", "llvmlite", "scipy", "pandas", "tqdm.notebook"]], ids=str
)
def test_without_the_extras(blocked: list[str]) -> None:
    """It trains eagerly, and says in one line what is missing; "compiled" names the command that installs it."""
    code = BLOCKED.format(blocked=blocked)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 0, done.stderr
    missing = rf"compiled training needs ({'|'.join(blocked)}): pip install \"chainrule\[jit\]\""
    lines = done.stdout.splitlines()
    assert lines[0] == "trained"
    assert len(lines) == 3
    assert all(re.fullmatch(rf'{missing}, or engine="eager"', line) for line in lines[1:])
    assert re.fullmatch(rf"fit runs eagerly, and slower: {missing}\n", done.stderr)


class Metric:
    """A metric as an object."""

    def __call__(self, outputs: Any, targets: Any) -> float:
        return 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": MSELoss}, r"loss is the class MSELoss, not an object of it: MSELoss\(\.\.\.\)"),
        ({"optimizer": SGD}, r"optimizer is the class SGD, not an object of it"),
        ({"scheduler": StepLR}, r"scheduler is the class StepLR, not an object of it"),
        ({"metrics": [Metric]}, r"the metric 'Metric' is the class Metric, not an object"),
        ({"callbacks": [EarlyStopping]}, r"a callback is the class EarlyStopping, not an object"),
        ({"callbacks": EarlyStopping(3)}, r"callbacks must be a list, not <.*: callbacks=\[EarlyStopping\(patience=5\)\]"),
        ({"callbacks": EarlyStopping}, r"callbacks must be a list, not <class"),
        ({"callbacks": None}, r"callbacks must be a list, not None"),
        (
            {"metrics": "accuracy"},
            r"metrics must be a list of functions, or a dict of them, not 'accuracy': metrics=\[accuracy\]",
        ),
    ],
)
def test_classes_and_single_things_where_objects_and_lists_are_meant(options: dict[str, Any], message: str) -> None:
    """Each is told before any training, and not called."""
    model = MLP(2, [1], rng=0)
    before = numbers(model)
    with pytest.raises(TypeError, match=message):
        run(model, **options)
    assert numbers(model) == before
