"""One at a time in a folder, whoever it is: a thread of the agent, or a program that answers alone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyk8s.network.errors import ReservationLost


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's file `lock`; the folder is made when it is not there.

    Raises ReservationLost, which names the file, for every OSError inside.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as why:
        raise ReservationLost(f"{folder}: {why.strerror}") from why
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    except OSError as why:
        raise ReservationLost(f"{why.filename or folder}: {why.strerror}") from why
    finally:
        os.close(descriptor)
