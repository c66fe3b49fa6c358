"""What can go wrong between a plan and the kernel.

KernelError
├── Refused      the kernel said no to one action; `number` is its errno
│   ├── Exists   it is there already
│   └── Absent   it, or what it refers to, is not there
└── Unsupported  this kernel, or this machine, cannot do it at all
"""

from __future__ import annotations

import errno
import os


class KernelError(Exception):
    """A change of the kernel did not happen."""


class Unsupported(KernelError):
    """This machine lacks a program, a file system or a kernel feature; the text says which."""


class Refused(KernelError):
    """The kernel refused `action`; `number` is the errno, the text says both."""

    def __init__(self, action: object, number: int, why: str = "") -> None:
        self.action = action
        self.number = number
        super().__init__(f"{action}: {why or os.strerror(number)}")


class Exists(Refused):
    """What was to be made is there already."""


class Absent(Refused):
    """What was to be changed, or something it refers to, is not there."""


def refused(action: object, number: int, why: str = "") -> Refused:
    """The error for `number`, an errno: Exists, Absent or a plain Refused."""
    if number == errno.EEXIST:
        return Exists(action, number, why)
    if number in (errno.ENOENT, errno.ENODEV, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENXIO):
        return Absent(action, number, why)
    return Refused(action, number, why)
