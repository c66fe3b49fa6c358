"""Runs tests in machines and prints what came of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from vm.errors import MachineLost, TookTooLong
from vm.machine import Running
from vm.qemu import TREE
from vm.share import Deal

PYTEST = ("python3", "-m", "pytest", "-p", "vm_share", "-p", "no:cacheprovider", "-p", "no:xdist")

ENVIRONMENT = {
    "PYTHONPATH": "/run/pyk8s-vm",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HYPOTHESIS_STORAGE_DIRECTORY": "/run/pyk8s-vm/examples",
}

TEST_SECONDS = 240
"""What one test may take: twice the usual, as software emulation runs Python about ten times slower."""


SHOWN = 8
"""How many of the files that took longest are named."""


class Worker:
    """One machine's pytest."""

    def __init__(self, machine: Running, deal: Deal, arguments: Sequence[str]) -> None:
        self._name = machine.value.name
        self._deal = deal
        self.said = bytearray()
        self._line = bytearray()
        words = (*PYTEST, "-o", f"timeout={TEST_SECONDS}", *arguments)
        self._command = machine.spawn(words, self._take, ENVIRONMENT, TREE)

    def _take(self, stream: int, data: bytes) -> None:
        if stream == 1:
            self.said += data
            return
        self._line += data
        *lines, rest = self._line.split(b"\n")
        self._line = bytearray(rest)
        for line in lines:
            self._hear(line.decode(errors="replace"))

    def _hear(self, line: str) -> None:
        try:
            answer = self._deal.hear(self._name, line)
        except ValueError:
            self.said += f"{line}\n".encode()
            return
        if answer is None:
            return
        self._command.write(answer.encode())
        if held := self._deal.held(self._name):
            print(f"{self._name}: {len(held)} of {held[0].split('::', 1)[0]}", flush=True)

    async def end(self, seconds: float) -> None:
        """Wait for the last batch; a machine that is lost loses its batch only."""
        try:
            code = await self._command.wait(seconds)
            problem = "" if code in (0, 1, 5) else f"pytest ended with {code}"
        except (MachineLost, TookTooLong) as why:
            problem = str(why)
        lost = self._deal.lost(self._name) if problem else []
        if problem:
            at = self._deal.under_way.get(self._name, "the collection")
            self.said += "\n".join([f"{problem}, at {at}", *(f"LOST: {test}" for test in lost), ""]).encode()


async def share(machines: Sequence[Running], arguments: Sequence[str], seconds: float) -> int:
    """Run pytest with `arguments`, its tests shared among the machines; the exit code. Prints the tally last."""
    deal = Deal()
    workers = [Worker(machine, deal, arguments) for machine in machines]
    await asyncio.gather(*(worker.end(seconds) for worker in workers))
    never = deal.close()
    tally = deal.tally
    wrong = bool(tally.count("failed") or not tally.count("passed"))
    print()
    for worker in workers if wrong else ():
        sys.stdout.write(worker.said.decode(errors="replace"))
    for test in never:
        print(f"NEVER RUN: {test}")
    for reason, count in sorted(tally.reasons.items()):
        print(f"NOT TESTED HERE: {reason} ({count} {'test' if count == 1 else 'tests'})")
    print("longest:", ", ".join(f"{file} {seconds:.0f} s" for file, seconds in tally.longest(SHOWN)))
    print(tally.line(), flush=True)
    return 1 if wrong else 0
