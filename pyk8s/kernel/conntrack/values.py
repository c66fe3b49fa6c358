"""Tracked connections as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """A tracked connection: what the first packet said, and who answers (another than was asked when it is DNATed).

    `protocol` is "tcp" or "udp"; `asker` and `asked` are (address, port) of the first packet, `answerer` the source of
    the answers.
    """

    protocol: str
    asker: tuple[str, int]
    asked: tuple[str, int]
    answerer: tuple[str, int]
