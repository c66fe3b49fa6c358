"""What one scheduler is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyk8s.api.configuration import ConfigInvalid

DEFAULT_NAME, DEFAULT_LEASE = "default-scheduler", "kube-scheduler"


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
    leader_election: bool = False
    """Whether it schedules only while it holds the lease: for several processes on one cluster."""
    lease: str = DEFAULT_LEASE
    """Schedulers of different names need leases of different names."""

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Config:
        """From scheduler.yaml: `schedulerName`, `podInitialBackoffSeconds`, `podMaxBackoffSeconds`, `leaderElection`,
        `leaseName`.

        Raises ConfigInvalid.
        """
        return cls(
            name=_text(config, "schedulerName", DEFAULT_NAME),
            first_backoff=_seconds(config, "podInitialBackoffSeconds", 1.0),
            longest_backoff=_seconds(config, "podMaxBackoffSeconds", 10.0),
            leader_election=_truth(config, "leaderElection", default=False),
            lease=_text(config, "leaseName", DEFAULT_LEASE),
        )


def _text(config: Mapping[str, Any], key: str, default: str) -> str:
    value = config.get(key, default)
    if not isinstance(value, str) or not value:
        raise ConfigInvalid(f"{key}: a name is wanted, not {value!r}")
    return value


def _truth(config: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = config.get(key, default)
    if not isinstance(value, bool):
        raise ConfigInvalid(f"{key}: true or false is wanted, not {value!r}")
    return value


def _seconds(config: Mapping[str, Any], key: str, default: float) -> float:
    value = config.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        raise ConfigInvalid(f"{key}: seconds between 0 and 3600 are wanted, not {value!r}")
    return float(value)
