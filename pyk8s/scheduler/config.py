"""What one scheduler is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class ConfigInvalid(ValueError):
    """A setting of scheduler.yaml that cannot be used; names it."""


DEFAULT_NAME = "default-scheduler"


@dataclass(frozen=True, slots=True)
class Config:
    """Names and limits; times are seconds."""

    name: str = DEFAULT_NAME
    """It schedules the pods whose spec.schedulerName is this."""
    batch: int = 64
    """Bindings in one call at most; each is a request of its own to the server, which bounds how many it serves."""
    calls: int = 3
    """Calls of bindings in flight at once."""
    first_backoff: float = 1.0
    longest_backoff: float = 10.0
    retry_unschedulable: float = 300.0
    """After so long a pod that fitted nowhere is tried again even if nothing happened."""

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Config:
        """From scheduler.yaml: `schedulerName`, `podInitialBackoffSeconds`, `podMaxBackoffSeconds`.

        Raises ConfigInvalid.
        """
        return cls(
            name=_text(config, "schedulerName", DEFAULT_NAME),
            first_backoff=_seconds(config, "podInitialBackoffSeconds", 1.0),
            longest_backoff=_seconds(config, "podMaxBackoffSeconds", 10.0),
        )


def _text(config: Mapping[str, Any], key: str, default: str) -> str:
    value = config.get(key, default)
    if not isinstance(value, str) or not value:
        raise ConfigInvalid(f"{key}: a name is wanted, not {value!r}")
    return value


def _seconds(config: Mapping[str, Any], key: str, default: float) -> float:
    value = config.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        raise ConfigInvalid(f"{key}: seconds between 0 and 3600 are wanted, not {value!r}")
    return float(value)
