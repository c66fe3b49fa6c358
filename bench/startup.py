"""Bringing a cluster up: from the command to three nodes Ready, and the command itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from bench.report import Figure, spread
from bench.stage import Stage


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Cluster up as it was for this run, and the cost of small commands."""
    yield Figure("cluster up, three nodes Ready", stage.up_seconds, "s", target="<= 12")
    for words, target in (
        (["version"], "<= 60 later"),
        (["--cluster", stage.cluster.name, "get", "pods"], "<= 200 later"),
    ):
        took = [await asyncio.to_thread(_timed, stage, words) for _ in range(9)]
        name = f"pyk8s {' '.join(word for word in words if not word.startswith('-') and word != stage.cluster.name)}"
        yield Figure(name, spread(took, 1000)["p50"], "ms", target=target)


def _timed(stage: Stage, words: list[str]) -> float:
    start = time.perf_counter()
    stage.cluster.run(*words)
    return time.perf_counter() - start
