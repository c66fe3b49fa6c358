"""The four system calls that Python 3.11 does not wrap: setns, unshare, mount, umount2. Source: their man pages."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from pyk8s.kernel.errors import refused

CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 0x1, 0x2, 0x4, 0x8, 0x20
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE, MS_SHARED = 0x1000, 0x4000, 0x40000, 0x80000, 0x100000
MNT_DETACH = 0x2


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _call(what: str, result: int) -> None:
    if result != 0:
        raise refused(what, ctypes.get_errno())


def setns(descriptor: int, kind: int = CLONE_NEWNET) -> None:
    """Move this thread into the namespace open as `descriptor`."""
    _call(f"setns({descriptor})", _libc().setns(descriptor, kind))


def unshare(kind: int = CLONE_NEWNET) -> None:
    """Move this thread into a new namespace of `kind`."""
    _call("unshare", _libc().unshare(kind))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2); raises Absent when source or target is missing."""
    arguments = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None)
    _call(f"mount {source or kind} on {target}", _libc().mount(*arguments))


def umount(target: str, flags: int = 0) -> None:
    """umount2(2); `MNT_DETACH` lets go of the name now and of the file system when nobody uses it."""
    _call(f"unmount {target}", _libc().umount2(target.encode(), flags))
