"""One command at a time on a cluster: a lock on its folder itself, so that no lock file is left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from pyk8s.cluster.errors import Busy
from pyk8s.cluster.folder import Folder


@contextlib.contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Hold the cluster's folder (made when missing) for this process alone. Raises Busy.

    The descriptor is closed in every program started meanwhile, so no daemon holds the lock on.
    """
    while True:
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between opening and locking, a `down` may have removed the folder and an `up` made another.
            if folder.path.exists() and os.path.samestat(os.fstat(handle), folder.path.stat()):
                yield
                return
        except BlockingIOError:
            raise Busy(f"another pyk8s command works on cluster {folder.name}: wait for its end") from None
        finally:
            os.close(handle)
