"""The folder of what takes long to make: built once under a key of its content, kept while it is used."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNUSED_DAYS = 14
KEPT = 3
"""What nobody asked for so long is removed, and all of a kind but so many."""


def folder() -> Path:
    """XDG_CACHE_HOME/pyk8s/vm, or /var/cache/pyk8s/vm for root, or ~/.cache/pyk8s/vm."""
    named = os.environ.get("XDG_CACHE_HOME")
    base = Path(named) if named else (Path("/var/cache") if os.getuid() == 0 else Path.home() / ".cache")
    return base / "pyk8s" / "vm"


class Cache:
    """Things by name; whoever asks second waits for the first to build, and none is ever seen half made."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def have(self, name: str) -> bool:
        """Whether it is there already."""
        return (self.home / name).exists()

    def get(self, name: str, make: Callable[[Path], None]) -> Path:
        """Where `name` lies; `make(path)` makes it at a path beside it when it is not there."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o755)
        made = self.home / name
        kind = name.rsplit("-", 1)[0]
        with self._locked(kind):
            if not made.exists():
                self._sweep(kind)
                draft = self.home / f".{os.getpid()}-{name}"
                try:
                    make(draft)
                    draft.rename(made)
                finally:
                    remove(draft)
            os.utime(made)
        return made

    @contextmanager
    def _locked(self, kind: str) -> Iterator[None]:
        with (self.home / f".lock-{kind}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sweep(self, kind: str) -> None:
        """Drafts of builds that were killed, what was not used for long, and all of `kind` but the newest.

        A machine that runs has its files open: it keeps them.
        """
        oldest = time.time() - UNUSED_DAYS * 86400
        for entry in self.home.iterdir():
            owner = entry.name[1:].split("-")[0] if entry.name.startswith(".") else ""
            abandoned = owner.isdecimal() and not Path("/proc", owner).exists()
            if abandoned or (not entry.name.startswith(".") and entry.stat().st_mtime < oldest):
                remove(entry)
        same = sorted(self.home.glob(f"{kind}-*"), key=lambda entry: entry.stat().st_mtime, reverse=True)
        for entry in same[KEPT - 1 :]:
            remove(entry)


def remove(path: Path) -> None:
    """Take a file or a folder away, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
