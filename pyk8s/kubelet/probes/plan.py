"""What a series of answers says. Pure. Source: Kubernetes documentation, "Configure Liveness, Readiness and Startup
Probes"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pyk8s.kubelet.spec.container import Probe
from pyk8s.kubelet.values import Seconds

Kind: TypeAlias = Literal["startup", "readiness", "liveness"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often in a row the last answer came, and what is held to be true until that changes.

    `verdict` is None while nothing has been settled.
    """

    last: bool | None = None
    run: int = 0
    verdict: bool | None = None


def count(tally: Tally, probe: Probe, answer: bool) -> Tally:
    """The tally after one more answer; the verdict changes when the threshold of that answer is reached."""
    run = tally.run + 1 if tally.last is answer else 1
    needed = probe.success_threshold if answer else probe.failure_threshold
    verdict = answer if run >= needed else tally.verdict
    return Tally(answer, run, verdict)


def first_at(probe: Probe, started_at: Seconds) -> Seconds:
    """When a probe is asked for the first time; the container runs since `started_at`."""
    return started_at + probe.initial_delay_seconds


def next_at(probe: Probe, asked_at: Seconds, now: Seconds) -> Seconds:
    """When it is asked again: every period, counted from the question before; one that took longer is not made up."""
    return max(asked_at + max(1, probe.period_seconds), now)
