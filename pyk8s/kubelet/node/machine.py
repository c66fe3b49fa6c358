"""What the machine says of itself. Source: /proc, os-release(5), machine-id(5)."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from pyk8s.kubelet.node.plan import Machine
from pyk8s.kubelet.runtime.interface import Version

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def read_machine(runtime: Version) -> Machine:
    """The machine's facts; what it does not tell is empty."""
    release = dict(line.partition("=")[::2] for line in _text("/etc/os-release").splitlines())
    return Machine(
        machine_id=_text("/etc/machine-id"),
        boot_id=_text("/proc/sys/kernel/random/boot_id"),
        kernel=os.uname().release,
        os_image=release.get("PRETTY_NAME", "Linux").strip('"'),
        architecture=ARCHITECTURES.get(platform.machine(), platform.machine()),
        runtime=f"{runtime.name}://{runtime.version}",
    )


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""
