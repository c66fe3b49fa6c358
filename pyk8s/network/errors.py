"""The errors of the CNI specification, section "Error": a code that runtimes act on, a message, and details."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Code(IntEnum):
    """The codes of the specification, and INTERNAL for what it has no code for, as the reference plugins have it."""

    INCOMPATIBLE_VERSION = 1
    UNSUPPORTED_FIELD = 2
    UNKNOWN_CONTAINER = 3
    INVALID_ENVIRONMENT = 4
    IO_FAILURE = 5
    UNDECODABLE = 6
    INVALID_CONFIG = 7
    TRY_AGAIN = 11
    UNAVAILABLE = 50
    LIMITED = 51
    INTERNAL = 999


class CniError(Exception):
    """A CNI call that cannot be answered otherwise. `code` is a `Code`, or another plugin's own."""

    def __init__(self, code: int, message: str, details: str = "") -> None:
        self.code, self.message, self.details = code, message, details
        super().__init__(f"{message}: {details}" if details else message)

    def value(self, version: str) -> dict[str, Any]:
        """The error as the runtime reads it, in the form of `version`."""
        return {"cniVersion": version, "code": int(self.code), "msg": self.message, "details": self.details}


class ReservationLost(Exception):
    """A folder of addresses cannot be read or written; the text names the file."""


class AddressRefused(Exception):
    """An address that was asked for cannot be given, or an owner has one already; the text says which and why."""


class RangeFull(Exception):
    """Every address of the ranges is taken."""


class RangesClash(Exception):
    """Another node claims a part of this node's range of pod addresses; the text names it."""
