"""An interrupt at any instruction."""

import sys
from types import FrameType
from typing import Any


class Interrupt:
    """A trace function that raises KeyboardInterrupt at the n-th instruction that runs in these modules and functions."""

    def __init__(self, at: int, *places: Any) -> None:
        self.left = at
        self.places = {getattr(place, "__code__", None) or place.__file__ for place in places}
        sys._getframe().f_trace_opcodes = True  # Python 3.12 reports no instruction without it

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not self.places & {frame.f_code, frame.f_code.co_filename}:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self
