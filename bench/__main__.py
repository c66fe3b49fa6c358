"""`python -m bench [NAME…]`: run measurements on one cluster and print a JSON line for each figure."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys

from bench.stage import staged

ORDER = ("startup", "footprint", "api", "scheduling", "pods", "services", "routes")
"""The measurements, in the order they run in."""


async def main(names: list[str]) -> int:
    """Measure and print; the exit code."""
    failed = 0
    async with staged() as stage:
        for name in names:
            try:
                async for figure in importlib.import_module(f"bench.{name}").measure(stage):
                    print(figure.line(), flush=True)
            except Exception as why:  # one measurement that fails does not lose the others
                print(f"{name}: {type(why).__name__}: {why}", file=sys.stderr)
                failed = 1
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure a cluster of three nodes.")
    parser.add_argument("names", nargs="*", choices=[*ORDER, []], help=f"which: {', '.join(ORDER)} [all]")
    parser.add_argument("--list", action="store_true", help="print the names")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(ORDER))
        sys.exit(0)
    sys.exit(asyncio.run(main(asked.names or list(ORDER))))
