"""Logs that have become too long are set aside, and the oldest deleted.

Source: KubeletConfiguration, containerLogMaxSize and containerLogMaxFiles.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pyk8s.aio import clock
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.runtime.interface import Runtime
from pyk8s.observe import logs

log = logs.get("kubelet.logs")

CHECK_SECONDS = 10.0


def rotated_name(path: Path, now: datetime) -> Path:
    """The name of a log that is set aside at `now`: sorted by name is sorted by age."""
    return path.with_name(f"{path.name}.{now:%Y%m%d-%H%M%S-%f}")


def superfluous(rotated: Sequence[str], most_files: int) -> list[str]:
    """Which of the logs set aside are to be deleted, so that with one more and the new one `most_files` are left."""
    kept = max(0, most_files - 2)
    return sorted(rotated)[: max(0, len(rotated) - kept)]


async def rotate(runtime: Runtime, container_id: str, path: Path, max_bytes: int, most_files: int) -> bool:
    """Set a log aside when it is longer than `max_bytes`; whether that was done. Raises RuntimeTrouble, with the log
    where it was."""
    aside = set_aside(path, max_bytes, most_files, clock.now())
    if aside is None:
        return False
    try:
        await runtime.reopen_log(container_id)
    except RuntimeTrouble:
        with contextlib.suppress(OSError):
            aside.rename(path)
        raise
    log.info("a log was set aside", file=str(aside))
    return True


def set_aside(path: Path, max_bytes: int, most_files: int, now: datetime) -> Path | None:
    """Rename a log that is too long, delete the oldest before it; its new path, or None when it is short enough."""
    try:
        if path.stat().st_size <= max_bytes:
            return None
    except OSError:
        return None  # there is none yet, or no more
    for name in superfluous([each.name for each in path.parent.glob(f"{path.name}.*")], most_files):
        path.with_name(name).unlink(missing_ok=True)
    return path.rename(rotated_name(path, now))
