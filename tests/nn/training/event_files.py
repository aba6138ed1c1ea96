"""TensorBoard's event files, read by tensorboardX's own messages."""

import struct
from pathlib import Path
from typing import Any


def events(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and numbers by their tags, from all event files of a folder, in order."""
    from tensorboardX.proto.event_pb2 import Event

    found: dict[str, list[tuple[int, Any]]] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        content = path.read_bytes()
        place = 0
        while place < len(content):  # a record: length, its checksum, the event, its checksum
            (length,) = struct.unpack("<Q", content[place : place + 8])
            event = Event.FromString(content[place + 12 : place + 12 + length])
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
            place += 12 + length + 4
    return found
