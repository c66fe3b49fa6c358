"""Says aloud what this machine lacks, so that no test is skipped in silence: `python -m tests.features`."""

import shutil
import socket
import subprocess
from functools import cache
from pathlib import Path

from tests.kernel.balancer import lacking

PROGRAMS = ("etcd", "containerd", "runc", "iptables", "nft", "conntrack", "ip", "busybox")
"""What the tests run beside Python."""


@cache
def bridges_have_vlans() -> bool:
    """Whether this kernel can keep VLANs apart on a bridge; asked in a namespace that ends with the question."""
    words = ["unshare", "-n", "ip", "link", "add", "br0", "type", "bridge", "vlan_filtering", "1"]
    try:
        return subprocess.run(words, capture_output=True, timeout=10, check=False).returncode == 0
    except OSError:
        return False


def missing() -> list[str]:
    """A sentence for each thing that cannot be tested here."""
    found = [f"{name}: the program is not installed" for name in PROGRAMS if shutil.which(name) is None]
    if not has_sctp():
        found.append("SCTP through real kernels: this kernel has none (it is tested in the VMs)")
    if not Path("/usr/lib/cni/bridge").exists():
        found.append("our CNI plugin beside Debian's: the package containernetworking-plugins is not installed")
    if not bridges_have_vlans():
        found.append("VLANs on a bridge (vlan, vlanTrunk): this kernel has no CONFIG_BRIDGE_VLAN_FILTERING")
    if why := lacking():
        found.append(f"virtual servers in a real kernel: {why} (they are tested in the VMs)")
    return found


def has_sctp() -> bool:
    """Whether this kernel speaks SCTP."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    for sentence in missing():
        print(f"NOT TESTED HERE: {sentence}")
