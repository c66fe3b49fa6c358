"""A part of a volume shown in a container, safe against links that a container plants in the volume.

The part is looked up without ever leaving the volume, opened step by step without following links, and bind-mounted
by its open descriptor: whatever is renamed meanwhile, what was checked is what is mounted.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.mount import run as mounts
from pyk8s.kernel.mount.values import Mount, Put, Unmount
from pyk8s.kubelet.errors import PodError

STEP = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def show(volume: Path, path: str, target: Path) -> None:
    """Mount `path` of `volume` at `target`; a folder is made when nothing is there. Twice is the same as once.

    Raises PodError (CreateContainerConfigError) when the path leaves the volume.
    """
    if path.startswith("/") or ".." in path.split("/"):
        raise PodError("CreateContainerConfigError", f"subPath {path!r} must stay below its volume")
    descriptor = _open(volume, path)
    try:
        source = f"/proc/self/fd/{descriptor}"
        _make_target(target, is_folder=Path(source).is_dir())
        hide(target)
        mounts.run((Put(Mount(str(target), source=source)),))
    except (KernelError, OSError) as why:
        raise PodError("CreateContainerConfigError", f"subPath {path!r} cannot be mounted: {why}") from why
    finally:
        os.close(descriptor)


def hide(target: Path) -> None:
    """Take the mount at `target` away, if there is one."""
    if any(each.target == str(target) for each in mounts.observe()):
        mounts.run((Unmount(str(target)),))


def _open(volume: Path, path: str) -> int:
    """A descriptor of `path` in `volume`."""
    top = volume.resolve()
    resolved = (top / path).resolve()
    if resolved != top and top not in resolved.parents:
        raise PodError("CreateContainerConfigError", f"subPath {path!r} leaves its volume by a symbolic link")
    at = os.open(top, STEP | os.O_DIRECTORY)
    try:
        for step in resolved.relative_to(top).parts:
            below = _enter(at, step)
            os.close(at)
            at = below
    except OSError as why:
        os.close(at)
        raise PodError("CreateContainerConfigError", f"subPath {path!r}: {why.strerror}") from why
    return at


def _enter(at: int, step: str) -> int:
    try:
        below = os.open(step, STEP, dir_fd=at)
    except FileNotFoundError:
        os.mkdir(step, 0o750, dir_fd=at)
        below = os.open(step, STEP, dir_fd=at)
    if stat.S_ISLNK(os.fstat(below).st_mode):  # put there after the path was resolved
        os.close(below)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return below


def _make_target(target: Path, *, is_folder: bool) -> None:
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    if is_folder:
        target.mkdir(mode=0o750, exist_ok=True)
    else:
        target.touch(mode=0o640, exist_ok=True)
