"""What tests are called: alike in every process, so that each can be found again, and handed out to one of several."""

import re
from typing import Any


def shown(thing: Any) -> str:
    """Its repr without the address of an object, in sixty characters."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(thing))[:60]
