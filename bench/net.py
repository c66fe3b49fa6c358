"""The proxy's modes on this kernel: writing all rules, changing one endpoint, and what the bare program takes."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.report import Figure, spread
from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.iptables.run import probe
from pyk8s.kernel.ipvs.run import probe as probe_ipvs
from tests.kernel.spaces import spaces

STAGED = False
"""No cluster is needed."""

SERVICES, LARGE, CHANGES, ROUNDS = 5000, 10_000, 200, 3
SECONDS = 600.0


async def measure(_: object = None) -> AsyncIterator[Figure]:
    """A figure each."""
    backend = await asyncio.to_thread(probe)
    for mode, bare, most in (
        ("iptables", (f"iptables-{backend}-restore", "--noflush"), 50.0),
        ("nftables", ("nft", "-f", "-"), 20.0),
    ):
        for each in await asyncio.to_thread(measure_mode, mode, bare, most):
            yield each
    try:
        await asyncio.to_thread(probe_ipvs)
    except Unsupported as why:
        print(f"NOT MEASURED HERE: the mode ipvs: {why} (the VMs of scripts/test have one)", file=sys.stderr)


def measure_mode(mode: str, bare: Sequence[str], most: float) -> list[Figure]:
    """One mode, beside the program `bare` that reads the same from its input; `most` ms for a change."""
    rounds = [(run_proxy(mode, SERVICES, 0), raw_seconds(bare)) for _ in range(ROUNDS)]
    whole, again, memory = (
        statistics.median(told[name] for told, _ in rounds) for name in ("whole", "again", "memory")
    )
    raw, raw_again = (statistics.median(each[turn] for _, each in rounds) for turn in (0, 1))
    changes = run_proxy(mode, LARGE, CHANGES)["changes"]
    what = f"{mode}: {SERVICES} services x 2 endpoints"
    return [
        Figure(f"{what}, full sync of a fresh kernel", round(whole, 3), "s", raw=round(raw, 3), target="<= 1.5 x raw"),
        Figure(f"{what}, full sync over all that is there", round(again, 3), "s", round(raw_again, 3)),
        Figure(f"{what}, most memory", round(memory, 1), "MB", target="<= 150"),
        Figure(
            f"{mode}: one endpoint of {LARGE} services changed, event to kernel, p99",
            spread(changes, 1000)["p99"],
            "ms",
            target=f"<= {most:.0f}",
            detail=spread(changes, 1000),
        ),
    ]


_RAW = Path(tempfile.gettempdir(), "pyk8s-bench-net.raw")


def run_proxy(mode: str, services: int, changes: int) -> Mapping[str, Any]:
    """What `bench.netsync` tells, in a namespace of its own."""
    _RAW.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.netsync", mode, str(services), str(changes), str(_RAW)]
    with spaces(1) as (netns,):
        done = subprocess.run(
            ["nsenter", f"--net={netns}", *command], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    told: Mapping[str, Any] = json.loads(done.stdout)
    return told


def raw_seconds(bare: Sequence[str]) -> tuple[float, float]:
    """How long `bare` takes for what the proxy wrote first, in a fresh namespace and once more over it."""
    taken = []
    with spaces(1) as (netns,):
        for _ in range(2):
            with _RAW.open("rb") as text:
                begin = time.perf_counter()
                subprocess.run(["nsenter", f"--net={netns}", *bare], stdin=text, timeout=SECONDS, check=True)
                taken.append(time.perf_counter() - begin)
    return taken[0], taken[1]
