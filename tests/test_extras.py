"""What an extra brings: where it is missing, one sentence says so, with the command."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograd.extras import needed

XOR = "import nn; m = nn.MLP(2, [1], rng=0); a = dict(loss=nn.mse_loss, optimizer=nn.SGD(m.parameters(), lr=0.1), epochs=1)\n"
WAYS = [
    ("hypothesis", "from autograd.testing import check_primitive; check_primitive('tanh')", "chainrule[testing]"),
    ("hypothesis", "from autograd.testing import values; values()", "chainrule[testing]"),
    ("hypothesis", "from autograd.testing import points; points('tanh')", "chainrule[testing]"),
    ("mpmath", "from autograd.testing import check_primitive; check_primitive('tanh')", "chainrule[testing]"),
    ("numpy", "from autograd import objective; objective(lambda x: x[0])([1.0])", "chainrule[jit]"),
    ("numpy", "from autograd import jit; jit(lambda x: x, in_axes=0)([1.0])", "chainrule[jit]"),
    ("scipy", "from autograd import jacobian; jacobian(lambda x: [x[0]], sparse=True)([1.0])", "scipy"),
    ("scipy", "from autograd import hessian; hessian(lambda x: x[0] ** 2, sparse=True)([1.0])", "scipy"),
    ("llvmlite", "from autograd import jit; jit(lambda x: x, backend='llvm')(1.0)", "chainrule[jit]"),
    ("numpy", XOR + "nn.fit(m, [[0, 1]], [1], progress=False, jit=True, **a)", "chainrule[jit]"),
    ("matplotlib", XOR + "nn.fit(m, [[0, 1]], [1], progress=False, jit=False, **a).plot()", "matplotlib"),
    ("scipy", XOR + "nn.LBFGS(m.parameters()).step(lambda: nn.mse_loss(m([0, 1]), 1))", "scipy"),
    (
        "safetensors",
        "import nn, nn.export; nn.export.save_safetensors(nn.MLP(2, [1]), 'no')",
        "chainrule[safetensors]",
    ),
]


@pytest.mark.parametrize(("missing", "code", "install"), WAYS, ids=[code.split("; ")[-1][-40:] for _, code, _ in WAYS])
def test_what_is_missing_is_named_with_its_command(missing: str, code: str, install: str) -> None:
    """One line, an ImportError, and the command that installs it."""
    hidden = f"import sys; sys.modules[{missing!r}] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", hidden + code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1]
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith(("ImportError: ", "ModuleNotFoundError: ")), done.stderr
    assert "pip install" in last
    assert install in last


def test_needed() -> None:
    """The package itself, or an error with its name."""
    assert needed("json", "this", "json") is sys.modules["json"]
    with pytest.raises(ModuleNotFoundError, match="this needs no_such_package: pip install something") as found:
        needed("no_such_package", "this", "something")
    assert found.value.name == "no_such_package"
