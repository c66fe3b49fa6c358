"""`python -m bench [NAME…]`: run measurements on one cluster and print a JSON line for each figure."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from bench.stage import staged

ORDER = (
    "startup",
    "footprint",
    "api",
    "scheduling",
    "pods",
    "services",
    "routes",
    "cni",
    "net",
    "firstpacket",
    "clusterip",
    "throughput",
)
"""The measurements, in the order they run in."""

GROUPS = {"net": ("cni", "net", "firstpacket", "clusterip", "throughput")}
"""What a name stands for, beside itself."""


async def main(names: Sequence[str]) -> int:
    """Measure and print; the exit code. The cluster is there for those alone that need one."""
    asked = set(names) | {each for name in names for each in GROUPS.get(name, ())}
    modules = {name: importlib.import_module(f"bench.{name}") for name in ORDER if name in asked}
    staging = [name for name, module in modules.items() if getattr(module, "STAGED", True)]
    failed = 0
    if staging:
        async with staged() as stage:
            for name in staging:
                failed |= await measure(name, modules[name], stage)
    for name, module in modules.items():
        if name not in staging:
            failed |= await measure(name, module, None)
    return failed


async def measure(name: str, module: Any, stage: Any) -> int:
    """Print the figures of one measurement; 1 when it failed, which does not lose the others."""
    try:
        async for figure in module.measure(stage):
            print(figure.line(), flush=True)
    except Exception as why:
        print(f"{name}: {type(why).__name__}: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure a cluster of three nodes.")
    parser.add_argument("names", nargs="*", choices=[*ORDER, []], help=f"which: {', '.join(ORDER)} [all]")
    parser.add_argument("--list", action="store_true", help="print the names")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(ORDER))
        sys.exit(0)
    sys.exit(asyncio.run(main(asked.names or list(ORDER))))
