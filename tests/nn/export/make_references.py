"""PyTorch's outputs for what is written: `python -m tests.nn.export.make_references` records both in references.json.

Made with torch 2.13.0 on a CPU in double precision. Where PyTorch is missing, the tests compare the sources with those that
were recorded, and the models with what PyTorch made of them. Run it again after a change of what is written.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.nn.export.comparing import by_torch
from tests.nn.export.models import CASES

RECORDED = Path(__file__).with_name("references.json")


def source_of(name: str) -> str:
    """The source for a case."""
    from nn.export.source import torch_source

    make, examples = CASES[name]
    return torch_source(make(), *examples)


def code_of(source: str) -> str:
    """The source without its weights."""
    return source.partition("WEIGHTS = ")[0]


def recorded() -> dict[str, Any]:
    """What `main` has written."""
    found: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Write the sources and the outputs, a line for each case."""
    lines = []
    for name, (_, examples) in CASES.items():
        source = source_of(name)
        outputs = [result.tolist() for result in by_torch(source, examples, "float64")]
        lines.append(f"{json.dumps(name)}: {json.dumps({'source': code_of(source), 'outputs': outputs})}")
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    pytest.importorskip("torch")
    main()
