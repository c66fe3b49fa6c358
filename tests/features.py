"""Says aloud what this machine lacks, so that no test is skipped in silence: `python -m tests.features`."""

import shutil
from pathlib import Path

PROGRAMS = ("etcd", "containerd", "runc", "iptables", "nft", "conntrack", "ip")
"""What the tests run beside Python."""


def missing() -> list[str]:
    """A sentence for each thing that cannot be tested here."""
    lacks = [f"{name}: the program is not installed" for name in PROGRAMS if shutil.which(name) is None]
    if not Path("/proc/sys/net/ipv4/vs").exists():
        lacks.append("IPVS: this kernel has none loaded")
    return lacks


if __name__ == "__main__":
    for sentence in missing():
        print(f"NOT TESTED HERE: {sentence}")
