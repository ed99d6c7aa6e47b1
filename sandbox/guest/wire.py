"""Messages between the engine's host and a container, over the container's standard streams.

    command   4 bytes: size; a JSON object; then `size` bytes of body where the object names a size
    frame     1 byte: channel, 4 bytes: size; that many bytes

What comes out of a container is hostile: its reader caps every frame.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

TRACE, OUTPUT, EVENT, FILE = b"t", b"o", b"e", b"f"
CHANNELS = TRACE + OUTPUT + EVENT + FILE
FRAME_MAX_BYTES = 1 << 20
_COMMAND, _FRAME = struct.Struct(">I"), struct.Struct(">cI")
_COMMAND_MAX_BYTES = 16 << 20


class WireError(ValueError):
    """The other end does not speak this protocol, or was cut short."""


def command(order: dict[str, object], body: bytes = b"") -> bytes:
    """One command with its body."""
    text = json.dumps({**order, "size": len(body)} if body else order).encode()
    return _COMMAND.pack(len(text)) + text + body


def read_command(stream: BinaryIO) -> dict[str, object] | None:
    """The next command without its body; None at the end. Raises WireError."""
    prefix = stream.read(_COMMAND.size)
    if not prefix:
        return None
    if len(prefix) < _COMMAND.size:
        raise WireError("a command cut short")
    (size,) = _COMMAND.unpack(prefix)
    if size > _COMMAND_MAX_BYTES:
        raise WireError("a command too large")
    order = json.loads(stream.read(size))
    if not isinstance(order, dict):
        raise WireError("no command")
    return order


def as_json(told: dict[str, object]) -> bytes:
    """An event's data."""
    return json.dumps(told).encode()


def frames(channel: bytes, data: bytes) -> Iterator[bytes]:
    """Data as frames of at most the size that a reader takes."""
    for start in range(0, max(1, len(data)), FRAME_MAX_BYTES):
        part = data[start : start + FRAME_MAX_BYTES]
        yield _FRAME.pack(channel, len(part)) + part


def read_frame(read_exactly: Callable[[int], bytes]) -> tuple[bytes, bytes] | None:
    """Channel and data of the next frame; None at the end. Raises WireError.

    `read_exactly` gives as many bytes as asked for, or fewer at the end.
    """
    prefix = read_exactly(_FRAME.size)
    if not prefix:
        return None
    if len(prefix) < _FRAME.size:
        raise WireError("a frame cut short")
    channel, size = _FRAME.unpack(prefix)
    if channel not in CHANNELS or size > FRAME_MAX_BYTES:
        raise WireError("no frame")
    data = read_exactly(size)
    if len(data) < size:
        raise WireError("a frame cut short")
    return channel, data
