"""Files that hold secrets: written whole or not at all, readable by their owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024
"""A larger key, certificate or kubeconfig file is refused."""


def write_private(path: Path, content: bytes) -> None:
    """Write `content` to `path` with mode 0600, making missing folders with 0700; a reader never sees half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_bounded(path: Path) -> bytes:
    """The content of `path`. Raises OSError, and ValueError, which says what the file is but not its name, when
    it is over MAX_BYTES."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return content
