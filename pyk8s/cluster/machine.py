"""Is this machine fit for a cluster? Programs and their versions, root, what the kernel offers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pyk8s.cluster.containerd import may_set_oom_score, parse_version
from pyk8s.cluster.errors import MachineUnfit, NotAllowed

Version = tuple[int, int]
Versions = Mapping[str, Version]


@dataclass(frozen=True, slots=True)
class Program:
    """A program a cluster runs: the Debian package that brings it and the oldest version that will do."""

    name: str
    package: str
    oldest: Version | None = None


PROGRAMS = (
    Program("etcd", "etcd-server", (3, 4)),
    Program("containerd", "containerd", (1, 6)),
    Program("runc", "runc", (1, 1)),
    Program("containerd-shim-runc-v2", "containerd"),
    Program("ip", "iproute2"),
    Program("nft", "nftables"),
    Program("iptables", "iptables"),
    Program("iptables-restore", "iptables"),
)


def require_root(action: str, because: str = "it makes namespaces, links and cgroups") -> None:
    """Raises NotAllowed unless this process is root's."""
    if os.geteuid() != 0:
        raise NotAllowed(f"{action} needs root: {because}; run it with sudo")


def probe() -> Versions:
    """The versions of the programs that tell one. Raises MachineUnfit, which names all that is missing or too old."""
    missing = [program for program in PROGRAMS if shutil.which(program.name) is None]
    if missing:
        names = ", ".join(program.name for program in missing)
        packages = " ".join(dict.fromkeys(program.package for program in missing))
        raise MachineUnfit(
            f"missing on this machine: {names}; install them with: apt-get install --no-remove {packages}"
        )
    asked = [program for program in PROGRAMS if program.oldest]
    with ThreadPoolExecutor(len(asked)) as pool:
        found = dict(zip((program.name for program in asked), pool.map(_version, asked), strict=True))
    check_versions(found)
    return {name: version for name, version in found.items() if version is not None}


def check_versions(found: Mapping[str, Version | None]) -> None:
    """Raises MachineUnfit when one of PROGRAMS is older than it may be, or its version cannot be read."""
    for program in PROGRAMS:
        if program.oldest is None or program.name not in found:
            continue
        version = found[program.name]
        oldest = ".".join(map(str, program.oldest))
        if version is None:
            raise MachineUnfit(
                f"{shutil.which(program.name) or program.name} --version tells no version: {oldest} or later is needed"
            )
        if version < program.oldest:
            have = ".".join(map(str, version))
            raise MachineUnfit(
                f"{program.name} {have} is too old: {oldest} or later is needed (Debian's {program.package} will do)"
            )


def _version(program: Program) -> Version | None:
    try:
        run = subprocess.run([program.name, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise MachineUnfit(f"{program.name} --version cannot be run: {why}") from why
    return parse_version(run.stdout)


def restrict_oom() -> bool:
    """Whether containerd must be kept from lowering out-of-memory scores here."""
    return not may_set_oom_score(Path("/proc/self/status").read_text())


FEATURES: Mapping[str, tuple[Callable[[], bool], str]] = {
    "overlay": (lambda: "\toverlay\n" in Path("/proc/filesystems").read_text(), "modprobe overlay"),
    "network namespaces": (lambda: Path("/proc/self/ns/net").exists(), "use a kernel with CONFIG_NET_NS"),
}
"""What the kernel must offer, how to see it, and what to do when it does not."""


def require_features() -> None:
    """Raises MachineUnfit naming the first kernel feature that is missing; tries to load what is a module."""
    if shutil.which("modprobe"):
        for module in ("overlay", "br_netfilter"):
            subprocess.run(["modprobe", "-q", module], capture_output=True, timeout=20, check=False)
    for name, (there, advice) in FEATURES.items():
        if not there():
            raise MachineUnfit(f"this kernel offers no {name}: {advice}")
