"""What host and guest say to each other over the virtio port: frames of one stream, several commands at once.

Shared with the guest's agent, so it imports next to nothing.
"""

import struct

READY, START, INPUT, INPUT_END, KILL, OUTPUT, ERRORS, EXIT = range(1, 9)
"""Guest: READY once up, OUTPUT and ERRORS of a command, EXIT with its code. Host: the others."""

_HEAD = struct.Struct(">BII")
LARGEST = 1 << 20
"""Bytes that one frame carries at most."""


class BadFrame(Exception):
    """The other side speaks something else."""


def pack(kind: int, command: int, data: bytes = b"") -> bytes:
    """One frame as bytes; `command` is the number that the host gave the command (0: none)."""
    if len(data) > LARGEST:
        raise BadFrame(f"a frame of {len(data)} bytes is too large: at most {LARGEST}")
    return _HEAD.pack(kind, command, len(data)) + data


class Reader:
    """Frames out of a stream that is cut anywhere."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """The frames that `data` completes, as (kind, command, bytes)."""
        self._held += data
        frames = []
        while len(self._held) >= _HEAD.size:
            kind, command, size = _HEAD.unpack_from(self._held)
            if not READY <= kind <= EXIT or size > LARGEST:
                raise BadFrame(f"not a frame: kind {kind}, {size} bytes")
            end = _HEAD.size + size
            if len(self._held) < end:
                break
            frames.append((kind, command, bytes(self._held[_HEAD.size : end])))
            del self._held[:end]
        return frames
