"""demos.digits_cnn: a convolutional network reads digits."""

from demos import digits_cnn
from tests.demos.conftest import Run


def test_most_held_out_digits_are_read(run: Run) -> None:
    """At least 0.94 of them: more than the linear layer alone reads, and far above chance."""
    printed = run(digits_cnn)
    assert "1000 digits to learn from, 797 held out, 15 epochs" in printed
    table = [line.split() for line in printed.splitlines() if line.split()[:1] in (["convolutional"], ["linear"], ["chance"])]
    assert [row[:2] for row in table] == [["convolutional", "1370"], ["linear", "650"], ["chance", "0.100"]]
    convolutional, linear = (float(row[-1]) for row in table[:2])
    assert convolutional >= 0.94
    assert linear >= 0.9
    assert convolutional > linear
    assert float(table[0][3]) > 0.98
