"""What the filters need, gathered in one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyk8s.apiserver.authentication.authenticator import Authenticator
from pyk8s.apiserver.authorization.values import Authorizer
from pyk8s.apiserver.chain.record import Record


@dataclass(slots=True)
class Limits:
    """How many requests may be under way at once, and how many are."""

    reads: int = 400
    writes: int = 400
    seconds: float = 60.0
    """How long one request may take; a watch or stream only until it is open."""
    reading: int = 0
    writing: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one API server that its chain uses."""

    authenticator: Authenticator
    authorizer: Authorizer
    limits: Limits = field(default_factory=Limits)
    record: Record = field(default_factory=Record)
