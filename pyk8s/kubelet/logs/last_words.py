"""What a container leaves behind when it ends. Source: core/v1 Container.terminationMessagePath and -Policy."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from pyk8s.kubelet.logs.format import parse_line
from pyk8s.kubelet.spec import Container
from pyk8s.kubelet.values import ContainerView

LONGEST_MESSAGE = 4096
LONGEST_FROM_LOG, MOST_LINES_FROM_LOG = 2048, 80
TAIL_BYTES = 64 * 1024


def last_words(container: Container, view: ContainerView, message: Path) -> str:
    """The text in the file `message`, or with FallbackToLogsOnError and a failure the end of the log; "" for none."""
    text = _tail(message, LONGEST_MESSAGE)
    if text or container.termination_message_policy != "FallbackToLogsOnError" or view.exit_code == 0:
        return text.decode("utf-8", "replace")
    lines: deque[bytes] = deque(maxlen=MOST_LINES_FROM_LOG)
    for raw in _tail(Path(view.log_path), TAIL_BYTES).splitlines() if view.log_path else ():
        line = parse_line(raw)
        if line is not None:
            lines.append(line.text)
    return b"".join(lines)[-LONGEST_FROM_LOG:].decode("utf-8", "replace")


def _tail(path: Path, size: int) -> bytes:
    """The last `size` bytes of a file; nothing when it cannot be read."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(0, end - size))
            return file.read(size)
    except OSError:
        return b""
