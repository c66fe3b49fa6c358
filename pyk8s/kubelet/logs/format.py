"""Lines of the CRI logging format. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_FRACTION = re.compile(r"\.(\d+)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: its time as written, the stream, whether it is only a part, and the text.

    `text` ends with a line feed unless it is a part.
    """

    time: bytes
    stream: str
    partial: bool
    text: bytes


def parse_line(raw: bytes) -> Line | None:
    """The line in `raw` (with or without its line feed); None for one that is not of the format."""
    parts = raw.rstrip(b"\n").split(b" ", 3)
    if len(parts) < 3 or parts[1] not in (b"stdout", b"stderr"):
        return None
    partial = b"P" in parts[2].split(b":")
    text = parts[3] if len(parts) == 4 else b""
    return Line(parts[0], parts[1].decode(), partial, text if partial else text + b"\n")


def moment(time: bytes | str) -> float:
    """Seconds since 1970 of a time with up to nine digits of a second. Raises ValueError."""
    text = time.decode("ascii", "replace") if isinstance(time, bytes) else time
    return datetime.fromisoformat(_FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text)).timestamp()


def shown(line: Line, *, timestamps: bool, begins: bool) -> bytes:
    """What a reader sees of a line; a time stands only where a line begins."""
    return line.time + b" " + line.text if timestamps and begins else line.text
