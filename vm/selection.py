"""Which tests run in a machine, as pytest's arguments."""

from __future__ import annotations

KERNEL_TESTS = (
    "-m",
    "kernel",
    "tests/kernel",
    "tests/contracts",
    "tests/proxy",
    "tests/network/ways",
    "tests/cni/test_vlans.py",
)
"""What wants IPVS, nftables, connection tracking, netem, VLANs, VXLAN and control groups of version 2 from a kernel.

The others (CNI beside Debian's plugins, the agent) ask nothing that any kernel lacks, and start so many Pythons that
they would take half an hour in here; `scripts/vm test -m kernel tests/cni` runs them all the same.
"""

LIST = "kernel-tests.txt"
"""The files that hold them, listed when the tree is packed: a machine collects these alone, slow as it is."""

LISTED = ("-m", "kernel", f"@{LIST}")
"""The same tests, by that list."""


def flow_tests(mode: str) -> tuple[str, ...]:
    """The table of packets through one proxy mode."""
    return ("-m", "kernel", f"tests/proxy/{mode}/test_flows_kernel.py")


def files_of(collected: str) -> list[str]:
    """The files that `pytest --collect-only -q` found tests in, or could not collect: those fail where they run."""
    found = {line.split("::", 1)[0] for line in collected.splitlines() if "::" in line and not line.startswith("ERROR")}
    broken = {line.split()[1].split("::", 1)[0] for line in collected.splitlines() if line.startswith("ERROR tests/")}
    return sorted(found | broken)
