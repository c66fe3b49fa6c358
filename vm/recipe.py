"""What an image holds, as a value: its key says when it must be built anew."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

GUEST = Path(__file__).parent / "guest"

SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}
"""Python of the machine -> the Debian release with the same: packages built for one run on the other."""

PACKAGES = (
    # a machine: systemd is there for nodes that want it, tests start without
    "systemd-sysv", "udev", "dbus", "tini", "kmod", "busybox-static", "procps", "openssh-server",
    # the network: what pyk8s runs, what it is compared with, what shows a person what happens
    "iproute2", "iptables", "nftables", "ipset", "ipvsadm", "conntrack", "containernetworking-plugins",
    "ethtool", "iputils-ping", "tcpdump", "socat", "curl", "ca-certificates",
    # our packages: Python, and the C++ library that grpc links to
    "python3", "libstdc++6",
)  # fmt: skip

EARLY = ("virtio_pci", "virtio_blk", "virtio_console", "virtio_rng", "ext4")
"""Modules without which there is no disk and no channel; those they need come along."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A Debian image. Only what is in here, and the hook that unpacks the kernel, decides what it holds."""

    suite: str
    packages: tuple[str, ...] = PACKAGES
    early: tuple[str, ...] = EARLY
    megabytes: int = 1400

    def key(self) -> str:
        """Changes when the image would be another one."""
        return content_key(repr(self), (GUEST / "kernel").read_text())

    def bootstrap(self, folder: Path) -> tuple[str, ...]:
        """The command that makes the root file system at `folder` of Debian packages alone."""
        unread = ("man", "doc", "locale", "info")
        return (
            "mmdebstrap",
            "--quiet",
            "--mode=root",
            "--variant=essential",
            "--format=directory",
            f"--include={','.join(self.packages)}",
            '--aptopt=APT::Install-Recommends "false"',
            # A machine whose clock or mirror stands still still builds; signatures are checked all the same.
            '--aptopt=Acquire::Check-Valid-Until "false"',
            '--aptopt=Acquire::Check-Date "false"',
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in unread),
            f"--customize-hook={GUEST / 'kernel'}",
            self.suite,
            str(folder),
        )


def filesystem(folder: Path, image: Path, label: str, megabytes: int) -> tuple[str, ...]:
    """The command that makes `image`, an ext4 of so many megabytes (sparse) with what is in `folder`."""
    light = "^has_journal,^metadata_csum"  # thrown away with the machine, never mended
    words = ("mke2fs", "-q", "-F", "-t", "ext4", "-O", light, "-m", "0", "-L", label, "-d", str(folder))
    return (*words, str(image), f"{megabytes}M")


def content_key(*parts: str | bytes) -> str:
    """A short name for exactly these parts in this order."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:16]
