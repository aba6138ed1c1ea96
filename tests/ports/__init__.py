"""Well-known programs of other libraries, written for this one, with their results."""

import json
from pathlib import Path
from typing import Any

RECORDS: dict[str, Any] = json.loads(Path(__file__).with_name("records.json").read_text(encoding="utf-8"))
"""Results by the libraries themselves; `make_records.py` wrote them."""
