"""Durations as people type them: `30s`, `5m`, `1h30m`, `2d`."""

from __future__ import annotations

import re

import click

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WHOLE = re.compile(r"(\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def seconds(text: str, flag: str) -> float:
    """The length in seconds; a bare number is seconds. Raises click.UsageError that names `flag`."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not _WHOLE.fullmatch(text):
        raise click.UsageError(f"{flag} {text!r} must be a duration such as 30s, 5m or 1h30m")
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text))
