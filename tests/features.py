"""Says aloud what this machine lacks, so that no test is skipped in silence: `python -m tests.features`."""

import shutil

PROGRAMS = ("etcd", "containerd", "runc", "iptables", "nft", "conntrack", "ip", "busybox")
"""What the tests run beside Python."""


def missing() -> list[str]:
    """A sentence for each thing that cannot be tested here."""
    return [f"{name}: the program is not installed" for name in PROGRAMS if shutil.which(name) is None]


if __name__ == "__main__":
    for sentence in missing():
        print(f"NOT TESTED HERE: {sentence}")
