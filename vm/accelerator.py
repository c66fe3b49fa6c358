"""Which accelerator boots here. /dev/kvm alone proves nothing: nested and paravirtual ones open and never boot."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from vm.cache import Cache
from vm.errors import MachineLost
from vm.machine import booted
from vm.qemu import Machine

PROBE_SECONDS = 20.0
DEVICE = Path("/dev/kvm")


async def choose(cache: Cache, wished: str, machine: Machine) -> str:
    """What `wished` says; of "auto", "kvm" where `machine` really boots with it, else "tcg".

    That is tried once in a boot of the host.
    """
    if wished != "auto":
        return wished
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return "tcg"
    known = cache.home / f"accelerator-{_boot()}"
    if not known.exists():
        known.write_text("kvm" if await _boots(replace(machine, accelerator="kvm", disks=())) else "tcg")
    return known.read_text()


def _boot() -> str:
    """A name of this boot of the host."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")


async def _boots(machine: Machine) -> bool:
    try:
        async with booted([machine], PROBE_SECONDS):
            return True
    except MachineLost:
        return False
