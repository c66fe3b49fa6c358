"""RUN: a command carried out inside the image that is being built, and what it changed as a layer.

The layers so far are unpacked one above the other; the command runs in namespaces of its own on an overlay over them,
and
the overlay's upper folder is what it changed. Everything is confined to a staging folder of the store.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import msgspec

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import layer
from pyk8s.cluster.images.basetree import OPAQUE, WHITEOUT
from pyk8s.cluster.images.inside import Job
from pyk8s.cluster.images.layer import Entry
from pyk8s.cluster.images.store import Image, Store

SECONDS = 1800.0
"""How long one command may take."""

NOT_KEPT = ("proc", "sys", "dev", "etc/resolv.conf")
"""Paths that the command sees but the image does not get."""


class Steps:
    """The unpacked layers of a build; they go when the context is left."""

    def __init__(self, store: Store, base: Image | None) -> None:
        self._store = store
        self._base = base
        self._undo = ExitStack()
        self._folder: Path | None = None
        self._lower: list[Path] = []
        self._count = 0

    def __enter__(self) -> Steps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def add_entries(self, entries: Sequence[Entry]) -> None:
        """Put a layer of `entries` on top."""
        self._begin()
        packed = self._new("packed") / "layer"
        with packed.open("wb") as out:
            layer.write(entries, out)
        self._unpack(packed, self._new("entries"))

    def run(self, argv: Sequence[str], env: Mapping[str, str], workdir: str, user: str) -> list[Entry]:
        """Carry out the command; the entries of the layer it makes. Raises ImageInvalid when it fails."""
        if os.geteuid() != 0:
            raise ImageInvalid("RUN needs root: it makes namespaces; run the build with sudo")
        self._begin()
        upper, work, merged = self._new("upper"), self._new("work"), self._new("merged")
        job = Job(
            lower=tuple(str(path) for path in reversed(self._lower)) or (str(self._new("empty")),),
            upper=str(upper),
            work=str(work),
            merged=str(merged),
            argv=tuple(argv),
            env=dict(env),
            workdir=workdir,
            user=user,
        )
        self._inside("run", msgspec.json.encode(job), f"RUN {' '.join(argv)}")
        self._lower.append(upper)
        return changes(upper)

    def _begin(self) -> None:
        if self._folder is not None:
            return
        self._folder = self._undo.enter_context(self._store.staging())
        if self._base is not None:
            root = self._new("base")
            for descriptor in self._base.manifest.layers:
                self._unpack(self._store.blobs / descriptor.hex, root)
            self._lower.append(root)

    def _new(self, name: str) -> Path:
        assert self._folder is not None
        self._count += 1
        path = self._folder / f"{self._count}-{name}"
        path.mkdir()
        return path

    def _unpack(self, packed: Path, root: Path) -> None:
        self._inside("unpack", msgspec.json.encode([str(packed), str(root)]), f"unpacking {packed.name[:12]}")
        if root not in self._lower and not root.name.endswith("-base"):
            self._lower.append(root)

    def _inside(self, what: str, job: bytes, said: str) -> None:
        argv = [sys.executable, "-m", "pyk8s.cluster.images.inside", what]
        try:
            done = subprocess.run(argv, input=job, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise ImageInvalid(f"{said} took more than {SECONDS:.0f} s") from None
        if done.returncode != 0:
            told = (done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()[-20:]
            raise ImageInvalid(f"{said} failed with exit code {done.returncode}:\n" + "\n".join(told))


def changes(upper: Path) -> list[Entry]:
    """The entries of the layer that an overlay's upper folder stands for.

    What was removed is a character device 0/0 there, a folder that hides the one below it has the attribute
    trusted.overlay.opaque. Source: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
    """
    found: list[Entry] = []
    for place, folders, files in os.walk(upper):
        for name in sorted(folders + files):
            path = Path(place, name)
            inside = path.relative_to(upper).as_posix()
            if inside in NOT_KEPT or inside.startswith(("proc/", "sys/", "dev/")):
                continue
            info = path.lstat()
            if stat.S_ISCHR(info.st_mode) and info.st_rdev == 0:
                gone = path.parent.relative_to(upper) / f"{WHITEOUT}{name}"
                found.append(Entry(gone.as_posix(), 0o000, content=b""))
                continue
            entry = layer.entry_of(path, inside, (info.st_uid, info.st_gid))
            if entry is not None:
                found.append(entry)
            if stat.S_ISDIR(info.st_mode) and _is_opaque(path):
                found.append(Entry(f"{inside}/{OPAQUE}", 0o000, content=b""))
    return found


def _is_opaque(path: Path) -> bool:
    try:
        return os.getxattr(path, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False
