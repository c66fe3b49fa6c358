"""Memory (PSS) and CPU of every process of an idle cluster."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

from bench.report import Figure
from bench.stage import Stage

SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


def pss(pid: int) -> float:
    """Proportional set size in MB; 0 when the process is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        return 0.0
    return 0.0


def cpu_seconds(pid: int) -> float:
    """CPU time used so far, in seconds."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """One figure a role for memory, one for CPU."""
    processes = await stage.processes()
    memory: dict[str, float] = defaultdict(float)
    before = {pid: cpu_seconds(pid) for _, pid in processes}
    start = time.perf_counter()
    await asyncio.get_running_loop().run_in_executor(None, _rest)
    length = time.perf_counter() - start
    cpu: dict[str, float] = defaultdict(float)
    for role, pid in processes:
        memory[role] += pss(pid)
        cpu[role] += (cpu_seconds(pid) - before[pid]) / length
    for role in sorted(memory):
        count = sum(1 for each, _ in processes if each == role)
        yield Figure(f"idle memory: {role}", memory[role] / count, "MB PSS", detail={"processes": count})
        yield Figure(f"idle cpu: {role}", cpu[role], "cores", detail={"processes": count})


def _rest() -> None:
    """Let the cluster be idle for a while: this is a measurement, nothing is waited for."""
    os.posix_spawnp("sleep", ["sleep", str(SECONDS)], os.environ)
    os.wait()
