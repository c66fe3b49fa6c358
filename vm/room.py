"""Whether this machine has room for virtual machines: asked before anything is started."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "setpriv": "util-linux",
}
"""What we run -> Debian's package of it."""

OVERHEAD_MEGABYTES = 400
"""What QEMU takes beside the guest's memory, most of it for translated code."""

DISK_MEGABYTES = 5000
"""What one image, the disks carried in and a build on the way take at most."""


def lacking(machines: int, megabytes: int, cache: Path) -> list[str]:
    """A sentence for each thing that is missing to run so many machines of so much memory; () when all is there."""
    sentences = []
    if platform.machine() != "x86_64":
        sentences.append(f"the image is one for x86_64, and this is {platform.machine()}")
    if os.getuid() != 0:
        sentences.append("building the image and its file systems needs root")
    absent = {program: package for program, package in PROGRAMS.items() if shutil.which(program, path=_path()) is None}
    if absent:
        sentences.append(f"{', '.join(absent)} not installed (Debian: {' '.join(sorted(set(absent.values())))})")
    needed, there = machines * (megabytes + OVERHEAD_MEGABYTES), available(Path("/proc/meminfo").read_text())
    if there < needed:
        sentences.append(f"{machines} machines take {needed} MiB of memory and {there} are free")
    sentences += _disk(cache)
    return sentences


def available(meminfo: str) -> int:
    """MiB that programs can still take, by the text of /proc/meminfo."""
    fields = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    return int(fields["MemAvailable"].split()[0]) // 1024


def _disk(cache: Path) -> list[str]:
    folder = next(path for path in (cache, *cache.parents) if path.exists())
    there = shutil.disk_usage(folder).free // 2**20
    if there >= DISK_MEGABYTES:
        return []
    return [f"the image takes up to {DISK_MEGABYTES} MiB of disk and {there} are free at {folder}"]


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
