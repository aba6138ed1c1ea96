"""The options of the tutorials' demos are checked before anything is made."""

from pathlib import Path
from types import ModuleType

import pytest

from demos import breast_cancer, digits_cnn, iris, neuron


@pytest.mark.parametrize("demo", [breast_cancer, digits_cnn, iris, neuron], ids=lambda demo: demo.__name__)
@pytest.mark.parametrize(
    ("value", "said"),
    [("-1", "must lie between 0 and 2**32 - 1, not -1"), (str(2**32), f"not {2**32}"), ("x", "invalid seed_number value: 'x'")],
)
def test_bad_seeds(demo: ModuleType, value: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A seed that NumPy would not take is refused in one line."""
    with pytest.raises(SystemExit):
        demo.main([f"--seed={value}", "--out", str(tmp_path / "new")])
    line = capsys.readouterr().err.splitlines()[-1]
    assert "--seed" in line
    assert said in line
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--digits=9", "--digits must lie between 10 and 1787, not 9"),
        ("--digits=1788", "--digits must lie between 10 and 1787, not 1788"),
        ("--epochs=0", "--epochs must be at least 1, not 0"),
    ],
)
def test_bad_options_of_digits_cnn(option: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No digit of a kind to learn from, none to hold out, or nothing to do."""
    with pytest.raises(SystemExit):
        digits_cnn.main([option, "--out", str(tmp_path / "new")])
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "new").exists()
